// SPDX-License-Identifier: Apache-2.0
// Whether a network is one at all: everything that reads or writes networks checks here first.
#pragma once

#include <string>

#include "golden/format/compressed_network.hpp"
#include "golden/nn/mlp.hpp"
#include "golden/nn/network.hpp"

namespace sparsys {

// The most layers of a network, and the most elements of a vector or codes of a name: far beyond
// any engine, and small enough that no sum or product of sizes overflows.
constexpr size_t kMaxLayers = 4096;
constexpr uint32_t kMaxVector = 1U << 24;
constexpr size_t kMaxText = 1U << 16;
// The most sizes of a shape, and inputs of a node.
constexpr size_t kMaxRank = 8;
// Radix points lie within +-kMaxFrac.
constexpr int kMaxFrac = 64;

// Throws Error "<name>: <place>: <what is wrong>" unless `network` is sound: at least one layer;
// sizes 1 .. kMaxVector; each layer takes what the one before gives, with the same radix point and
// as many constants; as many input constants as the first layer has; constants fewer than elements;
// shift 0..31; codebook[0] is 0; columns rising without gaps from 0 to the number of non-zeros;
// rows strictly rising within a column and below `outputs`; codes 1..15; texts valid UTF-8.
void check(const CompressedNetwork& network, const std::string& name);

// One layer of it by itself. `name` is the whole beginning of the message.
void check(const CompressedLayer& layer, const std::string& name);

// Likewise: at least one layer; sizes 1 .. kMaxVector that agree; one bias per output; all numbers
// finite; texts valid UTF-8.
void check(const Mlp& mlp, const std::string& name);

// Likewise: sound as infer_shapes() has it (golden/nn/network.hpp); at most kMaxLayers nodes and as
// many parameters, kMaxRank sizes of a shape, kMaxVector elements of a value; numbers finite; texts
// valid UTF-8. With `shared`, parameters may be without values.
void check(const Network& network, const std::string& name, bool shared = false);

// Throws Error "<name>: <what> ..." unless `text` is UTF-8 of at most kMaxText bytes without
// control characters, but for line breaks and tabs if `line_breaks`: texts end up in tables,
// messages and JSON reports, which must stay in one piece.
void check_text(const std::string& text, bool line_breaks, const std::string& name,
                const char* what);

// "layer 2 (fc2)": how messages name layer number `index`, counted from 0 there and from 1 here.
std::string layer_name(size_t index, const std::string& name);

// `text` on one line: control characters and what is not UTF-8 as "?", and cut after `longest`
// bytes (0: never).
std::string printable(const std::string& text, size_t longest = 80);

}  // namespace sparsys
