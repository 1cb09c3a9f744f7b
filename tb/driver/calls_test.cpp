// SPDX-License-Identifier: Apache-2.0
// The driver's functions as they are called, rightly and wrongly, on the RTL.
#include <gtest/gtest.h>

#include <vector>

#include "tb/driver/fault_bench.hpp"

namespace sparsys::top::test {
namespace {

class Calls : public ::testing::Test {
 protected:
  int start(const sparsys_config& config) { return sparsys_start(&bench_.device, &config); }
  sparsys_config config() { return bench_.driver_config(FaultBench::kWatchdog); }
  sparsys_memory image(uint32_t at = FaultBench::kImageAt) {
    return bench_.part(at, bench_.image_bytes());
  }
  int load(const sparsys_memory& memory) { return sparsys_load(&bench_.device, &memory, nullptr); }
  int submit(uint64_t input, uint64_t output) {
    return sparsys_submit(&bench_.device, input, output, &bench_.ticket);
  }
  FaultBench bench_;
};

TEST_F(Calls, RingAndWindow) {
  const auto wrong = [this](auto change) {
    sparsys_config c = config();
    change(c);
    EXPECT_EQ(start(c), SPARSYS_E_BAD_ARGUMENT);
  };
  wrong([](auto& c) { c.ring.pointer = nullptr; });
  wrong([](auto& c) { c.ring.bus += 64; });
  wrong([](auto& c) { c.ring.bytes = 63; });
  wrong([](auto& c) { c.ring.bus = uint64_t{1} << small_config().axi_addr_w; });
  wrong([](auto& c) { c.window += 64; });
  wrong([](auto& c) { c.window_bytes += 64; });
  wrong([](auto& c) { c.window_bytes = 0; });
  wrong([](auto& c) { c.window_bytes = uint64_t{1} << small_config().axi_addr_w; });
  wrong([](auto& c) { c.window = uint64_t{1} << 44; });
  EXPECT_EQ(sparsys_start(&bench_.device, nullptr), SPARSYS_E_BAD_ARGUMENT);
  // What was refused has changed nothing.
  bench_.expect_good_job();
  // A ring of any size down to two commands; what does not fill a power of two is left.
  for (const uint32_t bytes : {64U, 96U, 127U, 128U, 4095U}) {
    sparsys_config c = config();
    c.ring.bytes = bytes;
    ASSERT_EQ(start(c), SPARSYS_OK);
    uint32_t log2 = 1;
    while (32U << (log2 + 1) <= bytes) ++log2;
    EXPECT_EQ(bench_.read(reg::kRingLog2), log2);
    bench_.expect_good_job();
  }
}

TEST_F(Calls, NothingIsLoaded) {
  EXPECT_EQ(submit(kArenaBus, kArenaBus), SPARSYS_E_NOT_READY);
  sparsys_device other{};
  const sparsys_platform platform = bench_.platform();
  ASSERT_EQ(sparsys_probe(&other, &platform), SPARSYS_OK);
  const sparsys_memory memory = image();
  EXPECT_EQ(sparsys_load(&other, &memory, nullptr), SPARSYS_E_NOT_READY);  // not started
}

TEST_F(Calls, MemoryOutOfPlace) {
  sparsys_memory memory = image();
  memory.bus += 64;
  EXPECT_EQ(load(memory), SPARSYS_E_BAD_ARGUMENT);
  memory.bus = kArenaBus + kArenaBytes - 4096;  // its end is beyond the window
  EXPECT_EQ(load(memory), SPARSYS_E_BAD_ARGUMENT);
  memory.bus = kArenaBus - 4096;
  EXPECT_EQ(load(memory), SPARSYS_E_BAD_ARGUMENT);
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  const uint64_t good = kArenaBus + FaultBench::kInputAt;
  for (const uint64_t wrong : {good + 32, kArenaBus - 64, kArenaBus + kArenaBytes - 64,
                               kArenaBus + kArenaBytes, ~uint64_t{63}}) {
    EXPECT_EQ(submit(wrong, good), SPARSYS_E_BAD_ARGUMENT);
    EXPECT_EQ(submit(good, wrong), SPARSYS_E_BAD_ARGUMENT);
  }
  bench_.expect_good_job();
}

TEST_F(Calls, RefusedImageLeavesTheLoadedOne) {
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  constexpr uint32_t kOther = 0x10000;
  const sparsys_memory good = image();
  std::copy_n(static_cast<const uint8_t*>(good.pointer), good.bytes, &bench_.arena[kOther]);
  bench_.arena[kOther + good.bytes - 1] ^= 1;
  const uint64_t before = bench_.cycle;
  EXPECT_EQ(load(image(kOther)), SPARSYS_E_IMAGE_CHECKSUM);
  EXPECT_EQ(bench_.cycle, before);  // the device was not asked
  ASSERT_EQ(bench_.submit(), SPARSYS_OK);
  ASSERT_EQ(bench_.wait_for_it(), SPARSYS_OK);
  EXPECT_TRUE(bench_.output_is_right());
}

TEST_F(Calls, Counters) {
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  sparsys_clear_counters(&bench_.device);
  ASSERT_EQ(bench_.submit(), SPARSYS_OK);
  ASSERT_EQ(bench_.wait_for_it(), SPARSYS_OK);
  sparsys_counters c;
  sparsys_get_counters(&bench_.device, &c);
  EXPECT_EQ(c.commands, bench_.phase_commands + 1);  // and the fence
  EXPECT_GT(c.cycles, c.cycles_both);
  EXPECT_GE(c.cycles_sparse, c.cycles_both);
  EXPECT_GE(c.cycles_matrix, c.cycles_both);
  EXPECT_GT(c.cycles_both, 0U);
  EXPECT_GT(c.read_beats, 0U);
  EXPECT_GT(c.write_beats, 0U);
  sparsys_clear_counters(&bench_.device);
  sparsys_get_counters(&bench_.device, &c);
  EXPECT_EQ(c.read_beats + c.write_beats + c.commands, 0U);
}

// Many at once: more than the ring holds, and of more phases than there are.
TEST_F(Calls, ManyInferencesUnderWay) {
  ASSERT_EQ(bench_.load(), SPARSYS_OK);
  for (int n = 0; n < 30; ++n) ASSERT_EQ(bench_.submit(), SPARSYS_OK) << n;
  int done = 1;
  ASSERT_EQ(sparsys_poll(&bench_.device, bench_.ticket, &done), SPARSYS_OK);
  EXPECT_EQ(done, 0);
  ASSERT_EQ(bench_.wait_for_it(), SPARSYS_OK) << bench_.state();
  ASSERT_EQ(sparsys_poll(&bench_.device, bench_.ticket, &done), SPARSYS_OK);
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(bench_.output_is_right());
}

// Of the register's rules: what is no write of a whole word, of a register that is there, while it
// may be written, is refused and changes nothing.
TEST_F(Calls, RegistersThatRefuse) {
  for (const RegisterInfo& r : kRegisters) {
    const std::string access = r.access;
    if (access == "RO") {
      EXPECT_EQ(bench_.try_write(r.offset, ~0U), axi::kSlvErr) << r.name;
    } else {
      for (const uint8_t strobes : {0, 1, 7, 14}) {
        EXPECT_EQ(bench_.try_write(r.offset, ~0U, strobes), axi::kSlvErr) << r.name;
      }
    }
  }
  for (const uint32_t offset : {0x030U, 0x03CU, 0x0A0U, 0x100U, 0xFFCU}) {
    EXPECT_EQ(bench_.try_write(offset, 1), axi::kSlvErr) << std::hex << offset;
  }
  bench_.write(reg::kControl, bit::kControlRun);
  for (const RegisterInfo& r : kRegisters) {
    if (!r.idle) continue;
    const uint32_t before = bench_.read(r.offset);
    EXPECT_EQ(bench_.try_write(r.offset, before ^ 1), axi::kSlvErr) << r.name;
    EXPECT_EQ(bench_.read(r.offset), before) << r.name;
  }
  bench_.expect_good_job();
  ASSERT_EQ(sparsys_reset(&bench_.device), SPARSYS_OK);
  for (const RegisterInfo& r : kRegisters) {
    if (!r.idle) continue;
    const uint32_t before = bench_.read(r.offset);
    EXPECT_EQ(bench_.try_write(r.offset, ~0U), axi::kOkay) << r.name;
    EXPECT_EQ(bench_.read(r.offset), r.mask) << r.name;
    bench_.write(r.offset, before);
  }
  bench_.expect_good_job();
}

}  // namespace
}  // namespace sparsys::top::test
