// SPDX-License-Identifier: Apache-2.0
// Arithmetic streams: bits back at the size that their probabilities promise, matrices and networks
// back in every path, the report against the file, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/format/arithmetic/bit_coder.hpp"
#include "golden/format/arithmetic/code_matrix.hpp"
#include "golden/format/arithmetic/mixture.hpp"
#include "golden/format/arithmetic/network_stream.hpp"
#include "golden/format/stored_model.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/random_shared_network.hpp"
#include "tb/support/same_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;
using arithmetic::BitDecoder;
using arithmetic::BitEncoder;

StoreOptions arithmetic_options() {
  StoreOptions options;
  options.coding = Coding::kArithmetic;
  return options;
}

// Bits that come with their probabilities, certain ones, and runs that carry far.
TEST(Arithmetic, BitsThereAndBack) {
  for_seeds(300, [](uint64_t seed) {
    Random random(seed, 70);
    const size_t count = random.below(3000);
    const uint64_t shape = random.below(4);
    std::vector<int> bits(count);
    std::vector<uint32_t> probabilities(count);
    double ideal = 0;
    for (size_t i = 0; i < count; ++i) {
      uint32_t p = 1 + static_cast<uint32_t>(random.below(65535));
      if (shape == 0) p = random.below(2) == 0 ? 1 : 65535;
      if (shape == 1) p = 32768;
      const bool usual = random.below(65536) < p;
      bits[i] = usual ? 1 : 0;
      if (shape == 2) bits[i] = random.below(50) == 0 ? 0 : 1;
      probabilities[i] = p;
      ideal -= std::log2(static_cast<double>(bits[i] != 0 ? p : 65536 - p) / 65536);
    }
    BitEncoder encoder;
    for (size_t i = 0; i < count; ++i) encoder.code(bits[i], probabilities[i]);
    const Bytes bytes = encoder.finish();
    EXPECT_LE(8.0 * static_cast<double>(bytes.size()), ideal * 1.001 + 16);
    BitDecoder decoder(bytes.data(), bytes.size());
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(decoder.code(0, probabilities[i]), bits[i]) << i;
    EXPECT_NO_THROW(decoder.finish());
  });
}

TEST(Arithmetic, StreamsThatEndEarlyOrGoOn) {
  Random random(1, 71);
  BitEncoder encoder;
  for (size_t i = 0; i < 800; ++i) encoder.code(static_cast<int>(random.below(2)), 32768);
  Bytes bytes = encoder.finish();
  ASSERT_NEAR(static_cast<double>(bytes.size()), 100, 2);
  const auto read = [](const Bytes& from) {
    BitDecoder decoder(from.data(), from.size());
    for (size_t i = 0; i < 800; ++i) decoder.code(0, 32768);
    decoder.finish();
  };
  EXPECT_NO_THROW(read(bytes));
  EXPECT_EQ(error_of([&] { read(Bytes(bytes.begin(), bytes.end() - 10)); }),
            "arithmetic stream ends early");
  bytes.insert(bytes.end(), 8, 1);
  EXPECT_NE(error_of([&] { read(bytes); }).find("bytes behind the end"), std::string::npos);
}

// Both ways, and near enough to the curve.
TEST(Arithmetic, Logits) {
  for (int x = -arithmetic::kMostLogit; x <= arithmetic::kMostLogit; ++x) {
    const double exact = 65536 / (1 + std::exp(-x / 256.0));
    const double p = arithmetic::probability_of(x);
    ASSERT_NEAR(p, exact, 1 + 0.035 * std::min(exact, 65536 - exact)) << x;
    ASSERT_NEAR(65536 - p, arithmetic::probability_of(-x), 1) << x;
  }
  for (uint32_t p = arithmetic::probability_of(-arithmetic::kMostLogit); p < 65533; ++p) {
    const uint32_t back = arithmetic::probability_of(arithmetic::logit(p));
    // A step of a 256th, on chords that rise up to 1.28 times as fast as the curve.
    ASSERT_NEAR(static_cast<double>(back), p, 1 + 1.28 / 256 * std::min(p, 65536 - p)) << p;
  }
}

