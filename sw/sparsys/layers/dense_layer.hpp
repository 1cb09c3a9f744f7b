// SPDX-License-Identifier: Apache-2.0
// One layer on the matrix unit, without a network or data: random bytes on the cycle model.
#pragma once

#include <nlohmann/json.hpp>

#include "golden/engine/mxu/config.hpp"
#include "golden/format/topology_csv.hpp"

namespace sparsys {

// Runs `batch` inputs (of a product: `batch` times M rows) and compares every output with the
// functional model: once by the host's ports, and once through the back door (`resident`:
// parameters and input are there before it begins, and the output stays; fits: false where it does
// not). weight_bandwidth: bytes a cycle of the weight memory, 0 a beat a cycle. Fields of a report.
// Throws Error if the layer does not fit, ExpectationFailed if an output differs.
nlohmann::json run_dense(const TopologyLayer& layer, uint32_t batch, const mxu::Config& config,
                         double weight_bandwidth, uint64_t seed);

}  // namespace sparsys
