// SPDX-License-Identifier: Apache-2.0
// The matrix unit's RTL by itself, small: programs over its ports, results against plain values
// worked out here from docs/reference/mxu-format.md, latencies against docs/reference/mxu-timing.md
// section 13.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "Vmxu_4x4.h"
#include "Vmxu_5x7.h"
#include "verilated.h"

namespace {

using Row = std::vector<int8_t>;

enum Opcode : uint32_t {
  kNop,
  kReadWeights,
  kMatrixMultiply,
  kConvolve,
  kActivate,
  kReadHost,
  kWriteHost,
  kSet,
  kSynchronise,
  kHalt
};
enum Unit : uint32_t { kMatrix, kActivation, kHostIn, kHostOut };

struct Instruction {
  Opcode opcode = kNop;
  uint32_t flags = 0;
  uint64_t low = 0;   // bits 63:0
  uint32_t high = 0;  // bits 71:64
  uint32_t waits = 0;

  // All operations of `unit` ahead, but the last `but`, must be complete.
  Instruction wait(Unit unit, uint32_t but = 0) const {
    Instruction i = *this;
    i.waits |= (but + 1) << 2 * unit;
    return i;
  }
};

Instruction read_weights(uint32_t tile, uint64_t count) {
  return {kReadWeights, 0, tile | count << 32};
}
Instruction multiply(uint64_t ub, uint64_t acc, uint64_t rows, bool switch_weights, bool add) {
  return {kMatrixMultiply, switch_weights + 2U * add, ub | acc << 24 | rows << 40};
}
Instruction convolve(uint64_t ub, uint64_t acc, int dy, int dx, bool switch_weights, bool add) {
  return {kConvolve, switch_weights + 2U * add,
          ub | acc << 24 | uint64_t{static_cast<uint8_t>(dy)} << 40 |
              uint64_t{static_cast<uint8_t>(dx)} << 48};
}
Instruction activate(uint64_t ub, uint64_t acc, uint64_t rows, uint64_t set, uint32_t function,
                     uint32_t pooling = 0) {
  return {kActivate, function | pooling << 2, ub | acc << 24 | rows << 40 | set << 56};
}
Instruction read_host(uint64_t ub, uint64_t rows) { return {kReadHost, 0, ub | rows << 24}; }
Instruction read_parameters(uint64_t set, uint64_t plane, uint64_t planes) {
  return {kReadHost, 1, (16 * set + plane) | planes << 24};
}
Instruction write_host(uint64_t ub, uint64_t rows) { return {kWriteHost, 0, ub | rows << 24}; }
Instruction set(uint32_t number, uint32_t value) { return {kSet, number, value}; }

struct Channel {
  int32_t bias, multiplier;
  uint32_t shift;
};
struct Function {
  int zero = 0, low = -128, high = 127;
  uint32_t number = 0;
};

// Requantisation and function of one accumulator, as mxu-format.md section 1 says it.
int activation(int32_t acc, const Channel& channel, const Function& f) {
  const int64_t v = std::clamp<int64_t>(int64_t{acc} + channel.bias, INT32_MIN, INT32_MAX);
  const __int128 half = channel.shift == 0 ? 0 : __int128{1} << (channel.shift - 1);
  const __int128 step = __int128{1} << channel.shift;
  const __int128 sum = __int128{v} * channel.multiplier + half;
  __int128 r = sum / step;
  if (r * step > sum) --r;
  const int r10 = static_cast<int>(std::clamp<__int128>(r, -512, 511));
  if (f.number < 2) {
    const int low = f.number == 1 ? std::max(f.low, f.zero) : f.low;
    return std::clamp(r10 + f.zero, low, f.high);
  }
  const int i = std::clamp(r10, -128, 127);
  const double x =
      f.number == 3 ? 128 * std::tanh(i / 32.0) : 256 / (1 + std::exp(-i / 16.0)) - 128;
  return std::clamp(static_cast<int>(std::floor(x + 0.5)), -128, 127);
}

// Drives the ports of one unit, with stalls of `stalls` percent on every one.
template <class Rtl>
class Bench {
  VerilatedContext context_;  // outlives the model

