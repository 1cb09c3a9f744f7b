// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/placement/measure.hpp"

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "sw/sparsys/accelerator/top/function.hpp"

namespace sparsys::top {
namespace {

uint64_t matrix_cycles(const mxu::Network& network, uint32_t batch, const Config& config,
                       const std::vector<int8_t>& inputs) {
  mxu::CycleDevice device(config.mxu);
  mxu::DriverOptions options;
  options.weight_bandwidth = config.axi_bytes;
  mxu::Driver driver(device, options);
  driver.run(mxu::compile(network, batch, config.mxu), inputs);
  return driver.counters().cycles;
}

// Of a layer by itself, whose cycles do not depend on values.
uint64_t layer_cycles(mxu::Layer layer, uint32_t batch, const Config& config) {
  Random random(1);
  std::vector<int8_t> inputs(batch * layer.inputs());
  for (int8_t& byte : inputs) byte = static_cast<int8_t>(random.next());
  mxu::Network network;
  network.name = layer.name;
  layer.sources.clear();
  network.layers.push_back(std::move(layer));
  return matrix_cycles(network, batch, config, inputs);
}

}  // namespace

Measured measure(const Placed& placed, uint32_t batch, const Config& config, Samples samples) {
  Measured measured;
  Inputs inputs = inputs_of(placed, samples, batch);
  if (placed.matrix) {
    measured.matrix = matrix_cycles(*placed.matrix, batch, config, inputs.bytes);
    for (const mxu::Layer& layer : placed.matrix->layers) {
      if (layer.kind == mxu::Kind::kConcat || layer.kind == mxu::Kind::kReshape) continue;
      measured.layers.emplace_back();
      if (layer.kind != mxu::Kind::kAdd) {
        measured.layers.back() = layer_cycles(layer, batch, config);
      }
    }
  }
  if (!placed.sparse) return measured;
  if (placed.matrix) {
    const Conversion conversion = placed.hand_over();
    for (const int8_t byte : mxu::run_batch(*placed.matrix, inputs.bytes)) {
      inputs.words.push_back(to_fixed(byte, conversion));
    }
  }
  const eie::Image image = eie::build_image(*placed.sparse, config.eie, eie::Rows::kOutputsInOrder);
  eie::CycleDevice device(config.eie);
  eie::Driver driver(device);
  driver.reset();
  driver.put(image);
  const size_t first_layer = measured.layers.size();
  measured.layers.resize(first_layer + image.layers.size(), 0);
  const auto size = static_cast<ptrdiff_t>(placed.sparse->input_size());
  for (uint32_t b = 0; b < batch; ++b) {
    std::vector<int16_t> vector(inputs.words.begin() + b * size,
                                inputs.words.begin() + (b + 1) * size);
    vector.insert(vector.end(), image.input_constants.begin(), image.input_constants.end());
    driver.write_vector(image.input.in_ram ? eie::Space::kActRam : eie::Space::kSource,
                        image.input.ram_row, vector);
    uint32_t pass = 0;
    for (size_t l = 0; l < image.layers.size(); ++l) {
      const uint64_t cycles =
          driver.run_list(pass, image.layers[l].passes, eie::Driver::cycle_bound(image));
      pass += image.layers[l].passes;
      *measured.layers[first_layer + l] += cycles;
      measured.sparse += cycles;
    }
  }
  return measured;
}

}  // namespace sparsys::top
