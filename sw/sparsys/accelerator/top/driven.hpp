// SPDX-License-Identifier: Apache-2.0
// Images run by the accelerator's driver, on whatever device.
#pragma once

#include <memory>

#include "golden/engine/top/device.hpp"
#include "golden/format/image/build.hpp"
#include "sw/sparsys/accelerator/accelerator.hpp"

namespace sparsys::top {

// `image` and what is placed in it, and the device, must outlive it. A run loads the image and runs
// its samples, two inferences under way; counters "cycles", "cycles_sparse", "cycles_matrix",
// "cycles_both", "read_bytes", "write_bytes" are those of the device for all of that but the
// setup, and cycles are 0 of a device without a clock. Throws Error as the driver refuses, or if
// samples are no whole number of batches.
std::unique_ptr<Accelerator> make_driven(const Image& image, const Placed& placed, Device& device);

}  // namespace sparsys::top
