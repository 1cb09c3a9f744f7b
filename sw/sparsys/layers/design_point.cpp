// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/design_point.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sw/sparsys/layers/paper_layers.hpp"
#include "sw/sparsys/layers/sparse_layer.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

constexpr std::array<uint32_t, 5> kEntryWidths = {32, 64, 128, 256, 512};

// The largest memories that descriptors and pointers can name: the paper's simulator has no bounds.
eie::Config wide_config(const DesignPoint& point) {
  eie::Config config;
  config.n_pe = point.n_pe;
  config.queue_depth = point.queue_depth;
  config.entry_depth = point.n_pe < 64 ? 524288 : 131072;
  config.ptr_depth = 65536;
  config.act_ram_depth = std::min<uint32_t>(65536, (1U << 20) / std::max(point.n_pe / 4, 1U));
  config.list_depth = 4096;
  return config;
}

// Outputs first .. first + count - 1 of a layer.
SparseLayer outputs_of(const SparseLayer& layer, uint32_t first, uint32_t count) {
  const eie::Layer& from = layer.network.layers.front();
  eie::Layer part = from;
  part.outputs = count;
  part.column_start.assign(1, 0);
  part.row.clear();
  part.code.clear();
  for (uint32_t j = 0; j < from.inputs; ++j) {
    const auto end = from.row.begin() + static_cast<long>(from.column_start[j + 1]);
    auto row =
        std::lower_bound(from.row.begin() + static_cast<long>(from.column_start[j]), end, first);
    for (; row != end && *row < first + count; ++row) {
      part.row.push_back(*row - first);
      part.code.push_back(from.code[static_cast<size_t>(row - from.row.begin())]);
    }
    part.column_start.push_back(part.row.size());
  }
  return make_layer(std::move(part), layer.input);
}

// Reads of an entry memory of `bits` bits: of each non-empty column of each PE whose input is not 0
// the rows that it lies in.
uint64_t reads_at_width(const SparseLayer& layer, const eie::Image& image, uint32_t bits) {
  const uint32_t entries = bits / 8;
  uint64_t reads = 0;
  for (const std::vector<uint16_t>& pointers : image.pointers) {
    size_t at = 0;
    uint32_t column = 0;
    for (const eie::Pass& pass : image.passes) {
      const uint32_t columns = pass.in_count - pass.in_first * image.config.n_pe;
      if (column == layer.input.size()) column = 0;  // the next range of outputs
      for (uint32_t j = 0; j < columns; ++j, ++column) {
        const uint32_t begin = pointers[at + j];
        const uint32_t end = pointers[at + j + 1];
        if (end > begin && layer.input[column] != 0) {
          reads += (end - 1) / entries - begin / entries + 1;
        }
      }
      at += columns + 1;
    }
  }
  return reads;
}

}  // namespace

std::string DesignPoint::key() const {
  return "3 " + text() + ", rows interleaved, seed " + std::to_string(seed);
}

std::string DesignPoint::text() const {
  return std::string(kPaperLayers[layer].name) + ", " + std::to_string(n_pe) + " PEs, queue " +
         std::to_string(queue_depth);
}

double DesignPoint::cost() const {
  const EieLayer& paper = kPaperLayers[layer];
  return 1e-6 * paper.inputs * paper.outputs * paper.weight_pct *
         (1 + paper.activation_pct / 100 * (1 + 16.0 / n_pe));
}

std::vector<DesignPoint> design_points(uint64_t seed, bool quick) {
  std::vector<DesignPoint> points;
  for (size_t l = 0; l < kPaperLayers.size(); ++l) {
    if (quick && kPaperLayers[l].inputs * kPaperLayers[l].outputs > 3000000) continue;
    for (uint32_t n_pe = 1; n_pe <= 256; n_pe *= quick ? 16 : 2) {
      points.push_back({l, n_pe, 8, seed});
    }
    for (uint32_t depth = 1; depth <= 256; depth *= quick ? 16 : 2) {
      if (depth != 8) points.push_back({l, 64, depth, seed});
    }
    if (quick) points.push_back({l, 64, 8, seed});
  }
  const auto key_less = [](const DesignPoint& a, const DesignPoint& b) {
    return a.key() < b.key();
  };
  const auto key_same = [](const DesignPoint& a, const DesignPoint& b) {
    return a.key() == b.key();
  };
  std::sort(points.begin(), points.end(), key_less);
  points.erase(std::unique(points.begin(), points.end(), key_same), points.end());
  return points;
}

json run_point(const DesignPoint& point) {
  const EieLayer& paper = kPaperLayers[point.layer];
  const SparseLayer layer = random_layer_of(paper, point.seed);
  const eie::Config config = wide_config(point);
  const uint32_t range = config.act_regs * config.n_pe;
  const uint64_t ranges = (paper.outputs + range - 1) / range;
  const bool whole = ranges * (paper.inputs + paper.inputs / range + 1) <= config.ptr_depth;
  const uint32_t step = whole ? paper.outputs : range;
  uint64_t cycles = 0, running = 0, work = 0, entries = 0, padding = 0, held = 0, broadcasts = 0;
  json widths = json::array();
  for (uint32_t first = 0; first < paper.outputs; first += step) {
    const uint32_t count = std::min(step, paper.outputs - first);
    const SparseLayer part = whole ? layer : outputs_of(layer, first, count);
    const SparseRun run = run_cycles(part, config, eie::Rows::kInterleaved);
    cycles += run.cycles();
    running += run.counts.run_cycles;
    work += run.counts.entries;
    entries += run.stored().entries;
    padding += run.stored().padding;
    held += run.counts.held;
    broadcasts += run.broadcasts;
    if (whole && point.n_pe == 64 && point.queue_depth == 8) {
      for (const uint32_t bits : kEntryWidths) {
        widths.push_back({{"bits", bits}, {"reads", reads_at_width(part, run.image, bits)}});
      }
    }
  }
  const double theory = static_cast<double>(work) / point.n_pe;
  return {{"layer", paper.name},
          {"n_pe", point.n_pe},
          {"queue_depth", point.queue_depth},
          {"key", point.key()},
          {"nonzeros", layer.network.layers.front().row.size()},
          {"entries", entries},
          {"padding", padding},
          {"work", work},
          {"broadcasts", broadcasts},
          {"held_cycles", held},
          {"theoretical_cycles", theory},
          {"cycles", cycles},
          {"run_cycles", running},
          {"balance_pct", 100 * theory / static_cast<double>(running)},
          {"widths", std::move(widths)}};
}

}  // namespace sparsys
