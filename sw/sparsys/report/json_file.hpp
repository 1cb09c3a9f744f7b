// SPDX-License-Identifier: Apache-2.0
// Files that commands write: reports as JSON, and whether a file can be written at all.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/base/atomic_file.hpp"

namespace sparsys {

// Throws Error "<path>: cannot write: <reason>" if a file could not be written there, so that
// nothing is computed in vain. Leaves nothing behind. An empty path and "-" are never wrong.
void check_writable(const std::string& path);

// The same for all files that a command writes, and that none of them is another of them or one
// that it reads: the same file under any name or link, or one in a folder that it reads. Throws
// Error
// "<path>: is also read by this command...". Empty names and "-" are none.
void check_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs);

// "build/x.json" -> "build/", "x.json" -> "".
std::string directory_of(const std::string& path);

// A name as a part of file names: letters, digits and "-".
std::string file_part(std::string name);

// Creates the directory and those above it. Throws Error.
void make_directory(const std::string& directory);

// The command line that reports say they were made by. To be called once.
void set_command(int argc, const char* const* argv);

// A report, pretty, to a file or, for "-", to stdout. An empty path: does nothing. Its first field
// is "made": date (UTC), commit of the sources and command.
void write_json(const std::string& path, const nlohmann::json& value);

// The end of a command that writes files: they get their names once all that it says on stdout is
// out. Throws Error if either fails, and no file is there then.
void commit(FilesTogether& files);

}  // namespace sparsys
