// SPDX-License-Identifier: Apache-2.0
// infer_shapes(): whether a network is sound, and the shapes of its values.
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/inference.hpp"

namespace sparsys {

Inference::Inference(const Network& network, bool shared)
    : network_(network),
      shared_(shared),
      name_(printable(network.name.empty() ? "network" : network.name)) {}

std::vector<Shape> Inference::run() {
  check_parameters();
  if (network_.nodes.empty()) fail_network("no nodes, expected at least one");
  if (!std::isfinite(network_.input_scale) || !std::isfinite(network_.input_offset)) {
    fail_network("input scale or offset is not finite");
  }
  const std::string why = check_shape(network_.input_shape);
  if (!why.empty()) fail_network("input shape " + to_string(network_.input_shape) + why);
  if (network_.input_shape.empty() || network_.input_shape[0] != 1) {
    fail_network("input shape " + to_string(network_.input_shape) +
                 ", expected 1 as its first dimension");
  }
  define(network_.input, network_.input_shape, "input");
  for (index_ = 0; index_ < network_.nodes.size(); ++index_) {
    const Node& node = network_.nodes[index_];
    Shape shape = infer(node);
    const std::string wrong = check_shape(shape);
    if (!wrong.empty()) fail("output has shape " + to_string(shape) + wrong);
    if (values_.count(node.output) + parameters_.count(node.output) > 0) {
      fail("output " + quoted(node.output) + " is made or defined twice");
    }
    define(node.output, std::move(shape), "output of a node");
  }
  check_uses();
  return std::move(shapes_);
}

void Inference::fail_network(const std::string& what) const { sparsys::fail(name_, what); }

void Inference::fail(const std::string& what) const {
  const Node& node = network_.nodes[index_];
  fail_network("node " + (node.name.empty() ? number(index_ + 1) : quoted(node.name)) + " (" +
               to_string(node.op) + "): " + what);
}

std::string Inference::check_shape(const Shape& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) {
    if (size < 1) return ", expected sizes of at least 1";
    if (size > kMaxElements / product) {
      return ", expected at most " + number(kMaxElements) + " elements";
    }
    product *= size;
  }
  return {};
}

void Inference::check_parameters() {
  for (const Parameter& parameter : network_.parameters) {
    const std::string name = "parameter " + quoted(parameter.name);
    if (parameter.name.empty()) fail_network("a parameter has no name");
    if (!parameters_.emplace(parameter.name, Use{&parameter}).second) {
      fail_network(name + " is defined twice");
    }
    const std::string why = check_shape(parameter.shape);
    if (!why.empty()) fail_network(name + " has shape " + to_string(parameter.shape) + why);
    const auto count = static_cast<size_t>(element_count(parameter.shape));
    if (shared_ && parameter.values.empty()) continue;
    if (parameter.values.size() != count) {
      fail_network(name + " has " + plural(parameter.values.size(), "value") + ", expected " +
                   number(count) + " for shape " + to_string(parameter.shape));
    }
    for (size_t i = 0; i < count; ++i) {
      if (!std::isfinite(parameter.values[i])) {
        fail_network(name + ": value " + number(i) + " is not finite");
      }
    }
  }
}

void Inference::define(const std::string& name, Shape shape, const char* what) {
  if (name.empty()) fail_network(std::string(what) + " has no name");
  if (parameters_.count(name) > 0) {
    fail_network(quoted(name) + " is the name of a parameter and of the " + what);
  }
  values_[name] = Value{shapes_.size()};
  shapes_.push_back(std::move(shape));
}

const Shape& Inference::value(size_t input) {
  const std::string& name = network_.nodes[index_].inputs[input];
  const auto found = values_.find(name);
  if (found == values_.end()) {
    if (parameters_.count(name) > 0) {
      fail("input " + number(input + 1) + " is parameter " + quoted(name) +
           ", expected a value that depends on the network's input");
    }
    fail("input " + quoted(name) + " is not made by a node before it");
  }
  found->second.used = true;
  return shapes_[found->second.shape];
}

const Parameter* Inference::find_parameter(size_t input) {
  const auto found = parameters_.find(network_.nodes[index_].inputs[input]);
  if (found == parameters_.end()) return nullptr;
  found->second.used = true;
  return found->second.parameter;
}

const Parameter& Inference::parameter(size_t input) {
  const Parameter* found = find_parameter(input);
  if (found == nullptr) {
    const std::string& name = network_.nodes[index_].inputs[input];
    fail("input " + number(input + 1) + " is " + quoted(name) + ", expected a parameter");
  }
  return *found;
}

void Inference::check_uses() const {
  if (network_.nodes.back().output != network_.output) {
    fail_network("output is " + quoted(network_.output) + ", expected " +
                 quoted(network_.nodes.back().output) + ", which the last node makes");
  }
  for (const auto& [name, value] : values_) {
    if (name != network_.output && !value.used) {
      fail_network("value " + quoted(name) + " is not used");
    }
  }
  for (const auto& [name, use] : parameters_) {
    if (!use.used) fail_network("parameter " + quoted(name) + " is not used");
  }
}

std::vector<Shape> infer_shapes(const Network& network, bool shared) {
  return Inference(network, shared).run();
}

}  // namespace sparsys
