// SPDX-License-Identifier: Apache-2.0
#include "golden/network/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

void expect(bool ok, const std::string& name, const char* what) {
  if (!ok) fail(name, what);
}

void check_most(size_t count, const std::string& name, const char* what) {
  if (count > kMaxLayers) {
    fail(name, number(count) + " " + what + ", expected at most " + number(kMaxLayers));
  }
}

void check_rank(size_t rank, const std::string& name, const char* what, size_t most = kMaxRank) {
  if (rank > most) {
    fail(name, std::string(what) + " has " + number(rank) + " elements, expected at most " +
                   number(most));
  }
}

// Of what is told about a network from elsewhere, with names of any length in it.
constexpr size_t kLongestReason = 300;

}  // namespace

void check_range(int64_t value, int64_t least, int64_t most, const std::string& name,
                 const char* what) {
  if (value >= least && value <= most) return;
  fail(name, std::string(what) + " " + number(value) + " is outside of " + number(least) + " to " +
                 number(most));
}

void check_count(uint64_t found, uint64_t expected, const std::string& name, const char* what) {
  if (found != expected) fail(name, number(found) + " " + what + ", expected " + number(expected));
}

void check_layer_count(size_t layers, const std::string& name) {
  if (layers >= 1 && layers <= kMaxLayers) return;
  fail(name, number(layers) + " layers, expected 1 to " + number(kMaxLayers));
}

namespace eie {

void check(const Layer& layer, const std::string& name) {
  check_text(layer.name, false, name, "its name");
  check_range(layer.inputs, 1, kMaxVector, name, "number of inputs");
  check_range(layer.outputs, 1, kMaxVector, name, "number of outputs");
  if (layer.constant_inputs >= layer.inputs) {
    fail(name, number(layer.constant_inputs) + " constant inputs of " + number(layer.inputs) +
                   " inputs, expected fewer");
  }
  if (layer.constant_outputs >= layer.outputs) {
    fail(name, number(layer.constant_outputs) + " constant outputs of " + number(layer.outputs) +
                   " outputs, expected fewer");
  }
  check_range(layer.input_frac, -kMaxFrac, kMaxFrac, name, "input_frac");
  check_range(layer.weight_frac, -kMaxFrac, kMaxFrac, name, "weight_frac");
  check_range(layer.output_frac, -kMaxFrac, kMaxFrac, name, "output_frac");
  if (layer.shift() < 0 || layer.shift() > 31) {
    fail(name, "radix points give shift " + number(layer.shift()) + ", expected 0 to 31");
  }
  if (layer.codebook[0] != 0) {
    fail(name, "codebook value 0 is " + number(layer.codebook[0]) + ", expected 0");
  }
  if (layer.code.size() != layer.row.size()) {
    fail(name, number(layer.code.size()) + " codes for " + number(layer.row.size()) + " rows");
  }
  check_count(layer.bias.size(), 0, name, "bias constants");
  check_count(layer.column_start.size(), uint64_t{layer.inputs} + 1, name, "column starts");
  if (layer.column_start.front() != 0) {
    fail(name, "column 0 starts at " + number(layer.column_start.front()) + ", expected 0");
  }
  if (layer.column_start.back() != layer.row.size()) {
    fail(name, "columns end at " + number(layer.column_start.back()) + ", expected " +
                   number(layer.row.size()));
  }
  // First all of the starts: only then do they bound the walk over rows.
  for (size_t j = 0; j < layer.inputs; ++j) {
    if (layer.column_start[j + 1] < layer.column_start[j]) {
      fail(name, "column " + number(j) + " ends at " + number(layer.column_start[j + 1]) +
                     ", before its start " + number(layer.column_start[j]));
    }
  }
  for (size_t j = 0; j < layer.inputs; ++j) {
    uint64_t least = 0;
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      if (layer.row[k] < least || layer.row[k] >= layer.outputs) {
        fail(name, "column " + number(j) + " has row " + number(layer.row[k]) + ", expected " +
                       number(least) + " to " + number(layer.outputs - 1));
      }
      if (layer.code[k] < 1 || layer.code[k] > 15) {
        fail(name,
             "column " + number(j) + " has code " + number(layer.code[k]) + ", expected 1 to 15");
      }
      least = uint64_t{layer.row[k]} + 1;
    }
  }
}

