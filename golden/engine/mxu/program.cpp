// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/program.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::mxu {
namespace {

enum Unit : size_t { kMatrix, kActivation, kHostIn, kHostOut, kUnits };
constexpr const char* kUnitNames[] = {"matrix", "activation", "input", "output"};
constexpr uint32_t kPlanes = 9;       // of a parameter set
constexpr uint32_t kMaxRows = 65535;  // of an operation
constexpr uint64_t kMaxWeightBytes = uint64_t{1} << 33;
constexpr size_t kAhead = 2;          // blocks whose weights are asked for in advance
constexpr uint32_t kMaxBehind = 120;  // docs/reference/mxu-timing.md section 11: below 126

std::string number(uint64_t value) { return std::to_string(value); }

uint32_t ceil_divide(uint64_t a, uint64_t b) { return static_cast<uint32_t>((a + b - 1) / b); }

// ---- instructions ----

uint64_t field(const InstructionWords& i, unsigned lsb, unsigned width) {
  uint64_t value = 0;
  for (unsigned b = 0; b < width; ++b) {
    value |= uint64_t{i[(lsb + b) / 32] >> ((lsb + b) % 32) & 1} << b;
  }
  return value;
}

InstructionWords instruction(Opcode opcode) { return {0, 0, static_cast<uint32_t>(opcode) << 24}; }

// `value` must fit; the field must be 0 still.
void put(InstructionWords& i, unsigned lsb, unsigned width, uint64_t value) {
  for (unsigned b = 0; b < width; ++b) {
    i[(lsb + b) / 32] |= static_cast<uint32_t>(value >> b & 1) << ((lsb + b) % 32);
  }
}

// ---- order between the units ----

enum class Space : uint8_t { kBuffer, kAccumulators, kSets };

// Rows that an operation reads or writes.
struct Access {
  Space space = Space::kBuffer;
  uint64_t first = 0;
  uint64_t rows = 0;
  bool write = false;
};

bool conflict(const Access& a, const Access& b) {
  return (a.write || b.write) && a.space == b.space && a.first < b.first + b.rows &&
         b.first < a.first + a.rows;
}

// Finds the waits that the program's order needs: an operation may begin when those of other units
// that touch the same rows are complete. Waits that follow from others are left out.
class Order {
 public:
  // Puts the waits of the next operation of `unit` into its instruction.
  void add(Unit unit, const std::vector<Access>& accesses, InstructionWords& i) {
    Counts needed{};
    for (size_t v = 0; v < kUnits; ++v) {
      if (v == unit) continue;
      const std::vector<Operation>& others = operations_[v];
      for (size_t n = others.size(); n > known_[unit][v]; --n) {
        if (!touches(accesses, others[n - 1].accesses)) continue;
        needed[v] = n;
        break;
      }
    }
    keep_stamps_unambiguous(unit, needed);
    const size_t index = operations_[unit].size();
    for (size_t v = 0; v < kUnits; ++v) {
      if (v == unit || needed[v] <= known_[unit][v]) continue;
      const size_t sent = operations_[v].size();
      const size_t spared = std::min<size_t>(2, sent - needed[v]);
      put(i, static_cast<unsigned>(80 + 2 * v), 2, spared + 1);
      const size_t complete = sent - spared;
      waiting_[v].push_back({unit, index + 1, complete});
      know(unit, v, complete);
    }
    operations_[unit].push_back({accesses, known_[unit]});
  }

 private:
  // Numbers of operations of each unit that are complete.
  using Counts = std::array<size_t, kUnits>;
  struct Operation {
    std::vector<Access> accesses;
    Counts known{};  // when it begins
  };
  // The count-th operation of a unit waits for `complete` operations of another.
  struct Waiting {
    Unit unit;
    size_t count;
    size_t complete;
  };

  static bool touches(const std::vector<Access>& a, const std::vector<Access>& b) {
    return std::any_of(a.begin(), a.end(), [&](const Access& x) {
      return std::any_of(b.begin(), b.end(), [&](const Access& y) { return conflict(x, y); });
    });
  }

  // An operation that waits must begin before too many behind the one it waits for are complete:
  // one that comes so late waits for it in turn.
  void keep_stamps_unambiguous(Unit unit, Counts& needed) {
    std::deque<Waiting>& waiting = waiting_[unit];
    const size_t index = operations_[unit].size();
    while (!waiting.empty() && index + 1 >= waiting.front().complete + kMaxBehind) {
      const Waiting& first = waiting.front();
      needed[first.unit] = std::max(needed[first.unit], first.count);
      waiting.pop_front();
    }
  }

