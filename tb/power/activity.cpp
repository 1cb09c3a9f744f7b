// SPDX-License-Identifier: Apache-2.0
// Switching activity of a PE's netlist in a real run: the cycle model runs a layer on all PEs, the
// netlist of standard cells stands beside one of them, gets what that gets and must answer the
// same, in every cycle. Of every net is counted how often it changes from cycle to cycle, and in
// how many cycles it is 1, while the engine works. Nets are seen settled, once a cycle: no
// glitches. Written as SAIF 2.0 (IEEE 1801) and, if wanted, cycle by cycle as VCD.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "Vpower_pe.h"
#include "Vpower_pe___024root.h"
#include "golden/base/error.hpp"
#include "golden/cycle/eie/eie.hpp"
#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/random_layer.hpp"
#include "sw/sparsys/layers/energy.hpp"
#include "tb/lockstep/core/verilated_top.hpp"

namespace sparsys::eie {
namespace {

using nlohmann::json;

// Of the netlist, written with it (synth/power): parameters, and the numbers of its nets.
Config netlist_config() {
  Config config;
#define PARAMETER(name, value) config.name = value;
#define NET(number)
#define CLOCK(number)
#include "power_pe.inc"
#undef PARAMETER
#undef NET
#undef CLOCK
  return config;
}
struct Net {
  uint32_t number;
  CData Vpower_pe___024root::*value;
};
// Data, no code: of tens of thousands of nets that would take the compiler very long.
constexpr Net kNets[] = {
#define PARAMETER(name, value)
#define NET(number) {number, &Vpower_pe___024root::power_pe__DOT__n##number},
#define CLOCK(number)
#include "power_pe.inc"
#undef NET
#undef CLOCK
};
constexpr uint32_t kClock =
#define NET(number)
#define CLOCK(number) number;
#include "power_pe.inc"
#undef CLOCK
#undef NET
#undef PARAMETER
    constexpr size_t kNetCount = std::size(kNets);

class NetlistDevice final : public Device {
 public:
  NetlistDevice(const Config& config, uint32_t number)
      : model(config),
        config_(config),
        number_(number),
        last_(kNetCount),
        changes(kNetCount),
        ones(kNetCount) {
    model.propagate();
  }

  const Config& config() const override { return config_; }

  Outputs clock(const Inputs& inputs) override {
    static_cast<Inputs&>(model) = inputs;
    model.propagate_rest([](uint32_t, uint32_t) {});
    statistics.observe(model);
    drive(model.pe[number_], inputs.rst_i || model.ccu.flush_o);
    top_.clock(false);
    compare(model.pe[number_]);
    if (model.busy_o) count();
    const Outputs outputs = model;
    model.edge(inputs.rst_i);
    top_.clock(true);
    return outputs;
  }

  // Into the model by the back door, into the netlist through its port, in cycles that count for
  // nothing: the model stands still meanwhile, and so does all of the PE but its memories.
  void put(const Image& image) override {
    model.put(image);
    Pe& pe = model.pe[number_];
    drive(pe, false);
    const auto& entries = pe.spmat_read.entry_ram.mem;
    for (uint32_t row = 0; row < entries.size(); ++row) {
      if (entries[row]) write(Driver::port_address(Space::kEntry, row, number_), entries[row]);
    }
    const PtrRead& pointers = pe.ptr_read;
    for (uint32_t pair = 0; pair < pointers.even.mem.size(); ++pair) {
      const uint64_t word = uint64_t{pointers.odd.mem[pair]} << 16 | pointers.even.mem[pair];
      if (word) write(Driver::port_address(Space::kPointer, pair, number_), word);
    }
  }

  Eie model;
  Statistics statistics;
  uint64_t compared = 0;
  uint64_t counted = 0;
  uint64_t entries = 0;
  uint64_t multiplications = 0;
  // If not null, told of the nets' values in every cycle that counts, at `period` units of time.
  std::ostream* vcd = nullptr;
  uint64_t period = 1;

 private:
  void write(uint32_t address, uint64_t word) {
    Vpower_pe& pins = top_.pins();
    pins.io_en_i = pins.io_write_i = 1;
    pins.io_addr_i = address;
    pins.io_wdata_i = word;
    top_.clock(false);
    top_.clock(true);
    pins.io_en_i = pins.io_write_i = 0;
  }

