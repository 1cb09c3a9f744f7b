// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/run_mxu.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "golden/base/text.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/format/model_file.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands.hpp"
#include "sw/sparsys/mxu_engine.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

std::string wrong_digits(uint64_t errors, uint64_t images) {
  return grouped(errors) + " of " + grouped(images) + ", " +
         fixed(100.0 * static_cast<double>(errors) / static_cast<double>(images), 2) + " %";
}

// The functional model alone: it knows no cycles.
json run_function(const mxu::Network& network, const Dataset& data, const MxuRunRange& range,
                  unsigned threads, bool table) {
  const std::vector<int8_t> inputs =
      image_inputs(network, &data.test_images[range.first * data.pixels()], range.images);
  const auto start = std::chrono::steady_clock::now();
  const std::vector<uint32_t> classes = classify(network, run_batch(network, inputs, threads));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  uint64_t errors = 0;
  for (uint64_t i = 0; i < range.images; ++i) {
    errors += classes[i] != data.test_labels[range.first + i];
  }
  const double count = static_cast<double>(range.images);
  const json result = {{"errors", errors},
                       {"error_pct", 100 * static_cast<double>(errors) / count},
                       {"images_per_second", seconds > 0 ? count / seconds : 0}};
  Listing listing;
  listing.add("wrong digits", wrong_digits(errors, range.images));
  listing.add("speed", fixed(result["images_per_second"], 0) + " images a second");
  if (table) listing.print(std::cout);
  return result;
}

// The engine's result as JSON; prints a table as well.
json report(const MxuEngine& engine, const MxuTotals& totals, bool table) {
  const double images = static_cast<double>(totals.images);
  const double speed =
      engine.seconds() > 0 ? static_cast<double>(engine.cycles()) / engine.seconds() : 0;
  json result = counters_json(totals.counters);
  result.update({{"errors", totals.errors},
                 {"error_pct", 100.0 * static_cast<double>(totals.errors) / images},
                 {"batches", totals.batches},
                 {"mismatched_values", totals.mismatched_values},
                 {"cycles_per_second", speed}});
  Listing listing;
  listing.add("wrong digits", wrong_digits(totals.errors, totals.images));
  listing.add("against functional model",
              totals.mismatched_values == 0 ? "every output value identical"
                                            : grouped(totals.mismatched_values) +
                                                  " values DIFFER, first " + totals.first_mismatch);
  if (const mxu::Lockstep* lockstep = engine.lockstep()) {
    result["checked_cycles"] = lockstep->checked_cycles();
    result["checked_signals_per_cycle"] = lockstep->signals_per_cycle();
    result["mismatched_signals"] = lockstep->mismatched_signals();
    listing.add("lockstep", grouped(lockstep->signals_per_cycle()) + " signals identical in " +
                                grouped(lockstep->checked_cycles()) + " cycles");
  }
  listing.add("cycles",
              grouped(totals.counters.cycles) + " for " + grouped(totals.batches) + " batches, " +
                  fixed(static_cast<double>(totals.counters.cycles) / images, 1) + " an image");
  add_counters_to(listing, totals.counters, engine.config());
  listing.add("speed", grouped(static_cast<uint64_t>(speed)) + " cycles a second");
  if (table) listing.print(std::cout);
  return result;
}

}  // namespace

void MxuRunOptions::add_to(CLI::App& command) {
  command
      .add_option(
          "--array", array,
          "Matrix unit: rows and columns of the array, 1 to 256; of the RTL those built in: " +
              mxu_arrays_built_in())
      ->check(CLI::Range(1, 256))
      ->capture_default_str()
      ->type_name("N");
  command.add_option("--batch", batch, "Matrix unit: images of a batch")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->type_name("B");
  command
      .add_option("--weight-bandwidth", weight_bandwidth,
                  "Matrix unit: bytes of weights a cycle, 0: a row a cycle; the TPU's 34 GB/s at "
                  "700 MHz are 48.6")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->type_name("BYTES");
}

void run_mxu(const MxuRunOptions& options, const std::string& model,
             const DataOptions& data_options, const MxuRunRange& range,
             const std::string& json_path) {
  check_writable(json_path);
  check_writable(options.waves);
  const mxu::Config config = mxu_config(options.array);
  const mxu::Network network = load_quantised_network(model);
  const bool table = json_path != "-";
  const bool function = options.engine == "mxu-function";
  const uint64_t batch = std::min<uint64_t>(options.batch, range.images);
  try {
    compile(network, static_cast<uint32_t>(batch), config);
  } catch (const Error& error) {
    throw Error(printable(model, 0) + ": " + error.what());
  }
  std::unique_ptr<MxuEngine> engine;
  if (!function) {
    MxuEngineOptions engine_options;
    engine_options.kind = options.engine == "mxu-cycle" ? EngineKind::kCycle
                          : options.no_lockstep         ? EngineKind::kRtl
                                                        : EngineKind::kLockstep;
    engine_options.config = config;
    engine_options.weight_bandwidth = options.weight_bandwidth;
    engine_options.waves = options.waves;
    engine_options.mismatch_waves = "lockstep-mismatch.fst";
    engine = std::make_unique<MxuEngine>(engine_options);
  }
  const Dataset data = data_options.load(false, table);
  check_image_size(network.input_size(), data, model);
  if (range.first > data.test_count() || range.images > data.test_count() - range.first) {
    throw Error("--first " + std::to_string(range.first) + " --images " +
                std::to_string(range.images) + ": there are only " +
                std::to_string(data.test_count()) + " test images in " + data.description);
  }
  if (table) {
    std::cout << printable(network.name) << " on the "
              << (function ? "functional model" : to_string(engine->kind()))
              << " of a matrix unit of " << config.rows << "x" << config.cols << std::endl;
  }
  json result = {{"model", printable(network.name)},
                 {"dataset", data.name},
                 {"engine", options.engine},
                 {"lockstep", !function && engine->kind() == EngineKind::kLockstep},
                 {"rows", config.rows},
                 {"cols", config.cols},
                 {"batch", batch},
                 {"first", range.first},
                 {"images", range.images}};
  if (function) {
    result.update(run_function(network, data, range, data_options.threads, table));
    write_json(json_path, result);
    return;
  }
  MxuTotals totals;
  try {
    run_mxu_images(*engine, network, data, range.first, range.images, batch, data_options.threads,
                   totals);
    engine->finish();
  } catch (const LockstepMismatch& mismatch) {
    throw ExpectationFailed(mismatch.what());
  }
  result.update(report(*engine, totals, table));
  write_json(json_path, result);
  if (totals.mismatched_values > 0) {
    throw ExpectationFailed(std::to_string(totals.mismatched_values) +
                            " values differ from the functional model, first " +
                            totals.first_mismatch);
  }
}

}  // namespace sparsys
