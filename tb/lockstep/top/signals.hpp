// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects of the accelerator to the RTL's instances, as tb/lockstep/eie
// does for the sparse engine. What is compared inside a module stands in its list in
// tb/lockstep/top/signals.
#pragma once

#include <string>

#include "golden/cycle/top/bus/axi_read.hpp"
#include "golden/cycle/top/bus/axi_write.hpp"
#include "tb/lockstep/core/signals.hpp"

namespace sparsys::top {

inline void add_signals(SignalTable& table, const std::string& path, const RoundRobin& m) {
#include "tb/lockstep/top/signals/top_round_robin.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const ReadStream& m) {
#include "tb/lockstep/top/signals/top_read_stream.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const AxiRead& m) {
#include "tb/lockstep/top/signals/axi_read.def"
  for (size_t n = 0; n < m.stream.size(); ++n) {
    add_signals(table, numbered(path, "g_stream", n, "u_stream"), m.stream[n]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const WriteStream& m) {
#include "tb/lockstep/top/signals/top_write_stream.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const AxiWrite& m) {
#include "tb/lockstep/top/signals/axi_write.def"
  // Of the bursts whose data is not given yet, how many there are; each stands in the order in
  // which its data is given, which is compared.
  table.add(path + ".u_order", "count_q", &m.order.count_q, 1, false);
  for (size_t n = 0; n < m.stream.size(); ++n) {
    add_signals(table, numbered(path, "g_stream", n, "u_stream"), m.stream[n]);
  }
}

}  // namespace sparsys::top
