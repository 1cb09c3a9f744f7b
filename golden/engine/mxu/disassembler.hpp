// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::mxu {

// On one line, with all fields, whatever the bits: "Matrix_Multiply ub 512, acc 0, 256 rows,
// uses 256 x 44, switch, add; waits for activation but 2".
std::string disassemble(const InstructionWords& words);

}  // namespace sparsys::mxu
