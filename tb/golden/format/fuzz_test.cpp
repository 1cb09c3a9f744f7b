// SPDX-License-Identifier: Apache-2.0
// Model files of every kind from an enemy: whatever the bytes, loading gives a sound network or an
// Error of one line, soon, and without taking much memory. Deterministic; also meant to be built
// with -fsanitize=address,undefined.
#include "tb/support/fuzz.hpp"

#include "golden/engine/eie/image.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/network/check.hpp"
#include "tb/golden/format/packed_file.hpp"
#include "tb/support/allocations.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_shared_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

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

// ---- what is sound can be used ----

void use(const Network& network) { multiplications(network); }

void use(const eie::Network& network) {
  if (network.layers.front().inputs + network.output_size() < 1000) {
    build_image(network, eie::Config());
  }
}

void use(const mxu::Network& network) {
  size_t work = 0;
  for (const mxu::Layer& layer : network.layers) {
    work += layer.inputs() + size_t{layer.conv_height()} * layer.conv_width() *
                                 (layer.terms() + layer.output_elements());
  }
  if (work < 10000) run_layers(network, std::vector<int8_t>(network.input_size()));
}

void use(const SharedNetwork&) {}

// With a packed description that is not deflated, so that changes of its bytes come through.
Bytes not_deflated(const SharedNetwork& network) {
  const PackedFile parts = take_apart(store(network));
  return put_together(parts, parts.description.size(), 0, parts.description);
}

Bytes arithmetic(const SharedNetwork& network) {
  StoreOptions options;
  options.coding = Coding::kArithmetic;
  return store(network, options);
}

struct Kind {
  const char* name;
  std::vector<Bytes> files;
  void (*load)(const uint8_t* data, size_t size);
  size_t memory;  // that any file may take in one block, and for each of its bytes
  size_t memory_per_byte;
};

template <typename Load>
void load_and_use(Load load, const uint8_t* data, size_t size) {
  const auto network = load(data, size, "file");
  check(network, "again");
  use(network);
}

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kinds = {
      {"Compressed",
       {model_to_bytes(network_to_break())},
       [](const uint8_t* data, size_t size) {
         load_and_use(model_from_bytes<eie::Network>, data, size);
       },
       1U << 20,
       64},
      {"Float",
       {model_to_bytes(float_network_to_break())},
       [](const uint8_t* data, size_t size) {
         load_and_use(model_from_bytes<Network>, data, size);
       },
       1U << 20,
       64},
      {"Quantised",
       {model_to_bytes(quantised_to_break())},
       [](const uint8_t* data, size_t size) {
         load_and_use(model_from_bytes<mxu::Network>, data, size);
       },
       1U << 20,
       64},
      {"StoredEngine",
       {store(network_to_break())},
       [](const uint8_t* data, size_t size) {
         load_and_use(
             [](const uint8_t* d, size_t s, const char* n) { return load_stored(d, s, n); }, data,
             size);
       },
       1U << 20,
       1024},
      // All forms, contexts of both kinds, and all fields of nodes.
      {"Stored",
       {store(random_layer_network(1, 8, 9, 4, 0.2)), store(random_shared_network(1)),
        store(random_shared_network(2)), store(random_shared_network(5)),
        store(many_small_nodes(40)), not_deflated(many_small_nodes(9))},
       [](const uint8_t* data, size_t size) {
         load_and_use(
             [](const uint8_t* d, size_t s, const char* n) { return load_stored_network(d, s, n); },
             data, size);
       },
       17U << 20,
       256},
      {"StoredArithmetic",
       {arithmetic(random_layer_network(1, 8, 9, 4, 0.2)), arithmetic(random_shared_network(2)),
        arithmetic(many_small_nodes(9))},
       [](const uint8_t* data, size_t size) {
         load_and_use(
             [](const uint8_t* d, size_t s, const char* n) { return load_stored_network(d, s, n); },
             data, size);
       },
       65U << 20,
       1024},
  };
  return kinds;
}