  // What the last of these operations waited for is complete, too.
  void know(Unit unit, size_t v, size_t complete) {
    known_[unit][v] = std::max(known_[unit][v], complete);
    const Counts& theirs = operations_[v][complete - 1].known;
    for (size_t w = 0; w < kUnits; ++w) {
      if (w != unit) known_[unit][w] = std::max(known_[unit][w], theirs[w]);
    }
  }

  std::array<std::vector<Operation>, kUnits> operations_;
  std::array<Counts, kUnits> known_{};
  std::array<std::deque<Waiting>, kUnits> waiting_;
};

// ---- compiler ----

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
  bool rows_as_they_are = false;  // Matrix_Multiply: each pixel gives one of the result
  bool one_result = false;        // Convolve over the images, a tap being an offset
  uint64_t in_base = 0;           // in the unified buffer
  uint64_t out_base = 0;
};

// The work of one range of accumulators: one tile of outputs of some images, or of some lines of
// one image.
struct Block {
  size_t layer = 0;
  uint32_t pass = 0;
  uint32_t first_image = 0;  // in the pass
  uint32_t images = 0;
  uint32_t first_line = 0;  // of the output
  uint32_t lines = 0;
  uint32_t first_conv_line = 0;
  uint32_t conv_lines = 0;
  uint32_t tile = 0;  // of outputs
};

class Compiler {
 public:
  Compiler(const Network& network, uint32_t batch, const Config& config)
      : network_(network),
        config_(config),
        name_("network '" + printable(network.name) + "'"),
        half_(config.acc_depth / 2),
        set_holds_(config.param_sets, kNoSet) {
    program_.config = config;
    program_.batch = batch;
    program_.plane_width = std::min(config.rows, config.cols);
  }

  Program run() {
    check(config_);
    check(network_, name_);
    if (program_.batch < 1) throw Error(name_ + ": a batch of no images");
    plan();
    place_values();
    write_weights();
    write_parameters();
    for (uint32_t pass = 0; pass < program_.passes; ++pass) add_blocks(pass);
    set(15, 0);
    for (size_t b = 0; b < blocks_.size(); ++b) emit(b);
    program_.instructions.push_back(instruction(Opcode::kHalt));
    program_.cycle_bound += 1000 + 16 * program_.instructions.size();
    return std::move(program_);
  }

 private:
  static constexpr size_t kNoSet = ~size_t{0};

  [[noreturn]] void fail(size_t l, const std::string& what) const {
    throw Error(name_ + ": " + layer_name(l, network_.layers[l].name) + ": " + what);
  }

  void check_field(size_t l, int64_t value, int64_t least, int64_t most, const char* what) const {
    if (value >= least && value <= most) return;
    fail(l, std::string(what) + " " + std::to_string(value) + " does not fit, expected " +
                std::to_string(least) + " to " + std::to_string(most));
  }

  const Layer& layer(size_t l) const { return network_.layers[l]; }

  void plan() {
    const uint32_t width = program_.plane_width;
    for (size_t l = 0; l < network_.layers.size(); ++l) {
      const Layer& from = layer(l);
      Plan plan;
      plan.in_planes = ceil_divide(from.channels, width);
      plan.out_planes = ceil_divide(from.outputs, width);
      plan.in_pixels = from.height * from.width;
      plan.out_pixels = from.out_height() * from.out_width();
      plan.conv_height = from.conv_height();
      plan.conv_width = from.conv_width();
      plan.taps = from.window.kernel[0] * from.window.kernel[1];
      const bool no_pad = from.window.pad == std::array<uint32_t, 4>{};
      const std::array<uint32_t, 2> one{1, 1};
      plan.rows_as_they_are =
          no_pad && from.window.kernel == one && (from.window.stride == one || plan.in_pixels == 1);
      plan.one_result =
          !plan.rows_as_they_are && no_pad && plan.conv_height == 1 && plan.conv_width == 1;
      if (plan.one_result) {
        check_field(l, plan.in_pixels, 1, kMaxRows, "pitch");
      } else if (!plan.rows_as_they_are) {
        check_field(l, from.window.kernel[0], 1, 128, "vertical window");
        check_field(l, from.window.kernel[1], 1, 128, "horizontal window");
        check_field(l, -int64_t{from.window.pad[0]}, -128, 0, "vertical padding");
        check_field(l, -int64_t{from.window.pad[1]}, -128, 0, "horizontal padding");
      }
      check_field(l, uint64_t{plan.in_planes} * plan.taps, 1, kMaxRows, "tiles for an output");
      plan.first_tile = program_.tiles;
      program_.tiles += uint64_t{plan.in_planes} * plan.out_planes * plan.taps;
      plans_.push_back(plan);
    }
    const Layer& last = network_.layers.back();
    program_.in_channels = layer(0).channels;
    program_.in_pixels = plans_.front().in_pixels;
    program_.out_channels = last.outputs;
    program_.out_pixels = plans_.back().out_pixels;
  }

