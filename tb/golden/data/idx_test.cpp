// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/data/array.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

void put32(Bytes& out, uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(v >> shift));
}

Bytes images(uint32_t count, uint32_t rows, uint32_t cols) {
  Bytes out;
  put32(out, 0x803);
  put32(out, count);
  put32(out, rows);
  put32(out, cols);
  for (uint32_t i = 0; i < count * rows * cols; ++i) out.push_back(static_cast<uint8_t>(i * 7));
  return out;
}

Bytes labels(uint32_t count) {
  Bytes out;
  put32(out, 0x801);
  put32(out, count);
  for (uint32_t i = 0; i < count; ++i) out.push_back(static_cast<uint8_t>(i % 10));
  return out;
}

Bytes gzip(const Bytes& in) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes out(in.size() + 1000);
  stream.next_in = const_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Array parse(const Bytes& b) { return parse_idx(b.data(), b.size(), "file"); }

// The message of the Error that the call throws; must be one line that begins with the name.
template <typename Call>
std::string message(const Call& call) {
  const std::string text = error_of(call);
  EXPECT_EQ(text.rfind("file: ", 0), 0U) << text;
  EXPECT_NE(text.find("expected"), std::string::npos) << text;
  EXPECT_NE(text.find("byte"), std::string::npos) << text;
  return text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Idx, ReadsPlainAndCompressed) {
  const Bytes plain = images(3, 2, 4);
  for (const Bytes& file : {plain, gzip(plain)}) {
    const Array read = parse(file);
    EXPECT_EQ(read.shape, (std::vector<uint64_t>{3, 2, 4}));
    EXPECT_TRUE(read.whole);
    EXPECT_EQ(read.bytes, Bytes(plain.begin() + 16, plain.end()));
  }
  const Bytes plain_labels = labels(25);
  for (const Bytes& file : {plain_labels, gzip(plain_labels)}) {
    EXPECT_EQ(parse(file).bytes, Bytes(plain_labels.begin() + 8, plain_labels.end()));
  }
  EXPECT_EQ(parse(labels(0)).bytes, Bytes());
}

TEST(Idx, ReadsSeveralGzipMembers) {
  const Bytes plain = images(3, 5, 4);
  Bytes file = gzip(Bytes(plain.begin(), plain.begin() + 30));
  const Bytes second = gzip(Bytes(plain.begin() + 30, plain.end()));
  file.insert(file.end(), second.begin(), second.end());
  EXPECT_EQ(parse(file).bytes, Bytes(plain.begin() + 16, plain.end()));
}

TEST(Idx, RejectsEveryTruncation) {
  for (const Bytes& whole : {images(3, 2, 4), gzip(images(3, 2, 4))}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<long>(size));
      message([&] { parse(part); });
    }
  }
}

TEST(Idx, NamesPlaceOfTruncation) {
  Bytes file = images(3, 2, 4);
  file.resize(33);
  const std::string text = message([&] { parse(file); });
  EXPECT_TRUE(contains(text, "byte 33")) << text;
  EXPECT_TRUE(contains(text, "40 bytes")) << text;
}

TEST(Idx, RejectsWrongMagic) {
  Bytes file = labels(9);
  file[1] = 1;
  const std::string text = message([&] { parse(file); });
  EXPECT_TRUE(contains(text, "0x00010801")) << text;
  EXPECT_TRUE(contains(text, "0x00000803")) << text;
  file = labels(9);
  file[2] = 0x0A;  // no type
  message([&] { parse(file); });
  file[2] = 0x08;
  file[3] = 0;  // no dimensions
  message([&] { parse(gzip(file)); });
}

