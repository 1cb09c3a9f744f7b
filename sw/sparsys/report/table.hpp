// SPDX-License-Identifier: Apache-2.0
// Numbers and tables for people.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace sparsys {

// 1234567 -> "1,234,567".
std::string grouped(int64_t value);
std::string fixed(double value, int digits);
// With two digits: "12.30 %".
std::string percent_text(double percent);
// "3 of 200, 1.50 %".
std::string share_text(uint64_t part, uint64_t whole);

// Lines of a name and a value, one under the other.
class Listing {
 public:
  void add(const std::string& name, const std::string& value) { lines_.push_back({name, value}); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> lines_;
};

// Columns as wide as their widest cell. Rows may have fewer cells than there are columns.
class Table {
 public:
  // "lr": the first column to the left, the second to the right.
  explicit Table(std::string align) : align_(std::move(align)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print(std::ostream& out) const;

 private:
  std::string align_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace sparsys
