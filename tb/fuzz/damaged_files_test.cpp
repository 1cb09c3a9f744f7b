// SPDX-License-Identifier: Apache-2.0
// Files of bytes with damage, .tflite and quantised ONNX, under the sanitizers: whatever the bytes,
// reading gives a sound network, which is the same written and read again and runs, or an Error of
// one line.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

#include "golden/format/model_file.hpp"
#include "golden/format/onnx/quantised/import.hpp"
#include "golden/format/tflite/import.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/quantised_onnx_models.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/tflite_models.hpp"

// As for the program (workplace.cpp): leaks need rights to be looked for, and what is beyond the
// limit is out of memory.
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048";
}

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;
using Read = std::function<std::optional<mxu::Network>(const uint8_t*, size_t)>;

// A copy of exactly these bytes, so that reads beyond them are seen. Gives the network's own bytes.
Bytes load(const Bytes& bytes, const Read& read, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  try {
    const std::optional<mxu::Network> network = read(exact.data(), exact.size());
    // A network of real numbers is another reader's.
    if (!network) return {};
    const Bytes written = model_to_bytes(*network);
    const auto again = model_from_bytes<mxu::Network>(written.data(), written.size(), "again");
    EXPECT_EQ(model_to_bytes(again), written);
    ++tally.sound;
    return written;
  } catch (const Error& error) {
    expect_one_line(error, 700);
    ++tally.errors;
  }
  return {};
}

// Bits flipped one at a time, then damage of all kinds.
void damage(const std::vector<Bytes>& files, const Read& read) {
  constexpr uint64_t kTimes = 1200;
  constexpr size_t kMostRuns = 200;
  Tally tally;
  std::vector<Bytes> sound;
  for (const Bytes& file : files) sound.push_back(load(file, read, tally));
  ASSERT_EQ(tally.sound, files.size());
  size_t changed = 0;
  for_seeds(1, [&](uint64_t seed) {
    Random random(seed, 409);
    for (uint64_t n = 0; n < 2 * kTimes; ++n) {
      const size_t chosen = random.below(files.size());
      Bytes bytes = files[chosen];
      if (n < kTimes) {
        const uint64_t bit = random.below(8 * bytes.size());
        bytes[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      } else {
        bytes = damaged(files, 0, 4, 40, random);
      }
      const Bytes made = load(bytes, read, tally);
      ASSERT_FALSE(testing::Test::HasFailure()) << "damage " << n;
      // Another network than that of the file runs, too; large ones take long.
      if (made.empty() || made == sound[chosen] || changed == kMostRuns) continue;
      const auto network = model_from_bytes<mxu::Network>(made.data(), made.size(), "network");
      size_t most = network.input_size();
      for (const mxu::Layer& layer : network.layers) {
        most = std::max(most, layer.output_elements());
      }
      if (most > 2000) continue;
      ++changed;
      const std::vector<int8_t> input(network.input_size(), 77);
      EXPECT_EQ(mxu::run_batch(network, input, 1).size(), network.output_size());
    }
  });
  EXPECT_GT(tally.sound, files.size());
  EXPECT_GT(tally.errors, 0U);
  EXPECT_GT(changed, 0U);
}

TEST(DamagedFiles, Tflite) {
  std::vector<Bytes> files;
  for (uint64_t seed = 1; seed <= 12; ++seed) files.push_back(random_tflite_model(seed).bytes());
  damage(files, [](const uint8_t* data, size_t size) {
    return std::optional<mxu::Network>(tflite_from_bytes(data, size, "file"));
  });
}

TEST(DamagedFiles, QuantisedOnnx) {
  damage({QuantisedDense(false).bytes(), QuantisedDense(true).bytes(), QuantisedMaps().bytes()},
         [](const uint8_t* data, size_t size) {
           return quantised_onnx_from_bytes(data, size, "file");
         });
}

}  // namespace
}  // namespace sparsys
