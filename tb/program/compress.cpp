// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <memory>

#include "golden/compress/deep_compression.hpp"
#include "golden/format/describe.hpp"
#include "golden/format/model_file.hpp"
#include "golden/function/eie.hpp"
#include "tb/program/commands.hpp"
#include "tb/program/engine.hpp"
#include "tb/program/options.hpp"
#include "tb/program/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  DeepCompressionOptions compression;
  std::string model;
  std::string out;
};

void run_compress(Arguments arguments) {
  check_writable(arguments.out);
  const Mlp mlp = load_float_model(arguments.model);
  check_densities(arguments.compression, mlp, arguments.model);
  arguments.data.seed = arguments.compression.seed;
  arguments.data.threads = arguments.compression.threads;
  const Dataset data = arguments.data.load();
  check_image_size(static_cast<uint64_t>(mlp.layers.front().weights.cols()), data, arguments.model);
  arguments.compression.validation_count = DataOptions::validation_count(data);
  arguments.compression.progress = console_progress();

  DeepCompressionReport report;
  const CompressedNetwork network = deep_compress(mlp, data, arguments.compression, &report);
  save_model(arguments.out, network);

  std::cout << '\n' << to_string(report) << '\n';
  const nlohmann::json description = describe(network);
  const uint64_t dense_bytes = 4 * description["weights"].get<uint64_t>();
  const uint64_t bytes = std::filesystem::file_size(arguments.out);
  const unsigned threads = arguments.compression.threads;
  const EieEvaluation evaluation =
      EieFunction(network).evaluate(test_inputs(network, data), data.test_labels, threads);
  Listing listing;
  listing.add("weights kept", grouped(description["nonzeros"].get<uint64_t>()) + " of " +
                                  grouped(description["weights"].get<uint64_t>()) + ", " +
                                  fixed(description["density"].get<double>(), 2) + " %");
  listing.add("size", grouped(dense_bytes) + " bytes of 32-bit weights, model file " +
                          grouped(bytes) + " bytes: " +
                          fixed(static_cast<double>(dense_bytes) / static_cast<double>(bytes), 1) +
                          " times smaller");
  listing.add("test error", fixed(test_error(mlp, data, threads), 2) + " % before, " +
                                fixed(evaluation.error_percent(), 2) +
                                " % after (functional model of the engine)");
  listing.print(std::cout);
  std::cout << "written: " << arguments.out << std::endl;
}

}  // namespace

void add_compress(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "compress",
      "Prunes and retrains a float model, shares its weights among 16 values per layer, and turns "
      "it into the 16-bit fixed point of the sparse engine");
  command->add_option("--model", arguments->model, "Float model, as `sparsys train` writes it")
      ->required()
      ->type_name("FILE");
  command->add_option("--out", arguments->out, "Compressed network to write")
      ->required()
      ->type_name("FILE");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  add_compression(*command, arguments->compression);
  add_seed(*command, arguments->compression.seed);
  add_threads(*command, arguments->compression.threads);
  command->footer("Example: sparsys compress --model float.model --out net.model\n");
  command->callback([arguments] { run_compress(*arguments); });
}

}  // namespace sparsys
