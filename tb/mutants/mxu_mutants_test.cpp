// SPDX-License-Identifier: Apache-2.0
// Broken matrix units (tb/mutants/CMakeLists.txt): lockstep must see each, the sound one passes.
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "tb/support/mxu/exercises.hpp"

namespace sparsys::mxu {

using MakeRtl = std::unique_ptr<Rtl> (*)();

std::unique_ptr<Rtl> make_mutant_mxu_none();
#define MUTANT(name, seen) std::unique_ptr<Rtl> make_mutant_mxu_##name();
#include "mxu_mutants.def"
#undef MUTANT

namespace {

using namespace test;  // NOLINT

constexpr uint64_t kSeeds = 12;

void exercise(MakeRtl make_rtl, uint64_t seed) {
  const Config config = make_mutant_mxu_none()->config();
  {
    LockstepBench b(config, seed, make_rtl);
    add_overlapped_turns(b);
    b.run_and_compare();
    // The last row of a product is the first of the next, and the last but one that of the third.
    b.add(multiply(0, 4, 3, false, false));
    b.add(multiply(1, 6, 3, false, true));
    b.add(multiply(2, 7, 3, false, true));
    b.run_and_compare();
    b.device.finish();
  }
  {
    LockstepBench b(config, seed, make_rtl);
    add_random_program(b);
    b.run_and_compare();
    b.device.finish();
  }
  {
    LockstepBench b(config, seed, make_rtl);
    add_small_shifts(b);
    b.run_and_compare();
    b.device.finish();
  }
  for (uint32_t pooling = 0; pooling < 3; ++pooling) {
    LockstepBench b(config, seed, make_rtl);
    add_activation(b, kIdentity, pooling);
    b.add(synchronise());
    add_sum(b, kIdentity, true);
    b.run_and_compare();
    b.device.finish();
  }
}

TEST(MxuMutants, TheSoundUnitPasses) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    exercise(make_mutant_mxu_none, seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

struct Mutant {
  const char* name;
  MakeRtl make_rtl;
  const char* seen;
};
const Mutant kMutants[] = {
#define MUTANT(name, seen) {#name, make_mutant_mxu_##name, seen},
#include "mxu_mutants.def"
#undef MUTANT
};

void PrintTo(const Mutant& mutant, std::ostream* stream) { *stream << mutant.name; }

class MxuMutant : public testing::TestWithParam<Mutant> {};

TEST_P(MxuMutant, IsReported) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    try {
      exercise(GetParam().make_rtl, seed);
      if (testing::Test::HasFailure()) FAIL() << "seen by its results only";
    } catch (const LockstepMismatch& mismatch) {
      EXPECT_NE(std::string(mismatch.what()).find(GetParam().seen), std::string::npos)
          << mismatch.what();
      EXPECT_GT(mismatch.signals, 0U);
      return;
    }
  }
  ADD_FAILURE() << "not seen in " << kSeeds << " runs";
}

INSTANTIATE_TEST_SUITE_P(All, MxuMutant, testing::ValuesIn(kMutants),
                         [](const testing::TestParamInfo<Mutant>& mutant) {
                           return std::string(mutant.param.name);
                         });

}  // namespace
}  // namespace sparsys::mxu
