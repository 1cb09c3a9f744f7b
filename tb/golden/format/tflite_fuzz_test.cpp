// SPDX-License-Identifier: Apache-2.0
// .tflite files from an enemy: whatever the bytes, reading gives a sound network or an Error of one
// line, soon, and without taking much memory. Deterministic; also meant to be built with
// -fsanitize=address,undefined.
#include <gtest/gtest.h>

#include "golden/format/model_file.hpp"
#include "golden/format/tflite/import.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

// Reads a copy of exactly these bytes, so that a sanitiser sees reads beyond them.
void load(const Bytes& bytes, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  bytes_taken = 0;
  try {
    const mxu::Network network = tflite_from_bytes(exact.data(), exact.size(), "file");
    // What is sound can be written and read again.
    const Bytes written = model_to_bytes(network);
    model_from_bytes<mxu::Network>(written.data(), written.size(), "again");
    ++tally.sound;
  } catch (const Error& error) {
    expect_one_line(error, 700);
    ++tally.errors;
  }
  ASSERT_LT(bytes_taken, 300 * exact.size() + (1U << 22));
}

std::vector<Bytes> models() {
  std::vector<Bytes> all;
  for (uint64_t seed = 1; seed <= 12; ++seed) all.push_back(random_tflite_model(seed).bytes());
  return all;
}

TEST(TfliteFuzz, TruncationAtEveryLength) {
  Tally tally;
  const Bytes good = random_tflite_model(3).bytes();
  for (size_t size = 0; size < good.size(); ++size) {
    load(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size)), tally);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(tally.errors, good.size() / 2);
}

TEST(TfliteFuzz, EveryBitFlipped) {
  Tally tally;
  const Bytes good = random_tflite_model(2).bytes();
  for (size_t bit = 0; bit < 8 * std::min<size_t>(good.size(), 2000); ++bit) {
    Bytes bytes = good;
    bytes[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    load(bytes, tally);
    ASSERT_FALSE(HasFatalFailure()) << "bit " << bit;
  }
  EXPECT_GT(tally.sound, 0U);
  EXPECT_GT(tally.errors, 0U);
}

TEST(TfliteFuzz, RandomDamage) {
  const std::vector<Bytes> all = models();
  Tally tally;
  for_seeds(1, [&](uint64_t seed) {
    Random random(seed, 407);
    for (int n = 0; n < 4000; ++n) {
      load(damaged(all, 8, 4, 40, random), tally);
      if (HasFatalFailure()) return;
    }
  });
  EXPECT_GT(tally.errors, 0U);
}

TEST(TfliteFuzz, NoBytesAreAFile) {
  Tally tally;
  for_seeds(1, [&](uint64_t seed) {
    Random random(seed, 408);
    for (int n = 0; n < 500; ++n) {
      Bytes bytes = random_bytes(random.below(300), random);
      if (bytes.size() > 8 && n % 2 == 0) std::copy_n("TFL3", 4, bytes.begin() + 4);
      load(bytes, tally);
      if (HasFatalFailure()) return;
    }
  });
  EXPECT_EQ(tally.sound, 0U);
}

}  // namespace
}  // namespace sparsys
