// SPDX-License-Identifier: Apache-2.0
// The checks of a command (docs/reference/top-timing.md section 8).
#pragma once

#include <cstdint>

#include "golden/base/bits.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

struct CheckShape {
  uint32_t addr_w = 40;  // AXI_ADDR_W
  bool sparse = true, matrix = true;
  uint32_t n_pe = 64;
  uint32_t row_bytes = 256;    // LANES of the matrix unit
  uint32_t weight_bytes = 64;  // of a beat of weights
};

class Check {
 public:
  explicit Check(const CheckShape& shape) : shape_(shape) {}

  // Ports.
  uint8_t valid_i = 0;
  uint64_t word_i[4] = {};
  uint32_t window_first_i = 0, window_last_i = 0;
  uint8_t ready_o = 0;
  uint8_t take_i = 0;

  // Registers.
  uint8_t step_q = 0, pass_q = 0, bad_q = 0, off_q = 0, length_q = 0, used_q = 0, two_q = 0,
          below_q = 0, above_q = 0, out_q = 0, code_q = 0;
  uint16_t op_q = 0;  // a bit for each opcode, in their order
  uint64_t size_q = 0, less_q = 0, end_q = 0;
  uint32_t detail_q = 0, page_q = 0;

  // What counts: of registers that are loaded in a step, behind it, with an opcode that is known;
  // with an address.
  uint8_t fields = 0, spans = 0, ends = 0, sides = 0, told = 0;

  void propagate() {
    ready_o = step_q == 7;
    fields = step_q >= 2 && op_q != 0;
    spans = fields && used_q;
    ends = spans && step_q >= 4;
    sides = spans && step_q >= 5;
    told = ready_o && code_q != 0;
  }
  void update(bool rst);

 private:
  enum : uint32_t { kNop, kFence, kHalt, kLoad, kStore, kList, kRun, kIn, kOut };
  bool is(uint32_t op) const { return op_q >> op & 1; }
  uint8_t flags() const { return static_cast<uint8_t>(word_i[0] >> 8); }
  void look();
  void tell();

  CheckShape shape_;
};

inline void Check::look() {
  const uint64_t* w = word_i;
  const bool moves = is(kLoad) || is(kStore);
  const bool rows = is(kIn) || is(kOut);
  const bool write = is(kFence) && (flags() & flag::kFenceWrite);
  const bool bytes = moves && (flags() & flag::kSparseLoadBytes);
  const bool spread = is(kLoad) && (flags() & flag::kSparseLoadSpread);
  used_q = moves || rows || is(kRun) || write;
  const uint8_t flags_mask = is(kFence) ? 7 : is(kLoad) ? 3 : is(kStore) ? 2 : 0;
  const auto upper = static_cast<uint32_t>(w[2] >> 32);
  const auto lower = static_cast<uint32_t>(w[2]);
  const uint32_t space = lower >> 28, row = upper & 0xFFFF;
  bool bad0 = (w[0] >> 16 & 0xFFFF) != 0 || (flags() & ~flags_mask) != 0;
  if (is(kHalt)) bad0 = bad0 || w[0] >> 32 != 0;
  const bool bad1 = w[1] >> 44 != 0 || (!used_q && w[1] != 0);
  bool bad2 = false;
  if (is(kNop) || is(kHalt)) bad2 = w[2] != 0;
  if (is(kFence)) bad2 = upper != 0;
  if (is(kList)) bad2 = lower >> 16 != 0 || upper >> 16 != 0 || upper == 0;
  if (is(kIn)) bad2 = upper >> 24 != 0;
  if (is(kOut)) bad2 = upper >> 16 != 0;
  if (rows) bad2 = bad2 || row == 0 || row > shape_.row_bytes;
  if (is(kLoad)) bad2 = space > 6;
  if (is(kStore)) bad2 = space < 2 || space > 4;
  if (bytes) bad2 = bad2 || (space != 2 && space != 3);
  if (spread) bad2 = bad2 || space > 1 || (lower >> 20 & 0xFF) != 0;
  bool bad3 = w[3] != 0;
  if (bytes) bad3 = (w[3] & ~uint64_t{0xFF1FFFFF}) != 0;
  if (is(kRun)) bad3 = w[3] >> 44 != 0 || (upper == 0 && w[3] != 0);
  bad_q = static_cast<uint8_t>(bad0 | bad1 << 1 | bad2 << 2 | bad3 << 3);
  const uint64_t alignment = is(kFence) ? 8 : kAlignment;
  off_q = static_cast<uint8_t>((used_q && w[1] % alignment != 0) |
                               (is(kRun) && w[3] % kPageBytes != 0) << 1);
  length_q = 0;
  if (moves) length_q = upper == 0 || upper > 1U << 28;
  if (is(kRun)) length_q = lower == 0 || lower > 1U << 24;
  if (rows) length_q = lower == 0;
  two_q = is(kRun) && upper != 0;
  size_q = 8;
  if (moves) size_q = uint64_t{upper} * (bytes ? (shape_.n_pe < 4 ? shape_.n_pe : 4) : 8);
  if (is(kRun)) size_q = uint64_t{lower} * 16;
  if (rows) size_q = lower;
  pass_q = out_q = 0;
}

