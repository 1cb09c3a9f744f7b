// SPDX-License-Identifier: Apache-2.0
// Networks of bytes from ONNX files (operator sets 10 to 25): operators of real numbers between
// DequantizeLinear and QuantizeLinear ("QDQ"), or operators of bytes ("QOperator"), as ONNX
// Runtime's quantize_static() and exporters of PyTorch write them. Scales per tensor, of weights
// also per output; signed and unsigned bytes; zero points of weights 0, or 128 of unsigned ones.
//
// What is read: Conv (QLinearConv), Gemm (QGemm) and MatMul (QLinearMatMul) by constant weights,
// Add (QLinearAdd) of two values or of constants, Relu, Clip, MaxPool, AveragePool,
// GlobalAveragePool, ReduceMean over maps, Concat of channels, Pad in front of Conv, Reshape,
// Flatten, Squeeze, Unsqueeze, Transpose of the input. Softmax, LogSoftmax and Sigmoid at the end
// are left out: the largest stays the largest.
//
// The runtime multiplies by a float scale and rounds halves to even; the matrix unit multiplies by
// 31 bits and rounds halves up. A layer's results are at most one step apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "golden/format/int8/builder.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys {

// None if the file's values are real numbers, though its weights may be stored as integers. Throws
// Error of one line, "<path>: node '<name>' (<op>): <what is wrong>; supported: <what>" where a
// node is to blame. The network that it gives is sound.
std::optional<mxu::Network> import_quantised_onnx(const std::string& path,
                                                  const Int8ImportOptions& options = {});

// The same in memory. Weights in other files are refused.
std::optional<mxu::Network> quantised_onnx_from_bytes(const uint8_t* data, size_t size,
                                                      const std::string& name,
                                                      const Int8ImportOptions& options = {});

}  // namespace sparsys
