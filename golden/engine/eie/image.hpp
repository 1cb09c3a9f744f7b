// SPDX-License-Identifier: Apache-2.0
// The memory image of a compressed network for one sparse engine (docs/reference/eie-format.md):
// what the host writes through the load port, and where inputs go and outputs are found.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/eie/balance.hpp"
#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/pass.hpp"
#include "golden/network/eie_network.hpp"

namespace sparsys::eie {

// Where a vector of activations lies between layers.
struct Vector {
  uint32_t size = 0;     // elements, with constants that are not biases
  bool in_ram = false;   // activation RAM, else the source registers (roles after the list has run)
  uint32_t ram_row = 0;  // first row, if in_ram
};

struct LayerStats {
  std::string name;
  uint64_t weights = 0;   // inputs * outputs without the constant rows and columns
  uint64_t nonzeros = 0;  // of those, kept
  uint64_t entries = 0;   // over all PEs and passes: non-zeros, biases, constants and padding
  uint64_t padding = 0;
  std::vector<uint64_t> entries_per_pe;
  uint32_t passes = 0;
  bool balanced = false;  // its rows were assigned to PEs by their entries
};

struct Image {
  Config config;
  // What is in use of the memories, all PEs alike; the rest is don't-care. Entries fill up whole
  // rows, and pointers whole pairs, with 0.
  std::vector<std::vector<uint64_t>> entry_rows;  // [pe][row]
  std::vector<std::vector<uint16_t>> pointers;    // [pe][number], from pointer 0
  std::vector<uint64_t> codebook_words;           // 4 a codebook
  std::vector<uint64_t> bias_words;               // of the constants, 4 a codebook; or none at all
  std::vector<Pass> passes;                       // descriptors 0 .. passes.size()-1, one list
  Vector input;
  Vector output;
  // Output i of the network is element output_position[i] of the output vector; empty: element i.
  std::vector<uint32_t> output_position;
  std::vector<int16_t> input_constants;  // appended to every input vector: those that are no biases
  std::vector<LayerStats> layers;
};

// What the memories beyond a PE's hold, word by word: two words a pass.
std::vector<uint64_t> list_words(const Image& image);

// Encodes all layers for `config` as one list. Throws Error naming the layer, the memory, what is
// needed and what there is if the network does not fit (EIE, Han 2016, section III for the format),
// or if network or config are not sound. Constants become bias columns where they can
// (golden/network/bias_columns.hpp).
//
// A vector that fits the registers (ACT_REGS * N_PE elements) stays in them, every other one lies
// in the activation RAM. A layer is split into passes by output ranges, within those by inputs of
// one register file, and within those wherever a PE would exceed 65,535 entries in a pass.
Image build_image(const Network& network, const Config& config, Rows rows = Rows::kBalanced);

}  // namespace sparsys::eie
