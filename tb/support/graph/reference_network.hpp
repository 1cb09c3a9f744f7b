// SPDX-License-Identifier: Apache-2.0
// A float network computed by plain loops in double precision, one sample at a time, shapes too.
// Written from ONNX's definitions of its operators, without the library's rules or code.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys {

// Row-major, the sample dimension first.
struct Tensor {
  Shape shape;
  std::vector<double> values;
};

// What a node makes of its inputs, values and parameters in ONNX's order.
Tensor reference(const Node& node, const std::vector<const Tensor*>& inputs);

// All values of the network by their names, and its parameters. The input has the network's shape.
std::map<std::string, Tensor> reference(const Network& network, const std::vector<double>& input);

}  // namespace sparsys
