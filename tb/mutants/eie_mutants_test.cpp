// SPDX-License-Identifier: Apache-2.0
// Lockstep itself under test: broken RTL and broken cycle models, each of which it must report, in
// the right cycle and by the right name.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "tb/lockstep/core/gtkwave_save.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/lockstep/eie/signals.hpp"
#include "tb/support/fst_reader.hpp"
#include "tb/support/random_network.hpp"
#include "tb/support/temporary.hpp"
#include "verilated.h"

namespace sparsys::eie {

using MakeRtl = std::unique_ptr<Rtl> (*)();

std::unique_ptr<Rtl> make_mutant_none();
std::unique_ptr<Rtl> make_mutant_no_lanes();
std::unique_ptr<Rtl> make_mutant_no_groups();
#define MUTANT(name, seen) std::unique_ptr<Rtl> make_mutant_##name();
#include "mutants.def"
#undef MUTANT

namespace {

// As in tb/mutants/CMakeLists.txt. So narrow an accumulator saturates, so short a queue is full.
const Config& config() {
  static const Config config = make_mutant_none()->config();
  return config;
}

LockstepOptions options(MakeRtl make_rtl) {
  LockstepOptions options;
  options.make_rtl = make_rtl;
  options.mismatch_waves.clear();
  return options;
}

// Loads a random network and runs it, with a reset or an abort somewhere in a run before.
void exercise(Device& device, uint64_t seed) {
  RandomNetworkOptions what = random_options(seed, 150);
  const Network network = random_network(seed, what);
  Image image;
  try {
    image = build_image(network, device.config());
  } catch (const Error&) {
    return;  // Too large for these memories.
  }
  Driver driver(device);
  driver.reset();
  driver.load(image);
  for (uint64_t n = 0; n < 2; ++n) {
    const std::vector<int16_t> input = random_input(2 * seed + n, network, 0.6, what.extreme);
    driver.run(image, input);
    Inputs start;
    start.start_i = true;
    start.list_count_i = static_cast<uint16_t>(image.passes.size());
    device.clock(start);
    driver.idle(20 + seed * 13 % 97);
    if (n == 0) {
      driver.reset();
    } else {
      driver.abort();
    }
  }
  driver.run(image, random_input(3 * seed, network));
}

constexpr uint64_t kSeeds = 72;

void expect_sound(MakeRtl make_rtl) {
  uint64_t cycles = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Lockstep device(make_rtl()->config(), options(make_rtl));
    exercise(device, seed);
    device.finish();
    cycles += device.checked_cycles();
  }
  EXPECT_GT(cycles, 50000U);
}

TEST(RtlMutants, TheSoundEnginePasses) { expect_sound(make_mutant_none); }
TEST(RtlMutants, TheSoundEngineOfFourLanesPasses) { expect_sound(make_mutant_no_lanes); }
TEST(RtlMutants, TheSoundEngineOfTwoGroupsPasses) { expect_sound(make_mutant_no_groups); }

struct Mutant {
  const char* name;
  MakeRtl make_rtl;
  const char* seen;
};
const Mutant kMutants[] = {
#define MUTANT(name, seen) {#name, make_mutant_##name, seen},
#include "mutants.def"
#undef MUTANT
};

void PrintTo(const Mutant& mutant, std::ostream* stream) { *stream << mutant.name; }

class RtlMutant : public testing::TestWithParam<Mutant> {};

TEST_P(RtlMutant, IsReported) {
  const Mutant& mutant = GetParam();
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Lockstep device(mutant.make_rtl()->config(), options(mutant.make_rtl));
    try {
      exercise(device, seed);
    } catch (const LockstepMismatch& mismatch) {
      const std::string text = mismatch.what();
      EXPECT_NE(text.find(std::string(mutant.seen) + " RTL 0x"), std::string::npos) << text;
      EXPECT_EQ(device.mismatched_signals(), mismatch.signals);
      EXPECT_EQ(mismatch.instance.compare(0, 3, "eie"), 0);
      return;
    }
  }
  ADD_FAILURE() << "not seen in " << kSeeds << " runs";
}

INSTANTIATE_TEST_SUITE_P(All, RtlMutant, testing::ValuesIn(kMutants),
                         [](const auto& info) { return std::string(info.param.name); });

// The run whose cycle model is tampered with.
struct Scene {
  Network network;
  Image image;
  std::vector<int16_t> input;
};
const Scene& scene() {
  static const Scene scene = [] {
    Scene s;
    RandomNetworkOptions what;
    what.sizes = {24, 60};
    what.density = 0.5;
    s.network = random_network(5, what);
    s.image = build_image(s.network, config(), Rows::kInterleaved);
    s.input = random_input(5, s.network, 1.0);
    return s;
  }();
  return scene;
}
void play(Device& device) {
  Driver driver(device);
  driver.reset();
  driver.load(scene().image);
  driver.run(scene().image, scene().input);
}

