// SPDX-License-Identifier: Apache-2.0
// The matrix unit at every level: batches from reset to Halt.
#include <chrono>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "sw/sparsys/accelerator/mxu/target.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/lockstep/mxu/rtl.hpp"

namespace sparsys::mxu {
namespace {

// A batch by batch(inputs), which is timed.
template <class Batch>
BatchRun timed(const Network& network, Samples samples, size_t count, const Batch& batch) {
  const std::vector<int8_t> inputs = image_inputs(network, samples, count);
  BatchRun run;
  const auto start = std::chrono::steady_clock::now();
  const std::vector<int8_t> outputs = batch(inputs);
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  run.outputs.assign(outputs.begin(), outputs.end());
  run.values = to_numbers(network.value(network.layers.size()), outputs);
  return run;
}

class Clocked final : public ClockedAccelerator<Device, Lockstep> {
 public:
  Clocked(const MxuTarget& target, const AcceleratorOptions& options) : target_(target) {
    const Config config = target.config();
    if (options.level == Level::kLockstep) {
      make_lockstep(config, LockstepOptions(), options);
    } else if (options.level == Level::kRtl) {
      device_ = make_rtl(config);
    } else {
      device_ = std::make_unique<CycleDevice>(config);
    }
    DriverOptions driver;
    driver.weight_bandwidth = target.weight_bandwidth();
    driver_ = std::make_unique<Driver>(*device_, driver);
  }

  BatchRun run(Samples samples, size_t count) override {
    if (count != program_.batch) {
      program_ = compile(target_.network(), static_cast<uint32_t>(count), device_->config());
    }
    const uint64_t first = driver_->cycles();
    BatchRun run =
        timed(target_.network(), samples, count,
              [this](const std::vector<int8_t>& inputs) { return driver_->run(program_, inputs); });
    run.cycles = driver_->cycles() - first;
    const Counters& c = driver_->counters();
    run.counters = {{"cycles", c.cycles},
                    {"active_cycles", c.active},
                    {"useful_multiply_accumulates", c.useful},
                    {"weight_stall_cycles", c.weight_stall},
                    {"weight_shift_cycles", c.weight_shift},
                    {"non_matrix_cycles", c.non_matrix},
                    {"read_after_write_stall_cycles", c.raw_stall},
                    {"input_stall_cycles", c.input_stall}};
    return run;
  }

 private:
  const MxuTarget& target_;
  std::unique_ptr<Driver> driver_;
  Program program_;
};

class Functional final : public Accelerator {
 public:
  Functional(const MxuTarget& target, unsigned threads) : target_(target), threads_(threads) {}

  BatchRun run(Samples samples, size_t count) override {
    return timed(target_.network(), samples, count, [this](const std::vector<int8_t>& inputs) {
      return run_batch(target_.network(), inputs, threads_);
    });
  }

 private:
  const MxuTarget& target_;
  unsigned threads_;
};

}  // namespace

std::unique_ptr<Accelerator> MxuTarget::make(const AcceleratorOptions& options) const {
  if (options.level == Level::kFunction)
    return std::make_unique<Functional>(*this, options.threads);
  if (options.level != Level::kCycle) check_rtl();
  return std::make_unique<Clocked>(*this, options);
}

}  // namespace sparsys::mxu
