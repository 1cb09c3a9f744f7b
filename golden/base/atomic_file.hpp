// SPDX-License-Identifier: Apache-2.0
// Files that are either written completely or not at all.
#pragma once

#include <cstddef>
#include <string>

namespace sparsys {

// Writes a file under a temporary name in the directory of `path`, brings it to the disk and only
// then renames it to `path`. Throws Error "<path>: cannot write: <reason>" if any step fails (a
// missing directory, no permission, a full disk...); then nothing is left behind, and a file that
// was there stays as it was. A file that is replaced hands on its permissions; through a symbolic
// link its target is replaced. What is there but no regular file (/dev/stdout) is written directly.
void write_file_atomically(const std::string& path, const void* data, size_t size);
void write_file_atomically(const std::string& path, const std::string& text);

}  // namespace sparsys
