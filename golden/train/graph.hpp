// SPDX-License-Identifier: Apache-2.0
// A network made ready to run on samples, forward and backward.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/network/network.hpp"
#include "golden/train/arrange.hpp"
#include "golden/train/functions.hpp"
#include "golden/train/operators.hpp"

namespace sparsys {

// What is known before the first sample: shapes, which memory a value has, what depends on a
// parameter. Refers to the network, whose parameters may change their values meanwhile.
class Graph {
 public:
  static constexpr size_t kNone = ~size_t{0};

  struct Value {
    int64_t elements = 0;  // of a sample
    size_t memory = 0;     // Relu, Flatten and others work in place where nothing else looks
    size_t uses = 0;
    bool varies = false;  // some parameter has an influence on it
  };

  struct Step {
    Op op = Op::kRelu;
    size_t x = 0;
    size_t other = kNone;         // kAdd, kMul, kBatchMatMul: the second value, if it is one
    std::vector<size_t> sources;  // kConcat: all values, x first
    size_t y = 0;
    size_t weights = kNone;  // in Network::parameters
    size_t bias = kNone;     // likewise, or what is added, multiplied by, or a slope
    bool in_place = false;   // y has the memory of x
    // In place, and the gradient of x is that of y: nothing is to be done on the way back.
    bool gradient_stays = false;
    bool dropout = false;  // hidden units that dropout may silence
    bool head = false;     // a softmax that training leaves to its loss
    Sliding sliding;       // of windows; of kConvTranspose those of the convolution from y to x
    DenseWeights dense;    // kGemm, kMatMul; without values
    int64_t rows = 1;      // kMatMul: vectors of a sample
    Matrices matrices;     // kBatchMatMul
    float bias_factor = 1;
    std::vector<int32_t> bias_of;   // which element of the bias each element of y gets
    std::vector<int32_t> other_of;  // which of `other`; empty: the same
    std::vector<int32_t> from;      // kTranspose, kPad, kSlice, kResize: which of x
    Axis axis;                      // kSoftmax, kLogSoftmax; kConcat: of y
    std::vector<Axis> parts;        // kConcat: of its sources
    Function function;              // element by element; kPad's value
  };

  // Throws Error as infer_shapes().
  explicit Graph(const Network& network);

  const Network& network() const { return *network_; }
  const std::vector<Step>& steps() const { return steps_; }
  const std::vector<Value>& values() const { return values_; }
  size_t memories() const { return memories_; }
  // The output; of a classifier that ends with a softmax of all its classes the value before it.
  size_t logits() const { return logits_; }
  int64_t inputs() const { return values_.front().elements; }
  int64_t outputs() const { return values_[logits_].elements; }
  // Elements of all values of a sample.
  int64_t elements() const;

 private:
  void add_step(const Node& node, const std::vector<Shape>& shapes, size_t index);
  void place_in_memory(size_t index);

  const Network* network_;
  std::vector<Value> values_;  // of the input, then of each node
  std::vector<Step> steps_;
  size_t memories_ = 0;
  size_t logits_ = 0;
};

// Dropout of one forward pass. Inverted: what remains grows, so that evaluation needs no factor.
struct Dropout {
  float probability = 0;
  Random* random = nullptr;
};

// Values of up to `samples` samples, and gradients with respect to them. Samples are innermost, as
// operators.hpp says.
class Tape {
 public:
  Tape(const Graph& graph, size_t samples, bool gradients);

  // Samples at hand; to be set before anything else is used.
  void set_samples(size_t samples) { samples_ = static_cast<int64_t>(samples); }
  int64_t samples() const { return samples_; }

  float* value(size_t v) { return value_[graph_.values()[v].memory].data(); }
  float* gradient(size_t v) { return gradient_[graph_.values()[v].memory].data(); }

  // From value 0, the input, to the logits; with `softmax` to the output.
  void forward(const Dropout& dropout = {}, bool softmax = false);
  // From gradient(logits) to those of all values that vary; then those of convolutions' parameters.
  void backward(float dropout = 0);
  // gradient += that of `count` elements of a parameter from `first` on, whole rows of its first
  // dimension, from the samples of the last backward().
  void add_gradient(size_t parameter, size_t first, float* gradient, size_t count) const;

 private:
  const float* parameter(size_t index) const {
    return graph_.network().parameters[index].values.data();
  }
  DenseWeights dense(const Graph::Step& step) const;
  const float* memory_of(size_t v) const { return value_[graph_.values()[v].memory].data(); }
  void fill_bias(const Graph::Step& step, float* y);
  void forward(const Graph::Step& step, size_t n);
  void backward(const Graph::Step& step, size_t n, float dropout);
  void arithmetic(const Graph::Step& step);
  void arithmetic_back(const Graph::Step& step);
  void prelu(const Graph::Step& step);
  void prelu_back(const Graph::Step& step);
  void add_bias_gradient(const Graph::Step& step, size_t first, float* gradient,
                         size_t count) const;
  void silence(float* y, int64_t elements, const Dropout& dropout) const;
  // Where the gradient of a value is to be added; null if nobody needs it.
  float* target(size_t v);

  const Graph& graph_;
  int64_t samples_ = 0;
  std::vector<Eigen::VectorXf> value_;     // per memory
  std::vector<Eigen::VectorXf> gradient_;  // per memory
  std::vector<Eigen::VectorXi> choice_;    // per step: kMaxPool
  std::vector<Eigen::VectorXf> weights_;   // per step: convolutions, gradient of the weights
};

}  // namespace sparsys
