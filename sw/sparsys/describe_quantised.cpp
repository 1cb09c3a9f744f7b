// SPDX-License-Identifier: Apache-2.0
#include "golden/base/text.hpp"
#include "golden/format/model_file.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/describe.hpp"

namespace sparsys {

nlohmann::json describe(const mxu::Network& network) {
  check(network, "model '" + printable(network.name) + "'");
  nlohmann::json layers = nlohmann::json::array();
  uint64_t weights = 0;
  uint64_t products = 0;
  for (const mxu::Layer& layer : network.layers) {
    weights += layer.weights.size();
    products += layer.weights.size() * layer.conv_height() * layer.conv_width();
    layers.push_back({{"name", layer.name},
                      {"input", {layer.channels, layer.height, layer.width}},
                      {"output", {layer.outputs, layer.out_height(), layer.out_width()}},
                      {"kernel", layer.window.kernel},
                      {"stride", layer.window.stride},
                      {"pad", layer.window.pad},
                      {"fully_connected", layer.fully_connected()},
                      {"weights", layer.weights.size()},
                      {"function", to_string(layer.function)},
                      {"pooling", to_string(layer.pooling)},
                      {"pool_kernel", layer.pool.kernel},
                      {"pool_stride", layer.pool.stride},
                      {"pool_pad", layer.pool.pad},
                      {"input_scale", layer.input_scale},
                      {"input_zero", layer.input_zero},
                      {"output_scale", layer.output_scale},
                      {"output_zero", layer.output_zero}});
  }
  return {{"kind", to_string(ModelKind::kQuantised)},
          {"name", network.name},
          {"origin", network.origin},
          {"inputs", network.input_size()},
          {"outputs", network.output_size()},
          {"weights", weights},
          {"multiplications", products},
          {"layers", layers}};
}

}  // namespace sparsys
