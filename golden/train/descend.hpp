// SPDX-License-Identifier: Apache-2.0
// The descent loop that training, retraining and fine-tuning share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/thread_pool.hpp"
#include "golden/data/dataset.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// What to do with gradients of the mean loss of a batch. parameter() is called from several threads
// at once, but for disjoint parts of the network.
class Update {
 public:
  virtual ~Update() = default;
  // Before each batch; steps are counted from 0.
  virtual void begin_step(float rate, uint64_t step) = 0;
  // Elements first .. first + count - 1 of Network::parameters[parameter]. `first` is a multiple of
  // gradient_part(), `count` that number or, of the last part, what is left. May change just these
  // elements of the network.
  virtual void parameter(size_t parameter, size_t first, const float* gradient, size_t count) = 0;
  // After all parts of a batch, on one thread.
  virtual void finish_batch() {}
  // What changes as training goes besides the network's parameters (momentum, say), for
  // checkpoints. Its size does not change. set_state() finds the network's parameters set already.
  virtual std::vector<float> state() const = 0;
  virtual void set_state(const std::vector<float>& state) = 0;
  // Of what decides the result besides network, data, options and state (masks, say): a checkpoint
  // of another digest is one of another run.
  virtual uint64_t digest() const { return 0; }
};

// Elements of a parameter whose gradients are made and used at once: whole rows of its first
// dimension.
size_t gradient_part(const Parameter& parameter);

// Follows the gradient of `network`, which `update` changes, as options say. Throws Error if
// network, data and options do not fit each other, and Stopped if that was requested.
TrainReport descend(Network& network, const Dataset& data, const TrainOptions& options,
                    Update& update);

Score score(const Network& network, Samples samples, Targets targets, size_t count,
            ThreadPool& pool);

// Throws Error unless the network is sound and takes the data's samples, and has an output for each
// class or as many as targets have numbers.
void check_fits(const Network& network, const Dataset& data);

}  // namespace sparsys
