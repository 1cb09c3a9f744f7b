// SPDX-License-Identifier: Apache-2.0
#include "golden/network/part.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sparsys {
namespace {

// Only what the nodes have.
void take_parameters(const Network& from, Network& part) {
  std::set<std::string> needed;
  for (const Node& node : part.nodes) needed.insert(node.inputs.begin(), node.inputs.end());
  part.parameters.clear();
  for (const Parameter& parameter : from.parameters) {
    if (needed.count(parameter.name) > 0) part.parameters.push_back(parameter);
  }
}

Network without_nodes(const Network& network) {
  Network part;
  part.name = network.name;
  part.origin = network.origin;
  part.task = network.task;
  return part;
}

}  // namespace

Network network_up_to(const Network& network, const std::string& value) {
  Network part = without_nodes(network);
  part.input = network.input;
  part.input_shape = network.input_shape;
  part.input_scale = network.input_scale;
  part.input_offset = network.input_offset;
  part.batch = network.batch;
  part.output = value;
  std::set<std::string> needed{value};
  for (size_t n = network.nodes.size(); n-- > 0;) {
    const Node& node = network.nodes[n];
    if (needed.count(node.output) == 0) continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    part.nodes.push_back(node);
  }
  std::reverse(part.nodes.begin(), part.nodes.end());
  take_parameters(network, part);
  return part;
}

Network network_of_nodes(const Network& network, const std::vector<size_t>& nodes,
                         const std::string& input, const Shape& shape) {
  Network part = without_nodes(network);
  part.input = input;
  part.input_shape = shape;
  for (const size_t n : nodes) part.nodes.push_back(network.nodes[n]);
  part.output = part.nodes.back().output;
  take_parameters(network, part);
  return part;
}

SharedNetwork with_codes(Network part, const SharedNetwork& whole) {
  SharedNetwork shared;
  for (const Parameter& parameter : part.parameters) {
    const auto found =
        std::find_if(whole.network.parameters.begin(), whole.network.parameters.end(),
                     [&](const Parameter& p) { return p.name == parameter.name; });
    const auto p = static_cast<size_t>(found - whole.network.parameters.begin());
    shared.parameters.push_back(whole.parameters.at(p));
  }
  shared.network = std::move(part);
  return shared;
}

}  // namespace sparsys
