// SPDX-License-Identifier: Apache-2.0
// Images by hand (docs/reference/top-format.md section 9), right or wrong.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/engine/top/command.hpp"
#include "golden/engine/top/config.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top::test {

// What an address in an image counts from.
constexpr uint64_t from(uint32_t base, uint64_t offset = 0) {
  return uint64_t{base} << kBaseShift | offset;
}

inline void put(std::vector<uint8_t>& bytes, size_t at, uint64_t value, size_t count) {
  for (size_t b = 0; b < count; ++b) bytes[at + b] = static_cast<uint8_t>(value >> (8 * b));
}
inline uint64_t get(const std::vector<uint8_t>& bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t b = count; b-- > 0;) value = value << 8 | bytes[at + b];
  return value;
}

// Section 9: FNV-1a of 64 bits.
inline uint64_t checksum_of(const std::vector<uint8_t>& image) {
  uint64_t hash = 14695981039346656037ULL;
  for (size_t at = kImageHeaderBytes; at < image.size(); ++at) {
    hash = (hash ^ image[at]) * 1099511628211ULL;
  }
  return hash;
}
inline void seal(std::vector<uint8_t>& image) {
  put(image, 4 * image::kChecksum, checksum_of(image), 8);
}

struct ImageBuilder {
  SizeRegisters registers{};  // as the device's; BUS is masked by bytes()
  bool sparse = true, matrix = true;
  uint32_t input_bytes = 64, output_bytes = 64, scratch_bytes = 0;
  std::vector<CommandWords> setup;
  std::vector<std::vector<CommandWords>> phases{1};

  ImageBuilder() : data_(kImageHeaderBytes) {}

  // Returns the offset.
  uint64_t add(const std::vector<uint8_t>& bytes, size_t alignment = kAlignment) {
    const size_t at = (data_.size() + alignment - 1) / alignment * alignment;
    data_.resize(at);
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return at;
  }
  uint64_t add(const std::vector<uint64_t>& words, size_t alignment = kAlignment) {
    std::vector<uint8_t> bytes(8 * words.size());
    for (size_t w = 0; w < words.size(); ++w) put(bytes, 8 * w, words[w], 8);
    return add(bytes, alignment);
  }
  void at_setup(const Command& command) { setup.push_back(encode(command)); }
  void at_phase(size_t phase, const Command& command) { phases[phase].push_back(encode(command)); }

  std::vector<uint8_t> bytes() const {
    ImageBuilder all = *this;
    const auto add_commands = [&all](const std::vector<CommandWords>& commands) {
      std::vector<uint64_t> words;
      for (const CommandWords& c : commands) words.insert(words.end(), c.begin(), c.end());
      return all.add(words);
    };
    const uint64_t setup_at = add_commands(setup);
    std::vector<uint64_t> phase_at;
    for (const auto& phase : phases) phase_at.push_back(add_commands(phase));
    std::vector<uint8_t> image = all.data_;
    image.resize((image.size() + 63) / 64 * 64);
    const auto word = [&image](uint32_t number, uint64_t value) {
      put(image, 4 * size_t{number}, value, 4);
    };
    word(image::kMagic, kImageMagic);
    word(image::kFormat, kImageFormat);
    word(image::kBytes, image.size());
    word(image::kScratchBytes, scratch_bytes);
    word(image::kInputBytes, input_bytes);
    word(image::kOutputBytes, output_bytes);
    word(image::kPhases, phases.size());
    word(image::kSetupCommands, setup.size());
    word(image::kSetupOffset, setup_at);
    word(image::kPhaseCommands, phases[0].size());
    for (size_t p = 0; p < phases.size(); ++p) {
      word(image::kPhaseOffset + static_cast<uint32_t>(p), phase_at[p]);
    }
    for (uint32_t r = 0; r < kImageRegisterCount; ++r) {
      const bool of_sparse = reg::kBus + 4 * r < reg::kMxuArray;
      const uint32_t mask = r == 0 ? (sparse ? bit::kBusSparse : 0) | (matrix ? bit::kBusMatrix : 0)
                            : (of_sparse ? sparse : matrix) ? ~0U
                                                            : 0U;
      word(kImageRegisters + r, registers[r] & mask);
    }
    seal(image);
    return image;
  }

 private:
  std::vector<uint8_t> data_;
};

}  // namespace sparsys::top::test
