// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "golden/base/error.hpp"
#include "golden/compress/fixed_point/bias_constants.hpp"
#include "golden/compress/fixed_point/draft.hpp"
#include "golden/compress/fixed_point/loss.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/train/train.hpp"

namespace sparsys {
namespace {

using Eigen::Index;

constexpr int64_t kMax16 = 32767;
constexpr int64_t kMin16 = -32768;
// What radix points make room for: three such constants times the largest codebook entry fit the
// budget of a row's constants.
constexpr int64_t kMaxConstant = 5461;
static_assert(3 * kMaxConstant * 32768 <= BiasConstants::kBudget, "constants fit their budget");
// Bits that a layer's inputs give away so that constants are large enough to make the next layer's;
// what is still missing a larger value in the codebook makes up for.
constexpr int kFreeBits = 4;
// Biases that come as near as this, as a share of the layer's largest output, need no more
// constants.
constexpr double kGoodBiases = 1.0 / 64;
// A codebook whose largest entry is smaller than this is too coarse.
constexpr double kFineCodebook = 128;
// Radix points beyond this are taken for a mistake in the network.
constexpr int kMaxFrac = 64;

// Bits after the point so that `largest` still fits `limit`.
int frac_for(double largest, double limit) {
  int exponent = 0;
  std::frexp(limit / largest, &exponent);
  return exponent - 1;
}

void check(const SharedMlp& mlp, const Eigen::MatrixXf& sample, const FixedPointOptions& options) {
  if (mlp.layers.empty()) fail(mlp.name, "no layers, expected at least one");
  if (options.constants > BiasConstants::kMost) {
    fail(mlp.name, std::to_string(options.constants) + " constants, expected at most " +
                       std::to_string(BiasConstants::kMost));
  }
  if (options.input_frac < -15 || options.input_frac > 30 || !(options.headroom >= 1) ||
      !(options.headroom <= 1024)) {
    fail(mlp.name, "radix point or headroom out of range, expected -15 to 30 and 1 to 1024");
  }
  Index inputs = sample.rows();
  if (sample.cols() == 0) fail(mlp.name, "empty sample, expected at least one input vector");
  if (!sample.allFinite()) fail(mlp.name, "sample holds a number that is not finite");
  for (const SharedLayer& layer : mlp.layers) {
    if (layer.code.size() == 0 || layer.code.cols() != inputs) {
      fail(mlp.name, "layer " + layer.name + " has " + std::to_string(layer.code.cols()) +
                         " inputs, expected " + std::to_string(inputs));
    }
    if (layer.bias.size() != layer.code.rows()) {
      fail(mlp.name, "layer " + layer.name + " has " + std::to_string(layer.bias.size()) +
                         " biases, expected " + std::to_string(layer.code.rows()));
    }
    if (layer.code.maxCoeff() > 15) fail(mlp.name, "layer " + layer.name + " has a code above 15");
    const bool finite = std::all_of(layer.codebook.begin(), layer.codebook.end(),
                                    [](float v) { return std::isfinite(v); });
    if (!finite || !layer.bias.allFinite()) {
      fail(mlp.name, "layer " + layer.name + " holds a number that is not finite");
    }
    if (layer.codebook[0] != 0)
      fail(mlp.name, "layer " + layer.name + ": code 0 is not the value 0");
    inputs = layer.code.rows();
  }
}

class Converter {
 public:
  Converter(const SharedMlp& mlp, const FixedPointOptions& options, unsigned constants)
      : mlp_(mlp),
        options_(options),
        drafts_(mlp.layers.size()),
        facts_(mlp.layers.size()),
        constants_per_layer_(constants) {}

