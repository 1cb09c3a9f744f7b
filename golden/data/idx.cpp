// SPDX-License-Identifier: Apache-2.0
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/array.hpp"

namespace sparsys {
namespace {

uint32_t big_endian(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

bool type_of(uint8_t code, ElementType& type) {
  switch (code) {
    case 0x08:
      type = {'u', 1, true};
      return true;
    case 0x09:
      type = {'i', 1, true};
      return true;
    case 0x0B:
      type = {'i', 2, true};
      return true;
    case 0x0C:
      type = {'i', 4, true};
      return true;
    case 0x0D:
      type = {'f', 4, true};
      return true;
    case 0x0E:
      type = {'f', 8, true};
      return true;
    default:
      return false;
  }
}

}  // namespace

Array parse_idx(const uint8_t* data, size_t size, const std::string& name) {
  Array array;
  array.name = name;
  ByteSource source(data, size, array.name);
  const std::vector<uint8_t> magic = source.read(4);
  if (magic.size() < 4) {
    fail(name, "data end at byte " + number(magic.size()) + ", expected an IDX header");
  }
  ElementType type;
  const uint32_t dimensions = magic[3];
  if (magic[0] != 0 || magic[1] != 0 || dimensions == 0 || !type_of(magic[2], type)) {
    fail(name, "magic number " + hex(big_endian(magic.data()), 8) +
                   " at byte 0, expected one of IDX: 0x00000801 for labels, 0x00000803 for images");
  }
  const std::vector<uint8_t> sizes = source.read(4 * uint64_t{dimensions});
  if (sizes.size() < 4 * dimensions) {
    fail(name, "data end at byte " + number(4 + sizes.size()) + ", expected a header of " +
                   number(4 + 4 * dimensions) + " bytes");
  }
  for (uint32_t i = 0; i < dimensions; ++i) {
    array.shape.push_back(big_endian(&sizes[4 * i]));
    if (i > 0 && array.shape[i] == 0) {
      fail(name, "size 0 at byte " + number(4 + 4 * i) + ", expected at least 1");
    }
  }
  read_elements(source, type, array);
  return array;
}

}  // namespace sparsys
