// SPDX-License-Identifier: Apache-2.0
// Networks of MLPerf Tiny's shapes on the RTL, in lockstep with the cycle model.
#include "tb/support/mxu/tiny_networks.hpp"

#include "tb/lockstep/mxu/lockstep.hpp"

namespace sparsys::mxu {
namespace {

class MxuTinyNetworksLockstep : public testing::TestWithParam<test::TinyNetwork> {};

INSTANTIATE_TEST_SUITE_P(All, MxuTinyNetworksLockstep, testing::ValuesIn(test::kTinyNetworks),
                         testing::PrintToStringParamName());

TEST_P(MxuTinyNetworksLockstep, RtlMakesWhatReferenceKernelsMake) {
  LockstepOptions options;
  options.mismatch_waves.clear();
  Lockstep device(test::tiny_config(), options);
  test::expect_reference(GetParam(), device);
  device.finish();
}

}  // namespace
}  // namespace sparsys::mxu
