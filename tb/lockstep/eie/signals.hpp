// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects to the RTL's instances. What is compared inside a module stands
// in its list in tb/lockstep/eie/signals; the same lists make those variables public in the RTL.
#pragma once

#include <string>
#include <vector>

#include "golden/cycle/eie/eie.hpp"
#include "tb/lockstep/core/signals.hpp"

namespace sparsys::eie {

inline void add_signals(SignalTable& table, const std::string& path, const LnzdNode& m) {
#include "tb/lockstep/eie/signals/eie_lnzd_node.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Lnzd& m) {
#include "tb/lockstep/eie/signals/eie_lnzd.def"
  size_t node = 0;
  for (size_t level = 0, below = m.leaf_valid_i.size(); below > 1; ++level) {
    const size_t nodes = (below + 3) / 4;
    for (size_t n = 0; n < nodes; ++n) {
      add_signals(
          table,
          path + ".g_level[" + std::to_string(level) + "].g_node[" + std::to_string(n) + "].u_node",
          m.node[node++]);
    }
    below = nodes;
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const Sequencer& m) {
#include "tb/lockstep/eie/signals/eie_sequencer.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const PassUnit& m) {
#include "tb/lockstep/eie/signals/eie_pass.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Broadcast& m) {
#include "tb/lockstep/eie/signals/eie_broadcast.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Port& m) {
#include "tb/lockstep/eie/signals/eie_port.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Errors& m) {
#include "tb/lockstep/eie/signals/eie_errors.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Tally& m) {
#include "tb/lockstep/eie/signals/eie_tally.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const StatusUnit& m) {
#include "tb/lockstep/eie/signals/eie_status.def"
  if (!m.has_groups()) return;
  add_signals(table, path + ".g_groups.u_pops", m.pops);
  add_signals(table, path + ".g_groups.u_holds", m.holds);
}

inline void add_signals(SignalTable& table, const std::string& path, const Columns& m) {
#include "tb/lockstep/eie/signals/eie_columns.def"
  for (size_t g = 0; g < m.broadcast.size(); ++g) {
    add_signals(table, numbered(path, "g_group", g, "u_broadcast"), m.broadcast[g]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const Ccu& m) {
#include "tb/lockstep/eie/signals/eie_ccu.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const PtrRead& m) {
#include "tb/lockstep/eie/signals/eie_ptr_read.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const ActQueue& m) {
#include "tb/lockstep/eie/signals/eie_act_queue.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const SpmatRead& m) {
#include "tb/lockstep/eie/signals/eie_spmat_read.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Arith& m) {
#include "tb/lockstep/eie/signals/eie_arith.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const LaneRead& m) {
#include "tb/lockstep/eie/signals/eie_lane_read.def"
  for (size_t h = 0; h < m.half.size(); ++h) {
    add_signals(table, numbered(path, "g_half", h, "u_even"), m.half[h].even);
    add_signals(table, numbered(path, "g_half", h, "u_odd"), m.half[h].odd);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const LaneDecode& m) {
#include "tb/lockstep/eie/signals/eie_lane_decode.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Dispatch& m) {
#include "tb/lockstep/eie/signals/eie_dispatch.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Bank& m) {
#include "tb/lockstep/eie/signals/eie_bank.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Lanes& m) {
#include "tb/lockstep/eie/signals/eie_lanes.def"
  for (size_t b = 0; b < m.bank.size(); ++b) {
    add_signals(table, numbered(path, "g_bank", b, "u_bank"), m.bank[b]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const ReduceStage& m) {
#include "tb/lockstep/eie/signals/eie_reduce_stage.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Reduce& m) {
  for (size_t l = 0; l < m.stage.size(); ++l) {
    add_signals(table, numbered(path, "g_stage", l, "u_stage"), m.stage[l]);
  }
}

// A field of `bits` bits of each lane, packed as the RTL has it.
template <class Values>
void add_packed(SignalMirror& mirror, const std::string& path, const char* name,
                const Values& lanes, uint32_t count, uint32_t bits) {
  mirror.add(path, name, count * bits, [&lanes, count, bits](uint32_t* words) {
    uint64_t packed = 0;  // of the word under way and what lies above it
    uint32_t filled = 0;
    for (uint32_t i = 0; i < count; ++i) {
      packed |= uint64_t{lanes[i]} << filled;
      filled += bits;
      if (filled < 32 && i + 1 < count) continue;
      *words++ = static_cast<uint32_t>(packed);
      packed >>= 32;
      filled -= filled < 32 ? filled : 32;
    }
    if (filled > 0) *words = static_cast<uint32_t>(packed);
  });
}

// The lanes' fields of a PE.
inline void add_mirrored_signals(SignalMirror& mirror, const std::string& path, const Lanes& m,
                                 const Config& config) {
  const Widths w(config);
  add_packed(mirror, path + ".u_read", "a_entry_q", m.read.a_entry_q, config.lanes, 8);
  add_packed(mirror, path + ".u_decode", "p_rel_q", m.decode.p_rel_q, config.lanes, w.lane_row_w);
  add_packed(mirror, path + ".u_dispatch", "x_row_q", m.dispatch.x_row_q, config.lanes,
             w.lane_row_w);
  add_packed(mirror, path + ".u_dispatch", "x_rank_q", m.dispatch.x_rank_q, config.lanes, w.rank_w);
}

inline void add_signals(SignalTable& table, const std::string& path, const ActRw& m) {
#include "tb/lockstep/eie/signals/eie_act_rw.def"
}

// Where eie_pe has what the lanes stand in place of.
constexpr const char* kOneLane = ".u_compute.g_one";
constexpr const char* kLanes = ".u_compute.g_lanes.u_lanes";

inline void add_signals(SignalTable& table, const std::string& path, const Pe& m) {
#include "tb/lockstep/eie/signals/eie_pe.def"
  if (m.lanes.empty()) {
    add_signals(table, path + kOneLane + ".u_spmat_read", m.spmat_read);
    add_signals(table, path + kOneLane + ".u_arith", m.arith);
  } else {
    add_signals(table, path + kLanes, m.lanes[0]);
  }
  for (const Reduce& reduce : m.reduce) add_signals(table, path + ".u_reduce", reduce);
}

inline void add_signals(SignalTable& table, const std::string& path, const Eie& m) {
#include "tb/lockstep/eie/signals/eie.def"
  for (size_t g = 0; g < m.lnzd.size(); ++g) {
    add_signals(table, numbered(path, "g_group", g, "u_lnzd"), m.lnzd[g]);
  }
  for (size_t k = 0; k < m.pe.size(); ++k) {
    add_signals(table, numbered(path, "g_pe", k, "u_pe"), m.pe[k]);
  }
}

// What the lists have as MIRROR.
inline void add_mirrored_signals(SignalMirror& mirror, const std::string& path, const Eie& m,
                                 const Config& config) {
  for (size_t k = 0; k < m.pe.size(); ++k) {
    for (const Lanes& lanes : m.pe[k].lanes) {
      add_mirrored_signals(mirror, numbered(path, "g_pe", k, "u_pe") + kLanes, lanes, config);
    }
  }
}

}  // namespace sparsys::eie
