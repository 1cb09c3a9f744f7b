// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/json_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "sw/sparsys/commit.hpp"

namespace sparsys {

namespace {

std::string command_line;

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

}  // namespace

void check_writable(const std::string& path) {
  if (path.empty() || path == "-") return;
  const auto fail = [&path](int error) {
    std::string reason = std::generic_category().message(error);
    if (!reason.empty()) reason[0] = static_cast<char>(std::tolower(reason[0]));
    throw Error(printable(path, 0) + ": cannot write: " + reason);
  };
  struct stat there = {};
  if (::stat(path.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode)) fail(EISDIR);
    if (::access(path.c_str(), W_OK) != 0) fail(errno);
    if (!S_ISREG(there.st_mode)) return;
  } else if (errno != ENOENT) {
    fail(errno);
  }
  // A file is made beside the old one and then renamed: try the first half of it.
  const size_t slash = path.rfind('/');
  std::string name =
      (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + ".sparsys-try-XXXXXX";
  const int fd = ::mkstemp(name.data());
  if (fd < 0) fail(errno);
  ::close(fd);
  ::unlink(name.c_str());
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

void make_directory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!std::filesystem::is_directory(directory)) {
    throw Error(printable(directory, 0) + ": cannot make this directory: " +
                (error ? error.message() : "there is a file of this name"));
  }
}

void set_command(int argc, const char* const* argv) {
  command_line = "sparsys";
  for (int i = 1; i < argc; ++i) command_line += std::string(" ") + argv[i];
}

void write_json(const std::string& path, const nlohmann::json& value) {
  if (path.empty()) return;
  nlohmann::ordered_json report = {
      {"made", {{"date", date()}, {"commit", kCommit}, {"command", command_line}}}};
  report.update(nlohmann::ordered_json(value));
  const std::string text =
      report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (path == "-") {
    std::cout << text;
  } else {
    write_file_atomically(path, text);
  }
}

}  // namespace sparsys
