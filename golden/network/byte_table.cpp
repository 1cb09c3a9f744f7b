// SPDX-License-Identifier: Apache-2.0
#include "golden/network/byte_table.hpp"

#include <algorithm>
#include <cstddef>

namespace sparsys::mxu {
namespace {

constexpr int kFirst = -128;
constexpr int kLast = 127;
constexpr int kMostWeight = 127;
constexpr int kMostBits = 8;
constexpr int32_t kOne = 1 << 30;
constexpr uint8_t kOneShift = 30;

struct Knot {
  int at = 0;
  int weight = 0;  // change of slope, in 2^-bits
};

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int value_of(const ByteTable& table, int q) { return table[static_cast<size_t>(q - kFirst)]; }

// Knots of a line that begins with the table's first value and is within half a step of the table
// everywhere, from half a step below it on, in units of 2^-bits: each piece as long as it can be.
std::vector<Knot> knots_of(const ByteTable& table, int bits) {
  const int64_t one = int64_t{1} << bits;
  std::vector<Knot> knots;
  int64_t at = value_of(table, kFirst) * one;
  int64_t slope = 0;
  for (int q = kFirst; q < kLast;) {
    int64_t least = -512 * one;
    int64_t most = 512 * one;
    int last = q;
    for (int next = q + 1; next <= kLast; ++next) {
      // (value - 1/2) * one <= at + slope * run < (value + 1/2) * one, in halves
      const int run = next - q;
      const int64_t below = (2 * value_of(table, next) - 1) * one - 2 * at;
      const int64_t above = below + 2 * one;
      const int64_t from = std::max(least, floor_divide(below + 2 * run - 1, 2 * run));
      const int64_t to = std::min(most, floor_divide(above - 1, 2 * run));
      if (from > to) break;
      least = from;
      most = to;
      last = next;
    }
    if (slope < least || slope > most) {
      const int64_t chosen = floor_divide(least + most, 2);
      // A weight is a byte: larger changes take several.
      int64_t change = chosen - slope;
      while (change != 0) {
        const int64_t part = std::clamp<int64_t>(change, -kMostWeight, kMostWeight);
        knots.push_back({q, static_cast<int>(part)});
        change -= part;
      }
      slope = chosen;
    }
    at += slope * (last - q);
    q = last;
  }
  return knots;
}

}  // namespace

std::array<Layer, 2> table_layers(const Value& from, const std::vector<ByteTable>& tables,
                                  const Value& to) {
  // The fewest knots, in the finest units that do with them.
  std::vector<std::vector<Knot>> knots;
  size_t count = 0;
  int bits = 0;
  for (int b = 0; b <= kMostBits; ++b) {
    std::vector<std::vector<Knot>> made;
    size_t most = 1;
    for (const ByteTable& table : tables) {
      made.push_back(knots_of(table, b));
      most = std::max(most, made.back().size());
    }
    if (b > 0 && most > count) continue;
    knots = std::move(made);
    count = most;
    bits = b;
  }
  Layer beyond;
  beyond.channels = beyond.groups = from.channels;
  beyond.height = from.height;
  beyond.width = from.width;
  beyond.outputs = from.channels * static_cast<uint32_t>(count);
  beyond.input_scale = beyond.output_scale = from.scale;
  beyond.input_zero = from.zero;
  beyond.output_zero = kFirst;
  beyond.weights.assign(beyond.outputs, 1);
  beyond.multiplier.assign(beyond.outputs, kOne);
  beyond.shift.assign(beyond.outputs, kOneShift);
  Layer sum;
  sum.channels = beyond.outputs;
  sum.height = from.height;
  sum.width = from.width;
  sum.outputs = sum.groups = from.channels;
  sum.input_scale = beyond.output_scale;
  sum.input_zero = beyond.output_zero;
  sum.output_scale = to.scale;
  sum.output_zero = to.zero;
  sum.multiplier.assign(sum.outputs, kOne);
  sum.shift.assign(sum.outputs, static_cast<uint8_t>(kOneShift + bits));
  for (size_t c = 0; c < from.channels; ++c) {
    const size_t t = tables.size() == 1 ? 0 : c;
    int32_t bias = (tables[t][0] - to.zero) * (1 << bits);
    for (size_t k = 0; k < count; ++k) {
      const Knot knot = k < knots[t].size() ? knots[t][k] : Knot{};
      beyond.bias.push_back(-knot.at);
      sum.weights.push_back(static_cast<int8_t>(knot.weight));
      bias -= knot.weight * kFirst;  // of what the first layer's zero point adds
    }
    sum.bias.push_back(bias);
  }
  return {std::move(beyond), std::move(sum)};
}

}  // namespace sparsys::mxu
