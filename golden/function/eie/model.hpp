// SPDX-License-Identifier: Apache-2.0
// The sparse engine's function, untimed and bit-exact (docs/reference/eie-format.md sections 7 and
// 8; EIE, Han 2016, equation 3), in plain integer arithmetic over the decoded weights. It knows
// nothing of PEs, passes or entries, and shares no code with the clocked model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/eie_write_back.hpp"

namespace sparsys::eie {

// What a row is added up in: `groups` accumulators (a power of two, 1 to 8) of `width` bits (20 to
// 48), the products of input j in number j mod groups.
struct Accumulators {
  Accumulators(int bits = 32, uint32_t of_groups = 1) : width(bits), groups(of_groups) {}

  int width;
  uint32_t groups;
};

// One layer: `input` has layer.inputs elements, the constants included; returns layer.outputs. For
// each output the products of non-zero inputs and weights are added in rising input order, each sum
// saturated to the accumulator's width; acc is the exact sum of the output's accumulators; then y =
// floor(acc / 2^shift + 1/2), saturated to 16 bit, negative -> 0 with ReLU. *saturated, if given,
// tells whether an accumulator saturated. Throws Error if the layer is not sound, the input's size
// is wrong or the accumulators are out of range.
std::vector<int16_t> run_layer(const Layer& layer, const std::vector<int16_t>& input,
                               Accumulators accumulators = {}, bool* saturated = nullptr);

// All layers, as engines run them (golden/network/bias_columns.hpp): `input` has
// network.input_size() elements; returns network.output_size() elements. Errors as above.
std::vector<int16_t> run(const Network& network, const std::vector<int16_t>& input,
                         Accumulators accumulators = {}, bool* saturated = nullptr);

// The same, with every vector on the way: element 0 is the first layer's input, element l + 1 the
// output of layer l. Constants that are not biases are included.
std::vector<std::vector<int16_t>> run_layers(const Network& network,
                                             const std::vector<int16_t>& input,
                                             Accumulators accumulators = {},
                                             bool* saturated = nullptr);

// Samples of input_size() values each as inputs: real value v / kPixelScale, at the radix point of
// the first layer, saturated. `saturated`, if given, gets how many lie beyond 16 bits.
std::vector<int16_t> image_inputs(const Network& network, Samples samples, size_t count,
                                  uint64_t* saturated = nullptr);

// The number of the largest element; of equal ones the lowest. Throws Error if there is none.
size_t argmax(const int16_t* values, size_t count);
size_t argmax(const std::vector<int16_t>& values);

// A network decoded once, for many inputs. Safe to use from several threads.
class FunctionalModel {
 public:
  // Throws Error if the network is not sound or the accumulators are out of range.
  explicit FunctionalModel(const Network& network, Accumulators accumulators = {});

  uint32_t input_size() const { return input_size_; }
  uint32_t output_size() const { return output_size_; }

  // `inputs`: count x input_size() elements, contiguous; returns count x output_size(). threads 0:
  // all processors. Throws Error if the size is no multiple of input_size().
  std::vector<int16_t> run_batch(const std::vector<int16_t>& inputs, unsigned threads = 0,
                                 bool* saturated = nullptr) const;

  // The argmax of each output.
  std::vector<uint32_t> classify(const std::vector<int16_t>& inputs, unsigned threads = 0,
                                 bool* saturated = nullptr) const;

  // As run_layers above.
  std::vector<std::vector<int16_t>> run_layers(const std::vector<int16_t>& input,
                                               bool* saturated = nullptr) const;

 private:
  // Weights by columns, decoded: weight[k] in row[k] for start[j] <= k < start[j + 1].
  struct Columns {
    uint32_t inputs = 0;
    uint32_t outputs = 0;
    int shift = 0;
    bool relu = false;
    std::vector<int16_t> bias;
    std::vector<uint64_t> start;
    std::vector<uint32_t> row;
    std::vector<int32_t> weight;
  };
  struct Scratch {
    std::vector<int64_t> acc;  // of group 0 all rows, of group 1 ...
    std::vector<int16_t> input;
    std::vector<int16_t> output;
  };

  friend std::vector<int16_t> run_layer(const Layer& layer, const std::vector<int16_t>& input,
                                        Accumulators accumulators, bool* saturated);

  FunctionalModel() = default;
  void set(Accumulators accumulators);
  void add_layer(const Layer& layer);
  // scratch.input -> scratch.output. Returns whether a sum saturated.
  bool run_one(const Columns& layer, Scratch& scratch) const;

  uint32_t input_size_ = 0;
  uint32_t output_size_ = 0;
  uint32_t groups_ = 1;
  int64_t acc_max_ = 0;
  int64_t acc_min_ = 0;
  std::vector<int16_t> constants_;
  std::vector<Columns> layers_;
};

}  // namespace sparsys::eie
