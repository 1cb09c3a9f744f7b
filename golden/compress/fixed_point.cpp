// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "golden/base/error.hpp"
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
constexpr size_t kCandidates = 64;
// Radix points beyond this are taken for a mistake in the network.
constexpr int kMaxFrac = 64;

// What the engine stores for an accumulator.
int64_t write_back(int64_t acc, int shift, bool relu) {
  int64_t y = shift == 0 ? acc : (acc + (int64_t{1} << (shift - 1))) >> shift;
  y = std::min(kMax16, std::max(kMin16, y));
  return relu ? std::max<int64_t>(y, 0) : y;
}

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

// What the constants' codes can add up to.
struct Sum {
  int64_t value;
  uint32_t codes;  // 4 bits per constant
};

int entries(uint32_t codes) {
  int count = 0;
  for (; codes != 0; codes >>= 4) count += (codes & 15) != 0 ? 1 : 0;
  return count;
}

// All sums over constants[k] * codebook[code_k], rising; of equal sums the one with fewest entries.
std::vector<Sum> all_sums(const std::array<int16_t, 16>& codebook,
                          const std::vector<int64_t>& constants) {
  std::vector<Sum> sums{{0, 0}};
  for (size_t k = 0; k < constants.size(); ++k) {
    const std::vector<Sum> before = sums;
    for (uint32_t c = 1; c < 16; ++c) {
      if (codebook[c] == 0) continue;
      for (const Sum& s : before) {
        sums.push_back({s.value + constants[k] * codebook[c], s.codes | c << (4 * k)});
      }
    }
  }
  std::sort(sums.begin(), sums.end(), [](const Sum& a, const Sum& b) {
    if (a.value != b.value) return a.value < b.value;
    const int x = entries(a.codes);
    const int y = entries(b.codes);
    return x != y ? x < y : a.codes < b.codes;
  });
  sums.erase(std::unique(sums.begin(), sums.end(),
                         [](const Sum& a, const Sum& b) { return a.value == b.value; }),
             sums.end());
  return sums;
}

const Sum& nearest(const std::vector<Sum>& sums, double target) {
  const auto above = std::lower_bound(sums.begin(), sums.end(), target, [](const Sum& s, double t) {
    return static_cast<double>(s.value) < t;
  });
  if (above == sums.begin()) return *above;
  const auto below = above - 1;
  if (above == sums.end()) return *below;
  return target - static_cast<double>(below->value) <= static_cast<double>(above->value) - target
             ? *below
             : *above;
}

// At most kCandidates of the values of each sign, spread evenly over their logarithms.
std::vector<int64_t> thin_out(const std::vector<int64_t>& values) {
  std::vector<int64_t> thin;
  for (const int64_t sign : {1, -1}) {
    std::vector<int64_t> sizes;
    for (const int64_t v : values) {
      if (v * sign > 0) sizes.push_back(v * sign);
    }
    if (sizes.empty()) continue;
    std::sort(sizes.begin(), sizes.end());
    const auto logarithm = [](int64_t v) { return std::log(static_cast<double>(v)); };
    const double step =
        sizes.size() <= kCandidates
            ? 0
            : (logarithm(sizes.back()) - logarithm(sizes.front())) / (kCandidates - 1);
    double next = 0;
    for (const int64_t v : sizes) {
      if (logarithm(v) < next && v != sizes.back()) continue;
      thin.push_back(v * sign);
      next = logarithm(v) + step;
    }
  }
  return thin;
}

// Picks `count` of the candidate constants by coordinate descent, so that the sums come near all
// targets and the largest sum reaches `reach`.
std::vector<int64_t> choose_constants(const std::array<int16_t, 16>& codebook,
                                      const std::vector<int64_t>& candidates, unsigned count,
                                      const std::vector<double>& targets, double reach) {
  if (candidates.empty()) return std::vector<int64_t>(count, 0);
  const auto cost = [&](const std::vector<int64_t>& constants) {
    const std::vector<Sum> sums = all_sums(codebook, constants);
    double sum = 0;
    for (const double target : targets) {
      const double error = static_cast<double>(nearest(sums, target).value) - target;
      sum += error * error;
    }
    const double lacking = reach - static_cast<double>(sums.back().value);
    if (lacking > 0) sum += lacking * lacking * static_cast<double>(targets.size());
    return sum;
  };
  // The descent starts from one large constant and finer ones.
  std::vector<int64_t> sorted = candidates;
  std::sort(sorted.begin(), sorted.end(),
            [](int64_t a, int64_t b) { return std::abs(a) < std::abs(b); });
  std::vector<int64_t> best(count);
  for (unsigned k = 0; k < count; ++k) {
    best[k] = sorted[(sorted.size() - 1) * (2 * (count - k) - 1) / (2 * count)];
  }
  double best_cost = cost(best);
  bool improved = true;
  for (int sweep = 0; improved && sweep < 6; ++sweep) {
    improved = false;
    for (unsigned k = 0; k < count; ++k) {
      std::vector<int64_t> trial = best;
      for (const int64_t candidate : candidates) {
        trial[k] = candidate;
        const double trial_cost = cost(trial);
        if (trial_cost < best_cost) {
          best_cost = trial_cost;
          best = trial;
          improved = true;
        }
      }
    }
  }
  return best;
}

