// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/mxu/layout.hpp"

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

}  // namespace

// Rows of a tile lie with the array's last first.
void add_tiles(const Layer& layer, Plan& plan, Program& program, const std::string& name) {
  const uint32_t rows = program.config.rows;
  const uint32_t cols = program.config.cols;
  const size_t tile_bytes = size_t{rows} * cols;
  const uint32_t width = program.plane_width;
  const Weights weights(layer);
  std::vector<uint8_t> tile(tile_bytes);
  std::vector<uint8_t> before;
  for (uint32_t n = 0; n < plan.outputs.size(); ++n) {
    OutPlane& out = plan.outputs[n];
    const uint32_t first = n * width;
    const uint32_t outputs = std::min(width, layer.outputs - first);
    out.first_tile = program.tiles;
    before.clear();
    for (uint32_t operand = 0; operand < plan.operands; ++operand) {
      const std::vector<Plane>& planes = plan.inputs[operand];
      for (uint32_t k = 0; k < planes.size(); ++k) {
        const Plane& in = planes[k];
        const Used use = used(weights, in, first, outputs, program.config);
        if (use.rows == 0) continue;
        if (weights.moves() &&
            (in.first_channel >= first + outputs || in.first_channel + in.channels <= first)) {
          continue;
        }
        for (uint32_t tap = 0; tap < weights.taps(); ++tap) {
          std::fill(tile.begin(), tile.end(), 0);
          for (uint32_t c = 0; c < in.channels; ++c) {
            for (uint32_t o = 0; o < outputs; ++o) {
              tile[size_t{rows - 1 - c} * cols + o] =
                  static_cast<uint8_t>(weights.at(first + o, in.first_channel + c, tap));
            }
          }
          const bool take = tile != before;
          out.steps.push_back({operand, k, tap, take, use.rows, use.columns});
          if (!take) continue;
          if (program.weights.size() + tile_bytes > kMaxWeightBytes) {
            throw Error(name + ": takes more than the " + number(kMaxWeightBytes) +
                        " bytes of weight memory");
          }
          program.weights.insert(program.weights.end(), tile.begin(), tile.end());
          ++program.tiles;
          ++out.tiles;
          before = tile;
        }
      }
    }
  }
}

}  // namespace sparsys::mxu
