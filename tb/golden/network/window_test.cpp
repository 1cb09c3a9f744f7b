// SPDX-License-Identifier: Apache-2.0
// One rule for the sizes that windows give: window_positions() against a walk over the axis, and
// all models against it.
#include <gtest/gtest.h>

#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys {
namespace {

// Every place that the window fits on; with `ceil` one more if values are left over there and it
// begins before the axis and the padding in front of it end.
int64_t walk(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t before,
             int64_t behind, bool ceil) {
  const int64_t reach = (kernel - 1) * dilation + 1;
  const int64_t end = size + behind;
  int64_t count = 0;
  int64_t last = 0;
  int64_t start = -before;
  for (; start + reach <= end; start += stride) {
    ++count;
    last = start + reach;
  }
  return count + (ceil && count > 0 && last < end && start < size ? 1 : 0);
}

struct Axis {
  int64_t size, kernel, stride, dilation, before, behind;
};

Axis random_axis(Dice& dice) {
  const auto draw = [&](uint64_t least, uint64_t most) {
    return static_cast<int64_t>(dice.between(least, most));
  };
  return {draw(1, 12), draw(1, 6), draw(1, 5), draw(1, 3), draw(0, 9), draw(0, 9)};
}

TEST(WindowPositions, AreThoseOfAWalk) {
  Dice dice(1);
  size_t rounded_up = 0;
  for (int i = 0; i < 20000; ++i) {
    const Axis a = random_axis(dice);
    for (const bool ceil : {false, true}) {
      const int64_t found =
          window_positions(a.size, a.kernel, a.stride, a.dilation, a.before, a.behind, ceil);
      ASSERT_EQ(found, walk(a.size, a.kernel, a.stride, a.dilation, a.before, a.behind, ceil))
          << a.size << " " << a.kernel << " " << a.stride << " " << a.dilation << " " << a.before
          << " " << a.behind << " " << ceil;
      rounded_up += ceil && found > window_positions(a.size, a.kernel, a.stride, a.dilation,
                                                     a.before, a.behind);
    }
  }
  EXPECT_GT(rounded_up, 1000U);
}

// A convolution whose padding is as large as its kernel keeps the windows that lie in it.
TEST(WindowPositions, FloatAndBytesAgree) {
  Dice dice(2);
  size_t refused = 0;
  size_t agreed = 0;
  for (int i = 0; i < 5000; ++i) {
    const Axis a = random_axis(dice);
    Network network;
    network.name = "net";
    network.input_shape = {1, 1, a.size, 1};
    Node conv;
    conv.op = Op::kConv;
    conv.inputs = {"input", "w"};
    conv.output = "output";
    conv.window.kernel = {a.kernel, 1};
    conv.window.stride = {a.stride, 1};
    conv.window.dilation = {a.dilation, 1};
    conv.window.pad = {a.before, 0, a.behind, 0};
    network.nodes = {conv};
    network.parameters = {{"w", {1, 1, a.kernel, 1}, std::vector<float>(a.kernel, 1.0F)}};

    mxu::Layer layer;
    layer.channels = layer.outputs = 1;
    layer.height = static_cast<uint32_t>(a.size);
    layer.window.kernel[0] = static_cast<uint32_t>(a.kernel);
    layer.window.stride[0] = static_cast<uint32_t>(a.stride);
    layer.window.dilation[0] = static_cast<uint32_t>(a.dilation);
    layer.window.pad[0] = static_cast<uint32_t>(a.before);
    layer.window.pad[2] = static_cast<uint32_t>(a.behind);
    layer.weights.resize(static_cast<size_t>(a.kernel));
    layer.bias = {0};
    layer.multiplier = {1};
    layer.shift = {0};

    if (error_of([&] { infer_shapes(network); }) != "no error") {
      EXPECT_NE(error_of([&] { mxu::check(layer, "layer"); }), "no error");
      ++refused;
      continue;
    }
    EXPECT_EQ(infer_shapes(network)[1][2], int64_t{layer.conv_height()});
    ++agreed;
  }
  EXPECT_GT(refused, 50U);
  EXPECT_GT(agreed, 1000U);
}

}  // namespace
}  // namespace sparsys
