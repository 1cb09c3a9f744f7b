// SPDX-License-Identifier: Apache-2.0
// What the array of the matrix unit does with its time at full size, on the cycle model: layers of
// the shapes of the TPU paper's networks (Jouppi, ISCA 2017, table 1), dense and with weights left
// out, with weight memory as TPU v1's, and a product of matrices whose weights are there in time.
// Prints JSON: cycles, and what the performance counters say. Outputs are those of the functional
// model, or it fails.
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/bench/mxu_counters.hpp"
#include "tb/bench/paper_networks.hpp"

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

nlohmann::json measure(const mxu::PaperShape& shape, uint32_t density_pct,
                       double weight_bandwidth) {
  const mxu::Config config;
  const mxu::Network network = mxu::paper_network(shape, density_pct);
  const mxu::Program program = compile(network, shape.batch, config);
  const std::vector<int8_t> inputs = mxu::paper_inputs(shape, network);
  Watched device(config);
  mxu::DriverOptions options;
  options.weight_bandwidth = weight_bandwidth;
  mxu::Driver driver(device, options);
  if (driver.run(program, inputs) != run_batch(network, inputs)) {
    throw Error(std::string(shape.name) + ": outputs are not those of the functional model");
  }
  uint64_t weights = 0;
  for (const mxu::Layer& layer : network.layers) weights += layer.weights.size();
  mxu::StreamFigures stream;
  for (const mxu::WeightFigures& layer : program.layers) {
    stream.tiles += layer.stream.tiles;
    stream.longest += layer.stream.longest;
    stream.mean += layer.stream.mean;
  }
  const auto tiles = static_cast<double>(stream.tiles);
  nlohmann::json row = driver.counters();
  row.update({{"name", shape.name},
              {"density_pct", density_pct},
              {"layers", network.layers.size()},
              {"width", shape.width},
              {"weights", weights},
              {"batch", shape.batch},
              {"bytes_per_cycle", weight_bandwidth},
              {"tile_bytes", static_cast<double>(program.weights.size()) / tiles},
              {"longest_bus_entries", static_cast<double>(stream.longest) / tiles},
              {"longest_over_mean_bus", static_cast<double>(stream.longest) / stream.mean},
              {"span", device.span()},
              {"cells", config.rows * config.cols}});
  return row;
}

}  // namespace

int main() {
  try {
    struct Run {
      mxu::PaperShape shape;
      uint32_t density_pct;
      double bandwidth;
    };
    std::vector<Run> runs;
    for (const mxu::PaperShape& shape : mxu::kPaperShapes) {
      for (const uint32_t density_pct : {100U, 10U, 5U}) {
        runs.push_back({shape, density_pct, mxu::kPaperBandwidth});
      }
    }
    runs.push_back({{"2048x1024 by 1024x1024", 1, 1024, 2048}, 100, 0});
    std::vector<nlohmann::json> result(runs.size());
    ThreadPool().run(runs.size(), [&](size_t n) {
      result[n] = measure(runs[n].shape, runs[n].density_pct, runs[n].bandwidth);
    });
    std::cout << nlohmann::json(result).dump(1) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "mxu_shares: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
