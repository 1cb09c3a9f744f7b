// SPDX-License-Identifier: Apache-2.0
// Names of kept models: no option that decides a result may be left out.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/data/synthetic_digits.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/models/cache.hpp"

namespace sparsys {
namespace {

template <typename T>
void change(T& number) {
  number = static_cast<T>(static_cast<double>(number) + 1);
}
void change(bool& flag) { flag = !flag; }
template <typename T>
void change(std::vector<T>& list) {
  list.push_back(1);
}

// Keys of options of which one field each is changed, and of those that are not.
template <typename Options>
std::multiset<std::string> keys(size_t* fields) {
  std::multiset<std::string> found = {cache_key(Options())};
  Options counted;
  visit(counted, [fields](const char*, auto&) { ++*fields; });
  for (size_t f = 0; f < *fields; ++f) {
    Options options;
    size_t number = 0;
    visit(options, [&](const char*, auto& field) {
      if (number++ == f) change(field);
    });
    found.insert(cache_key(options));
  }
  return found;
}

template <typename Options>
class CacheKey : public testing::Test {};
using AllOptions = testing::Types<TrainOptions, DeepCompressionOptions>;
TYPED_TEST_SUITE(CacheKey, AllOptions);

TYPED_TEST(CacheKey, EveryFieldMakesAnotherKey) {
  size_t fields = 0;
  const std::multiset<std::string> found = keys<TypeParam>(&fields);
  EXPECT_GE(fields, 16U);
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), fields + 1);
}

TYPED_TEST(CacheKey, WhatDecidesNothingIsLeftOut) {
  TypeParam options;
  options.threads = 3;
  options.progress = [](const Progress&) {};
  EXPECT_EQ(cache_key(options), cache_key(TypeParam()));
}

TEST(CacheKeyOfData, EveryPixelCounts) {
  SyntheticDigitsOptions digits;
  digits.train_count = 20;
  digits.test_count = 2;
  const Dataset data = make_synthetic_digits(digits);
  Dataset other = data;
  other.train.bytes.back() ^= 1;
  EXPECT_NE(cache_key(other), cache_key(data));
  other = data;
  other.train.labels.front() ^= 1;
  EXPECT_NE(cache_key(other), cache_key(data));
  // The test images decide nothing.
  other = data;
  other.test.bytes.front() ^= 1;
  EXPECT_EQ(cache_key(other), cache_key(data));
}

// Every option of compression reaches the field of its name.
TEST(CompressionOptions, OptionsReachTheirFields) {
  const Network network = make_lenet_300_100(784, 10, 1);
  DeepCompressionOptions defaults;
  std::set<std::string> without;
  visit(defaults, [&](const char* name, auto& before) {
    const std::string field = name;
    CLI::App command;
    CompressionArguments arguments;
    arguments.add_to(command, true);
    const std::string option = "--" + field;
    if (command.get_option_no_throw(option) == nullptr) {
      without.insert(field);
      return;
    }
    using Field = std::decay_t<decltype(before)>;
    const std::string value = std::is_same_v<Field, CentroidInit> ? "random"
                              : field == "optimiser"              ? "adam"
                              : field == "momentum"               ? "0.5"
                              : field == "balance"                ? "7"
                              : field == "max-scale"              ? "0.25"
                                                                  : "1";
    command.parse(option + " " + value);
    DeepCompressionOptions options;
    arguments.apply_to(options, network, "network");
    visit(options, [&](const char* other, const auto& after) {
      visit(defaults, [&](const char* same, const auto& old) {
        if constexpr (std::is_same_v<decltype(after), decltype(old)>) {
          if (std::string(other) != same) return;
          // 1 is the default of some.
          if (field != other) EXPECT_EQ(after, old) << option << " changes " << other;
          if (field == "balance" && field == other) EXPECT_NE(after, old) << option;
        }
      });
    });
    EXPECT_EQ(command.get_option(option)->count(), 1U);
  });
  EXPECT_EQ(without, (std::set<std::string>{"seed", "entropy-prunes", "validation-count"}));
}

TEST(CompressionOptions, OneValueALayer) {
  const Network network = make_lenet_300_100(784, 10, 1);
  CLI::App command;
  CompressionArguments arguments;
  arguments.add_to(command, true);
  command.parse("--density 0.1,0.2,0.3 --bits 5");
  DeepCompressionOptions options;
  options.qualities = {1};
  arguments.apply_to(options, network, "network");
  EXPECT_EQ(options.densities, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_TRUE(options.qualities.empty());
  EXPECT_EQ(options.sharing.bits, std::vector<unsigned>{5});
  command.parse("--bits 5,4");
  EXPECT_THROW(arguments.apply_to(options, network, "network"), Error);
}

}  // namespace
}  // namespace sparsys
