// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/describe.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/engine/eie/encode.hpp"
#include "golden/format/model_file.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/report/compression.hpp"
#include "sw/sparsys/report/describe_split.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// Sums of what every layer has.
void add_totals(json& description) {
  uint64_t weights = 0;
  uint64_t nonzeros = 0;
  for (const json& layer : description["layers"]) {
    // A recurrence takes the same weights in every step.
    if (layer.value("repeats", false)) continue;
    weights += layer["weights"].get<uint64_t>();
    nonzeros += layer["nonzeros"].get<uint64_t>();
  }
  description["weights"] = weights;
  description["nonzeros"] = nonzeros;
  description["density"] = percent(nonzeros, weights);
}

json describe_layer(const eie::Layer& layer) {
  const uint32_t inputs = layer.inputs - layer.constant_inputs;
  const uint32_t outputs = layer.outputs - layer.constant_outputs;
  const uint64_t weights = uint64_t{inputs} * outputs;
  uint64_t nonzeros = 0;
  std::vector<bool> has_weight(layer.outputs);
  for (uint64_t k = 0; k < layer.column_start[inputs]; ++k) {
    nonzeros += layer.row[k] < outputs;
    has_weight[layer.row[k]] = true;
  }
  std::vector<uint64_t> code_count(layer.codebook.size());
  for (const uint8_t code : layer.code) ++code_count[code];
  return {{"name", layer.name},
          {"inputs", inputs},
          {"outputs", outputs},
          {"weights", weights},
          {"nonzeros", nonzeros},
          {"density", percent(nonzeros, weights)},
          {"empty_rows", std::count(has_weight.begin(), has_weight.begin() + outputs, false)},
          {"relu", layer.relu},
          {"constant_inputs", layer.constant_inputs},
          {"constant_outputs", layer.constant_outputs},
          {"constant_nonzeros", layer.row.size() - nonzeros},
          {"input_frac", layer.input_frac},
          {"weight_frac", layer.weight_frac},
          {"output_frac", layer.output_frac},
          {"shift", layer.shift()},
          {"codebook", layer.codebook},
          {"code_count", code_count}};
}

// nonzeros: of each parameter.
json describe_graph(const Network& network, const std::vector<uint64_t>& nonzeros, ModelKind kind) {
  const std::vector<Shape> shapes = infer_shapes(network, true);
  json description = {{"kind", to_string(kind)},
                      {"name", network.name},
                      {"origin", network.origin},
                      {"inputs", element_count(shapes.front())},
                      {"outputs", element_count(shapes.back())},
                      {"input", network.input},
                      {"input_shape", network.input_shape},
                      {"input_scale", network.input_scale},
                      {"input_offset", network.input_offset},
                      {"input_text", input_text(network)},
                      {"batch", network.batch},
                      {"nodes", json::array()},
                      {"layers", json::array()}};
  std::map<std::string, std::string> maker{{network.input, "input"}};
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    // Values that it takes, by the nodes that make them.
    json sources = json::array();
    for (const std::string& input : node.inputs) {
      if (maker.count(input) != 0) sources.push_back(maker.at(input));
    }
    maker[node.output] = node.name.empty() ? number(n + 1) : node.name;
    description["nodes"].push_back({{"op", to_string(node.op)},
                                    {"name", node.name},
                                    {"shape", shapes[n + 1]},
                                    {"sources", sources}});
  }
  const std::vector<uint64_t> products = layer_multiplications(network, true);
  const std::vector<Layer> all = layers(network, true);
  for (size_t l = 0; l < all.size(); ++l) {
    const Layer& layer = all[l];
    const auto weights = static_cast<uint64_t>(layer.outputs * layer.inputs);
    const auto biases =
        layer.bias < 0 ? 0
                       : element_count(network.parameters[static_cast<size_t>(layer.bias)].shape);
    description["layers"].push_back({{"name", layer.name},
                                     {"inputs", layer.inputs},
                                     {"outputs", layer.outputs},
                                     {"biases", biases},
                                     {"weights", weights},
                                     {"nonzeros", nonzeros[layer.weights]},
                                     {"density", percent(nonzeros[layer.weights], weights)},
                                     {"multiplications", products[l]}});
    if (!is_first(all, l)) description["layers"].back()["repeats"] = true;
  }
  add_totals(description);
  description["task"] = to_string(network.task);
  description["multiplications"] = std::accumulate(products.begin(), products.end(), uint64_t{0});
  return description;
}

