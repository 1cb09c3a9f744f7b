// SPDX-License-Identifier: Apache-2.0
// Random streams of commands over both engines, ordered so that their results do not depend on
// time, in a memory image; and what networks among them must leave in memory, by the functional
// models of networks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/top/command.hpp"
#include "golden/engine/top/config.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/memory/store.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::top::test {

// An accelerator small enough for everything: four PEs, an array of 8x8.
inline Config small_config() {
  Config c;
  c.axi_bytes = 16;
  c.burst_beats = 4;
  c.read_bursts = 2;
  c.eie.n_pe = 4;
  c.eie.entry_depth = 2048;
  c.eie.ptr_depth = 256;
  c.eie.act_regs = 16;
  c.eie.act_ram_depth = 64;
  c.eie.codebooks = 4;
  c.eie.list_depth = 16;
  c.mxu.rows = c.mxu.cols = 8;
  c.mxu.tile_rows = c.mxu.tile_cols = 8;
  c.mxu.fifo_words = 64;
  c.mxu.ub_depth = 512;
  c.mxu.acc_depth = 64;
  c.mxu.param_sets = 8;
  c.mxu.queue_depth = 4;
  return c;
}

constexpr uint32_t kRingPage = 0x7;           // outside the window
constexpr uint64_t kWindow = 0x12'3450'0000;  // where commands' memory begins
constexpr uint64_t kWindowBytes = 0x100'0000;

class CommandStream {
 public:
  CommandStream(const Config& config, uint64_t seed)
      : store(seed), dice(seed), config_(config), next_(kWindow) {}

  Store store;  // what the commands begin with; the ring is not in it
  std::vector<Command> commands;
  // What must stand in memory in the end.
  struct Expected {
    uint64_t address;
    std::vector<uint8_t> bytes;
  };
  std::vector<Expected> expected;
  std::vector<ByteRange> written;  // ranges that commands write
  Dice dice;

  // Puts command `n` where a ring of 2^log2 has it.
  static void put(Store& store, uint32_t ring_log2, uint32_t n, const Command& command) {
    const CommandWords words = encode(command);
    const uint64_t at = uint64_t{kRingPage} * 4096 + 32 * (n & ((1U << ring_log2) - 1));
    for (uint32_t w = 0; w < 4; ++w) store.write_word(at + 8 * w, words[w]);
  }

  // Several jobs and what may stand between them, and a Fence behind all.
  void fill(uint32_t jobs) {
    for (uint32_t n = 0; n < jobs; ++n) {
      switch (dice.below(6)) {
        case 0:
        case 1:
          if (config_.sparse) sparse_network();
          break;
        case 2:
        case 3:
          if (config_.matrix) matrix_network();
          break;
        case 4:
          if (config_.sparse) moves();
          break;
        default:
          fence(dice.chance(50));
          break;
      }
    }
    fence(true);
  }

  void fence(bool all) {
    Command c;
    c.opcode = Opcode::kFence;
    c.number = static_cast<uint32_t>(dice.next());
    c.flags = static_cast<uint8_t>((dice.chance(50) ? kInterrupt : 0) | (all ? kAll : 0));
    if (dice.chance(60)) {
      c.flags |= kWrite;
      c.address = allocate(8, 8, true);
      if (dice.chance(70)) c.address += 8 * dice.below(6), next_ += 64;
      written.push_back({c.address, c.address + 7});
    }
    add(c);
    if (all) free_ = 0xFFFF;
  }

