// SPDX-License-Identifier: Apache-2.0
// Beats to words of the sparse engine's port, and words to beats
// (docs/reference/top-units-timing.md sections 2 and 3).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/top/units/command.hpp"

namespace sparsys::top {

class SparseLoad {
 public:
  // bytes: AXI_BYTES; lanes: elements of a word.
  SparseLoad(uint32_t bytes, uint32_t n_pe, uint32_t lanes)
      : axi_bytes_(bytes), n_pe_(n_pe), lanes_(lanes) {}

  // Ports.
  uint8_t start_i = 0;
  uint32_t port_i = 0;
  uint32_t words_i = 0;
  uint8_t spread_i = 0, bytes_i = 0;
  uint8_t data_valid_i = 0, data_ready_o = 0;
  const uint8_t* data_i = nullptr;
  uint8_t c_valid_o = 0, c_last_o = 0;
  uint64_t c_word_o = 0;
  uint8_t c_valid_i = 0, c_last_i = 0;
  uint64_t c_word_i = 0;
  uint8_t io_valid_o = 0;
  uint32_t io_addr_o = 0;
  uint64_t io_wdata_o = 0;
  uint8_t done_o = 0;

  // Registers.
  uint8_t run_q = 0, at_q = 0, word_valid_q = 0, word_last_q = 0, done_q = 0;
  uint32_t left_q = 0, addr_q = 0;
  uint64_t word_q = 0;

  void propagate() {
    const uint32_t units = axi_bytes_ / (bytes_i ? lanes_ : 8);
    data_ready_o = run_q && (left_q == 1 || at_q == units - 1);
    c_valid_o = word_valid_q && bytes_i;
    c_last_o = word_last_q;
    c_word_o = word_q;
    io_valid_o = bytes_i ? c_valid_i : word_valid_q;
    io_wdata_o = bytes_i ? c_word_i : word_q;
    io_addr_o = addr_q;
    done_o = done_q;
  }

  void update(bool rst) {
    if (rst) {
      run_q = word_valid_q = done_q = 0;
      return;
    }
    const uint32_t size = bytes_i ? lanes_ : 8;
    const bool take = run_q && data_valid_i;
    const bool last = left_q == 1;
    const bool done = io_valid_o && (bytes_i ? c_last_i : word_last_q);
    if (take) {
      word_last_q = last;
      word_q = bytes_at(data_i, size * at_q, size);
      if (bytes_i) {
        uint64_t spread = 0;
        for (uint32_t e = 0; e < lanes_; ++e) spread |= (word_q >> (8 * e) & 0xFF) << (16 * e);
        word_q = spread;
      }
      at_q = data_ready_o ? 0 : static_cast<uint8_t>(at_q + 1);
      --left_q;
    }
    if (io_valid_o) addr_q = after(addr_q);
    if (start_i) {
      left_q = words_i;
      at_q = 0;
      addr_q = port_i;
    }
    done_q = done;
    word_valid_q = take;
    if (take && last) run_q = 0;
    if (start_i) run_q = 1;
  }

 private:
  uint32_t after(uint32_t addr) const {
    if (!spread_i) return (addr & 0xF0000000) | ((addr + 1) & 0x0FFFFFFF);
    const uint32_t pe = addr >> 20 & 0xFF;
    if (pe != n_pe_ - 1) return (addr & 0xF00FFFFF) | (pe + 1) << 20;
    return (addr & 0xF0000000) | ((addr + 1) & 0xFFFFF);
  }

  uint32_t axi_bytes_, n_pe_, lanes_;
};

class SparseStore {
 public:
  static constexpr uint32_t kWords = 16;

  SparseStore(uint32_t bytes, uint32_t lanes)
      : words(kWords), beat_q(bytes), axi_bytes_(bytes), lanes_(lanes) {}

  // Ports.
  uint8_t start_i = 0;
  uint32_t port_i = 0;
  uint32_t words_i = 0;
  uint8_t bytes_i = 0;
  uint8_t io_valid_o = 0;
  uint32_t io_addr_o = 0;
  uint8_t io_rvalid_i = 0;
  uint64_t io_rdata_i = 0;
  uint8_t c_valid_o = 0;
  uint64_t c_word_o = 0;
  uint8_t c_valid_i = 0;
  uint64_t c_word_i = 0;
  uint8_t data_valid_o = 0, data_ready_i = 0;
  const uint8_t* data_o() const { return beat_q.data(); }

  // Registers.
  uint8_t run_q = 0, under_q = 0, at_q = 0, beat_valid_q = 0;
  uint32_t addr_q = 0, left_q = 0, pack_left_q = 0;

  Fifo<uint64_t> words;
  std::vector<uint8_t> beat_q;

  void propagate() {
    words.propagate();
    io_valid_o = run_q && under_q != kWords;
    io_addr_o = addr_q;
    c_valid_o = io_rvalid_i && bytes_i;
    c_word_o = io_rdata_i;
    data_valid_o = beat_valid_q;
  }

  void update(bool rst) {
    if (rst) {
      run_q = under_q = beat_valid_q = 0;
      words.update(true);
      return;
    }
    const uint32_t size = bytes_i ? lanes_ : 8;
    const uint32_t units = axi_bytes_ / size;
    const bool pop = !words.empty_o && (!beat_valid_q || data_ready_i);
    const bool end = at_q == units - 1 || pack_left_q == 1;
    words.pop_i = pop;
    words.push_i = (bytes_i ? c_valid_i : io_rvalid_i) && under_q != 0;
    if (bytes_i) {
      words.data_i = 0;
      for (uint32_t e = 0; e < lanes_; ++e) {
        words.data_i |= (c_word_i >> (16 * e) & 0xFF) << (8 * e);
      }
    } else {
      words.data_i = io_rdata_i;
    }
    if (pop) {
      for (uint32_t b = 0; b < size; ++b) {
        beat_q[at_q * size + b] = static_cast<uint8_t>(words.head_o >> (8 * b));
      }
      --pack_left_q;
      at_q = end ? 0 : static_cast<uint8_t>(at_q + 1);
    }
    words.update(false);
    const bool last = left_q == 1;
    if (io_valid_o) {
      addr_q = (addr_q & 0xF0000000) | ((addr_q + 1) & 0x0FFFFFFF);
      --left_q;
    }
    if (start_i) {
      addr_q = port_i;
      left_q = pack_left_q = words_i;
      at_q = 0;
    }
    under_q = static_cast<uint8_t>(under_q + io_valid_o - pop);
    if (io_valid_o && last) run_q = 0;
    if (start_i) run_q = 1;
    if (pop) {
      beat_valid_q = end;
    } else if (data_ready_i) {
      beat_valid_q = 0;
    }
  }

 private:
  uint32_t axi_bytes_, lanes_;
};

}  // namespace sparsys::top
