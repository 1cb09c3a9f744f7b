// SPDX-License-Identifier: Apache-2.0
// Central control: the list RAM and the codebook RAM, and the units that run a list of pass
// descriptors, keep and check the pass, broadcast a column a cycle to each group, load and read
// back all memories while idle, and keep counters and errors (docs/reference/eie-timing.md sections
// 3 and 12).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/eie/control/columns.hpp"
#include "golden/cycle/eie/control/pass_unit.hpp"
#include "golden/cycle/eie/control/port.hpp"
#include "golden/cycle/eie/control/sequencer.hpp"
#include "golden/cycle/eie/control/status_unit.hpp"
#include "golden/engine/eie/pins.hpp"

namespace sparsys::eie {

class Ccu : public Inputs, public GroupInputs, public GroupOutputs {
 public:
  explicit Ccu(const Config& config);

  // Ports: the host, whose inputs are the engine's.
  uint8_t busy_o = 0;
  uint8_t done_o = 0;
  uint8_t flags_o = 0;
  uint8_t io_ready_o = 0;
  uint8_t io_rvalid_o = 0;
  uint64_t io_rdata_o = 0;
  // Besides the other ports of the groups (columns.hpp): whose trees are done, a bit per group.
  uint8_t root_done_i = 0;
  // The ORs over the PEs, and which PEs had an error: a bit per PE.
  uint8_t pe_busy_i = 0;
  uint8_t flags_i = 0;
  uint64_t io_rdata_i = 0;
  std::array<uint64_t, 4> pe_error_i{};
  // To the tree and all PEs: reset.
  uint8_t flush_o = 0;
  // To all PEs: control.
  uint8_t flags_clear_o = 0;
  uint8_t clear_o = 0;
  uint8_t launch_o = 0;
  uint8_t cb_we_o = 0;
  uint8_t cb_word_o = 0;
  uint8_t ld_read_o = 0;
  uint8_t ld_we_o = 0;
  uint8_t ld_row_o = 0;
  uint8_t wb_read_o = 0;
  uint8_t wb_row_o = 0;
  uint16_t ld_addr_o = 0;
  uint64_t cb_data_o = 0;
  // To all PEs: the pass.
  uint8_t role_o = 0;
  uint8_t in_first_o = 0;
  uint8_t shift_o = 0;
  uint8_t relu_o = 0;
  uint8_t store_dst_o = 0;
  uint16_t in_count_o = 0;
  uint16_t entry_base_o = 0;
  uint16_t dst_addr_o = 0;
  // To all PEs: load and read-back.
  uint8_t io_en_o = 0;
  uint8_t io_write_o = 0;
  uint32_t io_addr_o = 0;
  uint64_t io_wdata_o = 0;

  Ram1rw<uint64_t> list_ram;
  Ram1rw<uint64_t> codebook_ram;

  Sequencer sequencer;
  PassUnit pass;
  Columns columns;
  Port port;
  StatusUnit status;

  void propagate();
  void update(bool rst);
  // update(false) of `cycles` cycles of a run in which the broadcast is held and nothing else
  // changes.
  void wait(uint32_t cycles) { status.wait(cycles); }

 private:
  // Bits of flags_i that are errors of a PE.
  static constexpr uint8_t kPeErrors = 0xE;

  void propagate_sequencer();
  void propagate_columns();
  void propagate_port();
  void propagate_status();
  void propagate_rams();

  uint32_t list_mask_;
  uint32_t codebook_mask_;
};

}  // namespace sparsys::eie