  // A network of the sparse engine, all of it by commands.
  void sparse_network() {
    const std::optional<std::pair<eie::Network, eie::Image>> made = random_image();
    if (!made) return;
    const auto& [network, image] = *made;
    load_image(image);
    const std::vector<int16_t> input =
        random_input(dice.next(), network, 0.1 + 0.1 * static_cast<double>(dice.below(9)));
    std::vector<int16_t> all = input;
    all.insert(all.end(), image.input_constants.begin(), image.input_constants.end());
    std::vector<uint64_t> words((all.size() + lanes() - 1) / lanes());
    for (size_t i = 0; i < all.size(); ++i) {
      words[i / lanes()] |= uint64_t{static_cast<uint16_t>(all[i])} << (16 * (i % lanes()));
    }
    load(words, port(image.input), false);
    Command run;
    run.opcode = Opcode::kSparseRun;
    run.count = static_cast<uint16_t>(image.passes.size());
    add(run);
    Command store_out;
    store_out.opcode = Opcode::kSparseStore;
    store_out.port = port(image.output);
    store_out.words = (image.output.size + lanes() - 1) / lanes();
    store_out.address = allocate(8 * store_out.words, 64, true);
    note_written(store_out.address, 8 * uint64_t{store_out.words});
    const std::vector<int16_t> output =
        eie::run(network, input, {static_cast<int>(config_.eie.acc_width), config_.eie.groups});
    for (size_t i = 0; i < output.size(); ++i) {
      const size_t at = image.output_position.empty() ? i : image.output_position[i];
      const auto value = static_cast<uint16_t>(output[i]);
      expected.push_back({store_out.address + 8 * (at / lanes()) + 2 * (at % lanes()),
                          {static_cast<uint8_t>(value), static_cast<uint8_t>(value >> 8)}});
    }
    add(store_out);
  }

  // A network of the matrix unit: the rows of its host in commands of any sizes.
  void matrix_network() {
    mxu::Network network = mxu::random_quantised(dice.next(), 4, 10);
    Random random(dice.next());
    mxu::share_weights(network, random);
    const auto batch = static_cast<uint32_t>(1 + dice.below(4));
    mxu::Program program;
    try {
      program = mxu::compile(network, batch, config_.mxu);
    } catch (const Error&) {
      return;  // too large
    }
    std::vector<int8_t> inputs(size_t{batch} * network.input_size());
    for (int8_t& x : inputs) x = static_cast<int8_t>(dice.next());
    std::vector<uint64_t> words;
    for (const mxu::InstructionWords& i : program.instructions) {
      words.push_back(uint64_t{i[1]} << 32 | i[0]);
      words.push_back(i[2]);
    }
    Command run;
    run.opcode = Opcode::kMatrixRun;
    run.instructions = static_cast<uint32_t>(program.instructions.size());
    run.address = put_words(words);
    run.beats =
        static_cast<uint32_t>(program.weights.size() / mxu::StreamShape(config_.mxu).beat_bytes());
    if (run.beats) {
      run.weights = allocate(program.weights.size(), 4096, false);
      store.write(run.weights, program.weights);
    }
    const uint32_t ran = event();
    run.signal = static_cast<uint16_t>(ran);
    add(run);
    const std::vector<uint8_t> rows = mxu::host_rows(program, inputs);
    out_rows_.clear();
    size_t row = 0;
    for (const mxu::InstructionWords& i : program.instructions) {
      const mxu::Instruction decoded = mxu::decode(i);
      if (decoded.opcode == mxu::Opcode::kReadHost) {
        for (uint32_t left = decoded.length; left > 0;) {
          const auto count = static_cast<uint32_t>(dice.chance(60) ? left : 1 + dice.below(left));
          rows_in(rows, row, count);
          row += count;
          left -= count;
        }
      } else if (decoded.opcode == mxu::Opcode::kWriteHost) {
        for (uint32_t left = decoded.length; left > 0;) {
          const auto count = static_cast<uint32_t>(dice.chance(60) ? left : 1 + dice.below(left));
          rows_out(count);
          left -= count;
        }
      }
    }
    expect_rows(program, network, inputs);
    Command end;
    end.wait = static_cast<uint16_t>(ran);
    add(end);
    free_ |= static_cast<uint16_t>(ran);
  }

