# SPDX-License-Identifier: Apache-2.0
# Writes the commit of the sources to a header, at each build, but only if it is another one.
# Usage: cmake -DSOURCE=folder -DHEADER=file -P commit.cmake
set(commit unknown)
execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=* WORKING_DIRECTORY ${SOURCE}
                OUTPUT_VARIABLE found RESULT_VARIABLE status ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
if(status EQUAL 0 AND found)
  set(commit ${found})
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT [[
// Written by sw/sparsys/commit.cmake.
#pragma once
namespace sparsys {
constexpr const char* kCommit = "@commit@";
}
]] @ONLY)
