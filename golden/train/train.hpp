// SPDX-License-Identifier: Apache-2.0
// Training of networks by mini-batch gradient descent, with momentum or by Adam: on the softmax
// cross-entropy of classes, or on the squared error of numbers.
//
// A value v of a sample comes to the network as v * input_scale + input_offset.
//
// For a given seed and machine results are the same bit for bit, whatever the number of threads:
// work is cut into pieces of fixed size, and sums over pieces are taken in a fixed order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/base/score.hpp"
#include "golden/data/dataset.hpp"
#include "golden/network/network.hpp"

namespace sparsys {

struct Progress {
  // If not empty, of a file that was passed over: nothing else but the step counts then.
  std::string warning;
  std::string step;
  double fraction = 0;          // of this step, 0..1
  double seconds_left = 0;      // of this step
  double loss = 0;              // mean over the current epoch so far
  double validation_error = 0;  // percent, after the last whole epoch; negative: not measured yet
};
using ProgressCallback = std::function<void(const Progress&)>;

// Which elements may be other than zero, one for each of Network::parameters: empty (all are kept)
// or one byte per element, row-major; 1 keeps, 0 prunes.
using ParameterMasks = std::vector<std::vector<uint8_t>>;

// How values follow their gradients (golden/train/optimiser.hpp). With Adam the learning rate is a
// share of the size of a layer's weights, so that it suits networks of any scale.
enum class OptimiserKind : uint8_t { kMomentum, kAdam };

struct TrainOptions {
  uint64_t seed = 1;
  unsigned epochs = 20;  // 0 leaves the network as it is
  uint32_t batch = 128;
  OptimiserKind optimiser = OptimiserKind::kMomentum;
  float learning_rate = 0.1F;
  float final_learning_rate = 0.001F;  // reached along a half cosine, after a short warm-up
  float momentum = 0.9F;               // with Adam the decay of the mean gradient
  float weight_decay = 1e-5F;          // of weights, not of biases
  // Probability that a hidden unit (of a Relu with two dimensions) is silent in a training step.
  float hidden_dropout = 0;
  // Augmentation. Each image moves by a random number of pixels up to max_shift in each direction:
  // a whole number, unless it is turned or scaled too, by up to max_rotation (degrees) and
  // max_scale (share of its size), either way.
  unsigned max_shift = 0;
  float max_rotation = 0;
  float max_scale = 0;
  // Share of the images that this is done to.
  float shift_probability = 1;
  // Distillation (Hinton 2015): with w = teacher_weight and T = temperature, the loss is (1 - w)
  // times the cross-entropy with the labels + w T^2 KL(teacher || network), both softened by T.
  const Network* teacher = nullptr;
  float teacher_weight = 0;
  float temperature = 4;
  uint32_t validation_count = 5000;  // last images of the training set, never trained on
  uint32_t train_limit = 0;          // 0: all other training images
  unsigned threads = 0;              // 0: all processors
  std::string step = "train";
  ProgressCallback progress;
  // File that keeps the run after every epoch; empty: none. If it is there and of the same run (of
  // the same network, data and options, as far as they decide the result) training goes on behind
  // its last epoch, and ends as if it had never been interrupted. Otherwise, or if it is damaged,
  // `progress` is warned and training begins anew.
  std::string checkpoint;
};

// Calls f(name, field) for every field that decides a result, but for the teacher, which is no
// number: what keys and digests are made of. A new field has to be named here, or nothing compiles.
template <typename Options, typename F,
          std::enable_if_t<std::is_same_v<std::remove_const_t<Options>, TrainOptions>, int> = 0>
void visit(Options& options, F&& f) {
  auto& [seed, epochs, batch, optimiser, learning_rate, final_learning_rate, momentum, weight_decay,
         hidden_dropout, max_shift, max_rotation, max_scale, shift_probability, teacher,
         teacher_weight, temperature, validation_count, train_limit, threads, step, progress,
         checkpoint] = options;
  f("seed", seed);
  f("epochs", epochs);
  f("batch", batch);
  f("optimiser", optimiser);
  f("learning-rate", learning_rate);
  f("final-learning-rate", final_learning_rate);
  f("momentum", momentum);
  f("weight-decay", weight_decay);
  f("hidden-dropout", hidden_dropout);
  f("max-shift", max_shift);
  f("max-rotation", max_rotation);
  f("max-scale", max_scale);
  f("shift-probability", shift_probability);
  f("teacher-weight", teacher_weight);
  f("temperature", temperature);
  f("validation-count", validation_count);
  f("train-limit", train_limit);
}

struct TrainReport {
  double loss = 0;              // mean over the last epoch
  double validation_error = 0;  // percent
  double seconds = 0;
};

// Trains in place. With `masks` pruned elements are and stay exactly zero: the retraining step of
// Deep Compression (Han 2016, section 2). Throws Error as infer_shapes(), and if data, options or
// masks do not fit; Stopped if that was requested (golden/base/stop.hpp).
TrainReport train(Network& network, const Dataset& data, const TrainOptions& options,
                  const ParameterMasks* masks = nullptr);

// train(), and Error if nothing was learnt: if the loss over training samples (2,000 of them at
// most) is no number, larger than before the first epoch, or no smaller than that of the best
// constant answer by a thousandth. Of less than 50 steps it is enough that it fell by a thousandth
// and that not all samples get the same answer. It says what to try.
TrainReport train_from_start(Network& network, const Dataset& data, const TrainOptions& options);

// How far the network is off (golden/base/score.hpp). All throw Error as infer_shapes(), and if
// data and network do not fit each other.
Score score(const Network& network, Samples samples, Targets targets, size_t count,
            unsigned threads = 0);
Score validation_score(const Network& network, const Dataset& data, uint32_t validation_count,
                       unsigned threads = 0);
Score test_score(const Network& network, const Dataset& data, unsigned threads = 0);
inline double error_percent(const Network& network, Samples samples, Targets targets, size_t count,
                            unsigned threads = 0) {
  return score(network, samples, targets, count, threads).percent();
}
inline double validation_error(const Network& network, const Dataset& data,
                               uint32_t validation_count, unsigned threads = 0) {
  return validation_score(network, data, validation_count, threads).percent();
}
inline double test_error(const Network& network, const Dataset& data, unsigned threads = 0) {
  return test_score(network, data, threads).percent();
}

// The network's outputs, samples x elements of its output, row-major as the inputs. Throws Error as
// infer_shapes().
std::vector<float> infer(const Network& network, const float* inputs, size_t samples,
                         unsigned threads = 0);

// Gradient of the mean loss over the samples, for checks: a network whose parameters are the
// derivatives of the loss by those of `network`. Returns the loss. Of the options, only those of
// distillation count.
double loss_gradient(const Network& network, Samples samples, Targets targets, size_t count,
                     Network& gradient, const TrainOptions& options = {});

// Untrained networks. LeNet-300-100 (LeCun 1998): fully connected, ReLU between. LeNet-5 as Caffe
// has it: 20 5x5 convolutions, 2x2 max pooling, 50 5x5 convolutions, 2x2 max pooling, 500 units
// with ReLU. Layers are named conv1, conv2, ip1, ip2, ip3. `image`: planes, rows and columns, the
// latter at least 16. Throw Error if sizes are too small.
Network make_lenet_300_100(size_t inputs, size_t outputs, uint64_t seed);
Network make_lenet_5(const std::array<size_t, 3>& image, size_t outputs, uint64_t seed);

// Weights of all layers as those of the networks above: normal with variance 2 / inputs (He 2015),
// biases 0.
void make_fresh(Network& network, uint64_t seed);

// Of targets that are numbers: biases of the last layer become the targets' means, and its weights
// are multiplied by their deviation, so that training begins near the best constant answer.
void fit_last_layer(Network& network, const Dataset& data);

// What of a recipe suits a data set. Without a wish numbers are trained by Adam, classes with
// momentum. Adam has its own batch and learning rate, numbers with momentum a tenth of the rate.
// Vectors and images of less than 16 pixels a side do not move.
void adapt(TrainOptions& options, const Dataset& data,
           const std::optional<OptimiserKind>& optimiser = {});

// Settings for these networks; docs/reference/deep-compression.md has what others reach. `epochs`
// and the other fields may be changed by the caller.
TrainOptions lenet_300_100_options();
TrainOptions lenet_5_options();

}  // namespace sparsys
