// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/weight_stream.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/zero_run.hpp"

namespace sparsys::mxu {
namespace {

constexpr unsigned kRunBits = 4;

}  // namespace

StreamShape::StreamShape(const Config& config)
    : rows(config.rows),
      cols(config.cols),
      buses(bus_count(config.cols)),
      lanes((buses + kLaneBuses - 1) / kLaneBuses),
      positions(config.rows * kBusColumns),
      most_words((positions + kWordBytes - 1) / kWordBytes) {}

std::optional<Codebook> codebook_of(const std::vector<int8_t>& weights) {
  std::array<bool, 256> has{};
  for (const int8_t w : weights) has[static_cast<uint8_t>(w)] = true;
  Codebook codebook{};
  size_t code = 1;
  for (int value = -128; value < 128; ++value) {
    if (value == 0 || !has[static_cast<uint8_t>(value)]) continue;
    if (code == codebook.size()) return std::nullopt;
    codebook[code++] = static_cast<int8_t>(value);
  }
  return codebook;
}

namespace {

// Entries of a bus's columns of a tile.
class BusEncoder {
 public:
  BusEncoder(const StreamShape& shape, const Codebook* codebook)
      : shape_(shape), codebook_(codebook) {
    if (codebook == nullptr) return;
    code_of_.fill(0);
    for (size_t code = 1; code < codebook->size(); ++code) {
      code_of_[static_cast<uint8_t>((*codebook)[code])] = static_cast<uint8_t>(code);
    }
  }

  std::vector<uint8_t> encode(const int8_t* tile, uint32_t bus, StreamFigures& figures) const {
    std::vector<uint8_t> entries;
    uint32_t zeros = 0;
    for (uint32_t p = 0; p < shape_.positions; ++p) {
      const uint32_t column = p % kBusColumns;
      const int8_t value =
          column < shape_.columns(bus)
              ? tile[size_t{p / kBusColumns} * shape_.cols + bus * kBusColumns + column]
              : int8_t{0};
      if (value == 0) {
        ++zeros;
      } else if (codebook_ == nullptr) {
        entries.resize(p);
        entries.push_back(static_cast<uint8_t>(value));
      } else {
        const uint8_t code = code_of_[static_cast<uint8_t>(value)];
        if (code == 0) {
          throw Error("weight " + std::to_string(value) + " is not in the layer's codebook");
        }
        const uint32_t run = pad_run(zeros, kRunBits, Padding::kTwoLevel, [&](uint32_t blocks) {
          entries.push_back(static_cast<uint8_t>(blocks << 4));
          ++figures.fillers;
        });
        entries.push_back(static_cast<uint8_t>(run << 4 | code));
        ++figures.values;
        zeros = 0;
      }
    }
    if (codebook_ == nullptr) figures.values += entries.size();
    return entries;
  }

