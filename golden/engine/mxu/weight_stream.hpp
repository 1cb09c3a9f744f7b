// SPDX-License-Identifier: Apache-2.0
// Tiles of weights as weight memory holds them: beats of words of eight entries, for buses of four
// columns (docs/reference/mxu-format.md section 2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "golden/engine/mxu/config.hpp"

namespace sparsys::mxu {

// What the size of the array makes of the stream.
struct StreamShape {
  static constexpr uint32_t kLaneBuses = 8;  // the most
  static constexpr uint32_t kWordBytes = 8;
  static constexpr uint32_t kCodebookBeats = 2;

  explicit StreamShape(const Config& config);

  uint32_t rows;
  uint32_t cols;
  uint32_t buses;
  uint32_t lanes;
  uint32_t positions;   // of a bus in a tile: row * 4 + column of the bus
  uint32_t most_words;  // of a bus in a tile

  uint32_t beat_bytes() const { return lanes * kWordBytes; }
  // The last bus may be narrower.
  uint32_t columns(uint32_t bus) const {
    return cols - bus * kBusColumns < kBusColumns ? cols - bus * kBusColumns : kBusColumns;
  }
  // Buses of a lane: lane, lane + lanes, ...
  uint32_t buses_of(uint32_t lane) const { return (buses - lane + lanes - 1) / lanes; }
};

// Values of codes 0 to 15; that of code 0 is 0.
using Codebook = std::array<int8_t, 16>;

// The codebook of a layer's weights, in rising order; nothing if they have more than 15 values that
// are not 0.
std::optional<Codebook> codebook_of(const std::vector<int8_t>& weights);

// What tiles take.
struct StreamFigures {
  uint64_t tiles = 0;
  uint64_t beats = 0;
  uint64_t values = 0;   // entries of a weight; of raw tiles all bytes
  uint64_t fillers = 0;  // entries that only pass zeros
  uint64_t padding = 0;  // bytes at the ends of buses' words, and of lanes
  // Entries, behind one another: of the longest bus of each tile, and of the mean one.
  uint64_t longest = 0;
  double mean = 0;
};

// Appends to `beats`. tile: rows x cols, row by row. Without a codebook its bytes are the values.
// Throws Error if a value is not in the codebook.
void put_codebook(const StreamShape& shape, const Codebook& codebook, std::vector<uint8_t>& beats);
void put_tile(const StreamShape& shape, const int8_t* tile, const Codebook* codebook,
              std::vector<uint8_t>& beats, StreamFigures* figures = nullptr);

// What the header of a tile says: words of its longest bus, and beats of words behind the header.
struct TileSize {
  uint32_t longest = 0;
  uint32_t beats = 0;
};
// header: a beat.
TileSize tile_size(const StreamShape& shape, const uint8_t* header);

// Why a stream is refused: an error code of the unit (docs/reference/mxu-format.md section 5).
enum class StreamError : uint8_t {
  kNone = 0,
  kPosition = 10,  // a weight behind its tile's end
  kCount = 11,     // a count of words out of range; beats and tiles that disagree
  kCodebook = 12,  // entries, and there was no codebook
};

struct StreamFault {
  StreamError error = StreamError::kNone;
  uint32_t headers = 0;  // of tiles that have come, that in error included
  uint32_t bus = 0;      // of the weight or count
};

// The stream's other end, from its definition: what arrives behind one another since a reset. At a
// fault it stays.
class StreamReader {
 public:
  explicit StreamReader(const StreamShape& shape)
      : shape_(shape), codebook_(shape.lanes), left_(shape.buses), position_(shape.buses) {}

  // Reads the beats of a Read_Weights: `count` of them, `tiles` tiles. Appends the tiles that are
  // complete and right, each rows x cols, to `tiles_out`. Returns whether there is no
  // fault.
  bool read(const uint8_t* beats, size_t count, uint32_t tiles, bool raw, bool codebook,
            std::vector<std::vector<int8_t>>& tiles_out);

  const StreamFault& fault() const { return fault_; }

 private:
  bool fail(StreamError error, uint32_t bus = 0) {
    fault_.error = error;
    fault_.bus = bus;
    return false;
  }
  bool read_header(const uint8_t* beat, bool wanted, bool last, bool raw);
  bool read_words(const uint8_t* beat, bool last_tile, bool last, bool raw,
                  std::vector<int8_t>& tile);
  bool read_word(const uint8_t* word, uint32_t bus, bool raw, std::vector<int8_t>& tile);

  StreamShape shape_;
  StreamFault fault_;
  bool has_codebook_ = false;
  std::vector<Codebook> codebook_;  // of each lane
  // Of the tile under way: words to come and the next position of each bus.
  std::vector<uint32_t> left_;
  std::vector<uint32_t> position_;
  std::vector<uint32_t> last_;  // the bus of each lane's last word
  bool complete_ = false;       // all its words have come and are right
};

}  // namespace sparsys::mxu
