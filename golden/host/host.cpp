// SPDX-License-Identifier: Apache-2.0
#include "golden/host/host.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "golden/base/input_value.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"

namespace sparsys::eie {
namespace {

// Samples that are scored at once.
constexpr size_t kChunk = 64;

// rows x columns values, and as many again behind them, transposed one by one.
std::vector<float> transposed(std::vector<float> values, size_t rows, size_t columns) {
  if (rows == 1 || columns == 1) return values;
  std::vector<float> turned(values.size());
  for (size_t first = 0; first < values.size(); first += rows * columns) {
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        turned[first + c * rows + r] = values[first + r * columns + c];
      }
    }
  }
  return turned;
}

}  // namespace

Host::Host(const SplitNetwork& network, unsigned threads) : network_(network), threads_(threads) {
  if (network.front) front_ = network.front->decode();
}

std::vector<float> Host::front(Samples samples, size_t count) const {
  if (network_.int8_front) {
    const mxu::Network& front = *network_.int8_front;
    return mxu::to_numbers(
        front.value(front.layers.size()),
        mxu::run_batch(front, mxu::image_inputs(front, samples, count), threads_));
  }
  std::vector<float> values(count * network_.input_size());
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = front_ ? input_value(samples[i], front_->input_scale, front_->input_offset)
                       : samples[i] / kPixelScale;
  }
  return front_ ? infer(*front_, values.data(), count, threads_) : values;
}

std::vector<float> Host::vectors(std::vector<float> values) const {
  const auto elements = static_cast<size_t>(element_count(network_.shape));
  const size_t positions = network_.positions;
  return positions == 1 ? values : transposed(std::move(values), elements / positions, positions);
}

std::vector<int16_t> Host::inputs(Samples samples, size_t count, uint64_t* saturated) const {
  const size_t vectors_of_all = count * network_.positions;
  if (!network_.has_front() && network_.positions == 1) {
    return image_inputs(network_.engine, samples, count, saturated);
  }
  std::vector<float> values = vectors(front(samples, count));
  for (float& value : values) value *= kPixelScale;
  return image_inputs(network_.engine, values.data(), vectors_of_all, saturated);
}

std::vector<float> Host::engine_values(const std::vector<int16_t>& made) const {
  std::vector<float> values(made.size());
  const int frac = network_.engine.layers.back().output_frac;
  std::transform(made.begin(), made.end(), values.begin(),
                 [&](int16_t y) { return std::ldexp(static_cast<float>(y), -frac); });
  return transposed(std::move(values), network_.positions, network_.engine.output_size());
}

std::vector<float> Host::outputs(const std::vector<int16_t>& made) const {
  const size_t count = made.size() / network_.engine.output_size() / network_.positions;
  std::vector<float> values = engine_values(made);
  return network_.back ? infer(*network_.back, values.data(), count, threads_) : values;
}

Score score(const SplitNetwork& network, Samples samples, Targets targets, size_t count,
            unsigned threads) {
  const size_t outputs = network.output_size();
  const size_t inputs = network.input_size();
  Score all(targets.are_classes() ? 0 : outputs);
  if (count == 0) return all;
  const Host host(network, threads);
  const FunctionalModel model(network.engine);
  for (size_t first = 0; first < count; first += kChunk) {
    const size_t part = std::min(kChunk, count - first);
    const Samples some = samples + first * inputs;
    const std::vector<float> values =
        host.outputs(model.run_batch(host.inputs(some, part), threads));
    add_outputs(all, values.data(), outputs, part, targets + first, some, network.input_scale(),
                network.input_offset());
  }
  return all;
}

}  // namespace sparsys::eie
