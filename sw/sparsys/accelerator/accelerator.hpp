// SPDX-License-Identifier: Apache-2.0
// What every engine is to the program, at every level: a network is loaded, batches of images run,
// counters are read. Images that run on one are compared with another, the functional model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/base/score.hpp"
#include "golden/data/dataset.hpp"

namespace sparsys {

enum class Level { kLockstep, kRtl, kCycle, kFunction, kBoard };
const char* to_string(Level level);  // "RTL in lockstep"

struct AcceleratorOptions {
  Level level = Level::kLockstep;
  unsigned threads = 0;    // of the functional model; 0: all processors
  bool statistics = true;  // of the cycle model, where it has any; they cost a little speed
  std::string waves;       // in lockstep only, as are the waves of a mismatch
  std::string mismatch_waves;
};

struct LockstepCounts {
  uint64_t checked_cycles = 0;
  uint64_t signals_per_cycle = 0;
  uint64_t mismatched_signals = 0;
};

// A batch of images.
struct BatchRun {
  std::vector<int> outputs;        // images x outputs of the engine, which levels are compared by
  std::vector<float> values;       // images x outputs of the network, in real numbers
  std::vector<uint8_t> saturated;  // one an image, if the engine tells: whether a sum saturated
  uint64_t cycles = 0;             // 0 of the functional model
  double seconds = 0;              // for all of them
  std::map<std::string, uint64_t> counters;  // those of the engine
  uint64_t saturated_inputs = 0;             // of the engine, as the host hands them over
};

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  // Puts the target's network into the engine's memories. Must come before run().
  virtual void load() {}
  // `samples`: count times as many values as the network has inputs. Throws LockstepMismatch at the
  // first difference of a lockstep.
  virtual BatchRun run(Samples samples, size_t count) = 0;
  // To be called at the end: compares what a lockstep still has to compare.
  virtual void finish() {}
  // None unless in lockstep.
  virtual std::optional<LockstepCounts> lockstep() const { return std::nullopt; }
};

// What an Accelerator with clocked pins has in common. Device: the engine's pins.
template <class Device, class Lockstep>
class ClockedAccelerator : public Accelerator {
 public:
  void finish() override {
    if (lockstep_ != nullptr) lockstep_->finish();
  }
  std::optional<LockstepCounts> lockstep() const override {
    if (lockstep_ == nullptr) return std::nullopt;
    return LockstepCounts{lockstep_->checked_cycles(), lockstep_->signals_per_cycle(),
                          lockstep_->mismatched_signals()};
  }

 protected:
  template <class Config, class Options>
  void make_lockstep(const Config& config, Options options, const AcceleratorOptions& from) {
    options.waves = from.waves;
    options.mismatch_waves = from.mismatch_waves;
    auto device = std::make_unique<Lockstep>(config, std::move(options));
    lockstep_ = device.get();
    device_ = std::move(device);
  }
  std::unique_ptr<Device> device_;

 private:
  Lockstep* lockstep_ = nullptr;
};

// Sums over batches.
struct RunTotals {
  uint64_t images = 0;
  uint64_t batches = 0;
  Score score;                     // of the outputs
  uint64_t mismatched_images = 0;  // that differ from the functional model
  uint64_t mismatched_values = 0;  // outputs that do
  std::string first_mismatch;      // which image, output and values
  std::optional<uint64_t> saturated_images;
  uint64_t cycles = 0;
  double seconds = 0;
  std::map<std::string, uint64_t> counters;
  uint64_t saturated_inputs = 0;
  bool keep_outputs = false;   // whether the next are to be kept, as real numbers
  std::vector<float> outputs;  // samples x outputs

  // Of a counter, or of `cycles` if it has no name.
  double per_image(const std::string& counter) const;
  double cycles_per_second() const;
};

// Samples of a data set and their targets, in batches.
struct ImageRange {
  Samples samples;
  Targets targets;
  size_t inputs;   // values of a sample
  uint64_t first;  // number of the first, for messages
  uint64_t count;
  uint64_t batch;
  // What the targets of an autoencoder are of the samples' values.
  float scale = 1 / 256.0F;
  float offset = 0;
  bool scored = true;  // whether there are targets
};
ImageRange test_images(const Dataset& data, uint64_t first, uint64_t count, uint64_t batch);

// Runs them and compares every output with that of `reference`, unless it is null. They are added
// to `totals` as they come, so that they are known even if it ends with LockstepMismatch.
// `name`: of the progress that is shown.
void run_images(Accelerator& engine, Accelerator* reference, const ImageRange& range,
                const std::string& name, RunTotals& totals);

}  // namespace sparsys
