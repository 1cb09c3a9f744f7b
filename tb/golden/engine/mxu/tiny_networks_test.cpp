// SPDX-License-Identifier: Apache-2.0
// Networks of MLPerf Tiny's shapes on the cycle model.
#include "tb/support/mxu/tiny_networks.hpp"

#include "golden/cycle/mxu/device.hpp"

namespace sparsys::mxu {
namespace {

class MxuTinyNetworks : public testing::TestWithParam<test::TinyNetwork> {};

INSTANTIATE_TEST_SUITE_P(All, MxuTinyNetworks, testing::ValuesIn(test::kTinyNetworks),
                         testing::PrintToStringParamName());

TEST_P(MxuTinyNetworks, CycleModelMakesWhatReferenceKernelsMake) {
  CycleDevice device(test::tiny_config());
  test::expect_reference(GetParam(), device);
}

}  // namespace
}  // namespace sparsys::mxu
