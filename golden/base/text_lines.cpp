// SPDX-License-Identifier: Apache-2.0
#include "golden/base/text_lines.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

constexpr const char* kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

TextLines::TextLines(const std::string& path) {
  InputFile file(path);
  name_ = file.name();
  text_.resize(file.size());
  file.read(reinterpret_cast<uint8_t*>(text_.data()), text_.size());
}

bool TextLines::next() {
  if (at_ >= text_.size()) {
    line_ = rest_ = {};
    return false;
  }
  size_t end = text_.find('\n', at_);
  if (end == std::string::npos) end = text_.size();
  line_ = trimmed(std::string_view(text_).substr(at_, end - at_));
  rest_ = line_;
  at_ = end + 1;
  ++number_;
  return true;
}

bool TextLines::word(std::string_view& word, char also) {
  const char parts[] = {' ', '\t', also, '\0'};
  const size_t first = rest_.find_first_not_of(parts);
  if (first == std::string_view::npos) {
    rest_ = {};
    return false;
  }
  rest_.remove_prefix(first);
  const size_t end = std::min(rest_.find_first_of(parts), rest_.size());
  word = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return true;
}

std::string_view TextLines::field() {
  const size_t comma = std::min(rest_.find(','), rest_.size());
  const std::string_view text = trimmed(rest_.substr(0, comma));
  rest_.remove_prefix(std::min(comma + 1, rest_.size()));
  return text;
}

uint64_t TextLines::count(const char* what, uint64_t most, char also, uint64_t least) {
  std::string_view text;
  if (!word(text, also)) fail(std::string("ends, expected ") + what);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    fail(quoted(std::string(text), 24) + ", expected " + what + ", " + std::to_string(least) +
         " to " + std::to_string(most));
  }
  return value;
}

double TextLines::real(const char* what, char also) {
  std::string_view text;
  if (!word(text, also)) fail(std::string("ends, expected ") + what);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    fail(quoted(std::string(text), 24) + ", expected " + what);
  }
  return value;
}

void TextLines::end() {
  std::string_view text;
  if (word(text)) fail(quoted(std::string(text), 24) + ", expected the line's end");
}

void TextLines::fail(const std::string& what) const {
  throw Error(name_ + ":" + std::to_string(number_) + ": " + what);
}

}  // namespace sparsys
