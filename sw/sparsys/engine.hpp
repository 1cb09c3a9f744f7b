// SPDX-License-Identifier: Apache-2.0
// A network in a sparse engine, and images run through it one by one, each compared with the
// functional model.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "golden/cycle/eie/statistics.hpp"
#include "golden/data/dataset.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/engine/eie/pins.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/eie_network.hpp"
#include "tb/lockstep/eie/lockstep.hpp"

namespace sparsys {

// Pixels as the network's input: real value pixel / kPixelScale, at the radix point of the network.
std::vector<int16_t> test_input(const eie::Network& network, const Dataset& data, size_t image);
// All test images, one behind the other.
std::vector<int16_t> test_inputs(const eie::Network& network, const Dataset& data);

enum class EngineKind { kLockstep, kRtl, kCycle };
const char* to_string(EngineKind kind);

struct EngineOptions {
  EngineKind kind = EngineKind::kLockstep;
  eie::Config config;
  bool statistics = true;  // kLockstep and kCycle only; costs a little speed
  std::string waves;       // kLockstep only, as are the mismatch waves
  std::string mismatch_waves;
};

struct ImageRun {
  std::vector<int16_t> outputs;  // of the last layer, constants included
  uint64_t list_cycles = 0;      // from start to done, both included
  uint64_t io_cycles = 0;        // for moving the image in and the outputs out
  double seconds = 0;            // for all of these cycles
};

class Engine {
 public:
  // Makes and resets an engine. Throws Error if the RTL of this configuration is not built in.
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  EngineKind kind() const { return options_.kind; }
  const eie::Config& config() const { return options_.config; }

  // Must come before run(). `image` must outlive the engine. Prints progress.
  void load(const eie::Image& image);
  ImageRun run(const std::vector<int16_t>& input);
  // Flags and counters of the last run().
  eie::Status status();
  // To be called at the end: compares what a lockstep still has to compare.
  void finish();

  // Of the last run(); null if there are none.
  const eie::Statistics* statistics() const;
  // Null unless in lockstep.
  const eie::Lockstep* lockstep() const { return lockstep_; }

 private:
  class Stopwatch;

  EngineOptions options_;
  eie::Statistics statistics_;
  std::unique_ptr<eie::Device> device_;
  eie::Lockstep* lockstep_ = nullptr;
  std::unique_ptr<Stopwatch> stopwatch_;
  std::unique_ptr<eie::Driver> driver_;
  const eie::Image* image_ = nullptr;
};

// Sums over images.
struct RunTotals {
  uint64_t images = 0;
  uint64_t errors = 0;             // wrong digits
  uint64_t mismatched_images = 0;  // outputs or saturation differ from the functional model
  std::string first_mismatch;      // which image, output and values
  uint64_t saturated_images = 0;
  uint64_t list_cycles = 0;
  uint64_t io_cycles = 0;
  double seconds = 0;
  uint64_t broadcasts = 0;
  uint64_t held = 0;
  // Without statistics 0.
  uint64_t entries = 0;
  uint64_t active_cycles = 0;

  double per_image(uint64_t sum) const {
    return images == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(images);
  }
  double error_percent() const { return 100 * per_image(errors); }
  double cycles_per_second() const {
    return seconds > 0 ? static_cast<double>(list_cycles + io_cycles) / seconds : 0;
  }
  // Percent of the multipliers' slots between first broadcast and last write that an entry took.
  double utilisation_percent(uint32_t n_pe) const;
};

// Test images first .. first + count - 1 through an engine, added to `totals` as they come, so that
// they are known even if it ends with LockstepMismatch.
void run_images(Engine& engine, const eie::Network& network, const eie::FunctionalModel& function,
                const Dataset& data, size_t first, size_t count, RunTotals& totals);

}  // namespace sparsys