json describe_entries(const std::vector<uint64_t>& per_pe, uint64_t padding) {
  const uint64_t entries = std::accumulate(per_pe.begin(), per_pe.end(), uint64_t{0});
  const uint64_t most = *std::max_element(per_pe.begin(), per_pe.end());
  const double mean = static_cast<double>(entries) / static_cast<double>(per_pe.size());
  return {
      {"entries", entries},
      {"padding", padding},
      {"padding_percent", percent(padding, entries)},
      {"entries_per_pe",
       {{"min", *std::min_element(per_pe.begin(), per_pe.end())}, {"mean", mean}, {"max", most}}},
      // Nothing to do is done evenly.
      {"balance", most == 0 ? 100.0 : 100.0 * mean / static_cast<double>(most)}};
}

json describe_config(const eie::Config& config) {
  return {{"n_pe", config.n_pe},
          {"entry_depth", config.entry_depth},
          {"ptr_depth", config.ptr_depth},
          {"act_regs", config.act_regs},
          {"act_ram_depth", config.act_ram_depth},
          {"queue_depth", config.queue_depth},
          {"acc_width", config.acc_width},
          {"codebooks", config.codebooks},
          {"list_depth", config.list_depth},
          {"lanes", config.lanes},
          {"banks", config.banks},
          {"bank_depth", config.bank_depth},
          {"groups", config.groups}};
}

json memory(const char* name, uint64_t used, uint64_t available, const char* unit) {
  return {{"name", name},
          {"used", used},
          {"available", available},
          {"unit", unit},
          {"percent", percent(used, available)}};
}

// A span of activation RAM rows.
struct Span {
  uint64_t first = UINT64_MAX;
  uint64_t end = 0;

  void add(uint64_t row, uint64_t rows) {
    first = std::min(first, row);
    end = std::max(end, row + rows);
  }
  uint64_t size() const { return end > first ? end - first : 0; }
};

json describe_memories(const eie::Image& image) {
  const eie::Config& config = image.config;
  const eie::Dealing dealing(config);
  uint64_t pointers = 0;
  uint64_t registers = 0;
  uint64_t ram = 0;
  Span input;
  Span output;
  for (const eie::Pass& pass : image.passes) {
    const uint64_t in_rows = (pass.in_count + config.n_pe - 1) / config.n_pe;
    const uint64_t out_rows = (pass.out_count + config.n_pe - 1) / config.n_pe;
    pointers += dealing.bias_columns(pass.bias) + dealing.columns_of_group(pass.in_count) -
                pass.in_first * dealing.teams() + 1;
    registers = std::max({registers, in_rows, out_rows});
    if (pass.load_codebook) input = output = Span();  // the next layer
    if (pass.load_src) input.add(pass.src_addr, in_rows);
    if (pass.store_dst) output.add(pass.dst_addr, out_rows);
    ram = std::max(ram, input.size() + output.size());
  }
  return json::array(
      {memory("entry memory", image.entry_rows.front().size() * eie::kEntriesPerRow,
              config.entry_depth, "entries a PE"),
       memory("pointer memory", pointers, config.ptr_depth, "pointers a PE"),
       memory("registers", registers, config.act_regs, "activations a PE"),
       memory("activation RAM", ram, config.act_ram_depth, "activations a PE"),
       memory("list RAM", image.passes.size(), config.list_depth, "passes"),
       memory("codebook RAM", image.codebook_words.size() / 4, config.codebooks, "codebooks")});
}

// What the fullest PE had with rows as they are, if the engine holds the network then, too.
void add_interleaved(const eie::Network& network, const eie::Config& config, json& engine) {
  try {
    const json plain = describe_engine(build_image(network, config, eie::Rows::kInterleaved));
    engine["interleaved"] = {{"max", plain["entries_per_pe"]["max"]},
                             {"balance", plain["balance"]}};
  } catch (const Error&) {
  }
}

// ---- for people ----

std::string share(const json& value) { return percent_text(value); }

std::string short_text(const json& value) {
  const std::string text = printable(value.get<std::string>());
  return text.empty() ? "-" : text;
}

void print_layers(std::ostream& out, const json& description) {
  Table table("lrrrrrrlrrrr");
  table.add({"layer", "inputs", "outputs", "weights", "non-zero", "density", "empty rows", "act",
             "in.frac", "w.frac", "out.frac", "shift"});
  for (const json& layer : description["layers"]) {
    std::vector<std::string> line = {
        short_text(layer["name"]),    grouped(layer["inputs"]),
        grouped(layer["outputs"]),    grouped(layer["weights"]),
        grouped(layer["nonzeros"]),   share(layer["density"]),
        grouped(layer["empty_rows"]), layer["relu"].get<bool>() ? "ReLU" : "-"};
    for (const char* field : {"input_frac", "weight_frac", "output_frac", "shift"}) {
      line.push_back(grouped(layer[field]));
    }
    table.add(line);
  }
  table.add({"total", "", "", grouped(description["weights"]), grouped(description["nonzeros"]),
             share(description["density"])});
  table.print(out);
}

