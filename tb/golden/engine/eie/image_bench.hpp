// SPDX-License-Identifier: Apache-2.0
// What tests of memory images share: small networks and engines, and a plain interpreter of
// docs/reference/eie-format.md that runs an image.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/eie/encode.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/bias_columns.hpp"
#include "tb/support/eie/accumulators.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/read_image.hpp"

namespace sparsys::eie {

using Activations = std::vector<int16_t>;

inline Config small_config(uint32_t n_pe, uint32_t act_regs) {
  Config config;
  config.n_pe = n_pe;
  config.act_regs = act_regs;
  return config;
}

inline Network one_layer(uint32_t inputs, uint32_t outputs, double density, uint64_t seed = 1) {
  RandomNetworkOptions options;
  options.sizes = {inputs, outputs};
  options.density = density;
  options.uneven = false;
  return random_network(seed, options);
}

inline Network layers(const std::vector<uint32_t>& sizes, double density = 0.1) {
  RandomNetworkOptions options;
  options.sizes = sizes;
  options.density = density;
  return random_network(1, options);
}

// Rows where the format has them: this page tests the format.
inline Image plain_image(const Network& network, const Config& config) {
  return build_image(network, config, Rows::kInterleaved);
}

inline std::string build_error(const Network& network, const Config& config) {
  return error_of([&] { plain_image(network, config); });
}

inline void expect_same_matrices(const Image& image, const Network& network) {
  const std::vector<Layer> decoded = decode_image(image);
  ASSERT_EQ(decoded.size(), network.layers.size());
  const Network run = with_bias_columns(network);
  for (size_t l = 0; l < decoded.size(); ++l) {
    SCOPED_TRACE("layer " + std::to_string(l));
    const Layer& expected = run.layers[l];
    EXPECT_EQ(decoded[l].name, expected.name);
    EXPECT_EQ(decoded[l].inputs, expected.inputs);
    EXPECT_EQ(decoded[l].outputs, expected.outputs);
    EXPECT_EQ(decoded[l].relu, expected.relu);
    EXPECT_EQ(decoded[l].shift(), expected.shift());
    EXPECT_EQ(decoded[l].codebook, expected.codebook);
    EXPECT_EQ(decoded[l].row, expected.row);
    EXPECT_EQ(decoded[l].code, expected.code);
    // An odd number is filled up by a constant 0 whose column is empty.
    Activations bias = expected.bias;
    std::vector<uint64_t> column_start = expected.column_start;
    if (bias.size() % 2 != 0) {
      bias.push_back(0);
      column_start.push_back(column_start.back());
    }
    EXPECT_EQ(decoded[l].bias, bias);
    EXPECT_EQ(decoded[l].column_start, column_start);
  }
}

// The engine by the words of docs/reference/eie-format.md, sections 4 to 7, memory by memory.
class Interpreter {
 public:
  explicit Interpreter(const Image& image) : image_(image), config_(image.config) {
    for (auto& bank : banks_) bank.resize(config_.act_regs * config_.n_pe, 0x5A5A);
    ram_.resize(config_.act_ram_depth * config_.n_pe, 0x3C3C);
    acc_.resize(config_.n_pe, std::vector<int64_t>(config_.act_regs * config_.groups));
  }

  Activations run(Activations input) {
    input.insert(input.end(), image_.input_constants.begin(), image_.input_constants.end());
    EXPECT_EQ(input.size(), image_.input.size);
    std::copy(input.begin(), input.end(), at(image_.input));
    for (const Pass& pass : image_.passes) {
      uint64_t words[2];
      encode(pass, words);
      run_pass(decode(words));
    }
    const auto output = at(image_.output);
    return Activations(output, output + image_.output.size);
  }

  bool saturated = false;

 private:
  Activations::iterator at(const eie::Vector& vector) {
    return vector.in_ram ? ram_.begin() + vector.ram_row * config_.n_pe : banks_[role_].begin();
  }

