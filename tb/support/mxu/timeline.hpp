// SPDX-License-Identifier: Apache-2.0
// What the matrix unit's cycles are spent on, told from outside: from the cycles in which
// instructions, beats of weights and rows of the host were taken, by the latencies and meanings of
// the contract (docs/reference/mxu-timing.md sections 4 and 13, mxu-format.md section 6), not by
// the unit's registers. For programs of a clearing of the counters, then Read_Weights, Read_Host,
// Activate and products, of which no queue fills.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "tb/support/mxu/bench.hpp"

namespace sparsys::mxu {
namespace test {

struct Shares {
  uint64_t cycles = 0, active = 0, weight_stall = 0, weight_shift = 0, non_matrix = 0;
  uint64_t raw_stall = 0, input_stall = 0;
};

// Unit of waits of an operation, not of Read_Weights.
inline uint32_t unit_of(uint64_t opcode) {
  return opcode == 2 ? kMatrix : opcode == 4 ? kActivation : kHostIn;
}

// When tiles are loaded, of the cycles in which their words were taken and of the swaps.
class Loads {
 public:
  // opened: the swap in front of the first tile, or the second of those behind a reset.
  Loads(const Host& host, uint64_t opened) : host_(host), opened_(opened) {}

  // The cycle from which on the next tile can be swapped. A word is read three cycles behind its
  // beat, one behind the swap in front, eight behind the word before.
  uint64_t next() {
    const std::vector<std::vector<size_t>>& words = host_.tile_words.at(tile_++);
    uint64_t loaded = 0;
    lacks_.clear();
    for (const std::vector<size_t>& bus : words) {
      uint64_t free = opened_ + 1;  // the bus can read
      for (const size_t beat : bus) {
        const uint64_t read = std::max(free, host_.beat_at.at(beat) + 3);
        // It waits with nothing read from `free` + 1 to `read`.
        for (uint64_t t = free + 1; t <= read; ++t) lacks_.insert(t);
        free = read + 8;
      }
      loaded = std::max(loaded, free + 2);
    }
    return loaded;
  }
  // Whether a wait in cycle t is for words.
  bool lacks(uint64_t t) const { return lacks_.count(t - 1) != 0; }
  void swap(uint64_t t) { opened_ = t; }

