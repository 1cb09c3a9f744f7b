// SPDX-License-Identifier: Apache-2.0
// What a program of the matrix unit makes of its memories, untimed.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "golden/function/mxu/operators.hpp"
#include "tb/support/mxu/host.hpp"

namespace sparsys::mxu {
namespace test {

// The machine in program order, one operation after the other: the oracle of programs. Its
// arithmetic is the functional model's.
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
              tile[r][k] = static_cast<int8_t>(stored[r][k]);
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
      case 10:
        drop_weights();
        registers = {};
        break;
      default:
        break;
    }
  }

  // As a reset or flush does: all weights are 0.
  void drop_weights() {
    fifo.clear();
    for (std::vector<int>& row : used) std::fill(row.begin(), row.end(), 0);
  }

 private:
  uint32_t reg(uint32_t n, uint32_t lsb, uint32_t width) const {
    return registers[n] >> lsb & static_cast<uint32_t>((uint64_t{1} << width) - 1);
  }
  static int8_t byte(uint64_t value) { return static_cast<int8_t>(value); }

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
    const uint32_t length = static_cast<uint32_t>(i.get(40, 16));
    const Parameters& p = parameters[i.get(56, 8)];
    const auto rounding = static_cast<Rounding>(i.get(76, 1));
    const auto value = [&](uint32_t row, uint32_t k) {
      int32_t r10 = 0;
      if (i.get(77, 1)) {
        const Parameters& second = parameters[i.get(56, 8) + 1];
        const Parameters& total = parameters[i.get(56, 8) + 2];
        r10 = add({acc[row][k], acc[row + length][k]}, {p.bias[k], second.bias[k]},
                  {p.multiplier[k], second.multiplier[k], total.multiplier[k]},
                  {p.shift[k], second.shift[k], total.shift[k]}, rounding);
      } else {
        r10 = requantise(acc[row][k], p.bias[k], p.multiplier[k], p.shift[k], rounding);
      }
      return apply(static_cast<Function>(i.get(72, 2)), r10, byte(reg(8, 0, 8)), byte(reg(8, 8, 8)),
                   byte(reg(8, 16, 8)));
    };
    const uint32_t in_h = reg(9, 0, 16), in_w = reg(9, 16, 16), out_w = reg(10, 0, 16);
    for (uint32_t n = 0; n < length; ++n) {
      Row y(c.lanes(), 0);
      for (uint32_t k = 0; k < c.cols; ++k) {
        if (pooling == kNoPool) {
          y[k] = static_cast<uint8_t>(value(from + n, k));
          continue;
        }
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
        // By the unit's two registers, which need not be those of a mean.
        const int64_t round = reg(13, 0, 24);
        const bool mirrored = rounding == Rounding::kDouble && sum < 0;
        const int64_t mean = (sum * reg(12, 0, 25) + (mirrored ? (1 << 24) - round : round)) >> 24;
        y[k] = static_cast<uint8_t>(pooling == kMaxPool ? largest
                                                        : std::clamp<int64_t>(mean, -128, 127));
      }
      ub[to + n] = y;
    }
  }
};

}  // namespace test
}  // namespace sparsys::mxu
