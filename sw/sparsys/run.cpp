// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/text.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands.hpp"
#include "sw/sparsys/engine.hpp"
#include "sw/sparsys/options.hpp"
#include "sw/sparsys/output.hpp"
#include "sw/sparsys/run_mxu.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  std::string model;
  uint64_t images = 100;
  uint64_t first = 0;
  std::string engine = "rtl";
  eie::Config config;
  MxuRunOptions mxu;
  bool no_lockstep = false;
  std::string waves;
  std::string json;
};

void check_range(const Arguments& arguments, const Dataset& data) {
  const uint64_t count = data.test_count();
  if (arguments.first <= count && arguments.images <= count - arguments.first) return;
  throw Error("--first " + std::to_string(arguments.first) + " --images " +
              std::to_string(arguments.images) + ": there are only " + std::to_string(count) +
              " test images in " + data.description);
}

nlohmann::json run_function(const Arguments& arguments, const eie::Network& network,
                            const Dataset& data) {
  const eie::FunctionalModel function(network, static_cast<int>(arguments.config.acc_width));
  Meter meter("function", arguments.images);
  uint64_t errors = 0;
  uint64_t saturated_images = 0;
  double seconds = 0;
  for (uint64_t n = 0; n < arguments.images; ++n) {
    const std::vector<int16_t> input = test_input(network, data, arguments.first + n);
    const auto start = std::chrono::steady_clock::now();
    bool saturated = false;
    const std::vector<int16_t> outputs = function.run_layers(input, &saturated).back();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    errors +=
        eie::argmax(outputs.data(), network.output_size()) != data.test_labels[arguments.first + n];
    saturated_images += saturated;
    meter.at(n + 1);
  }
  const double count = static_cast<double>(arguments.images);
  nlohmann::json result = {{"errors", errors},
                           {"error_pct", 100 * static_cast<double>(errors) / count},
                           {"saturated_images", saturated_images},
                           {"images_per_second", seconds > 0 ? count / seconds : 0}};
  Listing listing;
  listing.add("wrong digits", grouped(errors) + " of " + grouped(arguments.images) + ", " +
                                  fixed(result["error_pct"], 2) + " %");
  listing.add("saturation", "in " + grouped(saturated_images) + " images");
  listing.add("speed", fixed(result["images_per_second"], 0) + " images a second");
  if (arguments.json != "-") listing.print(std::cout);
  return result;
}

// The engine's result as JSON; prints a table as well.
nlohmann::json report(const Arguments& arguments, const Engine& engine, const RunTotals& totals) {
  nlohmann::json result = {{"errors", totals.errors},
                           {"error_pct", totals.error_percent()},
                           {"mismatched_images", totals.mismatched_images},
                           {"saturated_images", totals.saturated_images},
                           {"cycles_per_image", totals.per_image(totals.list_cycles)},
                           {"io_cycles_per_image", totals.per_image(totals.io_cycles)},
                           {"broadcasts_per_image", totals.per_image(totals.broadcasts)},
                           {"held_cycles_per_image", totals.per_image(totals.held)},
                           {"cycles_per_second", totals.cycles_per_second()}};
  Listing listing;
  listing.add("wrong digits", grouped(totals.errors) + " of " + grouped(totals.images) + ", " +
                                  fixed(totals.error_percent(), 2) + " %");
  listing.add("against functional model",
              totals.mismatched_images == 0 ? "every output value identical"
                                            : grouped(totals.mismatched_images) +
                                                  " images DIFFER, first " + totals.first_mismatch);
  if (const eie::Lockstep* lockstep = engine.lockstep()) {
    result["checked_cycles"] = lockstep->checked_cycles();
    result["checked_signals_per_cycle"] = lockstep->signals_per_cycle();
    result["mismatched_signals"] = lockstep->mismatched_signals();
    listing.add("lockstep", grouped(lockstep->signals_per_cycle()) + " signals identical in " +
                                grouped(lockstep->checked_cycles()) + " cycles");
  }
  listing.add("cycles per image", fixed(totals.per_image(totals.list_cycles), 1) + ", and " +
                                      fixed(totals.per_image(totals.io_cycles), 1) +
                                      " to move data in and out");
  listing.add("broadcasts per image", fixed(totals.per_image(totals.broadcasts), 1) +
                                          ", held for " + fixed(totals.per_image(totals.held), 1) +
                                          " cycles");
  if (engine.statistics() != nullptr) {
    result["entries_per_image"] = totals.per_image(totals.entries);
    result["pe_utilisation_pct"] = totals.utilisation_percent(engine.config().n_pe);
    listing.add("entries per image", fixed(totals.per_image(totals.entries), 1));
    listing.add("PE utilisation",
                fixed(totals.utilisation_percent(engine.config().n_pe), 1) + " %");
  }
  listing.add("saturation", "in " + grouped(totals.saturated_images) + " images");
  listing.add("speed",
              grouped(static_cast<uint64_t>(totals.cycles_per_second())) + " cycles a second");
  if (arguments.json != "-") listing.print(std::cout);
  return result;
}

