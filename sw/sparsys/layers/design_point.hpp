// SPDX-License-Identifier: Apache-2.0
// Points of the design space of EIE's figures 8, 9 and 11 to 13: a layer of its Table III on an
// engine of some PEs and queue depth. Every point is a job of its own.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sparsys {

struct DesignPoint {
  size_t layer = 0;  // of kPaperLayers
  uint32_t n_pe = 64;
  uint32_t queue_depth = 8;
  uint64_t seed = 11;

  // What the result depends on, for caches.
  std::string key() const;
  // "Alex-7, 64 PEs, queue 8".
  std::string text() const;
  // About how long it takes, in arbitrary units.
  double cost() const;
};

// All of them, each once, in one order. `quick`: two layers and few sizes.
std::vector<DesignPoint> design_points(uint64_t seed, bool quick);

// Fields of a report. A layer that one image of the engine does not hold, as with few PEs, is run
// by ranges of outputs, and their cycles are added. At 64 PEs and queue 8 also, for entry memories
// of 32 to 512 bits, how often they would be read.
nlohmann::json run_point(const DesignPoint& point);

}  // namespace sparsys