// Of all shapes, densities and paths; what is found is what was there, at the bits that are told.
TEST(Arithmetic, MatricesThereAndBack) {
  for_seeds(300, [](uint64_t seed) {
    Random random(seed, 72);
    const size_t rows = 1 + random.below(30);
    const size_t columns = 1 + random.below(60);
    const size_t values = 1 + random.below(20);
    const uint64_t one_in = 1 + random.below(20);
    Bytes code(rows * columns);
    for (uint8_t& c : code) {
      if (random.below(one_in) == 0) c = static_cast<uint8_t>(random.below(values));
    }
    std::vector<bool> negative(values);
    for (size_t k = 0; k < values; ++k) negative[k] = random.below(2) == 0;
    arithmetic::MatrixPath path;
    path.by_columns = random.below(2) == 0;
    path.stride = 1 + static_cast<unsigned>(random.below(path.by_columns ? rows : columns));
    BitEncoder encoder;
    arithmetic::NetworkStream<BitEncoder> writer(encoder);
    Bytes coded = code;
    const arithmetic::CodeBits bits = writer.codes(coded, rows, negative, path);
    EXPECT_EQ(coded, code);
    const Bytes bytes = encoder.finish();
    EXPECT_NEAR(8.0 * static_cast<double>(bytes.size()), 9 + bits.places + bits.values, 16);
    BitDecoder decoder(bytes.data(), bytes.size());
    arithmetic::NetworkStream<BitDecoder> reader(decoder);
    Bytes back(code.size());
    arithmetic::MatrixPath found;
    const arithmetic::CodeBits read = reader.codes(back, rows, negative, found);
    EXPECT_NO_THROW(decoder.finish());
    EXPECT_EQ(back, code);
    EXPECT_EQ(found.by_columns, path.by_columns);
    EXPECT_EQ(found.stride, path.stride);
    EXPECT_EQ(read.places, bits.places);
    EXPECT_EQ(read.values, bits.values);
  });
}

// Every bit of floats, and no more bits of the mantissa than any of them needs.
TEST(Arithmetic, FloatsThereAndBack) {
  for_seeds(200, [](uint64_t seed) {
    Random random(seed, 73);
    const unsigned cut = static_cast<unsigned>(random.below(24));
    std::vector<float> values(1 + random.below(100));
    for (float& value : values) {
      const uint64_t kind = random.below(8);
      auto bits = static_cast<uint32_t>(random.below(uint64_t{1} << 32)) >> cut << cut;
      if (kind < 2) bits = kind << 31;  // 0 and -0
      std::memcpy(&value, &bits, sizeof value);
    }
    BitEncoder encoder;
    arithmetic::NetworkStream<BitEncoder> writer(encoder);
    std::vector<float> coded = values;
    const double bits = writer.floats(coded.data(), coded.size());
    EXPECT_LE(bits, 5 + static_cast<double>(values.size()) * (12 + 23 - cut) + 150);
    const Bytes bytes = encoder.finish();
    BitDecoder decoder(bytes.data(), bytes.size());
    arithmetic::NetworkStream<BitDecoder> reader(decoder);
    std::vector<float> back(values.size());
    reader.floats(back.data(), back.size());
    EXPECT_EQ(std::memcmp(back.data(), values.data(), 4 * values.size()), 0);
  });
}

