// SPDX-License-Identifier: Apache-2.0
// What a model is made of and how it sits in an engine's memories: the data of `sparsys inspect`.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/engine/mxu/config.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// Shares are in percent. All throw Error if the network is not sound.
//
// kind "float model", name, origin, inputs, outputs, weights, nonzeros, density (percent of
// weights), layers[]: name, inputs, outputs, weights, biases, nonzeros, density; nodes[]: op, name,
// shape (of the output, for one sample); input (its name), input_shape, input_scale, input_offset,
// batch (name of a free one, or empty), input_text.
nlohmann::json describe(const Network& network);

// One line for people: the input's name and shape, whether its batch is free, and how pixels enter.
std::string input_text(const Network& network);

// The same of a stored model, decoded; kind "stored model", and in `stored` what its file takes, as
// describe(StoredReport) gives it.
nlohmann::json describe(const SharedNetwork& network, const StoredReport& report);

// kind "compressed network", name, origin, inputs, outputs, weights, nonzeros, density, layers[]:
// name, inputs, outputs, weights, nonzeros, density, empty_rows, relu. Inputs, outputs, weights and
// what is counted of them leave constants out (docs/reference/eie-format.md section 8). Besides:
// input_constants[]; per layer constant_inputs, constant_outputs, constant_nonzeros (in rows or
// columns of constants: biases), input_frac, weight_frac, output_frac, shift, codebook[16] and
// code_count[16], how many non-zeros have each code.
nlohmann::json describe(const eie::Network& network);

// Besides: `engine`, as describe_engine gives it, or if the network does not fit {fits: false,
// error: text, config}. With balanced rows, engine.interleaved has the fullest PE's entries and the
// balance without.
nlohmann::json describe(const eie::Network& network, const eie::Config& config,
                        eie::Rows rows = eie::Rows::kBalanced);

// fits: true, config, passes, entries, padding, padding_percent, entries_per_pe {min, mean, max},
// balance (mean / max entries over the PEs), the same per layer in layers[] with its name and
// `rows` ("balanced", "interleaved"), and
// memories[]: name, used, available, unit, percent (of the fullest PE).
nlohmann::json describe_engine(const eie::Image& image);

// kind "quantised network", name, origin, inputs, outputs, pixel_scale and pixel_offset, weights,
// multiplications (of a sample), layers[]: name, kind, sources (numbers of values, 0 the input, l +
// 1 what layer l gives), input and output [channels, height, width], groups, fully_connected,
// weights, rounding, function, pooling, kernel, stride and pad of both windows, dilation, scale and
// zero point of input and output.
nlohmann::json describe(const mxu::Network& network);

// Besides: `weight_memory`, of the matrix unit of that size: array [rows, columns], fits: true,
// bytes, batch (images of one) and keep (batches that go through a tile before the next, with a
// beat of weights a cycle), layers[] of all that have tiles: name, form ("entries", "bytes"),
// tiles, bytes, bytes_a_tile, entries, fillers (of them), padding (bytes), longest_bus (entries of
// a tile's, the mean of tiles), longest_over_mean; or if the network does not fit fits: false,
// error.
nlohmann::json describe(const mxu::Network& network, const mxu::Config& config);

// A description for people: a few tables.
void print_quantised(std::ostream& out, const nlohmann::json& description);
void print_description(std::ostream& out, const nlohmann::json& description);

}  // namespace sparsys
