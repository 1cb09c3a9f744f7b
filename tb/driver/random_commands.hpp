// SPDX-License-Identifier: Apache-2.0
// Random jobs for the accelerator: right commands, nearly right ones and noise.
#pragma once

#include <algorithm>
#include <vector>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/top/command.hpp"
#include "golden/memory/store.hpp"
#include "tb/driver/bench.hpp"
#include "tb/support/mxu/assembler.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {

class RandomCommands {
 public:
  RandomCommands(const Config& config, Store& store, Dice& dice)
      : config_(config), store_(store), dice_(dice) {}

  // The next one; it may bring more, that belong to it.
  void add(std::vector<CommandWords>& job) {
    const size_t first = job.size();
    switch (dice_.below(12)) {
      case 0:
      case 1:
        job.push_back(encode(load()));
        break;
      case 2:
      case 3:
        job.push_back(encode(store()));
        break;
      case 4:
        add_list(job);
        break;
      case 5:
      case 6:
        add_program(job);
        break;
      case 7:
        if (dice_.chance(20)) job.push_back(encode(rows(Opcode::kMatrixIn)));
        break;
      case 8:
        if (dice_.chance(20)) job.push_back(encode(rows(Opcode::kMatrixOut)));
        break;
      case 9:
        job.push_back(encode(fence()));
        break;
      case 10:
        add_pair(job);
        break;
      default:
        job.push_back(encode(Command{dice_.chance(10) ? Opcode::kHalt : Opcode::kNop}));
    }
    // Something is wrong with one in fifty.
    for (size_t c = first; c < job.size(); ++c) {
      if (dice_.chance(2)) damage(job[c]);
    }
  }

 private:
  // Mostly in the part of the arena that jobs may write, at times near the window's ends.
  uint64_t address(uint64_t alignment = kAlignment) {
    constexpr uint64_t kFirst = 0x24000;
    uint64_t at = kArenaBus + kFirst + dice_.below(kArenaBytes - kFirst - 4096);
    if (dice_.below(200) == 0) at = kArenaBus + kArenaBytes - dice_.below(300);
    if (dice_.below(200) == 0) at = dice_.bits(44);
    return at / alignment * alignment;
  }
  uint32_t some(uint32_t most) { return static_cast<uint32_t>(1 + dice_.below(most)); }

