// SPDX-License-Identifier: Apache-2.0
// A bus of weights: its FIFO of words, the two readers that walk over it, and the decoder that
// makes packets of the words (docs/reference/mxu-timing.md section 4).
#pragma once

#include <array>
#include <cstdint>

#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/mxu/array/weight_arrival.hpp"
#include "golden/cycle/mxu/packet.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// Walks over the words of a FIFO, eight cycles each, a tile behind every open_i.
class WeightReader {
 public:
  // Ports. more_i: the word at the RAM's output is not its tile's last.
  uint8_t we_i = 0;
  uint8_t open_i = 0;
  uint8_t more_i = 0;
  uint8_t read_o = 0;
  uint8_t tile_end_o = 0;

  // Registers.
  uint16_t level_q = 0;
  uint16_t addr_q = 0;
  uint8_t run_q = 0;
  uint8_t n_q = 0;
  uint8_t open_q = 0;

  void propagate() {
    const bool end = run_q && n_q == 7;
    tile_end_o = end && !more_i;
    read_o = level_q != 0 && (!run_q || end) && (open_i || (open_q && !tile_end_o));
  }
  void update(bool rst, uint32_t address_mask) {
    if (rst) {
      level_q = addr_q = 0;
      run_q = n_q = open_q = 0;
      return;
    }
    const bool end = run_q && n_q == 7;
    if (run_q) n_q = (n_q + 1) & 7;
    run_q = read_o || (run_q && !end);
    level_q = static_cast<uint16_t>(level_q + we_i - read_o);
    if (read_o) addr_q = static_cast<uint16_t>((addr_q + 1U) & address_mask);
    if (open_i) {
      open_q = 1;
    } else if (tile_end_o) {
      open_q = 0;
    }
  }
};

class WeightBus {
 public:
  explicit WeightBus(const Config& config);

  // Ports.
  uint8_t we_i = 0;
  WeightWord word_i;         // read with we_i only
  uint8_t open_i = 0;        // of the decoder
  uint8_t open_ahead_i = 0;  // as it would be at bus 0
  uint8_t swap_i = 0;
  uint16_t pending_i = 0;

  // Registers.
  uint16_t wr_q = 0;
  uint8_t ready_q = 0;
  uint8_t fit_q = 0;
  std::array<uint8_t, 16> codebook_q{};
  uint16_t pos_q = 0;
  uint8_t packet_valid_q = 0;
  uint8_t packet_row_q = 0;
  uint8_t packet_col_q = 0;
  uint8_t packet_value_q = 0;

  WeightReader reader;
  WeightReader ahead;
  Ram1r1w<uint32_t> word;  // 64 bits, more, raw, book
  Ram1r1w<uint8_t> more;

  void propagate();
  void update(bool rst);

 private:
  void decode(bool rst);

  uint32_t depth_;
  uint32_t pos_mask_;
};

}  // namespace sparsys::mxu
