// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/import.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/model_file.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/import_int8.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::vector<std::string> dims;  // "N=1"
  OnnxImportOptions options;
};

void read_dims(Arguments& arguments) {
  for (const std::string& text : arguments.dims) {
    const size_t at = text.rfind('=');
    int64_t size = 0;
    const char* const end = text.data() + text.size();
    const bool is_number = at != std::string::npos && at > 0 &&
                           std::from_chars(text.data() + at + 1, end, size).ptr == end &&
                           at + 1 < text.size();
    if (!is_number || size < 1) {
      throw Error("--dim " + printable(text) + ": expected NAME=SIZE, for instance N=1");
    }
    if (!arguments.options.dims.emplace(text.substr(0, at), size).second) {
      throw Error("--dim " + printable(text) + ": this dimension is given twice");
    }
  }
}

void print_nodes(const Network& network) {
  const std::vector<Shape> shapes = infer_shapes(network);
  const std::vector<Layer> all = layers(network);
  Table table("lllrr");
  table.add({"node", "op", "output", "weights", "zeros"});
  uint64_t weights = 0;
  uint64_t zeros = 0;
  for (size_t n = 0; n < network.nodes.size(); ++n) {
    const Node& node = network.nodes[n];
    std::vector<std::string> row = {node.name.empty() ? "-" : printable(node.name, 40),
                                    to_string(node.op), to_string(shapes[n + 1]), "", ""};
    for (size_t l = 0; l < all.size(); ++l) {
      const Layer& layer = all[l];
      if (layer.node != n) continue;
      const std::vector<float>& values = network.parameters[layer.weights].values;
      const auto count = static_cast<uint64_t>(std::count(values.begin(), values.end(), 0.0F));
      row[3] = grouped(values.size());
      row[4] = grouped(count);
      if (!is_first(all, l)) continue;  // a recurrence takes the same weights in every step
      weights += values.size();
      zeros += count;
    }
    table.add(std::move(row));
  }
  std::cout << printable(network.name) << ": " << printable(network.origin, 0) << '\n'
            << input_text(network) << '\n';
  table.print(std::cout);
  uint64_t parameters = 0;
  for (const Parameter& parameter : network.parameters) parameters += parameter.values.size();
  std::cout << grouped(weights) << " weights, " << grouped(zeros) << " of them 0; with biases "
            << grouped(parameters) << " parameters\n";
}

void run_import(Arguments& arguments) {
  check_outputs({arguments.out}, {arguments.file});
  read_dims(arguments);
  const OnnxImportOptions& options = arguments.options;
  FilesTogether files;
  if (import_int8(arguments.file, arguments.out, {options.input_scale, options.input_offset},
                  !options.input.empty() || !options.output.empty())) {
    return commit(files);
  }
  const Network network = import_onnx(arguments.file, arguments.options);
  save_model(arguments.out, network);
  print_nodes(network);
  if (!arguments.options.input_scale && !arguments.options.input_offset) {
    std::cout << "pixels: the network was trained on inputs of some range; --scale and --offset "
                 "say it where it is another\n";
  }
  std::cout << "written: " << arguments.out << std::endl;
  commit(files);
}

}  // namespace

void add_import(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "import",
      "Reads an ONNX model and writes it as a float model: shapes and weights that are made of "
      "constants are computed, BatchNormalization and factors go into weights, transpositions of "
      "channels-last layouts where they can. A quantised ONNX model (QDQ or QOperator) or a "
      ".tflite "
      "file of 8-bit integers becomes a quantised network for the matrix unit, which computes it "
      "as LiteRT's reference kernels do, bit for bit, or as ONNX Runtime, at most a step apart");
  command->add_option("FILE", arguments->file, "ONNX model or .tflite file")->required();
  command->add_option("--out", arguments->out, "Model to write")->required()->type_name("FILE");
  command
      ->add_option("--dim", arguments->dims,
                   "Size of an input's dimension that has none in the file, by its name or its "
                   "number from 0: height=224; again for others. A free batch is taken as one "
                   "sample and stays free")
      ->type_name("NAME=SIZE")
      ->allow_extra_args(false);
  command
      ->add_option("--output", arguments->options.output,
                   "The value that the network ends with, an output of the file or one in the "
                   "middle; if the file has several outputs, one must be chosen")
      ->type_name("NAME");
  command
      ->add_option("--input", arguments->options.input,
                   "The value that the network begins with, likewise")
      ->type_name("NAME");
  command
      ->add_option("--scale", arguments->options.input_scale,
                   "A pixel p of 0 to 255 enters as p * SCALE + OFFSET; if the file does not say, "
                   "1/256, or 1 where it takes bytes")
      ->type_name("SCALE");
  command->add_option("--offset", arguments->options.input_offset, "See --scale; 0 as above")
      ->type_name("OFFSET");
  command->footer(
      "Operators: Gemm, MatMul, Einsum; RNN, GRU, LSTM; Conv, ConvTranspose, MaxPool, AveragePool "
      "in 1-D and 2-D; global poolings, ReduceMean, -Max, -Min, -Sum, -SumSquare, -L1, -L2; "
      "BatchNormalization, Layer-, RMS-, Instance-, Group-, MeanVariance- and LpNormalization, "
      "LRN; "
      "Add, Sub, Mul, Div, Sum, Mean, Min, Max, Where by constants; Relu, LeakyRelu, PRelu, Clip, "
      "Sigmoid, HardSigmoid, HardSwish, Swish, Mish, Tanh, Elu, Celu, Selu, Softplus, Softsign, "
      "Gelu, Neg, Abs, Exp, Log, Erf, Erfc, Sin, Cos, Sqrt, Reciprocal, Pow by constants; Softmax, "
      "LogSoftmax; Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Slice, Split, Concat, Gather "
      "by "
      "constants, DepthToSpace, SpaceToDepth, Pad; Resize, Upsample, nearest, linear or cubic; "
      "Identity, "
      "Dropout, Cast; Scaler, LinearClassifier, LinearRegressor, Normalizer, ZipMap of "
      "scikit-learn's exports.\n"
      "Example: sparsys import net.onnx --out float.model --output probabilities\n");
  command->callback([arguments] { run_import(*arguments); });
}

}  // namespace sparsys
