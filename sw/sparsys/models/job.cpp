// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/models/job.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "golden/base/atomic_file.hpp"
#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "sw/sparsys/report/json_file.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Of lines of progress.
constexpr std::chrono::seconds kLineInterval{20};
// Weight of the guesses against the first steps' times.
constexpr double kGuessSeconds = 10;

constexpr const char* kCheckpoint = ".checkpoint";

json read_result(const std::string& path) {
  std::ifstream file(path);
  json result = json::parse(file, nullptr, false);
  if (!result.is_object() || !result.contains("seconds") || !result["seconds"].is_number()) {
    throw Error(path + ": damaged: not the result of a step");
  }
  return result;
}

}  // namespace

Job::Job(std::string name, std::string directory, std::string key)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      key_(std::move(key)),
      line_(kLineInterval) {
  make_directory(directory_);
  check_writable(directory_ + "/" + name_);
}

size_t Job::plan(const std::string& name, const std::string& key, double seconds) {
  Step step;
  step.name = name;
  step.file = directory_ + "/" + name_ + "-" + file_part(name) + "-" + digest_of(key_ + '\n' + key);
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
      print_warning(std::string(error.what()) + "; doing the step again");
    }
  }
  stop_if_requested();
  step.over = false;
  std::cout << place << step.name << std::endl;
  started_ = Clock::now();
  if (!line_.terminal()) std::fprintf(stderr, "  all: %s\n", time_left(seconds_left(0)).c_str());
  json result = make();
  const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  line_.end();
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
    if (!p.warning.empty()) return print_warning(p.warning);
    line_.show(p.step, p.fraction,
               "all: " + time_left(seconds_left(p.seconds_left)) + validation_text(p));
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

}  // namespace sparsys
