// SPDX-License-Identifier: Apache-2.0
#include "tb/support/eie/faults.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

constexpr uint64_t kPatience = 100000;

uint32_t rows_of(uint32_t count, const Config& config) {
  return (count + config.n_pe - 1) / config.n_pe;
}

// 0 .. most, with a good share of both ends.
uint32_t up_to(Random& random, uint64_t most) {
  const uint64_t kind = random.below(4);
  return static_cast<uint32_t>(kind == 0 ? most : kind == 1 ? 0 : random.below(most + 1));
}

Pass sound_pass(Random& random, const Config& config) {
  const uint32_t registers = config.act_regs * config.n_pe;
  Pass pass;
  pass.in_count = up_to(random, registers);
  pass.out_count = up_to(random, registers);
  pass.in_first = up_to(random, rows_of(pass.in_count, config));
  // Columns of a group.
  const Dealing dealing(config);
  const uint32_t first = pass.in_first * dealing.teams();
  const uint32_t end = dealing.columns_of_group(pass.in_count);
  uint32_t columns = end > first ? end - first : 0;
  if (columns >= config.ptr_depth) {
    columns = config.ptr_depth - 1;
    pass.in_count = (first + columns) * config.groups;
  }
  // Bias columns where there is room for their pointers.
  const auto bias = static_cast<uint32_t>(random.below(4));
  const uint32_t room = config.ptr_depth - 1 - columns;
  if (pass.in_first == 0 && dealing.bias_columns(bias) <= room) pass.bias = bias;
  const uint32_t before = dealing.bias_columns(pass.bias);
  pass.ptr_base = (before + up_to(random, room - before) - first) % config.ptr_depth;
  pass.entry_base = up_to(random, config.entry_depth / 8 - 1);
  const auto address = [&](uint32_t rows, bool& used) {
    used = rows <= config.act_ram_depth && random.below(2) != 0;
    return used ? up_to(random, std::min(config.act_ram_depth - rows, 65535U))
                : static_cast<uint32_t>(random.below(65536));
  };
  pass.src_addr = address(rows_of(pass.in_count, config), pass.load_src);
  pass.dst_addr = address(rows_of(pass.out_count, config), pass.store_dst);
  pass.write_back = random.below(2) != 0;
  pass.load_codebook = random.below(2) != 0;
  pass.codebook = pass.load_codebook || pass.bias != 0 ? up_to(random, config.codebooks - 1)
                                                       : uint32_t(random.below(256));
  pass.shift = static_cast<uint32_t>(random.below(32));
  pass.clear = random.below(2) != 0;
  pass.relu = random.below(2) != 0;
  pass.swap = random.below(2) != 0;
  return pass;
}

// Moves one field to either side of one of its borders.
void bend(Random& random, const Config& config, Pass& pass) {
  const uint32_t registers = config.act_regs * config.n_pe;
  const auto near = [&random](uint64_t border, uint32_t width) {
    if (random.below(6) == 0) return static_cast<uint32_t>(random.below(uint64_t{1} << width));
    const int64_t value = static_cast<int64_t>(border) + static_cast<int64_t>(random.below(3)) - 1;
    return static_cast<uint32_t>(value) & ((1U << width) - 1);
  };
  const auto ram = [&](uint32_t count) {
    return near(config.act_ram_depth - std::min(rows_of(count, config), config.act_ram_depth), 16);
  };
  switch (random.below(14)) {
    case 0:
      pass.shift = near(32, 6);
      break;
    case 1:
      pass.in_count = near(registers, 16);
      break;
    case 2:
      pass.out_count = near(registers, 16);
      break;
    case 3:
      pass.in_first = near(rows_of(pass.in_count, config), 8);
      break;
    case 4:
      pass.ptr_base = near(config.ptr_depth, 16);
      break;
    case 5:
      pass.ptr_base = near(pass.ptr_base, 16);
      break;
    case 6:
      pass.in_count = near(pass.in_count, 16);
      break;
    case 7:
      pass.entry_base = near(config.entry_depth / 8, 16);
      break;
    case 8:
      pass.load_src = true;
      pass.src_addr = ram(pass.in_count);
      break;
    case 9:
      pass.write_back = pass.store_dst = true;
      pass.dst_addr = ram(pass.out_count);
      break;
    case 10:
      pass.load_codebook = true;
      pass.codebook = near(config.codebooks, 8);
      break;
    case 11:
      pass.bias = 1 + static_cast<uint32_t>(random.below(3));
      break;
    case 12:
      pass.bias = 1 + static_cast<uint32_t>(random.below(3));
      pass.in_first = 0;
      pass.ptr_base = near(Dealing(config).bias_columns(pass.bias), 16);
      break;
    default:  // As many columns as there are pointers, or one less or more.
      pass.in_count =
          near(pass.in_first * config.n_pe + (config.ptr_depth - 1) * config.groups, 16);
      pass.ptr_base = (0U - pass.in_first * Dealing(config).teams()) % config.ptr_depth;
  }
}

