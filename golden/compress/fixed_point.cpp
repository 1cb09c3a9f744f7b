// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "golden/base/error.hpp"
#include "golden/compress/bias_constants.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/train/train.hpp"

namespace sparsys {
namespace {

using Eigen::Index;

constexpr int64_t kMax16 = 32767;
constexpr int64_t kMin16 = -32768;
// Of the accumulator's 2^31, what the constants of one row may use up.
constexpr int64_t kConstantBudget = int64_t{1} << 29;
// No constant is larger, so that three of them times the largest codebook entry fit the budget.
constexpr int64_t kMaxConstant = 5461;
static_assert(3 * kMaxConstant * 32768 <= kConstantBudget, "constants fit their budget");
// A codebook whose largest entry is smaller than this is too coarse.
constexpr double kFineCodebook = 128;
// Radix points beyond this are taken for a mistake in the network.
constexpr int kMaxFrac = 64;

// A layer on its way: the shared weights with codes freed or filled for biases.
struct Draft {
  SharedLayer layer;
  std::array<int64_t, 16> uses{};  // by weights
  bool has_constants = false;
  double need = 0;  // what the largest constant input must reach, as a real number
  double largest_input = 0;
  double largest_output = 0;
  int codes_merged = 0;
};

double largest_value(const std::array<float, 16>& codebook) {
  double largest = 0;
  for (const float v : codebook) largest = std::max(largest, std::abs(static_cast<double>(v)));
  return largest;
}

// A code no weight uses, best one without a value; merges the two values that lose least by it if
// there is none.
size_t free_code(Draft& draft) {
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] == 0 && draft.layer.codebook[c] == 0) return c;
  }
  size_t unused = 0;
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] != 0) continue;
    const float size = std::abs(draft.layer.codebook[c]);
    if (unused == 0 || size < std::abs(draft.layer.codebook[unused])) unused = c;
  }
  if (unused != 0) return unused;
  size_t keep = 1;
  size_t drop = 2;
  double best = std::numeric_limits<double>::infinity();
  for (size_t a = 1; a < 16; ++a) {
    for (size_t b = a + 1; b < 16; ++b) {
      if (draft.uses[a] == 0 || draft.uses[b] == 0) continue;
      const auto n = static_cast<double>(draft.uses[a]);
      const auto m = static_cast<double>(draft.uses[b]);
      const double d = static_cast<double>(draft.layer.codebook[a]) - draft.layer.codebook[b];
      const double loss = n * m / (n + m) * d * d;
      if (loss < best) {
        best = loss;
        keep = a;
        drop = b;
      }
    }
  }
  std::array<float, 16>& codebook = draft.layer.codebook;
  const double n = static_cast<double>(draft.uses[keep]);
  const double m = static_cast<double>(draft.uses[drop]);
  codebook[keep] = static_cast<float>((codebook[keep] * n + codebook[drop] * m) / (n + m));
  codebook[drop] = 0;
  draft.uses[keep] += draft.uses[drop];
  draft.uses[drop] = 0;
  draft.layer.code = (draft.layer.code.array() == static_cast<uint8_t>(drop))
                         .select(static_cast<uint8_t>(keep), draft.layer.code.array());
  ++draft.codes_merged;
  return drop;
}

// Sees to it that biases can be made of codebook values times constants. Constants that come out of
// a ReLU are not negative, so then the codebook must hold both signs.
void prepare_codebook_for_bias(Draft& draft, bool positive_constants) {
  std::array<float, 16>& codebook = draft.layer.codebook;
  double scale = largest_value(codebook);
  if (scale == 0) {
    scale = draft.layer.bias.cwiseAbs().maxCoeff();
    if (scale == 0) scale = 1;
    codebook[free_code(draft)] = static_cast<float>(scale);
  }
  const bool positive = *std::max_element(codebook.begin(), codebook.end()) > 0;
  const bool negative = *std::min_element(codebook.begin(), codebook.end()) < 0;
  if (positive_constants && !(positive && negative)) {
    codebook[free_code(draft)] = static_cast<float>(positive ? -scale : scale);
  }
  // What is free anyhow makes more biases reachable.
  double value = scale;
  bool minus = false;
  for (size_t c = 1; c < 16; ++c) {
    if (draft.uses[c] != 0 || codebook[c] != 0) continue;
    codebook[c] = static_cast<float>(minus ? -value : value);
    if (minus) value *= 0.6;
    minus = !minus;
  }
}

// Bits after the point so that `largest` still fits `limit`.
int frac_for(double largest, double limit) {
  int exponent = 0;
  std::frexp(limit / largest, &exponent);
  return exponent - 1;
}

