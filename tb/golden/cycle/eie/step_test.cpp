// SPDX-License-Identifier: Apache-2.0
// The cycle model in one go (Eie::step) against the cycle model unit by unit: all registers and
// all pins, cycle by cycle. And memories filled through the back door against the port.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::eie {
namespace {

// Every register of the PEs, the control and the tree, in one order.
template <class Visit>
void visit_registers(const Pe& pe, Visit&& visit) {
  const PtrRead& p = pe.ptr_read;
  for (const uint64_t q : {uint64_t{p.p_valid_q}, uint64_t{p.p_odd_first_q}, uint64_t{p.error_q},
                           uint64_t{p.p_act_q}, uint64_t{p.even.rdata_q}, uint64_t{p.odd.rdata_q}})
    visit(q);
  const Fifo<uint64_t>& f = pe.act_queue.queue;
  for (const uint64_t q : {uint64_t{f.wr_q}, uint64_t{f.rd_q}, uint64_t{f.count_q}}) visit(q);
  for (const uint64_t q : f.mem_q) visit(q);
  // What a stage holds beside its valid bit is loaded in every cycle, but in one go only in those
  // in which the PE is busy: it counts where the stage is valid.
  const auto visit_payload = [&visit](uint8_t valid, std::initializer_list<uint64_t> payload) {
    visit(valid);
    for (const uint64_t q : payload) visit(valid ? q : 0);
  };
  const SpmatRead& s = pe.spmat_read;
  for (const uint64_t q : {uint64_t{s.f_mid_q}, uint64_t{s.f_pos_q}, uint64_t{s.d_valid_q},
                           uint64_t{s.d_first_q}, uint64_t{s.d_off_q}, uint64_t{s.d_left_q},
                           uint64_t{s.d_act_q}, uint64_t{s.range_error_q}, s.entry_ram.rdata_q})
    visit(q);
  visit_payload(s.e_valid_q, {s.e_first_q, s.e_code_q, s.e_skip_q, s.e_act_q});
  const Arith& a = pe.arith;
  for (const uint64_t q : {uint64_t{a.s1_write_q}, uint64_t{a.s1_row_q}, uint64_t{a.row_q},
                           uint64_t{a.saturated_q}, uint64_t{a.row_error_q}, a.acc_valid_q})
    visit(q);
  visit_payload(a.s1_valid_q, {a.s1_weight_q, a.s1_act_q});
  visit_payload(a.s2_valid_q, {a.s2_write_q, a.s2_row_q, a.s2_product});
  visit_payload(a.s3_valid_q, {a.s3_write_q, a.s3_row_q, a.s3_product_q, a.s3_acc_q});
  for (const uint64_t q : a.acc.mem) visit(q);
  const ActRw& w = pe.act_rw;
  for (const uint64_t q :
       {w.pend_q, w.nz0_q, w.nz1_q, w.wb_acc_q, uint64_t{w.regs.rdata_q}, uint64_t{w.leaf_valid_q},
        uint64_t{w.leaf_row_q}, uint64_t{w.wb_valid_q}, uint64_t{w.wb_row_q}})
    visit(q);
  for (const uint16_t q : w.regs.mem) visit(q);
  visit(pe.io_sel_q);
}

std::vector<uint64_t> registers(const Eie& engine) {
  std::vector<uint64_t> all;
  const auto take = [&all](uint64_t q) { all.push_back(q); };
  const Ccu& c = engine.ccu;
  const Sequencer& s = c.sequencer;
  for (const uint64_t q : {uint64_t{s.state_q}, uint64_t{s.desc_q}, uint64_t{s.left_q},
                           uint64_t{s.step_q}, uint64_t{s.role_q}, uint64_t{s.start_lost_q}})
    take(q);
  for (const uint64_t q :
       {uint64_t{c.status.cycles_q}, uint64_t{c.status.broadcasts_q}, uint64_t{c.status.held_q}})
    take(q);
  const PassUnit& p = c.pass;
  for (const uint64_t q :
       {p.d0_q, p.d1_q, uint64_t{p.in_rows_q}, uint64_t{p.out_rows_q}, uint64_t{p.ptr_end_q}})
    take(q);
  take(c.columns.step_q);
  for (const Broadcast& b : c.columns.broadcast) {
    for (const uint64_t q : {uint64_t{b.b_valid_q}, uint64_t{b.b_act_q}, uint64_t{b.b_even_q},
                             uint64_t{b.b_odd_q}, uint64_t{b.b_odd_first_q}})
      take(q);
  }
  for (const uint64_t q : {c.port.io3_data_q, uint64_t{c.port.io3_valid_q}}) take(q);
  const Errors& e = c.status.errors;
  for (const uint64_t q :
       {uint64_t{e.reason_q}, uint64_t{e.desc_q}, uint64_t{e.pe_found_q}, uint64_t{e.pe_q}})
    take(q);
  for (const Lnzd& tree : engine.lnzd) {
    for (const LnzdNode& n : tree.node) {
      for (const uint64_t q : {uint64_t{n.valid_q}, uint64_t{n.col_q}, uint64_t{n.act_q}}) take(q);
    }
  }
  for (const Pe& pe : engine.pe) visit_registers(pe, take);
  return all;
}

// Unit by unit, as the contract has it; and beside it in one go.
class Both final : public Device {
 public:
  explicit Both(const Config& config) : slow_(config), fast_(config) { slow_.propagate(); }
  const Config& config() const override { return fast_.config(); }
  void put(const Image& image) override {
    slow_.put(image);
    fast_.put(image);
  }
  Outputs clock(const Inputs& inputs) override {
    static_cast<Inputs&>(slow_) = inputs;
    slow_.propagate();
    const Outputs slow = slow_;
    const Outputs fast = fast_.clock(inputs);
    slow_.update(inputs.rst_i);
    slow_.propagate();
    steps += fast_.model.may_step();
    if (same) {
      same = slow.busy_o == fast.busy_o && slow.done_o == fast.done_o &&
             slow.flags_o == fast.flags_o && slow.io_ready_o == fast.io_ready_o &&
             slow.io_rvalid_o == fast.io_rvalid_o && slow.io_rdata_o == fast.io_rdata_o &&
             registers(slow_) == registers(fast_.model);
      if (!same) first = cycle;
    }
    ++cycle;
    return fast;
  }
  bool same = true;
  uint64_t cycle = 0, first = 0, steps = 0;

