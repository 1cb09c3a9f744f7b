// SPDX-License-Identifier: Apache-2.0
// EIE's evaluation: the nine layers of its Table III on the cycle model, the RTL in lockstep, and
// this machine, beside the paper's times.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <iostream>
#include <memory>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/driver.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/energy.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/layers/host_products.hpp"
#include "sw/sparsys/layers/layer_source.hpp"
#include "sw/sparsys/layers/paper_layers.hpp"
#include "sw/sparsys/layers/pe_areas.hpp"
#include "sw/sparsys/layers/sparse_layer.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/processor_time.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/table.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/eie/lockstep.hpp"
#include "tb/lockstep/eie/rtl.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

struct Arguments {
  LayerSource source;  // of layers from outside
  EngineConfigs engines;
  double row_sigma = 0;
  uint32_t seeds = 3;
  bool no_rtl = false;
  double host_seconds = 0.3;
  std::string areas;  // file of accepted areas of PEs
  std::string report = "build/reports/bench-eie.json";
};

constexpr double kMostSecondsAlex6 = 10;
constexpr double kMostSecondsAll = 120;
constexpr double kLeastSpeedup = 2;

// The engine's RTL and its cycle model, kept from layer to layer.
class Checker {
 public:
  // Without the RTL nothing is compared; it is optional where it is not built in.
  Checker(const eie::Config& config, bool rtl, bool optional) : config_(config) {
    const std::vector<eie::Config> built = eie::rtl_configs();
    if (!rtl || built.empty()) return;
    const auto same = [&config](const eie::Config& other) {
      return to_json(other) == to_json(config);
    };
    if (!optional || std::any_of(built.begin(), built.end(), same)) lockstep_.emplace(config);
  }

  // Runs the layer, or as many of its first inputs as the RTL's memories hold, and compares cycle
  // by cycle. Adds to the row what was checked.
  void check(const SparseLayer& layer, const SparseRun& run, eie::Rows rows, json& row) {
    row["rtl_checked_cycles"] = 0;
    row["rtl_checked_inputs"] = 0;
    if (!lockstep_) return;
    const uint32_t inputs = layer.network.layers.front().inputs;
    if (run.image.config.ptr_depth == config_.ptr_depth) {
      compare(layer, run, inputs, row);
    } else {
      const uint32_t step = config_.act_regs * config_.n_pe;
      const uint32_t part = (config_.ptr_depth - 1) / (step + 1) * step;
      const SparseLayer first = first_inputs(layer, part);
      compare(first, run_cycles(first, config_, rows), part, row);
    }
  }
  void finish() {
    if (lockstep_) lockstep_->finish();
  }

 private:
  void compare(const SparseLayer& layer, const SparseRun& run, uint32_t inputs, json& row) {
    const uint64_t cycles = run_on(*lockstep_, layer, run.image);
    if (cycles != run.cycles()) {
      throw ExpectationFailed(run.stored().name + ": " + std::to_string(cycles) +
                              " cycles of the RTL, " + std::to_string(run.cycles()) +
                              " of the cycle model");
    }
    row["rtl_checked_cycles"] = cycles;
    row["rtl_checked_inputs"] = inputs;
  }

  eie::Config config_;
  std::optional<eie::Lockstep> lockstep_;
};

// Cycles a second of processor time, in one go and unit by unit, best of alternating runs.
json model_speed(const SparseLayer& layer, const eie::Config& config) {
  const eie::Image image = build_image(layer.network, config, eie::Rows::kInterleaved);
  eie::CycleDevice device(config);
  eie::Driver driver(device);
  driver.reset();
  driver.put(image);
  std::array<double, 2> best{};
  for (int repetition = 0; repetition < 5; ++repetition) {
    for (const bool units : {false, true}) {
      device.unit_by_unit = units;
      const double start = processor_seconds();
      driver.run_list(0, static_cast<uint32_t>(image.passes.size()),
                      eie::Driver::cycle_bound(image));
      const double seconds = processor_seconds() - start;
      // The roles of the registers are swapped; the run after the next has the same input again.
      driver.write_vector(eie::Space::kSource, 0, layer.input);
      if (repetition == 0) continue;  // of an input of zeros
      best[units] =
          std::max(best[units], device.model.ccu.status.cycles_q / std::max(seconds, 1e-9));
    }
  }
  return {{"layer", layer.network.layers.front().name},
          {"cycles_per_second", best[0]},
          {"unit_by_unit_cycles_per_second", best[1]},
          {"ratio", best[0] / best[1]}};
}

