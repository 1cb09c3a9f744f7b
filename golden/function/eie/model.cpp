// SPDX-License-Identifier: Apache-2.0
#include "golden/function/eie/model.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/network/bias_columns.hpp"
#include "golden/network/check.hpp"
#include "golden/network/network.hpp"

namespace sparsys::eie {
namespace {

void check_input(size_t found, size_t expected, const char* what) {
  if (found != expected) {
    throw Error(std::string(what) + " has " + std::to_string(found) + " elements, expected " +
                std::to_string(expected));
  }
}

}  // namespace

void FunctionalModel::set(Accumulators accumulators) {
  if (accumulators.width < 20 || accumulators.width > 48) {
    throw Error("accumulator width " + std::to_string(accumulators.width) + ", expected 20 to 48");
  }
  groups_ = accumulators.groups;
  if (groups_ < 1 || groups_ > 8 || (groups_ & (groups_ - 1)) != 0) {
    throw Error("groups " + std::to_string(groups_) + ", expected 1, 2, 4 or 8");
  }
  acc_max_ = (int64_t{1} << (accumulators.width - 1)) - 1;
  acc_min_ = -acc_max_ - 1;
}

void FunctionalModel::add_layer(const Layer& compressed) {
  Columns layer;
  layer.inputs = compressed.inputs;
  layer.outputs = compressed.outputs;
  // Bits behind the radix point: a product has those of both factors, an output keeps its own.
  layer.shift = compressed.input_frac + compressed.weight_frac - compressed.output_frac;
  layer.relu = compressed.relu;
  layer.bias = compressed.bias;
  layer.start = compressed.column_start;
  layer.row = compressed.row;
  layer.weight.reserve(compressed.code.size());
  for (const uint8_t code : compressed.code) layer.weight.push_back(compressed.codebook[code]);
  layers_.push_back(std::move(layer));
}

FunctionalModel::FunctionalModel(const Network& network, Accumulators accumulators)
    : input_size_(network.input_size()), output_size_(network.output_size()) {
  check(network, "network '" + printable(network.name) + "'");
  set(accumulators);
  const Network run = with_bias_columns(network);
  constants_ = run.input_constants;
  for (const Layer& layer : run.layers) add_layer(layer);
}

bool FunctionalModel::run_one(const Columns& layer, Scratch& scratch) const {
  bool saturated = false;
  scratch.acc.assign(size_t{layer.outputs} * groups_, 0);
  const auto add = [&](uint32_t column, uint32_t group, int64_t activation) {
    // Adds nothing: no shortcut, but what the sum is made of.
    if (activation == 0) return;
    int64_t* const of_group = &scratch.acc[size_t{layer.outputs} * group];
    for (uint64_t k = layer.start[column]; k < layer.start[column + 1]; ++k) {
      int64_t& acc = of_group[layer.row[k]];
      const int64_t sum = acc + layer.weight[k] * activation;
      acc = std::min(std::max(sum, acc_min_), acc_max_);
      saturated |= acc != sum;
    }
  };
  // Bias columns are dealt to four groups at most.
  const uint32_t sharing = std::min(groups_, kMaxBiasGroups);
  for (uint32_t k = 0; k < layer.bias.size(); ++k)
    add(layer.inputs + k, k % sharing, layer.bias[k]);
  for (uint32_t j = 0; j < layer.inputs; ++j) add(j, j % groups_, scratch.input[j]);
  scratch.output.resize(layer.outputs);
  for (uint32_t i = 0; i < layer.outputs; ++i) {
    int64_t acc = 0;
    for (size_t g = 0; g < groups_; ++g) acc += scratch.acc[layer.outputs * g + i];
    scratch.output[i] = write_back(acc, layer.shift, layer.relu);
  }
  return saturated;
}

std::vector<int16_t> FunctionalModel::run_batch(const std::vector<int16_t>& inputs,
                                                unsigned threads, bool* saturated) const {
  if (inputs.size() % input_size_ != 0) {
    throw Error("batch has " + std::to_string(inputs.size()) +
                " elements, expected a multiple of " + std::to_string(input_size_));
  }
  const size_t count = inputs.size() / input_size_;
  std::vector<int16_t> outputs(count * output_size_);
  std::atomic<bool> any{false};
  constexpr size_t kChunk = 64;
  const auto run_chunk = [&](size_t chunk) {
    Scratch scratch;
    bool chunk_saturated = false;
    for (size_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      const int16_t* input = inputs.data() + i * input_size_;
      scratch.input.assign(input, input + input_size_);
      scratch.input.insert(scratch.input.end(), constants_.begin(), constants_.end());
      for (const Columns& layer : layers_) {
        chunk_saturated |= run_one(layer, scratch);
        scratch.input.swap(scratch.output);
      }
      std::copy_n(scratch.input.begin(), output_size_,
                  outputs.begin() + static_cast<ptrdiff_t>(i * output_size_));
    }
    if (chunk_saturated) any = true;
  };
  const size_t chunks = (count + kChunk - 1) / kChunk;
  if (chunks <= 1) {
    if (chunks == 1) run_chunk(0);
  } else {
    ThreadPool(threads).run(chunks, run_chunk);
  }
  if (saturated != nullptr) *saturated = any;
  return outputs;
}

std::vector<uint32_t> FunctionalModel::classify(const std::vector<int16_t>& inputs,
                                                unsigned threads, bool* saturated) const {
  const std::vector<int16_t> outputs = run_batch(inputs, threads, saturated);
  std::vector<uint32_t> classes(outputs.size() / output_size_);
  for (size_t i = 0; i < classes.size(); ++i) {
    classes[i] = static_cast<uint32_t>(argmax(outputs.data() + i * output_size_, output_size_));
  }
  return classes;
}

std::vector<std::vector<int16_t>> FunctionalModel::run_layers(const std::vector<int16_t>& input,
                                                              bool* saturated) const {
  check_input(input.size(), input_size_, "input");
  std::vector<std::vector<int16_t>> vectors;
  Scratch scratch;
  scratch.input = input;
  scratch.input.insert(scratch.input.end(), constants_.begin(), constants_.end());
  vectors.push_back(scratch.input);
  bool any = false;
  for (const Columns& layer : layers_) {
    any |= run_one(layer, scratch);
    vectors.push_back(scratch.output);
    scratch.input.swap(scratch.output);
  }
  if (saturated != nullptr) *saturated = any;
  return vectors;
}

std::vector<int16_t> run_layer(const Layer& layer, const std::vector<int16_t>& input,
                               Accumulators accumulators, bool* saturated) {
  check(layer, "layer '" + printable(layer.name) + "'");
  check_input(input.size(), layer.inputs, "input");
  FunctionalModel function;
  function.set(accumulators);
  function.add_layer(layer);
  FunctionalModel::Scratch scratch;
  scratch.input = input;
  const bool any = function.run_one(function.layers_.front(), scratch);
  if (saturated != nullptr) *saturated = any;
  return scratch.output;
}

std::vector<std::vector<int16_t>> run_layers(const Network& network,
                                             const std::vector<int16_t>& input,
                                             Accumulators accumulators, bool* saturated) {
  return FunctionalModel(network, accumulators).run_layers(input, saturated);
}

std::vector<int16_t> run(const Network& network, const std::vector<int16_t>& input,
                         Accumulators accumulators, bool* saturated) {
  std::vector<int16_t> output = run_layers(network, input, accumulators, saturated).back();
  output.resize(network.output_size());
  return output;
}

std::vector<int16_t> image_inputs(const Network& network, Samples samples, size_t count,
                                  uint64_t* saturated) {
  if (saturated != nullptr) *saturated = 0;
  const int shift = network.layers.front().input_frac - kPixelFrac;
  std::vector<int16_t> inputs(count * network.input_size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const double value = round_half_up(std::ldexp(static_cast<double>(samples[i]), shift));
    const double bounded = std::clamp<double>(value, INT16_MIN, INT16_MAX);
    if (saturated != nullptr && bounded != value) ++*saturated;
    inputs[i] = static_cast<int16_t>(bounded);
  }
  return inputs;
}

size_t argmax(const int16_t* values, size_t count) {
  if (count == 0) throw Error("argmax of nothing");
  return static_cast<size_t>(std::max_element(values, values + count) - values);
}

size_t argmax(const std::vector<int16_t>& values) { return argmax(values.data(), values.size()); }

}  // namespace sparsys::eie
