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
    while (unit.sequencer.state_q != Sequencer::IDLE && result.size() < 200) {
      result.push_back(unit.sequencer.state_q);
      unit.propagate();
      unit.update(false);
    }
    return result;
  }

  eie::Ccu unit;
};

TEST_F(Ccu, EmptyListIsDoneAtOnce) {
  start(0, 0);
  EXPECT_EQ(states(), (std::vector<int>{Sequencer::START, Sequencer::DONE}));
  EXPECT_EQ(unit.status.cycles_q, 2u);
}

TEST_F(Ccu, TimelineOfTwoPasses) {
  Pass first;  // 9 inputs: 3 rows to load; 5 outputs: 2 rows to write back
  first.in_count = 9;
  first.out_count = 5;
  first.load_src = first.write_back = first.swap = true;
  Pass second;
  second.in_count = 9;
  second.load_codebook = true;
  set(2, first);
  set(3, second);
  start(2, 2);
  EXPECT_EQ(unit.sequencer.desc_q, 2);
  EXPECT_EQ(unit.sequencer.left_q, 2);
  using C = Sequencer;
  const std::vector<int> expected = {
      C::START,                                                           //
      C::FETCH0, C::FETCH1, C::FETCH2,     C::CHECK,                      //
      C::SETUP,  C::SETUP,  C::SETUP,      C::SETUP,                      // n = 0..3
      C::LAUNCH, C::RUN,    C::WRITE_BACK, C::WRITE_BACK, C::WRITE_BACK,  // step 0..2
      C::NEXT,                                                            // reads word 0
      C::FETCH1, C::FETCH2, C::CHECK,                                     //
      C::SETUP,  C::SETUP,  C::SETUP,      C::SETUP,      C::SETUP,       // n = 0..4
      C::LAUNCH, C::RUN,    C::NEXT,       C::DONE};
  EXPECT_EQ(states(), expected);
  EXPECT_EQ(unit.status.cycles_q, expected.size());
  EXPECT_EQ(unit.sequencer.role_q, 1);
  EXPECT_EQ(unit.sequencer.desc_q, 0);  // wraps behind the last
  EXPECT_EQ(unit.sequencer.left_q, 0);
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
  while (unit.sequencer.state_q != Sequencer::IDLE) {
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
            "flags_clear |||||"         // START, FETCH0..2, CHECK
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
  using C = Sequencer;
  EXPECT_EQ(states(),
            (std::vector<int>{C::START, C::FETCH0, C::FETCH1, C::FETCH2, C::CHECK, C::SETUP,
                              C::LAUNCH, C::RUN, C::WRITE_BACK, C::NEXT, C::DONE}));
}

// In RUN: two constants, the broadcast of the second, and the cycle that sees it gone.
TEST_F(Ccu, APassIsNotDrainedBeforeItsBiasColumns) {
  Pass pass;
  pass.bias = 1;
  pass.ptr_base = 2;
  pass.codebook = 1;
  set(0, pass);
  start(0, 1);
  using C = Sequencer;
  EXPECT_EQ(states(),
            (std::vector<int>{C::START, C::FETCH0, C::FETCH1, C::FETCH2, C::CHECK, C::SETUP,
                              C::LAUNCH, C::RUN, C::RUN, C::RUN, C::RUN, C::NEXT, C::DONE}));
  EXPECT_EQ(unit.status.broadcasts_q, 2u);
  EXPECT_EQ(unit.cb_data_o, 1012u);  // word 4 * (CODEBOOKS + 1)
}

class CcuRun : public Ccu {
 protected:
  // In RUN, with pointer base `ptr_base`.
  void run(uint32_t ptr_base) {
    Pass pass;
    pass.in_count = 8;  // the tree here has any columns
    pass.ptr_base = ptr_base;
    set(0, pass);
    unit.root_done_i = 0;
    start(0, 1);
    while (unit.sequencer.state_q != Sequencer::RUN) {
      ASSERT_NE(unit.sequencer.state_q, Sequencer::DONE);
      unit.propagate();
      EXPECT_FALSE(unit.root_pop_o);
      unit.update(false);
    }
  }
  void offer(bool valid, uint16_t col, uint16_t act) {
    unit.root_valid_i = valid;
    unit.root_col_i[0] = col;
    unit.root_act_i[0] = act;
  }
};

TEST_F(CcuRun, AddressesOfEvenAndOddColumns) {
  run(6);
  offer(true, 4, 0x77);  // pointers 10 and 11
  unit.propagate();
  EXPECT_TRUE(unit.root_pop_o);
  unit.update(false);
  EXPECT_TRUE(unit.columns.broadcast[0].b_valid_q);
  EXPECT_FALSE(unit.columns.broadcast[0].b_odd_first_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_even_q, 5);
  EXPECT_EQ(unit.columns.broadcast[0].b_odd_q, 5);
  EXPECT_EQ(unit.columns.broadcast[0].b_act_q, 0x77);
  offer(true, 5, 1);  // pointers 11 and 12
  unit.propagate();
  unit.update(false);
  EXPECT_TRUE(unit.columns.broadcast[0].b_odd_first_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_odd_q, 5);
  EXPECT_EQ(unit.columns.broadcast[0].b_even_q, 6);
  offer(true, 25, 1);  // pointers 31 and 0
  unit.propagate();
  unit.update(false);
  EXPECT_TRUE(unit.columns.broadcast[0].b_odd_first_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_odd_q, 15);
  EXPECT_EQ(unit.columns.broadcast[0].b_even_q, 0);
  offer(true, 26, 1);  // pointers 0 and 1
  unit.propagate();
  unit.update(false);
  EXPECT_FALSE(unit.columns.broadcast[0].b_odd_first_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_odd_q, 0);
  EXPECT_EQ(unit.columns.broadcast[0].b_even_q, 0);
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
    EXPECT_EQ(unit.b_act_o[0], 30);
    unit.update(false);
  }
  unit.hold_i = 0;
  unit.propagate();
  EXPECT_TRUE(unit.root_pop_o);
  unit.update(false);
  EXPECT_EQ(unit.columns.broadcast[0].b_act_q, 40);
  offer(false, 9, 90);
  unit.propagate();
  unit.update(false);
  EXPECT_FALSE(unit.columns.broadcast[0].b_valid_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_act_q, 40);  // the payload keeps its value
  EXPECT_EQ(unit.status.broadcasts_q, 2u);
  EXPECT_EQ(unit.status.held_q, 3u);
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
  EXPECT_EQ(unit.sequencer.state_q, Sequencer::RUN);
  unit.pe_busy_i = 1;
  for (int i = 0; i < 3; ++i) {
    unit.propagate();
    unit.update(false);
    EXPECT_EQ(unit.sequencer.state_q, Sequencer::RUN);
  }
  unit.pe_busy_i = 0;
  unit.propagate();
  unit.update(false);
  EXPECT_EQ(unit.sequencer.state_q, Sequencer::NEXT);
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
  EXPECT_EQ(unit.sequencer.state_q, Sequencer::START);
  unit.propagate();
  EXPECT_FALSE(unit.io_ready_o);
  EXPECT_TRUE(unit.list_ram.we_i);
  states();
  EXPECT_EQ(unit.sequencer.role_q, 1);
}

