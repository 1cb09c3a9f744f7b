// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/mxu/rtl.hpp"

#include <string>

namespace sparsys::mxu {

namespace {

std::string describe(const Config& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.cols) + " cells (tiles of " +
         std::to_string(c.tile_rows) + "x" + std::to_string(c.tile_cols) + ", weight FIFOs " +
         std::to_string(c.fifo_words) + ", buffer " + std::to_string(c.ub_depth) +
         ", accumulators " + std::to_string(c.acc_depth) + ", parameter sets " +
         std::to_string(c.param_sets) + ", queue " + std::to_string(c.queue_depth) +
         (c.act_lanes ? ", activation lanes " + std::to_string(c.act_lanes) : "") + ")";
}

}  // namespace

std::vector<RtlMaker>& rtl_registry() {
  static std::vector<RtlMaker> makers;
  return makers;
}

std::vector<Config> rtl_configs() {
  std::vector<Config> configs;
  for (const RtlMaker& maker : rtl_registry()) configs.push_back(maker.config);
  return configs;
}

std::unique_ptr<Rtl> make_rtl(const Config& config) {
  return find_registered(rtl_registry(), config, "matrix unit", describe).make();
}

BuildTime rtl_build_time(const Config& config) {
  return find_registered(rtl_registry(), config, "matrix unit", describe).build_time;
}

}  // namespace sparsys::mxu
