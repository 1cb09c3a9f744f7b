// SPDX-License-Identifier: Apache-2.0
// ONNX files as protobuf has them, for the readers of what is in them.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace sparsys::onnx_import {

// Throws Error "<name>: ..." of one line if the bytes are no ONNX model.
void parse_model(const uint8_t* data, size_t size, const std::string& name,
                 onnx::ModelProto& model);

struct LoadedModel {
  onnx::ModelProto model;
  std::string name;    // of the file, as messages show it
  std::string folder;  // where external data may be
};
// Throws Error as above, also if the file cannot be read.
LoadedModel load_model(const std::string& path);

}  // namespace sparsys::onnx_import
