// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/quantise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/compress/matrix_unit/affine.hpp"
#include "golden/compress/matrix_unit/curves.hpp"
#include "golden/compress/matrix_unit/fuse.hpp"
#include "golden/compress/matrix_unit/moves.hpp"
#include "golden/function/mxu/operators.hpp"
#include "golden/network/check.hpp"
#include "golden/train/augment.hpp"
#include "golden/train/graph.hpp"

namespace sparsys {
namespace {

constexpr size_t kChunk = 32;  // images run together

// ---- the network in floating point on the calibration images ----

class Calibration {
 public:
  Calibration(const Graph& graph, Samples samples, size_t count, unsigned threads)
      : graph_(graph), samples_(samples), count_(count), pool_(threads) {}

  size_t count() const { return count_; }
  ThreadPool& pool() { return pool_; }
  size_t chunks() const { return (count_ + kChunk - 1) / kChunk; }

  // Calls body(chunk, first image, images, tape) after a forward pass, on several threads.
  template <typename Body>
  void run(const Body& body) {
    const Network& network = graph_.network();
    pool_.run(chunks(), [&](size_t chunk) {
      const size_t first = chunk * kChunk;
      const size_t samples = std::min(kChunk, count_ - first);
      Tape tape(graph_, samples, false);
      tape.set_samples(samples);
      const auto inputs = static_cast<size_t>(graph_.inputs());
      load_input(network, samples_ + first * inputs, tape);
      tape.forward();
      body(chunk, first, samples, tape);
    });
  }

