// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/sparse_engine/split.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/part.hpp"

namespace sparsys {
namespace {

std::string name_of(const Node& node) {
  return quoted(node.name.empty() ? node.output : node.name) + " (" + to_string(node.op) + ")";
}

int64_t positions_of(const Shape& map) { return map.size() == 4 ? map[2] * map[3] : 1; }

// The nodes behind which nothing else joins: from the first that takes a single value on, each
// takes what the one before it gives, up to the network's output.
class Chain {
 public:
  Chain(const Network& network, bool shared) : network_(network) {
    const std::vector<Shape> shapes = infer_shapes(network, shared);
    shapes_[network.input] = shapes.front();
    std::map<std::string, size_t> maker;
    for (size_t n = 0; n < network.nodes.size(); ++n) {
      shapes_[network.nodes[n].output] = shapes[n + 1];
      maker[network.nodes[n].output] = n;
    }
    std::string value = network.output;
    while (value != network.input) {
      const size_t n = maker.at(value);
      std::vector<std::string> taken;
      for (const std::string& input : network.nodes[n].inputs) {
        if (shapes_.count(input) > 0) taken.push_back(input);
      }
      if (taken.size() != 1) break;
      value = taken.front();
      nodes_.push_back(n);
      inputs_.push_back(value);
    }
    std::reverse(nodes_.begin(), nodes_.end());
    std::reverse(inputs_.begin(), inputs_.end());
  }

  size_t size() const { return nodes_.size(); }
  size_t number(size_t i) const { return nodes_[i]; }
  const Node& node(size_t i) const { return network_.nodes[nodes_[i]]; }
  const std::string& input(size_t i) const { return inputs_[i]; }
  const Shape& in(size_t i) const { return shapes_.at(inputs_[i]); }
  const Shape& out(size_t i) const { return shapes_.at(node(i).output); }
  const Network& network() const { return network_; }

  bool is_dense_conv(size_t i) const {
    const Node& n = node(i);
    return n.op == Op::kConv && n.group == 1 && n.window.pad == Window().pad;
  }
  bool is_1x1(size_t i) const {
    const Window one;
    return node(i).op == Op::kConv && node(i).group == 1 && node(i).window.kernel == one.kernel &&
           node(i).window.stride == one.stride;
  }
  bool is_vector_layer(size_t i) const {
    if (node(i).op == Op::kGemm || node(i).op == Op::kMatMul) return out(i).size() == 2;
    const Window& window = node(i).window;
    return is_dense_conv(i) && positions_of(out(i)) == 1 && window.kernel[0] == in(i)[2] &&
           window.kernel[1] == in(i)[3];
  }
  bool is_position_layer(size_t i) const {
    return is_dense_conv(i) && is_1x1(i) && positions_of(in(i)) > 1;
  }
  bool is_reshape(size_t i) const {
    const Op op = node(i).op;
    if (op == Op::kFlatten || op == Op::kReshape) return true;
    return (op == Op::kAveragePool || op == Op::kMaxPool) && in(i) == out(i) &&
           positions_of(in(i)) == 1 && node(i).window.pad == Window().pad;
  }
  bool is_whole_average(size_t i) const {
    const Window& window = node(i).window;
    return node(i).op == Op::kAveragePool && window.pad == Window().pad &&
           positions_of(out(i)) == 1 && window.kernel[0] == in(i)[2] &&
           window.kernel[1] == in(i)[3];
  }
  // An Add of one number for each channel or unit.
  bool is_bias(size_t i) const {
    if (node(i).op != Op::kAdd) return false;
    const std::string& other = node(i).inputs[node(i).inputs[0] == input(i) ? 1 : 0];
    const Shape& shape = network_.find(other)->shape;
    const int64_t units = out(i).size() > 1 ? out(i)[1] : 1;
    const size_t behind = out(i).size() == 4 ? 2 : 0;
    return element_count(shape) == units && shape.size() > behind &&
           shape[shape.size() - 1 - behind] == units;
  }
  // A softmax of all that there is, at the end.
  bool is_last_softmax(size_t i) const {
    if (i + 1 != size() || network_.task != Task::kClassification) return false;
    if (node(i).op != Op::kSoftmax && node(i).op != Op::kLogSoftmax) return false;
    return out(i)[axis_of(node(i).axis, out(i).size())] == element_count(out(i));
  }

