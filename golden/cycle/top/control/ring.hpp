// SPDX-License-Identifier: Apache-2.0
// Commands out of the ring (docs/reference/top-timing.md section 7).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "golden/cycle/top/units/command.hpp"

namespace sparsys::top {

class Ring {
 public:
  enum State : uint8_t { kLook, kAsk, kWait };
  static constexpr uint32_t kCommandBytes = 32;

  // bytes: AXI_BYTES.
  explicit Ring(uint32_t bytes) : axi_bytes_(bytes) {}

  // Ports.
  ReadPorts r;
  uint8_t run_i = 0;  // CONTROL.run, no stop, no Halt at the front
  uint32_t tail_i = 0, head_i = 0;
  uint32_t ring_page_i = 0;
  uint8_t ring_log2_i = 0;
  uint8_t cmd_take_i = 0, flush_i = 0;
  uint8_t work_o = 0, still_o = 0;

  // Registers.
  uint8_t state_q = kLook, over_q = 0, count_q = 0, owed_q = 0, part_q = 0, odd_q = 0, drop_q = 0,
          cmd_valid_q = 0;
  uint32_t fetched_q = 0, waiting_q = 0, pending_q = 0, told_q = 0, size_q = 0, page_q = 0;
  uint16_t mask_q = 0;
  std::array<uint32_t, 8> cmd_q{};

  // A 64-bit word of the command.
  uint64_t word(uint32_t n) const { return uint64_t{cmd_q[2 * n + 1]} << 32 | cmd_q[2 * n]; }

  void propagate() {
    const uint32_t place = (fetched_q & mask_q) % 128 * kCommandBytes;
    const uint32_t last = place + count_q * kCommandBytes - 1;
    r.req_valid_o = state_q == kAsk;
    r.req_addr_o = uint64_t{page_q} << 12 | (place / axi_bytes_ * axi_bytes_);
    r.req_beats_o = last / axi_bytes_ - place / axi_bytes_ + 1;
    const bool room = !cmd_valid_q || drop_q;
    r.data_ready_o = room && (axi_bytes_ != 64 || odd_q || owed_q == 1);
    loads_ = room && r.data_valid_i;
    work_o = state_q != kLook || owed_q != 0 || cmd_valid_q || drop_q;
    still_o = state_q == kLook;
  }

  void update(bool rst) {
    const uint32_t most = axi_bytes_ == 64 ? 0 : 4;
    const uint32_t block = size_q == 2 ? 2 : 4;
    const bool look = run_i && pending_q != 0 && owed_q <= most && !over_q && !drop_q;
    const bool asked = state_q == kAsk && r.req_ready_i;
    const uint32_t count = std::min(pending_q, block - fetched_q % block);
    const uint32_t page = ring_page_i + (fetched_q & mask_q) / 128;
    if (state_q == kLook) {
      count_q = static_cast<uint8_t>(count);
      page_q = page;
    }
    const bool over = size_q == 0 || waiting_q > size_q;
    told_q = waiting_q;
    waiting_q = tail_i - head_i;
    pending_q = tail_i - fetched_q;
    const bool in_range = ring_log2_i >= 1 && ring_log2_i <= 16;
    size_q = in_range ? 1U << ring_log2_i : 0;
    mask_q = static_cast<uint16_t>((uint64_t{1} << ring_log2_i) - 1);
    bool whole = false;
    if (loads_) whole = load();
    if (rst) {
      state_q = kLook;
      fetched_q = 0;
      over_q = owed_q = part_q = odd_q = drop_q = cmd_valid_q = 0;
      return;
    }
    over_q = over;
    const uint8_t owed = owed_q;
    owed_q = static_cast<uint8_t>(owed_q + (asked ? count_q : 0) - whole);
    if (asked) fetched_q += count_q;
    if (cmd_take_i) cmd_valid_q = 0;
    if (whole) cmd_valid_q = !drop_q;
    if (loads_) {
      if (axi_bytes_ == 64) {
        odd_q = !odd_q;
      } else {
        part_q = whole ? 0 : static_cast<uint8_t>(part_q + 1);
      }
    }
    if (drop_q) {
      cmd_valid_q = 0;
      fetched_q = head_i;
      if (owed == 0) {
        odd_q = head_i & 1;
        drop_q = 0;
      }
    }
    if (flush_i) drop_q = 1;
    if (state_q == kLook) {
      if (look) state_q = kAsk;
    } else if (state_q == kAsk) {
      if (asked) state_q = kWait;
    } else {
      state_q = kLook;
    }
  }

 private:
  // The beat, or its half, into the command. Whether this is its last part.
  bool load() {
    uint32_t* words = cmd_q.data();
    if (axi_bytes_ == 64) {
      std::memcpy(words, r.data_i + (odd_q ? 32 : 0), kCommandBytes);
      return true;
    }
    const uint32_t parts = kCommandBytes / axi_bytes_;
    std::memmove(words, reinterpret_cast<uint8_t*>(words) + axi_bytes_, kCommandBytes - axi_bytes_);
    std::memcpy(reinterpret_cast<uint8_t*>(words) + kCommandBytes - axi_bytes_, r.data_i,
                axi_bytes_);
    return part_q == parts - 1;
  }

  uint32_t axi_bytes_;
  bool loads_ = false;
};

}  // namespace sparsys::top
