// SPDX-License-Identifier: Apache-2.0
// NumPy's files of one array, and data sets of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "golden/network/network.hpp"
#include "tb/fuzz/workplace.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::fuzz {

// `type`: as NumPy names it, "<f4", "|u1" or "<i8".
template <typename T>
std::vector<uint8_t> npy(const char* type, const Shape& shape, const std::vector<T>& values) {
  std::string header = std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (";
  for (const int64_t size : shape) header += std::to_string(size) + ", ";
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::vector<uint8_t> file = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 0, 0};
  file[8] = static_cast<uint8_t>(header.size());
  file[9] = static_cast<uint8_t>(header.size() >> 8);
  file.insert(file.end(), header.begin(), header.end());
  const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
  file.insert(file.end(), bytes, bytes + values.size() * sizeof(T));
  return file;
}

// The values of a .npy file of floats, as the program writes them.
inline std::vector<float> floats_of(const std::vector<uint8_t>& file) {
  if (file.size() < 10) throw std::runtime_error("no .npy file");
  const size_t header = 10 + file[8] + 256 * size_t{file[9]};
  std::vector<float> values((file.size() - header) / sizeof(float));
  std::memcpy(values.data(), file.data() + header, values.size() * sizeof(float));
  return values;
}

enum class Targets { kClasses, kNumbers, kNone };

// Writes x_train, y_train, x_test and y_test into folder `name`: samples of bytes or of floats, 20
// to train on for each `outputs`, at least 60, and 12 to test.
inline void write_data(const Workplace& place, const std::string& name, Dice& dice, Shape shape,
                       int64_t outputs, Targets targets, bool bytes) {
  shape.erase(shape.begin());  // the sample's dimension
  const int64_t inputs = element_count(shape);
  for (const bool test : {false, true}) {
    const int64_t count = test ? 12 : 60;
    Shape all{count};
    all.insert(all.end(), shape.begin(), shape.end());
    const auto file = [&](const char* part) {
      return name + "/" + part + (test ? "_test.npy" : "_train.npy");
    };
    std::vector<uint8_t> pixels;
    std::vector<float> numbers;
    std::vector<int64_t> labels;
    std::vector<float> wanted;
    for (int64_t i = 0; i < count; ++i) {
      const auto label = static_cast<int64_t>(i % std::max<int64_t>(1, outputs));
      labels.push_back(label);
      for (int64_t e = 0; e < inputs; ++e) {
        // Something to learn: the label is in the first values.
        const uint64_t value = e < 2 ? 37 * static_cast<uint64_t>(label + e) : dice.below(256);
        pixels.push_back(static_cast<uint8_t>(value));
        numbers.push_back(static_cast<float>(value % 256) / 64 - 2);
      }
      for (int64_t o = 0; o < outputs; ++o) {
        wanted.push_back(numbers[static_cast<size_t>(i * inputs)] * static_cast<float>(o + 1));
      }
    }
    place.write(file("x"), bytes ? npy("|u1", all, pixels) : npy("<f4", all, numbers));
    if (targets == Targets::kClasses) place.write(file("y"), npy("<i8", {count}, labels));
    if (targets == Targets::kNumbers) place.write(file("y"), npy("<f4", {count, outputs}, wanted));
  }
}

}  // namespace sparsys::fuzz
