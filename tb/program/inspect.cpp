// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "golden/format/describe.hpp"
#include "golden/format/model_file.hpp"
#include "tb/program/commands.hpp"
#include "tb/program/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string json;
  EieConfig config;
};

void run_inspect(const Arguments& arguments) {
  check(arguments.config);
  check_writable(arguments.json);
  const nlohmann::json description =
      model_kind(arguments.file) == ModelKind::kMlp
          ? describe(load_float_model(arguments.file))
          : describe(load_compressed_network(arguments.file), arguments.config);
  if (arguments.json != "-") print_description(std::cout, description);
  write_json(arguments.json, description);
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "inspect",
      "Prints a model file: layers, densities, codebooks, and how it sits in an engine's memories: "
      "entries per PE, padding, balance");
  command->add_option("FILE", arguments->file, "Float model or compressed network")->required();
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
