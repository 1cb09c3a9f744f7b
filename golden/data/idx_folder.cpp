// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/load.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

enum Part { kTrainImages, kTrainLabels, kTestImages, kTestLabels, kParts };
constexpr std::array<const char*, kParts> kNames = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};

// A file's name without what differs between unpackers.
std::string plain(std::string name) {
  for (char& c : name) {
    c = c == '.' || c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const std::string gz = "-gz";
  if (name.size() > gz.size() && name.compare(name.size() - gz.size(), gz.size(), gz) == 0) {
    name.resize(name.size() - gz.size());
  }
  return name;
}

// Which part a name tells, and the text before it. Names without "idx" are none.
bool read_name(const std::string& name, Part& part, std::string& prefix) {
  const std::string text = plain(name);
  const size_t idx = text.find("idx");
  if (idx == std::string::npos) return false;
  size_t at = text.rfind("train", idx);
  const bool train = at != std::string::npos;
  for (const char* word : {"t10k", "test"}) {
    if (at == std::string::npos) at = text.rfind(word, idx);
  }
  const bool images = text.find("image") != std::string::npos;
  if (at == std::string::npos || images == (text.find("label") != std::string::npos)) return false;
  part = train ? (images ? kTrainImages : kTrainLabels) : (images ? kTestImages : kTestLabels);
  prefix = text.substr(0, at);
  return true;
}

// A file; or what a folder of a file's name has inside.
std::string file_of(const fs::directory_entry& entry) {
  std::error_code ignored;
  if (entry.is_regular_file(ignored)) return entry.path().string();
  if (!entry.is_directory(ignored)) return "";
  std::string found;
  for (const auto& inner : fs::directory_iterator(entry.path(), ignored)) {
    Part part;
    std::string prefix;
    if (inner.is_regular_file(ignored) &&
        read_name(inner.path().filename().string(), part, prefix)) {
      found = std::max(found, inner.path().string());
    }
  }
  return found;
}

// Of two files for one part: what lies in the folder itself, uncompressed.
bool better(const std::string& a, const std::string& b) {
  const auto rank = [](const std::string& path) {
    return std::make_pair(std::count(path.begin(), path.end(), '/'), path.size());
  };
  return rank(a) < rank(b);
}

using Files = std::array<std::string, kParts>;

Array read(const std::string& path) {
  const std::vector<uint8_t> bytes = read_data_file(path);
  return parse_idx(bytes.data(), bytes.size(), printable(path, 0));
}

}  // namespace

std::optional<DataArrays> find_idx(const std::string& path) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  const fs::path folder = is_folder ? fs::path(path) : fs::path(path).parent_path();
  const std::string wanted = is_folder ? "" : plain(fs::path(path).filename().string());
  if (!is_folder && (fs::exists(path, ignored) || wanted.empty())) return std::nullopt;
  std::map<std::string, Files> sets;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
    Part part;
    std::string prefix;
    if (!read_name(entry.path().filename().string(), part, prefix)) continue;
    if (prefix.compare(0, wanted.size(), wanted) != 0) continue;
    const std::string file = file_of(entry);
    std::string& slot = sets[prefix][part];
    if (!file.empty() && (slot.empty() || better(file, slot))) slot = file;
  }
  if (sets.empty()) return std::nullopt;
  const auto& [prefix, files] = *sets.begin();
  if (sets.size() > 1) {
    std::string names;
    for (const auto& set : sets) names += (names.empty() ? "" : ", ") + printable(set.first);
    fail(printable(path, 0), "several data sets, " + names +
                                 "...: expected one, chosen by --data " +
                                 printable(folder.string(), 0) + "/" + printable(prefix));
  }
  for (size_t part = 0; part < kParts; ++part) {
    if (!files[part].empty()) continue;
    std::string there;
    for (const std::string& file : files) {
      if (file.empty()) continue;
      there += (there.empty() ? "" : ", ") + printable(fs::path(file).filename().string());
    }
    fail(printable(path, 0), std::string("no ") + printable(prefix) + kNames[part] +
                                 " or the like, beside " + there +
                                 ", expected images and labels of training and test");
  }
  DataArrays found;
  found.name = name_of(path);
  found.description = "IDX files (" + printable(path, 0) + ")";
  found.train = read(files[kTrainImages]);
  found.train_targets = read(files[kTrainLabels]);
  found.test = read(files[kTestImages]);
  found.test_targets = read(files[kTestLabels]);
  found.has_test = true;
  return found;
}

}  // namespace sparsys
