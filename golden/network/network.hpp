// SPDX-License-Identifier: Apache-2.0
// A feed-forward network in floating point, as a graph of operators with the meaning that ONNX
// gives them (opset 13): what training makes, import reads, compression works on, export writes.
#pragma once

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

// Pixels enter as pixel / kPixelScale unless a network says otherwise: with kPixelFrac fractional
// bits an input's fixed-point integer is the pixel itself.
constexpr int kPixelFrac = 8;
constexpr float kPixelScale = 1 << kPixelFrac;

// Sizes of a tensor, outermost first. In values dimension 0 is the sample of a batch.
using Shape = std::vector<int64_t>;
// Product of the sizes, 1 for none. Throws Error if a size is negative or the product exceeds 2^40.
int64_t element_count(const Shape& shape);
// "[1, 20, 24, 24]".
std::string to_string(const Shape& shape);

// Values have any rank; their first dimension is the sample. An axis counts from 0, or from the
// back if negative, and is never the sample's. A parameter that broadcasts to a value does as ONNX
// has it; a value that broadcasts to another has the same rank and sizes of 1 where they differ.
enum class Op : uint8_t {
  kConv,     // x, weights [outputs, inputs / group, kernel h, kernel w], bias [outputs] if any
  kGemm,     // alpha x W' + beta bias; W' is the weights, transposed with trans_b; bias if any
  kMatMul,   // x [1, ..., inputs] times weights [inputs, outputs]
  kAdd,      // a value and a parameter that broadcasts to it, or two values, the second likewise
  kRelu,     //
  kMaxPool,  //
  kFlatten,  // all dimensions but the first into one
  kReshape,  // x, name of the shape; the sample dimension stays
  kSoftmax,  // over `axis`
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kAveragePool,    // the mean of those values of a window that are no padding; no dilation
  kConcat,         // two or more values one behind the other along `axis`
  kMul,            // as kAdd
  kClip,           // to alpha .. beta; the largest float, or its negative, is no bound
  kLeakyRelu,      // x, below zero alpha x
  kPRelu,          // x, slope below zero: a parameter that broadcasts to x
  kHardSigmoid,    // max(0, min(1, alpha x + beta))
  kHardSwish,      // x max(0, min(1, x / 6 + 1/2))
  kLogSoftmax,     // over `axis`
  kTranspose,      // `shape` is the permutation: dimension d of y is dimension shape[d] of x
  kPad,            // `shape`: padding before each dimension, then behind each; `alpha` is its value
  kSlice,          // `shape`: starts of all dimensions, then ends (one behind), then steps above 0
  kResize,         // `shape`: whole factors of all dimensions; nearest: y[i] is x[i / factor]
  kElu,            // x, below zero alpha (exp(x) - 1)
  kSoftplus,       // log(1 + exp(x))
  kConvTranspose,  // x, weights [inputs, outputs / group, kernel h, kernel w], bias [outputs] if
                   // any; `shape` is ONNX's output_padding, two numbers, or empty
  kExp,
  kLog,
  kErf,
  kSin,
  kCos,
  kPow,          // x to the power of alpha
  kBatchMatMul,  // two values [1, ..., n, k] and [1, ..., k, m], alike in front: matrix by matrix
};
constexpr size_t kOps = 34;    // their numbers are those of stored models
const char* to_string(Op op);  // ONNX's name: "Conv"; kBatchMatMul is a MatMul there
// Of one value, element by element.
constexpr bool is_function(Op op) {
  switch (op) {
    case Op::kRelu:
    case Op::kSigmoid:
    case Op::kTanh:
    case Op::kClip:
    case Op::kLeakyRelu:
    case Op::kHardSigmoid:
    case Op::kHardSwish:
    case Op::kElu:
    case Op::kSoftplus:
    case Op::kExp:
    case Op::kLog:
    case Op::kErf:
    case Op::kSin:
    case Op::kCos:
    case Op::kPow:
      return true;
    default:
      return false;
  }
}
constexpr bool is_convolution(Op op) { return op == Op::kConv || op == Op::kConvTranspose; }
constexpr bool has_weights(Op op) {  // and is a Layer
  return is_convolution(op) || op == Op::kGemm || op == Op::kMatMul;
}

// The window of a convolution or pooling, vertical before horizontal.
struct Window {
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> dilation{1, 1};
  std::array<int64_t, 4> pad{};  // top, left, bottom, right
  bool ceil_mode = false;        // of poolings: sizes of the output are rounded up
};

// A constant: weights or biases, row-major.
struct Parameter {
  std::string name;
  Shape shape;
  std::vector<float> values;
};