  // Inputs and outputs of a layer lie at opposite ends of the unified buffer. The batch is cut into
  // as few passes as they have room for.
  void place_values() {
    uint64_t images = program_.batch;
    for (size_t l = 0; l < plans_.size(); ++l) {
      const uint64_t rows = uint64_t{plans_[l].in_planes} * plans_[l].in_pixels +
                            uint64_t{plans_[l].out_planes} * plans_[l].out_pixels;
      images = std::min(images, config_.ub_depth / rows);
      if (images == 0) {
        fail(l, "input and output of an image take " + number(rows) +
                    " rows of the unified buffer, which has " + number(config_.ub_depth));
      }
    }
    program_.passes = ceil_divide(program_.batch, images);
    pass_images_ = ceil_divide(program_.batch, program_.passes);
    program_.passes = ceil_divide(program_.batch, pass_images_);
    for (size_t l = 0; l < plans_.size(); ++l) {
      Plan& plan = plans_[l];
      const uint64_t in = uint64_t{plan.in_planes} * plan.in_pixels * pass_images_;
      const uint64_t out = uint64_t{plan.out_planes} * plan.out_pixels * pass_images_;
      plan.in_base = l % 2 == 0 ? 0 : config_.ub_depth - in;
      plan.out_base = l % 2 == 0 ? config_.ub_depth - out : 0;
    }
  }

  // Tile (outputs n, inputs k, tap): in this order, the last fastest.
  void write_weights() {
    const uint64_t tile_bytes = uint64_t{config_.rows} * config_.cols;
    if (program_.tiles * tile_bytes > kMaxWeightBytes) {
      throw Error(name_ + ": takes " + number(program_.tiles * tile_bytes) +
                  " bytes of weight memory, which has " + number(kMaxWeightBytes));
    }
    program_.weights.assign(static_cast<size_t>(program_.tiles * tile_bytes), 0);
    const uint32_t width = program_.plane_width;
    for (size_t l = 0; l < plans_.size(); ++l) {
      const Plan& plan = plans_[l];
      const Layer& from = layer(l);
      for (uint32_t o = 0; o < from.outputs; ++o) {
        for (uint32_t c = 0; c < from.channels; ++c) {
          for (uint32_t tap = 0; tap < plan.taps; ++tap) {
            const uint64_t tile = plan.first_tile +
                                  (uint64_t{o / width} * plan.in_planes + c / width) * plan.taps +
                                  tap;
            const uint64_t row = config_.rows - 1 - c % width;  // the array's last row first
            program_.weights[tile * tile_bytes + row * config_.cols + o % width] =
                static_cast<uint8_t>(
                    from.weights[(size_t{o} * from.channels + c) * plan.taps + tap]);
          }
        }
      }
    }
  }

  void write_parameters() {
    const size_t lanes = config_.lanes();
    const uint32_t width = program_.plane_width;
    for (size_t l = 0; l < plans_.size(); ++l) {
      first_set_.push_back(sets_);
      sets_ += plans_[l].out_planes;
    }
    program_.parameters.assign(sets_ * kPlanes * lanes, 0);
    for (size_t l = 0; l < plans_.size(); ++l) {
      const Layer& from = layer(l);
      for (uint32_t o = 0; o < from.outputs; ++o) {
        uint8_t* at =
            &program_.parameters[(first_set_[l] + o / width) * kPlanes * lanes + o % width];
        for (unsigned b = 0; b < 4; ++b) {
          at[b * lanes] = static_cast<uint8_t>(static_cast<uint32_t>(from.bias[o]) >> (8 * b));
          at[(4 + b) * lanes] =
              static_cast<uint8_t>(static_cast<uint32_t>(from.multiplier[o]) >> (8 * b));
        }
        at[8 * lanes] = from.shift[o];
      }
    }
  }

  // ---- blocks ----

  uint32_t images_of(uint32_t pass) const {
    return std::min(pass_images_, program_.batch - pass * pass_images_);
  }

  // Lines first .. first + lines - 1 of the output, and what of the convolution they come from.
  void set_lines(Block& block, uint32_t first, uint32_t lines) const {
    const Window& pool = layer(block.layer).pool;
    block.first_line = first;
    block.lines = lines;
    const uint64_t begin = uint64_t{first} * pool.stride[0];
    const uint64_t end = uint64_t{first + lines - 1} * pool.stride[0] + pool.kernel[0];
    const uint64_t height = plans_[block.layer].conv_height;
    block.first_conv_line = static_cast<uint32_t>(begin > pool.pad[0] ? begin - pool.pad[0] : 0);
    block.conv_lines =
        static_cast<uint32_t>(std::min(end - pool.pad[0], height)) - block.first_conv_line;
  }

