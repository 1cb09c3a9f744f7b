// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/pe_areas.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "golden/base/error.hpp"

namespace sparsys {

PeAreas::PeAreas(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(path + ": cannot read");
  try {
    const nlohmann::json accepted = nlohmann::json::parse(file);
    pes_ = accepted.at("full").at("pes");
    for (const nlohmann::json& pe : pes_) {
      for (const eie::RtlParameter& parameter : eie::kRtlParameters) {
        pe.at("parameters").at(parameter.name).get<uint32_t>();
      }
      for (const char* field : {"over_paper", "over_paper_utilised"}) {
        if (!(pe.at(field).get<double>() > 0)) throw Error(path + ": an area of 0");
      }
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(path +
                ": no accepted areas of PEs (make area-baseline writes them): " + error.what());
  }
}

std::optional<PeArea> PeAreas::find(const eie::Config& config) const {
  const auto found = std::find_if(pes_.begin(), pes_.end(), [&config](const nlohmann::json& pe) {
    return std::all_of(std::begin(eie::kRtlParameters), std::end(eie::kRtlParameters),
                       [&](const eie::RtlParameter& parameter) {
                         return pe["parameters"][parameter.name] == config.*parameter.value;
                       });
  });
  if (found == pes_.end()) return std::nullopt;
  return PeArea{(*found)["over_paper"], (*found)["over_paper_utilised"]};
}

}  // namespace sparsys
