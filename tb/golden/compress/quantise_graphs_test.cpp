// SPDX-License-Identifier: Apache-2.0
// Quantisation of graphs: branches, sums, concatenations, groups, functions and poolings by
// themselves stay close to what they are in floating point; which layers they become.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/train/train.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys {
namespace {

// Grows a graph; values are named by the nodes that make them.
struct Builder {
  Network network;
  uint64_t seed = 1;

  std::string add(Op op, const std::vector<std::string>& inputs,
                  const std::function<void(Node&)>& change = {}) {
    Node node;
    node.op = op;
    node.name = "n" + std::to_string(network.nodes.size() + 1);
    node.inputs = inputs;
    node.output = node.name + "_out";
    if (change) change(node);
    network.nodes.push_back(node);
    network.output = node.output;
    return node.output;
  }
  std::string weights(const Shape& shape, float deviation) {
    const std::string name = "p" + std::to_string(network.parameters.size() + 1);
    return add_parameter(network, name, shape, deviation, seed);
  }
  std::string conv(const std::string& x, int64_t in, int64_t out, int64_t kernel, int64_t group = 1,
                   int64_t stride = 1) {
    const float deviation = std::sqrt(2.0F / static_cast<float>(in / group * kernel * kernel));
    return add(Op::kConv,
               {x, weights({out, in / group, kernel, kernel}, deviation), weights({out}, 0.1F)},
               [&](Node& n) {
                 n.group = group;
                 n.window.kernel = {kernel, kernel};
                 n.window.stride = {stride, stride};
                 const int64_t pad = kernel / 2;
                 n.window.pad = {pad, pad, pad, pad};
               });
  }
};

struct Outcome {
  mxu::Network network;
  double worst = 0;  // in steps of the output
};

Outcome quantised(const Network& network) {
  const auto pixels = static_cast<size_t>(element_count(network.input_shape));
  Random random(5);
  std::vector<uint8_t> images(40 * pixels);
  for (uint8_t& pixel : images) pixel = static_cast<uint8_t>(random.next());
  QuantisationOptions options;
  options.outputs = QuantisationOutputs::kValues;
  options.threads = 2;
  Outcome outcome{quantise(network, images.data(), 40, options), 0};
  std::vector<float> inputs;
  for (const uint8_t p : images) {
    inputs.push_back(static_cast<float>(p) * network.input_scale + network.input_offset);
  }
  const std::vector<float> expected = infer(network, inputs.data(), 40);
  const std::vector<int8_t> found =
      run_batch(outcome.network, image_inputs(outcome.network, images.data(), 40));
  EXPECT_EQ(expected.size(), found.size());
  const mxu::Layer& last = outcome.network.layers.back();
  for (size_t i = 0; i < found.size(); ++i) {
    const double steps = double{expected[i]} / double{last.output_scale} + last.output_zero;
    outcome.worst = std::max(outcome.worst, std::abs(steps - found[i]));
  }
  return outcome;
}

std::vector<mxu::Kind> kinds(const mxu::Network& network) {
  std::vector<mxu::Kind> all;
  for (const mxu::Layer& layer : network.layers) all.push_back(layer.kind);
  return all;
}

using mxu::Kind;

TEST(QuantiseGraphs, ResidualBlock) {
  Builder b;
  b.network.input_shape = {1, 3, 9, 8};
  const std::string x = b.add(Op::kRelu, {b.conv("input", 3, 8, 3)});
  const std::string y = b.conv(b.add(Op::kRelu, {b.conv(x, 8, 8, 3)}), 8, 8, 3);
  b.add(Op::kRelu, {b.add(Op::kAdd, {y, x})});
  const Outcome o = quantised(b.network);
  EXPECT_EQ(kinds(o.network), (std::vector<Kind>{Kind::kConvolution, Kind::kConvolution,
                                                 Kind::kConvolution, Kind::kAdd}));
  EXPECT_EQ(o.network.layers[3].sources, (std::vector<uint32_t>{3, 1}));
  EXPECT_EQ(o.network.layers[3].function, mxu::Function::kRelu);
  EXPECT_EQ(o.network.layers[3].rounding, mxu::Rounding::kDouble);
  EXPECT_LT(o.worst, 6);
}

TEST(QuantiseGraphs, DepthwiseStaysCompactAndReLU6IsAClamp) {
  Builder b;
  b.network.input_shape = {1, 6, 8, 8};
  const std::string x = b.add(Op::kClip, {b.conv("input", 6, 6, 3, 6, 2)}, [](Node& n) {
    n.alpha = 0;
    n.beta = 6;
  });
  b.conv(x, 6, 10, 1);
  const Outcome o = quantised(b.network);
  ASSERT_EQ(o.network.layers.size(), 2U);
  EXPECT_EQ(o.network.layers[0].groups, 6U);
  EXPECT_EQ(o.network.layers[0].weights.size(), 6U * 9);
  EXPECT_LT(o.worst, 5);
}

// Squeeze and expand: both parts have one scale, without a layer in between.
TEST(QuantiseGraphs, ConcatOfWhatHasNoOtherUseIsByAddress) {
  Builder b;
  b.network.input_shape = {1, 5, 7, 7};
  const std::string s = b.add(Op::kRelu, {b.conv("input", 5, 4, 1)});
  const std::string e1 = b.add(Op::kRelu, {b.conv(s, 4, 6, 1)});
  const std::string e3 = b.add(Op::kRelu, {b.conv(s, 4, 9, 3)});
  const std::string c = b.add(Op::kConcat, {e1, e3});
  b.conv(c, 15, 4, 3);
  const Outcome o = quantised(b.network);
  EXPECT_EQ(kinds(o.network),
            (std::vector<Kind>{Kind::kConvolution, Kind::kConvolution, Kind::kConvolution,
                               Kind::kConcat, Kind::kConvolution}));
  EXPECT_LT(o.worst, 6);
  // A value that is used elsewhere, and the input, get the whole's scale by a layer of their own.
  b.network.nodes.pop_back();
  b.network.parameters.resize(b.network.parameters.size() - 2);
  b.add(Op::kConcat, {b.add(Op::kConcat, {c, s}), "input"});
  const Outcome more = quantised(b.network);
  EXPECT_LT(more.worst, 4);
}

// Functions and poolings where no layer can take them.
TEST(QuantiseGraphs, LayersWithoutWeights) {
  Builder b;
  b.network.input_shape = {1, 4, 19, 18};
  const auto window = [](int64_t size, int64_t stride) {
    return [=](Node& n) {
      n.window.kernel = {size, size};
      n.window.stride = {stride, stride};
    };
  };
  const std::string t = b.add(Op::kTanh, {"input"});
  const std::string m = b.add(Op::kMaxPool, {b.conv(t, 4, 4, 3)}, window(2, 1));
  const std::string a = b.add(Op::kAveragePool, {m}, window(2, 1));
  const std::string r = b.add(Op::kRelu, {a});
  const std::string k = b.add(Op::kMul, {r, b.weights({4, 1, 1}, 1)});
  b.add(Op::kAveragePool, {b.add(Op::kAdd, {k, b.weights({1, 4, 1, 1}, 1)})}, window(16, 1));
  const Outcome o = quantised(b.network);
  EXPECT_EQ(kinds(o.network),
            (std::vector<Kind>{Kind::kPool, Kind::kConvolution, Kind::kPool, Kind::kPool,
                               Kind::kConvolution, Kind::kConvolution}));
  EXPECT_LT(o.worst, 6);
}

TEST(QuantiseGraphs, PaddingShapesAndDilation) {
  Builder b;
  b.network.input_shape = {1, 10, 9};
  const std::string x = b.add(Op::kReshape, {"input", "shape"}, [](Node& n) {
    n.shape = {0, 1, 10, 9};
  });
  const std::string p = b.add(Op::kPad, {b.conv(x, 1, 5, 3)}, [](Node& n) {
    n.shape = {0, 0, 1, 0, 0, 0, 2, 1};
    n.alpha = 0;
  });
  const std::string d = b.add(Op::kConv, {p, b.weights({4, 5, 3, 2}, 0.3F)}, [](Node& n) {
    n.window.kernel = {3, 2};
    n.window.dilation = {2, 3};
  });
  const std::string f = b.add(Op::kFlatten, {d});
  const auto inputs = infer_shapes(b.network).back()[1];
  b.add(Op::kGemm, {b.add(Op::kRelu, {f}), b.weights({inputs, 6}, 0.2F)});
  const Outcome o = quantised(b.network);
  EXPECT_EQ(o.network.layers.size(), 3U);
  EXPECT_LT(o.worst, 6);
}

TEST(QuantiseGraphs, Refusals) {
  const auto error = [](const std::function<void(Builder&, const std::string&)>& add) {
    Builder b;
    b.network.name = "net";
    b.network.input_shape = {1, 2, 6, 6};
    add(b, b.conv("input", 2, 3, 3));
    try {
      quantised(b.network);
    } catch (const Error& caught) {
      return std::string(caught.what());
    }
    return std::string("no error");
  };
  const std::string at = "network 'net': node 'n2' ";
  const std::string out = "; import with --output n1_out ends the network before it";
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kFlatten, {b.add(Op::kSoftmax, {x})});
            }),
            at + "(Softmax): the matrix unit has no such operator" + out);
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kMul, {x, x});
            }),
            at +
                "(Mul): multiplies two values, the matrix unit adds only; `sparsys run` of the "
                "float model computes it, so does the host in front of the sparse engine's layers "
                "(--target eie)" +
                out);
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kPRelu, {x, b.weights({3, 6, 6}, 0.1F)});
            }),
            at + "(PRelu): has different values for the pixels of one channel" + out);
  EXPECT_EQ(
      error([](Builder& b, const std::string& x) {
        b.add(Op::kConvTranspose, {x, b.weights({3, 2, 1, 1}, 0.1F)}, [](Node& n) {
          n.window.stride = {2, 2};
        });
      }),
      at +
          "(ConvTranspose): makes 11 of 6 with stride 2, a window of 1 and padding 0; the "
          "matrix unit makes as many as times the stride, less the padding in front, or more, "
          "up to a window" +
          out);
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kTranspose, {x}, [](Node& n) { n.shape = {0, 2, 3, 1}; });
            }),
            at + "(Transpose): moves values, the matrix unit can't" + out);
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kReshape, {x, "shape"}, [](Node& n) { n.shape = {0, 9, 3, 4}; });
            }),
            at +
                "(Reshape): makes 9 channels of 3, the matrix unit moves no values from pixels to "
                "channels" +
                out);
  EXPECT_EQ(error([](Builder& b, const std::string& x) {
              b.add(Op::kConcat, {x, x}, [](Node& n) { n.axis = 2; });
            }),
            at + "(Concat): joins along another axis than the channels" + out);
}

