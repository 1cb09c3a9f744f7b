// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/score.hpp"

#include "golden/base/text.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {

std::string error_text(const Score& score) {
  if (!score.of_numbers()) return percent_text(score.percent());
  return percent_text(score.percent()) + " of the variance, mean squared error " +
         short_number(score.mean_squared_error());
}

std::string answers_text(const Score& score) {
  return score.of_numbers() ? error_text(score) : share_text(score.wrong(), score.count());
}

void add_error(nlohmann::json& report, const std::string& prefix, const Score& score) {
  report[prefix + "error_pct"] = score.percent();
  if (score.of_numbers()) report[prefix + "mean_squared_error"] = score.mean_squared_error();
}

}  // namespace sparsys
