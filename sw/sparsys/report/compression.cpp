// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/compression.hpp"

#include "golden/base/text.hpp"
#include "sw/sparsys/report/paper_figures.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

std::string short_name(const json& layer) {
  const std::string text = printable(layer["name"].get<std::string>());
  return text.empty() ? "-" : text;
}

}  // namespace

json describe(const StoredReport& report) {
  json rows = json::array();
  for (const StoredLayerReport& layer : report.layers) {
    rows.push_back({{"name", layer.name},
                    {"form", layer.form},
                    {"weights", layer.weights},
                    {"biases", layer.biases},
                    {"density_pct", layer.density_pct},
                    {"entries", layer.entries},
                    {"padding", layer.padding},
                    {"weight_bits", layer.weight_bits},
                    {"weight_bits_huffman", layer.weight_bits_huffman},
                    {"index_bits", layer.index_bits},
                    {"index_bits_huffman", layer.index_bits_huffman},
                    {"stored_bytes", layer.stored_bytes},
                    {"code_bytes", layer.code_bytes},
                    {"index_bytes", layer.index_bytes},
                    {"table_bits", layer.table_bits},
                    {"codebook_bytes", layer.codebook_bytes},
                    {"bias_bytes", layer.bias_bytes}});
  }
  return {{"original_bytes", report.original_bytes},
          {"stored_bytes", report.stored_bytes},
          {"ratio", report.ratio()},
          {"layers", std::move(rows)}};
}

void print_stored(std::ostream& out, const json& report) {
  Table table("lrrrrrrrrrl");
  table.add({"layer", "weights", "density", "entries", "padding", "weight bits", "Huffman",
             "index bits", "Huffman", "bytes", "stored as"});
  uint64_t rest = report["stored_bytes"].get<uint64_t>();
  for (const json& layer : report["layers"]) {
    table.add({short_name(layer), grouped(layer["weights"]), percent_text(layer["density_pct"]),
               grouped(layer["entries"]), grouped(layer["padding"]), fixed(layer["weight_bits"], 0),
               fixed(layer["weight_bits_huffman"], 2), fixed(layer["index_bits"], 0),
               fixed(layer["index_bits_huffman"], 2), grouped(layer["stored_bytes"]),
               layer["form"].get<std::string>()});
    rest -= layer["stored_bytes"].get<uint64_t>();
  }
  table.add({"header", "", "", "", "", "", "", "", "", grouped(rest)});
  table.print(out);
  out << "  " << grouped(report["original_bytes"])
      << " bytes of 32-bit weights and biases, stored in " << grouped(report["stored_bytes"])
      << " bytes: " << fixed(report["ratio"], 2) << " times smaller\n";
}

void print_beside_paper(std::ostream& out, const json& report, const std::string& name) {
  const PaperNetwork* paper = paper_figures(name);
  if (paper != nullptr && paper->layers.size() != report["layers"].size()) paper = nullptr;
  Table table("lrrrrrrr");
  table.add({"layer", "weights", "density %", "bits a weight", "Huffman", "bits an index",
             "Huffman", "size %"});
  for (size_t l = 0; l < report["layers"].size(); ++l) {
    const json& layer = report["layers"][l];
    const auto figure = [&](double ours, double PaperLayer::*theirs) {
      return fixed(ours, 2) +
             (paper == nullptr ? "" : " (" + fixed(paper->layers[l].*theirs, 2) + ")");
    };
    const double floats = 4 * (layer["weights"].get<double>() + layer["biases"].get<double>());
    table.add({short_name(layer), grouped(layer["weights"]),
               figure(layer["density_pct"], &PaperLayer::density_pct),
               figure(layer["weight_bits"], &PaperLayer::weight_bits),
               figure(layer["weight_bits_huffman"], &PaperLayer::weight_bits_huffman),
               figure(layer["index_bits"], &PaperLayer::index_bits),
               figure(layer["index_bits_huffman"], &PaperLayer::index_bits_huffman),
               figure(100 * layer["stored_bytes"].get<double>() / floats, &PaperLayer::rate_pct)});
  }
  table.print(out);
  if (paper != nullptr) {
    out << "  in brackets: Deep Compression, Han 2016, tables 2 and 3; there "
        << fixed(paper->ratio, 0) << " times smaller, test error "
        << fixed(paper->float_error_pct, 2) << " -> " << percent_text(paper->compressed_error_pct)
        << '\n';
  }
}

