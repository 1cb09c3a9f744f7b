// SPDX-License-Identifier: Apache-2.0
#include "tb/support/eie/corners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "golden/base/bits.hpp"
#include "golden/base/random.hpp"
#include "golden/engine/eie/encode.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/eie/accumulators.hpp"

namespace sparsys::eie {
namespace {

// One memory of the port: how many words, and which of their bits there are.
struct Memory {
  Space space;
  uint32_t pe;
  uint64_t words;
  uint64_t bits;
};

std::vector<Memory> memories_of(const Config& c) {
  const uint32_t lanes = std::min(4U, c.n_pe);
  const uint64_t groups = c.n_pe / lanes;
  const uint64_t flat = low_mask(16 * lanes);
  std::vector<Memory> memories = {
      {Space::kActRam, 0, c.act_ram_depth * groups, flat},
      {Space::kSource, 0, c.act_regs * groups, flat},
      {Space::kDestination, 0, c.act_regs * groups, flat},
      {Space::kList, 0, 2 * uint64_t{c.list_depth}, ~uint64_t{0}},
      {Space::kCodebook, 0, 8 * uint64_t{c.codebooks}, ~uint64_t{0}},
  };
  for (const uint32_t pe : {0U, c.n_pe - 1}) {
    memories.push_back({Space::kEntry, pe, c.entry_depth / 8, ~uint64_t{0}});
    memories.push_back({Space::kPointer, pe, c.ptr_depth / 2, 0xFFFFFFFF});
    if (c.n_pe == 1) break;
  }
  return memories;
}

// The rows of a PE's entries of one column: 0, 1, ... and at last the highest, without padding.
std::vector<uint32_t> rows_of_column(uint32_t act_regs) {
  std::vector<uint32_t> rows = {0, 1, 2, 3};
  for (uint32_t row = 3; row + 1 < act_regs;) {
    row = std::min(row + 15, act_regs - 1);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::vector<Config> corner_configs() {
  std::vector<Config> configs;
  for (const uint32_t n_pe : {1U, 2U, 4U, 64U, 256U}) {
    for (uint32_t corner = 0; corner < 64; ++corner) {
      const auto pick = [corner](uint32_t bit, uint32_t small, uint32_t large) {
        return corner >> bit & 1 ? large : small;
      };
      Config c;
      c.n_pe = n_pe;
      c.entry_depth = pick(0, 32, 8 * 65536);
      c.ptr_depth = pick(1, 4, 65536);
      c.act_regs = pick(2, 4, 64);
      c.act_ram_depth = pick(3, 4, 65536);
      c.codebooks = pick(4, 2, 256);
      c.list_depth = pick(5, 2, 32768);
      const bool odd = __builtin_parity(corner) != 0;
      c.queue_depth = odd ? 1 : 256;
      c.acc_width = odd == (n_pe > 2) ? 20 : 48;
      configs.push_back(c);
    }
  }
  return configs;
}

void check_addresses(Device& device) {
  Driver driver(device);
  driver.reset();
  const std::vector<Memory> memories = memories_of(device.config());
  std::vector<uint32_t> addresses;
  std::vector<uint64_t> words;
  for (const Memory& memory : memories) {
    const auto add = [&](uint64_t word) {
      addresses.push_back(
          Driver::port_address(memory.space, static_cast<uint32_t>(word), memory.pe));
      // Another in every place, with the bits of the memory's highest.
      const uint64_t value = addresses.size() * 0x9E3779B97F4A7C15ULL;
      words.push_back((value | (memory.bits ^ memory.bits >> 1)) & memory.bits);
    };
    add(0);
    for (uint64_t word = 1; word < memory.words; word *= 2) add(word);
    if (memory.words > 2) add(memory.words - 1);
  }
  for (size_t i = 0; i < words.size(); ++i) driver.write(addresses[i], words[i]);
  EXPECT_EQ(driver.read(addresses), words);
}

void check_far_end(Device& device) {
  const Config& c = device.config();
  Driver driver(device);
  driver.reset();
  const uint32_t columns = std::min(c.n_pe, 3U);
  const uint32_t last_row = c.entry_depth / kEntriesPerRow - 1;
  const auto value_of = [](uint32_t code) { return static_cast<int16_t>(37 * code - 300); };

  // The last column has the entries, which end with the row.
  const std::vector<uint32_t> rows = rows_of_column(c.act_regs);
  const auto count = static_cast<uint32_t>(rows.size());
  for (uint32_t pe = 0; pe < c.n_pe; ++pe) {
    uint64_t entries = 0;
    for (uint32_t e = 0, next = 0; e < count; next = rows[e++] + 1) {
      const uint64_t entry = make_entry(1 + (e + pe) % 15, rows[e] - next);
      entries |= entry << (8 * (kEntriesPerRow - count + e));
    }
    driver.write(Driver::port_address(Space::kEntry, last_row, pe), entries);
    for (uint32_t p = c.ptr_depth - 1 - columns; p < c.ptr_depth; ++p) {
      const uint32_t start = kEntriesPerRow - count;
      const uint32_t odd = p == c.ptr_depth - 1 ? kEntriesPerRow : start;
      if (p % 2) driver.write(Driver::port_address(Space::kPointer, p / 2, pe), odd << 16 | start);
    }
  }
  for (uint32_t w = 0; w < 4; ++w) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < 4; ++i) {
      word |= uint64_t{static_cast<uint16_t>(value_of(4 * w + i))} << (16 * i);
    }
    driver.write(Driver::port_address(Space::kCodebook, 4 * (c.codebooks - 1) + w), word);
  }

  Pass work;
  work.in_first = c.act_regs - 1;
  work.in_count = work.in_first * c.n_pe + columns;
  work.ptr_base = (c.ptr_depth - 1 - columns - work.in_first * c.n_pe) % c.ptr_depth;
  work.entry_base = last_row;
  work.out_count = c.act_regs * c.n_pe;
  work.codebook = c.codebooks - 1;
  work.load_src = c.act_ram_depth >= c.act_regs;
  work.src_addr = work.load_src ? c.act_ram_depth - c.act_regs : 0;
  work.load_codebook = work.clear = work.write_back = true;
  Pass store;
  const uint32_t stored = std::min(c.act_regs, c.act_ram_depth);
  store.out_count = stored * c.n_pe;
  store.dst_addr = c.act_ram_depth - stored;
  store.write_back = store.store_dst = true;
  for (uint32_t d = 0; d < 2; ++d) {
    uint64_t words[2];
    encode(d == 0 ? work : store, words);
    for (uint32_t w = 0; w < 2; ++w) {
      driver.write(Driver::port_address(Space::kList, 2 * (c.list_depth - 2 + d) + w), words[w]);
    }
  }

  // One input: that of the last column.
  constexpr int16_t kInput = -11;
  std::vector<int16_t> input(c.n_pe);
  input[columns - 1] = kInput;
  driver.write_vector(work.load_src ? Space::kActRam : Space::kSource,
                      work.src_addr + c.act_regs - 1, input);
  driver.run_list(c.list_depth - 2, 2, 100000);

  std::vector<int16_t> expected(size_t{c.act_regs} * c.n_pe);
  for (uint32_t e = 0; e < count; ++e) {
    for (uint32_t pe = 0; pe < c.n_pe; ++pe) {
      expected[rows[e] * c.n_pe + pe] = static_cast<int16_t>(kInput * value_of(1 + (e + pe) % 15));
    }
  }
  EXPECT_EQ(driver.read_vector(Space::kDestination, 0, c.act_regs * c.n_pe), expected);
  expected.resize(size_t{stored} * c.n_pe);
  EXPECT_EQ(driver.read_vector(Space::kActRam, store.dst_addr, stored * c.n_pe), expected);
  EXPECT_EQ(driver.read_status().broadcasts, 1U);
}

Config deepest_queue() {
  Config config;
  config.n_pe = 8;
  config.entry_depth = 4096;
  config.ptr_depth = 1024;
  config.act_regs = 64;
  config.act_ram_depth = 128;
  config.queue_depth = 256;
  config.codebooks = 2;
  config.list_depth = 16;
  return config;
}

void check_full_queue(Device& device) {
  const Config& c = device.config();
  Random random(c.queue_depth);
  Layer layer;
  layer.name = "first PE";
  layer.inputs = layer.outputs = c.n_pe * c.act_regs;
  layer.output_frac = 0;
  for (size_t code = 1; code < layer.codebook.size(); ++code) {
    layer.codebook[code] = static_cast<int16_t>(1 + random.below(3000));
  }
  layer.column_start = {0};
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint32_t place = 0; place < kEntriesPerRow; ++place) {
      layer.row.push_back((kEntriesPerRow * place + j % kEntriesPerRow) * c.n_pe);
      layer.code.push_back(static_cast<uint8_t>(1 + random.below(15)));
    }
    layer.column_start.push_back(layer.row.size());
  }
  Network network;
  network.name = "full queue";
  network.layers = {layer};
  std::vector<int16_t> input(layer.inputs);
  for (int16_t& value : input) value = static_cast<int16_t>(1 + random.below(100));

  const Image image = build_image(network, c, Rows::kInterleaved);
  Driver driver(device);
  driver.reset();
  driver.load(image);
  EXPECT_EQ(driver.run(image, input), run(network, input, accumulators_of(c)));
  const Status status = driver.read_status();
  EXPECT_EQ(status.queue_depth, c.queue_depth);
  EXPECT_EQ(status.broadcasts, layer.inputs);
  // All columns have come when as many as the queue holds are left, but those on their way.
  EXPECT_GT(status.held, (kEntriesPerRow - 1) * (layer.inputs - c.queue_depth) / 2);
}

}  // namespace sparsys::eie
