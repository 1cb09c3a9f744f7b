// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/board/eie_board.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/engine/eie/driver.hpp"

namespace sparsys::eie {
namespace {

// Words of a command: few enough for buffers on the way.
constexpr size_t kMostWords = 256;
constexpr size_t kWordBytes = 8;
// Status words.
constexpr uint32_t kCycles = 1;
constexpr uint32_t kSizes = 4;

uint32_t log2_of(uint32_t value) {
  uint32_t log = 0;
  while (value >> (log + 1) != 0) ++log;
  return log;
}

// Of the load port: address b follows address a.
bool follows(uint32_t a, uint32_t b) { return b == a + 1 && a >> 20 == b >> 20; }

}  // namespace

Board::Board(const BoardOptions& options) : port_(options.port, options.baud, options.patience) {
  reset();
  find_config();
}

void Board::command(char operation, uint32_t address, size_t count) {
  std::vector<uint8_t> bytes = {static_cast<uint8_t>(operation)};
  for (uint32_t b = 0; b < 4; ++b) bytes.push_back(static_cast<uint8_t>(address >> (8 * b)));
  for (uint32_t b = 0; b < 2; ++b) bytes.push_back(static_cast<uint8_t>(count >> (8 * b)));
  port_.send(bytes);
}

uint8_t Board::flags(const std::string& what) {
  const uint8_t flags = port_.receive(1, what).front();
  if (flags >> 7 != 0) {
    throw Error(path() + ": answers " + std::to_string(flags) + " to " + what +
                ", expected flags of at most 127; does the line lose bytes?");
  }
  return flags;
}

uint8_t Board::write(uint32_t address, const std::vector<uint64_t>& words) {
  uint8_t last = 0;
  for (size_t done = 0; done < words.size(); done += kMostWords) {
    const size_t count = std::min(kMostWords, words.size() - done);
    command('W', address + static_cast<uint32_t>(done), count);
    std::vector<uint8_t> bytes;
    bytes.reserve(kWordBytes * count);
    for (size_t w = done; w < done + count; ++w) {
      for (size_t b = 0; b < kWordBytes; ++b) {
        bytes.push_back(static_cast<uint8_t>(words[w] >> (8 * b)));
      }
    }
    port_.send(bytes);
    last = flags("a write of " + std::to_string(count) + " words");
  }
  return last;
}

std::vector<uint64_t> Board::read(uint32_t address, size_t count) {
  std::vector<uint64_t> words;
  words.reserve(count);
  while (words.size() < count) {
    const size_t part = std::min(kMostWords, count - words.size());
    command('R', address + static_cast<uint32_t>(words.size()), part);
    const std::vector<uint8_t> bytes =
        port_.receive(kWordBytes * part, "a read of " + std::to_string(part) + " words");
    for (size_t w = 0; w < part; ++w) {
      uint64_t word = 0;
      for (size_t b = 0; b < kWordBytes; ++b) {
        word |= uint64_t{bytes[kWordBytes * w + b]} << (8 * b);
      }
      words.push_back(word);
    }
  }
  return words;
}

uint8_t Board::start(uint32_t first, uint32_t count) {
  command('S', first, count);
  return flags("the start of a list");
}

uint32_t Board::words_of(Space space, uint32_t most) {
  // The last of these addresses that meets word 0 is the smallest that wraps.
  const uint32_t base = Driver::port_address(space, 0);
  write(base, {most});
  for (uint32_t bit = most; bit-- > 0;) write(base + (1U << bit), {bit});
  const uint64_t found = read(base, 1).front();
  if (found > most) {
    throw Error(path() + ": memory " + std::to_string(static_cast<uint32_t>(space)) +
                " of the engine does not keep what is written to it; does the line lose bytes?");
  }
  return 1U << found;
}

void Board::find_config() {
  const uint64_t sizes = read(Driver::port_address(Space::kStatus, kSizes), 1).front();
  config_.n_pe = sizes & 0xFFFF;
  config_.act_regs = sizes >> 16 & 0xFFFF;
  config_.queue_depth = sizes >> 32 & 0xFFFF;
  config_.acc_width = sizes >> 48 & 0xFF;
  config_.groups = static_cast<uint32_t>(sizes >> 56) + 1;
  const auto check_answer = [this] {
    try {
      check(config_);
    } catch (const Error& error) {
      throw Error(path() + ": answers, but not as a sparse engine does: " + error.what() +
                  "; is the bitstream that of eie_uart_top?");
    }
  };
  check_answer();
  const uint32_t lanes = std::min(4U, config_.n_pe);
  const uint32_t words_a_row = config_.n_pe / lanes;
  config_.entry_depth = 8 * words_of(Space::kEntry, log2_of(kMaxEntries / 8));
  config_.ptr_depth = 2 * words_of(Space::kPointer, log2_of(kMaxPointers / 2));
  config_.act_ram_depth =
      words_of(Space::kActRam, log2_of(kMaxActRam) + log2_of(words_a_row)) / words_a_row;
  config_.list_depth = words_of(Space::kList, log2_of(2 * kMaxList)) / 2;
  config_.codebooks = words_of(Space::kCodebook, log2_of(8 * kMaxCodebooks)) / 8;
  check_answer();
}

Outputs BoardDevice::clock(const Inputs& inputs) {
  Outputs outputs;
  outputs.flags_o = flags_;
  outputs.io_ready_o = true;
  if (inputs.rst_i) {
    writes_.clear();
    reads_.clear();
    answers_.clear();
    board_.reset();
    return outputs;
  }
  if (inputs.abort_i) {
    throw Error(board_.path() + ": the serial line has no abort; a reset ends a list");
  }
  if (inputs.io_valid_i && inputs.io_write_i) {
    const auto next = write_address_ + static_cast<uint32_t>(writes_.size());
    if (!writes_.empty() && !(next == inputs.io_addr_i && follows(next - 1, next))) send_writes();
    if (writes_.empty()) write_address_ = inputs.io_addr_i;
    writes_.push_back(inputs.io_wdata_i);
    if (writes_.size() == kMostWords) send_writes();
    return outputs;
  }
  send_writes();
  if (inputs.io_valid_i) {
    reads_.push_back(inputs.io_addr_i);
    return outputs;
  }
  started_ = inputs.start_i;
  list_ = {inputs.list_first_i, inputs.list_count_i};
  if (answers_.empty()) fetch_reads();
  if (!answers_.empty()) {
    outputs.io_rvalid_o = true;
    outputs.io_rdata_o = answers_.front();
    answers_.pop_front();
  }
  return outputs;
}

uint64_t BoardDevice::clock_until_done(uint64_t most, Outputs& last) {
  if (!started_) return 0;
  started_ = false;
  flags_ = board_.start(list_.first, list_.second);
  last = Outputs();
  last.busy_o = true;
  last.done_o = true;
  last.flags_o = flags_;
  const uint64_t cycles = board_.read(Driver::port_address(Space::kStatus, kCycles), 1).front();
  return cycles <= most ? cycles : 0;
}

void BoardDevice::send_writes() {
  if (writes_.empty()) return;
  flags_ = board_.write(write_address_, writes_);
  writes_.clear();
}

void BoardDevice::fetch_reads() {
  for (size_t r = 0; r < reads_.size();) {
    size_t end = r + 1;
    while (end < reads_.size() && follows(reads_[end - 1], reads_[end])) ++end;
    const std::vector<uint64_t> words = board_.read(reads_[r], end - r);
    answers_.insert(answers_.end(), words.begin(), words.end());
    r = end;
  }
  reads_.clear();
}

}  // namespace sparsys::eie
