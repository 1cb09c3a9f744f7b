// SPDX-License-Identifier: Apache-2.0
// Networks from ONNX files (onnx.ai, IR version 3 to 14, operator sets 7 to 25), by Debian's ONNX
// protobuf library.
//
// What is read: a graph of one input and one output, whose values depend on the input by these
// operators. What depends on constants alone is computed on the way (fold.hpp): shapes, scaled or
// quantised weights.
//
//   Gemm, MatMul, Einsum    by a constant matrix or a value, of any dimensions
//   RNN, GRU, LSTM          step by step
//   Conv, ConvTranspose     1-D and 2-D, by constant weights and bias
//   MaxPool, AveragePool    1-D and 2-D, one output
//   GlobalAveragePool, GlobalMaxPool; ReduceMean, -Max, -Min, -Sum, -SumSquare, -L1, -L2 over axes
//   BatchNormalization      into the weights before it, else a factor and a summand
//   Layer-, RMS-, Instance-, Group-, MeanVariance- and LpNormalization, LRN: means and products
//   Add, Sub, Mul, Div, Sum, Mean, Min, Max     of values and constants; Where by a constant
//   Relu, LeakyRelu, PRelu, Clip, Sigmoid, HardSigmoid, HardSwish, Swish, Mish, Tanh, Elu, Celu,
//   Selu, Softplus, Softsign, Gelu, Neg, Abs, Exp, Log, Erf, Sin, Cos, Sqrt, Reciprocal, Pow
//   Softmax, LogSoftmax     over one dimension (before operator set 13: as it was)
//   Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Slice, Split, Concat, Gather by constants,
//   DepthToSpace, SpaceToDepth, Pad by a constant
//   Resize, Upsample        nearest, linear
//   Identity, Dropout, Cast to real numbers: left out
//   Scaler, LinearClassifier, LinearRegressor, Normalizer, ZipMap of scikit-learn's exports
//
// Real numbers of all widths become float32. Nodes that the output does not need are dropped, and
// simplify.hpp says what is folded; all else keeps its name and shape. Where a value of the file
// has no sample dimension, the network's has one in front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "golden/network/network.hpp"

namespace sparsys {

// Files beyond this are refused: what protobuf can hold.
constexpr uint64_t kMaxOnnxBytes = (uint64_t{1} << 31) - 1;

struct OnnxImportOptions {
  // Sizes of the input's dimensions that have none in the file, by their name or by their number
  // ("0"). The first, the sample's, is 1 and stays free (Network::batch).
  std::map<std::string, int64_t> dims;
  // Names of the values that the network is to begin and end with; empty: those of the file, if it
  // has one.
  std::string input;
  std::string output;
  // How a pixel enters (Network::input_scale). Not given: as in the file if export_onnx() wrote it,
  // 1 for an input of bytes, else as in Network.
  std::optional<float> input_scale;
  std::optional<float> input_offset;
};

// Throws Error of one line, "<path>: node '<name>' (<op>): <what is wrong>; supported: <what>"
// where a node is to blame, if the file cannot be read, is damaged or holds anything that is not
// listed above: other operators and types, sizes that are not fixed, tensors that are missing or
// not finite. Weights in other files are read from files in the model's folder or below it. The
// network that it gives is sound (infer_shapes()); its origin tells what was folded. Memory taken
// is a small multiple of the file's size.
Network import_onnx(const std::string& path, const OnnxImportOptions& options = {});

// The same in memory. `name` stands for the path in messages. Weights in other files are refused.
Network onnx_from_bytes(const uint8_t* data, size_t size, const std::string& name,
                        const OnnxImportOptions& options = {});

}  // namespace sparsys
