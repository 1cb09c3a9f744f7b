// SPDX-License-Identifier: Apache-2.0
// Central control of the cycle model (docs/reference/eie-timing.md section 3).
#include "golden/cycle/eie/ccu.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/eie/image.hpp"

namespace sparsys::eie {
namespace {

class Ccu : public testing::Test {
 protected:
  Ccu() : unit(config()) {
    unit.root_done_i = 1;
    for (uint32_t w = 0; w < unit.codebook_ram.mem.size(); ++w) unit.codebook_ram.mem[w] = 1000 + w;
  }
  static Config config() {
    Config config;
    config.n_pe = 4;
    config.act_regs = 8;
    config.ptr_depth = 32;
    config.codebooks = 2;
    config.list_depth = 4;
    return config;
  }

  void set(uint32_t descriptor, const Pass& pass) {
    encode(pass, &unit.list_ram.mem[2 * descriptor]);
  }
  void start(uint16_t first, uint16_t count) {
    unit.start_i = 1;
    unit.list_first_i = first;
    unit.list_count_i = count;
    unit.propagate();
    unit.update(false);
    unit.start_i = 0;
  }
  // States from now until idle again.
  std::vector<int> states() {
    std::vector<int> result;
    while (unit.state_q != eie::Ccu::IDLE && result.size() < 200) {
      result.push_back(unit.state_q);
      unit.propagate();
      unit.update(false);
    }
    return result;
  }