TEST_F(Ccu, ADescriptorThatBreaksARuleEndsTheListInCheck) {
  Pass sound;
  Pass broken;
  broken.entry_base = 131072 / 8 - 1;
  broken.load_codebook = true;
  broken.codebook = 2;
  set(1, sound);
  set(2, broken);
  set(3, sound);
  start(1, 3);
  using C = Sequencer;
  EXPECT_EQ(states(), (std::vector<int>{C::START, C::FETCH0, C::FETCH1, C::FETCH2, C::CHECK,
                                        C::SETUP, C::LAUNCH, C::RUN, C::NEXT, C::FETCH1, C::FETCH2,
                                        C::CHECK, C::DONE}));
  unit.propagate();
  EXPECT_EQ(unit.status.errors.word_o, 2u << 16 | 9);
  EXPECT_EQ(unit.flags_o, kRefused);
  EXPECT_EQ(unit.sequencer.left_q, 2);
  // The next list clears both.
  start(3, 1);
  states();
  unit.propagate();
  EXPECT_EQ(unit.status.errors.word_o, 0u);
  EXPECT_EQ(unit.flags_o, 0);
}

TEST_F(Ccu, AListBehindTheLastDescriptorIsRefusedInStart) {
  start(2, 2);
  EXPECT_GT(states().size(), 2u);
  start(2, 3);
  EXPECT_EQ(states(), (std::vector<int>{Sequencer::START, Sequencer::DONE}));
  unit.propagate();
  EXPECT_EQ(unit.status.errors.word_o, 2u << 16 | 1);
}

// The sums are not written back.
TEST_F(Ccu, APeErrorEndsTheListWhenThePassIsDrained) {
  Pass pass;
  pass.write_back = pass.swap = true;
  set(0, pass);
  start(0, 1);
  unit.pe_busy_i = 1;
  for (int i = 0; i < 12; ++i) {
    unit.flags_i = i < 9 ? 0 : i == 9 ? 0b101 : 0b1101;
    unit.pe_error_i = {0, i < 9 ? 0 : i == 9 ? uint64_t{0x90} : uint64_t{0x98}, 0, 0};
    unit.propagate();
    unit.update(false);
  }
  EXPECT_EQ(unit.sequencer.state_q, Sequencer::RUN);
  unit.pe_busy_i = 0;
  using C = Sequencer;
  EXPECT_EQ(states(), (std::vector<int>{C::RUN, C::DONE}));
  unit.propagate();
  EXPECT_EQ(unit.status.errors.word_o, 68u << 8 | 10);
  EXPECT_EQ(unit.flags_o, 0b1101);
  EXPECT_EQ(unit.sequencer.role_q, 0);
}