  eie::Network run(const Eigen::MatrixXf& sample) {
    measure(sample);
    provide_for_biases();
    network_.name = mlp_.name;
    network_.origin = mlp_.origin;
    network_.input_scale = mlp_.input_scale;
    network_.input_offset = mlp_.input_offset;
    int input_frac = options_.input_frac;
    if (drafts_.front().need > 0) {
      input_frac = std::min(input_frac, frac_for(drafts_.front().need, kMaxConstant));
    }
    for (size_t l = 0; l < drafts_.size(); ++l) {
      eie::Layer layer = begin_layer(l, input_frac);
      choose_radix_points(l, layer);
      fill_codebook(drafts_[l].layer, layer);
      if (layer.constant_inputs > 0) {
        const std::vector<uint32_t> producers = choose_constants_of(l, layer);
        if (l > 0) make_constants(producers, network_.layers.back());
      } else {
        constants_ = BiasConstants();
      }
      fill_columns(l, layer);
      input_frac = layer.output_frac;
      network_.layers.push_back(std::move(layer));
    }
    return std::move(network_);
  }

  const std::vector<FixedPointLayerReport>& facts() const { return facts_; }

 private:
  // Largest values on the sample; codebooks without what no weight uses.
  void measure(const Eigen::MatrixXf& sample) {
    Eigen::MatrixXf x = sample;
    for (size_t l = 0; l < drafts_.size(); ++l) {
      Draft& draft = drafts_[l];
      draft.layer = mlp_.layers[l];
      draft.largest_input = x.cwiseAbs().maxCoeff();
      Eigen::MatrixXf y = draft.layer.weights() * x;
      y.colwise() += draft.layer.bias;
      draft.largest_output = y.cwiseAbs().maxCoeff();
      if (!std::isfinite(draft.largest_output)) {
        fail(mlp_.name, "layer " + draft.layer.name + ": the sample's outputs are not finite");
      }
      if (draft.layer.relu) y = y.cwiseMax(0.0F);
      x = std::move(y);
      for (Index i = 0; i < draft.layer.code.size(); ++i) ++draft.uses[draft.layer.code.data()[i]];
      for (size_t c = 1; c < 16; ++c) {
        if (draft.uses[c] == 0) {
          draft.layer.codebook[c] = 0;
        } else if (draft.layer.codebook[c] == 0) {
          fail(mlp_.name, "layer " + draft.layer.name + ": code " + std::to_string(c) +
                              " is in use with the value 0, expected another value");
        }
      }
    }
  }

  // The largest constant that a layer's inputs have room for at little cost, as a real number.
  double room_for_constants(size_t l) const {
    if (l == 0) return std::ldexp(static_cast<double>(kMaxConstant), -options_.input_frac);
    const double largest = drafts_[l - 1].largest_output;
    if (largest == 0) return std::numeric_limits<double>::infinity();
    const int frac = std::min(frac_for(options_.headroom * largest, kMax16), kMaxFrac);
    return std::ldexp(static_cast<double>(kMaxConstant), kFreeBits - frac);
  }

  // From the last layer back: which have constants, what their codebooks need for biases, and how
  // large the constants must be.
  //
  // A layer's own biases are made of the weights' values, whose many sums come near any bias, so
  // constants are as large as that takes, and the inputs' radix point makes room for them: where
  // that costs them bits, biases are so large that these bits would be lost in the outputs. The
  // next layer's constants are made so too as long as that costs little; else by a value of their
  // own in the codebook, as only few of them are needed and the next layer chooses what there is.
  void provide_for_biases() {
    double next = 0;
    bool bias_follows = false;
    for (size_t l = drafts_.size(); l-- > 0;) {
      Draft& draft = drafts_[l];
      bias_follows = bias_follows || draft.layer.bias.cwiseAbs().maxCoeff() > 0;
      draft.has_constants = bias_follows;
      if (!bias_follows) continue;
      const bool positive_constants = l > 0 && drafts_[l - 1].layer.relu;
      prepare_codebook_for_bias(draft, positive_constants);
      auto& codebook = draft.layer.codebook;
      double top = *std::max_element(codebook.begin(), codebook.end());
      double bottom = -*std::min_element(codebook.begin(), codebook.end());
      if (!positive_constants) top = bottom = std::max(top, bottom);
      const double up = std::max(0.0F, draft.layer.bias.maxCoeff());
      const double down = -std::min(0.0F, draft.layer.bias.minCoeff());
      draft.need = std::max(up / top, down / bottom);
      const double room = std::max(draft.need, room_for_constants(l));
      if (next / top > room) {
        draft.need = room;
        codebook[free_code(draft)] = static_cast<float>(next / (0.9 * room));
      } else {
        draft.need = std::max(draft.need, next / top);
      }
      next = draft.need;
    }
  }

