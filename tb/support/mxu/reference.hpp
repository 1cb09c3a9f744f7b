// SPDX-License-Identifier: Apache-2.0
// The machine in program order as the oracle of tests, whose tiles have numbers.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "golden/engine/mxu/config.hpp"
#include "golden/function/mxu/machine.hpp"
#include "tb/support/mxu/host.hpp"

namespace sparsys::mxu {
namespace test {

class Reference : public Machine {
 public:
  explicit Reference(const Config& config)
      : Machine({config.rows, config.cols, config.lanes(), config.ub_depth, config.acc_depth,
                 config.param_sets}) {}

  void run(const RawInstruction& i, const std::map<uint32_t, std::vector<Row>>& weights) {
    if (i.get(88, 8) != 1) {
      Machine::run(i.words);
      return;
    }
    for (uint32_t t = 0; t < i.get(32, 16); ++t) {
      Tile tile(c.rows, std::vector<int>(c.cols));
      const auto& stored = weights.at(static_cast<uint32_t>(i.get(0, 32)) + t);
      for (uint32_t r = 0; r < c.rows; ++r) {
        for (uint32_t k = 0; k < c.cols; ++k) tile[r][k] = static_cast<int8_t>(stored[r][k]);
      }
      fifo.push_back(std::move(tile));
    }
  }
};

}  // namespace test
}  // namespace sparsys::mxu
