// SPDX-License-Identifier: Apache-2.0
// Instructions of the matrix unit for tests, by bits: an eye on docs/reference/mxu-format.md
// section 3 that is not golden/engine/mxu's.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {
namespace test {

struct RawInstruction {
  std::array<uint32_t, 3> words{};
  // A Read_Weights of tiles by their numbers: which beats these are is the host's (host.hpp).
  bool by_tiles = false;
  RawInstruction& put(uint32_t lsb, uint32_t width, uint64_t value) {
    for (uint32_t b = 0; b < width; ++b) {
      const uint32_t bit = lsb + b;
      words[bit / 32] &= ~(1U << bit % 32);
      words[bit / 32] |= static_cast<uint32_t>(value >> b & 1) << bit % 32;
    }
    return *this;
  }
  uint64_t get(uint32_t lsb, uint32_t width) const {
    uint64_t value = 0;
    for (uint32_t b = 0; b < width; ++b) {
      value |= uint64_t{words[(lsb + b) / 32] >> (lsb + b) % 32 & 1} << b;
    }
    return value;
  }
};

enum : uint32_t { kMatrix, kActivation, kHostIn, kHostOut };  // units of waits
enum : uint32_t { kIdentity, kRelu, kSigmoid, kTanh };
enum : uint32_t { kNoPool, kMaxPool, kAveragePool };

inline RawInstruction make(uint32_t opcode) { return RawInstruction().put(88, 8, opcode); }
// Waits: for the operations of `unit` but the last w - 1.
inline RawInstruction wait(RawInstruction i, uint32_t unit, uint32_t w = 1) {
  return i.put(80 + 2 * unit, 2, w);
}
inline RawInstruction wait_all(RawInstruction i) {
  for (uint32_t u = 0; u < 4; ++u) i = wait(i, u);
  return i;
}
inline RawInstruction nop() { return make(0); }
inline RawInstruction read_beats(uint32_t beat, uint32_t beats, uint32_t tiles, bool raw,
                                 bool codebook) {
  return make(1)
      .put(0, 32, beat)
      .put(32, 24, beats)
      .put(56, 16, tiles)
      .put(72, 1, raw)
      .put(73, 1, codebook);
}
// Of the host's tiles; its fields are not those of the machine.
inline RawInstruction read_weights(uint32_t tile, uint32_t tiles = 1) {
  RawInstruction i = make(1).put(0, 32, tile).put(32, 16, tiles);
  i.by_tiles = true;
  return i;
}
inline RawInstruction multiply(uint32_t ub, uint32_t acc, uint32_t rows, bool take, bool add,
                               uint32_t used_rows = 1, uint32_t used_cols = 1) {
  return make(2)
      .put(0, 24, ub)
      .put(24, 16, acc)
      .put(40, 16, rows)
      .put(56, 8, used_rows - 1)
      .put(64, 8, used_cols - 1)
      .put(72, 1, take)
      .put(73, 1, add);
}
inline RawInstruction convolve(uint32_t ub, uint32_t acc, int dy, int dx, bool take, bool add,
                               uint32_t used_rows = 1, uint32_t used_cols = 1) {
  return multiply(ub, acc, 0, take, add, used_rows, used_cols)
      .put(88, 8, 3)
      .put(40, 8, static_cast<uint8_t>(dy))
      .put(48, 8, static_cast<uint8_t>(dx));
}
inline RawInstruction activate(uint32_t ub, uint32_t acc, uint32_t rows, uint32_t set,
                               uint32_t function, uint32_t pooling = kNoPool, bool twice = false,
                               bool sum = false) {
  return make(4)
      .put(0, 24, ub)
      .put(24, 16, acc)
      .put(40, 16, rows)
      .put(56, 8, set)
      .put(72, 2, function)
      .put(74, 2, pooling)
      .put(76, 1, twice)
      .put(77, 1, sum);
}
inline RawInstruction read_host(uint32_t ub, uint32_t rows) {
  return make(5).put(0, 24, ub).put(24, 16, rows);
}
inline RawInstruction read_parameters(uint32_t set, uint32_t plane, uint32_t planes) {
  return read_host(16 * set + plane, planes).put(72, 1, 1);
}
inline RawInstruction write_host(uint32_t ub, uint32_t rows) {
  return make(6).put(0, 24, ub).put(24, 16, rows);
}
inline RawInstruction set_register(uint32_t number, uint32_t value) {
  return make(7).put(72, 8, number).put(0, 32, value);
}
inline RawInstruction synchronise() { return make(8); }
inline RawInstruction halt() { return make(9); }
inline RawInstruction flush() { return make(10); }

// Single tiles that can be asked for in front of the products, whatever they take: one in the
// array, the one that waits for room, and the queue.
constexpr uint32_t kSurelyAhead = 1 + 1 + 16;

inline uint32_t halves(uint32_t low, uint32_t high) { return low | high << 16; }
inline uint32_t bytes(uint32_t b0, uint32_t b1, uint32_t b2 = 0, uint32_t b3 = 0) {
  return (b0 & 255) | (b1 & 255) << 8 | (b2 & 255) << 16 | (b3 & 255) << 24;
}

// What a unit of any size must refuse.
struct Wrong {
  const char* what;
  std::vector<RawInstruction> before;  // in order
  RawInstruction instruction;
  uint32_t code;
};

inline std::vector<Wrong> wrong_instructions(const Config& c) {
  const uint32_t ub = c.ub_depth, acc = c.acc_depth;
  const RawInstruction map = set_register(0, halves(6, 6));
  const RawInstruction out = set_register(1, halves(4, 4));
  const RawInstruction walk = set_register(2, 6 | 1 << 16 | 1 << 24);
  const RawInstruction pool_map = set_register(9, halves(4, 4));
  const RawInstruction pool_out = set_register(10, 2 | 2 << 16 | 2 << 24);
  const RawInstruction window = set_register(11, bytes(2, 2));
  std::vector<Wrong> all = {
      {"opcode 11", {}, make(11), 1},
      {"opcode 255", {}, make(255), 1},
      {"register 4", {}, set_register(4, 0), 1},
      {"register 14", {}, set_register(14, 0), 1},
      {"register 16", {}, set_register(16, 0), 1},
      {"no tiles", {}, read_beats(0, 2, 0, true, false), 2},
      {"no beats", {}, read_beats(0, 0, 1, true, false), 2},
      {"no rows", {}, multiply(0, 0, 0, false, false), 2},
      {"no rows, of all errors the first", {}, multiply(0xFFFFFF, 65535, 0, false, false), 2},
      {"buffer", {}, multiply(ub - 1, 0, 2, false, false), 3},
      {"buffer, far", {}, multiply(0xFFFFFF, 0, 1, false, false), 3},
      {"buffer before accumulators", {}, multiply(1 << 23, acc - 1, 2, false, false), 3},
      {"accumulators", {}, multiply(0, acc - 1, 2, false, false), 4},
      {"convolution: no map", {out, walk}, convolve(0, 0, 0, 0, false, false), 2},
      {"convolution: no output", {map, walk}, convolve(0, 0, 0, 0, false, false), 2},
      {"convolution: no stride", {map, out}, convolve(0, 0, 0, 0, false, false), 2},
      {"convolution: map", {map, out, walk}, convolve(ub - 35, 0, 0, 0, false, false), 3},
      {"convolution: accumulators", {map, out, walk}, convolve(0, acc - 15, 0, 0, false, false), 4},
      {"convolution: extent beyond 32 bits",
       {set_register(0, halves(65535, 65535)), out, set_register(2, 65535 | 1 << 16 | 1 << 24)},
       convolve(0xFFFFFF, 0, 0, 0, false, false),
       3},
      {"activation: no rows", {}, activate(0, 0, 0, 0, 0), 2},
      {"activation: buffer", {}, activate(ub - 1, 0, 2, 0, 0), 3},
      {"activation: accumulators", {}, activate(0, acc - 1, 2, 0, 0), 4},
      {"pooling: no window", {pool_map, pool_out}, activate(0, 0, 1, 0, 0, 1), 2},
      {"pooling: no map", {window, pool_out}, activate(0, 0, 1, 0, 0, 1), 2},
      {"pooling: no stride", {window, pool_map}, activate(0, 0, 1, 0, 0, 2), 2},
      {"sum: pooling", {window, pool_map, pool_out}, activate(0, 0, 1, 0, 0, 1, false, true), 2},
      {"sum: accumulators", {}, activate(0, acc - 1, 1, 0, 0, 0, false, true), 4},
      {"sum: set", {}, activate(0, 0, 1, c.param_sets - 2, 0, 0, false, true), 5},
      {"pooling: accumulators", {window, pool_map, pool_out}, activate(0, acc - 15, 1, 0, 0, 1), 4},
      {"host input: no rows", {}, read_host(0, 0), 2},
      {"host input: buffer", {}, read_host(ub - 1, 2), 3},
      {"parameters: plane", {}, read_parameters(0, 8, 2), 5},
      {"parameters: plane 9", {}, read_parameters(0, 9, 1), 5},
      {"parameters: set", {}, read_parameters(c.param_sets, 0, 1), 5},
      {"host output: no rows", {}, write_host(0, 0), 2},
      {"host output: buffer", {}, write_host(ub, 1), 3},
      {"host output: buffer, far", {}, write_host(0xFFFFFF, 1), 3},
  };
  const std::vector<RawInstruction> reserved = {nop().put(0, 1, 1),
                                                nop().put(80, 1, 1),
                                                read_beats(0, 2, 1, true, false).put(74, 1, 1),
                                                read_beats(0, 2, 1, true, false).put(87, 1, 1),
                                                read_beats(0, 4, 1, true, true),
                                                multiply(0, 0, 1, false, false).put(74, 1, 1),
                                                convolve(0, 0, 0, 0, false, false).put(79, 1, 1),
                                                activate(0, 0, 1, 0, 0).put(64, 1, 1),
                                                activate(0, 0, 1, 0, 0).put(78, 1, 1),
                                                read_host(0, 1).put(40, 1, 1),
                                                read_host(0, 1).put(73, 1, 1),
                                                write_host(0, 1).put(72, 1, 1),
                                                write_host(0, 1).put(71, 1, 1),
                                                set_register(3, 256),
                                                set_register(8, 1 << 24),
                                                set_register(12, 1 << 25),
                                                set_register(13, 1 << 24),
                                                set_register(15, 1),
                                                set_register(0, 0).put(32, 1, 1),
                                                synchronise().put(84, 1, 1),
                                                halt().put(71, 1, 1),
                                                flush().put(16, 1, 1)};
  for (const RawInstruction& i : reserved) all.push_back({"a reserved bit", {}, i, 7});
  const RawInstruction first_product = multiply(0, 0, 1, true, false);
  all.push_back({"a tile not asked for", {}, first_product, 6});
  all.push_back({"a tile that was dropped", {read_weights(0), flush()}, first_product, 6});
  all.push_back({"beats beyond the last", {}, read_beats(0xFFFFFFFF, 2, 1, true, false), 6});
  // Each tile has a word in every FIFO: one of so many has no room.
  const std::vector<RawInstruction> most(kSurelyAhead + c.fifo_words, read_weights(0));
  all.push_back({"weights too far ahead", most, read_weights(0), 9});
  all.push_back({"average over 256",
                 {set_register(11, bytes(16, 16)), pool_map, pool_out},
                 activate(0, 0, 1, 0, 0, kAveragePool),
                 8});
  all.push_back({"average over 258",
                 {set_register(11, bytes(86, 3)), pool_map, pool_out},
                 activate(0, 0, 1, 0, 0, kAveragePool + 1),
                 8});
  if (c.rows < 256) {
    all.push_back({"more rows used", {}, multiply(0, 0, 1, false, false, c.rows + 1, 1), 7});
  }
  if (c.cols < 256) {
    all.push_back({"more columns used", {}, convolve(0, 0, 0, 0, false, false, 1, c.cols + 1), 7});
  }
  if (acc < 65536) {
    all.push_back({"accumulators, far", {}, multiply(0, 65535, 1, false, false), 4});
  }
  if (c.param_sets < 256) {
    all.push_back({"activation: set", {}, activate(0, 0, 1, c.param_sets, 0), 5});
  }
  return all;
}

}  // namespace test
}  // namespace sparsys::mxu