std::string shape_text(const json& shape) { return to_string(shape.get<Shape>()); }

void print_graph(std::ostream& out, const json& description) {
  // Where values come from is told where it is not the node before alone.
  Table nodes("llll");
  nodes.add({"node", "operator", "output", "of"});
  nodes.add({"-", "input", shape_text(description["input_shape"]), ""});
  std::string before = "input";
  size_t index = 0;
  for (const json& node : description["nodes"]) {
    std::string of;
    for (const json& source : node["sources"]) {
      of += (of.empty() ? "" : ", ") + printable(source.get<std::string>());
    }
    // Nodes without a name have their number, from 1.
    const std::string name = node["name"].get<std::string>();
    const std::string shown = printable(name.empty() ? number(++index) : (++index, name));
    nodes.add(
        {shown, node["op"].get<std::string>(), shape_text(node["shape"]), of == before ? "" : of});
    before = shown;
  }
  nodes.print(out);
  out << '\n';
  Table table("lrrrrrrr");
  table.add({"layer", "inputs", "outputs", "biases", "weights", "non-zero", "density",
             "multiplications"});
  for (const json& layer : description["layers"]) {
    table.add({short_text(layer["name"]), grouped(layer["inputs"]), grouped(layer["outputs"]),
               grouped(layer["biases"]), grouped(layer["weights"]), grouped(layer["nonzeros"]),
               share(layer["density"]), grouped(layer["multiplications"])});
  }
  table.add({"total", "", "", "", grouped(description["weights"]), grouped(description["nonzeros"]),
             share(description["density"]), grouped(description["multiplications"])});
  table.print(out);
}

void print_codebooks(std::ostream& out, const json& description) {
  for (const json& layer : description["layers"]) {
    out << "  codebook of " << short_text(layer["name"]) << ':';
    for (const json& value : layer["codebook"]) out << ' ' << value.get<int>();
    out << '\n';
  }
}

std::vector<std::string> entry_cells(const std::string& name, const json& layer) {
  const json& per_pe = layer["entries_per_pe"];
  return {name,
          grouped(layer["passes"]),
          grouped(layer["entries"]),
          share(layer["padding_percent"]),
          grouped(per_pe["min"]),
          fixed(per_pe["mean"], 1),
          grouped(per_pe["max"]),
          share(layer["balance"]),
          layer.value("rows", "")};
}

void print_engine(std::ostream& out, const json& engine) {
  const json& config = engine["config"];
  out << "sparse engine of " << config["n_pe"].get<uint32_t>() << " PEs";
  const auto groups = config["groups"].get<uint32_t>();
  if (groups > 1) out << " in " << groups << " groups";
  out << '\n';
  if (!engine["fits"].get<bool>()) {
    out << "  does not fit: " << engine["error"].get<std::string>() << '\n';
    return;
  }
  Table layers("lrrrrrrrl");
  layers.add({"layer", "passes", "entries", "padding", "least/PE", "mean/PE", "most/PE", "balance",
              "rows"});
  for (const json& layer : engine["layers"]) {
    layers.add(entry_cells(short_text(layer["name"]), layer));
  }
  layers.add(entry_cells("total", engine));
  layers.print(out);
  if (engine.contains("interleaved")) {
    const json& plain = engine["interleaved"];
    out << "  rows go to PEs so that entries balance; interleaved as they are, the fullest PE had "
        << grouped(plain["max"]) << ", balance " << share(plain["balance"]) << '\n';
  }
  out << '\n';
  Table memories("lrrlr");
  memories.add({"memory", "used", "available", "", "share"});
  for (const json& item : engine["memories"]) {
    memories.add({item["name"].get<std::string>(), grouped(item["used"]),
                  grouped(item["available"]), item["unit"].get<std::string>(),
                  share(item["percent"])});
  }
  memories.print(out);
}

}  // namespace

std::string input_text(const Network& network) {
  std::ostringstream text;
  text << "input " << to_string(network.input_shape) << ' ' << quoted(network.input);
  if (!network.batch.empty()) text << ", batch " << quoted(network.batch) << " free";
  text << "; a pixel p of 0 to 255 enters as p * " << network.input_scale;
  if (network.input_offset != 0) {
    text << (network.input_offset < 0 ? " - " : " + ") << std::abs(network.input_offset);
  }
  return text.str();
}

