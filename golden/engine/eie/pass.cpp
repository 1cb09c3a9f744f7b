// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/pass.hpp"

#include "golden/base/fields.hpp"

namespace sparsys::eie {

void encode(const Pass& pass, uint64_t words[2]) {
  uint32_t halves[4] = {};
  visit_fields(pass, [&](const char* name, uint32_t lsb, uint32_t width, auto member) {
    put_member(halves, "pass descriptor", name, lsb, width, member);
  });
  for (int w = 0; w < 2; ++w) words[w] = halves[2 * w] | uint64_t{halves[2 * w + 1]} << 32;
}

Pass decode(const uint64_t words[2]) {
  uint32_t halves[4];
  for (int h = 0; h < 4; ++h) halves[h] = static_cast<uint32_t>(words[h / 2] >> (32 * (h % 2)));
  Pass pass;
  visit_fields(pass, [&](const char*, uint32_t lsb, uint32_t width, auto& member) {
    get_member(halves, lsb, width, member);
  });
  return pass;
}

}  // namespace sparsys::eie
