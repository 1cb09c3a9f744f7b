// SPDX-License-Identifier: Apache-2.0
#include "golden/format/tflite/file.hpp"

#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys::tflite {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kMaxTensors = size_t{1} << 16;
constexpr size_t kMaxRank = 8;
constexpr int64_t kMaxElements = int64_t{1} << 40;
constexpr size_t kLongestName = 100;
constexpr size_t kMaxInputs = 64;
// Copies of what the file holds once and refers to often stay within this many elements.
constexpr size_t kMaxScales = size_t{1} << 24;

std::string text_of(const flatbuffers::String* text) {
  if (text == nullptr) return "";
  // Cut before it is copied: many tables may refer to one long text.
  return printable(std::string(text->c_str(), std::min<size_t>(text->size(), 2 * kLongestName)),
                   kLongestName);
}

template <typename T>
size_t count_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

class Reader {
 public:
  Reader(const Model& model, const std::string& name) : model_(model), name_(name) {}

  File run() {
    if (model_.version() != kVersion) {
      fail(name_,
           "version " + number(model_.version()) + " of the format, expected " + number(kVersion));
    }
    const size_t graphs = count_of(model_.subgraphs());
    if (graphs != 1) fail(name_, number(graphs) + " subgraphs, expected 1");
    const SubGraph& graph = *model_.subgraphs()->Get(0);
    file_.graph = text_of(graph.name());
    file_.origin = text_of(model_.description());
    const size_t tensors = count_of(graph.tensors());
    const size_t operators = count_of(graph.operators());
    if (tensors > kMaxTensors || operators > kMaxTensors) {
      fail(name_, number(tensors) + " tensors and " + number(operators) +
                      " operators, expected at most " + number(kMaxTensors) + " of each");
    }
    for (size_t t = 0; t < tensors; ++t) {
      read_tensor(*graph.tensors()->Get(static_cast<uint32_t>(t)));
    }
    for (size_t o = 0; o < operators; ++o) {
      read_operator(*graph.operators()->Get(static_cast<uint32_t>(o)));
    }
    file_.input = single(graph.inputs(), "inputs");
    file_.output = single(graph.outputs(), "outputs");
    return std::move(file_);
  }

 private:
  int32_t single(const flatbuffers::Vector<int32_t>* list, const std::string& what) const {
    if (count_of(list) != 1) fail(name_, number(count_of(list)) + " " + what + ", expected 1");
    const int32_t index = list->Get(0);
    if (index < 0 || static_cast<size_t>(index) >= file_.tensors.size()) {
      fail(name_, what + ": there is no tensor " + number(index));
    }
    return index;
  }

  void read_tensor(const Tensor& table) {
    FileTensor tensor;
    tensor.name = text_of(table.name());
    place_ = name_ + ": tensor " + number(file_.tensors.size()) + " '" + tensor.name + "'";
    tensor.type = table.type();
    const size_t rank = count_of(table.shape());
    if (rank > kMaxRank) {
      fail(place_, number(rank) + " dimensions, expected at most " + number(kMaxRank));
    }
    int64_t elements = 1;
    for (size_t d = 0; d < rank; ++d) {
      const int64_t size = table.shape()->Get(static_cast<uint32_t>(d));
      if (size < 1 || elements > kMaxElements / size) {
        fail(place_, "dimension " + number(d) + " is " + number(size) +
                         ", expected sizes from 1 and at most 2^40 elements");
      }
      elements *= size;
      tensor.shape.push_back(size);
    }
    tensor.elements = static_cast<size_t>(elements);
    if (count_of(table.shape_signature()) == rank) {
      for (size_t d = 0; d < rank; ++d) {
        tensor.signature.push_back(table.shape_signature()->Get(static_cast<uint32_t>(d)));
      }
    }
    read_quantisation(table, tensor);
    read_data(table, tensor);
    file_.tensors.push_back(std::move(tensor));
  }