  uint32_t rows_of(const Block& block) const {
    return block.images * block.conv_lines * plans_[block.layer].conv_width;
  }

  void add_blocks(uint32_t pass) {
    for (size_t l = 0; l < plans_.size(); ++l) {
      const Plan& plan = plans_[l];
      const uint32_t images = images_of(pass);
      const uint32_t room = std::min(half_, kMaxRows);
      const uint64_t image_rows = uint64_t{plan.conv_height} * plan.conv_width;
      Block block;
      block.layer = l;
      block.pass = pass;
      if (image_rows <= room) {
        const auto most = static_cast<uint32_t>(std::min<uint64_t>(images, room / image_rows));
        const uint32_t group = ceil_divide(images, ceil_divide(images, most));
        set_lines(block, 0, layer(l).out_height());
        // All of it, though no window may reach the last lines.
        block.first_conv_line = 0;
        block.conv_lines = plan.conv_height;
        for (uint32_t first = 0; first < images; first += group) {
          block.first_image = first;
          block.images = std::min(group, images - first);
          add_tiles(block);
        }
        continue;
      }
      block.images = 1;
      const uint32_t strip = lines_that_fit(block, room);
      for (uint32_t image = 0; image < images; ++image) {
        block.first_image = image;
        for (uint32_t first = 0; first < layer(l).out_height(); first += strip) {
          set_lines(block, first, std::min(strip, layer(l).out_height() - first));
          add_tiles(block);
        }
      }
    }
  }

  // The most lines of output whose windows have room in the accumulators, wherever they begin.
  uint32_t lines_that_fit(Block& block, uint32_t room) const {
    const Window& pool = layer(block.layer).pool;
    const uint64_t lines = room / plans_[block.layer].conv_width;
    if (lines < pool.kernel[0]) {
      fail(block.layer, "a line of output takes " +
                            number(uint64_t{pool.kernel[0]} * plans_[block.layer].conv_width) +
                            " accumulators of a channel, a half of them has " + number(half_));
    }
    return static_cast<uint32_t>((lines - pool.kernel[0]) / pool.stride[0] + 1);
  }

  void add_tiles(Block block) {
    for (block.tile = 0; block.tile < plans_[block.layer].out_planes; ++block.tile) {
      blocks_.push_back(block);
    }
  }

  // ---- instructions ----

  void set(uint32_t reg, uint32_t value) {
    const auto found = registers_.find(reg);
    if (found != registers_.end() && found->second == value) return;
    registers_[reg] = value;
    InstructionWords i = instruction(Opcode::kSet);
    put(i, 72, 8, reg);
    put(i, 0, 32, value);
    program_.instructions.push_back(i);
  }

  static uint32_t pair(uint32_t low, uint32_t high) { return low | high << 16; }
  static uint32_t bytes(uint32_t b0, uint32_t b1, uint32_t b2, uint32_t b3) {
    return (b0 & 255) | (b1 & 255) << 8 | (b2 & 255) << 16 | (b3 & 255) << 24;
  }

  void add(Unit unit, const std::vector<Access>& accesses, InstructionWords i, uint64_t cycles) {
    order_.add(unit, accesses, i);
    program_.instructions.push_back(i);
    program_.cycle_bound += cycles + config_.rows + config_.cols + 64;
  }

  void emit(size_t b) {
    const Block& block = blocks_[b];
    for (; weights_asked_ < std::min(b + 1 + kAhead, blocks_.size()); ++weights_asked_) {
      ask_for_weights(blocks_[weights_asked_]);
    }
    // The halves take turns, so that one can be activated while the other is added to.
    const uint32_t rows = rows_of(block);
    uint32_t& next = next_row_[b % 2];
    if (next + rows > half_) next = 0;
    const uint32_t accumulators = static_cast<uint32_t>(b % 2) * half_ + next;
    next += rows;
    const uint32_t set = parameter_set(first_set_[block.layer] + block.tile);
    multiply(block, accumulators);
    activate(block, accumulators, set);
    if (block.layer + 1 == plans_.size()) write_output(block);
  }

  void ask_for_weights(const Block& block) {
    const Plan& plan = plans_[block.layer];
    const uint32_t tiles = plan.in_planes * plan.taps;
    InstructionWords i = instruction(Opcode::kReadWeights);
    put(i, 0, 32, plan.first_tile + uint64_t{block.tile} * tiles);
    put(i, 32, 16, tiles);
    program_.instructions.push_back(i);
    program_.cycle_bound += uint64_t{tiles} * (config_.rows + 8);
  }

