// SPDX-License-Identifier: Apache-2.0
// The way of weights from the port to the array: arrival, lanes, buses, and what the rest of the
// unit knows of them (docs/reference/mxu-timing.md section 4).
#pragma once

#include <cstdint>
#include <vector>

#include "golden/cycle/mxu/array/weight_arrival.hpp"
#include "golden/cycle/mxu/array/weight_bus.hpp"
#include "golden/cycle/mxu/packet.hpp"
#include "golden/cycle/mxu/widths.hpp"
#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

class Weights {
 public:
  explicit Weights(const Config& config);

  // Ports, besides those of the arrival.
  uint8_t swap_i = 0;
  uint8_t swap_o = 0;    // the array's
  uint8_t loaded_o = 0;  // a tile can be swapped in
  uint8_t room_o = 0;    // for 16 beats
  uint8_t owed_o = 0;    // beats are to come
  uint8_t full_o = 0;    // nothing moves any more without a swap
  uint8_t shadow_o = 0;  // no bus waits for a word
  std::vector<uint32_t> packet_o;

  // Registers.
  uint8_t clear_q = 0;  // 2 bits
  BitVector line_q;
  uint8_t loaded_q = 0;
  uint8_t room_q = 0;
  uint8_t lack_q = 0;
  uint16_t still_q = 0;

  WeightArrival arrival;
  std::vector<WeightBus> bus;

  // What follows from the registers alone; not swap_o.
  void propagate_state();
  void propagate();
  // Reset or flush.
  void update(bool rst);

 private:
  uint32_t lanes_;
  PacketFormat format_;
};

}  // namespace sparsys::mxu
