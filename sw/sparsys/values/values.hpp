// SPDX-License-Identifier: Apache-2.0
// Values of samples in files, for people and for other runtimes: NumPy's .npy (float32), .csv (a
// sample a line, no header) and .json (nested lists, or {"outputs": ...}).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sparsys {

struct Values {
  std::vector<uint64_t> shape;  // samples first
  std::vector<float> values;    // row-major
};

// By the name's end. Throws Error "<path>: ..." if that is another, if the file cannot be read or
// written, or if what is in it are not numbers of one shape.
Values read_values(const std::string& path);
void write_values(const std::string& path, const Values& values);
// Throws Error unless the name ends in .npy, .csv or .json.
void check_values_name(const std::string& path);

struct Difference {
  double largest = 0;
  double mean = 0;
  std::optional<size_t> first;  // index of the first value beyond the tolerance
  size_t beyond = 0;            // how many are
};
// Of as many values; one that is not a number differs from all others.
Difference compare_values(const std::vector<float>& found, const std::vector<float>& expected,
                          double tolerance);

}  // namespace sparsys