 private:
  const Network& network_;
  std::map<std::string, Shape> shapes_;  // of values
  std::vector<size_t> nodes_;            // in Network::nodes
  std::vector<std::string> inputs_;      // what each takes
};

// ---- rewriting without change of the function ----

std::string unused_name(const Network& network, std::string name) {
  const auto taken = [&] {
    return network.input == name || network.find(name) != nullptr ||
           std::any_of(network.nodes.begin(), network.nodes.end(),
                       [&](const Node& node) { return node.output == name; });
  };
  while (taken()) name += "_";
  return name;
}

// Node i of the chain, a 1x1 convolution: its padding as a node.
void pad_first(Network& network, const Chain& chain, size_t i) {
  const size_t n = chain.number(i);
  const std::string x = chain.input(i);
  Node pad;
  pad.op = Op::kPad;
  pad.name = unused_name(network, network.nodes[n].output + ".pad");
  pad.inputs = {x};
  pad.output = pad.name;
  const auto& sides = network.nodes[n].window.pad;
  pad.shape = {0, 0, sides[0], sides[1], 0, 0, sides[2], sides[3]};
  pad.alpha = 0;
  network.nodes[n].window.pad = {};
  network.nodes[n].inputs[0] = pad.output;
  network.nodes.insert(network.nodes.begin() + static_cast<ptrdiff_t>(n), std::move(pad));
}

// Node `average` of the chain, in front of the convolution at `conv`, behind which there is at most
// a bias.
void average_first(Network& network, const Chain& chain, size_t conv, size_t average) {
  const std::string x = chain.input(conv);
  Node node = chain.node(average);
  const std::string y = node.output;
  const std::string last = chain.input(average);
  node.inputs = {x};
  node.output = unused_name(network, last + ".average");
  network.nodes[chain.number(conv)].inputs[0] = node.output;
  network.nodes[chain.number(average - 1)].output = y;
  network.nodes.erase(network.nodes.begin() + static_cast<ptrdiff_t>(chain.number(average)));
  network.nodes.insert(network.nodes.begin() + static_cast<ptrdiff_t>(chain.number(conv)),
                       std::move(node));
}

// One step of rewriting. False if there is none left.
bool rewrite_once(Network& network, bool shared) {
  const Chain chain(network, shared);
  size_t last = chain.size();  // of the chain, the last layer
  while (last > 0 && !has_weights(chain.node(last - 1).op)) --last;
  if (last > 0 && chain.is_1x1(last - 1) && !chain.is_dense_conv(last - 1)) {
    pad_first(network, chain, last - 1);
    return true;
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (!chain.is_whole_average(i) || positions_of(chain.in(i)) == 1) continue;
    const size_t conv = i > 1 && chain.is_bias(i - 1) ? i - 2 : i - 1;
    if (!chain.is_position_layer(conv)) continue;
    average_first(network, chain, conv, i);
    return true;
  }
  return false;
}

void rewrite(Network& network, bool shared) {
  while (rewrite_once(network, shared)) {
  }
}

// ---- the cut ----

// Of a chain: nodes first to end - 1 are the engine's, and behind them nodes without weights up to
// `last`; what follows is a softmax that is left out.
struct Tail {
  size_t first = 0;
  size_t end = 0;
  size_t last = 0;
  int64_t positions = 0;
  std::vector<size_t> layers;  // of the chain
};

std::optional<Tail> tail_from(const Chain& chain, size_t first) {
  Tail tail;
  tail.first = tail.end = first;
  for (size_t i = first; i < chain.size(); ++i) {
    const bool vector = chain.is_vector_layer(i);
    if (tail.layers.empty()) {
      const bool per_position = chain.is_position_layer(i) && i == first;
      if (!vector && !per_position && !chain.is_reshape(i)) return std::nullopt;
      if (vector || per_position) {
        tail.positions = vector ? 1 : positions_of(chain.in(i));
        tail.layers.push_back(i);
      }
    } else if (tail.positions == 1 ? vector : chain.is_position_layer(i)) {
      tail.layers.push_back(i);
    } else if (chain.is_bias(i)) {
      if (tail.layers.back() + 1 != i || chain.node(i - 1).inputs.size() > 2) break;
    } else if (chain.node(i).op != Op::kRelu && (tail.positions > 1 || !chain.is_reshape(i))) {
      break;
    }
    tail.end = i + 1;
  }
  if (tail.layers.empty()) return std::nullopt;
  tail.last = chain.size();
  if (tail.end < tail.last && chain.is_last_softmax(tail.last - 1)) --tail.last;
  for (size_t i = tail.end; i < tail.last; ++i) {
    if (has_weights(chain.node(i).op)) return std::nullopt;
  }
  return tail;
}

[[noreturn]] void refuse(const Chain& chain) {
  const std::vector<Node>& nodes = chain.network().nodes;
  std::string last;
  for (size_t n = nodes.size() - std::min<size_t>(nodes.size(), 3); n < nodes.size(); ++n) {
    last += (last.empty() ? "" : ", ") + name_of(nodes[n]);
  }
  fail(printable(chain.network().name),
       "the sparse engine runs fully connected layers, and there are none in front of the output: "
       "the last nodes are " +
           last + "; the matrix unit runs such networks (--target mxu)");
}

Tail choose(const Chain& chain, const std::string& cut) {
  std::vector<Tail> tails;
  for (size_t i = 0; i < chain.size(); ++i) {
    if (auto tail = tail_from(chain, i)) tails.push_back(std::move(*tail));
  }
  if (tails.empty()) refuse(chain);
  if (cut.empty()) {
    const auto vector = std::find_if(tails.begin(), tails.end(),
                                     [](const Tail& tail) { return tail.positions == 1; });
    return vector == tails.end() ? tails.front() : *vector;
  }
  std::string values;
  for (const Tail& tail : tails) {
    if (chain.input(tail.first) == cut) return tail;
    values += (values.empty() ? "" : ", ") + printable(chain.input(tail.first));
  }
  const auto& nodes = chain.network().nodes;
  const bool exists =
      cut == chain.network().input ||
      std::any_of(nodes.begin(), nodes.end(), [&](const Node& node) { return node.output == cut; });
  throw Error("--cut " + printable(cut) + ": " +
              (exists ? "behind it there is more than fully connected layers"
                      : "there is no value of this name") +
              ", expected one of " + values);
}

std::string reason_of(const Chain& chain, const Tail& tail, bool said) {
  const std::string first = name_of(chain.node(tail.layers.front()));
  std::string text = tail.layers.size() == 1 ? "behind it is the fully connected layer " + first
                                             : "behind it are the " + number(tail.layers.size()) +
                                                   " fully connected layers from " + first + " on";
  if (tail.positions > 1) {
    text += ", once for each of " + number(tail.positions) + " positions of the map";
  }
  if (said) return text + ", and --cut says so";
  if (chain.input(tail.first) == chain.network().input) return text + ", the whole network";
  const auto& nodes = chain.network().nodes;
  const auto maker = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
    return node.output == chain.input(tail.first);
  });
  return text + "; " + name_of(*maker) + " in front of it is none";
}

