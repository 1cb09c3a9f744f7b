// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/host.hpp"

#include <cstring>

namespace sparsys::mxu {

namespace {

constexpr uint32_t opcode_bits(Opcode opcode) { return static_cast<uint32_t>(opcode) << 24; }

}  // namespace

Instruction HostIn::head() const {
  const uint32_t* op = queue.op_o();
  return decode({op[0], op[1] & 0xFF, (op[1] >> 8 & 1) << 8 | opcode_bits(Opcode::kReadHost)});
}

uint8_t HostIn::check_head() const {
  const Instruction op = head();
  if (op.length == 0) return kErrorLength;
  if (op.parameters) {
    const bool fits = (op.buffer & 15) + op.length <= 9 && op.buffer >> 4 < config_.param_sets;
    return fits ? 0 : kErrorParameters;
  }
  return op.buffer + op.length <= config_.ub_depth ? 0 : kErrorBuffer;
}

void HostIn::propagate_state() {
  idle_o = !run_q && queue.empty_o();
  busy_o = run_q | done_q;
  done_o = done_q;
  hi_asked_o = run_q ? left_q : 0;
}

void HostIn::propagate() {
  propagate_state();
  hi_ready_o = run_q && (param_q || h_wgrant_i);
  taken_ = hi_valid_i && hi_ready_o;
  h_we_o = run_q && !param_q && hi_valid_i;
  h_waddr_o = static_cast<uint32_t>(addr_q & low_mask(widths_.ub_w));
  p_we_o = run_q && param_q && hi_valid_i;
  p_plane_o = addr_q & 15;
  p_set_o = static_cast<uint32_t>(addr_q >> 4 & low_mask(widths_.set_w));
  take_ = propagate_queue(!run_q || (taken_ && left_q == 1), [this] { return check_head(); });
}

void HostIn::update(bool rst) {
  if (rst) {
    run_q = done_q = 0;
  } else {
    const bool last = taken_ && left_q == 1;
    done_q = last;
    if (taken_) {
      addr_q = (addr_q + 1) & 0xFFFFFF;
      --left_q;
      if (last) run_q = 0;
    }
    if (take_) {
      const Instruction op = head();
      run_q = 1;
      param_q = op.parameters;
      addr_q = op.buffer;
      left_q = op.length;
    }
  }
  update_queue(rst, {op_i[0], (op_i[1] & 0xFF) | (op_i[2] >> 8 & 1) << 8});
}

Instruction HostOut::head() const {
  const uint32_t* op = queue.op_o();
  return decode({op[0], op[1] & 0xFF, opcode_bits(Opcode::kWriteHost)});
}

uint8_t HostOut::check_head() const {
  const Instruction op = head();
  if (op.length == 0) return kErrorLength;
  return op.buffer + op.length <= config_.ub_depth ? 0 : kErrorBuffer;
}

void HostOut::propagate_state() {
  idle_o = !run_q && queue.empty_o();
  busy_o = run_q || got_q || !rows.empty_o() || done_q;
  done_o = done_q;
  ho_valid_o = !rows.empty_o();
  h_re_o = run_q && rows_q != 4;
  h_raddr_o = static_cast<uint32_t>(addr_q & low_mask(widths_.ub_w));
}

void HostOut::propagate() {
  propagate_state();
  granted_ = h_re_o && h_rgrant_i;
  pop_ = ho_valid_o && ho_ready_i;
  take_ = propagate_queue(!run_q || (granted_ && left_q == 1), [this] { return check_head(); });
}

void HostOut::update(bool rst) {
  const uint32_t lanes = widths_.lanes;
  const bool popped_last = pop_ && get_field(rows.head_o(), 8 * lanes, 1) != 0;
  rows.push_i = got_q;
  rows.pop_i = pop_;
  if (got_q) {
    std::memcpy(rows.data_i.data(), rdata_i, lanes);
    set_field(rows.data_i.data(), 8 * lanes, 1, last_got_q);
  }
  rows.update(rst);
  if (rst) {
    run_q = got_q = rows_q = done_q = 0;
  } else {
    const bool last = granted_ && left_q == 1;
    done_q = popped_last;
    rows_q = static_cast<uint8_t>(rows_q + granted_ - pop_);
    got_q = granted_;
    if (granted_) {
      last_got_q = last;
      addr_q = (addr_q + 1) & 0xFFFFFF;
      --left_q;
      if (last) run_q = 0;
    }
    if (take_) {
      const Instruction op = head();
      run_q = 1;
      addr_q = op.buffer;
      left_q = op.length;
    }
  }
  update_queue(rst, {op_i[0], op_i[1] & 0xFF});
}

void WeightFetch::update(bool rst) {
  queue.push_i = push_i;
  queue.pop_i = expect_o;
  if (rst) {
    run_q = hold_q = 0;
  } else {
    if (asked_o) {
      hold_q = 2;
    } else if (hold_q != 0) {
      --hold_q;
    }
    if (expect_o) {
      run_q = 1;
      addr_q = queue.head_o()[0];
      left_q = queue.head_o()[1] & 0xFFFFFF;
    } else {
      if ((asked_o && (left_q == wm_beats_o || stop_i)) || (stop_i && !wm_valid_o)) run_q = 0;
      if (asked_o) {
        const uint32_t upto = kRequestBeats - addr_q % kRequestBeats;
        addr_q += upto;
        left_q = (left_q - upto) & 0xFFFFFF;
      }
    }
  }
  queue.update(rst);
}

}  // namespace sparsys::mxu
