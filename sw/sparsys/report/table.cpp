// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sparsys {
namespace {

// In characters of UTF-8, not bytes.
size_t length(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string grouped(int64_t value) {
  std::string text = std::to_string(value);
  const size_t first = text[0] == '-' ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string percent_text(double percent) { return fixed(percent, 2) + " %"; }

std::string share_text(uint64_t part, uint64_t whole) {
  const double percent =
      whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
  return grouped(part) + " of " + grouped(whole) + ", " + percent_text(percent);
}

void Listing::print(std::ostream& out) const {
  Table table("ll");
  for (const auto& line : lines_) table.add(line);
  table.print(out);
}

void Table::print(std::ostream& out) const {
  std::vector<size_t> width(align_.size());
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], length(row[c]));
  }
  for (const auto& row : rows_) {
    std::string text;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string space(width[c] - length(row[c]), ' ');
      text += "  " + (align_[c] == 'l' ? row[c] + space : space + row[c]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  }
}

}  // namespace sparsys
