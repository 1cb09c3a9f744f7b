// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/top/model_device.hpp"

#include "golden/engine/top/interface.hpp"

namespace sparsys::top {

uint32_t ModelDevice::read(uint32_t offset) {
  const Failure& failure = model_.failure();
  if (offset >= reg::kBus && offset <= reg::kMxuSets) {
    return size_registers(config_)[(offset - reg::kBus) / 4];
  }
  switch (offset) {
    case reg::kId:
      return kId;
    case reg::kVersion:
      return kVersion;
    case reg::kStatus:
      return (failure.code != 0 ? bit::kStatusError : 0) |
             (model_.halted() ? bit::kStatusHalted : 0) |
             (model_.idle() || failure.code != 0 ? bit::kStatusQuiet : 0);
    case reg::kError:
      return failure.code | uint32_t{failure.channel} << 8;
    case reg::kErrorCommand:
      return failure.command;
    case reg::kErrorDetail:
      return failure.detail;
    case reg::kErrorPage:
      return failure.page;
    case reg::kIrqStatus:
      return model_.irq_status();
    case reg::kRingHead:
      return model_.head();
    case reg::kFence:
      return model_.fence();
    case reg::kCommands:
      return model_.complete();
    default:
      return 0;
  }
}

void ModelDevice::write(uint32_t offset, uint32_t value) {
  switch (offset) {
    case reg::kControl:
      if (value & bit::kControlReset) model_.reset();
      if (value & bit::kControlRun) model_.start();
      break;
    case reg::kRingPage:
      model_.setup.ring_page = value;
      break;
    case reg::kRingLog2:
      model_.setup.ring_log2 = value;
      break;
    case reg::kWindowFirst:
      model_.setup.window_first = value;
      break;
    case reg::kWindowLast:
      model_.setup.window_last = value;
      break;
    case reg::kRingTail:
      model_.ring(value);
      break;
    default:
      break;
  }
}

}  // namespace sparsys::top