  // Loads a set unless it is there; the one loaded longest ago makes room.
  uint32_t parameter_set(size_t wanted) {
    const auto found = std::find(set_holds_.begin(), set_holds_.end(), wanted);
    if (found != set_holds_.end()) return static_cast<uint32_t>(found - set_holds_.begin());
    const uint32_t set = next_set_;
    next_set_ = (next_set_ + 1) % config_.param_sets;
    set_holds_[set] = wanted;
    InstructionWords i = instruction(Opcode::kReadHost);
    put(i, 0, 24, 16 * uint64_t{set});
    put(i, 24, 16, kPlanes);
    put(i, 72, 1, 1);
    add(kHostIn, {{Space::kSets, set, 1, true}}, i, kPlanes);
    program_.input.push_back({true, wanted * kPlanes, 0, kPlanes});
    return set;
  }

  // A transfer of a plane's rows, in as many operations as their length needs.
  void transfer(bool out, uint32_t plane, const Block& block, uint64_t base, uint32_t first_pixel,
                uint32_t pixels, uint32_t pixels_of_image) {
    const uint64_t in_pass = uint64_t{block.first_image} * pixels_of_image + first_pixel;
    const uint64_t pass_rows = uint64_t{pass_images_} * pixels_of_image;
    const uint64_t first = base + plane * pass_rows + in_pass;
    const uint64_t all = uint64_t{block.images - 1} * pixels_of_image + pixels;
    for (uint64_t done = 0; done < all; done += kMaxRows) {
      const auto rows = static_cast<uint32_t>(std::min<uint64_t>(kMaxRows, all - done));
      InstructionWords i = instruction(out ? Opcode::kWriteHost : Opcode::kReadHost);
      put(i, 0, 24, first + done);
      put(i, 24, 16, rows);
      add(out ? kHostOut : kHostIn, {{Space::kBuffer, first + done, rows, !out}}, i, rows);
      (out ? program_.output : program_.input)
          .push_back({false, block.pass * pass_rows + in_pass + done, plane, rows});
    }
  }

  // Reads a plane of the input of a block's images, unless it is there, and the one needed next.
  void read_input(const Block& block, uint32_t plane) {
    if (block.pass != loads_pass_) {
      loads_pass_ = block.pass;
      loads_ = 0;
      group_ = block.images;
    }
    const uint32_t planes = plans_[0].in_planes;
    const uint32_t images = images_of(block.pass);
    const uint64_t all = uint64_t{ceil_divide(images, group_)} * planes;
    const uint64_t wanted = uint64_t{block.first_image / group_} * planes + plane;
    for (; loads_ < std::min(wanted + 2, all); ++loads_) {
      Block part = block;
      part.first_image = static_cast<uint32_t>(loads_ / planes) * group_;
      part.images = std::min(group_, images - part.first_image);
      transfer(false, static_cast<uint32_t>(loads_ % planes), part, plans_[0].in_base, 0,
               program_.in_pixels, program_.in_pixels);
    }
  }

  void write_output(const Block& block) {
    const Plan& plan = plans_[block.layer];
    const uint32_t width = layer(block.layer).out_width();
    transfer(true, block.tile, block, plan.out_base, block.first_line * width, block.lines * width,
             plan.out_pixels);
  }

