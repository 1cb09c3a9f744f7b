// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/mxu_engine.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/lockstep/mxu/rtl.hpp"

namespace sparsys {
namespace {

bool built_in(const mxu::Config& config) {
  const std::vector<mxu::Config> all = mxu::rtl_configs();
  return std::any_of(all.begin(), all.end(), [&config](const mxu::Config& c) {
    return c.rows == config.rows && c.cols == config.cols;
  });
}

void add_counters(mxu::Counters& sum, const mxu::Counters& more) {
  sum.cycles += more.cycles;
  sum.active += more.active;
  sum.useful += more.useful;
  sum.weight_stall += more.weight_stall;
  sum.weight_shift += more.weight_shift;
  sum.non_matrix += more.non_matrix;
  sum.raw_stall += more.raw_stall;
  sum.input_stall += more.input_stall;
}

void compare(const mxu::Network& network, const std::vector<int8_t>& found,
             const std::vector<int8_t>& expected, uint64_t first_image, MxuTotals& totals) {
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    if (totals.mismatched_values++ > 0) continue;
    totals.first_mismatch = "image " + std::to_string(first_image + i / network.output_size()) +
                            ", output " + std::to_string(i % network.output_size()) + ": " +
                            std::to_string(found[i]) + ", functional model " +
                            std::to_string(expected[i]);
  }
}

std::string share(uint64_t part, uint64_t whole) {
  return fixed(whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) +
         " %";
}

}  // namespace

mxu::Config mxu_config(uint32_t array) {
  mxu::Config config;
  config.rows = config.cols = array;
  // The largest blocks that are no larger than those of the full size.
  uint32_t block = std::min(array, config.tile_rows);
  while (block > 1 && array % block != 0) --block;
  config.tile_rows = config.tile_cols = block;
  check(config);
  return config;
}

std::string mxu_arrays_built_in() {
  std::vector<uint32_t> sides;
  for (const mxu::Config& c : mxu::rtl_configs()) sides.push_back(c.rows);
  std::sort(sides.begin(), sides.end());
  std::string text;
  for (size_t i = 0; i < sides.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == sides.size() ? " and " : ", ") + std::to_string(sides[i]);
  }
  return text;
}

MxuEngine::MxuEngine(const MxuEngineOptions& options) : options_(options) {
  check(options.config);
  if (options.kind != EngineKind::kCycle && !built_in(options.config)) {
    throw Error("--array " + std::to_string(options.config.rows) +
                ": the RTL of the matrix unit is built in with " + mxu_arrays_built_in() +
                " rows and columns; --engine mxu-cycle takes 1 to 256");
  }
  if (options.kind == EngineKind::kLockstep) {
    mxu::LockstepOptions lockstep;
    lockstep.waves = options.waves;
    lockstep.mismatch_waves = options.mismatch_waves;
    auto device = std::make_unique<mxu::Lockstep>(options.config, std::move(lockstep));
    lockstep_ = device.get();
    device_ = std::move(device);
  } else if (options.kind == EngineKind::kRtl) {
    device_ = mxu::make_rtl(options.config);
  } else {
    device_ = std::make_unique<mxu::CycleDevice>(options.config);
  }
  mxu::DriverOptions driver;
  driver.weight_bandwidth = options.weight_bandwidth;
  driver_ = std::make_unique<mxu::Driver>(*device_, driver);
}

MxuEngine::~MxuEngine() = default;

std::vector<int8_t> MxuEngine::run(const mxu::Program& program, const std::vector<int8_t>& inputs) {
  const uint64_t before = driver_->cycles();
  const auto start = std::chrono::steady_clock::now();
  std::vector<int8_t> outputs = driver_->run(program, inputs);
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  cycles_ += driver_->cycles() - before;
  return outputs;
}

void MxuEngine::finish() {
  if (lockstep_) lockstep_->finish();
}

void run_mxu_images(MxuEngine& engine, const mxu::Network& network, const Dataset& data,
                    uint64_t first, uint64_t images, uint64_t batch, unsigned threads,
                    MxuTotals& totals) {
  mxu::Program program;
  // A batch is one step.
  std::optional<Meter> meter;
  if (images > batch) meter.emplace("matrix unit", images);
  for (uint64_t done = 0; done < images; done += batch) {
    const uint64_t count = std::min(batch, images - done);
    if (count != program.batch) {
      program = compile(network, static_cast<uint32_t>(count), engine.config());
    }
    const uint64_t image = first + done;
    const std::vector<int8_t> inputs =
        image_inputs(network, &data.test_images[image * data.pixels()], count);
    const std::vector<int8_t> outputs = engine.run(program, inputs);
    ++totals.batches;
    totals.images += count;
    add_counters(totals.counters, engine.counters());
    compare(network, outputs, run_batch(network, inputs, threads), image, totals);
    const std::vector<uint32_t> classes = classify(network, outputs);
    for (uint64_t i = 0; i < count; ++i) {
      totals.errors += classes[i] != data.test_labels[image + i];
    }
    if (meter) meter->at(done + count);
  }
}

nlohmann::json counters_json(const mxu::Counters& c) {
  return {{"cycles", c.cycles},
          {"active_cycles", c.active},
          {"useful_multiply_accumulates", c.useful},
          {"weight_stall_cycles", c.weight_stall},
          {"weight_shift_cycles", c.weight_shift},
          {"non_matrix_cycles", c.non_matrix},
          {"read_after_write_stall_cycles", c.raw_stall},
          {"input_stall_cycles", c.input_stall}};
}

void add_counters_to(Listing& listing, const mxu::Counters& c, const mxu::Config& config) {
  listing.add("array active", share(c.active, c.cycles));
  listing.add("useful multiply-accumulates",
              share(c.useful, c.cycles * config.rows * config.cols) + " of the peak");
  listing.add("weight stall", share(c.weight_stall, c.cycles));
  listing.add("weight shift", share(c.weight_shift, c.cycles));
  listing.add("non-matrix", share(c.non_matrix, c.cycles));
  listing.add("  read-after-write stall", share(c.raw_stall, c.cycles));
  listing.add("  input stall", share(c.input_stall, c.cycles));
}

}  // namespace sparsys
