// SPDX-License-Identifier: Apache-2.0
// Whether a network is one at all: everything that reads or writes networks checks here first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "golden/network/eie_network.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// The most layers of a network, and the most elements of a vector: far beyond any engine, and small
// enough that no sum or product of sizes overflows.
constexpr size_t kMaxLayers = 4096;
constexpr uint32_t kMaxVector = 1U << 24;
// The most sizes of a shape, of which a node has three at most, and the most inputs of a node.
constexpr size_t kMaxRank = 8;
constexpr size_t kMaxInputs = 256;
// Radix points lie within +-kMaxFrac.
constexpr int kMaxFrac = 64;

// Throws Error "<name>: <what> <value> is outside of <least> to <most>" if it is.
void check_range(int64_t value, int64_t least, int64_t most, const std::string& name,
                 const char* what);
// Throws Error "<name>: <found> <what>, expected ..." unless it is that, or 1 to kMaxLayers.
void check_count(uint64_t found, uint64_t expected, const std::string& name, const char* what);
void check_layer_count(size_t layers, const std::string& name);

namespace eie {

// Throws Error "<name>: <place>: <what is wrong>" unless `network` is sound: at least one layer;
// sizes 1 .. kMaxVector; each layer takes what the one before gives, with the same radix point and
// as many constants; as many input constants as the first layer has; constants fewer than elements;
// shift 0..31; codebook[0] is 0; columns rising without gaps from 0 to the number of non-zeros;
// rows strictly rising within a column and below `outputs`; codes 1..15; texts valid UTF-8.
void check(const Network& network, const std::string& name);

// One layer of it by itself. `name` is the whole beginning of the message.
void check(const Layer& layer, const std::string& name);

}  // namespace eie

// Likewise: sound as infer_shapes() has it (golden/network/network.hpp); at most kMaxLayers nodes
// and as many parameters, kMaxRank sizes of a shape, kMaxInputs
// inputs of a node, kMaxVector elements of a value; numbers
// finite; texts valid UTF-8. With `shared`, parameters may be without values.
void check(const Network& network, const std::string& name, bool shared = false);

}  // namespace sparsys