  void drive(const Pe& pe, bool rst) {
    Vpower_pe& pins = top_.pins();
    pins.rst_i = rst;
#define DRIVE(name) pins.name = pe.name
    DRIVE(id_i);
    DRIVE(advance_i);
    DRIVE(b_valid_i);
    DRIVE(b_act_i);
    DRIVE(b_even_i);
    DRIVE(b_odd_i);
    DRIVE(b_odd_first_i);
    DRIVE(leaf_pop_i);
    DRIVE(role_i);
    DRIVE(flags_clear_i);
    DRIVE(clear_i);
    DRIVE(cb_we_i);
    DRIVE(cb_word_i);
    DRIVE(cb_data_i);
    DRIVE(ld_read_i);
    DRIVE(ld_addr_i);
    DRIVE(ld_we_i);
    DRIVE(ld_row_i);
    DRIVE(launch_i);
    DRIVE(wb_read_i);
    DRIVE(wb_row_i);
    DRIVE(in_first_i);
    DRIVE(in_count_i);
    DRIVE(entry_base_i);
    DRIVE(dst_addr_i);
    DRIVE(shift_i);
    DRIVE(relu_i);
    DRIVE(store_dst_i);
    DRIVE(io_en_i);
    DRIVE(io_write_i);
    DRIVE(io_addr_i);
    DRIVE(io_wdata_i);
#undef DRIVE
  }

  void compare(const Pe& pe) {
    const Vpower_pe& pins = top_.pins();
    const auto same = [&](const char* name, uint64_t netlist, uint64_t expected) {
      if (netlist == expected) return;
      throw Error("cycle " + std::to_string(compared) + ": " + name + " of the netlist is " +
                  std::to_string(netlist) + ", of the cycle model " + std::to_string(expected));
    };
#define SAME(name) same(#name, pins.name, pe.name)
    SAME(full_o);
    SAME(leaf_valid_o);
    SAME(leaf_done_o);
    SAME(leaf_col_o);
    SAME(leaf_act_o);
    SAME(busy_o);
    SAME(flags_o);
    SAME(io_rdata_o);
#undef SAME
    ++compared;
  }

  void count() {
    const SpmatRead& read = model.pe[number_].spmat_read;
    entries += read.e_valid_o;
    multiplications += read.e_valid_o && read.e_code_o != 0;
    const Vpower_pe___024root& root = *top_.pins().rootp;
    if (vcd != nullptr) *vcd << '#' << counted * period << '\n';
    for (size_t i = 0; i < kNetCount; ++i) {
      const uint8_t value = root.*kNets[i].value;
      if (vcd != nullptr && (counted == 0 || value != last_[i])) {
        *vcd << (value ? "1n" : "0n") << kNets[i].number << '\n';
      }
      ones[i] += value;
      // The first cycle has none before it.
      changes[i] += counted != 0 && value != last_[i];
      last_[i] = value;
    }
    ++counted;
  }

  Config config_;
  uint32_t number_;
  VerilatedTop<Vpower_pe> top_;
  std::vector<uint8_t> last_;

