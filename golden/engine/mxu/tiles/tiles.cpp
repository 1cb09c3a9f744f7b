// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/mxu/layout.hpp"
#include "golden/engine/mxu/tiles/deal.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint64_t kMaxWeightBytes = uint64_t{1} << 33;

// A layer's weights as a matrix of all inputs and outputs, zero between groups. Layers without
// weights pass each channel on as it is.
class Weights {
 public:
  explicit Weights(const Layer& layer)
      : layer_(layer),
        moves_(layer.kind != Kind::kConvolution),
        inputs_(moves_ ? 1 : layer.channels / layer.groups),
        outputs_(moves_ ? 1 : layer.outputs / layer.groups),
        taps_(size_t{layer.window.kernel[0]} * layer.window.kernel[1]) {}

  bool moves() const { return moves_; }
  uint32_t taps() const { return static_cast<uint32_t>(taps_); }
  bool one_group(uint32_t output, uint32_t channel) const {
    return output / outputs_ == channel / inputs_;
  }
  int8_t at(uint32_t output, uint32_t channel, uint32_t tap) const {
    if (!one_group(output, channel)) return 0;
    if (moves_) return 1;
    return layer_.weights[(size_t{output} * inputs_ + channel % inputs_) * taps_ + tap];
  }

 private:
  const Layer& layer_;
  const bool moves_;
  const uint32_t inputs_;  // of a group
  const uint32_t outputs_;
  const size_t taps_;
};

struct Used {
  uint32_t rows = 0;
  uint32_t columns = 0;
};

// Products of a row that are the network's, as rows times columns: of groups the factors whose
// product comes nearest to them from below, as far as the array has them.
Used used(const Weights& weights, const Plane& in, uint32_t first_output, uint32_t outputs,
          const Config& config) {
  if (weights.moves()) return {1, 1};
  uint32_t products = 0;
  for (uint32_t o = first_output; o < first_output + outputs; ++o) {
    for (uint32_t c = in.first_channel; c < in.first_channel + in.channels; ++c) {
      products += weights.one_group(o, c);
    }
  }
  if (products == in.channels * outputs) return {in.channels, outputs};
  Used best{0, 0};
  for (uint32_t rows = 1; rows <= config.rows; ++rows) {
    const uint32_t columns = std::min(products / rows, config.cols);
    if (rows * columns > best.rows * best.columns) best = {rows, columns};
  }
  return best;
}

// What a tile is made of.
struct TileSource {
  uint32_t operand;
  uint32_t plane;
  uint32_t tap;
  Used used;
};

// A layer's tiles in one form: as bytes, or with a codebook as entries.
class Stream {
 public:
  struct Plane {
    uint64_t first_beat;
    std::vector<bool> take;           // of each tile: it is not the one before it
    std::vector<uint64_t> tile_ends;  // of each that is taken, counted from first_beat
  };

  Stream(const Config& config, std::optional<Codebook> codebook)
      : shape_(config), codebook_(codebook) {}

  uint64_t beats() const { return bytes.size() / shape_.beat_bytes(); }
  void begin_plane() {
    planes.push_back({beats(), {}, {}});
    before_.clear();
    if (codebook_) put_codebook(shape_, *codebook_, bytes);
  }
  // Left out if it is the same as the one before it.
  void add(const std::vector<int8_t>& tile) {
    Plane& plane = planes.back();
    plane.take.push_back(tile != before_);
    if (!plane.take.back()) return;
    put_tile(shape_, tile.data(), codebook_ ? &*codebook_ : nullptr, bytes, &figures);
    plane.tile_ends.push_back(beats() - plane.first_beat);
    before_ = tile;
  }

  std::vector<uint8_t> bytes;
  std::vector<Plane> planes;  // of outputs
  StreamFigures figures;

 private:
  StreamShape shape_;
  std::optional<Codebook> codebook_;
  std::vector<int8_t> before_;
};

class LayerTiles {
 public:
  LayerTiles(const Layer& layer, const Plan& plan, const std::vector<Storage>& storages,
             const Program& program)
      : weights_(layer),
        plan_(plan),
        storages_(storages),
        config_(program.config),
        width_(program.plane_width),
        all_outputs_(layer.outputs) {
    for (uint32_t n = 0; n < plan.outputs.size(); ++n) sources_.push_back(find_sources(n));
  }

  const Weights& weights() const { return weights_; }
  // Of plane n of outputs, in order: those that aren't all zeros by the network's structure.
  const std::vector<TileSource>& sources(uint32_t n) const { return sources_[n]; }

  // ROWS x COLS; lanes: the columns of the plane's outputs, empty: in order.
  void make(uint32_t n, const TileSource& source, const std::vector<uint16_t>& lanes,
            std::vector<int8_t>& tile) const {
    const Plane& in = plan_.inputs[source.operand][source.plane];
    std::fill(tile.begin(), tile.end(), 0);
    for (uint32_t c = 0; c < in.channels; ++c) {
      int8_t* row = &tile[size_t{storages_[in.storage].lane(in.index, c)} * config_.cols];
      for (uint32_t o = 0; o < outputs(n); ++o) {
        row[lanes.empty() ? o : lanes[o]] =
            weights_.at(first_output(n) + o, in.first_channel + c, source.tap);
      }
    }
  }

