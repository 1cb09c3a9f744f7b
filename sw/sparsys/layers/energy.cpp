// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/energy.hpp"

#include <cmath>

namespace sparsys {

using nlohmann::json;

double memory_picojoules(double bytes, double bits) {
  return 10 * std::sqrt(bytes / 8192) * bits / 64;
}

json estimate_energy(const eie::Statistics& counts, const eie::Config& config) {
  const eie::Activity& a = counts.activity;
  json parts = json::array();
  double total = 0;
  const auto add = [&](const char* name, uint64_t count, double picojoules) {
    const double nanojoules = static_cast<double>(count) * picojoules / 1000;
    total += nanojoules;
    parts.push_back(
        {{"name", name}, {"count", count}, {"picojoules", picojoules}, {"nanojoules", nanojoules}});
  };
  const double acc_bytes = config.rows() * config.acc_width / 8.0;
  add("entry memory", a.entry_row_reads, memory_picojoules(config.entry_depth, 64));
  add("pointer memory", a.pointer_reads, memory_picojoules(config.ptr_depth, 16));
  add("activation queue, written and read", 2 * a.queue_writes,
      memory_picojoules(config.queue_depth * 6.0, 48));
  add("multiplications", a.multiplications, kMultiplyPicojoules);
  add("additions", a.accumulator_writes, kAddPicojoules);
  add("accumulators, read and written", a.accumulator_reads + a.accumulator_writes,
      memory_picojoules(acc_bytes, config.acc_width));
  add("activation registers, read and written", a.register_reads + a.register_writes,
      memory_picojoules(config.act_regs * 2.0, 16));
  add("activation RAM, read and written", a.activation_ram_reads + a.activation_ram_writes,
      memory_picojoules(config.act_ram_depth * 2.0, 16));
  add("clock network", counts.cycles * config.n_pe, kClockPicojoules);
  const double us = static_cast<double>(counts.cycles) / 800;
  const double operations = 2 * static_cast<double>(a.multiplications);
  const double milliwatts = us > 0 ? total / us : 0;
  return {{"technology", "45 nm"},
          {"parts", std::move(parts)},
          {"nanojoules", total},
          {"picojoules_per_operation", operations > 0 ? 1000 * total / operations : 0},
          {"milliwatts", milliwatts},
          {"milliwatts_per_pe", milliwatts / config.n_pe}};
}

}  // namespace sparsys