TEST_F(Ccu, AbortEndsAnyStateInTwoCycles) {
  Pass pass;
  pass.in_count = 9;
  pass.out_count = 9;
  pass.load_src = pass.load_codebook = pass.write_back = pass.swap = true;
  set(0, pass);
  set(1, pass);
  start(0, 2);
  const size_t whole = states().size();
  for (size_t cut = 0; cut < whole; ++cut) {
    SCOPED_TRACE("abort in cycle " + std::to_string(cut));
    start(0, 2);
    for (size_t i = 0; i < cut; ++i) {
      unit.propagate();
      unit.update(false);
    }
    const uint8_t state = unit.sequencer.state_q, role = unit.sequencer.role_q,
                  step = unit.sequencer.step_q;
    const uint16_t desc = unit.sequencer.desc_q;
    unit.abort_i = 1;
    unit.propagate();
    unit.update(false);
    unit.abort_i = 0;
    if (state == Sequencer::DONE) {
      EXPECT_EQ(unit.sequencer.state_q, Sequencer::IDLE);
      continue;
    }
    EXPECT_EQ(unit.sequencer.state_q, Sequencer::ABORT);
    EXPECT_EQ(unit.sequencer.role_q, role);
    EXPECT_EQ(unit.sequencer.step_q, step);
    EXPECT_EQ(unit.sequencer.desc_q, desc);
    unit.propagate();
    EXPECT_TRUE(unit.flush_o);
    EXPECT_EQ(unit.flags_o, kAborted);
    EXPECT_EQ(states(), (std::vector<int>{Sequencer::ABORT, Sequencer::DONE}));
    EXPECT_EQ(unit.status.errors.word_o, uint32_t{desc} << 16 | 15);
  }
}

TEST_F(Ccu, FlushEmptiesTheBroadcast) {
  unit.columns.broadcast[0].b_valid_q = 1;
  unit.columns.broadcast[0].b_act_q = 5;
  unit.sequencer.state_q = Sequencer::ABORT;
  unit.hold_i = 1;
  unit.propagate();
  unit.update(false);
  EXPECT_FALSE(unit.columns.broadcast[0].b_valid_q);
  EXPECT_EQ(unit.columns.broadcast[0].b_act_q, 5);
}

TEST_F(Ccu, AStartWhileBusyIsLostAndSaid) {
  Pass pass;
  set(0, pass);
  start(0, 1);
  unit.start_i = 1;
  unit.propagate();
  unit.update(false);  // START clears the flag
  unit.start_i = 0;
  unit.propagate();
  EXPECT_EQ(unit.flags_o, 0);
  unit.start_i = 1;
  unit.propagate();
  unit.update(false);
  unit.start_i = 0;
  EXPECT_EQ(states().back(), Sequencer::DONE);
  unit.propagate();
  EXPECT_EQ(unit.flags_o, kStartLost);
  start(0, 0);
  states();
  unit.propagate();
  EXPECT_EQ(unit.flags_o, 0);
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
    EXPECT_FALSE(unit.port.io1_valid_q);
    EXPECT_EQ(unit.sequencer.left_q, 1);
  }
}

TEST_F(Ccu, StatusWords) {
  unit.flags_i = 5;
  unit.sequencer.start_lost_q = 1;
  unit.status.errors.reason_q = 7;
  unit.status.errors.desc_q = 3;
  unit.status.errors.pe_q = 2;  // counts with reason 10 only
  unit.status.cycles_q = 11;
  unit.status.broadcasts_q = 22;
  unit.status.held_q = 33;
  std::vector<uint64_t> answers;
  for (uint32_t cycle = 0; cycle < 12; ++cycle) {
    unit.io_valid_i = cycle < 8;
    unit.io_addr_i = 0x70000000u + cycle;
    unit.propagate();
    if (unit.io_rvalid_o) answers.push_back(unit.io_rdata_o);
    unit.update(false);
  }
  EXPECT_EQ(answers, (std::vector<uint64_t>{0x35, 11, 22, 33, 0x0020000800080004, 0x30007, 0, 0}));
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
  const uint64_t d1 = unit.pass.d1_q;
  EXPECT_NE(d1, 0u);
  unit.propagate();
  unit.update(true);
  EXPECT_EQ(unit.sequencer.state_q, Sequencer::IDLE);
  EXPECT_EQ(unit.sequencer.left_q, 0);
  EXPECT_EQ(unit.status.cycles_q, 0u);
  EXPECT_EQ(unit.pass.d1_q, d1);  // payloads keep what they hold
}

}  // namespace
}  // namespace sparsys::eie
