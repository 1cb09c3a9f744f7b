// SPDX-License-Identifier: Apache-2.0
// How fuse() finds layers: node by node, each of which joins the last layer or becomes one.
//
//   fuse.cpp           values and their shapes; layers with weights
//   fuse_elements.cpp  functions, poolings, sums, concatenations, padding
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "golden/compress/matrix_unit/fuse.hpp"

namespace sparsys {

class Fuser {
 public:
  explicit Fuser(const Graph& graph)
      : graph_(graph),
        network_(graph.network()),
        shapes_(infer_shapes(network_)),
        seen_(network_.nodes.size() + 1) {}

  std::vector<FloatLayer> run();

 private:
  static constexpr std::array<uint32_t, 4> kNoPad{};

  // What is known of a value of the graph: which value of the layers it is, seen as another shape
  // or with a border of zeros.
  struct Seen {
    uint32_t value = 0;  // of the layers: 0 the input, l + 1 of layer l
    uint32_t channels = 0;
    uint32_t height = 1;
    uint32_t width = 1;
    bool flat = false;  // as one vector of all its elements
    std::array<uint32_t, 4> pad{};
  };

  [[noreturn]] void refuse(const std::string& what) const;

  void add(const Graph::Step& step);

  // ---- values ----

  Seen maps_of(uint32_t value, const Shape& shape) const;

  // The same values as another shape.
  void rename(const Graph::Step& step, const Shape& shape);

  void reshape(const Seen& from, uint32_t height, uint32_t width);

  // ---- layers ----

  std::string name_of_node() const;

  FloatLayer& new_layer(const Seen& from, mxu::Kind kind);

  // The step's value is what the last layer gives.
  void finish(const Graph::Step& step);

  // The last layer, if the value is its own and nobody else's, so that what follows may become part
  // of it.
  FloatLayer* last_of(size_t value);

  const Seen& unpadded(size_t value) const;
  const Seen& map(size_t value) const;

  FloatLayer& new_weights(const Seen& from, const Graph::Step& step);

  void add_convolution(const Graph::Step& step);

  // Pixels moved apart, and a convolution by the weights in the other order.
  void add_transposed(const Graph::Step& step);
  // Pixels that many lines and columns apart, zeros between and behind them.
  Seen apart(const Graph::Step& step, const Seen& from, const Window& window);

  void add_dense(const Graph::Step& step);

  // What a step adds to or multiplies each output by, one value per output.
  std::vector<double> per_output(const Graph::Step& step, size_t outputs) const;

  void add_bias(FloatLayer& fused, const Graph::Step& step) const;

  // Weights, and nothing behind them that a constant would have to pass.
  FloatLayer* bare(size_t value);

  // A factor and a constant for each channel, as a convolution of 1 x 1.
  FloatLayer& add_channels(const Graph::Step& step);

  void add_constant(const Graph::Step& step);

  void multiply(const Graph::Step& step);

  // The largest float stands for none.
  static float bound(float value);
  static bool clipped(const FloatLayer& fused);
  static bool has_table(const FloatLayer& fused);

  // The layer that gets the function: the last one, or one of its own. All functions rise: of a
  // maximum it is the same as of all values before.
  FloatLayer& for_function(size_t value);

  void clip(const Graph::Step& step, float least, float largest);

  void add_table(const Graph::Step& step, mxu::Function function);

  // A function that the unit has no table of.
  void add_curve(const Graph::Step& step);

  // The layer that gets the pooling.
  FloatLayer& for_pooling(const Graph::Step& step);

  void add_maximum(const Graph::Step& step);

  void add_average(const Graph::Step& step);

  void add_sum(const Graph::Step& step);

  void add_concat(const Graph::Step& step);

  // A border of zeros: part of the convolution or average behind it.
  void add_padding(const Graph::Step& step);

  const Graph& graph_;
  const Network& network_;
  const std::vector<Shape> shapes_;
  std::vector<Seen> seen_;  // by the graph's values
  std::vector<FloatLayer> layers_;
  size_t n_ = 0;  // the node at hand
};

}  // namespace sparsys