  bool next_has_constants(size_t l) const {
    return l + 1 < drafts_.size() && drafts_[l + 1].has_constants;
  }

  // Name, function and sizes.
  eie::Layer begin_layer(size_t l, int input_frac) const {
    const SharedLayer& in = drafts_[l].layer;
    eie::Layer out;
    out.name = in.name;
    out.relu = in.relu;
    out.constant_inputs = drafts_[l].has_constants ? constants_per_layer_ : 0;
    out.constant_outputs = next_has_constants(l) ? constants_per_layer_ : 0;
    out.inputs = static_cast<uint32_t>(in.code.cols()) + out.constant_inputs;
    out.outputs = static_cast<uint32_t>(in.code.rows()) + out.constant_outputs;
    out.input_frac = input_frac;
    return out;
  }

  // Radix points of weights and outputs, so that sums fit the accumulator.
  void choose_radix_points(size_t l, eie::Layer& out) {
    const Draft& draft = drafts_[l];
    const SharedLayer& in = draft.layer;
    // Outputs first: the shift they need takes part in the accumulator's bound.
    const double largest_code = largest_value(in.codebook);
    int weight_frac = largest_code > 0 ? frac_for(largest_code, kMax16 + 0.49) : 12;
    int output_frac = draft.largest_output > 0
                          ? frac_for(options_.headroom * draft.largest_output, kMax16)
                          : out.input_frac;
    if (next_has_constants(l) && drafts_[l + 1].need > 0) {
      output_frac = std::min(output_frac, frac_for(drafts_[l + 1].need, kMaxConstant));
    }
    weight_frac = std::min(weight_frac, kMaxFrac);
    output_frac = std::min(output_frac, kMaxFrac);
    Eigen::VectorXd row_sum = Eigen::VectorXd::Zero(in.code.rows());
    Eigen::VectorXd row_count = Eigen::VectorXd::Zero(in.code.rows());
    for (Index c = 0; c < in.code.cols(); ++c) {
      for (Index r = 0; r < in.code.rows(); ++r) {
        const uint8_t code = in.code(r, c);
        if (code == 0) continue;
        row_sum[r] += std::abs(static_cast<double>(in.codebook[code]));
        row_count[r] += 1;
      }
    }
    const auto fits = [&](int frac, double input) {
      const int shift = out.input_frac + frac - output_frac;
      if (shift > 31) return false;
      const double rounding = shift > 0 ? std::ldexp(1.0, shift - 1) : 0;
      // A rounded codebook entry is less than one unit larger than the exact one.
      const Eigen::VectorXd bound = (row_sum * std::ldexp(1.0, frac) + row_count) * input;
      return bound.maxCoeff() + rounding +
                 static_cast<double>(BiasConstants::budget(constants_per_layer_)) <
             0x1.0p31;
    };
    const auto largest_fit = [&](double input) {
      int frac = weight_frac;
      while (frac > -kMaxFrac && !fits(frac, input)) --frac;
      return frac;
    };
    const int safe_frac = largest_fit(32768);
    const double sample_input =
        std::ceil(options_.headroom * std::ldexp(draft.largest_input, out.input_frac)) + 1;
    const int sample_frac = largest_fit(std::min(32768.0, sample_input));
    // A value that only biases have says nothing of the weights.
    double largest_weight = 0;
    for (size_t c = 1; c < 16; ++c) {
      if (draft.uses[c] == 0) continue;
      largest_weight = std::max(largest_weight, std::abs(static_cast<double>(in.codebook[c])));
    }
    const bool safe =
        safe_frac == sample_frac || largest_weight * std::ldexp(1.0, safe_frac) >= kFineCodebook;
    facts_[l].accumulator_is_safe_for_all_inputs = safe;
    weight_frac = safe ? safe_frac : sample_frac;
    output_frac = std::min(output_frac, out.input_frac + weight_frac);
    if (output_frac < -kMaxFrac || !fits(weight_frac, 0) ||
        std::ldexp(largest_code, weight_frac) >= kMax16 + 1) {
      fail(mlp_.name, "layer " + in.name +
                          ": weights or activations are too large, expected radix points within " +
                          std::to_string(kMaxFrac) + " bits");
    }
    out.weight_frac = weight_frac;
    out.output_frac = output_frac;
  }