  // Words and bytes into the sparse engine's activations and out again.
  void moves() {
    const uint32_t elements[] = {config_.eie.act_ram_depth * config_.eie.n_pe,
                                 config_.eie.act_regs * config_.eie.n_pe,
                                 config_.eie.act_regs * config_.eie.n_pe};
    for (uint64_t n = 1 + dice.below(6); n > 0; --n) {
      const auto space = static_cast<uint32_t>(dice.below(3));
      const uint32_t words = elements[space] / lanes();
      Command c;
      c.opcode = dice.chance(50) ? Opcode::kSparseLoad : Opcode::kSparseStore;
      const auto first = static_cast<uint32_t>(dice.below(words));
      c.port = (2 + space) << 28 | first;
      // Sometimes beyond the end, where addresses wrap.
      c.words = static_cast<uint32_t>(1 + dice.below(dice.chance(90) ? words - first : 2 * words));
      uint64_t bytes = 8 * uint64_t{c.words};
      if (space < 2 && dice.chance(60)) {
        c.flags = kBytes;
        bytes = uint64_t{c.words} * lanes();
        c.multiplier = static_cast<uint16_t>(dice.word(16));
        c.right = static_cast<uint8_t>(dice.below(32));
        c.zero = static_cast<int8_t>(dice.word(8));
      }
      const bool out = c.opcode == Opcode::kSparseStore;
      c.address = allocate(bytes, 64, out);
      if (out) note_written(c.address, bytes);
      add(c);
    }
  }

  void add(const Command& c) { commands.push_back(c); }

 private:
  uint32_t lanes() const { return word_lanes(config_.eie); }
  uint32_t port(const eie::Vector& v) const {
    return eie::Driver::port_address(v.in_ram ? eie::Space::kActRam : eie::Space::kSource,
                                     v.ram_row * (config_.eie.n_pe / lanes()));
  }
  uint64_t allocate(uint64_t bytes, uint64_t alignment, bool) {
    next_ = (next_ + alignment - 1) / alignment * alignment;
    if (dice.chance(30)) next_ += alignment * dice.below(4);
    const uint64_t at = next_;
    next_ += bytes;
    if (next_ > kWindow + kWindowBytes) throw Error("the stream's memory is too small");
    return at;
  }
  void note_written(uint64_t address, uint64_t bytes) {
    written.push_back({address, address + bytes - 1});
  }
  uint64_t put_words(const std::vector<uint64_t>& words) {
    const uint64_t at = allocate(8 * words.size(), 64, false);
    for (size_t n = 0; n < words.size(); ++n) store.write_word(at + 8 * n, words[n]);
    return at;
  }
  // An event that is 0 and nobody waits for; a Fence makes all of them free.
  uint32_t event() {
    if (free_ == 0) fence(true);
    const uint16_t bit = static_cast<uint16_t>(free_ & -free_);
    free_ = static_cast<uint16_t>(free_ & ~bit);
    return bit;
  }

  std::optional<std::pair<eie::Network, eie::Image>> random_image() {
    for (int attempt = 0; attempt < 20; ++attempt) {
      const uint64_t seed = dice.next();
      const eie::Network network = random_network(seed, random_options(seed, 60));
      try {
        return std::make_pair(network, eie::build_image(network, config_.eie));
      } catch (const Error&) {
      }
    }
    return std::nullopt;
  }
  void load(const std::vector<uint64_t>& words, uint32_t at_port, bool spread) {
    for (size_t at = 0; at < words.size();) {
      // Whole, or in pieces where the addresses allow it.
      size_t count = words.size() - at;
      if (!spread && dice.chance(30)) count = 1 + dice.below(count);
      Command c;
      c.opcode = Opcode::kSparseLoad;
      c.flags = spread ? kSpread : 0;
      c.port = at_port + static_cast<uint32_t>(at);
      c.words = static_cast<uint32_t>(count);
      c.address = put_words({words.begin() + static_cast<std::ptrdiff_t>(at),
                             words.begin() + static_cast<std::ptrdiff_t>(at + count)});
      add(c);
      at += count;
    }
  }
  void load_image(const eie::Image& image) {
    using eie::Space;
    std::vector<std::vector<uint64_t>> pairs(config_.eie.n_pe);
    for (uint32_t pe = 0; pe < config_.eie.n_pe; ++pe) {
      const std::vector<uint16_t>& p = image.pointers[pe];
      for (size_t n = 0; n < p.size(); n += 2) {
        pairs[pe].push_back(p[n] | (n + 1 < p.size() ? uint64_t{p[n + 1]} << 16 : 0));
      }
    }
    load_of_pes(image.entry_rows, Space::kEntry);
    load_of_pes(pairs, Space::kPointer);
    load(image.codebook_words, eie::Driver::port_address(Space::kCodebook, 0), false);
    load(image.bias_words, eie::Driver::port_address(Space::kCodebook, 4 * config_.eie.codebooks),
         false);
    load(list_words(image), eie::Driver::port_address(Space::kList, 0), false);
  }
  // Spread over the PEs, or PE by PE.
  void load_of_pes(const std::vector<std::vector<uint64_t>>& of_pe, eie::Space space) {
    const uint32_t base = eie::Driver::port_address(space, 0);
    if (dice.chance(50)) {
      for (uint32_t pe = 0; pe < of_pe.size(); ++pe) load(of_pe[pe], base | pe << 20, false);
      return;
    }
    size_t most = 0;
    for (const auto& words : of_pe) most = std::max(most, words.size());
    std::vector<uint64_t> words;
    for (size_t n = 0; n < most; ++n) {
      for (const auto& one : of_pe) words.push_back(n < one.size() ? one[n] : dice.next());
    }
    // Behind the last row the last PEs may get nothing.
    load(words, base, true);
  }

