// SPDX-License-Identifier: Apache-2.0
// Speeds of the encoder, the functional model, and the engine of 64 PEs as cycle model, as RTL and
// as both in lockstep. The last three run the same cycles, so their ratios compare.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "golden/cycle/eie_cycle_device.hpp"
#include "golden/cycle/eie_driver.hpp"
#include "golden/format/eie_image.hpp"
#include "golden/format/random_network.hpp"
#include "golden/function/eie.hpp"
#include "tb/lockstep/eie_lockstep.hpp"
#include "tb/lockstep/eie_rtl.hpp"

namespace {

using namespace sparsys;

constexpr uint64_t kSeed = 1;

// The size of LeNet-300-100, as dense as after pruning.
CompressedNetwork lenet_sized() {
  RandomNetworkOptions options;
  options.sizes = {784, 300, 100, 10};
  options.density = 0.08;
  options.uneven = false;
  return random_network(kSeed, options);
}

// VGG-16's first fully connected layer, at the density of Deep Compression (Han 2016, table 4).
void BM_build_image(benchmark::State& state) {
  CompressedNetwork network;
  network.input_constants.clear();
  network.layers.push_back(random_layer(kSeed, 25088, 4096, 0.04));
  EieConfig config;
  // 25,088 inputs need seven passes and so more pointers than the paper's PE holds.
  config.ptr_depth = 32768;
  uint64_t entries = 0;
  for (auto _ : state) {
    const EieImage image = build_image(network, config);
    entries += image.layers.at(0).entries;
    benchmark::DoNotOptimize(image.entry_rows.data());
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(entries), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_build_image)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_function_batch(benchmark::State& state) {
  const CompressedNetwork network = lenet_sized();
  const EieFunction function(network);
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
void run_engine(benchmark::State& state, EieDevice& device) {
  const CompressedNetwork network = lenet_sized();
  const EieImage image = build_image(network, device.config());
  const std::vector<int16_t> input = random_input(kSeed, network, 0.2);
  EieDriver driver(device);
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
  eie_cycle_device device{EieConfig{}};
  run_engine(state, device);
}
BENCHMARK(BM_cycle_model)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_rtl(benchmark::State& state) {
  const std::unique_ptr<EieRtl> device = make_eie_rtl(EieConfig{});
  run_engine(state, *device);
}
BENCHMARK(BM_rtl)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_lockstep(benchmark::State& state) {
  EieLockstep device{EieConfig{}};
  run_engine(state, device);
  device.finish();
}
BENCHMARK(BM_lockstep)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
