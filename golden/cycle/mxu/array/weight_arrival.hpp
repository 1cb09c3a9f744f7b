// SPDX-License-Identifier: Apache-2.0
// Where the stream of weights arrives: what kind each beat is, which bus each lane's word is for,
// and whether it is right (docs/reference/mxu-timing.md section 4).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/common/wide_fifo.hpp"
#include "golden/engine/mxu/config.hpp"
#include "golden/engine/mxu/weight_stream.hpp"

namespace sparsys::mxu {

// A byte of a word: positions that it passes, and whether it is a weight.
struct WeightByte {
  WeightByte(uint8_t byte, bool raw)
      : passed(raw         ? 1
               : byte & 15 ? (byte >> 4) + 1U
                           : 16 * ((byte >> 4) + 1U)),
        is_weight(raw ? byte != 0 : (byte & 15) != 0) {}

  uint32_t passed;
  bool is_weight;
};

// What stage 1 of the arrival tells all lanes of the beat.
struct WeightBeat {
  bool go = false;
  bool codebook = false;
  bool header = false;
  bool raw = false;
  bool words() const { return !codebook && !header; }
};

// A lane's word on its way to a bus's FIFO.
struct WeightWord {
  uint64_t bytes = 0;
  uint8_t more = 0;  // the tile has more of the bus
  uint8_t raw = 0;
  uint8_t book = 0;
};

// One word of every beat, for up to eight buses.
class WeightLane {
 public:
  WeightLane(const StreamShape& shape, uint32_t lane)
      : count_q(shape.buses_of(lane)),
        pos_q(shape.buses_of(lane)),
        most_words_(shape.most_words),
        positions_(shape.positions) {}

  // Registers.
  uint64_t data_q = 0;
  std::vector<uint8_t> count_q;
  uint8_t last_q = 0;
  uint8_t write_q = 0;
  uint8_t book_q = 0;
  uint8_t raw_q = 0;
  uint8_t n_q = 0;
  uint8_t more_q = 0;
  uint64_t word_q = 0;
  uint16_t total_q = 0;
  uint16_t reach_q = 0;
  uint8_t bad_q = 0;
  uint8_t bad_n_q = 0;
  std::vector<uint16_t> pos_q;

  uint32_t buses() const { return static_cast<uint32_t>(count_q.size()); }
  bool rest_o() const;
  bool past() const {
    return write_q && !book_q && reach_q != 0 && pos_q[n_q] + reach_q > positions_;
  }
  // header: the beat in stage 2 is one.
  bool bad_o(bool header) const { return header ? bad_q != 0 : past(); }
  uint32_t bad_n_o(bool header) const { return header ? bad_n_q : n_q; }
  // The buses that get the word of stage 2, a bit each.
  uint32_t we_o(bool step) const {
    if (!step || !write_q || past()) return 0;
    return book_q ? (1U << buses()) - 1 : 1U << n_q;
  }
  WeightWord word_o() const { return {word_q, more_q, raw_q, book_q}; }

  // data: the lane's word of a beat that is taken, or null. beat: of stage 1; step, header: of
  // stage 2.
  void update(bool rst, const uint8_t* data, const WeightBeat& beat, bool step, bool header);

 private:
  uint32_t chosen() const;
  void update_check(bool step, bool header);
  void update_word(const WeightBeat& beat);

  uint32_t most_words_;
  uint32_t positions_;
};

class WeightArrival {
 public:
  explicit WeightArrival(const Config& config);

  // Ports. w_data_i is a beat, read with w_valid_i only; asked_i: beats_i of them are requested.
  uint8_t w_valid_i = 0;
  uint8_t w_ready_o = 0;
  const uint8_t* w_data_i = nullptr;
  uint8_t asked_i = 0;
  uint8_t beats_i = 0;
  uint8_t expect_full_o() const { return expected.full_o(); }

  // Registers.
  uint16_t owed_q = 0;
  uint16_t pending_q = 0;
  uint8_t beat_q = 0;
  uint8_t through_q = 0;
  uint8_t run_q = 0;
  uint32_t beats_q = 0;
  uint16_t tiles_q = 0;
  uint8_t raw_q = 0;
  uint8_t book_q = 0;
  uint8_t known_q = 0;
  uint32_t tile_q = 0;
  uint8_t step_q = 0;
  uint8_t header_q = 0;
  uint8_t missing_q = 0;
  uint8_t extra_q = 0;
  uint8_t ended_q = 0;
  uint8_t short_q = 0;
  uint8_t error_q = 0;
  uint32_t error_number_q = 0;
  uint8_t error_bus_q = 0;

  // Read_Weights whose beats are to come: number of beats (24), of tiles (16), raw, codebook.
  WideFifo expected{42, 4};
  std::vector<WeightLane> lane;

  void propagate_state() { w_ready_o = owed_q != 0; }
  // Stage 2 lets words through to the buses' FIFOs.
  bool step() const { return step_q && error_q == 0; }
  void update(bool rst);

 private:
  bool rest() const;
  void update_error();
  void update_beat(const WeightBeat& beat);

  uint32_t lanes_;
};

}  // namespace sparsys::mxu
