// SPDX-License-Identifier: Apache-2.0
// Rows of the matrix unit's host ports from beats and to beats (docs/reference/top-units-timing.md
// sections 5 to 7).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/top/units/command.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

// Walks over the rows of a command, a piece of at most AXI_BYTES a step.
class RowWalk {
 public:
  explicit RowWalk(uint32_t bytes) : axi_bytes_(bytes) {}

  // Ports.
  uint8_t start_i = 0;
  uint32_t length_i = 0;
  uint16_t row_i = 0;
  uint8_t step_i = 0;
  uint8_t valid_o = 0, short_o = 0, bytes_o = 0, first_o = 0, row_end_o = 0, end_o = 0;

  // Registers.
  uint8_t run_q = 0, first_q = 0;
  uint64_t after_q = 0;  // 33 bits, signed
  uint16_t left_q = 0;

  void propagate() {
    const bool below = after_q >> 32 & 1;
    row_end_o = left_q <= axi_bytes_;
    bytes_o = static_cast<uint8_t>(row_end_o ? left_q : axi_bytes_);
    first_o = first_q;
    end_o = row_end_o && after_q == 0;
    short_o = run_q && below;
    valid_o = run_q && !below;
  }

  void update(bool rst) {
    if (rst) {
      run_q = 0;
      return;
    }
    const bool end = step_i && end_o;
    if (step_i) {
      first_q = row_end_o;
      left_q = static_cast<uint16_t>(row_end_o ? row_i : left_q - axi_bytes_);
      if (row_end_o) after_q = (after_q - row_i) & low_mask(33);
    }
    if (start_i) {
      after_q = (uint64_t{length_i} - row_i) & low_mask(33);
      left_q = row_i;
      first_q = 1;
    }
    if (end) run_q = 0;
    if (start_i) run_q = 1;
  }

 private:
  uint32_t axi_bytes_;
};

class RowsIn : public UnitPorts {
 public:
  enum State : uint8_t { kIdle, kRequest, kMove, kDrain };

  // bytes: AXI_BYTES; lanes: of a row.
  RowsIn(uint32_t bytes, uint32_t lanes)
      : walk(bytes), hold_q(bytes), piece_q(bytes), row_q(lanes), axi_bytes_(bytes) {}

  // Ports.
  ReadPorts r;
  uint8_t hi_valid_o = 0, hi_ready_i = 0;
  const uint8_t* hi_data_o() const { return row_q.data(); }

  // Registers.
  uint8_t state_q = kIdle, offset_q = 0;
  uint8_t piece_valid_q = 0, piece_bytes_q = 0, piece_first_q = 0, piece_end_q = 0;
  uint8_t row_valid_q = 0, chunk_q = 0;

  RowWalk walk;
  std::vector<uint8_t> hold_q, piece_q, row_q;

  void propagate() {
    walk.start_i = state_q == kIdle && start_i;
    walk.length_i = static_cast<uint32_t>(word2_i);
    walk.row_i = static_cast<uint16_t>(word2_i >> 32);
    walk.propagate();
    place_ = piece_valid_q && (!row_valid_q || hi_ready_i);
    const bool room = !piece_valid_q || place_;
    need_ = offset_q + walk.bytes_o > axi_bytes_;
    const bool move = state_q == kMove && walk.valid_o && room;
    walk.step_i = move && (!need_ || r.data_valid_i);
    r.data_ready_o = move && need_;
    r.req_valid_o = state_q == kRequest;
    r.req_addr_o = address_i;
    r.req_beats_o = static_cast<uint32_t>((uint64_t{walk.length_i} + axi_bytes_ - 1) / axi_bytes_);
    hi_valid_o = row_valid_q;
    const bool empty = !piece_valid_q && !row_valid_q;
    complete_o = state_q == kDrain && empty;
    error_o = state_q == kMove && walk.short_o && empty;
    code_o = static_cast<uint8_t>(ErrorCode::kLength);
    detail_o = walk.length_i;
  }

  void update(bool rst) {
    if (rst) {
      walk.update(true);
      state_q = kIdle;
      piece_valid_q = row_valid_q = 0;
      return;
    }
    const bool step = walk.step_i;
    const uint32_t n = walk.bytes_o;
    const uint8_t chunk = piece_first_q ? 0 : chunk_q;
    if (place_) {
      const auto fill = static_cast<uint8_t>(word2_i >> 48);
      for (uint32_t lane = 0; lane < row_q.size(); ++lane) {
        const uint32_t from = chunk * axi_bytes_;
        if (lane >= from && lane < from + axi_bytes_) {
          row_q[lane] = lane - from < piece_bytes_q ? piece_q[lane - from] : fill;
        } else if (piece_first_q) {
          row_q[lane] = fill;
        }
      }
      chunk_q = static_cast<uint8_t>(chunk + 1);
    }
    const bool was_end = piece_end_q;
    if (step) {
      for (uint32_t b = 0; b < axi_bytes_; ++b) {
        const uint32_t at = offset_q + b;
        piece_q[b] = at < axi_bytes_ ? hold_q[at] : r.data_i ? r.data_i[at - axi_bytes_] : 0;
      }
      piece_bytes_q = static_cast<uint8_t>(n);
      piece_first_q = walk.first_o;
      piece_end_q = walk.row_end_o;
      offset_q = static_cast<uint8_t>(offset_q + n - (need_ ? axi_bytes_ : 0));
      if (need_) hold_q.assign(r.data_i, r.data_i + axi_bytes_);
    }
    uint8_t next = state_q;
    if (state_q == kIdle && start_i) {
      next = kRequest;
      offset_q = static_cast<uint8_t>(axi_bytes_);
    }
    if (state_q == kRequest && r.req_ready_i) next = kMove;
    if (step && walk.end_o) next = kDrain;
    if (complete_o || error_o) next = kIdle;
    walk.update(false);
    state_q = next;
    if (place_) {
      row_valid_q = was_end;
    } else if (hi_ready_i) {
      row_valid_q = 0;
    }
    piece_valid_q = step || (piece_valid_q && !place_);
  }

