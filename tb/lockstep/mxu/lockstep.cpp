// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/mxu/lockstep.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "tb/lockstep/core/lockstep_run.hpp"
#include "tb/lockstep/mxu/signals.hpp"

namespace sparsys::mxu {

namespace {

// Inputs with their rows.
class Record {
 public:
  Record(const Inputs& given, const Config& config) : kept_(given) {
    if (given.w_valid_i) {
      weights_.assign(given.w_data_i, given.w_data_i + StreamShape(config).beat_bytes());
    }
    if (given.hi_valid_i) row_.assign(given.hi_data_i, given.hi_data_i + config.lanes());
  }
  bool same(const Inputs& b) const {
    const Inputs& a = kept_;
    return a.rst_i == b.rst_i && a.inst_valid_i == b.inst_valid_i && a.inst_i == b.inst_i &&
           a.wm_ready_i == b.wm_ready_i && a.w_valid_i == b.w_valid_i &&
           a.hi_valid_i == b.hi_valid_i && a.ho_ready_i == b.ho_ready_i &&
           a.status_i == b.status_i && a.resume_i == b.resume_i &&
           (!a.w_valid_i || std::equal(weights_.begin(), weights_.end(), b.w_data_i)) &&
           (!a.hi_valid_i || std::equal(row_.begin(), row_.end(), b.hi_data_i));
  }
  // Points into this record.
  Inputs inputs() const {
    Inputs inputs = kept_;
    inputs.w_data_i = weights_.data();
    inputs.hi_data_i = row_.data();
    return inputs;
  }
  size_t bytes() const { return sizeof(*this) + weights_.capacity() + row_.capacity(); }

 private:
  Inputs kept_;
  std::vector<uint8_t> weights_;
  std::vector<uint8_t> row_;
};

// Both models and the table between them.
struct Sides {
  using Config = mxu::Config;
  using Inputs = mxu::Inputs;
  using Outputs = mxu::Outputs;
  using Model = Mxu;
  using Rtl = mxu::Rtl;
  using Record = mxu::Record;
  static std::unique_ptr<Rtl> make_rtl(const Config& config) { return mxu::make_rtl(config); }

  Sides(const Config& config, std::unique_ptr<Rtl> made)
      : rtl(std::move(made)), model(config), table(rtl->context()), mirror(table) {
    add_signals(table, "mxu", model);
    add_mirrored_signals(mirror, "mxu", model);
    table.finish({});
  }

  Outputs settle(const Inputs& inputs, bool* differs) {
    const Outputs outputs = rtl->settle(inputs);
    static_cast<Inputs&>(model) = inputs;
    model.propagate();
    mirror.refresh();
    *differs = table.differs();
    return outputs;
  }
  std::vector<const Signal*> differing() const { return table.differing(); }
  void edge(const Inputs& inputs) {
    model.update(inputs.rst_i);
    rtl->edge();
    // The rows are the caller's, for this cycle only.
    model.w_valid_i = model.hi_valid_i = 0;
  }

  std::unique_ptr<Rtl> rtl;
  Mxu model;
  SignalTable table;
  SignalMirror mirror;
};

}  // namespace

struct Lockstep::Impl : LockstepRun<Sides> {
  using LockstepRun::LockstepRun;
};

Lockstep::Lockstep(const Config& config, LockstepOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}

Lockstep::~Lockstep() = default;

const Config& Lockstep::config() const { return impl_->config; }

Outputs Lockstep::clock(const Inputs& inputs) {
  const Outputs outputs = impl_->compare(inputs);
  impl_->edge(inputs);
  return outputs;
}

void Lockstep::finish(bool stopped) {
  Impl& i = *impl_;
  const Outputs outputs = i.compare(Inputs());
  i.close_waves();
  // Both sides agree, so the model speaks for the RTL too.
  const char* pending = outputs.busy_o                      ? "the unit is busy"
                        : outputs.error_o                   ? "the unit is in its error state"
                        : outputs.wm_valid_o                ? "a request of weights is pending"
                        : outputs.ho_valid_o                ? "a row of output is pending"
                        : i.sides.model.accumulators.busy_o ? "rows are on their way"
                                                            : nullptr;
  if (pending && !stopped) {
    throw LockstepMismatch(
        "lockstep: at the end, cycle " + std::to_string(i.cycle) + ": " + pending, i.cycle, "mxu",
        "idle", 0);
  }
}

uint64_t Lockstep::checked_cycles() const { return impl_->cycle; }
uint32_t Lockstep::signals_per_cycle() const {
  return static_cast<uint32_t>(impl_->sides.table.signals().size());
}
uint64_t Lockstep::mismatched_signals() const { return impl_->mismatched; }
const Mxu& Lockstep::model() const { return impl_->sides.model; }

}  // namespace sparsys::mxu
