// SPDX-License-Identifier: Apache-2.0
// Every parameter of an engine as an option.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "golden/engine/eie/balance.hpp"
#include "golden/engine/eie/config.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys {

// Ranges are checked by check(config).
void add_engine(CLI::App& command, eie::Config& config);
void add_engine(CLI::App& command, mxu::Config& config);

// --rows.
void add_rows(CLI::App& command, eie::Rows& rows);

}  // namespace sparsys
