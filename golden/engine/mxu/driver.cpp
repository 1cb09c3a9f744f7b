// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/driver.hpp"

#include <algorithm>
#include <deque>

#include "golden/base/error.hpp"
#include "golden/engine/mxu/disassembler.hpp"

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
  check_same("FIFO_WORDS", program.fifo_words, device.fifo_words);
  check_same("UB_DEPTH", program.ub_depth, device.ub_depth);
  check_same("ACC_DEPTH", program.acc_depth, device.acc_depth);
  check_same("PARAM_SETS", program.param_sets, device.param_sets);
}

void check_image(const Program& program) {
  if (image_checksum(program) == program.checksum) return;
  throw Error(
      "matrix unit: the program's image is damaged: its instructions, weights or parameters have "
      "another checksum than the one that they were compiled with; compile it again");
}

// What goes to a port, so many bytes or words at a time.
template <class Item>
class Stream {
 public:
  Stream(const std::vector<Item>& items, size_t step)
      : next_(items.data()), step_(step), left_(items.size() / step) {}
  size_t left() const { return left_; }
  const Item* next() const { return next_; }
  void take() {
    next_ += step_;
    --left_;
  }

 private:
  const Item* next_;
  size_t step_;
  size_t left_;
};

// Gives the beats that were asked for, at `bandwidth` bytes a cycle (0: a beat).
class WeightMemory {
 public:
  WeightMemory(const Program& program, double bandwidth)
      : program_(program),
        bandwidth_(bandwidth),
        beat_bytes_(StreamShape(program.config).beat_bytes()) {}

  // To be asked once a cycle: whether a beat has been read.
  bool ready() {
    if (requests_.empty()) return false;
    // What it has read ahead waits in a beat's buffer at most.
    credit_ = std::min(credit_ + bandwidth_, bandwidth_ + beat_bytes_);
    return bandwidth_ == 0 || credit_ >= beat_bytes_;
  }
  const uint8_t* beat() const { return &program_.weights[requests_.front().beat * beat_bytes_]; }
  void take() {
    if (bandwidth_ > 0) credit_ -= beat_bytes_;
    --owed_;
    Request& first = requests_.front();
    ++first.beat;
    if (--first.beats == 0) requests_.pop_front();
  }
  void request(uint32_t beat, uint32_t beats) {
    const uint64_t all = program_.weights.size() / beat_bytes_;
    if (beats == 0 || uint64_t{beat} + beats > all) {
      throw Error("matrix unit: asks for beats " + std::to_string(beat) + " to " +
                  std::to_string(uint64_t{beat} + beats) + " of weights, there are " +
                  std::to_string(all));
    }
    requests_.push_back({beat, beats});
    owed_ += beats;
  }
  size_t owed() const { return owed_; }

 private:
  struct Request {
    uint64_t beat;
    uint32_t beats;
  };

  const Program& program_;
  const double bandwidth_;
  const uint32_t beat_bytes_;
  std::deque<Request> requests_;
  size_t owed_ = 0;    // beats
  double credit_ = 0;  // bytes it has read
};

// More cycles than a run can take with this weight memory and these stalls, twice over.
uint64_t cycle_limit(const Program& program, const DriverOptions& options) {
  double limit = static_cast<double>(program.cycle_bound) * 100 / (100 - options.stall_percent);
  if (options.weight_bandwidth > 0) {
    uint64_t beats = 0;
    for (const InstructionWords& i : program.instructions) beats += decode(i).beats;
    const uint64_t bytes = beats * StreamShape(program.config).beat_bytes();
    limit += static_cast<double>(bytes) / options.weight_bandwidth;
  }
  return static_cast<uint64_t>(2 * limit + 1000);
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
    case 6:
      return "weights beyond the memory's end, or a tile that was not asked for";
    case 7:
      return "a reserved bit, or more rows or columns used than there are";
    case 8:
      return "an average over more than 255 values";
    case 9:
      return "weights asked for too far ahead";
    case 10:
      return "a weight behind its tile's end";
    case 11:
      return "a count that does not agree with the stream of weights";
    case 12:
      return "coded weights without a codebook";
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
  return options_.stall_percent > 0 && random_.below(100) < options_.stall_percent;
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
  const uint64_t code = status & 255;
  const uint64_t number = status >> 8 & 0xFFFFFF;
  // Those of the stream of weights tell its tile instead, and the bus.
  const std::string where = code < static_cast<uint64_t>(StreamError::kPosition)
                                ? "at " + position(program, number)
                                : "in tile " + std::to_string(number) +
                                      " of those asked for, bus " +
                                      std::to_string(status >> 32 & 255);
  throw Error("matrix unit: error " + std::to_string(code) + " (" + error_name(code) + ") " +
              where);
}

