// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/config.hpp"

#include "tb/support/rtl_parameters.hpp"

namespace sparsys::mxu {
namespace {

TEST(MxuConfig, DefaultsAndRangesAreTheRtls) {
  Config sound;
  sound.tile_rows = sound.tile_cols = 1;  // divides every ROWS and COLS
  expect_as_in_rtl<Config>("mxu", "## Matrix unit",
                           {{"ROWS", &Config::rows},
                            {"COLS", &Config::cols},
                            {"TILE_ROWS", &Config::tile_rows},
                            {"TILE_COLS", &Config::tile_cols},
                            {"FIFO_TILES", &Config::fifo_tiles},
                            {"UB_DEPTH", &Config::ub_depth},
                            {"ACC_DEPTH", &Config::acc_depth},
                            {"PARAM_SETS", &Config::param_sets},
                            {"QUEUE_DEPTH", &Config::queue_depth}},
                           sound, {"DIGIT"});  // how products are made, not what they are
}

}  // namespace
}  // namespace sparsys::mxu
