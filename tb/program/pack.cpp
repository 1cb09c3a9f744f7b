// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>

#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/format/validate.hpp"
#include "tb/program/commands.hpp"
#include "tb/program/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::string json;
  StoreOptions options;
};

nlohmann::json to_json(const std::string& name, const StoredReport& report) {
  nlohmann::json layers = nlohmann::json::array();
  for (const StoredLayerReport& layer : report.layers) {
    layers.push_back({{"name", layer.name},
                      {"weights", layer.weights},
                      {"biases", layer.biases},
                      {"density_pct", layer.density_pct},
                      {"entries", layer.entries},
                      {"padding", layer.padding},
                      {"weight_bits", layer.weight_bits},
                      {"weight_bits_huffman", layer.weight_bits_huffman},
                      {"index_bits", layer.index_bits},
                      {"index_bits_huffman", layer.index_bits_huffman},
                      {"stored_bytes", layer.stored_bytes}});
  }
  return {{"name", name},
          {"original_bytes", report.original_bytes},
          {"stored_bytes", report.stored_bytes},
          {"ratio", report.ratio()},
          {"layers", std::move(layers)}};
}

void print_report(const StoredReport& report) {
  std::vector<std::vector<std::string>> rows = {{"layer", "weights", "density", "entries",
                                                 "padding", "weight bits", "Huffman", "index bits",
                                                 "Huffman", "bytes"}};
  uint64_t rest = report.stored_bytes;
  for (const StoredLayerReport& layer : report.layers) {
    rows.push_back({printable(layer.name, 40), grouped(layer.weights),
                    fixed(layer.density_pct, 2) + " %", grouped(layer.entries),
                    grouped(layer.padding), fixed(layer.weight_bits, 0),
                    fixed(layer.weight_bits_huffman, 2), fixed(layer.index_bits, 0),
                    fixed(layer.index_bits_huffman, 2), grouped(layer.stored_bytes)});
    rest -= layer.stored_bytes;
  }
  rows.push_back({"header", "", "", "", "", "", "", "", "", grouped(rest)});
  print_table(rows);
  std::cout << "entries are weights, biases and padding; bits are those of one entry, with Huffman "
               "tables included\n"
            << grouped(report.original_bytes) << " bytes of 32-bit weights and biases, stored in "
            << grouped(report.stored_bytes) << " bytes: " << fixed(report.ratio(), 2)
            << " times smaller\n";
}

void run_pack(const Arguments& arguments) {
  check_writable(arguments.out);
  check_writable(arguments.json);
  const CompressedNetwork network = load_compressed_network(arguments.file);
  StoredReport report;
  save_stored(arguments.out, network, arguments.options, &report);
  if (arguments.json != "-") {
    print_report(report);
    std::cout << "written: " << arguments.out << std::endl;
  }
  write_json(arguments.json, to_json(network.name, report));
}

void run_unpack(const Arguments& arguments) {
  check_writable(arguments.out);
  save_model(arguments.out, load_stored_file(arguments.file));
  std::cout << "written: " << arguments.out << std::endl;
}

}  // namespace

void add_pack(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "pack",
      "Stores a compressed network as small as it gets: weight codes and relative indices as "
      "Huffman bit streams. Prints what each layer takes in the file");
  command
      ->add_option("FILE", arguments->file, "Compressed network, as `sparsys compress` writes it")
      ->required();
  command->add_option("--out", arguments->out, "Stored model to write")
      ->required()
      ->type_name("FILE");
  command
      ->add_option(
          "--index-bits", arguments->options.index_bits,
          "Width of the relative indices in all layers, 1 to 16; 0: the best in each layer")
      ->check(CLI::Range(0U, kMaxIndexBits))
      ->capture_default_str()
      ->type_name("W");
  command
      ->add_option("--json", arguments->json,
                   "Also write the figures to this file; -: to stdout in place of the table")
      ->type_name("FILE");
  command->footer("Example: sparsys pack net.model --out net.sps\n");
  command->callback([arguments] { run_pack(*arguments); });
}

void add_unpack(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "unpack", "Turns a stored model back into the compressed network that it was made of");
  command->add_option("FILE", arguments->file, "Stored model, as `sparsys pack` writes it")
      ->required();
  command->add_option("--out", arguments->out, "Compressed network to write")
      ->required()
      ->type_name("FILE");
  command->footer("Example: sparsys unpack net.sps --out net.model\n");
  command->callback([arguments] { run_unpack(*arguments); });
}

}  // namespace sparsys