[[noreturn]] void fail(const SharedMlp& mlp, const std::string& text) {
  throw Error(mlp.name + ": " + text);
}

void check(const SharedMlp& mlp, const Eigen::MatrixXf& sample, const FixedPointOptions& options) {
  if (mlp.layers.empty()) fail(mlp, "no layers, expected at least one");
  if (options.constants < 1 || options.constants > 3) {
    fail(mlp, std::to_string(options.constants) + " constants, expected 1 to 3");
  }
  if (options.input_frac < -15 || options.input_frac > 30 || !(options.headroom >= 1) ||
      !(options.headroom <= 1024)) {
    fail(mlp, "radix point or headroom out of range, expected -15 to 30 and 1 to 1024");
  }
  Index inputs = sample.rows();
  if (sample.cols() == 0) fail(mlp, "empty sample, expected at least one input vector");
  if (!sample.allFinite()) fail(mlp, "sample holds a number that is not finite");
  for (const SharedLayer& layer : mlp.layers) {
    if (layer.code.size() == 0 || layer.code.cols() != inputs) {
      fail(mlp, "layer " + layer.name + " has " + std::to_string(layer.code.cols()) +
                    " inputs, expected " + std::to_string(inputs));
    }
    if (layer.bias.size() != layer.code.rows()) {
      fail(mlp, "layer " + layer.name + " has " + std::to_string(layer.bias.size()) +
                    " biases, expected " + std::to_string(layer.code.rows()));
    }
    if (layer.code.maxCoeff() > 15) fail(mlp, "layer " + layer.name + " has a code above 15");
    const bool finite = std::all_of(layer.codebook.begin(), layer.codebook.end(),
                                    [](float v) { return std::isfinite(v); });
    if (!finite || !layer.bias.allFinite()) {
      fail(mlp, "layer " + layer.name + " holds a number that is not finite");
    }
    if (layer.codebook[0] != 0) fail(mlp, "layer " + layer.name + ": code 0 is not the value 0");
    inputs = layer.code.rows();
  }
}

}  // namespace

