// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/output.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {

std::string grouped(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

void Listing::print(std::ostream& out) const {
  size_t width = 0;
  for (const Line& line : lines_) width = std::max(width, line.name.size());
  for (const Line& line : lines_) {
    out << "  " << line.name << std::string(width + 2 - line.name.size(), ' ') << line.value
        << '\n';
  }
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> width(rows.front().size());
  for (const auto& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  for (const auto& row : rows) {
    std::string line = "  " + row[0] + std::string(width[0] - row[0].size(), ' ');
    for (size_t c = 1; c < row.size(); ++c) {
      line += std::string(2 + width[c] - row[c].size(), ' ') + row[c];
    }
    std::cout << line << '\n';
  }
}

Meter::Meter(std::string step, uint64_t total)
    : step_(std::move(step)),
      total_(total),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      printed_(start_) {}

Meter::~Meter() {
  if (line_open_) std::fputc('\n', stderr);
}

void Meter::at(uint64_t done) {
  if (done == 0 || total_ == 0) return;
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const uint64_t tenths = 10 * done / total_;
  if (terminal_) {
    if (seconds < 1) return;
    if (now - printed_ < std::chrono::milliseconds(200) && !(line_open_ && done == total_)) return;
  } else if (seconds < 2 || tenths <= tenths_) {
    return;
  }
  printed_ = now;
  tenths_ = tenths;
  const double left = seconds * static_cast<double>(total_ - done) / static_cast<double>(done);
  std::fprintf(stderr, "%s%-12s %3.0f %%, %.0f s left%s", terminal_ ? "\r" : "", step_.c_str(),
               100.0 * static_cast<double>(done) / static_cast<double>(total_), left,
               terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
  line_open_ = terminal_;
}

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

void write_json(const std::string& path, const nlohmann::json& value) {
  if (path.empty()) return;
  const std::string text =
      value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  if (path == "-") {
    std::cout << text;
  } else {
    write_file_atomically(path, text);
  }
}

}  // namespace sparsys
