// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/matrix_unit/affine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/quantise.hpp"

namespace sparsys {

bool is_table(const mxu::Layer& layer) {
  return layer.function == mxu::Function::kSigmoid || layer.function == mxu::Function::kTanh;
}

// Fractional bits of their input, fractional bits of their output, its zero point.
int table_in_frac(const mxu::Layer& layer) {
  return layer.function == mxu::Function::kSigmoid ? 4 : 5;
}
int table_out_frac(const mxu::Layer& layer) {
  return layer.function == mxu::Function::kSigmoid ? 8 : 7;
}
int8_t table_zero(const mxu::Layer& layer) {
  return layer.function == mxu::Function::kSigmoid ? int8_t{-128} : int8_t{0};
}

Affine affine_of(const Range& range) {
  const double width = double{range.largest} - double{range.least};
  Affine affine;
  affine.scale = static_cast<float>(width / 255);
  if (!(affine.scale > std::numeric_limits<float>::min())) return Affine();
  const double zero = std::floor(-128 - double{range.least} / double{affine.scale} + 0.5);
  affine.zero = static_cast<int8_t>(std::clamp(zero, -128.0, 127.0));
  return affine;
}

int32_t to_int32(double value, const std::string& layer) {
  const double rounded = std::round(value);
  if (!(std::abs(rounded) < 2147483648.0)) {
    throw Error("layer '" + printable(layer) + "': a bias is too large for its scale");
  }
  return static_cast<int32_t>(rounded);
}

int32_t weight_sum(const mxu::Layer& layer, size_t output) {
  int32_t sum = 0;
  const size_t terms = layer.terms();
  for (size_t t = 0; t < terms; ++t) sum += layer.weights[output * terms + t];
  return sum;
}

void set_bounds(const FloatLayer& fused, mxu::Layer& layer) {
  const auto byte = [&](float bound) {
    const double steps =
        std::floor(double{bound} / double{layer.output_scale} + 0.5) + layer.output_zero;
    return static_cast<int8_t>(std::clamp(steps, -128.0, 127.0));
  };
  if (is_table(layer)) return;
  layer.low = byte(fused.least);
  layer.high = byte(fused.largest);
}

namespace {

// What a step in front of the function stands for: of the output, or of a table's input.
double steps_of(const mxu::Layer& layer) {
  return is_table(layer) ? std::ldexp(1.0, -table_in_frac(layer)) : double{layer.output_scale};
}

// From steps of `scale` to those in front of the function.
void add_factor(mxu::Layer& layer, double scale) {
  const double factor = scale / steps_of(layer);
  if (factor == 1) {  // exactly
    layer.multiplier.push_back(1);
    layer.shift.push_back(0);
    return;
  }
  const FixedFactor fixed = fixed_factor(factor);
  layer.multiplier.push_back(fixed.multiplier);
  layer.shift.push_back(fixed.shift);
}

int8_t weight_byte(float weight, double scale) {
  return static_cast<int8_t>(std::clamp(std::round(double{weight} / scale), -127.0, 127.0));
}

double largest_of(const float* weights, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(double{weights[i]}));
  return largest;
}

// The scale of a whole layer that rounds its weights with the least sum of errors, none of them
// saturated: of few values that are shared, with which steps they meet best.
double layer_scale(const std::vector<float>& weights) {
  std::map<float, uint64_t> times;
  for (const float w : weights) ++times[std::abs(w)];
  const double largest = times.empty() ? 0 : double{times.rbegin()->first};
  if (largest == 0) return 0;
  double best = largest / 127;
  double least = std::numeric_limits<double>::infinity();
  for (int steps = 127; steps >= 64; --steps) {
    const double scale = largest / steps;
    double sum = 0;
    for (const auto& [w, count] : times) {
      sum += static_cast<double>(count) * std::abs(double{w} - weight_byte(w, scale) * scale);
    }
    if (sum >= least) continue;
    least = sum;
    best = scale;
  }
  return best;
}

// Of a convolution.
void quantise_weights(FloatLayer& fused, WeightScales scales) {
  mxu::Layer& layer = fused.layer;
  const auto in_scale = double{layer.input_scale};
  const size_t terms = layer.terms();
  layer.weights.resize(fused.weights.size());
  const bool one = scales == WeightScales::kPerLayer;
  // So large that a bias, at the scale of the products, has room for what is folded in.
  const auto room = [&](double bias) { return std::abs(bias) / (in_scale * (1 << 30)); };
  double of_layer = one ? layer_scale(fused.weights) : 0;
  if (one) {
    for (size_t o = 0; o < layer.outputs; ++o) of_layer = std::max(of_layer, room(fused.bias[o]));
  }
  for (size_t o = 0; o < layer.outputs; ++o) {
    const float* w = &fused.weights[o * terms];
    double scale = one ? of_layer : std::max(largest_of(w, terms) / 127, room(fused.bias[o]));
    if (!(scale > 1e-30)) scale = 1;
    for (size_t t = 0; t < terms; ++t) layer.weights[o * terms + t] = weight_byte(w[t], scale);
    const double product = in_scale * scale;
    layer.bias.push_back(to_int32(
        fused.bias[o] / product - static_cast<double>(layer.input_zero) * weight_sum(layer, o),
        layer.name));
    add_factor(layer, product);
  }
}

// The factors of LiteRT's Add: both values at twice the larger scale, 20 bits finer.
void set_sum_factors(mxu::Layer& layer) {
  const double twice = 2 * std::max(double{layer.input_scale}, double{layer.second_scale});
  const double parts[3] = {double{layer.input_scale} / twice, double{layer.second_scale} / twice,
                           twice / (std::ldexp(1.0, 20) * steps_of(layer))};
  for (const double part : parts) {
    const FixedFactor factor = fixed_factor(part);
    layer.multiplier.push_back(factor.multiplier);
    layer.shift.push_back(factor.shift);
  }
  layer.rounding = mxu::Rounding::kDouble;
}

}  // namespace

