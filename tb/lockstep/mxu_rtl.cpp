// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/mxu_rtl.hpp"

#include <string>

namespace sparsys {

namespace {

std::string describe(const MxuConfig& c) {
  return std::to_string(c.rows) + "x" + std::to_string(c.cols) + " cells (tiles of " +
         std::to_string(c.tile_rows) + "x" + std::to_string(c.tile_cols) + ", weight FIFO " +
         std::to_string(c.fifo_tiles) + ", buffer " + std::to_string(c.ub_depth) +
         ", accumulators " + std::to_string(c.acc_depth) + ", parameter sets " +
         std::to_string(c.param_sets) + ", queue " + std::to_string(c.queue_depth) + ")";
}

}  // namespace

std::vector<MxuRtlMaker>& mxu_rtl_registry() {
  static std::vector<MxuRtlMaker> makers;
  return makers;
}

std::vector<MxuConfig> mxu_rtl_configs() {
  std::vector<MxuConfig> configs;
  for (const MxuRtlMaker& maker : mxu_rtl_registry()) configs.push_back(maker.config);
  return configs;
}

std::unique_ptr<MxuRtl> make_mxu_rtl(const MxuConfig& config) {
  return make_registered<MxuConfig, MxuRtl>(mxu_rtl_registry(), config, "matrix unit", describe);
}

std::vector<MxuRtlBuildTime>& mxu_rtl_build_times() {
  static std::vector<MxuRtlBuildTime> times;
  return times;
}

const BuildTime* mxu_rtl_build_time(const MxuConfig& config) {
  for (const MxuRtlBuildTime& known : mxu_rtl_build_times()) {
    if (describe(known.config) == describe(config)) return &known.time;
  }
  return nullptr;
}

}  // namespace sparsys
