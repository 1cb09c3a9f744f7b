// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/placement/roofline.hpp"

#include <algorithm>
#include <limits>

#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/weight_stream.hpp"

namespace sparsys::top {

const char* to_string(Engine engine) { return engine == Engine::kMatrix ? "mxu" : "eie"; }

double LayerLoad::intensity() const {
  if (bytes == 0) return std::numeric_limits<double>::infinity();
  return static_cast<double>(operations) / static_cast<double>(bytes);
}

double LayerLoad::attainable() const { return std::min(peak, intensity() * bus); }

double LayerLoad::cycles() const {
  return std::max(static_cast<double>(operations) / peak, static_cast<double>(bytes) / bus);
}

double peak(Engine engine, const Config& config) {
  if (engine == Engine::kMatrix) return double(config.mxu.rows) * config.mxu.cols;
  return double(config.eie.n_pe) * config.eie.lanes;
}

double bus_bytes(const Config& config) { return config.axi_bytes; }

std::vector<LayerLoad> layer_loads(const Placed& placed, uint32_t batch, const Config& config) {
  std::vector<LayerLoad> loads;
  const auto add = [&](const std::string& name, Engine engine, uint64_t operations) {
    loads.push_back({name, engine, operations * batch, 0, peak(engine, config), bus_bytes(config)});
  };
  const uint64_t in = placed.matrix ? placed.input_size() : 2 * placed.input_size();
  const uint64_t out = placed.sparse ? 2 * placed.output_size() : placed.output_size();
  if (placed.matrix) {
    const std::vector<mxu::WeightFigures> weights = mxu::weight_figures(*placed.matrix, config.mxu);
    const uint32_t beat = mxu::StreamShape(config.mxu).beat_bytes();
    for (size_t l = 0; l < placed.matrix->layers.size(); ++l) {
      const mxu::Layer& layer = placed.matrix->layers[l];
      if (layer.kind == mxu::Kind::kConcat || layer.kind == mxu::Kind::kReshape) continue;
      const uint64_t sums = uint64_t{layer.outputs} * layer.conv_height() * layer.conv_width();
      add(layer.name, Engine::kMatrix,
          sums * (layer.kind == mxu::Kind::kConvolution ? layer.terms() : 1));
      // Every weight comes once an inference; so does a set of parameters, nine bytes an output.
      loads.back().bytes = weights[l].stream.beats * beat + 9 * layer.factors();
    }
    if (placed.sparse) loads.back().bytes += batch * placed.matrix->output_size();
  }
  if (placed.sparse) {
    const size_t first = loads.size();
    for (const eie::Layer& layer : placed.sparse->layers) {
      add(layer.name, Engine::kSparse, layer.row.size());
    }
    if (placed.matrix) loads[first].bytes += batch * placed.sparse->input_size();
  }
  loads.front().bytes += batch * in;
  loads.back().bytes += batch * out;
  return loads;
}

double cycles_of(const std::vector<LayerLoad>& loads) {
  double cycles[2] = {};
  for (const LayerLoad& load : loads) cycles[static_cast<size_t>(load.engine)] += load.cycles();
  return std::max(cycles[0], cycles[1]);
}

}  // namespace sparsys::top
