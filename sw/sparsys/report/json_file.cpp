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

namespace {

namespace fs = std::filesystem;

// Which file a path names; there may be none yet.
struct Identity {
  bool there = false;
  bool regular = false;
  dev_t device = 0;
  ino_t number = 0;
  fs::path path;  // without links in its folder

  explicit Identity(const std::string& name) {
    struct stat status = {};
    there = ::stat(name.c_str(), &status) == 0;
    regular = there && S_ISREG(status.st_mode);
    device = status.st_dev;
    number = status.st_ino;
    std::error_code ignored;
    path = fs::weakly_canonical(name, ignored);
  }

  bool operator==(const Identity& other) const {
    if (there && other.there) {
      return regular && device == other.device && number == other.number;
    }
    return !there && !other.there && path == other.path;
  }
};

// Whether a file is `input` or, of a folder, in it.
bool is_in(const Identity& file, const std::string& input) {
  std::error_code ignored;
  if (!file.regular || !fs::is_directory(input, ignored)) return file == Identity(input);
  constexpr auto kOptions = fs::directory_options::skip_permission_denied;
  for (const auto& entry : fs::recursive_directory_iterator(input, kOptions, ignored)) {
    if (entry.is_regular_file(ignored) && file == Identity(entry.path().string())) return true;
  }
  return false;
}

bool names_file(const std::string& path) { return !path.empty() && path != "-"; }

}  // namespace

void check_outputs(const std::vector<std::string>& outputs,
                   const std::vector<std::string>& inputs) {
  for (size_t o = 0; o < outputs.size(); ++o) {
    const std::string& output = outputs[o];
    if (!names_file(output)) continue;
    const Identity file(output);
    for (const std::string& input : inputs) {
      if (!input.empty() && is_in(file, input)) {
        throw Error(printable(output, 0) +
                    ": is also read by this command, expected another file to write");
      }
    }
    for (size_t other = 0; other < o; ++other) {
      if (names_file(outputs[other]) && file == Identity(outputs[other])) {
        throw Error(printable(output, 0) +
                    ": is written twice by this command, expected two different files");
      }
    }
    check_writable(output);
  }
}

std::string file_part(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '-';
  }
  return name;
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

void commit(FilesTogether& files) {
  std::cout.flush();
  if (!std::cout) throw Error("cannot write to the standard output");
  files.commit();
}

}  // namespace sparsys
