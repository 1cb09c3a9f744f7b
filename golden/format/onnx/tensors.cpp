// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/repeated_field.h>

#include <cmath>
#include <cstring>

#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

std::string type_name(int type) {
  if (type == onnx::TensorProto::UNDEFINED) return "none";
  return onnx::TensorProto::DataType_IsValid(type)
             ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(type))
             : "number " + number(type);
}

const Parameter& Importer::parameter(int i) {
  const std::string name = input(i);
  const auto found = constants_.find(name);
  if (found == constants_.end()) {
    fail("input " + number(i + 1) + ", " + quoted(name) + ", is not constant",
         "constant weights and biases");
  }
  Constant& constant = found->second;
  if (constant.parameter < 0) {
    check_dense(constant, name);
    Parameter made;
    made.name = name;
    made.shape = tensor_shape(*constant.tensor, name);
    made.values = floats(*constant.tensor, name, made.shape);
    constant.parameter = static_cast<int64_t>(network_.parameters.size());
    network_.parameters.push_back(std::move(made));
  }
  result_.inputs.push_back(name);
  return network_.parameters[static_cast<size_t>(constant.parameter)];
}

void Importer::check_dense(const Constant& constant, const std::string& name) const {
  const std::string tensor = "tensor " + quoted(name);
  if (constant.sparse) fail(tensor + " is sparse", "dense tensors");
  if (constant.tensor->data_location() == onnx::TensorProto::EXTERNAL ||
      constant.tensor->external_data_size() > 0) {
    fail(tensor + " is external, in a file of its own", "tensors inside the ONNX file");
  }
  if (constant.tensor->has_segment()) fail(tensor + " is in segments", "whole tensors");
}

Shape Importer::tensor_shape(const onnx::TensorProto& tensor, const std::string& name) const {
  if (tensor.dims_size() > kMaxRank) {
    fail("tensor " + quoted(name) + " has " + number(tensor.dims_size()) + " dimensions",
         "at most " + number(kMaxRank));
  }
  Shape shape(tensor.dims().begin(), tensor.dims().end());
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 1 || size > kMaxSize || count > kMaxSize / size) {
      fail("tensor " + quoted(name) + " has the shape " + to_string(shape),
           "sizes from 1, and " + number(kMaxSize) + " elements");
    }
    count *= size;
  }
  return shape;
}

void Importer::check_tensor(const onnx::TensorProto& tensor, const std::string& name, int type,
                            const std::string& supported, int64_t count, size_t element_size,
                            int64_t listed) const {
  if (tensor.data_type() != type) {
    fail("tensor " + quoted(name) + " has elements of type " + type_name(tensor.data_type()),
         supported);
  }
  const bool raw = tensor.has_raw_data();
  const auto raw_size = static_cast<int64_t>(tensor.raw_data().size());
  if (raw && listed > 0) fail("tensor " + quoted(name) + " has its elements twice");
  const int64_t expected = raw ? count * static_cast<int64_t>(element_size) : count;
  const int64_t found = raw ? raw_size : listed;
  if (found != expected) {
    fail("tensor " + quoted(name) + " has " + number(found) + (raw ? " bytes" : " elements") +
         ", its shape asks for " + number(expected));
  }
}

std::vector<float> Importer::floats(onnx::TensorProto& tensor, const std::string& name,
                                    const Shape& shape) const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  check_tensor(tensor, name, onnx::TensorProto::FLOAT, "FLOAT (float32)", count, sizeof(float),
               tensor.float_data_size());
  std::vector<float> values(static_cast<size_t>(count));
  // Raw data is little-endian, as every machine is that this is built for.
  const void* from = tensor.has_raw_data() ? static_cast<const void*>(tensor.raw_data().data())
                                           : tensor.float_data().data();
  std::memcpy(values.data(), from, values.size() * sizeof(float));
  delete tensor.release_raw_data();
  google::protobuf::RepeatedField<float>().Swap(tensor.mutable_float_data());
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    Shape index(shape.size());
    auto left = static_cast<int64_t>(i);
    for (size_t d = shape.size(); d-- > 0; left /= shape[d]) index[d] = left % shape[d];
    fail("tensor " + quoted(name) + ": element " + to_string(index) + " is " +
             (std::isnan(values[i]) ? "NaN" : "infinite"),
         "finite numbers");
  }
  return values;
}

Shape Importer::integers(int i) {
  const std::string name = input(i);
  const auto found = constants_.find(name);
  if (found == constants_.end()) {
    fail("input " + number(i + 1) + ", " + quoted(name) + ", is not constant", "constant shapes");
  }
  check_dense(found->second, name);
  const onnx::TensorProto& tensor = *found->second.tensor;
  const Shape shape = tensor_shape(tensor, name);
  if (shape.size() != 1 || shape[0] > kMaxRank) {
    fail("tensor " + quoted(name) + " has the shape " + to_string(shape),
         "shapes as lists of 1 to " + number(kMaxRank) + " numbers");
  }
  check_tensor(tensor, name, onnx::TensorProto::INT64, "INT64", shape[0], sizeof(int64_t),
               tensor.int64_data_size());
  Shape values(static_cast<size_t>(shape[0]));
  const void* from = tensor.has_raw_data() ? static_cast<const void*>(tensor.raw_data().data())
                                           : tensor.int64_data().data();
  std::memcpy(values.data(), from, values.size() * sizeof(int64_t));
  result_.inputs.push_back(name);
  return values;
}

void Importer::read_attributes() {
  attributes_.clear();
  read_attributes_.clear();
  for (const onnx::AttributeProto& attribute : node_->attribute()) {
    if (!attributes_.emplace(attribute.name(), &attribute).second) {
      fail("attribute " + quoted(attribute.name()) + " twice");
    }
    if (!attribute.ref_attr_name().empty()) {
      fail("attribute " + quoted(attribute.name()) + " refers to one of a function");
    }
  }
}

const onnx::AttributeProto* Importer::attribute(const char* name, int type, int64_t since) {
  if (opset_ < since) return nullptr;
  read_attributes_.insert(name);
  const auto found = attributes_.find(name);
  if (found == attributes_.end()) return nullptr;
  if (found->second->type() != type) fail("attribute '" + std::string(name) + "' has a wrong type");
  return found->second;
}

int64_t Importer::integer(const char* name, int64_t otherwise, int64_t since) {
  const auto* found = attribute(name, onnx::AttributeProto::INT, since);
  return found == nullptr ? otherwise : found->i();
}

int64_t Importer::integer(const char* name, int64_t otherwise, int64_t least, int64_t most,
                          int64_t since) {
  const int64_t value = integer(name, otherwise, since);
  if (value < least || value > most) fail_value(name, number(value), least, most);
  return value;
}

void Importer::fail_value(const std::string& name, const std::string& value, int64_t least,
                          int64_t most) const {
  fail("attribute '" + name + "' is " + value,
       least == most ? number(least) : number(least) + " to " + number(most));
}

float Importer::real(const char* name, float otherwise) {
  const auto* found = attribute(name, onnx::AttributeProto::FLOAT);
  const float value = found == nullptr ? otherwise : found->f();
  if (!std::isfinite(value)) fail("attribute '" + std::string(name) + "' is not finite");
  return value;
}

}  // namespace sparsys::onnx_import
