// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/engine_options.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

void add(CLI::App& command, const std::string& option, uint32_t& value, const char* text) {
  command.add_option(option, value, text)->capture_default_str()->type_name("N")->group("Engine");
}

struct Parameter {
  const char* name;
  uint32_t eie::Config::*value;
  const char* text;
};

// The one place to add a parameter to: options, --config and reports follow.
constexpr Parameter kParameters[] = {
    {"pe", &eie::Config::n_pe, "PEs, a power of two from 1 to 256"},
    {"queue", &eie::Config::queue_depth, "Depth of the activation queues, 1 to 255"},
    {"entries", &eie::Config::entry_depth, "Entries of a PE's entry memory, a power of two"},
    {"pointers", &eie::Config::ptr_depth, "Pointers of a PE, a power of two"},
    {"registers", &eie::Config::act_regs, "Activation registers of a PE, 4 to 64"},
    {"activation-ram", &eie::Config::act_ram_depth, "Words of a PE's activation RAM"},
    {"accumulator", &eie::Config::acc_width, "Bits of an accumulator, 20 to 48"},
    {"codebooks", &eie::Config::codebooks, "Codebooks of the engine, a power of two"},
    {"list", &eie::Config::list_depth, "Pass descriptors of the engine, a power of two"},
};

// "queue=16,pe=32" over what `config` has. Throws Error.
eie::Config changed(eie::Config config, const std::string& text) {
  std::istringstream parts(text + ',');
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t equals = std::min(part.find('='), part.size());
    const auto wanted = std::find_if(
        std::begin(kParameters), std::end(kParameters),
        [&](const Parameter& parameter) { return part.substr(0, equals) == parameter.name; });
    uint32_t value = 0;
    char rest = 0;
    if (wanted == std::end(kParameters) || equals == part.size() ||
        part.find_first_not_of("0123456789", equals + 1) != std::string::npos ||
        std::sscanf(part.c_str() + equals + 1, "%9u%c", &value, &rest) != 1) {
      throw Error("--config " + printable(text) + ": " + printable(part) +
                  ": expected an option of the engine and a number, as queue=16");
    }
    config.*wanted->value = value;
  }
  return config;
}

}  // namespace

void add_engine(CLI::App& command, eie::Config& c) {
  for (const Parameter& parameter : kParameters) {
    add(command, std::string("--") + parameter.name, c.*parameter.value, parameter.text);
  }
}

nlohmann::json to_json(const eie::Config& config) {
  nlohmann::json all;
  for (const Parameter& parameter : kParameters) all[parameter.name] = config.*parameter.value;
  return all;
}

std::string to_text(const eie::Config& config) {
  std::string text =
      std::to_string(config.n_pe) + " PEs, queue " + std::to_string(config.queue_depth);
  const eie::Config usual;
  for (const Parameter& parameter : kParameters) {
    if (parameter.value == &eie::Config::n_pe || parameter.value == &eie::Config::queue_depth ||
        config.*parameter.value == usual.*parameter.value) {
      continue;
    }
    text += std::string(", ") + parameter.name + ' ' + std::to_string(config.*parameter.value);
  }
  return text;
}

void EngineConfigs::add_to(CLI::App& command) {
  add_engine(command, first);
  command
      .add_option("--config", others,
                  "Another engine, as these options without dashes: pe=128,queue=16. Again for "
                  "more of them; each gets rows of its own")
      ->allow_extra_args(false)
      ->type_name("NAME=N,...")
      ->group("Engine");
}

std::vector<eie::Config> EngineConfigs::all() const {
  std::vector<eie::Config> configs = {first};
  for (const std::string& other : others) configs.push_back(changed(first, other));
  std::set<std::string> seen;
  for (const eie::Config& config : configs) {
    check(config);
    if (!seen.insert(to_text(config)).second) {
      throw Error("--config: an engine of " + to_text(config) + " comes twice");
    }
  }
  return configs;
}

void add_engine(CLI::App& command, mxu::Config& c) {
  add(command, "--array-rows", c.rows, "Rows of the array, 1 to 256");
  add(command, "--array-cols", c.cols, "Columns of the array, 1 to 256");
  add(command, "--tile-rows", c.tile_rows, "Rows of a block of the description");
  add(command, "--tile-cols", c.tile_cols, "Columns of a block of the description");
  add(command, "--weight-fifo", c.fifo_tiles, "Tiles of weights that wait, 2 to 16");
  add(command, "--buffer", c.ub_depth, "Rows of the unified buffer");
  add(command, "--accumulators", c.acc_depth, "Accumulator rows, a power of two");
  add(command, "--parameter-sets", c.param_sets, "Sets of bias, multiplier and shift");
  add(command, "--instructions", c.queue_depth, "Depth of the instruction queue");
}

void add_rows(CLI::App& command, eie::Rows& rows) {
  command
      .add_option("--rows", rows,
                  "Which PE gets which row: balanced, so that their entries balance, or "
                  "interleaved, as the matrix has them")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, eie::Rows>{{"balanced", eie::Rows::kBalanced},
                                           {"interleaved", eie::Rows::kInterleaved}},
          CLI::ignore_case))
      ->default_str(to_string(rows))
      ->type_name("ROWS");
}

}  // namespace sparsys