json paper_row(const EieLayer& paper) {
  return {{"cpu_dense_us", paper.cpu_dense_us},   {"cpu_sparse_us", paper.cpu_sparse_us},
          {"gpu_dense_us", paper.gpu_dense_us},   {"gpu_sparse_us", paper.gpu_sparse_us},
          {"mgpu_dense_us", paper.mgpu_dense_us}, {"mgpu_sparse_us", paper.mgpu_sparse_us}};
}

// A row of the table for each mapping, of the first of the layer's draws. The product on this
// machine is measured with the first row, once the engine has taken the layer.
void add_rows_of(const std::vector<SparseLayer>& draws, const EieLayer* paper,
                 const eie::Config& asked, Checker& checker, std::optional<HostProducts>& host,
                 const Arguments& arguments, Meter& meter, json& report) {
  const SparseLayer& layer = draws.front();
  eie::Config config = asked;
  const eie::Layer& of = layer.network.layers.front();
  widen_pointers(config, of.inputs, of.outputs);
  for (const eie::Rows rows : {eie::Rows::kInterleaved, eie::Rows::kBalanced}) {
    const SparseRun run = run_cycles(layer, config, rows);
    if (!host) host = measure_host(layer, arguments.host_seconds);
    json row = describe_run(run, kPaperMhz);
    row["mapping"] = to_string(rows);
    row["configuration"] = to_text(asked);
    row["engine"] = to_json(config);
    row["inputs"] = of.inputs;
    row["outputs"] = of.outputs;
    row["ptr_depth"] = config.ptr_depth;
    row["us_at_800mhz"] = row["us"];
    row.erase("us");
    row.erase("mhz");
    row["model_seconds"] = run.seconds;
    row["host_dense_us"] = host->dense_us;
    row["host_sparse_us"] = host->sparse_us;
    if (paper != nullptr) {
      row["paper_us"] = paper->actual_us;
      row["paper_theoretical_us"] = paper->theoretical_us;
      row["paper_balance_pct"] = paper->balance_pct();
      row["paper_least_balance_pct"] = paper->least_balance_pct();
      row["speed_over_paper"] = paper->actual_us / row["us_at_800mhz"].get<double>();
      row["paper"] = paper_row(*paper);
      // As figure 7 reckons: time by the engine's power.
      row["paper_nanojoules"] = paper->actual_us * kPaperMilliwatts;
      if (draws.size() > 1 && rows == eie::Rows::kInterleaved) {
        row["over_seeds"] = describe_draws(draws, run);
      }
    }
    checker.check(layer, run, rows, row);
    report["layers"].push_back(std::move(row));
    meter.at(report["layers"].size());
  }
}

double geo_mean(const json& rows, const std::string& configuration, const std::string& mapping,
                const char* field) {
  double sum = 0;
  int count = 0;
  for (const json& row : rows) {
    if (row["mapping"] != mapping || row["configuration"] != configuration) continue;
    if (!row.contains(field)) continue;
    sum += std::log(row[field].get<double>());
    ++count;
  }
  return count > 0 ? std::exp(sum / count) : 0;
}

// Microseconds of the paper's layers with its mapping on the first engine, on this machine and on
// the paper's, at batch 1.
void print_times(const json& report) {
  Table table("lrrrrrrrrrrrr");
  table.add({"us, batch 1", "theory", "actual", "EIE: theory", "actual", "CPU here: sparse",
             "dense", "EIE's CPU: sparse", "dense", "GPU: sparse", "dense", "mobile GPU: sparse",
             "dense"});
  bool any = false;
  for (const json& row : report["layers"]) {
    const bool first = row["configuration"] == report["configurations"][0]["text"];
    if (!row.contains("paper") || row["mapping"] != "interleaved" || !first) continue;
    any = true;
    const json& paper = row["paper"];
    table.add({row["name"], fixed(row["theoretical_cycles"].get<double>() / kPaperMhz, 1),
               fixed(row["us_at_800mhz"], 1), fixed(row["paper_theoretical_us"], 1),
               fixed(row["paper_us"], 1), fixed(row["host_sparse_us"], 0),
               fixed(row["host_dense_us"], 0), fixed(paper["cpu_sparse_us"], 0),
               fixed(paper["cpu_dense_us"], 0), fixed(paper["gpu_sparse_us"], 0),
               fixed(paper["gpu_dense_us"], 0), fixed(paper["mgpu_sparse_us"], 0),
               fixed(paper["mgpu_dense_us"], 0)});
  }
  if (!any) return;
  table.print(std::cout);
  std::cout
      << "EIE's CPU: Core i7-5930K, GPU: Titan X, mobile GPU: Tegra K1 (Han 2016, Table IV)\n\n";
}

