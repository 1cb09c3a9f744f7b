// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/ccu.hpp"

#include <algorithm>

namespace sparsys::eie {

namespace {
// Spaces of the load and read-back port that are the CCU's own (docs/reference/eie-format.md
// section 9).
constexpr uint32_t kListSpace = 5;
constexpr uint32_t kCodebookSpace = 6;
constexpr uint32_t kStatusSpace = 7;

uint32_t space_of(uint32_t address) { return address >> 28; }
}  // namespace

Ccu::Ccu(const Config& config)
    : list_ram(2 * config.list_depth),
      codebook_ram(4 * config.codebooks),
      config_(config),
      widths_(config) {}

uint32_t Ccu::setup_last() const {
  return std::max(pass_.load_codebook ? 4U : 0U, pass_.load_src ? rows(pass_.in_count) : 0U);
}

uint64_t Ccu::status_word(uint32_t number) const {
  switch (number) {
    case 0:
      return flags_i;
    case 1:
      return cycles_q;
    case 2:
      return broadcasts_q;
    case 3:
      return held_q;
    case 4:
      return uint64_t{config_.acc_width} << 48 | uint64_t{config_.queue_depth} << 32 |
             uint64_t{config_.act_regs} << 16 | config_.n_pe;
    default:
      return 0;
  }
}

void Ccu::propagate() {
  busy_o = state_q != IDLE;
  done_o = state_q == DONE;
  io_ready_o = state_q == IDLE;

  advance_o = !hold_i;
  root_pop_o = root_valid_i && advance_o && state_q == RUN;
  b_valid_o = b_valid_q;
  b_act_o = b_act_q;
  b_even_o = b_even_q;
  b_odd_o = b_odd_q;
  b_odd_first_o = b_odd_first_q;

  role_o = role_q;
  in_first_o = static_cast<uint8_t>(pass_.in_first);
  in_count_o = static_cast<uint16_t>(pass_.in_count);
  entry_base_o = static_cast<uint16_t>(pass_.entry_base);
  dst_addr_o = static_cast<uint16_t>(pass_.dst_addr);
  shift_o = static_cast<uint8_t>(pass_.shift);
  relu_o = pass_.relu;
  store_dst_o = pass_.store_dst;

  io_en_o = io1_valid_q;
  io_write_o = io1_write_q;
  io_addr_o = io1_addr_q;
  io_wdata_o = io1_wdata_q;
  io_rvalid_o = io3_valid_q;
  io_rdata_o = io3_data_q;

  propagate_rams();
  propagate_control();
}

// The enables that name a state or a step of it (section 3.1).
void Ccu::propagate_control() {
  flags_clear_o = state_q == START;
  launch_o = state_q == LAUNCH;

  const bool setup = state_q == SETUP;
  const uint32_t n = step_q;
  clear_o = setup && pass_.clear && n == 0;
  cb_we_o = setup && pass_.load_codebook && 1 <= n && n <= 4;
  cb_word_o = (n - 1) & 3;
  cb_data_o = codebook_ram.rdata_o;
  ld_read_o = setup && pass_.load_src && n < rows(pass_.in_count);
  ld_addr_o = static_cast<uint16_t>(pass_.src_addr + n);
  ld_we_o = setup && pass_.load_src && 1 <= n && n <= rows(pass_.in_count);
  ld_row_o = static_cast<uint8_t>(row_number(n - 1));

  wb_read_o = state_q == WRITE_BACK && n < rows(pass_.out_count);
  wb_row_o = static_cast<uint8_t>(row_number(n));
}

void Ccu::propagate_rams() {
  list_ram.propagate();
  codebook_ram.propagate();

  // Requests end in START at the latest, before the list is read.
  const bool io_list = io1_valid_q && space_of(io1_addr_q) == kListSpace;
  list_ram.en_i = io_list || state_q == FETCH0 || state_q == FETCH1;
  list_ram.we_i = io_list && io1_write_q;
  list_ram.addr_i = (io_list ? io1_addr_q : 2 * desc_q + (state_q == FETCH1)) &
                    static_cast<uint32_t>(low_mask(widths_.list_w + 1));
  list_ram.wdata_i = io1_wdata_q;

  const bool io_codebook = io1_valid_q && space_of(io1_addr_q) == kCodebookSpace;
  const bool setup_read = state_q == SETUP && pass_.load_codebook && step_q < 4;
  codebook_ram.en_i = io_codebook || setup_read;
  codebook_ram.we_i = io_codebook && io1_write_q;
  codebook_ram.addr_i = (io_codebook ? io1_addr_q : 4 * pass_.codebook + step_q) &
                        static_cast<uint32_t>(low_mask(widths_.codebook_w + 2));
  codebook_ram.wdata_i = io1_wdata_q;
}

void Ccu::update(bool rst) {
  if (rst) {
    state_q = IDLE;
    desc_q = left_q = 0;
    step_q = role_q = 0;
    b_valid_q = 0;
    io1_valid_q = io2_read_q = io3_valid_q = 0;
    cycles_q = broadcasts_q = held_q = 0;
  } else {
    update_io();  // reads the counters of this cycle
    update_counters();
    update_list();  // reads b_valid_q and the list RAM's output of this cycle
    update_broadcast();
  }
  list_ram.update(rst);
  codebook_ram.update(rst);
}

void Ccu::update_list() {
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
      state_q = left_q == 0 ? DONE : FETCH0;
      break;
    case FETCH0:
      state_q = FETCH1;
      break;
    case FETCH1:
      d0_q = list_ram.rdata_o;
      take_descriptor();
      state_q = FETCH2;
      break;
    case FETCH2:
      d1_q = list_ram.rdata_o;
      take_descriptor();
      step_q = 0;
      state_q = SETUP;
      break;
    case SETUP:
      if (step_q == setup_last()) state_q = LAUNCH;
      step_q = (step_q + 1) & step_mask;
      break;
    case LAUNCH:
      state_q = RUN;
      break;
    case RUN: {
      const bool drained = root_done_i && !b_valid_q && !pe_busy_i;
      if (drained) state_q = pass_.write_back ? WRITE_BACK : NEXT;
      step_q = 0;
      break;
    }
    case WRITE_BACK:
      if (step_q == rows(pass_.out_count)) state_q = NEXT;
      step_q = (step_q + 1) & step_mask;
      break;
    case NEXT:
      state_q = left_q == 1 ? DONE : FETCH0;
      role_q ^= static_cast<uint8_t>(pass_.swap);
      desc_q = (desc_q + 1) & static_cast<uint16_t>(low_mask(widths_.list_w));
      left_q = (left_q - 1) & static_cast<uint16_t>(low_mask(widths_.list_w + 1));
      break;
    case DONE:
      state_q = IDLE;
      break;
  }
}

