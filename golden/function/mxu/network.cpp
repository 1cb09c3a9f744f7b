// SPDX-License-Identifier: Apache-2.0
#include "golden/function/mxu/network.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/function/mxu/operators.hpp"
#include "golden/network/check.hpp"

namespace sparsys::mxu {
namespace {

void check_network(const Network& network) {
  check(network, "network '" + printable(network.name) + "'");
}

std::vector<std::vector<int8_t>> values_of(const Network& network, std::vector<int8_t> input) {
  std::vector<std::vector<int8_t>> values;
  values.reserve(network.layers.size() + 1);
  values.push_back(std::move(input));
  for (const Layer& layer : network.layers) {
    std::vector<const std::vector<int8_t>*> taken;
    for (const uint32_t v : layer.sources) taken.push_back(&values[v]);
    if (taken.empty()) taken.push_back(&values.back());
    values.push_back(run_layer(layer, taken));
  }
  return values;
}

}  // namespace

std::vector<std::vector<int8_t>> run_layers(const Network& network,
                                            const std::vector<int8_t>& input) {
  check_network(network);
  return values_of(network, input);
}

std::vector<int8_t> run_batch(const Network& network, const std::vector<int8_t>& inputs,
                              unsigned threads) {
  check_network(network);
  const size_t in = network.input_size();
  const size_t out = network.output_size();
  if (inputs.size() % in != 0) {
    throw Error("batch has " + std::to_string(inputs.size()) +
                " elements, expected a multiple of " + std::to_string(in));
  }
  const size_t count = inputs.size() / in;
  std::vector<int8_t> outputs(count * out);
  constexpr size_t kChunk = 16;
  const auto run_chunk = [&](size_t chunk) {
    for (size_t i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      const std::vector<int8_t> value =
          values_of(network, {inputs.begin() + static_cast<ptrdiff_t>(i * in),
                              inputs.begin() + static_cast<ptrdiff_t>((i + 1) * in)})
              .back();
      std::copy(value.begin(), value.end(), outputs.begin() + static_cast<ptrdiff_t>(i * out));
    }
  };
  const size_t chunks = (count + kChunk - 1) / kChunk;
  if (chunks <= 1) {
    if (chunks == 1) run_chunk(0);
  } else {
    ThreadPool(threads).run(chunks, run_chunk);
  }
  return outputs;
}

std::vector<int8_t> image_inputs(const Network& network, Samples samples, size_t count) {
  std::vector<int8_t> inputs(count * network.input_size());
  if (samples.bytes() != nullptr) {
    const std::array<int8_t, 256> bytes = pixel_bytes(network);
    for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = bytes[samples.bytes()[i]];
    return inputs;
  }
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = input_byte(network, samples[i]);
  return inputs;
}

std::vector<float> to_numbers(const Value& value, const std::vector<int8_t>& bytes) {
  std::vector<float> numbers;
  numbers.reserve(bytes.size());
  for (const int8_t q : bytes) {
    numbers.push_back(value.scale * static_cast<float>(q - value.zero));
  }
  return numbers;
}

std::vector<uint32_t> classify(const Network& network, const std::vector<int8_t>& outputs) {
  const auto size = static_cast<ptrdiff_t>(network.output_size());
  std::vector<uint32_t> classes;
  for (auto at = outputs.begin(); at != outputs.end(); at += size) {
    classes.push_back(static_cast<uint32_t>(std::max_element(at, at + size) - at));
  }
  return classes;
}

void add_outputs(Score& score, const Network& network, const std::vector<int8_t>& outputs,
                 Samples samples, Targets targets) {
  const std::vector<float> numbers = to_numbers(network.value(network.layers.size()), outputs);
  const size_t size = network.output_size();
  sparsys::add_outputs(score, numbers.data(), size, numbers.size() / size, targets, samples,
                       network.pixel_scale, network.pixel_offset);
}

Score score(const Network& network, Samples samples, Targets targets, size_t count,
            unsigned threads) {
  Score all(targets.are_classes() ? 0 : network.output_size());
  if (count == 0) return all;
  add_outputs(all, network, run_batch(network, image_inputs(network, samples, count), threads),
              samples, targets);
  return all;
}

}  // namespace sparsys::mxu
