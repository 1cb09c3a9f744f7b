// SPDX-License-Identifier: Apache-2.0
// Where the compiler puts a network's values, weights and parameters
// (docs/reference/mxu-compile.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/mxu/program.hpp"
#include "golden/network/mxu_network.hpp"

namespace sparsys::mxu {

constexpr uint32_t kPlanes = 9;       // of a parameter set
constexpr uint32_t kMaxRows = 65535;  // of an operation

inline uint32_t ceil_divide(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>((a + b - 1) / b);
}

// What a layer's maps and weights look like in the machine.
struct Plan {
  uint32_t in_planes = 0;
  uint32_t out_planes = 0;
  uint32_t in_pixels = 0;
  uint32_t out_pixels = 0;
  uint32_t conv_height = 0;
  uint32_t conv_width = 0;
  uint32_t taps = 0;
  uint64_t first_tile = 0;
  size_t first_set = 0;           // of Program::parameters
  bool rows_as_they_are = false;  // Matrix_Multiply: each pixel gives one of the result
  bool one_result = false;        // Convolve over the images, a tap being an offset
  uint64_t in_base = 0;           // in the unified buffer
  uint64_t out_base = 0;
};

struct Layout {
  // Of program.config and program.batch; fills in the program's sizes, passes, weights and
  // parameters. Throws Error as compile().
  Layout(const Network& network, Program& program);

  std::vector<Plan> plans;  // of the layers
  uint32_t pass_images = 0;

  // Throws Error about a layer; the second unless the value is from `least` to `most`.
  [[noreturn]] void fail(size_t l, const std::string& what) const;
  void check_field(size_t l, int64_t value, int64_t least, int64_t most, const char* what) const;

 private:
  void plan(Program& program);
  void place_values(Program& program);
  void write_weights(Program& program) const;
  void write_parameters(Program& program);

  const Network& network_;
  const std::string name_;
};

}  // namespace sparsys::mxu
