// SPDX-License-Identifier: Apache-2.0
// A sparse engine behind a serial line (synth/fpga/eie_uart_top.v), by the commands of
// docs/method/fpga.md.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/pins.hpp"
#include "sw/sparsys/board/board_options.hpp"
#include "sw/sparsys/board/serial_port.hpp"

namespace sparsys::eie {

class Board {
 public:
  // Resets the engine and asks it for its size, which overwrites the first words of its memories.
  // Throws Error, as everything below, if it does not answer, or not as an engine does.
  explicit Board(const BoardOptions& options);

  const Config& config() const { return config_; }
  const std::string& path() const { return port_.path(); }
  uint64_t bytes() const { return port_.bytes(); }

  // Resets engine and protocol. Memories stay as loaded.
  void reset() { port_.send_break(); }
  // Words at addresses of the load port that count up; the flags.
  uint8_t write(uint32_t address, const std::vector<uint64_t>& words);
  std::vector<uint64_t> read(uint32_t address, size_t count);
  // Runs a list to its end; the flags.
  uint8_t start(uint32_t first, uint32_t count);

 private:
  void command(char operation, uint32_t address, size_t count);
  uint8_t flags(const std::string& what);
  // How many words a space has, at most 2^`most`: addresses wrap at its size.
  uint32_t words_of(Space space, uint32_t most);
  void find_config();

  SerialPort port_;
  Config config_;
};

// Its engine as a Device. A clock() is a step of the pins' handshakes and takes no time of its own:
// words for addresses that count up are gathered and cross the line together, when something else
// is asked for.
class BoardDevice final : public Device {
 public:
  // The board must outlive it.
  explicit BoardDevice(Board& board) : board_(board) {}

  const Config& config() const override { return board_.config(); }
  Outputs clock(const Inputs& inputs) override;
  // The engine's own count of cycles.
  uint64_t clock_until_done(uint64_t most, Outputs& last) override;

 private:
  void send_writes();
  void fetch_reads();

  Board& board_;
  uint8_t flags_ = 0;
  bool started_ = false;
  std::pair<uint32_t, uint32_t> list_;  // first and count
  uint32_t write_address_ = 0;          // of the first of the words
  std::vector<uint64_t> writes_;
  std::vector<uint32_t> reads_;  // addresses
  std::deque<uint64_t> answers_;
};

}  // namespace sparsys::eie
