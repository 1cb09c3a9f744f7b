// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/top/top.hpp"

#include <algorithm>

namespace sparsys::top {
namespace {

constexpr uint32_t kReaders = 5, kWriters = 3;

BusShape shape_of(const Config& c) {
  return {c.axi_bytes, c.axi_addr_w, c.burst_beats, c.read_bursts, 4};
}

CheckShape check_of(const Config& c) {
  CheckShape shape;
  shape.addr_w = c.axi_addr_w;
  shape.sparse = c.sparse;
  shape.matrix = c.matrix;
  shape.n_pe = c.eie.n_pe;
  shape.row_bytes = c.mxu.lanes();
  shape.weight_bytes = mxu::StreamShape(c.mxu).beat_bytes();
  return shape;
}

}  // namespace

Top::Top(const Config& config)
    : registers(config),
      ring(config.axi_bytes),
      check(check_of(config)),
      channel{CommandChannel(config.channel_depth), CommandChannel(config.channel_depth),
              CommandChannel(config.channel_depth), CommandChannel(config.channel_depth),
              CommandChannel(config.channel_depth)},
      fence(config.axi_bytes),
      read(kReaders, shape_of(config)),
      write(kWriters, shape_of(config)),
      config_(config) {
  if (config.sparse) sparse = std::make_unique<SparseSide>(config);
  if (config.matrix) matrix = std::make_unique<MatrixSide>(config);
}

void Top::answer(ReadPorts& r, uint32_t id) const {
  const ReadStream& s = read.stream[id];
  r.req_ready_i = s.req_ready_o;
  r.data_valid_i = s.data_valid_o;
  r.data_i = s.data_o();
}
void Top::ask(const ReadPorts& r, uint32_t id) {
  ReadStream& s = read.stream[id];
  s.req_valid_i = r.req_valid_o;
  s.req_addr_i = r.req_addr_o;
  s.req_beats_i = r.req_beats_o;
  s.data_ready_i = r.data_ready_o;
}
void Top::answer(WritePorts& w, uint32_t id) const {
  const WriteStream& s = write.stream[id];
  w.req_ready_i = s.req_ready_o;
  w.data_ready_i = s.data_ready_o;
  w.done_i = s.done_o;
}
void Top::ask(const WritePorts& w, uint32_t id) {
  WriteStream& s = write.stream[id];
  s.req_valid_i = w.req_valid_o;
  s.req_addr_i = w.req_addr_o;
  s.req_bytes_i = w.req_bytes_o;
  s.data_valid_i = w.data_valid_o;
  if (w.data_valid_o) s.data_i.assign(w.data_o, w.data_o + config_.axi_bytes);
}

UnitPorts* Top::unit(uint32_t n) {
  switch (n) {
    case 0:
      return sparse ? &sparse->unit : nullptr;
    case 1:
      return matrix ? &matrix->unit : nullptr;
    case 2:
      return matrix ? &matrix->rows_in : nullptr;
    case 3:
      return matrix ? &matrix->rows_out : nullptr;
    default:
      return &fence;
  }
}

void Top::give_command(UnitPorts& u, const CommandChannel& from) const {
  u.start_i = from.start_q;
  u.opcode_i = from.opcode_q;
  u.flags_i = from.flags_q;
  u.address_i = from.address_q;
  u.word2_i = from.word2_q;
  u.word3_i = from.word3_q;
}

void Top::propagate_sparse() {
  SparseUnit& u = sparse->unit;
  eie::Eie& e = sparse->engine;
  e.propagate();  // its outputs follow from its registers
  answer(u.r, kReadSparse);
  answer(u.w, kWriteSparse);
  u.eie_done_i = e.done_o;
  u.eie_flags_i = e.flags_o;
  u.io_rvalid_i = e.io_rvalid_o;
  u.io_rdata_i = e.io_rdata_o;
  u.propagate();
  e.start_i = u.eie_start_o;
  e.list_first_i = static_cast<uint16_t>(u.list_first_o);
  e.list_count_i = static_cast<uint16_t>(u.list_count_o);
  e.io_valid_i = u.io_valid_o;
  e.io_write_i = u.io_write_o;
  e.io_addr_i = u.io_addr_o;
  e.io_wdata_i = u.io_wdata_o;
  e.propagate();
  ask(u.r, kReadSparse);
  ask(u.w, kWriteSparse);
}

// What the units give to the engine does not depend on what it takes, so they come first; with its
// answer they are propagated once more.
void Top::propagate_matrix() {
  MatrixUnit& u = matrix->unit;
  WeightUnit& weights = matrix->weights;
  RowsIn& in = matrix->rows_in;
  RowsOut& out = matrix->rows_out;
  mxu::Mxu& e = matrix->engine;
  answer(u.r, kReadInstructions);
  answer(weights.r, kReadWeights);
  answer(in.r, kReadRows);
  answer(out.w, kWriteRows);
  u.propagate_status();
  u.halted_i = e.sequencer.halted_q;
  u.error_i = e.sequencer.error_q;
  weights.base_i = u.word3_i;
  weights.limit_i = static_cast<uint32_t>(u.word2_i >> 32);
  weights.run_i = u.state_q == MatrixUnit::kRun;
  u.propagate();
  weights.propagate();
  in.propagate();
  out.propagate();
  e.status_i = u.status_o;
  e.inst_valid_i = u.instructions.inst_valid_o;
  e.inst_i = u.instructions.inst_q;
  e.resume_i = u.resume_o;
  e.wm_ready_i = weights.wm_ready_o;
  e.w_valid_i = weights.w_valid_o;
  e.w_data_i = weights.w_data_o();
  e.hi_valid_i = in.hi_valid_o;
  e.hi_data_i = in.hi_data_o();
  e.ho_ready_i = out.ho_ready_o;
  e.propagate();
  u.inst_ready_i = e.inst_ready_o;
  u.status_i = e.status_o;
  u.busy_i = e.busy_o;
  u.error_i = e.error_o;
  u.halted_i = e.halted_o;
  weights.wm_valid_i = e.wm_valid_o;
  weights.wm_addr_i = e.wm_addr_o;
  weights.wm_beats_i = static_cast<uint8_t>(e.wm_beats_o);
  weights.w_ready_i = e.w_ready_o;
  weights.propagate();
  u.over_i = weights.over_o;
  u.over_beat_i = weights.over_beat_o;
  u.propagate();
  e.sequencer.resume_i = u.resume_o;  // an error of this cycle is known now
  in.hi_ready_i = e.hi_ready_o;
  in.propagate();
  out.ho_valid_i = e.ho_valid_o;
  out.ho_data_i = e.ho_data_o;
  out.propagate();
  matrix->moved = (e.inst_valid_i && e.inst_ready_o) || (e.hi_valid_i && e.hi_ready_o) ||
                  (e.ho_valid_o && e.ho_ready_i) || u.active_o;
  ask(u.r, kReadInstructions);
  ask(weights.r, kReadWeights);
  ask(in.r, kReadRows);
  ask(out.w, kWriteRows);
}

void Top::propagate_channels() {
  for (uint32_t n = 0; n < kChannels; ++n) {
    CommandChannel& c = channel[n];
    c.stop_i = stop.stop_q;
    c.events_i = events_q;
    const UnitPorts* u = unit(n);
    c.complete_i = u != nullptr && u->complete_o;
    c.propagate();
  }
}

// From the ring to the channels.
void Top::propagate_front() {
  answer(ring.r, kReadRing);
  ring.tail_i = registers.tail_q;
  ring.head_i = dispatch.head_q;
  ring.ring_page_i = registers.ring_page_q;
  ring.ring_log2_i = registers.ring_log2_q;
  ring.propagate();
  ask(ring.r, kReadRing);
  check.valid_i = ring.cmd_valid_q;
  for (uint32_t w = 0; w < 4; ++w) check.word_i[w] = ring.word(w);
  check.window_first_i = registers.window_first_q;
  check.window_last_i = registers.window_last_q;
  check.propagate();
  dispatch.ready_i = check.ready_o;
  dispatch.code_i = check.code_q;
  dispatch.opcode_i = static_cast<uint8_t>(ring.word(0));
  dispatch.flags_i = static_cast<uint8_t>(ring.word(0) >> 8);
  dispatch.stop_i = stop.stop_q;
  dispatch.still_i = ring.still_o;
  dispatch.soft_i = stop.soft_q;
  for (uint32_t n = 0; n < kChannels; ++n) {
    dispatch.full_i[n] = channel[n].full_o;
    dispatch.idle_i[n] = channel[n].idle_o;
  }
  dispatch.propagate();
  check.take_i = dispatch.take_o;
  ring.cmd_take_i = dispatch.take_o;
  ring.flush_i = dispatch.halt_o;
  ring.run_i = stop.run_q && !stop.stop_q && !dispatch.halt_waits_o;
  for (uint32_t n = 0; n < kChannels; ++n) {
    channel[n].push_i = dispatch.push_o[n];
    for (uint32_t w = 0; w < 4; ++w) channel[n].entry_i.words[w] = ring.word(w);
    channel[n].entry_i.number = dispatch.head_q;
  }
}

// Errors, stop, watchdog, counters, and what registers show of them.
void Top::propagate_back() {
  bool idle = true;
  bool begun = false, done = false;
  uint8_t complete = 0;
  for (const CommandChannel& c : channel) {
    idle = idle && c.idle_o;
    begun = begun || c.begin_o;
    done = done || c.done_o;
    complete = static_cast<uint8_t>(complete + c.done_o);
  }
  work_ = ring.work_o || !idle;
  const bool masters_idle = read.idle_o && write.idle_o;
  registers.propagate();
  stop.control_we_i = registers.control_we_o;
  stop.control_i = registers.control_o;
  stop.tail_we_i = registers.tail_we_o;
  stop.tail_i = registers.tail_q;
  stop.halt_i = dispatch.halt_o;
  stop.ring_error_i = dispatch.error_o;
  stop.ring_code_i = check.code_q;
  stop.ring_detail_i = check.detail_q;
  stop.ring_page_i = check.page_q;
  stop.over_i = ring.over_q && stop.run_q;
  stop.told_i = ring.told_q;
  for (uint32_t n = 0; n < Stop::kUnits; ++n) {
    const UnitPorts* u = unit(n);
    stop.unit_error_i[n] = u != nullptr && u->error_o;
    if (u == nullptr) continue;
    stop.unit_code_i[n] = u->code_o;
    stop.unit_detail_i[n] = u->detail_o;
  }
  for (uint32_t n = 0; n < kChannels; ++n) stop.number_i[n] = channel[n].number_q;
  stop.read_error_i = read.error_o;
  stop.read_id_i = read.error_id_o;
  stop.read_addr_i = read.error_addr_o;
  stop.write_error_i = write.error_o;
  stop.write_id_i = write.error_id_o;
  stop.write_addr_i = write.error_addr_o;
  stop.head_i = dispatch.head_q;
  stop.work_i = work_;
  stop.masters_idle_i = masters_idle;
  stop.propagate();
  const bool sparse_busy = sparse && sparse->engine.busy_o;
  const bool matrix_busy = matrix && matrix->engine.busy_o;
  const auto status = static_cast<uint8_t>(stop.run_q | stop.halted_q << 1 | stop.error_q << 2 |
                                           stop.quiet_o << 3 | sparse_busy << 4 | matrix_busy << 5);
  watchdog.moves_i = read.address_o() || read.beat_o || write.address_o() || write.beat_o() ||
                     write.response_o() || begun || done || sparse_busy ||
                     (matrix && matrix->moved);
  watchdog.work_i = work_;
  watchdog.running_i = stop.state_q == Stop::kRun;
  watchdog.watchdog_i = registers.watchdog_q;
  watchdog.propagate();
  stop.watchdog_i = watchdog.error_o;
  stop.status_i = status;
  counters.add_i = {stop.run_q,
                    static_cast<uint8_t>(stop.run_q && channel[0].begun_q),
                    static_cast<uint8_t>(stop.run_q && channel[1].begun_q),
                    static_cast<uint8_t>(stop.run_q && channel[0].begun_q && channel[1].begun_q),
                    read.beat_o,
                    write.beat_o(),
                    static_cast<uint8_t>(complete + dispatch.halt_o)};
  counters.clear_i = registers.counters_clear_o;
  registers.run_i = stop.run_q;
  registers.status_i = status;
  registers.error_code_i = stop.code_q;
  registers.error_channel_i = stop.channel_q;
  registers.error_command_i = stop.command_q;
  registers.error_detail_i = stop.detail_q;
  registers.error_page_i = stop.page_q;
  registers.head_i = dispatch.head_q;
  registers.fence_i = fence.fence_q;
  registers.irq_set_i =
      static_cast<uint8_t>(fence.interrupt_o | stop.irq_halt_o << 1 | stop.irq_error_o << 2);
  registers.soft_reset_i = stop.soft_q;
  registers.counters_i = counters.count_q;
}

void Top::propagate() {
  registers.bus_i = lite_i;
  read.bus_i = write.bus_i = bus_i;
  read.stop_i = write.stop_i = stop.stop_q;
  read.clear_i = write.clear_i = stop.clear_q;
  read.propagate();
  write.propagate();
  for (uint32_t n = 0; n < kChannels; ++n) {
    if (UnitPorts* u = unit(n)) give_command(*u, channel[n]);
  }
  if (sparse) propagate_sparse();
  if (matrix) propagate_matrix();
  answer(fence.w, kWriteFence);
  fence.soft_i = stop.soft_q;
  fence.propagate();
  ask(fence.w, kWriteFence);
  propagate_channels();
  fence.others_idle_i =
      channel[0].idle_o && channel[1].idle_o && channel[2].idle_o && channel[3].idle_o;
  propagate_front();
  // With the units' requests and readies.
  read.propagate();
  write.propagate();
  propagate_back();
}

void Top::update(bool rst) {
  const bool clear = rst || stop.clear_q;
  uint16_t cleared = 0, set = 0;
  for (const CommandChannel& c : channel) {
    if (c.begin_o) cleared |= c.wait_q;
    if (c.done_o) set |= c.signal_q;
  }
  events_q = clear ? 0 : static_cast<uint16_t>((events_q & ~cleared) | set);
  if (sparse) {
    sparse->unit.update(clear);
    sparse->engine.update(clear);
  }
  if (matrix) {
    matrix->unit.update(clear);
    matrix->weights.update(clear);
    matrix->rows_in.update(clear);
    matrix->rows_out.update(clear);
    matrix->engine.update(clear);
    matrix->engine.w_valid_i = matrix->engine.hi_valid_i = false;
  }
  fence.update(clear, rst);
  check.update(clear);
  ring.update(clear);
  dispatch.update(clear, rst);
  for (CommandChannel& c : channel) c.update(clear);
  watchdog.update(clear);
  counters.update(rst);
  registers.update(rst);
  read.update(rst);
  write.update(rst);
  stop.update(rst);
}

}  // namespace sparsys::top
