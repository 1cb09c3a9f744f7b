// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/format/image/build.hpp"
#include "golden/host/host.hpp"
#include "sw/sparsys/accelerator/top/driven.hpp"
#include "sw/sparsys/accelerator/top/function.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/models/cache.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/table.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/top/rtl.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Points that the accelerator's numbers may cost, of 10,000 images.
constexpr double kMaxLoss = 0.1;
// Images whose every cycle is compared with the cycle model.
constexpr uint64_t kLockstepImages = 10;
// Of the compression: settings with which it takes minutes.
constexpr unsigned kTrainEpochs = 6;
constexpr unsigned kRetrainEpochs = 6;
constexpr unsigned kFineTuneEpochs = 2;

struct Arguments {
  DataOptions data;
  TrainOptions train = lenet_5_options();
  std::string cache = "build/models";
  std::string report = "build/reports/demo-top.json";
  uint64_t images = 100;
  uint64_t seed = 1;
  std::string size = "medium";
};

// The accelerators whose RTL is built in (tb/lockstep/CMakeLists.txt).
top::Config config_of(const std::string& size) {
  top::Config config;
  config.eie.n_pe = 4;
  config.mxu.rows = config.mxu.cols = 4;
  if (size == "medium") {
    config.eie.n_pe = 8;
    config.eie.lanes = 8;
    config.eie.banks = eie::usual_banks(8);
    config.eie.groups = 4;
    config.mxu.rows = config.mxu.cols = 16;
  }
  mxu::choose_blocks(config.mxu);
  return config;
}

// Trains or loads LeNet-5 and its compressed form.
eie::SplitNetwork make_network(Arguments& arguments, const Dataset& data, json& report) {
  TrainOptions& train = arguments.train;
  train.seed = arguments.seed;
  train.threads = arguments.data.threads;
  train.progress = training_progress();
  train.validation_count = DataOptions::validation_count(data);
  ModelCache cache(arguments.cache);
  std::cout << "training LeNet-5" << std::endl;
  const Network trained = cache.lenet_5(data, train);
  report["float_error_pct"] = test_error(trained, data, train.threads);
  DeepCompressionOptions options;
  options.seed = train.seed;
  options.threads = train.threads;
  options.progress = train.progress;
  options.validation_count = train.validation_count;
  options.prune_rounds = 2;
  options.retrain_epochs = kRetrainEpochs;
  options.fine_tune_epochs = kFineTuneEpochs;
  // Convolutions are bytes, fully connected layers have the sparse engine's values.
  options.sharing.bits = {8, 8, 4, 4};
  std::cout << "deep compression" << std::endl;
  return cache.split_lenet_5(trained, data, train, options);
}

// Runs the images on the RTL by the driver.
RunTotals run_rtl(const Arguments& arguments, const top::Image& image, const top::Placed& placed,
                  const Dataset& data, Accelerator& reference, json& report) {
  const std::unique_ptr<top::Device> device = top::make_rtl(top::config_of(image.registers));
  std::cout << "running " << arguments.images << " test images by the driver on the RTL of "
            << device->config().eie.n_pe << " PEs and an array of " << device->config().mxu.rows
            << "x" << device->config().mxu.cols << std::endl;
  const auto engine = top::make_driven(image, placed, *device);
  engine->load();
  RunTotals totals;
  run_images(*engine, &reference, test_images(data, 0, arguments.images, arguments.images), "RTL",
             totals);
  const auto share = [&](const char* counter) {
    const auto cycles = static_cast<double>(totals.counters.at("cycles"));
    return cycles == 0 ? 0 : 100 * static_cast<double>(totals.counters.at(counter)) / cycles;
  };
  report["rtl_images"] = totals.images;
  report["rtl_mismatched_images"] = totals.mismatched_images;
  report["rtl_mismatched_values"] = totals.mismatched_values;
  report["axi_violations"] = device->figures().violations;
  report["cycles_per_image"] = totals.per_image("cycles");
  report["bytes_read_per_image"] = totals.per_image("read_bytes");
  report["bytes_written_per_image"] = totals.per_image("write_bytes");
  report["share_matrix_unit_pct"] = share("cycles_matrix");
  report["share_sparse_pct"] = share("cycles_sparse");
  report["overlap_pct"] = share("cycles_both");
  report["rtl_cycles_per_second"] = static_cast<uint64_t>(totals.cycles_per_second());
  return totals;
}

// Runs the first images again, in lockstep with the cycle model. Returns the report of a
// difference, empty if there was none.
std::string run_lockstep(const Arguments& arguments, const top::Image& image,
                         const top::Placed& placed, const Dataset& data, Accelerator& reference,
                         json& report) {
  const std::unique_ptr<top::Device> device = top::make_rtl(top::config_of(image.registers), true);
  const uint64_t images = std::min(arguments.images, kLockstepImages);
  std::cout << "running " << images << " of them in lockstep with the cycle model" << std::endl;
  std::string mismatch;
  uint64_t signals = 0;
  try {
    const auto engine = top::make_driven(image, placed, *device);
    engine->load();
    RunTotals totals;
    run_images(*engine, &reference, test_images(data, 0, images, images), "lockstep", totals);
    if (totals.mismatched_images > 0) mismatch = totals.first_mismatch;
  } catch (const LockstepMismatch& error) {
    mismatch = error.what();
    signals = error.signals;
  }
  report["checked_cycles"] = device->lockstep().checked_cycles;
  report["checked_signals_per_cycle"] = device->lockstep().signals_per_cycle;
  report["mismatched_signals"] = signals;
  return mismatch;
}

