// SPDX-License-Identifier: Apache-2.0
// A matrix unit, and batches of images run through it, each compared with the functional model.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/data/dataset.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/engine/mxu/program.hpp"
#include "golden/network/mxu_network.hpp"
#include "sw/sparsys/engine.hpp"
#include "sw/sparsys/output.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"

namespace sparsys {

// The unit of `array` rows and columns, else as at full size.
mxu::Config mxu_config(uint32_t array);
// Sides of the arrays whose RTL is built into this program: "16 and 256".
std::string mxu_arrays_built_in();

struct MxuEngineOptions {
  EngineKind kind = EngineKind::kLockstep;
  mxu::Config config;
  double weight_bandwidth = 0;  // as in MxuDriverOptions
  std::string waves;            // kLockstep only, as are the mismatch waves
  std::string mismatch_waves;
};

class MxuEngine {
 public:
  // Throws Error "--array 20: ..." if the RTL is asked for and not built in.
  explicit MxuEngine(const MxuEngineOptions& options);
  ~MxuEngine();
  MxuEngine(const MxuEngine&) = delete;
  MxuEngine& operator=(const MxuEngine&) = delete;

  EngineKind kind() const { return options_.kind; }
  const mxu::Config& config() const { return options_.config; }

  // A batch from reset to Halt; its counters are those of the driver. Throws LockstepMismatch, and
  // what MxuDriver::run() does.
  std::vector<int8_t> run(const mxu::Program& program, const std::vector<int8_t>& inputs);
  const mxu::Counters& counters() const { return driver_->counters(); }
  // To be called at the end: compares what a lockstep still has to compare.
  void finish();

  // Clock cycles of all runs, and what they took.
  uint64_t cycles() const { return cycles_; }
  double seconds() const { return seconds_; }
  // Null unless in lockstep.
  const mxu::Lockstep* lockstep() const { return lockstep_; }

 private:
  MxuEngineOptions options_;
  std::unique_ptr<mxu::Device> device_;
  mxu::Lockstep* lockstep_ = nullptr;
  std::unique_ptr<mxu::Driver> driver_;
  uint64_t cycles_ = 0;
  double seconds_ = 0;
};

// Sums over batches.
struct MxuTotals {
  mxu::Counters counters;
  uint64_t batches = 0;
  uint64_t images = 0;
  uint64_t errors = 0;             // wrong digits
  uint64_t mismatched_values = 0;  // outputs that differ from the functional model
  std::string first_mismatch;      // which image, output and values
};

// Test images first .. first + images - 1 in batches of up to `batch`, added to `totals` as they
// come, so that they are known even if it ends with LockstepMismatch. Throws Error as compile()
// does.
void run_mxu_images(MxuEngine& engine, const mxu::Network& network, const Dataset& data,
                    uint64_t first, uint64_t images, uint64_t batch, unsigned threads,
                    MxuTotals& totals);

// The counters by name, for reports; and as lines of a table, as shares of all cycles and of the
// array's peak.
nlohmann::json counters_json(const mxu::Counters& counters);
void add_counters_to(Listing& listing, const mxu::Counters& counters, const mxu::Config& config);

}  // namespace sparsys
