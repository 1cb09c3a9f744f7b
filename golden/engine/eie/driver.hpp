// SPDX-License-Identifier: Apache-2.0
// The host of a sparse engine: loads an image through the pins, runs descriptor lists, moves
// vectors in and out and reads every memory back (docs/reference/eie-format.md section 9). Works on
// whatever stands behind a Device; what it knows of time is only the handshakes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/engine/eie/pins.hpp"
#include "golden/engine/eie/rules.hpp"

namespace sparsys::eie {

// Spaces of the load port.
enum class Space : uint32_t {
  kEntry,
  kPointer,
  kActRam,
  kSource,
  kDestination,
  kList,
  kCodebook,
  kStatus
};

// What ended a list before its end: status word 5.
struct ListEnd {
  Reason reason = Reason::kNone;
  uint32_t descriptor = 0;  // that was running, or was to be; 0 with kNone
  uint32_t pe = 0;          // the lowest of those with the first error, with kPe; else 0
};

// Its text says what is wrong, in numbers where the engine's memories tell, and the way out.
class ListError : public Error {
 public:
  ListError(const std::string& what, const ListEnd& of) : Error(what), end(of) {}
  ListEnd end;
};

// Space 7.
struct Status {
  bool saturated = false;
  bool row_error = false;
  bool pointer_error = false;
  bool entry_error = false;
  bool refused = false;
  bool start_lost = false;
  bool aborted = false;
  ListEnd end;
  uint32_t cycles = 0;
  uint32_t broadcasts = 0;
  uint32_t held = 0;
  uint32_t n_pe = 0;
  uint32_t act_regs = 0;
  uint32_t queue_depth = 0;
  uint32_t acc_width = 0;
  uint32_t groups = 0;
};

class Driver {
 public:
  // Called now and then while an image is loaded, with the number of words written and in all.
  using Progress = std::function<void(uint64_t written, uint64_t total)>;

  // The device must outlive the driver.
  explicit Driver(Device& device) : device_(device) {}

  // Clock cycles given so far.
  uint64_t cycles() const { return cycles_; }
  // Holds reset for a cycle; afterwards the engine is idle, its memories unchanged.
  void reset();
  // Gives `cycles` clock cycles without a request.
  void idle(uint64_t cycles);

  // Writes entries, pointers, codebooks and the descriptor list, a word a cycle. Throws Error if
  // the image is for another configuration than the device's or breaks a rule, before the first
  // word.
  void load(const Image& image, const Progress& progress = {});
  // Reads all of that back. Throws Error that names the first address whose word is another.
  void check_loaded(const Image& image);
  // The same as load() through the device's back door, in no cycle.
  void put(const Image& image);

  // Runs descriptors first .. first + count - 1. Returns the cycles from start to done, both
  // included. Throws Error if that takes more than `max_cycles`, and the list goes on: abort() or
  // reset() stops it. Throws ListError if the list ends before its end.
  uint64_t run_list(uint32_t first, uint32_t count, uint64_t max_cycles);
  // Starts such a list and leaves it running. Throws Error if one is running already.
  void start(uint32_t first, uint32_t count);
  // Whether a list that was started may still be running.
  bool busy() const { return busy_; }
  // Ends the list that is running, in two cycles. Memories stay as loaded; activations,
  // accumulators and registers are undefined until they are written again. Returns what ended the
  // list: kNone if it was not running any more.
  ListEnd abort();

  // Runs a loaded image: `input` has the network's input size without the constants, the result has
  // the size of image.output, constants included.
  std::vector<int16_t> run(const Image& image, const std::vector<int16_t>& input);
  // Cycles of the last run: of its list from start to done, and of moving its vectors.
  uint64_t list_cycles() const { return list_cycles_; }
  uint64_t io_cycles() const { return io_cycles_; }
  // More cycles than any run of the image can take.
  static uint64_t cycle_bound(const Image& image);

  // Activations: element 0 is in row `first_row` of PE 0. Space: activation RAM, source or
  // destination registers. A write fills the last word's unused lanes with 0.
  void write_vector(Space space, uint32_t first_row, const std::vector<int16_t>& values);
  std::vector<int16_t> read_vector(Space space, uint32_t first_row, uint32_t size);

  Status read_status();
  uint64_t read_entry_row(uint32_t pe, uint32_t row);
  // Bits 15:0 pointer 2 * pair, bits 31:16 pointer 2 * pair + 1.
  uint32_t read_pointer_pair(uint32_t pe, uint32_t pair);
  uint64_t read_list_word(uint32_t word);
  uint64_t read_codebook_word(uint32_t word);

  // The load port itself. `pe` counts for entries and pointers only.
  static uint32_t port_address(Space space, uint32_t address, uint32_t pe = 0);
  void write(uint32_t port_address, uint64_t word);
  uint64_t read(uint32_t port_address);
  // One request a cycle, answers in order.
  std::vector<uint64_t> read(const std::vector<uint32_t>& port_addresses);

 private:
  Outputs clock(const Inputs& inputs);
  ListEnd read_list_end();
  std::string describe(const ListEnd& end, uint8_t flags, uint32_t first, uint32_t count);
  // Gives a request until it is taken; returns the outputs of that cycle.
  Outputs request(const Inputs& inputs);
  uint32_t lanes() const;
  uint32_t first_flat_word(uint32_t first_row) const;

  Device& device_;
  bool busy_ = false;
  uint64_t cycles_ = 0;
  uint64_t list_cycles_ = 0;
  uint64_t io_cycles_ = 0;
};

}  // namespace sparsys::eie
