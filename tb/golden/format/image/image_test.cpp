// SPDX-License-Identifier: Apache-2.0
// Images of networks: what is written is read again, runs by its commands alone as the functional
// models say, and whatever the bytes a reader gives something sound or one line.
#include "golden/format/image/image.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/format/image/build.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/golden/format/image/image_machine.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/mxu/random_graph.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/split_networks.hpp"

namespace sparsys::top {
namespace {

Config config_with(uint32_t n_pe, uint32_t rows, uint32_t cols) {
  Config config;
  config.eie.n_pe = n_pe;
  config.mxu.rows = rows;
  config.mxu.cols = cols;
  config.mxu.ub_depth = 4096;
  config.mxu.acc_depth = 512;
  config.mxu.param_sets = 16;
  mxu::choose_blocks(config.mxu);
  return config;
}

std::vector<int8_t> random_bytes(size_t size, Random& random) {
  std::vector<int8_t> bytes(size);
  for (int8_t& byte : bytes) byte = static_cast<int8_t>(random.next());
  return bytes;
}

Image reread(const Image& image) { return image_from_bytes(image.bytes, "file"); }

eie::SplitNetwork split_network(const Network& network) {
  SparseEngineOptions options;
  options.int8_front = true;
  const Eigen::MatrixXf x =
      Eigen::MatrixXf::Random(element_count(network.input_shape), 20).cwiseAbs();
  return to_sparse_engine(share_weights(network), x, nullptr, options);
}

// Both parts' functional models and the conversion between.
std::vector<int16_t> expected(const Placed& placed, const std::vector<int8_t>& inputs) {
  const Conversion conversion = placed.hand_over();
  std::vector<int16_t> between;
  for (const int8_t byte : mxu::run_batch(*placed.matrix, inputs)) {
    between.push_back(to_fixed(byte, conversion));
  }
  return eie::FunctionalModel(*placed.sparse).run_batch(between);
}

TEST(Image, RunsOnTheSparseEngine) {
  for (const uint64_t seed : test_seeds(30)) {
    const eie::Network network = random_network(seed, random_options(seed, 300));
    const Config config = config_with(1U << seed % 5, 4, 4);
    const uint32_t batch = 1 + seed % 3;
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Placed placed{std::nullopt, network};
    const Image image = reread(build_image(placed, batch, config));
    EXPECT_EQ(image.phases, 1U);
    ImageMachine machine(image);
    const eie::FunctionalModel model(network);
    for (uint64_t run = 0; run < 2; ++run) {
      std::vector<int16_t> inputs;
      for (uint32_t b = 0; b < batch; ++b) {
        const std::vector<int16_t> one = random_input(seed + 100 * run + b, network);
        inputs.insert(inputs.end(), one.begin(), one.end());
      }
      EXPECT_EQ(unpack_words(image.output, machine.run(pack(image.input, inputs))),
                model.run_batch(inputs));
    }
  }
}

TEST(Image, RunsOnTheMatrixUnit) {
  size_t ran = 0;
  for (const uint64_t seed : test_seeds(30)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    mxu::Network network = mxu::random_graph(seed);
    const Config config = config_with(4, 4 + random.below(9), 4 + random.below(9));
    const uint32_t batch = 1 + random.below(3);
    Image image;
    const std::string refused = error_of([&] {
      image = reread(build_image({network, std::nullopt}, batch, config));
    });
    if (refused != "no error") continue;
    ++ran;
    ImageMachine machine(image);
    const std::vector<int8_t> inputs = random_bytes(batch * network.input_size(), random);
    EXPECT_EQ(unpack_bytes(image.output, machine.run(pack(image.input, inputs))),
              mxu::run_batch(network, inputs));
  }
  if (!seed_is_given()) EXPECT_GE(ran, 20U);
}

TEST(Image, RunsOnBothEngines) {
  const Config configs[] = {config_with(4, 8, 8), config_with(1, 4, 4), config_with(2, 5, 7),
                            config_with(8, 64, 64)};
  for (const uint64_t seed : test_seeds(8)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const eie::SplitNetwork split =
        split_network(seed % 2 == 0 ? alexnet_like(seed) : small_conv(8, seed));
    const Placed network = placed(split);
    const uint32_t batch = 1 + seed % 2;
    const Image image = reread(build_image(network, batch, configs[seed % 4]));
    EXPECT_EQ(image.phases, 2U);
    ImageMachine machine(image);
    for (int run = 0; run < 3; ++run) {
      const std::vector<int8_t> inputs = random_bytes(batch * network.input_size(), random);
      EXPECT_EQ(unpack_words(image.output, machine.run(pack(image.input, inputs))),
                expected(network, inputs));
    }
  }
}

// What stands in the description runs as the network that was placed.
TEST(Image, HasTheNetworkAsItWasPlaced) {
  const Placed network = placed(split_network(small_conv(8, 1)));
  const Image image = reread(build_image(network, 1, config_with(4, 8, 8)));
  const Placed found = from_model(image.network, "file");
  Random random(3);
  const std::vector<int8_t> inputs = random_bytes(5 * network.input_size(), random);
  EXPECT_EQ(expected(found, inputs), expected(network, inputs));
  EXPECT_EQ(found.input_scale(), network.input_scale());
  const Image plain =
      reread(build_image({mxu::random_graph(4), std::nullopt}, 1, config_with(4, 16, 16)));
  EXPECT_FALSE(from_model(plain.network, "file").sparse);
}

// The channels' queues of a device, in which every command that has begun is complete some time
// later: nothing hangs, no signal is lost, whatever the queues' depth and however long each takes.
void run_events(const Image& image, uint32_t depth, uint64_t seed) {
  const auto channel = [](Opcode opcode) {
    switch (opcode) {
      case Opcode::kSparseLoad:
      case Opcode::kSparseStore:
      case Opcode::kSparseRun:
        return 0;
      case Opcode::kMatrixRun:
        return 1;
      case Opcode::kMatrixIn:
        return 2;
      case Opcode::kMatrixOut:
        return 3;
      default:
        return 4;
    }
  };
  std::deque<Command> ring(image.setup.begin(), image.setup.end());
  for (uint32_t i = 0; i < 9; ++i) {
    const std::vector<Command>& phase = image.inference[i % image.phases];
    ring.insert(ring.end(), phase.begin(), phase.end());
    Command fence;
    fence.opcode = Opcode::kFence;
    ring.push_back(fence);
  }
  Random random(seed);
  std::deque<Command> queues[5];
  bool begun[5] = {};
  uint32_t events = 0;
  size_t idle = 0;
  while (!ring.empty() || std::any_of(queues, queues + 5, [](auto& q) { return !q.empty(); })) {
    ASSERT_LT(++idle, 100000U) << "hangs";
    if (!ring.empty() && queues[channel(ring.front().opcode)].size() < depth) {
      queues[channel(ring.front().opcode)].push_back(ring.front());
      ring.pop_front();
      idle = 0;
    }
    for (int c = 0; c < 5; ++c) {
      if (queues[c].empty()) continue;
      const Command& command = queues[c].front();
      if (!begun[c] && (command.wait & ~events) == 0) {
        events &= ~uint32_t{command.wait};
        begun[c] = true;
        idle = 0;
      } else if (begun[c] && random.below(4 + 60 * (seed % 5 == static_cast<uint64_t>(c))) == 0) {
        ASSERT_EQ(events & command.signal, 0U) << "a signal is lost";
        events |= command.signal;
        begun[c] = false;
        queues[c].pop_front();
      }
    }
  }
}

TEST(Image, EventsNeitherHangNorAreLost) {
  const Image images[] = {
      build_image(placed(split_network(small_conv(8, 1))), 2, config_with(4, 4, 4)),
      build_image({std::nullopt, random_network(1)}, 3, config_with(4, 4, 4)),
      build_image({mxu::random_graph(2), std::nullopt}, 1, config_with(4, 16, 16))};
  for (const Image& image : images) {
    for (uint32_t depth = 2; depth <= 16; depth *= 2) {
      for (uint64_t seed = 0; seed < 20; ++seed) run_events(image, depth, seed);
    }
  }
}

TEST(Image, RefusesWhatNoEngineRuns) {
  eie::SplitNetwork network = split_network(small_conv(8, 1));
  network.positions = 2;
  EXPECT_NE(error_of([&] { placed(network); }).find("for each of 2 positions"), std::string::npos);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(64, 20).cwiseAbs();
  const Network floats = small_conv(8, 1);
  const eie::SplitNetwork host = to_sparse_engine(
      share_weights(floats),
      Eigen::MatrixXf::Random(element_count(floats.input_shape), 20).cwiseAbs(), nullptr, {});
  EXPECT_NE(error_of([&] { placed(host); }).find("floating point"), std::string::npos);
  // An engine too small for it says so as everywhere.
  Config small = config_with(4, 8, 8);
  small.eie.entry_depth = 32;
  EXPECT_NE(error_of([&] {
              build_image(placed(split_network(small_conv(8, 1))), 1, small);
            }).find("entry memory"),
            std::string::npos);
}

TEST(Image, DamageIsOneLine) {
  const Image image = build_image(placed(split_network(small_conv(8, 1))), 1, config_with(4, 4, 4));
  Random random(seed_from_environment(5));
  size_t sound = 0;
  for (int n = 0; n < 3000; ++n) {
    std::vector<uint8_t> bytes = image.bytes;
    const size_t changes = 1 + random.below(3);
    // Mostly in the header and the lists of commands.
    for (size_t c = 0; c < changes; ++c) {
      const size_t from = random.below(2) == 0 ? 0 : bytes.size() * 3 / 4;
      const size_t at = from + random.below(from == 0 ? 128 : bytes.size() - from);
      bytes[at] = static_cast<uint8_t>(random.next());
    }
    if (random.below(10) == 0) bytes.resize(random.below(bytes.size()));
    if (bytes.size() >= 128 && random.below(10) != 0) {
      const uint64_t checksum = image_checksum(&bytes[128], bytes.size() - 128);
      std::memcpy(&bytes[8], &checksum, 8);
    }
    const std::string error = error_of([&] { image_from_bytes(bytes, "file"); });
    if (error == "no error") {
      ++sound;
    } else {
      EXPECT_EQ(error.rfind("file: ", 0), 0U) << error;
      EXPECT_LT(error.size(), 300U) << error;
      EXPECT_EQ(error.find('\n'), std::string::npos);
    }
  }
  EXPECT_LT(sound, 2500U);
  std::vector<uint8_t> flipped = image.bytes;
  flipped[flipped.size() / 2] ^= 1;
  EXPECT_EQ(error_of([&] { image_from_bytes(flipped, "file"); }),
            "file: checksum: not that of the image, which is damaged");
}

}  // namespace
}  // namespace sparsys::top
