// SPDX-License-Identifier: Apache-2.0
// Builds a network node by node, with random parameters.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

class NetworkBuilder {
 public:
  explicit NetworkBuilder(Shape input, uint64_t seed = 1) : random_(seed) {
    net_.name = "net";
    net_.input_shape = std::move(input);
    net_.input_scale = 1.0F / 100;
    net_.input_offset = -1;
  }
  std::string parameter(const Shape& shape, float scale = 0.5F) {
    Parameter p{"p" + std::to_string(net_.parameters.size()), shape, {}};
    for (int64_t i = 0; i < element_count(shape); ++i) p.values.push_back(scale * random_.normal());
    net_.parameters.push_back(p);
    return p.name;
  }
  Node& node(Op op, std::vector<std::string> inputs) {
    Node n;
    n.op = op;
    n.inputs = std::move(inputs);
    n.output = "v" + std::to_string(net_.nodes.size());
    net_.nodes.push_back(n);
    return net_.nodes.back();
  }
  std::string add(Op op, std::vector<std::string> inputs) {
    return node(op, std::move(inputs)).output;
  }
  Network finish() {
    net_.output = net_.nodes.back().output;
    return net_;
  }

 private:
  Random random_;
  Network net_;
};

}  // namespace sparsys