 private:
  const Host& host_;
  uint64_t opened_;
  size_t tile_ = 0;
  std::set<uint64_t> lacks_;  // cycles in which a bus waits for a word
};

// `taken`: the cycle of each instruction; the host's rows likewise. `program` begins with the
// clearing. opened: as of Loads.
inline Shares shares_of(const Config& c, const std::vector<RawInstruction>& program,
                        const std::vector<uint64_t>& taken, const Host& host,
                        const std::vector<uint64_t>& in_at, uint64_t opened) {
  Shares s;
  // Last cycle in which each operation of a unit is not complete for those that wait.
  std::vector<std::vector<uint64_t>> over(4);
  uint64_t dispatched = taken[0] + 1;
  const uint64_t cleared = dispatched;
  uint64_t array_free = 0, act_free = 0;  // from then on the unit can take an operation,
  uint64_t array_seen = 0;                // and from then on it has seen the next one
  Loads loads(host, opened);
  size_t rows_in = 0;
  std::vector<std::pair<uint64_t, uint64_t>> busy;
  for (size_t n = 1; n < program.size(); ++n) {
    const RawInstruction& i = program[n];
    dispatched = std::max(taken[n] + 1, dispatched + 1);
    const uint64_t queued = dispatched + 1;
    // What it waits for: matrix unit, activation, host input.
    std::array<uint64_t, 4> ready{};
    for (uint32_t u = 0; u < 4; ++u) {
      const uint64_t w = i.get(80 + 2 * u, 2);
      if (w && over[u].size() >= w) ready[u] = over[u][over[u].size() - w] + 1;
    }
    const uint64_t may = std::max({queued, ready[0], ready[1], ready[2], ready[3]});
    const uint64_t opcode = i.get(88, 8);
    const uint64_t length = i.get(40, 16);
    if (opcode == 2) {
      const uint64_t can =
          std::max(queued, array_free + 1);  // the last row's cycle is an active one
      // It is decoded in two cycles, behind the one in front of it.
      const uint64_t take = std::max({may, array_free, std::max(queued, array_seen) + 2});
      array_seen = take + 1;
      for (uint64_t t = can; t < take; ++t) {
        s.raw_stall += t < ready[1];
        s.input_stall += t < ready[2] && t >= ready[1];
      }
      uint64_t issue = take + 1;
      if (i.get(72, 1)) {
        const uint64_t loaded = loads.next();
        for (; issue < loaded; ++issue) {
          ++(loads.lacks(issue) ? s.weight_stall : s.weight_shift);
        }
        loads.swap(issue);
      }
      s.active += length;
      array_free = issue + length - 1;  // it takes the next one with its last row
      over[0].push_back(issue + length - 1 + c.rows + c.cols + 3);
    } else if (opcode == 4) {
      const uint64_t take = std::max({may, act_free, queued + 2});
      // The last row is written as many cycles behind its issue as there are stages and banks.
      const uint64_t positions = length * c.turns();
      over[1].push_back(take + positions + 15 + c.cols / c.tile_cols + 1);
      act_free = take + positions + 16;
    } else if (opcode == 5) {
      rows_in += i.get(24, 16);
      over[2].push_back(in_at[rows_in - 1] + 1);
    }
    // A beat is through two cycles behind the port.
    const uint64_t complete = opcode == 1 ? host.beat_at.back() + 2 : over[unit_of(opcode)].back();
    busy.push_back({taken[n] + 1, complete});
  }
  // Cycles in which any of them is queued or under way.
  std::sort(busy.begin(), busy.end());
  uint64_t counted = cleared;
  for (const auto& [first, last] : busy) {
    if (last <= counted) continue;
    s.cycles += last - std::max(counted, first - 1);
    counted = last;
  }
  s.non_matrix = s.cycles - s.active - s.weight_stall - s.weight_shift;
  return s;
}

// A random program, and the counters against the timeline.
template <class Bench>
void timeline(Bench& b, Shares& all) {
  const Config& c = b.c;
  b.random_tiles(4);
  std::vector<RawInstruction> program = {set_register(15, 0)};
  const auto tiles = static_cast<uint32_t>(b.dice.between(1, 4));
  program.push_back(read_weights(0, tiles));
  const auto upto = [&b](uint64_t n) { return static_cast<uint32_t>(b.dice.below(n)); };
  uint32_t left = tiles, reads = 0, activations = 0;
  for (uint32_t n = 0; n < 4; ++n) {
    if (b.dice.chance(50)) {
      const uint32_t rows = 1 + upto(6);
      RawInstruction i = read_host(upto(20), rows);
      if (reads && b.dice.chance(40)) i = wait(i, kHostIn, 1 + upto(2));
      for (uint32_t r = 0; r < rows; ++r) b.host.input.push_back(b.random_row(c.lanes()));
      program.push_back(i);
      ++reads;
    }
    RawInstruction product =
        multiply(upto(20), upto(8), 1 + upto(9), left && b.dice.chance(70), false);
    if (left && product.get(72, 1)) --left;
    if (b.dice.chance(50)) product = wait(product, kHostIn, 1 + upto(3));
    if (b.dice.chance(50)) product = wait(product, kActivation, 1 + upto(2));
    if (b.dice.chance(20)) product = wait(product, kMatrix, 1 + upto(2));
    program.push_back(product);
    if (b.dice.chance(60) && activations < 3) {
      RawInstruction i = activate(30, upto(8), 1 + upto(12), 0, kIdentity);
      if (b.dice.chance(60)) i = wait(i, kMatrix, 1 + upto(2));
      program.push_back(i);
      ++activations;
    }
  }
  for (; left; --left) program.push_back(multiply(0, 0, 1, true, false));
  for (const RawInstruction& i : program) b.add(i);
  b.host.inst_at.clear();
  b.host.in_at.clear();
  ASSERT_TRUE(b.host.run(20000));
  ASSERT_FALSE(b.host.last.error_o);
  const Shares s = shares_of(c, program, b.host.inst_at, b.host, b.host.in_at, b.opened);
  EXPECT_EQ(b.host.read_status(0), s.cycles) << "cycles";
  EXPECT_EQ(b.host.read_status(1), s.active) << "active";
  EXPECT_EQ(b.host.read_status(3), s.weight_stall) << "weight stall";
  EXPECT_EQ(b.host.read_status(4), s.weight_shift) << "weight shift";
  EXPECT_EQ(b.host.read_status(5), s.non_matrix) << "non-matrix";
  EXPECT_EQ(b.host.read_status(6), s.raw_stall) << "read-after-write stall";
  EXPECT_EQ(b.host.read_status(7), s.input_stall) << "input stall";
  all.weight_stall += s.weight_stall;
  all.weight_shift += s.weight_shift;
  all.raw_stall += s.raw_stall;
  all.input_stall += s.input_stall;
}

}  // namespace test
}  // namespace sparsys::mxu
