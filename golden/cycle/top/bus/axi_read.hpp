// SPDX-License-Identifier: Apache-2.0
// The master of all read streams (docs/reference/top-timing.md section 5).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/top/bus/read_stream.hpp"
#include "golden/cycle/top/bus/round_robin.hpp"
#include "golden/memory/axi.hpp"

namespace sparsys::top {

class AxiRead {
 public:
  AxiRead(uint32_t streams, const BusShape& shape)
      : stream(streams, ReadStream(shape)), turn(streams), r_data_q(shape.bytes), shape_(shape) {}

  // Ports; those of a stream are its own.
  uint8_t stop_i = 0;
  uint8_t clear_i = 0;
  uint8_t idle_o = 0;
  uint8_t beat_o = 0;
  uint8_t error_o = 0;
  uint8_t error_id_o = 0;
  uint64_t error_addr_o = 0;
  uint8_t address_o() const { return address_q; }
  // The bus: of the slave's ports those of reads.
  axi::SlavePorts bus_i;

  std::vector<ReadStream> stream;
  RoundRobin turn;

  // Registers.
  uint8_t ar_valid_q = 0, address_q = 0, r_valid_q = 0;
  uint64_t ar_addr_q = 0;
  uint8_t ar_id_q = 0, ar_len_q = 0;
  uint8_t r_id_q = 0, r_error_q = 0, r_last_q = 0;
  std::vector<uint8_t> r_data_q;

  // Its part of the master's ports.
  void drive(axi::MasterPorts& m) const {
    m.arvalid = ar_valid_q;
    m.ar = {ar_addr_q << shape_.log(),
            ar_id_q,
            ar_len_q,
            static_cast<uint8_t>(shape_.log()),
            axi::kIncr,
            0,
            3,
            0,
            0};
    m.rready = true;
  }

  // What follows from registers and stop_i.
  void propagate() {
    turn.request_i = 0;
    bool owed = false;
    for (size_t n = 0; n < stream.size(); ++n) {
      stream[n].stop_i = stop_i;
      stream[n].propagate();
      turn.request_i = static_cast<uint8_t>(turn.request_i | stream[n].burst_valid_q << n);
      owed = owed || !stream[n].owed.empty_o;
    }
    turn.take_i = !ar_valid_q && !stop_i;
    turn.propagate();
    beat_o = r_valid_q;
    const bool asked = r_id_q < stream.size() && !stream[r_id_q].owed.empty_o;
    error_o = r_valid_q && asked && r_error_q;
    error_id_o = r_id_q;
    error_addr_o = asked ? stream[r_id_q].owed.head_o << shape_.log() : 0;
    idle_o = !ar_valid_q && !owed;
    const bool take = turn.take_i && turn.any_o;
    for (size_t n = 0; n < stream.size(); ++n) {
      ReadStream& s = stream[n];
      s.burst_take_i = take && turn.index_o == n;
      s.beat_valid_i = r_valid_q && r_id_q == n && !s.owed.empty_o;
      s.beat_last_i = r_last_q;
      if (s.beat_valid_i) s.beat_i = r_data_q;
      s.propagate_buffer();
    }
  }

  void update(bool rst) {
    rst = rst || clear_i;
    const bool take = turn.take_i && turn.any_o;
    if (take) {
      const ReadStream& s = stream[turn.index_o];
      ar_addr_q = s.burst_addr_q;
      ar_id_q = turn.index_o;
      ar_len_q = s.burst_len_q;
    }
    for (ReadStream& s : stream) s.update(rst);
    turn.update(rst);
    if (bus_i.rvalid) {
      r_id_q = bus_i.rid;
      r_error_q = bus_i.rresp >> 1;
      r_last_q = bus_i.rlast;
      r_data_q.assign(bus_i.rdata.begin(), bus_i.rdata.begin() + shape_.bytes);
    }
    if (rst) {
      ar_valid_q = address_q = r_valid_q = 0;
      return;
    }
    r_valid_q = bus_i.rvalid;
    address_q = ar_valid_q && bus_i.arready;
    if (take) {
      ar_valid_q = 1;
    } else if (bus_i.arready) {
      ar_valid_q = 0;
    }
  }

 private:
  BusShape shape_;
};

}  // namespace sparsys::top
