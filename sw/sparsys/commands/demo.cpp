// SPDX-License-Identifier: Apache-2.0
// The main job: a network is trained, made fit for an engine and run on its RTL, every cycle
// checked.
#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "sw/sparsys/accelerator/options.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/models/cache.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Speeds are the best of several short rounds, so that other work of the machine does not decide.
constexpr int kRounds = 7;
constexpr double kRoundSeconds = 0.4;  // of the lockstep, if a batch does not take longer

struct Arguments {
  DataOptions data;
  TrainOptions train = lenet_300_100_options();
  uint64_t seed = 1;
  std::string target = "eie";
  TargetOptions targets;
  uint64_t images = 0;
  std::string cache = "build/models";
  std::string report;
  std::string waves;
};

std::unique_ptr<Accelerator> make(const Target& target, Level level, unsigned threads,
                                  bool statistics = true) {
  AcceleratorOptions options;
  options.level = level;
  options.threads = threads;
  options.statistics = statistics;
  return target.make(options);
}

// The first images through free-running RTL, RTL in lockstep and cycle model, in turns, loading not
// included. Outputs that differ are added to `totals`, which are those of the lockstep run.
Speeds measure_speeds(const Target& target, const Dataset& data, Accelerator& reference,
                      unsigned threads, RunTotals& totals) {
  constexpr std::array<Level, 3> kLevels = {Level::kRtl, Level::kLockstep, Level::kCycle};
  std::vector<std::unique_ptr<Accelerator>> engines;
  for (const Level level : kLevels) {
    engines.push_back(make(target, level, threads, false));
    engines.back()->load();
  }
  const auto batches = static_cast<double>(totals.batches);
  const auto count = static_cast<uint64_t>(
      std::clamp(std::floor(kRoundSeconds / totals.seconds * batches), 1.0, batches));
  const ImageRange range =
      test_images(data, 0, std::min(count * target.batch(), totals.images), target.batch());
  std::array<double, 3> best{};
  Meter meter("speed", kRounds * kLevels.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t e = 0; e < engines.size(); ++e) {
      RunTotals again;
      run_images(*engines[e], &reference, range, to_string(kLevels[e]), again);
      best[e] = std::max(best[e], again.cycles_per_second());
      if (totals.mismatched_images == 0) totals.first_mismatch = again.first_mismatch;
      totals.mismatched_images += again.mismatched_images;
      totals.mismatched_values += again.mismatched_values;
      meter.at(round * kLevels.size() + e + 1);
    }
  }
  for (const auto& engine : engines) engine->finish();
  return {best[0], best[1], best[2]};
}

// Trains or loads the float network, and makes the target's of it.
void prepare(Arguments& arguments, Target& target, const Dataset& data, json& report) {
  TrainOptions& train = arguments.train;
  train.seed = arguments.seed;
  train.threads = arguments.data.threads;
  train.progress = training_progress();
  train.validation_count = DataOptions::validation_count(data);
  ModelCache cache(arguments.cache);
  std::cout << "training LeNet-300-100" << std::endl;
  const Network trained = cache.lenet_300_100(data, train);
  target.make_network(trained, data, train, arguments.images, cache, report);
  report["test_images"] = data.test_count();
  report["float_error_pct"] = test_error(trained, data, train.threads);
}

// Runs the images in lockstep. Returns the report of a difference, empty if there was none.
std::string run_lockstep(const Target& target, const ImageRange& images, Accelerator& engine,
                         Accelerator& reference, RunTotals& totals, json& report) {
  std::cout << "running " << images.count << " test images on the RTL of " << target.size_text()
            << " in lockstep" << std::endl;
  std::string mismatch;
  uint64_t mismatched_signals = 0;
  try {
    engine.load();
    run_images(engine, &reference, images, to_string(Level::kLockstep), totals);
    engine.finish();
  } catch (const LockstepMismatch& error) {
    mismatch = error.what();
    mismatched_signals = error.signals;
  }
  const LockstepCounts lockstep = engine.lockstep().value();
  report["rtl_images"] = totals.images;
  report["checked_cycles"] = lockstep.checked_cycles;
  report["checked_signals_per_cycle"] = lockstep.signals_per_cycle;
  report["mismatched_signals"] = std::max(mismatched_signals, lockstep.mismatched_signals);
  return mismatch;
}

void print_results(const Target& target, const RunTotals& totals, json& report) {
  const auto speed = [&report](const char* key) {
    return report[key].is_null() ? "not measured" : grouped(report[key]) + " cycles a second";
  };
  std::cout << '\n';
  Listing lines;
  lines.add("data set", report["dataset"]);
  lines.add("float error", percent_text(report["float_error_pct"]) + " of all " +
                               grouped(report["test_images"]) + " test images");
  target.print_network(report, lines);
  lines.add("RTL",
            target.size_text() + ", " + grouped(totals.images) + " images, " +
                (totals.score.of_numbers() ? "" : grouped(totals.score.wrong()) + " wrong, ") +
                grouped(totals.mismatched_images) + " images other than functional model");
  lines.add("lockstep", grouped(report["checked_signals_per_cycle"]) + " signals in " +
                            grouped(report["checked_cycles"]) + " cycles, " +
                            grouped(report["mismatched_signals"]) + " differ");
  if (totals.images > 0) target.report(totals, report, lines);
  lines.add("RTL alone", speed("rtl_cycles_per_second"));
  lines.add("RTL in lockstep", speed("rtl_lockstep_cycles_per_second"));
  lines.add("cycle model alone", speed("cycle_model_cycles_per_second"));
  lines.print(std::cout);
  std::cout << '\n';
}

