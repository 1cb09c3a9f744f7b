// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/engine_options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "sw/sparsys/commands/options.hpp"

namespace sparsys {
namespace {

// An option of an engine's configuration.
template <typename Config>
struct ConfigOption {
  const char* name;  // of its option, without dashes
  uint32_t Config::*value;
  const char* text;
  const char* other_option = "";  // ",--another-name"
};

template <typename Config>
void add(CLI::App& command, const ConfigOption<Config>& parameter, Config& config) {
  CLI::Option* const option =
      add_value(command, "--" + (parameter.name + std::string(parameter.other_option)),
                config.*parameter.value, parameter.text)
          ->group("Engine");
  if constexpr (std::is_same_v<Config, eie::Config>) {
    // The banks follow the lanes unless they are given: their option stands behind that of the
    // lanes and is taken later.
    if (parameter.value == &eie::Config::lanes) {
      option->each([&config](const std::string& lanes) {
        config.banks = eie::usual_banks(static_cast<uint32_t>(std::atoi(lanes.c_str())));
      });
    }
  }
}

// The one place to add a parameter to: options, --config and reports follow. The first is the
// number of PEs.
constexpr ConfigOption<eie::Config> kParameters[] = {
    {"pe", &eie::Config::n_pe, "PEs, a power of two from 1 to 256"},
    {"queue", &eie::Config::queue_depth, "Depth of the activation queues, 1 to 256"},
    {"entries", &eie::Config::entry_depth, "Entries of a PE's entry memory, a power of two"},
    {"pointers", &eie::Config::ptr_depth, "Pointers of a PE's two banks together, a power of two"},
    {"registers", &eie::Config::act_regs,
     "Activation registers of a PE, as source and as destination, a power of two from 4 to 64",
     ",--act-registers"},
    {"activation-ram", &eie::Config::act_ram_depth,
     "Words of a PE's activation RAM, a power of two up to 65,536", ",--act-ram"},
    {"accumulator", &eie::Config::acc_width, "Bits of an accumulator, 20 to 48"},
    {"codebooks", &eie::Config::codebooks, "Codebooks, a power of two from 2 to 256"},
    {"list", &eie::Config::list_depth, "Passes in a list, a power of two from 2 to 32,768"},
    {"lanes", &eie::Config::lanes, "Entries of one column that a PE takes a cycle: 1, 4, 8 or 16"},
    {"banks", &eie::Config::banks,
     "Banks of a PE's accumulators, a power of two from 2 to half the registers; 1 with one lane. "
     "Twice the lanes unless given"},
    {"bank-depth", &eie::Config::bank_depth, "Depth of the FIFO of a bank: 2, 4 or 8"},
    {"groups", &eie::Config::groups,
     "Groups of PEs, each with a broadcast a cycle for columns of its own: 1, or with more lanes "
     "also 2, 4 or 8"},
};

constexpr ConfigOption<mxu::Config> kMatrixUnit[] = {
    {"array-rows", &mxu::Config::rows, "Rows of the array, 1 to 256"},
    {"array-cols", &mxu::Config::cols, "Columns of the array, 1 to 256"},
    {"tile-rows", &mxu::Config::tile_rows, "Rows of a block of the description"},
    {"tile-cols", &mxu::Config::tile_cols, "Columns of a block of the description"},
    {"weight-fifo", &mxu::Config::fifo_words,
     "Words of eight entries that wait in front of a bus, a power of two"},
    {"buffer", &mxu::Config::ub_depth, "Rows of the unified buffer"},
    {"accumulators", &mxu::Config::acc_depth, "Accumulator rows, a power of two"},
    {"parameter-sets", &mxu::Config::param_sets, "Sets of bias, multiplier and shift"},
    {"instructions", &mxu::Config::queue_depth, "Depth of the instruction queue"},
    {"activation-lanes", &mxu::Config::act_lanes,
     "Lanes of the activation unit, a divisor of the columns; 0: one for each column"},
};

// "queue=16,pe=32" over what `config` has. Throws Error.
eie::Config changed(eie::Config config, const std::string& text) {
  std::istringstream parts(text + ',');
  const eie::Config before = config;
  bool banks = false;
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t equals = std::min(part.find('='), part.size());
    const auto wanted = std::find_if(std::begin(kParameters), std::end(kParameters),
                                     [&](const ConfigOption<eie::Config>& parameter) {
                                       return part.substr(0, equals) == parameter.name;
                                     });
    uint32_t value = 0;
    char rest = 0;
    if (wanted == std::end(kParameters) || equals == part.size() ||
        part.find_first_not_of("0123456789", equals + 1) != std::string::npos ||
        std::sscanf(part.c_str() + equals + 1, "%9u%c", &value, &rest) != 1) {
      throw Error("--config " + printable(text) + ": " + printable(part) +
                  ": expected an option of the engine and a number, as queue=16");
    }
    config.*wanted->value = value;
    banks = banks || wanted->value == &eie::Config::banks;
  }
  if (config.lanes != before.lanes && !banks) config.banks = eie::usual_banks(config.lanes);
  return config;
}

}  // namespace

void add_engine(CLI::App& command, eie::Config& config) {
  add(command, kParameters[0], config);
  add_memories(command, config);
}

void add_memories(CLI::App& command, eie::Config& config) {
  std::for_each(
      std::begin(kParameters) + 1, std::end(kParameters),
      [&](const ConfigOption<eie::Config>& parameter) { add(command, parameter, config); });
}

void check_given(const CLI::App& command, const eie::Config& given, const eie::Config& found,
                 const std::string& place) {
  for (const ConfigOption<eie::Config>& parameter : kParameters) {
    const std::string name = "--" + std::string(parameter.name);
    const CLI::Option* const option = command.get_option_no_throw(name);
    if (option == nullptr || option->count() == 0) continue;
    if (given.*parameter.value == found.*parameter.value) continue;
    throw Error(name + ' ' + std::to_string(given.*parameter.value) + ": the engine at " + place +
                " has " + std::to_string(found.*parameter.value) +
                "; leave the option out, or load another bitstream");
  }
}

nlohmann::json to_json(const eie::Config& config) {
  nlohmann::json all;
  for (const auto& parameter : kParameters) all[parameter.name] = config.*parameter.value;
  return all;
}

std::string to_text(const eie::Config& config) {
  std::string text =
      std::to_string(config.n_pe) + " PEs, queue " + std::to_string(config.queue_depth);
  const eie::Config usual;
  for (const ConfigOption<eie::Config>& parameter : kParameters) {
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

void add_engine(CLI::App& command, mxu::Config& config) {
  for (const ConfigOption<mxu::Config>& parameter : kMatrixUnit) add(command, parameter, config);
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