void check(const SharedMlp& mlp, const Eigen::MatrixXf& sample, const FixedPointOptions& options) {
  if (mlp.layers.empty()) fail(mlp.name, "no layers, expected at least one");
  if (options.constants < 1 || options.constants > 3) {
    fail(mlp.name, std::to_string(options.constants) + " constants, expected 1 to 3");
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
  Converter(const SharedMlp& mlp, const FixedPointOptions& options)
      : mlp_(mlp), options_(options), drafts_(mlp.layers.size()), facts_(mlp.layers.size()) {}

  eie::Network run(const Eigen::MatrixXf& sample) {
    measure(sample);
    provide_for_biases();
    network_.name = mlp_.name;
    network_.origin = mlp_.origin;
    int input_frac = options_.input_frac;
    for (size_t l = 0; l < drafts_.size(); ++l) {
      eie::Layer layer = begin_layer(l, input_frac);
      choose_radix_points(l, layer);
      fill_codebook(drafts_[l].layer, layer);
      std::vector<Sum> sums{{0, 0}};
      if (layer.constant_inputs > 0) {
        const std::vector<uint32_t> producers = choose_constants_of(l, layer);
        if (l > 0) make_constants(producers, network_.layers.back());
        sums = all_sums(layer.codebook, constants_);
      }
      fill_columns(l, sums, layer);
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

  // From the last layer back: which have constants, what their codebooks need for biases, and how
  // large the constants must be.
  void provide_for_biases() {
    double need = 0;
    bool bias_follows = false;
    for (size_t l = drafts_.size(); l-- > 0;) {
      Draft& draft = drafts_[l];
      bias_follows = bias_follows || draft.layer.bias.cwiseAbs().maxCoeff() > 0;
      draft.has_constants = bias_follows;
      if (!bias_follows) continue;
      const bool positive_constants = l > 0 && drafts_[l - 1].layer.relu;
      prepare_codebook_for_bias(draft, positive_constants);
      const auto& codebook = draft.layer.codebook;
      const double top = *std::max_element(codebook.begin(), codebook.end());
      const double bottom = -*std::min_element(codebook.begin(), codebook.end());
      const double largest = std::max(top, bottom);
      const double up = std::max<double>(need, draft.layer.bias.maxCoeff());
      const double down = -std::min(0.0F, draft.layer.bias.minCoeff());
      need = positive_constants ? std::max(up / top, down / bottom) : std::max(up, down) / largest;
      // An input's radix point is given, so a constant that would not fit needs a larger code.
      const double limit = std::ldexp(static_cast<double>(kMaxConstant), -options_.input_frac);
      if (l == 0 && need > limit) {
        draft.layer.codebook[free_code(draft)] =
            static_cast<float>(std::max(up, down) / (0.9 * limit));
        need = limit;
      }
      draft.need = need;
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
    out.constant_inputs = drafts_[l].has_constants ? options_.constants : 0;
    out.constant_outputs = next_has_constants(l) ? options_.constants : 0;
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
      return bound.maxCoeff() + rounding + static_cast<double>(kConstantBudget) < 0x1.0p31;
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
    const bool safe =
        safe_frac == sample_frac || largest_code * std::ldexp(1.0, safe_frac) >= kFineCodebook;
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
      for (int64_t v = 1; v <= kMaxConstant; ++v) reachable[v] = reachable[-v] = 0;
    } else {
      const eie::Layer& before = network_.layers.back();
      for (const Sum& s : all_sums(before.codebook, constants_)) {
        const int64_t v = eie::write_back(s.value, before.shift(), before.relu);
        if (v == 0 || std::abs(v) > kMaxConstant) continue;
        const auto place = reachable.emplace(v, s.codes).first;
        if (entries(s.codes) < entries(place->second)) place->second = s.codes;
      }
    }
    std::vector<int64_t> candidates;
    for (const auto& [value, codes] : reachable) candidates.push_back(value);
    constants_ = choose_constants(out.codebook, candidates, out.constant_inputs, targets, reach);
    std::vector<uint32_t> producers;
    for (const int64_t c : constants_) {
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
  void fill_columns(size_t l, const std::vector<Sum>& sums, eie::Layer& out) {
    const SharedLayer& in = drafts_[l].layer;
    FixedPointLayerReport& facts = facts_[l];
    const int frac = out.input_frac + out.weight_frac;
    std::vector<uint32_t> bias_codes;
    for (Index r = 0; r < in.code.rows(); ++r) {
      const double bias = in.bias[r];
      const double target = std::ldexp(bias, frac);
      const Sum& sum = nearest(sums, target);
      bias_codes.push_back(sum.codes);
      const double error = static_cast<double>(sum.value) - target;
      facts.largest_bias = std::max(facts.largest_bias, std::abs(bias));
      facts.largest_bias_error =
          std::max(facts.largest_bias_error, std::abs(std::ldexp(error, -frac)));
    }
    facts.largest_activation = drafts_[l].largest_output;
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
  std::vector<int64_t> constants_;  // of the layer at hand
  eie::Network network_;
};

}  // namespace

eie::Network to_fixed_point(const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                            const FixedPointOptions& options,
                            std::vector<FixedPointLayerReport>* report) {
  check(mlp, sample, options);
  Converter converter(mlp, options);
  eie::Network network = converter.run(sample);
  if (report != nullptr) *report = converter.facts();
  return network;
}

Eigen::MatrixXf calibration_sample(const Dataset& data, size_t count) {
  count = std::min(count, data.train_count());
  const auto pixels = static_cast<Index>(data.pixels());
  Eigen::MatrixXf sample(pixels, static_cast<Index>(count));
  for (size_t i = 0; i < count; ++i) {
    const size_t image = i * data.train_count() / count;
    sample.col(static_cast<Index>(i)) =
        Eigen::Map<const Eigen::Matrix<uint8_t, Eigen::Dynamic, 1>>(
            data.train_images.data() + image * data.pixels(), pixels)
            .cast<float>() /
        kPixelScale;
  }
  return sample;
}

}  // namespace sparsys