json describe(const DeepCompressionReport& report) {
  json steps = json::array();
  for (const CompressionStep& step : report.steps) {
    json densities = json::array();
    for (const double density : step.layer_densities) densities.push_back(100 * density);
    json error = nullptr;
    if (step.validation_error >= 0) error = step.validation_error;
    steps.push_back({{"name", step.name},
                     {"density_pct", 100 * step.density},
                     {"layer_density_pct", densities},
                     {"validation_error_pct", error},
                     {"seconds", step.seconds}});
    if (step.tried_error >= 0) {
      steps.back()["kept"] = false;
      steps.back()["tried_validation_error_pct"] = step.tried_error;
    }
  }
  return steps;
}

void print_steps(std::ostream& out, const DeepCompressionReport& report) {
  Table table("lrrlr");
  table.add({"step", "validation error", "weights kept", "per layer", "seconds"});
  for (const CompressionStep& step : report.steps) {
    std::string densities;
    for (const double density : step.layer_densities) {
      densities += (densities.empty() ? "" : " ") + fixed(100 * density, 1);
    }
    table.add({step.name, step.validation_error < 0 ? "-" : percent_text(step.validation_error),
               percent_text(100 * step.density), densities, fixed(step.seconds, 1)});
  }
  table.print(out);
  for (const CompressionStep& step : report.steps) {
    if (step.tried_error < 0) continue;
    out << "  " << step.name << ": training came to " << percent_text(step.tried_error)
        << ", worse than its start, which is kept\n";
  }
}

json describe(const std::vector<FixedPointLayerReport>& report) {
  json rows = json::array();
  for (const FixedPointLayerReport& layer : report) {
    rows.push_back({{"name", layer.name},
                    {"constants", layer.constants},
                    {"codes_merged", layer.codes_merged},
                    {"largest_bias", layer.largest_bias},
                    {"largest_bias_error", layer.largest_bias_error},
                    {"bias_error_pct", 100 * layer.bias_loss()},
                    {"largest_output", layer.largest_output},
                    {"largest_output_error", layer.largest_output_error},
                    {"output_error_pct", 100 * layer.output_loss()},
                    {"outputs", layer.outputs},
                    {"saturated_outputs", layer.saturated},
                    {"accumulator_saturated", layer.accumulator_saturated},
                    {"accumulator_is_safe", layer.accumulator_is_safe_for_all_inputs}});
  }
  return rows;
}

void print_fixed_point(std::ostream& out, const std::vector<FixedPointLayerReport>& report) {
  Table table("lrrrrrl");
  table.add({"16-bit layer", "constants", "values merged", "largest bias error",
             "largest output error", "saturated", "accumulator"});
  const auto of_output = [](double share) { return fixed(100 * share, 3) + " %"; };
  for (const FixedPointLayerReport& layer : report) {
    table.add({printable(layer.name, 16), std::to_string(layer.constants),
               std::to_string(layer.codes_merged), of_output(layer.bias_loss()),
               of_output(layer.output_loss()), share_text(layer.saturated, layer.outputs),
               layer.accumulator_saturated                ? "SATURATES"
               : layer.accumulator_is_safe_for_all_inputs ? "never saturates"
                                                          : "not on the sample"});
  }
  table.print(out);
  out << "  errors are of the layer's largest output, on the sample that chose the radix points\n";
}

}  // namespace sparsys
