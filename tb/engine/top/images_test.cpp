// SPDX-License-Identifier: Apache-2.0
// Images of networks, by the driver, on the Verilated accelerator and on the functional model of
// its command stream: every output as both engines' functional models have it.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "sw/sparsys/accelerator/top/driven.hpp"
#include "sw/sparsys/accelerator/top/function.hpp"
#include "sw/sparsys/accelerator/top/model_device.hpp"
#include "tb/lockstep/top/rtl.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/mxu/random_graph.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/split_networks.hpp"

namespace sparsys::top {
namespace {

std::vector<Config> built_in() {
  std::vector<Config> configs;
  for (const RtlMaker& maker : rtl_registry()) configs.push_back(maker.config);
  return configs;
}

Placed split(const Network& network) {
  SparseEngineOptions options;
  options.int8_front = true;
  const Eigen::MatrixXf x =
      Eigen::MatrixXf::Random(element_count(network.input_shape), 20).cwiseAbs();
  return placed(to_sparse_engine(share_weights(network), x, nullptr, options));
}

// Runs random samples, and again after another image was loaded in between would be no different.
void run(const Placed& network, uint32_t batch, Device& device, uint64_t seed,
         std::map<std::string, uint64_t>* counters = nullptr) {
  const Image image = image_from_bytes(build_image(network, batch, device.config()).bytes, "image");
  Random random(seed);
  constexpr size_t kInferences = 5;
  const size_t count = kInferences * batch;
  std::vector<uint8_t> samples(count * network.input_size());
  for (uint8_t& value : samples) value = static_cast<uint8_t>(random.next());
  const auto engine = make_driven(image, network, device);
  engine->load();
  const BatchRun made = engine->run(samples.data(), count);
  EXPECT_EQ(made.outputs, make_function(network, 1)->run(samples.data(), count).outputs);
  EXPECT_EQ(device.figures().violations, 0U);
  if (counters != nullptr) *counters = made.counters;
}

TEST(Images, OfBothEnginesOnTheRtl) {
  ASSERT_EQ(built_in().size(), 2U);
  for (const Config& config : built_in()) {
    const auto device = make_rtl(config);
    std::map<std::string, uint64_t> counters;
    run(split(alexnet_like(1)), 1, *device, 1, &counters);
    EXPECT_GT(counters["cycles_both"], 0U);
    EXPECT_GT(counters["cycles_matrix"], counters["cycles_both"]);
    EXPECT_LT(counters["cycles_matrix"], counters["cycles"]);
    EXPECT_GT(counters["read_bytes"], 0U);
    run(split(small_conv(8, 2)), 2, *device, 2);
  }
}

// Every signal of the small accelerator as its cycle model has it.
TEST(Images, InLockstep) {
  const auto device = make_rtl(built_in().front(), true);
  run(split(small_conv(8, 1)), 1, *device, 1);
  EXPECT_GT(device->lockstep().checked_cycles, 1000U);
  EXPECT_GT(device->lockstep().signals_per_cycle, 1000U);
  EXPECT_EQ(make_rtl(built_in().front())->lockstep().checked_cycles, 0U);
}

TEST(Images, OfOneEngineOnTheRtl) {
  const auto device = make_rtl(built_in().front());
  for (const uint64_t seed : test_seeds(3)) {
    run({std::nullopt, random_network(seed, random_options(seed, 200))}, 2, *device, seed);
    run({mxu::random_graph(seed), std::nullopt}, 1, *device, seed);
  }
}

TEST(Images, OnTheFunctionalModel) {
  for (const uint64_t seed : test_seeds(4)) {
    Config config = built_in()[seed % 2];
    ModelDevice device(config);
    run(split(alexnet_like(seed)), 1 + seed % 3, device, seed);
    run({std::nullopt, random_network(seed, random_options(seed, 200))}, 2, device, seed);
    run({mxu::random_graph(seed), std::nullopt}, 1, device, seed);
  }
}

// An image for another accelerator is refused by the driver, one that nothing is built for before.
TEST(Images, OfOtherSizesAreRefused) {
  const Placed network = split(small_conv(8, 1));
  Config other = built_in().front();
  other.eie.n_pe = 2;
  const Image image = build_image(network, 1, other);
  ModelDevice device(built_in().front());
  const auto engine = make_driven(image, network, device);
  EXPECT_EQ(error_of([&] { engine->load(); }),
            "accelerator: an image for an accelerator of other parameters");
  EXPECT_NE(error_of([&] {
              make_rtl(config_of(image.registers));
            }).find("no RTL of --pe 2 --array 4 is built into this program"),
            std::string::npos);
}

}  // namespace
}  // namespace sparsys::top
