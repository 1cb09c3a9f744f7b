// SPDX-License-Identifier: Apache-2.0
// The whole cycle model of the sparse engine behind its pins: the worked example of EIE (Han 2016,
// Fig 2 and 3), the pipeline's timing, load and read-back, statistics, errors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/function/eie/model.hpp"
#include "tb/support/error_of.hpp"

namespace sparsys::eie {
namespace {

// The matrix of Fig 2: 16 rows, 8 columns. Of the other PEs only column 2 is the paper's (PE 1 has
// nothing there, PE 2 has rows 2 and 14); the rest is made up in its manner.
const std::vector<std::vector<uint32_t>> kFigureRows = {
    {0, 1, 7, 8, 12, 13, 9},  // column 0
    {1, 3, 4, 6},             // 1
    {0, 2, 12, 14, 3, 15},    // 2
    {1, 14, 15},              // 3: PE 0 has nothing
    {0, 2, 4, 6, 10, 14},     // 4
    {0, 3, 5, 12, 15},        // 5
    {0, 1, 6, 9, 13},         // 6
    {2, 5, 8, 12, 11},        // 7
};

Config figure_config() {
  Config config;
  config.n_pe = 4;
  config.entry_depth = 64;
  config.ptr_depth = 16;
  config.act_regs = 4;
  config.act_ram_depth = 8;
  config.codebooks = 2;
  config.list_depth = 2;
  return config;
}

uint8_t figure_code(uint32_t row, uint32_t column) {
  return static_cast<uint8_t>(1 + (3 * row + 5 * column) % 15);
}
int16_t figure_weight(uint32_t code) { return static_cast<int16_t>(100 * code) - 700; }

// Encoded here by hand, so that the engine is tested without golden/format's encoder.
Image figure_image() {
  Image image;
  image.config = figure_config();
  image.entry_rows.resize(4);
  image.pointers.resize(4);
  for (uint32_t k = 0; k < 4; ++k) {
    std::vector<uint8_t> entries;
    image.pointers[k].push_back(0);
    for (uint32_t column = 0; column < 8; ++column) {
      std::vector<uint32_t> rows = kFigureRows[column];
      std::sort(rows.begin(), rows.end());
      int previous = -1;
      for (const uint32_t row : rows) {
        if (row % 4 != k) continue;
        const int local = static_cast<int>(row / 4);
        const int skip = local - previous - 1;
        entries.push_back(static_cast<uint8_t>(skip << 4 | figure_code(row, column)));
        previous = local;
      }
      image.pointers[k].push_back(static_cast<uint16_t>(entries.size()));
    }
    image.entry_rows[k].resize((entries.size() + 7) / 8);
    for (size_t e = 0; e < entries.size(); ++e) {
      image.entry_rows[k][e / 8] |= uint64_t{entries[e]} << (8 * (e % 8));
    }
  }
  image.codebook_words.resize(4);
  for (uint32_t code = 0; code < 16; ++code) {
    image.codebook_words[code / 4] |= uint64_t{static_cast<uint16_t>(figure_weight(code))}
                                      << (16 * (code % 4));
  }
  Pass pass;
  pass.in_count = 8;
  pass.out_count = 16;
  pass.shift = 2;
  pass.load_codebook = pass.clear = pass.write_back = pass.relu = pass.swap = true;
  image.passes = {pass};
  image.input.size = 8;
  image.output.size = 16;
  return image;
}

std::vector<int16_t> figure_result(const std::vector<int16_t>& x) {
  std::vector<int16_t> y(16);
  std::vector<int64_t> acc(16);
  for (uint32_t column = 0; column < 8; ++column) {
    for (const uint32_t row : kFigureRows[column]) {
      acc[row] += int64_t{figure_weight(figure_code(row, column))} * x[column];
    }
  }
  for (uint32_t i = 0; i < 16; ++i) {
    y[i] = static_cast<int16_t>(std::max<int64_t>(0, (acc[i] + 2) >> 2));
  }
  return y;
}

// The input of Fig 2: a non-zero at 2, 4, 5 and 7.
const std::vector<int16_t> kFigureInput = {0, 0, 13, 0, -7, 21, 0, 5};

TEST(EngineFigure, MemoryOfPe0) {
  const Image image = figure_image();
  EXPECT_EQ(image.pointers[0], (std::vector<uint16_t>{0, 3, 4, 6, 6, 8, 10, 11, 13}));
  std::vector<int> skips;
  for (uint32_t e = 0; e < 13; ++e) {
    skips.push_back(static_cast<int>(image.entry_rows[0][e / 8] >> (8 * (e % 8) + 4) & 15));
  }
  EXPECT_EQ(skips, (std::vector<int>{0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0, 2, 0}));
}

TEST(EngineFigure, ResultAndRepeat) {
  CycleDevice device(figure_config());
  Driver driver(device);
  Statistics statistics;
  device.statistics = &statistics;
  driver.reset();
  const Image image = figure_image();
  driver.load(image);
  EXPECT_EQ(driver.run(image, kFigureInput), figure_result(kFigureInput));
  EXPECT_EQ(driver.read_status().broadcasts, 4u);
  // Columns 2, 4, 5 and 7 have 6 + 6 + 5 + 5 entries.
  EXPECT_EQ(statistics.entries, 22u);
  EXPECT_EQ(statistics.broadcasts, 4u);
  // Again, with the roles of the registers swapped, and with other inputs.
  EXPECT_EQ(device.model.ccu.sequencer.role_q, 1);
  EXPECT_EQ(driver.run(image, kFigureInput), figure_result(kFigureInput));
  EXPECT_EQ(device.model.ccu.sequencer.role_q, 0);
  const std::vector<int16_t> dense = {1, -2, 3, -4, 5, -6, 7, -8};
  EXPECT_EQ(driver.run(image, dense), figure_result(dense));
  const std::vector<int16_t> zero(8);
  EXPECT_EQ(driver.run(image, zero), figure_result(zero));
  EXPECT_EQ(driver.read_status().broadcasts, 0u);
}

// The way of an activation, as the timing contract draws it: a2 (PE 2) is the first broadcast.
TEST(EngineFigure, WayOfTheFirstActivation) {
  CycleDevice device(figure_config());
  Driver driver(device);
  driver.reset();
  const Image image = figure_image();
  driver.load(image);
  driver.write_vector(Space::kSource, 0, kFigureInput);
  Eie& model = device.model;
  Inputs inputs;
  inputs.start_i = true;
  inputs.list_count_i = 1;
  device.clock(inputs);
  for (int i = 0; i < 100 && model.ccu.sequencer.state_q != Sequencer::LAUNCH; ++i)
    device.clock(Inputs());
  device.clock(Inputs());
  ASSERT_EQ(model.ccu.sequencer.state_q, Sequencer::RUN);
  EXPECT_EQ(model.pe[2].act_rw.pend_q, 1u);
  device.clock(Inputs());
  // Cycle 0: leaf_q.
  EXPECT_TRUE(model.pe[2].act_rw.leaf_valid_q);
  EXPECT_EQ(model.pe[2].act_rw.regs.rdata_q, 13);
  device.clock(Inputs());
  // Cycle 1: the only level of the tree.
  ASSERT_EQ(model.lnzd[0].node.size(), 1u);
  EXPECT_TRUE(model.lnzd[0].node[0].valid_q);
  EXPECT_EQ(model.lnzd[0].node[0].col_q, 2);
  device.clock(Inputs());
  // Cycle 2: the broadcast, of pointers 2 and 3.
  EXPECT_TRUE(model.ccu.columns.broadcast[0].b_valid_q);
  EXPECT_EQ(model.ccu.columns.broadcast[0].b_act_q, 13);
  EXPECT_FALSE(model.ccu.columns.broadcast[0].b_odd_first_q);
  EXPECT_EQ(model.ccu.columns.broadcast[0].b_even_q, 1);
  EXPECT_EQ(model.ccu.columns.broadcast[0].b_odd_q, 1);
  device.clock(Inputs());
  // Cycle 3: pointers. PE 0 has W0,2 and W12,2, PE 1 nothing, PE 2 W2,2 and W14,2.
  const auto entries = [&model](uint32_t k) {
    const PtrRead& unit = model.pe[k].ptr_read;
    return unit.odd.rdata_q - unit.even.rdata_q;
  };
  EXPECT_TRUE(model.pe[0].ptr_read.p_valid_q);
  EXPECT_EQ(entries(0), 2);
  EXPECT_EQ(entries(1), 0);
  EXPECT_EQ(entries(2), 2);
  device.clock(Inputs());
  // Cycle 4: the queue's head. PE 1's queue stays empty.
  EXPECT_EQ(model.pe[0].act_queue.queue.count_q, 1);
  EXPECT_EQ(model.pe[1].act_queue.queue.count_q, 0);
  EXPECT_EQ(model.pe[2].act_queue.queue.count_q, 1);
  device.clock(Inputs());
  // Cycle 5: the entry row.
  EXPECT_TRUE(model.pe[0].spmat_read.d_valid_q);
  EXPECT_EQ(model.pe[0].spmat_read.d_off_q, 4);
  EXPECT_EQ(model.pe[0].spmat_read.d_left_q, 2);
  device.clock(Inputs());
  // Cycle 6: one entry.
  EXPECT_TRUE(model.pe[0].spmat_read.e_valid_q);
  EXPECT_EQ(model.pe[0].spmat_read.e_code_q, figure_code(0, 2));
  device.clock(Inputs());
  // Cycle 7: code and row.
  EXPECT_TRUE(model.pe[0].arith.s1_valid_q);
  EXPECT_EQ(model.pe[0].arith.s1_row_q, 0);
  EXPECT_EQ(static_cast<int16_t>(model.pe[0].arith.s1_weight_q), figure_weight(figure_code(0, 2)));
  device.clock(Inputs());
  // Cycle 8: the product.
  EXPECT_TRUE(model.pe[0].arith.s2_valid_q);
  EXPECT_EQ(static_cast<int32_t>(model.pe[0].arith.s2_product),
            13 * figure_weight(figure_code(0, 2)));
  device.clock(Inputs());
  // Cycle 9: the sum; written at its end.
  EXPECT_TRUE(model.pe[0].arith.s3_valid_q);
  EXPECT_EQ(model.pe[0].arith.acc_valid_q, 0u);
  device.clock(Inputs());
  EXPECT_EQ(model.pe[0].arith.acc_valid_q, 1u);
}

TEST(EngineFigure, ReadsBackWhatWasLoaded) {
  CycleDevice device(figure_config());
  Driver driver(device);
  driver.reset();
  const Image image = figure_image();
  uint64_t reported = 0, total = 0;
  driver.load(image, [&](uint64_t written, uint64_t of) { reported = written, total = of; });
  EXPECT_EQ(reported, total);
  EXPECT_GT(total, 0u);
  for (uint32_t k = 0; k < 4; ++k) {
    for (uint32_t row = 0; row < image.entry_rows[k].size(); ++row) {
      EXPECT_EQ(driver.read_entry_row(k, row), image.entry_rows[k][row]);
    }
    for (uint32_t p = 0; p < 4; ++p) {
      EXPECT_EQ(driver.read_pointer_pair(k, p),
                uint32_t{image.pointers[k][2 * p + 1]} << 16 | image.pointers[k][2 * p]);
    }
  }
  for (uint32_t w = 0; w < 4; ++w) {
    EXPECT_EQ(driver.read_codebook_word(w), image.codebook_words[w]);
  }
  uint64_t words[2];
  encode(image.passes[0], words);
  EXPECT_EQ(driver.read_list_word(0), words[0]);
  EXPECT_EQ(driver.read_list_word(1), words[1]);
  // Addresses wrap; unused spaces read 0.
  EXPECT_EQ(driver.read_list_word(4), words[0]);
  EXPECT_EQ(driver.read_entry_row(0, 8), image.entry_rows[0][0]);
  for (uint32_t space = 8; space < 16; ++space) {
    driver.write(space << 28, ~uint64_t{0});
    EXPECT_EQ(driver.read(space << 28), 0u);
  }
}

TEST(EngineStatistics, OneEntry) {
  CycleDevice device(figure_config());
  Statistics statistics;
  device.statistics = &statistics;
  Driver driver(device);
  driver.reset();
  Image image = figure_image();
  driver.load(image);
  // Column 3 only: rows 1 (PE 1), 14 (PE 2) and 15 (PE 3).
  driver.run(image, {0, 0, 0, 9, 0, 0, 0, 0});
  EXPECT_EQ(statistics.entries, 3u);
  EXPECT_EQ(statistics.broadcasts, 1u);
  EXPECT_EQ(statistics.held, 0u);
  // START 1, FETCH 3, CHECK 1, SETUP 5, LAUNCH 1, then RUN: pend, leaf, node, broadcast.
  EXPECT_EQ(statistics.first_broadcast, 15u);
  // From the broadcast (cycle 2 of the contract's drawing) to the write (cycle 9).
  EXPECT_EQ(statistics.active_cycles(), 8u);
  EXPECT_DOUBLE_EQ(statistics.pe_utilisation(), 3.0 / (4 * 8));
}

TEST(EngineErrors, TimeOutAndReset) {
  CycleDevice device(figure_config());
  Driver driver(device);
  driver.reset();
  const Image image = figure_image();
  driver.load(image);
  EXPECT_EQ(
      error_of([&] { driver.run_list(0, 1, 10); }),
      "engine: list of 1 descriptors from 0 not done after 10 cycles; abort() or reset() ends it");
  driver.reset();
  EXPECT_EQ(driver.run(image, kFigureInput), figure_result(kFigureInput));
}

TEST(EngineErrors, RunTimesAreExact) {
  CycleDevice device(figure_config());
  Driver driver(device);
  driver.reset();
  driver.load(figure_image());
  const uint64_t cycles = driver.run_list(0, 1, 1000);
  // The status word counts busy cycles; the cycle of the start is idle.
  EXPECT_EQ(driver.read_status().cycles, cycles - 1);
  EXPECT_EQ(driver.run_list(0, 1, cycles), cycles);
  EXPECT_THROW(driver.run_list(0, 1, cycles - 1), Error);
}

TEST(EngineErrors, WrongInputOrImage) {
  CycleDevice device(figure_config());
  Driver driver(device);
  Image image = figure_image();
  EXPECT_EQ(error_of([&] { driver.run(image, {1, 2}); }), "input: 2 elements, must be 8");
  image.config.n_pe = 8;
  EXPECT_EQ(error_of([&] { driver.load(image); }),
            "image: built for N_PE = 8, but the engine has 4");
}

TEST(EngineErrors, Configuration) {
  Config config;
  EXPECT_EQ(error_of([&] { check(config); }), "no error");
  config.n_pe = 48;
  EXPECT_EQ(error_of([&] { check(config); }),
            "engine configuration: N_PE is 48, must be a power of two from 1 to 256");
  config = Config();
  config.acc_width = 19;
  EXPECT_EQ(error_of([&] { CycleDevice device(config); }),
            "engine configuration: ACC_WIDTH is 19, must be 20 to 48");
  config = Config();
  config.queue_depth = 257;
  EXPECT_EQ(error_of([&] { check(config); }),
            "engine configuration: QUEUE_DEPTH is 257, must be 1 to 256");
}

}  // namespace
}  // namespace sparsys::eie
