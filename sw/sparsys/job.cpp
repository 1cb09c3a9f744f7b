// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/job.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Without a terminal a line now and then.
constexpr std::chrono::seconds kLineInterval{20};
// Weight of the guesses against the first steps' times.
constexpr double kGuessSeconds = 10;

constexpr const char* kCheckpoint = ".checkpoint";

// FNV-1a, 64 bits.
std::string digest(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(hash));
  return hex.data();
}

std::string file_part(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '-';
  }
  return name;
}

json read_result(const std::string& path) {
  std::ifstream file(path);
  json result = json::parse(file, nullptr, false);
  if (!result.is_object() || !result.contains("seconds") || !result["seconds"].is_number()) {
    throw Error(path + ": damaged: not the result of a step");
  }
  return result;
}

}  // namespace

std::string time_left(double seconds) {
  return seconds < 90 ? fixed(seconds, 0) + " s left" : fixed(seconds / 60, 0) + " min left";
}

Job::Job(std::string name, std::string directory, std::string key)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      key_(std::move(key)),
      terminal_(isatty(STDERR_FILENO) != 0) {
  make_directory(directory_);
  check_writable(directory_ + "/" + name_);
}

Job::~Job() { end_line(); }

size_t Job::plan(const std::string& name, const std::string& key, double seconds) {
  Step step;
  step.name = name;
  step.file = directory_ + "/" + name_ + "-" + file_part(name) + "-" + digest(key_ + '\n' + key);
  step.guess = seconds;
  std::error_code ignored;
  step.over = std::filesystem::exists(path(step, "json"), ignored);
  steps_.push_back(std::move(step));
  return steps_.size() - 1;
}

std::string Job::path(const Step& step, const std::string& kind) const {
  return step.file + "." + kind;
}

std::string Job::file(size_t step, const std::string& kind) const {
  return path(steps_[step], kind);
}

json Job::run(size_t number, const Make& make, const Load& load) {
  Step& step = steps_[number];
  current_ = number;
  const std::string place = "[" + std::to_string(number + 1) + "/" + std::to_string(steps()) + "] ";
  const std::string result_file = path(step, "json");
  std::error_code ignored;
  if (std::filesystem::exists(result_file, ignored)) {
    try {
      json result = read_result(result_file);
      if (load) load();
      std::cout << place << step.name << ": kept from an earlier run" << std::endl;
      step.over = true;
      ++kept_;
      seconds_ += result["seconds"].get<double>();
      return result;
    } catch (const Error& error) {
      std::fprintf(stderr, "sparsys: warning: %s; doing the step again\n", error.what());
    }
  }
  stop_if_requested();
  step.over = false;
  std::cout << place << step.name << std::endl;
  shown_ = started_ = Clock::now();
  show("", 0);
  json result = make();
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  end_line();
  result["seconds"] = seconds;
  write_file_atomically(result_file, result.dump() + "\n");
  remove_checkpoints(step);
  step.over = true;
  seconds_ += seconds;
  done_seconds_ += seconds;
  done_guess_ += step.guess;
  return result;
}

void Job::stop_if_requested() const {
  if (!stop_requested()) return;
  size_t over = 0;
  for (const Step& step : steps_) over += step.over;
  throw Stopped("stopped after " + std::to_string(over) + " of " + std::to_string(steps()) +
                " steps; run the same command again to go on");
}

std::string Job::checkpoint(const std::string& name) {
  return steps_[current_].file + "-" + file_part(name) + kCheckpoint;
}

void Job::remove_checkpoints(const Step& step) const {
  const std::string prefix = std::filesystem::path(step.file).filename().string() + "-";
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    const std::string file = entry.path().filename().string();
    if (file.rfind(prefix, 0) == 0 && entry.path().extension() == kCheckpoint) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
}

void Job::add_training(TrainOptions& options, const std::string& name) {
  options.step = name;
  options.checkpoint = checkpoint(name);
  options.progress = progress();
}

ProgressCallback Job::progress() {
  return [this](const Progress& p) {
    std::string text = p.step + " " + fixed(100 * p.fraction, 0) + " %";
    if (p.validation_error >= 0)
      text += ", validation error " + fixed(p.validation_error, 2) + " %";
    show(text, p.seconds_left);
  };
}

double Job::seconds_left(double in_step) const {
  const double scale = (done_seconds_ + kGuessSeconds) / (done_guess_ + kGuessSeconds);
  const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  double left = std::max(in_step, scale * steps_[current_].guess - elapsed);
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].over && i != current_) left += scale * steps_[i].guess;
  }
  return left;
}

void Job::show(const std::string& text, double in_step) {
  const Clock::time_point now = Clock::now();
  const bool first = text.empty();
  if (!first && now - shown_ < (terminal_ ? std::chrono::milliseconds(200)
                                          : std::chrono::milliseconds(kLineInterval))) {
    return;
  }
  if (first && terminal_) return;
  const std::string left = "all: " + time_left(seconds_left(in_step));
  if (first) {
    std::fprintf(stderr, "  %s\n", left.c_str());
  } else {
    shown_ = now;
    std::fprintf(stderr, "%s  %s; %s%s", terminal_ ? "\r" : "", text.c_str(), left.c_str(),
                 terminal_ ? "\x1b[K" : "\n");
    line_open_ = terminal_;
  }
  std::fflush(stderr);
}

void Job::end_line() {
  if (line_open_) std::fputs("\r\x1b[K", stderr);
  line_open_ = false;
}

}  // namespace sparsys
