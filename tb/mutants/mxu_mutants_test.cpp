// SPDX-License-Identifier: Apache-2.0
// Broken matrix units (tb/mutants/CMakeLists.txt): lockstep must see each, the sound one passes.
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "tb/lockstep/mxu/lockstep.hpp"
#include "tb/support/mxu_bench.hpp"

namespace sparsys::mxu {

using MakeRtl = std::unique_ptr<Rtl> (*)();

std::unique_ptr<Rtl> make_mutant_mxu_none();
#define MUTANT(name, seen) std::unique_ptr<Rtl> make_mutant_mxu_##name();
#include "mxu_mutants.def"
#undef MUTANT

namespace {

using namespace test;  // NOLINT

MakeRtl rtl_under_test = make_mutant_mxu_none;

class QuietLockstep final : public Device {
 public:
  explicit QuietLockstep(const Config& config) : both_(config, options()) {}
  const Config& config() const override { return both_.config(); }
  Outputs clock(const Inputs& inputs) override { return both_.clock(inputs); }
  void finish() { both_.finish(); }
  const Mxu& model() const { return both_.model(); }

 private:
  static LockstepOptions options() {
    LockstepOptions options;
    options.make_rtl = rtl_under_test;
    options.mismatch_waves.clear();
    return options;
  }
  Lockstep both_;
};
const Mxu& model_of(const QuietLockstep& device) { return device.model(); }

using Bench = DeviceBench<QuietLockstep>;

constexpr uint64_t kSeeds = 12;

void exercise(uint64_t seed) {
  const Config config = make_mutant_mxu_none()->config();
  {
    Bench b(config, seed);
    add_overlapped_turns(b);
    b.run_and_compare();
    // One row, operation by operation.
    for (uint32_t n = 0; n < 3; ++n) b.add(multiply(n, 5, 1, false, n != 0));
    b.run_and_compare();
    b.device.finish();
  }
  {
    Bench b(config, seed);
    add_random_program(b);
    b.run_and_compare();
    b.device.finish();
  }
  {
    Bench b(config, seed);
    add_small_shifts(b);
    b.run_and_compare();
    b.device.finish();
  }
  for (uint32_t pooling = 0; pooling < 3; ++pooling) {
    Bench b(config, seed);
    add_activation(b, kIdentity, pooling);
    b.run_and_compare();
    b.device.finish();
  }
}

TEST(MxuMutants, TheSoundUnitPasses) {
  rtl_under_test = make_mutant_mxu_none;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    exercise(seed);
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
  rtl_under_test = GetParam().make_rtl;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    try {
      exercise(seed);
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