std::vector<int8_t> Driver::run(const Program& program, const std::vector<int8_t>& inputs,
                                const Progress& progress) {
  const Config& config = device_.config();
  check_same(program.config, config);
  check_image(program);
  std::vector<uint8_t> in_rows = host_rows(program, inputs);
  const size_t lanes = config.lanes();
  const uint64_t limit = cycle_limit(program, options_);

  reset();
  if (program.resident) {
    put(program, in_rows);
    in_rows.clear();
  }
  Stream<InstructionWords> instructions(program.instructions, 1);
  Stream<uint8_t> rows(in_rows, lanes);
  WeightMemory weights(program, options_.weight_bandwidth);
  std::vector<uint8_t> out_rows;
  const uint64_t start = cycles_;
  for (bool halted = false; !halted;) {
    if (cycles_ - start > limit) {
      throw Error("matrix unit: not halted after " + std::to_string(cycles_ - start) +
                  " cycles, at " + position(program, read_status(9)));
    }
    Inputs pins;
    pins.inst_valid_i = instructions.left() && !holds_back();
    if (instructions.left()) pins.inst_i = *instructions.next();
    pins.wm_ready_i = !holds_back();
    pins.w_valid_i = weights.ready() && !holds_back();
    if (pins.w_valid_i) pins.w_data_i = weights.beat();
    pins.hi_valid_i = rows.left() && !holds_back();
    if (pins.hi_valid_i) pins.hi_data_i = rows.next();
    pins.ho_ready_i = !holds_back();
    const Outputs out = clock(pins);
    if (out.error_o) report_error(program);
    if (pins.inst_valid_i && out.inst_ready_o) instructions.take();
    if (pins.w_valid_i && out.w_ready_o) weights.take();
    if (out.wm_valid_o && pins.wm_ready_i) {
      weights.request(out.wm_addr_o, out.wm_beats_o);
    }
    if (pins.hi_valid_i && out.hi_ready_o) rows.take();
    if (out.ho_valid_o && pins.ho_ready_i) {
      out_rows.insert(out_rows.end(), out.ho_data_o, out.ho_data_o + lanes);
    }
    halted = out.halted_o;
    if (progress && (cycles_ % kProgressStep == 0 || halted)) {
      const uint64_t total = program.instructions.size();
      progress(total - instructions.left(), total);
    }
  }
  if (instructions.left() || rows.left() || weights.owed()) {
    throw Error("matrix unit: halted with " + std::to_string(instructions.left()) +
                " instructions, " + std::to_string(rows.left()) + " rows of input and " +
                std::to_string(weights.owed()) + " beats of weights not taken");
  }
  counters_ = {read_status(0), read_status(1), read_status(2), read_status(3),
               read_status(4), read_status(5), read_status(6), read_status(7)};
  return outputs_of(program, program.resident ? taken(program) : out_rows);
}

void Driver::put(const Program& program, const std::vector<uint8_t>& rows) {
  const uint8_t* row = rows.data();
  for (const Transfer& transfer : program.input) {
    for (uint32_t r = 0; r < transfer.rows; ++r, row += program.config.lanes()) {
      device_.put(transfer.parameters, transfer.place + r, row);
    }
  }
}

std::vector<uint8_t> Driver::taken(const Program& program) const {
  std::vector<uint8_t> rows;
  for (const Transfer& transfer : program.output) {
    for (uint32_t r = 0; r < transfer.rows; ++r) {
      const std::vector<uint8_t> row = device_.take(false, transfer.place + r);
      rows.insert(rows.end(), row.begin(), row.end());
    }
  }
  return rows;
}

}  // namespace sparsys::mxu
