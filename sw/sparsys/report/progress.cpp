// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "sw/sparsys/report/table.hpp"

namespace sparsys {

ProgressLine::ProgressLine(std::chrono::seconds interval)
    : interval_(interval), terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& step, double fraction, const std::string& rest) {
  const Clock::time_point now = Clock::now();
  const int tenths = static_cast<int>(10 * fraction);
  const bool first = step != step_;
  if (first) tenths_ = -1;
  step_ = step;
  if (terminal_) {
    const auto pause = std::min<Clock::duration>(interval_, std::chrono::seconds(1));
    const bool last = open_ && fraction >= 1;
    if (!open_ && now - printed_ < pause) return;
    if (!first && !last && now - printed_ < std::chrono::milliseconds(200)) return;
  } else if (tenths <= tenths_ || now - printed_ < interval_) {
    return;
  }
  printed_ = now;
  tenths_ = tenths;
  std::fprintf(stderr, "%s%-12s %3.0f %%, %s%s", terminal_ ? "\r" : "", step.c_str(),
               100 * fraction, rest.c_str(), terminal_ ? "\x1b[K" : "\n");
  std::fflush(stderr);
  open_ = terminal_;
}

void ProgressLine::end() {
  if (open_) std::fputc('\n', stderr);
  open_ = false;
}

void Meter::at(uint64_t done) {
  if (done == 0 || total_ == 0) return;
  const double seconds = std::chrono::duration<double>(ProgressLine::Clock::now() - start_).count();
  const double fraction = static_cast<double>(done) / static_cast<double>(total_);
  line_.show(step_, fraction, time_left(seconds * (1 / fraction - 1)));
}

ProgressCallback training_progress() {
  const auto line = std::make_shared<ProgressLine>(std::chrono::seconds(0));
  return [line](const Progress& progress) {
    if (!progress.warning.empty()) return print_warning(progress.warning);
    line->show(progress.step, progress.fraction,
               time_left(progress.seconds_left) + ", loss " + fixed(progress.loss, 4) +
                   validation_text(progress));
    if (progress.fraction >= 1) line->end();
  };
}

std::string validation_text(const Progress& progress) {
  if (progress.validation_error < 0) return "";
  return ", validation error " + percent_text(progress.validation_error);
}

void print_warning(const std::string& text) {
  std::fprintf(stderr, "sparsys: warning: %s\n", text.c_str());
}

std::string time_left(double seconds) {
  return seconds < 90 ? fixed(seconds, 0) + " s left" : fixed(seconds / 60, 0) + " min left";
}

}  // namespace sparsys
