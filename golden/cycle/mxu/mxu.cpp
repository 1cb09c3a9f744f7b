// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/mxu.hpp"

#include <algorithm>

namespace sparsys::mxu {

Mxu::Mxu(const Config& config)
    : sequencer(checked(config)),
      matrix(config),
      activation(config),
      params(config),
      host_in(config),
      host_out(config),
      weight_fetch(config),
      weights(config),
      unified_buffer(config),
      setup(config),
      array(config),
      accumulators(config),
      config_(config) {
  propagate();
}

// What follows from registers alone.
void Mxu::propagate_state() {
  matrix.propagate_state();
  activation.propagate_state();
  host_in.propagate_state();
  host_out.propagate_state();
  weights.propagate_state();
  weight_fetch.room_i = weights.room_o;
  weight_fetch.owed_i = weights.owed_o;
  weight_fetch.full_i = weights.full_o;
  weight_fetch.expect_full_i = weights.arrival.expect_full_o();
  weight_fetch.propagate_state();
  accumulators.propagate_state();

  Sequencer& s = sequencer;
  s.error_i = {matrix.error_o(), activation.error_o(), host_in.error_o(), host_out.error_o(),
               weights.arrival.error_q};
  s.error_number_i = {matrix.error_number_o(), activation.error_number_o(),
                      host_in.error_number_o(), host_out.error_number_o(),
                      weights.arrival.error_number_q};
  s.error_bus_i = weights.arrival.error_bus_q;
  s.unit_done_i = {accumulators.matrix_done_o, activation.done_o, host_in.done_o, host_out.done_o};
  s.propagate_state();
  // Stop and pulses; the Set follows behind the sequencer.
  for (Unit* unit : std::initializer_list<Unit*>{&matrix, &activation, &host_in, &host_out}) {
    static_cast<UnitCommon&>(*unit) = s.common_o;
  }
  weight_fetch.stop_i = s.common_o.stop_i;
}

// Issue, weights, set-up, array, accumulators, activation.
void Mxu::propagate_matrix() {
  weight_fetch.wm_ready_i = wm_ready_i;
  weight_fetch.propagate();

  matrix.loaded_i = weights.loaded_o;
  matrix.act_half_i = activation.act_half_o;
  matrix.propagate();

  weights.swap_i = matrix.swap_o;
  WeightArrival& arrival = weights.arrival;
  arrival.asked_i = weight_fetch.asked_o;
  arrival.beats_i = weight_fetch.wm_beats_o;
  arrival.w_valid_i = w_valid_i;
  arrival.w_data_i = w_data_i;
  arrival.expected.push_i = weight_fetch.expect_o;
  if (weight_fetch.expect_o) {
    std::copy_n(weight_fetch.expect_data_o(), 2, arrival.expected.data_i.begin());
  }
  weights.propagate();

  setup.data_i = unified_buffer.rdata_o();
  setup.pad_i = matrix.pad_o;
  setup.pad_value_i = matrix.pad_value_o;
  setup.propagate();

  array.a_i = setup.a_o.data();
  array.packet_i = weights.packet_o;
  array.swap_i = weights.swap_o;
  array.propagate();

  activation.half_busy_i = matrix.half_busy_o;
  activation.act_data_i = accumulators.act_data_o.data();
  activation.bias_i = params.bias_o.data();
  activation.multiplier_i = params.multiplier_o.data();
  activation.shift_i = params.shift_o.data();
  activation.factors_still_i = params.still();
  activation.propagate();

  accumulators.row_valid_i = matrix.row_valid_o;
  accumulators.row_add_i = matrix.row_add_o;
  accumulators.row_last_i = matrix.row_last_o;
  accumulators.row_addr_i = matrix.row_addr_o;
  accumulators.sum_i = array.sum_o.data();
  accumulators.act_re_i = activation.act_re_o;
  accumulators.act_addr_i = activation.act_addr_o;
  accumulators.propagate();
}

// Host ports, weight requests, and the memories' ports.
void Mxu::propagate_host() {
  unified_buffer.m_re_i = matrix.m_re_o;
  unified_buffer.m_raddr_i = matrix.m_raddr_o;
  unified_buffer.a_we_i = activation.a_we_o;
  unified_buffer.a_waddr_i = activation.a_waddr_o;
  unified_buffer.a_wdata_i = activation.a_wdata_o();
  unified_buffer.propagate_grants();

  host_in.hi_valid_i = hi_valid_i;
  host_in.hi_data_i = hi_data_i;
  host_in.h_wgrant_i = unified_buffer.h_wgrant_o;
  host_in.propagate();

  host_out.ho_ready_i = ho_ready_i;
  host_out.h_rgrant_i = unified_buffer.h_rgrant_o;
  host_out.rdata_i = unified_buffer.rdata_o();
  host_out.propagate();

  unified_buffer.h_re_i = host_out.h_re_o;
  unified_buffer.h_raddr_i = host_out.h_raddr_o;
  unified_buffer.h_we_i = host_in.h_we_o;
  unified_buffer.h_waddr_i = host_in.h_waddr_o;
  unified_buffer.h_wdata_i = hi_data_i;
  unified_buffer.propagate();

  params.re_i = activation.param_re_o;
  params.set_i = activation.param_set_o;
  params.p_we_i = host_in.p_we_o;
  params.p_plane_i = host_in.p_plane_o;
  params.p_set_i = host_in.p_set_o;
  params.p_data_i = hi_data_i;
  params.propagate();
}

void Mxu::propagate_sequencer() {
  Sequencer& s = sequencer;
  s.inst_valid_i = inst_valid_i;
  s.inst_i = inst_i;
  s.resume_i = resume_i;
  s.full_i = {matrix.full_o(), activation.full_o(), host_in.full_o(), host_out.full_o(),
              weight_fetch.full_o()};
  s.idle_i = {matrix.idle_o, activation.idle_o, host_in.idle_o, host_out.idle_o,
              weight_fetch.idle_o};
  s.busy_i = {matrix.busy_o, activation.busy_o, host_in.busy_o, host_out.busy_o,
              weight_fetch.busy_o};
  s.weights_full_i = weights.full_o;
  s.pipeline_i = activation.pipeline_o;
  s.accumulators_i = accumulators.busy_o;
  s.row_valid_i = matrix.row_valid_o;
  s.useful_i = matrix.useful_o;
  s.stall_weights_i = matrix.stall_weights_o;
  s.stall_half_i = matrix.stall_half_o;
  s.shadow_i = weights.shadow_o;
  s.blocked_i = matrix.blocked_o;
  s.status_i = status_i & 15;
  s.propagate();

  // Dispatch: the queues' push, and a Set, which the units take at the edge.
  Unit* const units[] = {&matrix, &activation, &host_in, &host_out};
  for (uint32_t u = 0; u < kUnits; ++u) {
    units[u]->push_i = s.push_o[u];
    units[u]->op_i = s.op_o;
    units[u]->number_i = s.number_o;
    units[u]->wait_i = s.wait_o;
    units[u]->set_i = s.common_o.set_i;
    units[u]->set_number_i = s.common_o.set_number_i;
    units[u]->set_value_i = s.common_o.set_value_i;
  }
  weight_fetch.push_i = s.push_o[Sequencer::kWeightFetch];
  weight_fetch.queue.data_i = {s.op_o[0], s.op_o[1], s.op_o[2] & 0x3FF};
}

void Mxu::propagate() {
  propagate_state();
  propagate_matrix();
  propagate_host();
  propagate_sequencer();

  inst_ready_o = sequencer.inst_ready_o;
  wm_valid_o = weight_fetch.wm_valid_o;
  wm_addr_o = weight_fetch.wm_addr_o;
  wm_beats_o = weight_fetch.wm_beats_o;
  w_ready_o = weights.arrival.w_ready_o;
  hi_ready_o = host_in.hi_ready_o;
  hi_asked_o = host_in.hi_asked_o;
  ho_valid_o = host_out.ho_valid_o;
  ho_data_o = host_out.ho_data_o();
  status_o = sequencer.status_o;
  busy_o = sequencer.busy_o;
  quiet_o = sequencer.quiet_o;
  error_o = sequencer.error_o;
  halted_o = sequencer.halted_o;
}

// Each unit before those whose registers it points to: activation before accumulators and
// parameters, host output and set-up before the unified buffer, the array before set-up and
// weights.
void Mxu::update(bool rst) {
  const bool flush = rst || sequencer.flush_o;
  sequencer.update(rst);
  matrix.update(flush);
  activation.update(flush);
  host_in.update(flush);
  host_out.update(flush);
  weight_fetch.update(flush);
  accumulators.update(rst);
  array.update(rst);
  setup.update(rst);
  weights.update(flush);
  unified_buffer.update();
  params.update(rst);
}

}  // namespace sparsys::mxu
