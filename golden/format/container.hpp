// SPDX-License-Identifier: Apache-2.0
// The container of every model file.
//
//   bytes 0.. 3  magic 89 53 50 53 ("\x89SPS")
//         4.. 5  version; little-endian, as all numbers of fixed size
//         6.. 7  kind, a ModelKind
//         8..11  CRC-32 (zlib) of the payload; from version 2 on of bytes 4 and 5, and the payload
//        12..    payload, to the end of the file
//
// The payloads of kinds 0 and 1 are in golden/format/stored_model.hpp, that of kind 5 in
// golden/format/split/split_file.hpp, the others in golden/format/model_file.hpp. Of kinds 0, 1 and
// 5 the version is 2, of 1 and 5 it is 3 where descriptions are packed, of 1 it is 4 where all is
// one arithmetic stream. What has 1 is still read: padding of its entries is in one level
// (golden/base/zero_run.hpp). Of the others it is 1. Earlier
// versions wrote kinds 2 to 4 with the same payload behind another header, which is still read:
//
//   bytes  0.. 7  magic 89 53 50 41 52 53 59 53 ("\x89SPARSYS")
//          8..11  version, 1
//         12..15  kind; 1 was a float model of fully connected layers alone, which is refused
//         16..23  length of the payload in bytes; nothing follows it
//         24..27  CRC-32 of the payload
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/base/input_file.hpp"
#include "golden/base/zero_run.hpp"

namespace sparsys {

enum class ModelKind : uint16_t {
  kStoredCompressed = 0,  // of the sparse engine's fixed point
  kStored = 1,            // of a SharedNetwork
  kCompressed = 2,
  kFloat = 3,
  kQuantised = 4,
  kSplit = 5,         // of the sparse engine and its host
  kOldFloat = 0xFFFF  // kind 1 behind the earlier header
};
const char* to_string(ModelKind kind);

// Files beyond this are refused (4 GiB).
constexpr uint64_t kMaxModelBytes = uint64_t{1} << 32;
// Of what is written.
constexpr size_t kHeaderSize = 12;

// How a payload is written.
enum class Packing : uint8_t {
  kNone,
  kDescription,  // descriptions of networks stand by themselves, maybe deflated
  kArithmetic    // one arithmetic stream
};

// Fills in the header, for which the first kHeaderSize bytes of `file` are.
void put_header(ModelKind kind, std::vector<uint8_t>& file, Packing packing = Packing::kNone);

struct Payload {
  const uint8_t* data;
  size_t size;
  Padding padding;  // of its entries
  Packing packing = Packing::kNone;
};
// Throws Error "<name>: <expected and found>", one line, unless `data` is a file of this kind whose
// CRC is right.
Payload open_container(const uint8_t* data, size_t size, ModelKind expected,
                       const std::string& name);

// The whole file, once its header says that it is one of this kind; memory is taken after that.
// Throws Error as above.
std::vector<uint8_t> read_container(InputFile& file, ModelKind expected);

// The kind from the header alone, which is checked but for the CRC. Throws Error as above.
ModelKind model_kind(const std::string& path);

}  // namespace sparsys
