// SPDX-License-Identifier: Apache-2.0
// Where a board is.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace sparsys {

struct BoardOptions {
  std::string port;         // its serial line, as /dev/ttyUSB1
  uint32_t baud = 1000000;  // bits a second, one of SerialPort::rates()
  double patience = 5;      // seconds of silence after which it counts as dead

  void add_to(CLI::App& command);
};

}  // namespace sparsys