void print(const json& report) {
  const bool several = report["configurations"].size() > 1;
  Table table("lllrrrrrrrrrrrr");
  table.add({"layer", several ? "engine" : "", "rows", "entries", "padding", "theory", "cycles",
             "balance", "paper", "of all", "us", "paper", "speed", "RTL cycles", "CPU here, us"});
  for (const json& row : report["layers"]) {
    const auto paper = [&](const char* field, int digits) {
      return row.contains(field) ? fixed(row[field], digits) : std::string("-");
    };
    table.add({printable(row["name"].get<std::string>(), 24),
               several ? row["configuration"].get<std::string>() : "",
               row["mapping"].get<std::string>(), grouped(row["entries"]), grouped(row["padding"]),
               fixed(row["theoretical_cycles"], 0), grouped(row["actual_cycles"]),
               fixed(row["balance_pct"], 1) + " %", paper("paper_balance_pct", 1),
               fixed(row["whole_balance_pct"], 1) + " %", fixed(row["us_at_800mhz"], 1),
               paper("paper_us", 1), paper("speed_over_paper", 2),
               grouped(row["rtl_checked_cycles"]),
               fixed(row["host_sparse_us"], 0) + " / " + fixed(row["host_dense_us"], 0)});
  }
  table.print(std::cout);
  Table energy("lllrrrrr");
  energy.add({"energy at 45 nm", several ? "engine" : "", "rows", "uJ", "EIE, uJ", "pJ/operation",
              "mW/PE", "EIE, mW/PE"});
  for (const json& row : report["layers"]) {
    const json& one = row["energy"];
    energy.add({printable(row["name"].get<std::string>(), 24),
                several ? row["configuration"].get<std::string>() : "",
                row["mapping"].get<std::string>(), fixed(one["nanojoules"].get<double>() / 1000, 2),
                row.contains("paper_nanojoules")
                    ? fixed(row["paper_nanojoules"].get<double>() / 1000, 2)
                    : "-",
                fixed(one["picojoules_per_operation"], 2), fixed(one["milliwatts_per_pe"], 2),
                fixed(kPaperPeMilliwatts, 2)});
  }
  std::cout
      << "theory: entries that the input meets, over the PEs and their lanes; balance: theory over "
         "the cycles in which passes run, of all: over all cycles; CPU here: Eigen, one thread, "
         "sparse / dense\n\n";
  print_times(report);
  energy.print(std::cout);
  std::cout << "estimated from counted accesses (Horowitz, ISSCC 2014; EIE, Table II)\n\n";
  Table seeds("lrlrrrrr");
  seeds.add({"balance over seeds", "seeds", "cycles", "mean", "deviation", "least", "most", "EIE"});
  bool any = false;
  for (const json& row : report["layers"]) {
    if (!row.contains("over_seeds")) continue;
    any = true;
    for (const auto& [field, text] : {std::pair("balance", "running"), {"whole_balance", "all"}}) {
      const json& one = row["over_seeds"][field];
      seeds.add({row["name"].get<std::string>() +
                     (several ? ", " + row["configuration"].get<std::string>() : ""),
                 grouped(row["over_seeds"]["seeds"]), text, percent_text(one["mean_pct"]),
                 fixed(one["deviation_pct"], 2), percent_text(one["least_pct"]),
                 percent_text(one["most_pct"]), percent_text(row["paper_balance_pct"])});
    }
  }
  if (any) seeds.print(std::cout);
}