void check(const Network& network, const std::string& name) {
  check_text(network.name, false, name, "the network's name");
  check_text(network.origin, true, name, "its origin");
  if (!std::isfinite(network.input_scale) || network.input_scale == 0 ||
      !std::isfinite(network.input_offset)) {
    fail(name, "input scale or offset is not finite, or a scale of 0");
  }
  check_layer_count(network.layers.size(), name);
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    const std::string place = name + ": " + layer_name(l, layer.name);
    check(layer, place);
    if (l == 0) continue;
    const Layer& before = network.layers[l - 1];
    if (layer.inputs != before.outputs) {
      fail(place, number(layer.inputs) + " inputs, but the layer before has " +
                      number(before.outputs) + " outputs");
    }
    if (layer.constant_inputs != before.constant_outputs) {
      fail(place, number(layer.constant_inputs) + " constant inputs, but the layer before has " +
                      number(before.constant_outputs) + " constant outputs");
    }
    if (layer.input_frac != before.output_frac) {
      fail(place, "input_frac is " + number(layer.input_frac) +
                      ", but the layer before has output_frac " + number(before.output_frac));
    }
  }
  check_count(network.input_constants.size(), network.layers.front().constant_inputs, name,
              "input constants");
}

}  // namespace eie

void check(const Network& network, const std::string& name, bool shared) {
  check_text(network.name, false, name, "the network's name");
  check_text(network.origin, true, name, "its origin");
  check_text(network.input, false, name, "its input's name");
  check_text(network.output, false, name, "its output's name");
  check_text(network.batch, false, name, "its sample dimension's name");
  expect(static_cast<size_t>(network.task) < kTasks, name, "its task is unknown");
  check_rank(network.input_shape.size(), name, "its input's shape");
  expect(std::isfinite(network.input_scale) && std::isfinite(network.input_offset), name,
         "its input's scale or offset is not finite");
  check_most(network.nodes.size(), name, "nodes");
  check_most(network.parameters.size(), name, "parameters");
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    const std::string place = name + ": node " + number(n + 1);
    check_text(node.name, false, place, "its name");
    check_text(node.output, false, place, "its output's name");
    check_rank(node.inputs.size(), place, "its list of inputs", kMaxInputs);
    for (const std::string& input : node.inputs) {
      check_text(input, false, place, "an input's name");
    }
    check_rank(node.shape.size(), place, "its shape", 3 * kMaxRank);
    expect(static_cast<size_t>(node.op) < kOps, place, "its operator is unknown");
    expect(std::isfinite(node.alpha) && std::isfinite(node.beta), place,
           "its alpha or beta is not finite");
  }
  for (size_t p = 0; p < network.parameters.size(); ++p) {
    const Parameter& parameter = network.parameters[p];
    const std::string place = name + ": parameter " + number(p + 1);
    check_text(parameter.name, false, place, "its name");
    check_rank(parameter.shape.size(), place, "its shape");
  }
  std::vector<Shape> shapes;
  try {
    shapes = infer_shapes(network, shared);
  } catch (const Error& error) {
    fail(name, printable(error.what(), kLongestReason));
  }
  for (size_t v = 0; v < shapes.size(); ++v) {
    if (element_count(shapes[v]) <= int64_t{kMaxVector}) continue;
    fail(name + ": " + (v == 0 ? "input" : "node " + number(v)),
         "a value of shape " + to_string(shapes[v]) + ", at most " + number(kMaxVector) +
             " elements can be worked on");
  }
}

}  // namespace sparsys
