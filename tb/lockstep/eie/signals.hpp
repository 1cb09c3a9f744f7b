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

inline void add_signals(SignalTable& table, const std::string& path, const ActRw& m) {
#include "tb/lockstep/eie/signals/eie_act_rw.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Pe& m) {
#include "tb/lockstep/eie/signals/eie_pe.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Eie& m) {
#include "tb/lockstep/eie/signals/eie.def"
  for (size_t k = 0; k < m.pe.size(); ++k) {
    add_signals(table, path + ".g_pe[" + std::to_string(k) + "].u_pe", m.pe[k]);
  }
}

}  // namespace sparsys::eie