// Means of the paper's layers for each configuration; of those whose PE has an accepted area, also
// over the area of the paper's PE.
void add_means(json& report, const std::vector<eie::Config>& configs, const PeAreas& areas) {
  double best = 0, best_per_area = 0;
  for (size_t c = 0; c < configs.size(); ++c) {
    json& configuration = report["configurations"][c];
    const std::string text = configuration["text"];
    const std::optional<PeArea> area = areas.find(configs[c]);
    if (area) {
      configuration["pe_area"] = {{"over_paper", area->over_paper},
                                  {"over_paper_utilised", area->over_paper_utilised}};
    }
    for (const char* mapping : {"interleaved", "balanced"}) {
      const double mean = geo_mean(report["layers"], text, mapping, "speed_over_paper");
      configuration["geo_means"][mapping] = mean;
      best = std::max(best, mean);
      std::cout << "geometric mean of speed over the paper, " << text << ", rows " << mapping
                << ": " << fixed(mean, 3);
      if (area) {
        const double per_area = mean / area->over_paper;
        const double utilised = mean / area->over_paper_utilised;
        configuration["speed_per_area"][mapping] = per_area;
        configuration["speed_per_area_utilised"][mapping] = utilised;
        best_per_area = std::max(best_per_area, per_area);
        std::cout << ", per area " << fixed(per_area, 3) << " (" << fixed(utilised, 3)
                  << " with cells on 70 % of their rows)";
      }
      std::cout << '\n';
    }
  }
  report["geo_means"] = report["configurations"][0]["geo_means"];
  report["geo_mean_speed_over_paper"] = report["geo_means"]["interleaved"];
  report["best_geo_mean_speed_over_paper"] = best;
  std::cout << "the best of them: " << fixed(best, 3);
  if (best_per_area > 0) {
    report["best_speed_per_area_over_paper"] = best_per_area;
    std::cout << ", per area " << fixed(best_per_area, 3);
  }
  std::cout << '\n';
}

// What must hold of the paper's layers.
void judge(json& report, uint32_t seeds) {
  Expectations expect;
  report["checks"] = json::array();
  const auto require = [&](bool holds, const std::string& text) {
    expect.require(holds, text);
    report["checks"].push_back({{"text", text}, {"holds", holds}});
  };
  double seconds = 0;
  double alex_6 = 0;
  bool balanced = true;
  bool balanced_first = true;
  bool balanced_whole = true;
  for (const json& row : report["layers"]) {
    // The others are what they are.
    const bool first = row["configuration"] == report["configurations"][0]["text"];
    if (row["mapping"] != "interleaved" || !first) continue;
    const double took = row["model_seconds"];
    seconds += took;
    if (row["name"] == "Alex-6") alex_6 = took;
    const double least = row["paper_least_balance_pct"];
    balanced_first = balanced_first && row["balance_pct"].get<double>() >= least;
    double whole = row["whole_balance_pct"];
    if (row.contains("over_seeds")) {
      const json& spread = row["over_seeds"];
      const double mean = spread["balance"]["mean_pct"];
      balanced = balanced && mean >= row["paper_balance_pct"].get<double>();
      whole = spread["whole_balance"]["mean_pct"];
    }
    balanced_whole = balanced_whole && whole >= least;
  }
  // The paper's PE has one lane.
  const bool one_lane = report["configurations"][0]["engine"]["lanes"] == 1;
  // The paper says nothing of rows that differ.
  if (one_lane && report["row_sigma"] == 0) {
    // EIE, Han 2016, VI-A: 1 less the bubbles, over the cycles of computation.
    // The paper has one draw of pruned weights; so has each seed.
    const std::string mean = seeds > 1 ? ", mean of " + std::to_string(seeds) + " seeds" : "";
    if (seeds > 1) {
      require(balanced,
              "balance of the cycles in which passes run" + mean + ", no worse than the paper's");
    }
    require(balanced_first,
            "that of the first seed no worse than the paper's, as its times are rounded");
    report["whole_balance_target_ok"] =
        expect.target(balanced_whole, "balance of all cycles, set-up and write-back included" +
                                          mean + ", no worse, as its times are rounded");
  }
  require(alex_6 <= kMostSecondsAlex6,
          "cycle model of Alex-6 in at most 10 s of a processor: " + fixed(alex_6, 2) + " s");
  require(seconds <= kMostSecondsAll,
          "all nine in at most 120 s of a processor: " + fixed(seconds, 2) + " s");
  if (one_lane) {
    const double ratio = report["cycle_model"]["ratio"];
    report["cycle_model"]["target_ok"] =
        expect.target(ratio >= kLeastSpeedup, "cycle model in one go at " + fixed(ratio, 2) +
                                                  " of its speed unit by unit, target 2 or more");
  }
  expect.throw_if_failed();
}

