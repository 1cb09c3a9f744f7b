// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/device.hpp"

namespace sparsys::eie {

Outputs CycleDevice::clock(const Inputs& inputs) {
  model.start_i = inputs.start_i;
  model.list_first_i = inputs.list_first_i;
  model.list_count_i = inputs.list_count_i;
  model.io_valid_i = inputs.io_valid_i;
  model.io_write_i = inputs.io_write_i;
  model.io_addr_i = inputs.io_addr_i;
  model.io_wdata_i = inputs.io_wdata_i;
  model.propagate_rest([](uint32_t, uint32_t) {});
  if (statistics) statistics->observe(model);

  Outputs outputs;
  outputs.busy_o = model.busy_o;
  outputs.done_o = model.done_o;
  outputs.flags_o = model.flags_o;
  outputs.io_ready_o = model.io_ready_o;
  outputs.io_rvalid_o = model.io_rvalid_o;
  outputs.io_rdata_o = model.io_rdata_o;
  model.edge(inputs.rst_i);
  return outputs;
}

}  // namespace sparsys::eie
