// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/options.hpp"

#include <algorithm>
#include <iostream>
#include <type_traits>

#include "golden/base/error.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {

void DataOptions::add_to(CLI::App& command) {
  auto* data = command.add_option(
      "--data", directory,
      "Directory with the four MNIST files, plain or .gz; without it the environment variable "
      "SPARSYS_DATA, then ../shared/data/mnist beside the project, then synthetic digits");
  data->type_name("DIR");
  command.add_flag("--synthetic", synthetic, "Use the built-in generator of digit images")
      ->excludes(data);
}

void DataOptions::add_limit_to(CLI::App& command) {
  command
      .add_option("--limit", limit,
                  "Use only the first N training images, a tenth of them for validation; 0: all")
      ->type_name("N");
}

Dataset DataOptions::load(bool training, bool say) const {
  DatasetOptions options;
  options.directory = directory;
  options.synthetic = synthetic;
  options.seed = seed;
  options.threads = threads;
  if (!training) {
    options.train_count = 1;
  } else if (limit > 0) {
    options.train_count = std::min(limit, options.train_count);
  }
  Dataset data = load_dataset(options);
  if (limit > 0 && limit < data.train_count()) {
    data.train_images.resize(size_t{limit} * data.pixels());
    data.train_labels.resize(limit);
  }
  if (say) {
    std::cout << "data set: " << data.description << ", ";
    if (training) std::cout << grouped(data.train_count()) << " training and ";
    std::cout << grouped(data.test_count()) << " test images" << std::endl;
  }
  return data;
}

uint32_t DataOptions::validation_count(const Dataset& data) {
  return static_cast<uint32_t>(std::min<size_t>(5000, data.train_count() / 10));
}

void add_seed(CLI::App& command, uint64_t& seed) {
  command
      .add_option("--seed", seed, "Seed of all random numbers, those of synthetic digits included")
      ->capture_default_str()
      ->type_name("N");
}

