// SPDX-License-Identifier: Apache-2.0
// Puts a Verilated class of module `mxu` behind mxu::Rtl.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "golden/engine/mxu/weight_stream.hpp"
#include "tb/lockstep/core/verilated_top.hpp"
#include "tb/lockstep/mxu/rtl.hpp"

namespace sparsys::mxu {

template <class Verilated>
class RtlAdapter final : public Rtl {
 public:
  explicit RtlAdapter(const Config& config) : config_(config), ho_data_(config.lanes()) {}

  const Config& config() const override { return config_; }
  VerilatedContext& context() override { return top_.context(); }

  Outputs settle(const Inputs& inputs) override {
    Verilated& t = top_.pins();
    t.rst_i = inputs.rst_i;
    t.inst_valid_i = inputs.inst_valid_i;
    for (size_t i = 0; i < inputs.inst_i.size(); ++i) t.inst_i[i] = inputs.inst_i[i];
    t.wm_ready_i = inputs.wm_ready_i;
    t.w_valid_i = inputs.w_valid_i;
    set_row(t.w_data_i, inputs.w_valid_i ? inputs.w_data_i : nullptr,
            StreamShape(config_).beat_bytes());
    t.hi_valid_i = inputs.hi_valid_i;
    set_row(t.hi_data_i, inputs.hi_valid_i ? inputs.hi_data_i : nullptr, config_.lanes());
    t.ho_ready_i = inputs.ho_ready_i;
    t.status_i = inputs.status_i & 15;
    t.resume_i = inputs.resume_i;
    top_.clock(false);
    Outputs outputs;
    outputs.inst_ready_o = t.inst_ready_o;
    outputs.wm_valid_o = t.wm_valid_o;
    outputs.wm_addr_o = t.wm_addr_o;
    outputs.wm_beats_o = t.wm_beats_o;
    outputs.w_ready_o = t.w_ready_o;
    outputs.hi_ready_o = t.hi_ready_o;
    outputs.hi_asked_o = t.hi_asked_o;
    outputs.ho_valid_o = t.ho_valid_o;
    std::memcpy(ho_data_.data(), &t.ho_data_o, ho_data_.size());
    outputs.ho_data_o = ho_data_.data();
    outputs.status_o = t.status_o;
    outputs.busy_o = t.busy_o;
    outputs.quiet_o = t.quiet_o;
    outputs.error_o = t.error_o;
    outputs.halted_o = t.halted_o;
    return outputs;
  }

  void edge() override { top_.clock(true); }

 private:
  // Without a row: bytes that would be seen if anything depended on them.
  template <class Port>
  static void set_row(Port& port, const uint8_t* row, size_t bytes) {
    if (row) {
      std::memcpy(&port, row, bytes);
    } else {
      std::memset(&port, 0xA5, bytes);
    }
  }

  Config config_;
  VerilatedTop<Verilated> top_;
  std::vector<uint8_t> ho_data_;  // the port changes with the edge
};

}  // namespace sparsys::mxu
