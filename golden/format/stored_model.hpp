// SPDX-License-Identifier: Apache-2.0
// Stored models: a network as Deep Compression stores it (Han 2016, sections 2 to 4), weight codes
// and relative indices as Huffman bit streams (golden/format/entry_stream.hpp).
//
// The payload of a SharedNetwork's container (golden/format/container.hpp) is described in
// golden/format/stored_network.hpp. That of a network of the sparse engine (numbers n and z and
// texts as in golden/format/packed_bytes.hpp):
//
//   network  text name, text origin, n layers, n inputs, n constant inputs, z input_frac of the
//            first layer, int16 each of the input constants, layers
//   layer    text name, n outputs, n constant outputs, byte 1 if ReLU else 0, z weight_frac,
//            z output_frac, n codebook values after value 0 up to the last that is not 0, int16
//            each of these, entries of the matrix column after column (constant columns, the
//            biases, last), without contexts
//
// Behind the layers: float32 input scale and input offset, if they are not the usual ones.
//
// What a layer takes from the one before (inputs, constants, input_frac) is not repeated.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/container.hpp"
#include "golden/format/entry_stream.hpp"
#include "golden/network/eie_network.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

// Of codes: the paper's, or adaptive arithmetic coding with contexts (golden/format/arithmetic), of
// a SharedNetwork.
enum class Coding : uint8_t { kHuffman, kArithmetic };

struct StoreOptions {
  Coding coding = Coding::kHuffman;
  // Width w of the relative indices in all layers, 1 to kMaxIndexBits; 0: in each layer the width
  // that makes it smallest.
  unsigned index_bits = 0;
};

// What a layer takes in the file. Biases are left out of `weights` and `density_pct` as in the
// paper's tables 2 to 5. In a compressed network's file they are entries like the weights; in a
// SharedNetwork's they are a parameter of their own, counted in stored_bytes alone. Parameters that
// no layer has are rows of their own, with their elements as weights; what several layers have is
// in the row of the first.
struct StoredLayerReport {
  std::string name;
  // "float32", "sparse float32", "codes", "entries by rows", "... columns", and in an arithmetic
  // stream "arithmetic floats", "arithmetic rows", "... columns".
  std::string form;
  uint64_t weights = 0;  // inputs x outputs, constants excluded
  uint64_t biases = 0;   // outputs, constants excluded, if the layer has constant inputs; or theirs
  double density_pct = 0;
  uint64_t entries = 0;  // of weights without indices: all elements
  uint64_t padding = 0;
  // Bits per entry: of a code and an index of fixed width, and in the file with Huffman tables and
  // the filling of the last byte included. Weights that are not shared have 32 and 32. In an
  // arithmetic stream entries are the codes other than 0, their indices what tells their places, of
  // no width; bytes of parts are those of an ideal code, rounded down.
  double weight_bits = 0;
  double weight_bits_huffman = 0;
  double index_bits = 0;
  double index_bits_huffman = 0;
  uint64_t stored_bytes = 0;  // all that the file has of this layer, of that:
  uint64_t code_bytes = 0;    // streams with their tables
  uint64_t index_bytes = 0;
  uint64_t table_bits = 0;  // in both streams
  uint64_t codebook_bytes = 0;
  uint64_t bias_bytes = 0;  // of a parameter of their own
};

struct StoredReport {
  std::vector<StoredLayerReport> layers;
  uint64_t original_bytes = 0;  // weights and biases (all parameters) as 32-bit floats
  uint64_t stored_bytes = 0;    // the whole file
  // original_bytes / stored_bytes.
  double ratio() const;
};

// The file's bytes. Throws Error "stored model '<network>': <place>: <what is wrong>" if the
// network is not sound (golden/network/check.hpp), if the options are out of range, if the file
// would exceed 4 GiB, or if it is smaller than a 64th of the number of inputs of all layers beyond
// the first 65536: a file does not stand for far more memory than it takes. What is stored can be
// loaded, and gives a network with every field the same; but a shared parameter that is smaller as
// floats is stored so, and comes back with the same values and no codes. Of a SharedNetwork a file
// does not stand for more elements of shared parameters than 16 Mi and 128 for each of its bytes.
std::vector<uint8_t> store(const eie::Network& network, const StoreOptions& options = {},
                           StoredReport* report = nullptr);
std::vector<uint8_t> store(const SharedNetwork& network, const StoreOptions& options = {},
                           StoredReport* report = nullptr);

// What is in it, its size among that, without coding the entries. Throws Error as store().
StoredReport stored_report(const eie::Network& network, const StoreOptions& options = {});
StoredReport stored_report(const SharedNetwork& network, const StoreOptions& options = {});

// Everything is validated before anything is used, the CRC first, and memory taken is bounded by a
// small multiple of the file's size (of a SharedNetwork as store() says). Throws Error "<name>:
// <place>: <expected and found>", one line, if the bytes are damaged in any way, hold another kind
// of network or one that is not sound.
eie::Network load_stored(const uint8_t* data, size_t size, const std::string& name);
eie::Network load_stored(const std::vector<uint8_t>& bytes,
                         const std::string& name = "stored model");
// report: what is in the file, or null.
SharedNetwork load_stored_network(const uint8_t* data, size_t size, const std::string& name,
                                  StoredReport* report = nullptr);
SharedNetwork load_stored_network(const std::vector<uint8_t>& bytes,
                                  const std::string& name = "stored model");

// The payloads alone, as parts of another file.
std::vector<uint8_t> payload_of(const eie::Network& network);
// As files of version 2 have it, and packed as those of version 3 do.
std::array<std::vector<uint8_t>, 2> payloads_of(const SharedNetwork& network);
eie::Network engine_from_payload(const Payload& payload, const std::string& name);
SharedNetwork network_from_payload(const Payload& payload, const std::string& name);

// Files, written completely or not at all (golden/base/atomic_file.hpp). Throw Error with the
// path if the file cannot be written or read, and as above.
void save_stored(const std::string& path, const eie::Network& network,
                 const StoreOptions& options = {}, StoredReport* report = nullptr);
void save_stored(const std::string& path, const SharedNetwork& network,
                 const StoreOptions& options = {}, StoredReport* report = nullptr);
eie::Network load_stored_file(const std::string& path);
SharedNetwork load_stored_network(const std::string& path, StoredReport* report = nullptr);

}  // namespace sparsys
