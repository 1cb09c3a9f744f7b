// SPDX-License-Identifier: Apache-2.0
#include "golden/train/train.hpp"

#include <iostream>
#include <memory>
#include <optional>

#include "golden/format/model_file.hpp"
#include "golden/network/network.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/score.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  std::string network = "lenet-300-100";
  std::string out;
  std::string checkpoints;
  std::optional<unsigned> epochs;
  uint64_t seed = 1;
  unsigned threads = 0;
  bool no_test = false;
};

void run_train(Arguments arguments) {
  check_outputs({arguments.out}, {arguments.data.input()});
  const bool lenet_5 = arguments.network == "lenet-5";
  TrainOptions options = lenet_5 ? lenet_5_options() : lenet_300_100_options();
  options.seed = arguments.seed;
  options.threads = arguments.threads;
  options.epochs = arguments.epochs.value_or(options.epochs);
  options.progress = training_progress();
  if (!arguments.checkpoints.empty()) {
    make_directory(arguments.checkpoints);
    options.checkpoint = arguments.checkpoints + "/" + arguments.network + ".checkpoint";
  }
  arguments.data.seed = arguments.seed;
  arguments.data.threads = arguments.threads;
  const Dataset data = arguments.data.load();
  options.validation_count = DataOptions::validation_count(data);

  Network network = lenet_5 ? make_lenet_5({data.planes(), data.rows(), data.cols()},
                                           data.outputs(), options.seed)
                            : make_lenet_300_100(data.inputs(), data.outputs(), options.seed);
  // Not the description, which names a place on this machine: equal runs give equal files.
  network.origin = data.name;
  check_image_size(static_cast<uint64_t>(element_count(network.input_shape)), data, network.name);
  const TrainReport report = train(network, data, options);
  save_model(arguments.out, network);
  Listing listing;
  listing.add("training",
              std::to_string(options.epochs) + " epochs in " + fixed(report.seconds, 1) + " s");
  listing.add("validation error", fixed(report.validation_error, 2) + " %");
  if (!arguments.no_test) {
    listing.add("test error", error_text(test_score(network, data, options.threads)));
  }
  listing.print(std::cout);
  std::cout << "written: " << arguments.out << std::endl;
}

}  // namespace

void add_train(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "train", "Trains LeNet-300-100 or LeNet-5 in floating point on images of digits");
  command->add_option("--network", arguments->network, "Which network")
      ->check(CLI::IsMember({"lenet-300-100", "lenet-5"}))
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--out", arguments->out, "Model file to write")
      ->required()
      ->type_name("FILE");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  command
      ->add_option("--epochs", arguments->epochs,
                   "Passes over the training images; else as many as the network's recipe has")
      ->check(CLI::Range(0, 100000))
      ->type_name("N");
  command
      ->add_option("--checkpoints", arguments->checkpoints,
                   "Directory in which every epoch is kept: the same command again goes on where "
                   "it was stopped (Ctrl-C)")
      ->type_name("DIR");
  command->add_flag("--no-test", arguments->no_test, "Leave the test images unread");
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->threads);
  command->footer("Example: sparsys train --network lenet-5 --out float.model\n");
  command->callback([arguments] { run_train(*arguments); });
}

}  // namespace sparsys
