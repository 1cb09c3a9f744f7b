// SPDX-License-Identifier: Apache-2.0
// What a call says is wrong.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "golden/base/error.hpp"

namespace sparsys {

// The text of the Error that `call` throws, which is to be one line; "no error" if it throws none.
template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  return "no error";
}

}  // namespace sparsys
