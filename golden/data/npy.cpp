// SPDX-License-Identifier: Apache-2.0
// NumPy's files: an array (.npy, NEP 1), or a zip archive of them (.npz).
#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/array.hpp"

namespace sparsys {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = 6;

// The text behind 'key': in the header, a Python dictionary of three fields.
std::string field(const std::string& header, const std::string& key, const std::string& name) {
  const size_t at = header.find("'" + key + "'");
  const size_t colon = at == std::string::npos ? at : header.find(':', at);
  if (colon == std::string::npos) {
    fail(name, "no '" + key + "' in the header, expected that of a NumPy array");
  }
  const size_t first = header.find_first_not_of(' ', colon + 1);
  return first == std::string::npos ? "" : header.substr(first);
}

ElementType type_of(const std::string& text, const std::string& name) {
  const size_t end = text.find('\'', 1);
  const std::string type = text.empty() || text[0] != '\'' || end == std::string::npos
                               ? text.substr(0, 20)
                               : text.substr(1, end - 1);
  ElementType element;
  const bool known = type.size() == 3 && std::strchr("<>|=", type[0]) != nullptr &&
                     std::strchr("uifb", type[1]) != nullptr &&
                     std::strchr("1248", type[2]) != nullptr;
  if (known) element = {type[1], static_cast<uint32_t>(type[2] - '0'), type[0] == '>'};
  const bool sound = known && (element.kind != 'f' || element.size > 1) &&
                     (element.kind != 'b' || element.size == 1);
  if (!sound) {
    fail(name, "elements of type " + printable(type) +
                   ", expected whole numbers, float16, float32, float64 or bool");
  }
  return element;
}

std::vector<uint64_t> shape_of(const std::string& text, const std::string& name) {
  std::vector<uint64_t> shape;
  const size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string::npos) {
    fail(name, "shape " + printable(text.substr(0, 20)) + ", expected numbers in brackets");
  }
  for (size_t at = 1; at < end;) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    uint64_t size = 0;
    const auto read = std::from_chars(&text[at], &text[end], size);
    if (read.ec != std::errc() || read.ptr == &text[at] || size > kMaxDataBytes) {
      fail(name, "shape " + printable(text.substr(0, end + 1)) + ", expected numbers in brackets");
    }
    shape.push_back(size);
    at = static_cast<size_t>(read.ptr - text.data());
  }
  return shape;
}

