// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/config.hpp"

#include "tb/support/rtl_parameters.hpp"

namespace sparsys::mxu {
namespace {

TEST(MxuConfig, DefaultsAndRangesAreTheRtls) {
  Config sound;
  sound.tile_rows = 1;  // divides every ROWS
  expect_as_in_rtl<Config>("mxu", "## Matrix unit",
                           {{"ROWS", &Config::rows},
                            {"TILE_ROWS", &Config::tile_rows},
                            {"FIFO_WORDS", &Config::fifo_words},
                            {"UB_DEPTH", &Config::ub_depth},
                            {"ACC_DEPTH", &Config::acc_depth},
                            {"PARAM_SETS", &Config::param_sets},
                            {"QUEUE_DEPTH", &Config::queue_depth}},
                           sound,
                           // TILE_COLS is a multiple of 4 or all of COLS, ACT_LANES hangs on both
                           // (blocks_test.cpp); DIGIT is how products are made, not what they are.
                           {"COLS", "TILE_COLS", "ACT_LANES", "DIGIT"});
}

}  // namespace
}  // namespace sparsys::mxu
