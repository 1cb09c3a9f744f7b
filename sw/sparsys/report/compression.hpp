// SPDX-License-Identifier: Apache-2.0
// What compression did, as fields of reports and as tables.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "golden/compress/deep_compression.hpp"
#include "golden/format/stored_model.hpp"

namespace sparsys {

// original_bytes, stored_bytes, ratio, layers[]: the fields of a StoredLayerReport.
nlohmann::json describe(const StoredReport& report);
// As a table, with a line of totals.
void print_stored(std::ostream& out, const nlohmann::json& report);
// The same beside Deep Compression's tables, if the paper has a network of this name.
void print_beside_paper(std::ostream& out, const nlohmann::json& report, const std::string& name);

// Steps[]: name, density_pct, layer_density_pct[], validation_error_pct (null without data),
// seconds.
nlohmann::json describe(const DeepCompressionReport& report);
void print_steps(std::ostream& out, const DeepCompressionReport& report);

// What the layers lost in fixed point: fields of a FixedPointLayerReport, and errors as shares.
nlohmann::json describe(const std::vector<FixedPointLayerReport>& report);
void print_fixed_point(std::ostream& out, const std::vector<FixedPointLayerReport>& report);

}  // namespace sparsys
