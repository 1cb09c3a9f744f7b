// SPDX-License-Identifier: Apache-2.0
// Quantised ONNX networks, of real operators between QuantizeLinear and DequantizeLinear and of
// operators of bytes: each value within a step of what the real numbers are, rounded.
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <cmath>

#include "golden/base/random.hpp"
#include "golden/format/onnx/quantised/import.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/quantised_onnx_models.hpp"

namespace sparsys {
namespace {

struct Dense : QuantisedDense {
  using QuantisedDense::QuantisedDense;

  mxu::Network read() const {
    const std::vector<uint8_t> file = bytes();
    const auto network = quantised_onnx_from_bytes(file.data(), file.size(), "file");
    EXPECT_TRUE(network.has_value());
    return *network;
  }
};

constexpr int kInputs = Dense::kInputs;
constexpr int kOutputs = Dense::kOutputs;
constexpr float kInScale = Dense::kInScale;
constexpr float kOutScale = Dense::kOutScale;
constexpr int kInZero = Dense::kInZero;
constexpr int kOutZero = Dense::kOutZero;

TEST(QuantisedOnnx, ValuesAreThoseOfRealNumbers) {
  for (const bool of_bytes : {false, true}) {
    const Dense dense(of_bytes);
    const mxu::Network network = dense.read();
    ASSERT_EQ(network.layers.size(), 1U);
    Random random(5);
    for (int sample = 0; sample < 50; ++sample) {
      std::vector<int8_t> x(kInputs);
      for (int8_t& v : x) v = static_cast<int8_t>(random.next());
      const std::vector<int8_t> y = mxu::run_batch(network, x, 1);
      for (int o = 0; o < kOutputs; ++o) {
        double real = dense.bias[static_cast<size_t>(o)];
        for (int i = 0; i < kInputs; ++i) {
          real += dense.weights[static_cast<size_t>(o * kInputs + i)] *
                  (x[static_cast<size_t>(i)] + 128 - kInZero);
        }
        real *= double{kInScale} * double{dense.scales[static_cast<size_t>(o)]};
        const double least = of_bytes ? 0 : kOutZero;
        const double expected =
            std::clamp(std::nearbyint(real / double{kOutScale}) + kOutZero, least, 255.0);
        EXPECT_NEAR(y[static_cast<size_t>(o)] + 128, expected, 1) << "output " << o;
      }
    }
  }
}

TEST(QuantisedOnnx, NetworksOfRealNumbersAreLeftToOthers) {
  Dense dense(false);
  dense.model.mutable_graph()->clear_node();
  dense.node("Gemm", {"x", "w", "b"}, "y", "transB", 1);
  const std::vector<uint8_t> bytes = dense.bytes();
  EXPECT_FALSE(quantised_onnx_from_bytes(bytes.data(), bytes.size(), "file").has_value());
}

TEST(QuantisedOnnx, SaysWhatIsWrong) {
  Dense dense(false);
  dense.model.mutable_graph()->mutable_output(0)->set_name("r");
  EXPECT_EQ(
      error_of([&] { dense.read(); }),
      "file: output 'r' is not quantised; supported: networks that end with QuantizeLinear, so "
      "that the scale of their result is known");
  Dense zero(false);
  zero.model.mutable_graph()->mutable_initializer(6)->set_raw_data(std::string(kOutputs, 100));
  EXPECT_NE(error_of([&] { zero.read(); }).find("supported: zero point 0, or 128 of unsigned"),
            std::string::npos);
}

}  // namespace
}  // namespace sparsys
