// SPDX-License-Identifier: Apache-2.0
#include "golden/format/fields.hpp"

namespace sparsys {

using nlohmann::json;

const json& FieldReader::field(const char* name) {
  const auto found = map_.find(name);
  if (found == map_.end()) fail(place_, "field '" + std::string(name) + "' is missing");
  if (names_.empty() || names_.back() != name) names_.emplace_back(name);
  return *found;
}

void FieldReader::expect_no_more() const {
  for (const auto& item : map_.items()) {
    if (std::find(names_.begin(), names_.end(), item.key()) == names_.end()) {
      fail(place_, "unknown field " + quoted(item.key()));
    }
  }
}

const std::string& FieldReader::text(const char* name) {
  const json& found = field(name);
  if (!found.is_string()) wrong_type(name, "a text", found);
  return found.get_ref<const std::string&>();
}

int64_t FieldReader::integer(const char* name, int64_t least, int64_t most) {
  const json& found = field(name);
  if (!found.is_number_integer()) wrong_type(name, "an integer", found);
  const bool too_large =
      found.is_number_unsigned() &&
      found.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const auto value = found.get<int64_t>();
  if (too_large || value < least || value > most) {
    fail(place_, "field '" + std::string(name) + "' is " + printable(found.dump()) + ", expected " +
                     number(least) + " to " + number(most));
  }
  return value;
}

const json::array_t& FieldReader::array(const char* name) {
  const json& found = field(name);
  if (!found.is_array()) wrong_type(name, "a list", found);
  return found.get_ref<const json::array_t&>();
}

const std::vector<uint8_t>& FieldReader::bytes(const char* name) {
  const json& found = field(name);
  if (!found.is_binary()) wrong_type(name, "a byte string", found);
  return found.get_binary();
}

const std::vector<uint8_t>& FieldReader::bytes(const char* name, uint64_t size) {
  const std::vector<uint8_t>& found = bytes(name);
  if (found.size() != size) wrong_size(name, found, number(size));
  return found;
}

std::string FieldReader::type_of(const json& value) {
  if (value.is_object()) return "a map";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a text";
  if (value.is_binary()) return "a byte string";
  if (value.is_number()) return "a number";
  return value.is_boolean() ? "true or false" : "nothing";
}

void FieldReader::wrong_type(const char* name, const char* expected, const json& found) const {
  fail(place_, "field '" + std::string(name) + "' is " + type_of(found) + ", expected " + expected);
}

void FieldReader::wrong_size(const char* name, const std::vector<uint8_t>& found,
                             const std::string& expected) const {
  fail(place_, "field '" + std::string(name) + "' has " + number(found.size()) +
                   " bytes, expected " + expected);
}

}  // namespace sparsys
