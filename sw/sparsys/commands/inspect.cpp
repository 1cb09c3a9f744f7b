// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "golden/format/image/image.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/accelerator/eie/target.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/describe_image.hpp"
#include "sw/sparsys/report/describe_split.hpp"
#include "sw/sparsys/report/json_file.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string json;
  eie::Config config;
  eie::Rows rows = eie::Rows::kBalanced;
};

nlohmann::json describe_file(const std::string& file, const eie::Config& config, eie::Rows rows) {
  switch (model_kind(file)) {
    case ModelKind::kFloat:
    case ModelKind::kOldFloat:  // refused by what follows
      return describe(load_model<Network>(file));
    case ModelKind::kStored: {
      StoredReport report;
      const SharedNetwork network = load_stored_network(file, &report);
      return describe(network, report);
    }
    case ModelKind::kQuantised:
      return describe(load_model<mxu::Network>(file), mxu::Config());
    default:
      return describe(load_split(file), config, rows);
  }
}

void run_inspect(const Arguments& arguments) {
  check(arguments.config);
  check_outputs({arguments.json}, {arguments.file});
  const bool image = top::is_image(arguments.file);
  const nlohmann::json description =
      image ? describe(top::load_image(arguments.file))
            : describe_file(arguments.file, arguments.config, arguments.rows);
  FilesTogether files;
  if (arguments.json != "-") {
    image ? print_image(std::cout, description) : print_description(std::cout, description);
  }
  write_json(arguments.json, description);
  commit(files);
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "inspect",
      "Prints a model file: nodes, layers, densities, codebooks; of a stored model what each layer "
      "takes in the file; of a compressed network how it sits in an engine's memories: entries per "
      "PE, padding, balance; of a quantised network how its weights lie in weight memory: entries, "
      "padding, the longest bus over the mean; of a split network also where it is cut and why, "
      "and what of it runs where; of an image of the accelerator its commands");
  command
      ->add_option(
          "FILE", arguments->file,
          "Float model, stored model, compressed, split or quantised network; image of the "
          "accelerator")
      ->required();
  command
      ->add_option("--pe", arguments->config.n_pe,
                   "Number of PEs of the engine, a power of two from 1 to 256")
      ->capture_default_str()
      ->type_name("N_PE");
  add_rows(*command, arguments->rows);
  add_memories(*command, arguments->config);
  add_json(*command, arguments->json);
  command->footer("Example: sparsys inspect net.model --pe 16\n");
  command->callback([arguments] { run_inspect(*arguments); });
}

}  // namespace sparsys