json describe(const Network& network) {
  check(network, "model '" + printable(network.name) + "'");
  std::vector<uint64_t> nonzeros;
  for (const Parameter& parameter : network.parameters) {
    nonzeros.push_back(static_cast<uint64_t>(std::count_if(
        parameter.values.begin(), parameter.values.end(), [](float value) { return value != 0; })));
  }
  return describe_graph(network, nonzeros, ModelKind::kFloat);
}

json describe(const SharedNetwork& network, const StoredReport& report) {
  check(network, "stored model '" + printable(network.network.name) + "'");
  std::vector<uint64_t> nonzeros;
  for (size_t p = 0; p < network.parameters.size(); ++p) {
    const SharedParameter& shared = network.parameters[p];
    const std::vector<float>& values = network.network.parameters[p].values;
    const auto is_kept = [](float value) { return value != 0; };
    const auto kept = shared.shared()
                          ? std::count_if(shared.code.begin(), shared.code.end(),
                                          [&](uint8_t c) { return is_kept(shared.codebook[c]); })
                          : std::count_if(values.begin(), values.end(), is_kept);
    nonzeros.push_back(static_cast<uint64_t>(kept));
  }
  json description = describe_graph(network.network, nonzeros, ModelKind::kStored);
  description["stored"] = describe(report);
  return description;
}

json describe(const eie::Network& network) {
  check(network, "network '" + printable(network.name) + "'");
  json description = {{"kind", to_string(ModelKind::kCompressed)},
                      {"name", network.name},
                      {"origin", network.origin},
                      {"inputs", network.input_size()},
                      {"outputs", network.output_size()},
                      {"input_constants", network.input_constants},
                      {"layers", json::array()}};
  for (const eie::Layer& layer : network.layers) {
    description["layers"].push_back(describe_layer(layer));
  }
  add_totals(description);
  return description;
}

json describe(const eie::Network& network, const eie::Config& config, eie::Rows rows) {
  json description = describe(network);
  try {
    json& engine = description["engine"] = describe_engine(build_image(network, config, rows));
    if (rows == eie::Rows::kBalanced) add_interleaved(network, config, engine);
  } catch (const Error& error) {
    description["engine"] = {
        {"fits", false}, {"error", error.what()}, {"config", describe_config(config)}};
  }
  return description;
}

json describe_engine(const eie::Image& image) {
  json layers = json::array();
  std::vector<uint64_t> per_pe(image.config.n_pe);
  uint64_t padding = 0;
  for (const eie::LayerStats& stats : image.layers) {
    json layer = describe_entries(stats.entries_per_pe, stats.padding);
    layer["name"] = stats.name;
    layer["passes"] = stats.passes;
    layer["rows"] = to_string(stats.balanced ? eie::Rows::kBalanced : eie::Rows::kInterleaved);
    layers.push_back(std::move(layer));
    for (size_t pe = 0; pe < per_pe.size(); ++pe) per_pe[pe] += stats.entries_per_pe[pe];
    padding += stats.padding;
  }
  json engine = describe_entries(per_pe, padding);
  engine["fits"] = true;
  engine["config"] = describe_config(image.config);
  engine["passes"] = image.passes.size();
  engine["layers"] = std::move(layers);
  engine["memories"] = describe_memories(image);
  return engine;
}

void print_description(std::ostream& out, const json& description) {
  if (description["kind"] == to_string(ModelKind::kQuantised)) {
    return print_quantised(out, description);
  }
  out << description["kind"].get<std::string>() << ' ' << short_text(description["name"]) << ": "
      << grouped(description["inputs"]) << " inputs, " << grouped(description["outputs"])
      << " outputs\n";
  std::string origin = description["origin"].get<std::string>();
  std::replace(origin.begin(), origin.end(), '\n', ' ');
  out << "  origin: " << (origin.empty() ? "-" : printable(origin, 0)) << '\n';
  if (description.contains("task")) {
    out << "  task: " << description["task"].get<std::string>() << '\n';
  }
  if (description.contains("input_text")) {
    out << "  " << description["input_text"].get<std::string>() << '\n';
  }
  out << '\n';
  if (description.contains("parts")) {
    print_split(out, description);
    out << "engine:\n";
  }
  if (description.contains("nodes")) {
    print_graph(out, description);
  } else {
    print_layers(out, description);
  }
  if (description.contains("stored")) {
    out << '\n';
    print_stored(out, description["stored"]);
  }
  if (description.contains("input_constants")) {
    out << '\n';
    print_codebooks(out, description);
    out << "  input constants:";
    if (description["input_constants"].empty()) out << " none";
    for (const json& value : description["input_constants"]) out << ' ' << value.get<int>();
    out << '\n';
  }
  if (description.contains("engine")) {
    out << '\n';
    print_engine(out, description["engine"]);
  }
}

}  // namespace sparsys
