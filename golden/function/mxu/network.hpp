// SPDX-License-Identifier: Apache-2.0
// Whole networks on the matrix unit's function (golden/function/mxu/operators.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/base/score.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

// `input` is [channels][height][width] of the first layer. Element 0 of the result is the input,
// element l + 1 the output of layer l. Throws Error if the network is not sound or the input's size
// is wrong.
std::vector<std::vector<int8_t>> run_layers(const Network& network,
                                            const std::vector<int8_t>& input);

// `inputs`: count x input_size(), contiguous; returns count x output_size(). threads 0: all
// processors. Throws Error if the network is not sound or the size is no multiple of input_size().
std::vector<int8_t> run_batch(const Network& network, const std::vector<int8_t>& inputs,
                              unsigned threads = 0);

// Samples of input_size() values each, as bytes of the first layer.
std::vector<int8_t> image_inputs(const Network& network, Samples samples, size_t count);

// What bytes of such a value stand for.
std::vector<float> to_numbers(const Value& value, const std::vector<int8_t>& bytes);

// The number of the largest output of each image, the first of equals.
std::vector<uint32_t> classify(const Network& network, const std::vector<int8_t>& outputs);

// How far its outputs, as the numbers that they stand for, are off.
Score score(const Network& network, Samples samples, Targets targets, size_t count,
            unsigned threads = 0);
void add_outputs(Score& score, const Network& network, const std::vector<int8_t>& outputs,
                 Samples samples, Targets targets);

}  // namespace sparsys::mxu
