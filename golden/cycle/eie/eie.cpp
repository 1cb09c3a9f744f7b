// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/eie/eie.hpp"

#include <algorithm>
#include <cstring>

#include "golden/engine/eie/image.hpp"

namespace sparsys::eie {

namespace {
const Config& checked(const Config& config) {
  check(config);
  return config;
}
}  // namespace

Eie::Eie(const Config& config)
    : ccu(checked(config)),
      lnzd(config.groups, Lnzd(config)),
      pe(config.n_pe, Pe(config)),
      done_(config.n_pe),
      levels_(Widths(config).levels),
      group_mask_(config.groups - 1),
      list_first_mask_(static_cast<uint16_t>(low_mask(Widths(config).list_w))),
      list_count_mask_(static_cast<uint16_t>(low_mask(Widths(config).list_w + 1))) {
  for (uint32_t k = 0; k < config.n_pe; ++k) pe[k].id_i = static_cast<uint8_t>(k);
}

// In the order of dependency: the PEs' outputs are functions of their registers, so they come
// first; what is held or popped is known only at the root, and goes back down from there.
void Eie::propagate() {
  propagate_pe_outputs();
  propagate_rest([](uint32_t, uint32_t) {});
}

void Eie::propagate_control() {
  for (Lnzd& tree : lnzd) tree.propagate_up();
  propagate_ccu();
  for (uint32_t g = 0; g < lnzd.size(); ++g) {
    lnzd[g].root_pop_i = ccu.root_pop_o >> g & 1;
    lnzd[g].propagate_down();
  }
}

void Eie::propagate_pe_outputs() {
  stale_ = false;
  all_changed_ = true;
  clear_pe_outputs();
  for (uint32_t k = 0, n_pe = static_cast<uint32_t>(pe.size()); k < n_pe; ++k) {
    pe[k].propagate_state();
    collect_pe_outputs(k);
  }
}

void Eie::clear_pe_outputs() {
  ccu.hold_i = ccu.pe_busy_i = ccu.flags_i = 0;
  ccu.io_rdata_i = 0;
  ccu.pe_error_i = {};
}

inline void Eie::propagate_flags(uint32_t k) {
  const Pe& p = pe[k];
  ccu.hold_i = static_cast<uint8_t>(ccu.hold_i | p.full_o << group(k));
  ccu.pe_busy_i |= p.busy_o;
  ccu.flags_i |= p.flags_o;
  ccu.pe_error_i[k / 64] |= uint64_t{p.flags_o > 1} << k % 64;
}

inline void Eie::collect_pe_outputs(uint32_t k) {
  propagate_flags(k);
  ccu.io_rdata_i |= pe[k].io_rdata_o;
  if (!pe[k].keeps_leaf()) propagate_leaf(k);
}

inline void Eie::propagate_leaf(uint32_t k) {
  const Pe& p = pe[k];
  Lnzd& tree = lnzd[group(k)];
  const uint32_t leaf = team(k);
  tree.leaf_valid_i[leaf] = p.leaf_valid_o;
  tree.leaf_done_i[leaf] = p.leaf_done_o;
  tree.leaf_col_i[leaf] = p.leaf_col_o;
  tree.leaf_act_i[leaf] = p.leaf_act_o;
}

void Eie::propagate_ccu() {
  static_cast<Inputs&>(ccu) = *this;
  ccu.list_first_i &= list_first_mask_;
  ccu.list_count_i &= list_count_mask_;
  ccu.root_valid_i = ccu.root_done_i = 0;
  for (uint32_t g = 0; g < lnzd.size(); ++g) {
    const Lnzd& tree = lnzd[g];
    ccu.root_valid_i = static_cast<uint8_t>(ccu.root_valid_i | tree.root_valid_o << g);
    ccu.root_done_i = static_cast<uint8_t>(ccu.root_done_i | tree.root_done_o << g);
    ccu.root_col_i[g] = tree.root_col_o;
    ccu.root_act_i[g] = tree.root_act_o;
  }
  ccu.propagate();
  busy_o = ccu.busy_o;
  done_o = ccu.done_o;
  flags_o = ccu.flags_o;
  io_ready_o = ccu.io_ready_o;
  io_rvalid_o = ccu.io_rvalid_o;
  io_rdata_o = ccu.io_rdata_o;

  for (uint32_t g = 0; g < lnzd.size(); ++g) {
    PtrReadCommon& b = broadcast_[g];
    b.advance_i = ccu.advance_o >> g & 1;
    b.b_valid_i = ccu.b_valid_o >> g & 1;
    b.b_odd_first_i = ccu.b_odd_first_o >> g & 1;
    b.b_act_i = ccu.b_act_o[g];
    b.b_even_i = ccu.b_even_o[g];
    b.b_odd_i = ccu.b_odd_o[g];
  }
  common_.flags_clear_i = ccu.flags_clear_o;
  common_.clear_i = ccu.clear_o;
  common_.launch_i = ccu.launch_o;
  common_.cb_we_i = ccu.cb_we_o;
  common_.cb_word_i = ccu.cb_word_o;
  common_.ld_read_i = ccu.ld_read_o;
  common_.ld_we_i = ccu.ld_we_o;
  common_.ld_row_i = ccu.ld_row_o;
  common_.wb_read_i = ccu.wb_read_o;
  common_.wb_row_i = ccu.wb_row_o;
  common_.role_i = ccu.role_o;
  common_.in_first_i = ccu.in_first_o;
  common_.shift_i = ccu.shift_o;
  common_.relu_i = ccu.relu_o;
  common_.store_dst_i = ccu.store_dst_o;
  io_.io_en_i = ccu.io_en_o;
  io_.io_write_i = ccu.io_write_o;
  common_.ld_addr_i = ccu.ld_addr_o;
  common_.in_count_i = ccu.in_count_o;
  common_.entry_base_i = ccu.entry_base_o;
  common_.dst_addr_i = ccu.dst_addr_o;
  io_.io_addr_i = ccu.io_addr_o;
  common_.cb_data_i = ccu.cb_data_o;
  io_.io_wdata_i = ccu.io_wdata_o;
}

void Eie::find_changes() {
  // Takes over `now`; whether it is another one. Padding counts, too: at worst a copy too many.
  const auto changes = [this](auto& given, const auto& now) {
    const bool same = !all_changed_ && std::memcmp(&given, &now, sizeof(now)) == 0;
    if (!same) given = now;
    return !same;
  };
  common_changed_ = changes(common_given_, common_);
  io_changed_ = changes(io_given_, io_);
  for (uint32_t g = 0; g <= group_mask_; ++g) {
    broadcast_changed_[g] = changes(broadcast_given_[g], broadcast_[g]);
  }
  all_changed_ = false;
}

void Eie::propagate_pe_inputs(uint32_t first, uint32_t count) {
  const Lnzd* const trees = lnzd.data();
  for (uint32_t k = first; k < first + count; ++k) {
    Pe& p = pe[k];
    if (common_changed_) p.set_common(common_given_);
    if (io_changed_) p.set_io(io_given_);
    if (broadcast_changed_[group(k)]) p.set_broadcast(broadcast_given_[group(k)]);
    p.leaf_pop_i = trees[group(k)].leaf_pop_o[team(k)];
    p.propagate_units();
  }
  if (common_.wb_read_i && group_mask_ != 0) exchange_words(first, count);
}

// Each PE of a team gets the words of its own row.
void Eie::exchange_words(uint32_t first, uint32_t count) {
  for (uint32_t k = first; k < first + count; ++k) {
    for (uint32_t g = 0; g <= group_mask_; ++g) {
      pe[k].reduce[0].words_i[g] = pe[(k & ~group_mask_) + g].lanes[0].wb_acc(group(k));
    }
  }
}

// Returns whether the PEs are flushed.
bool Eie::update_control(bool rst) {
  const bool flush = rst || ccu.flush_o;
  ccu.update(rst);
  for (Lnzd& tree : lnzd) tree.update(flush);
  clear_pe_outputs();
  return flush;
}

void Eie::edge(bool rst) {
  const bool flush = update_control(rst);
  update_pes(0, static_cast<uint32_t>(pe.size()), flush);
}

void Eie::update_pes(uint32_t first, uint32_t count, bool flush) {
  for (uint32_t k = first; k < first + count; ++k) {
    pe[k].update(flush);
    pe[k].propagate_outputs();
    collect_pe_outputs(k);
  }
}

void Eie::put(const Image& image) {
  for (size_t k = 0; k < pe.size(); ++k) {
    const std::vector<uint64_t>& rows = image.entry_rows[k];
    if (pe[k].lanes.empty()) {
      std::copy(rows.begin(), rows.end(), pe[k].spmat_read.entry_ram.mem.begin());
    } else {
      for (size_t w = 0; w < rows.size(); ++w) {
        pe[k].lanes[0].read.put(static_cast<uint32_t>(w), rows[w]);
      }
    }
    const std::vector<uint16_t>& pointers = image.pointers[k];
    PtrRead& banks = pe[k].ptr_read;
    for (size_t p = 0; p < pointers.size(); ++p) {
      (p % 2 ? banks.odd : banks.even).mem[p / 2] = pointers[p];
    }
    if (pointers.size() % 2) banks.odd.mem[pointers.size() / 2] = 0;
  }
  const auto& codebooks = image.codebook_words;
  std::copy(codebooks.begin(), codebooks.end(), ccu.codebook_ram.mem.begin());
  std::copy(image.bias_words.begin(), image.bias_words.end(),
            ccu.codebook_ram.mem.begin() + 4 * image.config.codebooks);
  const std::vector<uint64_t> list = list_words(image);
  std::copy(list.begin(), list.end(), ccu.list_ram.mem.begin());
}

// A leaf moves when it is popped, and in the cycle behind LAUNCH.
void Eie::step_leaves() {
  const Lnzd& tree = lnzd[0];
  for (uint32_t k = 0, n_pe = static_cast<uint32_t>(pe.size()); k < n_pe; ++k) {
    if (!tree.leaf_pop_o[k] && (tree.leaf_valid_i[k] | tree.leaf_done_i[k])) continue;
    if (pe[k].step_leaf(tree.leaf_pop_o[k])) propagate_leaf(k);
  }
}

void Eie::finish_steps() {
  clear_pe_outputs();
  for (uint32_t k = 0, n_pe = static_cast<uint32_t>(pe.size()); k < n_pe; ++k) propagate_flags(k);
  stale_ = true;
  if (!may_step()) propagate_pe_outputs();
}

void Eie::update(bool rst) {
  const bool flush = rst || ccu.flush_o;
  ccu.update(rst);
  for (Lnzd& tree : lnzd) tree.update(flush);
  for (Pe& p : pe) p.update(flush);
}

}  // namespace sparsys::eie
