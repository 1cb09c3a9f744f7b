// SPDX-License-Identifier: Apache-2.0
// Loss of a batch, and the gradient that an Update gets of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "golden/base/thread_pool.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/graph.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Of targets that are numbers the loss is the halved sum of squared errors, divided by `variance`,
// the mean variance of targets, and by `balance`.
//
// The last layer's gradient is multiplied by the same again, if nothing but additions is behind it:
// that is descent on a network whose targets have variance 1, whose last weights are as much
// smaller, and where each output has the learning rate that it had alone.
struct NumbersLoss {
  double variance = 1;
  double balance = 1;
};

class Backprop {
 public:
  // `targets`: of all samples that indices of run() name.
  Backprop(const Network& network, Targets targets, size_t max_batch, const TrainOptions& options,
           const NumbersLoss& numbers, ThreadPool& pool);

  // load(first, count, tape) writes samples of the batch as input; index(i) is the number of sample
  // i in the targets. Returns the batch's summed loss.
  using Load = std::function<void(size_t first, size_t count, Tape& tape)>;
  using Index = std::function<size_t(size_t i)>;
  double run(size_t count, uint64_t stream, const Load& load, const Index& index, Update& update);

 private:
  struct Part {
    size_t parameter;
    size_t first;
    size_t count;
  };

  // Loss of a shard; its gradient, times `scale`, goes to the tape.
  double loss(size_t shard, size_t first, float scale, const Index& index);
  double loss_of_numbers(size_t shard, size_t first, float scale, const Index& index);
  // The teacher's outputs for the samples of a shard's tape.
  Tape& teach(size_t shard);
  void find_factors(const NumbersLoss& numbers);

  const Network& network_;
  const Targets targets_;
  const TrainOptions& options_;
  const NumbersLoss numbers_;
  ThreadPool& pool_;
  const Graph graph_;
  std::unique_ptr<Graph> teacher_;
  size_t shard_ = 0;
  std::vector<std::unique_ptr<Tape>> tapes_;          // per shard
  std::vector<std::unique_ptr<Tape>> teacher_tapes_;  // per shard
  std::vector<double> shard_loss_;
  std::vector<Part> parts_;
  std::vector<float> factors_;  // of gradients, per parameter
};

}  // namespace sparsys