  static void fill_codebook(const SharedLayer& in, eie::Layer& out) {
    for (size_t c = 1; c < 16; ++c) {
      if (in.codebook[c] == 0) continue;
      int64_t value =
          std::llround(std::ldexp(static_cast<double>(in.codebook[c]), out.weight_frac));
      value = std::min(kMax16, std::max(kMin16, value));
      if (value == 0) value = in.codebook[c] > 0 ? 1 : -1;
      out.codebook[c] = static_cast<int16_t>(value);
    }
  }

  // Sets constants_ for a layer: inputs of the network, or values that the layer before can
  // produce; of these the codes of the rows that do.
  std::vector<uint32_t> choose_constants_of(size_t l, const eie::Layer& out) {
    const SharedLayer& in = drafts_[l].layer;
    const int frac = out.input_frac + out.weight_frac;
    std::vector<double> targets;
    for (Index r = 0; r < in.code.rows(); ++r) {
      targets.push_back(std::ldexp(static_cast<double>(in.bias[r]), frac));
    }
    const double reach = next_has_constants(l) ? std::ldexp(drafts_[l + 1].need, frac) : 0;
    std::map<int64_t, uint32_t> reachable;  // and by which codes
    if (l == 0) {
      for (int64_t v = 1; v <= kMax16; ++v) reachable[v] = reachable[-v] = 0;
    } else {
      const eie::Layer& before = network_.layers.back();
      for (const Sum& s : constants_.sums(before.codebook)) {
        const int64_t v = eie::write_back(s.value, before.shift(), before.relu);
        if (v == 0) continue;
        const auto place = reachable.emplace(v, s.codes).first;
        if (entries(s.codes) < entries(place->second)) place->second = s.codes;
      }
    }
    std::vector<int64_t> candidates;
    for (const auto& [value, codes] : reachable) candidates.push_back(value);
    constants_ = BiasConstants(out.codebook, candidates, out.constant_inputs, targets, reach);
    std::vector<uint32_t> producers;
    for (const int64_t c : constants_.values()) {
      if (l == 0) {
        network_.input_constants.push_back(static_cast<int16_t>(c));
      } else {
        producers.push_back(c == 0 ? 0 : reachable.at(c));
      }
    }
    return producers;
  }

  // Puts the rows that make the next layer's constants into a layer: they are known only when that
  // layer has chosen them.
  static void make_constants(const std::vector<uint32_t>& producers, eie::Layer& layer) {
    const uint32_t first_row = layer.outputs - layer.constant_outputs;
    const uint32_t first_column = layer.inputs - layer.constant_inputs;
    std::vector<uint32_t> row;
    std::vector<uint8_t> code;
    std::vector<uint64_t> start{0};
    for (uint32_t c = 0; c < layer.inputs; ++c) {
      for (uint64_t k = layer.column_start[c]; k < layer.column_start[c + 1]; ++k) {
        row.push_back(layer.row[k]);
        code.push_back(layer.code[k]);
      }
      for (uint32_t p = 0; c >= first_column && p < producers.size(); ++p) {
        const auto made = static_cast<uint8_t>(producers[p] >> (4 * (c - first_column)) & 15);
        if (made == 0) continue;
        row.push_back(first_row + p);
        code.push_back(made);
      }
      start.push_back(row.size());
    }
    layer.row = std::move(row);
    layer.code = std::move(code);
    layer.column_start = std::move(start);
  }