void print_figures(const json& report) {
  Listing lines;
  lines.add("data set", report["dataset"]);
  lines.add("test error", percent_text(report["float_error_pct"]) + " float, " +
                              percent_text(report["compressed_error_pct"]) + " compressed, " +
                              percent_text(report["error_pct"]) + " on the accelerator, of " +
                              grouped(report["test_images"]) + " images (functional models)");
  lines.add("RTL", grouped(report["rtl_images"]) + " images, " +
                       grouped(report["rtl_mismatched_values"]) +
                       " values other than the functional models', " +
                       grouped(report["axi_violations"]) + " rules of the buses broken");
  lines.add("lockstep", grouped(report["checked_signals_per_cycle"]) + " signals in " +
                            grouped(report["checked_cycles"]) + " cycles, " +
                            grouped(report["mismatched_signals"]) + " differ");
  lines.add("an image", fixed(report["cycles_per_image"], 1) + " cycles, " +
                            fixed(report["bytes_read_per_image"], 1) + " bytes read, " +
                            fixed(report["bytes_written_per_image"], 1) + " written");
  lines.add("at work", "matrix unit " + fixed(report["share_matrix_unit_pct"], 1) +
                           " %, sparse engine " + fixed(report["share_sparse_pct"], 1) +
                           " %, both " + fixed(report["overlap_pct"], 1) + " % of the cycles");
  lines.add("speed", grouped(report["rtl_cycles_per_second"]) + " cycles a second");
  std::cout << '\n';
  lines.print(std::cout);
  std::cout << '\n';
}

void run_demo(Arguments& arguments) {
  const std::string folder = directory_of(arguments.report);
  if (!folder.empty()) make_directory(folder);
  check_outputs({arguments.report}, {arguments.data.input()});
  const top::Config config = config_of(arguments.size);
  top::make_rtl(config);  // told before the training, if there is none
  arguments.data.seed = arguments.seed;
  const Dataset data = arguments.data.load();
  if (arguments.images > data.test_count()) {
    throw Error("--images: " + std::to_string(arguments.images) + ", but there are only " +
                std::to_string(data.test_count()) + " test images");
  }
  json report = {{"dataset", data.name},
                 {"n_pe", config.eie.n_pe},
                 {"rows", config.mxu.rows},
                 {"cols", config.mxu.cols},
                 {"test_images", data.test_count()}};
  const eie::SplitNetwork network = make_network(arguments, data, report);
  const unsigned threads = arguments.data.threads;
  report["compressed_error_pct"] =
      score(network, data.samples(data.test), data.targets(data.test), data.test_count(), threads)
          .percent();
  const top::Placed placed = top::placed(network);
  const top::Image image = top::build_image(placed, 1, config);
  report["image_bytes"] = image.bytes.size();
  const auto reference = top::make_function(placed, threads);
  RunTotals all;
  run_images(*reference, nullptr, test_images(data, 0, data.test_count(), 500), "function", all);
  report["error_pct"] = all.score.percent();
  const RunTotals rtl = run_rtl(arguments, image, placed, data, *reference, report);
  const std::string mismatch = run_lockstep(arguments, image, placed, data, *reference, report);
  print_figures(report);

  Expectations expect;
  expect.require(mismatch.empty(), "every signal the same in RTL and cycle model, in every cycle" +
                                       (mismatch.empty() ? "" : ": " + mismatch));
  expect.require(rtl.mismatched_images == 0 && rtl.images == arguments.images,
                 "every output of the RTL the same as of the functional models, in all " +
                     grouped(arguments.images) + " images" +
                     (rtl.first_mismatch.empty() ? "" : ": " + rtl.first_mismatch));
  expect.require(report["axi_violations"] == 0, "no rule of AXI4 or AXI4-Lite broken");
  expect.require(report["overlap_pct"].get<double>() > 0, "both engines at work at once");
  if (data.name == "mnist") {
    expect.require(report["error_pct"].get<double>() <=
                       report["compressed_error_pct"].get<double>() + kMaxLoss + kRounding,
                   "error at most " + fixed(kMaxLoss, 1) + " points above the compressed model's");
  }
  write_json(arguments.report, report);
  if (arguments.report != "-") std::cout << "report: " << arguments.report << std::endl;
  expect.throw_if_failed();
}

}  // namespace

void add_demo_top(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  arguments->train.epochs = kTrainEpochs;
  CLI::App* command = program.add_subcommand(
      "demo-top",
      "Trains or loads LeNet-5, compresses it, places it on both engines of the accelerator, and "
      "classifies test images by the driver on the Verilated accelerator; checks all results");
  arguments->data.add_to(*command);
  command->add_option("--images", arguments->images, "Number of test images for the RTL")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--size", arguments->size,
                   "small: 4 PEs and an array of 4x4; medium: 8 PEs of 8 lanes in 4 groups, 16x16")
      ->check(CLI::IsMember({"small", "medium"}))
      ->capture_default_str()
      ->type_name("SIZE");
  command->add_option("--cache", arguments->cache, "Directory of models kept from run to run")
      ->capture_default_str()
      ->type_name("DIR");
  command
      ->add_option("--report", arguments->report,
                   "JSON file to write; -: to stdout, behind the table")
      ->capture_default_str()
      ->type_name("FILE");
  arguments->data.add_limit_to(*command);
  add_epochs(*command, arguments->train.epochs);
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->data.threads);
  command->footer(
      "Exit code 2 if RTL and functional models are not identical, a rule of a bus is broken, the\n"
      "engines never work at once, or on MNIST the error is out of its bound.\n"
      "Example: sparsys demo-top --synthetic --limit 2000 --images 5 --size small\n");
  command->callback([arguments] { run_demo(*arguments); });
}

}  // namespace sparsys