  // All products of a block: tile by tile, each over all its images.
  void multiply(const Block& block, uint32_t accumulators) {
    const Plan& plan = plans_[block.layer];
    const Layer& from = layer(block.layer);
    // Above it a strip needs no lines; what is outside of the map is known by its number.
    uint32_t hidden = 0;
    if (plan.one_result) {
      set(0, pair(block.images, 1));
      set(1, pair(1, block.images));
      set(2, pair(plan.in_pixels, 0) | 1U << 16 | 1U << 24);
    } else if (!plan.rows_as_they_are) {
      const uint64_t top = uint64_t{block.first_conv_line} * from.window.stride[0];
      hidden = static_cast<uint32_t>(top > from.window.pad[0] ? top - from.window.pad[0] : 0);
      set(0, pair(from.height - hidden, from.width));
      set(1, pair(plan.conv_width, block.conv_lines));
      set(2, pair(from.width, 0) | from.window.stride[0] << 16 | from.window.stride[1] << 24);
      set(3, static_cast<uint8_t>(from.input_zero));
    }
    const uint32_t used_columns = used(from.outputs, block.tile);
    for (uint32_t k = 0; k < plan.in_planes; ++k) {
      if (block.layer == 0) read_input(block, k);
      const uint64_t plane = plan.in_base + uint64_t{k} * pass_images_ * plan.in_pixels;
      for (uint32_t tap = 0; tap < plan.taps; ++tap) {
        const uint32_t ky = tap / from.window.kernel[1];
        const uint32_t kx = tap % from.window.kernel[1];
        const uint64_t first = plane + uint64_t{block.first_image} * plan.in_pixels;
        InstructionWords i =
            instruction(plan.rows_as_they_are ? Opcode::kMatrixMultiply : Opcode::kConvolve);
        put(i, 56, 8, used(from.channels, k) - 1);
        put(i, 64, 8, used_columns - 1);
        put(i, 73, 1, k + tap != 0);
        if (plan.rows_as_they_are) {
          const uint32_t line = plan.conv_width;
          multiply_rows(i, first + uint64_t{block.first_conv_line} * line, accumulators,
                        rows_of(block), rows_of(block), true);
        } else if (plan.one_result) {
          const uint64_t extent = uint64_t{block.images - 1} * plan.in_pixels + 1;
          multiply_rows(i, first + uint64_t{ky} * from.width + kx, accumulators, block.images,
                        extent, true);
        } else {
          const uint64_t top = uint64_t{block.first_conv_line} * from.window.stride[0];
          const int64_t dy = static_cast<int64_t>(top) + ky - int64_t{from.window.pad[0]} - hidden;
          const int64_t dx = int64_t{kx} - from.window.pad[1];
          put(i, 40, 8, static_cast<uint8_t>(dy));
          put(i, 48, 8, static_cast<uint8_t>(dx));
          const uint32_t rows = block.conv_lines * plan.conv_width;
          const uint64_t extent = uint64_t{from.height - hidden} * from.width;
          for (uint32_t image = 0; image < block.images; ++image) {
            multiply_rows(i,
                          first + uint64_t{image} * plan.in_pixels + uint64_t{hidden} * from.width,
                          accumulators + image * rows, rows, extent, image == 0);
          }
        }
      }
    }
  }

  // Values of a plane that are there.
  uint32_t used(uint32_t values, uint32_t plane) const {
    return std::min(program_.plane_width, values - plane * program_.plane_width);
  }

  // `i` has all fields but places, the length of a Matrix_Multiply and `switch`.
  void multiply_rows(InstructionWords i, uint64_t first, uint32_t accumulators, uint32_t rows,
                     uint64_t extent, bool take) {
    put(i, 0, 24, first);
    put(i, 24, 16, accumulators);
    if (operation_of(i) == Opcode::kMatrixMultiply) put(i, 40, 16, rows);
    put(i, 72, 1, take);
    add(kMatrix,
        {{Space::kBuffer, first, extent, false}, {Space::kAccumulators, accumulators, rows, true}},
        i, rows);
  }

  void activate(const Block& block, uint32_t accumulators, uint32_t parameters) {
    const Plan& plan = plans_[block.layer];
    const Layer& from = layer(block.layer);
    const Window& pool = from.pool;
    set(8, bytes(static_cast<uint8_t>(from.output_zero), static_cast<uint8_t>(from.low),
                 static_cast<uint8_t>(from.high), 0));
    const uint32_t width = from.out_width();
    InstructionWords i = instruction(Opcode::kActivate);
    put(i, 56, 8, parameters);
    put(i, 72, 2, static_cast<uint64_t>(from.function));
    put(i, 74, 2, static_cast<uint64_t>(from.pooling));
    const uint64_t first =
        plan.out_base +
        (uint64_t{block.tile} * pass_images_ + block.first_image) * plan.out_pixels +
        uint64_t{block.first_line} * width;
    if (from.pooling == Pooling::kNone) {
      activate_rows(i, first, accumulators, rows_of(block), rows_of(block), parameters, 1);
      return;
    }
    // Images under one another are one map if no window reaches from one into the next.
    const bool together = pool.pad[0] == 0 && pool.kernel[0] <= pool.stride[0] &&
                          block.lines * pool.stride[0] == block.conv_lines;
    const uint32_t maps = together ? 1 : block.images;
    const uint32_t stacked = together ? block.images : 1;
    const int64_t dy =
        int64_t{block.first_line} * pool.stride[0] - pool.pad[0] - int64_t{block.first_conv_line};
    check_field(block.layer, dy, -128, 127, "pooling's vertical padding");
    check_field(block.layer, -int64_t{pool.pad[1]}, -128, 127, "pooling's horizontal padding");
    set(9, pair(stacked * block.conv_lines, plan.conv_width));
    set(10, pair(width, 0) | pool.stride[0] << 16 | pool.stride[1] << 24);
    set(11, bytes(pool.kernel[0], pool.kernel[1], static_cast<uint8_t>(dy),
                  static_cast<uint8_t>(-static_cast<int64_t>(pool.pad[1]))));
    const uint32_t values = pool.kernel[0] * pool.kernel[1];
    if (from.pooling == Pooling::kAverage) {
      set(12, ((1U << 25) / values + 1) / 2);
      set(13, (1U << 23) + 64 * values);
    }
    const uint32_t extent = stacked * block.conv_lines * plan.conv_width;
    for (uint32_t map = 0; map < maps; ++map) {
      activate_rows(i, first + uint64_t{map} * plan.out_pixels, accumulators + map * extent,
                    stacked * block.lines * width, extent, parameters, values);
    }
  }

