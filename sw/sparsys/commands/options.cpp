// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/commands/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/data/order.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/onnx/import.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {

void DataOptions::add_to(CLI::App& command) {
  auto* data = command.add_option(
      "--data", path,
      "Data set: a folder with IDX files as MNIST's, plain or .gz; NumPy's .npz, or .npy files in "
      "a "
      "folder; class folders of PNG images. Without it what the environment variable SPARSYS_DATA "
      "names, then synthetic digits");
  data->type_name("PATH");
  command.add_flag("--synthetic", synthetic, "Use the built-in generator of digit images")
      ->excludes(data);
  command
      .add_option("--task", task,
                  "classification; regression: numbers, by their squared error; autoencoder: the "
                  "inputs as numbers. Unless given as the data are: whole numbers are classes")
      ->check(CLI::IsMember({"classification", "regression", "autoencoder"}))
      ->type_name("TASK");
}

void DataOptions::add_limit_to(CLI::App& command) {
  command
      .add_option("--limit", limit,
                  "Use only the first N training samples, a tenth of them for validation; 0: all")
      ->type_name("N");
}

void DataOptions::expect(const Network& network) {
  if (!task.empty()) return;
  const std::vector<Shape> shapes = infer_shapes(network);
  const int64_t outputs = element_count(shapes.back());
  if (outputs == element_count(shapes.front()) && outputs > 1) {
    task = to_string(DataTask::kAutoencoder);
  } else if (network.task == Task::kRegression) {
    task = to_string(DataTask::kRegression);
  }
}

std::string DataOptions::input() const {
  if (synthetic) return "";
  const char* named = std::getenv("SPARSYS_DATA");
  std::string name = path.empty() && named != nullptr ? named : path;
  // FOLDER/PREFIX of IDX files.
  std::error_code ignored;
  if (!name.empty() && !std::filesystem::exists(name, ignored)) name = directory_of(name);
  return name;
}

Dataset DataOptions::load(bool training, bool say) const {
  DatasetOptions options;
  options.path = path;
  options.synthetic = synthetic;
  options.seed = seed;
  options.threads = threads;
  for (const DataTask known :
       {DataTask::kClassification, DataTask::kRegression, DataTask::kAutoencoder}) {
    if (task == to_string(known)) options.task = known;
  }
  if (!training) {
    options.train_count = 1;
  } else if (limit > 0) {
    options.train_count = std::min(limit, options.train_count);
  }
  Dataset data = load_dataset(options);
  const bool ordered = training && is_ordered(data);
  if (ordered) shuffle_training(data);
  if (limit > 0) limit_training(data, limit);
  if (say) {
    const bool images = data.task == DataTask::kClassification && data.shape.size() > 1;
    std::cout << "data set: " << data.description << ", ";
    if (training) std::cout << grouped(data.train_count()) << " training and ";
    std::cout << grouped(data.test_count()) << " test " << (images ? "images" : "samples");
    if (data.task != DataTask::kClassification) std::cout << ", " << to_string(data.task);
    if (data.task == DataTask::kClassification && data.classes != 10) {
      std::cout << ", " << grouped(data.classes) << " classes";
    }
    std::cout << std::endl;
    if (ordered && data.task == DataTask::kClassification) {
      std::cout << "training samples were in an order of classes: shuffled" << std::endl;
    }
  }
  return data;
}

uint32_t DataOptions::validation_count(const Dataset& data) {
  return static_cast<uint32_t>(std::min<size_t>(5000, data.train_count() / 10));
}

void add_seed(CLI::App& command, uint64_t& seed) {
  add_value(command, "--seed", seed,
            "Seed of all random numbers, those of synthetic digits included");
}

