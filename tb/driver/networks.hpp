// SPDX-License-Identifier: Apache-2.0
// Networks through the driver on an accelerator of any size: results as of the functional models,
// whatever the memory does.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden/engine/mxu/compiler.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "sw/driver/example.h"
#include "tb/driver/bench.hpp"
#include "tb/driver/engine_images.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {

constexpr uint32_t kImageAt = 0x8000;
constexpr uint32_t kWorkAt = 0x30000;

// Of a memory that does all that it may.
inline axi::MemoryOptions wild(const Config& config, uint64_t seed) {
  axi::MemoryOptions options = memory_options(config);
  Dice dice(seed);
  options.seed = seed;
  options.latency = static_cast<uint32_t>(1 + dice.below(40));
  options.jitter = static_cast<uint32_t>(dice.below(30));
  options.reorder = dice.chance(50);
  options.interleave = dice.chance(50);
  options.outstanding = static_cast<uint32_t>(1 + dice.below(8));
  options.bandwidth = dice.chance(50) ? 0 : 1.0 + static_cast<double>(dice.below(16));
  for (uint32_t* stall : {&options.stall_ar, &options.stall_r, &options.stall_aw, &options.stall_w,
                          &options.stall_b}) {
    *stall = dice.chance(50) ? static_cast<uint32_t>(dice.below(60)) : 0;
  }
  return options;
}

// Inputs through the example's program; returns the outputs.
template <class Rtl>
std::vector<uint8_t> run_example(Bench<Rtl>& bench, const std::vector<uint8_t>& image,
                                 const std::vector<uint8_t>& inputs, uint32_t output_bytes,
                                 uint32_t count, uint32_t ring_bytes = kRingBytes) {
  EXPECT_LE(kImageAt + image.size(), kWorkAt);
  std::copy(image.begin(), image.end(), &bench.arena[kImageAt]);
  const sparsys_platform platform = bench.platform();
  const sparsys_config config = bench.driver_config(20000, ring_bytes);
  const sparsys_memory at = bench.part(kImageAt, static_cast<uint32_t>(image.size()));
  const sparsys_memory work = bench.part(kWorkAt, kArenaBytes - kWorkAt);
  std::vector<uint8_t> outputs(size_t{output_bytes} * count);
  bench.deadline = bench.cycle + 500'000;
  const int result =
      example_run(&platform, &config, &at, &work, inputs.data(), outputs.data(), count);
  EXPECT_EQ(result, SPARSYS_OK) << sparsys_text(result) << "; " << bench.state();
  bench.expect_no_violations();
  bench.expect_quiet();
  return outputs;
}

// The parameters that a driver finds.
template <class Rtl>
void probe_parameters(const Config& config) {
  Bench<Rtl> bench(config, memory_options(config));
  const sparsys_platform platform = bench.platform();
  sparsys_device device;
  ASSERT_EQ(sparsys_probe(&device, &platform), SPARSYS_OK);
  const SizeRegisters expected = size_registers(config);
  for (size_t r = 0; r < expected.size(); ++r) {
    EXPECT_EQ(device.parameters[r], expected[r]) << "register " << std::hex << reg::kBus + 4 * r;
  }
}

// Networks of the sparse engine; more commands than the smaller rings hold.
template <class Rtl>
void run_sparse_networks(const Config& config, uint64_t seeds) {
  uint64_t different = 0;
  for_seeds(seeds, [&](uint64_t seed) {
    RandomNetworkOptions options;
    options.sizes = {24, 40, 10};
    options.constants = seed % 2 ? 1 : 0;
    const eie::Network network = random_network(seed, options);
    const eie::Image image = eie::build_image(network, config.eie);
    const ImageBuilder b = sparse_image(image, size_registers(config));
    constexpr uint32_t kCount = 20;
    std::vector<uint8_t> inputs;
    std::vector<std::vector<int16_t>> expected;
    for (uint32_t n = 0; n < kCount; ++n) {
      const std::vector<int16_t> input = random_input(seed * 100 + n, network);
      const std::vector<uint8_t> bytes = sparse_input(image, input);
      inputs.insert(inputs.end(), bytes.begin(), bytes.end());
      expected.push_back(eie::run(network, input));
      different += n > 0 && expected[n] != expected[0];
    }
    Bench<Rtl> bench(config, wild(config, seed));
    const std::vector<uint8_t> outputs =
        run_example(bench, b.bytes(), inputs, b.output_bytes, kCount, 64U << seed % 6);
    for (uint32_t n = 0; n < kCount; ++n) {
      const auto first = outputs.begin() + n * b.output_bytes;
      std::vector<int16_t> output = sparse_output(image, {first, first + b.output_bytes});
      output.resize(expected[n].size());
      ASSERT_EQ(output, expected[n]) << "inference " << n;
    }
  });
  EXPECT_GT(different, 0U);
}

// Networks of the matrix unit.
template <class Rtl>
void run_matrix_networks(const Config& config, uint64_t seeds) {
  for_seeds(seeds, [&](uint64_t seed) {
    const mxu::Network network =
        seed % 2 ? mxu::quantised_chain({20, 12, 9}, seed) : mxu::random_quantised(seed, 5, 8);
    const uint32_t batch = seed % 2 ? 3 : 1;
    const mxu::Program program = mxu::compile(network, batch, config.mxu);
    const ImageBuilder b = matrix_image(program, size_registers(config));
    constexpr uint32_t kCount = 4;
    std::vector<uint8_t> inputs;
    std::vector<std::vector<int8_t>> expected;
    Dice dice(seed);
    for (uint32_t n = 0; n < kCount; ++n) {
      std::vector<int8_t> input(size_t{batch} * network.input_size());
      for (int8_t& value : input) value = static_cast<int8_t>(dice.bits(8));
      const std::vector<uint8_t> bytes = matrix_input(program, input);
      inputs.insert(inputs.end(), bytes.begin(), bytes.end());
      expected.push_back(mxu::run_batch(network, input));
    }
    Bench<Rtl> bench(config, wild(config, seed));
    const std::vector<uint8_t> outputs =
        run_example(bench, b.bytes(), inputs, b.output_bytes, kCount);
    for (uint32_t n = 0; n < kCount; ++n) {
      const auto first = outputs.begin() + n * b.output_bytes;
      ASSERT_EQ(matrix_output(program, {first, first + b.output_bytes}), expected[n])
          << "inference " << n;
    }
  });
}

}  // namespace sparsys::top::test