 private:
  uint32_t axi_bytes_;
  bool place_ = false, need_ = false;
};

class RowsOut : public UnitPorts {
 public:
  enum State : uint8_t { kIdle, kRequest, kMove, kLast };

  RowsOut(uint32_t bytes, uint32_t lanes)
      : walk(bytes),
        piece_q(bytes),
        hold_q(bytes),
        beat_q(bytes),
        axi_bytes_(bytes),
        row_bytes_(lanes) {}

  // Ports.
  WritePorts w;
  uint8_t ho_valid_i = 0, ho_ready_o = 0;
  const uint8_t* ho_data_i = nullptr;  // of a row

  // Registers.
  uint8_t state_q = kIdle, chunk_q = 0;
  uint8_t piece_valid_q = 0, piece_bytes_q = 0, piece_end_q = 0;
  uint8_t offset_q = 0, flush_q = 0, beat_valid_q = 0;

  RowWalk walk;
  std::vector<uint8_t> piece_q, hold_q, beat_q;

  void propagate() {
    walk.start_i = state_q == kIdle && start_i;
    walk.length_i = static_cast<uint32_t>(word2_i);
    walk.row_i = static_cast<uint16_t>(word2_i >> 32);
    walk.propagate();
    free_ = !beat_valid_q || w.data_ready_i;
    place_ = piece_valid_q && free_ && !flush_q;
    const bool move = state_q == kMove && walk.valid_o && (!piece_valid_q || place_);
    walk.step_i = move && ho_valid_i;
    ho_ready_o = move && walk.row_end_o;
    w.req_valid_o = state_q == kRequest;
    w.req_addr_o = address_i;
    w.req_bytes_o = walk.length_i;
    w.data_valid_o = beat_valid_q;
    w.data_o = beat_q.data();
    complete_o = state_q == kLast && w.done_i;
    error_o = state_q == kMove && walk.short_o && !piece_valid_q && !beat_valid_q;
    code_o = static_cast<uint8_t>(ErrorCode::kLength);
    detail_o = walk.length_i;
  }

  void update(bool rst) {
    if (rst) {
      walk.update(true);
      state_q = kIdle;
      piece_valid_q = flush_q = beat_valid_q = 0;
      return;
    }
    const bool step = walk.step_i;
    const uint32_t m = offset_q + piece_bytes_q;
    bool beat = false;
    uint8_t flush = flush_q;
    if (flush_q && free_) {
      beat_q = hold_q;
      flush = 0;
      beat = true;
    }
    if (place_) {
      std::vector<uint8_t> turned(axi_bytes_), merged(axi_bytes_);
      for (uint32_t b = 0; b < axi_bytes_; ++b) {
        turned[(b + offset_q) % axi_bytes_] = piece_q[b];
      }
      for (uint32_t b = 0; b < axi_bytes_; ++b) merged[b] = b < offset_q ? hold_q[b] : turned[b];
      if (m >= axi_bytes_) {
        beat_q = merged;
        hold_q = turned;
        beat = true;
      } else {
        hold_q = merged;
      }
      offset_q = static_cast<uint8_t>(m % axi_bytes_);
      flush = piece_end_q && m % axi_bytes_ != 0;
    }
    if (step) {
      for (uint32_t b = 0; b < axi_bytes_; ++b) {
        const uint32_t lane = chunk_q * axi_bytes_ + b;
        piece_q[b] = lane < row_bytes_ ? ho_data_i[lane] : 0;
      }
      piece_bytes_q = walk.bytes_o;
      piece_end_q = walk.end_o;
      chunk_q = walk.row_end_o ? 0 : static_cast<uint8_t>(chunk_q + 1);
    }
    uint8_t next = state_q;
    if (state_q == kIdle && start_i) {
      next = kRequest;
      offset_q = chunk_q = 0;
    }
    if (state_q == kRequest && w.req_ready_i) next = kMove;
    if (step && walk.end_o) next = kLast;
    if (complete_o || error_o) next = kIdle;
    walk.update(false);
    state_q = next;
    flush_q = flush;
    if (beat) {
      beat_valid_q = 1;
    } else if (w.data_ready_i) {
      beat_valid_q = 0;
    }
    piece_valid_q = step || (piece_valid_q && !place_);
  }

 private:
  uint32_t axi_bytes_, row_bytes_;
  bool free_ = false, place_ = false;
};

}  // namespace sparsys::top
