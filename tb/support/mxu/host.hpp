// SPDX-License-Identifier: Apache-2.0
// The host of a matrix unit in tests: drives all ports, weight memory among them, with random
// stalls if wanted, cycle by cycle, and notes when what was taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "golden/engine/mxu/pins.hpp"
#include "tb/support/mxu/assembler.hpp"
#include "tb/support/mxu/stream.hpp"

namespace sparsys::mxu {
namespace test {

using Row = std::vector<uint8_t>;

// Drives the ports: a program, rows for the host's input, weight memory; collects the output.
class Host {
 public:
  explicit Host(Device& device) : device_(device), random_(1) {}

  std::deque<RawInstruction> program;
  std::deque<Row> input;                         // rows of LANES bytes
  std::map<uint32_t, std::vector<Row>> weights;  // tile: ROWS rows of COLS bytes
  std::vector<uint8_t> memory;                   // beats of weights, as far as they are placed
  std::vector<Row> output;
  // Per cent of cycles in which a port of the host holds back.
  uint32_t stall_inst = 0, stall_weights = 0, stall_requests = 0, stall_in = 0, stall_out = 0;
  void set_stalls(uint32_t percent) {
    stall_inst = stall_weights = stall_requests = stall_in = stall_out = percent;
  }
  void seed(uint64_t s) {
    random_.seed(s);
    dice_ = Dice(s);
  }
  // The weight memory takes a request only while fewer than these are not answered.
  size_t most_requests = ~size_t{0};
  // Per cent of streams' buses that are longer than they need be.
  uint32_t longer = 0;
  // Beats are offered at the weight port also while none is owed; how many of these were taken.
  bool stray_beats = false;
  uint64_t strays_taken = 0;
  // Beats that are owed, and the most that ever were.
  size_t owed() const { return owed_; }
  size_t most_owed = 0;

  // Cycles (since the host was made) of transfers, and how many beats each request was for.
  std::vector<uint64_t> inst_at, request_at, in_at, out_at;
  std::vector<uint32_t> request_beats;
  // Since the last reset: cycles in which beats were taken, and of each tile placed, of each bus,
  // which beats its words are in.
  std::vector<uint64_t> beat_at;
  std::vector<std::vector<std::vector<size_t>>> tile_words;
  uint64_t cycle = 0;
  Outputs last;
  // Called in front of every cycle: what it changes counts in that cycle.
  std::function<void()> before;

  void reset() {
    Inputs inputs;
    inputs.rst_i = true;
    for (int i = 0; i < 2; ++i) device_.clock(inputs);
    requests_.clear();
    owed_ = 0;
    codes_.reset();
    tile_words.clear();
    beat_at.clear();
    beats_placed_ = 0;
  }
  // Ends the error state, once the unit is quiet.
  void flush() {
    resume = true;
    clock();
    resume = false;
    codes_.reset();
    for (int i = 0; i < 2; ++i) clock();
  }

  // What stands at the program's head for the machine: places the tiles of a Read_Weights in the
  // memory, behind what is there, in any form that says the same.
  const RawInstruction& head() {
    RawInstruction& i = program.front();
    if (i.by_tiles) {
      if (!placed_) placed_ = place(i);
      return *placed_;
    }
    return i;
  }
  RawInstruction place(const RawInstruction& i) {
    const auto first = static_cast<uint32_t>(i.get(0, 32));
    const auto count = static_cast<uint32_t>(i.get(32, 16));
    const Config& c = device_.config();
    StreamMaker maker(c, dice_);
    maker.longer = longer;
    std::vector<Matrix8> tiles;
    std::set<int> values;
    for (uint32_t t = first; t < first + count; ++t) {
      tiles.emplace_back();
      for (const Row& row : weights.at(t)) {
        tiles.back().emplace_back();
        for (const uint8_t byte : row) {
          tiles.back().back().push_back(static_cast<int8_t>(byte));
          values.insert(static_cast<int8_t>(byte));
        }
      }
    }
    values.erase(0);
    const bool coded = values.size() <= 15 && dice_.chance(80);
    bool codebook = false;
    if (coded) {
      codebook = !codes_ || dice_.chance(30);
      for (const int v : values) codebook = codebook || !has(*codes_, v);
      if (codebook) codes_ = codes_of(values);
    }
    const size_t beat_bytes = 8 * maker.lanes();
    const auto gap = dice_.below(20) * beat_bytes;
    for (size_t n = 0; n < gap; ++n) memory.push_back(0x5A);
    const auto beat = static_cast<uint32_t>(memory.size() / beat_bytes);
    if (codebook) maker.add_codebook(memory, *codes_);
    for (const Matrix8& tile : tiles) maker.add_tile(memory, tile, coded ? &*codes_ : nullptr);
    const auto beats = static_cast<uint32_t>(memory.size() / beat_bytes - beat);
    for (auto& tile : maker.places) {
      for (auto& bus : tile) {
        for (size_t& at : bus) at = at - beat + beats_placed_;
      }
      tile_words.push_back(std::move(tile));
    }
    beats_placed_ += beats;
    RawInstruction made = read_beats(beat, beats, count, !coded, codebook);
    return made.put(80, 8, i.get(80, 8));
  }

