// SPDX-License-Identifier: Apache-2.0
// Bursts of a stream's requests and the buffer of its beats (docs/reference/top-timing.md section
// 5).
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/top/bus/shape.hpp"

namespace sparsys::top {

class ReadStream {
 public:
  explicit ReadStream(const BusShape& shape)
      : owed(shape.read_bursts),
        buffer(shape.bytes, shape.read_bursts * shape.burst_beats),
        shape_(shape),
        depth_(static_cast<uint16_t>(shape.read_bursts * shape.burst_beats)),
        beat_i(shape.bytes) {}

  // Ports.
  uint8_t stop_i = 0;
  uint8_t req_valid_i = 0;
  uint8_t req_ready_o = 0;
  uint64_t req_addr_i = 0;
  uint32_t req_beats_i = 0;
  uint8_t burst_take_i = 0;
  uint8_t beat_valid_i = 0;
  uint8_t beat_last_i = 0;
  uint8_t data_valid_o = 0;
  uint8_t data_ready_i = 0;
  const uint8_t* data_o() const { return buffer.rdata_o(); }

  // Registers.
  uint8_t run_q = 0, burst_valid_q = 0, fresh_q = 0, out_q = 0, last_q = 0, burst_len_q = 0;
  uint64_t addr_q = 0, burst_addr_q = 0;
  uint32_t left_q = 0;
  uint16_t credit_q = 0, level_q = 0, wr_q = 0, rd_q = 0;

  Fifo<uint64_t> owed;  // addresses of bursts
  Ram1r1w<uint8_t> buffer;

  void propagate() {
    owed.propagate();
    req_ready_o = !run_q;
    data_valid_o = out_q && !stop_i;
  }
  // The buffer's ports, with all inputs there.
  void propagate_buffer() {
    buffer.re_i = level_q != 0 && (!out_q || data_ready_i);
    buffer.raddr_i = rd_q;
    buffer.we_i = beat_valid_i;
    buffer.waddr_i = wr_q;
    if (beat_valid_i) buffer.wdata_i = beat_i;
  }
  void update(bool rst);

 private:
  BusShape shape_;
  uint16_t depth_;

 public:
  std::vector<uint8_t> beat_i;
};

inline void ReadStream::update(bool rst) {
  const bool read = buffer.re_i;
  buffer.update();
  const bool prepare =
      run_q && !burst_valid_q && !stop_i && credit_q >= shape_.burst_beats && !owed.full();
  const NextBurst next(addr_q, left_q, shape_.burst_beats);
  owed.push_i = burst_take_i;
  owed.data_i = burst_addr_q;
  owed.pop_i = beat_valid_i && beat_last_i;
  owed.update(rst);
  const uint32_t beats = burst_len_q + 1U;
  const bool fresh = fresh_q;
  const bool request = req_valid_i && req_ready_o;
  if (rst) {
    run_q = burst_valid_q = fresh_q = out_q = 0;
    credit_q = depth_;
    level_q = wr_q = rd_q = 0;
    return;
  }
  if (fresh) {
    left_q -= beats;
    addr_q = (addr_q / shape_.burst_beats + 1) * shape_.burst_beats & shape_.beat_mask();
  }
  if (request) {
    addr_q = req_addr_i >> shape_.log() & shape_.beat_mask();
    left_q = req_beats_i;
  }
  if (prepare) {
    last_q = next.last;
    burst_len_q = next.len;
    burst_addr_q = addr_q;
  }
  if (fresh) run_q = !last_q;
  if (request) run_q = 1;
  fresh_q = prepare;
  if (burst_take_i) burst_valid_q = 0;
  if (prepare) burst_valid_q = 1;
  credit_q = static_cast<uint16_t>(credit_q - (fresh ? beats : 0) + read);
  level_q = static_cast<uint16_t>(level_q + beat_valid_i - read);
  if (beat_valid_i) wr_q = static_cast<uint16_t>((wr_q + 1) % depth_);
  if (read) {
    rd_q = static_cast<uint16_t>((rd_q + 1) % depth_);
    out_q = 1;
  } else if (data_ready_i) {
    out_q = 0;
  }
}

}  // namespace sparsys::top
