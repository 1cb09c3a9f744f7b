// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/driver.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "golden/base/error.hpp"

namespace sparsys::eie {

namespace {

// An idle engine takes a request at once and answers a read soon; beyond this it never will.
constexpr uint32_t kPatience = 64;
constexpr uint64_t kProgressStep = 1 << 16;

void check_same(const char* name, uint32_t of_image, uint32_t of_device) {
  if (of_image == of_device) return;
  throw Error("image: built for " + std::string(name) + " = " + std::to_string(of_image) +
              ", but the engine has " + std::to_string(of_device));
}

void check_same(const Config& image, const Config& device) {
  check_same("N_PE", image.n_pe, device.n_pe);
  check_same("ENTRY_DEPTH", image.entry_depth, device.entry_depth);
  check_same("PTR_DEPTH", image.ptr_depth, device.ptr_depth);
  check_same("ACT_REGS", image.act_regs, device.act_regs);
  check_same("ACT_RAM_DEPTH", image.act_ram_depth, device.act_ram_depth);
  check_same("CODEBOOKS", image.codebooks, device.codebooks);
  check_same("LIST_DEPTH", image.list_depth, device.list_depth);
  check_same("GROUPS", image.groups, device.groups);
}

// Status word 5.
ListEnd list_end(uint32_t word) {
  ListEnd end;
  end.reason = static_cast<Reason>(word & 0xF);
  end.pe = word >> 8 & 0xFF;
  end.descriptor = word >> 16;
  return end;
}

// Calls word(address of the load port, word) for all that an engine holds of an image.
template <class Word>
void for_each_word(const Image& image, const Word& word) {
  const auto all = [&word](Space space, const std::vector<uint64_t>& words, uint32_t first) {
    for (uint32_t w = 0; w < words.size(); ++w) {
      word(Driver::port_address(space, first + w), words[w]);
    }
  };
  for (uint32_t pe = 0; pe < image.config.n_pe; ++pe) {
    const std::vector<uint64_t>& rows = image.entry_rows[pe];
    for (uint32_t r = 0; r < rows.size(); ++r) {
      word(Driver::port_address(Space::kEntry, r, pe), rows[r]);
    }
  }
  for (uint32_t pe = 0; pe < image.config.n_pe; ++pe) {
    const std::vector<uint16_t>& pointers = image.pointers[pe];
    for (uint32_t p = 0; p < pointers.size(); p += 2) {
      const uint32_t odd = p + 1 < pointers.size() ? pointers[p + 1] : 0;
      word(Driver::port_address(Space::kPointer, p / 2, pe), uint64_t{odd << 16 | pointers[p]});
    }
  }
  all(Space::kCodebook, image.codebook_words, 0);
  all(Space::kCodebook, image.bias_words, 4 * image.config.codebooks);
  all(Space::kList, list_words(image), 0);
}

// Counts the words of a load and reports now and then.
class Meter {
 public:
  Meter(const Driver::Progress& progress, uint64_t total) : progress_(progress), total_(total) {}
  void count() {
    ++written_;
    if (progress_ && (written_ % kProgressStep == 0 || written_ == total_)) {
      progress_(written_, total_);
    }
  }

