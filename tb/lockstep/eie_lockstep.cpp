// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie_lockstep.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <utility>
#include <vector>

#include "tb/lockstep/eie_signals.hpp"
#include "tb/lockstep/fst_writer.hpp"
#include "tb/lockstep/signal_table.hpp"

namespace sparsys {

namespace {

constexpr uint64_t kWaveWindow = 256;   // cycles before a difference in its waveform
constexpr uint64_t kTextWindow = 6;     // of those, in its report
constexpr size_t kListed = 12;          // differing signals named in a report
constexpr size_t kLogLimit = 32 << 20;  // input changes kept for a replay

bool same(const EieInputs& a, const EieInputs& b) {
  return a.rst_i == b.rst_i && a.start_i == b.start_i && a.list_first_i == b.list_first_i &&
         a.list_count_i == b.list_count_i && a.io_valid_i == b.io_valid_i &&
         a.io_write_i == b.io_write_i && a.io_addr_i == b.io_addr_i && a.io_wdata_i == b.io_wdata_i;
}

// The inputs of all cycles so far, equal neighbours counted.
class InputLog {
 public:
  void push(const EieInputs& inputs) {
    if (!runs_.empty() && same(runs_.back().first, inputs)) {
      ++runs_.back().second;
    } else if (runs_.size() < kLogLimit) {
      runs_.emplace_back(inputs, 1);
    } else {
      complete_ = false;
    }
  }
  bool complete() const { return complete_; }
  const std::vector<std::pair<EieInputs, uint64_t>>& runs() const { return runs_; }

 private:
  std::vector<std::pair<EieInputs, uint64_t>> runs_;
  bool complete_ = true;
};

// Both models and the table between them.
struct Sides {
  Sides(const EieConfig& config, std::unique_ptr<EieRtl> made)
      : rtl(std::move(made)), model(config), table(rtl->context()) {
    add_signals(table, "eie", model);
    std::vector<std::pair<const void*, size_t>> objects;
    for (const eie_pe& pe : model.pe) objects.emplace_back(&pe, sizeof(pe));
    table.finish(objects);
    model.propagate();
  }

  // Up to the edge. Sets `differs` if any signal does.
  EieOutputs settle(const EieInputs& inputs, bool* differs) {
    const EieOutputs outputs = rtl->settle(inputs);
    model.start_i = inputs.start_i;
    model.list_first_i = inputs.list_first_i;
    model.list_count_i = inputs.list_count_i;
    model.io_valid_i = inputs.io_valid_i;
    model.io_write_i = inputs.io_write_i;
    model.io_addr_i = inputs.io_addr_i;
    model.io_wdata_i = inputs.io_wdata_i;
    bool inside = false;
    model.propagate_rest(
        [&](uint32_t first, uint32_t count) { inside |= table.differs_inside(first, count); });
    *differs = inside || table.differs_outside();
    return outputs;
  }
  void edge(const EieInputs& inputs) {
    model.edge(inputs.rst_i);
    rtl->edge();
  }

  std::unique_ptr<EieRtl> rtl;
  eie model;
  SignalTable table;
};

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

struct EieLockstep::Impl {
  Impl(const EieConfig& config, LockstepOptions given)
      : config(config), options(std::move(given)), sides(config, make_rtl()) {
    if (!options.waves.empty()) {
      waves = std::make_unique<FstWriter>(options.waves, sides.table.signals());
    }
  }

  std::unique_ptr<EieRtl> make_rtl() const {
    return options.make_rtl ? options.make_rtl() : make_eie_rtl(config);
  }

  EieOutputs settle(Sides& both, const EieInputs& inputs, uint64_t at, bool* differs) const {
    if (options.tamper) {
      options.tamper(at, both.model);
      both.model.propagate();
    }
    return both.settle(inputs, differs);
  }

  void close_waves() {
    if (waves) waves->close();
    waves.reset();
  }
  [[noreturn]] void mismatch();
  std::string replay(const std::string& instance) const;