struct Node {
  Op op = Op::kRelu;
  std::string name;                 // may be empty or occur twice, as in ONNX
  std::vector<std::string> inputs;  // names of values and parameters, in ONNX's order
  std::string output;
  Window window;         // kConv, kConvTranspose, kMaxPool, kAveragePool
  int64_t group = 1;     // kConv, kConvTranspose
  float alpha = 1;       // kGemm and others, as Op says
  float beta = 1;        // kGemm, kClip, kHardSigmoid
  bool trans_b = false;  // kGemm: weights are [outputs, inputs]
  int64_t axis = 1;      // kFlatten: 1; kSoftmax, kLogSoftmax, kConcat
  Shape shape;           // kReshape: as ONNX has it, with 0 and -1; others as Op says
};

// What a network's output is: scores of classes, or values by themselves.
enum class Task : uint8_t { kClassification, kRegression };
constexpr size_t kTasks = 2;
const char* to_string(Task task);  // "classification", "regression"

// Nodes are in an order in which every value is made before it is used. There is one input and one
// output; each value has one maker, and any number of users, but leads to the output.
struct Network {
  std::string name;
  std::string origin;  // where it came from or was trained on, for people
  std::string input = "input";
  Shape input_shape;  // with the sample dimension first: [1, 1, 28, 28], [1, 784]
  std::string output = "output";
  // A pixel p of 0..255 enters as p * input_scale + input_offset when images are run.
  float input_scale = 1 / kPixelScale;
  float input_offset = 0;
  // Name of the free sample dimension of the file that it came from; empty: it was 1.
  std::string batch;
  Task task = Task::kClassification;
  std::vector<Node> nodes;
  std::vector<Parameter> parameters;

  const Parameter* find(const std::string& parameter) const;  // null if there is none
  Parameter* find(const std::string& parameter);
};

// A node that multiplies by weights, and the parameters it does it with: what the tables of Deep
// Compression call a layer. Without a bias of its own it has the parameter that an Add right behind
// it adds, if that holds one value per output.
struct Layer {
  std::string name;            // the node's, or that of its weights if it has none
  size_t node = 0;             // in Network::nodes: kConv, kGemm, kMatMul or kConvTranspose
  size_t weights = 0;          // in Network::parameters
  int64_t bias = -1;           // in Network::parameters, of any shape; -1: none
  int64_t outputs = 0;         // rows of the weights as a matrix: output channels or units
  int64_t inputs = 0;          // columns: inputs of one output, channels of its group x kernel
  bool columns_first = false;  // stored [inputs, outputs] (kMatMul, kGemm without trans_b)
  // A kConvTranspose goes the other way: columns_first, its inputs are channels, its outputs all
  // that one input adds to, channels of its group x kernel.
};

// In the order of the nodes. Parameters that no layer has (of an Add between values, say) are not
// in it. Throws Error as infer_shapes().
std::vector<Layer> layers(const Network& network, bool shared = false);
// Whether layer l is the first with its weights, which the steps of a recurrence share.
bool is_first(const std::vector<Layer>& all, size_t l);

// Weights of a layer as a matrix, outputs x inputs, and back. Throws Error if sizes differ.
Eigen::MatrixXf weight_matrix(const Network& network, const Layer& layer);
void set_weight_matrix(Network& network, const Layer& layer, const Eigen::MatrixXf& weights);

// Output positions of a window along one axis of `size` elements with so much padding before and
// behind: the one rule that all models follow, ONNX's. 0 if the window is larger than all of it.
// With `ceil_mode`, of poolings only, a window may reach beyond the padding, but none begins behind
// the last element and the padding before it (operator set 22, and runtimes before). Sizes 0 to
// 2^28, kernel, stride and dilation 1 to 2^20, padding 0 to 2^20.
int64_t window_positions(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                         int64_t before, int64_t behind, bool ceil_mode = false);
// Whether each of `positions` windows has an element in it that is no padding.
bool none_in_padding(int64_t positions, int64_t size, int64_t kernel, int64_t stride,
                     int64_t dilation, int64_t before);

// Which dimension `axis` is of a value of so many, counted from the back if it is negative.
constexpr size_t axis_of(int64_t axis, size_t rank) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

// Shapes of all values for one sample: of the input first, then of each node's output, all with
// a first dimension of 1. Throws Error "<network>: node '<name>' (<op>): <what is wrong>", with the
// node's number from 1 if it has no name, unless the network is sound: names unique, values made
// before they are used, parameters used (once or more) and of the shape their node needs, all of
// them finite, windows and groups within their bounds, one output which is the last node's, every
// other value used, no value of more than 2^28 elements. With `shared`, a parameter may be without
// values, as those of a SharedNetwork are.
std::vector<Shape> infer_shapes(const Network& network, bool shared = false);

// Multiplications by weights that one sample takes, those by weights of 0 included, of each of
// layers() and of all. Of a group, those by the group's channels alone; padding counts as values.
std::vector<uint64_t> layer_multiplications(const Network& network, bool shared = false);
uint64_t multiplications(const Network& network);

}  // namespace sparsys
