// SPDX-License-Identifier: Apache-2.0
// Lockstep under test at the RTL's side: a single bit of any signal that is compared in every
// cycle, flipped in the Verilated engine in any of them, is reported in that cycle, by that name.
// The model is left alone, so its units rest as in every run.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "golden/base/random.hpp"
#include "tb/engine/eie/bench.hpp"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/support/random_network.hpp"

namespace sparsys::eie {
namespace {

// An engine that is told of every cycle when its signals have settled.
class WatchedRtl final : public Rtl {
 public:
  using Watch = std::function<void(uint64_t cycle, VerilatedContext& context)>;
  WatchedRtl(std::unique_ptr<Rtl> rtl, Watch watch)
      : rtl_(std::move(rtl)), watch_(std::move(watch)) {}
  const Config& config() const override { return rtl_->config(); }
  VerilatedContext& context() override { return rtl_->context(); }
  void put(const Image& image) override { rtl_->put(image); }
  Outputs settle(const Inputs& inputs) override {
    const Outputs outputs = rtl_->settle(inputs);
    watch_(cycle_++, rtl_->context());
    return outputs;
  }
  void edge() override { rtl_->edge(); }

 private:
  std::unique_ptr<Rtl> rtl_;
  Watch watch_;
  uint64_t cycle_ = 0;
};

LockstepOptions watching(const Config& config, const WatchedRtl::Watch& watch) {
  LockstepOptions options;
  options.mismatch_waves.clear();
  options.make_rtl = [=] { return std::make_unique<WatchedRtl>(make_rtl(config), watch); };
  return options;
}

class EieFlips : public testing::TestWithParam<Config> {};

TEST_P(EieFlips, AreSeenInTheirCycleByName) {
  const Config config = GetParam();
  RandomNetworkOptions what;
  what.sizes = {60, 80, 20};
  what.density = 0.3;
  const Network network = random_network(41, what);
  const Image image = build_image(network, config);
  const std::vector<int16_t> input = random_input(41, network, 0.5);
  const auto play = [&](Device& device) {
    Driver driver(device);
    driver.reset();
    driver.load(image);
    driver.run(image, input);
    return driver.cycles();
  };
  const uint64_t cycles = play(*make_rtl(config));

  Random random(config.n_pe);
  uint32_t seen = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const uint64_t at = 1 + random.below(cycles - 1);
    const uint64_t choice = random.next();
    const uint64_t bit_choice = random.next();
    std::string instance, name;  // empty: nothing flipped
    const Eie* model = nullptr;
    const auto flip = [&](uint64_t cycle, VerilatedContext& context) {
      if (cycle != at) return;
      SignalTable table(context);
      add_signals(table, "eie", *model);
      const Signal& s = table.signals()[choice % table.signals().size()];
      // Its guard, a port of the model, settles behind this: whether it is compared is not known.
      if (s.guard[0]) return;
      instance = s.instance;
      name = s.name;
      const uint64_t bit = bit_choice % s.width;
      const_cast<uint8_t*>(s.rtl)[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    };
    Lockstep device(config, watching(config, flip));
    model = &device.model();
    try {
      play(device);
      EXPECT_EQ(name, "") << instance << "." << name << " in cycle " << at << ": not seen";
    } catch (const LockstepMismatch& mismatch) {
      ++seen;
      EXPECT_EQ(mismatch.cycle, at);
      EXPECT_EQ(mismatch.signals, 1U) << mismatch.what();
      EXPECT_EQ(mismatch.instance + "." + mismatch.signal, instance + "." + name);
    }
  }
  EXPECT_GT(seen, 75U);
}

INSTANTIATE_TEST_SUITE_P(All, EieFlips, testing::Values(paper(1), paper(4), small(32, 4)),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace sparsys::eie