  void clock() {
    if (before) before();
    Inputs inputs;
    const size_t beat_bytes = 8 * StreamMaker(device_.config(), dice_).lanes();
    inputs.inst_valid_i = !program.empty() && go(stall_inst);
    if (!program.empty()) inputs.inst_i = head().words;
    inputs.wm_ready_i = requests_.size() < most_requests && go(stall_requests);
    const bool stray = requests_.empty() && stray_beats;
    inputs.w_valid_i = (stray || !requests_.empty()) && go(stall_weights);
    const Row garbage(stray ? beat_bytes : 0, 0x63);
    if (inputs.w_valid_i) {
      inputs.w_data_i = stray ? garbage.data() : &memory.at(requests_.front().beat * beat_bytes);
    }
    inputs.hi_valid_i = !input.empty() && go(stall_in);
    if (inputs.hi_valid_i) inputs.hi_data_i = input.front().data();
    inputs.ho_ready_i = go(stall_out);
    inputs.status_i = status;
    inputs.resume_i = resume;
    last = device_.clock(inputs);
    if (inputs.inst_valid_i && last.inst_ready_o) {
      if (program.front().get(88, 8) == 10) codes_.reset();
      program.pop_front();
      placed_.reset();
      inst_at.push_back(cycle);
    }
    if (inputs.w_valid_i && last.w_ready_o && stray) ++strays_taken;
    if (inputs.w_valid_i && last.w_ready_o && !stray) {
      beat_at.push_back(cycle);
      --owed_;
      ++requests_.front().beat;
      if (--requests_.front().beats == 0) requests_.pop_front();
    }
    if (last.wm_valid_o && inputs.wm_ready_i) {
      requests_.push_back({last.wm_addr_o, last.wm_beats_o});
      owed_ += last.wm_beats_o;
      request_at.push_back(cycle);
      request_beats.push_back(last.wm_beats_o);
    }
    most_owed = std::max(most_owed, owed_);
    if (inputs.hi_valid_i && last.hi_ready_o) {
      input.pop_front();
      in_at.push_back(cycle);
    }
    if (last.ho_valid_o && inputs.ho_ready_i) {
      output.emplace_back(last.ho_data_o, last.ho_data_o + device_.config().lanes());
      out_at.push_back(cycle);
    }
    ++cycle;
  }

  // Clocks until the program is taken and the unit idle, or in error. False behind `limit` cycles.
  bool run(uint64_t limit = 1000000) {
    for (uint64_t i = 0; i < limit; ++i) {
      const bool taken = program.empty();
      clock();
      if (last.error_o || (taken && !last.busy_o)) return true;
    }
    return false;
  }
  // Clocks until nothing is under way. False behind `limit` cycles.
  bool settle(uint64_t limit = 100000) {
    for (uint64_t i = 0; i < limit; ++i) {
      clock();
      if (last.quiet_o) return true;
    }
    return false;
  }
  // One cycle with a status word addressed.
  uint64_t read_status(uint8_t word) {
    status = word;
    clock();
    return last.status_o;
  }

  uint8_t status = 0;
  bool resume = false;

 private:
  static bool has(const Codes& codes, int value) {
    return std::find(codes.begin() + 1, codes.end(), value) != codes.end();
  }
  // In any order, and codes without use with any value.
  Codes codes_of(const std::set<int>& values) {
    Codes codes{};
    for (size_t c = 1; c < codes.size(); ++c) codes[c] = static_cast<int8_t>(dice_.next());
    size_t c = 15;
    for (const int v : values) {
      codes[c] = static_cast<int8_t>(v);
      --c;
    }
    for (c = 1; c < codes.size(); ++c) std::swap(codes[c], codes[dice_.between(1, 15)]);
    return codes;
  }
  bool go(uint32_t stall) { return stall == 0 || random_() % 100 >= stall; }

  Device& device_;
  std::mt19937_64 random_;
  struct Request {
    size_t beat;
    uint32_t beats;
  };
  std::deque<Request> requests_;
  size_t owed_ = 0;
  size_t beats_placed_ = 0;
  Dice dice_{1};
  std::optional<RawInstruction> placed_;  // of the program's head
  std::optional<Codes> codes_;            // that the unit will have
};

struct Parameters {
  std::vector<int32_t> bias, multiplier;
  std::vector<uint32_t> shift;
};

// A matrix of small integers as a tile.
inline std::vector<Row> tile_rows(const Config& c,
                                  const std::function<int(uint32_t, uint32_t)>& weight) {
  std::vector<Row> rows(c.rows, Row(c.cols));
  for (uint32_t r = 0; r < c.rows; ++r) {
    for (uint32_t k = 0; k < c.cols; ++k) {
      rows[r][k] = static_cast<uint8_t>(weight(r, k));
    }
  }
  return rows;
}

// The nine planes of a parameter set, rows of LANES bytes.
inline std::vector<Row> planes(const Config& c, const Parameters& p) {
  std::vector<Row> rows(9, Row(c.lanes()));
  for (uint32_t k = 0; k < c.cols; ++k) {
    for (uint32_t b = 0; b < 4; ++b) {
      rows[b][k] = static_cast<uint8_t>(static_cast<uint32_t>(p.bias[k]) >> (8 * b));
      rows[4 + b][k] = static_cast<uint8_t>(static_cast<uint32_t>(p.multiplier[k]) >> (8 * b));
    }
    rows[8][k] = static_cast<uint8_t>(p.shift[k]);
  }
  return rows;
}

inline Parameters plain_parameters(const Config& c, uint32_t shift = 0) {
  return {std::vector<int32_t>(c.cols, 0), std::vector<int32_t>(c.cols, 1),
          std::vector<uint32_t>(c.cols, shift)};
}

}  // namespace test
}  // namespace sparsys::mxu
