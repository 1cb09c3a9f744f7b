// SPDX-License-Identifier: Apache-2.0
// Speeds of the encoder, of storing a model, the functional model, and the engine of 64 PEs as
// cycle model, as RTL and as both in lockstep. The last three run the same cycles, so their ratios
// compare.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/lockstep/eie/rtl.hpp"
#include "tb/support/random_network.hpp"

namespace {

using namespace sparsys;

constexpr uint64_t kSeed = 1;

// The size of LeNet-300-100, as dense as after pruning.
eie::Network lenet_sized() {
  RandomNetworkOptions options;
  options.sizes = {784, 300, 100, 10};
  options.density = 0.08;
  options.uneven = false;
  return random_network(kSeed, options);
}

// Of this process so far, in bytes.
double peak_memory() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

// VGG-16's first fully connected layer, at the density of Deep Compression (Han 2016, table 4).
void BM_build_image(benchmark::State& state) {
  eie::Network network;
  network.input_constants.clear();
  network.layers.push_back(random_layer(kSeed, 25088, 4096, 0.04));
  eie::Config config;
  // 25,088 inputs need seven passes and so more pointers than the paper's PE holds.
  config.ptr_depth = 32768;
  uint64_t entries = 0;
  for (auto _ : state) {
    const eie::Image image = build_image(network, config);
    entries += image.layers.at(0).entries;
    benchmark::DoNotOptimize(image.entry_rows.data());
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(entries), benchmark::Counter::kIsRate);
  state.counters["peak_bytes"] = peak_memory();
}
BENCHMARK(BM_build_image)->Unit(benchmark::kMillisecond)->UseRealTime();

// The same layer as a stored model: relative indices, Huffman codes of codes and of indices.
void BM_huffman(benchmark::State& state) {
  constexpr int64_t kInputs = 25088;
  constexpr int64_t kOutputs = 4096;
  SharedNetwork shared;
  shared.network.input_shape = {1, kInputs};
  Node layer;
  layer.op = Op::kGemm;
  layer.inputs = {"input", "weights"};
  layer.output = "output";
  layer.trans_b = true;
  shared.network.nodes.push_back(layer);
  shared.network.parameters.push_back({"weights", {kOutputs, kInputs}, {}});
  SharedParameter weights;
  // 31 values other than 0: five bits, as the paper's fully connected layers have.
  weights.codebook.push_back(0);
  for (int c = 0; c < 31; ++c) weights.codebook.push_back(0.1F * (static_cast<float>(c) - 15.5F));
  weights.code.resize(kOutputs * kInputs);
  Random random(kSeed);
  for (uint8_t& code : weights.code) {
    if (random.uniform() < 0.04) code = static_cast<uint8_t>(1 + random.below(31));
  }
  shared.parameters.push_back(std::move(weights));
  uint64_t entries = 0;
  for (auto _ : state) {
    StoredReport report;
    benchmark::DoNotOptimize(store(shared, {}, &report).data());
    entries += report.layers.at(0).entries;
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(entries), benchmark::Counter::kIsRate);
  state.counters["peak_bytes"] = peak_memory();
}
BENCHMARK(BM_huffman)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_function_batch(benchmark::State& state) {
  const eie::Network network = lenet_sized();
  const eie::FunctionalModel function(network);
  std::vector<int16_t> inputs;
  constexpr uint64_t kImages = 1000;
  for (uint64_t i = 0; i < kImages; ++i) {
    const std::vector<int16_t> input = random_input(kSeed + i, network, 0.2);
    inputs.insert(inputs.end(), input.begin(), input.end());
  }
  uint64_t images = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(function.run_batch(inputs).data());
    images += kImages;
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(images), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_function_batch)->Unit(benchmark::kMillisecond)->UseRealTime();

// Images through one loaded engine; rate: clock cycles per second.
void run_engine(benchmark::State& state, eie::Device& device) {
  const eie::Network network = lenet_sized();
  const eie::Image image = build_image(network, device.config());
  const std::vector<int16_t> input = random_input(kSeed, network, 0.2);
  eie::Driver driver(device);
  driver.reset();
  driver.load(image);
  const uint64_t before = driver.cycles();
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) benchmark::DoNotOptimize(driver.run(image, input).data());
  }
  state.counters["rate"] = benchmark::Counter(static_cast<double>(driver.cycles() - before),
                                              benchmark::Counter::kIsRate);
}

void BM_cycle_model(benchmark::State& state) {
  eie::CycleDevice device{eie::Config{}};
  run_engine(state, device);
}
BENCHMARK(BM_cycle_model)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_rtl(benchmark::State& state) {
  const std::unique_ptr<eie::Rtl> device = eie::make_rtl(eie::Config{});
  run_engine(state, *device);
}
BENCHMARK(BM_rtl)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_lockstep(benchmark::State& state) {
  eie::Lockstep device{eie::Config{}};
  run_engine(state, device);
  device.finish();
}
BENCHMARK(BM_lockstep)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