// The first, whose signals a report lists first of all PEs'.
constexpr size_t kPe = 0;

// The first cycles in which that PE is: loading its codebook, in the middle of its work, and being
// written back.
std::vector<uint64_t> busy_cycles() {
  uint64_t setup = 0, work = 0, write_back = 0;
  LockstepOptions watching = options(make_mutant_none);
  watching.tamper = [&](uint64_t cycle, Eie& model) {
    const Pe& pe = model.pe[kPe];
    if (!setup && model.ccu.cb_we_o) setup = cycle;
    if (!work && pe.ptr_read.p_valid_q && pe.spmat_read.d_valid_q && pe.arith.s3_valid_q) {
      work = cycle;
    }
    if (!write_back && pe.act_rw.wb_valid_q) write_back = cycle;
  };
  Lockstep device(config(), watching);
  play(device);
  EXPECT_GT(setup, 0U);
  EXPECT_GT(work, setup);
  EXPECT_GT(write_back, work);
  return {setup, work, write_back};
}

// All compared words of a model; `rtl` only gives the widths.
std::vector<Signal> signals_of(Rtl& rtl, const Eie& model) {
  SignalTable table(rtl.context());
  add_signals(table, "eie", model);
  return table.signals();
}

bool is_register(const Signal& s) { return s.name.find("_q") != std::string::npos; }

