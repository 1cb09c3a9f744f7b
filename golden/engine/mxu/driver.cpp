// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/driver.hpp"

#include <algorithm>
#include <deque>

#include "golden/base/error.hpp"

namespace sparsys::mxu {
namespace {

constexpr uint64_t kProgressStep = 1 << 12;  // cycles

void check_same(const char* name, uint32_t of_program, uint32_t of_device) {
  if (of_program == of_device) return;
  throw Error("matrix unit: program for " + std::string(name) + " = " + std::to_string(of_program) +
              ", but the unit has " + std::to_string(of_device));
}

void check_same(const Config& program, const Config& device) {
  check_same("ROWS", program.rows, device.rows);
  check_same("COLS", program.cols, device.cols);
  check_same("FIFO_TILES", program.fifo_tiles, device.fifo_tiles);
  check_same("UB_DEPTH", program.ub_depth, device.ub_depth);
  check_same("ACC_DEPTH", program.acc_depth, device.acc_depth);
  check_same("PARAM_SETS", program.param_sets, device.param_sets);
}

const char* error_name(uint64_t code) {
  switch (code) {
    case 1:
      return "unknown operation or register";
    case 2:
      return "a length or size of 0";
    case 3:
      return "beyond the unified buffer";
    case 4:
      return "beyond the accumulators";
    case 5:
      return "parameter set or plane out of range";
    default:
      return "unknown";
  }
}

}  // namespace

Driver::Driver(Device& device, const DriverOptions& options)
    : device_(device), options_(options), random_(options.seed) {
  if (!(options.weight_bandwidth >= 0)) throw Error("weight bandwidth: must be 0 or more");
  if (options.stall_percent > 99) throw Error("stalls: more than 99 per cent");
}

Outputs Driver::clock(const Inputs& inputs) {
  ++cycles_;
  return device_.clock(inputs);
}

bool Driver::holds_back() {
  if (options_.stall_percent == 0) return false;
  // SplitMix64 (Steele 2014).
  uint64_t z = random_ += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return (z >> 32) % 100 < options_.stall_percent;
}

void Driver::reset() {
  Inputs inputs;
  inputs.rst_i = true;
  clock(inputs);
}

uint64_t Driver::read_status(unsigned word) {
  Inputs inputs;
  inputs.status_i = static_cast<uint8_t>(word);
  return clock(inputs).status_o;
}

std::string Driver::position(const Program& program, uint64_t instruction) const {
  std::string text = "instruction " + std::to_string(instruction);
  if (instruction < program.instructions.size()) {
    text += ": " + disassemble(program.instructions[instruction]);
  }
  return text;
}

void Driver::report_error(const Program& program) {
  const uint64_t status = read_status(8);
  throw Error("matrix unit: error " + std::to_string(status & 255) + " (" +
              error_name(status & 255) + ") at " + position(program, status >> 8));
}

std::vector<int8_t> Driver::run(const Program& program, const std::vector<int8_t>& inputs,
                                const Progress& progress) {
  const Config& config = device_.config();
  check_same(program.config, config);
  const std::vector<uint8_t> in_rows = host_rows(program, inputs);
  const size_t lanes = config.lanes();
  const uint64_t total = program.instructions.size();

  double limit = static_cast<double>(program.cycle_bound) * 100 / (100 - options_.stall_percent);
  if (options_.weight_bandwidth > 0) {
    uint64_t bytes = 0;
    for (const InstructionWords& i : program.instructions) {
      if (operation_of(i) == Opcode::kReadWeights) {
        bytes += uint64_t{i[1] & 0xFFFF} * config.rows * config.cols;
      }
    }
    limit += static_cast<double>(bytes) / options_.weight_bandwidth;
  }
  limit = 2 * limit + 1000;

  reset();
  std::vector<uint8_t> out_rows;
  uint64_t taken = 0;
  size_t in_at = 0;            // bytes of in_rows
  std::deque<uint64_t> tiles;  // asked for, their first rows of weights
  uint64_t row = 0;            // of the first of these
  double credit = 0;           // bytes the weight memory has read
  bool halted = false;
  const uint64_t start = cycles_;
  while (!halted) {
    if (static_cast<double>(cycles_ - start) > limit) {
      throw Error("matrix unit: not halted after " + std::to_string(cycles_ - start) +
                  " cycles, at " + position(program, read_status(9)));
    }
    Inputs pins;
    pins.inst_valid_i = taken < total && !holds_back();
    if (taken < total) pins.inst_i = program.instructions[taken];
    pins.wm_ready_i = !holds_back();
    if (!tiles.empty()) {
      // What it has read ahead waits in a row's buffer at most.
      credit =
          std::min(credit + options_.weight_bandwidth, options_.weight_bandwidth + config.cols);
    }
    const bool there = options_.weight_bandwidth == 0 || credit >= config.cols;
    pins.w_valid_i = !tiles.empty() && there && !holds_back();
    if (pins.w_valid_i) {
      pins.w_data_i = &program.weights[(tiles.front() * config.rows + row) * config.cols];
    }
    pins.hi_valid_i = in_at < in_rows.size() && !holds_back();
    if (pins.hi_valid_i) pins.hi_data_i = &in_rows[in_at];
    pins.ho_ready_i = !holds_back();
    const Outputs out = clock(pins);
    if (out.error_o) report_error(program);
    taken += pins.inst_valid_i && out.inst_ready_o;
    if (pins.w_valid_i && out.w_ready_o) {
      if (options_.weight_bandwidth > 0) credit -= config.cols;
      if (++row == config.rows) {
        row = 0;
        tiles.pop_front();
      }
    }
    if (out.wm_valid_o && pins.wm_ready_i) {
      if (out.wm_tile_o >= program.tiles) {
        throw Error("matrix unit: asks for tile " + std::to_string(out.wm_tile_o) +
                    " of weights, there are " + std::to_string(program.tiles));
      }
      tiles.push_back(out.wm_tile_o);
    }
    if (pins.hi_valid_i && out.hi_ready_o) in_at += lanes;
    if (out.ho_valid_o && pins.ho_ready_i) {
      out_rows.insert(out_rows.end(), out.ho_data_o, out.ho_data_o + lanes);
    }
    halted = out.halted_o;
    if (progress && (cycles_ % kProgressStep == 0 || halted)) progress(taken, total);
  }
  if (taken != total || in_at != in_rows.size() || !tiles.empty()) {
    throw Error("matrix unit: halted with " + std::to_string(total - taken) + " instructions, " +
                std::to_string((in_rows.size() - in_at) / lanes) + " rows of input and " +
                std::to_string(tiles.size()) + " tiles not taken");
  }
  counters_ = {read_status(0), read_status(1), read_status(2), read_status(3),
               read_status(4), read_status(5), read_status(6), read_status(7)};
  return outputs_of(program, out_rows);
}

}  // namespace sparsys::mxu
