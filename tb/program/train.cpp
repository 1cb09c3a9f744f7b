// SPDX-License-Identifier: Apache-2.0
#include "golden/nn/train.hpp"

#include <iostream>
#include <memory>

#include "golden/format/model_file.hpp"
#include "tb/program/commands.hpp"
#include "tb/program/options.hpp"
#include "tb/program/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  TrainOptions train = lenet_300_100_options();
  std::string out;
};

void run_train(Arguments arguments) {
  check_writable(arguments.out);
  arguments.data.seed = arguments.train.seed;
  arguments.data.threads = arguments.train.threads;
  const Dataset data = arguments.data.load();
  arguments.train.validation_count = DataOptions::validation_count(data);
  arguments.train.progress = console_progress();

  TrainReport report;
  const Mlp mlp = train_lenet_300_100(data, arguments.train, &report);
  save_model(arguments.out, mlp);
  Listing listing;
  listing.add("training", std::to_string(arguments.train.epochs) + " epochs in " +
                              fixed(report.seconds, 1) + " s");
  listing.add("validation error", fixed(report.validation_error, 2) + " %");
  listing.add("test error", fixed(test_error(mlp, data, arguments.train.threads), 2) + " %");
  listing.print(std::cout);
  std::cout << "written: " << arguments.out << std::endl;
}

}  // namespace

void add_train(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "train", "Trains LeNet-300-100 (784-300-100-10) in floating point on images of digits");
  command->add_option("--out", arguments->out, "Model file to write")
      ->required()
      ->type_name("FILE");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  add_epochs(*command, arguments->train.epochs);
  add_seed(*command, arguments->train.seed);
  add_threads(*command, arguments->train.threads);
  command->footer("Example: sparsys train --out float.model\n");
  command->callback([arguments] { run_train(*arguments); });
}

}  // namespace sparsys
