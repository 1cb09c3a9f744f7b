// SPDX-License-Identifier: Apache-2.0
// Whether two networks are the same in every field, floats in every bit.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <tuple>
#include <vector>

#include "golden/network/eie_network.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

inline auto fields(const Window& w) {
  return std::make_tuple(w.kernel, w.stride, w.dilation, w.pad, w.ceil_mode);
}
inline auto fields(const mxu::Window& w) {
  return std::make_tuple(w.kernel, w.stride, w.pad, w.dilation);
}

// Floats by their bits.
inline uint32_t bits(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof word);
  return word;
}
inline std::vector<uint32_t> bits(const std::vector<float>& values) {
  std::vector<uint32_t> words;
  for (const float value : values) words.push_back(bits(value));
  return words;
}

inline void expect_same(const Network& a, const Network& b) {
  EXPECT_EQ(std::tie(a.name, a.origin, a.input, a.input_shape, a.output, a.batch, a.task),
            std::tie(b.name, b.origin, b.input, b.input_shape, b.output, b.batch, b.task));
  EXPECT_EQ(bits(a.input_scale), bits(b.input_scale));
  EXPECT_EQ(bits(a.input_offset), bits(b.input_offset));
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t n = 0; n < a.nodes.size(); ++n) {
    const Node& x = a.nodes[n];
    const Node& y = b.nodes[n];
    EXPECT_EQ(std::tie(x.op, x.name, x.inputs, x.output, x.group, x.alpha, x.beta, x.trans_b,
                       x.axis, x.shape),
              std::tie(y.op, y.name, y.inputs, y.output, y.group, y.alpha, y.beta, y.trans_b,
                       y.axis, y.shape));
    EXPECT_EQ(fields(x.window), fields(y.window));
  }
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].name, b.parameters[p].name);
    EXPECT_EQ(a.parameters[p].shape, b.parameters[p].shape);
    EXPECT_EQ(bits(a.parameters[p].values), bits(b.parameters[p].values));
  }
}

inline void expect_same(const eie::Network& a, const eie::Network& b) {
  EXPECT_EQ(std::tie(a.name, a.origin, a.input_constants),
            std::tie(b.name, b.origin, b.input_constants));
  ASSERT_EQ(a.layers.size(), b.layers.size());
  const auto fields = [](const eie::Layer& l) {
    return std::tie(l.name, l.inputs, l.outputs, l.constant_inputs, l.constant_outputs, l.relu,
                    l.input_frac, l.weight_frac, l.output_frac, l.codebook, l.column_start, l.row,
                    l.code);
  };
  for (size_t l = 0; l < a.layers.size(); ++l) EXPECT_EQ(fields(a.layers[l]), fields(b.layers[l]));
}

inline void expect_same(const mxu::Network& a, const mxu::Network& b) {
  EXPECT_EQ(std::tie(a.name, a.origin, a.pixel_scale, a.pixel_offset),
            std::tie(b.name, b.origin, b.pixel_scale, b.pixel_offset));
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t l = 0; l < a.layers.size(); ++l) {
    const mxu::Layer& x = a.layers[l];
    const mxu::Layer& y = b.layers[l];
    EXPECT_EQ(std::tie(x.name, x.kind, x.sources, x.groups, x.rounding, x.map, x.second_scale,
                       x.second_zero, x.channels, x.height, x.width, x.outputs, x.weights, x.bias,
                       x.multiplier, x.shift, x.function, x.pooling, x.input_scale, x.input_zero,
                       x.output_scale, x.output_zero, x.low, x.high),
              std::tie(y.name, y.kind, y.sources, y.groups, y.rounding, y.map, y.second_scale,
                       y.second_zero, y.channels, y.height, y.width, y.outputs, y.weights, y.bias,
                       y.multiplier, y.shift, y.function, y.pooling, y.input_scale, y.input_zero,
                       y.output_scale, y.output_zero, y.low, y.high));
    EXPECT_EQ(fields(x.window), fields(y.window));
    EXPECT_EQ(fields(x.pool), fields(y.pool));
  }
}

inline void expect_same(const SharedNetwork& a, const SharedNetwork& b) {
  expect_same(a.network, b.network);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (size_t p = 0; p < a.parameters.size(); ++p) {
    EXPECT_EQ(a.parameters[p].code, b.parameters[p].code);
    EXPECT_EQ(bits(a.parameters[p].codebook), bits(b.parameters[p].codebook));
  }
}

// As a stored model has it: what is smaller as floats has values in place of codes.
inline void expect_same_stored(const SharedNetwork& found, SharedNetwork expected) {
  const Network decoded = expected.decode();
  ASSERT_EQ(found.parameters.size(), expected.parameters.size());
  for (size_t p = 0; p < found.parameters.size(); ++p) {
    if (found.parameters[p].shared() || !expected.parameters[p].shared()) continue;
    expected.parameters[p] = SharedParameter();
    expected.network.parameters[p].values = decoded.parameters[p].values;
  }
  expect_same(found, expected);
}

}  // namespace sparsys