 public:
  std::unique_ptr<Rtl> rtl;

  Bench(int rows, int cols, uint64_t seed, uint32_t stalls)
      : rows_(rows), cols_(cols), random_(seed), stalls_(stalls) {
    context_.randReset(0);
    rtl = std::make_unique<Rtl>(&context_, "TOP");
    rtl->rst_i = 1;
    for (int n = 0; n < 2; ++n) cycle();
    rtl->rst_i = 0;
  }
  ~Bench() {
    Verilated::threadContextp(&context_);  // as in tb/lockstep/eie/rtl_adapter.hpp
    rtl->final();
  }

  std::deque<Instruction> program;
  std::deque<Row> to_unit;     // host input
  std::vector<Row> from_unit;  // host output
  std::vector<Row> tiles;      // weight memory: `rows` rows for each tile, in FIFO order
  std::vector<uint64_t> output_cycles;
  uint64_t cycles = 0, first_instruction = 0;

  int lanes() const { return std::max(rows_, cols_); }
  uint64_t below(uint64_t n) { return random_() % n; }
  int8_t byte() { return static_cast<int8_t>(random_()); }

  uint64_t status(uint32_t word) {
    rtl->status_i = word;
    rtl->clk_i = 0;
    rtl->eval();
    return rtl->status_o;
  }

  void cycle() {
    const bool given = !program.empty() && !stalled();
    rtl->inst_valid_i = given;
    if (given) {
      const Instruction& i = program.front();
      rtl->inst_i[0] = static_cast<uint32_t>(i.low);
      rtl->inst_i[1] = static_cast<uint32_t>(i.low >> 32);
      rtl->inst_i[2] = i.high | i.flags << 8 | i.waits << 16 | uint32_t{i.opcode} << 24;
    }
    rtl->hi_valid_i = !to_unit.empty() && !stalled();
    if (rtl->hi_valid_i) put(rtl->hi_data_i, to_unit.front());
    rtl->w_valid_i = !weights_.empty() && !stalled();
    if (rtl->w_valid_i) put(rtl->w_data_i, weights_.front());
    rtl->wm_ready_i = !stalled();
    rtl->ho_ready_i = !stalled();
    rtl->clk_i = 0;
    rtl->eval();
    if (rtl->rst_i == 0) {
      if (given && rtl->inst_ready_o) {
        program.pop_front();
        if (first_instruction == 0) first_instruction = cycles;
      }
      if (rtl->hi_valid_i && rtl->hi_ready_o) to_unit.pop_front();
      if (rtl->w_valid_i && rtl->w_ready_o) weights_.pop_front();
      if (rtl->wm_valid_o && rtl->wm_ready_i) {
        const auto first = tiles.begin() + static_cast<long>(rtl->wm_tile_o) * rows_;
        weights_.insert(weights_.end(), first, first + rows_);
      }
      if (rtl->ho_valid_o && rtl->ho_ready_i) {
        from_unit.push_back(get(rtl->ho_data_o));
        output_cycles.push_back(cycles);
      }
    }
    rtl->clk_i = 1;
    rtl->eval();
    ++cycles;
  }

  // Until the unit halts or stops; false if it does neither.
  bool run() {
    for (int n = 0; n < 20000; ++n) {
      cycle();
      if (rtl->halted_o || rtl->error_o) return true;
    }
    return false;
  }

  // A tile of weight memory: weight(row, column).
  void add_tile(const std::function<int(int, int)>& weight) {
    for (int r = rows_ - 1; r >= 0; --r) {
      Row row;
      for (int c = 0; c < cols_; ++c) row.push_back(static_cast<int8_t>(weight(r, c)));
      tiles.push_back(row);
    }
  }

