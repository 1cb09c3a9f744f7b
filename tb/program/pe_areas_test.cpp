// SPDX-License-Identifier: Apache-2.0
// The accepted areas of PEs, as `sparsys bench-eie` finds them.
#include "sw/sparsys/layers/pe_areas.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

eie::Config engine(uint32_t lanes, uint32_t groups) {
  eie::Config config;
  config.lanes = lanes;
  config.banks = eie::usual_banks(lanes);
  config.groups = groups;
  config.ptr_depth /= groups;
  return config;
}

// What make bench-eie measures with several groups; the paper's PE, too.
TEST(PeAreas, AreAcceptedOfTheEnginesMeasured) {
  const PeAreas areas(SPARSYS_BASELINE);
  double before = 0.9;
  for (const auto& [lanes, groups] : {std::pair(1U, 1U), {8, 4}, {16, 4}, {16, 8}}) {
    const std::optional<PeArea> area = areas.find(engine(lanes, groups));
    ASSERT_TRUE(area) << lanes << " lanes, " << groups << " groups";
    EXPECT_GT(area->over_paper, before);  // the more in a PE, the larger
    EXPECT_GT(area->over_paper_utilised, area->over_paper);
    before = area->over_paper;
  }
}

TEST(PeAreas, AreOfTheVeryParameters) {
  const PeAreas areas(SPARSYS_BASELINE);
  for (uint32_t eie::Config::*const value :
       {&eie::Config::n_pe, &eie::Config::ptr_depth, &eie::Config::acc_width,
        &eie::Config::queue_depth, &eie::Config::bank_depth, &eie::Config::list_depth}) {
    eie::Config other = engine(8, 4);
    other.*value *= 2;
    EXPECT_FALSE(areas.find(other));
  }
  EXPECT_FALSE(PeAreas().find(engine(8, 4)));
}

TEST(PeAreas, OfADamagedFileAreRefused) {
  std::ifstream file(SPARSYS_BASELINE);
  const json accepted = json::parse(file);
  const std::string path = testing::TempDir() + "pe_areas.json";
  const auto refuses = [&](const std::string& text) {
    std::ofstream(path) << text;
    EXPECT_THROW(PeAreas{path}, Error) << text.substr(0, 60);
  };
  refuses("{");
  refuses("[]");
  refuses("{\"full\": {\"blocks\": {}}}");
  json missing = accepted, zero = accepted, text = accepted;
  missing["full"]["pes"][1]["parameters"].erase("GROUPS");
  refuses(missing.dump());
  zero["full"]["pes"][1]["over_paper"] = 0;
  refuses(zero.dump());
  text["full"]["pes"][1]["over_paper_utilised"] = "1.1";
  refuses(text.dump());
  std::ofstream(path) << accepted.dump();
  EXPECT_NO_THROW(PeAreas{path});
}

}  // namespace
}  // namespace sparsys
