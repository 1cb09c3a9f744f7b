// SPDX-License-Identifier: Apache-2.0
// `sparsys import` of files that hold networks of bytes already.
#pragma once

#include <string>

#include "golden/format/int8/builder.hpp"

namespace sparsys {

// Writes the quantised network that `file` holds to `out` and prints it; false if it holds none.
// Throws Error if it cannot be read or written, or holds what the matrix unit cannot compute, or if
// it is to be `cut`: read from or to a value in the middle.
bool import_int8(const std::string& file, const std::string& out, const Int8ImportOptions& options,
                 bool cut);

}  // namespace sparsys
