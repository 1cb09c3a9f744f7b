// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/pe_areas.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Parameters of module eie.
constexpr struct {
  const char* name;
  uint32_t eie::Config::*value;
} kRtlParameters[] = {
    {"N_PE", &eie::Config::n_pe},
    {"ENTRY_DEPTH", &eie::Config::entry_depth},
    {"PTR_DEPTH", &eie::Config::ptr_depth},
    {"ACT_REGS", &eie::Config::act_regs},
    {"ACT_RAM_DEPTH", &eie::Config::act_ram_depth},
    {"QUEUE_DEPTH", &eie::Config::queue_depth},
    {"ACC_WIDTH", &eie::Config::acc_width},
    {"CODEBOOKS", &eie::Config::codebooks},
    {"LIST_DEPTH", &eie::Config::list_depth},
    {"LANES", &eie::Config::lanes},
    {"BANKS", &eie::Config::banks},
    {"BANK_DEPTH", &eie::Config::bank_depth},
    {"GROUPS", &eie::Config::groups},
};

}  // namespace

PeAreas::PeAreas(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(path + ": cannot read");
  try {
    const json accepted = json::parse(file);
    pes_ = accepted.at("full").at("pes");
    for (const json& pe : pes_) {
      for (const auto& parameter : kRtlParameters) {
        pe.at("parameters").at(parameter.name).get<uint32_t>();
      }
      for (const char* field : {"over_paper", "over_paper_utilised"}) {
        if (!(pe.at(field).get<double>() > 0)) throw Error(path + ": an area of 0");
      }
    }
  } catch (const json::exception& error) {
    throw Error(path +
                ": no accepted areas of PEs (make area-baseline writes them): " + error.what());
  }
}

std::optional<PeArea> PeAreas::find(const eie::Config& config) const {
  const auto found = std::find_if(pes_.begin(), pes_.end(), [&config](const json& pe) {
    return std::all_of(std::begin(kRtlParameters), std::end(kRtlParameters),
                       [&](const auto& parameter) {
                         return pe["parameters"][parameter.name] == config.*parameter.value;
                       });
  });
  if (found == pes_.end()) return std::nullopt;
  return PeArea{(*found)["over_paper"], (*found)["over_paper_utilised"]};
}

}  // namespace sparsys
