// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects of the accelerator to the RTL's instances, as tb/lockstep/eie
// does for the sparse engine. What is compared inside a module stands in its list in
// tb/lockstep/top/signals.
#pragma once

#include <string>

#include "golden/cycle/top/top.hpp"
#include "tb/lockstep/core/signals.hpp"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/lockstep/mxu/signals.hpp"

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

inline void add_signals(SignalTable& table, const std::string& path, const Registers& m) {
#include "tb/lockstep/top/signals/top_registers.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Ring& m) {
#include "tb/lockstep/top/signals/top_ring.def"
  if (table.has(path + ".g_parts", "part_q")) {
    table.add(path + ".g_parts", "part_q", &m.part_q, 1, false);
  }
  if (table.has(path + ".g_halves", "odd_q")) {
    table.add(path + ".g_halves", "odd_q", &m.odd_q, 1, false);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const Check& m) {
#include "tb/lockstep/top/signals/top_check.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Dispatch& m) {
#include "tb/lockstep/top/signals/top_dispatch.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const CommandChannel& m) {
#include "tb/lockstep/top/signals/top_channel.def"
  table.add(path + ".u_queue", "count_q", &m.queue.count_q, 1, false);
}

inline void add_signals(SignalTable& table, const std::string& path, const FenceUnit& m) {
#include "tb/lockstep/top/signals/top_fence.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Stop& m) {
#include "tb/lockstep/top/signals/top_stop.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Watchdog& m) {
#include "tb/lockstep/top/signals/top_watchdog.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Counters& m) {
#include "tb/lockstep/top/signals/top_counters.def"
  for (size_t n = 0; n < m.count_q.size(); ++n) {
    const std::string counter = path + ".g_counter[" + std::to_string(n) + "]";
    table.add(counter, "add_q", &m.add_q[n], 1, false);
    table.add(counter, "count_q", &m.count_q[n], 1, false);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const ConvertLane& m) {
#include "tb/lockstep/top/signals/units/top_convert_lane.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Convert& m) {
#include "tb/lockstep/top/signals/units/top_convert.def"
  for (size_t e = 0; e < m.lane.size(); ++e) {
    add_signals(table, numbered(path, "g_lane", e, "u_lane"), m.lane[e]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const SparseLoad& m) {
#include "tb/lockstep/top/signals/units/top_sparse_load.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const SparseStore& m) {
#include "tb/lockstep/top/signals/units/top_sparse_store.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const SparseUnit& m) {
#include "tb/lockstep/top/signals/units/top_sparse.def"
  add_signals(table, path + ".u_load", m.load);
  add_signals(table, path + ".u_store", m.store);
  add_signals(table, path + ".u_convert", m.convert);
}

inline void add_signals(SignalTable& table, const std::string& path, const Instructions& m) {
#include "tb/lockstep/top/signals/units/top_instructions.def"
  if (table.has(path + ".g_narrow", "low_q")) {
    table.add(path + ".g_narrow", "low_q", &m.low_q, 1, false);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const MatrixUnit& m) {
#include "tb/lockstep/top/signals/units/top_matrix.def"
  add_signals(table, path + ".u_instructions", m.instructions);
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightUnit& m) {
#include "tb/lockstep/top/signals/units/top_weights.def"
  if (table.has(path + ".g_wider", "part_q")) {
    table.add(path + ".g_wider", "part_q", &m.part_q, 1, false);
  }
  if (table.has(path + ".g_narrower", "open_q")) {
    table.add(path + ".g_narrower", "open_q", &m.open_q, 1, false);
    table.add(path + ".g_narrower", "part_left_q", &m.part_left_q, 1, false, {&m.open_q, nullptr});
    table.add(path + ".g_narrower", "at_q", &m.at_q, 1, false, {&m.open_q, nullptr});
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const RowWalk& m) {
#include "tb/lockstep/top/signals/units/top_row_walk.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const RowsIn& m) {
#include "tb/lockstep/top/signals/units/top_rows_in.def"
  add_signals(table, path + ".u_walk", m.walk);
}

inline void add_signals(SignalTable& table, const std::string& path, const RowsOut& m) {
#include "tb/lockstep/top/signals/units/top_rows_out.def"
  add_signals(table, path + ".u_walk", m.walk);
}

// The whole accelerator; what the engines' models keep in another form goes to `mirror`.
inline void add_signals(SignalTable& table, SignalMirror& mirror, const std::string& path,
                        const Top& m, const Config& config) {
  add_signals(table, path + ".u_command.u_registers", m.registers);
  const std::string control = path + ".u_command.u_control";
  add_signals(table, control + ".u_ring", m.ring);
  add_signals(table, control + ".u_check", m.check);
  add_signals(table, control + ".u_dispatch", m.dispatch);
  const std::string channels = control + ".u_channels";
  for (size_t n = 0; n < m.channel.size(); ++n) {
    add_signals(table, numbered(channels, "g_channel", n, "u_channel"), m.channel[n]);
  }
  table.add(channels + ".u_events", "events_q", &m.events_q, 1, false);
  add_signals(table, channels + ".u_fence", m.fence);
  add_signals(table, control + ".u_stop", m.stop);
  add_signals(table, control + ".u_watchdog", m.watchdog);
  add_signals(table, control + ".u_counters", m.counters);
  add_signals(table, path + ".u_masters.u_read", m.read);
  add_signals(table, path + ".u_masters.u_write", m.write);
  if (m.sparse) {
    const std::string side = path + ".u_engines.g_sparse.u_sparse";
    add_signals(table, side + ".u_unit", m.sparse->unit);
    eie::add_signals(table, side + ".u_eie", m.sparse->engine);
    eie::add_mirrored_signals(mirror, side + ".u_eie", m.sparse->engine, config.eie);
  }
  if (m.matrix) {
    const std::string side = path + ".u_engines.g_matrix.u_matrix";
    add_signals(table, side + ".u_unit", m.matrix->unit);
    add_signals(table, side + ".u_weights", m.matrix->weights);
    add_signals(table, side + ".u_rows_in", m.matrix->rows_in);
    add_signals(table, side + ".u_rows_out", m.matrix->rows_out);
    mxu::add_signals(table, side + ".u_mxu", m.matrix->engine);
    mxu::add_mirrored_signals(mirror, side + ".u_mxu", m.matrix->engine);
  }
}

}  // namespace sparsys::top
