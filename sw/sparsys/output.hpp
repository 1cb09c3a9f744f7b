// SPDX-License-Identifier: Apache-2.0
// What commands print and write: numbers for people, progress, files.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace sparsys {

// 1234567 -> "1,234,567".
std::string grouped(uint64_t value);
std::string fixed(double value, int digits);

// Lines of a name and a value, one under the other.
class Listing {
 public:
  void add(const std::string& name, const std::string& value) { lines_.push_back({name, value}); }
  void print(std::ostream& out) const;

 private:
  struct Line {
    std::string name;
    std::string value;
  };
  std::vector<Line> lines_;
};

// Rows of equal length, the head first: the first column to the left, the others to the right.
void print_table(const std::vector<std::vector<std::string>>& rows);

// Progress of a long step on stderr: a line that is rewritten on a terminal, else a line every
// tenth; nothing for steps that are over within a second or two.
class Meter {
 public:
  Meter(std::string step, uint64_t total);
  ~Meter();
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;
  void at(uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  std::string step_;
  uint64_t total_;
  bool terminal_;
  Clock::time_point start_;
  Clock::time_point printed_;
  uint64_t tenths_ = 0;
  bool line_open_ = false;
};

// Throws Error "<path>: cannot write: <reason>" if a file could not be written there, so that
// nothing is computed in vain. Leaves nothing behind. An empty path and "-" are never wrong.
void check_writable(const std::string& path);

// "build/x.json" -> "build/", "x.json" -> "".
std::string directory_of(const std::string& path);

// Creates the directory and those above it. Throws Error.
void make_directory(const std::string& directory);

// Pretty, to a file or, for "-", to stdout. An empty path: does nothing.
void write_json(const std::string& path, const nlohmann::json& value);

}  // namespace sparsys
