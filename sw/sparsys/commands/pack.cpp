// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/report/compression.hpp"
#include "sw/sparsys/report/json_file.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::string json;
  StoreOptions options;
};

// Throws Error that says what to do with a file that is none of the sparse engine's networks.
void expect_kind(const std::string& file, ModelKind expected) {
  const ModelKind kind = model_kind(file);
  if (kind == expected) return;
  std::string text = file + ": holds a " + to_string(kind) + ", expected a " + to_string(expected);
  if (kind == ModelKind::kStored) {
    text +=
        "; a stored model needs no packing: `sparsys inspect` shows it, `sparsys export` writes "
        "it as ONNX";
  } else if (kind == ModelKind::kFloat) {
    text += "; `sparsys compress` makes one of it";
  } else if (kind == ModelKind::kOldFloat) {
    text += "; train again";
  } else if (kind == ModelKind::kSplit) {
    text += "; its parts are packed already, and stay so";
  } else {
    text += expected == ModelKind::kCompressed ? "; it is packed already" : "; it is not packed";
  }
  throw Error(text);
}

void run_pack(const Arguments& arguments) {
  check_outputs({arguments.out, arguments.json}, {arguments.file});
  expect_kind(arguments.file, ModelKind::kCompressed);
  const eie::Network network = load_model<eie::Network>(arguments.file);
  StoredReport report;
  FilesTogether files;
  save_stored(arguments.out, network, arguments.options, &report);
  if (arguments.json != "-") {
    print_stored(std::cout, describe(report));
    std::cout << "  entries are weights, biases and padding; bits are those of one entry, with "
                 "Huffman tables included\n";
    std::cout << "written: " << arguments.out << std::endl;
  }
  nlohmann::json figures = describe(report);
  figures["name"] = network.name;
  write_json(arguments.json, figures);
  commit(files);
}

void run_unpack(const Arguments& arguments) {
  check_outputs({arguments.out}, {arguments.file});
  expect_kind(arguments.file, ModelKind::kStoredCompressed);
  FilesTogether files;
  save_model(arguments.out, load_stored_file(arguments.file));
  std::cout << "written: " << arguments.out << std::endl;
  commit(files);
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
  add_json(*command, arguments->json);
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
