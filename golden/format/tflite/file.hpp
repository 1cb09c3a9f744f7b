// SPDX-License-Identifier: Apache-2.0
// A .tflite file as checked tables: what all operators have in common is made sure of here, so that
// those who read a network out of it need not ask again. Internal to golden/format/tflite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tflite_generated.h"

namespace sparsys::tflite {

// What a stored byte or 32-bit number stands for: scale * (number - zero). One of each, or one for
// each index of dimension `axis`.
struct Quantisation {
  std::vector<float> scale;  // empty: none, or what is stored is no number of this kind
  std::vector<int64_t> zero;
  int64_t axis = 0;
};

struct FileTensor {
  std::string name;  // fit to be shown, cut
  TensorType type = TensorType::FLOAT32;
  std::vector<int64_t> shape;      // sizes from 1; their product is at most 2^40
  std::vector<int64_t> signature;  // -1 where the size is free; may be empty
  Quantisation quantisation;
  const uint8_t* data = nullptr;  // of a constant; of exactly the size that shape and type ask for
  size_t elements = 1;
};

struct FileOperator {
  BuiltinOperator code = BuiltinOperator::ADD;
  const Operator* table = nullptr;  // for its options
  std::vector<int32_t> inputs;      // numbers of tensors, or -1
  std::vector<int32_t> outputs;
};

struct File {
  std::string origin;  // the description of whoever wrote it
  std::string graph;
  std::vector<FileTensor> tensors;
  std::vector<FileOperator> operators;
  int32_t input = 0;
  int32_t output = 0;
};

// "CONV_2D", or "operator 77" for those that the schema does not know.
std::string name_of(BuiltinOperator code);
std::string name_of(TensorType type);
// Bytes of an element; 0 if the type is not read.
size_t size_of(TensorType type);

// `data` must be aligned to 16 bytes, and live as long as what is returned. Throws Error
// "<name>: <what is wrong>" unless it is a version 3 file with one subgraph of one input and one
// output whose tables lie within the file, refer to what is there, and are of the sizes and types
// above.
File read_file(const uint8_t* data, size_t size, const std::string& name);

}  // namespace sparsys::tflite
