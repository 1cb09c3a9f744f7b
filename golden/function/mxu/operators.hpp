// SPDX-License-Identifier: Apache-2.0
// What the matrix unit computes, untimed and bit-exact (docs/reference/mxu-format.md section 1):
// plain loops over the definitions, which know nothing of tiles, buffers or instructions, and share
// no code with the clocked model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// Accumulators of `rows` vectors: inputs [rows][terms] times weights [outputs][terms], [rows]
// [outputs]; additions wrap modulo 2^32. Throws Error if sizes do not fit.
std::vector<int32_t> multiply(const std::vector<int8_t>& inputs, const std::vector<int8_t>& weights,
                              size_t rows, size_t terms, size_t outputs);

// Accumulators of a convolution [outputs][conv height][conv width], of a pooling the input itself,
// its pixels apart if the layer says so;
// `input` is [channels][height][width] and is padded with the input's zero point. Throws Error if
// the input's size is wrong; the layer must be sound.
std::vector<int32_t> convolve(const Layer& layer, const std::vector<int8_t>& input);

// v * multiplier / 2^shift, rounded. Single: once, half up. Double, as in LiteRT's reference
// kernels (gemmlowp): the doubled product's high half is rounded, half up; then, if it is shifted
// on, what the shift leaves, half away from zero. 64 bits hold every result.
int64_t rounded_product(int32_t v, int32_t multiplier, uint32_t shift, Rounding rounding);

// Accumulator -> 10 bits: bias with saturation, rounded product, saturation.
int32_t requantise(int32_t accumulator, int32_t bias, int32_t multiplier, uint32_t shift,
                   Rounding rounding = Rounding::kSingle);

// Two values of an Add -> 10 bits: each with its bias (saturated), times 2^20, its rounded product
// (both modulo 2^32); of their sum the rounded product with the third factor, saturated.
int32_t add(const std::array<int32_t, 2>& values, const std::array<int32_t, 2>& bias,
            const std::array<int32_t, 3>& multiplier, const std::array<uint32_t, 3>& shift,
            Rounding rounding);
// 10 bits -> a byte. Sigmoid and tanh: of steps of 1/16 and 1/32, in steps of 1/256 (from -128 on)
// and 1/128.
int8_t apply(Function function, int32_t r10, int8_t zero, int8_t low, int8_t high);

// The largest, and the mean rounded half up (single) or half away from zero (double). Throw Error
// if there is none, and the mean if there are more than 255.
int8_t pool_max(const std::vector<int8_t>& values);
int8_t pool_average(const std::vector<int8_t>& values, Rounding rounding = Rounding::kSingle);

// Accumulators of a layer, as convolve() gives them, to its output [outputs][out height][out
// width]. Throws Error if their number is wrong; the layer must be sound.
std::vector<int8_t> activate(const Layer& layer, const std::vector<int32_t>& accumulators);

// A layer of any kind, of the values that it takes. Throws Error if their number or sizes are
// wrong; the layer must be sound.
std::vector<int8_t> run_layer(const Layer& layer,
                              const std::vector<const std::vector<int8_t>*>& inputs);

}  // namespace sparsys::mxu