 private:
  const Graph& graph_;
  Samples samples_;
  size_t count_;
  ThreadPool pool_;
};

std::vector<Range> value_ranges(Calibration& calibration, const Graph& graph,
                                const std::vector<FloatLayer>& layers) {
  std::vector<Range> ranges(layers.size());
  std::mutex mutex;
  calibration.run([&](size_t, size_t, size_t samples, Tape& tape) {
    std::vector<Range> found(layers.size());
    for (size_t l = 0; l < layers.size(); ++l) {
      const float* y = tape.value(layers[l].spread);
      const size_t all = static_cast<size_t>(graph.values()[layers[l].spread].elements) * samples;
      const auto ends = std::minmax_element(y, y + all);
      found[l] = {std::min(0.0F, *ends.first), std::max(0.0F, *ends.second)};
    }
    const std::lock_guard<std::mutex> lock(mutex);
    for (size_t l = 0; l < layers.size(); ++l) {
      ranges[l].least = std::min(ranges[l].least, found[l].least);
      ranges[l].largest = std::max(ranges[l].largest, found[l].largest);
    }
  });
  return ranges;
}

// Cuts off at most a share of a layer's values at either end, to 1/4096 of the range.
void cut_ranges(Calibration& calibration, const Graph& graph, const std::vector<FloatLayer>& layers,
                double share, std::vector<Range>& ranges) {
  constexpr size_t kBins = 4096;
  using Counts = std::vector<std::vector<uint64_t>>;
  const Counts none(layers.size(), std::vector<uint64_t>(kBins));
  Counts counts = none;
  std::mutex mutex;
  const auto width_of = [&](size_t l) {
    return (double{ranges[l].largest} - double{ranges[l].least}) / kBins;
  };
  calibration.run([&](size_t, size_t, size_t samples, Tape& tape) {
    Counts found = none;
    for (size_t l = 0; l < layers.size(); ++l) {
      const float* y = tape.value(layers[l].spread);
      const size_t all = static_cast<size_t>(graph.values()[layers[l].spread].elements) * samples;
      const double width = width_of(l);
      if (!(width > 0)) continue;
      for (size_t i = 0; i < all; ++i) {
        const double bin = (double{y[i]} - double{ranges[l].least}) / width;
        ++found[l][static_cast<size_t>(std::clamp(bin, 0.0, kBins - 1.0))];
      }
    }
    const std::lock_guard<std::mutex> lock(mutex);
    for (size_t l = 0; l < layers.size(); ++l) {
      for (size_t b = 0; b < kBins; ++b) counts[l][b] += found[l][b];
    }
  });
  for (size_t l = 0; l < layers.size(); ++l) {
    const auto all =
        static_cast<double>(std::accumulate(counts[l].begin(), counts[l].end(), uint64_t{0}));
    const auto most = static_cast<uint64_t>(all * share);
    size_t first = 0;
    size_t last = kBins;
    for (uint64_t cut = 0; first < last && cut + counts[l][first] <= most; ++first) {
      cut += counts[l][first];
    }
    for (uint64_t cut = 0; last > first && cut + counts[l][last - 1] <= most; --last) {
      cut += counts[l][last - 1];
    }
    const double least = double{ranges[l].least};
    const double width = width_of(l);
    ranges[l].least =
        std::min(0.0F, static_cast<float>(least + static_cast<double>(first) * width));
    ranges[l].largest =
        std::max(0.0F, static_cast<float>(least + static_cast<double>(last) * width));
  }
}

// ---- scores ----

// Softmax in place.
void to_shares(std::vector<double>& scores) {
  const double largest = *std::max_element(scores.begin(), scores.end());
  double sum = 0;
  for (double& s : scores) sum += s = std::exp(s - largest);
  for (double& s : scores) s /= sum;
}

// Sum of the absolute differences of the softmaxes of two lists of scores.
double score_error(std::vector<double> a, std::vector<double> b) {
  to_shares(a);
  to_shares(b);
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum;
}

// The part of a range that is best for scores of the calibration images: ends in eighths of it.
Range score_range(Calibration& calibration, const Graph& graph, const FloatLayer& fused,
                  const Range& whole) {
  constexpr int kParts = 8;
  const auto outputs = static_cast<size_t>(graph.values()[fused.value].elements);
  std::vector<float> scores(calibration.count() * outputs);
  calibration.run([&](size_t, size_t first, size_t samples, Tape& tape) {
    const float* y = tape.value(fused.value);
    for (size_t s = 0; s < samples; ++s) {
      for (size_t e = 0; e < outputs; ++e) scores[(first + s) * outputs + e] = y[e * samples + s];
    }
  });
  std::vector<Range> parts;  // the widest first
  for (int low = kParts; low >= 0; --low) {
    for (int high = kParts; high >= 0; --high) {
      const Range part{whole.least * static_cast<float>(low) / kParts,
                       whole.largest * static_cast<float>(high) / kParts};
      if (part.least < part.largest) parts.push_back(part);
    }
  }
  if (parts.empty()) return whole;
  std::vector<double> errors(parts.size());
  calibration.pool().run(parts.size(), [&](size_t p) {
    const Affine affine = affine_of(parts[p]);
    std::vector<double> before(outputs);
    std::vector<double> after(outputs);
    for (size_t i = 0; i < calibration.count(); ++i) {
      for (size_t e = 0; e < outputs; ++e) {
        before[e] = double{scores[i * outputs + e]};
        const double steps = round_half_up(before[e] / double{affine.scale}) + affine.zero;
        after[e] = double{affine.scale} * (std::clamp(steps, -128.0, 127.0) - affine.zero);
      }
      errors[p] += score_error(before, after);
    }
  });
  const auto best = std::min_element(errors.begin(), errors.end());  // the first of equals
  return parts[static_cast<size_t>(best - errors.begin())];
}

Range input_range(const Network& network, Samples samples, size_t values) {
  Range ends{0, 255};
  const float* x = samples.floats();
  if (x != nullptr) ends = {*std::min_element(x, x + values), *std::max_element(x, x + values)};
  const float a = input_value(ends.least, network.input_scale, network.input_offset);
  const float b = input_value(ends.largest, network.input_scale, network.input_offset);
  return {std::min({0.0F, a, b}), std::max({0.0F, a, b})};
}

// ---- radix points ----

constexpr int kLeastFrac = -24;
constexpr int kLargestFrac = 30;

double rounded_byte(double value, int frac) {
  return std::ldexp(std::clamp(round_half_up(std::ldexp(value, frac)), -128.0, 127.0), -frac);
}

// The radix points worth a try for values up to `largest`: from the last that cannot saturate to
// six bits more.
std::vector<int> candidates(double largest) {
  int exponent = 0;  // largest < 2^exponent
  std::frexp(largest, &exponent);
  std::vector<int> fracs;
  for (int more = 0; more <= 6; ++more) {
    fracs.push_back(std::clamp(7 - exponent + more, kLeastFrac, kLargestFrac));
  }
  return fracs;
}

int weight_frac(const FloatLayer& fused) {
  double largest = 0;
  for (const float w : fused.weights) largest = std::max(largest, std::abs(double{w}));
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const int frac : candidates(largest)) {
    double sum = 0;
    for (const float w : fused.weights) sum += std::abs(double{w} - rounded_byte(double{w}, frac));
    if (sum < least) {
      least = sum;
      best = frac;
    }
  }
  return best;
}

// Sets multiplier and shift for a product's radix point and an output's.
void set_radix(mxu::Layer& layer, int product_frac, int out_frac) {
  const int shift = product_frac - (is_table(layer) ? table_in_frac(layer) : out_frac);
  if (shift > 62 || shift < -30) {
    throw Error("layer '" + printable(layer.name) + "': radix points are " + std::to_string(shift) +
                " bits apart");
  }
  layer.multiplier.assign(layer.outputs, shift < 0 ? 1 << -shift : 1);
  layer.shift.assign(layer.outputs, static_cast<uint8_t>(std::max(shift, 0)));
  layer.output_scale = std::ldexp(1.0F, -out_frac);
  layer.output_zero = is_table(layer) ? table_zero(layer) : int8_t{0};
}

// Radix points are found layer by layer, each from the bytes of the one before.
void check_chain(const std::vector<FloatLayer>& layers, const std::string& name) {
  for (const FloatLayer& fused : layers) {
    if (fused.layer.sources.empty() && fused.layer.kind == mxu::Kind::kConvolution) continue;
    throw Error(name + ": layer '" + printable(fused.layer.name) +
                "': radix points are for chains of weights, this network takes affine scales");
  }
}

// Weights and biases of all layers, then values, each from the inputs as they have become. Images
// are held as bytes of the current layer.
void quantise_radix(std::vector<FloatLayer>& layers, const std::vector<Range>& ranges, bool scores,
                    const Range& pixels, Calibration& calibration, const Graph& graph,
                    Samples samples_in) {
  const Network& network = graph.network();
  // Pixels: no error of any is worth a saturation.
  int in_frac = candidates(std::max(-double{pixels.least}, double{pixels.largest})).front();
  int8_t in_zero = 0;
  std::vector<int8_t> values(calibration.count() * static_cast<size_t>(graph.inputs()));
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = input_value(double{samples_in[i]}, network.input_scale, network.input_offset);
    values[i] = static_cast<int8_t>(std::ldexp(rounded_byte(x, in_frac), in_frac));
  }
  for (size_t l = 0; l < layers.size(); ++l) {
    FloatLayer& fused = layers[l];
    mxu::Layer& layer = fused.layer;
    layer.input_scale = std::ldexp(1.0F, -in_frac);
    layer.input_zero = in_zero;
    const int frac = weight_frac(fused);
    const int product_frac = in_frac + frac;
    layer.weights.clear();
    for (const float w : fused.weights) {
      layer.weights.push_back(static_cast<int8_t>(std::ldexp(rounded_byte(double{w}, frac), frac)));
    }
    for (size_t o = 0; o < layer.outputs; ++o) {
      const double folded = static_cast<double>(in_zero) * weight_sum(layer, o);
      layer.bias.push_back(to_int32(std::ldexp(fused.bias[o], product_frac) - folded, layer.name));
    }
    // A table has its steps.
    const std::vector<int> fracs =
        is_table(layer) ? std::vector<int>{table_out_frac(layer)}
                        : candidates(std::max(-double{ranges[l].least}, double{ranges[l].largest}));
    // One sum per chunk and candidate, so that the order of additions is fixed.
    std::vector<std::vector<double>> errors(calibration.chunks(),
                                            std::vector<double>(fracs.size(), 0));
    std::vector<mxu::Layer> trials(fracs.size(), layer);
    for (size_t c = 0; c < fracs.size(); ++c) {
      set_radix(trials[c], product_frac, fracs[c]);
      set_bounds(fused, trials[c]);
    }
    std::vector<std::vector<int32_t>> sums(calibration.count());
    const size_t inputs = layer.inputs();
    calibration.run([&](size_t chunk, size_t first, size_t samples, Tape& tape) {
      const float* y = tape.value(fused.value);
      for (size_t s = 0; s < samples; ++s) {
        const auto from = values.begin() + static_cast<ptrdiff_t>((first + s) * inputs);
        sums[first + s] =
            convolve(layer, std::vector<int8_t>(from, from + static_cast<ptrdiff_t>(inputs)));
        for (size_t c = 0; c < fracs.size(); ++c) {
          const std::vector<int8_t> bytes = activate(trials[c], sums[first + s]);
          std::vector<double> before(bytes.size());
          std::vector<double> after(bytes.size());
          for (size_t e = 0; e < bytes.size(); ++e) {
            before[e] = double{y[e * samples + s]};
            after[e] = std::ldexp(static_cast<double>(bytes[e] - trials[c].output_zero), -fracs[c]);
          }
          if (scores && l + 1 == layers.size()) {
            errors[chunk][c] += score_error(before, after);
            continue;
          }
          for (size_t e = 0; e < bytes.size(); ++e) {
            errors[chunk][c] += std::abs(after[e] - before[e]);
          }
        }
      }
    });
    size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (size_t c = 0; c < fracs.size(); ++c) {
      double sum = 0;
      for (const std::vector<double>& chunk : errors) sum += chunk[c];
      if (sum < least) {
        least = sum;
        best = c;
      }
    }
    layer = trials[best];
    in_frac = fracs[best];
    in_zero = layer.output_zero;
    const size_t outputs = layer.output_elements();
    values.assign(calibration.count() * outputs, 0);
    calibration.pool().run(calibration.count(), [&](size_t i) {
      const std::vector<int8_t> bytes = activate(layer, sums[i]);
      std::copy(bytes.begin(), bytes.end(), values.begin() + static_cast<ptrdiff_t>(i * outputs));
    });
  }
}

}  // namespace

