// SPDX-License-Identifier: Apache-2.0
// Runs images by their commands alone, on both engines' cycle models one after the other: what lies
// where, not when. Written from docs/reference/top-format.md.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "golden/cycle/eie/device.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/mxu/weight_stream.hpp"
#include "golden/engine/top/conversion.hpp"
#include "golden/format/image/image.hpp"

namespace sparsys::top {

class ImageMachine {
 public:
  explicit ImageMachine(const Image& image) : image_(image) {
    const Config config = config_of(image.registers);
    if (config.sparse) {
      sparse_.emplace(config.eie);
      driver_.emplace(*sparse_);
      driver_->reset();
    }
    if (config.matrix) matrix_.emplace(config.mxu);
    lanes_ = word_lanes(config.eie);
    memory_[1] = image.bytes;
    memory_[3].resize(image.output_bytes);
    for (auto& scratch : scratch_) scratch.resize(image.scratch_bytes, 0xA5);
    do_commands(image.setup);
  }

  std::vector<uint8_t> run(const std::vector<uint8_t>& input) {
    memory_[2] = input;
    std::fill(memory_[3].begin(), memory_[3].end(), 0x5A);
    const uint32_t phase = inferences_++ % image_.phases;
    memory_[4].swap(scratch_[phase]);
    do_commands(image_.inference[phase]);
    memory_[4].swap(scratch_[phase]);
    return memory_[3];
  }

 private:
  uint8_t* at(uint64_t address) { return &memory_[base_number(address)].at(offset_in(address)); }

  void do_commands(const std::vector<Command>& commands) {
    for (size_t c = 0; c < commands.size(); ++c) {
      const Command& command = commands[c];
      switch (command.opcode) {
        case Opcode::kNop:
          break;
        case Opcode::kSparseLoad:
          load(command);
          break;
        case Opcode::kSparseRun:
          driver_->run_list(command.first, command.count, 10000000);
          break;
        case Opcode::kSparseStore:
          store(command);
          break;
        case Opcode::kMatrixRun: {
          std::vector<Command> rows;
          for (size_t n = c + 1; n < commands.size(); ++n) rows.push_back(commands[n]);
          run_matrix(command, rows);
          break;
        }
        default:
          break;  // rows of the run before
      }
    }
  }

  void load(const Command& command) {
    const uint32_t n_pe = sparse_->config().n_pe;
    const uint8_t* from = at(command.address);
    for (uint32_t w = 0; w < command.words; ++w) {
      uint64_t word = 0;
      uint32_t port = command.port + w;
      if (command.flags & kBytes) {
        for (uint32_t lane = 0; lane < lanes_; ++lane, ++from) {
          const int16_t x = to_fixed(static_cast<int8_t>(*from),
                                     {command.multiplier, command.right, command.zero});
          word |= uint64_t{static_cast<uint16_t>(x)} << (16 * lane);
        }
      } else {
        std::memcpy(&word, from, 8);
        from += 8;
      }
      if (command.flags & kSpread) port = command.port + w / n_pe + (w % n_pe << 20);
      driver_->write(port, word);
    }
  }

  void store(const Command& command) {
    for (uint32_t w = 0; w < command.words; ++w) {
      const uint64_t word = driver_->read(command.port + w);
      std::memcpy(at(command.address + 8 * w), &word, 8);
    }
  }

  // rows: the commands behind it, of which Matrix_In and Matrix_Out are its rows.
  void run_matrix(const Command& run, const std::vector<Command>& rows) {
    const mxu::Config& config = matrix_->config();
    const uint32_t lanes = config.lanes();
    std::vector<uint8_t> in;
    for (const Command& command : rows) {
      if (command.opcode != Opcode::kMatrixIn) continue;
      for (uint32_t b = 0; b < command.length; b += command.row) {
        in.resize(in.size() + lanes, command.fill);
        std::copy_n(at(command.address + b), command.row, in.end() - lanes);
      }
    }
    const uint32_t beat_bytes = mxu::StreamShape(config).beat_bytes();
    std::vector<uint32_t> beats;  // asked for
    size_t next_beat = 0;
    size_t next_in = 0;
    uint32_t instruction = 0;
    std::vector<uint8_t> out;
    mxu::Inputs reset;
    reset.rst_i = true;
    matrix_->clock(reset);
    bool halted = false;
    for (uint64_t cycle = 0; !halted && cycle < 50000000; ++cycle) {
      mxu::Inputs pins;
      pins.inst_valid_i = instruction < run.instructions;
      if (pins.inst_valid_i) std::memcpy(&pins.inst_i, at(run.address + 16 * instruction), 12);
      pins.wm_ready_i = true;
      pins.w_valid_i = next_beat < beats.size();
      if (pins.w_valid_i) {
        pins.w_data_i = at(run.weights + uint64_t{beats[next_beat]} * beat_bytes);
      }
      pins.hi_valid_i = next_in < in.size();
      if (pins.hi_valid_i) pins.hi_data_i = &in[next_in];
      pins.ho_ready_i = true;
      const mxu::Outputs outputs = matrix_->clock(pins);
      ASSERT_FALSE(outputs.error_o);
      instruction += pins.inst_valid_i && outputs.inst_ready_o;
      next_beat += pins.w_valid_i && outputs.w_ready_o;
      if (pins.hi_valid_i && outputs.hi_ready_o) next_in += lanes;
      for (uint32_t b = 0; outputs.wm_valid_o && b < outputs.wm_beats_o; ++b) {
        ASSERT_LT(outputs.wm_addr_o + b, run.beats);
        beats.push_back(outputs.wm_addr_o + b);
      }
      if (outputs.ho_valid_o) {
        out.insert(out.end(), outputs.ho_data_o, outputs.ho_data_o + lanes);
      }
      halted = outputs.halted_o;
    }
    ASSERT_TRUE(halted);
    ASSERT_EQ(next_in, in.size());
    size_t row = 0;
    for (const Command& command : rows) {
      if (command.opcode != Opcode::kMatrixOut) continue;
      for (uint32_t b = 0; b < command.length; b += command.row, row += lanes) {
        ASSERT_LE(row + lanes, out.size());
        std::copy_n(&out[row], command.row, at(command.address + b));
      }
    }
    ASSERT_EQ(row, out.size());
  }

  const Image& image_;
  std::optional<eie::CycleDevice> sparse_;
  std::optional<eie::Driver> driver_;
  std::optional<mxu::CycleDevice> matrix_;
  uint32_t lanes_ = 4;
  uint32_t inferences_ = 0;
  std::array<std::vector<uint8_t>, 5> memory_;  // by base
  std::array<std::vector<uint8_t>, 2> scratch_;
};

}  // namespace sparsys::top
