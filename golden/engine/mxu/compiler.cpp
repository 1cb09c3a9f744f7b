// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/compiler.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "golden/base/text.hpp"
#include "golden/engine/mxu/average.hpp"
#include "golden/engine/mxu/blocks.hpp"
#include "golden/engine/mxu/instruction.hpp"
#include "golden/engine/mxu/layout.hpp"
#include "golden/engine/mxu/order.hpp"

namespace sparsys::mxu {
namespace {

constexpr size_t kAhead = 4;  // parts whose weights are asked for in advance

Instruction instruction(Opcode opcode) {
  Instruction i;
  i.opcode = opcode;
  return i;
}

class Compiler {
 public:
  // `start`: what the program is to be.
  Compiler(const Network& network, const Config& config, Program start)
      : network_(network),
        config_(config),
        half_(config.acc_depth / 2),
        program_(std::move(start)),
        layout_(network, program_),
        plans_(layout_.plans),
        set_holds_(config.param_sets, kNoSet) {}

  Program run() {
    if (program_.resident && program_.passes > 1) {
      layout_.fail(0, "the batch goes through in " + number(program_.passes) +
                          " passes, expected one where nothing is loaded on the way");
    }
    for (uint32_t pass = 0; pass < program_.passes; ++pass) {
      const std::vector<Block> blocks = blocks_of(network_, layout_, half_, pass, images_of(pass));
      blocks_.insert(blocks_.end(), blocks.begin(), blocks.end());
    }
    set(Register::kClearCounters, {});
    accumulators_.resize(blocks_.size());
    parts_ = parts_of(blocks_, layout_, program_);
    for (size_t p = 0; p < parts_.size(); ++p) emit(p);
    push(instruction(Opcode::kHalt));
    program_.cycle_bound += 1000 + 16 * program_.instructions.size();
    program_.checksum = image_checksum(program_);
    return std::move(program_);
  }

 private:
  static constexpr size_t kNoSet = ~size_t{0};

  const Layer& layer(size_t l) const { return network_.layers[l]; }

  uint32_t images_of(uint32_t pass) const {
    return std::min(layout_.pass_images, program_.batch - pass * layout_.pass_images);
  }

  // Of an operand.
  uint32_t rows_of(const Block& block) const { return block.rows(plans_[block.layer]); }

  void push(const Instruction& i) { program_.instructions.push_back(encode(i)); }

  // Unless it has this value already.
  void set(Register reg, const Setting& setting) {
    const Instruction i = set_of(reg, setting);
    const auto [found, added] = registers_.insert({reg, i.value});
    if (!added && found->second == i.value) return;
    found->second = i.value;
    push(i);
  }

  void add(UnitNumber unit, const std::vector<Access>& accesses, Instruction i, uint64_t cycles) {
    i.waits = order_.add(unit, accesses);
    push(i);
    program_.cycle_bound += cycles + config_.rows + config_.cols + 64;
  }

  const std::vector<Step>& steps_of(size_t b) const { return blocks_[b].output(layout_).steps; }

  void emit(size_t p) {
    const Part& part = parts_[p];
    const size_t b = part.block;
    const Block& block = blocks_[b];
    for (; weights_asked_ < std::min(p + 1 + kAhead, parts_.size()); ++weights_asked_) {
      ask_for_weights(parts_[weights_asked_]);
    }
    if (part.first_step == 0) accumulators_[b] = place(block, part);
    const bool last = part.end_step == steps_of(b).size();
    uint32_t set = 0;
    if (last) {
      const Plan& plan = plans_[block.layer];
      set = parameter_sets(plan.first_set + (plan.shared_sets ? 0 : block.tile), plan.sets);
    }
    multiply(block, accumulators_[b], part);
    if (!last) return;
    activate(block, accumulators_[b], set);
    write_output(b);
  }

  // The first of a block's accumulators. The halves take turns, so that one can be activated while
  // the other is added to.
  uint32_t place(const Block& block, const Part& part) {
    const uint32_t rows = plans_[block.layer].operands * rows_of(block);
    uint32_t& next = next_row_[part.half];
    if (next + part.blocks * rows > half_) next = 0;
    const uint32_t first = part.half * half_ + next;
    next += rows;
    return first;
  }