 public:
  std::vector<uint64_t> changes, ones;
};

// Toggle counts and times of all nets of the cycles that counted, each of `period` picoseconds. The
// clock rises and falls in each.
void write_saif(std::ostream& file, const NetlistDevice& device, uint64_t period) {
  const uint64_t cycles = device.counted;
  file << "(SAIFILE\n(SAIFVERSION \"2.0\")\n(DIRECTION \"backward\")\n(DESIGN \"power_pe\")\n"
          "(PROGRAM_NAME \"power_activity\")\n(DIVIDER / )\n(TIMESCALE 1 ps)\n(DURATION "
       << cycles * period << ")\n(INSTANCE power_pe\n (NET\n";
  for (size_t i = 0; i < kNetCount; ++i) {
    const bool clock = kNets[i].number == kClock;
    const uint64_t high = clock ? cycles * (period / 2) : device.ones[i] * period;
    file << "  (n" << kNets[i].number << " (T0 " << cycles * period - high << ") (T1 " << high
         << ") (TX 0) (TC " << (clock ? 2 * cycles : device.changes[i]) << ") (IG 0))\n";
  }
  file << " )\n)\n)\n";
}

// A VCD's beginning; changes follow, cycle by cycle.
void begin_vcd(std::ostream& file) {
  file << "$timescale 1ps $end\n$scope module power_pe $end\n";
  for (const Net& net : kNets) {
    file << "$var wire 1 n" << net.number << " n" << net.number << " $end\n";
  }
  file << "$upscope $end\n$enddefinitions $end\n";
}

int main_of(int argc, char** argv) {
  uint32_t inputs = 4096, outputs = 4096, number = 0;
  double density = .09, activations = .353;
  uint64_t seed = 11;
  double mhz = 80;
  std::string out, saif, vcd;
  CLI::App app("Switching activity of a PE's netlist while the engine runs a random layer");
  app.add_option("--inputs", inputs)->check(CLI::Range(1, 32768));
  app.add_option("--outputs", outputs)->check(CLI::Range(1, 32768));
  app.add_option("--density", density, "of the weights")->check(CLI::Range(0., 1.));
  app.add_option("--activations", activations, "share that is not 0")->check(CLI::Range(0., 1.));
  app.add_option("--seed", seed);
  app.add_option("--pe", number, "beside which PE the netlist stands");
  app.add_option("--mhz", mhz, "clock, for the times in SAIF and VCD")->check(CLI::Range(1., 1e4));
  app.add_option("--out", out, "JSON file to write")->required();
  app.add_option("--saif", saif, "SAIF file to write: all nets")->required();
  app.add_option("--vcd", vcd, "VCD file to write: all nets, cycle by cycle; large");
  CLI11_PARSE(app, argc, argv);

  const Config config = netlist_config();
  if (number >= config.n_pe) throw Error("there is no PE " + std::to_string(number));
  Layer layer = uniform_layer(seed, inputs, outputs, density);
  layer.name = "random";
  set_usual_shift(layer, density * activations);
  Network network;
  network.name = layer.name;
  network.layers.push_back(std::move(layer));
  const std::vector<int16_t> input = uniform_activations(seed, inputs, activations);

  const Image image = build_image(network, config, Rows::kInterleaved);
  NetlistDevice device(config, number);
  device.period = static_cast<uint64_t>(std::llround(1e6 / mhz));
  std::ofstream dump;
  if (!vcd.empty()) {
    dump.open(vcd);
    begin_vcd(dump);
    device.vcd = &dump;
  }
  Driver driver(device);
  driver.reset();
  driver.put(image);
  const std::vector<int16_t> output = driver.run(image, input);
  const std::vector<int16_t> expected = eie::run(network, input);
  if (!std::equal(expected.begin(), expected.end(), output.begin()))
    throw Error("outputs of the cycle model are not those of the functional model");

  if (!vcd.empty()) {
    dump << '#' << device.counted * device.period << '\n';
    if (!dump.flush()) throw Error(vcd + ": cannot be written");
  }
  std::ofstream activities(saif);
  write_saif(activities, device, device.period);
  if (!activities.flush()) throw Error(saif + ": cannot be written");
  const json result = {{"layer",
                        {{"inputs", inputs},
                         {"outputs", outputs},
                         {"density", density},
                         {"activations", activations},
                         {"seed", seed}}},
                       {"pes", config.n_pe},
                       {"pe", number},
                       {"compared_cycles", device.compared},
                       {"cycles", device.counted},
                       {"entries", device.entries},
                       {"multiplications", device.multiplications},
                       {"engine_entries", device.statistics.entries},
                       {"engine_multiplications", device.statistics.activity.multiplications},
                       {"estimate", estimate_energy(device.statistics, config)},
                       {"saif", std::filesystem::absolute(saif).string()}};
  std::ofstream file(out);
  file << result << '\n';
  if (!file.flush()) throw Error(out + ": cannot be written");
  return 0;
}

}  // namespace
}  // namespace sparsys::eie

int main(int argc, char** argv) {
  try {
    return sparsys::eie::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "power_activity: " << error.what() << '\n';
    return 1;
  }
}
