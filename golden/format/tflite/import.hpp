// SPDX-License-Identifier: Apache-2.0
// Quantised networks from .tflite files, as the matrix unit runs them: what it computes is, bit for
// bit, what the reference kernels of LiteRT compute (convolutions, means, additions and changes of
// scale round twice, fully connected layers once; averages round half away from zero).
//
// What is read: one graph with one input and one output, signed or unsigned bytes with scales per
// tensor or per channel, and these operators.
//
//   CONV_2D, DEPTHWISE_CONV_2D   constant weights of zero point 0, 32-bit bias if any
//   FULLY_CONNECTED              as these, of vectors, of whole maps, and of each row
//   ADD                          of two values of one shape, or with a constant; SUB, MUL with one
//   CONCATENATION                of channels
//   AVERAGE_POOL_2D, MAX_POOL_2D, MEAN and REDUCE_MAX over height, width or both
//   RELU, RELU6                  also as part of another operator
//   LEAKY_RELU, PRELU            as the sum of what is positive and what is negative
//   LOGISTIC, TANH, HARD_SWISH   as tables, which are exact (golden/network/byte_table.hpp)
//   PAD                          of height and width
//   RESHAPE, SQUEEZE, EXPAND_DIMS  maps to vectors, maps to maps; the input to maps
//   SHAPE, STRIDED_SLICE, PACK, GATHER, ...  computed: what is free in the file is one sample here
//   QUANTIZE                     between scales; and, as DEQUANTIZE, at the ends, where values are
//                                floating-point numbers outside and bytes here
//   DEQUANTIZE, functions of one number such as ELU, QUANTIZE  as one table
//   SOFTMAX                      at the end, where it is left out: the largest stays the largest
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "golden/format/int8/builder.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys {

// Whether the file is called .tflite or begins as such a file does. Throws Error if it cannot be
// read.
bool is_tflite(const std::string& path);

// Throws Error of one line, "<path>: operator 3 (CONV_2D): <what is wrong>" where an operator is to
// blame, if the file cannot be read, is damaged, or holds anything that is not listed above. The
// network that it gives is sound. Memory taken is a small multiple of the file's size.
mxu::Network import_tflite(const std::string& path, const Int8ImportOptions& options = {});

// The same in memory. `name` stands for the path in messages.
mxu::Network tflite_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                               const Int8ImportOptions& options = {});

}  // namespace sparsys
