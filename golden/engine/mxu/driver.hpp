// SPDX-License-Identifier: Apache-2.0
// The host of a matrix unit: feeds a program, its weight memory and the rows of its streams through
// the pins, and collects what comes out. Works on whatever stands behind a Device; what it knows of
// time is only the handshakes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/engine/mxu/pins.hpp"
#include "golden/engine/mxu/program.hpp"

namespace sparsys::mxu {

struct DriverOptions {
  // Of the weight memory: bytes a cycle; 0: a beat a cycle. TPU v1: 34 GB/s at 700 MHz, 48.6.
  double weight_bandwidth = 0;
  // Per cent of cycles in which each port of the host holds back, by random numbers of `seed`.
  unsigned stall_percent = 0;
  uint64_t seed = 1;
};

// Status words 0 to 7 (docs/reference/mxu-format.md section 6).
struct Counters {
  uint64_t cycles = 0;
  uint64_t active = 0;
  uint64_t useful = 0;
  uint64_t weight_stall = 0;
  uint64_t weight_shift = 0;
  uint64_t non_matrix = 0;
  uint64_t raw_stall = 0;
  uint64_t input_stall = 0;
};

class Driver {
 public:
  // Called now and then with the number of instructions taken and in all.
  using Progress = std::function<void(uint64_t taken, uint64_t total)>;

  // The device must outlive the driver.
  explicit Driver(Device& device, const DriverOptions& options = {});

  // Clock cycles given so far.
  uint64_t cycles() const { return cycles_; }
  // Holds reset for a cycle: afterwards the unit is idle, its memories unchanged.
  void reset();

  // Runs a whole batch, from reset to Halt: `inputs` and result as host_rows() and outputs_of()
  // have them. Of a resident program they go through the device's back door. Throws Error if the
  // program is for another configuration or its image not that of its checksum (both before the
  // unit is clocked), if the unit stops in its error state ("... error 3 (unified buffer) at
  // instruction 17: Activate ..."), if it is not halted in time, or gives more or fewer rows than
  // it should.
  std::vector<int8_t> run(const Program& program, const std::vector<int8_t>& inputs,
                          const Progress& progress = {});

  // Of the last run, read after its Halt.
  const Counters& counters() const { return counters_; }

  // A status word; takes a cycle.
  uint64_t read_status(unsigned word);

 private:
  Outputs clock(const Inputs& inputs);
  bool holds_back();
  // A resident program's input into the memories, and its output out of them.
  void put(const Program& program, const std::vector<uint8_t>& rows);
  std::vector<uint8_t> taken(const Program& program) const;
  std::string position(const Program& program, uint64_t instruction) const;
  [[noreturn]] void report_error(const Program& program);

  Device& device_;
  const DriverOptions options_;
  Random random_;
  uint64_t cycles_ = 0;
  Counters counters_;
};

}  // namespace sparsys::mxu
