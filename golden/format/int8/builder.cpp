// SPDX-License-Identifier: Apache-2.0
#include "golden/format/int8/builder.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::int8 {

Fixed fixed_point(double factor, const std::string& place) {
  int exponent = 0;
  const double mantissa = std::frexp(factor, &exponent);
  auto multiplier = static_cast<int64_t>(std::llround(mantissa * 0x1p31));
  if (multiplier == int64_t{1} << 31) {
    multiplier /= 2;
    ++exponent;
  }
  if (exponent < -31) return {0, 31};
  if (exponent > 31) fail(place, "a change of scale by " + std::to_string(factor));
  return {static_cast<int32_t>(multiplier), 31 - exponent};
}

void set_factors(mxu::Layer& layer, const std::vector<Fixed>& factors) {
  layer.multiplier.clear();
  layer.shift.clear();
  for (const Fixed& factor : factors) {
    layer.multiplier.push_back(factor.multiplier);
    layer.shift.push_back(static_cast<uint8_t>(factor.shift));
  }
}

void set_bias(mxu::Layer& layer, const std::vector<int32_t>& bias, const std::string& place) {
  const size_t terms = layer.terms();
  layer.bias.clear();
  for (size_t o = 0; o < bias.size(); ++o) {
    int64_t sum = 0;
    for (size_t t = 0; t < terms; ++t) sum += layer.weights[o * terms + t];
    const int64_t value = bias[o] - sum * layer.input_zero;
    if (value < INT32_MIN || value > INT32_MAX) {
      fail(place, "bias " + number(o) + " less the zero point's part is " + number(value) +
                      ", no number of 32 bits");
    }
    layer.bias.push_back(static_cast<int32_t>(value));
  }
}

mxu::Layer Builder::start(mxu::Kind kind, std::vector<uint32_t> sources,
                          const mxu::Value& to) const {
  mxu::Layer layer;
  const mxu::Value first = value(sources[0]);
  layer.kind = kind;
  layer.channels = layer.outputs = first.channels;
  layer.height = first.height;
  layer.width = first.width;
  layer.input_scale = first.scale;
  layer.input_zero = first.zero;
  if (kind == mxu::Kind::kAdd) {
    const mxu::Value second = value(sources[1]);
    layer.second_scale = second.scale;
    layer.second_zero = second.zero;
  }
  layer.output_scale = to.scale;
  layer.output_zero = to.zero;
  layer.sources = std::move(sources);
  return layer;
}

mxu::Layer Builder::requantisation(uint32_t source, const mxu::Value& to, Fixed factor) const {
  mxu::Layer layer = start(mxu::Kind::kPool, {source}, to);
  set_factors(layer, {factor});
  return layer;
}

uint32_t Builder::add(mxu::Layer layer, const std::string& place) {
  if (network_.layers.size() == kMaxLayers)
    fail(place, "more than " + number(kMaxLayers) + " layers");
  layer.name = printable(layer.name);
  mxu::check(layer, place);
  network_.layers.push_back(std::move(layer));
  return static_cast<uint32_t>(network_.layers.size());
}

void Builder::remove(const std::vector<bool>& kept, const std::vector<uint32_t>& becomes) {
  std::vector<mxu::Layer> layers;
  std::vector<uint32_t> now(kept.size() + 1);
  for (size_t l = 0; l < kept.size(); ++l) {
    if (!kept[l]) continue;
    layers.push_back(std::move(network_.layers[l]));
    now[l + 1] = static_cast<uint32_t>(layers.size());
  }
  for (size_t l = 0; l < layers.size(); ++l) {
    for (uint32_t& source : layers[l].sources) source = now[becomes[source]];
    // What follows the layer before it says so by saying nothing.
    if (layers[l].sources == std::vector<uint32_t>{static_cast<uint32_t>(l)}) {
      layers[l].sources.clear();
    }
  }
  network_.layers = std::move(layers);
}

void Builder::drop_unused(uint32_t output) {
  std::vector<bool> kept(network_.layers.size());
  kept[output - 1] = true;
  for (size_t l = kept.size(); l-- > 0;) {
    if (!kept[l]) continue;
    for (const uint32_t source : network_.layers[l].sources) {
      if (source > 0) kept[source - 1] = true;
    }
  }
  std::vector<uint32_t> same(kept.size() + 1);
  for (size_t v = 0; v < same.size(); ++v) same[v] = static_cast<uint32_t>(v);
  remove(kept, same);
}

void Builder::join_poolings() {
  std::vector<mxu::Layer>& layers = network_.layers;
  std::vector<size_t> uses(layers.size() + 1);
  for (size_t l = 0; l < layers.size(); ++l) {
    for (const uint32_t source : network_.sources_of(l)) ++uses[source];
  }
  std::vector<bool> kept(layers.size(), true);
  std::vector<uint32_t> becomes(layers.size() + 1);
  for (size_t v = 0; v < becomes.size(); ++v) becomes[v] = static_cast<uint32_t>(v);
  for (size_t l = 0; l < layers.size(); ++l) {
    mxu::Layer& pool = layers[l];
    const uint32_t source = network_.sources_of(l)[0];
    if (pool.kind != mxu::Kind::kPool || pool.pooling == mxu::Pooling::kNone || source == 0 ||
        uses[source] != 1) {
      continue;
    }
    mxu::Layer& before = layers[source - 1];
    const bool average = pool.pooling == mxu::Pooling::kAverage;
    // Requantisation in front of the pooling is none; a rounding counts in averages alone.
    if (before.kind != mxu::Kind::kConvolution || before.pooling != mxu::Pooling::kNone ||
        pool.multiplier[0] != kOne.multiplier || pool.shift[0] != kOne.shift ||
        pool.output_zero != pool.input_zero || pool.function != mxu::Function::kIdentity ||
        (average && (before.rounding != pool.rounding || pool.low != -128 || pool.high != 127))) {
      continue;
    }
    before.pooling = pool.pooling;
    before.pool = pool.pool;
    // The largest of bounded values is that of the values, bounded.
    if (before.function == mxu::Function::kIdentity || before.function == mxu::Function::kRelu) {
      before.low = std::max(before.low, pool.low);
      before.high = std::min(before.high, pool.high);
    }
    kept[l] = false;
    // What took the pooling's value takes the convolution's, which now is the same.
    becomes[l + 1] = source;
  }
  for (mxu::Layer& layer : layers) {
    if (layer.sources.empty())
      layer.sources = network_.sources_of(static_cast<size_t>(&layer - layers.data()));
  }
  remove(kept, becomes);
}

mxu::Network Builder::finish(uint32_t output, const std::string& name) {
  drop_unused(output);
  join_poolings();
  mxu::check(network_, name);
  return std::move(network_);
}

}  // namespace sparsys::int8