  void ask_for_weights(const Part& part) {
    const Block& block = blocks_[part.block];
    const Plan& plan = plans_[block.layer];
    const OutPlane& out = plan.outputs[block.tile];
    const auto taken = [&out](size_t end) {  // tiles of the steps in front of it
      return std::count_if(out.steps.begin(), out.steps.begin() + static_cast<ptrdiff_t>(end),
                           [](const Step& step) { return step.take; });
    };
    const auto first = static_cast<size_t>(taken(part.first_step));
    const auto end = static_cast<size_t>(taken(part.end_step));
    const uint64_t begin = first == 0 ? 0 : out.tile_ends[first - 1];
    Instruction i = instruction(Opcode::kReadWeights);
    i.beat = static_cast<uint32_t>(out.first_beat + begin);
    i.beats = static_cast<uint32_t>(out.tile_ends[end - 1] - begin);
    i.tiles = static_cast<uint32_t>(end - first);
    i.raw = !plan.coded;
    i.codebook = plan.coded && first == 0;
    push(i);
    // The memory's beats, then a bus with an entry for every position, one behind the other.
    program_.cycle_bound += 2 * uint64_t{i.beats} + uint64_t{i.tiles} * (4 * config_.rows + 64);
  }

  // Loads sets that follow one another unless they are there; those loaded longest ago make room.
  uint32_t parameter_sets(size_t wanted, uint32_t count) {
    for (uint32_t set = 0; set + count <= config_.param_sets; ++set) {
      uint32_t same = 0;
      while (same < count && set_holds_[set + same] == wanted + same) ++same;
      if (same == count) return set;
    }
    if (next_set_ + count > config_.param_sets) next_set_ = 0;
    const uint32_t first = next_set_;
    next_set_ = (next_set_ + count) % config_.param_sets;
    for (uint32_t s = 0; s < count; ++s) {
      if (program_.resident && set_holds_[first + s] != kNoSet) {
        layout_.fail(0, "more than " + number(config_.param_sets) +
                            " parameter sets, expected that all are there");
      }
      set_holds_[first + s] = wanted + s;
      Instruction i = instruction(Opcode::kReadHost);
      i.parameters = true;
      i.buffer = 16 * (first + s);
      i.length = kPlanes;
      if (!program_.resident) add(kHostInUnit, {{Space::kSets, first + s, 1, true}}, i, kPlanes);
      program_.input.push_back({true, (wanted + s) * kPlanes, 0, kPlanes, i.buffer});
    }
    return first;
  }

  // A transfer of a plane's rows, in as many operations as their length needs. `number`: that of
  // the plane in the input or output.
  void transfer(bool out, const Plane& plane, uint32_t number, const Block& block,
                uint32_t first_pixel, uint32_t pixels, uint32_t pixels_of_image) {
    const uint64_t in_pass = uint64_t{block.first_image} * pixels_of_image + first_pixel;
    const uint64_t pass_rows = uint64_t{layout_.pass_images} * pixels_of_image;
    const uint64_t first = layout_.row_of(plane, 0) + in_pass;
    const uint64_t all = uint64_t{block.images - 1} * pixels_of_image + pixels;
    for (uint64_t done = 0; done < all; done += kMaxRows) {
      const auto rows = static_cast<uint32_t>(std::min<uint64_t>(kMaxRows, all - done));
      Instruction i = instruction(out ? Opcode::kWriteHost : Opcode::kReadHost);
      i.buffer = static_cast<uint32_t>(first + done);
      i.length = rows;
      if (!program_.resident) {
        add(out ? kHostOutUnit : kHostInUnit, {{Space::kBuffer, first + done, rows, !out}}, i,
            rows);
      }
      (out ? program_.output : program_.input)
          .push_back({false, block.pass * pass_rows + in_pass + done, number, rows, i.buffer});
    }
  }

