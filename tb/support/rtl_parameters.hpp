// SPDX-License-Identifier: Apache-2.0
// Holds an engine's C++ configuration against the parameters of its top module: defaults as the RTL
// has them, ranges as docs/reference/parameters.md, which is written from what elaboration checks.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tb/support/error_of.hpp"

namespace sparsys {

// {parameter: second group} of the lines that match `pattern` behind the first with `title` in it,
// as far as they follow one another.
inline std::map<std::string, std::string> first_table(const std::string& file,
                                                      const std::string& title,
                                                      const std::string& pattern) {
  std::ifstream stream(std::string(SPARSYS_PROJECT_ROOT "/") + file);
  const std::regex row(pattern);
  std::map<std::string, std::string> found;
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    inside = inside || line.find(title) != std::string::npos;
    std::smatch match;
    if (inside && std::regex_match(line, match, row)) {
      found[match[1]] = match[2];
    } else if (!found.empty()) {
      break;
    }
  }
  return found;
}

// "65536" or "2^24".
inline uint32_t number_of(const std::string& text) {
  if (text.rfind("2^", 0) == 0) return 1U << std::stoul(text.substr(2));
  return static_cast<uint32_t>(std::stoul(text));
}

// Of module `engine` in rtl/<engine>/<engine>.v; its ranges stand below `title` on the page.
// `sound`: a configuration in which each parameter by itself may have any value of its range.
// check(config) must accept and refuse as elaboration does. `others`: parameters whose ranges
// depend on one another, which are left to the caller.
template <class Config>
void expect_as_in_rtl(const std::string& engine, const std::string& title,
                      const std::map<std::string, uint32_t Config::*>& members, const Config& sound,
                      const std::vector<std::string>& others = {}) {
  auto defaults = first_table("rtl/" + engine + "/" + engine + ".v", "module " + engine,
                              R"(\s*parameter (\w+) = (\d+),\s*//.*)");
  auto ranges = first_table("docs/reference/parameters.md", title,
                            R"(\| `(\w+)` \| \d+ \| [^|]* \| ([^|]*) \|)");
  for (const std::string& other : others) {
    defaults.erase(other);
    ASSERT_EQ(ranges.erase(other), 1U) << other;
  }
  ASSERT_EQ(defaults.size(), members.size());
  ASSERT_EQ(ranges.size(), members.size());
  for (const auto& [name, member] : members) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(defaults.count(name) && ranges.count(name));
    EXPECT_EQ(Config().*member, number_of(defaults.at(name)));
    const auto refused = [&, member = member](uint32_t value) {
      Config config = sound;
      config.*member = value;
      return error_of([&config] { check(config); }) != "no error";
    };
    std::smatch found;
    if (std::regex_match(ranges.at(name), found, std::regex(R"(a divisor of `(\w+)`)"))) {
      const uint32_t whole = sound.*members.at(found[1]);
      EXPECT_FALSE(refused(1) || refused(whole));
      EXPECT_TRUE(refused(0) && refused(whole + 1) && refused(2 * whole) && refused(whole - 1));
      continue;
    }
    static const std::regex kRange(R"((a power of two from )?([\d^]+) to ([\d^]+))");
    ASSERT_TRUE(std::regex_match(ranges.at(name), found, kRange)) << ranges.at(name);
    const uint32_t least = number_of(found[2]), largest = number_of(found[3]);
    EXPECT_FALSE(refused(least) || refused(largest));
    EXPECT_TRUE(refused(least - 1) && refused(largest + 1));
    EXPECT_EQ(refused(largest - 1), found[1].matched);
    if (found[1].matched) {
      EXPECT_TRUE(refused(2 * largest));
    }
  }
}

}  // namespace sparsys