  void activate_rows(InstructionWords i, uint64_t first, uint32_t accumulators, uint32_t rows,
                     uint32_t extent, uint32_t parameters, uint32_t values) {
    put(i, 0, 24, first);
    put(i, 24, 16, accumulators);
    put(i, 40, 16, rows);
    add(kActivation,
        {{Space::kBuffer, first, rows, true},
         {Space::kAccumulators, accumulators, extent, false},
         {Space::kSets, parameters, 1, false}},
        i, uint64_t{rows} * values);
  }

  const Network& network_;
  const Config& config_;
  const std::string name_;
  const uint32_t half_;  // rows of accumulators
  Program program_;
  std::vector<Plan> plans_;
  uint32_t pass_images_ = 0;
  std::vector<Block> blocks_;
  Order order_;
  std::map<uint32_t, uint32_t> registers_;
  size_t weights_asked_ = 0;  // blocks
  std::array<uint32_t, 2> next_row_{};
  // Sets of MxuProgram::parameters, and which of them is where.
  size_t sets_ = 0;
  std::vector<size_t> first_set_;  // of a layer
  std::vector<size_t> set_holds_;
  uint32_t next_set_ = 0;
  // Input that was read: groups of images times planes.
  uint32_t loads_pass_ = ~0U;
  uint64_t loads_ = 0;
  uint32_t group_ = 0;
};

int64_t signed_byte(uint64_t value) { return static_cast<int8_t>(value); }

// ---- text ----

std::string waits_of(const InstructionWords& i) {
  std::string text;
  for (unsigned u = 0; u < kUnits; ++u) {
    const uint64_t wait = field(i, 80 + 2 * u, 2);
    if (wait == 0) continue;
    text += (text.empty() ? "; waits for " : ", ") + std::string(kUnitNames[u]);
    if (wait > 1) text += " but " + number(wait - 1);
  }
  return text;
}

std::string set_text(uint64_t reg, uint64_t value) {
  const auto part = [value](unsigned lsb, unsigned width) {
    return number(value >> lsb & ((uint64_t{1} << width) - 1));
  };
  const auto byte = [value](unsigned lsb) {
    return std::to_string(signed_byte(value >> lsb & 255));
  };
  switch (reg) {
    case 0:
    case 9:
      return (reg == 0 ? "map " : "pooled map ") + part(0, 16) + " x " + part(16, 16);
    case 1:
      return "result " + part(16, 16) + " x " + part(0, 16);
    case 2:
      return "pitch " + part(0, 16) + ", stride " + part(16, 8) + " x " + part(24, 8);
    case 3:
      return "padding " + byte(0);
    case 8:
      return "zero " + byte(0) + ", low " + byte(8) + ", high " + byte(16);
    case 10:
      return "pooled width " + part(0, 16) + ", stride " + part(16, 8) + " x " + part(24, 8);
    case 11:
      return "window " + part(0, 8) + " x " + part(8, 8) + " from " + byte(16) + ", " + byte(24);
    case 12:
      return "average multiplier " + part(0, 25);
    case 13:
      return "average round " + part(0, 24);
    case 15:
      return "counters to 0";
    default:
      return "unknown register " + number(reg) + ", value " + number(value);
  }
}

}  // namespace

Opcode operation_of(const InstructionWords& i) { return static_cast<Opcode>(field(i, 88, 8)); }