  // The nine planes of a parameter set, through the host's port.
  void send_parameters(const std::vector<Channel>& channels) {
    for (int plane = 0; plane < 9; ++plane) {
      Row row(lanes());
      for (int c = 0; c < cols_; ++c) {
        const auto bias = static_cast<uint32_t>(channels[c].bias);
        const auto multiplier = static_cast<uint32_t>(channels[c].multiplier);
        row[c] = static_cast<int8_t>(plane < 4   ? bias >> 8 * plane
                                     : plane < 8 ? multiplier >> 8 * (plane - 4)
                                                 : channels[c].shift);
      }
      to_unit.push_back(row);
    }
  }

  std::vector<Channel> random_channels() {
    std::vector<Channel> channels;
    for (int c = 0; c < cols_; ++c) {
      channels.push_back({static_cast<int32_t>(below(20000)) - 10000,
                          static_cast<int32_t>(random_() | 0x40000000U), 38U + uint32_t(below(3))});
    }
    if (cols_ > 3) {  // edges of the rule
      channels[0] = {INT32_MAX, 1, 0};
      channels[1] = {-3, INT32_MIN, 62};
      channels[2] = {0, 3, 5};
    }
    return channels;
  }

 private:
  bool stalled() { return below(100) < stalls_; }
  template <class Port>
  void put(Port& port, const Row& row) {
    for (size_t l = 0; l < row.size(); ++l) {
      const uint64_t value = static_cast<uint8_t>(row[l]);
      if constexpr (std::is_integral<Port>::value) {
        port = static_cast<Port>((uint64_t{port} & ~(uint64_t{255} << 8 * l)) | value << 8 * l);
      } else {
        port[l / 4] = (port[l / 4] & ~(255U << l % 4 * 8)) | static_cast<uint32_t>(value)
                                                                 << l % 4 * 8;
      }
    }
  }
  template <class Port>
  Row get(const Port& port) const {
    Row row(lanes());
    for (size_t l = 0; l < row.size(); ++l) {
      if constexpr (std::is_integral<Port>::value) {
        row[l] = static_cast<int8_t>(uint64_t{port} >> 8 * l);
      } else {
        row[l] = static_cast<int8_t>(port[l / 4] >> l % 4 * 8);
      }
    }
    return row;
  }