void quantise_affine(std::vector<FloatLayer>& layers, std::vector<Range> ranges,
                     const Affine& input, WeightScales scales) {
  // Layers that are tied stand in front of what they are tied to.
  for (size_t l = 0; l < layers.size(); ++l) {
    if (layers[l].tied == FloatLayer::kNone) continue;
    Range& whole = ranges[layers[l].tied];
    whole.least = std::min(whole.least, ranges[l].least);
    whole.largest = std::max(whole.largest, ranges[l].largest);
  }
  std::vector<Affine> affine(layers.size() + 1);  // of the values
  affine[0] = input;
  for (size_t l = layers.size(); l-- > 0;) {
    const FloatLayer& fused = layers[l];
    if (fused.tied != FloatLayer::kNone) {
      affine[l + 1] = affine[fused.tied + 1];
    } else if (is_table(fused.layer)) {
      affine[l + 1] = {std::ldexp(1.0F, -table_out_frac(fused.layer)), table_zero(fused.layer)};
    } else {
      affine[l + 1] = affine_of(ranges[l]);
    }
  }
  for (size_t l = 0; l < layers.size(); ++l) {
    FloatLayer& fused = layers[l];
    mxu::Layer& layer = fused.layer;
    const std::vector<uint32_t> chain{static_cast<uint32_t>(l)};
    const std::vector<uint32_t>& sources = layer.sources.empty() ? chain : layer.sources;
    const Affine in = affine[sources[0]];
    if (fused.keeps && fused.tied == FloatLayer::kNone) affine[l + 1] = in;
    layer.input_scale = in.scale;
    layer.input_zero = in.zero;
    layer.output_scale = affine[l + 1].scale;
    layer.output_zero = affine[l + 1].zero;
    switch (layer.kind) {
      case mxu::Kind::kConvolution:
        quantise_weights(fused, scales);
        break;
      case mxu::Kind::kAdd:
        layer.second_scale = affine[sources[1]].scale;
        layer.second_zero = affine[sources[1]].zero;
        set_sum_factors(layer);
        break;
      case mxu::Kind::kPool:
        add_factor(layer, double{in.scale});
        break;
      default:
        continue;
    }
    set_bounds(fused, layer);
  }
}

}  // namespace sparsys
