// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/control/sequencer.hpp"

#include <algorithm>

#include "golden/cycle/eie/control/errors.hpp"

namespace sparsys::eie {

void Sequencer::propagate() {
  busy_o = state_q != IDLE;
  done_o = state_q == DONE;
  flush_o = state_q == ABORT;
  run_o = state_q == RUN;
  role_o = role_q;
  desc_o = desc_q;
  start_lost_o = start_lost_q;
  flags_clear_o = state_q == START;
  launch_o = state_q == LAUNCH;

  // In NEXT the first word of the next descriptor is read.
  const bool next = state_q == NEXT && left_q != 1;
  const uint32_t descriptor = (uint32_t{desc_q} + (next ? 1 : 0)) % list_depth_;
  list_read_o = next || state_q == FETCH0 || state_q == FETCH1;
  list_addr_o = 2 * descriptor + (state_q == FETCH1 ? 1 : 0);
  we0_o = state_q == FETCH1;
  we1_o = state_q == FETCH2;

  propagate_setup();
  wb_read_o = state_q == WRITE_BACK && step_q < out_rows_i;
  wb_row_o = static_cast<uint8_t>(step_q & low_mask(widths_.reg_w));
  propagate_errors();
}

void Sequencer::propagate_setup() {
  const bool setup = state_q == SETUP;
  const uint32_t n = step_q;
  clear_o = setup && clear_i && n == 0;
  cb_read_o = setup && load_codebook_i && n < 4;
  cb_step_o = n & 3;
  cb_we_o = setup && load_codebook_i && 1 <= n && n <= 4;
  cb_word_o = (n - 1) & 3;
  ld_read_o = setup && load_src_i && n < in_rows_i;
  ld_addr_o = static_cast<uint16_t>(src_addr_i + n);
  ld_we_o = setup && load_src_i && 1 <= n && n <= in_rows_i;
  ld_row_o = static_cast<uint8_t>((n - 1) & low_mask(widths_.reg_w));
}

void Sequencer::propagate_errors() {
  drained_ = root_done_i && !b_valid_i && !pe_busy_i;
  abort_ = abort_i && state_q != IDLE && state_q != ABORT && state_q != DONE;
  const bool list_error = state_q == START && uint32_t{desc_q} + uint32_t{left_q} > list_depth_;
  const bool pass_error = state_q == CHECK && pass_reason_i != 0;
  const bool pe_error = state_q == RUN && drained_ && pe_error_i;
  error_set_o = abort_ || list_error || pass_error || pe_error;
  error_reason_o = abort_       ? Errors::kAborted
                   : list_error ? Errors::kList
                   : pass_error ? pass_reason_i
                                : Errors::kPe;
}

void Sequencer::update(bool rst) {
  if (rst) {
    state_q = IDLE;
    desc_q = left_q = 0;
    step_q = role_q = start_lost_q = 0;
    return;
  }
  start_lost_q = state_q != START && (start_lost_q || (start_i && state_q != IDLE));
  if (abort_) {
    state_q = ABORT;
  } else {
    advance();
  }
}

void Sequencer::advance() {
  const uint8_t step_mask = static_cast<uint8_t>(low_mask(widths_.cnt_w));
  switch (state_q) {
    case IDLE:
      if (start_i) {
        desc_q = list_first_i;
        left_q = list_count_i;
        state_q = START;
      }
      break;
    case START:
      state_q = left_q == 0 || error_set_o ? DONE : FETCH0;
      break;
    case FETCH0:
      state_q = FETCH1;
      break;
    case FETCH1:
      state_q = FETCH2;
      break;
    case FETCH2:
      step_q = 0;
      state_q = CHECK;
      break;
    case CHECK:
      state_q = error_set_o ? DONE : SETUP;
      break;
    case SETUP: {
      const uint32_t last = std::max(load_codebook_i ? 4U : 0U, load_src_i ? in_rows_i : 0U);
      if (step_q == last) state_q = LAUNCH;
      step_q = (step_q + 1) & step_mask;
      break;
    }
    case LAUNCH:
      state_q = RUN;
      break;
    case RUN:
      if (drained_) state_q = error_set_o ? DONE : write_back_i ? WRITE_BACK : NEXT;
      step_q = 0;
      break;
    case WRITE_BACK:
      if (step_q == out_rows_i + widths_.levels) state_q = NEXT;
      step_q = (step_q + 1) & step_mask;
      break;
    case NEXT:
      state_q = left_q == 1 ? DONE : FETCH1;
      role_q ^= swap_i;
      desc_q = (desc_q + 1) & static_cast<uint16_t>(low_mask(widths_.list_w));
      left_q = (left_q - 1) & static_cast<uint16_t>(low_mask(widths_.list_w + 1));
      break;
    case ABORT:
      state_q = DONE;
      break;
    default:
      state_q = IDLE;
  }
}

}  // namespace sparsys::eie
