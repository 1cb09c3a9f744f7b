// SPDX-License-Identifier: Apache-2.0
#include "golden/format/arithmetic/parameter_stream.hpp"

#include "golden/base/error.hpp"

namespace sparsys::arithmetic {
namespace {

std::vector<bool> negative_of(const std::vector<float>& codebook) {
  std::vector<bool> negative;
  for (const float value : codebook) negative.push_back(value < 0);
  return negative;
}

// Elements of a kernel, of convolutions; else 1.
size_t kernel_of(const Shape& shape) {
  size_t kernel = 1;
  for (size_t d = 2; d < shape.size(); ++d) kernel *= static_cast<size_t>(shape[d]);
  return kernel;
}

uint64_t bytes_of(double bits) { return static_cast<uint64_t>(bits / 8); }

// Both ways: a decoder fills in what has its size already.
template <typename Coder>
void code_values(NetworkStream<Coder>& stream, Parameter& parameter, SharedParameter& shared,
                 bool zero_first, ParameterPlan& plan) {
  plan.arithmetic = true;
  if (plan.form == kRaw) {
    plan.bytes = bytes_of(stream.floats(parameter.values.data(), parameter.values.size()));
    return;
  }
  const size_t first = zero_first ? 1 : 0;
  plan.head_bytes =
      bytes_of(stream.floats(shared.codebook.data() + first, shared.codebook.size() - first));
  plan.bits = stream.codes(shared.code, static_cast<size_t>(rows_of(parameter.shape)),
                           negative_of(shared.codebook), plan.path);
  plan.bytes = bytes_of(plan.bits.places) + bytes_of(plan.bits.values);
}

// What is wrong in a stream, with its place.
template <typename F>
void placed(const std::string& place, F&& f) {
  try {
    f();
  } catch (const Error& error) {
    fail(place, error.what());
  }
}

}  // namespace

ParameterPlan plan_parameter(const Parameter& parameter, const SharedParameter& shared) {
  ParameterPlan plan;
  plan.form = shared.shared() ? kDense : kRaw;
  if (!shared.shared()) return plan;
  plan.path = best_path(shared.code, static_cast<size_t>(rows_of(parameter.shape)),
                        negative_of(shared.codebook), kernel_of(parameter.shape));
  return plan;
}

std::vector<uint8_t> stream_of(const SharedNetwork& network,
                               const std::vector<uint8_t>& description,
                               std::vector<ParameterPlan>& plans) {
  BitEncoder encoder;
  NetworkStream<BitEncoder> stream(encoder);
  std::vector<uint8_t> text = description;
  stream.bytes(text, text.size());
  for (size_t p = 0; p < plans.size(); ++p) {
    Parameter parameter = network.network.parameters[p];
    SharedParameter shared = network.parameters[p];
    code_values(stream, parameter, shared, begins_with_zero(shared), plans[p]);
  }
  const std::vector<uint8_t> bytes = encoder.finish();
  std::vector<uint8_t> payload;
  put_number(bytes.size(), payload);
  payload.insert(payload.end(), bytes.begin(), bytes.end());
  return payload;
}

namespace {

BitDecoder decoder_of(PackedReader& in) {
  const uint64_t size = in.number("size of the arithmetic stream", 0, UINT64_MAX);
  return {in.take(size, "arithmetic stream"), static_cast<size_t>(size)};
}

}  // namespace

StreamReader::StreamReader(PackedReader& in) : decoder_(decoder_of(in)), stream_(decoder_) {}

std::vector<uint8_t> StreamReader::description(uint64_t most, const std::string& place) {
  std::vector<uint8_t> text;
  placed(place, [&] { stream_.bytes(text, most); });
  return text;
}

void StreamReader::values(Parameter& parameter, SharedParameter& shared, bool zero_first,
                          uint64_t elements, ParameterPlan& plan, const std::string& place) {
  std::vector<float>& values = parameter.values;
  std::vector<uint8_t>& code = shared.code;
  if (plan.form == kRaw) {
    values.resize(static_cast<size_t>(elements));
  } else {
    code.resize(static_cast<size_t>(elements));
  }
  placed(place, [&] { code_values(stream_, parameter, shared, zero_first, plan); });
}

void StreamReader::finish(const std::string& place) const {
  placed(place, [&] { decoder_.finish(); });
}

}  // namespace sparsys::arithmetic
