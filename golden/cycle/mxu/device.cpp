// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/device.hpp"

namespace sparsys::mxu {

Outputs CycleDevice::clock(const Inputs& inputs) {
  static_cast<Inputs&>(model) = inputs;
  model.propagate();
  const Outputs outputs = model;
  model.update(inputs.rst_i);
  return outputs;
}

}  // namespace sparsys::mxu
