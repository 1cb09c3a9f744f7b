// SPDX-License-Identifier: Apache-2.0
#include "golden/train/train.hpp"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/scale.hpp"
#include "golden/format/model_file.hpp"
#include "golden/network/network.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/score.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  std::string network = "lenet-300-100";
  bool fresh = false;
  std::string out;
  std::string checkpoints;
  std::optional<unsigned> epochs;
  std::optional<uint32_t> batch;
  std::optional<OptimiserKind> optimiser;
  std::optional<float> learning_rate;
  std::optional<float> momentum;
  std::optional<float> weight_decay;
  std::optional<float> input_scale;
  std::optional<float> input_offset;
  uint64_t seed = 1;
  unsigned threads = 0;
  bool no_test = false;
};

bool is_lenet(const std::string& name) { return name == "lenet-300-100" || name == "lenet-5"; }

// How values enter: as said, as the network's file has it, or by the data.
void set_scale(const Arguments& arguments, const Dataset& data, bool from_nothing,
               Network& network) {
  std::string why = "as the network says";
  if (from_nothing) {
    const InputScale chosen = choose_input_scale(data);
    network.input_scale = chosen.scale;
    network.input_offset = chosen.offset;
    why = std::string(chosen.plain ? "plain" : "by the statistics") + ": mean " +
          short_number(chosen.mean) + ", deviation " + short_number(chosen.deviation);
  }
  if (arguments.input_scale || arguments.input_offset) why = "as given";
  network.input_scale = arguments.input_scale.value_or(network.input_scale);
  network.input_offset = arguments.input_offset.value_or(network.input_offset);
  std::cout << input_text(network) << " (" << why << ")" << std::endl;
}

TrainOptions options_of(const Arguments& arguments, const Dataset& data) {
  const bool lenet_5 = arguments.network == "lenet-5";
  TrainOptions options = lenet_5 ? lenet_5_options() : lenet_300_100_options();
  // Unknown networks begin more carefully.
  if (!is_lenet(arguments.network)) options.learning_rate /= 5;
  adapt(options, data, arguments.optimiser);
  options.seed = arguments.seed;
  options.threads = arguments.threads;
  options.epochs = arguments.epochs.value_or(options.epochs);
  options.batch = arguments.batch.value_or(options.batch);
  if (arguments.learning_rate) {
    options.learning_rate = *arguments.learning_rate;
    options.final_learning_rate = *arguments.learning_rate / 100;
  }
  options.momentum = arguments.momentum.value_or(options.momentum);
  options.weight_decay = arguments.weight_decay.value_or(options.weight_decay);
  options.validation_count = DataOptions::validation_count(data);
  options.progress = training_progress();
  return options;
}

void run_train(Arguments arguments) {
  const bool lenet = is_lenet(arguments.network);
  check_outputs({arguments.out}, {arguments.data.input(), lenet ? "" : arguments.network});
  Network network;
  if (!lenet) {
    network = read_network(arguments.network);
    arguments.data.expect(network);
  }
  arguments.data.seed = arguments.seed;
  arguments.data.threads = arguments.threads;
  const Dataset data = arguments.data.load();
  TrainOptions options = options_of(arguments, data);
  if (lenet) {
    network =
        arguments.network == "lenet-5"
            ? make_lenet_5({data.planes(), data.rows(), data.cols()}, data.outputs(), options.seed)
            : make_lenet_300_100(data.inputs(), data.outputs(), options.seed);
  } else if (arguments.fresh) {
    make_fresh(network, options.seed);
  }
  check_image_size(static_cast<uint64_t>(element_count(network.input_shape)), data, network.name);
  // Not the description, which names a place on this machine: equal runs give equal files.
  network.origin = data.name;
  network.task = data.task == DataTask::kClassification ? Task::kClassification : Task::kRegression;
  const bool from_nothing = lenet || arguments.fresh;
  set_scale(arguments, data, from_nothing, network);
  if (from_nothing) fit_last_layer(network, data);
  if (!arguments.checkpoints.empty()) {
    make_directory(arguments.checkpoints);
    const std::string name = lenet ? arguments.network : file_part(network.name);
    options.checkpoint = arguments.checkpoints + "/" + name + ".checkpoint";
  }
  const TrainReport report = train_from_start(network, data, options);
  Listing listing;
  listing.add("training",
              std::to_string(options.epochs) + " epochs in " + fixed(report.seconds, 1) + " s");
  listing.add("validation error",
              fixed(report.validation_error, 2) + " %" +
                  (data.task == DataTask::kClassification ? "" : " of the variance"));
  if (!arguments.no_test) {
    listing.add("test error", error_text(test_score(network, data, options.threads)));
  }
  FilesTogether files;
  save_model(arguments.out, network);
  listing.print(std::cout);
  std::cout << "written: " << arguments.out << std::endl;
  commit(files);
}

