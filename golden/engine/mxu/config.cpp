// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/config.hpp"

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

void check_divides(const char* name, uint32_t value, const char* whole_name, uint32_t whole) {
  if (value >= 1 && whole % value == 0) return;
  refuse(name, value, std::string("a divisor of ") + whole_name + " = " + std::to_string(whole));
}

}  // namespace

void check(const Config& config) {
  check_range("ROWS", config.rows, 1, 256);
  check_range("COLS", config.cols, 1, 256);
  check_divides("TILE_ROWS", config.tile_rows, "ROWS", config.rows);
  check_divides("TILE_COLS", config.tile_cols, "COLS", config.cols);
  check_range("FIFO_TILES", config.fifo_tiles, 2, 16);
  check_range("UB_DEPTH", config.ub_depth, 2, 1U << 24);
  const uint32_t depth = config.acc_depth;
  if (depth < 4 || depth > 65536 || (depth & (depth - 1)) != 0) {
    refuse("ACC_DEPTH", depth, "a power of two from 4 to 65536");
  }
  check_range("PARAM_SETS", config.param_sets, 2, 256);
  check_range("QUEUE_DEPTH", config.queue_depth, 2, 255);
}

}  // namespace sparsys::mxu
