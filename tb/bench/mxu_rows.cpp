// SPDX-License-Identifier: Apache-2.0
// Confirms what mxu_shares measures on the cycle model: of each of the TPU paper's fully connected
// networks the first layer, at one density, on the Verilated matrix unit of 256 x 256 in lockstep
// with the cycle model, and on the cycle model by itself. Prints JSON: cycles and counters of both,
// and what was compared. Outputs are those of the functional model, or it fails; so it does at the
// first signal that differs.
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/bench/mxu_counters.hpp"
#include "tb/bench/paper_networks.hpp"
#include "tb/lockstep/mxu/lockstep.hpp"

namespace {

using namespace sparsys;

constexpr uint32_t kDensityPct = 10;

// One layer's run: what the program's batch gives, and the unit's counters behind it.
struct Run {
  std::vector<int8_t> outputs;
  mxu::Counters counters;
};

Run run(mxu::Device& device, const mxu::Program& program, const std::vector<int8_t>& inputs) {
  mxu::DriverOptions options;
  options.weight_bandwidth = mxu::kPaperBandwidth;
  mxu::Driver driver(device, options);
  std::vector<int8_t> outputs = driver.run(program, inputs);
  return {std::move(outputs), driver.counters()};
}

nlohmann::json confirm(mxu::PaperShape shape) {
  const mxu::Config config;
  shape.layers = 1;
  const mxu::Network network = mxu::paper_network(shape, kDensityPct);
  const mxu::Program program = compile(network, shape.batch, config);
  const std::vector<int8_t> inputs = mxu::paper_inputs(shape, network);
  const std::vector<int8_t> expected = run_batch(network, inputs);

  mxu::CycleDevice model(config);
  const Run modelled = run(model, program, inputs);
  mxu::Lockstep lockstep(config);
  const Run real = run(lockstep, program, inputs);
  lockstep.finish();
  if (real.outputs != expected || modelled.outputs != expected) {
    throw Error(std::string(shape.name) + ": outputs are not those of the functional model");
  }
  return {{"name", shape.name},
          {"density_pct", kDensityPct},
          {"layers", shape.layers},
          {"rtl", real.counters},
          {"cycle_model", modelled.counters},
          {"outputs", real.outputs.size()},
          {"signals_per_cycle", lockstep.signals_per_cycle()},
          {"checked_cycles", lockstep.checked_cycles()},
          {"mismatched_signals", lockstep.mismatched_signals()}};
}

}  // namespace

int main() {
  try {
    nlohmann::json rows = nlohmann::json::array();
    for (const mxu::PaperShape& shape : mxu::kPaperShapes) {
      if (shape.side == 1) rows.push_back(confirm(shape));
    }
    std::cout << rows.dump(1) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "mxu_rows: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
