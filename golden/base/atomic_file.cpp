// SPDX-License-Identifier: Apache-2.0
#include "golden/base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  std::string reason = std::generic_category().message(error);
  if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(reason[0]));
  throw Error(printable(path, 0) + ": cannot write: " + reason);
}

// An open file that closes itself, and removes itself unless it was kept.
class OpenFile {
 public:
  OpenFile(int fd, std::string temporary) : fd_(fd), temporary_(std::move(temporary)) {}
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int fd() const { return fd_; }
  // Some file systems report a full disk only here.
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }
  void keep() { temporary_.clear(); }

 private:
  int fd_;
  std::string temporary_;
};

void write_all(int fd, const void* data, size_t size, const std::string& path) {
  // Well below the most one call writes, wherever.
  constexpr size_t kMost = size_t{1} << 28;
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, std::min(size, kMost));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail(path, errno);
    }
    // A regular file takes something or fails; this guards against a loop without end.
    if (written == 0) fail(path, ENOSPC);
    bytes += written;
    size -= static_cast<size_t>(written);
  }
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

int open_temporary(const std::string& directory, const std::string& path, std::string& name) {
  static std::atomic<unsigned> counter{0};
  constexpr int kAttempts = 100;  // names that a process which died may have left behind
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    name = directory + (directory.back() == '/' ? "" : "/") + ".sparsys-" +
           std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return fd;
    if (errno != EEXIST) break;
  }
  fail(path, errno);
}

// Where `path` really points to, if it exists.
std::string resolve(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  const std::string resolved = real;
  std::free(real);
  return resolved;
}

FilesTogether* together = nullptr;

void rename_to(const std::string& temporary, const std::string& target, const std::string& path) {
  if (::rename(temporary.c_str(), target.c_str()) != 0) fail(path, errno);
  // The new name too is to survive a power failure; not every file system can promise that.
  const int directory_fd = ::open(directory_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_fd >= 0) {
    ::fsync(directory_fd);
    ::close(directory_fd);
  }
}

}  // namespace

FilesTogether::FilesTogether() { together = this; }

FilesTogether::~FilesTogether() {
  if (together == this) together = nullptr;
  for (const File& file : files_) ::unlink(file.temporary.c_str());
}

void FilesTogether::commit() {
  together = nullptr;
  while (!files_.empty()) {
    const File& file = files_.front();
    rename_to(file.temporary, file.target, file.path);
    files_.erase(files_.begin());
  }
}

void write_file_atomically(const std::string& path, const void* data, size_t size) {
  if (path.empty()) throw Error("cannot write: the file name is empty");
  struct stat old = {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (!exists && errno != ENOENT) fail(path, errno);
  if (exists && S_ISDIR(old.st_mode)) fail(path, EISDIR);
  // Renaming needs no permission on the file it replaces: a file made read-only would go all the
  // same.
  if (exists && ::access(path.c_str(), W_OK) != 0) fail(path, errno);

  if (exists && !S_ISREG(old.st_mode)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) fail(path, errno);
    OpenFile file(fd, "");
    write_all(fd, data, size, path);
    if (!file.close()) fail(path, errno);
    return;
  }

  const std::string target = exists ? resolve(path) : path;
  std::string temporary;
  const int fd = open_temporary(directory_of(target), path, temporary);
  OpenFile file(fd, temporary);
  write_all(fd, data, size, path);
  if (exists && ::fchmod(fd, old.st_mode & 07777) != 0) fail(path, errno);
  if (::fsync(fd) != 0) fail(path, errno);
  if (!file.close()) fail(path, errno);
  if (together != nullptr) {
    together->files_.push_back({path, temporary, target});
  } else {
    rename_to(temporary, target, path);
  }
  file.keep();
}

void write_file_atomically(const std::string& path, const std::string& text) {
  write_file_atomically(path, text.data(), text.size());
}

}  // namespace sparsys
