// SPDX-License-Identifier: Apache-2.0
// What lockstep of every engine has in common: both sides run, the inputs are logged, and at the
// first difference everything is run once more for a report and a waveform.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/error.hpp"
#include "tb/lockstep/core/fst_writer.hpp"
#include "tb/lockstep/core/gtkwave_save.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/core/signal_table.hpp"

namespace sparsys {

constexpr uint64_t kWaveWindow = 256;          // cycles before a difference in its waveform
constexpr uint64_t kTextWindow = 6;            // of those, in its report
constexpr size_t kListed = 12;                 // differing signals named in a report
constexpr size_t kLogLimit = size_t{2} << 30;  // bytes of input changes kept for a replay

// The inputs of all cycles so far, equal neighbours counted. Record: made of the device's inputs,
// owns what they point to; same(inputs), inputs(), bytes().
template <class Record>
class InputLog {
 public:
  template <class Inputs, class Config>
  void push(const Inputs& inputs, const Config& config) {
    if (!runs_.empty() && runs_.back().first.same(inputs)) {
      ++runs_.back().second;
    } else if (bytes_ < kLogLimit) {
      runs_.emplace_back(Record(inputs, config), 1);
      bytes_ += runs_.back().first.bytes();
    } else {
      complete_ = false;
    }
  }
  bool complete() const { return complete_; }
  const std::vector<std::pair<Record, uint64_t>>& runs() const { return runs_; }

 private:
  std::vector<std::pair<Record, uint64_t>> runs_;
  size_t bytes_ = 0;
  bool complete_ = true;
};

inline std::string lockstep_hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "%llx", static_cast<unsigned long long>(value));
  return text;
}

// Sides: both models and the table between them:
//   Config, Inputs, Outputs, Model, Rtl, Record; make_rtl(config)
//   Sides(config, rtl); model, table
//   settle(inputs, differs): up to the edge, sets *differs if any signal does; differing(): those
//   signals, behind settle(); edge(inputs)
template <class Sides>
class LockstepRun {
 public:
  using Config = typename Sides::Config;
  using Inputs = typename Sides::Inputs;
  using Outputs = typename Sides::Outputs;
  using Options = BasicLockstepOptions<typename Sides::Model, typename Sides::Rtl>;

  LockstepRun(const Config& config, Options given)
      : config(config), options(std::move(given)), sides(config, make_rtl()) {
    if (!options.waves.empty()) {
      waves = std::make_unique<FstWriter>(options.waves, sides.table.signals());
    }
  }

  // A cycle up to its edge. Throws LockstepMismatch.
  Outputs compare(const Inputs& inputs) {
    log.push(inputs, config);
    bool differs = false;
    const Outputs outputs = settle(sides, inputs, cycle, &differs);
    if (differs) mismatch();
    if (waves) waves->sample(cycle);
    return outputs;
  }
  void edge(const Inputs& inputs) {
    sides.edge(inputs);
    ++cycle;
  }
  // Something done to both sides between two cycles, which a replay does again.
  void poke(std::function<void(Sides&)> what) {
    what(sides);
    pokes.emplace_back(cycle, std::move(what));
  }
  void close_waves() {
    if (waves) waves->close();
    waves.reset();
  }

  Config config;
  Options options;
  Sides sides;
  uint64_t cycle = 0;
  uint64_t mismatched = 0;

 private:
  std::unique_ptr<typename Sides::Rtl> make_rtl() const {
    return options.make_rtl ? options.make_rtl() : Sides::make_rtl(config);
  }
  Outputs settle(Sides& both, const Inputs& inputs, uint64_t at, bool* differs) const {
    if (options.tamper) {
      options.tamper(at, both.model);
      both.model.propagate();
    }
    return both.settle(inputs, differs);
  }
  [[noreturn]] void mismatch();
  std::string replay(const std::string& instance) const;

  InputLog<typename Sides::Record> log;
  std::vector<std::pair<uint64_t, std::function<void(Sides&)>>> pokes;  // by rising cycle
  std::unique_ptr<FstWriter> waves;
};

