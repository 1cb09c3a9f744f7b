// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/weight_bus.hpp"

#include <algorithm>

#include "golden/cycle/mxu/widths.hpp"

namespace sparsys::mxu {

WeightBus::WeightBus(const Config& config)
    : word(3, config.fifo_words),
      more(1, config.fifo_words),
      depth_(config.fifo_words),
      pos_mask_((1U << (Widths(config).row_w + 2)) - 1) {}

void WeightBus::propagate() {
  word.we_i = more.we_i = reader.we_i = ahead.we_i = we_i;
  if (we_i) {
    word.waddr_i = more.waddr_i = wr_q;
    word.wdata_i = {static_cast<uint32_t>(word_i.bytes), static_cast<uint32_t>(word_i.bytes >> 32),
                    uint32_t{word_i.more} | uint32_t{word_i.raw} << 1 | uint32_t{word_i.book} << 2};
    more.wdata_i[0] = word_i.more;
  }
  reader.open_i = open_i;
  reader.more_i = word.rdata_q[2] & 1;
  reader.propagate();
  word.re_i = reader.read_o;
  word.raddr_i = reader.addr_q;
  ahead.open_i = open_ahead_i;
  ahead.more_i = more.rdata_q[0];
  ahead.propagate();
  more.re_i = ahead.read_o;
  more.raddr_i = ahead.addr_q;
}

// The byte of this cycle; no register that a reset keeps changes in one.
void WeightBus::decode(bool rst) {
  const bool book = (word.rdata_q[2] & 4) != 0;
  const bool raw = (word.rdata_q[2] & 2) != 0;
  bool valid = false;
  if (reader.run_q && !rst) {
    if (book) {
      if (reader.n_q == 0) {
        std::copy(codebook_q.begin() + 8, codebook_q.end(), codebook_q.begin());
        for (uint32_t b = 0; b < 8; ++b) {
          codebook_q[8 + b] = static_cast<uint8_t>(word.rdata_q[b / 4] >> (8 * (b % 4)));
        }
      }
    } else {
      const auto byte =
          static_cast<uint8_t>(word.rdata_q[reader.n_q / 4] >> (8 * (reader.n_q % 4)));
      const WeightByte entry(byte, raw);
      valid = entry.is_weight;
      if (valid) {
        const uint32_t position = (pos_q + entry.passed - 1) & pos_mask_;
        packet_row_q = static_cast<uint8_t>(position / kBusColumns);
        packet_col_q = position % kBusColumns;
        packet_value_q = raw ? byte : codebook_q[byte & 15];
      }
      pos_q = static_cast<uint16_t>((pos_q + entry.passed) & pos_mask_);
    }
  }
  packet_valid_q = valid;
  if (open_i && !rst) pos_q = 0;
}

void WeightBus::update(bool rst) {
  decode(rst);
  if (rst) {
    wr_q = 0;
    ready_q = fit_q = 0;
  } else {
    if (we_i) wr_q = static_cast<uint16_t>((wr_q + 1U) & (depth_ - 1));
    if (swap_i) {
      ready_q = 0;
    } else if (ahead.tile_end_o) {
      ready_q = 1;
    }
    fit_q = reader.level_q + pending_i + 16U <= depth_;
  }
  word.update();
  more.update();
  reader.update(rst, depth_ - 1);
  ahead.update(rst, depth_ - 1);
}

}  // namespace sparsys::mxu
