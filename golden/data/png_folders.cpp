// SPDX-License-Identifier: Apache-2.0
// Data sets as folders of class folders of PNG images.
#include <png.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/load.hpp"

namespace sparsys {
namespace {

namespace fs = std::filesystem;

struct Picture {
  std::string file;
  uint32_t label = 0;
};

bool is_png(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".png";
}

std::vector<fs::path> sorted(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

// Class folders: those with a PNG image in them.
std::vector<fs::path> class_folders(const fs::path& folder) {
  std::vector<fs::path> classes;
  for (const fs::path& inner : sorted(folder)) {
    std::error_code ignored;
    if (!fs::is_directory(inner, ignored)) continue;
    const std::vector<fs::path> files = sorted(inner);
    if (std::any_of(files.begin(), files.end(), is_png)) classes.push_back(inner);
  }
  return classes;
}

// Names that are numbers in the order of these, else as texts.
std::vector<std::string> class_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto number_of = [](const std::string& text, uint64_t& value) {
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc() && read.ptr == end;
  };
  uint64_t value = 0;
  if (!std::all_of(names.begin(), names.end(),
                   [&](const std::string& name) { return number_of(name, value); })) {
    return names;
  }
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    uint64_t first = 0;
    uint64_t second = 0;
    number_of(a, first);
    number_of(b, second);
    return first < second;
  });
  return names;
}

// An image as rows x cols x (1 or 3) bytes. Throws Error.
class PngFile {
 public:
  explicit PngFile(const std::string& path) : name_(printable(path, 0)) {
    image_.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_file(&image_, path.c_str()) == 0) refuse();
    if (uint64_t{image_.width} * image_.height > (1U << 24)) {
      png_image_free(&image_);
      fail(name_,
           number(image_.height) + "x" + number(image_.width) + " pixels, expected at most 2^24");
    }
  }
  ~PngFile() { png_image_free(&image_); }
  PngFile(const PngFile&) = delete;
  PngFile& operator=(const PngFile&) = delete;

  uint32_t rows() const { return image_.height; }
  uint32_t cols() const { return image_.width; }
  bool coloured() const { return (image_.format & PNG_FORMAT_FLAG_COLOR) != 0; }
  // Appends the pixels; transparent ones on black.
  void read(bool coloured, std::vector<uint8_t>& bytes) {
    image_.format = coloured ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const size_t first = bytes.size();
    bytes.resize(first + PNG_IMAGE_SIZE(image_));
    png_color black = {0, 0, 0};
    if (png_image_finish_read(&image_, &black, &bytes[first], 0, nullptr) == 0) refuse();
  }

 private:
  [[noreturn]] void refuse() {
    const std::string why = image_.message;
    png_image_free(&image_);
    fail(name_, "no PNG image: " + printable(why) + ", expected one of 8 or 16 bits");
  }

  const std::string name_;
  png_image image_ = {};
};

std::vector<Picture> pictures_of(const std::vector<fs::path>& folders,
                                 const std::vector<std::string>& names) {
  std::vector<Picture> pictures;
  for (const fs::path& folder : folders) {
    const auto label = static_cast<uint32_t>(
        std::find(names.begin(), names.end(), folder.filename().string()) - names.begin());
    for (const fs::path& file : sorted(folder)) {
      if (is_png(file)) pictures.push_back({file.string(), label});
    }
  }
  return pictures;
}

// Reads them all, of one size; all with colours if one has any.
void read(const std::vector<Picture>& pictures, bool coloured, const std::string& name,
          Array& samples, Array& labels) {
  uint32_t rows = 0;
  uint32_t cols = 0;
  for (const Picture& picture : pictures) {
    PngFile png(picture.file);
    if (rows == 0) {
      rows = png.rows();
      cols = png.cols();
    }
    if (png.rows() != rows || png.cols() != cols) {
      fail(printable(picture.file, 0), number(png.rows()) + "x" + number(png.cols()) +
                                           " pixels, expected " + number(rows) + "x" +
                                           number(cols) + " as the first image has");
    }
    if (samples.bytes.size() > kMaxDataBytes) {
      fail(name, "more than " + number(kMaxDataBytes) + " bytes, expected a smaller data set");
    }
    png.read(coloured, samples.bytes);
    labels.floats.push_back(static_cast<float>(picture.label));
  }
  samples.name = labels.name = name;
  samples.whole = labels.whole = true;
  samples.shape = {pictures.size(), rows, cols};
  if (coloured) samples.shape.push_back(3);
  labels.shape = {pictures.size()};
}

}  // namespace

std::optional<DataArrays> find_png(const std::string& path) {
  const fs::path folder(path);
  std::vector<fs::path> train = class_folders(folder / "train");
  std::vector<fs::path> test;
  for (const char* name : {"test", "val", "valid"}) {
    if (test.empty() && !train.empty()) test = class_folders(folder / name);
  }
  if (train.empty()) train = class_folders(folder);
  if (train.empty()) return std::nullopt;
  DataArrays found;
  found.has_test = !test.empty();
  std::vector<std::string> names;
  for (const auto* part : {&train, &test}) {
    for (const fs::path& inner : *part) names.push_back(inner.filename().string());
  }
  names = class_names(std::move(names));
  const std::vector<Picture> first = pictures_of(train, names);
  const std::vector<Picture> second = pictures_of(test, names);
  bool coloured = false;
  for (const auto* part : {&first, &second}) {
    for (const Picture& picture : *part) coloured = coloured || PngFile(picture.file).coloured();
  }
  const std::string name = printable(path, 0);
  found.train_targets.emplace();
  read(first, coloured, name, found.train, *found.train_targets);
  if (found.has_test) {
    found.test_targets.emplace();
    read(second, coloured, name, found.test, *found.test_targets);
  }
  found.name = name_of(path);
  found.description = "PNG images of " + number(names.size()) + " classes (" + name + ")";
  return found;
}

}  // namespace sparsys