template <class Sides>
void LockstepRun<Sides>::mismatch() {
  std::string waves_error;
  try {
    close_waves();
  } catch (const Error& e) {
    waves_error = std::string(e.what()) + "\n";
  }
  std::vector<const Signal*> differing = sides.differing();
  mismatched += differing.size();
  if (differing.empty()) throw Error("lockstep: fast and slow comparison disagree (a defect here)");
  // Registers first: a wrong one is nearer to the cause than what follows from it in the same
  // cycle.
  std::stable_partition(differing.begin(), differing.end(), [](const Signal* s) {
    const std::string name = s->name.substr(0, s->name.find('['));
    return name.size() > 2 && name.compare(name.size() - 2, 2, "_q") == 0;
  });
  const Signal& first = *differing.front();
  std::string text = "lockstep: cycle " + std::to_string(cycle) + ": " + first.instance + "." +
                     first.name + ": RTL 0x" + lockstep_hex(first.rtl_value()) +
                     ", cycle model 0x" + lockstep_hex(first.model_value()) + "\n";
  text += std::to_string(differing.size()) + " of " + std::to_string(sides.table.signals().size()) +
          " signals differ:\n";
  for (size_t i = 0; i < differing.size() && i < kListed; ++i) {
    const Signal& s = *differing[i];
    text += "  " + s.instance + "." + s.name + " RTL 0x" + lockstep_hex(s.rtl_value()) +
            " model 0x" + lockstep_hex(s.model_value()) + "\n";
  }
  if (differing.size() > kListed) text += "  ...\n";
  text += replay(first.instance) + waves_error;
  throw LockstepMismatch(text, cycle, first.instance, first.name, differing.size());
}

// Runs everything once more up to the difference, with the waveform on for its last cycles.
template <class Sides>
std::string LockstepRun<Sides>::replay(const std::string& instance) const {
  if (!log.complete()) return "(the run was too long to be replayed for a waveform)\n";
  Sides again(config, make_rtl());
  std::vector<const Signal*> shown;
  for (const Signal& s : again.table.signals()) {
    if (s.instance == instance) shown.push_back(&s);
  }
  std::vector<std::vector<std::pair<uint64_t, uint64_t>>> history(shown.size());
  std::unique_ptr<FstWriter> window;
  std::string window_error;
  const uint64_t text_from = cycle < kTextWindow ? 0 : cycle - kTextWindow + 1;
  const uint64_t wave_from = cycle < kWaveWindow ? 0 : cycle - kWaveWindow + 1;
  uint64_t at = 0;
  auto poke = pokes.begin();
  for (const auto& run : log.runs()) {
    const Inputs inputs = run.first.inputs();
    for (uint64_t i = 0; i < run.second && at <= cycle; ++i, ++at) {
      for (; poke != pokes.end() && poke->first == at; ++poke) poke->second(again);
      bool differs = false;
      settle(again, inputs, at, &differs);
      if (at >= wave_from && !options.mismatch_waves.empty() && window_error.empty()) {
        try {
          if (!window) {
            window = std::make_unique<FstWriter>(options.mismatch_waves, again.table.signals());
          }
          window->sample(at);
        } catch (const Error& e) {
          window_error = e.what();
        }
      }
      if (at >= text_from) {
        for (size_t s = 0; s < shown.size(); ++s) {
          history[s].emplace_back(shown[s]->rtl_value(), shown[s]->model_value());
        }
      }
      if (at < cycle) again.edge(inputs);
    }
  }
  if (window) {
    try {
      window->close();
      const std::vector<const Signal*> differing = again.differing();
      std::vector<const Signal*> others;
      for (const Signal* signal : shown) {
        if (!signal->differs()) others.push_back(signal);
      }
      write_gtkwave_save(options.mismatch_waves, differing, others, cycle);
    } catch (const Error& e) {
      window_error = e.what();
    }
  }
  std::string text = instance + ", cycles " + std::to_string(text_from) + " to " +
                     std::to_string(cycle) + ", RTL above cycle model:\n";
  for (size_t s = 0; s < shown.size(); ++s) {
    const bool differs = shown[s]->differs();
    for (int side = 0; side < 2; ++side) {
      std::string line = side == 0 ? "  " + shown[s]->name : "";
      line.resize(std::max<size_t>(line.size(), 20), ' ');
      for (const auto& values : history[s]) {
        const std::string value = lockstep_hex(side == 0 ? values.first : values.second);
        line += std::string(value.size() < 18 ? 18 - value.size() : 1, ' ') + value;
      }
      text += line + (differs && side == 1 ? "  <-- differs\n" : "\n");
    }
  }
  if (!window_error.empty()) {
    text += "no waveform: " + window_error + "\n";
  } else if (window) {
    text += "waveform of the last cycles: " + options.mismatch_waves + "; gtkwave " +
            gtkwave_save_path(options.mismatch_waves) + " shows the difference\n";
  }
  return text;
}

}  // namespace sparsys
