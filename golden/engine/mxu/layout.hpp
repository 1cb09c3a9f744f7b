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

constexpr uint32_t kPlanes = 9;                 // of a parameter set
constexpr uint32_t kMaxRows = 65535;            // of an operation
constexpr uint32_t kMaxBeats = (1U << 24) - 1;  // of weights, of an operation

inline uint32_t ceil_divide(uint64_t a, uint64_t b) {
  return static_cast<uint32_t>((a + b - 1) / b);
}

// Rows of the unified buffer that hold what one layer gives, or the input: planes of pixels.
struct Storage {
  uint32_t planes = 0;
  uint32_t pixels = 0;
  size_t made_by = 0;   // number of its value: the layer's number + 1, 0 for the input
  size_t last_use = 0;  // layer + 1; one more than all if it is part of the output
  uint64_t base = 0;
  // Of each plane, the lane of each of its channels; empty: channel c has lane c.
  std::vector<std::vector<uint16_t>> lanes;

  uint32_t lane(uint32_t plane, uint32_t channel) const {
    return lanes.empty() || lanes[plane].empty() ? channel : lanes[plane][channel];
  }
  uint64_t rows(uint64_t images) const { return uint64_t{planes} * pixels * images; }
};

// A plane of a value: channels first_channel .. in lanes of a plane of a storage.
struct Plane {
  uint32_t first_channel = 0;
  uint32_t channels = 0;
  size_t storage = 0;
  uint32_t index = 0;
};

// One operation of the array for each image or block: a plane times a tile.
struct Step {
  uint32_t operand = 0;  // of an Add
  uint32_t plane = 0;    // of the value
  uint32_t tap = 0;
  bool take = false;  // another tile than that of the step before
  uint32_t used_rows = 0;
  uint32_t used_columns = 0;
};

// What makes one plane of a layer's output.
struct OutPlane {
  std::vector<Step> steps;
  uint64_t first_beat = 0;
  // Beats from there, a codebook's with them, to the end of each of its tiles.
  std::vector<uint64_t> tile_ends;
};

// What a layer looks like in the machine. Concat and Reshape are other names of values: no plan.
struct Plan {
  bool computes = false;
  uint32_t operands = 1;  // values that it takes, each with accumulators of its own
  std::vector<std::vector<Plane>> inputs;  // planes of each
  std::vector<OutPlane> outputs;
  size_t storage = 0;  // of the output
  uint32_t in_pixels = 0;
  uint32_t out_pixels = 0;
  uint32_t conv_height = 0;
  uint32_t conv_width = 0;
  size_t first_set = 0;           // of Program::parameters
  uint32_t sets = 0;              // for all its planes, if they share them
  bool shared_sets = false;       // all planes have the same
  bool rows_as_they_are = false;  // Matrix_Multiply: each pixel gives one of the result
  bool one_result = false;        // Convolve over the images, a tap being an offset
  bool apart = false;             // Convolve over each line: its pixels are columns of maps
  bool coded = false;             // weights as codes; a codebook in front of each output plane's
};

struct Layout {
  // Of program.config and program.batch; fills in the program's sizes, passes, weights and
  // parameters. Throws Error as compile().
  Layout(const Network& network, Program& program);

  std::vector<Plan> plans;  // of the layers
  std::vector<Storage> storages;
  std::vector<Plane> output;  // planes of the network's output
  uint32_t pass_images = 0;

  // Row of the unified buffer of an image's first pixel.
  uint64_t row_of(const Plane& plane, uint64_t image) const;

  // Throws Error about a layer; the second unless the value is from `least` to `most`.
  [[noreturn]] void fail(size_t l, const std::string& what) const;
  void check_field(size_t l, int64_t value, int64_t least, int64_t most, const char* what) const;

 private:
  void plan(Program& program);
  std::vector<Plane> planes_of(size_t l, const std::vector<std::vector<Plane>>& values) const;
  void check_windows(size_t l, Plan& plan) const;
  bool place(uint64_t images, uint64_t depth, bool both_ends);
  void place_values(Program& program);
  void write_parameters(Program& program);

  const Network& network_;
  const std::string name_;
};

// Steps, tiles and weights of a layer's output planes (golden/engine/mxu/tiles/tiles.cpp): appends
// to program.weights, fills in program.layers.back() and the lanes of the storage it writes. With
// `in_order` outputs are not dealt to other lanes. `name` is for errors.
void add_tiles(const Layer& layer, Plan& plan, std::vector<Storage>& storages, Program& program,
               bool in_order, const std::string& name);

}  // namespace sparsys::mxu