  // Columns of plane n's outputs by what they bring to the buses.
  std::vector<uint16_t> deal(uint32_t n) const {
    const std::vector<TileSource>& tiles = sources(n);
    std::vector<std::vector<uint32_t>> loads(outputs(n), std::vector<uint32_t>(tiles.size()));
    for (size_t t = 0; t < tiles.size(); ++t) {
      const Plane& in = plan_.inputs[tiles[t].operand][tiles[t].plane];
      for (uint32_t o = 0; o < outputs(n); ++o) {
        for (uint32_t c = 0; c < in.channels; ++c) {
          loads[o][t] += weights_.at(first_output(n) + o, in.first_channel + c, tiles[t].tap) != 0;
        }
      }
    }
    return deal_columns(loads, width_);
  }

 private:
  uint32_t first_output(uint32_t n) const { return n * width_; }
  uint32_t outputs(uint32_t n) const { return std::min(width_, all_outputs_ - n * width_); }

  std::vector<TileSource> find_sources(uint32_t n) const {
    std::vector<TileSource> found;
    const uint32_t first = first_output(n);
    for (uint32_t operand = 0; operand < plan_.operands; ++operand) {
      for (uint32_t k = 0; k < plan_.inputs[operand].size(); ++k) {
        const Plane& in = plan_.inputs[operand][k];
        const Used use = used(weights_, in, first, outputs(n), config_);
        if (use.rows == 0) continue;
        if (weights_.moves() &&
            (in.first_channel >= first + outputs(n) || in.first_channel + in.channels <= first)) {
          continue;
        }
        for (uint32_t tap = 0; tap < weights_.taps(); ++tap) {
          found.push_back({operand, k, tap, use});
        }
      }
    }
    return found;
  }

  const Weights weights_;
  const Plan& plan_;
  const std::vector<Storage>& storages_;
  const Config& config_;
  const uint32_t width_;
  const uint32_t all_outputs_;
  std::vector<std::vector<TileSource>> sources_;  // of each plane of outputs
};

// All tiles of the layer, its outputs in the columns that `lanes` says.
Stream stream_of(const LayerTiles& tiles, const Config& config, std::optional<Codebook> codebook,
                 const std::vector<std::vector<uint16_t>>& lanes, uint64_t most_bytes,
                 const std::string& name) {
  Stream stream(config, codebook);
  std::vector<int8_t> tile(size_t{config.rows} * config.cols);
  for (uint32_t n = 0; n < lanes.size(); ++n) {
    stream.begin_plane();
    for (const TileSource& source : tiles.sources(n)) {
      tiles.make(n, source, lanes[n], tile);
      stream.add(tile);
      if (stream.bytes.size() > most_bytes) {
        throw Error(name + ": takes more than the " + number(kMaxWeightBytes) +
                    " bytes of weight memory");
      }
    }
  }
  return stream;
}

}  // namespace

void add_tiles(const Layer& layer, Plan& plan, std::vector<Storage>& storages, Program& program,
               bool in_order, const std::string& name) {
  const Config& config = program.config;
  const LayerTiles tiles(layer, plan, storages, program);
  const uint64_t room = kMaxWeightBytes - program.weights.size();
  // As bytes in order; or, if they have a codebook, as entries in columns by load, if that is less.
  std::vector<std::vector<uint16_t>> lanes(plan.outputs.size());
  Stream stream = stream_of(tiles, config, std::nullopt, lanes, room, name);
  const std::optional<Codebook> codebook =
      tiles.weights().moves() ? Codebook{0, 1} : codebook_of(layer.weights);
  if (codebook) {
    std::vector<std::vector<uint16_t>> dealt(plan.outputs.size());
    if (!tiles.weights().moves() && !in_order) {
      for (uint32_t n = 0; n < dealt.size(); ++n) dealt[n] = tiles.deal(n);
    }
    Stream coded = stream_of(tiles, config, codebook, dealt, room, name);
    if (coded.bytes.size() < stream.bytes.size()) {
      plan.coded = true;
      stream = std::move(coded);
      lanes = std::move(dealt);
    }
  }
  const uint64_t base = program.weights.size() / StreamShape(config).beat_bytes();
  for (uint32_t n = 0; n < plan.outputs.size(); ++n) {
    OutPlane& out = plan.outputs[n];
    Stream::Plane& plane = stream.planes[n];
    const std::vector<TileSource>& sources = tiles.sources(n);
    for (size_t t = 0; t < sources.size(); ++t) {
      const TileSource& from = sources[t];
      out.steps.push_back(
          {from.operand, from.plane, from.tap, plane.take[t], from.used.rows, from.used.columns});
    }
    out.first_beat = base + plane.first_beat;
    out.tile_ends = std::move(plane.tile_ends);
  }
  program.weights.insert(program.weights.end(), stream.bytes.begin(), stream.bytes.end());
  stream.figures.beats = stream.beats();
  program.layers.back() = {plan.coded, stream.figures};
  storages[plan.storage].lanes = lanes;
}

}  // namespace sparsys::mxu
