// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>
#include <memory>

#include "golden/base/text.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands.hpp"
#include "sw/sparsys/describe.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string json;
  eie::Config config;
};

nlohmann::json describe_file(const std::string& file, const eie::Config& config) {
  switch (model_kind(file)) {
    case ModelKind::kFloat:
    case ModelKind::kOldFloat:  // refused by what follows
      return describe(load_float_network(file));
    case ModelKind::kStored: {
      StoredReport report;
      const SharedNetwork network = load_stored_network(file, &report);
      return describe(network, report);
    }
    case ModelKind::kQuantised:
      return describe(load_quantised_network(file));
    case ModelKind::kStoredCompressed:
      return describe(load_stored_file(file), config);
    default:
      return describe(load_compressed_network(file), config);
  }
}

void print_quantised(const nlohmann::json& description) {
  const auto shape = [](const nlohmann::json& sizes, size_t first) {
    std::string text;
    for (size_t i = first; i < sizes.size(); ++i) {
      text += (i > first ? " x " : "") + std::to_string(sizes[i].get<uint64_t>());
    }
    return text;
  };
  const auto scale = [](const nlohmann::json& value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value.get<double>());
    return std::string(text);
  };
  std::cout << description["kind"].get<std::string>() << ' '
            << printable(description["name"].get<std::string>()) << ": "
            << grouped(description["inputs"].get<uint64_t>()) << " inputs, "
            << grouped(description["outputs"].get<uint64_t>()) << " outputs, "
            << grouped(description["weights"].get<uint64_t>()) << " weights, "
            << grouped(description["multiplications"].get<uint64_t>()) << " multiplications\n";
  std::vector<std::vector<std::string>> rows = {
      {"layer", "input", "kernel", "function", "pooling", "output", "weights", "scale", "zero"}};
  for (const nlohmann::json& layer : description["layers"]) {
    const std::string pooling = layer["pooling"];
    rows.push_back({printable(layer["name"].get<std::string>()), shape(layer["input"], 0),
                    layer["fully_connected"].get<bool>() ? "all" : shape(layer["kernel"], 0),
                    layer["function"],
                    pooling == "none" ? "" : pooling + " " + shape(layer["pool_kernel"], 0),
                    shape(layer["output"], 0), grouped(layer["weights"].get<uint64_t>()),
                    scale(layer["output_scale"]), std::to_string(layer["output_zero"].get<int>())});
  }
  print_table(rows);
}

void run_inspect(const Arguments& arguments) {
  check(arguments.config);
  check_writable(arguments.json);
  const nlohmann::json description = describe_file(arguments.file, arguments.config);
  if (arguments.json != "-") {
    if (description["kind"] == to_string(ModelKind::kQuantised)) {
      print_quantised(description);
    } else {
      print_description(std::cout, description);
    }
  }
  write_json(arguments.json, description);
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "inspect",
      "Prints a model file: nodes, layers, densities, codebooks; of a stored model what each layer "
      "takes in the file; of a compressed network how it sits in an engine's memories: entries per "
      "PE, padding, balance");
  command
      ->add_option("FILE", arguments->file,
                   "Float model, stored model, compressed or quantised network")
      ->required();
  command
      ->add_option("--pe", arguments->config.n_pe,
                   "Number of PEs of the engine, a power of two from 1 to 256")
      ->capture_default_str()
      ->type_name("N_PE");
  command
      ->add_option("--json", arguments->json,
                   "Also write all of it to this file; -: to stdout in place of the tables")
      ->type_name("FILE");
  command->footer("Example: sparsys inspect net.model --pe 16\n");
  command->callback([arguments] { run_inspect(*arguments); });
}

}  // namespace sparsys
