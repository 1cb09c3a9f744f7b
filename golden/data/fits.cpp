// SPDX-License-Identifier: Apache-2.0
#include "golden/data/fits.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {

void check_outputs_fit(const std::string& name, uint64_t outputs, const Dataset& data) {
  const auto wanted = static_cast<uint64_t>(data.outputs());
  const std::string of = " of " + data.name;
  if (data.task == DataTask::kClassification) {
    if (outputs >= wanted) return;
    throw Error(name + ": " + number(outputs) + " outputs, expected at least the " +
                number(wanted) + " classes" + of);
  }
  if (outputs == wanted) return;
  throw Error(name + ": " + number(outputs) + " outputs, expected " + number(wanted) +
              (data.task == DataTask::kAutoencoder ? " as it has inputs" : " as the targets") + of +
              " have numbers");
}

}  // namespace sparsys
