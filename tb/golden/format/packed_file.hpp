// SPDX-License-Identifier: Apache-2.0
// Files of stored networks whose description is packed (golden/format/stored_network.hpp), taken
// apart and put together with something else in them.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/data/byte_source.hpp"
#include "golden/format/container.hpp"
#include "golden/format/packed_bytes.hpp"
#include "tb/support/fuzz.hpp"

namespace sparsys {

struct PackedFile {
  std::vector<uint8_t> header;
  std::vector<uint8_t> deflated;     // the description
  std::vector<uint8_t> description;  // inflated
  std::vector<uint8_t> values;       // codebooks and values, all behind it
};

// The description is deflated in the file.
inline PackedFile take_apart(const std::vector<uint8_t>& file) {
  PackedReader in(file.data() + kHeaderSize, file.size() - kHeaderSize, "file");
  const uint64_t size = in.number("size", 1, 1 << 20);
  const uint64_t deflated = in.number("deflated", 1, 1 << 20);
  const uint8_t* const stored = in.take(deflated, "description");
  const uint8_t* const values = stored + deflated;
  return {{file.begin(), file.begin() + kHeaderSize},
          {stored, values},
          inflate_raw(stored, deflated, size, "file"),
          {values, values + in.left()}};
}

// `size` and `deflated` are what the file says of the description, which is stored as it is here.
inline std::vector<uint8_t> put_together(const PackedFile& file, uint64_t size, uint64_t deflated,
                                         const std::vector<uint8_t>& description) {
  std::vector<uint8_t> made = file.header;
  put_number(size, made);
  put_number(deflated, made);
  made.insert(made.end(), description.begin(), description.end());
  made.insert(made.end(), file.values.begin(), file.values.end());
  fix_crc(made);
  return made;
}

}  // namespace sparsys
