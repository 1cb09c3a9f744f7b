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

enum class Op : uint8_t {
  kConv,     // x, weights [outputs, inputs / group, kernel h, kernel w], bias [outputs] if any
  kGemm,     // alpha x W' + beta bias; W' is the weights, transposed with trans_b; bias if any
  kMatMul,   // x [1, inputs] times weights [inputs, outputs]
  kAdd,      // a value and a parameter that broadcasts to it, or two values of one shape
  kRelu,     //
  kMaxPool,  //
  kFlatten,  // all dimensions but the first into one
  kReshape,  // x, name of the shape; the sample dimension stays
  kSoftmax,  // over the last dimension; last node only
  kSigmoid,  // 1 / (1 + exp(-x))
  kTanh,
  kAveragePool,  // the mean of those values of a window that are no padding; no dilation
};
constexpr size_t kOps = 12;    // their numbers are those of stored models
const char* to_string(Op op);  // ONNX's name: "Conv"

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
  Window window;         // kConv, kMaxPool, kAveragePool
  int64_t group = 1;     // kConv
  float alpha = 1;       // kGemm
  float beta = 1;        // kGemm
  bool trans_b = false;  // kGemm: weights are [outputs, inputs]
  int64_t axis = 1;      // kFlatten: 1; kSoftmax: the last dimension, or -1
  Shape shape;           // kReshape: as ONNX has it, with 0 and -1
};

// Nodes are in an order in which every value is made before it is used. There is one input and one
// output; each value has one maker.
struct Network {
  std::string name;
  std::string origin;  // where it came from or was trained on, for people
  std::string input = "input";
  Shape input_shape;  // with the sample dimension first: [1, 1, 28, 28], [1, 784]
  std::string output = "output";
  // A pixel p of 0..255 enters as p * input_scale + input_offset when images are run.
  float input_scale = 1 / kPixelScale;
  float input_offset = 0;
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
  size_t node = 0;             // in Network::nodes: kConv, kGemm or kMatMul
  size_t weights = 0;          // in Network::parameters
  int64_t bias = -1;           // in Network::parameters, of any shape; -1: none
  int64_t outputs = 0;         // rows of the weights as a matrix: output channels or units
  int64_t inputs = 0;          // columns: inputs of one output, channels x kernel
  bool columns_first = false;  // stored [inputs, outputs] (kMatMul, kGemm without trans_b)
};

// In the order of the nodes. Parameters that no layer has (of an Add between values, say) are not
// in it. Throws Error as infer_shapes().
std::vector<Layer> layers(const Network& network, bool shared = false);

// Weights of a layer as a matrix, outputs x inputs, and back. Throws Error if sizes differ.
Eigen::MatrixXf weight_matrix(const Network& network, const Layer& layer);
void set_weight_matrix(Network& network, const Layer& layer, const Eigen::MatrixXf& weights);

// Shapes of all values for one sample: of the input first, then of each node's output, all with
// a first dimension of 1. Throws Error "<network>: node '<name>' (<op>): <what is wrong>", with the
// node's number from 1 if it has no name, unless the network is sound: names unique, values made
// before they are used, parameters used (once or more) and of the shape their node needs, all of
// them finite, windows and groups within their bounds, one output which is the last node's, softmax
// at the end only, no value of more than 2^28 elements. With `shared`, a parameter may be without
// values, as those of a SharedNetwork are.
std::vector<Shape> infer_shapes(const Network& network, bool shared = false);

// Multiplications by weights that one sample takes, zeros included.
uint64_t multiplications(const Network& network);

}  // namespace sparsys
