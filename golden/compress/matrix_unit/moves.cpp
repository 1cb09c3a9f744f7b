// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/matrix_unit/moves.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "golden/base/text.hpp"
#include "golden/train/arrange.hpp"

namespace sparsys {
namespace {

constexpr size_t kLongest = 6;  // nodes of a chain
constexpr int64_t kMostWeights = int64_t{1} << 22;
constexpr int64_t kMostKernel = 128;  // of the matrix unit

bool is_move(Op op) {
  return op == Op::kTranspose || op == Op::kSlice || op == Op::kResize || op == Op::kReshape ||
         op == Op::kFlatten;
}

// A value as maps: channels, height, width.
struct Maps {
  int64_t channels = 1;
  int64_t height = 1;
  int64_t width = 1;
};

std::optional<Maps> maps_of(const Shape& shape) {
  if (shape.size() < 2 || shape.size() > 4) return std::nullopt;
  return Maps{shape[1], shape.size() == 4 ? shape[2] : 1, shape.size() > 2 ? shape.back() : 1};
}

// What moves values: one node, and its weights.
struct Mover {
  Node node;
  Parameter weights;
};

// From which element of x each of y comes.
struct Move {
  Maps x, y;
  std::vector<int32_t> from;

  Maps source(int64_t c, int64_t h, int64_t w) const {
    const int64_t at = from[static_cast<size_t>((c * y.height + h) * y.width + w)];
    return {at / (x.height * x.width), at / x.width % x.height, at % x.width};
  }

  // Each channel of y is one of x, from one place on, every so many lines and columns.
  std::optional<Mover> as_convolution() const {
    const Maps first = source(0, 0, 0);
    const int64_t down = y.height > 1 ? source(0, 1, 0).height - first.height : 1;
    const int64_t right = y.width > 1 ? source(0, 0, 1).width - first.width : 1;
    if (down < 1 || right < 1) return std::nullopt;
    Mover mover;
    Window& window = mover.node.window;
    mover.node.op = Op::kConv;
    window.stride = {down, right};
    window.kernel = {x.height - (y.height - 1) * down, x.width - (y.width - 1) * right};
    if (window.kernel[0] < 1 || window.kernel[1] < 1) return std::nullopt;
    bool same_channels = x.channels == y.channels;
    for (int64_t c = 0; c < y.channels; ++c) {
      const Maps start = source(c, 0, 0);
      same_channels &= start.channels == c;
      for (int64_t h = 0; h < y.height; ++h) {
        for (int64_t w = 0; w < y.width; ++w) {
          const Maps at = source(c, h, w);
          if (at.channels != start.channels || at.height != start.height + h * down ||
              at.width != start.width + w * right) {
            return std::nullopt;
          }
        }
      }
    }
    mover.node.group = same_channels ? x.channels : 1;
    if (!reserve(mover, y.channels, x.channels / mover.node.group)) return std::nullopt;
    for (int64_t c = 0; c < y.channels; ++c) {
      const Maps start = source(c, 0, 0);
      set(mover, c, same_channels ? 0 : start.channels, start.height, start.width);
    }
    return mover;
  }

  // Each pixel of x becomes a block of pixels of y.
  std::optional<Mover> as_transposed() const {
    if (y.height % x.height != 0 || y.width % x.width != 0) return std::nullopt;
    Mover mover;
    Window& window = mover.node.window;
    mover.node.op = Op::kConvTranspose;
    window.kernel = window.stride = {y.height / x.height, y.width / x.width};
    bool same_channels = x.channels == y.channels;
    for (int64_t c = 0; c < y.channels; ++c) {
      for (int64_t h = 0; h < y.height; ++h) {
        for (int64_t w = 0; w < y.width; ++w) {
          const Maps at = source(c, h, w);
          const Maps first = source(c, h % window.stride[0], w % window.stride[1]);
          same_channels &= at.channels == c;
          if (at.channels != first.channels || at.height != h / window.stride[0] ||
              at.width != w / window.stride[1]) {
            return std::nullopt;
          }
        }
      }
    }
    mover.node.group = same_channels ? x.channels : 1;
    if (!reserve(mover, x.channels, y.channels / mover.node.group)) return std::nullopt;
    for (int64_t c = 0; c < y.channels; ++c) {
      for (int64_t h = 0; h < window.kernel[0]; ++h) {
        for (int64_t w = 0; w < window.kernel[1]; ++w) {
          set(mover, source(c, h, w).channels, same_channels ? 0 : c, h, w);
        }
      }
    }
    return mover;
  }

  static bool reserve(Mover& mover, int64_t rows, int64_t columns) {
    const auto& kernel = mover.node.window.kernel;
    if (kernel[0] > kMostKernel || kernel[1] > kMostKernel ||
        rows * columns > kMostWeights / (kernel[0] * kernel[1])) {
      return false;
    }
    mover.weights.shape = {rows, columns, kernel[0], kernel[1]};
    mover.weights.values.assign(static_cast<size_t>(element_count(mover.weights.shape)), 0);
    return true;
  }

  static void set(Mover& mover, int64_t row, int64_t column, int64_t h, int64_t w) {
    const Shape& shape = mover.weights.shape;
    mover.weights
        .values[static_cast<size_t>(((row * shape[1] + column) * shape[2] + h) * shape[3] + w)] = 1;
  }
};

class Rewriter {
 public:
  explicit Rewriter(const Network& network) : network_(network) {
    const std::vector<Shape> shapes = infer_shapes(network);
    shape_of_[network.input] = shapes[0];
    for (size_t n = 0; n < network.nodes.size(); ++n) {
      shape_of_[network.nodes[n].output] = shapes[n + 1];
      for (const std::string& input : network.nodes[n].inputs) ++uses_[input];
    }
  }

