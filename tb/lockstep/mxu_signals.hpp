// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects of the matrix unit to the RTL's instances, as eie_signals.hpp
// does for the sparse engine. What is compared inside a module stands in its list in
// tb/lockstep/signals; names of instances that occur many times stand here.
//
// Not here: cells, skews and deskews, whose registers the model keeps in other places than a packed
// vector; it gives them by row and column (mxu_array, mxu_tile, mxu_skew::reg).
#pragma once

#include <string>
#include <vector>

#include "golden/cycle/mxu.hpp"
#include "tb/lockstep/signal_table.hpp"

namespace sparsys {

// A packed vector of the model: an array of words, or a bit_vector.
template <class Words>
void add_wide_words(SignalTable& table, const std::string& path, const char* name,
                    const Words& words, std::array<const uint8_t*, 2> guard = {}) {
  table.add_wide(path, name, words.data(), words.size() * sizeof(words[0]), 1, false, guard);
}
inline void add_wide_words(SignalTable& table, const std::string& path, const char* name,
                           const bit_vector& bits, std::array<const uint8_t*, 2> guard = {}) {
  add_wide_words(table, path, name, bits.words, guard);
}

#define SIGNAL(name) table.add(path, #name, &m.name, 1, false);
#define NAMED(name, member) table.add(path, #name, &m.member, 1, false);
#define GUARDED(name, guard) table.add(path, #name, &m.name, 1, false, {&m.guard, nullptr});
#define ARRAY(name) table.add(path, #name, m.name.data(), m.name.size(), true);
#define WIDE(name) add_wide_words(table, path, #name, m.name);
#define GUARDED_WIDE(name, guard) add_wide_words(table, path, #name, m.name, {&m.guard, nullptr});
#define LANE(name) table.add(path, #name, &m.name[lane], 1, false);
#define BLOCK(instance, member) add_signals(table, path + "." #instance, m.member);

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const ram_1r1w<Word>& m) {
#include "tb/lockstep/signals/ram_1r1w.def"
}

// Module fifo with words of any width: the list of fifo.def.
inline void add_signals(SignalTable& table, const std::string& path, const wide_fifo& m) {
  SIGNAL(count_q)
  SIGNAL(wr_q)
  SIGNAL(rd_q)
  const size_t stride = m.mem_q.size() / m.depth() * sizeof(m.mem_q[0]);
  table.add_wide(path, "mem_q", m.mem_q.data(), stride, m.depth(), true);
}

inline std::string numbered(const std::string& path, const char* block, size_t n,
                            const char* instance) {
  return path + "." + block + "[" + std::to_string(n) + "]." + instance;
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_matrix& m) {
#include "tb/lockstep/signals/mxu_matrix.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_setup& m) {
#include "tb/lockstep/signals/mxu_setup.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_unified_buffer& m) {
#include "tb/lockstep/signals/mxu_unified_buffer.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_weight_bank& m) {
#include "tb/lockstep/signals/mxu_weight_bank.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_weight_fifo& m) {
#include "tb/lockstep/signals/mxu_weight_fifo.def"
  for (size_t j = 0; j < m.bank.size(); ++j) {
    add_signals(table, numbered(path, "g_bank", j, "u_bank"), m.bank[j]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_acc_bank& m) {
#include "tb/lockstep/signals/mxu_acc_bank.def"
  for (size_t h = 0; h < m.half.size(); ++h) {
    add_signals(table, numbered(path, "g_half", h, "u_ram"), m.half[h]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_accumulators& m) {
#include "tb/lockstep/signals/mxu_accumulators.def"
  for (size_t j = 0; j < m.bank.size(); ++j) {
    add_signals(table, numbered(path, "g_bank", j, "u_bank"), m.bank[j]);
  }
}

inline void add_lane_signals(SignalTable& table, const std::string& lanes_path,
                             const mxu_activation& m, size_t lane) {
  {
    const std::string path = numbered(lanes_path, "g_lane", lane, "u_requantise");
#include "tb/lockstep/signals/mxu_requantise.def"
  }
  {
    const std::string path = numbered(lanes_path, "g_lane", lane, "u_pool");
#include "tb/lockstep/signals/mxu_pool.def"
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_activation& m) {
#include "tb/lockstep/signals/mxu_activation.def"
  for (size_t lane = 0; lane < m.v_q.size(); ++lane) add_lane_signals(table, path, m, lane);
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_params& m) {
#include "tb/lockstep/signals/mxu_params.def"
  for (size_t p = 0; p < m.plane.size(); ++p) {
    add_signals(table, numbered(path, "g_plane", p, "u_ram"), m.plane[p]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_host_in& m) {
#include "tb/lockstep/signals/mxu_host_in.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_host_out& m) {
#include "tb/lockstep/signals/mxu_host_out.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_weight_fetch& m) {
#include "tb/lockstep/signals/mxu_weight_fetch.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu_sequencer& m) {
#include "tb/lockstep/signals/mxu_sequencer.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const mxu& m) {
#include "tb/lockstep/signals/mxu.def"
}

#undef SIGNAL
#undef NAMED
#undef GUARDED
#undef ARRAY
#undef WIDE
#undef GUARDED_WIDE
#undef LANE
#undef BLOCK

}  // namespace sparsys