// The network in an engine's memories; a network that does not fit is told with its file.
eie::Image image_of(const eie::Network& network, const Arguments& arguments) {
  try {
    return build_image(network, arguments.config);
  } catch (const Error& error) {
    throw Error(printable(arguments.model, 0) + ": " + error.what());
  }
}

// The engine's network in a model file. Of a stored model of shared weights it is made here:
// training images, which are loaded for it, decide the radix points.
eie::Network load_network(const Arguments& arguments, std::optional<Dataset>& data) {
  switch (model_kind(arguments.model)) {
    case ModelKind::kStoredCompressed:
      return load_stored_file(arguments.model);
    case ModelKind::kStored: {
      const SharedNetwork shared = load_stored_network(arguments.model);
      dense_chain(shared);  // told before the data is loaded
      data = arguments.data.load(true, arguments.json != "-");
      return to_sparse_engine(shared, *data, 0, nullptr);
    }
    default:
      return load_compressed_network(arguments.model);
  }
}

void run_run(Arguments arguments) {
  const bool mxu = arguments.engine.compare(0, 3, "mxu") == 0;
  const bool rtl = arguments.engine == "rtl" || arguments.engine == "mxu";
  if (arguments.no_lockstep && !rtl) {
    throw Error("--no-lockstep: is for --engine rtl and mxu only");
  }
  if (!arguments.waves.empty() && (!rtl || arguments.no_lockstep)) {
    throw Error(
        "--waves: the lockstep writes them, so it needs --engine rtl or mxu without "
        "--no-lockstep");
  }
  if (mxu) {
    arguments.mxu.engine = arguments.engine;
    arguments.mxu.no_lockstep = arguments.no_lockstep;
    arguments.mxu.waves = arguments.waves;
    run_mxu(arguments.mxu, arguments.model, arguments.data, {arguments.first, arguments.images},
            arguments.json);
    return;
  }
  const bool function = arguments.engine == "function";
  const bool lockstep = arguments.engine == "rtl" && !arguments.no_lockstep;
  check(arguments.config);
  check_writable(arguments.json);
  check_writable(arguments.waves);
  std::optional<Dataset> loaded;
  const eie::Network network = load_network(arguments, loaded);
  // Also for the functional model: it stands for an engine of this size.
  const eie::Image image = image_of(network, arguments);
  std::unique_ptr<Engine> engine;
  if (!function) {
    EngineOptions options;
    options.kind = lockstep                    ? EngineKind::kLockstep
                   : arguments.engine == "rtl" ? EngineKind::kRtl
                                               : EngineKind::kCycle;
    options.config = arguments.config;
    options.waves = arguments.waves;
    options.mismatch_waves = "lockstep-mismatch.fst";
    engine = std::make_unique<Engine>(options);
  }
  const bool table = arguments.json != "-";
  if (!loaded) loaded = arguments.data.load(false, table);
  const Dataset& data = *loaded;
  check_image_size(network.input_size(), data, arguments.model);
  check_range(arguments, data);

  nlohmann::json result = {
      {"model", printable(network.name)}, {"dataset", data.name},
      {"engine", arguments.engine},       {"lockstep", lockstep},
      {"n_pe", arguments.config.n_pe},    {"queue_depth", arguments.config.queue_depth},
      {"first", arguments.first},         {"images", arguments.images}};
  if (table) {
    std::cout << printable(network.name) << " on the "
              << (function ? "functional model" : to_string(engine->kind())) << ", "
              << arguments.config.n_pe << " PEs" << std::endl;
  }
  if (function) {
    result.update(run_function(arguments, network, data));
    write_json(arguments.json, result);
    return;
  }
  RunTotals totals;
  try {
    engine->load(image);
    run_images(*engine, network,
               eie::FunctionalModel(network, static_cast<int>(arguments.config.acc_width)), data,
               arguments.first, arguments.images, totals);
    engine->finish();
  } catch (const LockstepMismatch& mismatch) {
    throw ExpectationFailed(mismatch.what());
  }
  result.update(report(arguments, *engine, totals));
  write_json(arguments.json, result);
  if (totals.mismatched_images > 0) {
    throw ExpectationFailed(std::to_string(totals.mismatched_images) + " of " +
                            std::to_string(totals.images) + " images differ from the functional " +
                            "model, first " + totals.first_mismatch);
  }
}

}  // namespace

