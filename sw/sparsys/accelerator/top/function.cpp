// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/top/function.hpp"

#include <chrono>
#include <cmath>
#include <optional>

#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"

namespace sparsys::top {
namespace {

class Functional final : public Accelerator {
 public:
  Functional(const Placed& placed, unsigned threads) : placed_(placed), threads_(threads) {
    if (placed.sparse) sparse_.emplace(*placed.sparse);
    if (placed.sparse && placed.matrix) conversion_ = placed.hand_over();
  }

  BatchRun run(Samples samples, size_t count) override {
    Inputs inputs = inputs_of(placed_, samples, count);
    const auto start = std::chrono::steady_clock::now();
    if (placed_.matrix) inputs.bytes = mxu::run_batch(*placed_.matrix, inputs.bytes, threads_);
    if (placed_.matrix && sparse_) {
      for (const int8_t byte : inputs.bytes) inputs.words.push_back(to_fixed(byte, conversion_));
    }
    if (sparse_) inputs.words = sparse_->run_batch(inputs.words, threads_);
    BatchRun run = sparse_ ? run_of(placed_, inputs.words) : run_of(placed_, inputs.bytes);
    run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return run;
  }

 private:
  const Placed& placed_;
  const unsigned threads_;
  std::optional<eie::FunctionalModel> sparse_;
  Conversion conversion_;
};

}  // namespace

std::unique_ptr<Accelerator> make_function(const Placed& placed, unsigned threads) {
  return std::make_unique<Functional>(placed, threads);
}

Inputs inputs_of(const Placed& placed, Samples samples, size_t count) {
  if (placed.matrix) return {mxu::image_inputs(*placed.matrix, samples, count), {}};
  return {{}, eie::image_inputs(*placed.sparse, samples, count)};
}

BatchRun run_of(const Placed& placed, const std::vector<int8_t>& bytes) {
  BatchRun run;
  run.outputs.assign(bytes.begin(), bytes.end());
  run.values = mxu::to_numbers(placed.matrix->value(placed.matrix->layers.size()), bytes);
  return run;
}

BatchRun run_of(const Placed& placed, const std::vector<int16_t>& words) {
  BatchRun run;
  run.outputs.assign(words.begin(), words.end());
  const int frac = placed.sparse->layers.back().output_frac;
  for (const int16_t y : words) {
    run.values.push_back(std::ldexp(static_cast<float>(y), -frac));
  }
  return run;
}

}  // namespace sparsys::top
