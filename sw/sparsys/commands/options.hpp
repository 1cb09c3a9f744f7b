// SPDX-License-Identifier: Apache-2.0
// Options that several commands share, and what they stand for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "golden/compress/deep_compression.hpp"
#include "golden/data/dataset.hpp"
#include "golden/train/train.hpp"

namespace sparsys {

// Which data. The seed is that of the synthetic digits.
struct DataOptions {
  std::string path;
  std::string task;  // empty: as the data are
  bool synthetic = false;
  uint64_t seed = 1;
  uint32_t limit = 0;    // training images; 0: all
  unsigned threads = 0;  // 0: all processors

  void add_to(CLI::App& command);
  void add_limit_to(CLI::App& command);

  // Loads the data set, shuffled if its order has to do with classes, cut to `limit` training
  // samples, and says on stdout (if `say`) which it is and what was done. With `training` false
  // synthetic training images are not drawn: only the test samples count.
  Dataset load(bool training = true, bool say = true) const;
  // Without --task a network for numbers gets targets that are numbers, and one with as many
  // outputs as inputs is an autoencoder. To be called before load().
  void expect(const Network& network);
  // The file or folder that load() reads; empty if there is none.
  std::string input() const;
  // Training samples kept for validation: 5,000, or a tenth if fewer than 50,000 are used.
  static uint32_t validation_count(const Dataset& data);
};

// An option for a field, whose default is shown: N is a whole number, X another. Ranges and other
// type names are the caller's.
template <typename T>
CLI::Option* add_value(CLI::App& command, const std::string& name, T& value,
                       const std::string& text) {
  const char* const type = std::is_same_v<T, std::string> ? "KIND"
                           : std::is_integral_v<T>        ? "N"
                                                          : "X";
  return command.add_option(name, value, text)->capture_default_str()->type_name(type);
}

void add_seed(CLI::App& command, uint64_t& seed);
void add_threads(CLI::App& command, unsigned& threads);
void add_epochs(CLI::App& command, unsigned& epochs);
// An option that has names for its values.
template <typename T, typename Target>
CLI::Option* add_kind(CLI::App& command, const std::string& option, Target& value,
                      const std::map<std::string, T>& names, const char* type, const char* text) {
  return command
      .add_option_function<std::string>(
          option, [&value, names](const std::string& name) { value = names.at(name); }, text)
      ->check(CLI::IsMember(names))
      ->type_name(type);
}
const std::map<std::string, OptimiserKind>& optimiser_names();
// Options of compression but seed and threads. What is not given stays as the network's recipe has
// it.
class CompressionArguments {
 public:
  // With `details` all of them; without, densities, rounds and epochs.
  void add_to(CLI::App& command, bool details);
  // --optimiser, if it is given.
  std::optional<OptimiserKind> optimiser() const;
  // Throws Error "--<option>: ..." unless there is one value per layer of the network, or one.
  void apply_to(DeepCompressionOptions& options, const Network& network,
                const std::string& name) const;

 private:
  bool given(const std::string& field) const;

  DeepCompressionOptions values_;
  std::map<std::string, CLI::Option*> options_;  // by the field's name
};

// A float network: of an ONNX file by its ending, else a float model. Throws Error as import_onnx()
// and load_model().
Network read_network(const std::string& file);

// --json, the file that a result is also written to.
void add_json(CLI::App& command, std::string& file);

// Throws Error "--option: <why>" if one of this group of options is given.
void refuse_given(const CLI::App& group, const std::string& why);

// Throws Error unless `inputs`, those of the network in file `name`, are as many as a sample has.
void check_image_size(uint64_t inputs, const Dataset& data, const std::string& name);

}  // namespace sparsys
