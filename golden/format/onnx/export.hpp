// SPDX-License-Identifier: Apache-2.0
// Networks to ONNX files: IR version 7, operator set 13, or 14 where HardSwish needs it, which any
// runtime of today can run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys {

// Writes the file completely or not at all. Graph, input, output, values, nodes and parameters keep
// their names and shapes, the sample dimension its name; input_scale, input_offset, origin and a
// task other than classification are metadata ("sparsys.input_scale"), so that import_onnx() gives
// the same network. Numbers that ONNX wants as inputs become initializers. Throws Error if the
// network is not sound (infer_shapes()), takes more than the 2 GiB that an ONNX file can have, or
// the file cannot be written.
void export_onnx(const std::string& path, const Network& network);

// The same in memory.
std::vector<uint8_t> onnx_to_bytes(const Network& network);

}  // namespace sparsys
