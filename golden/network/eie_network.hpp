// SPDX-License-Identifier: Apache-2.0
// A deep-compressed network in memory: what compression makes, what model files hold, and what
// every sparse engine (function, cycle, RTL) runs. It does not depend on the number of PEs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys::eie {

// Bias columns of a layer at most, and the groups that they are dealt to.
constexpr size_t kMaxBias = 6;
constexpr uint32_t kMaxBiasGroups = 4;

// One fully connected layer, y = act(round(W x >> shift)), in the engine's integers.
//
// W is `outputs` x `inputs`, stored by columns (compressed sparse column): the non-zeros of column
// j are row[k], code[k] for column_start[j] <= k < column_start[j+1], rows strictly rising.
// A non-zero's value is codebook[code] with code in 1..15; codebook[0] is 0 and never stored here.
//
// Biases are columns too (EIE, Han 2016, section III: "bias appended as an extra constant-one
// input"): the last `constant_inputs` columns multiply inputs that never change, and the last
// `constant_outputs` rows produce the constants of the next layer. Both counts are included in
// `inputs` and `outputs`.
struct Layer {
  std::string name;
  uint32_t inputs = 0;
  uint32_t outputs = 0;
  uint32_t constant_inputs = 0;
  uint32_t constant_outputs = 0;
  bool relu = false;
  // Radix points: real value = integer * 2^-frac.
  int input_frac = 0;
  int weight_frac = 0;
  int output_frac = 0;
  std::array<int16_t, 16> codebook{};
  std::vector<uint64_t> column_start;  // inputs + 1 values, first 0, last row.size()
  std::vector<uint32_t> row;
  std::vector<uint8_t> code;
  // The engine's form alone (golden/network/bias_columns.hpp), empty elsewhere: constants that
  // columns `inputs` and following multiply, which are added first. `inputs` does not count them.
  std::vector<int16_t> bias;

  // Right shift of the accumulator on write-back, 0..31.
  int shift() const { return input_frac + weight_frac - output_frac; }
};

// Layers in order; layer l + 1 has as many inputs as layer l has outputs.
struct Network {
  std::string name;
  // What the compression measured, for people: free text such as the data set's name.
  std::string origin;
  // Appended to every input vector: layers[0].constant_inputs values, at layers[0].input_frac.
  std::vector<int16_t> input_constants;
  // A real input x of the network that it was made of enters as (x - input_offset) / input_scale /
  // 256; the engine's own inputs are pixels p as p / 256, whatever these are.
  float input_scale = 1.0F / 256;
  float input_offset = 0;
  std::vector<Layer> layers;

  // Sizes as the network's user sees them, constants excluded.
  uint32_t input_size() const {
    return layers.empty() ? 0 : layers.front().inputs - layers.front().constant_inputs;
  }
  uint32_t output_size() const {
    return layers.empty() ? 0 : layers.back().outputs - layers.back().constant_outputs;
  }
};

}  // namespace sparsys::eie
