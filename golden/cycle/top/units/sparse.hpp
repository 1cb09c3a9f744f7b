// SPDX-License-Identifier: Apache-2.0
// The unit of the sparse engine's commands (docs/reference/top-units-timing.md section 4).
#pragma once

#include <algorithm>
#include <cstdint>

#include "golden/cycle/top/units/convert.hpp"
#include "golden/cycle/top/units/sparse_load.hpp"
#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

class SparseUnit : public UnitPorts {
 public:
  enum State : uint8_t { kIdle, kRequest, kMove, kStart, kRun, kFlags, kRead, kAnswer };

  // bytes: AXI_BYTES.
  SparseUnit(uint32_t bytes, uint32_t n_pe, uint32_t list_depth)
      : load(bytes, n_pe, std::min(4U, n_pe)),
        store(bytes, std::min(4U, n_pe)),
        convert(std::min(4U, n_pe)),
        axi_bytes_(bytes),
        lanes_(std::min(4U, n_pe)),
        list_depth_(list_depth) {}

  // Ports.
  ReadPorts r;
  WritePorts w;
  uint8_t eie_start_o = 0;
  uint32_t list_first_o = 0, list_count_o = 0;
  uint8_t eie_done_i = 0;
  uint8_t eie_flags_i = 0;
  uint8_t io_valid_o = 0, io_write_o = 0;
  uint32_t io_addr_o = 0;
  uint64_t io_wdata_o = 0;
  uint8_t io_rvalid_i = 0;
  uint64_t io_rdata_i = 0;

  // Registers.
  uint8_t state_q = kIdle, failed_q = 0;
  uint32_t total_q = 0;

  SparseLoad load;
  SparseStore store;
  Convert convert;

  // What follows from registers: the requests, and the port's.
  void propagate();
  void update(bool rst);

 private:
  bool is(Opcode opcode) const { return opcode_i == static_cast<uint8_t>(opcode); }
  bool bytes() const { return (flags_i & flag::kSparseLoadBytes) != 0; }
  uint32_t words() const { return static_cast<uint32_t>(word2_i >> 32); }

  uint32_t axi_bytes_, lanes_, list_depth_;
};

inline void SparseUnit::propagate() {
  const auto port = static_cast<uint32_t>(word2_i);
  const bool out = is(Opcode::kSparseStore);
  r.req_valid_o = state_q == kRequest && is(Opcode::kSparseLoad);
  w.req_valid_o = state_q == kRequest && out;
  r.req_addr_o = w.req_addr_o = address_i;
  r.req_beats_o = static_cast<uint32_t>((uint64_t{total_q} + axi_bytes_ - 1) / axi_bytes_);
  w.req_bytes_o = total_q;
  load.start_i = state_q == kIdle && start_i && is(Opcode::kSparseLoad);
  load.port_i = store.port_i = port;
  load.words_i = store.words_i = words() & low_mask(29);
  load.spread_i = (flags_i & flag::kSparseLoadSpread) != 0;
  load.bytes_i = store.bytes_i = bytes();
  load.data_valid_i = r.data_valid_i;
  load.data_i = r.data_i;
  load.c_valid_i = convert.valid_o() && !out;
  load.c_last_i = convert.last_o();
  load.c_word_i = convert.word_o();
  store.start_i = w.req_valid_o && w.req_ready_i;
  store.io_rvalid_i = io_rvalid_i;
  store.io_rdata_i = io_rdata_i;
  store.c_valid_i = convert.valid_o();
  store.c_word_i = convert.word_o();
  store.data_ready_i = w.data_ready_i;
  load.propagate();
  store.propagate();
  r.data_ready_o = load.data_ready_o;
  w.data_valid_o = store.data_valid_o;
  w.data_o = store.data_o();
  convert.to_bytes_i = out;
  convert.multiplier_i = static_cast<uint16_t>(word3_i);
  convert.right_i = word3_i >> 16 & 31;
  convert.zero_i = static_cast<uint8_t>(word3_i >> 24);
  convert.valid_i = out ? store.c_valid_o : load.c_valid_o;
  convert.last_i = load.c_last_o;
  convert.word_i = out ? store.c_word_o : load.c_word_o;
  eie_start_o = state_q == kStart;
  const uint32_t first = word2_i & 0xFFFF, count = word2_i >> 32 & 0xFFFF;
  const bool wrong = first >= list_depth_ || count > list_depth_;
  list_first_o = first & (list_depth_ - 1);
  list_count_o = (wrong ? ~0U : count) & (2 * list_depth_ - 1);
  const bool read = state_q == kRead;
  io_valid_o = load.io_valid_o || store.io_valid_o || read;
  io_write_o = load.io_valid_o;
  io_addr_o = read ? 0x70000005 : load.io_valid_o ? load.io_addr_o : store.io_addr_o;
  io_wdata_o = load.io_wdata_o;
  const bool moved = state_q == kMove && (out ? w.done_i : load.done_o);
  complete_o = moved || (state_q == kFlags && (eie_flags_i & 0x7E) == 0);
  error_o = state_q == kAnswer && io_rvalid_i;
  code_o = static_cast<uint8_t>(ErrorCode::kSparse);
  detail_o = static_cast<uint32_t>(io_rdata_i);
}

inline void SparseUnit::update(bool rst) {
  load.update(rst);
  store.update(rst);
  convert.update(rst);
  if (rst) {
    state_q = kIdle;
    failed_q = 0;
    return;
  }
  uint8_t next = state_q;
  switch (state_q) {
    case kIdle:
      if (!start_i) break;
      total_q = words() * (bytes() ? lanes_ : 8);
      next = is(Opcode::kSparseRun) ? kStart : kRequest;
      break;
    case kRequest:
      if (is(Opcode::kSparseStore) ? w.req_ready_i : r.req_ready_i) next = kMove;
      break;
    case kMove:
      if (complete_o) next = kIdle;
      break;
    case kStart:
      next = kRun;
      break;
    case kRun:
      if (eie_done_i) next = kFlags;
      break;
    case kFlags:
      next = complete_o ? kIdle : kRead;
      break;
    case kRead:
      next = kAnswer;
      break;
    default:
      if (error_o) next = kIdle;
      break;
  }
  state_q = next;
  if (error_o) failed_q = 1;
}

}  // namespace sparsys::top