 private:
  const Driver::Progress& progress_;
  uint64_t total_;
  uint64_t written_ = 0;
};

}  // namespace

Outputs Driver::clock(const Inputs& inputs) {
  ++cycles_;
  const Outputs outputs = device_.clock(inputs);
  busy_ = !inputs.rst_i && (outputs.busy_o ? !outputs.done_o : inputs.start_i);
  return outputs;
}

void Driver::reset() {
  Inputs inputs;
  inputs.rst_i = true;
  clock(inputs);
}

void Driver::idle(uint64_t cycles) {
  for (uint64_t c = 0; c < cycles; ++c) clock(Inputs());
}

uint32_t Driver::port_address(Space space, uint32_t address, uint32_t pe) {
  return static_cast<uint32_t>(space) << 28 | pe << 20 | address;
}

Outputs Driver::request(const Inputs& inputs) {
  for (uint32_t c = 0; c < kPatience; ++c) {
    const Outputs outputs = clock(inputs);
    if (outputs.io_ready_o) return outputs;
  }
  throw Error("engine: takes no request after " + std::to_string(kPatience) +
              " cycles: a list is still running");
}

void Driver::write(uint32_t port_address, uint64_t word) {
  Inputs inputs;
  inputs.io_valid_i = true;
  inputs.io_write_i = true;
  inputs.io_addr_i = port_address;
  inputs.io_wdata_i = word;
  request(inputs);
}

uint64_t Driver::read(uint32_t port_address) {
  return read(std::vector<uint32_t>{port_address}).front();
}

std::vector<uint64_t> Driver::read(const std::vector<uint32_t>& port_addresses) {
  std::vector<uint64_t> words;
  words.reserve(port_addresses.size());
  const auto take_answer = [&words](const Outputs& outputs) {
    if (outputs.io_rvalid_o) words.push_back(outputs.io_rdata_o);
  };
  for (const uint32_t address : port_addresses) {
    Inputs inputs;
    inputs.io_valid_i = true;
    inputs.io_addr_i = address;
    take_answer(request(inputs));
  }
  for (uint32_t silent = 0; silent < kPatience && words.size() < port_addresses.size(); ++silent) {
    const size_t before = words.size();
    take_answer(clock(Inputs()));
    if (words.size() > before) silent = 0;
  }
  if (words.size() != port_addresses.size()) {
    throw Error("engine: " + std::to_string(port_addresses.size()) + " reads got " +
                std::to_string(words.size()) + " answers");
  }
  return words;
}

void Driver::put(const Image& image) {
  check_same(image.config, device_.config());
  check(image);
  device_.put(image);
}

void Driver::load(const Image& image, const Progress& progress) {
  check_same(image.config, device_.config());
  check(image);
  uint64_t total = 0;
  for_each_word(image, [&total](uint32_t, uint64_t) { ++total; });
  Meter meter(progress, total);
  for_each_word(image, [this, &meter](uint32_t address, uint64_t word) {
    write(address, word);
    meter.count();
  });
}

void Driver::check_loaded(const Image& image) {
  std::vector<uint32_t> addresses;
  std::vector<uint64_t> expected;
  for_each_word(image, [&](uint32_t address, uint64_t word) {
    addresses.push_back(address);
    expected.push_back(word);
  });
  const std::vector<uint64_t> words = read(addresses);
  const auto differ = std::mismatch(words.begin(), words.end(), expected.begin());
  if (differ.first == words.end()) return;
  char text[200];
  std::snprintf(text, sizeof text,
                "engine: address %08x of the load port reads %016llx, but %016llx was written",
                addresses[static_cast<size_t>(differ.first - words.begin())],
                static_cast<unsigned long long>(*differ.first),
                static_cast<unsigned long long>(*differ.second));
  throw Error(text);
}

void Driver::start(uint32_t first, uint32_t count) {
  Inputs inputs;
  inputs.start_i = true;
  inputs.list_first_i = static_cast<uint16_t>(first);
  inputs.list_count_i = static_cast<uint16_t>(count);
  // The engine loses a start while it is busy.
  if (busy_ || clock(inputs).busy_o) {
    throw Error("engine: start refused: a list is running; wait for it, abort() or reset()");
  }
}

uint64_t Driver::run_list(uint32_t first, uint32_t count, uint64_t max_cycles) {
  start(first, count);
  const uint64_t most = max_cycles > 1 ? max_cycles - 1 : 0;
  Outputs last;
  const uint64_t taken = device_.clock_until_done(most, last);
  cycles_ += taken != 0 ? taken : most;
  if (taken == 0) {
    throw Error("engine: list of " + std::to_string(count) + " descriptors from " +
                std::to_string(first) + " not done after " + std::to_string(max_cycles) +
                " cycles; abort() or reset() ends it");
  }
  busy_ = false;
  if (last.flags_o & kListErrors) {
    const ListEnd end = read_list_end();
    throw ListError(describe(end, last.flags_o, first, count), end);
  }
  return taken + 1;
}

ListEnd Driver::abort() {
  Inputs inputs;
  inputs.abort_i = true;
  clock(inputs);
  for (uint32_t c = 0; busy_ && c < kPatience; ++c) clock(Inputs());
  if (busy_) throw Error("engine: still busy " + std::to_string(kPatience) + " cycles after abort");
  return read_list_end();
}

ListEnd Driver::read_list_end() {
  return list_end(static_cast<uint32_t>(read(port_address(Space::kStatus, 5))));
}

// With the numbers of what the engine has in its list RAM, which the error has not changed.
std::string Driver::describe(const ListEnd& end, uint8_t flags, uint32_t first, uint32_t count) {
  const std::string place = "sparse engine: descriptor " + std::to_string(end.descriptor);
  switch (end.reason) {
    case Reason::kList:
      return "sparse engine: list refused: " + breach_of_list(first, count, device_.config()).text +
             "; start no more than are loaded";
    case Reason::kPe: {
      std::string what;
      const auto add = [&](Flag flag, const char* text) {
        if (flags & flag) what += (what.empty() ? "" : ", ") + std::string(text);
      };
      add(kRowError, "a row out of range");
      add(kPointerError, "pointers that fall");
      add(kEntryError, "entries behind the memory's end");
      return place + ": PE " + std::to_string(end.pe) + " first met an error, in all: " + what +
             "; load the image again";
    }
    case Reason::kAborted:
      return place + ": aborted; write the inputs again before the next run";
    default: {
      const uint64_t words[2] = {read_list_word(2 * end.descriptor),
                                 read_list_word(2 * end.descriptor + 1)};
      const Breach breach = breach_of(words, device_.config());
      return place + " refused: " +
             (breach.reason == end.reason
                  ? breach.text
                  : "reason " + std::to_string(static_cast<uint32_t>(end.reason))) +
             "; load an image that is built for this engine";
    }
  }
}

uint64_t Driver::cycle_bound(const Image& image) {
  // As if nothing overlapped: every entry of every PE and every input on its own.
  uint64_t bound = 1000;
  for (const std::vector<uint64_t>& rows : image.entry_rows) bound += 8 * rows.size();
  for (const Pass& pass : image.passes) {
    bound += pass.in_count + 2 * pass.bias + 4 * image.config.act_regs + 100;
  }
  return bound;
}

std::vector<int16_t> Driver::run(const Image& image, const std::vector<int16_t>& input) {
  std::vector<int16_t> vector = input;
  vector.insert(vector.end(), image.input_constants.begin(), image.input_constants.end());
  if (vector.size() != image.input.size) {
    throw Error("input: " + std::to_string(input.size()) + " elements, must be " +
                std::to_string(image.input.size - image.input_constants.size()));
  }
  const auto space_of = [](const Vector& v) { return v.in_ram ? Space::kActRam : Space::kSource; };
  const uint64_t first = cycles_;
  write_vector(space_of(image.input), image.input.ram_row, vector);
  list_cycles_ = run_list(0, static_cast<uint32_t>(image.passes.size()), cycle_bound(image));
  std::vector<int16_t> outputs =
      read_vector(space_of(image.output), image.output.ram_row, image.output.size);
  io_cycles_ = cycles_ - first - list_cycles_;
  if (image.output_position.empty()) return outputs;
  std::vector<int16_t> in_order(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) in_order[i] = outputs[image.output_position[i]];
  return in_order;
}

uint32_t Driver::lanes() const { return std::min(4U, device_.config().n_pe); }

uint32_t Driver::first_flat_word(uint32_t first_row) const {
  return first_row * (device_.config().n_pe / lanes());
}

void Driver::write_vector(Space space, uint32_t first_row, const std::vector<int16_t>& values) {
  const uint32_t lanes = this->lanes();
  uint32_t address = port_address(space, first_flat_word(first_row));
  for (size_t i = 0; i < values.size(); i += lanes, ++address) {
    uint64_t word = 0;
    for (size_t lane = 0; lane < lanes && i + lane < values.size(); ++lane) {
      word |= uint64_t{static_cast<uint16_t>(values[i + lane])} << (16 * lane);
    }
    write(address, word);
  }
}

std::vector<int16_t> Driver::read_vector(Space space, uint32_t first_row, uint32_t size) {
  const uint32_t lanes = this->lanes();
  std::vector<uint32_t> addresses((size + lanes - 1) / lanes);
  for (uint32_t w = 0; w < addresses.size(); ++w) {
    addresses[w] = port_address(space, first_flat_word(first_row) + w);
  }
  const std::vector<uint64_t> words = read(addresses);
  std::vector<int16_t> values(size);
  for (uint32_t i = 0; i < size; ++i) {
    values[i] = static_cast<int16_t>(words[i / lanes] >> (16 * (i % lanes)));
  }
  return values;
}

Status Driver::read_status() {
  std::vector<uint32_t> addresses;
  for (uint32_t w = 0; w < 6; ++w) addresses.push_back(port_address(Space::kStatus, w));
  const std::vector<uint64_t> words = read(addresses);
  Status status;
  status.saturated = words[0] & kSaturated;
  status.row_error = words[0] & kRowError;
  status.pointer_error = words[0] & kPointerError;
  status.entry_error = words[0] & kEntryError;
  status.refused = words[0] & kRefused;
  status.start_lost = words[0] & kStartLost;
  status.aborted = words[0] & kAborted;
  status.end = list_end(static_cast<uint32_t>(words[5]));
  status.cycles = static_cast<uint32_t>(words[1]);
  status.broadcasts = static_cast<uint32_t>(words[2]);
  status.held = static_cast<uint32_t>(words[3]);
  status.n_pe = words[4] & 0xFFFF;
  status.act_regs = words[4] >> 16 & 0xFFFF;
  status.queue_depth = words[4] >> 32 & 0xFFFF;
  status.acc_width = words[4] >> 48 & 0xFF;
  status.groups = (words[4] >> 56) + 1;
  return status;
}

uint64_t Driver::read_entry_row(uint32_t pe, uint32_t row) {
  return read(port_address(Space::kEntry, row, pe));
}

uint32_t Driver::read_pointer_pair(uint32_t pe, uint32_t pair) {
  return static_cast<uint32_t>(read(port_address(Space::kPointer, pair, pe)));
}

uint64_t Driver::read_list_word(uint32_t word) { return read(port_address(Space::kList, word)); }

uint64_t Driver::read_codebook_word(uint32_t word) {
  return read(port_address(Space::kCodebook, word));
}

}  // namespace sparsys::eie
