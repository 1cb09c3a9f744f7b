// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/config.hpp"

#include <algorithm>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::mxu {

namespace {

[[noreturn]] void refuse(const char* name, uint32_t value, const std::string& must_be) {
  throw Error("matrix unit configuration: " + std::string(name) + " is " + std::to_string(value) +
              ", must be " + must_be);
}

void check_range(const char* name, uint32_t value, uint32_t smallest, uint32_t largest) {
  if (value >= smallest && value <= largest) return;
  refuse(name, value, std::to_string(smallest) + " to " + std::to_string(largest));
}

void check_power(const char* name, uint32_t value, uint32_t smallest, uint32_t largest) {
  if (value >= smallest && value <= largest && (value & (value - 1)) == 0) return;
  refuse(name, value,
         "a power of two from " + std::to_string(smallest) + " to " + std::to_string(largest));
}

void check_divides(const char* name, uint32_t value, const char* whole_name, uint32_t whole) {
  if (value >= 1 && whole % value == 0) return;
  refuse(name, value, std::string("a divisor of ") + whole_name + " = " + std::to_string(whole));
}

}  // namespace

void choose_blocks(Config& config) {
  const Config full;
  config.tile_rows = std::min(config.rows, full.tile_rows);
  while (config.rows % config.tile_rows != 0) --config.tile_rows;
  config.tile_cols = std::min(config.cols, full.tile_cols);
  while (config.tile_cols > 0 &&
         (config.cols % config.tile_cols != 0 ||
          (config.tile_cols % kBusColumns != 0 && config.tile_cols != config.cols))) {
    --config.tile_cols;
  }
  if (config.tile_cols == 0) config.tile_cols = config.cols;
}

void check(const Config& config) {
  check_range("ROWS", config.rows, 1, 256);
  check_range("COLS", config.cols, 1, 256);
  check_divides("TILE_ROWS", config.tile_rows, "ROWS", config.rows);
  check_divides("TILE_COLS", config.tile_cols, "COLS", config.cols);
  if (config.tile_cols % kBusColumns != 0 && config.tile_cols != config.cols) {
    refuse("TILE_COLS", config.tile_cols, "a multiple of 4, or all of COLS");
  }
  check_power("FIFO_WORDS", config.fifo_words, 32, 4096);
  check_range("UB_DEPTH", config.ub_depth, 2, 1U << 24);
  check_power("ACC_DEPTH", config.acc_depth, 4, 65536);
  check_range("PARAM_SETS", config.param_sets, 2, 256);
  check_range("QUEUE_DEPTH", config.queue_depth, 2, 255);
  if (config.act_lanes != 0) check_divides("ACT_LANES", config.act_lanes, "COLS", config.cols);
  if (config.tile_cols % config.turns() != 0) {
    refuse("ACT_LANES", config.act_lanes,
           "0, or such that COLS over it divides TILE_COLS = " + std::to_string(config.tile_cols));
  }
}

}  // namespace sparsys::mxu