// What the flags and status word 5 say behind a list that was refused, or was not.
void expect_status(Driver& driver, Reason reason, uint32_t descriptor) {
  const Status status = driver.read_status();
  EXPECT_EQ(status.end.reason, reason);
  EXPECT_EQ(status.end.descriptor, reason == Reason::kNone ? 0 : descriptor);
  EXPECT_EQ(status.end.pe, 0U);
  EXPECT_EQ(status.refused, reason != Reason::kNone);
  EXPECT_FALSE(status.row_error || status.pointer_error || status.entry_error);
  EXPECT_FALSE(status.start_lost || status.aborted);
}

void run_list(Driver& driver, uint32_t first, uint32_t count, const Breach& breach,
              uint32_t descriptor, Reasons& reasons) {
  ++reasons[breach.reason];
  try {
    driver.run_list(first, count, kPatience);
    EXPECT_EQ(breach.reason, Reason::kNone) << breach.text;
  } catch (const ListError& error) {
    EXPECT_EQ(error.end.reason, breach.reason) << error.what() << "; " << breach.text;
    EXPECT_EQ(error.end.descriptor, descriptor);
    EXPECT_NE(std::string(error.what()).find(breach.text), std::string::npos) << error.what();
  }
  expect_status(driver, breach.reason, descriptor);
}

// A random network, loaded, with an input that has no zeros.
struct Scene {
  Network network;
  Image image;
  std::vector<int16_t> input;
  std::vector<int16_t> vector;  // with the constants
  std::vector<int16_t> expected;
};

Scene scene_of(Driver& driver, const Config& config, uint64_t seed, std::vector<uint32_t> sizes,
               double density) {
  RandomNetworkOptions options;
  options.sizes = std::move(sizes);
  options.density = density;
  options.uneven = false;
  Scene scene;
  scene.network = random_network(seed, options);
  scene.image = build_image(scene.network, config, Rows::kInterleaved);
  scene.input = random_input(seed, scene.network, 1.0);
  for (int16_t& value : scene.input) value = static_cast<int16_t>(value == 0 ? 1 : value);
  scene.vector = scene.input;
  scene.vector.insert(scene.vector.end(), scene.image.input_constants.begin(),
                      scene.image.input_constants.end());
  driver.reset();
  driver.load(scene.image);
  scene.expected = driver.run(scene.image, scene.input);
  return scene;
}

// Starts the list on fresh inputs.
void start(Driver& driver, const Scene& scene) {
  driver.write_vector(scene.image.input.in_ram ? Space::kActRam : Space::kSource,
                      scene.image.input.ram_row, scene.vector);
  driver.start(0, static_cast<uint32_t>(scene.image.passes.size()));
}

