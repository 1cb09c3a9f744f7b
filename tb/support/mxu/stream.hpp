// SPDX-License-Identifier: Apache-2.0
// Weights as weight memory holds them, written for tests from docs/reference/mxu-format.md section
// 2: any stream that says the same, not only the shortest.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/config.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace test {

using Word = std::array<uint8_t, 8>;
using Codes = std::array<int8_t, 16>;
using Matrix8 = std::vector<std::vector<int>>;  // rows of columns

struct StreamMaker {
  StreamMaker(const Config& c, Dice& d) : config(c), dice(d) {}

  const Config& config;
  Dice& dice;
  // Of each tile made, of each bus: the beats of its words, counted from the first beat; a
  // codebook's are words of its tile.
  std::vector<std::vector<std::vector<size_t>>> places;
  uint32_t longer = 0;  // per cent: of entries with fillers, and of buses with words too many

  uint32_t buses() const { return (config.cols + 3) / 4; }
  uint32_t lanes() const { return (buses() + 7) / 8; }

  // A bus's bytes, of any number.
  std::vector<uint8_t> bus_bytes(const Matrix8& tile, uint32_t bus, const Codes* codes) {
    std::vector<int> line;
    for (const std::vector<int>& row : tile) {
      for (uint32_t k = 4 * bus; k < 4 * bus + 4; ++k) line.push_back(k < row.size() ? row[k] : 0);
    }
    while (!line.empty() && line.back() == 0) line.pop_back();
    std::vector<uint8_t> bytes;
    if (codes == nullptr) {
      for (const int value : line) bytes.push_back(static_cast<uint8_t>(value));
      return bytes;
    }
    size_t zeros = 0;
    for (const int value : line) {
      if (value == 0) {
        ++zeros;
        continue;
      }
      // Fillers of 16 zeros each, or of more at once.
      while (zeros > 15) {
        size_t blocks = zeros / 16 < 16 ? zeros / 16 : 16;
        if (dice.chance(longer)) blocks = dice.between(1, blocks);
        bytes.push_back(static_cast<uint8_t>((blocks - 1) * 16));
        zeros -= 16 * blocks;
      }
      std::vector<uint8_t> same;
      for (uint8_t code = 1; code < 16; ++code) {
        if ((*codes)[code] == value) same.push_back(code);
      }
      bytes.push_back(static_cast<uint8_t>(zeros * 16 + same.at(dice.below(same.size()))));
      zeros = 0;
    }
    return bytes;
  }

  void add_codebook(std::vector<uint8_t>& beats, const Codes& codes) {
    codebook_at_.push_back(beats.size() / (8 * lanes()));
    for (uint32_t half = 0; half < 2; ++half) {
      for (uint32_t lane = 0; lane < lanes(); ++lane) {
        for (uint32_t b = 0; b < 8; ++b) {
          beats.push_back(static_cast<uint8_t>(codes[8 * half + b]));
        }
      }
    }
  }

  // Of ROWS rows of COLS.
  void add_tile(std::vector<uint8_t>& beats, const Matrix8& tile, const Codes* codes) {
    const uint32_t most = (4 * config.rows + 7) / 8;
    std::vector<std::vector<Word>> words(buses());
    for (uint32_t bus = 0; bus < buses(); ++bus) {
      std::vector<uint8_t> bytes = bus_bytes(tile, bus, codes);
      size_t count = (bytes.size() + 7) / 8;
      if (count == 0) count = 1;
      if (dice.chance(longer)) count = dice.between(count, most);
      bytes.resize(8 * count);
      for (size_t w = 0; w < count; ++w) {
        words[bus].emplace_back();
        for (size_t b = 0; b < 8; ++b) words[bus][w][b] = bytes[8 * w + b];
      }
    }
    const size_t first = beats.size() / (8 * lanes());
    places.emplace_back(buses());
    for (std::vector<size_t>& bus : places.back()) {
      for (const size_t at : codebook_at_) bus.insert(bus.end(), {at, at + 1});
    }
    codebook_at_.clear();
    std::vector<std::vector<Word>> lane(lanes());
    for (uint32_t l = 0; l < lanes(); ++l) {
      Word header{};
      size_t longest = 0;
      for (uint32_t bus = l, k = 0; bus < buses(); bus += lanes(), ++k) {
        header[k] = static_cast<uint8_t>(words[bus].size());
        longest = words[bus].size() > longest ? words[bus].size() : longest;
      }
      lane[l].push_back(header);
      for (size_t turn = 0; turn < longest; ++turn) {
        for (uint32_t bus = l; bus < buses(); bus += lanes()) {
          if (turn >= words[bus].size()) continue;
          places.back()[bus].push_back(first + lane[l].size());
          lane[l].push_back(words[bus][turn]);
        }
      }
    }
    size_t longest = 0;
    for (const std::vector<Word>& l : lane) longest = l.size() > longest ? l.size() : longest;
    for (size_t beat = 0; beat < longest; ++beat) {
      for (const std::vector<Word>& l : lane) {
        const Word word = beat < l.size() ? l[beat] : Word{};
        beats.insert(beats.end(), word.begin(), word.end());
      }
    }
  }

 private:
  std::vector<size_t> codebook_at_;
};

}  // namespace test
}  // namespace sparsys::mxu
