// SPDX-License-Identifier: Apache-2.0
// Tensors of an ONNX file whose elements are known: initializers, Constant nodes, and what is
// computed from them (fold.hpp).
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys::onnx_import {

// Sizes, and numbers in attributes: sums and products of two of them fit 64 bits.
constexpr int64_t kMaxSize = (int64_t{1} << 31) - 1;
constexpr size_t kMaxTensorRank = 8;

// What is not read, without the place: whoever knows the file and the node makes a line of it,
// "<file>: <place>: <what>; supported: <supported>".
struct Refusal {
  std::string what;
  std::string supported;
};
[[noreturn]] inline void refuse(const std::string& what, const std::string& supported = "") {
  throw Refusal{what, supported};
}

// TensorProto's name of a type of elements: "FLOAT".
std::string type_name(int type);
// FLOAT, FLOAT16, BFLOAT16 and DOUBLE, all of which become float32.
bool is_real_type(int type);
// Integers of at most 64 bits, and BOOL.
bool is_integer_type(int type);

// Row-major. A scalar has the shape []. Sizes may be 0 (in shape arithmetic they are).
struct Tensor {
  int type = onnx::TensorProto::FLOAT;
  Shape shape;
  std::vector<float> reals;       // of real types
  std::vector<int64_t> integers;  // of all others; BOOL is 0 or 1, UINT64 wraps

  bool is_real() const { return is_real_type(type); }
  size_t count() const { return is_real() ? reals.size() : integers.size(); }
  // Element `i` of either kind.
  double at(size_t i) const {
    return is_real() ? static_cast<double>(reals[i]) : static_cast<double>(integers[i]);
  }
};

Tensor make_integers(const Shape& shape, std::vector<int64_t> values);
Tensor make_reals(const Shape& shape, std::vector<float> values);

// `value` as an element of an integer type has it: what does not fit wraps, as in C.
int64_t wrap(int64_t value, int type);

// Number of elements; refuses sizes below 0 or more than kMaxSize elements.
int64_t checked_count(const Shape& shape, const std::string& what);

// The tensor's elements, which are taken out of it, so that they are not twice in memory. `name` is
// for messages. What is stored in another file is read from the folder `folder`, and only from
// files below it; with an empty one it is refused. Throws Refusal for other types, sizes that do
// not fit, and Error for files that cannot be read.
Tensor read_tensor(onnx::TensorProto& proto, const std::string& name, const std::string& folder);

bool is_finite(const Tensor& tensor);
// Refuses NaN and infinite elements.
void check_finite(const Tensor& tensor, const std::string& name);

}  // namespace sparsys::onnx_import
