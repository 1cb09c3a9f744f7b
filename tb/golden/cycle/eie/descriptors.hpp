// SPDX-License-Identifier: Apache-2.0
// Random descriptors in the unit that checks them, against the rules of the format.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>

#include "golden/cycle/eie/control/pass_unit.hpp"
#include "golden/engine/eie/rules.hpp"
#include "tb/support/eie/faults.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {

// `count` descriptors, one for each seed, in engines of config_of(seed). Each rule is broken more
// than `least` times.
template <class ConfigOf>
void expect_reasons_of_the_format(uint64_t count, uint64_t least, ConfigOf config_of) {
  Reasons reasons;
  const uint64_t base = seed_from_environment(1);
  for (uint64_t seed = base; seed < base + (seed_is_given() ? 1 : count); ++seed) {
    const Config config = config_of(seed);
    PassUnit unit(config);
    uint64_t words[2];
    random_descriptor(seed, config, words);
    unit.we0_i = 1;
    unit.word_i = words[0];
    unit.update(false);
    unit.we0_i = 0;
    unit.we1_i = 1;
    unit.word_i = words[1];
    unit.update(false);
    const Breach breach = breach_of(words, config);
    ASSERT_EQ(unit.reason_o, static_cast<uint8_t>(breach.reason))
        << "SPARSYS_SEED=" << seed << ", " << config.n_pe << " PEs: " << breach.text;
    EXPECT_EQ(breach.text.empty(), breach.reason == Reason::kNone);
    ++reasons[breach.reason];
  }
  if (seed_is_given()) return;
  EXPECT_EQ(reasons.size(), 9U);  // none, 2 to 9
  for (const auto& [reason, times] : reasons) {
    EXPECT_GT(times, least) << static_cast<int>(reason);
  }
}

}  // namespace sparsys::eie