  // Reads a plane of the network's input for a block's images, unless it is there, and the one
  // needed next.
  void read_input(const Block& block, uint32_t plane) {
    if (block.pass != loads_pass_) {
      loads_pass_ = block.pass;
      loads_ = 0;
      group_ = block.images;
    }
    const uint32_t planes = layout_.storages[0].planes;
    const uint32_t images = images_of(block.pass);
    const uint64_t all = uint64_t{ceil_divide(images, group_)} * planes;
    const uint64_t wanted =
        uint64_t{(block.first_image + block.images - 1) / group_} * planes + plane;
    for (; loads_ < std::min(wanted + 2, all); ++loads_) {
      Block part = block;
      part.first_image = static_cast<uint32_t>(loads_ / planes) * group_;
      part.images = std::min(group_, images - part.first_image);
      const auto number = static_cast<uint32_t>(loads_ % planes);
      transfer(false, {0, 0, 0, number}, number, part, 0, program_.in_pixels, program_.in_pixels);
    }
  }

  // What the block gives of the output; at the end of a pass, what others gave.
  void write_output(size_t b) {
    const Block& block = blocks_[b];
    const Plan& plan = plans_[block.layer];
    const bool last_layer = block.layer + 1 == plans_.size();
    const bool pass_ends = b + 1 == blocks_.size() || blocks_[b + 1].pass != block.pass;
    for (uint32_t n = 0; n < layout_.output.size(); ++n) {
      const Plane& plane = layout_.output[n];
      if (last_layer) {
        if (plane.index != block.tile) continue;
        const uint32_t width = layer(block.layer).out_width();
        transfer(true, plane, n, block, block.first_line * width, block.lines * width,
                 plan.out_pixels);
      } else if (pass_ends) {
        Block all;
        all.pass = block.pass;
        all.images = images_of(block.pass);
        transfer(true, plane, n, all, 0, program_.out_pixels, program_.out_pixels);
      }
    }
  }

  // Products of a block: step by step, each over all its images.
  void multiply(const Block& block, uint32_t accumulators, const Part& part) {
    const Plan& plan = plans_[block.layer];
    const Layer& from = layer(block.layer);
    const Window& window = from.window;
    // Above it a strip needs no lines; what is outside of the map is known by its number.
    uint32_t hidden = 0;
    const uint64_t top = uint64_t{block.first_conv_line} * window.stride[0];
    if (!plan.rows_as_they_are) {
      Setting s;
      s.stride_y = s.stride_x = 1;
      if (plan.apart) {
        // A pixel is a map of one: what is beside it in a line is outside.
        s.in_h = s.out_h = from.width;
        s.in_w = s.pitch = 1;
        s.out_w = from.apart[1];
        s.zero = from.input_zero;
      } else if (plan.one_result) {
        s.in_h = s.out_h = block.images;
        s.in_w = s.out_w = 1;
        s.pitch = plan.in_pixels;
      } else {
        hidden = static_cast<uint32_t>(top > window.pad[0] ? top - window.pad[0] : 0);
        s.in_h = from.height - hidden;
        s.in_w = s.pitch = from.width;
        s.out_h = block.conv_lines;
        s.out_w = plan.conv_width;
        s.stride_y = window.stride[0];
        s.stride_x = window.stride[1];
        s.zero = from.input_zero;
      }
      set(Register::kMap, s);
      set(Register::kResult, s);
      set(Register::kWalk, s);
      if (!plan.one_result) set(Register::kPadding, s);
    }
    Instruction i =
        instruction(plan.rows_as_they_are ? Opcode::kMatrixMultiply : Opcode::kConvolve);
    uint32_t operands = part.first_step == 0 ? 0 : 1;  // begun
    for (size_t s = part.first_step; s < part.end_step; ++s) {
      const Step& step = plan.outputs[block.tile].steps[s];
      const Plane& plane = plan.inputs[step.operand][step.plane];
      if (plane.storage == 0) read_input(block, plane.index);
      i.rows_less_one = step.used_rows - 1;
      i.columns_less_one = step.used_columns - 1;
      i.add = step.operand < operands;
      operands = step.operand + 1;
      const uint32_t to = accumulators + step.operand * rows_of(block);
      const uint64_t first = layout_.row_of(plane, block.first_image);
      const uint32_t ky = step.tap / window.kernel[1] * window.dilation[0];
      const uint32_t kx = step.tap % window.kernel[1] * window.dilation[1];
      if (plan.apart) {
        move_apart(i, block, first, to, step.take);
      } else if (plan.rows_as_they_are) {
        multiply_rows(i, first + uint64_t{block.first_conv_line} * plan.conv_width, to,
                      rows_of(block), rows_of(block), step.take);
      } else if (plan.one_result) {
        const uint64_t extent = uint64_t{block.images - 1} * plan.in_pixels + 1;
        multiply_rows(i, first + uint64_t{ky} * from.width + kx, to, block.images, extent,
                      step.take);
      } else {
        i.dy = static_cast<int32_t>(static_cast<int64_t>(top) + ky - window.pad[0] - hidden);
        i.dx = static_cast<int32_t>(kx - window.pad[1]);
        const uint32_t rows = block.conv_lines * plan.conv_width;
        const uint64_t extent = uint64_t{from.height - hidden} * from.width;
        for (uint32_t image = 0; image < block.images; ++image) {
          multiply_rows(i, first + uint64_t{image} * plan.in_pixels + uint64_t{hidden} * from.width,
                        to + image * rows, rows, extent, step.take && image == 0);
        }
      }
    }
  }

