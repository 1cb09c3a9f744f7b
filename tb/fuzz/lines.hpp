// SPDX-License-Identifier: Apache-2.0
// Command lines with options drawn at random, all of them right.
#pragma once

#include <cstdlib>
#include <string>

#include "tb/fuzz/workplace.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::fuzz {

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The programs that are run: with the sanitizers and without RTL, or another by an environment
// variable; the ordinary one with RTL.
inline std::string sanitised_program() {
  const char* other = std::getenv("SPARSYS_FUZZ_PROGRAM");
  return other == nullptr ? SPARSYS_SANITISED : other;
}
inline std::string ordinary_program() {
  const char* other = std::getenv("SPARSYS_FUZZ_PROGRAM");
  return other == nullptr ? SPARSYS_PROGRAM : other;
}

// How many seeds a test has: more of them by SPARSYS_FUZZ_TIMES, as in `make test-long`.
inline uint64_t cases(uint64_t count) {
  const char* times = std::getenv("SPARSYS_FUZZ_TIMES");
  return times == nullptr ? count : count * std::strtoull(times, nullptr, 10);
}

inline std::string pick(Dice& dice, const Words& words) { return words[dice.below(words.size())]; }

// Of Deep Compression without data, targets stored and, with `engine`, the sparse engine.
inline Words compression(Dice& dice, bool engine) {
  Words words{"--no-data"};
  const auto maybe = [&](uint32_t percent, const char* option, const std::string& value) {
    if (dice.chance(percent)) words = words + Words{option, value};
  };
  if (dice.chance(50)) {
    maybe(90, "--density", pick(dice, {"0.05", "0.3", "0.5", "1"}));
  } else {
    maybe(60, "--quality", pick(dice, {"0.2", "1", "2.5"}));
  }
  maybe(engine ? 40 : 70, "--bits",
        engine ? pick(dice, {"1", "2", "3", "4"}) : pick(dice, {"1", "2", "4", "5", "8", "auto"}));
  if (!engine) maybe(30, "--bias-bits", pick(dice, {"0", "1", "3", "8"}));
  maybe(30, "--init", pick(dice, {"linear", "density", "random"}));
  maybe(20, "--balance", pick(dice, {"1", "2", "4", "64"}));
  maybe(20, "--entropy", pick(dice, {"0", "0.004", "0.5"}));
  maybe(20, "--threads", pick(dice, {"1", "3"}));
  maybe(20, "--seed", std::to_string(dice.below(1000)));
  if (!engine) maybe(30, "--index-bits", pick(dice, {"0", "1", "4", "9"}));
  if (engine) maybe(30, "--constants", pick(dice, {"0", "1", "3", "6"}));
  if (engine) maybe(30, "--headroom", pick(dice, {"1", "2", "16"}));
  return words;
}

inline Words quantisation(Dice& dice, bool radix) {
  Words words;
  const auto maybe = [&](uint32_t percent, const char* option, const std::string& value) {
    if (dice.chance(percent)) words = words + Words{option, value};
  };
  if (radix) {
    words = {"--scheme", "radix"};
  } else {
    maybe(30, "--percentile", pick(dice, {"51", "99", "99.9", "100"}));
  }
  maybe(40, "--outputs", pick(dice, {"scores", "values"}));
  maybe(50, "--samples", pick(dice, {"1", "17", "1000"}));
  maybe(30, "--limit", pick(dice, {"30", "45"}));
  maybe(50, "--threads", pick(dice, {"1", "2"}));
  if (dice.chance(50)) words.emplace_back("--no-test");
  return words;
}

}  // namespace sparsys::fuzz
