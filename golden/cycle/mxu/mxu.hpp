// SPDX-License-Identifier: Apache-2.0
// The matrix unit: all its modules joined (docs/reference/mxu-timing.md section 12).
#pragma once

#include "golden/cycle/mxu/activation.hpp"
#include "golden/cycle/mxu/array/accumulators.hpp"
#include "golden/cycle/mxu/array/array.hpp"
#include "golden/cycle/mxu/array/setup.hpp"
#include "golden/cycle/mxu/array/weights.hpp"
#include "golden/cycle/mxu/host.hpp"
#include "golden/cycle/mxu/matrix.hpp"
#include "golden/cycle/mxu/params.hpp"
#include "golden/cycle/mxu/sequencer.hpp"
#include "golden/cycle/mxu/unified_buffer.hpp"
#include "golden/engine/mxu/pins.hpp"

namespace sparsys::mxu {

// Its ports are the pins; rst_i is given with update().
class Mxu : public Inputs, public Outputs {
 public:
  // Throws Error if a parameter is out of range.
  explicit Mxu(const Config& config);
  // The units point into one another.
  Mxu(const Mxu&) = delete;
  Mxu& operator=(const Mxu&) = delete;

  Sequencer sequencer;
  Matrix matrix;
  Activation activation;
  Params params;
  HostIn host_in;
  HostOut host_out;
  WeightFetch weight_fetch;
  Weights weights;
  UnifiedBuffer unified_buffer;
  Setup setup;
  Array array;
  Accumulators accumulators;

  const Config& config() const { return config_; }

  void propagate();
  void update(bool rst);

 private:
  static const Config& checked(const Config& config) {
    check(config);
    return config;
  }
  void propagate_state();
  void propagate_sequencer();
  void propagate_matrix();
  void propagate_host();

  Config config_;
};

}  // namespace sparsys::mxu
