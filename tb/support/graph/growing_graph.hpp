// SPDX-License-Identifier: Apache-2.0
// A network that grows node by node, with what its values are on one sample: what does not fit is
// not taken. For makers of random networks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/network.hpp"
#include "tb/support/graph/reference_network.hpp"

namespace sparsys {

class GrowingGraph {
 protected:
  // `most`: elements of a value.
  GrowingGraph(uint64_t seed, int64_t most) : random_(seed, 41), most_(most) {}

  // Before all else.
  void begin(const Shape& input_shape) {
    net_.input = "x";
    net_.input_shape = input_shape;
    net_.input_scale = 1.0F / 64;
    net_.input_offset = -2;
    Tensor sample{input_shape, {}};
    for (int64_t i = 0; i < element_count(input_shape); ++i) {
      sample.values.push_back(random_.uniform(-2, 2));
    }
    values_.push_back({net_.input, sample, 0});
  }

  struct Value {
    std::string name;
    Tensor sample;  // for one input
    size_t uses = 0;
  };
  using V = size_t;  // in values_
  static constexpr V kNone = ~V{0};
  static constexpr double kLargest = 100;

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.below(static_cast<uint64_t>(high - low + 1)));
  }
  bool chance(int percent) { return between(0, 99) < percent; }

  const Shape& shape(V v) const { return values_[v].sample.shape; }
  size_t rank(V v) const { return shape(v).size(); }

  // One that nobody uses, more often than not.
  V pick() {
    std::vector<V> free;
    for (V v = 0; v < values_.size(); ++v) {
      if (values_[v].uses == 0) free.push_back(v);
    }
    if (!free.empty() && chance(70)) return free[random_.below(free.size())];
    return random_.below(values_.size());
  }

  std::string parameter(const Shape& shape, double scale) {
    Parameter p{"p" + std::to_string(net_.parameters.size()), shape, {}};
    for (int64_t i = 0; i < element_count(shape); ++i) {
      p.values.push_back(static_cast<float>(scale) * random_.normal());
    }
    net_.parameters.push_back(p);
    return p.name;
  }

  // Takes the node, unless what it makes is too large; then parameters that it has go, too.
  V add(Node node, const std::vector<V>& inputs, const std::vector<std::string>& parameters = {}) {
    std::vector<Tensor> tensors;
    for (const V v : inputs) {
      node.inputs.push_back(values_[v].name);
      tensors.push_back(values_[v].sample);
    }
    for (const std::string& name : parameters) {
      node.inputs.push_back(name);
      const Parameter& p = *net_.find(name);
      tensors.push_back({p.shape, {p.values.begin(), p.values.end()}});
    }
    std::vector<const Tensor*> pointers;
    for (const Tensor& t : tensors) pointers.push_back(&t);
    const Tensor made = reference(node, pointers);
    const bool fits = std::all_of(made.values.begin(), made.values.end(),
                                  [](double v) { return std::abs(v) < kLargest; });
    if (!fits || made.values.empty() || static_cast<int64_t>(made.values.size()) > most_) {
      net_.parameters.resize(net_.parameters.size() - parameters.size());
      return kNone;
    }
    if (node.op == Op::kReshape) node.inputs.push_back("shape" + std::to_string(net_.nodes.size()));
    // Parameters may come first where that makes no difference.
    if ((node.op == Op::kAdd || node.op == Op::kMul) && parameters.size() == 1 && chance(30)) {
      std::swap(node.inputs[0], node.inputs[1]);
    }
    for (const V v : inputs) ++values_[v].uses;
    node.name = chance(70) ? "n" + std::to_string(net_.nodes.size()) : "";
    node.output = "v" + std::to_string(net_.nodes.size());
    values_.push_back({node.output, made, 0});
    net_.nodes.push_back(std::move(node));
    return values_.size() - 1;
  }

  Random random_;
  int64_t most_;
  Network net_;
  std::vector<Value> values_;
};

}  // namespace sparsys
