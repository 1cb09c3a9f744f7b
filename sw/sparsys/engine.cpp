// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "golden/cycle/eie/device.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/output.hpp"
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys {

namespace {

void append_input(const eie::Network& network, const Dataset& data, size_t image,
                  std::vector<int16_t>& inputs) {
  const double scale = std::ldexp(1.0, network.layers.front().input_frac - kPixelFrac);
  const uint8_t* pixels = data.test_images.data() + image * data.pixels();
  for (uint32_t p = 0; p < data.pixels(); ++p) {
    const double value = std::floor(pixels[p] * scale + 0.5);
    inputs.push_back(static_cast<int16_t>(std::min<double>(value, INT16_MAX)));
  }
}

// Where an image's outputs differ; empty if nowhere.
std::string difference(const std::vector<int16_t>& outputs, const std::vector<int16_t>& expected,
                       bool saturated, const eie::Status& status) {
  for (size_t i = 0; i < std::max(outputs.size(), expected.size()); ++i) {
    const auto value = [i](const std::vector<int16_t>& of) {
      return i < of.size() ? std::to_string(of[i]) : "none";
    };
    if (value(outputs) != value(expected)) {
      return "output " + std::to_string(i) + " is " + value(outputs) + ", functional model " +
             value(expected);
    }
  }
  if (status.saturated != saturated) {
    return std::string("an accumulator saturated in the ") +
           (saturated ? "functional model" : "engine") + " only";
  }
  if (status.row_error) return "the engine met a row out of range";
  if (status.pointer_error) return "the engine met pointers out of order";
  return "";
}

}  // namespace

std::vector<int16_t> test_input(const eie::Network& network, const Dataset& data, size_t image) {
  std::vector<int16_t> input;
  append_input(network, data, image, input);
  return input;
}

std::vector<int16_t> test_inputs(const eie::Network& network, const Dataset& data) {
  std::vector<int16_t> inputs;
  inputs.reserve(data.test_images.size());
  for (size_t i = 0; i < data.test_count(); ++i) append_input(network, data, i, inputs);
  return inputs;
}

const char* to_string(EngineKind kind) {
  switch (kind) {
    case EngineKind::kLockstep:
      return "RTL in lockstep";
    case EngineKind::kRtl:
      return "RTL";
    case EngineKind::kCycle:
      return "cycle model";
  }
  return "";
}

// Counts the cycles from start to done on the pins.
class Engine::Stopwatch final : public eie::Device {
 public:
  explicit Stopwatch(eie::Device& device) : device_(device) {}
  const eie::Config& config() const override { return device_.config(); }
  eie::Outputs clock(const eie::Inputs& inputs) override {
    const eie::Outputs outputs = device_.clock(inputs);
    if (inputs.start_i && !outputs.busy_o) start_ = cycle_;
    if (outputs.done_o) list_cycles_ = cycle_ - start_ + 1;
    ++cycle_;
    return outputs;
  }
  uint64_t list_cycles() const { return list_cycles_; }

 private:
  eie::Device& device_;
  uint64_t cycle_ = 0;
  uint64_t start_ = 0;
  uint64_t list_cycles_ = 0;
};

Engine::Engine(const EngineOptions& options) : options_(options) {
  check(options.config);
  if (options.kind == EngineKind::kLockstep) {
    eie::LockstepOptions lockstep;
    lockstep.waves = options.waves;
    lockstep.mismatch_waves = options.mismatch_waves;
    if (options.statistics) lockstep.statistics = &statistics_;
    auto device = std::make_unique<eie::Lockstep>(options.config, std::move(lockstep));
    lockstep_ = device.get();
    device_ = std::move(device);
  } else if (options.kind == EngineKind::kRtl) {
    device_ = eie::make_rtl(options.config);
  } else {
    auto device = std::make_unique<eie::CycleDevice>(options.config);
    if (options.statistics) device->statistics = &statistics_;
    device_ = std::move(device);
  }
  stopwatch_ = std::make_unique<Stopwatch>(*device_);
  driver_ = std::make_unique<eie::Driver>(*stopwatch_);
  driver_->reset();
}

Engine::~Engine() = default;

void Engine::load(const eie::Image& image) {
  image_ = &image;
  std::unique_ptr<Meter> meter;
  driver_->load(image, [&meter](uint64_t written, uint64_t total) {
    if (!meter) meter = std::make_unique<Meter>("load", total);
    meter->at(written);
  });
}

ImageRun Engine::run(const std::vector<int16_t>& input) {
  ImageRun run;
  const uint64_t first = driver_->cycles();
  const auto start = std::chrono::steady_clock::now();
  run.outputs = driver_->run(*image_, input);
  const auto end = std::chrono::steady_clock::now();
  run.seconds = std::chrono::duration<double>(end - start).count();
  run.list_cycles = stopwatch_->list_cycles();
  run.io_cycles = driver_->cycles() - first - run.list_cycles;
  return run;
}

eie::Status Engine::status() { return driver_->read_status(); }

void Engine::finish() {
  if (lockstep_ != nullptr) lockstep_->finish();
}

const eie::Statistics* Engine::statistics() const {
  return options_.statistics && options_.kind != EngineKind::kRtl ? &statistics_ : nullptr;
}

double RunTotals::utilisation_percent(uint32_t n_pe) const {
  if (active_cycles == 0) return 0;
  return 100 * static_cast<double>(entries) / (n_pe * static_cast<double>(active_cycles));
}

void run_images(Engine& engine, const eie::Network& network, const eie::FunctionalModel& function,
                const Dataset& data, size_t first, size_t count, RunTotals& totals) {
  Meter meter(to_string(engine.kind()), count);
  for (size_t i = first; i < first + count; ++i) {
    const std::vector<int16_t> input = test_input(network, data, i);
    bool saturated = false;
    const std::vector<int16_t> expected = function.run_layers(input, &saturated).back();
    const ImageRun run = engine.run(input);
    const eie::Status status = engine.status();

    const std::string different = difference(run.outputs, expected, saturated, status);
    if (!different.empty()) {
      if (totals.mismatched_images++ == 0) {
        totals.first_mismatch = "image " + std::to_string(i) + ": " + different;
      }
    }
    ++totals.images;
    totals.errors += eie::argmax(run.outputs.data(), network.output_size()) != data.test_labels[i];
    totals.saturated_images += status.saturated;
    totals.list_cycles += run.list_cycles;
    totals.io_cycles += run.io_cycles;
    totals.seconds += run.seconds;
    totals.broadcasts += status.broadcasts;
    totals.held += status.held;
    if (const eie::Statistics* statistics = engine.statistics()) {
      totals.entries += statistics->entries;
      totals.active_cycles += statistics->active_cycles();
    }
    meter.at(i - first + 1);
  }
}

}  // namespace sparsys