// In the cycle model: bit `bit` of a register, found by name.
void flip(const std::vector<Signal>& signals, const std::string& instance, const std::string& name,
          uint32_t bit) {
  for (const Signal& s : signals) {
    if (s.instance != instance || s.name != name) continue;
    const_cast<uint8_t*>(s.model)[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    return;
  }
  throw Error(instance + "." + name + ": no such signal");
}

TEST(ModelMutants, EveryRegisterIsCompared) {
  const std::unique_ptr<Rtl> rtl = make_mutant_none();
  std::vector<Signal> registers;
  const std::string pe = "eie.g_pe[" + std::to_string(kPe) + "].";
  const Eie names(config());
  for (const Signal& s : signals_of(*rtl, names)) {
    const bool chosen = s.instance.compare(0, pe.size(), pe) == 0 ||
                        s.instance.compare(0, 9, "eie.u_ccu") == 0 ||
                        s.instance.compare(0, 11, "eie.g_group") == 0;
    if (chosen && is_register(s)) registers.push_back(s);
  }
  ASSERT_GT(registers.size(), 90U);
  for (const uint64_t at : busy_cycles()) {
    for (const Signal& s : registers) {
      std::set<uint32_t> bits = {0, s.width / 2, s.width - 1};
      for (const uint32_t bit : bits) {
        SCOPED_TRACE(s.instance + "." + s.name + " bit " + std::to_string(bit) + " in cycle " +
                     std::to_string(at));
        LockstepOptions tampering = options(make_mutant_none);
        tampering.tamper = [&](uint64_t cycle, Eie& model) {
          if (cycle == at) flip(signals_of(*rtl, model), s.instance, s.name, bit);
        };
        Lockstep device(config(), tampering);
        try {
          play(device);
          FAIL() << "not seen";
        } catch (const LockstepMismatch& mismatch) {
          ASSERT_EQ(mismatch.cycle, at);
          const std::string line = "  " + s.instance + "." + s.name + " RTL 0x";
          ASSERT_NE(std::string(mismatch.what()).find(line), std::string::npos) << mismatch.what();
        }
      }
    }
  }
}

TEST(Report, NamesEverything) {
  const uint64_t at = busy_cycles()[1];
  const TemporaryFolder folder;
  const std::string path = folder.file("report.fst");
  LockstepOptions tampering = options(make_mutant_none);
  tampering.mismatch_waves = path;
  uint32_t sound = 0;
  tampering.tamper = [&](uint64_t cycle, Eie& model) {
    if (cycle != at) return;
    sound = model.pe[kPe].arith.s2_product;
    model.pe[kPe].arith.s2_product ^= 0x10;
  };
  Lockstep device(config(), tampering);
  const std::string instance = "eie.g_pe[" + std::to_string(kPe) + "].u_pe.u_compute.g_one.u_arith";
  try {
    play(device);
    FAIL() << "not seen";
  } catch (const LockstepMismatch& mismatch) {
    EXPECT_EQ(mismatch.cycle, at);
    EXPECT_EQ(mismatch.instance, instance);
    EXPECT_EQ(mismatch.signal, "s2_product");
    EXPECT_EQ(mismatch.signals, 1U);
    char values[64];
    std::snprintf(values, sizeof(values), "RTL 0x%x, cycle model 0x%x", sound, sound ^ 0x10);
    const std::string text = mismatch.what();
    EXPECT_EQ(text.find("lockstep: cycle " + std::to_string(at) + ": " + instance +
                        ".s2_product: " + values),
              0U)
        << text;
    // The history: the instance's signals in the last six cycles, two lines each.
    EXPECT_NE(text.find(instance + ", cycles " + std::to_string(at - 5) + " to " +
                        std::to_string(at) + ", RTL above cycle model:"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\n  s1_weight_q "), std::string::npos) << text;
    EXPECT_NE(text.find("<-- differs\n"), std::string::npos) << text;
    EXPECT_NE(text.find(path), std::string::npos) << text;
  }
  EXPECT_EQ(device.mismatched_signals(), 1U);
  // The waveform: the last 256 cycles, both sides by value.
  const FstChanges waves = read_fst(path);
  const std::string product = instance + ".s2_product";
  EXPECT_EQ(value_at(waves, "rtl." + product, at), sound);
  EXPECT_EQ(value_at(waves, "model." + product, at), sound ^ 0x10);
  EXPECT_EQ(waves.at("rtl." + product).front().first, at < 256 ? 0 : at - 255);
  for (const auto& [signal, changes] : waves) {
    // Registers; memories' ports are compared only in use.
    if (signal.rfind("rtl.", 0) != 0 || signal.substr(signal.size() - 2) != "_q") continue;
    const std::string model = "model." + signal.substr(4);
    EXPECT_EQ(value_at(waves, signal, at - 1), value_at(waves, model, at - 1)) << signal;
  }
  // GTKWave's save file beside it: the differing signal first, RTL above model.
  const std::string save = gtkwave_save_path(path);
  std::ifstream file(save);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t rtl = text.find(" rtl."), model = text.find(" model.");
  EXPECT_EQ(text.compare(rtl + 1, 4 + product.size(), "rtl." + product), 0) << text;
  EXPECT_EQ(text.compare(model + 1, 6 + product.size(), "model." + product), 0) << text;
  EXPECT_LT(rtl, model);
  EXPECT_NE(text.find("differ in cycle " + std::to_string(at)), std::string::npos);
}

TEST(Report, WaveformThatCannotBeWritten) {
  const uint64_t at = busy_cycles()[0];
  LockstepOptions tampering = options(make_mutant_none);
  const TemporaryFolder folder;
  tampering.mismatch_waves = folder.file("no/such/folder/report.fst");
  tampering.tamper = [&](uint64_t cycle, Eie& model) {
    if (cycle == at) model.ccu.status.cycles_q ^= 1;
  };
  Lockstep device(config(), tampering);
  try {
    play(device);
    FAIL() << "not seen";
  } catch (const LockstepMismatch& mismatch) {
    EXPECT_EQ(mismatch.signal, "cycles_q");
    EXPECT_NE(std::string(mismatch.what()).find("no waveform: "), std::string::npos);
  }
}

// What finish() says, empty if nothing.
std::string at_the_end(Lockstep& device) {
  try {
    device.finish();
    return "";
  } catch (const LockstepMismatch& mismatch) {
    return mismatch.what();
  }
}

TEST(Finish, IdleWithNothingPending) {
  Lockstep device(config(), options(make_mutant_none));
  play(device);
  EXPECT_EQ(at_the_end(device), "");
}

TEST(Finish, BusyEngine) {
  Lockstep device(config(), options(make_mutant_none));
  Driver driver(device);
  driver.reset();
  driver.load(scene().image);
  Inputs start;
  start.start_i = true;
  start.list_count_i = 1;
  device.clock(start);
  driver.idle(10);
  EXPECT_NE(at_the_end(device).find("the engine is busy"), std::string::npos);
}

TEST(Finish, PendingPortRead) {
  const char* pending[] = {"a port request is pending", "a port read is pending",
                           "a port answer is pending", nullptr};
  for (uint64_t idle = 0; idle < 4; ++idle) {
    Lockstep device(config(), options(make_mutant_none));
    Driver driver(device);
    driver.reset();
    Inputs request;
    request.io_valid_i = true;
    request.io_addr_i = Driver::port_address(Space::kStatus, 4);
    device.clock(request);
    driver.idle(idle);
    const std::string text = at_the_end(device);
    if (pending[idle]) {
      EXPECT_NE(text.find(pending[idle]), std::string::npos) << text;
    } else {
      EXPECT_EQ(text, "");
    }
  }
}

TEST(Finish, DifferenceBehindTheLastEdge) {
  uint64_t end = 0;
  {
    Lockstep device(config(), options(make_mutant_none));
    play(device);
    end = device.checked_cycles();
  }
  LockstepOptions tampering = options(make_mutant_none);
  tampering.tamper = [&](uint64_t cycle, Eie& model) {
    if (cycle == end) model.pe[kPe].act_rw.nz0_q ^= 1;
  };
  Lockstep device(config(), tampering);
  play(device);
  EXPECT_NE(at_the_end(device).find("nz0_q: RTL 0x"), std::string::npos);
}

}  // namespace
}  // namespace sparsys::eie
