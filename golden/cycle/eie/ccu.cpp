// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/ccu.hpp"

namespace sparsys::eie {

Ccu::Ccu(const Config& config)
    : list_ram(2 * config.list_depth),
      codebook_ram(8 * config.codebooks),
      sequencer(config),
      pass(config),
      columns(config),
      status(config),
      list_mask_(2 * config.list_depth - 1),
      codebook_mask_(8 * config.codebooks - 1) {}

// In the order of dependency: what the units hand to those in front of them follows from registers.
void Ccu::propagate() {
  list_ram.propagate();
  codebook_ram.propagate();
  propagate_sequencer();
  propagate_columns();
  propagate_port();
  propagate_status();
  propagate_rams();
}

void Ccu::propagate_sequencer() {
  const Pass& p = pass.pass_o;
  in_first_o = static_cast<uint8_t>(p.in_first);
  in_count_o = static_cast<uint16_t>(p.in_count);
  entry_base_o = static_cast<uint16_t>(p.entry_base);
  dst_addr_o = static_cast<uint16_t>(p.dst_addr);
  shift_o = static_cast<uint8_t>(p.shift);
  relu_o = p.relu;
  store_dst_o = p.store_dst;

  Sequencer& s = sequencer;
  s.start_i = start_i;
  s.abort_i = abort_i;
  s.list_first_i = list_first_i;
  s.list_count_i = list_count_i;
  s.pass_reason_i = pass.reason_o;
  s.in_rows_i = pass.in_rows_o;
  s.out_rows_i = pass.out_rows_o;
  s.src_addr_i = static_cast<uint16_t>(p.src_addr);
  s.load_src_i = p.load_src;
  s.load_codebook_i = p.load_codebook;
  s.clear_i = p.clear;
  s.write_back_i = p.write_back;
  s.swap_i = p.swap;
  s.root_done_i = root_done_i == low_mask(static_cast<uint32_t>(columns.broadcast.size())) &&
                  !columns.pending(pass.bias_columns_o);
  s.b_valid_i = 0;
  for (const Broadcast& b : columns.broadcast) s.b_valid_i |= b.b_valid_q;
  s.pe_busy_i = pe_busy_i;
  s.pe_error_i = (flags_i & kPeErrors) != 0;
  s.propagate();
  busy_o = s.busy_o;
  done_o = s.done_o;
  flush_o = s.flush_o;
  role_o = s.role_o;
  flags_clear_o = s.flags_clear_o;
  clear_o = s.clear_o;
  cb_we_o = s.cb_we_o;
  cb_word_o = s.cb_word_o;
  cb_data_o = codebook_ram.rdata_o;
  ld_read_o = s.ld_read_o;
  ld_addr_o = s.ld_addr_o;
  ld_we_o = s.ld_we_o;
  ld_row_o = s.ld_row_o;
  launch_o = s.launch_o;
  wb_read_o = s.wb_read_o;
  wb_row_o = s.wb_row_o;

  pass.we0_i = s.we0_o;
  pass.we1_i = s.we1_o;
  pass.word_i = list_ram.rdata_o;
}

void Ccu::propagate_columns() {
  Columns& c = columns;
  c.launch_i = sequencer.launch_o;
  c.run_i = sequencer.run_o;
  c.bias_i = static_cast<uint8_t>(pass.pass_o.bias);
  c.bias_columns_i = pass.bias_columns_o;
  c.ptr_base_i = static_cast<uint16_t>(pass.pass_o.ptr_base);
  c.word_i = codebook_ram.rdata_o;
  static_cast<GroupInputs&>(c) = *this;
  c.propagate();
  static_cast<GroupOutputs&>(*this) = c;
}

void Ccu::propagate_port() {
  port.idle_i = !busy_o;
  port.io_valid_i = io_valid_i;
  port.io_write_i = io_write_i;
  port.io_addr_i = io_addr_i;
  port.io_wdata_i = io_wdata_i;
  port.list_rdata_i = list_ram.rdata_o;
  port.codebook_rdata_i = codebook_ram.rdata_o;
  port.io_rdata_i = io_rdata_i;
  port.propagate();
  io_ready_o = port.io_ready_o;
  io_rvalid_o = port.io_rvalid_o;
  io_rdata_o = port.io_rdata_o;
  io_en_o = port.io_en_o;
  io_write_o = port.io_write_o;
  io_addr_o = port.io_addr_o;
  io_wdata_o = port.io_wdata_o;
}

void Ccu::propagate_status() {
  status.clear_i = flags_clear_o;
  status.busy_i = busy_o;
  status.broadcast_i = columns.taken_o;
  status.held_i = sequencer.run_o ? hold_i : uint8_t{0};
  status.flags_i = flags_i;
  status.start_lost_i = sequencer.start_lost_o;
  status.error_set_i = sequencer.error_set_o;
  status.error_reason_i = sequencer.error_reason_o;
  status.error_desc_i = sequencer.desc_o;
  status.pe_error_i = pe_error_i;
  status.number_i = io_addr_o & 7;
  status.propagate();
  flags_o = status.flags_o;
  port.status_i = status.word_o;
}

// Requests end in START at the latest, before the list is read.
void Ccu::propagate_rams() {
  list_ram.en_i = port.io_list_o | sequencer.list_read_o;
  list_ram.we_i = port.io_list_o & io_write_o;
  list_ram.addr_i = (port.io_list_o ? io_addr_o : sequencer.list_addr_o) & list_mask_;
  list_ram.wdata_i = io_wdata_o;

  codebook_ram.en_i = port.io_codebook_o | sequencer.cb_read_o | columns.read_o;
  codebook_ram.we_i = port.io_codebook_o & io_write_o;
  const uint32_t codes = 4 * pass.pass_o.codebook + sequencer.cb_step_o;
  const uint32_t constants = (codebook_mask_ + 1) / 2 + 4 * pass.pass_o.codebook + columns.word_o;
  codebook_ram.addr_i = (port.io_codebook_o ? io_addr_o
                         : columns.read_o   ? constants
                                            : codes) &
                        codebook_mask_;
  codebook_ram.wdata_i = io_wdata_o;
}

void Ccu::update(bool rst) {
  sequencer.update(rst);
  pass.update(rst);
  columns.update(rst || flush_o);
  port.update(rst);
  status.update(rst);
  list_ram.update(rst);
  codebook_ram.update(rst);
}

}  // namespace sparsys::eie
