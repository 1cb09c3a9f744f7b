// SPDX-License-Identifier: Apache-2.0
// What of a split network runs where: for `sparsys inspect` and the reports of other commands.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys {

// Of the parts there are, in order: part ("front", "engine", "back"), runs_on ("host, float",
// "host, int8", "sparse engine"), steps (nodes or layers), weights, nonzeros, multiplications of a
// sample (those by zeros included), share_pct, of all of these.
nlohmann::json describe_parts(const eie::SplitNetwork& network);

// "'pool2' [1, 50, 4, 4], 800 values, steps of 2^-9".
std::string hand_over_text(const eie::SplitNetwork& network);

// What describe(eie::Network, ...) gives of the engine's part, with the kind and sizes of the
// whole; besides parts[], cut (name, shape, positions, input_frac, largest, reason, text), and
// front and back as their kinds of networks are described.
nlohmann::json describe(const eie::SplitNetwork& network, const eie::Config& config,
                        eie::Rows rows);

void print_parts(std::ostream& out, const nlohmann::json& parts);
void print_split(std::ostream& out, const nlohmann::json& description);

}  // namespace sparsys