// From columns first to rows first.
template <typename T>
void to_rows_first(const std::vector<uint64_t>& shape, std::vector<T>& values) {
  if (values.empty()) return;
  const std::vector<T> old = values;
  std::vector<uint64_t> index(shape.size(), 0);
  std::vector<uint64_t> stride(shape.size(), 1);
  for (size_t d = 1; d < shape.size(); ++d) stride[d] = stride[d - 1] * shape[d - 1];
  uint64_t from = 0;
  for (T& value : values) {
    value = old[from];
    for (size_t d = shape.size(); d-- > 0;) {
      from += stride[d];
      if (++index[d] < shape[d]) break;
      from -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

uint32_t little_endian(const uint8_t* p, int bytes) {
  uint32_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | p[i];
  return value;
}

// One file of a zip archive (APPNOTE 6.3, sections 4.3.7 and 4.3.12), as its central directory has
// it.
struct Member {
  std::string name;
  uint32_t method = 0;
  uint32_t crc = 0;
  uint32_t packed = 0;
  uint32_t size = 0;
  uint32_t header = 0;  // where its local header is
};

std::vector<Member> members(const std::vector<uint8_t>& zip, const std::string& name) {
  constexpr size_t kEnd = 22;
  constexpr size_t kEntry = 46;
  size_t end = zip.size() < kEnd ? 0 : zip.size() - kEnd + 1;
  while (end > 0 && little_endian(&zip[end - 1], 4) != 0x06054B50) --end;
  if (end == 0) fail(name, "no end of a zip archive, expected a whole .npz file");
  const uint8_t* record = &zip[end - 1];
  const uint32_t count = little_endian(record + 10, 2);
  size_t at = little_endian(record + 16, 4);
  std::vector<Member> all;
  for (uint32_t i = 0; i < count; ++i) {
    if (at + kEntry > zip.size() || little_endian(&zip[at], 4) != 0x02014B50) {
      fail(name, "damaged at byte " + number(at) + ", expected an entry of a zip directory");
    }
    const uint8_t* entry = &zip[at];
    const size_t length = little_endian(entry + 28, 2);
    const size_t rest = size_t{little_endian(entry + 30, 2)} + little_endian(entry + 32, 2);
    if (at + kEntry + length + rest > zip.size()) {
      fail(name, "damaged at byte " + number(at) + ", expected an entry of a zip directory");
    }
    Member member;
    member.name.assign(reinterpret_cast<const char*>(entry) + kEntry, length);
    member.method = little_endian(entry + 10, 2);
    member.crc = little_endian(entry + 16, 4);
    member.packed = little_endian(entry + 20, 4);
    member.size = little_endian(entry + 24, 4);
    member.header = little_endian(entry + 42, 4);
    if ((entry[8] & 1) != 0) fail(name, printable(member.name) + " is encrypted, expected plain");
    all.push_back(std::move(member));
    at += kEntry + length + rest;
  }
  return all;
}

std::vector<uint8_t> unpack(const std::vector<uint8_t>& zip, const Member& member,
                            const std::string& name) {
  constexpr size_t kLocal = 30;
  const size_t at = member.header;
  if (at + kLocal > zip.size() || little_endian(&zip[at], 4) != 0x04034B50) {
    fail(name, "damaged at byte " + number(at) + ", expected the header of a file in a zip");
  }
  const size_t data =
      at + kLocal + little_endian(&zip[at + 26], 2) + little_endian(&zip[at + 28], 2);
  if (data > zip.size() || member.packed > zip.size() - data) {
    fail(name, "data end at byte " + number(zip.size()) + ", expected " +
                   number(data + member.packed) + " bytes");
  }
  std::vector<uint8_t> bytes;
  if (member.method == 0) {
    bytes.assign(zip.begin() + static_cast<long>(data),
                 zip.begin() + static_cast<long>(data + member.packed));
  } else if (member.method == 8) {
    bytes = inflate_raw(&zip[data], member.packed, member.size, name);
  } else {
    fail(name, "packed by method " + number(member.method) + ", expected stored or deflated");
  }
  if (bytes.size() != member.size || crc32_z(0, bytes.data(), bytes.size()) != member.crc) {
    fail(name, "damaged, expected the size and CRC-32 of the archive's directory");
  }
  return bytes;
}

}  // namespace

bool is_npy(const std::vector<uint8_t>& bytes) {
  return bytes.size() >= kMagicSize && std::memcmp(bytes.data(), kMagic, kMagicSize) == 0;
}

bool is_npz(const std::vector<uint8_t>& bytes) {
  return bytes.size() >= 4 && bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] <= 6;
}

Array parse_npy(const uint8_t* data, size_t size, const std::string& name) {
  Array array;
  array.name = name;
  ByteSource source(data, size, array.name);
  const std::vector<uint8_t> start = source.read(kMagicSize + 2);
  if (start.size() < kMagicSize + 2 || std::memcmp(start.data(), kMagic, kMagicSize) != 0) {
    fail(name, "no NumPy array at byte 0, expected its magic text");
  }
  const int length_bytes = start[6] == 1 ? 2 : 4;
  const std::vector<uint8_t> length = source.read(static_cast<uint64_t>(length_bytes));
  std::vector<uint8_t> text;
  if (length.size() == static_cast<size_t>(length_bytes)) {
    text = source.read(little_endian(length.data(), length_bytes));
  }
  if (text.empty() || text.size() < little_endian(length.data(), length_bytes)) {
    fail(name, "data end at byte " + number(source.offset()) + ", expected a header");
  }
  const std::string header(text.begin(), text.end());
  const ElementType type = type_of(field(header, "descr", name), name);
  array.shape = shape_of(field(header, "shape", name), name);
  const bool columns_first = field(header, "fortran_order", name).compare(0, 4, "True") == 0;
  read_elements(source, type, array);
  if (columns_first) {
    to_rows_first(array.shape, array.bytes);
    to_rows_first(array.shape, array.floats);
  }
  return array;
}

std::vector<std::pair<std::string, Array>> parse_npz(const std::vector<uint8_t>& bytes,
                                                     const std::string& name) {
  std::vector<std::pair<std::string, Array>> arrays;
  for (const Member& member : members(bytes, name)) {
    const std::string place = name + ": " + printable(member.name);
    std::string key = member.name;
    const std::string npy = ".npy";
    if (key.size() > npy.size() && key.compare(key.size() - npy.size(), npy.size(), npy) == 0) {
      key.resize(key.size() - npy.size());
    }
    const std::vector<uint8_t> file = unpack(bytes, member, place);
    arrays.emplace_back(key, parse_npy(file.data(), file.size(), place));
  }
  return arrays;
}

}  // namespace sparsys
