// SPDX-License-Identifier: Apache-2.0
// The master of all write streams (docs/reference/top-timing.md section 6).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/cycle/top/bus/round_robin.hpp"
#include "golden/cycle/top/bus/write_stream.hpp"
#include "golden/memory/axi.hpp"

namespace sparsys::top {

class AxiWrite {
 public:
  static constexpr uint32_t kOrder = 4;  // bursts whose data is not given yet

  // `short_streams`: a bit for each stream whose requests are a beat at most.
  AxiWrite(uint32_t streams, const BusShape& shape, uint32_t short_streams = 4)
      : turn(streams), order(kOrder), w_data_q(shape.bytes), shape_(shape) {
    for (uint32_t n = 0; n < streams; ++n) {
      BusShape of_stream = shape;
      if (short_streams >> n & 1) of_stream.burst_beats = 2;
      stream.emplace_back(of_stream);
    }
  }

  // Ports; those of a stream are its own.
  uint8_t stop_i = 0;
  uint8_t clear_i = 0;
  uint8_t idle_o = 0;
  uint8_t error_o = 0;
  uint8_t error_id_o = 0;
  uint64_t error_addr_o = 0;
  uint8_t address_o() const { return address_q; }
  uint8_t beat_o() const { return beat_q; }
  uint8_t response_o() const { return b_valid_q; }
  // The bus: of the slave's ports those of writes.
  axi::SlavePorts bus_i;

  std::vector<WriteStream> stream;
  RoundRobin turn;
  Fifo<uint32_t> order;  // stream, length << 8, ends its request << 16

  // Registers.
  uint8_t aw_valid_q = 0, address_q = 0, w_valid_q = 0, beat_q = 0, b_valid_q = 0, count_q = 0;
  uint64_t aw_addr_q = 0;
  uint8_t aw_id_q = 0, aw_len_q = 0;
  std::vector<uint8_t> w_data_q;
  uint64_t w_strb_q = 0;
  uint8_t w_last_q = 0;
  uint8_t b_id_q = 0, b_error_q = 0;

  // Its part of the master's ports.
  void drive(axi::MasterPorts& m) const {
    m.awvalid = aw_valid_q;
    m.aw = {aw_addr_q << shape_.log(),
            aw_id_q,
            aw_len_q,
            static_cast<uint8_t>(shape_.log()),
            axi::kIncr,
            0,
            3,
            0,
            0};
    m.wvalid = w_valid_q;
    std::copy(w_data_q.begin(), w_data_q.end(), m.wdata.begin());
    m.wstrb = w_strb_q;
    m.wlast = w_last_q;
    m.bready = true;
  }

  void propagate() {
    turn.request_i = 0;
    bool owed = false;
    for (size_t n = 0; n < stream.size(); ++n) {
      stream[n].stop_i = stop_i;
      stream[n].propagate();
      turn.request_i = static_cast<uint8_t>(turn.request_i | stream[n].burst_valid_o << n);
      owed = owed || !stream[n].owed.empty_o;
    }
    order.propagate();
    turn.take_i = !aw_valid_q && !stop_i && !order.full_o;
    turn.propagate();
    const bool asked = b_id_q < stream.size() && !stream[b_id_q].owed.empty_o;
    error_o = b_valid_q && asked && b_error_q;
    error_id_o = b_id_q;
    error_addr_o = asked ? stream[b_id_q].owed.head_o << shape_.log() : 0;
    idle_o = !aw_valid_q && !w_valid_q && order.empty_o && !owed;
    const bool take = turn.take_i && turn.any_o;
    const uint32_t head = order.head_o & 0xFF;
    give_ = !order.empty_o && stream[head].out_valid_o && (!w_valid_q || bus_i.wready);
    for (size_t n = 0; n < stream.size(); ++n) {
      WriteStream& s = stream[n];
      s.burst_take_i = take && turn.index_o == n;
      s.pop_i = give_ && head == n;
      s.response_i = b_valid_q && b_id_q == n && !s.owed.empty_o;
      s.response_error_i = b_error_q;
      s.propagate_buffer();
    }
  }

  void update(bool rst) {
    rst = rst || clear_i;
    const bool take = turn.take_i && turn.any_o;
    const bool give = give_;
    const uint32_t head = order.head_o & 0xFF;
    const bool last = count_q == (order.head_o >> 8 & 0xFF);
    order.push_i = take;
    order.pop_i = give && last;
    if (take) {
      const WriteStream& s = stream[turn.index_o];
      aw_addr_q = s.addr_q;
      aw_id_q = turn.index_o;
      aw_len_q = s.burst_len_q;
      order.data_i = turn.index_o | uint32_t{s.burst_len_q} << 8 | uint32_t{s.last_q} << 16;
    }
    if (give) {
      const WriteStream& s = stream[head];
      w_data_q.assign(s.buffer.rdata_o(), s.buffer.rdata_o() + shape_.bytes);
      w_strb_q = stop_i ? 0 : s.strobes(last && (order.head_o >> 16 & 1));
      w_last_q = last;
    }
    for (WriteStream& s : stream) s.update(rst);
    turn.update(rst);
    order.update(rst);
    if (bus_i.bvalid) {
      b_id_q = bus_i.bid;
      b_error_q = bus_i.bresp >> 1;
    }
    if (rst) {
      aw_valid_q = address_q = w_valid_q = beat_q = b_valid_q = count_q = 0;
      return;
    }
    address_q = aw_valid_q && bus_i.awready;
    beat_q = w_valid_q && bus_i.wready;
    b_valid_q = bus_i.bvalid;
    if (take) {
      aw_valid_q = 1;
    } else if (bus_i.awready) {
      aw_valid_q = 0;
    }
    if (give) {
      w_valid_q = 1;
      count_q = last ? 0 : static_cast<uint8_t>(count_q + 1);
    } else if (bus_i.wready) {
      w_valid_q = 0;
    }
  }

 private:
  BusShape shape_;
  bool give_ = false;  // a beat goes to the bus's register
};

}  // namespace sparsys::top
