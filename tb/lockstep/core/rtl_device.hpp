// SPDX-License-Identifier: Apache-2.0
// What the Verilated engines have in common: a clock in two halves, and where their libraries
// (cmake/verilate.cmake) enter themselves at start-up.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "golden/base/error.hpp"

class VerilatedContext;

namespace sparsys {

template <class Device, class InputPins, class OutputPins>
class RtlDevice : public Device {
 public:
  // clock() in two halves, for the lockstep: settle() applies the inputs and returns the outputs
  // before the edge, edge() takes the rising edge.
  virtual OutputPins settle(const InputPins& inputs) = 0;
  virtual void edge() = 0;
  virtual VerilatedContext& context() = 0;

  OutputPins clock(const InputPins& inputs) final {
    const OutputPins outputs = settle(inputs);
    edge();
    return outputs;
  }
};

// Of a Verilated library: verilating and compiling (cmake/build_time.py). All 0 if it was not
// measured.
struct BuildTime {
  double elapsed = 0;    // seconds
  double processor = 0;  // seconds
  bool cached = false;   // ccache had the compiler's result
};

template <class Parameters, class Rtl>
struct RtlMaker {
  Parameters config;
  std::unique_ptr<Rtl> (*make)();
  BuildTime build_time;
};

// The one whose describe() is that of `config`. Throws Error listing those there are: "RTL: no
// Verilated `what` with ...".
template <class Parameters, class Rtl>
const RtlMaker<Parameters, Rtl>& find_registered(
    const std::vector<RtlMaker<Parameters, Rtl>>& makers, const Parameters& config,
    const std::string& what, std::string (*describe)(const Parameters&)) {
  std::string known;
  for (const RtlMaker<Parameters, Rtl>& maker : makers) {
    if (describe(maker.config) == describe(config)) return maker;
    known += (known.empty() ? "" : ", ") + describe(maker.config);
  }
  throw Error("RTL: no Verilated " + what + " with " + describe(config) +
              " is built into this program; there are: " + (known.empty() ? "none" : known));
}

}  // namespace sparsys
