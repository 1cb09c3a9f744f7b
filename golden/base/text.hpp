// SPDX-License-Identifier: Apache-2.0
// Texts from files: whether they are fit to be shown, and made so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sparsys {

// The longest text of a network, in bytes.
constexpr size_t kMaxText = 1U << 16;

// Throws Error "<name>: <what> ..." unless `text` is UTF-8 of at most kMaxText bytes without
// control characters, but for line breaks and tabs if `line_breaks`: texts end up in tables,
// messages and JSON reports, which must stay in one piece.
void check_text(const std::string& text, bool line_breaks, const std::string& name,
                const char* what);

// "layer 2 (fc2)": how messages name layer number `index`, counted from 0 there and from 1 here.
std::string layer_name(size_t index, const std::string& name);

// A whole number in decimal, and in hexadecimal: "0x0803" with 4 digits.
template <typename Integer>
std::string number(Integer value) {
  return std::to_string(value);
}
std::string hex(uint64_t value, int digits);
// A real number in at most six significant digits: "0.1", "1e-05".
std::string short_number(double value);

// `text` on one line: control characters and what is not UTF-8 as "?", and cut after `longest`
// bytes (0: never).
std::string printable(const std::string& text, size_t longest = 80);
// The same in quotation marks.
std::string quoted(const std::string& text, size_t longest = 80);

}  // namespace sparsys