void add_run(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "run",
      "Classifies test images with a compressed network on the sparse engine, or with a quantised "
      "network on the matrix unit, and compares every output value with the functional model");
  command
      ->add_option(
          "--model", arguments->model,
          "Compressed network, as `sparsys compress` writes it, for the engine or stored; of "
          "the matrix unit a quantised network, as `sparsys quantise` writes it")
      ->required()
      ->type_name("FILE");
  command->add_option("--images", arguments->images, "Number of test images")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--first", arguments->first, "First test image, counted from 0")
      ->capture_default_str()
      ->type_name("K");
  command
      ->add_option("--pe", arguments->config.n_pe,
                   "Number of PEs, a power of two from 1 to 256; of the RTL those built in: 1, 2, "
                   "4, 16, 64")
      ->capture_default_str()
      ->type_name("N_PE");
  command
      ->add_option("--engine", arguments->engine,
                   "rtl: the Verilog, in lockstep with the cycle model; cycle: the cycle model "
                   "alone; function: the functional model, which knows no cycles; mxu, mxu-cycle, "
                   "mxu-function: the same of the matrix unit, for quantised networks")
      ->check(CLI::IsMember({"rtl", "cycle", "function", "mxu", "mxu-cycle", "mxu-function"}))
      ->capture_default_str()
      ->type_name("ENGINE");
  command
      ->add_option("--queue", arguments->config.queue_depth,
                   "Depth of the activation queues, 1 to 255; of the RTL as built in")
      ->capture_default_str()
      ->type_name("D");
  command->add_flag("--no-lockstep", arguments->no_lockstep,
                    "Run the RTL alone: faster, but only outputs are compared");
  command
      ->add_option("--waves", arguments->waves,
                   "FST file of all compared signals of RTL and cycle model")
      ->type_name("FILE");
  command
      ->add_option("--json", arguments->json,
                   "Also write the result to this file; -: to stdout in place of the table")
      ->type_name("FILE");
  arguments->mxu.add_to(*command);
  arguments->data.add_to(*command);
  command->add_option("--seed", arguments->data.seed, "Seed of the synthetic digits")
      ->capture_default_str()
      ->type_name("N");
  command->footer(
      "A difference between RTL and cycle model ends the run with a report on stderr, exit code "
      "2,\n"
      "and the waveform of the cycles before it in lockstep-mismatch.fst.\n"
      "Example: sparsys run --model net.model --images 10 --pe 16\n"
      "         sparsys run --engine mxu --model int8.model --images 256\n");
  command->callback([arguments] { run_run(*arguments); });
}

}  // namespace sparsys
