// SPDX-License-Identifier: Apache-2.0
#include "golden/cycle/mxu/array/array.hpp"

#include <algorithm>

namespace sparsys::mxu {

Array::Array(const Config& config)
    : packet_i(Widths(config).buses),
      sum_o(config.cols),
      config_(config),
      format_(Widths(config).row_w),
      tiles_down_(config.rows / config.tile_rows),
      tiles_across_(config.cols / config.tile_cols),
      swap_line_(config.rows + config.cols),
      zeros_(config.tile_cols),
      last_a_(config.rows),
      last_packet_(packet_i.size()),
      // A swap or weight down and right, then the sums that follow from it.
      longest_(2 * (config.rows + config.cols) + 2),
      hits_(config.rows) {
  a_edge.resize(tiles_across_ * config.rows);
  tile.reserve(tiles_down_ * tiles_across_);
  for (uint32_t i = 0; i < tiles_down_; ++i) {
    for (uint32_t j = 0; j < tiles_across_; ++j) {
      tile.emplace_back(config.tile_rows, config.tile_cols, i * config.tile_rows);
    }
  }
}

// Nothing comes that was not there in the cycle before.
bool Array::same_inputs() const {
  return !swap_i && packet_i == last_packet_ &&
         std::none_of(packet_i.begin(), packet_i.end(),
                      [this](uint32_t packet) { return format_.valid(packet); }) &&
         std::equal(last_a_.begin(), last_a_.end(), a_i);
}

void Array::propagate() {
  // Else all registers hold what they would be loaded with.
  moving_ = steady_ < longest_ || !same_inputs();
  if (!moving_) return;
  std::copy_n(a_i, config_.rows, a_edge.begin());
  for (uint32_t j = 1; j < tiles_across_; ++j) {
    uint32_t edge = j * config_.rows;
    for (uint32_t i = 0; i < tiles_down_; ++i) {
      const Tile& left = tile[i * tiles_across_ + j - 1];
      for (uint32_t r = 0; r < config_.tile_rows; ++r, ++edge) {
        a_edge[edge] = left.a_o(r);
      }
    }
  }
  for (uint32_t i = 0; i < tiles_down_; ++i) {
    for (uint32_t j = 0; j < tiles_across_; ++j) {
      Tile& t = tile[i * tiles_across_ + j];
      const Tile* above = i ? &tile[(i - 1) * tiles_across_ + j] : nullptr;
      const uint32_t edge = j * config_.rows + i * config_.tile_rows;
      t.a_i = &a_edge[edge];
      for (uint32_t b = 0; b < t.buses(); ++b) {
        t.packet_i[b] = above ? format_.lower(above->packet_o()[b], config_.tile_rows)
                              : packet_i[j * t.buses() + b];
      }
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

// When the packets at the port will be in their cells' rows.
void Array::note_packets() {
  for (uint32_t bus = 0; bus < packet_i.size(); ++bus) {
    const uint32_t packet = packet_i[bus];
    if (!format_.valid(packet)) continue;
    const uint32_t row = format_.row(packet);
    const uint32_t col = bus * kBusColumns + PacketFormat::col(packet);
    if (row >= config_.rows || col >= config_.cols) continue;
    hits_[(now_ + row) % config_.rows].push_back(
        {row / config_.tile_rows * tiles_across_ + col / config_.tile_cols,
         static_cast<uint16_t>(row % config_.tile_rows),
         static_cast<uint16_t>(col % config_.tile_cols), PacketFormat::value(packet)});
  }
}

void Array::write_weights() {
  std::vector<Hit>& hits = hits_[now_];
  for (const Hit& hit : hits) tile[hit.tile].write(hit.row, hit.col, hit.value);
  hits.clear();
  now_ = now_ + 1 == config_.rows ? 0 : now_ + 1;
}

void Array::update(bool rst) {
  if (!moving_) return;
  steady_ = same_inputs() ? steady_ + 1 : 0;
  std::copy_n(a_i, config_.rows, last_a_.begin());
  last_packet_ = packet_i;
  note_packets();
  // Lower rows of tiles first: a tile takes its upper neighbour's old sums.
  for (size_t t = tile.size(); t-- > 0;) {
    tile[t].update_sums();
    tile[t].update_packets();
    tile[t].update_swap(rst);
  }
  write_weights();
  swap_line_.shift_in(swap_i);
  if (rst) swap_line_.clear();
}

}  // namespace sparsys::mxu