void expect_memories(Driver& driver, const Image& image) {
  std::vector<uint32_t> addresses;
  std::vector<uint64_t> expected;
  const auto add = [&](Space space, uint32_t address, uint32_t pe, uint64_t word) {
    addresses.push_back(Driver::port_address(space, address, pe));
    expected.push_back(word);
  };
  for (uint32_t pe = 0; pe < image.config.n_pe; ++pe) {
    const auto& rows = image.entry_rows[pe];
    for (uint32_t r = 0; r < rows.size(); ++r) add(Space::kEntry, r, pe, rows[r]);
    const auto& pointers = image.pointers[pe];
    for (uint32_t p = 0; p + 1 < pointers.size(); p += 2) {
      add(Space::kPointer, p / 2, pe, uint32_t{pointers[p + 1]} << 16 | pointers[p]);
    }
  }
  const auto& codebooks = image.codebook_words;
  for (uint32_t w = 0; w < codebooks.size(); ++w) add(Space::kCodebook, w, 0, codebooks[w]);
  for (uint32_t w = 0; w < image.bias_words.size(); ++w) {
    add(Space::kCodebook, 4 * image.config.codebooks + w, 0, image.bias_words[w]);
  }
  const std::vector<uint64_t> list = list_words(image);
  for (uint32_t w = 0; w < list.size(); ++w) add(Space::kList, w, 0, list[w]);
  EXPECT_EQ(driver.read(addresses), expected);
}

// Sizes of a network of one or two layers that every configuration of the tests holds.
std::vector<uint32_t> small_sizes(const Config& config, Random& random) {
  const uint32_t most = std::min(24U, config.n_pe * config.act_regs - 2);
  std::vector<uint32_t> sizes;
  for (uint64_t n = 2 + random.below(2); n > 0; --n) {
    sizes.push_back(static_cast<uint32_t>(1 + random.below(most)));
  }
  return sizes;
}

}  // namespace

void random_descriptor(uint64_t seed, const Config& config, uint64_t words[2]) {
  Random random(seed, 17);
  Pass pass = sound_pass(random, config);
  for (uint64_t n = random.below(3); n > 0; --n) bend(random, config, pass);
  encode(pass, words);
  switch (random.below(20)) {
    case 0:
      words[1] ^= uint64_t{1} << 63;
      break;
    case 1:
      words[0] = random.next();
      words[1] = random.next() >> 1;
      break;
    default:
      break;
  }
}

Reasons check_refusals(Device& device, uint64_t seed, uint64_t count) {
  const Config& config = device.config();
  Random random(seed, 18);
  Reasons reasons;
  Driver driver(device);
  driver.reset();
  driver.write_vector(Space::kSource, 0, {5, 0, -7, 0});
  for (uint64_t n = 0; n < count && !testing::Test::HasFailure(); ++n) {
    if (random.below(12) == 0) {
      const auto first = static_cast<uint32_t>(random.below(config.list_depth));
      const uint32_t over = 1 + up_to(random, config.list_depth - 1 - first);
      const uint32_t list = config.list_depth - first + over;
      if (list > std::min(2 * config.list_depth - 1, 65535U)) continue;
      run_list(driver, first, list, breach_of_list(first, list, config), first, reasons);
      continue;
    }
    // Up to three descriptors, at the list RAM's end as often as not.
    const uint32_t list = 1 + up_to(random, std::min(3U, config.list_depth) - 1);
    const uint32_t first = config.list_depth - list - up_to(random, config.list_depth - list);
    Breach breach;
    uint32_t descriptor = first;
    for (uint32_t d = 0; d < list; ++d) {
      uint64_t words[2];
      random_descriptor(random.next(), config, words);
      for (uint32_t w = 0; w < 2; ++w) {
        driver.write(Driver::port_address(Space::kList, 2 * (first + d) + w), words[w]);
      }
      if (breach.reason != Reason::kNone) continue;
      breach = breach_of(words, config);
      descriptor = first + d;
    }
    run_list(driver, first, list, breach, descriptor, reasons);
  }
  return reasons;
}