TEST(Arithmetic, NetworksThereAndBack) {
  for_seeds(200, [&](uint64_t seed) {
    const SharedNetwork network = random_shared_network(seed);
    StoredReport report;
    const Bytes bytes = store(network, arithmetic_options(), &report);
    ASSERT_EQ(bytes.size(), report.stored_bytes);
    ASSERT_EQ(bytes.size(), stored_report(network, arithmetic_options()).stored_bytes);
    StoredReport found;
    expect_same_stored(load_stored_network(bytes.data(), bytes.size(), "file", &found), network);
    ASSERT_EQ(found.stored_bytes, report.stored_bytes);
    ASSERT_EQ(found.layers.size(), report.layers.size());
    uint64_t rows = 0;
    for (size_t l = 0; l < found.layers.size(); ++l) {
      const StoredLayerReport& a = found.layers[l];
      const StoredLayerReport& b = report.layers[l];
      EXPECT_EQ(a.form, b.form);
      EXPECT_EQ(a.entries, b.entries);
      EXPECT_EQ(a.stored_bytes, b.stored_bytes);
      EXPECT_EQ(a.code_bytes, b.code_bytes);
      EXPECT_EQ(a.index_bytes, b.index_bytes);
      EXPECT_EQ(a.codebook_bytes, b.codebook_bytes);
      EXPECT_EQ(a.index_bits_huffman, b.index_bits_huffman);
      EXPECT_LE(a.code_bytes + a.index_bytes + a.codebook_bytes + a.bias_bytes, a.stored_bytes);
      rows += a.stored_bytes;
    }
    EXPECT_LT(rows, bytes.size());
  });
}

// Than Huffman streams, of codes that have no structure but how many there are of each.
TEST(Arithmetic, Smaller) {
  for (const double density : {0.02, 0.08, 0.3, 1.0}) {
    for (const size_t values : {2, 8, 16}) {
      const SharedNetwork network = random_layer_network(4, 100, 300, values, density);
      EXPECT_LT(store(network, arithmetic_options()).size(), store(network).size())
          << density << ", " << values << " values";
    }
  }
}

// Where places have a structure, it takes far less than an ideal code of single elements.
TEST(Arithmetic, LearnsWhereEntriesAre) {
  Random random(3, 74);
  SharedNetwork network = random_layer_network(3, 100, 196, 8, 0.3);
  for (size_t i = 0; i < network.parameters[0].code.size(); ++i) {
    const size_t row = i / 196;
    const size_t y = i % 196 / 14;
    const size_t x = i % 14;
    const bool spot = y / 4 == row % 3 && x / 4 == row / 3 % 3;
    if (!spot) network.parameters[0].code[i] = 0;
  }
  const auto bytes_of = [&](StoredReport* report) {
    return store(network, arithmetic_options(), report).size();
  };
  StoredReport report;
  bytes_of(&report);
  const StoredLayerReport& row = report.layers.at(0);
  const double share = static_cast<double>(row.entries) / 19600;
  const double single = -share * std::log2(share) - (1 - share) * std::log2(1 - share);
  EXPECT_LT(8.0 * static_cast<double>(row.index_bytes), 0.85 * single * 19600);
}

TEST(Arithmetic, Messages) {
  const Bytes good = store(random_layer_network(1, 8, 9, 4, 0.2), arithmetic_options());
  const auto load_error = [](Bytes bytes) {
    fix_crc(bytes);
    return error_of([&] { load_stored_network(bytes, "file"); });
  };
  EXPECT_EQ(load_error(good), "no error");
  Bytes longer = good;
  longer.push_back(1);
  EXPECT_EQ(load_error(longer), "file: 1 bytes behind the last parameter");
  Bytes shorter(good.begin(), good.end() - 1);
  EXPECT_NE(load_error(shorter).find("file: arithmetic stream takes"), std::string::npos);
  Bytes empty(good.begin(), good.begin() + 12);
  empty.push_back(0);
  EXPECT_NE(load_error(empty), "no error");
  // Version 5 does not exist.
  Bytes later = good;
  later[4] = 5;
  EXPECT_EQ(load_error(later), "file: header: version 5, expected 1 to 4");
}

}  // namespace
}  // namespace sparsys
