// SPDX-License-Identifier: Apache-2.0
// What a program, a memory or a host may do to the matrix unit's control, and what must hold then:
// weights asked for far ahead, waits that last, rows that nobody asked for, flush, errors. For the
// RTL by itself and in lockstep (docs/reference/mxu-format.md sections 3 and 5).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tb/support/mxu/bench.hpp"

namespace sparsys::mxu {
namespace test {

// Rows for products, which all of them read.
template <class Bench>
void give_rows(Bench& b, uint32_t rows) {
  for (uint32_t n = 0; n < rows; ++n) b.give(b.random_row(b.c.lanes()));
  b.add(read_host(0, rows));
  b.add(synchronise());
}

// Single tiles asked for in front of their products, of a memory that takes `most` requests at a
// time.
template <class Bench>
void reads_ahead(Bench& b, uint32_t tiles, size_t most) {
  b.host.most_requests = most;
  b.random_tiles(5);
  give_rows(b, 4);
  for (uint32_t t = 0; t < tiles; ++t) b.add(read_weights(t % 5));
  for (uint32_t t = 0; t < tiles; ++t) b.add(multiply(0, t % 8, 3, true, t >= 8));
  b.run_and_compare_output();
  EXPECT_LE(b.host.most_owed, b.c.fifo_words);
}

// All tiles in one Read_Weights, and a Synchronise between them and their products.
template <class Bench>
void many_tiles_and_synchronise(Bench& b, size_t most) {
  b.host.most_requests = most;
  b.random_tiles(40);
  give_rows(b, 4);
  b.add(read_weights(0, 40));
  b.add(synchronise());
  b.add(set_register(15, 0));
  for (uint32_t t = 0; t < 40; ++t) b.add(multiply(0, t % 8, 3, true, t >= 8));
  b.add(halt());
  b.run_and_compare_output();
  EXPECT_TRUE(b.host.last.halted_o);
  EXPECT_TRUE(b.host.last.quiet_o);
}

// A product waits for a host input that is complete at once, behind one that waits for weights
// until `after` more host inputs are complete.
template <class Bench>
void long_wait(Bench& b, uint32_t after) {
  b.random_tiles(1);
  give_rows(b, 4);
  b.host.stall_weights = 100;
  b.add(read_weights(0));
  b.give(b.random_row(b.c.lanes()));
  b.add(read_host(3, 1));
  b.add(multiply(0, 0, 3, true, false));
  b.add(wait(multiply(0, 4, 4, false, false), kHostIn));
  for (uint32_t n = 0; n < after; ++n) {
    b.give(b.random_row(b.c.lanes()));
    b.add(read_host(10 + n % 3, 1));
  }
  b.add(wait_all(write_host(0, 14)));
  for (const RawInstruction& i : b.host.program) b.reference.run(i, b.host.weights);
  for (uint32_t n = 0; n < 4 * after + 100; ++n) b.host.clock();
  EXPECT_TRUE(b.host.input.empty());
  EXPECT_TRUE(b.host.last.busy_o);
  b.host.stall_weights = 0;
  b.run_and_compare_output();
}

// Beats offered before they are asked for, behind a reset and between tiles, are not taken.
template <class Bench>
void stray_beats(Bench& b) {
  b.random_tiles(4);
  b.host.stray_beats = true;
  for (uint32_t n = 0; n < 5; ++n) b.host.clock();
  give_rows(b, 4);
  b.add(read_weights(0, 2));
  b.add(multiply(0, 0, 4, true, false));
  b.run_and_compare_output();
  for (uint32_t n = 0; n < 20; ++n) b.host.clock();
  // Reset while beats are owed; the memory drops them, and others stand at the port.
  b.add(read_weights(2, 2));
  for (uint32_t n = 0; n < b.c.rows / 2 + 6; ++n) b.host.clock();
  b.host.reset();
  b.reference.drop_weights();
  for (uint32_t n = 0; n < 7; ++n) b.host.clock();
  give_rows(b, 4);
  b.add(read_weights(3));
  b.add(multiply(0, 4, 4, true, false));
  b.add(set_register(8, bytes(0, 128, 127)));
  for (const Row& plane : planes(b.c, plain_parameters(b.c))) b.give(plane);
  b.add(read_parameters(0, 0, 9));
  b.add(wait_all(activate(20, 0, 8, 0, kIdentity)));
  b.add(wait_all(write_host(20, 8)));
  b.run_and_compare_output();
  EXPECT_EQ(b.host.strays_taken, 0U);
}

// Tiles that no product takes go with a Flush: those in the array and the FIFO, and those not yet
// asked for. Configuration goes, too.
template <class Bench>
void flush_drops_weights(Bench& b, uint32_t tiles) {
  b.random_tiles(50);
  give_rows(b, 4);
  for (const Row& plane : planes(b.c, plain_parameters(b.c))) b.give(plane);
  b.add(read_parameters(0, 0, 9));
  for (uint32_t round = 0; round < 3; ++round) {
    b.add(read_weights(round, tiles));
    for (uint32_t n = 0; n < std::min(round, tiles); ++n) {
      b.add(wait_all(multiply(0, 4 * n, 4, true, false)));
    }
    b.add(flush());
    b.add(read_weights(44 + round));
    b.add(wait_all(multiply(0, 0, 4, true, false)));
    if (round == 1) b.add(set_register(8, bytes(3, 130, 120)));
    b.add(wait_all(activate(20, 0, 4, 0, kIdentity)));
    b.add(wait_all(write_host(20, 4)));
  }
  b.run_and_compare_output();
  EXPECT_FALSE(b.host.last.busy_o);
}

// With any error, in the middle of anything: the unit becomes quiet, nothing is owed, no
// instruction is taken, and a flush makes it as new.
template <class Bench>
void error_and_flush(Bench& b, const Wrong& wrong) {
  b.random_tiles(50);
  b.host.input.assign(60, Row(b.c.lanes(), 0x66));
  b.add(read_host(0, 4));
  b.add(read_weights(7, 20));
  b.add(multiply(0, 0, 4, true, false));
  b.add(multiply(0, 0, 4, true, true));
  b.add(wait(activate(5, 0, 8, 0, kIdentity), kMatrix));
  b.add(read_host(9, 30));
  b.add(write_host(0, 9));
  if (wrong.code == 6) b.add(flush());  // no tiles of others
  for (const RawInstruction& i : wrong.before) b.add(i);
  b.add(wrong.instruction);
  for (uint32_t n = 0; n < 30; ++n) b.add(nop());
  ASSERT_TRUE(b.host.run(20000));
  ASSERT_TRUE(b.host.last.error_o);
  const size_t taken = b.host.inst_at.size();
  ASSERT_TRUE(b.host.settle(20000));
  EXPECT_EQ(b.host.inst_at.size(), taken);
  EXPECT_EQ(b.host.owed(), 0U);
  EXPECT_EQ(b.host.last.hi_asked_o, 0U);
  EXPECT_FALSE(b.host.last.wm_valid_o || b.host.last.ho_valid_o);
  b.host.program.clear();
  b.host.input.clear();
  b.host.output.clear();
  b.host.flush();
  EXPECT_FALSE(b.host.last.error_o || b.host.last.busy_o);
  b.host.set_stalls(0);
  give_rows(b, 12);
  for (const Row& plane : planes(b.c, plain_parameters(b.c))) b.give(plane);
  b.add(read_parameters(0, 0, 9));
  b.add(read_weights(3));
  b.add(multiply(0, 0, 4, true, false));
  b.add(set_register(8, bytes(0, 128, 127)));
  b.add(wait_all(activate(5, 0, 4, 0, kIdentity)));
  b.add(wait_all(write_host(0, 12)));
  b.run_and_compare_output();
}

// A product takes a tile that the one before it has taken.
template <class Bench>
void taken_twice(Bench& b) {
  b.random_tiles(1);
  b.add(read_weights(0));
  b.add(multiply(0, 0, 1, true, false));
  b.add(multiply(0, 1, 1, true, false));
  ASSERT_TRUE(b.host.run(1000));
  EXPECT_EQ(b.host.read_status(8), 6U | 2U << 8);
  ASSERT_TRUE(b.host.settle());
  b.host.flush();
}

// All of these; make(seed) gives a new bench.
template <class Bench, class Make>
void control_cases(const Config& c, const Make& make, const std::function<void(Bench&)>& end) {
  const auto run = [&](const std::string& what, const std::function<void(Bench&)>& body) {
    if (testing::Test::HasFatalFailure()) return;
    SCOPED_TRACE(what);
    const auto b = make();
    body(*b);
    if (!testing::Test::HasFatalFailure()) end(*b);
  };
  for (uint32_t tiles : {1U, 12U, kSurelyAhead}) {
    for (size_t most : {1U, 2U, 4U, 100U}) {
      run(std::to_string(tiles) + " tiles ahead, memory takes " + std::to_string(most),
          [&](Bench& b) { reads_ahead(b, tiles, most); });
    }
  }
  for (size_t most : {1U, 100U}) {
    run("tiles, synchronise", [&](Bench& b) { many_tiles_and_synchronise(b, most); });
  }
  for (uint32_t after : {3U, 126U, 130U, 256U, 600U}) {
    run("wait for " + std::to_string(after), [&](Bench& b) { long_wait(b, after); });
  }
  run("stray beats", [](Bench& b) { stray_beats(b); });
  for (uint32_t tiles : {1U, 2U, 5U, 40U}) {
    run("flush of " + std::to_string(tiles), [&](Bench& b) { flush_drops_weights(b, tiles); });
  }
  for (const Wrong& wrong : wrong_instructions(c)) {
    run(wrong.what, [&](Bench& b) {
      b.random_stalls();
      error_and_flush(b, wrong);
    });
  }
  run("a tile taken twice", [](Bench& b) { taken_twice(b); });
}

}  // namespace test
}  // namespace sparsys::mxu
