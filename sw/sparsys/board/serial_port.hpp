// SPDX-License-Identifier: Apache-2.0
// A serial line of this machine: bytes as they are, 8 data bits, no parity, one stop bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

class SerialPort {
 public:
  // `path`: a terminal, as /dev/ttyUSB1. `baud`: bits a second, one of rates(). `patience`: seconds
  // without a byte after which the other side counts as silent. Throws Error "PATH: ..." if there
  // is no such line, it is none, or another program has it.
  SerialPort(const std::string& path, uint32_t baud, double patience);
  ~SerialPort();
  SerialPort(const SerialPort&) = delete;
  SerialPort& operator=(const SerialPort&) = delete;

  static std::vector<uint32_t> rates();
  const std::string& path() const { return path_; }
  uint32_t baud() const { return baud_; }

  // Throws Error if the line takes nothing any more.
  void send(const std::vector<uint8_t>& bytes);
  // Exactly `size` bytes. Throws Error that names `what` was asked if they do not come.
  std::vector<uint8_t> receive(size_t size, const std::string& what);
  // Holds the line low for a quarter of a second, and throws away what has arrived until then.
  void send_break();

  // Bytes sent and received so far.
  uint64_t bytes() const { return bytes_; }

 private:
  // Waits until the line can be read or written; false if that takes too long.
  bool wait(short events) const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  uint32_t baud_;
  double patience_;
  int file_ = -1;
  uint64_t bytes_ = 0;
};

}  // namespace sparsys
