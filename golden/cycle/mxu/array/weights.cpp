// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/weights.hpp"

#include <algorithm>

namespace sparsys::mxu {

Weights::Weights(const Config& config)
    : packet_o(Widths(config).buses),
      line_q(kBusColumns * Widths(config).buses - 3),
      arrival(config),
      lanes_(StreamShape(config).lanes),
      format_(Widths(config).row_w) {
  for (uint32_t j = 0; j < Widths(config).buses; ++j) bus.emplace_back(config);
}

void Weights::propagate_state() {
  arrival.propagate_state();
  loaded_o = loaded_q;
  room_o = room_q;
  owed_o = arrival.pending_q != 0;
  full_o = loaded_q && still_q == 0 && !room_q && arrival.pending_q == 0;
  shadow_o = !lack_q;
  for (size_t j = 0; j < bus.size(); ++j) {
    const WeightBus& b = bus[j];
    packet_o[j] =
        format_.pack(b.packet_valid_q != 0, b.packet_row_q, b.packet_col_q, b.packet_value_q);
  }
}

void Weights::propagate() {
  propagate_state();
  swap_o = swap_i || clear_q != 0;
  const bool step = arrival.step();
  for (uint32_t l = 0; l < lanes_; ++l) {
    const WeightLane& lane = arrival.lane[l];
    const uint32_t we = lane.we_o(step);
    for (uint32_t n = 0; n < lane.buses(); ++n) {
      WeightBus& b = bus[l + n * lanes_];
      b.we_i = we >> n & 1;
      if (b.we_i) b.word_i = lane.word_o();
    }
  }
  const bool open = line_q.get(0);
  for (uint32_t j = 0; j < bus.size(); ++j) {
    WeightBus& b = bus[j];
    b.open_ahead_i = open;
    b.open_i = line_q.get(kBusColumns * j);
    b.swap_i = swap_i;
    b.pending_i = arrival.pending_q;
    b.propagate();
  }
}

void Weights::update(bool rst) {
  bool ready = true;
  bool fit = true;
  bool lack = false;
  for (const WeightBus& b : bus) {
    ready = ready && b.ready_q;
    fit = fit && b.fit_q;
    lack = lack || (b.ahead.open_q && !b.ahead.run_q);
  }
  const bool moves = !loaded_q || swap_i || arrival.pending_q != 0;
  if (rst) {
    line_q.clear();
    loaded_q = room_q = lack_q = 0;
    still_q = 0;
  } else {
    line_q.shift_in(swap_i || (clear_q & 2) != 0);
    loaded_q = !swap_i && ready;
    room_q = fit;
    lack_q = lack;
    if (moves) {
      still_q = static_cast<uint16_t>(kBusColumns * bus.size());
    } else if (still_q != 0) {
      --still_q;
    }
  }
  clear_q = static_cast<uint8_t>(rst ? 1 : (clear_q & 1) << 1);
  arrival.update(rst);
  for (WeightBus& b : bus) b.update(rst);
}

}  // namespace sparsys::mxu