 private:
  const StreamShape& shape_;
  const Codebook* codebook_;
  std::array<uint8_t, 256> code_of_{};
};

// A lane's bus whose word is next: that above the last with words left, else the lowest; or none.
uint32_t next_bus(const std::array<uint32_t, StreamShape::kLaneBuses>& left, uint32_t last) {
  for (uint32_t n = 0; n < left.size(); ++n) {
    const uint32_t bus = (last + 1 + n) % static_cast<uint32_t>(left.size());
    if (left[bus] != 0) return bus;
  }
  return StreamShape::kLaneBuses;
}

}  // namespace

void put_codebook(const StreamShape& shape, const Codebook& codebook, std::vector<uint8_t>& beats) {
  for (size_t half = 0; half < codebook.size(); half += StreamShape::kWordBytes) {
    for (uint32_t lane = 0; lane < shape.lanes; ++lane) {
      for (size_t b = 0; b < StreamShape::kWordBytes; ++b) {
        beats.push_back(static_cast<uint8_t>(codebook[half + b]));
      }
    }
  }
}

void put_tile(const StreamShape& shape, const int8_t* tile, const Codebook* codebook,
              std::vector<uint8_t>& beats, StreamFigures* figures) {
  StreamFigures own;
  const BusEncoder encoder(shape, codebook);
  std::vector<std::vector<uint8_t>> entries(shape.buses);
  const size_t header = beats.size();
  beats.resize(header + shape.beat_bytes());
  uint64_t longest = 0;
  uint64_t all = 0;
  for (uint32_t bus = 0; bus < shape.buses; ++bus) {
    std::vector<uint8_t>& e = entries[bus];
    e = encoder.encode(tile, bus, own);
    longest = std::max<uint64_t>(longest, e.size());
    all += e.size();
    e.resize(
        std::max<size_t>(1, (e.size() + StreamShape::kWordBytes - 1) / StreamShape::kWordBytes) *
        StreamShape::kWordBytes);
    beats[header + bus % shape.lanes * StreamShape::kWordBytes + bus / shape.lanes] =
        static_cast<uint8_t>(e.size() / StreamShape::kWordBytes);
  }
  const size_t first = beats.size();
  for (uint32_t lane = 0; lane < shape.lanes; ++lane) {
    std::array<uint32_t, StreamShape::kLaneBuses> left{};
    for (uint32_t k = 0; k < shape.buses_of(lane); ++k) {
      left[k] =
          static_cast<uint32_t>(entries[lane + k * shape.lanes].size()) / StreamShape::kWordBytes;
    }
    uint32_t last = StreamShape::kLaneBuses - 1;
    std::array<size_t, StreamShape::kLaneBuses> given{};
    for (size_t at = first + size_t{lane} * StreamShape::kWordBytes;; at += shape.beat_bytes()) {
      last = next_bus(left, last);
      if (last == StreamShape::kLaneBuses) break;
      const size_t beat_end = at - size_t{lane} * StreamShape::kWordBytes + shape.beat_bytes();
      if (beats.size() < beat_end) beats.resize(beat_end);
      const std::vector<uint8_t>& e = entries[lane + last * shape.lanes];
      std::copy_n(e.begin() + static_cast<ptrdiff_t>(given[last]), StreamShape::kWordBytes,
                  beats.begin() + static_cast<ptrdiff_t>(at));
      given[last] += StreamShape::kWordBytes;
      --left[last];
    }
  }
  if (figures == nullptr) return;
  ++figures->tiles;
  figures->beats += (beats.size() - header) / shape.beat_bytes();
  figures->values += own.values;
  figures->fillers += own.fillers;
  figures->padding += beats.size() - first - all;
  figures->longest += longest;
  figures->mean += static_cast<double>(all) / shape.buses;
}

TileSize tile_size(const StreamShape& shape, const uint8_t* header) {
  TileSize size;
  for (uint32_t lane = 0; lane < shape.lanes; ++lane, header += StreamShape::kWordBytes) {
    uint32_t words = 0;
    for (uint32_t k = 0; k < shape.buses_of(lane); ++k) {
      size.longest = std::max<uint32_t>(size.longest, header[k]);
      words += header[k];
    }
    size.beats = std::max(size.beats, words);
  }
  return size;
}

bool StreamReader::read(const uint8_t* beats, size_t count, uint32_t tiles, bool raw, bool codebook,
                        std::vector<std::vector<int8_t>>& tiles_out) {
  if (fault_.error != StreamError::kNone) return false;
  const size_t step = shape_.beat_bytes();
  const uint8_t* const end = beats + count * step;
  if (codebook) {
    if (count < StreamShape::kCodebookBeats + 1) return fail(StreamError::kCount);
    for (size_t half = 0; half < StreamShape::kCodebookBeats; ++half, beats += step) {
      for (size_t b = 0; b < step; ++b) {
        codebook_[b / StreamShape::kWordBytes]
                 [half * StreamShape::kWordBytes + b % StreamShape::kWordBytes] =
                     static_cast<int8_t>(beats[b]);
      }
    }
    has_codebook_ = true;
  }
  for (uint32_t t = 0; beats != end; ++t) {
    if (!read_header(beats, t < tiles, beats + step == end, raw)) return false;
    std::vector<int8_t> tile(size_t{shape_.rows} * shape_.cols);
    for (bool more = true; more;) {
      beats += step;
      if (!read_words(beats, t + 1 == tiles, beats + step == end, raw, tile)) {
        if (complete_) tiles_out.push_back(tile);
        return false;
      }
      more = std::any_of(left_.begin(), left_.end(), [](uint32_t words) { return words != 0; });
    }
    beats += step;
    tiles_out.push_back(tile);
  }
  return true;
}

// wanted: the tile is one of those of the Read_Weights; last: no beat follows.
bool StreamReader::read_header(const uint8_t* beat, bool wanted, bool last, bool raw) {
  ++fault_.headers;
  position_.assign(shape_.buses, 0);
  last_.assign(shape_.lanes, StreamShape::kLaneBuses - 1);
  std::optional<uint32_t> wrong;  // the first bus with a count out of range
  for (uint32_t lane = 0; lane < shape_.lanes; ++lane) {
    for (uint32_t k = 0; k < shape_.buses_of(lane); ++k) {
      const uint32_t bus = lane + k * shape_.lanes;
      left_[bus] = beat[lane * StreamShape::kWordBytes + k];
      const bool in_range = left_[bus] != 0 && left_[bus] <= shape_.most_words;
      if (!in_range && !wrong) wrong = bus;
    }
  }
  if (!raw && !has_codebook_) return fail(StreamError::kCodebook, wrong.value_or(0));
  if (wrong || !wanted || last) return fail(StreamError::kCount, wrong.value_or(0));
  return true;
}

// last_tile: of the Read_Weights; last: no beat follows.
bool StreamReader::read_words(const uint8_t* beat, bool last_tile, bool last, bool raw,
                              std::vector<int8_t>& tile) {
  std::optional<uint32_t> wrong;  // the first lane's bus with a weight behind the end
  for (uint32_t lane = 0; lane < shape_.lanes; ++lane) {
    std::array<uint32_t, StreamShape::kLaneBuses> words{};
    for (uint32_t k = 0; k < shape_.buses_of(lane); ++k) words[k] = left_[lane + k * shape_.lanes];
    const uint32_t k = next_bus(words, last_[lane]);
    if (k == StreamShape::kLaneBuses) continue;
    const uint32_t bus = lane + k * shape_.lanes;
    last_[lane] = k;
    --left_[bus];
    const bool fits = read_word(beat + size_t{lane} * StreamShape::kWordBytes, bus, raw, tile);
    if (!fits && !wrong) wrong = bus;
  }
  const bool done =
      std::all_of(left_.begin(), left_.end(), [](uint32_t words) { return words == 0; });
  complete_ = done && !wrong;
  if (last && !(done && last_tile)) return fail(StreamError::kCount, wrong.value_or(0));
  return wrong ? fail(StreamError::kPosition, *wrong) : true;
}

bool StreamReader::read_word(const uint8_t* word, uint32_t bus, bool raw,
                             std::vector<int8_t>& tile) {
  uint32_t& position = position_[bus];
  for (uint32_t b = 0; b < StreamShape::kWordBytes; ++b) {
    const uint32_t code = word[b] & 15;
    if (!raw) position += code == 0 ? 16 * ((word[b] >> 4) + 1U) : word[b] >> 4;
    if (!raw && code == 0) continue;
    const auto value = raw ? static_cast<int8_t>(word[b]) : codebook_[bus % shape_.lanes][code];
    if (position >= shape_.positions && (!raw || value != 0)) return false;
    const uint32_t column = position % kBusColumns;
    if (value != 0 && column < shape_.columns(bus)) {
      tile[size_t{position / kBusColumns} * shape_.cols + bus * kBusColumns + column] = value;
    }
    ++position;
  }
  return true;
}

}  // namespace sparsys::mxu
