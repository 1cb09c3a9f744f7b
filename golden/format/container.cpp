// SPDX-License-Identifier: Apache-2.0
#include "golden/format/container.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

constexpr uint8_t kMagic[4] = {0x89, 'S', 'P', 'S'};
constexpr uint8_t kEarlierMagic[8] = {0x89, 'S', 'P', 'A', 'R', 'S', 'Y', 'S'};
constexpr size_t kEarlierHeaderSize = 28;

// Of files of a kind, the one that is written; all from 1 on are read.
constexpr unsigned kPacked = 3;
constexpr unsigned kArithmetic = 4;
constexpr unsigned version_of(uint64_t kind, Packing packing) {
  if (packing == Packing::kArithmetic && kind == 1) return kArithmetic;
  if (packing != Packing::kNone && (kind == 1 || kind == 5)) return kPacked;
  return kind < 2 || kind == 5 ? 2 : 1;
}

uint64_t get(const uint8_t* bytes, size_t size) {
  uint64_t value = 0;
  for (size_t b = 0; b < size; ++b) value |= uint64_t{bytes[b]} << (8 * b);
  return value;
}

void put(uint64_t value, uint8_t* bytes, size_t size) {
  for (size_t b = 0; b < size; ++b) bytes[b] = static_cast<uint8_t>(value >> (8 * b));
}

template <size_t size>
bool begins_with(const uint8_t (&magic)[size], const uint8_t* data, uint64_t file_size) {
  return file_size >= size && std::memcmp(magic, data, size) == 0;
}

// Of a payload; from version 2 on, of the version, too, which says what the payload means.
uint32_t crc_of(uint64_t version, const uint8_t* data, size_t size) {
  uint8_t bytes[2];
  put(version, bytes, sizeof bytes);
  const uLong start = version > 1 ? crc32_z(0, bytes, sizeof bytes) : 0;
  return static_cast<uint32_t>(crc32_z(start, data, size));
}

struct Header {
  ModelKind kind;
  size_t size;
  uint32_t crc;
  uint64_t version;
};

// `data` has the beginning of a file of `file_size` bytes, the header if it is there.
Header read_header(const uint8_t* data, uint64_t file_size, const std::string& name) {
  const bool earlier = begins_with(kEarlierMagic, data, file_size);
  const size_t size = earlier ? kEarlierHeaderSize : kHeaderSize;
  if (file_size < size) {
    fail(name,
         "not a model file: " + number(file_size) + " bytes, expected at least " + number(size));
  }
  if (!earlier && !begins_with(kMagic, data, file_size)) {
    std::string found;
    for (size_t b = 0; b < sizeof kMagic; ++b) found += " " + hex(data[b], 2).substr(2);
    fail(name, "not a model file: begins with" + found + ", expected 89 53 50 53");
  }
  const uint64_t version = earlier ? get(data + 8, 4) : get(data + 4, 2);
  const uint64_t kind = earlier ? get(data + 12, 4) : get(data + 6, 2);
  if (earlier ? kind < 1 || kind > 4 : kind > 5) {
    fail(name, "header: kind " + number(kind) + ", expected " + (earlier ? "1 to 4" : "0 to 5"));
  }
  const unsigned most = earlier ? 1 : version_of(kind, Packing::kArithmetic);
  if (version < 1 || version > most) {
    fail(name, "header: version " + number(version) + ", expected 1" +
                   (most == 1 ? "" : " to " + number(most)));
  }
  if (earlier && get(data + 16, 8) != file_size - size) {
    fail(name, "header: payload length " + number(get(data + 16, 8)) + ", but " +
                   number(file_size - size) + " bytes follow");
  }
  if (file_size > kMaxModelBytes) {
    fail(name, number(file_size) + " bytes, expected at most " + number(kMaxModelBytes));
  }
  return {earlier && kind == 1 ? ModelKind::kOldFloat : static_cast<ModelKind>(kind), size,
          static_cast<uint32_t>(get(data + size - 4, 4)), version};
}

Header read_header(const uint8_t* data, uint64_t file_size, ModelKind expected,
                   const std::string& name) {
  const Header header = read_header(data, file_size, name);
  if (header.kind == ModelKind::kOldFloat && expected == ModelKind::kFloat) {
    fail(name, "holds a float model as older versions wrote it: train again");
  }
  if (header.kind != expected) {
    fail(name,
         std::string("holds a ") + to_string(header.kind) + ", expected a " + to_string(expected));
  }
  return header;
}

// Enough for either header.
std::vector<uint8_t> beginning(InputFile& file) {
  std::vector<uint8_t> bytes(
      static_cast<size_t>(std::min<uint64_t>(file.size(), kEarlierHeaderSize)));
  file.read(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

const char* to_string(ModelKind kind) {
  switch (kind) {
    case ModelKind::kOldFloat:
      return "float model of an older version";
    case ModelKind::kCompressed:
      return "compressed network";
    case ModelKind::kQuantised:
      return "quantised network";
    case ModelKind::kStoredCompressed:
      return "stored engine network";
    case ModelKind::kStored:
      return "stored model";
    case ModelKind::kSplit:
      return "split network";
    default:
      return "float model";
  }
}

void put_header(ModelKind kind, std::vector<uint8_t>& file, Packing packing) {
  std::copy(std::begin(kMagic), std::end(kMagic), file.begin());
  const unsigned version = version_of(static_cast<uint64_t>(kind), packing);
  put(version, &file[4], 2);
  put(static_cast<uint64_t>(kind), &file[6], 2);
  put(crc_of(version, file.data() + kHeaderSize, file.size() - kHeaderSize), &file[8], 4);
}

Payload open_container(const uint8_t* data, size_t size, ModelKind expected,
                       const std::string& name) {
  const Header header = read_header(data, size, expected, name);
  const Payload payload{data + header.size, size - header.size,
                        header.version == 1 ? Padding::kOneLevel : Padding::kTwoLevel,
                        header.version == kArithmetic ? Packing::kArithmetic
                        : header.version == kPacked   ? Packing::kDescription
                                                      : Packing::kNone};
  const uint32_t crc = crc_of(header.version, payload.data, payload.size);
  if (crc != header.crc) {
    fail(name,
         "damaged: CRC-32 of the payload is " + hex(crc, 8) + ", expected " + hex(header.crc, 8));
  }
  return payload;
}

std::vector<uint8_t> read_container(InputFile& file, ModelKind expected) {
  std::vector<uint8_t> bytes = beginning(file);
  read_header(bytes.data(), file.size(), expected, file.name());
  const size_t read = bytes.size();
  bytes.resize(static_cast<size_t>(file.size()));
  file.read(bytes.data() + read, bytes.size() - read);
  return bytes;
}

ModelKind model_kind(const std::string& path) {
  InputFile file(path);
  const std::vector<uint8_t> bytes = beginning(file);
  return read_header(bytes.data(), file.size(), file.name()).kind;
}

}  // namespace sparsys