  Command moved(Opcode opcode, uint32_t space) {
    Command c{opcode};
    c.address = address();
    c.words = some(dice_.chance(10) ? 200 : 20);
    // Of any address in the space: what lies beyond wraps.
    c.port = space << 28 | static_cast<uint32_t>(dice_.below(dice_.chance(80) ? 32 : 1U << 20));
    if (space <= 1) c.port |= static_cast<uint32_t>(dice_.below(config_.eie.n_pe)) << 20;
    if ((space == 2 || space == 3) && dice_.chance(50)) {
      c.flags = kBytes;
      c.multiplier = static_cast<uint16_t>(dice_.word(16));
      c.right = static_cast<uint8_t>(dice_.bits(5));
      c.zero = static_cast<int8_t>(dice_.bits(8));
    }
    return c;
  }
  Command load() {
    Command c = moved(Opcode::kSparseLoad, static_cast<uint32_t>(dice_.below(7)));
    if (c.port >> 28 <= 1 && dice_.chance(50)) {
      c.flags = kSpread;
      c.port &= ~0xFF00000U;
    }
    return c;
  }
  Command store() { return moved(Opcode::kSparseStore, static_cast<uint32_t>(2 + dice_.below(3))); }
  Command rows(Opcode opcode) {
    Command c{opcode};
    c.address = address();
    c.row = static_cast<uint16_t>(some(config_.mxu.lanes()));
    c.length = c.row * some(12);
    if (dice_.chance(1)) ++c.length;
    if (opcode == Opcode::kMatrixIn) c.fill = static_cast<uint8_t>(dice_.bits(8));
    return c;
  }
  Command fence() {
    Command c{Opcode::kFence};
    c.number = static_cast<uint32_t>(dice_.bits(31));
    if (dice_.chance(50)) {
      c.flags |= kWrite;
      c.address = address(8);
    }
    if (dice_.chance(30)) c.flags |= kInterrupt;
    if (dice_.chance(20)) c.flags |= kAll;
    return c;
  }
  // A list of noise, or one of which the descriptors' reserved bits are 0.
  void add_list(std::vector<CommandWords>& job) {
    if (dice_.chance(80)) {
      Command c{Opcode::kSparseLoad};
      c.address = address();
      c.port = eie::Driver::port_address(eie::Space::kList, 0);
      c.words = 2 * some(config_.eie.list_depth);
      for (uint32_t w = 0; w < c.words; w += 2) {
        eie::Pass pass;
        pass.ptr_base = static_cast<uint32_t>(dice_.below(64));
        pass.in_count = some(8);
        pass.out_count = some(16);
        pass.shift = static_cast<uint32_t>(dice_.below(dice_.chance(95) ? 32 : 40));
        pass.load_src = dice_.chance(30);
        pass.clear = pass.write_back = true;
        pass.store_dst = dice_.chance(30);
        pass.swap = dice_.chance(50);
        uint64_t words[2];
        eie::encode(pass, words);
        store_.write_word(c.address + 8 * w, words[0]);
        store_.write_word(c.address + 8 * w + 8, words[1]);
      }
      job.push_back(encode(c));
    }
    if (!dice_.chance(40)) return;
    Command run{Opcode::kSparseRun};
    run.first = static_cast<uint16_t>(dice_.below(config_.eie.list_depth));
    run.count = static_cast<uint16_t>(some(dice_.chance(90) ? 2 : 20));
    job.push_back(encode(run));
  }
  // Rows in and out again by a program, at times of another number; or instructions of noise.
  void add_program(std::vector<CommandWords>& job) {
    using namespace mxu::test;  // NOLINT
    const uint32_t count = some(10);
    std::vector<RawInstruction> program = {read_host(4, count), wait_all(write_host(4, count))};
    uint32_t beats = 0;
    if (dice_.chance(8)) {
      const std::vector<Wrong> all = wrong_instructions(config_.mxu);
      const Wrong& wrong = all[dice_.below(all.size())];
      program.insert(program.end(), wrong.before.begin(), wrong.before.end());
      program.push_back(wrong.instruction);
    }
    if (dice_.chance(5)) {
      beats = some(8);
      program.insert(program.begin(), read_beats(static_cast<uint32_t>(dice_.below(4)), some(4), 1,
                                                 dice_.chance(50), false));
    }
    if (!dice_.chance(10)) program.push_back(halt());
    if (dice_.chance(3)) {
      program[dice_.below(program.size())].words[dice_.below(3)] ^= 1U << dice_.below(32);
    }
    Command run{Opcode::kMatrixRun};
    run.address = address();
    run.instructions = static_cast<uint32_t>(program.size());
    run.beats = beats;
    if (beats) run.weights = address(4096);
    for (size_t i = 0; i < program.size(); ++i) {
      const auto& words = program[i].words;
      store_.write_word(run.address + 16 * i, uint64_t{words[1]} << 32 | words[0]);
      store_.write_word(run.address + 16 * i + 8, words[2]);
    }
    Command in = rows(Opcode::kMatrixIn), out = rows(Opcode::kMatrixOut);
    in.length = in.row * count;
    out.length = out.row * count;
    job.push_back(encode(run));
    if (!dice_.chance(3)) job.push_back(encode(in));
    if (!dice_.chance(3)) job.push_back(encode(out));
  }
  // One channel waits for another.
  void add_pair(std::vector<CommandWords>& job) {
    const auto event = static_cast<uint16_t>(1U << dice_.below(16));
    Command first = dice_.chance(50) ? store() : fence();
    first.signal = event;
    Command second = dice_.chance(50) ? load() : Command{Opcode::kNop};
    second.wait = event;
    job.push_back(encode(first));
    if (!dice_.chance(3)) job.push_back(encode(second));
  }
  void damage(CommandWords& words) {
    switch (dice_.below(4)) {
      case 0:
        words[dice_.below(4)] ^= uint64_t{1} << dice_.below(64);
        break;
      case 1:
        words[dice_.below(4)] = 0;
        break;
      case 2:
        words[0] = (words[0] & ~uint64_t{0xFF}) | dice_.bits(8);
        break;
      default:
        for (uint64_t& word : words) word = dice_.next();
    }
  }

  const Config& config_;
  Store& store_;
  Dice& dice_;
};

}  // namespace sparsys::top::test
