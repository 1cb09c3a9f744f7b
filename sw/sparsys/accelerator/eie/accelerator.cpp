// SPDX-License-Identifier: Apache-2.0
// The sparse engine at every level: images run through it one by one, or of each one vector after
// the other.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/function/eie/model.hpp"
#include "sw/sparsys/accelerator/eie/target.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys::eie {
namespace {

using Clock = std::chrono::steady_clock;

// Vectors one behind the other, each by one(input, outputs, run), which returns whether a sum
// saturated.
template <class One>
BatchRun one_by_one(const EieTarget& target, Samples samples, size_t count, const One& one) {
  const EieTarget::HandOver& handed = target.hand_over(samples, count);
  const auto inputs = static_cast<ptrdiff_t>(target.network().input_size());
  BatchRun run;
  run.saturated_inputs = handed.saturated;
  run.saturated.resize(count);
  std::vector<int16_t> made;
  const size_t vectors = count * target.split().positions;
  for (size_t v = 0; v < vectors; ++v) {
    const auto first = handed.inputs.begin() + static_cast<ptrdiff_t>(v) * inputs;
    std::vector<int16_t> outputs;
    const bool saturated = one(std::vector<int16_t>(first, first + inputs), outputs, run);
    run.saturated[v / target.split().positions] |= saturated ? 1 : 0;
    made.insert(made.end(), outputs.begin(), outputs.begin() + target.network().output_size());
  }
  run.values = target.host().outputs(made);
  run.outputs.assign(made.begin(), made.end());
  return run;
}

class Clocked final : public ClockedAccelerator<Device, Lockstep> {
 public:
  // `board`: of Level::kBoard.
  Clocked(const EieTarget& target, const AcceleratorOptions& options, Board* board)
      : target_(target), board_(board) {
    const bool statistics =
        options.statistics && (options.level == Level::kLockstep || options.level == Level::kCycle);
    if (statistics) statistics_.emplace();
    if (options.level == Level::kLockstep) {
      LockstepOptions lockstep;
      if (statistics) lockstep.statistics = &*statistics_;
      make_lockstep(target.config, std::move(lockstep), options);
    } else if (options.level == Level::kRtl) {
      device_ = make_rtl(target.config);
    } else if (options.level == Level::kBoard) {
      device_ = std::make_unique<BoardDevice>(*board);
    } else {
      auto device = std::make_unique<CycleDevice>(target.config);
      if (statistics) device->statistics = &*statistics_;
      device_ = std::move(device);
    }
    driver_ = std::make_unique<Driver>(*device_);
    driver_->reset();
  }

  void load() override {
    std::optional<Meter> meter;
    driver_->load(target_.image(), [&meter](uint64_t written, uint64_t total) {
      if (!meter) meter.emplace("load", total);
      meter->at(written);
    });
    if (board_ == nullptr) return;
    try {
      driver_->check_loaded(target_.image());
    } catch (const Error& error) {
      throw Error(board_->path() + ": " + error.what() + "; does the line lose bytes?");
    }
  }

  BatchRun run(Samples samples, size_t count) override {
    return one_by_one(
        target_, samples, count,
        [this](const std::vector<int16_t>& input, std::vector<int16_t>& outputs, BatchRun& run) {
          const auto start = Clock::now();
          const uint64_t bytes = board_ != nullptr ? board_->bytes() : 0;
          outputs = driver_->run(target_.image(), input);
          run.seconds += std::chrono::duration<double>(Clock::now() - start).count();
          run.cycles += driver_->list_cycles() + driver_->io_cycles();
          run.counters["cycles"] += driver_->list_cycles();
          if (board_ == nullptr) {
            run.counters["io_cycles"] += driver_->io_cycles();
          } else {
            run.counters["line_bytes"] += board_->bytes() - bytes;
          }
          const Status status = driver_->read_status();
          run.counters["broadcasts"] += status.broadcasts;
          run.counters["held_cycles"] += status.held;
          if (statistics_) {
            run.counters["entries"] += statistics_->entries;
            run.counters["active_cycles"] += statistics_->active_cycles();
          }
          return status.saturated != 0;
        });
  }

 private:
  const EieTarget& target_;
  Board* board_;
  std::optional<Statistics> statistics_;  // of the last image
  std::unique_ptr<Driver> driver_;
};

class Functional final : public Accelerator {
 public:
  explicit Functional(const EieTarget& target) : target_(target) {}

  void load() override {
    const Config& config = target_.config;
    model_.emplace(target_.network(),
                   Accumulators(static_cast<int>(config.acc_width), config.groups));
  }

  BatchRun run(Samples samples, size_t count) override {
    return one_by_one(
        target_, samples, count,
        [this](const std::vector<int16_t>& input, std::vector<int16_t>& outputs, BatchRun& run) {
          bool saturated = false;
          const auto start = Clock::now();
          outputs = model_->run_layers(input, &saturated).back();
          run.seconds += std::chrono::duration<double>(Clock::now() - start).count();
          return saturated;
        });
  }

 private:
  const EieTarget& target_;
  std::optional<FunctionalModel> model_;
};

}  // namespace

std::unique_ptr<Accelerator> EieTarget::make(const AcceleratorOptions& options) const {
  if (options.level == Level::kFunction) return std::make_unique<Functional>(*this);
  return std::make_unique<Clocked>(*this, options, board_.get());
}

}  // namespace sparsys::eie