void add_threads(CLI::App& command, unsigned& threads) {
  command
      .add_option("--threads", threads,
                  "Threads; 0: one per processor. Results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
}

void add_epochs(CLI::App& command, unsigned& epochs) {
  command.add_option("--epochs", epochs, "Passes over the training images")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->type_name("N");
}

namespace {

constexpr int kMostEpochs = 100000;

template <typename T>
CLI::Option* add_number(CLI::App& command, const std::string& option, std::optional<T>& value,
                        const std::string& text, double least, double most) {
  return command.add_option(option, value, text)
      ->check(CLI::Range(least, most))
      ->type_name(std::is_integral<T>::value ? "N" : "X");
}

template <typename T>
CLI::Option* add_list(CLI::App& command, const std::string& option, std::vector<T>& values,
                      const std::string& text, double least, double most) {
  return command.add_option(option, values, text)
      ->delimiter(',')
      ->check(CLI::Range(least, most))
      ->type_name("X,X,...");
}

template <typename T>
void check_list(const char* option, const std::vector<T>& values, size_t count,
                const std::string& name) {
  if (values.size() <= 1 || values.size() == count) return;
  throw Error(std::string(option) + ": " + std::to_string(values.size()) + " values, expected " +
              std::to_string(count) + ", one per layer of " + name + ", or one for all");
}

template <typename T>
void set(T& option, const std::optional<T>& value) {
  if (value) option = *value;
}

template <typename T>
void set(std::vector<T>& option, const std::vector<T>& values) {
  if (!values.empty()) option = values;
}

}  // namespace

void CompressionArguments::add_to(CLI::App& command) {
  add_list(command, "--density", densities,
           "Share of weights to keep, 0 to 1, one per layer, separated by commas, or one for all",
           0, 1);
  add_number(command, "--prune-rounds,--rounds", prune_rounds, "Rounds of pruning and retraining",
             1, 1000);
  add_number(command, "--retrain-epochs", retrain_epochs,
             "Epochs of retraining after the last round", 0, kMostEpochs);
  add_number(command, "--fine-tune-epochs", fine_tune_epochs,
             "Epochs in which the shared values are trained", 0, kMostEpochs);
}

void CompressionArguments::add_details_to(CLI::App& command) {
  add_list(command, "--quality", qualities,
           "Instead of --density: prune weights up to this many standard deviations of the layer's "
           "remaining weights",
           0, 1000)
      ->excludes("--density");
  add_number(command, "--balance", balance,
             "Prune so that each of this many PEs has as many entries of a layer; 0: do not", 0,
             65536);
  add_number(command, "--round-epochs", round_epochs,
             "Epochs of retraining after each round but the last", 0, kMostEpochs);
  add_number(command, "--retrain-rate", retrain_rate, "Learning rate of retraining", 0, 100);
  add_number(command, "--weight-decay", weight_decay, "Weight decay of retraining", 0, 1);
  add_list(command, "--bits", bits,
           "Bits of a weight's code, 1 to 8, one per layer or one for all: up to 2^bits - 1 values "
           "other than 0",
           1, 8);
  add_list(command, "--bias-bits", bias_bits, "The same of biases; 0: they stay 32-bit floats", 0,
           8);
  command.add_option("--init", init, "First centroids of k-means: linear, density or random")
      ->check(CLI::IsMember({"linear", "density", "random"}))
      ->type_name("INIT");
  add_number(command, "--entropy", entropy,
             "Beyond the paper: weight of code lengths when weights choose their values, pruning "
             "included; 0: none, 0.01: some",
             0, 100);
  add_number(
      command, "--reassign-epochs", reassign_epochs,
      "Beyond the paper: epochs in which weights go on to be trained and choose their values "
      "anew after every batch",
      0, kMostEpochs);
  add_number(command, "--reassign-rate", reassign_rate, "Learning rate of these epochs", 0, 100);
  add_number(command, "--fine-tune-rate", fine_tune_rate, "Learning rate of fine-tuning", 0, 100);
  add_number(command, "--centroid-rate", centroid_rate,
             "Share of it by which a shared value follows the sum of its weights' gradients", 0,
             1e6);
  add_number(command, "--centroid-power", centroid_power,
             "That sum is divided by this power of the number of weights", 0, 1);
  add_number(command, "--teacher", teacher_weight,
             "Beyond the paper: weight, 0 to 1, of the float network's answers in the loss "
             "(distillation)",
             0, 1);
  add_number(command, "--temperature", temperature, "By which these answers are softened", 0.1,
             1000);
  add_number(command, "--max-shift", max_shift, "Training images move by up to this many pixels", 0,
             1000);
  add_number(command, "--max-rotation", max_rotation, "and turn by up to this many degrees", 0,
             180);
  add_number(command, "--max-scale", max_scale, "and grow or shrink by up to this share", 0, 0.9);
}

void CompressionArguments::apply_to(DeepCompressionOptions& options, const Network& network,
                                    const std::string& name) const {
  const size_t count = layers(network).size();
  check_list("--density", densities, count, name);
  check_list("--quality", qualities, count, name);
  check_list("--bits", bits, count, name);
  check_list("--bias-bits", bias_bits, count, name);
  if (prunes()) {
    options.densities = densities;
    options.qualities = qualities;
  }
  set(options.balance, balance);
  set(options.prune_rounds, prune_rounds);
  set(options.round_epochs, round_epochs);
  set(options.retrain_epochs, retrain_epochs);
  set(options.retrain_learning_rate, retrain_rate);
  set(options.weight_decay, weight_decay);
  set(options.sharing.bits, bits);
  set(options.sharing.bias_bits, bias_bits);
  if (init == "linear") options.sharing.init = CentroidInit::kLinear;
  if (init == "density") options.sharing.init = CentroidInit::kDensity;
  if (init == "random") options.sharing.init = CentroidInit::kRandom;
  set(options.sharing.entropy, entropy);
  set(options.reassign_epochs, reassign_epochs);
  set(options.reassign_learning_rate, reassign_rate);
  set(options.fine_tune_epochs, fine_tune_epochs);
  set(options.fine_tune_learning_rate, fine_tune_rate);
  set(options.centroid_rate, centroid_rate);
  set(options.centroid_power, centroid_power);
  set(options.teacher_weight, teacher_weight);
  set(options.temperature, temperature);
  set(options.max_shift, max_shift);
  set(options.max_rotation, max_rotation);
  set(options.max_scale, max_scale);
}

void check_image_size(uint64_t inputs, const Dataset& data, const std::string& name) {
  if (inputs == data.pixels()) return;
  throw Error(name + ": the network takes " + std::to_string(inputs) +
              " inputs, but the images of " + data.description + " have " +
              std::to_string(data.rows) + "x" + std::to_string(data.cols) + " = " +
              std::to_string(data.pixels()) + " pixels");
}

}  // namespace sparsys