std::vector<size_t> numbers(const Chain& chain, size_t from, size_t to) {
  std::vector<size_t> nodes;
  for (size_t i = from; i < to; ++i) nodes.push_back(chain.number(i));
  return nodes;
}

}  // namespace

EngineLayers engine_layers(const Network& network, const std::string& cut) {
  Network rewritten = network;
  rewrite(rewritten, false);
  const Chain chain(rewritten, false);
  const Tail tail = choose(chain, cut);
  EngineLayers found;
  found.count = tail.layers.size();
  for (size_t n = 0; n < chain.number(tail.layers.front()); ++n) {
    found.first += has_weights(rewritten.nodes[n].op);
  }
  return found;
}

Split split(SharedNetwork shared, const std::string& cut) {
  Network& network = shared.network;
  rewrite(network, true);
  const Chain chain(network, true);
  const Tail tail = choose(chain, cut);
  const std::string value = chain.input(tail.first);
  const bool has_front = value != network.input;
  Split parts;
  eie::SplitNetwork& made = parts.network;
  made.cut = value;
  made.reason = reason_of(chain, tail, !cut.empty());
  made.shape = chain.in(tail.first);
  made.positions = static_cast<uint32_t>(tail.positions);
  if (has_front) {
    made.front = with_codes(network_up_to(network, value), shared);
    made.front->network.origin.clear();  // the engine's part has it
  }
  Shape vector = made.shape;
  if (tail.positions > 1) vector = {1, vector[1], 1, 1};
  Network engine = network_of_nodes(network, numbers(chain, tail.first, tail.end), value, vector);
  if (!has_front) {
    engine.input_scale = network.input_scale;
    engine.input_offset = network.input_offset;
  }
  parts.tail = with_codes(std::move(engine), shared);
  if (tail.end < tail.last) {
    // Without codes: it has no weights.
    made.back = with_codes(network_of_nodes(network, numbers(chain, tail.end, tail.last),
                                            chain.input(tail.end), chain.in(tail.end)),
                           shared)
                    .decode();
    made.back->origin.clear();
  }
  return parts;
}

}  // namespace sparsys
