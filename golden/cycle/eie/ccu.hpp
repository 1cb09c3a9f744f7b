// SPDX-License-Identifier: Apache-2.0
// Central control: runs a list of pass descriptors, broadcasts a non-zero activation a cycle, loads
// and reads back all memories while idle (docs/reference/eie-timing.md section 3).
#pragma once

#include <cstdint>

#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/eie/widths.hpp"
#include "golden/engine/eie/pass.hpp"
#include "golden/engine/eie/pins.hpp"

namespace sparsys::eie {

class Ccu : public Inputs {
 public:
  enum State : uint8_t {
    IDLE,
    START,
    FETCH0,
    FETCH1,
    FETCH2,
    SETUP,
    LAUNCH,
    RUN,
    WRITE_BACK,
    NEXT,
    DONE
  };

  explicit Ccu(const Config& config);

  // Ports: the host, whose inputs are the engine's.
  uint8_t busy_o = 0;
  uint8_t done_o = 0;
  uint8_t io_ready_o = 0;
  uint8_t io_rvalid_o = 0;
  uint64_t io_rdata_o = 0;
  // The root of the non-zero tree.
  uint8_t root_valid_i = 0;
  uint8_t root_done_i = 0;
  uint8_t root_pop_o = 0;
  uint16_t root_col_i = 0;
  uint16_t root_act_i = 0;
  // The ORs over the PEs.
  uint8_t hold_i = 0;
  uint8_t pe_busy_i = 0;
  uint8_t flags_i = 0;
  uint64_t io_rdata_i = 0;
  // To all PEs: the broadcast.
  uint8_t advance_o = 0;
  uint8_t b_valid_o = 0;
  uint8_t b_odd_first_o = 0;
  uint16_t b_act_o = 0;
  uint16_t b_even_o = 0;
  uint16_t b_odd_o = 0;
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

  // Registers: the list.
  uint8_t state_q = IDLE;
  uint8_t step_q = 0;
  uint8_t role_q = 0;
  uint16_t desc_q = 0;
  uint16_t left_q = 0;
  uint64_t d0_q = 0;
  uint64_t d1_q = 0;
  // The broadcast.
  uint8_t b_valid_q = 0;
  uint8_t b_odd_first_q = 0;
  uint16_t b_act_q = 0;
  uint16_t b_even_q = 0;
  uint16_t b_odd_q = 0;
  // The load and read-back port.
  uint8_t io1_valid_q = 0;
  uint8_t io1_write_q = 0;
  uint32_t io1_addr_q = 0;
  uint64_t io1_wdata_q = 0;
  uint8_t io2_read_q = 0;
  uint8_t io2_space_q = 0;
  uint64_t io2_status_q = 0;
  uint8_t io3_valid_q = 0;
  uint64_t io3_data_q = 0;
  // The counters.
  uint32_t cycles_q = 0;
  uint32_t broadcasts_q = 0;
  uint32_t held_q = 0;

  Ram1rw<uint64_t> list_ram;
  Ram1rw<uint64_t> codebook_ram;

  void propagate();
  void update(bool rst);
  // update(false) of `cycles` cycles in RUN in which the broadcast is held and nothing else
  // changes.
  void wait(uint32_t cycles) {
    cycles_q += cycles;
    held_q += cycles;
  }

 private:
  // Rows that hold `count` elements, cut to CNT_W bits.
  uint32_t rows(uint32_t count) const {
    return (count + config_.n_pe - 1) >> widths_.pe_shift & low_mask(widths_.cnt_w);
  }
  uint32_t setup_last() const;
  uint32_t row_number(uint32_t step) const { return step & low_mask(widths_.reg_w); }
  uint64_t status_word(uint32_t number) const;

  void propagate_control();
  void propagate_rams();
  void update_list();
  void update_broadcast();
  void update_io();
  void update_counters();
  void take_descriptor();

  Pass pass_;  // what d0_q and d1_q say
  Config config_;
  Widths widths_;
};

}  // namespace sparsys::eie
