// SPDX-License-Identifier: Apache-2.0
// Data sets in NumPy's files: which array is which.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/load.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;
using NamedArrays = std::vector<std::pair<std::string, Array>>;

bool has(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

// The array's place among samples and targets of training and test; null of other names.
std::optional<Array>* place_of(const std::string& name, std::optional<Array> (&parts)[2][2]) {
  std::string text = name;
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (has(text, "val") && !has(text, "value")) return nullptr;  // what is to be tested on is `test`
  const bool test = has(text, "test");
  const bool targets = has(text, "label") || has(text, "target") || text == "y" ||
                       text.compare(0, 2, "y_") == 0 || has(text, "_y");
  const bool samples = has(text, "image") || has(text, "data") || has(text, "input") ||
                       has(text, "feature") || has(text, "sample") || text == "x" ||
                       text.compare(0, 2, "x_") == 0 || has(text, "_x") || text == "train" ||
                       text == "test";
  return targets || samples ? &parts[test ? 1 : 0][targets ? 1 : 0] : nullptr;
}

DataArrays arrange(NamedArrays arrays, const std::string& path) {
  std::optional<Array> parts[2][2];
  std::string names;
  for (auto& [name, array] : arrays) {
    names += (names.empty() ? "" : ", ") + printable(name, 40);
    std::optional<Array>* place = place_of(name, parts);
    if (place == nullptr) continue;
    if (place->has_value()) {
      fail(printable(path, 0), "arrays " + names +
                                   ": two for one part, expected one of x_train, "
                                   "y_train, x_test, y_test each");
    }
    *place = std::move(array);
  }
  // One array alone is samples, whatever its name.
  if (arrays.size() == 1 && !parts[0][0]) {
    for (auto& part : parts) {
      for (auto& array : part) {
        if (array) arrays.front().second = std::move(*array);
        array.reset();
      }
    }
    parts[0][0] = std::move(arrays.front().second);
  }
  if (!parts[0][0]) {
    fail(printable(path, 0), "arrays " + (names.empty() ? "none" : names) +
                                 ", expected x and y, or x_train, y_train, x_test and y_test");
  }
  DataArrays found;
  found.train = std::move(*parts[0][0]);
  found.train_targets = std::move(parts[0][1]);
  found.has_test = parts[1][0].has_value();
  if (found.has_test) {
    found.test = std::move(*parts[1][0]);
    if (found.train_targets && !parts[1][1]) {
      fail(printable(path, 0),
           "arrays " + names + ": test samples without targets, expected y_test or the like");
    }
    found.test_targets = std::move(parts[1][1]);
  }
  return found;
}

NamedArrays arrays_of(const std::string& path) {
  std::error_code ignored;
  const std::string name = printable(path, 0);
  if (!fs::is_directory(path, ignored)) {
    const std::vector<uint8_t> bytes = read_data_file(path);
    if (is_npz(bytes)) return parse_npz(bytes, name);
    if (!is_npy(bytes)) return {};
    return {{fs::path(path).stem().string(), parse_npy(bytes.data(), bytes.size(), name)}};
  }
  std::vector<fs::path> files;
  std::vector<fs::path> archives;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    if (entry.path().extension() == ".npy") files.push_back(entry.path());
    if (entry.path().extension() == ".npz") archives.push_back(entry.path());
  }
  if (files.empty() && archives.size() == 1) return arrays_of(archives.front().string());
  if (files.empty() && !archives.empty()) {
    fail(name, "several .npz files, expected one, or --data with its name");
  }
  std::sort(files.begin(), files.end());
  NamedArrays arrays;
  for (const fs::path& file : files) {
    const std::vector<uint8_t> bytes = read_data_file(file.string());
    arrays.emplace_back(file.stem().string(),
                        parse_npy(bytes.data(), bytes.size(), printable(file.string(), 0)));
  }
  return arrays;
}

}  // namespace

std::optional<DataArrays> find_numpy(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  NamedArrays arrays = arrays_of(path);
  if (arrays.empty()) return std::nullopt;
  DataArrays found = arrange(std::move(arrays), path);
  found.name = name_of(path);
  found.description = "NumPy arrays (" + printable(path, 0) + ")";
  return found;
}

}  // namespace sparsys
