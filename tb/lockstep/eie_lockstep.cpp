// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie_lockstep.hpp"

#include <utility>
#include <vector>

#include "tb/lockstep/eie_signals.hpp"
#include "tb/lockstep/lockstep_run.hpp"

namespace sparsys {

namespace {

struct EieRecord {
  EieRecord(const EieInputs& given, const EieConfig&) : kept(given) {}
  bool same(const EieInputs& b) const {
    const EieInputs& a = kept;
    return a.rst_i == b.rst_i && a.start_i == b.start_i && a.list_first_i == b.list_first_i &&
           a.list_count_i == b.list_count_i && a.io_valid_i == b.io_valid_i &&
           a.io_write_i == b.io_write_i && a.io_addr_i == b.io_addr_i &&
           a.io_wdata_i == b.io_wdata_i;
  }
  const EieInputs& inputs() const { return kept; }
  size_t bytes() const { return sizeof(*this); }
  EieInputs kept;
};

// Both models and the table between them.
struct Sides {
  using Config = EieConfig;
  using Inputs = EieInputs;
  using Outputs = EieOutputs;
  using Model = eie;
  using Rtl = EieRtl;
  using Record = EieRecord;
  static std::unique_ptr<EieRtl> make_rtl(const EieConfig& config) { return make_eie_rtl(config); }

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

}  // namespace

struct EieLockstep::Impl : LockstepRun<Sides> {
  Impl(const EieConfig& config, LockstepOptions given)
      : LockstepRun(config, given), statistics(given.statistics) {}
  EieStatistics* statistics;
};

EieLockstep::EieLockstep(const EieConfig& config, LockstepOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}

EieLockstep::~EieLockstep() = default;

const EieConfig& EieLockstep::config() const { return impl_->config; }

EieOutputs EieLockstep::clock(const EieInputs& inputs) {
  Impl& i = *impl_;
  const EieOutputs outputs = i.compare(inputs);
  if (i.statistics) i.statistics->observe(i.sides.model);
  i.edge(inputs);
  return outputs;
}

void EieLockstep::finish() {
  Impl& i = *impl_;
  const EieOutputs outputs = i.compare(EieInputs());
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
