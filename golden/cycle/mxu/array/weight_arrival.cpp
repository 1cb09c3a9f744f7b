// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/weight_arrival.hpp"

#include <algorithm>
#include <cstring>

namespace sparsys::mxu {

bool WeightLane::rest_o() const {
  return std::any_of(count_q.begin(), count_q.end(), [](uint8_t words) { return words != 0; });
}

uint32_t WeightLane::chosen() const {
  for (uint32_t n = last_q + 1U; n < buses(); ++n) {
    if (count_q[n] != 0) return n;
  }
  for (uint32_t n = 0; n < buses(); ++n) {
    if (count_q[n] != 0) return n;
  }
  return 0;
}

void WeightLane::update_check(bool step, bool header) {
  if (!step) return;
  if (header) {
    std::fill(pos_q.begin(), pos_q.end(), 0);
  } else if (write_q && !book_q) {
    pos_q[n_q] = static_cast<uint16_t>(std::min<uint32_t>(pos_q[n_q] + total_q, positions_));
  }
}

void WeightLane::update_word(const WeightBeat& beat) {
  n_q = static_cast<uint8_t>(chosen());
  book_q = beat.codebook;
  raw_q = beat.raw;
  more_q = beat.codebook || count_q[n_q] != 1;
  word_q = data_q;
  total_q = reach_q = 0;
  bad_q = bad_n_q = 0;
  for (uint32_t e = 0; e < StreamShape::kWordBytes; ++e) {
    const auto byte = static_cast<uint8_t>(data_q >> (8 * e));
    const WeightByte entry(byte, beat.raw);
    total_q = static_cast<uint16_t>(total_q + entry.passed);
    if (entry.is_weight) reach_q = total_q;
    if (e < buses() && !bad_q && (byte == 0 || byte > most_words_)) {
      bad_q = 1;
      bad_n_q = static_cast<uint8_t>(e);
    }
  }
}

void WeightLane::update(bool rst, const uint8_t* data, const WeightBeat& beat, bool step,
                        bool header) {
  if (rst) {
    std::fill(count_q.begin(), count_q.end(), 0);
    write_q = 0;
    return;
  }
  update_check(step, header);
  write_q = beat.go && (beat.codebook || (beat.words() && rest_o()));
  if (beat.go) {
    update_word(beat);
    if (beat.header) {
      for (uint32_t n = 0; n < buses(); ++n) count_q[n] = static_cast<uint8_t>(data_q >> (8 * n));
      last_q = 7;
    } else if (beat.words() && rest_o()) {
      --count_q[n_q];
      last_q = n_q;
    }
  }
  if (data) std::memcpy(&data_q, data, sizeof(data_q));
}

WeightArrival::WeightArrival(const Config& config) {
  const StreamShape shape(config);
  lanes_ = shape.lanes;
  for (uint32_t l = 0; l < lanes_; ++l) lane.emplace_back(shape, l);
}

bool WeightArrival::rest() const {
  return std::any_of(lane.begin(), lane.end(), [](const WeightLane& l) { return l.rest_o(); });
}

void WeightArrival::update_error() {
  if (!step()) return;
  uint32_t bus = 0;
  bool bad = false;
  for (uint32_t l = 0; l < lanes_ && !bad; ++l) {
    bad = lane[l].bad_o(header_q);
    if (bad) bus = l + lanes_ * lane[l].bad_n_o(header_q);
  }
  StreamError error = StreamError::kNone;
  if (missing_q) {
    error = StreamError::kCodebook;
  } else if (extra_q || (ended_q && (short_q || rest())) || (header_q && bad)) {
    error = StreamError::kCount;
  } else if (bad) {
    error = StreamError::kPosition;
  }
  if (error == StreamError::kNone) return;
  error_q = static_cast<uint8_t>(error);
  error_number_q = tile_q;
  error_bus_q = static_cast<uint8_t>(bus);
}

// Stage 1.
void WeightArrival::update_beat(const WeightBeat& beat) {
  const bool last = beat.go && beats_q == 1;
  if (beat.go) {
    header_q = beat.header;
    missing_q = beat.header && !raw_q && !known_q;
    extra_q = beat.header && tiles_q == 0;
    ended_q = last;
    short_q = !beat.words() || tiles_q != 0;
    beats_q = (beats_q - 1) & 0xFFFFFF;
    if (beat.codebook) {
      --book_q;
      known_q = 1;
    }
    if (beat.header) {
      tile_q = (tile_q + 1) & 0xFFFFFF;
      if (tiles_q != 0) --tiles_q;
    }
  }
  expected.pop_i = !run_q || last;
  if (expected.pop_i && !expected.empty_o()) {
    const uint32_t* next = expected.head_o();
    run_q = 1;
    beats_q = get_field(next, 0, 24);
    tiles_q = static_cast<uint16_t>(get_field(next, 24, 16));
    raw_q = static_cast<uint8_t>(get_field(next, 40, 1));
    book_q = get_field(next, 41, 1) ? StreamShape::kCodebookBeats : 0;
  } else if (last) {
    run_q = 0;
  }
}

void WeightArrival::update(bool rst) {
  const bool taken = w_valid_i && w_ready_o;
  WeightBeat beat;
  beat.go = beat_q && error_q == 0;
  beat.codebook = book_q != 0;
  beat.header = !beat.codebook && !rest();
  beat.raw = raw_q != 0;
  const bool step = this->step();
  const bool header = header_q != 0;
  if (rst) {
    owed_q = pending_q = 0;
    beat_q = through_q = run_q = known_q = step_q = error_q = 0;
    tile_q = 0;
  } else {
    update_error();
    update_beat(beat);
    step_q = beat.go;
    owed_q = static_cast<uint16_t>(owed_q + (asked_i ? beats_i : 0) - taken);
    pending_q = static_cast<uint16_t>(pending_q + (asked_i ? beats_i : 0) - through_q);
    through_q = beat_q;
    beat_q = taken;
  }
  for (uint32_t l = 0; l < lanes_; ++l) {
    const uint8_t* data = taken ? w_data_i + size_t{l} * StreamShape::kWordBytes : nullptr;
    lane[l].update(rst, data, beat, step, header);
  }
  expected.update(rst);
}

}  // namespace sparsys::mxu
