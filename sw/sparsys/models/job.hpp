// SPDX-License-Identifier: Apache-2.0
// A long job of named steps, each done once: its result is kept in a file, and a later run takes it
// from there. Progress tells the time that is left of the whole job.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/base/stop.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/report/progress.hpp"

namespace sparsys {

class Job {
 public:
  // Makes the directory. Files' names begin with `name`. `key`: what the results of all steps
  // depend on. Throws Error if the directory cannot be made or written.
  Job(std::string name, std::string directory, std::string key);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // All steps are planned first, so that the time of those that are still to be done is known.
  // `key`: what its result depends on besides the job's; `seconds`: a guess of what it takes. Names
  // are unique, and parts of file names. Returns its number.
  size_t plan(const std::string& name, const std::string& key, double seconds);

  using Make = std::function<nlohmann::json()>;
  // Reads what a step left in other files than that of its result. Throws Error if it cannot.
  using Load = std::function<void()>;
  // The step's result, an object: kept from an earlier run or made now and kept, with the time it
  // took in "seconds". A damaged file is told in one line, and the step done again. Throws Stopped
  // if that was requested.
  nlohmann::json run(size_t step, const Make& make, const Load& load = {});

  // A file of a step that belongs to its result: the name tells what it depends on.
  std::string file(size_t step, const std::string& kind) const;
  // Name, progress and checkpoint of a training within the current step.
  void add_training(TrainOptions& options, const std::string& name);
  // A checkpoint file of the current step, or the beginning of several names. They are removed at
  // the end of the step.
  std::string checkpoint(const std::string& name);
  // Shown while a step runs.
  ProgressCallback progress();

  // Throws Stopped if that was requested, with what is left to do.
  void stop_if_requested() const;

  // Of all steps when they were made, whichever run that was.
  double seconds() const { return seconds_; }
  size_t steps() const { return steps_.size(); }
  size_t kept() const { return kept_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Step {
    std::string name;
    std::string file;  // without its kind
    double guess = 0;
    bool over = false;
  };

  std::string path(const Step& step, const std::string& kind) const;
  void remove_checkpoints(const Step& step) const;
  // Of all steps that are not over, `in_step` seconds of the current one at least.
  double seconds_left(double in_step) const;

  Stoppable stoppable_;  // run() looks at requests, and so does training
  std::string name_;
  std::string directory_;
  std::string key_;
  std::vector<Step> steps_;
  size_t current_ = 0;
  size_t kept_ = 0;
  double seconds_ = 0;
  // Time and guesses of what this run has done itself: how fast this machine is.
  double done_seconds_ = 0;
  double done_guess_ = 0;
  ProgressLine line_;
  Clock::time_point started_;  // the current step
};

}  // namespace sparsys