  // Columns of the weights, then those of the constants, the biases; and what is told of them.
  void fill_columns(size_t l, eie::Layer& out) {
    const SharedLayer& in = drafts_[l].layer;
    FixedPointLayerReport& facts = facts_[l];
    const int frac = out.input_frac + out.weight_frac;
    std::vector<uint32_t> bias_codes;
    for (Index r = 0; r < in.code.rows(); ++r) {
      const double bias = in.bias[r];
      const double target = std::ldexp(bias, frac);
      const Sum sum = constants_.make(target);
      bias_codes.push_back(sum.codes);
      const double error = static_cast<double>(sum.value) - target;
      facts.largest_bias = std::max(facts.largest_bias, std::abs(bias));
      facts.largest_bias_error =
          std::max(facts.largest_bias_error, std::abs(std::ldexp(error, -frac)));
    }
    facts.name = in.name;
    facts.largest_activation = drafts_[l].largest_output;
    facts.constants = out.constant_inputs;
    facts.codes_merged = drafts_[l].codes_merged;
    out.column_start.push_back(0);
    const auto add_column = [&](const auto& code_of_row) {
      for (Index r = 0; r < in.code.rows(); ++r) {
        const uint8_t code = code_of_row(r);
        if (code == 0) continue;
        out.row.push_back(static_cast<uint32_t>(r));
        out.code.push_back(code);
      }
      out.column_start.push_back(out.row.size());
    };
    for (Index c = 0; c < in.code.cols(); ++c) {
      add_column([&](Index r) { return in.code(r, c); });
    }
    for (unsigned k = 0; k < out.constant_inputs; ++k) {
      add_column([&](Index r) {
        return static_cast<uint8_t>(bias_codes[static_cast<size_t>(r)] >> (4 * k) & 15);
      });
    }
  }

  const SharedMlp& mlp_;
  const FixedPointOptions& options_;
  std::vector<Draft> drafts_;
  std::vector<FixedPointLayerReport> facts_;
  unsigned constants_per_layer_;
  BiasConstants constants_;  // of the layer at hand
  eie::Network network_;
};

}  // namespace

eie::Network to_fixed_point(const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                            const FixedPointOptions& options,
                            std::vector<FixedPointLayerReport>* report) {
  check(mlp, sample, options);
  std::vector<unsigned> counts{options.constants};
  if (options.constants == 0) counts = {2, 4, 6};
  eie::Network network;
  std::vector<FixedPointLayerReport> facts;
  double least = std::numeric_limits<double>::infinity();
  for (const unsigned count : counts) {
    Converter converter(mlp, options, count);
    eie::Network found = converter.run(sample);
    double loss = 0;
    for (const auto& layer : converter.facts()) loss = std::max(loss, layer.bias_loss());
    if (loss < least || counts.size() == 1) {
      least = loss;
      network = std::move(found);
      facts = converter.facts();
    }
    if (least <= kGoodBiases || network.input_constants.empty()) break;
  }
  if (report != nullptr) {
    measure_loss(network, mlp, sample, facts);
    *report = std::move(facts);
  }
  return network;
}

int input_frac_for(const SharedLayer& layer, double largest, double headroom) {
  double weights = 0;  // largest sum of a row's, as a multiple of the largest weight
  const Eigen::MatrixXf sizes = layer.weights().cwiseAbs();
  if (sizes.size() > 0 && sizes.maxCoeff() > 0) {
    weights = static_cast<double>(sizes.rowwise().sum().maxCoeff()) / sizes.maxCoeff();
  }
  double most = kMax16;
  if (weights > 65536 / kFineCodebook) most = std::sqrt(0x1.0p31 / weights);
  return std::clamp(static_cast<int>(std::floor(std::log2(most / (headroom * largest)))), -15, 30);
}

Eigen::MatrixXf calibration_sample(const Dataset& data, size_t count) {
  count = std::min(count, data.train_count());
  const auto inputs = static_cast<Index>(data.inputs());
  Eigen::MatrixXf sample(inputs, static_cast<Index>(count));
  for (size_t i = 0; i < count; ++i) {
    const size_t image = i * data.train_count() / count;
    const Samples values = data.samples(data.train, image);
    for (Index e = 0; e < inputs; ++e) {
      sample(e, static_cast<Index>(i)) = values[static_cast<size_t>(e)] / kPixelScale;
    }
  }
  return sample;
}

}  // namespace sparsys
