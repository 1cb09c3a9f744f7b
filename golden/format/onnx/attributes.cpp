// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/attributes.hpp"

#include <cmath>

#include "golden/base/text.hpp"

namespace sparsys::onnx_import {

using onnx::AttributeProto;

Attributes::Attributes(const onnx::NodeProto& node, int64_t opset) : opset_(opset) {
  for (const AttributeProto& attribute : node.attribute()) {
    if (!found_.emplace(attribute.name(), &attribute).second) {
      refuse("attribute " + quoted(attribute.name()) + " twice");
    }
    if (!attribute.ref_attr_name().empty()) {
      refuse("attribute " + quoted(attribute.name()) + " refers to one of a function");
    }
  }
}

const AttributeProto* Attributes::find(const char* name, int type, int64_t since) {
  if (opset_ < since) return nullptr;
  read_.insert(name);
  const auto found = found_.find(name);
  if (found == found_.end()) return nullptr;
  if (found->second->type() != type)
    refuse("attribute '" + std::string(name) + "' has a wrong type");
  return found->second;
}

int64_t Attributes::integer(const char* name, int64_t otherwise, int64_t since) {
  const auto* found = find(name, AttributeProto::INT, since);
  return found == nullptr ? otherwise : found->i();
}

int64_t Attributes::integer(const char* name, int64_t otherwise, int64_t least, int64_t most,
                            int64_t since) {
  const int64_t value = integer(name, otherwise, since);
  if (value < least || value > most) refuse_value(name, number(value), least, most);
  return value;
}

float Attributes::real(const char* name, float otherwise, int64_t since) {
  const auto* found = find(name, AttributeProto::FLOAT, since);
  const float value = found == nullptr ? otherwise : found->f();
  if (!std::isfinite(value)) refuse("attribute '" + std::string(name) + "' is not finite");
  return value;
}

std::string Attributes::text(const char* name, const std::string& otherwise, int64_t since) {
  const auto* found = find(name, AttributeProto::STRING, since);
  return found == nullptr ? otherwise : found->s();
}

std::optional<Shape> Attributes::integers(const char* name, int64_t since) {
  const auto* found = find(name, AttributeProto::INTS, since);
  if (found == nullptr) return std::nullopt;
  return Shape(found->ints().begin(), found->ints().end());
}

std::optional<std::vector<float>> Attributes::reals(const char* name, int64_t since) {
  const auto* found = find(name, AttributeProto::FLOATS, since);
  if (found == nullptr) return std::nullopt;
  std::vector<float> values(found->floats().begin(), found->floats().end());
  for (const float value : values) {
    if (!std::isfinite(value)) refuse("attribute '" + std::string(name) + "' is not finite");
  }
  return values;
}

Shape Attributes::window(const char* name, size_t count, int64_t otherwise, int64_t least,
                         int64_t since) {
  const std::optional<Shape> found = integers(name, since);
  if (!found) return Shape(count, otherwise);
  if (found->size() != count) {
    refuse("attribute '" + std::string(name) + "' has " + number(found->size()) + " numbers",
           number(count));
  }
  for (const int64_t value : *found) {
    if (value < least || value > kMaxSize) refuse_value(name, number(value), least, kMaxSize);
  }
  return *found;
}

void Attributes::expect_all_read() const {
  for (const auto& [name, attribute] : found_) {
    if (read_.count(name) == 0) refuse("unknown attribute " + quoted(name));
  }
}

void refuse_value(const std::string& name, const std::string& value, int64_t least, int64_t most) {
  refuse("attribute '" + name + "' is " + value,
         least == most ? number(least) : number(least) + " to " + number(most));
}

}  // namespace sparsys::onnx_import
