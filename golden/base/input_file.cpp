// SPDX-License-Identifier: Apache-2.0
#include "golden/base/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <system_error>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {

InputFile::InputFile(const std::string& path) : name_(printable(path, 0)) {
  struct stat status = {};
  // Before opening: to open a pipe would wait for its other end.
  if (::stat(path.c_str(), &status) != 0) fail_errno();
  if (!S_ISREG(status.st_mode)) throw Error(name_ + ": cannot read: not a regular file");
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) fail_errno();
  if (::fstat(fd_, &status) != 0) {
    const int error = errno;
    ::close(fd_);
    errno = error;
    fail_errno();
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(fd_); }

void InputFile::seek(uint64_t offset) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) fail_errno();
}

void InputFile::read(uint8_t* data, size_t size) {
  constexpr size_t kMost = size_t{1} << 28;
  while (size > 0) {
    const ssize_t got = ::read(fd_, data, std::min(size, kMost));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_errno();
    if (got == 0) throw Error(name_ + ": became shorter while it was read");
    data += got;
    size -= static_cast<size_t>(got);
  }
}

void InputFile::fail_errno() const {
  std::string reason = std::generic_category().message(errno);
  if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(reason[0]));
  throw Error(name_ + ": cannot read: " + reason);
}

}  // namespace sparsys
