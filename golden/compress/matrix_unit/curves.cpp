// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/matrix_unit/curves.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/network/byte_table.hpp"

namespace sparsys {
namespace {

constexpr size_t kMostChannels = 65535;

mxu::ByteTable table_of(const Function& function, const mxu::Layer& layer) {
  mxu::ByteTable table{};
  for (int q = -128; q < 128; ++q) {
    const float x = layer.input_scale * static_cast<float>(q - layer.input_zero);
    float y = 0;
    apply(function, &x, &y, 1);
    // Where a function has no value nothing comes from.
    const double steps = std::isnan(y) ? 0 : round_half_up(double{y} / double{layer.output_scale});
    table[static_cast<size_t>(q + 128)] =
        static_cast<int8_t>(std::clamp<double>(steps + layer.output_zero, layer.low, layer.high));
  }
  return table;
}

}  // namespace

void curves_as_tables(std::vector<FloatLayer>& layers) {
  std::vector<FloatLayer> made;
  std::vector<uint32_t> number_of{0};  // of values, as they are now
  for (size_t l = 0; l < layers.size(); ++l) {
    FloatLayer& fused = layers[l];
    std::vector<uint32_t> sources = fused.layer.sources;
    if (sources.empty()) sources = {static_cast<uint32_t>(l)};
    for (uint32_t& source : sources) source = number_of[source];
    const bool is_chain = sources.size() == 1 && sources[0] == made.size();
    if (is_chain) sources.clear();
    if (fused.curves.empty()) {
      fused.layer.sources = std::move(sources);
      made.push_back(std::move(fused));
    } else {
      const mxu::Layer& layer = fused.layer;
      std::vector<mxu::ByteTable> tables;
      for (const Function& curve : fused.curves) tables.push_back(table_of(curve, layer));
      const mxu::Value from{layer.channels, layer.height, layer.width, layer.input_scale,
                            layer.input_zero};
      mxu::Value to = from;
      to.scale = layer.output_scale;
      to.zero = layer.output_zero;
      auto [knots, sum] = mxu::table_layers(from, tables, to);
      if (knots.outputs > kMostChannels) {
        throw Error("layer '" + printable(layer.name) + "': its function takes " +
                    number(knots.outputs) + " channels on the matrix unit, expected at most " +
                    number(kMostChannels));
      }
      knots.name = layer.name + " (knots)";
      sum.name = layer.name;
      knots.sources = std::move(sources);
      made.emplace_back().layer = std::move(knots);
      made.emplace_back().layer = std::move(sum);
    }
    number_of.push_back(static_cast<uint32_t>(made.size()));
  }
  layers = std::move(made);
}

}  // namespace sparsys
