// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects to the RTL's instances. What is compared inside a module stands
// in its list in tb/lockstep/signals; the same lists make those variables public in the RTL.
#pragma once

#include <string>
#include <vector>

#include "golden/cycle/eie.hpp"
#include "tb/lockstep/signal_table.hpp"

namespace sparsys {

// add_signals(table, path, object): all signals of a module and of what it contains.
#define SIGNAL(name) table.add(path, #name, &m.name, 1, false);
#define GUARDED(name, guard) table.add(path, #name, &m.name, 1, false, {&m.guard, nullptr});
#define GUARDED2(name, first, second) \
  table.add(path, #name, &m.name, 1, false, {&m.first, &m.second});
#define ARRAY(name) table.add(path, #name, m.name.data(), m.name.size(), true);
#define BLOCK(instance, member) add_signals(table, path + "." #instance, m.member);

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const ram_1rw<Word>& m) {
#include "tb/lockstep/signals/ram_1rw.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const regfile_1r1w<Word>& m) {
#include "tb/lockstep/signals/regfile_1r1w.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const fifo<Word>& m) {
#include "tb/lockstep/signals/fifo.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_lnzd_node& m) {
#include "tb/lockstep/signals/eie_lnzd_node.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_lnzd& m) {
#include "tb/lockstep/signals/eie_lnzd.def"
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

inline void add_signals(SignalTable& table, const std::string& path, const eie_ccu& m) {
#include "tb/lockstep/signals/eie_ccu.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_ptr_read& m) {
#include "tb/lockstep/signals/eie_ptr_read.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_act_queue& m) {
#include "tb/lockstep/signals/eie_act_queue.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_spmat_read& m) {
#include "tb/lockstep/signals/eie_spmat_read.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_arith& m) {
#include "tb/lockstep/signals/eie_arith.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_act_rw& m) {
#include "tb/lockstep/signals/eie_act_rw.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie_pe& m) {
#include "tb/lockstep/signals/eie_pe.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const eie& m) {
#include "tb/lockstep/signals/eie.def"
  for (size_t k = 0; k < m.pe.size(); ++k) {
    add_signals(table, path + ".g_pe[" + std::to_string(k) + "].u_pe", m.pe[k]);
  }
}

#undef SIGNAL
#undef GUARDED
#undef GUARDED2
#undef ARRAY
#undef BLOCK

}  // namespace sparsys