eie::Network to_fixed_point(const SharedMlp& mlp, const Eigen::MatrixXf& sample,
                            const FixedPointOptions& options,
                            std::vector<FixedPointLayerReport>* report) {
  check(mlp, sample, options);
  const size_t count = mlp.layers.size();

  // Statistics, and codebooks fit for biases.
  std::vector<Draft> drafts(count);
  Eigen::MatrixXf x = sample;
  for (size_t l = 0; l < count; ++l) {
    Draft& draft = drafts[l];
    draft.layer = mlp.layers[l];
    draft.largest_input = x.cwiseAbs().maxCoeff();
    Eigen::MatrixXf y = draft.layer.weights() * x;
    y.colwise() += draft.layer.bias;
    draft.largest_output = y.cwiseAbs().maxCoeff();
    if (!std::isfinite(draft.largest_output)) {
      fail(mlp, "layer " + draft.layer.name + ": the sample's outputs are not finite");
    }
    if (draft.layer.relu) y = y.cwiseMax(0.0F);
    x = std::move(y);
    for (Index i = 0; i < draft.layer.code.size(); ++i) ++draft.uses[draft.layer.code.data()[i]];
    for (size_t c = 1; c < 16; ++c) {
      if (draft.uses[c] == 0) {
        draft.layer.codebook[c] = 0;
      } else if (draft.layer.codebook[c] == 0) {
        fail(mlp, "layer " + draft.layer.name + ": code " + std::to_string(c) +
                      " is in use with the value 0, expected another value");
      }
    }
  }
  double need = 0;
  bool bias_follows = false;
  for (size_t l = count; l-- > 0;) {
    Draft& draft = drafts[l];
    const double largest_bias = draft.layer.bias.cwiseAbs().maxCoeff();
    bias_follows = bias_follows || largest_bias > 0;
    draft.has_constants = bias_follows;
    if (!bias_follows) continue;
    const bool positive_constants = l > 0 && drafts[l - 1].layer.relu;
    prepare_codebook_for_bias(draft, positive_constants);
    const auto& codebook = draft.layer.codebook;
    const double top = *std::max_element(codebook.begin(), codebook.end());
    const double bottom = -*std::min_element(codebook.begin(), codebook.end());
    const double largest = std::max(top, bottom);
    const double up = std::max<double>(need, draft.layer.bias.maxCoeff());
    const double down = -std::min(0.0F, draft.layer.bias.minCoeff());
    need = positive_constants ? std::max(up / top, down / bottom) : std::max(up, down) / largest;
    // An input's radix point is given, so a constant that would not fit needs a larger code.
    const double limit = std::ldexp(static_cast<double>(kMaxConstant), -options.input_frac);
    if (l == 0 && need > limit) {
      draft.layer.codebook[free_code(draft)] =
          static_cast<float>(std::max(up, down) / (0.9 * limit));
      need = limit;
    }
    draft.need = need;
  }

  eie::Network network;
  network.name = mlp.name;
  network.origin = mlp.origin;
  if (report != nullptr) report->assign(count, {});
  std::vector<int64_t> constants;   // of the current layer
  std::vector<uint32_t> producers;  // codes of the rows that make them, in the layer before
  int input_frac = options.input_frac;
  for (size_t l = 0; l < count; ++l) {
    const Draft& draft = drafts[l];
    const SharedLayer& in = draft.layer;
    eie::Layer out;
    FixedPointLayerReport facts;
    const Index rows = in.code.rows();
    const Index columns = in.code.cols();
    const unsigned constant_inputs = draft.has_constants ? options.constants : 0;
    const bool next_has_constants = l + 1 < count && drafts[l + 1].has_constants;
    const unsigned constant_outputs = next_has_constants ? options.constants : 0;
    out.name = in.name;
    out.relu = in.relu;
    out.inputs = static_cast<uint32_t>(columns) + constant_inputs;
    out.outputs = static_cast<uint32_t>(rows) + constant_outputs;
    out.constant_inputs = constant_inputs;
    out.constant_outputs = constant_outputs;
    out.input_frac = input_frac;

    // Radix points. Outputs first: the shift they need takes part in the accumulator's bound.
    const double largest_code = largest_value(in.codebook);
    int weight_frac = largest_code > 0 ? frac_for(largest_code, kMax16 + 0.49) : 12;
    int output_frac = draft.largest_output > 0
                          ? frac_for(options.headroom * draft.largest_output, kMax16)
                          : input_frac;
    if (next_has_constants && drafts[l + 1].need > 0) {
      output_frac = std::min(output_frac, frac_for(drafts[l + 1].need, kMaxConstant));
    }
    weight_frac = std::min(weight_frac, kMaxFrac);
    output_frac = std::min(output_frac, kMaxFrac);
    Eigen::VectorXd row_sum = Eigen::VectorXd::Zero(rows);
    Eigen::VectorXd row_count = Eigen::VectorXd::Zero(rows);
    for (Index c = 0; c < columns; ++c) {
      for (Index r = 0; r < rows; ++r) {
        const uint8_t code = in.code(r, c);
        if (code == 0) continue;
        row_sum[r] += std::abs(static_cast<double>(in.codebook[code]));
        row_count[r] += 1;
      }
    }
    const auto fits = [&](int frac, double input) {
      const int shift = input_frac + frac - output_frac;
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
    const int sample_frac = largest_fit(std::min(
        32768.0, std::ceil(options.headroom * std::ldexp(draft.largest_input, input_frac)) + 1));
    facts.accumulator_is_safe_for_all_inputs =
        safe_frac == sample_frac || largest_code * std::ldexp(1.0, safe_frac) >= kFineCodebook;
    weight_frac = facts.accumulator_is_safe_for_all_inputs ? safe_frac : sample_frac;
    output_frac = std::min(output_frac, input_frac + weight_frac);
    if (output_frac < -kMaxFrac || !fits(weight_frac, 0) ||
        std::ldexp(largest_code, weight_frac) >= kMax16 + 1) {
      fail(mlp, "layer " + in.name +
                    ": weights or activations are too large, expected radix points within " +
                    std::to_string(kMaxFrac) + " bits");
    }
    out.weight_frac = weight_frac;
    out.output_frac = output_frac;
    for (size_t c = 1; c < 16; ++c) {
      if (in.codebook[c] == 0) continue;
      int64_t value = std::llround(std::ldexp(static_cast<double>(in.codebook[c]), weight_frac));
      value = std::min(kMax16, std::max(kMin16, value));
      if (value == 0) value = in.codebook[c] > 0 ? 1 : -1;
      out.codebook[c] = static_cast<int16_t>(value);
    }

    // Biases.
    std::vector<Sum> sums{{0, 0}};
    if (constant_inputs > 0) {
      std::vector<double> targets;
      for (Index r = 0; r < rows; ++r) {
        targets.push_back(std::ldexp(static_cast<double>(in.bias[r]), input_frac + weight_frac));
      }
      const double reach =
          next_has_constants ? std::ldexp(drafts[l + 1].need, input_frac + weight_frac) : 0;
      if (l == 0) {
        std::vector<int64_t> candidates;
        for (int64_t v = 1; v <= kMaxConstant; ++v) {
          candidates.push_back(v);
          candidates.push_back(-v);
        }
        constants =
            choose_constants(out.codebook, thin_out(candidates), constant_inputs, targets, reach);
        for (const int64_t c : constants) {
          network.input_constants.push_back(static_cast<int16_t>(c));
        }
      } else {
        // The values that the layer before can produce.
        const eie::Layer& before = network.layers.back();
        std::map<int64_t, uint32_t> reachable;
        for (const Sum& s : all_sums(before.codebook, constants)) {
          const int64_t v = write_back(s.value, before.shift(), before.relu);
          if (v == 0 || std::abs(v) > kMaxConstant) continue;
          const auto place = reachable.emplace(v, s.codes).first;
          if (entries(s.codes) < entries(place->second)) place->second = s.codes;
        }
        std::vector<int64_t> candidates;
        for (const auto& [value, codes] : reachable) candidates.push_back(value);
        constants =
            choose_constants(out.codebook, thin_out(candidates), constant_inputs, targets, reach);
        for (const int64_t c : constants) producers.push_back(c == 0 ? 0 : reachable.at(c));
      }
      sums = all_sums(out.codebook, constants);
    }
    // The rows that make the next layer's constants are known only when that layer chooses them.
    if (!producers.empty()) {
      eie::Layer& before = network.layers.back();
      const uint32_t first_row = before.outputs - before.constant_outputs;
      const uint32_t first_column = before.inputs - before.constant_inputs;
      std::vector<uint32_t> row;
      std::vector<uint8_t> code;
      std::vector<uint64_t> start{0};
      for (uint32_t c = 0; c < before.inputs; ++c) {
        for (uint64_t k = before.column_start[c]; k < before.column_start[c + 1]; ++k) {
          row.push_back(before.row[k]);
          code.push_back(before.code[k]);
        }
        if (c >= first_column) {
          for (uint32_t p = 0; p < producers.size(); ++p) {
            const auto made = static_cast<uint8_t>(producers[p] >> (4 * (c - first_column)) & 15);
            if (made == 0) continue;
            row.push_back(first_row + p);
            code.push_back(made);
          }
        }
        start.push_back(row.size());
      }
      before.row = std::move(row);
      before.code = std::move(code);
      before.column_start = std::move(start);
      producers.clear();
    }

    std::vector<uint32_t> bias_codes;
    for (Index r = 0; r < rows; ++r) {
      const double bias = in.bias[r];
      const double target = std::ldexp(bias, input_frac + weight_frac);
      const Sum& sum = nearest(sums, target);
      bias_codes.push_back(sum.codes);
      const double error = static_cast<double>(sum.value) - target;
      facts.largest_bias = std::max(facts.largest_bias, std::abs(bias));
      facts.largest_bias_error = std::max(facts.largest_bias_error,
                                          std::abs(std::ldexp(error, -input_frac - weight_frac)));
    }
    out.column_start.push_back(0);
    for (Index c = 0; c < columns; ++c) {
      for (Index r = 0; r < rows; ++r) {
        if (in.code(r, c) == 0) continue;
        out.row.push_back(static_cast<uint32_t>(r));
        out.code.push_back(in.code(r, c));
      }
      out.column_start.push_back(out.row.size());
    }
    for (unsigned k = 0; k < constant_inputs; ++k) {
      for (Index r = 0; r < rows; ++r) {
        const auto code = static_cast<uint8_t>(bias_codes[static_cast<size_t>(r)] >> (4 * k) & 15);
        if (code == 0) continue;
        out.row.push_back(static_cast<uint32_t>(r));
        out.code.push_back(code);
      }
      out.column_start.push_back(out.row.size());
    }
    facts.largest_activation = draft.largest_output;
    facts.codes_merged = draft.codes_merged;
    if (report != nullptr) (*report)[l] = facts;
    network.layers.push_back(std::move(out));
    input_frac = output_frac;
  }
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
