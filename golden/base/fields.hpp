// SPDX-License-Identifier: Apache-2.0
// Members of a struct in the bits of a word: what instructions and descriptors are encoded with.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "golden/base/bits.hpp"
#include "golden/base/error.hpp"

namespace sparsys {

// Writes a member to bits lsb .. lsb + width - 1 of `words`. Throws Error "<what>: <name> 70000
// does not fit 16 bits"; a signed member must fit as a signed number.
template <class Member>
void put_member(uint32_t* words, const char* what, const char* name, uint32_t lsb, uint32_t width,
                Member member) {
  const auto value = static_cast<int64_t>(member);
  const int64_t least = std::is_signed<Member>::value ? -(int64_t{1} << (width - 1)) : 0;
  if (value < least || value > least + static_cast<int64_t>(low_mask(width))) {
    throw Error(std::string(what) + ": " + name + " " + std::to_string(value) + " does not fit " +
                std::to_string(width) + " bits");
  }
  set_field(words, lsb, width, static_cast<uint32_t>(value));
}

template <class Member>
void get_member(const uint32_t* words, uint32_t lsb, uint32_t width, Member& member) {
  const uint32_t bits = get_field(words, lsb, width);
  if constexpr (std::is_signed<Member>::value) {
    member = static_cast<Member>(sign_extend(bits, width));
  } else {
    member = static_cast<Member>(bits);
  }
}

}  // namespace sparsys
