// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/compress/sparse_engine/split.hpp"
#include "golden/host/host.hpp"

namespace sparsys {
namespace {

// Samples that decide radix points: fewer where a front takes long for each, and of vectors per
// position no more than so many.
constexpr uint64_t kSamples = 2000;
constexpr uint64_t kFewestSamples = 50;
constexpr uint64_t kFrontMultiplications = 20'000'000'000;
constexpr size_t kVectors = 4000;

uint64_t sample_count(const Network& network, bool has_front) {
  if (!has_front) return kSamples;
  const uint64_t each = std::max<uint64_t>(multiplications(network), 1);
  return std::clamp(kFrontMultiplications / each, kFewestSamples, kSamples);
}

// The usual bits behind the point hold the sample to a hundredth of their last, as they do pixels.
bool holds(const Eigen::MatrixXf& sample, int frac, double largest) {
  const double usual = std::ldexp(largest, frac);
  if (usual > INT16_MAX) return false;
  // Of smaller samples than pixels are: of these.
  const double most = 0.01 * std::min(1.0, usual / 256);
  return std::all_of(sample.reshaped().begin(), sample.reshaped().end(), [&](float x) {
    const double whole = std::ldexp(static_cast<double>(x), frac);
    return std::abs(whole - std::round(whole)) < most;
  });
}

// Bits behind the point of the engine's inputs: the usual ones of a network's own inputs, if these
// hold them, else as many as leave room for the headroom.
int input_frac(const SharedLayer& layer, const Eigen::MatrixXf& sample, bool has_front,
               double headroom) {
  const int usual = FixedPointOptions().input_frac;
  const double largest = sample.size() == 0 ? 0 : sample.cwiseAbs().maxCoeff();
  // What is not finite is refused later.
  if (largest == 0 || !std::isfinite(largest)) return usual;
  if (!has_front && holds(sample, usual, largest)) return usual;
  return input_frac_for(layer, largest, headroom);
}

// Of the parts of a network; values v of `count` samples.
eie::SplitNetwork make(Split parts, Samples samples, size_t count,
                       const SparseEngineOptions& options, DeepCompressionReport* report) {
  eie::SplitNetwork& made = parts.network;
  if (made.front && options.int8_front) {
    QuantisationOptions quantisation;
    quantisation.outputs = QuantisationOutputs::kValues;
    quantisation.threads = options.threads;
    try {
      made.int8_front = quantise(made.front->decode(), samples, count, quantisation);
    } catch (const Error& error) {
      throw Error(std::string(error.what()) + " (--front float runs it)");
    }
    made.front.reset();
  }
  const SharedMlp chain = dense_chain(parts.tail);
  const eie::Host host(made, options.threads);
  std::vector<float> values = host.vectors(host.front(samples, count));
  const Eigen::Index inputs = chain.layers.front().code.cols();
  const Eigen::Index all = static_cast<Eigen::Index>(values.size()) / inputs;
  const Eigen::Map<const Eigen::MatrixXf> vectors(values.data(), inputs, all);
  const auto kept = std::min<Eigen::Index>(all, std::max(count, kVectors));
  Eigen::MatrixXf sample(inputs, kept);
  for (Eigen::Index i = 0; i < kept; ++i) sample.col(i) = vectors.col(i * all / kept);
  FixedPointOptions fixed_point = options.fixed_point;
  fixed_point.input_frac =
      input_frac(chain.layers.front(), vectors, made.has_front(), fixed_point.headroom);
  std::vector<FixedPointLayerReport> facts;
  made.engine = to_fixed_point(chain, sample, fixed_point, &facts);
  made.largest = vectors.cwiseAbs().maxCoeff();
  if (report != nullptr) report->fixed_point = std::move(facts);
  return std::move(made);
}

}  // namespace

eie::SplitNetwork to_sparse_engine(const SharedNetwork& network, const Dataset& data,
                                   uint32_t validation_count, DeepCompressionReport* report,
                                   const SparseEngineOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  if (validation_count > data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training samples, expected at least the " + std::to_string(validation_count) +
                " of the validation split");
  }
  const auto inputs = static_cast<uint64_t>(element_count(network.network.input_shape));
  if (inputs != data.inputs()) {
    throw Error(network.network.name + ": " + std::to_string(inputs) + " inputs, expected " +
                std::to_string(data.inputs()) + " as the values of a sample of " + data.name);
  }
  const Network decoded = network.decode();
  Split parts = split(network, options.cut);
  Eigen::MatrixXf sample =
      calibration_sample(data, sample_count(decoded, parts.network.has_front()));
  sample *= kPixelScale;
  eie::SplitNetwork made =
      make(std::move(parts), sample.data(), static_cast<size_t>(sample.cols()), options, report);
  if (report == nullptr) return made;
  const size_t first = data.train_count() - validation_count;
  const double error =
      eie::score(made, data.samples(data.train, first), data.targets(data.train, first),
                 validation_count, options.threads)
          .percent();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  report->steps.push_back(compression_step("fixed point", decoded, error, seconds.count()));
  return made;
}

eie::SplitNetwork to_sparse_engine(const SharedNetwork& network, Eigen::MatrixXf sample,
                                   DeepCompressionReport* report,
                                   const SparseEngineOptions& options) {
  // Values of samples.
  sample.array() = (sample.array() - network.network.input_offset) / network.network.input_scale;
  Split parts = split(network, options.cut);
  const uint64_t most = sample_count(network.decode(), parts.network.has_front());
  const auto count = std::min(static_cast<uint64_t>(sample.cols()), most);
  return make(std::move(parts), sample.data(), count, options, report);
}

}  // namespace sparsys