  int rows_, cols_;
  std::mt19937_64 random_;
  uint32_t stalls_;
  std::deque<Row> weights_;
};

// Two tiles deep, two wide: accumulation over tiles, weights handed over, all four functions.
template <class Rtl>
void layer(int rows, int cols, uint64_t seed, uint32_t stalls) {
  Bench<Rtl> b(rows, cols, seed, stalls);
  const int batch = 3 + static_cast<int>(b.below(10));
  Function f;
  f.number = seed % 4;
  f.zero = static_cast<int>(b.below(40)) - 20;
  f.low = -100;
  f.high = 110;
  std::vector<std::vector<int>> x(batch, std::vector<int>(2 * rows)), w(2 * rows);
  for (auto& values : x)
    for (int& value : values) value = b.byte();
  for (auto& values : w)
    for (int c = 0; c < 2 * cols; ++c) values.push_back(b.byte());
  for (int n = 0; n < 2; ++n)
    for (int k = 0; k < 2; ++k)
      b.add_tile([&](int r, int c) { return w[k * rows + r][n * cols + c]; });
  const std::array<std::vector<Channel>, 2> channels = {b.random_channels(), b.random_channels()};
  for (const auto& set_of : channels) b.send_parameters(set_of);
  for (int k = 0; k < 2; ++k) {
    for (int i = 0; i < batch; ++i) {
      Row row(b.lanes(), 77);  // lanes from `rows` on must not matter
      for (int r = 0; r < rows; ++r) row[r] = static_cast<int8_t>(x[i][k * rows + r]);
      b.to_unit.push_back(row);
    }
  }
  const uint32_t bytes =
      uint8_t(f.zero) | uint32_t{uint8_t(f.low)} << 8 | uint32_t{uint8_t(f.high)} << 16;
  b.program = {read_weights(0, 1),
               set(8, bytes),
               read_parameters(0, 0, 9),
               read_parameters(1, 0, 9),
               read_host(0, batch),
               read_host(batch, batch),
               read_weights(1, 3),
               multiply(0, 0, batch, true, false).wait(kHostIn, 1),
               multiply(batch, 0, batch, true, true).wait(kHostIn),
               multiply(0, 16, batch, true, false),
               multiply(batch, 16, batch, true, true),
               activate(40, 0, batch, 0, f.number).wait(kMatrix, 2),
               activate(40 + batch, 16, batch, 1, f.number).wait(kMatrix),
               write_host(40, batch).wait(kActivation, 1),
               write_host(40 + batch, batch).wait(kActivation),
               {kHalt}};
  ASSERT_TRUE(b.run());
  ASSERT_FALSE(b.rtl->error_o) << std::hex << b.status(8);
  ASSERT_EQ(b.from_unit.size(), 2U * batch);
  for (int n = 0; n < 2; ++n) {
    for (int i = 0; i < batch; ++i) {
      const Row& row = b.from_unit[n * batch + i];
      for (int c = 0; c < cols; ++c) {
        int32_t acc = 0;
        for (int k = 0; k < 2 * rows; ++k) acc += x[i][k] * w[k][n * cols + c];
        ASSERT_EQ(row[c], activation(acc, channels[n][c], f))
            << "seed " << seed << " n " << n << " row " << i << " column " << c;
      }
      for (int l = cols; l < b.lanes(); ++l) ASSERT_EQ(row[l], 0);
    }
  }
  EXPECT_EQ(b.status(1), 4U * batch);
  EXPECT_EQ(b.status(0), b.status(1) + b.status(3) + b.status(4) + b.status(5));
  EXPECT_EQ(b.status(9), 16U);
  EXPECT_EQ(b.status(10), static_cast<uint64_t>(rows) | static_cast<uint64_t>(cols) << 16);
}

// A convolution with stride and padding, one tap at a time, then pooling over windows that reach
// beyond the map (max) or lie inside (average).
template <class Rtl>
void convolution(int rows, int cols, uint64_t seed, bool average) {
  Bench<Rtl> b(rows, cols, seed, 30);
  const int in_h = 7, in_w = 6, stride = 2, out_h = 4, out_w = 3;
  const int8_t pad = b.byte();
  std::vector<Row> map;
  for (int n = 0; n < in_h * in_w; ++n) {
    Row row(b.lanes());
    for (int8_t& value : row) value = b.byte();
    map.push_back(row);
    b.to_unit.push_back(row);
  }
  std::array<std::vector<std::vector<int>>, 9> w;
  for (auto& tap : w) {
    tap.assign(rows, std::vector<int>(cols));
    for (auto& values : tap)
      for (int& value : values) value = b.byte();
    b.add_tile([&](int r, int c) { return tap[r][c]; });
  }
  const auto channels = b.random_channels();
  b.send_parameters(channels);
  // 2x2 windows: inside the 4x3 map for the mean, one to the left and above it for the largest.
  const int pool_h = average ? 2 : 3, pool_w = average ? 1 : 2, begin = average ? 0 : -1;
  const int step_y = average ? 2 : 1;
  const uint32_t multiplier = 1U << 22, rounding = (1U << 23) + 64 * 4;
  b.program = {
      read_host(0, in_h * in_w),
      read_parameters(2, 0, 9),
      set(0, in_h | uint32_t{in_w} << 16),
      set(1, out_w | uint32_t{out_h} << 16),
      set(2, in_w | uint32_t{stride} << 16 | uint32_t{stride} << 24),
      set(3, static_cast<uint8_t>(pad)),
      set(8, 5 | 0x8000U | 0x7F0000U),
      set(9, out_h | uint32_t{out_w} << 16),
      set(10, uint32_t(pool_w) | uint32_t(step_y) << 16 | 2U << 24),
      set(11, 2 | 2U << 8 | uint32_t{uint8_t(begin)} << 16 | uint32_t{uint8_t(begin)} << 24),
      set(12, multiplier),
      set(13, rounding),
      read_weights(0, 9)};
  for (int tap = 0; tap < 9; ++tap) {
    auto i = convolve(0, 3, tap / 3 - 1, tap % 3 - 1, true, tap != 0);
    b.program.push_back(tap == 0 ? i.wait(kHostIn) : i);
  }
  b.program.push_back(activate(50, 3, pool_h * pool_w, 2, 0, average ? 2 : 1).wait(kMatrix));
  b.program.push_back(write_host(50, pool_h * pool_w).wait(kActivation));
  b.program.push_back({kHalt});
  ASSERT_TRUE(b.run());
  ASSERT_FALSE(b.rtl->error_o) << std::hex << b.status(8);
  ASSERT_EQ(b.from_unit.size(), static_cast<size_t>(pool_h * pool_w));
  for (int c = 0; c < cols; ++c) {
    std::array<std::array<int, 3>, 4> f{};
    for (int y = 0; y < out_h; ++y) {
      for (int x = 0; x < out_w; ++x) {
        int32_t acc = 0;
        for (int tap = 0; tap < 9; ++tap) {
          const int iy = y * stride + tap / 3 - 1, ix = x * stride + tap % 3 - 1;
          const bool inside = iy >= 0 && iy < in_h && ix >= 0 && ix < in_w;
          for (int r = 0; r < rows; ++r) {
            acc += (inside ? map[iy * in_w + ix][r] : pad) * w[tap][r][c];
          }
        }
        f[y][x] = activation(acc, channels[c], {5, -128, 127, 0});
      }
    }
    for (int y = 0; y < pool_h; ++y) {
      for (int x = 0; x < pool_w; ++x) {
        int largest = -128;
        int64_t sum = 0;
        for (int wy = 0; wy < 2; ++wy) {
          for (int wx = 0; wx < 2; ++wx) {
            const int iy = y * step_y + begin + wy, ix = x * 2 + begin + wx;
            if (iy < 0 || iy >= out_h || ix < 0 || ix >= out_w) continue;
            largest = std::max(largest, f[iy][ix]);
            sum += f[iy][ix];
          }
        }
        const auto mean = static_cast<int>(std::floor(static_cast<double>(sum) / 4 + 0.5));
        ASSERT_EQ(b.from_unit[y * pool_w + x][c], average ? mean : largest)
            << "seed " << seed << " output " << y << "," << x << " column " << c;
      }
    }
  }
}

// Section 13 of mxu-timing.md: host rows through an idle unit.
template <class Rtl>
void latencies(int rows, int cols) {
  Bench<Rtl> b(rows, cols, 1, 0);
  for (int n = 0; n < 5; ++n) b.to_unit.push_back(Row(b.lanes(), static_cast<int8_t>(n - 2)));
  b.program = {read_host(9, 5)};
  for (int n = 0; n < 20; ++n) b.cycle();
  EXPECT_TRUE(b.to_unit.empty());
  EXPECT_FALSE(b.rtl->busy_o);
  b.program = {write_host(9, 5)};
  const uint64_t taken = b.cycles;
  for (int n = 0; n < 20; ++n) b.cycle();
  ASSERT_EQ(b.from_unit.size(), 5U);
  for (int n = 0; n < 5; ++n) {
    EXPECT_EQ(b.output_cycles[n], taken + 5 + n);
    EXPECT_EQ(b.from_unit[n], Row(b.lanes(), static_cast<int8_t>(n - 2)));
  }

  // Busy from the dispatch (cycle 1) to `done` of a multiply of three rows, weights loaded.
  b.add_tile([](int, int) { return 1; });
  b.program = {read_weights(0, 1)};
  for (int n = 0; n < 60; ++n) b.cycle();
  ASSERT_FALSE(b.rtl->busy_o);
  b.program = {multiply(9, 0, 3, true, false)};
  const uint64_t start = b.cycles;
  uint64_t end = 0;
  for (int n = 0; n < 60; ++n) {
    if (b.rtl->busy_o) end = b.cycles;
    b.cycle();
  }
  EXPECT_EQ(end, start + 2 + 3 + rows + cols + 2);
}

// An operation out of range stops the unit: code, number, and nothing behind it happens.
template <class Rtl>
void errors(int rows, int cols, Instruction bad, uint64_t code) {
  Bench<Rtl> b(rows, cols, 1, 0);
  b.to_unit.assign(4, Row(b.lanes(), 1));
  b.program = {read_host(0, 2), {kSynchronise}, bad, {kSynchronise}, read_host(0, 2), {kHalt}};
  ASSERT_TRUE(b.run());
  EXPECT_TRUE(b.rtl->error_o);
  EXPECT_FALSE(b.rtl->halted_o);
  for (int n = 0; n < 50; ++n) b.cycle();
  EXPECT_EQ(b.status(8), code | 2U << 8);
  EXPECT_EQ(b.to_unit.size(), 2U);
  b.rtl->rst_i = 1;
  b.cycle();
  b.rtl->rst_i = 0;
  EXPECT_FALSE(b.rtl->error_o);
}

template <class Rtl>
void all_errors(int rows, int cols) {
  errors<Rtl>(rows, cols, {static_cast<Opcode>(10)}, 1);
  errors<Rtl>(rows, cols, set(14, 0), 1);
  errors<Rtl>(rows, cols, multiply(0, 0, 0, false, false), 2);
  errors<Rtl>(rows, cols, multiply(62, 0, 3, false, false), 3);
  errors<Rtl>(rows, cols, multiply(0xFFFFFF, 0, 1, false, false), 3);
  errors<Rtl>(rows, cols, multiply(0, 30, 3, false, false), 4);
  errors<Rtl>(rows, cols, convolve(0, 0, 0, 0, false, false), 2);
  errors<Rtl>(rows, cols, activate(0, 0, 0, 0, 0), 2);
  errors<Rtl>(rows, cols, activate(0, 0, 1, 0, 0, 1), 2);
  errors<Rtl>(rows, cols, activate(63, 0, 2, 0, 0), 3);
  errors<Rtl>(rows, cols, activate(0, 31, 2, 0, 0), 4);
  errors<Rtl>(rows, cols, activate(0, 0, 2, 4, 0), 5);
  errors<Rtl>(rows, cols, read_host(63, 2), 3);
  errors<Rtl>(rows, cols, read_parameters(4, 0, 1), 5);
  errors<Rtl>(rows, cols, read_parameters(0, 1, 9), 5);
  errors<Rtl>(rows, cols, write_host(64, 1), 3);
  errors<Rtl>(rows, cols, write_host(0, 0), 2);
  errors<Rtl>(rows, cols, read_weights(0, 0), 2);
}

TEST(MxuSmoke, LayerOn4x4) {
  for (uint64_t seed = 1; seed <= 60; ++seed) layer<Vmxu_4x4>(4, 4, seed, seed % 3 * 30);
}
TEST(MxuSmoke, LayerOn5x7) {
  for (uint64_t seed = 1; seed <= 60; ++seed) layer<Vmxu_5x7>(5, 7, seed, seed % 3 * 30);
}
TEST(MxuSmoke, ConvolutionAndPooling) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    convolution<Vmxu_4x4>(4, 4, seed, seed % 2 == 0);
    convolution<Vmxu_5x7>(5, 7, seed, seed % 2 == 0);
  }
}
TEST(MxuSmoke, Latencies) {
  latencies<Vmxu_4x4>(4, 4);
  latencies<Vmxu_5x7>(5, 7);
}
TEST(MxuSmoke, ErrorsStopTheUnit) {
  all_errors<Vmxu_4x4>(4, 4);
  all_errors<Vmxu_5x7>(5, 7);
}

}  // namespace