// Functions that the unit has no table of: two layers each, that make of a value's error no more
// than the function's steepest slope does.
TEST(QuantiseGraphs, AnyFunctionOfAByte) {
  const std::vector<std::pair<Op, double>> functions{
      {Op::kLeakyRelu, 1},     {Op::kElu, 1},         {Op::kSoftplus, 1},
      {Op::kHardSigmoid, 0.2}, {Op::kHardSwish, 1.5}, {Op::kErf, 1.13},
      {Op::kSin, 1},           {Op::kCos, 1},         {Op::kPRelu, 1.5}};
  for (const auto& [op, slope] : functions) {
    SCOPED_TRACE(to_string(op));
    Builder b;
    b.network.input_shape = {1, 3, 5, 4};
    std::vector<std::string> inputs{b.conv("input", 3, 4, 3)};
    const Outcome before = quantised(b.network);
    if (op == Op::kPRelu) inputs.push_back(b.weights({4, 1, 1}, 0.3F));
    b.add(op, inputs, [op = op](Node& n) {
      n.alpha = op == Op::kHardSigmoid ? 0.2F : 0.7F;
      n.beta = 0.5F;
    });
    const Outcome o = quantised(b.network);
    EXPECT_EQ(kinds(o.network), (std::vector<Kind>(3, Kind::kConvolution)));
    const auto step = [](const Outcome& of) {
      return double{of.network.layers.back().output_scale};
    };
    EXPECT_LT(o.worst * step(o), slope * before.worst * step(before) + 1.1 * step(o));
  }
}