  void rows_in(const std::vector<uint8_t>& rows, size_t first, uint32_t count) {
    const uint32_t width = config_.mxu.lanes();
    Command c;
    c.opcode = Opcode::kMatrixIn;
    // Bytes at the end of all of them that are the same need not be in memory.
    uint32_t row = width;
    c.fill = rows[first * width + width - 1];
    const auto same = [&](uint32_t lane) {
      for (uint32_t r = 0; r < count; ++r) {
        if (rows[(first + r) * width + lane] != c.fill) return false;
      }
      return true;
    };
    while (row > 1 && same(row - 1) && dice.chance(90)) --row;
    c.row = static_cast<uint16_t>(row);
    c.length = row * count;
    c.address = allocate(c.length, 64, false);
    for (uint32_t r = 0; r < count; ++r) {
      store.write(c.address + uint64_t{r} * row, &rows[(first + r) * width], row);
    }
    add(c);
  }
  void rows_out(uint32_t count) {
    Command c;
    c.opcode = Opcode::kMatrixOut;
    c.row = static_cast<uint16_t>(dice.chance(70) ? config_.mxu.lanes()
                                                  : 1 + dice.below(config_.mxu.lanes()));
    c.length = count * c.row;
    c.address = allocate(c.length, 64, true);
    note_written(c.address, c.length);
    for (uint32_t r = 0; r < count; ++r) {
      out_rows_.push_back({c.address + uint64_t{r} * c.row, c.row});
    }
    add(c);
  }
  // The network's outputs, as far as their bytes are kept. Where a byte of an output stands is
  // found by marking it.
  void expect_rows(const mxu::Program& program, const mxu::Network& network,
                   const std::vector<int8_t>& inputs) {
    const std::vector<int8_t> outputs = mxu::run_batch(network, inputs, 1);
    const size_t width = config_.mxu.lanes();
    std::vector<std::vector<int8_t>> places;  // of a byte of the rows, in digits
    for (uint32_t digit = 0; digit < 3; ++digit) {
      std::vector<uint8_t> marks(out_rows_.size() * width);
      for (size_t at = 0; at < marks.size(); ++at) {
        marks[at] = static_cast<uint8_t>(at >> (7 * digit) & 127);
      }
      places.push_back(mxu::outputs_of(program, marks));
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      size_t at = 0;
      for (uint32_t digit = 3; digit-- > 0;) {
        at = at << 7 | static_cast<uint8_t>(places[digit][i]);
      }
      const OutRow& row = out_rows_.at(at / width);
      if (at % width < row.kept) {
        expected.push_back({row.address + at % width, {static_cast<uint8_t>(outputs[i])}});
      }
    }
  }

  struct OutRow {
    uint64_t address;
    uint32_t kept;
  };
  Config config_;
  uint64_t next_;
  uint16_t free_ = 0xFFFF;
  std::vector<OutRow> out_rows_;
};

}  // namespace sparsys::top::test
