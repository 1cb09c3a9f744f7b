// SPDX-License-Identifier: Apache-2.0
#include "golden/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "golden/base/error.hpp"

namespace sparsys {
namespace {

// Bytes of the UTF-8 character at text[i], 0 if there is none (overlong forms, surrogates and
// numbers above 0x10FFFF are none).
size_t utf8_length(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) {
    return i + k < text.size() ? static_cast<uint8_t>(text[i + k]) : uint8_t{0};
  };
  const auto follows = [&](size_t k) { return (byte(k) & 0xC0) == 0x80; };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    if (first == 0xED && byte(1) > 0x9F) return 0;
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

void check_text(const std::string& text, bool line_breaks, const std::string& name,
                const char* what) {
  if (text.size() > kMaxText) {
    fail(name, std::string(what) + " is longer than " + number(kMaxText) + " bytes");
  }
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text, i);
    if (length == 0) fail(name, std::string(what) + " is not UTF-8");
    const auto c = static_cast<uint8_t>(text[i]);
    if ((c < 0x20 && !(line_breaks && (c == '\n' || c == '\t'))) || c == 0x7F) {
      fail(name, std::string(what) + " has a control character");
    }
    i += length;
  }
}

std::string printable(const std::string& text, size_t longest) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text, i);
    if (longest != 0 && out.size() + std::max<size_t>(length, 1) > longest) return out + "...";
    const auto c = static_cast<uint8_t>(text[i]);
    if (length == 0 || c < 0x20 || c == 0x7F) {
      out += '?';
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  return out;
}

std::string quoted(const std::string& text, size_t longest) {
  return "'" + printable(text, longest) + "'";
}

std::string hex(uint64_t value, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string layer_name(size_t index, const std::string& name) {
  std::string text = "layer " + std::to_string(index + 1);
  if (!name.empty()) text += " (" + printable(name) + ")";
  return text;
}

}  // namespace sparsys
