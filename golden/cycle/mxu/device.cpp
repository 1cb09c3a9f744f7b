// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/device.hpp"

namespace sparsys::mxu {

Outputs CycleDevice::clock(const Inputs& inputs) {
  model.inst_valid_i = inputs.inst_valid_i;
  model.inst_i = inputs.inst_i;
  model.wm_ready_i = inputs.wm_ready_i;
  model.w_valid_i = inputs.w_valid_i;
  model.w_data_i = inputs.w_data_i;
  model.hi_valid_i = inputs.hi_valid_i;
  model.hi_data_i = inputs.hi_data_i;
  model.ho_ready_i = inputs.ho_ready_i;
  model.status_i = inputs.status_i & 15;
  model.resume_i = inputs.resume_i;
  model.propagate();

  Outputs outputs;
  outputs.inst_ready_o = model.inst_ready_o;
  outputs.wm_valid_o = model.wm_valid_o;
  outputs.wm_tile_o = model.wm_tile_o;
  outputs.w_ready_o = model.w_ready_o;
  outputs.hi_ready_o = model.hi_ready_o;
  outputs.ho_valid_o = model.ho_valid_o;
  outputs.ho_data_o = model.ho_data_o;
  outputs.status_o = model.status_o;
  outputs.busy_o = model.busy_o;
  outputs.error_o = model.error_o;
  outputs.halted_o = model.halted_o;
  model.update(inputs.rst_i);
  return outputs;
}

}  // namespace sparsys::mxu
