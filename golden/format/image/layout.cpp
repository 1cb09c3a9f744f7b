// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "golden/base/error.hpp"
#include "golden/format/image/image.hpp"

namespace sparsys::top {
namespace {

size_t samples_of(size_t size, size_t each, const char* what) {
  if (each != 0 && size % each == 0) return size / each;
  throw Error(std::string(what) + ": " + std::to_string(size) + ", expected a multiple of " +
              std::to_string(each));
}

void expect_kind(const Layout& layout, bool bytes) {
  if (layout.bytes() == bytes) return;
  throw Error(std::string("samples: ") + (bytes ? "signed bytes" : "numbers of 16 bits") +
              ", expected " + (bytes ? "numbers of 16 bits" : "signed bytes"));
}

// Calls visit(element of the sample, byte of its memory) for every element of a sample.
template <class Visit>
void visit_bytes(const Layout& layout, const Visit& visit) {
  for (const Piece& piece : layout.pieces) {
    for (size_t p = 0; p < piece.pixels; ++p) {
      for (size_t c = 0; c < piece.channels; ++c) {
        visit((piece.first_channel + c) * layout.pixels + piece.first_pixel + p,
              piece.offset + p * piece.row + c);
      }
    }
  }
}

// The same of 16 bits, the first byte of two.
template <class Visit>
void visit_words(const Layout& layout, const Visit& visit) {
  for (size_t e = 0; e < layout.elements(); ++e) {
    visit(e, e / layout.lanes * 8 + e % layout.lanes * 2);
  }
}

}  // namespace

std::vector<uint8_t> pack(const Layout& layout, const std::vector<int8_t>& values) {
  expect_kind(layout, true);
  const size_t count = samples_of(values.size(), layout.elements(), "values of samples");
  std::vector<uint8_t> memory(count * layout.sample_bytes);
  for (size_t i = 0; i < count; ++i) {
    visit_bytes(layout, [&](size_t element, size_t byte) {
      memory[i * layout.sample_bytes + byte] =
          static_cast<uint8_t>(values[i * layout.elements() + element]);
    });
  }
  return memory;
}

std::vector<uint8_t> pack(const Layout& layout, const std::vector<int16_t>& values) {
  expect_kind(layout, false);
  const size_t count = samples_of(values.size(), layout.elements(), "values of samples");
  std::vector<uint8_t> memory(count * layout.sample_bytes);
  for (size_t i = 0; i < count; ++i) {
    visit_words(layout, [&](size_t element, size_t byte) {
      std::memcpy(&memory[i * layout.sample_bytes + byte], &values[i * layout.elements() + element],
                  2);
    });
  }
  return memory;
}

std::vector<int8_t> unpack_bytes(const Layout& layout, const std::vector<uint8_t>& memory) {
  expect_kind(layout, true);
  const size_t count = samples_of(memory.size(), layout.sample_bytes, "bytes of samples");
  std::vector<int8_t> values(count * layout.elements());
  for (size_t i = 0; i < count; ++i) {
    visit_bytes(layout, [&](size_t element, size_t byte) {
      values[i * layout.elements() + element] =
          static_cast<int8_t>(memory[i * layout.sample_bytes + byte]);
    });
  }
  return values;
}

std::vector<int16_t> unpack_words(const Layout& layout, const std::vector<uint8_t>& memory) {
  expect_kind(layout, false);
  const size_t count = samples_of(memory.size(), layout.sample_bytes, "bytes of samples");
  std::vector<int16_t> values(count * layout.elements());
  for (size_t i = 0; i < count; ++i) {
    visit_words(layout, [&](size_t element, size_t byte) {
      std::memcpy(&values[i * layout.elements() + element], &memory[i * layout.sample_bytes + byte],
                  2);
    });
  }
  return values;
}

}  // namespace sparsys::top
