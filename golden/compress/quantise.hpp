// SPDX-License-Identifier: Apache-2.0
// Post-training quantisation: a network in floating point to signed bytes for the matrix unit.
//
// Conv, Gemm and MatMul become layers together with what follows them: Add of a bias, one of Relu,
// Clip, Sigmoid and Tanh, MaxPool (in front of the function or behind it) or AveragePool (behind
// it, of whole windows); Add of two values and Concat of channels are layers, and so is what can't
// join another. Sigmoid and Tanh are the matrix unit's tables: values go in in steps of 1/16 and
// 1/32 and come out in steps of 1/256 and 1/128, whatever the scheme. Flatten and Reshape between
// them move nothing; a Softmax of classes at the end is dropped, so that outputs are logits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

enum class QuantisationScheme : uint8_t {
  // As TFLite and ONNX QDQ models have it: weights symmetric, -127..127, a scale per output; values
  // with a scale and a zero point per tensor, from their smallest and largest, widened to hold 0.
  kAffine,
  // Radix points per layer (Qiu, FPGA 2016, section 5): all scales are powers of two and zero
  // points 0 (that of Sigmoid's table is -128). Each is chosen for the least sum of absolute
  // errors, of the weights first, then of
  // the feature maps layer by layer, what comes into a layer being quantised already.
  kRadix,
  // Affine, but with one scale for all weights of a layer, that which meets them best: values that
  // a deep-compressed layer's weights share stay shared, each a byte, and are the layer's codebook
  // in the matrix unit's weight memory.
  kShared
};
const char* to_string(QuantisationScheme scheme);  // "affine", "radix", "shared"

// What the network's outputs are, as far as they are not a table's.
enum class QuantisationOutputs : uint8_t {
  // Scores of classes, if there are several: the softmax of the images' scores shall differ least
  // (summed absolute differences). Steps become finer where the largest scores are, and the lowest
  // saturate: with the whole range in 256 steps, ties between the best would be most of the error.
  kScores,
  kValues  // as other values
};
const char* to_string(QuantisationOutputs outputs);  // "scores", "values"

struct QuantisationOptions {
  QuantisationScheme scheme = QuantisationScheme::kAffine;
  QuantisationOutputs outputs = QuantisationOutputs::kScores;
  // Affine scales: at most 100 - percentile per cent of a layer's values may lie above its range,
  // and as many below it. Above 50; 100: none. Not of scores, which have their own rule.
  double percentile = 100;
  unsigned threads = 0;  // 0: all processors
};

// `samples`: what the network will see. Of 8-bit inputs all values 0..255 are taken as possible, of
// floats those that occur. Throws Error "<network>: node '<name>' (<op>): <what is wrong>" at a
// node that no layer can be, and if there are no images or the percentile is out of range or not
// 100 with radix points.
mxu::Network quantise(const Network& network, Samples samples, size_t count,
                      const QuantisationOptions& options = {});

// The multiplier and shift nearest to `factor`, which must be from 0 to below 2^31: a mantissa of
// 31 bits, rounded to nearest, ties away from zero (TFLite's QuantizeMultiplier). A factor below
// 2^-31 keeps fewer bits, as no shift is beyond 62. Throws Error.
struct FixedFactor {
  int32_t multiplier = 0;
  uint8_t shift = 0;
};
FixedFactor fixed_factor(double factor);

}  // namespace sparsys