void run_bench(const Arguments& arguments) {
  const std::vector<eie::Config> configs = arguments.engines.all();
  const std::string folder = directory_of(arguments.report);
  if (!folder.empty()) make_directory(folder);
  check_outputs({arguments.report},
                {arguments.source.matrix, arguments.source.input, arguments.areas});
  const PeAreas areas = arguments.areas.empty() ? PeAreas() : PeAreas(arguments.areas);
  json report = {{"seed", arguments.source.seed},   {"row_sigma", arguments.row_sigma},
                 {"n_pe", configs.front().n_pe},    {"queue_depth", configs.front().queue_depth},
                 {"configurations", json::array()}, {"host_seconds", arguments.host_seconds},
                 {"layers", json::array()}};
  for (const eie::Config& config : configs) {
    report["configurations"].push_back({{"text", to_text(config)}, {"engine", to_json(config)}});
  }
  const bool own = arguments.source.given();
  try {
    std::deque<Checker> checkers;
    for (const eie::Config& config : configs) {
      checkers.emplace_back(config, !arguments.no_rtl, configs.size() > 1);
    }
    Meter meter("bench-eie", 2 * configs.size() * (own ? 1 : kPaperLayers.size()));
    const auto add_all = [&](const std::vector<SparseLayer>& draws, const EieLayer* paper) {
      std::optional<HostProducts> host;
      for (size_t c = 0; c < configs.size(); ++c) {
        add_rows_of(draws, paper, configs[c], checkers[c], host, arguments, meter, report);
      }
    };
    if (own) {
      add_all({arguments.source.load()}, nullptr);
    } else {
      for (const EieLayer& paper : kPaperLayers) {
        std::vector<SparseLayer> draws;
        for (uint32_t d = 0; d < arguments.seeds; ++d) {
          draws.push_back(random_layer_of(paper, arguments.source.seed + d, arguments.row_sigma));
        }
        if (std::string(paper.name) == "Alex-7" && configs.front().lanes == 1) {
          report["cycle_model"] = model_speed(draws.front(), configs.front());
        }
        add_all(draws, &paper);
      }
    }
    for (Checker& checker : checkers) checker.finish();
  } catch (const LockstepMismatch& mismatch) {
    throw ExpectationFailed(mismatch.what());
  }
  print(report);
  if (!own) add_means(report, configs, areas);
  std::optional<ExpectationFailed> failed;
  if (!own) {
    try {
      judge(report, arguments.seeds);
    } catch (const ExpectationFailed& failure) {
      failed = failure;  // the report comes all the same
    }
  }
  write_json(arguments.report, report);
  if (failed) throw *failed;
}

}  // namespace

void add_bench_eie(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "bench-eie",
      "EIE's evaluation: the nine layers of its Table III, or one of a file, on the cycle model, "
      "on "
      "the RTL in lockstep and on this machine's processor, beside the paper's times");
  arguments->source.add_to(*command, false);
  arguments->engines.add_to(*command);
  command
      ->add_option("--seeds", arguments->seeds,
                   "Balance of the nine layers over so many seeds, from --seed on; all else is of "
                   "the first")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--row-sigma", arguments->row_sigma,
                   "Rows of the nine layers have densities that are log-normal of this sigma, with "
                   "the table's in the mean")
      ->check(CLI::Range(0.0, 2.0))
      ->capture_default_str()
      ->type_name("S");
  command->add_flag("--no-rtl", arguments->no_rtl, "Cycle model alone");
  command
      ->add_option("--host-seconds", arguments->host_seconds,
                   "Time for each product of Eigen, at least three of them")
      ->capture_default_str()
      ->type_name("S");
  command
      ->add_option("--areas", arguments->areas,
                   "Accepted areas of PEs (synth/baseline.json), for speed per area")
      ->type_name("FILE");
  command->add_option("--report", arguments->report, "JSON file")
      ->capture_default_str()
      ->type_name("FILE");
  command->footer(
      "Weights and activations of the nine layers are random, at the table's densities.\n"
      "Example: sparsys bench-eie --matrix layer.smtx --activations .35\n"
      "         sparsys bench-eie --queue 4 --config queue=16 --config lanes=8,banks=16\n");
  command->callback([arguments] { run_bench(*arguments); });
}

}  // namespace sparsys
