// SPDX-License-Identifier: Apache-2.0
// A file opened for reading, for the loaders: its size is known before anything is read, and
// whatever goes wrong is one line with the file's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sparsys {

class InputFile {
 public:
  // Throws Error if it cannot be opened or is no regular file.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Bytes, when it was opened.
  uint64_t size() const { return size_; }
  // The path as messages show it.
  const std::string& name() const { return name_; }

  // Bytes are read from `offset` on.
  void seek(uint64_t offset);
  // The next `size` bytes. Throws Error if they cannot be read or the file has become shorter.
  void read(uint8_t* data, size_t size);

 private:
  [[noreturn]] void fail_errno() const;

  const std::string name_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace sparsys
