// SPDX-License-Identifier: Apache-2.0
// What the array of the matrix unit does with its time at full size, on the cycle model: fully
// connected layers of the shapes of MLP0 and MLP1 (Jouppi, ISCA 2017, table 1) with weights as TPU
// v1's memory gives them, and a product of matrices whose weights are there in time. Prints JSON:
// cycles, and what the performance counters say. Outputs are those of the functional model, or it
// fails.
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/random_mxu_network.hpp"

namespace {

using namespace sparsys;

// Notes the first and the last cycle in which the array gets a row.
class Watched final : public mxu::Device {
 public:
  explicit Watched(const mxu::Config& config) : device_(config) {}

  const mxu::Config& config() const override { return device_.config(); }
  mxu::Outputs clock(const mxu::Inputs& inputs) override {
    const mxu::Outputs outputs = device_.clock(inputs);
    ++cycle_;
    if (device_.model.matrix.row_valid_o != 0) {
      if (first_ == 0) first_ = cycle_;
      last_ = cycle_;
    }
    return outputs;
  }
  uint64_t span() const { return first_ == 0 ? 0 : last_ - first_ + 1; }

 private:
  mxu::CycleDevice device_;
  uint64_t cycle_ = 0;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
};

nlohmann::json measure(const char* name, const std::vector<uint32_t>& sizes, uint32_t batch,
                       double weight_bandwidth) {
  const mxu::Config config;
  const mxu::Network network = mxu::quantised_chain(sizes, 1);
  const mxu::Program program = compile(network, batch, config);
  std::vector<int8_t> inputs(batch * network.input_size());
  Random random(2);
  for (int8_t& value : inputs) value = static_cast<int8_t>(random.next());
  Watched device(config);
  mxu::DriverOptions options;
  options.weight_bandwidth = weight_bandwidth;
  mxu::Driver driver(device, options);
  if (driver.run(program, inputs) != run_batch(network, inputs)) {
    throw Error(std::string(name) + ": outputs are not those of the functional model");
  }
  uint64_t weights = 0;
  for (const mxu::Layer& layer : network.layers) weights += layer.weights.size();
  const mxu::Counters& c = driver.counters();
  return {{"name", name},
          {"layers", network.layers.size()},
          {"width", sizes.front()},
          {"weights", weights},
          {"batch", batch},
          {"bytes_per_cycle", weight_bandwidth},
          {"cycles", c.cycles},
          {"active", c.active},
          {"useful", c.useful},
          {"weight_stall", c.weight_stall},
          {"weight_shift", c.weight_shift},
          {"non_matrix", c.non_matrix},
          {"raw_stall", c.raw_stall},
          {"input_stall", c.input_stall},
          {"span", device.span()},
          {"cells", config.rows * config.cols}};
}

}  // namespace

int main() {
  try {
    // 34 GB/s at 700 MHz.
    constexpr double kBandwidth = 34e9 / 700e6;
    // The table has weights (20 and 5 million) and layers (5 and 4); layers of one width are ours.
    nlohmann::json result = nlohmann::json::array();
    result.push_back(measure("MLP0", {2000, 2000, 2000, 2000, 2000, 2000}, 200, kBandwidth));
    result.push_back(measure("MLP1", {1118, 1118, 1118, 1118, 1118}, 168, kBandwidth));
    result.push_back(measure("2048x1024 by 1024x1024", {1024, 1024}, 2048, 0));
    std::cout << result.dump(1) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "mxu_shares: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