  EieConfig config;
  LockstepOptions options;
  Sides sides;
  InputLog log;
  std::unique_ptr<FstWriter> waves;
  uint64_t cycle = 0;
  uint64_t mismatched = 0;
};

void EieLockstep::Impl::mismatch() {
  std::string waves_error;
  try {
    close_waves();
  } catch (const Error& e) {
    waves_error = std::string(e.what()) + "\n";
  }
  std::vector<const Signal*> differing;
  for (const Signal& s : sides.table.signals()) {
    if (s.differs()) differing.push_back(&s);
  }
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
                     first.name + ": RTL 0x" + hex(first.rtl_value()) + ", cycle model 0x" +
                     hex(first.model_value()) + "\n";
  text += std::to_string(differing.size()) + " of " + std::to_string(sides.table.signals().size()) +
          " signals differ:\n";
  for (size_t i = 0; i < differing.size() && i < kListed; ++i) {
    const Signal& s = *differing[i];
    text += "  " + s.instance + "." + s.name + " RTL 0x" + hex(s.rtl_value()) + " model 0x" +
            hex(s.model_value()) + "\n";
  }
  if (differing.size() > kListed) text += "  ...\n";
  text += replay(first.instance) + waves_error;
  throw LockstepMismatch(text, cycle, first.instance, first.name, differing.size());
}

// Runs everything once more up to the difference, with the waveform on for its last cycles.
std::string EieLockstep::Impl::replay(const std::string& instance) const {
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
  for (const auto& run : log.runs()) {
    for (uint64_t i = 0; i < run.second && at <= cycle; ++i, ++at) {
      bool differs = false;
      settle(again, run.first, at, &differs);
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
      if (at < cycle) again.edge(run.first);
    }
  }
  if (window) {
    try {
      window->close();
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
        const std::string value = hex(side == 0 ? values.first : values.second);
        line += std::string(value.size() < 18 ? 18 - value.size() : 1, ' ') + value;
      }
      text += line + (differs && side == 1 ? "  <-- differs\n" : "\n");
    }
  }
  if (!window_error.empty()) {
    text += "no waveform: " + window_error + "\n";
  } else if (window) {
    text += "waveform of the last cycles: " + options.mismatch_waves + "\n";
  }
  return text;
}

EieLockstep::EieLockstep(const EieConfig& config, LockstepOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}

EieLockstep::~EieLockstep() = default;

const EieConfig& EieLockstep::config() const { return impl_->config; }

EieOutputs EieLockstep::clock(const EieInputs& inputs) {
  Impl& i = *impl_;
  i.log.push(inputs);
  bool differs = false;
  const EieOutputs outputs = i.settle(i.sides, inputs, i.cycle, &differs);
  if (differs) i.mismatch();
  if (i.waves) i.waves->sample(i.cycle);
  if (i.options.statistics) i.options.statistics->observe(i.sides.model);
  i.sides.edge(inputs);
  ++i.cycle;
  return outputs;
}

void EieLockstep::finish() {
  Impl& i = *impl_;
  const EieInputs idle;
  i.log.push(idle);
  bool differs = false;
  const EieOutputs outputs = i.settle(i.sides, idle, i.cycle, &differs);
  if (differs) i.mismatch();
  if (i.waves) i.waves->sample(i.cycle);
  i.close_waves();
  // Both sides agree, so the model speaks for the RTL too.
  const eie_ccu& ccu = i.sides.model.ccu;
  const char* pending = outputs.busy_o        ? "the engine is busy"
                        : ccu.pe_busy_i       ? "a PE holds work"
                        : !ccu.root_done_i    ? "the non-zero tree holds activations"
                        : ccu.b_valid_q       ? "a broadcast is pending"
                        : ccu.io1_valid_q     ? "a port request is pending"
                        : ccu.io2_read_q      ? "a port read is pending"
                        : outputs.io_rvalid_o ? "a port answer is pending"
                                              : nullptr;
  if (pending) {
    throw LockstepMismatch(
        "lockstep: at the end, cycle " + std::to_string(i.cycle) + ": " + pending, i.cycle, "eie",
        "idle", 0);
  }
}

uint64_t EieLockstep::checked_cycles() const { return impl_->cycle; }
uint32_t EieLockstep::signals_per_cycle() const {
  return static_cast<uint32_t>(impl_->sides.table.signals().size());
}
uint64_t EieLockstep::mismatched_signals() const { return impl_->mismatched; }
const eie& EieLockstep::model() const { return impl_->sides.model; }

}  // namespace sparsys
