// SPDX-License-Identifier: Apache-2.0
// Requests of the matrix unit for weights as requests of the bus, and its beats from those of the
// bus (docs/reference/top-units-timing.md section 10).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/top/units/command.hpp"

namespace sparsys::top {

class WeightUnit {
 public:
  enum State : uint8_t { kIdle, kAdd, kRequest, kOver };
  static constexpr uint32_t kParts = 8;

  // bytes: AXI_BYTES; beat_bytes: of a beat of weights.
  WeightUnit(uint32_t bytes, uint32_t addr_w, uint32_t beat_bytes)
      : parts(kParts),
        parts_q(beat_bytes > bytes ? beat_bytes - bytes : 0),
        w_data_(beat_bytes),
        a_(bytes),
        w_(beat_bytes),
        addr_mask_(low_mask(addr_w)) {}

  // Ports.
  ReadPorts r;
  uint8_t run_i = 0;
  uint64_t base_i = 0;
  uint32_t limit_i = 0;
  uint8_t over_o = 0;
  uint32_t over_beat_o = 0;
  uint8_t wm_valid_i = 0, wm_ready_o = 0;
  uint32_t wm_addr_i = 0;
  uint8_t wm_beats_i = 0;
  uint8_t w_valid_o = 0, w_ready_i = 0;
  const uint8_t* w_data_o() const { return w_data_.data(); }

  // Registers.
  uint8_t state_q = kIdle;
  uint32_t addr_q = 0, last_q = 0;
  uint8_t beats_q = 0, req_beats_q = 0;
  uint64_t req_addr_q = 0;
  uint8_t part_q = 0;                             // wider than the bus
  uint8_t open_q = 0, part_left_q = 0, at_q = 0;  // narrower
  Fifo<uint16_t> parts;                           // beats, the first's place << 5
  std::vector<uint8_t> parts_q;

  void propagate() {
    parts.propagate();
    wm_ready_o = state_q == kIdle && run_i;
    r.req_valid_o = state_q == kRequest && (w_ >= a_ || !parts.full_o);
    r.req_addr_o = req_addr_q;
    r.req_beats_o = req_beats_q;
    over_o = state_q == kOver;
    over_beat_o = addr_q;
    if (w_ == a_) {
      w_valid_o = r.data_valid_i;
      r.data_ready_o = w_ready_i;
      if (w_valid_o) w_data_.assign(r.data_i, r.data_i + a_);
    } else if (w_ > a_) {
      const bool last = part_q == w_ / a_ - 1;
      w_valid_o = r.data_valid_i && last;
      r.data_ready_o = !last || w_ready_i;
      if (w_valid_o) {
        std::copy(parts_q.begin(), parts_q.end(), w_data_.begin());
        std::copy(r.data_i, r.data_i + a_, w_data_.begin() + (w_ - a_));
      }
    } else {
      w_valid_o = open_q && r.data_valid_i;
      r.data_ready_o = open_q && w_ready_i && (at_q == a_ / w_ - 1 || part_left_q == 1);
      if (w_valid_o) w_data_.assign(r.data_i + w_ * at_q, r.data_i + w_ * (at_q + 1U));
    }
  }

  void update(bool rst) {
    if (rst) {
      state_q = kIdle;
      part_q = open_q = 0;
      parts.update(true);
      return;
    }
    const bool taken = r.req_valid_o && r.req_ready_i;
    uint8_t next = state_q;
    switch (state_q) {
      case kIdle:
        if (!wm_valid_i || !run_i) break;
        addr_q = wm_addr_i;
        beats_q = wm_beats_i;
        last_q = (wm_addr_i & ~15U) | ((wm_addr_i + wm_beats_i - 1U) & 15);
        next = kAdd;
        break;
      case kAdd:
        req_addr_q = (base_i + uint64_t{w_} * addr_q) & addr_mask_ & ~uint64_t{a_ - 1};
        if (w_ >= a_) {
          req_beats_q = static_cast<uint8_t>(beats_q * (w_ / a_));
        } else {
          const uint32_t of_beat = a_ / w_;
          req_beats_q = static_cast<uint8_t>((last_q / of_beat - addr_q / of_beat + 1) & 31);
        }
        next = last_q >= limit_i ? kOver : kRequest;
        break;
      case kRequest:
        if (taken) next = kIdle;
        break;
      default:
        break;
    }
    update_beats(taken);
    state_q = next;
  }

 private:
  void update_beats(bool taken) {
    const bool beat = r.data_valid_i && r.data_ready_o;
    if (w_ > a_) {
      if (beat) {
        if (part_q != w_ / a_ - 1) {
          std::copy(parts_q.begin() + a_, parts_q.end(), parts_q.begin());
          std::copy(r.data_i, r.data_i + a_, parts_q.end() - a_);
        }
        part_q = static_cast<uint8_t>((part_q + 1) % (w_ / a_));
      }
    } else if (w_ < a_) {
      const uint32_t of_beat = a_ / w_;
      const bool given = w_valid_o && w_ready_i;
      const bool end = given && part_left_q == 1;
      const bool open = (!open_q || end) && !parts.empty_o;
      parts.push_i = taken;
      parts.data_i = static_cast<uint16_t>(beats_q | addr_q % of_beat << 5);
      parts.pop_i = open;
      if (open) {
        at_q = static_cast<uint8_t>(parts.head_o >> 5);
        part_left_q = parts.head_o & 31;
      } else if (!end && given) {
        at_q = static_cast<uint8_t>((at_q + 1) % of_beat);
        --part_left_q;
      }
      if (open) {
        open_q = 1;
      } else if (end) {
        open_q = 0;
      }
      parts.update(false);
    }
  }

  std::vector<uint8_t> w_data_;
  uint32_t a_, w_;
  uint64_t addr_mask_;
};

}  // namespace sparsys::top