  eie::Ccu unit;
};

TEST_F(Ccu, EmptyListIsDoneAtOnce) {
  start(0, 0);
  EXPECT_EQ(states(), (std::vector<int>{eie::Ccu::START, eie::Ccu::DONE}));
  EXPECT_EQ(unit.cycles_q, 2u);
}

TEST_F(Ccu, TimelineOfTwoPasses) {
  Pass first;  // 9 inputs: 3 rows to load; 5 outputs: 2 rows to write back
  first.in_count = 9;
  first.out_count = 5;
  first.load_src = first.write_back = first.swap = true;
  Pass second;
  second.in_count = 9;
  second.load_codebook = true;
  set(3, first);
  set(0, second);  // descriptor numbers wrap
  start(3, 2);
  EXPECT_EQ(unit.desc_q, 3);
  EXPECT_EQ(unit.left_q, 2);
  using C = eie::Ccu;
  const std::vector<int> expected = {
      C::START,                                                           //
      C::FETCH0, C::FETCH1, C::FETCH2,                                    //
      C::SETUP,  C::SETUP,  C::SETUP,      C::SETUP,                      // n = 0..3
      C::LAUNCH, C::RUN,    C::WRITE_BACK, C::WRITE_BACK, C::WRITE_BACK,  // step 0..2
      C::NEXT,                                                            //
      C::FETCH0, C::FETCH1, C::FETCH2,                                    //
      C::SETUP,  C::SETUP,  C::SETUP,      C::SETUP,      C::SETUP,       // n = 0..4
      C::LAUNCH, C::RUN,    C::NEXT,       C::DONE};
  EXPECT_EQ(states(), expected);
  EXPECT_EQ(unit.cycles_q, expected.size());
  EXPECT_EQ(unit.role_q, 1);
  EXPECT_EQ(unit.desc_q, 1);
  EXPECT_EQ(unit.left_q, 0);
}

TEST_F(Ccu, EnablesOfSetupAndWriteBack) {
  Pass pass;
  pass.in_count = 6;   // 2 rows
  pass.out_count = 4;  // 1 row
  pass.src_addr = 100;
  pass.codebook = 1;
  pass.load_src = pass.load_codebook = pass.clear = pass.write_back = true;
  set(1, pass);
  start(1, 1);
  std::string log;
  while (unit.state_q != eie::Ccu::IDLE) {
    unit.propagate();
    if (unit.flags_clear_o) log += "flags_clear ";
    if (unit.clear_o) log += "clear ";
    if (unit.cb_we_o) {
      log += "cb" + std::to_string(unit.cb_word_o) + "=" + std::to_string(unit.cb_data_o) + " ";
    }
    if (unit.ld_read_o) log += "read" + std::to_string(unit.ld_addr_o) + " ";
    if (unit.ld_we_o) log += "load" + std::to_string(unit.ld_row_o) + " ";
    if (unit.launch_o) log += "launch ";
    if (unit.wb_read_o) log += "wb" + std::to_string(unit.wb_row_o) + " ";
    if (unit.done_o) log += "done";
    log += "|";
    unit.update(false);
  }
  EXPECT_EQ(log,
            "flags_clear ||||"          // START, FETCH0..2
            "clear read100 |"           // SETUP, n = 0
            "cb0=1004 read101 load0 |"  // 1
            "cb1=1005 load1 |"          // 2
            "cb2=1006 |"                // 3
            "cb3=1007 |"                // 4
            "launch ||wb0 |||done|");   // LAUNCH, RUN, WRITE_BACK 0 and 1, NEXT, DONE
}

TEST_F(Ccu, NoInputsNoOutputs) {
  Pass pass;
  pass.load_src = pass.write_back = true;
  set(0, pass);
  start(0, 1);
  using C = eie::Ccu;
  EXPECT_EQ(states(), (std::vector<int>{C::START, C::FETCH0, C::FETCH1, C::FETCH2, C::SETUP,
                                        C::LAUNCH, C::RUN, C::WRITE_BACK, C::NEXT, C::DONE}));
}

class CcuRun : public Ccu {
 protected:
  // In RUN, with pointer base `ptr_base`; the tree has column `col`.
  void run(uint32_t ptr_base) {
    Pass pass;
    pass.in_count = 32;
    pass.ptr_base = ptr_base;
    set(0, pass);
    unit.root_done_i = 0;
    start(0, 1);
    while (unit.state_q != eie::Ccu::RUN) {
      unit.propagate();
      EXPECT_FALSE(unit.root_pop_o);
      unit.update(false);
    }
  }
  void offer(bool valid, uint16_t col, uint16_t act) {
    unit.root_valid_i = valid;
    unit.root_col_i = col;
    unit.root_act_i = act;
  }
};

TEST_F(CcuRun, AddressesOfEvenAndOddColumns) {
  run(6);
  offer(true, 4, 0x77);  // pointers 10 and 11
  unit.propagate();
  EXPECT_TRUE(unit.root_pop_o);
  unit.update(false);
  EXPECT_TRUE(unit.b_valid_q);
  EXPECT_FALSE(unit.b_odd_first_q);
  EXPECT_EQ(unit.b_even_q, 5);
  EXPECT_EQ(unit.b_odd_q, 5);
  EXPECT_EQ(unit.b_act_q, 0x77);
  offer(true, 5, 1);  // pointers 11 and 12
  unit.propagate();
  unit.update(false);
  EXPECT_TRUE(unit.b_odd_first_q);
  EXPECT_EQ(unit.b_odd_q, 5);
  EXPECT_EQ(unit.b_even_q, 6);
  offer(true, 25, 1);  // pointers 31 and 0
  unit.propagate();
  unit.update(false);
  EXPECT_TRUE(unit.b_odd_first_q);
  EXPECT_EQ(unit.b_odd_q, 15);
  EXPECT_EQ(unit.b_even_q, 0);
  offer(true, 26, 1);  // pointers 0 and 1
  unit.propagate();
  unit.update(false);
  EXPECT_FALSE(unit.b_odd_first_q);
  EXPECT_EQ(unit.b_odd_q, 0);
  EXPECT_EQ(unit.b_even_q, 0);
}

TEST_F(CcuRun, HoldKeepsTheBroadcast) {
  run(0);
  offer(true, 3, 30);
  unit.propagate();
  unit.update(false);
  offer(true, 4, 40);
  unit.hold_i = 1;
  for (int i = 0; i < 3; ++i) {
    unit.propagate();
    EXPECT_FALSE(unit.advance_o);
    EXPECT_FALSE(unit.root_pop_o);
    EXPECT_TRUE(unit.b_valid_o);
    EXPECT_EQ(unit.b_act_o, 30);
    unit.update(false);
  }
  unit.hold_i = 0;
  unit.propagate();
  EXPECT_TRUE(unit.root_pop_o);
  unit.update(false);
  EXPECT_EQ(unit.b_act_q, 40);
  offer(false, 9, 90);
  unit.propagate();
  unit.update(false);
  EXPECT_FALSE(unit.b_valid_q);
  EXPECT_EQ(unit.b_act_q, 40);  // the payload keeps its value
  EXPECT_EQ(unit.broadcasts_q, 2u);
  EXPECT_EQ(unit.held_q, 3u);
}

TEST_F(CcuRun, EndsOnlyWhenDrained) {
  run(0);
  offer(true, 3, 30);
  unit.propagate();
  unit.update(false);
  offer(false, 0, 0);
  unit.root_done_i = 1;
  unit.propagate();
  unit.update(false);  // the last broadcast is still in the register
  EXPECT_EQ(unit.state_q, eie::Ccu::RUN);
  unit.pe_busy_i = 1;
  for (int i = 0; i < 3; ++i) {
    unit.propagate();
    unit.update(false);
    EXPECT_EQ(unit.state_q, eie::Ccu::RUN);
  }
  unit.pe_busy_i = 0;
  unit.propagate();
  unit.update(false);
  EXPECT_EQ(unit.state_q, eie::Ccu::NEXT);
}

TEST_F(Ccu, PortAnswersThreeCyclesLater) {
  // Requests in cycles 0..3: two writes, then reads of the same words.
  std::vector<uint64_t> answers;
  std::vector<uint32_t> answered_at;
  for (uint32_t cycle = 0; cycle < 10; ++cycle) {
    unit.io_valid_i = cycle < 4;
    unit.io_write_i = cycle < 2;
    unit.io_addr_i = cycle % 2 == 0 ? 0x50000003u : 0x60000006u;
    unit.io_wdata_i = 0xAB00 + cycle;
    unit.propagate();
    EXPECT_TRUE(unit.io_ready_o);
    if (unit.io_rvalid_o) {
      answers.push_back(unit.io_rdata_o);
      answered_at.push_back(cycle);
    }
    unit.update(false);
  }
  EXPECT_EQ(answers, (std::vector<uint64_t>{0xAB00, 0xAB01}));
  EXPECT_EQ(answered_at, (std::vector<uint32_t>{5, 6}));
  EXPECT_EQ(unit.list_ram.mem[3], 0xAB00u);
  EXPECT_EQ(unit.codebook_ram.mem[6], 0xAB01u);
}

TEST_F(Ccu, RequestInTheCycleOfStartIsCarriedOut) {
  Pass pass;
  pass.swap = true;
  uint64_t words[2];
  encode(pass, words);
  unit.io_valid_i = unit.io_write_i = 1;
  unit.io_addr_i = 0x50000001;
  unit.io_wdata_i = words[1];
  start(0, 1);
  EXPECT_EQ(unit.state_q, eie::Ccu::START);
  unit.propagate();
  EXPECT_FALSE(unit.io_ready_o);
  EXPECT_TRUE(unit.list_ram.we_i);
  states();
  EXPECT_EQ(unit.role_q, 1);
}

TEST_F(Ccu, RequestsAndStartsAreIgnoredWhileBusy) {
  Pass pass;
  set(0, pass);
  start(0, 1);
  unit.start_i = unit.io_valid_i = unit.io_write_i = 1;
  unit.io_addr_i = 0x50000007;
  unit.io_wdata_i = 99;
  unit.list_count_i = 4;
  for (int i = 0; i < 4; ++i) {
    unit.propagate();
    unit.update(false);
    EXPECT_FALSE(unit.io1_valid_q);
    EXPECT_EQ(unit.left_q, 1);
  }
}

TEST_F(Ccu, StatusWords) {
  unit.flags_i = 5;
  unit.cycles_q = 11;
  unit.broadcasts_q = 22;
  unit.held_q = 33;
  std::vector<uint64_t> answers;
  for (uint32_t cycle = 0; cycle < 12; ++cycle) {
    unit.io_valid_i = cycle < 8;
    unit.io_addr_i = 0x70000000u + cycle;
    unit.propagate();
    if (unit.io_rvalid_o) answers.push_back(unit.io_rdata_o);
    unit.update(false);
  }
  EXPECT_EQ(answers, (std::vector<uint64_t>{5, 11, 22, 33, 0x0020000800080004, 0, 0, 0}));
}

TEST_F(Ccu, ResetEndsAList) {
  Pass pass;
  pass.swap = true;
  set(0, pass);
  start(0, 1);
  for (int i = 0; i < 5; ++i) {
    unit.propagate();
    unit.update(false);
  }
  const uint64_t d1 = unit.d1_q;
  EXPECT_NE(d1, 0u);
  unit.propagate();
  unit.update(true);
  EXPECT_EQ(unit.state_q, eie::Ccu::IDLE);
  EXPECT_EQ(unit.left_q, 0);
  EXPECT_EQ(unit.cycles_q, 0u);
  EXPECT_EQ(unit.d1_q, d1);  // payloads keep what they hold
}

}  // namespace
}  // namespace sparsys::eie