void check_aborts(Device& device, uint64_t seed, uint64_t cuts, const std::function<void()>& seen) {
  Random random(seed, 19);
  Driver driver(device);
  const Scene scene =
      scene_of(driver, device.config(), seed, small_sizes(device.config(), random), 0.6);
  // Cycles behind the start, the last of them DONE.
  const uint64_t whole = driver.list_cycles() - 1;
  for (uint64_t n = 0; n < (cuts != 0 ? cuts : whole) && !testing::Test::HasFailure(); ++n) {
    const uint64_t cut = cuts != 0 ? random.below(whole) : n;
    SCOPED_TRACE("abort in cycle " + std::to_string(cut) + " of " + std::to_string(whole));
    start(driver, scene);
    driver.idle(cut);
    if (seen) seen();
    const uint64_t before = driver.cycles();
    const ListEnd end = driver.abort();
    // Request and answer of status word 5 take four cycles. In DONE nothing is left to abort.
    const bool late = cut + 1 == whole;
    EXPECT_EQ(driver.cycles() - before, (late ? 1 : 3) + 4U);
    EXPECT_EQ(end.reason, late ? Reason::kNone : Reason::kAborted);
    EXPECT_LT(end.descriptor, scene.image.passes.size());
    EXPECT_EQ(end.pe, 0U);
    const Status status = driver.read_status();
    EXPECT_EQ(status.aborted, !late);
    EXPECT_FALSE(status.row_error || status.pointer_error || status.entry_error || status.refused);
    EXPECT_EQ(status.cycles, cut + (late ? 1 : 3));
    EXPECT_EQ(driver.run(scene.image, scene.input), scene.expected);
    EXPECT_FALSE(driver.read_status().aborted);
  }
  expect_memories(driver, scene.image);
  // While idle it does nothing.
  driver.abort();
  EXPECT_FALSE(driver.read_status().aborted);
}

void check_lost_starts(Device& device, uint64_t seed) {
  Random random(seed, 20);
  Driver driver(device);
  const Scene scene =
      scene_of(driver, device.config(), seed, small_sizes(device.config(), random), 0.6);
  const uint64_t whole = driver.list_cycles() - 1;
  start(driver, scene);
  EXPECT_EQ(error_of([&] { driver.start(0, 1); }),
            "engine: start refused: a list is running; wait for it, abort() or reset()");
  const uint64_t lost = 1 + random.below(whole - 1);
  uint64_t cycles = 0;
  bool expected = false;
  for (bool done = false; !done && cycles < 2 * whole; ++cycles) {
    Inputs inputs;
    inputs.start_i = cycles == lost || random.below(8) == 0;
    inputs.list_first_i = static_cast<uint16_t>(random.below(device.config().list_depth));
    inputs.list_count_i = static_cast<uint16_t>(random.below(4));
    const Outputs outputs = device.clock(inputs);
    done = outputs.done_o;
    EXPECT_EQ((outputs.flags_o & kStartLost) != 0, expected) << cycles;
    expected |= inputs.start_i && cycles > 0;  // START clears the flag
  }
  EXPECT_EQ(cycles, whole);
  driver.reset();  // it has not seen those cycles
  EXPECT_EQ(driver.run(scene.image, scene.input), scene.expected);
  EXPECT_FALSE(driver.read_status().start_lost);
}

namespace {

// A word of a PE's memory, to be put back.
struct Damage {
  uint32_t address;
  uint64_t word;
};

class PeDamage {
 public:
  PeDamage(Driver& driver, const Scene& scene) : driver_(driver), image_(scene.image) {}

