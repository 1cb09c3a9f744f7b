// SPDX-License-Identifier: Apache-2.0
// Model files from an enemy: whatever the bytes, loading gives a sound network or an Error of one
// line, soon, and without taking much memory. Deterministic; also meant to be built with
// -fsanitize=address,undefined.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/format/model_file.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/network/check.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kHeader = 28;

eie::Network network_to_break() {
  RandomNetworkOptions options;
  options.sizes = {3, 4, 2};
  options.density = 0.6;
  options.constants = 1;
  return random_network(3, options);
}

Network float_network_to_break() {
  Network network;
  network.name = "n";
  network.input = "i";
  network.input_shape = {1, 1, 4, 4};
  network.output = "o";
  network.nodes.resize(5);
  Node& conv = network.nodes[0];
  conv.op = Op::kConv;
  conv.inputs = {"i", "w", "b"};
  conv.output = "c";
  conv.window.kernel = {2, 2};
  Node& pool = network.nodes[1];
  pool.op = Op::kMaxPool;
  pool.inputs = {"c"};
  pool.output = "p";
  pool.window.kernel = {2, 2};
  Node& flatten = network.nodes[2];
  flatten.op = Op::kFlatten;
  flatten.inputs = {"p"};
  flatten.output = "f";
  Node& gemm = network.nodes[3];
  gemm.op = Op::kGemm;
  gemm.inputs = {"f", "v"};
  gemm.output = "g";
  Node& function = network.nodes[4];
  function.op = Op::kSigmoid;
  function.inputs = {"g"};
  function.output = "o";
  network.parameters = {
      {"w", {1, 1, 2, 2}, {0, 1, 2, 3}}, {"b", {1}, {0.5F}}, {"v", {4, 1}, {4, 5, 6, 7}}};
  return network;
}

struct Tally {
  size_t sound = 0;
  size_t errors = 0;
};

void fix_crc(Bytes& bytes) {
  const size_t length = bytes.size() - kHeader;
  const uLong crc = crc32(0, bytes.data() + kHeader, static_cast<uInt>(length));
  for (size_t b = 0; b < 8; ++b) bytes[16 + b] = static_cast<uint8_t>(uint64_t{length} >> (8 * b));
  for (size_t b = 0; b < 4; ++b) bytes[24 + b] = static_cast<uint8_t>(crc >> (8 * b));
}

// Loads a copy of exactly these bytes (so that a sanitiser sees reads beyond them) as every kind.
void load(const Bytes& bytes, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  largest_block = 0;
  for (const ModelKind kind : {ModelKind::kCompressed, ModelKind::kFloat, ModelKind::kQuantised}) {
    try {
      if (kind == ModelKind::kQuantised) {
        const mxu::Network network =
            quantised_network_from_bytes(exact.data(), exact.size(), "file");
        check(network, "again");
        // What is sound can be used.
        size_t work = 0;
        for (const mxu::Layer& layer : network.layers) {
          work += layer.inputs() + size_t{layer.conv_height()} * layer.conv_width() *
                                       (layer.terms() + layer.output_elements());
        }
        if (work < 10000) run_layers(network, std::vector<int8_t>(network.input_size()));
      } else if (kind == ModelKind::kFloat) {
        const Network network = float_network_from_bytes(exact.data(), exact.size(), "file");
        check(network, "again");
        multiplications(network);
      } else {
        const eie::Network network =
            compressed_network_from_bytes(exact.data(), exact.size(), "file");
        check(network, "again");
        // What is sound can be used.
        if (network.layers.front().inputs + network.output_size() < 1000) {
          build_image(network, eie::Config());
        }
      }
      ++tally.sound;
    } catch (const Error& error) {
      const std::string text = error.what();
      ASSERT_FALSE(text.empty());
      ASSERT_LT(text.size(), 400U);
      ASSERT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<uint8_t>(c) >= 0x20 && c != 0x7F;
      })) << text;
      ++tally.errors;
    }
  }
  ASSERT_LT(largest_block, 64 * exact.size() + (1U << 20));
}

mxu::Network quantised_to_break() {
  Random random(1);
  mxu::Network network;
  network.name = "q";
  mxu::Layer& conv = add_layer(network, 1, 4, 4, 2);
  conv.window.kernel = {2, 2};
  conv.function = mxu::Function::kRelu;
  conv.pooling = mxu::Pooling::kMax;
  conv.pool.kernel = {3, 3};
  fill_layer(conv, random);
  fill_layer(add_layer(network, 0, 0, 0, 2), random);
  return network;
}