  Network run() {
    made_ = network_;
    made_.nodes.clear();
    std::vector<bool> done(network_.nodes.size());
    for (size_t n = 0; n < network_.nodes.size(); ++n) {
      if (done[n]) continue;
      std::vector<size_t> chain = chain_from(n);
      while (!chain.empty() && !replace(chain)) chain.pop_back();
      if (chain.empty()) made_.nodes.push_back(network_.nodes[n]);
      for (const size_t m : chain) done[m] = true;
    }
    return std::move(made_);
  }

 private:
  // Nodes that move, each of which takes what the one before it alone gives.
  std::vector<size_t> chain_from(size_t n) const {
    std::vector<size_t> chain;
    if (!is_move(network_.nodes[n].op)) return chain;
    chain.push_back(n);
    for (size_t m = n + 1; m < network_.nodes.size() && chain.size() < kLongest; ++m) {
      const Node& last = network_.nodes[chain.back()];
      const Node& node = network_.nodes[m];
      if (node.inputs[0] != last.output) continue;
      if (!is_move(node.op) || uses_.at(last.output) != 1) break;
      chain.push_back(m);
    }
    return chain;
  }

  // Whether one of them moves a value past another.
  bool moves(const std::vector<size_t>& chain) const {
    return std::any_of(chain.begin(), chain.end(), [&](size_t n) {
      const Node& node = network_.nodes[n];
      const Shape& x = shape_of_.at(node.inputs[0]);
      if (node.op == Op::kSlice || node.op == Op::kResize) return shape_of_.at(node.output) != x;
      if (node.op != Op::kTranspose) return false;
      int64_t before = 0;
      for (const int64_t d : node.shape) {
        if (x[static_cast<size_t>(d)] == 1) continue;
        if (d < before) return true;
        before = d;
      }
      return false;
    });
  }

  bool replace(const std::vector<size_t>& chain) {
    const Node& first = network_.nodes[chain.front()];
    const Node& last = network_.nodes[chain.back()];
    const Shape& x_shape = shape_of_.at(first.inputs[0]);
    const Shape& y_shape = shape_of_.at(last.output);
    const auto x = maps_of(x_shape);
    const auto y = maps_of(y_shape);
    // Maps that become a vector, or the other way, are more than moves.
    if (!x || !y || (x_shape.size() == 2) != (y_shape.size() == 2) || !moves(chain)) return false;
    Move move{*x, *y, {}};
    move.from.resize(static_cast<size_t>(element_count(x_shape)));
    std::iota(move.from.begin(), move.from.end(), 0);
    for (const size_t n : chain) {
      const Node& node = network_.nodes[n];
      if (node.op == Op::kReshape || node.op == Op::kFlatten) continue;
      std::vector<int32_t> next =
          places(node, shape_of_.at(node.inputs[0]), shape_of_.at(node.output));
      for (int32_t& place : next) place = move.from[static_cast<size_t>(place)];
      move.from = std::move(next);
    }
    std::optional<Mover> mover = move.as_convolution();
    if (!mover) mover = move.as_transposed();
    if (!mover) return false;
    put(*mover, first, last, move);
    return true;
  }

  void put(Mover& mover, const Node& first, const Node& last, const Move& move) {
    const size_t rank = shape_of_.at(last.output).size();
    mover.weights.name = fresh(last.output + "_moves");
    Node node = mover.node;
    node.name = first.name.empty() ? last.name : first.name;
    node.output = last.output;
    std::string from = first.inputs[0];
    const Shape& x_shape = shape_of_.at(from);
    if (rank == 2) {
      // Of vectors: [outputs, inputs, 1, 1] as [outputs, inputs].
      node.op = Op::kGemm;
      node.trans_b = true;
      node.window = {};
      node.group = 1;
      mover.weights.shape = {move.y.channels, move.x.channels};
    } else if (x_shape.size() == 3) {
      from = reshaped(from, fresh(last.output + "_map"),
                      {0, move.x.channels, move.x.height, move.x.width});
    }
    node.inputs = {from, mover.weights.name};
    if (rank == 3) node.output = fresh(last.output + "_moved");
    const std::string output = node.output;
    made_.nodes.push_back(std::move(node));
    made_.parameters.push_back(mover.weights);
    if (rank != 3) return;
    Node back;
    back.op = Op::kReshape;
    back.name = last.name;
    back.shape = shape_of_.at(last.output);
    back.shape[0] = 0;
    back.inputs = {output, fresh(last.output + "_back")};
    back.output = last.output;
    made_.nodes.push_back(std::move(back));
  }

  std::string fresh(std::string name) {
    while (network_.find(name) != nullptr || shape_of_.count(name) != 0 ||
           !taken_.insert(name).second || uses_.count(name) != 0) {
      name += "_";
    }
    return name;
  }

  std::string reshaped(const std::string& value, const std::string& name, const Shape& shape) {
    Node node;
    node.op = Op::kReshape;
    node.shape = shape;
    node.inputs = {value, fresh(name + "_shape")};
    node.output = name;
    made_.nodes.push_back(std::move(node));
    return name;
  }

  const Network& network_;
  Network made_;
  std::map<std::string, Shape> shape_of_;
  std::map<std::string, size_t> uses_;
  std::set<std::string> taken_;  // names of what was made
};

}  // namespace

Network moves_as_convolutions(const Network& network) { return Rewriter(network).run(); }

}  // namespace sparsys