TEST(Idx, ReadsAllTypes) {
  const auto file = [](uint8_t type, const Bytes& elements, uint32_t count) {
    Bytes out = {0, 0, type, 1};
    put32(out, count);
    out.insert(out.end(), elements.begin(), elements.end());
    return out;
  };
  EXPECT_EQ(parse(file(0x09, {0xFF, 2}, 2)).floats, (std::vector<float>{-1, 2}));
  EXPECT_EQ(parse(file(0x0B, {0xFF, 0, 1, 2}, 2)).floats, (std::vector<float>{-256, 258}));
  EXPECT_EQ(parse(file(0x0C, {0, 1, 0, 0}, 1)).floats, std::vector<float>{65536});
  const Array one = parse(file(0x0D, {0x3F, 0xC0, 0, 0}, 1));
  EXPECT_EQ(one.floats, std::vector<float>{1.5F});
  EXPECT_FALSE(one.whole);
  EXPECT_EQ(parse(file(0x0E, {0xC0, 4, 0, 0, 0, 0, 0, 0}, 1)).floats, std::vector<float>{-2.5F});
  EXPECT_TRUE(contains(message([&] { parse(file(0x0D, {0x7F, 0x80, 0, 0}, 1)); }), "not finite"));
}

TEST(Idx, RejectsTrailingBytes) {
  Bytes plain = images(3, 2, 4);
  plain.push_back(0);
  EXPECT_TRUE(contains(message([&] { parse(plain); }), "byte 40"));
  EXPECT_TRUE(contains(message([&] { parse(gzip(plain)); }), "byte 40"));
  Bytes compressed = gzip(images(3, 2, 4));
  const size_t end = compressed.size();
  compressed.push_back('x');
  EXPECT_TRUE(contains(message([&] { parse(compressed); }), std::to_string(end)));
}

TEST(Idx, RejectsBadChecksum) {
  const Bytes good = gzip(images(30, 9, 4));
  for (size_t i = good.size() - 8; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_TRUE(contains(message([&] { parse(bad); }), "corrupt"));
  }
}

TEST(Idx, RejectsAbsurdSizesWithoutTakingMemory) {
  for (const uint32_t huge : {0xFFFFFFFFU, 0x10000000U}) {
    Bytes file;
    put32(file, 0x803);
    put32(file, huge);
    put32(file, 0xFFFFFFFF);
    put32(file, 0xFFFFFFFF);
    message([&] { parse(file); });
    message([&] { parse(gzip(file)); });
  }
  Bytes zero;
  put32(zero, 0x803);
  put32(zero, 5);
  put32(zero, 0);
  put32(zero, 28);
  EXPECT_TRUE(contains(message([&] { parse(zero); }), "byte 8"));
  // A claim within the limit costs only what is there, and not 200 MiB.
  Bytes claim;
  put32(claim, 0x803);
  put32(claim, 200);
  put32(claim, 1024);
  put32(claim, 1024);
  largest_block = 0;
  EXPECT_THROW(parse(claim), Error);
  EXPECT_LT(largest_block, size_t{1} << 20);
}

// Whatever the bytes: a result or an Error, never anything else.
TEST(Idx, SurvivesAnyBytes) {
  const std::vector<Bytes> seeds = {images(3, 7, 5), gzip(images(3, 7, 5)), labels(40),
                                    gzip(labels(40))};
  Random random(20);
  int errors = 0;
  int results = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = seeds[random.below(seeds.size())];
    if (round % 8 == 0) {
      bytes.resize(random.below(64));
      for (uint8_t& b : bytes) b = static_cast<uint8_t>(random.next());
      if (round % 16 == 0 && bytes.size() > 3) bytes[0] = 0x1f, bytes[1] = 0x8b, bytes[2] = 8;
    } else {
      for (uint64_t n = random.below(4); n > 0; --n) {
        bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
      }
      if (random.below(4) == 0) bytes.resize(random.below(bytes.size() + 9));
    }
    try {
      const Array read = parse(bytes);
      uint64_t count = 1;
      for (const uint64_t size : read.shape) count *= size;
      EXPECT_EQ(read.size(), count);
      ++results;
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 100);
  EXPECT_GT(results, 100);
}

}  // namespace
}  // namespace sparsys
