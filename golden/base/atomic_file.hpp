// SPDX-License-Identifier: Apache-2.0
// Files that are either written completely or not at all.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sparsys {

// Writes a file under a temporary name in the directory of `path`, brings it to the disk and only
// then renames it to `path`. Throws Error "<path>: cannot write: <reason>" if any step fails (a
// missing directory, no permission, a full disk...); then nothing is left behind, and a file that
// was there stays as it was. A file that is replaced hands on its permissions; through a symbolic
// link its target is replaced. What is there but no regular file (/dev/stdout) is written directly.
void write_file_atomically(const std::string& path, const void* data, size_t size);
void write_file_atomically(const std::string& path, const std::string& text);

// Several files that are written all or not at all. While there is one of these, what
// write_file_atomically() makes is complete and on the disk, but has its name only with commit();
// without, it goes. What is no regular file is written at once. One at a time, on one thread.
class FilesTogether {
 public:
  FilesTogether();
  ~FilesTogether();
  FilesTogether(const FilesTogether&) = delete;
  FilesTogether& operator=(const FilesTogether&) = delete;

  // Throws Error as write_file_atomically(). What is written afterwards is written at once.
  void commit();

 private:
  friend void write_file_atomically(const std::string& path, const void* data, size_t size);
  struct File {
    std::string path;  // as it was asked for
    std::string temporary;
    std::string target;
  };
  std::vector<File> files_;
};

}  // namespace sparsys
