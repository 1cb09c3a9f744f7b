// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/array.hpp"

#include <algorithm>

namespace sparsys::mxu {

Array::Array(const Config& config)
    : sum_o(config.cols),
      config_(config),
      tiles_down_(config.rows / config.tile_rows),
      tiles_across_(config.cols / config.tile_cols),
      swap_line_(config.rows + config.cols),
      zeros_(config.tile_cols),
      last_a_(config.rows),
      // A swap or weight down and right, then the sums that follow from it.
      longest_(2 * (config.rows + config.cols) + 2) {
  a_edge.resize(tiles_across_ * config.rows);
  en_edge.resize(tiles_across_ * config.rows);
  tile.reserve(tiles_down_ * tiles_across_);
  for (uint32_t i = 0; i < tiles_down_; ++i) {
    for (uint32_t j = 0; j < tiles_across_; ++j) {
      tile.emplace_back(config.tile_rows, config.tile_cols, i * config.tile_rows);
    }
  }
}

// False if this cycle's inputs are those of so many cycles before that all registers hold what
// they would be loaded with.
bool Array::changes() const {
  if (swap_i || steady_ < longest_) return true;
  if (std::any_of(en_i, en_i + config_.rows, [](uint8_t en) { return en != 0; })) return true;
  return !std::equal(last_a_.begin(), last_a_.end(), a_i);
}

void Array::propagate() {
  moving_ = changes();
  if (!moving_) return;
  std::copy_n(a_i, config_.rows, a_edge.begin());
  std::copy_n(en_i, config_.rows, en_edge.begin());
  for (uint32_t j = 1; j < tiles_across_; ++j) {
    uint32_t edge = j * config_.rows;
    for (uint32_t i = 0; i < tiles_down_; ++i) {
      const Tile& left = tile[i * tiles_across_ + j - 1];
      for (uint32_t r = 0; r < config_.tile_rows; ++r, ++edge) {
        a_edge[edge] = left.a_o(r);
        en_edge[edge] = left.en_o(r);
      }
    }
  }
  for (uint32_t i = 0; i < tiles_down_; ++i) {
    for (uint32_t j = 0; j < tiles_across_; ++j) {
      Tile& t = tile[i * tiles_across_ + j];
      const Tile* above = i ? &tile[(i - 1) * tiles_across_ + j] : nullptr;
      const uint32_t edge = j * config_.rows + i * config_.tile_rows;
      t.a_i = &a_edge[edge];
      t.en_i = &en_edge[edge];
      t.weight_i = above ? above->weight_o() : weight_i + j * config_.tile_cols;
      t.sum_i = above ? above->sum_o() : zeros_.data();
      const uint32_t way = i * config_.tile_rows + j * config_.tile_cols;
      t.swap_i = way ? swap_line_.get(way - 1) : swap_i;
    }
  }
  for (uint32_t j = 0; j < tiles_across_; ++j) {
    const Tile& last = tile[(tiles_down_ - 1) * tiles_across_ + j];
    std::copy_n(last.sum_o(), config_.tile_cols, &sum_o[j * config_.tile_cols]);
  }
}

void Array::update(bool rst) {
  if (!moving_) return;
  const bool same = !swap_i && std::equal(last_a_.begin(), last_a_.end(), a_i) &&
                    std::none_of(en_i, en_i + config_.rows, [](uint8_t en) { return en != 0; });
  steady_ = same ? steady_ + 1 : 0;
  std::copy_n(a_i, config_.rows, last_a_.begin());
  // Lower rows of tiles first: a tile takes its upper neighbour's old sums and weights.
  for (size_t t = tile.size(); t-- > 0;) {
    tile[t].update_sums();
    tile[t].update_weights(rst);
  }
  swap_line_.shift_in(swap_i);
  if (rst) swap_line_.clear();
}

}  // namespace sparsys::mxu