Bytes sample(int which) {
  if (which == 2) return model_to_bytes(quantised_to_break());
  return which == 0 ? model_to_bytes(network_to_break()) : model_to_bytes(float_network_to_break());
}

class Fuzz : public ::testing::TestWithParam<int> {};

TEST_P(Fuzz, TruncationAtEveryLength) {
  const Bytes good = sample(GetParam());
  for (size_t size = 0; size < good.size(); ++size) {
    Bytes bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    Tally tally;
    load(bytes, tally);
    EXPECT_EQ(tally.sound, 0U);
    if (size < kHeader) continue;
    fix_crc(bytes);
    load(bytes, tally);
    EXPECT_EQ(tally.sound, 0U);
  }
}

TEST_P(Fuzz, EveryByteChanged) {
  const Bytes good = sample(GetParam());
  for (size_t at = 0; at < good.size(); ++at) {
    for (const uint8_t change : {0x01, 0x80, 0xFF, 0x10, 0x3C}) {
      Bytes bytes = good;
      bytes[at] ^= change;
      Tally tally;
      load(bytes, tally);
      EXPECT_EQ(tally.sound, 0U) << at;
    }
  }
}

// Behind a right CRC: what the validation of the payload is for.
TEST_P(Fuzz, EveryPayloadByteChangedToAnything) {
  const Bytes good = sample(GetParam());
  Tally tally;
  for (size_t at = kHeader; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = good;
      bytes[at] = static_cast<uint8_t>(value);
      fix_crc(bytes);
      load(bytes, tally);
      if (HasFatalFailure()) return;
    }
  }
  std::cout << tally.sound << " sound, " << tally.errors << " errors\n";
  EXPECT_GT(tally.sound, good.size() - kHeader);
  EXPECT_GT(tally.errors, tally.sound);
}

TEST_P(Fuzz, RandomDamage) {
  const Bytes good = sample(GetParam());
  const uint64_t base = seed_from_environment(1);
  Tally tally;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 30000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 4);
    Bytes bytes = good;
    for (uint64_t change = 1 + random.below(6); change > 0; --change) {
      const auto at = static_cast<ptrdiff_t>(kHeader + random.below(bytes.size() - kHeader));
      const auto end = static_cast<ptrdiff_t>(bytes.size());
      const auto length = std::min(end - at, static_cast<ptrdiff_t>(1 + random.below(12)));
      switch (random.below(5)) {
        case 0:
          bytes[static_cast<size_t>(at)] = static_cast<uint8_t>(random.next());
          break;
        case 1:
          // Sizes are where the damage is: all ones, in 1 to 12 bytes.
          std::fill_n(bytes.begin() + at, length, uint8_t{0xFF});
          break;
        case 2:
          if (end - length > static_cast<ptrdiff_t>(kHeader)) {
            bytes.erase(bytes.begin() + at, bytes.begin() + at + length);
          }
          break;
        case 3: {
          const Bytes piece(bytes.begin() + at, bytes.begin() + at + length);
          bytes.insert(bytes.begin() +
                           static_cast<ptrdiff_t>(kHeader + random.below(bytes.size() - kHeader)),
                       piece.begin(), piece.end());
          break;
        }
        default:
          bytes.insert(bytes.begin() + at, static_cast<uint8_t>(random.next()));
      }
    }
    fix_crc(bytes);
    load(bytes, tally);
    if (HasFatalFailure()) return;
  }
  std::cout << tally.sound << " sound, " << tally.errors << " errors\n";
}

const char* const kKindNames[] = {"Compressed", "Float", "Quantised"};

INSTANTIATE_TEST_SUITE_P(Kinds, Fuzz, ::testing::Values(0, 1, 2),
                         [](const auto& info) { return kKindNames[info.param]; });

// No model at all: with nothing right, with a right header, and with a right header and CRC.
TEST(FuzzBytes, RandomBytes) {
  const uint64_t base = seed_from_environment(1);
  Tally tally;
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : 20000); ++seed) {
    SCOPED_TRACE("SPARSYS_SEED=" + std::to_string(seed));
    Random random(seed, 5);
    Bytes bytes(random.below(200));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
    load(bytes, tally);
    if (bytes.size() >= kHeader) {
      const Bytes good = sample(0);
      std::copy_n(good.begin(), 16, bytes.begin());
      load(bytes, tally);
      fix_crc(bytes);
      load(bytes, tally);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(tally.sound, 0U);
}

}  // namespace
}  // namespace sparsys
