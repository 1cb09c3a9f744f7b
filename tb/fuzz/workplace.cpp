// SPDX-License-Identifier: Apache-2.0
#include "tb/fuzz/workplace.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace sparsys::fuzz {
namespace {

namespace fs = std::filesystem;

// Seconds of a processor after which a command line is said to hang: far more than any takes.
constexpr rlim_t kMostSeconds = 120;
// Of a sanitizer's report; the program's own are 0, 1, 2 and 130.
constexpr int kReported = 99;
// Names, numbers and lists of what is allowed fit; a file's content does not.
constexpr size_t kLongestMessage = 6000;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The only line but for those of progress, without its end; empty if there are others.
std::string last_line(const std::string& err) {
  if (err.empty() || err.back() != '\n') return "";
  std::istringstream lines(err);
  std::string line;
  std::string last;
  while (std::getline(lines, line)) {
    if (!last.empty()) return "";
    if (line.find(" %, ") == std::string::npos) last = line;
  }
  return last;
}

std::string line_of(const Words& words) {
  std::string line = "  sparsys";
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_of(" '\"$*") == std::string::npos;
    line += plain ? " " + word : " '" + word + "'";
  }
  return line + "\n";
}

}  // namespace

Workplace::Workplace(std::string program)
    : program_(std::move(program)), keep_(std::getenv("SPARSYS_FUZZ_KEEP") != nullptr) {
  std::string name = (fs::temp_directory_path() / "sparsys-fuzz-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder " + name);
  folder_ = name;
}

Workplace::~Workplace() {
  if (keep_) {
    std::cout << "kept: " << folder_.string() << '\n' << said_;
    return;
  }
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Workplace::write(const std::string& name, const std::vector<uint8_t>& bytes) const {
  fs::create_directories((folder_ / name).parent_path());
  write_bytes(path(name), bytes);
}

std::vector<uint8_t> Workplace::read(const std::string& name) const {
  const std::string text = content(folder_ / name);
  return {text.begin(), text.end()};
}

Workplace::Files Workplace::files() const {
  Files all;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string name = fs::relative(entry.path(), folder_).string();
    all[name] = entry.is_regular_file() ? content(entry.path()) : "";
  }
  return all;
}

int Workplace::start(const Words& words, std::string& out, std::string& err) const {
  TemporaryFolder said;
  const std::string names[2] = {said.file("out"), said.file("err")};
  std::vector<std::string> all{program_};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> pointers;
  for (std::string& word : all) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  // What is allocated beyond the limit is out of memory, which the program tells itself. Leaks are
  // not looked for: that needs rights that a container may not have.
  const std::string reported = "exitcode=" + std::to_string(kReported);
  ::setenv("ASAN_OPTIONS",
           (reported + ":detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=2048:"
                       "detect_stack_use_after_return=0")
               .c_str(),
           1);
  ::setenv("UBSAN_OPTIONS", (reported + ":print_stacktrace=1").c_str(), 1);
  ::unsetenv("SPARSYS_DATA");
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{kMostSeconds, kMostSeconds};
    ::setrlimit(RLIMIT_CPU, &limit);
    for (int stream = 0; stream < 2; ++stream) {
      ::dup2(::open(names[stream].c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), stream + 1);
    }
    ::dup2(::open("/dev/null", O_RDONLY), 0);
    if (::chdir(folder_.c_str()) != 0) ::_exit(127);
    ::execv(program_.c_str(), pointers.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  out = content(names[0]);
  err = content(names[1]);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void Workplace::complain(const std::string& what, const std::string& err) const {
  ADD_FAILURE() << what << "\n  stderr: " << err.substr(0, 4000) << "\nafter\n" << said_;
}

Outcome Workplace::run(const Words& words, const Words& outputs, Expect expect) {
  const Files before = files();
  said_ += line_of(words);
  ++runs_;
  Outcome outcome;
  std::string err;
  const int code = start(words, outcome.out, err);
  outcome.done = code == 0;
  const bool reported =
      err.find("Sanitizer") != std::string::npos || err.find("runtime error:") != std::string::npos;
  if (code > 1 || reported) {
    complain("exit code " + std::to_string(code) +
                 (code > 128  ? ": a signal"
                  : reported  ? ": a sanitizer's report"
                  : code == 2 ? ": models differ"
                              : ""),
             err);
    return outcome;
  }
  const Files after = files();
  Files expected = before;
  // Values that differ from what was expected of them are written nevertheless.
  const bool differ = err.find(": largest difference ") != std::string::npos;
  if (outcome.done || differ) {
    for (const std::string& output : outputs) {
      const auto made = after.find(output);
      if (made == after.end()) {
        complain("not written: " + output, err);
      } else {
        expected[output] = made->second;
      }
    }
  }
  for (const auto& [name, bytes] : after) {
    const auto known = expected.find(name);
    if (known == expected.end()) complain("left behind: " + name, err);
    if (known != expected.end() && known->second != bytes) complain("changed: " + name, err);
  }
  for (const auto& [name, bytes] : expected) {
    if (after.count(name) == 0) complain("removed: " + name, err);
  }
  if (!outcome.done) {
    const std::string last = last_line(err);
    const std::string begin = "sparsys: error: ";
    if (last.rfind(begin, 0) != 0 || last.size() > kLongestMessage) {
      complain("not one line of an error on stderr", err);
    } else {
      outcome.error = last.substr(begin.size());
    }
  }
  if (expect == Expect::kDone && !outcome.done) complain("refused, but it is right", err);
  if (expect == Expect::kRefused && outcome.done) complain("done, but it is wrong", err);
  return outcome;
}

void Workplace::refuse(const std::string& text, const Words& words) {
  const Outcome outcome = run(words, {}, Expect::kRefused);
  if (outcome.error.find(text) == std::string::npos) {
    complain("no '" + text + "' in the message", outcome.error);
  }
}

}  // namespace sparsys::fuzz