  void read_quantisation(const Tensor& table, FileTensor& tensor) {
    const QuantizationParameters* found = table.quantization();
    if (found == nullptr || count_of(found->scale()) == 0) return;
    Quantisation& q = tensor.quantisation;
    const size_t count = found->scale()->size();
    const size_t zeros = count_of(found->zero_point());
    q.axis = found->quantized_dimension();
    if (zeros != count && zeros > 1) {
      fail(place_, number(count) + " scales and " + number(zeros) + " zero points");
    }
    if (count > 1 && (q.axis < 0 || static_cast<size_t>(q.axis) >= tensor.shape.size() ||
                      tensor.shape[static_cast<size_t>(q.axis)] != static_cast<int64_t>(count))) {
      fail(place_, number(count) + " scales along dimension " + number(q.axis) +
                       ", which has another size");
    }
    scales_ += count;
    if (scales_ > kMaxScales) fail(place_, "more than " + number(kMaxScales) + " scales in a file");
    for (size_t i = 0; i < count; ++i) {
      const float scale = found->scale()->Get(static_cast<uint32_t>(i));
      if (!(scale > 0) || !std::isfinite(scale)) {
        fail(place_, "scale " + number(i) + " is not positive and finite");
      }
      q.scale.push_back(scale);
      q.zero.push_back(
          zeros == 0 ? 0 : found->zero_point()->Get(static_cast<uint32_t>(zeros == 1 ? 0 : i)));
    }
  }

  void read_data(const Tensor& table, FileTensor& tensor) const {
    const size_t buffers = count_of(model_.buffers());
    if (table.buffer() >= buffers && table.buffer() != 0) {
      fail(place_, "there is no buffer " + number(table.buffer()));
    }
    if (table.buffer() == 0) return;  // by definition empty: not a constant
    const auto* data = model_.buffers()->Get(table.buffer())->data();
    if (count_of(data) == 0) return;
    if (table.sparsity() != nullptr) fail(place_, "stored sparsely, expected dense tensors");
    const size_t element = size_of(tensor.type);
    if (element == 0) return;  // whoever wants it complains of its type
    if (data->size() != tensor.elements * element) {
      fail(place_, number(data->size()) + " bytes, its shape and type ask for " +
                       number(tensor.elements * element));
    }
    tensor.data = data->data();
  }

  void read_operator(const Operator& table) {
    FileOperator op;
    place_ = name_ + ": operator " + number(file_.operators.size() + 1);
    const size_t codes = count_of(model_.operator_codes());
    if (table.opcode_index() >= codes) {
      fail(place_, "there is no operator code " + number(table.opcode_index()));
    }
    const OperatorCode& code = *model_.operator_codes()->Get(table.opcode_index());
    // The wider field is 0 in files from before it was there.
    op.code = std::max(code.builtin_code(),
                       static_cast<BuiltinOperator>(int32_t{code.deprecated_builtin_code()}));
    op.table = &table;
    read_list(table.inputs(), -1, op.inputs);
    read_list(table.outputs(), 0, op.outputs);
    file_.operators.push_back(std::move(op));
  }

  void read_list(const flatbuffers::Vector<int32_t>* list, int32_t least,
                 std::vector<int32_t>& into) const {
    if (count_of(list) > kMaxInputs) {
      fail(place_,
           number(count_of(list)) + " inputs or outputs, expected at most " + number(kMaxInputs));
    }
    for (size_t i = 0; i < count_of(list); ++i) {
      const int32_t index = list->Get(static_cast<uint32_t>(i));
      if (index < least || index >= static_cast<int64_t>(file_.tensors.size())) {
        fail(place_, "there is no tensor " + number(index));
      }
      into.push_back(index);
    }
  }

  const Model& model_;
  const std::string& name_;
  std::string place_;
  File file_;
  size_t scales_ = 0;
};

}  // namespace

std::string name_of(BuiltinOperator code) {
  const char* const name = EnumNameBuiltinOperator(code);
  return *name != '\0' ? name : "number " + number(static_cast<int32_t>(code));
}

std::string name_of(TensorType type) {
  const char* const name = EnumNameTensorType(type);
  return *name != '\0' ? name : "number " + number(static_cast<int>(type));
}

size_t size_of(TensorType type) {
  switch (type) {
    case TensorType::INT8:
    case TensorType::UINT8:
      return 1;
    case TensorType::INT16:
      return 2;
    case TensorType::FLOAT32:
    case TensorType::INT32:
      return 4;
    case TensorType::INT64:
      return 8;
    default:
      return 0;
  }
}

File read_file(const uint8_t* data, size_t size, const std::string& name) {
  if (size == 0) fail(name, "not a .tflite file: the file is empty");
  if (size < 8 || !ModelBufferHasIdentifier(data)) {
    fail(name, "not a .tflite file: its identifier 'TFL3' is missing");
  }
  flatbuffers::Verifier verifier(data, size);
  if (!VerifyModelBuffer(verifier)) {
    fail(name, "a .tflite file that is damaged or cut: its tables do not lie within it");
  }
  return Reader(*GetModel(data), name).run();
}

}  // namespace sparsys::tflite
