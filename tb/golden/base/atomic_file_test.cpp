// SPDX-License-Identifier: Apache-2.0
// Files are written completely or not at all: also on a full disk.
#include "golden/base/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

class AtomicFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sparsys-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::string content(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  size_t files() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
  }

  static std::string error_of(const std::string& path, const std::string& text) {
    try {
      write_file_atomically(path, text);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "no error";
  }

  fs::path directory_;
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
  fs::current_path(directory_);
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
  EXPECT_EQ(error_of(path("no/such/file"), "x"),
            path("no/such/file") + ": cannot write: no such file or directory");
  write_file_atomically(path("file"), "x");
  EXPECT_EQ(error_of(path("file/below"), "x"),
            path("file/below") + ": cannot write: not a directory");
  EXPECT_EQ(error_of(directory_.string(), "x"),
            directory_.string() + ": cannot write: is a directory");
  EXPECT_EQ(error_of("", "x"), "cannot write: the file name is empty");
  EXPECT_EQ(error_of(path(std::string(300, 'n')), "x"),
            path(std::string(300, 'n')) + ": cannot write: file name too long");
  EXPECT_EQ(files(), 1U);
}

TEST_F(AtomicFile, ReadOnlyFileIsAnError) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anything";
  write_file_atomically(path("a"), "old");
  ASSERT_EQ(::chmod(path("a").c_str(), 0444), 0);
  EXPECT_EQ(error_of(path("a"), "new"), path("a") + ": cannot write: permission denied");
  EXPECT_EQ(content("a"), "old");
}

TEST_F(AtomicFile, DevicesAreWrittenDirectly) {
  EXPECT_EQ(error_of("/dev/null", "x"), "no error");
  EXPECT_EQ(error_of("/dev/full", "x"), "/dev/full: cannot write: no space left on device");
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
  const std::string replaced = error_of(path("a"), std::string(1000000, 'x'));
  const std::string created = error_of(path("new"), std::string(1000000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(replaced, path("a") + ": cannot write: file too large");
  EXPECT_EQ(created, path("new") + ": cannot write: file too large");
  EXPECT_EQ(content("a"), "old");
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace sparsys
