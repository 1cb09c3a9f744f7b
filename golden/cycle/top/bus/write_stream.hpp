// SPDX-License-Identifier: Apache-2.0
// A stream's requests as bursts, the buffer of its beats and their strobes
// (docs/reference/top-timing.md section 6).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/top/bus/shape.hpp"

namespace sparsys::top {

class WriteStream {
 public:
  enum State : uint8_t { kIdle, kSize, kLength, kFill, kSend, kAnswer };

  explicit WriteStream(const BusShape& shape)
      : owed(shape.write_bursts),
        buffer(shape.bytes, 2 * shape.burst_beats),
        data_i(shape.bytes),
        shape_(shape),
        depth_(static_cast<uint16_t>(2 * shape.burst_beats)) {}

  // Ports.
  uint8_t stop_i = 0;
  uint8_t req_valid_i = 0;
  uint8_t req_ready_o = 0;
  uint64_t req_addr_i = 0;
  uint32_t req_bytes_i = 0;
  uint8_t data_valid_i = 0;
  uint8_t data_ready_o = 0;
  uint8_t done_o = 0;
  uint8_t burst_valid_o = 0;
  uint8_t burst_take_i = 0;
  uint8_t out_valid_o = 0;
  uint8_t pop_i = 0;
  uint8_t response_i = 0;  // of the oldest burst
  uint8_t response_error_i = 0;
  // Strobes of the beat at the output; `last`: it ends the request.
  uint64_t strobes(bool last) const {
    const uint64_t all = low_mask(shape_.bytes);
    const uint64_t from = all & ~low_mask(low_q);
    return last && tail_q != 0 ? from & low_mask(tail_q) : from;
  }

  // What counts of the registers: the request's size, its burst.
  uint8_t sized = 0, measured = 0;

  // Registers.
  uint8_t state_q = kIdle;
  uint64_t addr_q = 0;
  uint8_t low_q = 0, tail_q = 0, burst_len_q = 0, last_q = 0;
  uint32_t bytes_q = 0, left_q = 0;
  uint16_t stored_q = 0, level_q = 0, wr_q = 0, rd_q = 0;
  uint8_t out_q = 0, bad_q = 0;

  Fifo<uint64_t> owed;  // addresses of bursts
  Ram1r1w<uint8_t> buffer;

  std::vector<uint8_t> data_i;

  void propagate() {
    owed.propagate();
    req_ready_o = state_q == kIdle;
    sized = state_q >= kLength;
    measured = state_q >= kFill;
    data_ready_o = stored_q != depth_;
    burst_valid_o = state_q == kSend;
    out_valid_o = out_q;
    done_o = state_q == kAnswer && owed.empty_o && !bad_q && !stop_i;
  }
  // The buffer's ports, with all inputs there.
  void propagate_buffer() {
    buffer.we_i = data_valid_i && data_ready_o;
    buffer.waddr_i = wr_q;
    if (buffer.we_i) buffer.wdata_i = data_i;
    buffer.re_i = stored_q != 0 && (!out_q || pop_i);
    buffer.raddr_i = rd_q;
  }
  void update(bool rst);

 private:
  BusShape shape_;
  uint16_t depth_;
};

inline void WriteStream::update(bool rst) {
  const bool put = buffer.we_i;
  const bool read = buffer.re_i;
  buffer.update();
  const bool answered = owed.empty_o;
  owed.push_i = burst_take_i;
  owed.data_i = addr_q;
  owed.pop_i = response_i;
  const bool owed_full = owed.full();
  owed.update(rst);
  if (rst) {
    state_q = kIdle;
    stored_q = level_q = wr_q = rd_q = 0;
    out_q = bad_q = 0;
    return;
  }
  const uint32_t beats = burst_len_q + 1U;
  uint8_t next = state_q;
  switch (state_q) {
    case kIdle:
      if (!req_valid_i) break;
      addr_q = req_addr_i >> shape_.log() & shape_.beat_mask();
      low_q = static_cast<uint8_t>(req_addr_i % shape_.bytes);
      bytes_q = req_bytes_i;
      next = kSize;
      break;
    case kSize: {
      const uint32_t rest = bytes_q % shape_.bytes;
      left_q = bytes_q / shape_.bytes + (rest != 0);
      tail_q = static_cast<uint8_t>((low_q + rest) % shape_.bytes);
      next = kLength;
      break;
    }
    case kLength: {
      const NextBurst burst(addr_q, left_q, shape_.burst_beats);
      burst_len_q = burst.len;
      last_q = burst.last;
      next = kFill;
      break;
    }
    case kFill:
      if (level_q > burst_len_q && !owed_full) next = kSend;
      break;
    case kSend:
      if (!burst_take_i) break;
      left_q -= beats;
      addr_q = (addr_q / shape_.burst_beats + 1) * shape_.burst_beats & shape_.beat_mask();
      next = last_q ? kAnswer : kLength;
      break;
    default:
      if (answered && !bad_q) next = kIdle;
      break;
  }
  state_q = next;
  stored_q = static_cast<uint16_t>(stored_q + put - read);
  level_q = static_cast<uint16_t>(level_q + put - (burst_take_i ? beats : 0));
  if (put) wr_q = static_cast<uint16_t>((wr_q + 1) % depth_);
  if (read) {
    rd_q = static_cast<uint16_t>((rd_q + 1) % depth_);
    out_q = 1;
  } else if (pop_i) {
    out_q = 0;
  }
  if (response_i && response_error_i) bad_q = 1;
}

}  // namespace sparsys::top