  void run_pass(const Pass& pass) {
    const uint32_t n = config_.n_pe, g = config_.groups;
    Activations& source = banks_[role_];
    Activations& destination = banks_[1 - role_];
    ASSERT_LE(pass.in_count, source.size());
    ASSERT_LE(pass.out_count, source.size());
    if (pass.load_codebook) {
      for (size_t c = 0; c < 16; ++c) {
        codebook_[c] = static_cast<int16_t>(image_.codebook_words.at(4 * pass.codebook + c / 4) >>
                                            (16 * (c % 4)));
      }
    }
    if (pass.clear) {
      for (auto& of_pe : acc_) std::fill(of_pe.begin(), of_pe.end(), 0);
    }
    const uint32_t in_rows = (pass.in_count + n - 1) / n;
    const uint32_t out_rows = (pass.out_count + n - 1) / n;
    if (pass.load_src) {
      for (uint32_t e = 0; e < in_rows * n; ++e) source[e] = ram_.at(pass.src_addr * n + e);
    }
    const int64_t largest = (int64_t{1} << (config_.acc_width - 1)) - 1;
    const auto multiply = [&](int16_t activation, uint32_t group, uint32_t pointer) {
      for (uint32_t pe = group; pe < n; pe += g) {
        const uint32_t start = image_.pointers[pe].at(pointer % config_.ptr_depth);
        const uint32_t end = image_.pointers[pe].at((pointer + 1) % config_.ptr_depth);
        ASSERT_LE(start, end);
        int row = -1;
        for (uint32_t p = start; p < end; ++p) {
          const uint64_t word = image_.entry_rows[pe].at(pass.entry_base + (p >> 3));
          const auto entry = static_cast<uint8_t>(word >> (8 * (p & 7)));
          row += ((entry & 15) == 0 ? 16 : 1) * ((entry >> 4) + 1);
          ASSERT_LT(row, static_cast<int>(config_.act_regs * g));
          if ((entry & 15) == 0) continue;
          int64_t& acc = acc_[pe][static_cast<size_t>(row)];
          acc += codebook_[entry & 15] * activation;
          if (acc > largest || acc < -largest - 1) saturated = true;
          acc = std::min(std::max(acc, -largest - 1), largest);
        }
      }
    };
    const uint32_t dealt = std::min(g, 4U);
    const uint32_t of_group = (2 * pass.bias + dealt - 1) / dealt;
    ASSERT_LE(of_group, pass.ptr_base);
    for (uint32_t k = 0; k < 2 * pass.bias; ++k) {
      const auto constant =
          static_cast<int16_t>(image_.bias_words.at(4 * pass.codebook + k / 4) >> (16 * (k % 4)));
      multiply(constant, k % dealt, pass.ptr_base - of_group + k / dealt);
    }
    for (uint32_t j = pass.in_first * n; j < pass.in_count; ++j) {
      if (source[j] != 0) multiply(source[j], j % g, pass.ptr_base + j / g);
    }
    if (pass.write_back) {
      for (uint32_t e = 0; e < out_rows * n; ++e) {
        const uint32_t team = e % n / g;
        int64_t sum = 0;
        for (uint32_t pe = team * g; pe < (team + 1) * g; ++pe) sum += acc_[pe][e / n * g + e % g];
        destination[e] = write_back(sum, static_cast<int>(pass.shift), pass.relu);
        if (pass.store_dst) ram_.at(pass.dst_addr * n + e) = destination[e];
      }
    }
    if (pass.swap) role_ = 1 - role_;
  }

  const Image& image_;
  const Config& config_;
  Activations banks_[2];
  int role_ = 0;
  Activations ram_;
  std::vector<std::vector<int64_t>> acc_;  // [pe][local row]
  int16_t codebook_[16] = {};
};

inline void expect_right(const Network& network, const Config& config, uint64_t seed = 1) {
  const Image image = plain_image(network, config);
  expect_same_matrices(image, network);
  const Activations input = random_input(seed, network, 0.5, seed % 3 == 0);
  bool saturated = false;
  const Activations expected =
      run_layers(network, input, accumulators_of(config), &saturated).back();
  Interpreter interpreter(image);
  EXPECT_EQ(interpreter.run(input), expected);
  EXPECT_EQ(interpreter.saturated, saturated);
  // A second run finds the registers' roles as the first left them.
  EXPECT_EQ(interpreter.run(input), expected);
}

}  // namespace sparsys::eie
