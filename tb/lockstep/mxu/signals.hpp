// SPDX-License-Identifier: Apache-2.0
// Joins the cycle model's objects of the matrix unit to the RTL's instances, as tb/lockstep/eie
// does for the sparse engine. What is compared inside a module stands in its list in
// tb/lockstep/mxu/signals; names of instances that occur many times stand here.
//
// What the model keeps in another form than the RTL's (skews, sums of any width, vectors of bits as
// bytes) is brought into that form by a SignalMirror.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "golden/cycle/mxu/mxu.hpp"
#include "tb/lockstep/core/signals.hpp"

namespace sparsys::mxu {

inline void add_signals(SignalTable& table, const std::string& path, const OpQueue& m) {
#include "tb/lockstep/mxu/signals/mxu_op_queue.def"
}

inline void add_ahead_signals(SignalTable& table, const std::string& path, const Matrix& m) {
#include "tb/lockstep/mxu/signals/mxu_matrix_ahead.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Matrix& m) {
#include "tb/lockstep/mxu/signals/mxu_matrix.def"
  add_ahead_signals(table, path + ".u_ahead", m);
}

inline void add_signals(SignalTable& table, const std::string& path, const Setup& m) {
#include "tb/lockstep/mxu/signals/mxu_setup.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const UnifiedBuffer& m) {
#include "tb/lockstep/mxu/signals/mxu_unified_buffer.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightArrival& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weight_arrival.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightLane& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weight_lane.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightReader& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weight_reader.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightBus& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weight_bus.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Weights& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weights.def"
  for (size_t l = 0; l < m.arrival.lane.size(); ++l) {
    add_signals(table, numbered(path, "g_lane", l, "u_lane"), m.arrival.lane[l]);
  }
  for (size_t j = 0; j < m.bus.size(); ++j) {
    add_signals(table, numbered(path, "g_bus", j, "u_bus"), m.bus[j]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const AccBank& m) {
#include "tb/lockstep/mxu/signals/mxu_acc_bank.def"
  for (size_t h = 0; h < m.half.size(); ++h) {
    add_signals(table, numbered(path, "g_half", h, "u_ram"), m.half[h]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const Accumulators& m) {
#include "tb/lockstep/mxu/signals/mxu_accumulators.def"
  for (size_t j = 0; j < m.bank.size(); ++j) {
    add_signals(table, numbered(path, "g_bank", j, "u_bank"), m.bank[j]);
  }
}

inline void add_lane_signals(SignalTable& table, const std::string& lanes_path, const Lanes& m,
                             size_t lane) {
  {
    const std::string path = numbered(lanes_path, "g_lane", lane, "u_requantise");
#include "tb/lockstep/mxu/signals/mxu_requantise.def"
  }
  {
    const std::string path = numbered(lanes_path, "g_lane", lane, "u_pool");
#include "tb/lockstep/mxu/signals/mxu_pool.def"
  }
}

inline void add_walk_signals(SignalTable& table, const std::string& path, const Activation& m) {
#include "tb/lockstep/mxu/signals/mxu_walk.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Lanes& m) {
#include "tb/lockstep/mxu/signals/mxu_lanes.def"
  for (size_t lane = 0; lane < m.v_q.size(); ++lane) add_lane_signals(table, path, m, lane);
}

inline void add_signals(SignalTable& table, const std::string& path, const LaneBanks& m) {
#include "tb/lockstep/mxu/signals/mxu_lane_banks.def"
  for (size_t j = 0; j < m.bank.size(); ++j) {
    add_signals(table, numbered(path, "g_bank", j, "u_lanes"), m.bank[j]);
  }
}

inline void add_ahead_signals(SignalTable& table, const std::string& path, const Activation& m) {
#include "tb/lockstep/mxu/signals/mxu_activation_ahead.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Activation& m) {
#include "tb/lockstep/mxu/signals/mxu_activation.def"
  add_ahead_signals(table, path + ".u_ahead", m);
  add_walk_signals(table, path + ".u_walk", m);
  add_signals(table, path + ".u_banks", m.banks);
}

inline void add_signals(SignalTable& table, const std::string& path, const ParamBank& m) {
#include "tb/lockstep/mxu/signals/mxu_params.def"
  for (size_t p = 0; p < m.plane.size(); ++p) {
    add_signals(table, numbered(path, "g_plane", p, "u_ram"), m.plane[p]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const Params& m) {
  for (size_t j = 0; j < m.bank.size(); ++j) {
    add_signals(table, path + ".g_bank[" + std::to_string(j) + "]", m.bank[j]);
  }
}

inline void add_signals(SignalTable& table, const std::string& path, const HostIn& m) {
#include "tb/lockstep/mxu/signals/mxu_host_in.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const HostOut& m) {
#include "tb/lockstep/mxu/signals/mxu_host_out.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const WeightFetch& m) {
#include "tb/lockstep/mxu/signals/weights/mxu_weight_fetch.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Sequencer& m) {
#include "tb/lockstep/mxu/signals/mxu_sequencer.def"
}

inline void add_signals(SignalTable& table, const std::string& path, const Mxu& m) {
#include "tb/lockstep/mxu/signals/mxu.def"
}

// ---- Mirrors ----

// Elements of a container, each `width` bits.
template <class Elements>
std::function<void(uint32_t*)> packed(const Elements& elements, uint32_t width) {
  return [&elements, width](uint32_t* words) {
    pack_fields(elements.data(), elements.size(), width, words);
  };
}

// The registers of a skew's lane, the one next to its input lowest.
template <class Skew>
std::function<void(uint32_t*)> packed(const Skew& skew, uint32_t lane, uint32_t width) {
  return [&skew, lane, width](uint32_t* words) {
    pack_fields(skew.regs(lane), skew.delay(lane), width, words);
  };
}

inline void add_rising_skew(SignalMirror& mirror, const std::string& path, const char* block,
                            const Skew<uint8_t, true>& skew, uint32_t lanes) {
  for (uint32_t l = 1; l < lanes; ++l) {
    mirror.add(path + "." + block + "[" + std::to_string(l) + "]", "skew_q", 8 * l,
               [&skew, l](uint32_t* words) { std::memcpy(words, skew.regs(l), l); });
  }
}

// The operations of a unit's queue, the next lowest.
inline void add_queue(SignalMirror& mirror, const std::string& unit, const OpQueue& q) {
  const std::string path = unit + ".u_queue";
  const auto entries = static_cast<uint32_t>(q.number_q.size());
  mirror.add(path, "op_q", entries * q.width(), [&q, entries](uint32_t* words) {
    const size_t step = q.op_q.size() / entries;
    for (uint32_t e = 0; e < entries; ++e) {
      for (uint32_t at = 0; at < q.width(); at += 32) {
        set_field(words, e * q.width() + at, std::min(32U, q.width() - at),
                  q.op_q[e * step + at / 32]);
      }
    }
  });
  mirror.add(path, "number_q", entries * 24, packed(q.number_q, 24));
  mirror.add(path, "wait_q", entries * 19, packed(q.wait_q, 19));
}

// What enters a tile (verilate.cmake makes these ports public).
inline void add_tile(SignalMirror& mirror, const std::string& path, const Tile& t,
                     uint32_t first_row, uint32_t packet_w) {
  const uint32_t sum_w = first_row ? sum_width(first_row - 1) : 16;
  mirror.add(path, "a_i", 8 * t.rows(),
             [&t](uint32_t* words) { std::memcpy(words, t.a_i, t.rows()); });
  mirror.add(path, "swap_i", 1, [&t](uint32_t* words) { words[0] = t.swap_i; });
  // As it leaves the tile above, where rows are counted from that one's first.
  const uint32_t row_mask = (1U << (packet_w - 1)) - (1U << 10);
  const uint32_t above = first_row ? t.rows() << 10 : 0;
  mirror.add(path, "packet_i", packet_w * t.buses(),
             [&t, packet_w, row_mask, above](uint32_t* words) {
               for (uint32_t b = 0; b < t.buses(); ++b) {
                 const uint32_t packet = t.packet_i[b];
                 set_field(words, b * packet_w, packet_w,
                           (packet & ~row_mask) | ((packet + above) & row_mask));
               }
             });
  mirror.add(path, "sum_i", sum_w * t.cols(),
             [&t, sum_w](uint32_t* words) { pack_fields(t.sum_i, t.cols(), sum_w, words); });
}

// A tile's registers, in libraries that make them public (verilate.cmake, CELLS). The RTL counts
// cells from the bottom right corner, and element n of activations, sums and packets is what enters
// cell n: what is a register of the left or upper neighbour. The first column's and row's elements
// are none.
inline void add_cells(SignalMirror& mirror, const std::string& path, const Tile& t,
                      uint32_t first_row, uint32_t packet_w) {
  if (!mirror.table().has(path, "w_q")) return;
  const uint32_t rows = t.rows();
  const uint32_t cols = t.cols();
  const uint32_t cells = rows * cols;
  SignalTable& table = mirror.table();
  std::vector<size_t> sums;  // the RTL's places of all rows' but the last's
  for (uint32_t r = 0; r < rows; ++r) {
    for (uint32_t c = 0; c < cols; ++c) {
      const uint32_t own = r * cols + c;
      const uint32_t n = cells - 1 - own;
      table.add_element(path, "w_q", n, cells, &t.w_q[own]);
      table.add_element(path, "shadow_q", n, cells, &t.shadow_q[own]);
      if (c > 0) {
        table.add_element(path, "a_q", n, cells, &t.a_q[own - 1]);
      }
      if (r > 0) sums.push_back(n);
    }
  }
  const uint32_t packets = rows * t.buses();
  for (uint32_t n = t.buses(); n < packets; ++n) {
    table.add_element(path, "packet_q", packets - 1 - n, packets, &t.packet_q[n - t.buses()]);
  }
  if (rows > 1) {
    const auto mask = static_cast<uint32_t>(low_mask(sum_width(first_row + rows - 2)));
    mirror.add_elements(path, "sum_q", sums, cells,
                        [&t, mask, count = sums.size()](uint32_t* words) {
                          for (size_t i = 0; i < count; ++i)
                            words[i] = static_cast<uint32_t>(t.sum_q[i]) & mask;
                        });
  }
  mirror.add(path, "a_out_q", 8 * rows, [&t, rows](uint32_t* words) {
    for (uint32_t r = 0; r < rows; ++r) set_field(words, 8 * r, 8, t.a_o(r));
  });
  mirror.add(path, "packet_out_q", packet_w * t.buses(), [&t, packet_w](uint32_t* words) {
    pack_fields(t.packet_o(), t.buses(), packet_w, words);
  });
  mirror.add(path, "sum_out_q", cols * t.sum_width(rows - 1),
             [&t, rows](uint32_t* words) { t.pack_sum_row(rows - 1, words); });
  // With one row or column the RTL has a bit more, for the swap of the next tile.
  if (rows > 1 && cols > 1) {
    mirror.add(path, "swap_q", rows + cols - 2, [&t](uint32_t* words) {
      std::copy(t.swap_q.words.begin(), t.swap_q.words.end(), words);
    });
  }
}

inline void add_weights(SignalMirror& mirror, const std::string& path, const Weights& w,
                        const Config& c) {
  const auto pos_w = static_cast<uint32_t>(clog2(4 * c.rows + 1));
  for (size_t l = 0; l < w.arrival.lane.size(); ++l) {
    const WeightLane& lane = w.arrival.lane[l];
    const std::string place = numbered(path, "g_lane", l, "u_lane");
    mirror.add(place, "count_q", 8 * lane.buses(), packed(lane.count_q, 8));
    mirror.add(place, "pos_q", pos_w * lane.buses(), packed(lane.pos_q, pos_w));
  }
  for (size_t j = 0; j < w.bus.size(); ++j) {
    const WeightBus& bus = w.bus[j];
    mirror.add(numbered(path, "g_bus", j, "u_bus"), "codebook_q", 128,
               [&bus](uint32_t* words) { std::memcpy(words, bus.codebook_q.data(), 16); });
  }
}

// What there is with fewer activation lanes than columns only.
inline void add_turns(SignalMirror& mirror, const std::string& path, const Activation& a,
                      const Config& c) {
  const uint32_t turn_w = Widths(c).turn_w;
  const LaneBanks& b = a.banks;
  mirror.add(path + ".u_walk.g_turns", "turn_q", turn_w,
             [&a](uint32_t* words) { words[0] = a.turn_q; });
  mirror.add(path + ".u_banks.g_turns", "line_turn_q", Lanes::kLaneStages,
             [&b](uint32_t* words) { words[0] = b.line_turn_q; });
  mirror.add(
      path + ".u_banks.g_turns", "part_q", static_cast<uint32_t>(b.bank.size()),
      [&b](uint32_t* words) { std::copy(b.part_q.words.begin(), b.part_q.words.end(), words); });
  for (uint32_t j = 0; j < b.bank.size(); ++j) {
    const LaneTurns& turns = b.turns[j];
    const std::string place = numbered(path + ".u_banks", "g_bank", j, "g_turns") + ".u_turns";
    mirror.add(place, "turn_q", 3 * turn_w, packed(turns.turn_q, turn_w));
    const auto bytes = static_cast<uint32_t>(turns.parts_q.size());
    mirror.add(place, "parts_q", 8 * bytes, [&turns, bytes](uint32_t* words) {
      std::memcpy(words, turns.parts_q.data(), bytes);
    });
  }
}

inline void add_activation(SignalMirror& mirror, const std::string& path, const Activation& a,
                           const Config& c) {
  const auto ub_w = static_cast<uint32_t>(clog2(c.ub_depth));
  const auto banks = static_cast<uint32_t>(a.banks.bank.size());
  mirror.add(path, "act_half_o", 2, packed(a.act_half_o, 1));
  mirror.add(
      path, "a_wdata_o", 8 * c.lanes(),
      [&a, lanes = c.lanes()](uint32_t* words) { std::memcpy(words, a.a_wdata_o(), lanes); },
      &a.a_we_o);
  mirror.add(path + ".u_banks", "write_row_q", banks * ub_w, packed(a.banks.write_row_q, ub_w));
  if (c.turns() > 1) add_turns(mirror, path, a, c);
  for (uint32_t j = 0; j + 1 < banks; ++j) {
    const std::vector<uint8_t>& rows = a.banks.deskew_q[j];
    mirror.add(numbered(path + ".u_banks", "g_bank", j, "g_deskew"), "deskew_q",
               8 * static_cast<uint32_t>(rows.size()),
               [&rows](uint32_t* words) { std::memcpy(words, rows.data(), rows.size()); });
  }
}

// All MIRROR lines of the lists.
inline void add_mirrored_signals(SignalMirror& mirror, const std::string& path, const Mxu& m) {
  const Config& c = m.config();
  const Widths widths(c);
  const std::string multiply = path + ".u_multiply";
  const std::string storage = path + ".u_storage";
  mirror.add(
      path, "ho_data_o", 8 * c.lanes(),
      [&m, lanes = c.lanes()](uint32_t* words) { std::memcpy(words, m.ho_data_o, lanes); },
      &m.host_out.ho_valid_o);
  add_queue(mirror, multiply + ".u_matrix", m.matrix.queue);
  add_queue(mirror, path + ".u_activation", m.activation.queue);
  add_queue(mirror, storage + ".u_host_in", m.host_in.queue);
  add_queue(mirror, storage + ".u_host_out", m.host_out.queue);
  const std::string matrix = multiply + ".u_matrix";
  const uint32_t timer_w = clog2(c.rows + c.cols + 3);
  mirror.add(matrix, "timer_q", 2 * timer_w, packed(m.matrix.timer_q, timer_w));
  mirror.add(matrix, "half_busy_o", 2, packed(m.matrix.half_busy_o, 1));
  mirror.add(matrix, "blocked_o", 4, packed(m.matrix.blocked_o, 1));
  add_activation(mirror, path + ".u_activation", m.activation, c);
  add_rising_skew(mirror, multiply + ".u_setup", "g_lane", m.setup.skew, c.rows);

  add_weights(mirror, multiply + ".u_weights", m.weights, c);
  mirror.add(multiply + ".u_array", "sum_o", c.cols * widths.sum_w,
             packed(m.array.sum_o, widths.sum_w));
  const uint32_t tiles_across = c.cols / c.tile_cols;
  for (uint32_t t = 0; t < m.array.tile.size(); ++t) {
    const std::string tile = multiply + ".u_array.g_row[" + std::to_string(t / tiles_across) +
                             "].g_col[" + std::to_string(t % tiles_across) + "].u_tile";
    const uint32_t first_row = t / tiles_across * c.tile_rows;
    add_tile(mirror, tile, m.array.tile[t], first_row, widths.row_w + 11);
    add_cells(mirror, tile, m.array.tile[t], first_row, widths.row_w + 11);
  }

  const std::string accumulators = multiply + ".u_accumulators";
  mirror.add(accumulators, "line_addr_q", (c.rows + c.cols) * widths.acc_w,
             packed(m.accumulators.line_addr_q, widths.acc_w));
  for (uint32_t j = 0; j < widths.banks; ++j) {
    const std::string place = numbered(accumulators, "g_bank", j, "u_bank");
    const AccBank& bank = m.accumulators.bank[j];
    mirror.add(place, "s1_sum_q", c.tile_cols * widths.sum_w, packed(bank.s1_sum_q, widths.sum_w));
    mirror.add(place, "s2_sum_q", c.tile_cols * widths.sum_w, packed(bank.s2_sum_q, widths.sum_w));
    for (uint32_t col = 0; col + 1 < c.tile_cols; ++col) {
      mirror.add(numbered(place, "g_col", col, "g_deskew"), "deskew_q",
                 (c.tile_cols - 1 - col) * widths.sum_w, packed(bank.deskew, col, widths.sum_w));
    }
  }
}

}  // namespace sparsys::mxu
