// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/eie/target.hpp"
#include "sw/sparsys/accelerator/mxu/target.hpp"

namespace sparsys {

std::vector<std::unique_ptr<Target>> targets() {
  std::vector<std::unique_ptr<Target>> all;
  all.push_back(std::make_unique<eie::EieTarget>());
  all.push_back(std::make_unique<mxu::MxuTarget>());
  return all;
}

}  // namespace sparsys