const char* to_string(QuantisationScheme scheme) {
  switch (scheme) {
    case QuantisationScheme::kRadix:
      return "radix";
    case QuantisationScheme::kShared:
      return "shared";
    default:
      return "affine";
  }
}

const char* to_string(QuantisationOutputs outputs) {
  return outputs == QuantisationOutputs::kScores ? "scores" : "values";
}

FixedFactor fixed_factor(double factor) {
  if (!(factor >= 0) || factor >= 2147483647.5) {
    throw Error("factor " + std::to_string(factor) + " is outside of 0 to 2^31");
  }
  FixedFactor fixed;
  if (factor == 0) return fixed;
  int exponent = 0;
  std::frexp(factor, &exponent);  // 2^(exponent - 1) <= factor < 2^exponent
  int shift = std::min(31 - exponent, 62);
  double mantissa = std::round(std::ldexp(factor, shift));
  if (mantissa >= 2147483648.0) {
    // Rounded up to a power of two.
    mantissa = 1073741824.0;
    --shift;
  }
  fixed.multiplier = static_cast<int32_t>(mantissa);
  fixed.shift = static_cast<uint8_t>(shift);
  return fixed;
}

mxu::Network quantise(const Network& network, Samples samples, size_t count,
                      const QuantisationOptions& options) {
  const std::string name = "network '" + printable(network.name) + "'";
  check(network, name);
  if (count == 0) throw Error(name + ": quantisation needs samples");
  const bool affine = options.scheme != QuantisationScheme::kRadix;
  if (!(options.percentile > 50 && options.percentile <= 100)) {
    throw Error("percentile " + std::to_string(options.percentile) +
                ": expected above 50, at most 100");
  }
  if (!affine && options.percentile != 100) {
    throw Error("percentile " + std::to_string(options.percentile) +
                ": radix points are chosen for the least error, expected 100");
  }
  const Network moved = moves_as_convolutions(network);
  const Graph graph(moved);
  std::vector<FloatLayer> layers = fuse(graph);
  Calibration calibration(graph, samples, count, options.threads);
  const Range inputs = input_range(network, samples, count * static_cast<size_t>(graph.inputs()));
  std::vector<Range> ranges = value_ranges(calibration, graph, layers);
  const mxu::Layer& last = layers.back().layer;
  const bool scores = options.outputs == QuantisationOutputs::kScores && last.outputs > 1 &&
                      last.output_elements() == last.outputs && !is_table(last);
  if (affine) {
    const Range whole = ranges.back();
    if (options.percentile < 100) {
      cut_ranges(calibration, graph, layers, 1 - options.percentile / 100, ranges);
    }
    if (scores) ranges.back() = score_range(calibration, graph, layers.back(), whole);
    quantise_affine(layers, ranges, affine_of(inputs),
                    options.scheme == QuantisationScheme::kShared ? WeightScales::kPerLayer
                                                                  : WeightScales::kPerOutput);
    curves_as_tables(layers);
  } else {
    check_chain(layers, name);
    quantise_radix(layers, ranges, scores, inputs, calibration, graph, samples);
  }
  mxu::Network quantised;
  quantised.name = network.name;
  quantised.origin = network.origin;
  quantised.pixel_scale = network.input_scale;
  quantised.pixel_offset = network.input_offset;
  for (FloatLayer& fused : layers) quantised.layers.push_back(std::move(fused.layer));
  check(quantised, name + " in bytes");
  return quantised;
}

}  // namespace sparsys
