// SPDX-License-Identifier: Apache-2.0
// Training of multilayer perceptrons by mini-batch gradient descent with momentum on the softmax
// cross-entropy.
//
// Input x of the network is pixel / kPixelScale, so that with kPixelFrac fractional bits an input's
// fixed-point integer is the pixel itself.
//
// For a given seed and machine results are the same bit for bit, whatever the number of threads:
// work is cut into pieces of fixed size, and sums over pieces are taken in a fixed order.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "golden/nn/dataset.hpp"
#include "golden/nn/mlp.hpp"

namespace sparsys {

constexpr int kPixelFrac = 8;
constexpr float kPixelScale = 1 << kPixelFrac;

struct Progress {
  std::string step;
  double fraction = 0;          // of this step, 0..1
  double seconds_left = 0;      // of this step
  double loss = 0;              // mean over the current epoch so far
  double validation_error = 0;  // percent, after the last whole epoch; negative: not measured yet
};
using ProgressCallback = std::function<void(const Progress&)>;

// Prints to stderr: one line that is rewritten on a terminal, about ten lines a step otherwise.
ProgressCallback console_progress();

// Which weights may be other than zero: 1 keeps, 0 prunes. outputs x inputs, as the weights.
using Mask = Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic>;

struct TrainOptions {
  uint64_t seed = 1;
  unsigned epochs = 20;  // 0 leaves the network as it is
  uint32_t batch = 128;
  float learning_rate = 0.1F;
  float final_learning_rate = 0.001F;  // reached along a half cosine, after a short warm-up
  float momentum = 0.9F;
  float weight_decay = 1e-5F;  // of weights, not of biases
  float hidden_dropout = 0;    // probability that a hidden unit is silent in a training step
  unsigned max_shift = 0;  // pixels; each image moves by a random whole number in each direction
  // Share of the images that are moved.
  float shift_probability = 1;
  uint32_t validation_count = 5000;  // last images of the training set, never trained on
  uint32_t train_limit = 0;          // 0: all other training images
  unsigned threads = 0;              // 0: all processors
  std::string step = "train";
  ProgressCallback progress;
};

struct TrainReport {
  double loss = 0;              // mean over the last epoch
  double validation_error = 0;  // percent
  double seconds = 0;
};

// A network with `sizes` = inputs, hidden ..., outputs; ReLU after every layer but the last.
// Weights normal with variance 2 / inputs (He 2015), biases zero. Layers are named ip1, ip2, ...
// Throws Error for fewer than two sizes or a size of zero.
Mlp make_mlp(const std::vector<uint32_t>& sizes, uint64_t seed, const std::string& name);

// Trains in place. With `masks` (one per layer) pruned weights are and stay exactly zero: the
// retraining step of Deep Compression (Han 2016, section 2). Throws Error if shapes do not fit.
TrainReport train(Mlp& mlp, const Dataset& data, const TrainOptions& options,
                  const std::vector<Mask>* masks = nullptr);

// Share of wrong answers (the largest logit decides, the first of equals) in percent.
// images: count x inputs bytes.
double error_percent(const Mlp& mlp, const uint8_t* images, const uint8_t* labels, size_t count,
                     unsigned threads = 0);
double validation_error(const Mlp& mlp, const Dataset& data, uint32_t validation_count,
                        unsigned threads = 0);
double test_error(const Mlp& mlp, const Dataset& data, unsigned threads = 0);

// Trains LeNet-300-100 (784-300-100-10; LeCun 1998) with settings chosen on the validation images
// of MNIST. `options.epochs` and the other fields may be changed by the caller.
TrainOptions lenet_300_100_options();
Mlp train_lenet_300_100(const Dataset& data, const TrainOptions& options,
                        TrainReport* report = nullptr);

// Gradient of the mean loss over the images, for checks: d loss / d weights and bias of each layer,
// stored as a network of the same shape. Returns the loss. No dropout, no shifts.
double loss_gradient(const Mlp& mlp, const uint8_t* images, const uint8_t* labels, size_t count,
                     Mlp& gradient);

}  // namespace sparsys
