// SPDX-License-Identifier: Apache-2.0
// For tests of the matrix unit behind its pins: instructions, a host with weight memory that drives
// all ports (with random stalls if wanted), and the arithmetic of docs/reference/mxu-format.md in
// plain loops.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "golden/engine/mxu/pins.hpp"

namespace sparsys::mxu {
namespace test {

// Instructions of docs/reference/mxu-format.md section 3, by bits.
struct RawInstruction {
  std::array<uint32_t, 3> words{};
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
inline RawInstruction read_weights(uint32_t tile, uint32_t tiles = 1) {
  return make(1).put(0, 32, tile).put(32, 16, tiles);
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
                               uint32_t function, uint32_t pooling = kNoPool) {
  return make(4)
      .put(0, 24, ub)
      .put(24, 16, acc)
      .put(40, 16, rows)
      .put(56, 8, set)
      .put(72, 2, function)
      .put(74, 2, pooling);
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

inline uint32_t halves(uint32_t low, uint32_t high) { return low | high << 16; }
inline uint32_t bytes(uint32_t b0, uint32_t b1, uint32_t b2 = 0, uint32_t b3 = 0) {
  return (b0 & 255) | (b1 & 255) << 8 | (b2 & 255) << 16 | (b3 & 255) << 24;
}

using Row = std::vector<uint8_t>;

// Drives the ports: a program, rows for the host's input, weight memory; collects the output.
class Host {
 public:
  explicit Host(Device& device) : device_(device), random_(1) {}

  std::deque<RawInstruction> program;
  std::deque<Row> input;                         // rows of LANES bytes
  std::map<uint32_t, std::vector<Row>> weights;  // tile: ROWS rows of COLS bytes, FIFO order
  std::vector<Row> output;
  // Per cent of cycles in which a port of the host holds back.
  uint32_t stall_inst = 0, stall_weights = 0, stall_requests = 0, stall_in = 0, stall_out = 0;
  void seed(uint64_t s) { random_.seed(s); }

  // Cycles (since the host was made) of transfers.
  std::vector<uint64_t> inst_at, weight_at, in_at, out_at;
  uint64_t cycle = 0;
  Outputs last;
  // Called in front of every cycle: what it changes counts in that cycle.
  std::function<void()> before;

  void reset() {
    Inputs inputs;
    inputs.rst_i = true;
    for (int i = 0; i < 2; ++i) device_.clock(inputs);
    requests_.clear();
  }

  void clock() {
    if (before) before();
    Inputs inputs;
    inputs.inst_valid_i = !program.empty() && go(stall_inst);
    if (!program.empty()) inputs.inst_i = program.front().words;
    inputs.wm_ready_i = go(stall_requests);
    inputs.w_valid_i = !requests_.empty() && go(stall_weights);
    if (inputs.w_valid_i) inputs.w_data_i = weights.at(requests_.front().first).at(row_).data();
    inputs.hi_valid_i = !input.empty() && go(stall_in);
    if (inputs.hi_valid_i) inputs.hi_data_i = input.front().data();
    inputs.ho_ready_i = go(stall_out);
    inputs.status_i = status;
    inputs.resume_i = resume;
    last = device_.clock(inputs);
    if (inputs.inst_valid_i && last.inst_ready_o) {
      program.pop_front();
      inst_at.push_back(cycle);
    }
    if (inputs.w_valid_i && last.w_ready_o) {
      weight_at.push_back(cycle);
      if (++row_ == device_.config().rows) {
        row_ = 0;
        requests_.pop_front();
      }
    }
    if (last.wm_valid_o && inputs.wm_ready_i) requests_.push_back({last.wm_tile_o, cycle});
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
  // One cycle with a status word addressed.
  uint64_t read_status(uint8_t word) {
    status = word;
    clock();
    return last.status_o;
  }

  uint8_t status = 0;
  bool resume = false;

 private:
  bool go(uint32_t stall) { return stall == 0 || random_() % 100 >= stall; }

  Device& device_;
  std::mt19937_64 random_;
  std::deque<std::pair<uint32_t, uint64_t>> requests_;
  uint32_t row_ = 0;
};

// ---- What comes out, in plain loops ----

struct Parameters {
  std::vector<int32_t> bias, multiplier;
  std::vector<uint32_t> shift;
};

struct Output {
  int zero = 0, low = -128, high = 127;
  uint32_t function = kIdentity;
};

inline int64_t floor_shift(__int128 value, uint32_t shift) {
  // Towards minus infinity, by division.
  const __int128 unit = static_cast<__int128>(1) << shift;
  __int128 q = value / unit;
  if (value % unit < 0) --q;
  return static_cast<int64_t>(q);
}

// The byte that an accumulator becomes (docs/reference/mxu-format.md section 1).
inline int requantised(int32_t acc, int32_t bias, int32_t multiplier, uint32_t shift,
                       const Output& o) {
  const int64_t v = std::min<int64_t>(INT32_MAX, std::max<int64_t>(INT32_MIN, int64_t{acc} + bias));
  const __int128 half = shift ? static_cast<__int128>(1) << (shift - 1) : 0;
  const int64_t r = floor_shift(static_cast<__int128>(v) * multiplier + half, shift);
  const int r10 = static_cast<int>(std::min<int64_t>(511, std::max<int64_t>(-512, r)));
  const int r8 = std::min(127, std::max(-128, r10));
  switch (o.function) {
    case kSigmoid:
      return std::min(127,
                      static_cast<int>(std::floor(256 / (1 + std::exp(-r8 / 16.0)) + 0.5)) - 128);
    case kTanh:
      return std::min(127, static_cast<int>(std::floor(128 * std::tanh(r8 / 32.0) + 0.5)));
    default: {
      const int low = o.function == kRelu ? std::max(o.low, o.zero) : o.low;
      const int x = r10 + o.zero;
      return x < low ? low : x > o.high ? o.high : x;
    }
  }
}

// A matrix of small integers as the tiles of weight memory.
inline std::vector<Row> tile_rows(const Config& c,
                                  const std::function<int(uint32_t, uint32_t)>& weight) {
  std::vector<Row> rows(c.rows, Row(c.cols));
  for (uint32_t r = 0; r < c.rows; ++r) {
    for (uint32_t k = 0; k < c.cols; ++k) {
      rows[c.rows - 1 - r][k] = static_cast<uint8_t>(weight(r, k));  // last row first
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

// The machine in program order, one operation after the other.
class Reference {
 public:
  explicit Reference(const Config& config)
      : c(config),
        ub(config.ub_depth, Row(config.lanes())),
        acc(config.acc_depth, std::vector<int32_t>(config.cols)),
        parameters(config.param_sets,
                   Parameters{std::vector<int32_t>(config.cols), std::vector<int32_t>(config.cols),
                              std::vector<uint32_t>(config.cols)}),
        used(config.rows, std::vector<int>(config.cols)) {}

  Config c;
  std::vector<Row> ub;
  std::vector<std::vector<int32_t>> acc;
  std::vector<Parameters> parameters;
  std::vector<std::vector<int>> used;              // weights in use
  std::deque<std::vector<std::vector<int>>> fifo;  // tiles, [row][column]
  std::array<uint32_t, 16> registers{};
  std::deque<Row> input;
  std::vector<Row> output;
  uint64_t useful = 0, active = 0;

  void run(const RawInstruction& i, const std::map<uint32_t, std::vector<Row>>& weights) {
    const uint32_t row = static_cast<uint32_t>(i.get(0, 24));
    switch (i.get(88, 8)) {
      case 1:
        for (uint32_t t = 0; t < i.get(32, 16); ++t) {
          std::vector<std::vector<int>> tile(c.rows, std::vector<int>(c.cols));
          const auto& stored = weights.at(static_cast<uint32_t>(i.get(0, 32)) + t);
          for (uint32_t r = 0; r < c.rows; ++r) {
            for (uint32_t k = 0; k < c.cols; ++k) {
              tile[r][k] = static_cast<int8_t>(stored[c.rows - 1 - r][k]);
            }
          }
          fifo.push_back(std::move(tile));
        }
        break;
      case 2:
      case 3:
        matrix(i, i.get(88, 8) == 3);
        break;
      case 4:
        activation(i);
        break;
      case 5:
        for (uint32_t n = 0; n < i.get(24, 16); ++n) {
          const Row data = input.front();
          input.pop_front();
          if (i.get(72, 1)) {
            parameter_plane((row + n) / 16, (row + n) % 16, data);
          } else {
            ub[row + n] = data;
          }
        }
        break;
      case 6:
        for (uint32_t n = 0; n < i.get(24, 16); ++n) output.push_back(ub[row + n]);
        break;
      case 7:
        registers[i.get(72, 8) & 15] = static_cast<uint32_t>(i.get(0, 32));
        break;
      default:
        break;
    }
  }

 private:
  uint32_t reg(uint32_t n, uint32_t lsb, uint32_t width) const {
    return registers[n] >> lsb & static_cast<uint32_t>((uint64_t{1} << width) - 1);
  }
  static int byte(uint64_t value) { return static_cast<int8_t>(value); }

  void parameter_plane(uint32_t set, uint32_t plane, const Row& data) {
    for (uint32_t k = 0; k < c.cols; ++k) {
      Parameters& p = parameters[set];
      if (plane == 8) {
        p.shift[k] = data[k] & 63;
        continue;
      }
      int32_t& word = plane < 4 ? p.bias[k] : p.multiplier[k];
      const uint32_t at = 8 * (plane % 4);
      word = static_cast<int32_t>((static_cast<uint32_t>(word) & ~(255U << at)) | uint32_t{data[k]}
                                                                                      << at);
    }
  }

  void matrix(const RawInstruction& i, bool conv) {
    const uint32_t base = static_cast<uint32_t>(i.get(0, 24));
    const uint32_t first = static_cast<uint32_t>(i.get(24, 16));
    const uint32_t in_h = reg(0, 0, 16), in_w = reg(0, 16, 16);
    const uint32_t out_w = reg(1, 0, 16), out_h = reg(1, 16, 16);
    const uint32_t pitch = reg(2, 0, 16), stride_y = reg(2, 16, 8), stride_x = reg(2, 24, 8);
    const uint32_t length = conv ? out_h * out_w : static_cast<uint32_t>(i.get(40, 16));
    std::vector<int32_t> sums(c.cols);
    if (i.get(72, 1)) {
      used = fifo.front();
      fifo.pop_front();
    }
    for (uint32_t n = 0; n < length; ++n) {
      Row x(c.lanes(), static_cast<uint8_t>(reg(3, 0, 8)));
      bool inside = true;
      if (conv) {
        const int64_t y = int64_t{n / out_w} * stride_y + byte(i.get(40, 8));
        const int64_t z = int64_t{n % out_w} * stride_x + byte(i.get(48, 8));
        inside = y >= 0 && y < in_h && z >= 0 && z < in_w;
        if (inside) x = ub[static_cast<size_t>(base + y * pitch + z)];
      } else {
        x = ub[base + n];
      }
      ++active;
      if (inside) useful += (i.get(56, 8) + 1) * (i.get(64, 8) + 1);
      std::vector<int32_t>& a = acc[first + n];
      if (!i.get(73, 1)) std::fill(a.begin(), a.end(), 0);
      std::fill(sums.begin(), sums.end(), 0);
      // Rows outside: 256 of them at full size, and the compiler makes vectors of the columns.
      for (uint32_t r = 0; r < c.rows; ++r) {
        const int value = static_cast<int8_t>(x[r]);
        for (uint32_t k = 0; k < c.cols; ++k) sums[k] += value * used[r][k];
      }
      for (uint32_t k = 0; k < c.cols; ++k) {
        a[k] = static_cast<int32_t>(static_cast<uint32_t>(a[k]) + static_cast<uint32_t>(sums[k]));
      }
    }
  }

  void activation(const RawInstruction& i) {
    const uint32_t to = static_cast<uint32_t>(i.get(0, 24));
    const uint32_t from = static_cast<uint32_t>(i.get(24, 16));
    const uint32_t pooling = static_cast<uint32_t>(i.get(74, 2));
    Output o;
    o.zero = byte(reg(8, 0, 8));
    o.low = byte(reg(8, 8, 8));
    o.high = byte(reg(8, 16, 8));
    o.function = static_cast<uint32_t>(i.get(72, 2));
    const Parameters& p = parameters[i.get(56, 8)];
    const auto value = [&](uint32_t row, uint32_t k) {
      return requantised(acc[row][k], p.bias[k], p.multiplier[k], p.shift[k], o);
    };
    const int64_t in_h = reg(9, 0, 16), in_w = reg(9, 16, 16);
    for (uint32_t n = 0; n < i.get(40, 16); ++n) {
      Row y(c.lanes());
      for (uint32_t k = 0; k < c.cols; ++k) {
        if (pooling == kNoPool) {
          y[k] = static_cast<uint8_t>(value(from + n, k));
          continue;
        }
        const uint32_t out_w = reg(10, 0, 16);
        int largest = -128;
        int64_t sum = 0;
        for (uint32_t wy = 0; wy < reg(11, 0, 8); ++wy) {
          for (uint32_t wx = 0; wx < reg(11, 8, 8); ++wx) {
            const int64_t iy = int64_t{n / out_w} * reg(10, 16, 8) + byte(reg(11, 16, 8)) + wy;
            const int64_t ix = int64_t{n % out_w} * reg(10, 24, 8) + byte(reg(11, 24, 8)) + wx;
            if (iy < 0 || iy >= in_h || ix < 0 || ix >= in_w) continue;
            const int f = value(static_cast<uint32_t>(from + iy * in_w + ix), k);
            largest = std::max(largest, f);
            sum += f;
          }
        }
        const int64_t mean =
            floor_shift(static_cast<__int128>(sum) * reg(12, 0, 25) + reg(13, 0, 24), 24);
        y[k] = static_cast<uint8_t>(
            pooling == kMaxPool ? largest : std::min<int64_t>(127, std::max<int64_t>(-128, mean)));
      }
      ub[to + n] = y;
    }
  }
};

}  // namespace test
}  // namespace sparsys::mxu
