// SPDX-License-Identifier: Apache-2.0
// Files are written completely or not at all: also on a full disk.
#include "golden/base/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tb/support/error_of.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

class AtomicFile : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.file(name); }

  std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

  static std::string write_error(const std::string& path, const std::string& text) {
    return error_of([&] { write_file_atomically(path, text); });
  }

  const TemporaryFolder folder_;
};

TEST_F(AtomicFile, WritesAndReplaces) {
  write_file_atomically(path("a"), "first");
  EXPECT_EQ(content("a"), "first");
  write_file_atomically(path("a"), "");
  EXPECT_EQ(content("a"), "");
  const std::string large(10 << 20, 'x');
  write_file_atomically(path("a"), large);
  EXPECT_EQ(content("a"), large);
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, NamesWithoutADirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path());
  write_file_atomically("b", "here");
  fs::current_path(before);
  EXPECT_EQ(content("b"), "here");
}

TEST_F(AtomicFile, KeepsPermissionsAndSymbolicLinks) {
  write_file_atomically(path("target"), "old");
  ASSERT_EQ(::chmod(path("target").c_str(), 0640), 0);
  fs::create_symlink("target", path("link"));
  write_file_atomically(path("link"), "new");
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content("target"), "new");
  struct stat status = {};
  ASSERT_EQ(::stat(path("target").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(AtomicFile, MissingDirectoryIsAnError) {
  EXPECT_EQ(write_error(path("no/such/file"), "x"),
            path("no/such/file") + ": cannot write: no such file or directory");
  write_file_atomically(path("file"), "x");
  EXPECT_EQ(write_error(path("file/below"), "x"),
            path("file/below") + ": cannot write: not a directory");
  EXPECT_EQ(write_error(folder_.path().string(), "x"),
            folder_.path().string() + ": cannot write: is a directory");
  EXPECT_EQ(write_error("", "x"), "cannot write: the file name is empty");
  EXPECT_EQ(write_error(path(std::string(300, 'n')), "x"),
            path(std::string(300, 'n')) + ": cannot write: file name too long");
  EXPECT_EQ(files(), 1U);
}

// In a process of its own: root may write anything, and gives up its rights for this.
TEST_F(AtomicFile, ReadOnlyFileIsAnError) {
  constexpr uid_t kNobody = 65534;
  write_file_atomically(path("a"), "old");
  ASSERT_EQ(::chmod(path("a").c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(kNobody) != 0) ::_exit(2);
    const std::string error = write_error(path("a"), "new");
    ::_exit(error == path("a") + ": cannot write: permission denied" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(content("a"), "old");
}

TEST_F(AtomicFile, DevicesAreWrittenDirectly) {
  EXPECT_EQ(write_error("/dev/null", "x"), "no error");
  EXPECT_EQ(write_error("/dev/full", "x"), "/dev/full: cannot write: no space left on device");
}

TEST_F(AtomicFile, FilesTogetherAreThereAllOrNone) {
  write_file_atomically(path("a"), "old");
  {
    FilesTogether files;
    write_file_atomically(path("a"), "new");
    write_file_atomically(path("b"), "new");
    EXPECT_EQ(content("a"), "old");
    EXPECT_NE(write_error("/dev/full", "x"), "no error");
  }
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), 1U);
  {
    FilesTogether files;
    write_file_atomically(path("a"), "new");
    write_file_atomically(path("b"), "new");
    files.commit();
    write_file_atomically(path("c"), "at once");
    EXPECT_EQ(content("c"), "at once");
  }
  EXPECT_EQ(content("a"), "new");
  EXPECT_EQ(content("b"), "new");
  EXPECT_EQ(files(), 3U);
}

// The limit on file sizes stands for a disk that fills up half-way.
TEST_F(AtomicFile, FullDiskLeavesWhatWasThere) {
  write_file_atomically(path("a"), "old");
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string replaced = write_error(path("a"), std::string(1000000, 'x'));
  const std::string created = write_error(path("new"), std::string(1000000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(replaced, path("a") + ": cannot write: file too large");
  EXPECT_EQ(created, path("new") + ": cannot write: file too large");
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace sparsys
