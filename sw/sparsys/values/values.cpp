// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/values/values.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/array.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

bool ends_in(const std::string& text, const std::string& end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(printable(path, 0) + ": cannot read: " + std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) throw Error(printable(path, 0) + ": cannot read");
  return text;
}

std::string number_text(float value) {
  std::ostringstream text;
  text.precision(std::numeric_limits<float>::max_digits10);
  text << value;
  return text.str();
}

Values from_csv(const std::string& text, const std::string& name) {
  Values found;
  std::istringstream lines(text);
  std::string line;
  uint64_t columns = 0;
  uint64_t rows = 0;
  for (uint64_t at = 1; std::getline(lines, line); ++at) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    uint64_t count = 0;
    std::istringstream cells(line + ',');
    for (std::string cell; std::getline(cells, cell, ','); ++count) {
      char* end = nullptr;
      found.values.push_back(std::strtof(cell.c_str(), &end));
      while (*end == ' ') ++end;
      if (cell.empty() || *end != '\0') {
        throw Error(name + ": line " + std::to_string(at) + ": " + sparsys::quoted(cell) +
                    " is no number, expected numbers with commas between");
      }
    }
    if (rows++ == 0) columns = count;
    if (count != columns) {
      throw Error(name + ": line " + std::to_string(at) + " has " + std::to_string(count) +
                  " values, expected " + std::to_string(columns) + " as the first");
    }
  }
  found.shape = {rows, columns};
  return found;
}

void take_json(const json& value, size_t depth, Values& found, const std::string& name) {
  if (value.is_number()) {
    if (depth != found.shape.size()) throw Error(name + ": lists of unequal depth");
    found.values.push_back(value.get<float>());
    return;
  }
  if (!value.is_array() || depth >= 8) {
    throw Error(name + ": expected lists of numbers, or an object with such a list as 'outputs'");
  }
  const bool is_new = found.values.empty() && depth == found.shape.size();
  if (is_new) found.shape.push_back(value.size());
  if (depth >= found.shape.size() || value.size() != found.shape[depth]) {
    throw Error(name + ": lists of unequal length");
  }
  for (const json& item : value) take_json(item, depth + 1, found, name);
}

json to_json(const Values& values, size_t depth, size_t& at) {
  if (depth == values.shape.size()) return values.values[at++];
  json list = json::array();
  for (uint64_t i = 0; i < values.shape[depth]; ++i) {
    list.push_back(to_json(values, depth + 1, at));
  }
  return list;
}

std::string to_npy(const Values& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (const uint64_t size : values.shape) header += std::to_string(size) + ", ";
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.values.data()), 4 * values.values.size());
  return bytes;
}

std::string to_csv(const Values& values) {
  const size_t columns =
      values.shape.empty() || values.shape[0] == 0 ? 1 : values.values.size() / values.shape[0];
  std::string text;
  for (size_t i = 0; i < values.values.size(); ++i) {
    text += number_text(values.values[i]) + ((i + 1) % columns == 0 ? '\n' : ',');
  }
  return text;
}

}  // namespace

void check_values_name(const std::string& path) {
  if (path.empty() || ends_in(path, ".npy") || ends_in(path, ".csv") || ends_in(path, ".json")) {
    return;
  }
  throw Error(printable(path, 0) +
              ": a file of values of an unknown kind, expected a name that "
              "ends in .npy, .csv or .json");
}

Values read_values(const std::string& path) {
  check_values_name(path);
  const std::string name = printable(path, 0);
  const std::string text = read_all(path);
  if (ends_in(path, ".npy")) {
    const Array array = parse_npy(reinterpret_cast<const uint8_t*>(text.data()), text.size(), name);
    Values found;
    found.shape = array.shape;
    for (size_t i = 0; i < array.size(); ++i) found.values.push_back(array[i]);
    return found;
  }
  if (ends_in(path, ".csv")) return from_csv(text, name);
  const json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) throw Error(name + ": not JSON");
  Values found;
  take_json(parsed.is_object() && parsed.contains("outputs") ? parsed["outputs"] : parsed, 0, found,
            name);
  return found;
}

void write_values(const std::string& path, const Values& values) {
  if (path.empty()) return;
  check_values_name(path);
  if (ends_in(path, ".npy")) return write_file_atomically(path, to_npy(values));
  if (ends_in(path, ".csv")) return write_file_atomically(path, to_csv(values));
  size_t at = 0;
  const json list = to_json(values, 0, at);
  write_file_atomically(path, json{{"shape", values.shape}, {"outputs", list}}.dump() + "\n");
}

Difference compare_values(const std::vector<float>& found, const std::vector<float>& expected,
                          double tolerance) {
  Difference difference;
  double sum = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    double off = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (std::isnan(off)) off = std::numeric_limits<double>::infinity();
    sum += off;
    difference.largest = std::max(difference.largest, off);
    if (off <= tolerance) continue;
    ++difference.beyond;
    if (!difference.first) difference.first = i;
  }
  if (!found.empty()) difference.mean = sum / static_cast<double>(found.size());
  return difference;
}

}  // namespace sparsys