  // The pointer behind column `column` of the PE's group becomes 0.
  void fall(uint32_t pe, uint32_t column) { set_pointer(pe, column + 1, 0); }
  // The last column has one entry more than the memory.
  void reach_behind_end(uint32_t pe) {
    const Pass& pass = image_.passes[0];
    const uint32_t entries = image_.config.entry_depth - 8 * pass.entry_base;
    const uint32_t columns = Dealing(image_.config).columns_of_group(pass.in_count);
    set_pointer(pe, columns, std::min(entries + 1, 65535U));
  }
  // All entries skip 15 rows.
  void skip_far(uint32_t pe) {
    for (uint32_t row = 0; row < image_.entry_rows[pe].size(); ++row) {
      write(Driver::port_address(Space::kEntry, row, pe), 0xF1F1F1F1F1F1F1F1);
    }
  }
  // Puts back what was there.
  void repair() {
    for (auto d = damages_.rbegin(); d != damages_.rend(); ++d) driver_.write(d->address, d->word);
    damages_.clear();
  }

 private:
  void write(uint32_t address, uint64_t word) {
    damages_.push_back({address, driver_.read(address)});
    driver_.write(address, word);
  }
  void set_pointer(uint32_t pe, uint32_t number, uint32_t value) {
    const uint32_t pair = driver_.read_pointer_pair(pe, number / 2);
    const uint32_t word = number % 2 ? value << 16 | (pair & 0xFFFF) : (pair & 0xFFFF0000) | value;
    write(Driver::port_address(Space::kPointer, number / 2, pe), word);
  }

  Driver& driver_;
  const Image& image_;
  std::vector<Damage> damages_;
};

}  // namespace

uint8_t check_pe_errors(Device& device, uint64_t seed, uint64_t count) {
  const Config& config = device.config();
  Random random(seed, 21);
  Driver driver(device);
  // All weights are there, so that every PE has entries in every column.
  const uint32_t columns = std::min(24U, config.n_pe * config.act_regs);
  const Scene scene =
      scene_of(driver, config, seed, {columns, config.n_pe * std::min(config.act_regs, 16U)}, 1.0);
  const uint64_t bound = Driver::cycle_bound(scene.image) + config.entry_depth;
  PeDamage damage(driver, scene);
  uint8_t flags = 0;
  for (uint64_t n = 0; n < count && !testing::Test::HasFailure(); ++n) {
    const auto some_pe = [&] { return static_cast<uint32_t>(random.below(config.n_pe)); };
    uint32_t pe = some_pe();
    uint8_t flag = 0;
    switch (random.below(3)) {
      case 0: {
        // All PEs of a group look at a column's pointers at once.
        const uint32_t of_group = Dealing(config).columns_of_group(columns);
        const auto column = static_cast<uint32_t>(1 + random.below(of_group - 1));
        damage.fall(pe, column);
        for (uint64_t more = random.below(3); more > 0; --more) {
          const uint32_t other = some_pe() / config.groups * config.groups + pe % config.groups;
          damage.fall(other, column);
          pe = std::min(pe, other);
        }
        flag = kPointerError;
        break;
      }
      case 1:
        damage.skip_far(pe);
        flag = kRowError;
        break;
      default:
        if (config.entry_depth >= 65536) continue;  // pointers do not reach that far
        damage.reach_behind_end(pe);
        flag = kEntryError;
    }
    driver.write_vector(Space::kSource, 0, scene.vector);
    try {
      driver.run_list(0, 1, bound);
      ADD_FAILURE() << "no error";
    } catch (const ListError& error) {
      EXPECT_EQ(error.end.reason, Reason::kPe) << error.what();
      EXPECT_EQ(error.end.pe, pe) << error.what();
      EXPECT_EQ(error.end.descriptor, 0U);
    }
    const Status status = driver.read_status();
    const int seen = status.row_error * kRowError | status.pointer_error * kPointerError |
                     status.entry_error * kEntryError;
    EXPECT_TRUE(seen & flag) << seen;
    EXPECT_FALSE(status.refused || status.aborted || status.start_lost);
    flags |= static_cast<uint8_t>(seen);
    damage.repair();
    expect_memories(driver, scene.image);
    EXPECT_EQ(driver.run(scene.image, scene.input), scene.expected);
  }
  return flags;
}

}  // namespace sparsys::eie