std::string disassemble(const InstructionWords& i) {
  constexpr const char* kPoolings[] = {"", ", maximum of windows", ", mean of windows",
                                       ", mean of windows"};
  const std::string ub = "ub " + number(field(i, 0, 24));
  const std::string acc = "acc " + number(field(i, 24, 16));
  const auto rows = [&i](unsigned lsb) {
    const uint64_t count = field(i, lsb, 16);
    return number(count) + (count == 1 ? " row" : " rows");
  };
  const std::string waits = waits_of(i);
  switch (operation_of(i)) {
    case Opcode::kNop:
      return "Nop";
    case Opcode::kReadWeights:
      return "Read_Weights tile " + number(field(i, 0, 32)) + ", " + number(field(i, 32, 16)) +
             " tiles";
    case Opcode::kMatrixMultiply:
    case Opcode::kConvolve: {
      const bool convolve = operation_of(i) == Opcode::kConvolve;
      std::string text = convolve ? "Convolve " : "Matrix_Multiply ";
      text += ub + ", " + acc + ", ";
      text += convolve ? "tap " + std::to_string(signed_byte(field(i, 40, 8))) + ", " +
                             std::to_string(signed_byte(field(i, 48, 8)))
                       : rows(40);
      text += ", uses " + number(field(i, 56, 8) + 1) + " x " + number(field(i, 64, 8) + 1);
      if (field(i, 72, 1) != 0) text += ", switch";
      if (field(i, 73, 1) != 0) text += ", add";
      return text + waits;
    }
    case Opcode::kActivate:
      return "Activate " + ub + ", " + acc + ", " + rows(40) + ", set " + number(field(i, 56, 8)) +
             ", " + to_string(static_cast<Function>(field(i, 72, 2))) + kPoolings[field(i, 74, 2)] +
             waits;
    case Opcode::kReadHost:
      if (field(i, 72, 1) != 0) {
        return "Read_Host set " + number(field(i, 4, 20)) + ", plane " + number(field(i, 0, 4)) +
               ", " + number(field(i, 24, 16)) + " planes" + waits;
      }
      return "Read_Host " + ub + ", " + rows(24) + waits;
    case Opcode::kWriteHost:
      return "Write_Host " + ub + ", " + rows(24) + waits;
    case Opcode::kSet:
      return "Set " + set_text(field(i, 72, 8), field(i, 0, 32));
    case Opcode::kSynchronise:
      return "Synchronise";
    case Opcode::kHalt:
      return "Halt";
    default:
      return "unknown operation " + number(field(i, 88, 8));
  }
}

Program compile(const Network& network, uint32_t batch, const Config& config) {
  return Compiler(network, batch, config).run();
}

std::vector<uint8_t> host_rows(const Program& program, const std::vector<int8_t>& inputs) {
  const uint64_t pixels = program.in_pixels;
  const uint64_t elements = uint64_t{program.batch} * program.in_channels * pixels;
  if (inputs.size() != elements) {
    throw Error("batch has " + number(inputs.size()) + " elements, expected " + number(elements));
  }
  const size_t lanes = program.config.lanes();
  std::vector<uint8_t> rows;
  for (const Transfer& transfer : program.input) {
    if (transfer.parameters) {
      const auto from = program.parameters.begin() + static_cast<ptrdiff_t>(transfer.first * lanes);
      rows.insert(rows.end(), from, from + static_cast<ptrdiff_t>(transfer.rows * lanes));
      continue;
    }
    const uint64_t first_channel = uint64_t{transfer.plane} * program.plane_width;
    const uint64_t channels =
        std::min<uint64_t>(program.plane_width, program.in_channels - first_channel);
    for (uint64_t p = transfer.first; p < transfer.first + transfer.rows; ++p) {
      const size_t at = rows.size();
      rows.resize(at + lanes);
      for (uint64_t c = 0; c < channels; ++c) {
        rows[at + c] = static_cast<uint8_t>(
            inputs[(p / pixels * program.in_channels + first_channel + c) * pixels + p % pixels]);
      }
    }
  }
  return rows;
}

std::vector<int8_t> outputs_of(const Program& program, const std::vector<uint8_t>& rows) {
  const size_t lanes = program.config.lanes();
  uint64_t expected = 0;
  for (const Transfer& transfer : program.output) expected += transfer.rows;
  if (rows.size() != expected * lanes) {
    throw Error(number(rows.size() / lanes) + " rows of output, expected " + number(expected));
  }
  const uint64_t pixels = program.out_pixels;
  std::vector<int8_t> outputs(uint64_t{program.batch} * program.out_channels * pixels);
  const uint8_t* row = rows.data();
  for (const Transfer& transfer : program.output) {
    const uint64_t first_channel = uint64_t{transfer.plane} * program.plane_width;
    const uint64_t channels =
        std::min<uint64_t>(program.plane_width, program.out_channels - first_channel);
    for (uint64_t p = transfer.first; p < transfer.first + transfer.rows; ++p, row += lanes) {
      for (uint64_t c = 0; c < channels; ++c) {
        outputs[(p / pixels * program.out_channels + first_channel + c) * pixels + p % pixels] =
            static_cast<int8_t>(row[c]);
      }
    }
  }
  return outputs;
}

}  // namespace sparsys::mxu
