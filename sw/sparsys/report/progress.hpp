// SPDX-License-Identifier: Apache-2.0
// Progress of long work on stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "golden/train/train.hpp"

namespace sparsys {

// One line: rewritten on a terminal up to five times a second, else a new one with every tenth of a
// step, but none sooner than `interval` after the one before or the beginning.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ProgressLine(std::chrono::seconds interval);
  ~ProgressLine() { end(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // "step  40 %, rest". Another step's name begins anew.
  void show(const std::string& step, double fraction, const std::string& rest);
  // The next output of the program begins on a line of its own.
  void end();
  bool terminal() const { return terminal_; }

 private:
  std::chrono::seconds interval_;
  bool terminal_;
  bool open_ = false;
  std::string step_;
  int tenths_ = -1;
  Clock::time_point printed_ = Clock::now();
};

// Of a step of `total` parts; nothing is shown if it is over within a second or two.
class Meter {
 public:
  Meter(std::string step, uint64_t total) : step_(std::move(step)), total_(total) {}
  void at(uint64_t done);

 private:
  std::string step_;
  uint64_t total_;
  ProgressLine line_{std::chrono::seconds(2)};
  ProgressLine::Clock::time_point start_ = ProgressLine::Clock::now();
};

// Of training, with loss and validation error; warnings on lines of their own.
ProgressCallback training_progress();
// ", validation error 1.20 %", empty if it is not known.
std::string validation_text(const Progress& progress);
void print_warning(const std::string& text);

// "12 min left", "40 s left".
std::string time_left(double seconds);

}  // namespace sparsys
