// SPDX-License-Identifier: Apache-2.0
// Errors of networks, in lines for people and as fields of reports.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "golden/base/score.hpp"

namespace sparsys {

// "2.40 %"; of numbers "3.10 % of the variance, mean squared error 0.0123".
std::string error_text(const Score& score);
// "12 of 500, 2.40 %"; of numbers as above.
std::string answers_text(const Score& score);

// Fields <prefix>error_pct, and of numbers <prefix>mean_squared_error.
void add_error(nlohmann::json& report, const std::string& prefix, const Score& score);

}  // namespace sparsys
