// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie/lockstep.hpp"

#include <utility>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/engine/eie/image.hpp"
#include "tb/lockstep/core/lockstep_run.hpp"
#include "tb/lockstep/eie/signals.hpp"

namespace sparsys::eie {

namespace {

struct Record {
  Record(const Inputs& given, const Config&) : kept(given) {}
  bool same(const Inputs& b) const {
    const Inputs& a = kept;
    return a.rst_i == b.rst_i && a.start_i == b.start_i && a.abort_i == b.abort_i &&
           a.list_first_i == b.list_first_i && a.list_count_i == b.list_count_i &&
           a.io_valid_i == b.io_valid_i && a.io_write_i == b.io_write_i &&
           a.io_addr_i == b.io_addr_i && a.io_wdata_i == b.io_wdata_i;
  }
  const Inputs& inputs() const { return kept; }
  size_t bytes() const { return sizeof(*this); }
  Inputs kept;
};

// Both models and the table between them.
struct Sides {
  using Config = eie::Config;
  using Inputs = eie::Inputs;
  using Outputs = eie::Outputs;
  using Model = Eie;
  using Rtl = eie::Rtl;
  using Record = eie::Record;
  static std::unique_ptr<Rtl> make_rtl(const Config& config) { return eie::make_rtl(config); }

  Sides(const Config& config, std::unique_ptr<Rtl> made)
      : rtl(std::move(made)), model(config), table(rtl->context()), mirror(table) {
    add_signals(table, "eie", model);
    add_mirrored_signals(mirror, "eie", model, config);
    std::vector<std::pair<const void*, size_t>> objects;
    for (const Pe& pe : model.pe) objects.emplace_back(&pe, sizeof(pe));
    for (const Pe& pe : model.pe) {
      for (const Lanes& lanes : pe.lanes) {
        for (const Bank& bank : lanes.bank) objects.emplace_back(&bank, sizeof(bank));
      }
    }
    banks = objects.size() - model.pe.size();
    table.finish(objects);
    model.propagate();
  }

  // Up to the edge, the model behind it already where it may be. Sets `differs` if any signal does.
  Outputs settle(const Inputs& inputs, bool* differs) {
    const Outputs outputs = rtl->settle(inputs);
    mirror.refresh();
    static_cast<Inputs&>(model) = inputs;
    if (in_one_pass && model.may_clock() && table.inside_is_apart()) {
      clock_model(inputs.rst_i, differs);
      return outputs;
    }
    bool inside = false;
    model.propagate_rest(
        [&](uint32_t first, uint32_t count) { inside |= table.differs_inside(first, count); });
    if (banks > 0) inside |= table.differs_inside(model.pe.size(), banks);
    *differs = inside || table.differs_outside();
    if (statistics) statistics->observe(model);
    return outputs;
  }
  // Model and comparison in one pass over the PEs: each is compared and is behind the edge as long
  // as it lies in the processor's first cache.
  void clock_model(bool rst, bool* differs) {
    const auto settled = [&] {
      *differs = table.differs_outside();
      if (statistics) statistics->observe(model);
      clocked = !*differs;
      return clocked;
    };
    const auto same = [&](uint32_t first, uint32_t count) {
      *differs = table.differs_inside(first, count);
      return !*differs;
    };
    behind_edge = model.clock(rst, settled, same);
  }
  std::vector<const Signal*> differing() const {
    // What has been found equal and is behind the edge by now is not to be compared again.
    return clocked ? table.differing_inside(behind_edge) : table.differing();
  }
  void edge(const Inputs& inputs) {
    if (!clocked) model.edge(inputs.rst_i);
    clocked = false;
    rtl->edge();
  }

  std::unique_ptr<Rtl> rtl;
  Eie model;
  SignalTable table;
  SignalMirror mirror;
  size_t banks = 0;  // of all PEs, in the table behind these
  // Told of every cycle of the model, if not null.
  Statistics* statistics = nullptr;
  // Whether settle() may take the model's edge, too: not if its variables are read afterwards.
  bool in_one_pass = false;
  bool clocked = false;      // it has, of the control at least
  uint32_t behind_edge = 0;  // and of so many PEs
};

}  // namespace

struct Lockstep::Impl : LockstepRun<Sides> {
  Impl(const Config& config, LockstepOptions given) : LockstepRun(config, given) {
    sides.statistics = given.statistics;
    sides.in_one_pass = given.waves.empty();
  }
};

Lockstep::Lockstep(const Config& config, LockstepOptions options)
    : impl_(std::make_unique<Impl>(config, std::move(options))) {}

Lockstep::~Lockstep() = default;

const Config& Lockstep::config() const { return impl_->config; }

Outputs Lockstep::clock(const Inputs& inputs) {
  Impl& i = *impl_;
  const Outputs outputs = i.compare(inputs);
  i.edge(inputs);
  return outputs;
}

void Lockstep::put(const Image& image) {
  impl_->poke([kept = std::make_shared<Image>(image)](Sides& sides) {
    sides.rtl->put(*kept);
    sides.model.put(*kept);
  });
}

void Lockstep::finish() {
  Impl& i = *impl_;
  i.sides.statistics = nullptr;
  i.sides.in_one_pass = false;
  const Outputs outputs = i.compare(Inputs());
  i.close_waves();
  // Both sides agree, so the model speaks for the RTL too.
  const Ccu& ccu = i.sides.model.ccu;
  const uint64_t trees = low_mask(static_cast<uint32_t>(i.sides.model.lnzd.size()));
  const char* pending = outputs.busy_o             ? "the engine is busy"
                        : ccu.pe_busy_i            ? "a PE holds work"
                        : ccu.root_done_i != trees ? "a non-zero tree holds activations"
                        : ccu.b_valid_o            ? "a broadcast is pending"
                        : ccu.port.io1_valid_q     ? "a port request is pending"
                        : ccu.port.io2_read_q      ? "a port read is pending"
                        : outputs.io_rvalid_o      ? "a port answer is pending"
                                                   : nullptr;
  if (pending) {
    throw LockstepMismatch(
        "lockstep: at the end, cycle " + std::to_string(i.cycle) + ": " + pending, i.cycle, "eie",
        "idle", 0);
  }
}

uint64_t Lockstep::checked_cycles() const { return impl_->cycle; }
uint32_t Lockstep::signals_per_cycle() const {
  return static_cast<uint32_t>(impl_->sides.table.signals().size());
}
uint64_t Lockstep::mismatched_signals() const { return impl_->mismatched; }
const Eie& Lockstep::model() const { return impl_->sides.model; }

}  // namespace sparsys::eie
