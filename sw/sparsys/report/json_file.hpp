// SPDX-License-Identifier: Apache-2.0
// Files that commands write: reports as JSON, and whether a file can be written at all.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sparsys {

// Throws Error "<path>: cannot write: <reason>" if a file could not be written there, so that
// nothing is computed in vain. Leaves nothing behind. An empty path and "-" are never wrong.
void check_writable(const std::string& path);

// "build/x.json" -> "build/", "x.json" -> "".
std::string directory_of(const std::string& path);

// Creates the directory and those above it. Throws Error.
void make_directory(const std::string& directory);

// The command line that reports say they were made by. To be called once.
void set_command(int argc, const char* const* argv);

// A report, pretty, to a file or, for "-", to stdout. An empty path: does nothing. Its first field
// is "made": date (UTC), commit of the sources and command.
void write_json(const std::string& path, const nlohmann::json& value);

}  // namespace sparsys
