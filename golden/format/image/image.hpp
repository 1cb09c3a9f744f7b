// SPDX-License-Identifier: Apache-2.0
// The image of a network for the accelerator: what `sparsys build` writes and a driver runs
// (docs/reference/top-format.md section 9).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/top/command.hpp"
#include "golden/engine/top/config.hpp"

namespace sparsys::top {

// What an address in an image counts from: its bits 63:60.
enum class Base : uint8_t {
  kNone = kBaseNone,
  kImage = kBaseImage,
  kInput = kBaseInput,
  kOutput = kBaseOutput,
  kScratch = kBaseScratch
};
constexpr uint64_t based(Base base, uint64_t offset) {
  return static_cast<uint64_t>(base) << kBaseShift | offset;
}
constexpr uint64_t base_number(uint64_t address) { return address >> kBaseShift; }
constexpr uint64_t offset_in(uint64_t address) {
  return address & ((uint64_t{1} << kBaseShift) - 1);
}
// A multiple of kAlignment.
constexpr uint64_t aligned(uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Channels of some pixels of a sample, pixel by pixel without gaps.
struct Piece {
  uint32_t first_channel = 0;
  uint32_t channels = 0;
  uint32_t first_pixel = 0;
  uint32_t pixels = 0;
  uint32_t row = 0;     // bytes from a pixel to the next
  uint32_t offset = 0;  // of the first, in the sample
};

// How the samples of an input or output lie in memory, one behind the other.
struct Layout {
  uint32_t channels = 0;  // of the sparse engine: elements
  uint32_t pixels = 1;
  uint32_t sample_bytes = 0;  // from a sample to the next
  // Of the matrix unit: signed bytes. None of the sparse engine: 16 bits, words of `lanes`.
  std::vector<Piece> pieces;
  uint32_t lanes = 4;

  bool bytes() const { return !pieces.empty(); }
  size_t elements() const { return size_t{channels} * pixels; }
};

struct Image {
  SizeRegisters registers{};
  uint32_t phases = 1;
  uint32_t scratch_bytes = 0;
  uint32_t input_bytes = 0;
  uint32_t output_bytes = 0;
  std::vector<Command> setup;
  std::array<std::vector<Command>, 2> inference;  // of each phase
  // The file from its first byte on, header included.
  std::vector<uint8_t> bytes;

  // The description.
  uint32_t batch = 1;
  std::vector<uint8_t> network;  // a model file
  Layout input;
  Layout output;
};

// FNV-1a over words of 32 bits, lowest byte first, in groups of whole words.
uint64_t image_checksum(const uint8_t* bytes, size_t size);

// Gathers an image: data first, then commands and the description.
class ImageWriter {
 public:
  ImageWriter() : bytes_(kImageHeaderBytes) {}
  // Appends at a multiple of `alignment`. Returns the offset. Throws Error beyond 4 GiB.
  uint64_t put(const void* data, size_t size, uint64_t alignment = kAlignment);
  // Of 64-bit words.
  uint64_t put(const std::vector<uint64_t>& words) { return put(words.data(), 8 * words.size()); }
  // Fills in image.bytes from everything else that it has. Throws Error as encode().
  void finish(Image& image);

 private:
  std::vector<uint8_t> bytes_;
};

// Everything is checked before it is used: header, checksum, that commands are those of an image
// and touch nothing outside of it, of input, output and scratch, and the description. Throws Error
// "<name>: <place>: <expected and found>", one line.
Image image_from_bytes(std::vector<uint8_t> bytes, const std::string& name);
Image load_image(const std::string& path);
// Whether a file begins as one.
bool is_image(const std::string& path);

// Samples as a driver gives them, from channels x pixels values each, one behind the other: bytes
// for the matrix unit, numbers of 16 bits for the sparse engine. Throw Error unless they are
// `image.batch` samples, and if layout is of the other kind.
std::vector<uint8_t> pack(const Layout& layout, const std::vector<int8_t>& values);
std::vector<uint8_t> pack(const Layout& layout, const std::vector<int16_t>& values);
// And back.
std::vector<int8_t> unpack_bytes(const Layout& layout, const std::vector<uint8_t>& memory);
std::vector<int16_t> unpack_words(const Layout& layout, const std::vector<uint8_t>& memory);

}  // namespace sparsys::top