  // Each line of the result by itself: one of the map, or beside it, where all is outside.
  void move_apart(Instruction i, const Block& block, uint64_t first, uint32_t to, bool take) {
    const Layer& from = layer(block.layer);
    const uint32_t width = plans_[block.layer].conv_width;
    for (uint32_t line = 0; line < block.images * block.conv_lines; ++line, to += width) {
      const uint32_t y = block.first_conv_line + line % block.conv_lines;
      i.dx = y % from.apart[0] == 0 ? 0 : 1;
      const uint64_t row = uint64_t{line / block.conv_lines} * from.height + y / from.apart[0];
      multiply_rows(i, first + row * from.width, to, width, from.width, take && line == 0);
    }
  }

  // `i` has all fields but places, length and `take`.
  void multiply_rows(Instruction i, uint64_t first, uint32_t accumulators, uint32_t rows,
                     uint64_t extent, bool take) {
    i.buffer = static_cast<uint32_t>(first);
    i.accumulators = accumulators;
    i.length = rows;
    i.take = take;
    add(kMatrixUnit,
        {{Space::kBuffer, first, extent, false}, {Space::kAccumulators, accumulators, rows, true}},
        i, rows);
  }

  void activate(const Block& block, uint32_t accumulators, uint32_t parameters) {
    const Plan& plan = plans_[block.layer];
    const Layer& from = layer(block.layer);
    const Window& pool = from.pool;
    Setting s;
    s.zero = from.output_zero;
    s.low = from.low, s.high = from.high;
    set(Register::kBounds, s);
    const uint32_t width = from.out_width();
    Instruction i = instruction(Opcode::kActivate);
    i.set = parameters;
    i.function = from.function;
    i.pooling = from.pooling;
    i.rounding = from.rounding;
    i.sum = plan.operands == 2;
    const uint64_t first = layout_.row_of({0, 0, plan.storage, block.tile}, block.first_image) +
                           uint64_t{block.first_line} * width;
    if (from.pooling == Pooling::kNone) {
      activate_rows(i, first, accumulators, rows_of(block), plan.operands * rows_of(block),
                    i.sum ? 4 : 1);
      return;
    }
    // Images under one another are one map if no window reaches from one into the next.
    const bool together = pool.pad[0] == 0 && pool.kernel[0] <= pool.stride[0] &&
                          block.lines * pool.stride[0] == block.conv_lines;
    const uint32_t maps = together ? 1 : block.images;
    const uint32_t stacked = together ? block.images : 1;
    const int64_t dy =
        int64_t{block.first_line} * pool.stride[0] - pool.pad[0] - int64_t{block.first_conv_line};
    layout_.check_field(block.layer, dy, -128, 127, "pooling's vertical padding");
    layout_.check_field(block.layer, -int64_t{pool.pad[1]}, -128, 127,
                        "pooling's horizontal padding");
    if (from.pooling == Pooling::kAverage && pool.pad != std::array<uint32_t, 4>{}) {
      activate_parts(block, i, first, accumulators);
      return;
    }
    const uint32_t values = pool.kernel[0] * pool.kernel[1];
    s.in_h = stacked * block.conv_lines;
    s.in_w = plan.conv_width;
    s.out_w = width;
    s.stride_y = pool.stride[0];
    s.stride_x = pool.stride[1];
    s.window_h = pool.kernel[0];
    s.window_w = pool.kernel[1];
    s.dy = static_cast<int32_t>(dy);
    s.dx = -static_cast<int32_t>(pool.pad[1]);
    set_pooling(from.pooling, s, values);
    const uint32_t extent = stacked * block.conv_lines * plan.conv_width;
    for (uint32_t map = 0; map < maps; ++map) {
      activate_rows(i, first + uint64_t{map} * plan.out_pixels, accumulators + map * extent,
                    stacked * block.lines * width, extent, values);
    }
  }

