// SPDX-License-Identifier: Apache-2.0
// A small job of both engines at once, run by the driver, and commands that the driver never gives.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "golden/engine/mxu/compiler.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/driver/engine_images.hpp"
#include "tb/driver/small_top.hpp"
#include "tb/support/random_mxu_network.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::top::test {

class FaultBench : public SmallBench {
 public:
  static constexpr uint32_t kImageAt = 0x2000, kInputAt = 0x20000, kOutputAt = 0x21000;
  static constexpr uint32_t kWatchdog = 500;
  static constexpr uint64_t kPatience = 20'000;  // cycles

  explicit FaultBench(uint64_t seed = 1)
      : FaultBench(small_config(), memory_options(small_config()), seed) {}
  FaultBench(const Config& config, const axi::MemoryOptions& options, uint64_t seed = 1)
      : SmallBench(config, options) {
    RandomNetworkOptions sizes;
    sizes.sizes = {8, 8};
    const eie::Network sparse = random_network(seed, sizes);
    const mxu::Network matrix = mxu::quantised_chain({9, 5}, seed);
    const eie::Image engine = eie::build_image(sparse, config.eie);
    const mxu::Program program = mxu::compile(matrix, 2, config.mxu);
    ImageBuilder b;
    b.registers = size_registers(config);
    add_sparse(b, engine, 0, 0);
    const uint64_t in_at = round_up(b.input_bytes, kAlignment);
    const uint64_t out_at = round_up(b.output_bytes, kAlignment);
    add_matrix(b, program, in_at, out_at);
    add_end(b, kRan | kRowsOut | kStored);
    image_ = b.bytes();
    input_bytes = b.input_bytes;
    output_bytes = b.output_bytes;
    phase_commands = static_cast<uint32_t>(b.phases[0].size());

    const std::vector<int16_t> of_sparse = random_input(seed, sparse);
    std::vector<int8_t> of_matrix(2 * matrix.input_size());
    for (size_t i = 0; i < of_matrix.size(); ++i) of_matrix[i] = static_cast<int8_t>(37 * i + seed);
    const std::vector<uint8_t> first = sparse_input(engine, of_sparse);
    const std::vector<uint8_t> second = matrix_input(program, of_matrix);
    inputs_.resize(in_at);
    std::copy(first.begin(), first.end(), inputs_.begin());
    inputs_.insert(inputs_.end(), second.begin(), second.end());
    place();
    const std::vector<int16_t> sparse_result = eie::run(sparse, of_sparse);
    const std::vector<int8_t> matrix_result = mxu::run_batch(matrix, of_matrix);
    right_ = [=](const std::vector<uint8_t>& output) {
      std::vector<int16_t> values = sparse_output(engine, output);
      values.resize(sparse_result.size());
      return values == sparse_result &&
             matrix_output(program, {output.begin() + static_cast<std::ptrdiff_t>(out_at),
                                     output.end()}) == matrix_result;
    };
    const sparsys_platform way = platform();
    EXPECT_EQ(sparsys_probe(&device, &way), SPARSYS_OK);
    const sparsys_config where = driver_config(kWatchdog);
    EXPECT_EQ(sparsys_start(&device, &where), SPARSYS_OK);
  }

  uint32_t image_bytes() const { return static_cast<uint32_t>(image_.size()); }
  // Image and inputs to their places in memory.
  void place() {
    synchronise();
    std::copy(image_.begin(), image_.end(), &arena[kImageAt]);
    std::copy(inputs_.begin(), inputs_.end(), &arena[kInputAt]);
  }
  int load() {
    deadline = cycle + 100'000;
    const sparsys_memory at = part(kImageAt, static_cast<uint32_t>(image_.size()));
    return sparsys_load(&device, &at, nullptr);
  }
  int submit() {
    deadline = cycle + 100'000;
    std::fill_n(&arena[kOutputAt], output_bytes, 0xA5);
    return sparsys_submit(&device, kArenaBus + kInputAt, kArenaBus + kOutputAt, &ticket);
  }
  int wait_for_it() { return sparsys_wait(&device, ticket); }
  bool output_is_right() { return right_({&arena[kOutputAt], &arena[kOutputAt] + output_bytes}); }
  // Setup and the job, out of a reset, with the right result.
  void expect_good_job() {
    ASSERT_EQ(load(), SPARSYS_OK) << state();
    ASSERT_EQ(submit(), SPARSYS_OK) << state();
    ASSERT_EQ(wait_for_it(), SPARSYS_OK) << state();
    ASSERT_TRUE(output_is_right());
    expect_no_violations();
    expect_quiet();
  }

  // Commands as they are, behind a reset, from the ring's first place.
  void give(const std::vector<CommandWords>& commands) {
    ASSERT_EQ(sparsys_reset(&device), SPARSYS_OK);
    write(reg::kControl, bit::kControlRun);
    append(commands);
  }
  void append(const std::vector<CommandWords>& commands) {
    uint32_t tail = read(reg::kRingTail);
    for (const CommandWords& command : commands) {
      const uint64_t at = kArenaBus + tail++ % (kRingBytes / kCommandBytes) * kCommandBytes;
      for (size_t w = 0; w < 4; ++w) memory.store.write_word(at + 8 * w, command[w]);
    }
    synchronise();
    write(reg::kRingTail, tail);
  }

  // The error's interrupt, then a quiet bus, and what the registers say.
  sparsys_error expect_stop() {
    const uint64_t until = cycle + kPatience;
    while (!irq() && cycle < until) clock();
    EXPECT_TRUE(irq()) << state();
    EXPECT_EQ(read(reg::kIrqStatus) & bit::kIrqStatusError, bit::kIrqStatusError) << state();
    return expect_stopped();
  }
  // The same where the driver has seen the interrupt, and cleared it.
  sparsys_error expect_stopped() {
    const uint64_t until = cycle + kPatience;
    while (!(read(reg::kStatus) & bit::kStatusQuiet) && cycle < until) {
    }
    EXPECT_EQ(read(reg::kStatus) & (bit::kStatusRunning | bit::kStatusError | bit::kStatusQuiet),
              bit::kStatusError | bit::kStatusQuiet)
        << state();
    expect_no_violations();
    expect_quiet();
    sparsys_error error;
    sparsys_get_error(&device, &error);
    return error;
  }

  sparsys_device device{};
  uint32_t ticket = 0;
  uint32_t input_bytes = 0, output_bytes = 0, phase_commands = 0;

 private:
  std::vector<uint8_t> image_, inputs_;
  std::function<bool(const std::vector<uint8_t>&)> right_;
};

}  // namespace sparsys::top::test
