// SPDX-License-Identifier: Apache-2.0
// Networks from ONNX files (onnx.ai, IR version 3 to 14, operator sets 7 to 25), by Debian's ONNX
// protobuf library.
//
// What is read: a graph of one float32 input and one output, with these operators.
//
//   Gemm       by constant B, constant C if any; transA 0
//   MatMul     by a constant matrix as second input
//   Add        of a constant or of two values
//   Conv       2-D, by constant weights and bias; group, strides, pads, dilations; auto_pad is
//              resolved to pads
//   MaxPool    2-D, one output; as Conv, and ceil_mode
//   Relu
//   Flatten    axis 1
//   Reshape    to a constant shape
//   Softmax    last node, over the last dimension (before operator set 13: what amounts to it)
//
// `Constant` nodes become parameters, `Identity` and `Dropout` of inference are left out; all else
// keeps its name and shape. Parameters that nothing uses are dropped. Within the range of operator
// sets these operators differ in data types, in the default of Softmax's axis and in attributes
// that are checked here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "golden/network/network.hpp"

namespace sparsys {

// Files beyond this are refused: what protobuf can hold.
constexpr uint64_t kMaxOnnxBytes = (uint64_t{1} << 31) - 1;

struct OnnxImportOptions {
  // Sizes of the input's dimensions that have none in the file, by their name or, for those without
  // one, by their number ("0").
  std::map<std::string, int64_t> dims;
  // How a pixel enters (Network::input_scale). Not given: as in the file if export_onnx() wrote it,
  // else as in Network.
  std::optional<float> input_scale;
  std::optional<float> input_offset;
};

// Throws Error of one line, "<path>: node '<name>' (<op>): <what is wrong>; supported: <what>"
// where a node is to blame, if the file cannot be read, is damaged or holds anything that is not
// listed above: other operators and types, sizes that are not fixed, tensors that are missing, in
// another file or not finite. The network that it gives is sound (infer_shapes()). Memory taken is
// a small multiple of the file's size.
Network import_onnx(const std::string& path, const OnnxImportOptions& options = {});

// The same in memory. `name` stands for the path in messages.
Network onnx_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                        const OnnxImportOptions& options = {});

}  // namespace sparsys
