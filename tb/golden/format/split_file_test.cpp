// SPDX-License-Identifier: Apache-2.0
#include "golden/format/split/split_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/format/container.hpp"
#include "golden/format/entry_stream.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/packed_bytes.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/host/host.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/split_networks.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

eie::SplitNetwork network_of(const Network& network, bool int8 = false) {
  SparseEngineOptions options;
  options.int8_front = int8;
  const Eigen::MatrixXf x =
      Eigen::MatrixXf::Random(element_count(network.input_shape), 20).cwiseAbs();
  return to_sparse_engine(share_weights(network), x, nullptr, options);
}

// With a float front; an int8 front; layers per position and a back.
std::vector<eie::SplitNetwork> examples() {
  return {network_of(small_conv(8, 1)), network_of(small_conv(8, 1), true),
          network_of(squeezenet_like(true, 0, 1))};
}

std::string load_error(const Bytes& bytes) {
  return error_of([&] { split_from_bytes(bytes.data(), bytes.size(), "file"); });
}

TEST(SplitFile, KeepsEverything) {
  const TemporaryFolder folder;
  const std::string path = folder.file("net");
  for (const eie::SplitNetwork& network : examples()) {
    save_split(path, network);
    EXPECT_EQ(model_kind(path), ModelKind::kSplit);
    const eie::SplitNetwork found = load_split(path);
    EXPECT_EQ(found.cut, network.cut);
    EXPECT_EQ(found.reason, network.reason);
    EXPECT_EQ(found.shape, network.shape);
    EXPECT_EQ(found.positions, network.positions);
    EXPECT_EQ(found.largest, network.largest);
    EXPECT_EQ(found.back.has_value(), network.back.has_value());
    EXPECT_EQ(found.int8_front.has_value(), network.int8_front.has_value());
    // The same file again, so the same in every field.
    EXPECT_EQ(split_to_bytes(found), split_to_bytes(network));
    std::vector<uint8_t> sample(2 * network.input_size());
    Random random(1);
    for (uint8_t& v : sample) v = static_cast<uint8_t>(random.below(256));
    EXPECT_EQ(eie::Host(found).inputs(sample.data(), 2),
              eie::Host(network).inputs(sample.data(), 2));
  }
}

TEST(SplitFile, IsSmall) {
  const Network network = alexnet_like(1);
  uint64_t floats = 0;
  for (const Parameter& parameter : network.parameters) floats += 4 * parameter.values.size();
  EXPECT_LT(split_to_bytes(network_of(network)).size(), floats / 4);
}

// The bytes of an int8 front are codes where that is smaller, and files without are read.
TEST(SplitFile, Int8FrontInCodes) {
  const eie::SplitNetwork network = network_of(alexnet_like(1), true);
  const Bytes bytes = split_to_bytes(network);
  const Bytes front = model_to_bytes(*network.int8_front);
  const Bytes engine = payload_of(network.engine);
  // The same file with the front as it is.
  Bytes raw(front.begin() + kHeaderSize, front.end());
  Bytes head(kHeaderSize);
  put_text(network.cut, head);
  put_text(network.reason, head);
  put_number(network.shape.size(), head);
  for (const int64_t size : network.shape) put_number(static_cast<uint64_t>(size), head);
  put_number(network.positions, head);
  put_float(network.largest, head);
  ASSERT_TRUE(std::equal(head.begin() + kHeaderSize, head.end(), bytes.begin() + kHeaderSize));
  ASSERT_EQ(bytes[head.size()], 3);
  const auto file = [&](uint8_t kind, const Bytes& part) {
    Bytes made = head;
    made.push_back(kind);
    made.push_back(0);
    put_number(part.size(), made);
    made.insert(made.end(), part.begin(), part.end());
    put_number(engine.size(), made);
    made.insert(made.end(), engine.begin(), engine.end());
    put_header(ModelKind::kSplit, made);
    return made;
  };
  const Bytes plain = file(2, raw);
  EXPECT_LT(bytes.size(), plain.size());
  EXPECT_EQ(split_to_bytes(split_from_bytes(plain.data(), plain.size(), "file")), bytes);
  // Codes that stand for more bytes than they have bits; bytes behind them.
  Bytes part;
  put_number(uint64_t{1} << 31, part);
  put_codes(raw, plan_codes(raw), part);
  EXPECT_NE(load_error(file(3, part)).find("file: front: "), std::string::npos);
  part.clear();
  put_number(raw.size(), part);
  put_codes(raw, plan_codes(raw), part);
  EXPECT_EQ(load_error(file(3, part)), "no error");
  part.push_back(0);
  EXPECT_EQ(load_error(file(3, part)), "file: front: 1 bytes behind the codes");
}

// Without parts for the host a file is as it was, and files from before are read.
TEST(SplitFile, Plain) {
  const TemporaryFolder folder;
  const std::string path = folder.file("net");
  const eie::SplitNetwork plain = network_of(small_chain({12, 7, 5}, 1));
  save_split(path, plain);
  EXPECT_EQ(model_kind(path), ModelKind::kCompressed);
  EXPECT_EQ(model_to_bytes(load_model<eie::Network>(path)), model_to_bytes(plain.engine));
  EXPECT_TRUE(load_split(path).is_plain());
  save_stored(path, plain.engine);
  EXPECT_TRUE(load_split(path).is_plain());
  EXPECT_EQ(model_to_bytes(load_split(path).engine), model_to_bytes(plain.engine));
}

TEST(SplitFile, Messages) {
  const eie::SplitNetwork good = network_of(small_conv(8, 1));
  Bytes bytes = split_to_bytes(good);
  bytes.push_back(0);
  fix_crc(bytes);
  EXPECT_EQ(load_error(bytes), "file: 1 bytes behind the last part");
  bytes.back() ^= 1;
  EXPECT_EQ(load_error(bytes).rfind("file: damaged: CRC-32", 0), 0U);
  const auto refusal = [](const eie::SplitNetwork& network) {
    return error_of([&] { split_to_bytes(network); });
  };
  const std::string name = "split network 'conv': ";
  eie::SplitNetwork bad = good;
  bad.shape = {1, 4, 3, 2};
  EXPECT_EQ(refusal(bad), name + "cut 'pool1_out': 24 elements handed over, expected 36");
  bad = good;
  bad.positions = 2;
  EXPECT_EQ(refusal(bad), name + "cut 'pool1_out': 36 elements handed over, expected 72");
  bad = good;
  bad.front = network_of(small_conv(10, 1)).front;
  EXPECT_EQ(refusal(bad), name + "front: 64 outputs, expected 36");
  bad = good;
  bad.int8_front = network_of(small_conv(8, 1), true).int8_front;
  EXPECT_EQ(refusal(bad), name + "two fronts, expected one");
  bad = network_of(squeezenet_like(true, 0, 1));
  bad.back->input_shape = {1, 10, 4, 5};
  EXPECT_NE(refusal(bad).find("back: "), std::string::npos);
}

TEST(SplitFile, Damaged) {
  std::vector<Bytes> files;
  for (const eie::SplitNetwork& network : examples()) files.push_back(split_to_bytes(network));
  Tally tally;
  for_seeds(300, [&](uint64_t seed) {
    Random random(seed);
    Bytes bytes = damaged(files, kHeaderSize, 3, 40, random);
    fix_crc(bytes);
    try {
      const eie::SplitNetwork found = split_from_bytes(bytes.data(), bytes.size(), "file");
      check(found, "found");
      ++tally.sound;
    } catch (const Error& error) {
      ++tally.errors;
      expect_one_line(error, 1000);
    }
  });
}

}  // namespace
}  // namespace sparsys
