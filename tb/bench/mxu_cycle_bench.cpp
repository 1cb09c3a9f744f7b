// SPDX-License-Identifier: Apache-2.0
// Speed of the matrix unit at full size, cycle model, RTL and both in lockstep: idle, and with
// array, weights, accumulators and activation unit at work. rate: clock cycles a second.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>

#include "golden/cycle/mxu/device.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/support/mxu/host.hpp"

namespace {

using namespace sparsys;
using namespace sparsys::mxu::test;

std::vector<Row> random_rows(std::mt19937& random, size_t count, size_t bytes) {
  std::vector<Row> rows(count, Row(bytes));
  for (Row& row : rows) {
    for (uint8_t& value : row) value = static_cast<uint8_t>(random());
  }
  return rows;
}

std::unique_ptr<mxu::Device> cycle_model() {
  return std::make_unique<mxu::CycleDevice>(mxu::Config{});
}
std::unique_ptr<mxu::Device> rtl() { return mxu::make_rtl(mxu::Config{}); }
std::unique_ptr<mxu::Device> lockstep() { return std::make_unique<mxu::Lockstep>(mxu::Config{}); }

template <std::unique_ptr<mxu::Device> (*kMake)()>
void BM_idle(benchmark::State& state) {
  const std::unique_ptr<mxu::Device> device = kMake();
  Host host(*device);
  host.reset();
  for (int i = 0; i < 2000; ++i) host.clock();
  const uint64_t before = host.cycle;
  for (auto _ : state) {
    for (int i = 0; i < 2000; ++i) host.clock();
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(host.cycle - before), benchmark::Counter::kIsRate);
}
BENCHMARK_TEMPLATE(BM_idle, cycle_model)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_idle, rtl)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_idle, lockstep)->Unit(benchmark::kMillisecond);

// A dense tile of weights for every 256 rows, added to the accumulators, which takes the buses a
// thousand cycles; the other half is activated.
template <std::unique_ptr<mxu::Device> (*kMake)()>
void BM_busy(benchmark::State& state) {
  const mxu::Config config;
  const std::unique_ptr<mxu::Device> device = kMake();
  Host host(*device);
  host.reset();
  std::mt19937 random(1);
  host.weights[0] = random_rows(random, config.rows, config.cols);
  for (const Row& row : random_rows(random, 256, config.lanes())) host.input.push_back(row);
  host.program = {set_register(8, bytes(0, 128, 127)), read_host(0, 256), synchronise()};
  host.run();
  const uint64_t before = host.cycle;
  // Placed once.
  const RawInstruction weights = host.place(read_weights(0));
  for (auto _ : state) {
    for (int i = 0; i < 16; ++i) {
      host.program.push_back(weights);
      host.program.push_back(multiply(0, 0, 256, true, true));
      host.program.push_back(activate(1024, 2048, 256, 0, kIdentity));
    }
    host.run();
  }
  state.counters["rate"] =
      benchmark::Counter(static_cast<double>(host.cycle - before), benchmark::Counter::kIsRate);
  state.counters["active"] =
      static_cast<double>(host.read_status(1)) / static_cast<double>(host.read_status(0));
}
BENCHMARK_TEMPLATE(BM_busy, cycle_model)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_busy, rtl)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_busy, lockstep)->Unit(benchmark::kMillisecond);

}  // namespace
