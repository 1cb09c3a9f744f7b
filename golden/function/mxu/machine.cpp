// SPDX-License-Identifier: Apache-2.0
#include "golden/function/mxu/machine.hpp"

#include <algorithm>
#include <cstddef>

#include "golden/base/bits.hpp"
#include "golden/function/mxu/operators.hpp"

namespace sparsys::mxu {
namespace {

int8_t byte(uint64_t value) { return static_cast<int8_t>(value); }

}  // namespace

Machine::Machine(const MachineShape& shape)
    : c(shape),
      ub(shape.ub_depth, Row(shape.lanes)),
      acc(shape.acc_depth, std::vector<int32_t>(shape.cols)),
      parameters(shape.param_sets,
                 ParameterSet{std::vector<int32_t>(shape.cols), std::vector<int32_t>(shape.cols),
                              std::vector<uint32_t>(shape.cols)}),
      used(shape.rows, std::vector<int>(shape.cols)) {}

void Machine::run(const std::array<uint32_t, 3>& words) {
  const uint32_t* i = words.data();
  const uint32_t row = get_field(i, 0, 24);
  switch (get_field(i, 88, 8)) {
    case 2:
    case 3:
      matrix(i, get_field(i, 88, 8) == 3);
      break;
    case 4:
      activation(i);
      break;
    case 5:
      for (uint32_t n = 0; n < get_field(i, 24, 16); ++n) {
        const Row data = input.front();
        input.pop_front();
        if (get_field(i, 72, 1)) {
          parameter_plane((row + n) / 16, (row + n) % 16, data);
        } else {
          ub[row + n] = data;
        }
      }
      break;
    case 6:
      for (uint32_t n = 0; n < get_field(i, 24, 16); ++n) output.push_back(ub[row + n]);
      break;
    case 7:
      registers[get_field(i, 72, 8) & 15] = get_field(i, 0, 32);
      break;
    case 10:
      drop_weights();
      registers = {};
      break;
    default:
      break;
  }
}

void Machine::drop_weights() {
  fifo.clear();
  for (std::vector<int>& row : used) std::fill(row.begin(), row.end(), 0);
}

void Machine::parameter_plane(uint32_t set, uint32_t plane, const Row& data) {
  for (uint32_t k = 0; k < c.cols; ++k) {
    ParameterSet& p = parameters[set];
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

void Machine::matrix(const uint32_t* i, bool conv) {
  const uint32_t base = get_field(i, 0, 24);
  const uint32_t first = get_field(i, 24, 16);
  const uint32_t in_h = reg(0, 0, 16), in_w = reg(0, 16, 16);
  const uint32_t out_w = reg(1, 0, 16), out_h = reg(1, 16, 16);
  const uint32_t pitch = reg(2, 0, 16), stride_y = reg(2, 16, 8), stride_x = reg(2, 24, 8);
  const uint32_t length = conv ? out_h * out_w : get_field(i, 40, 16);
  std::vector<int32_t> sums(c.cols);
  if (get_field(i, 72, 1)) {
    used = fifo.front();
    fifo.pop_front();
  }
  for (uint32_t n = 0; n < length; ++n) {
    Row x(c.lanes, static_cast<uint8_t>(reg(3, 0, 8)));
    bool inside = true;
    if (conv) {
      const int64_t y = int64_t{n / out_w} * stride_y + byte(get_field(i, 40, 8));
      const int64_t z = int64_t{n % out_w} * stride_x + byte(get_field(i, 48, 8));
      inside = y >= 0 && y < in_h && z >= 0 && z < in_w;
      if (inside) x = ub[static_cast<size_t>(base + y * pitch + z)];
    } else {
      x = ub[base + n];
    }
    ++active;
    if (inside) useful += (get_field(i, 56, 8) + 1) * (get_field(i, 64, 8) + 1);
    std::vector<int32_t>& a = acc[first + n];
    if (!get_field(i, 73, 1)) std::fill(a.begin(), a.end(), 0);
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

void Machine::activation(const uint32_t* i) {
  const uint32_t to = get_field(i, 0, 24);
  const uint32_t from = get_field(i, 24, 16);
  const uint32_t pooling = get_field(i, 74, 2);
  const uint32_t length = get_field(i, 40, 16);
  const ParameterSet& p = parameters[get_field(i, 56, 8)];
  const auto rounding = static_cast<Rounding>(get_field(i, 76, 1));
  const auto value = [&](uint32_t row, uint32_t k) {
    int32_t r10 = 0;
    if (get_field(i, 77, 1)) {
      const ParameterSet& second = parameters[get_field(i, 56, 8) + 1];
      const ParameterSet& total = parameters[get_field(i, 56, 8) + 2];
      r10 = add({acc[row][k], acc[row + length][k]}, {p.bias[k], second.bias[k]},
                {p.multiplier[k], second.multiplier[k], total.multiplier[k]},
                {p.shift[k], second.shift[k], total.shift[k]}, rounding);
    } else {
      r10 = requantise(acc[row][k], p.bias[k], p.multiplier[k], p.shift[k], rounding);
    }
    return apply(static_cast<Function>(get_field(i, 72, 2)), r10, byte(reg(8, 0, 8)),
                 byte(reg(8, 8, 8)), byte(reg(8, 16, 8)));
  };
  const uint32_t in_h = reg(9, 0, 16), in_w = reg(9, 16, 16), out_w = reg(10, 0, 16);
  for (uint32_t n = 0; n < length; ++n) {
    Row y(c.lanes, 0);
    for (uint32_t k = 0; k < c.cols; ++k) {
      if (pooling == 0) {
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
      y[k] = static_cast<uint8_t>(pooling == 1 ? largest : std::clamp<int64_t>(mean, -128, 127));
    }
    ub[to + n] = y;
  }
}

}  // namespace sparsys::mxu