template <typename T>
void add_number(CLI::App& command, const char* option, std::optional<T>& value, const char* text,
                double least, double most) {
  command.add_option(option, value, text)
      ->check(CLI::Range(least, most))
      ->type_name(std::is_integral_v<T> ? "N" : "X");
}

}  // namespace

void add_train(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "train",
      "Trains a network in floating point: LeNet-300-100 or LeNet-5, of the data's sizes, "
      "or one of a file");
  command
      ->add_option("--network", arguments->network,
                   "lenet-300-100, lenet-5, or an ONNX model or float model to train on")
      ->capture_default_str()
      ->check([](const std::string& name) {
        std::error_code ignored;
        if (is_lenet(name) || std::filesystem::exists(name, ignored)) return std::string();
        return name + ": neither lenet-300-100 nor lenet-5 nor a file that is there";
      })
      ->type_name("NAME|FILE");
  command->add_flag("--fresh", arguments->fresh,
                    "Draw the weights of a file's network anew, and choose its input's scale");
  command->add_option("--out", arguments->out, "Model file to write")
      ->required()
      ->type_name("FILE");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  command
      ->add_option("--epochs", arguments->epochs,
                   "Passes over the training samples; else as many as the network's recipe has")
      ->check(CLI::Range(0, 100000))
      ->type_name("N");
  add_number(*command, "--batch", arguments->batch, "Samples of a step; else 128, with adam 64", 1,
             1e6);
  add_number(*command, "--learning-rate", arguments->learning_rate,
             "Of the first epochs; it falls to a hundredth. Of momentum else 0.1, of lenet-5 and "
             "files 0.02, and for numbers a tenth of that; of adam, where it is a share of the "
             "size of a layer's weights, 0.03",
             0, 100);
  add_kind(*command, "--optimiser", arguments->optimiser, optimiser_names(), "KIND",
           "momentum or adam; else adam for numbers, momentum for classes");
  add_number(*command, "--momentum", arguments->momentum,
             "0.9 unless given; of adam the decay of the mean gradient", 0, 0.9999);
  add_number(*command, "--weight-decay", arguments->weight_decay, "1e-5 unless given", 0, 1);
  add_number(*command, "--input-scale", arguments->input_scale,
             "A value v enters as v * SCALE + OFFSET. Else as the file has it, of a network from "
             "nothing v / 256 of bytes and v of floats if the data suit that, else mean 0 and "
             "deviation 1",
             -1e30, 1e30);
  add_number(*command, "--input-offset", arguments->input_offset, "See --input-scale", -1e30, 1e30);
  command
      ->add_option("--checkpoints", arguments->checkpoints,
                   "Directory in which every epoch is kept: the same command again goes on where "
                   "it was stopped (Ctrl-C)")
      ->type_name("DIR");
  command->add_flag("--no-test", arguments->no_test, "Leave the test samples unread");
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->threads);
  command->footer(
      "Exit code 1, and no file, if training diverges or nothing is learnt.\n"
      "Example: sparsys train --network lenet-5 --out float.model\n"
      "         sparsys train --data points.npz --task regression --out float.model\n");
  command->callback([arguments] { run_train(*arguments); });
}

}  // namespace sparsys
