// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/device.hpp"

namespace sparsys::eie {

Outputs CycleDevice::clock(const Inputs& inputs) {
  static_cast<Inputs&>(model) = inputs;
  model.propagate_rest([](uint32_t, uint32_t) {});
  if (statistics) statistics->observe(model);
  const Outputs outputs = model;
  model.edge(inputs.rst_i);
  return outputs;
}

}  // namespace sparsys::eie
