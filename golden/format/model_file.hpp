// SPDX-License-Identifier: Apache-2.0
// Model files: float models and compressed networks in one container.
//
//   bytes  0.. 7  magic 89 53 50 41 52 53 59 53 ("\x89SPARSYS")
//          8..11  version, 1
//         12..15  kind: 2 compressed network, 3 float model, 4 quantised network; 1 was a float
//                 model of fully connected layers alone, which is refused
//         16..23  length of the payload in bytes; nothing follows it
//         24..27  CRC-32 (zlib) of the payload
//         28..    payload: CBOR (RFC 8949) of definite lengths and without tags
//
// Numbers are little-endian. The payload is a map of the fields of Network or CompressedNetwork by
// their names, arrays of numbers as byte strings (int16, uint32, uint64, float32; uint8 for codes;
// int64 for shapes), layers of compressed networks with their `type`, nodes of float models with
// `op`, ONNX's name of the operator, and with the fields of their window, layers of quantised
// networks with those of both windows (int64), and with the names of function and pooling.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/eie_network.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

// The last two are stored models (golden/format/stored_model.hpp): of the sparse engine's fixed
// point, and of a SharedNetwork.
enum class ModelKind : uint32_t {
  kOldFloat = 1,  // of older versions; no longer read
  kCompressed = 2,
  kFloat = 3,
  kQuantised = 4,
  kStoredCompressed = 0x100,
  kStored = 0x101
};
const char* to_string(ModelKind kind);

// Files beyond this are refused (4 GiB).
constexpr uint64_t kMaxModelBytes = uint64_t{1} << 32;

// Writes a file completely or not at all (golden/base/atomic_file.hpp). Throws Error if it cannot
// be written, or if the network is not sound (golden/network/check.hpp): what is saved can be
// loaded.
void save_model(const std::string& path, const Network& network);
void save_model(const std::string& path, const eie::Network& network);
void save_model(const std::string& path, const mxu::Network& network);

// Everything is validated before anything is used, and memory taken is bounded by a small multiple
// of the file's size. Throws Error "<path>: <place>: <expected and found>", one line, if the file
// cannot be read, is of another kind or is damaged in any way, or if what it holds is not sound.
Network load_float_network(const std::string& path);
eie::Network load_compressed_network(const std::string& path);
mxu::Network load_quantised_network(const std::string& path);

// The kind, stored models included, from the header alone (checked but for the CRC of model files).
// Throws Error as above.
ModelKind model_kind(const std::string& path);
// What the first bytes of a file say, up to 16 of them; false if it is none of these.
bool kind_from_header(const uint8_t* data, size_t size, ModelKind& kind);

// The same in memory. `name` stands for the path in messages.
std::vector<uint8_t> model_to_bytes(const Network& network);
std::vector<uint8_t> model_to_bytes(const eie::Network& network);
std::vector<uint8_t> model_to_bytes(const mxu::Network& network);
Network float_network_from_bytes(const uint8_t* data, size_t size, const std::string& name);
eie::Network compressed_network_from_bytes(const uint8_t* data, size_t size,
                                           const std::string& name);
mxu::Network quantised_network_from_bytes(const uint8_t* data, size_t size,
                                          const std::string& name);

}  // namespace sparsys