// Loads a copy of exactly these bytes, so that a sanitiser sees reads beyond them.
void load(const Kind& kind, const Bytes& bytes, Tally& tally) {
  const Bytes exact(bytes.begin(), bytes.end());
  largest_block = 0;
  try {
    kind.load(exact.data(), exact.size());
    ++tally.sound;
  } catch (const Error& error) {
    expect_one_line(error, 500);
    ++tally.errors;
  }
  ASSERT_LT(largest_block, kind.memory + kind.memory_per_byte * exact.size());
}

class Fuzz : public ::testing::TestWithParam<size_t> {
 protected:
  const Kind& kind() const { return kinds()[GetParam()]; }
  // The small one, of which everything is tried.
  const Bytes& good() const { return kind().files.front(); }
};

TEST_P(Fuzz, TruncationAtEveryLength) {
  Tally tally;
  for (const Bytes& file : kind().files) {
    for (size_t size = 0; size < file.size(); ++size) {
      Bytes bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
      load(kind(), bytes, tally);
      if (size < kHeaderSize) continue;
      fix_crc(bytes);
      load(kind(), bytes, tally);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(tally.sound, 0U);
}

// As every kind: the header's may be the byte that is changed.
TEST_P(Fuzz, EveryByteChanged) {
  Tally tally;
  for (size_t at = 0; at < good().size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = good();
      if (bytes[at] == value) continue;
      bytes[at] = static_cast<uint8_t>(value);
      for (const Kind& other : kinds()) {
        if (at < kHeaderSize || &other == &kind()) load(other, bytes, tally);
      }
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(tally.sound, 0U);
}

// Behind a right CRC: what the validation of the payload is for.
TEST_P(Fuzz, EveryPayloadByteChangedToAnything) {
  for (const Bytes& file : kind().files) {
    Tally tally;
    const int step = &file == &good() ? 1 : 15;
    for (size_t at = kHeaderSize; at < file.size(); ++at) {
      for (int value = 0; value < 256; value += step) {
        Bytes bytes = file;
        bytes[at] = static_cast<uint8_t>(value);
        fix_crc(bytes);
        load(kind(), bytes, tally);
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_GT(tally.sound, 0U);
    EXPECT_GT(tally.errors, file.size());
  }
}

TEST_P(Fuzz, RandomDamage) {
  Tally tally;
  for_seeds(30000, [&](uint64_t seed) {
    Random random(seed, 4);
    Bytes bytes = damaged(kind().files, kHeaderSize, 6, 12, random);
    fix_crc(bytes);
    load(kind(), bytes, tally);
  });
}

// With nothing right, with a right header, with a right header and CRC, and with any part of a file
// behind it.
TEST_P(Fuzz, RandomBytes) {
  Tally tally;
  for_seeds(20000, [&](uint64_t seed) {
    Random random(seed, 5);
    Bytes bytes = random_bytes(random.below(200), random);
    load(kind(), bytes, tally);
    if (bytes.size() < kHeaderSize) return;
    std::copy_n(good().begin(), 8, bytes.begin());
    load(kind(), bytes, tally);
    fix_crc(bytes);
    load(kind(), bytes, tally);
    EXPECT_EQ(tally.sound, 0U);
  });
  Tally cut;
  for_seeds(10000, [&](uint64_t seed) {
    Random random(seed, 6);
    Bytes bytes = random_bytes(kHeaderSize + random.below(150), random);
    const size_t kept = std::min<size_t>(bytes.size(), kHeaderSize + random.below(good().size()));
    std::copy_n(good().begin(), std::min(kept, good().size()), bytes.begin());
    fix_crc(bytes);
    load(kind(), bytes, cut);
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, Fuzz, ::testing::Range<size_t>(0, 6),
                         [](const auto& info) { return kinds()[info.param].name; });

}  // namespace
}  // namespace sparsys
