// SPDX-License-Identifier: Apache-2.0
// What a PE takes beside the paper's, from the accepted figures of `make area`.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "golden/engine/eie/config.hpp"

namespace sparsys {

// Areas over that of EIE's PE (Han 2016, Table II), both with the paper's RAMs.
struct PeArea {
  double over_paper = 0;           // cells alone
  double over_paper_utilised = 0;  // cells that take 70 % of their rows
};

class PeAreas {
 public:
  PeAreas() = default;
  // Of a file of accepted figures (synth/baseline.json). Throws Error if it cannot be read or is
  // none.
  explicit PeAreas(const std::string& path);

  // Of the engine with these very parameters, if one is accepted.
  std::optional<PeArea> find(const eie::Config& config) const;

 private:
  nlohmann::json pes_ = nlohmann::json::array();
};

}  // namespace sparsys
