// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/format/stored_network.hpp"

namespace sparsys {
namespace {

unsigned bits_for(uint64_t values) {
  unsigned bits = 0;
  while (values > uint64_t{1} << bits) ++bits;
  return bits;
}

uint64_t nonzeros_of(const Parameter& parameter, const SharedParameter& shared) {
  if (!shared.shared()) {
    return static_cast<uint64_t>(std::count_if(parameter.values.begin(), parameter.values.end(),
                                               [](float value) { return value != 0; }));
  }
  return static_cast<uint64_t>(std::count_if(shared.code.begin(), shared.code.end(),
                                             [&](uint8_t c) { return shared.codebook[c] != 0; }));
}

const char* form_name(uint8_t form) {
  switch (form) {
    case kRaw:
      return "float32";
    case kSparse:
      return "sparse float32";
    case kDense:
      return "codes";
    case kRows:
      return "entries by rows";
    default:
      return "entries by columns";
  }
}

// Of an arithmetic stream.
void add_arithmetic(const SharedParameter& shared, const ParameterPlan& stored,
                    StoredLayerReport& report) {
  report.form = stored.form == kRaw      ? "arithmetic floats"
                : stored.path.by_columns ? "arithmetic columns"
                                         : "arithmetic rows";
  if (stored.form == kRaw) {
    report.code_bytes = stored.bytes;
    report.weight_bits_huffman =
        8.0 * static_cast<double>(stored.bytes) / static_cast<double>(report.weights);
    return;
  }
  report.entries -=
      static_cast<uint64_t>(std::count(shared.code.begin(), shared.code.end(), uint8_t{0}));
  report.codebook_bytes = stored.head_bytes;
  report.code_bytes = static_cast<uint64_t>(stored.bits.values / 8);
  report.index_bytes = static_cast<uint64_t>(stored.bits.places / 8);
  report.weight_bits = bits_for(shared.codebook.size());
  const auto entries = static_cast<double>(std::max<uint64_t>(1, report.entries));
  report.weight_bits_huffman = stored.bits.values / entries;
  report.index_bits_huffman = stored.bits.places / entries;
}

// What the weights of a layer, or a parameter of no layer, take.
StoredLayerReport report_weights(const SharedNetwork& network,
                                 const std::vector<ParameterPlan>& plan, size_t weights) {
  const Parameter& parameter = network.network.parameters[weights];
  const SharedParameter& shared = network.parameters[weights];
  const ParameterPlan& stored = plan[weights];
  StoredLayerReport report;
  report.name = parameter.name;
  report.form = form_name(stored.form);
  report.weights = static_cast<uint64_t>(element_count(parameter.shape));
  report.density_pct = 100.0 * static_cast<double>(nonzeros_of(parameter, shared)) /
                       static_cast<double>(report.weights);
  report.stored_bytes = stored.head_bytes + stored.bytes;
  report.entries = report.weights;
  report.weight_bits = report.weight_bits_huffman = 32;
  if (stored.arithmetic) {
    add_arithmetic(shared, stored, report);
    return report;
  }
  if (stored.form == kRaw || stored.form == kSparse) return report;
  report.codebook_bytes = 4 * uint64_t{shared.codebook.size()};
  if (begins_with_zero(shared)) report.codebook_bytes -= 4;
  const bool dense = stored.form == kDense;
  const StreamPlan& codes = dense ? stored.codes : stored.entries.codes;
  report.code_bytes = codes.bytes;
  report.table_bits = codes.table_bits;
  report.weight_bits = bits_for(shared.codebook.size());
  if (!dense) {
    report.entries = stored.entries.entries;
    report.padding = stored.entries.padding;
    report.index_bits = stored.entries.index_bits;
    report.index_bytes = stored.entries.indices.bytes;
    report.table_bits += stored.entries.indices.table_bits;
  }
  const auto per_entry = [&](uint64_t bytes) {
    return report.entries == 0
               ? 0
               : 8.0 * static_cast<double>(bytes) / static_cast<double>(report.entries);
  };
  report.weight_bits_huffman = per_entry(report.code_bytes);
  report.index_bits_huffman = per_entry(report.index_bytes);
  return report;
}

}  // namespace

void add_rows(const SharedNetwork& network, const std::vector<ParameterPlan>& plan,
              StoredReport& report) {
  std::vector<bool> counted(network.parameters.size());
  for (const Layer& layer : layers(network.network, true)) {
    if (counted[layer.weights]) continue;
    counted[layer.weights] = true;
    StoredLayerReport row = report_weights(network, plan, layer.weights);
    row.name = layer.name;
    if (layer.bias >= 0 && !counted[static_cast<size_t>(layer.bias)]) {
      const auto bias = static_cast<size_t>(layer.bias);
      counted[bias] = true;
      row.biases = static_cast<uint64_t>(element_count(network.network.parameters[bias].shape));
      row.bias_bytes = plan[bias].head_bytes + plan[bias].bytes;
      row.stored_bytes += row.bias_bytes;
    }
    report.layers.push_back(std::move(row));
  }
  for (size_t p = 0; p < counted.size(); ++p) {
    if (!counted[p]) report.layers.push_back(report_weights(network, plan, p));
  }
}

}  // namespace sparsys