 private:
  Eie slow_;
  CycleDevice fast_;
};

Config random_config(uint64_t seed) {
  Config config;
  config.n_pe = 1U << seed % 6;
  config.act_regs = 4U << seed % 3;
  config.act_ram_depth = 256;
  config.entry_depth = 16384;
  config.ptr_depth = 2048;
  config.queue_depth = 1 + static_cast<uint32_t>(seed % 9);
  config.acc_width = 20 + static_cast<uint32_t>(seed % 13);
  return config;
}

TEST(EngineStep, AllRegistersAsUnitByUnit) {
  uint64_t steps = 0;
  for_seeds(24, [&steps](uint64_t seed) {
    const Config config = random_config(seed);
    const RandomNetworkOptions options = random_options(seed, 60);
    const Network network = random_network(seed, options);
    const Image image = build_image(network, config);
    Both device(config);
    Driver driver(device);
    driver.reset();
    driver.put(image);
    for (const double density : {0.6, 0.1}) {
      driver.run(image, random_input(seed, network, density, options.extreme));
    }
    // A reset in the middle of a run, and once more.
    Inputs start;
    start.start_i = true;
    start.list_count_i = static_cast<uint16_t>(image.passes.size());
    device.clock(start);
    driver.idle(20 + Random(seed).below(40));
    driver.reset();
    driver.run(image, random_input(seed + 1, network, 0.4));
    EXPECT_TRUE(device.same) << "first differs in cycle " << device.first;
    steps += device.steps;
  });
  EXPECT_GT(steps, 100u);
}

std::vector<uint64_t> counts_of(const Statistics& s) {
  std::vector<uint64_t> all = {s.cycles,         s.broadcasts,        s.held,
                               s.entries,        s.first_broadcast,   s.last_write,
                               s.run_cycles,     s.write_back_cycles, s.drain_cycles,
                               s.slowest_entries};
  visit_activity(s.activity, [&all](const char*, uint64_t value) { all.push_back(value); });
  return all;
}

// Cycles in which nobody looks are run in any order of the PEs: after any number of them all
// registers and all counts are as cycle by cycle.
TEST(EngineStep, ManyCyclesAtOnceAsOneByOne) {
  uint64_t held = 0;
  for_seeds(24, [&held](uint64_t seed) {
    const Config config = random_config(seed);
    const RandomNetworkOptions options = random_options(seed, 60);
    const Network network = random_network(seed, options);
    const Image image = build_image(network, config);
    CycleDevice one(config), many(config);
    Statistics one_counts, many_counts;
    one.statistics = &one_counts;
    if (seed % 2) many.statistics = &many_counts;
    const std::vector<int16_t> input = random_input(seed, network, 0.7, options.extreme);
    std::vector<int16_t> vector = input;
    vector.insert(vector.end(), image.input_constants.begin(), image.input_constants.end());
    Inputs start;
    start.start_i = true;
    start.list_count_i = static_cast<uint16_t>(image.passes.size());
    for (CycleDevice* device : {&one, &many}) {
      Driver driver(*device);
      driver.reset();
      driver.put(image);
      driver.write_vector(image.input.in_ram ? Space::kActRam : Space::kSource, image.input.ram_row,
                          vector);
      device->clock(start);
    }
    Random random(seed);
    for (bool done = false; !done;) {
      const uint64_t most = 1 + random.below(40);
      Outputs last;
      const uint64_t cycles = many.clock_until_done(most, last);
      done = cycles != 0;
      for (uint64_t c = 1; c <= (done ? cycles : most); ++c) {
        ASSERT_EQ(one.clock(Inputs()).done_o, done && c == cycles);
      }
      ASSERT_EQ(registers(one.model), registers(many.model));
    }
    if (seed % 2) {
      EXPECT_EQ(counts_of(one_counts), counts_of(many_counts));
    }
    held += one_counts.held;
  });
  EXPECT_GT(held, 100u);
}

TEST(EngineBackDoor, MemoriesAsThroughThePort) {
  RandomNetworkOptions options;
  options.sizes = {60, 50, 20};
  options.density = 0.4;
  options.constants = 1;
  const Network network = random_network(6, options);
  Config config;
  config.n_pe = 4;
  config.entry_depth = 4096;
  config.ptr_depth = 256;
  const Image image = build_image(network, config);
  CycleDevice port(config), door(config);
  Driver port_driver(port), door_driver(door);
  port_driver.load(image);
  port_driver.idle(2);  // the last word is on its way
  door_driver.put(image);
  EXPECT_EQ(door_driver.cycles(), 0u);
  for (uint32_t k = 0; k < config.n_pe; ++k) {
    const Pe& a = port.model.pe[k];
    const Pe& b = door.model.pe[k];
    EXPECT_EQ(a.spmat_read.entry_ram.mem, b.spmat_read.entry_ram.mem);
    EXPECT_EQ(a.ptr_read.even.mem, b.ptr_read.even.mem);
    EXPECT_EQ(a.ptr_read.odd.mem, b.ptr_read.odd.mem);
  }
  EXPECT_EQ(port.model.ccu.list_ram.mem, door.model.ccu.list_ram.mem);
  EXPECT_EQ(port.model.ccu.codebook_ram.mem, door.model.ccu.codebook_ram.mem);
  const std::vector<int16_t> input = random_input(1, network, 0.5);
  EXPECT_EQ(port_driver.run(image, input), door_driver.run(image, input));
  config.n_pe = 2;
  CycleDevice other(config);
  EXPECT_THROW(Driver(other).put(image), Error);
}

}  // namespace
}  // namespace sparsys::eie
