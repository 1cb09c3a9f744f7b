// SPDX-License-Identifier: Apache-2.0
// Every parameter of an engine as an option.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/engine/eie/balance.hpp"
#include "golden/engine/eie/config.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys {

// Ranges are checked by check(config). Of the RTL there are only the sizes that are built in.
void add_engine(CLI::App& command, eie::Config& config);
void add_memories(CLI::App& command, eie::Config& config);  // all but the number of PEs
void add_engine(CLI::App& command, mxu::Config& config);

// Throws Error "--option N: ..." if an option of an engine is given whose value is not that of
// `found`, the engine at `place`.
void check_given(const CLI::App& command, const eie::Config& given, const eie::Config& found,
                 const std::string& place);

// All parameters by the names of their options.
nlohmann::json to_json(const eie::Config& config);
// "64 PEs, queue 8", and what else is not as usual.
std::string to_text(const eie::Config& config);

// One engine by options, and more by --config, which change some of them.
struct EngineConfigs {
  eie::Config first;
  std::vector<std::string> others;

  void add_to(CLI::App& command);
  // The first, then the others. Throws Error if one cannot be, or comes twice.
  std::vector<eie::Config> all() const;
};

// --rows.
void add_rows(CLI::App& command, eie::Rows& rows);

}  // namespace sparsys