// What only moves values keeps their bytes: those of the layer before, in another place.
TEST(QuantiseGraphs, MovesKeepBytes) {
  using Move = std::function<void(Builder&, const std::string&)>;
  const auto view = [](Builder& b, const std::string& x, const Shape& shape) {
    return b.add(Op::kReshape, {x, "shape" + std::to_string(b.network.nodes.size())},
                 [&](Node& n) { n.shape = shape; });
  };
  const auto turn = [](Builder& b, const std::string& x, const Shape& order) {
    return b.add(Op::kTranspose, {x}, [&](Node& n) { n.shape = order; });
  };
  const std::vector<std::pair<const char*, Move>> moves{
      {"slice",
       [](Builder& b, const std::string& x) {
         b.add(Op::kSlice, {x}, [](Node& n) { n.shape = {0, 1, 1, 0, 1, 5, 6, 4, 1, 2, 2, 1}; });
       }},
      {"repeat",
       [](Builder& b, const std::string& x) {
         b.add(Op::kResize, {x}, [](Node& n) { n.shape = {1, 1, 3, 2}; });
       }},
      {"shuffle",
       [&](Builder& b, const std::string& x) {
         view(b, turn(b, view(b, x, {0, 2, 4, 6, 4}), {0, 2, 1, 3, 4}), {0, 8, 6, 4});
       }},
      {"blocks to pixels",
       [&](Builder& b, const std::string& x) {
         view(b, turn(b, view(b, x, {0, 2, 2, 2, 6, 4}), {0, 1, 4, 2, 5, 3}), {0, 2, 12, 8});
       }},
      {"pixels to blocks", [&](Builder& b, const std::string& x) {
         view(b, turn(b, view(b, x, {0, 8, 3, 2, 2, 2}), {0, 3, 5, 1, 2, 4}), {0, 32, 3, 2});
       }}};
  for (const auto& [name, add] : moves) {
    SCOPED_TRACE(name);
    Builder b;
    b.network.input_shape = {1, 3, 6, 4};
    const std::string x = b.conv("input", 3, 8, 3);
    const Outcome before = quantised(b.network);
    add(b, x);
    const Outcome o = quantised(b.network);
    EXPECT_EQ(o.network.layers.back().output_scale, before.network.layers.back().output_scale);
    // Nothing is rounded once more.
    EXPECT_LE(o.worst, before.worst);
  }
}

TEST(QuantiseGraphs, TransposedConvolutionAndAveragesOfTheBorder) {
  Builder b;
  b.network.input_shape = {1, 2, 7, 6};
  const std::string x = b.add(Op::kRelu, {b.conv("input", 2, 6, 3)});
  const std::string a = b.add(Op::kAveragePool, {x}, [](Node& n) {
    n.window.kernel = {3, 3};
    n.window.stride = {2, 2};
    n.window.pad = {1, 1, 1, 1};
  });
  b.add(Op::kConvTranspose, {a, b.weights({6, 2, 4, 3}, 0.2F), b.weights({4}, 0.1F)}, [](Node& n) {
    n.group = 2;
    n.window.kernel = {4, 3};
    n.window.stride = {2, 3};
    n.window.pad = {1, 0, 2, 0};
    n.shape = {1, 0};
  });
  const Outcome o = quantised(b.network);
  EXPECT_EQ(kinds(o.network),
            (std::vector<Kind>{Kind::kConvolution, Kind::kPool, Kind::kConvolution}));
  EXPECT_LT(o.worst, 5);
}

}  // namespace
}  // namespace sparsys