void Ccu::take_descriptor() {
  const uint64_t words[2] = {d0_q, d1_q};
  pass_ = decode(words);
  pass_.codebook &= static_cast<uint32_t>(low_mask(widths_.codebook_w));
}

void Ccu::update_broadcast() {
  if (!advance_o) return;
  b_valid_q = root_pop_o;
  if (root_pop_o) {
    const uint32_t bank_mask = static_cast<uint32_t>(low_mask(widths_.bank_w));
    const uint32_t a = pass_.ptr_base + root_col_i;
    b_odd_first_q = a & 1;
    b_odd_q = static_cast<uint16_t>(a >> 1 & bank_mask);
    b_even_q = static_cast<uint16_t>((a + 1) >> 1 & bank_mask);
    b_act_q = root_act_i;
  }
}

void Ccu::update_io() {
  io3_valid_q = io2_read_q;
  if (io2_read_q) {
    switch (io2_space_q) {
      case kListSpace:
        io3_data_q = list_ram.rdata_o;
        break;
      case kCodebookSpace:
        io3_data_q = codebook_ram.rdata_o;
        break;
      case kStatusSpace:
        io3_data_q = io2_status_q;
        break;
      default:
        io3_data_q = io_rdata_i;
    }
  }
  io2_read_q = io1_valid_q && !io1_write_q;
  if (io2_read_q) {
    io2_space_q = static_cast<uint8_t>(space_of(io1_addr_q));
    if (io2_space_q == kStatusSpace) io2_status_q = status_word(io1_addr_q & 7);
  }
  io1_valid_q = io_valid_i && io_ready_o;
  if (io1_valid_q) {
    io1_write_q = io_write_i;
    io1_addr_q = io_addr_i;
    io1_wdata_q = io_wdata_i;
  }
}

void Ccu::update_counters() {
  if (state_q == START) {
    cycles_q = 1;
    broadcasts_q = held_q = 0;
  } else if (state_q != IDLE) {
    ++cycles_q;
    broadcasts_q += root_pop_o;
    held_q += state_q == RUN && hold_i;
  }
}

}  // namespace sparsys::eie
