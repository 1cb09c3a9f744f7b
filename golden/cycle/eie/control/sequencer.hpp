// SPDX-License-Identifier: Apache-2.0
// The states of the control: fetches and checks a descriptor, sets the PEs up, lets the pass run
// until they have drained, writes back, goes on with the next (docs/reference/eie-timing.md section
// 3.1). Module eie_sequencer.
#pragma once

#include <cstdint>

#include "golden/cycle/eie/widths.hpp"

namespace sparsys::eie {

class Sequencer {
 public:
  enum State : uint8_t {
    IDLE,
    START,
    FETCH0,
    FETCH1,
    FETCH2,
    CHECK,
    SETUP,
    LAUNCH,
    RUN,
    WRITE_BACK,
    NEXT,
    DONE,
    ABORT
  };

  explicit Sequencer(const Config& config) : list_depth_(config.list_depth), widths_(config) {}

  // Ports: the host.
  uint8_t start_i = 0;
  uint8_t abort_i = 0;
  uint16_t list_first_i = 0;
  uint16_t list_count_i = 0;
  uint8_t busy_o = 0;
  uint8_t done_o = 0;
  uint8_t start_lost_o = 0;
  // The list RAM, and which word of a descriptor it shows.
  uint8_t list_read_o = 0;
  uint32_t list_addr_o = 0;
  uint8_t we0_o = 0;
  uint8_t we1_o = 0;
  // The pass.
  uint8_t pass_reason_i = 0;
  uint8_t in_rows_i = 0;
  uint8_t out_rows_i = 0;
  uint16_t src_addr_i = 0;
  uint8_t load_src_i = 0;
  uint8_t load_codebook_i = 0;
  uint8_t clear_i = 0;
  uint8_t write_back_i = 0;
  uint8_t swap_i = 0;
  // Trees, broadcasts and PEs, of all groups together.
  uint8_t root_done_i = 0;
  uint8_t b_valid_i = 0;
  uint8_t pe_busy_i = 0;
  uint8_t pe_error_i = 0;
  uint8_t run_o = 0;
  uint8_t role_o = 0;
  uint8_t flags_clear_o = 0;
  uint8_t clear_o = 0;
  uint8_t cb_read_o = 0;
  uint8_t cb_step_o = 0;
  uint8_t cb_we_o = 0;
  uint8_t cb_word_o = 0;
  uint8_t ld_read_o = 0;
  uint16_t ld_addr_o = 0;
  uint8_t ld_we_o = 0;
  uint8_t ld_row_o = 0;
  uint8_t launch_o = 0;
  uint8_t wb_read_o = 0;
  uint8_t wb_row_o = 0;
  uint8_t flush_o = 0;
  // The list's end before its end.
  uint8_t error_set_o = 0;
  uint8_t error_reason_o = 0;
  uint16_t desc_o = 0;

  // Registers.
  uint8_t state_q = IDLE;
  uint8_t step_q = 0;
  uint8_t role_q = 0;
  uint8_t start_lost_q = 0;
  uint16_t desc_q = 0;
  uint16_t left_q = 0;

  void propagate();
  void update(bool rst);

 private:
  void propagate_setup();
  void propagate_errors();
  void advance();

  // From propagate() to update().
  bool drained_ = false;
  bool abort_ = false;  // taken

  uint32_t list_depth_;
  Widths widths_;
};

}  // namespace sparsys::eie