void add_threads(CLI::App& command, unsigned& threads) {
  command
      .add_option("--threads", threads,
                  "Threads; 0: one per processor. Results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
}

void add_epochs(CLI::App& command, unsigned& epochs) {
  add_value(command, "--epochs", epochs, "Passes over the training images")
      ->check(CLI::Range(0, 100000));
}

const std::map<std::string, OptimiserKind>& optimiser_names() {
  static const std::map<std::string, OptimiserKind> names = {{"momentum", OptimiserKind::kMomentum},
                                                             {"adam", OptimiserKind::kAdam}};
  return names;
}

namespace {

constexpr double kMostEpochs = 100000;

// What the command line says of a field of DeepCompressionOptions. Others have no option.
struct FieldText {
  const char* name;
  bool detail;
  double least;
  double most;
  const char* text;
};
constexpr FieldText kFields[] = {
    {"density", false, 0, 1,
     "Share of weights to keep, 0 to 1, one per layer, separated by commas, or one for all"},
    {"prune-rounds", false, 1, 1000, "Rounds of pruning and retraining"},
    {"retrain-epochs", false, 0, kMostEpochs, "Epochs of retraining after the last round"},
    {"fine-tune-epochs", false, 0, kMostEpochs, "Epochs in which the shared values are trained"},
    {"quality", true, 0, 1000,
     "Instead of --density: prune weights up to this many standard deviations of the layer's "
     "remaining weights"},
    {"balance", true, 0, 65536,
     "Prune so that each of this many PEs has as many entries of a layer; 0: do not"},
    {"round-epochs", true, 0, kMostEpochs, "Epochs of retraining after each round but the last"},
    {"retrain-rate", true, 0, 100,
     "Learning rate of retraining; of adam a share of the size of a layer's weights"},
    {"weight-decay", true, 0, 1, "Weight decay of retraining"},
    {"batch", true, 1, 1e6, "Samples of a step of all training; else 128, with adam 64"},
    {"optimiser", true, 0, 0, "momentum or adam; else adam for numbers, momentum for classes"},
    {"momentum", true, 0, 0.9999, "0.9 unless given; of adam the decay of the mean gradient"},
    {"bits", true, 0, 8,
     "Bits of a weight's code, 1 to 8, one per layer or one for all: up to 2^bits - 1 values "
     "other than 0; auto: the fewest within --max-weight-error"},
    {"max-weight-error", true, 0, 10,
     "Of --bits auto: root mean square of what sharing changes a layer's weights by, as a share "
     "of theirs"},
    {"bias-bits", true, 0, 8, "The same of biases; 0: they stay 32-bit floats"},
    {"init", true, 0, 0, "First centroids of k-means: linear, density or random"},
    {"entropy", true, 0, 100,
     "Beyond the paper: weight of code lengths when weights choose their values, pruning "
     "included; 0: none, 0.01: some"},
    {"reassign-epochs", true, 0, kMostEpochs,
     "Beyond the paper: epochs in which weights go on to be trained and choose their values anew "
     "after every batch"},
    {"reassign-rate", true, 0, 100, "Learning rate of these epochs"},
    {"fine-tune-rate", true, 0, 100, "Learning rate of fine-tuning"},
    {"centroid-rate", true, 0, 1e6,
     "Share of it by which a shared value follows the sum of its weights' gradients"},
    {"centroid-power", true, 0, 1, "That sum is divided by this power of the number of weights"},
    {"teacher", true, 0, 1,
     "Beyond the paper: weight, 0 to 1, of the float network's answers in the loss (distillation)"},
    {"temperature", true, 0.1, 1000, "By which these answers are softened"},
    {"max-shift", true, 0, 1000, "Training images move by up to this many pixels"},
    {"max-rotation", true, 0, 180, "and turn by up to this many degrees"},
    {"max-scale", true, 0, 0.9, "and grow or shrink by up to this share"}};

// Options of the command line, by the kind of their field.
template <typename T>
CLI::Option* add_field(CLI::App& command, const FieldText& text, const std::string& option,
                       T& value) {
  return command.add_option(option, value, text.text)
      ->check(CLI::Range(text.least, text.most))
      ->type_name(std::is_integral_v<T> ? "N" : "X");
}

template <typename T>
CLI::Option* add_field(CLI::App& command, const FieldText& text, const std::string& option,
                       std::vector<T>& values) {
  CLI::Option* added = command.add_option(option, values, text.text)->delimiter(',');
  if (option == "--bits") {
    added->transform([](const std::string& value) { return value == "auto" ? "0" : value; });
  }
  return added->check(CLI::Range(text.least, text.most))->type_name("X,X,...");
}

CLI::Option* add_field(CLI::App& command, const FieldText& text, const std::string& option,
                       CentroidInit& value) {
  static const std::map<std::string, CentroidInit> names = {{"linear", CentroidInit::kLinear},
                                                            {"density", CentroidInit::kDensity},
                                                            {"random", CentroidInit::kRandom}};
  return add_kind(command, option, value, names, "INIT", text.text);
}

CLI::Option* add_field(CLI::App& command, const FieldText& text, const std::string& option,
                       OptimiserKind& value) {
  return add_kind(command, option, value, optimiser_names(), "KIND", text.text);
}

template <typename T>
void check_length(const char*, const T&, size_t, const std::string&) {}
template <typename T>
void check_length(const char* field, const std::vector<T>& values, size_t count,
                  const std::string& name) {
  if (values.size() <= 1 || values.size() == count) return;
  throw Error("--" + std::string(field) + ": " + std::to_string(values.size()) +
              " values, expected " + std::to_string(count) + ", one per layer of " + name +
              ", or one for all");
}

}  // namespace

void CompressionArguments::add_to(CLI::App& command, bool details) {
  for (const FieldText& text : kFields) {
    if (text.detail && !details) continue;
    visit(values_, [&](const char* name, auto& value) {
      if (std::string(name) != text.name) return;
      std::string option = std::string("--") + name;
      if (option == "--prune-rounds") option += ",--rounds";
      if (option == "--retrain-epochs") option += ",--epochs";
      if (option == "--retrain-rate") option += ",--learning-rate";
      options_[name] = add_field(command, text, option, value);
    });
  }
  if (details) options_["quality"]->excludes("--density");
}

bool CompressionArguments::given(const std::string& field) const {
  const auto option = options_.find(field);
  return option != options_.end() && option->second->count() > 0;
}

std::optional<OptimiserKind> CompressionArguments::optimiser() const {
  if (!given("optimiser")) return {};
  return values_.optimiser;
}

void CompressionArguments::apply_to(DeepCompressionOptions& options, const Network& network,
                                    const std::string& name) const {
  const size_t count = layers(network).size();
  // One of the two takes the place of the other.
  if (given("density")) options.qualities.clear();
  if (given("quality")) options.densities.clear();
  visit(values_, [&](const char* field, const auto& value) {
    if (!given(field)) return;
    check_length(field, value, count, name);
    visit(options, [&](const char* other, auto& target) {
      if constexpr (std::is_same_v<decltype(target), std::decay_t<decltype(value)>&>) {
        if (std::string(field) == other) target = value;
      }
    });
  });
}

Network read_network(const std::string& file) {
  return std::filesystem::path(file).extension() == ".onnx" ? import_onnx(file)
                                                            : load_model<Network>(file);
}

void add_json(CLI::App& command, std::string& file) {
  command
      .add_option("--json", file,
                  "Also write the result to this file; -: to stdout in place of the tables")
      ->type_name("FILE");
}

void refuse_given(const CLI::App& group, const std::string& why) {
  for (const CLI::Option* option : group.get_options()) {
    if (option->count() > 0) throw Error(option->get_name() + ": " + why);
  }
}

void check_image_size(uint64_t inputs, const Dataset& data, const std::string& name) {
  if (inputs == data.inputs()) return;
  std::string shape;
  for (const uint32_t size : data.shape) shape += (shape.empty() ? "" : "x") + std::to_string(size);
  shape = data.shape.size() > 1 ? shape + " = " : "";
  throw Error(name + ": the network takes " + std::to_string(inputs) +
              " inputs, but the samples of " + data.description + " have " + shape +
              std::to_string(data.inputs()) + " values");
}

}  // namespace sparsys