inline void Check::tell() {
  const bool moves = is(kLoad) || is(kStore);
  const uint64_t* w = word_i;
  const auto at = [&](uint32_t code, uint32_t which) {
    const uint64_t address = which ? w[3] : w[1];
    code_q = static_cast<uint8_t>(code);
    detail_q = static_cast<uint32_t>(address);
    page_q = static_cast<uint32_t>((address & low_mask(44)) >> 12);
  };
  code_q = 0;
  page_q = 0;
  if (op_q == 0) {
    code_q = static_cast<uint8_t>(ErrorCode::kOpcode);
    detail_q = w[0] & 0xFF;
  } else if (bad_q) {
    code_q = static_cast<uint8_t>(ErrorCode::kField);
    detail_q = lowest_bit(bad_q);
  } else if (off_q) {
    at(static_cast<uint32_t>(ErrorCode::kAlignment), off_q & 1 ? 0 : 1);
  } else if (length_q) {
    code_q = static_cast<uint8_t>(ErrorCode::kLength);
    detail_q = static_cast<uint32_t>(moves ? w[2] >> 32 : w[2]);
  } else if (used_q && out_q) {
    at(static_cast<uint32_t>(ErrorCode::kAddress), out_q & 1 ? 0 : 1);
  }
}

inline void Check::update(bool rst) {
  uint8_t next = static_cast<uint8_t>(step_q + 1);
  switch (step_q) {
    case 0: {
      const auto opcode = static_cast<Opcode>(word_i[0] & 0xFF);
      const Opcode all[] = {Opcode::kNop,        Opcode::kFence,       Opcode::kHalt,
                            Opcode::kSparseLoad, Opcode::kSparseStore, Opcode::kSparseRun,
                            Opcode::kMatrixRun,  Opcode::kMatrixIn,    Opcode::kMatrixOut};
      op_q = 0;
      for (uint32_t n = 0; n < 9; ++n) {
        const bool there = n < 3 || (n < 6 ? shape_.sparse : shape_.matrix);
        if (opcode == all[n] && there) op_q = static_cast<uint16_t>(1U << n);
      }
      next = valid_i ? 1 : 0;
      break;
    }
    case 1:
      look();
      break;
    case 2:
      less_q = (size_q - 1) & low_mask(39);
      break;
    case 3:
      end_q = ((pass_q ? word_i[3] : word_i[1]) & low_mask(44)) + less_q;
      end_q &= low_mask(45);
      break;
    case 4: {
      const uint64_t first = ((pass_q ? word_i[3] : word_i[1]) & low_mask(44)) >> 12;
      below_q = first < window_first_i;
      above_q = end_q >> 12 > window_last_i || end_q >> shape_.addr_w != 0;
      break;
    }
    case 5:
      if (below_q || above_q) out_q = static_cast<uint8_t>(out_q | 1U << pass_q);
      next = two_q && !pass_q ? 2 : 6;
      pass_q = 1;
      size_q = (word_i[2] >> 32) * shape_.weight_bytes;
      break;
    case 6:
      tell();
      break;
    default:
      next = take_i ? 0 : 7;
      break;
  }
  if (rst) {
    step_q = pass_q = code_q = 0;
    return;
  }
  step_q = next;
}

}  // namespace sparsys::top
