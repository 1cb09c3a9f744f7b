// SPDX-License-Identifier: Apache-2.0
// The whole sparse engine: RTL and cycle model in lockstep, results against the functional model
// bit for bit. Every run ends with both sides idle and nothing pending.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/support/eie/accumulators.hpp"

namespace sparsys::eie {
// Names of cases, in what CTest prints.
inline void PrintTo(const Config& config, std::ostream* out) {
  *out << config.n_pe << " PEs, queue " << config.queue_depth << ", lanes " << config.lanes
       << ", groups " << config.groups;
}

inline Config paper(uint32_t n_pe) {
  Config config;
  config.n_pe = n_pe;
  return config;
}

// The parameter sets of CMakeLists.txt here that have small memories.
inline Config small(uint32_t n_pe, uint32_t queue_depth) {
  for (const Config& config : rtl_configs()) {
    if (config.n_pe == n_pe && config.queue_depth == queue_depth && config.entry_depth < 131072 &&
        config.lanes == 1) {
      return config;
    }
  }
  throw Error("no such small engine");
}

inline std::string name_of(const Config& c) {
  return "pe" + std::to_string(c.n_pe) + "_q" + std::to_string(c.queue_depth) +
         (c.entry_depth < 131072 ? "_small" : "") +
         (c.lanes > 1 ? "_l" + std::to_string(c.lanes) + "_b" + std::to_string(c.banks) : "") +
         (c.groups > 1 ? "_g" + std::to_string(c.groups) : "");
}

// A layer from its codes, codes[row][column]; the value of code c is 10 * c - 80.
inline Layer layer_of(const std::vector<std::vector<uint8_t>>& codes, bool relu = false) {
  Layer layer;
  layer.name = "fc";
  layer.outputs = static_cast<uint32_t>(codes.size());
  layer.inputs = static_cast<uint32_t>(codes[0].size());
  layer.relu = relu;
  layer.weight_frac = 2;
  for (int c = 1; c < 16; ++c) layer.codebook[c] = static_cast<int16_t>(c == 8 ? 5 : 10 * c - 80);
  layer.column_start.push_back(0);
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint32_t i = 0; i < layer.outputs; ++i) {
      if (codes[i][j]) {
        layer.row.push_back(i);
        layer.code.push_back(codes[i][j]);
      }
    }
    layer.column_start.push_back(layer.row.size());
  }
  return layer;
}

inline Network network_of(Layer layer) {
  Network network;
  network.name = "test";
  network.layers.push_back(std::move(layer));
  return network;
}

inline std::vector<std::vector<uint8_t>> zeros(uint32_t rows, uint32_t columns) {
  return std::vector<std::vector<uint8_t>>(rows, std::vector<uint8_t>(columns));
}

class Bench {
 public:
  explicit Bench(const Config& config) : device_(config, options(this)), driver_(device_) {
    driver_.reset();
  }

  // The worked examples know which PE has which row.
  void load(const Network& network, Rows rows = Rows::kInterleaved) {
    network_ = network;
    image_ = build_image(network, device_.config(), rows);
    driver_.load(image_);
  }

  // One input through the loaded network, against the functional model.
  void run(const std::vector<int16_t>& input) {
    bool saturated = false;
    const std::vector<int16_t> expected =
        eie::run(network_, input, accumulators_of(device_.config()), &saturated);
    std::vector<int16_t> got = driver_.run(image_, input);
    got.resize(network_.output_size());
    EXPECT_EQ(got, expected);
    const Status status = driver_.read_status();
    EXPECT_EQ(status.saturated, saturated);
    EXPECT_EQ(status.end.reason, Reason::kNone);
  }

  void finish() {
    device_.finish();
    EXPECT_GT(device_.checked_cycles(), 0u);
    EXPECT_EQ(device_.mismatched_signals(), 0u);
  }

  Lockstep& device() { return device_; }
  Driver& driver() { return driver_; }
  const Image& image() const { return image_; }
  const Statistics& statistics() const { return statistics_; }

 private:
  static LockstepOptions options(Bench* bench) {
    LockstepOptions options;
    options.statistics = &bench->statistics_;
    return options;
  }

  Statistics statistics_;
  Lockstep device_;
  Driver driver_;
  Network network_;
  Image image_;
};

// All that the memories hold of an image, read through the port.
inline void expect_read_back(Driver& driver, const Image& image) {
  for (uint32_t k = 0; k < image.entry_rows.size(); ++k) {
    for (uint32_t r = 0; r < image.entry_rows[k].size(); ++r) {
      ASSERT_EQ(driver.read_entry_row(k, r), image.entry_rows[k][r]) << "PE " << k << " row " << r;
    }
    for (uint32_t q = 0; 2 * q + 1 < image.pointers[k].size(); ++q) {
      ASSERT_EQ(driver.read_pointer_pair(k, q),
                image.pointers[k][2 * q] | uint32_t{image.pointers[k][2 * q + 1]} << 16);
    }
  }
  for (uint32_t w = 0; w < image.codebook_words.size(); ++w) {
    EXPECT_EQ(driver.read_codebook_word(w), image.codebook_words[w]);
  }
  const std::vector<uint64_t> list = list_words(image);
  for (uint32_t w = 0; w < list.size(); ++w) EXPECT_EQ(driver.read_list_word(w), list[w]);
}

// Loads, runs the inputs, finishes.
inline void check_network(const Config& config, const Network& network,
                          const std::vector<std::vector<int16_t>>& inputs) {
  SCOPED_TRACE(name_of(config));
  Bench bench(config);
  bench.load(network);
  for (const auto& input : inputs) bench.run(input);
  bench.finish();
}

inline std::vector<int16_t> ones(uint32_t size) {
  std::vector<int16_t> input(size);
  for (uint32_t j = 0; j < size; ++j) input[j] = static_cast<int16_t>(j % 2 ? -3 - j : 5 + j);
  return input;
}

}  // namespace sparsys::eie
