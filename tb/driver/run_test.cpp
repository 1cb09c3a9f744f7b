// SPDX-License-Identifier: Apache-2.0
// The driver runs networks on the RTL of the small accelerator.
#include <gtest/gtest.h>

#include <vector>

#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/format/image/build.hpp"
#include "tb/driver/networks.hpp"
#include "tb/driver/small_top.hpp"
#include "tb/support/split_networks.hpp"

namespace sparsys::top::test {
namespace {

TEST(Run, TellsTheParameters) { probe_parameters<Vtop_driver>(small_config()); }
TEST(Run, SparseNetworks) { run_sparse_networks<Vtop_driver>(small_config(), 6); }
TEST(Run, MatrixNetworks) { run_matrix_networks<Vtop_driver>(small_config(), 6); }

// A network on both engines, as the writer of images places it: two inferences at a time.
TEST(Run, SplitNetworks) {
  const Config config = small_config();
  for_seeds(4, [&](uint64_t seed) {
    SparseEngineOptions options;
    options.int8_front = true;
    const sparsys::Network network = small_conv(8, seed);
    const Eigen::MatrixXf x =
        Eigen::MatrixXf::Random(element_count(network.input_shape), 20).cwiseAbs();
    const Placed parts = placed(to_sparse_engine(share_weights(network), x, nullptr, options));
    const top::Image image = build_image(parts, 1, config);
    ASSERT_EQ(image.phases, 2U);
    constexpr uint32_t kCount = 7;
    std::vector<uint8_t> inputs;
    std::vector<std::vector<int16_t>> expected;
    Dice dice(seed);
    for (uint32_t n = 0; n < kCount; ++n) {
      std::vector<int8_t> input(parts.input_size());
      for (int8_t& value : input) value = static_cast<int8_t>(dice.bits(8));
      const std::vector<uint8_t> bytes = pack(image.input, input);
      inputs.insert(inputs.end(), bytes.begin(), bytes.end());
      std::vector<int16_t> between;
      for (const int8_t byte : mxu::run_batch(*parts.matrix, input)) {
        between.push_back(to_fixed(byte, parts.hand_over()));
      }
      expected.push_back(eie::FunctionalModel(*parts.sparse).run_batch(between));
    }
    SmallBench bench(config, wild(config, seed));
    const std::vector<uint8_t> outputs =
        run_example(bench, image.bytes, inputs, image.output_bytes, kCount);
    for (uint32_t n = 0; n < kCount; ++n) {
      const auto first = outputs.begin() + n * image.output_bytes;
      ASSERT_EQ(unpack_words(image.output, {first, first + image.output_bytes}), expected[n])
          << "inference " << n;
    }
    EXPECT_GT(bench.read(reg::kCyclesBoth), 0U);
  });
}

}  // namespace
}  // namespace sparsys::top::test
