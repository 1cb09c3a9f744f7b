// SPDX-License-Identifier: Apache-2.0
// Affine scales of a network in bytes: weights symmetric with a scale per output or per layer,
// values with a scale and a zero point each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/compress/matrix_unit/fuse.hpp"

namespace sparsys {

struct Range {
  float least = 0;  // widened to hold 0
  float largest = 0;
};

struct Affine {
  float scale = 1;
  int8_t zero = 0;
};

// Least and largest to -128 and 127; zero exactly to a byte.
Affine affine_of(const Range& range);

// Functions that are tables (docs/reference/mxu-format.md section 1): fractional bits of their
// input and of their output, its zero point.
bool is_table(const mxu::Layer& layer);
int table_in_frac(const mxu::Layer& layer);
int table_out_frac(const mxu::Layer& layer);
int8_t table_zero(const mxu::Layer& layer);

// Rounded. Throws Error, naming the layer, if 32 bits don't hold it.
int32_t to_int32(double value, const std::string& layer);
int32_t weight_sum(const mxu::Layer& layer, size_t output);
// The layer's least and largest byte, of the bounds of its function and its output's scale.
void set_bounds(const FloatLayer& fused, mxu::Layer& layer);

enum class WeightScales : uint8_t { kPerOutput, kPerLayer };

// Fills in scales, weights, biases and factors of all layers, from the range of what each gives and
// the scale of the network's input. Layers tied to another have its range joined with theirs.
void quantise_affine(std::vector<FloatLayer>& layers, std::vector<Range> ranges,
                     const Affine& input, WeightScales scales);

}  // namespace sparsys
