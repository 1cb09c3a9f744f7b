// SPDX-License-Identifier: Apache-2.0
#include "tb/program/options.hpp"

#include <algorithm>
#include <iostream>

#include "golden/error.hpp"
#include "tb/program/output.hpp"

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

void add_compression(CLI::App& command, DeepCompressionOptions& options) {
  command
      .add_option(
          "--density", options.densities,
          "Share of weights to keep, 0 to 1, one per layer, separated by commas; by default "
          "0.073 of the first, 0.09 of the middle ones and 0.26 of the last layer")
      ->delimiter(',')
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("D,D,...");
  command.add_option("--rounds", options.prune_rounds, "Rounds of pruning and retraining")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--retrain-epochs", options.retrain_epochs,
                  "Epochs of retraining after the last round")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--fine-tune-epochs", options.fine_tune_epochs,
                  "Epochs in which the shared values are trained")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str()
      ->type_name("N");
}

void check_densities(const DeepCompressionOptions& options, const Mlp& mlp,
                     const std::string& name) {
  if (options.densities.empty() || options.densities.size() == mlp.layers.size()) return;
  throw Error("--density: " + std::to_string(options.densities.size()) + " values, expected " +
              std::to_string(mlp.layers.size()) + ", one per layer of " + name);
}

void check_image_size(uint64_t inputs, const Dataset& data, const std::string& name) {
  if (inputs == data.pixels()) return;
  throw Error(name + ": the network takes " + std::to_string(inputs) +
              " inputs, but the images of " + data.description + " have " +
              std::to_string(data.rows) + "x" + std::to_string(data.cols) + " = " +
              std::to_string(data.pixels()) + " pixels");
}

}  // namespace sparsys
