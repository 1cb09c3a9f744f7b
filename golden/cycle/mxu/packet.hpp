// SPDX-License-Identifier: Apache-2.0
// A weight on its way down a bus, as the RTL's packets are: from the lowest bit value (8), column
// (2), row (ROW_W), valid (docs/reference/mxu-timing.md section 2).
#pragma once

#include <cstdint>

namespace sparsys::mxu {

class PacketFormat {
 public:
  explicit PacketFormat(uint32_t row_w)
      : row_mask_((1U << row_w) - 1), valid_(1U << (10 + row_w)) {}

  uint32_t pack(bool valid, uint32_t row, uint32_t col, uint8_t value) const {
    return (valid ? valid_ : 0) | row << 10 | col << 8 | value;
  }
  bool valid(uint32_t packet) const { return (packet & valid_) != 0; }
  uint32_t row(uint32_t packet) const { return packet >> 10 & row_mask_; }
  static uint32_t col(uint32_t packet) { return packet >> 8 & 3; }
  static uint8_t value(uint32_t packet) { return static_cast<uint8_t>(packet); }
  // Its row counted from one that lies `rows` below, modulo 2^ROW_W.
  uint32_t lower(uint32_t packet, uint32_t rows) const {
    return (packet & ~(row_mask_ << 10)) | ((row(packet) - rows) & row_mask_) << 10;
  }

 private:
  uint32_t row_mask_;
  uint32_t valid_;
};

}  // namespace sparsys::mxu