void run_demo(Arguments& arguments) {
  Target& target = *arguments.targets.named(arguments.target);
  arguments.targets.check(target);
  if (arguments.images == 0) arguments.images = target.demo_defaults().images;
  if (arguments.report.empty()) arguments.report = target.demo_defaults().report;
  const std::string report_directory = directory_of(arguments.report);
  if (!report_directory.empty()) make_directory(report_directory);
  check_outputs({arguments.report, arguments.waves}, {arguments.data.input()});
  const unsigned threads = arguments.data.threads;
  AcceleratorOptions options;
  options.threads = threads;
  options.waves = arguments.waves;
  options.mismatch_waves = report_directory + "lockstep-mismatch.fst";
  std::unique_ptr<Accelerator> engine = target.make(options);
  arguments.data.seed = arguments.seed;
  const Dataset data = arguments.data.load();
  if (arguments.images > data.test_count()) {
    throw Error("--images: " + std::to_string(arguments.images) + ", but there are only " +
                std::to_string(data.test_count()) + " test images");
  }

  json report = {{"dataset", data.name}};
  prepare(arguments, target, data, report);
  report.update(target.size());
  const auto reference = make(target, Level::kFunction, threads);
  reference->load();
  const ImageRange images = test_images(data, 0, arguments.images, target.batch());
  RunTotals totals;
  const std::string mismatch = run_lockstep(target, images, *engine, *reference, totals, report);
  engine.reset();
  for (const char* key : {"rtl_cycles_per_second", "rtl_lockstep_cycles_per_second",
                          "cycle_model_cycles_per_second", "cycle_mismatched_images"}) {
    report[key] = nullptr;
  }
  RunTotals cycle;
  Speeds speeds;
  if (mismatch.empty()) {
    std::cout << "the same images on the cycle model alone" << std::endl;
    const auto model = make(target, Level::kCycle, threads);
    model->load();
    run_images(*model, reference.get(), images, to_string(Level::kCycle), cycle);
    report["cycle_mismatched_images"] = cycle.mismatched_images;
    std::cout << "measuring speeds" << std::endl;
    speeds = measure_speeds(target, data, *reference, threads, totals);
    report["rtl_cycles_per_second"] = static_cast<uint64_t>(speeds.rtl);
    report["rtl_lockstep_cycles_per_second"] = static_cast<uint64_t>(speeds.lockstep);
    report["cycle_model_cycles_per_second"] = static_cast<uint64_t>(speeds.cycle);
  }
  report["rtl_mismatched_images"] = totals.mismatched_images;
  report["rtl_mismatched_values"] = totals.mismatched_values;

  print_results(target, totals, report);
  Expectations expect;
  expect.require(mismatch.empty() && report["mismatched_signals"] == 0,
                 "every signal the same in RTL and cycle model, in every cycle");
  expect.require(totals.mismatched_images == 0 && totals.images == arguments.images,
                 "every output of the RTL the same as of the functional model, in all " +
                     grouped(arguments.images) + " images" +
                     (totals.first_mismatch.empty() ? "" : ": " + totals.first_mismatch));
  if (mismatch.empty()) {
    expect.require(cycle.mismatched_images == 0,
                   "every output of the cycle model the same as of the functional model");
  }
  if (data.name == "mnist") target.judge_network(report, expect);
  if (mismatch.empty()) report["targets"] = target.judge_speeds(speeds, report, expect);
  write_json(arguments.report, report);
  if (arguments.report != "-") std::cout << "report: " << arguments.report << std::endl;
  if (!mismatch.empty()) throw ExpectationFailed(mismatch);
  expect.throw_if_failed();
}

// `demo`, or under its old name the demo of `target`.
void add(CLI::App& program, const char* name, const char* target) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      name,
      "Trains or loads LeNet-300-100, compresses or quantises it for an engine, classifies test "
      "images on the RTL in lockstep with the cycle model, measures speeds, and checks all "
      "results");
  if (*target != 0) {
    arguments->target = target;
    command->group("");
  } else {
    command->add_option("--target", arguments->target, "eie: sparse engine; mxu: matrix unit")
        ->check(CLI::IsMember(arguments->targets.names()))
        ->capture_default_str()
        ->type_name("TARGET");
  }
  arguments->data.add_to(*command);
  command
      ->add_option("--images", arguments->images,
                   "Number of test images for the RTL, of the matrix unit one batch; 200 and 256 "
                   "unless given")
      ->check(CLI::Range(1, 65536))
      ->type_name("N");
  command->add_option("--cache", arguments->cache, "Directory of models kept from run to run")
      ->capture_default_str()
      ->type_name("DIR");
  command
      ->add_option("--report", arguments->report,
                   "JSON file to write, by default demo.json or demo-mxu.json in build/reports; "
                   "-: to stdout, behind the table")
      ->type_name("FILE");
  command
      ->add_option("--waves", arguments->waves,
                   "FST file of all compared signals of RTL and cycle model")
      ->type_name("FILE");
  arguments->data.add_limit_to(*command);
  add_epochs(*command, arguments->train.epochs);
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->data.threads);
  arguments->targets.add_to(*command, true);
  command->footer(
      "Exit code 2 if RTL, cycle model and functional model are not identical, or on MNIST if an\n"
      "error or the density is beyond its bound. Missed speed targets are told, no more.\n"
      "Example: sparsys demo --synthetic --images 20 --pe 16\n"
      "         sparsys demo --target mxu --synthetic --images 20 --array 16\n");
  command->callback([arguments] { run_demo(*arguments); });
}

}  // namespace

void add_demo(CLI::App& program) {
  add(program, "demo", "");
  add(program, "demo-mxu", "mxu");
}

}  // namespace sparsys
