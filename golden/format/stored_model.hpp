// SPDX-License-Identifier: Apache-2.0
// The stored file of a compressed network as Deep Compression has it (Han 2016, sections 2 to 4):
// weight codes and relative indices as two Huffman bit streams per layer.
//
// A layer's matrix is one line of elements, column after column (constant columns, the biases,
// last). Its non-zeros are entries of a code and of an index: the number of zeros since the entry
// before, 0 .. 2^w - 1. Where more zeros follow each other a padding entry stands for 2^w - 1 zeros
// and itself, with code 0 (section 2, figure 2). Nothing stands for the zeros at the end.
//
//   bytes 0.. 3  magic 89 53 50 53 ("\x89SPS")
//         4.. 7  version, 1; little-endian, as all numbers of fixed size
//         8..11  CRC-32 (zlib) of the payload
//        12..    payload; nothing follows it
//
// Numbers n are LEB128, numbers z are LEB128 of the zigzag form (0, -1, 1, -2... as 0, 1, 2, 3...),
// texts are n bytes and those bytes.
//
//   network  text name, text origin, n layers, n inputs, n constant inputs, z input_frac of the
//            first layer, int16 each of the input constants, layers
//   layer    text name, n outputs, n constant outputs, byte 1 if ReLU else 0, z weight_frac,
//            z output_frac, n codebook values after value 0 up to the last that is not 0, int16
//            each of these, n entries; and if there are any: byte w, streams of codes and of
//            indices
//   stream   n bytes, and these: the table of lengths and the entries (golden/compress/huffman.hpp)
//
// What a layer takes from the one before (inputs, constants, input_frac) is not repeated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/compressed_network.hpp"

namespace sparsys {

constexpr unsigned kMaxIndexBits = 16;

struct StoreOptions {
  // Width w of the relative indices in all layers, 1 to kMaxIndexBits; 0: in each layer the width
  // that makes it smallest.
  unsigned index_bits = 0;
};

// What a layer takes in the file. Biases are left out of `weights` and `density_pct` as in the
// paper's tables 2 to 5, but not out of the entries, which hold weights, biases and padding.
struct StoredLayerReport {
  std::string name;
  uint64_t weights = 0;  // inputs x outputs, constants excluded
  uint64_t biases = 0;   // outputs, constants excluded, if the layer has constant inputs
  double density_pct = 0;
  uint64_t entries = 0;
  uint64_t padding = 0;
  // Bits per entry: of a code and an index of fixed width, and in the file with Huffman tables and
  // the filling of the last byte included.
  double weight_bits = 0;
  double weight_bits_huffman = 0;
  double index_bits = 0;
  double index_bits_huffman = 0;
  uint64_t stored_bytes = 0;  // all that the file has of this layer
};

struct StoredReport {
  std::vector<StoredLayerReport> layers;
  uint64_t original_bytes = 0;  // weights and biases as 32-bit floats
  uint64_t stored_bytes = 0;    // the whole file
  // original_bytes / stored_bytes.
  double ratio() const;
};

// The file's bytes. Throws Error "stored model '<network>': <place>: <what is wrong>" if the
// network is not sound (golden/format/validate.hpp), if the options are out of range, if the file
// would exceed 4 GiB, or if it is smaller than a 64th of the number of inputs of all layers beyond
// the first 65536: a file does not stand for far more memory than it takes. What is stored can be
// loaded, and gives a network with every field the same.
std::vector<uint8_t> store(const CompressedNetwork& network, const StoreOptions& options = {},
                           StoredReport* report = nullptr);

// Its size and what is in it, without coding the entries. Throw Error as store().
uint64_t stored_bytes(const CompressedNetwork& network, const StoreOptions& options = {});
StoredReport stored_report(const CompressedNetwork& network, const StoreOptions& options = {});

// Everything is validated before anything is used, the CRC first, and memory taken is bounded by a
// small multiple of the file's size. Throws Error "<name>: <place>: <expected and found>", one
// line, if the bytes are damaged in any way or what they hold is not sound.
CompressedNetwork load_stored(const uint8_t* data, size_t size, const std::string& name);
CompressedNetwork load_stored(const std::vector<uint8_t>& bytes,
                              const std::string& name = "stored model");

// Files, written completely or not at all (golden/format/atomic_file.hpp). Throw Error with the
// path if the file cannot be written or read, and as above.
void save_stored(const std::string& path, const CompressedNetwork& network,
                 const StoreOptions& options = {}, StoredReport* report = nullptr);
CompressedNetwork load_stored_file(const std::string& path);

}  // namespace sparsys
