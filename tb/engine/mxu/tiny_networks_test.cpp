// SPDX-License-Identifier: Apache-2.0
// Networks of MLPerf Tiny's shapes on the RTL, in lockstep with the cycle model: int8 files, and
// ONNX files in floating point.
#include "tb/support/mxu/tiny_networks.hpp"

#include <algorithm>
#include <cmath>

#include "golden/compress/quantise.hpp"
#include "golden/format/onnx/export.hpp"
#include "golden/format/onnx/import.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/support/mxu/tiny_float_networks.hpp"

namespace sparsys::mxu {
namespace {

class MxuTinyNetworksLockstep : public testing::TestWithParam<test::TinyNetwork> {};

INSTANTIATE_TEST_SUITE_P(All, MxuTinyNetworksLockstep, testing::ValuesIn(test::kTinyNetworks),
                         testing::PrintToStringParamName());

TEST_P(MxuTinyNetworksLockstep, RtlMakesWhatReferenceKernelsMake) {
  LockstepOptions options;
  options.mismatch_waves.clear();
  Lockstep device(test::tiny_config(), options);
  test::expect_reference(GetParam(), device);
  device.finish();
}

struct FloatNetwork {
  const char* name;
  sparsys::Network (*make)(uint64_t seed);
};
void PrintTo(const FloatNetwork& network, std::ostream* stream) { *stream << network.name; }

class MxuTinyFloatNetworksLockstep : public testing::TestWithParam<FloatNetwork> {};

INSTANTIATE_TEST_SUITE_P(All, MxuTinyFloatNetworksLockstep,
                         testing::Values(FloatNetwork{"MobileNetV1_025", test::mobilenet},
                                         FloatNetwork{"ResNet_8", test::resnet},
                                         FloatNetwork{"DS_CNN", test::ds_cnn},
                                         FloatNetwork{"Autoencoder", test::autoencoder}),
                         testing::PrintToStringParamName());

// From an ONNX file to the RTL: its outputs are the functional model's, bit for bit, and near those
// in floating point.
TEST_P(MxuTinyFloatNetworksLockstep, RtlMakesWhatTheFunctionalModelMakes) {
  const std::vector<uint8_t> file = onnx_to_bytes(GetParam().make(1));
  const sparsys::Network floats = onnx_from_bytes(file.data(), file.size(), GetParam().name);
  constexpr size_t kSamples = 8;
  const auto each = static_cast<size_t>(element_count(floats.input_shape));
  Random random(1);
  std::vector<float> samples(kSamples * each);
  for (float& x : samples) x = random.uniform(0, 255);
  QuantisationOptions options;
  options.outputs = QuantisationOutputs::kValues;
  const Network network = quantise(floats, samples.data(), kSamples, options);
  std::vector<int8_t> inputs;
  std::vector<float> entering;
  for (size_t i = 0; i < each; ++i) {
    inputs.push_back(input_byte(network, samples[i]));
    entering.push_back(samples[i] * floats.input_scale + floats.input_offset);
  }
  LockstepOptions lockstep;
  lockstep.mismatch_waves.clear();
  Lockstep device(test::tiny_config(), lockstep);
  Driver driver(device);
  const std::vector<int8_t> found = driver.run(compile(network, 1, test::tiny_config()), inputs);
  device.finish();
  EXPECT_EQ(found, run_batch(network, inputs));
  const std::vector<float> exact = infer(floats, entering.data(), 1);
  ASSERT_EQ(found.size(), exact.size());
  const Layer& last = network.layers.back();
  double error = 0;
  double size = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const double value = last.output_scale * (found[i] - last.output_zero);
    error += (value - exact[i]) * (value - exact[i]);
    size += static_cast<double>(exact[i]) * exact[i];
  }
  std::cout << GetParam().name << ": " << driver.counters().cycles << " cycles, error of the bytes "
            << std::sqrt(error / size) << " of the outputs\n";
  EXPECT_LT(error, 0.05 * 0.05 * size);
}

}  // namespace
}  // namespace sparsys::mxu