  void set_pooling(Pooling pooling, Setting& s, uint32_t values) {
    s.average_multiplier = ((1U << 25) / values + 1) / 2;
    s.average_round = (1U << 23) + 64 * values;
    set(Register::kPooledMap, s);
    set(Register::kPooledResult, s);
    set(Register::kWindow, s);
    if (pooling != Pooling::kAverage) return;
    set(Register::kAverageMultiplier, s);
    set(Register::kAverageRound, s);
  }

  // An average whose windows reach beyond the map, an operation for each of its parts.
  void activate_parts(const Block& block, const Instruction& i, uint64_t first,
                      uint32_t accumulators) {
    const Plan& plan = plans_[block.layer];
    const Lines lines{block.first_line, block.lines, block.first_conv_line, block.conv_lines};
    for (AveragePart& part :
         average_parts(layer(block.layer), plan.conv_height, plan.conv_width, lines)) {
      Setting& s = part.setting;
      layout_.check_field(block.layer, s.dy, -128, 127, "pooling's vertical padding");
      layout_.check_field(block.layer, s.dx, -128, 127, "column of a padded average's windows");
      set_pooling(Pooling::kAverage, s, part.values);
      for (uint32_t image = 0; image < block.images; ++image) {
        const uint32_t row = image * block.conv_lines * plan.conv_width + part.first_row;
        activate_rows(i, first + uint64_t{image} * plan.out_pixels + part.first, accumulators + row,
                      part.rows, s.in_h * s.in_w, s.window_h * s.window_w);
      }
    }
  }

  void activate_rows(Instruction i, uint64_t first, uint32_t accumulators, uint32_t rows,
                     uint32_t extent, uint32_t values) {
    i.buffer = static_cast<uint32_t>(first);
    i.accumulators = accumulators;
    i.length = rows;
    add(kActivationUnit,
        {{Space::kBuffer, first, rows, true},
         {Space::kAccumulators, accumulators, extent, false},
         {Space::kSets, i.set, i.sum ? 3U : 1U, false}},
        i, uint64_t{rows} * values);
  }

  const Network& network_;
  const Config& config_;
  const uint32_t half_;  // rows of accumulators
  Program program_;
  const Layout layout_;
  const std::vector<Plan>& plans_;
  std::vector<Block> blocks_;
  Order order_;
  std::map<Register, uint32_t> registers_;
  std::vector<Part> parts_;
  std::vector<uint32_t> accumulators_;  // the first row of each block
  size_t weights_asked_ = 0;            // parts
  std::array<uint32_t, 2> next_row_{};
  // Sets of Program::parameters, and which of them is where.
  std::vector<size_t> set_holds_;
  uint32_t next_set_ = 0;
  // Input that was read: groups of images times planes.
  uint32_t loads_pass_ = ~0U;
  uint64_t loads_ = 0;
  uint32_t group_ = 0;
};

Program start(uint32_t batch, const Config& config) {
  Program program;
  program.config = config;
  program.batch = batch;
  return program;
}

}  // namespace

Program compile(const Network& network, uint32_t batch, const Config& config) {
  return Compiler(network, config, start(batch, config)).run();
}

Program compile_in_order(const Network& network, uint32_t batch, const Config& config) {
  Program program = start(batch, config);
  program.in_order = true;
  return Compiler(network, config, std::move(program)).run();
}

Program compile_resident(const Network& network, uint32_t batch, const Config& config) {
  Program program = start(batch, config);
  program.resident = true;
  return Compiler(network, config, std::move(program)).run();
}

std::vector<WeightFigures> weight_figures(const Network& network, const Config& config) {
  Program program = start(1, config);
  const Layout layout(network, program);
  return program.layers;
}

}  // namespace sparsys::mxu
