// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/pace.hpp"
#include "golden/format/model_file.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {

nlohmann::json describe(const mxu::Network& network) {
  check(network, "model '" + printable(network.name) + "'");
  nlohmann::json layers = nlohmann::json::array();
  uint64_t weights = 0;
  uint64_t products = 0;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const mxu::Layer& layer = network.layers[l];
    weights += layer.weights.size();
    products += layer.weights.size() * layer.conv_height() * layer.conv_width();
    layers.push_back({{"name", layer.name},
                      {"kind", to_string(layer.kind)},
                      {"sources", network.sources_of(l)},
                      {"input", {layer.channels, layer.height, layer.width}},
                      {"output", {layer.outputs, layer.out_height(), layer.out_width()}},
                      {"kernel", layer.window.kernel},
                      {"stride", layer.window.stride},
                      {"pad", layer.window.pad},
                      {"dilation", layer.window.dilation},
                      {"apart", layer.apart},
                      {"groups", layer.groups},
                      {"fully_connected", layer.fully_connected()},
                      {"rounding", to_string(layer.rounding)},
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
          {"pixel_scale", network.pixel_scale},
          {"pixel_offset", network.pixel_offset},
          {"weights", weights},
          {"multiplications", products},
          {"layers", layers}};
}

namespace {

// The batch of which it is told how many are kept on a tile: that of `run`, or of large maps as
// many images as make a program of moderate length.
uint32_t batch_of(const mxu::Network& network) {
  constexpr uint32_t kBatch = 256;
  constexpr uint32_t kRows = 1 << 16;
  uint32_t pixels = 1;
  for (const mxu::Layer& layer : network.layers) {
    pixels = std::max(pixels, layer.conv_height() * layer.conv_width());
  }
  return std::max(1U, std::min(kBatch, kRows / pixels));
}

}  // namespace

nlohmann::json describe(const mxu::Network& network, const mxu::Config& config) {
  nlohmann::json description = describe(network);
  nlohmann::json& memory = description["weight_memory"];
  memory = {{"array", {config.rows, config.cols}}};
  try {
    const std::vector<mxu::WeightFigures> figures = weight_figures(network, config);
    const uint64_t beat_bytes = mxu::StreamShape(config).beat_bytes();
    nlohmann::json layers = nlohmann::json::array();
    uint64_t all = 0;
    for (size_t l = 0; l < figures.size(); ++l) {
      const mxu::StreamFigures& stream = figures[l].stream;
      if (stream.tiles == 0) continue;
      const auto tiles = static_cast<double>(stream.tiles);
      const uint64_t bytes = stream.beats * beat_bytes;
      all += bytes;
      layers.push_back(
          {{"name", network.layers[l].name},
           {"form", figures[l].coded ? "entries" : "bytes"},
           {"tiles", stream.tiles},
           {"bytes", bytes},
           {"bytes_a_tile", static_cast<double>(bytes) / tiles},
           {"entries", stream.values + stream.fillers},
           {"fillers", stream.fillers},
           {"padding", stream.padding},
           {"longest_bus", static_cast<double>(stream.longest) / tiles},
           {"longest_over_mean",
            stream.mean > 0 ? static_cast<double>(stream.longest) / stream.mean : 1.0}});
    }
    const uint32_t batch = batch_of(network);
    memory["batch"] = batch;
    memory["keep"] = mxu::batches_to_keep(network, batch, config, 0);
    memory["fits"] = true;
    memory["bytes"] = all;
    memory["layers"] = layers;
  } catch (const Error& error) {
    memory["fits"] = false;
    memory["error"] = error.what();
  }
  return description;
}

namespace {

void print_weight_memory(std::ostream& out, const nlohmann::json& memory) {
  const std::string array = std::to_string(memory["array"][0].get<uint32_t>()) + "x" +
                            std::to_string(memory["array"][1].get<uint32_t>());
  if (!memory["fits"].get<bool>()) {
    out << "\ndoes not fit the matrix unit of " << array << ": "
        << memory["error"].get<std::string>() << '\n';
    return;
  }
  out << "\nweight memory of " << array << ": " << grouped(memory["bytes"].get<uint64_t>())
      << " bytes; a bus brings an entry a cycle\n";
  Table table("llrrrrrrr");
  table.add({"layer", "as", "tiles", "bytes a tile", "entries", "fillers", "padding", "longest bus",
             "over mean"});
  for (const nlohmann::json& layer : memory["layers"]) {
    table.add({printable(layer["name"].get<std::string>(), 40), layer["form"],
               grouped(layer["tiles"].get<uint64_t>()), fixed(layer["bytes_a_tile"], 0),
               grouped(layer["entries"].get<uint64_t>()), grouped(layer["fillers"].get<uint64_t>()),
               grouped(layer["padding"].get<uint64_t>()), fixed(layer["longest_bus"], 1),
               fixed(layer["longest_over_mean"], 2)});
  }
  table.print(out);
  out << "batches of " << memory["batch"].get<uint32_t>() << ": " << memory["keep"].get<uint32_t>()
      << " through a tile before the next, at a beat of weights a cycle\n";
}

}  // namespace

void print_quantised(std::ostream& out, const nlohmann::json& description) {
  const auto shape = [](const nlohmann::json& sizes, size_t first) {
    std::string text;
    for (size_t i = first; i < sizes.size(); ++i) {
      text += (i > first ? " x " : "") + std::to_string(sizes[i].get<uint64_t>());
    }
    return text;
  };
  const auto scale = [](const nlohmann::json& value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6g", value.get<double>());
    return std::string(text.data());
  };
  out << description["kind"].get<std::string>() << ' '
      << printable(description["name"].get<std::string>()) << ": "
      << grouped(description["inputs"].get<uint64_t>()) << " inputs, "
      << grouped(description["outputs"].get<uint64_t>()) << " outputs, "
      << grouped(description["weights"].get<uint64_t>()) << " weights, "
      << grouped(description["multiplications"].get<uint64_t>()) << " multiplications\n";
  const nlohmann::json& all = description["layers"];
  out << "from " << printable(description["origin"].get<std::string>(), 200) << "; input: scale "
      << scale(all[0]["input_scale"]) << ", zero " << all[0]["input_zero"].get<int>()
      << "; a pixel p is p * " << scale(description["pixel_scale"]) << " + "
      << scale(description["pixel_offset"]) << '\n';
  // What a layer takes, if it is not what the one before gives.
  const auto takes = [&all](size_t l) {
    const nlohmann::json& sources = all[l]["sources"];
    if (sources.size() == 1 && sources[0] == l) return std::string();
    std::string text;
    for (const nlohmann::json& source : sources) {
      const auto v = source.get<size_t>();
      text += (text.empty() ? "" : ", ") + (v == 0 ? "input" : std::to_string(v));
    }
    return text;
  };
  const auto window = [&shape](const nlohmann::json& layer) {
    const std::string kind = layer["kind"];
    if (kind != "convolution") return kind;
    if (layer["fully_connected"].get<bool>()) return std::string("all");
    const auto groups = layer["groups"].get<uint32_t>();
    return shape(layer["kernel"], 0) +
           (groups > 1 ? ", " + std::to_string(groups) + " groups" : std::string());
  };
  Table table("rllllllllrrr");
  table.add({"", "layer", "takes", "input", "kernel", "rounding", "function", "pooling", "output",
             "weights", "scale", "zero"});
  for (size_t l = 0; l < all.size(); ++l) {
    const nlohmann::json& layer = all[l];
    const std::string pooling = layer["pooling"];
    table.add({std::to_string(l + 1), printable(layer["name"].get<std::string>(), 40), takes(l),
               shape(layer["input"], 0), window(layer), layer["rounding"], layer["function"],
               pooling == "none" ? "" : pooling + " " + shape(layer["pool_kernel"], 0),
               shape(layer["output"], 0), grouped(layer["weights"].get<uint64_t>()),
               scale(layer["output_scale"]), std::to_string(layer["output_zero"].get<int>())});
  }
  table.print(out);
  if (description.contains("weight_memory")) print_weight_memory(out, description["weight_memory"]);
}

}  // namespace sparsys
