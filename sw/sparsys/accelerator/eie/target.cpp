// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/eie/target.hpp"

#include <cmath>
#include <iostream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/progress.hpp"

namespace sparsys::eie {
namespace {

using nlohmann::json;

// What the demo must reach.
constexpr double kMaxFloatError = 1.8;       // percent, on MNIST
constexpr double kMaxCompressionLoss = 0.2;  // points, on MNIST
constexpr double kMaxDensity = 8;            // percent of the weights, on MNIST
constexpr double kMinLockstepSpeed = 0.5;    // of the free-running RTL
constexpr double kMinCycleModelSpeed = 1;    // of the free-running RTL

}  // namespace

bool EieTarget::takes(ModelKind kind) const {
  return kind == ModelKind::kCompressed || kind == ModelKind::kStoredCompressed ||
         kind == ModelKind::kStored;
}

void EieTarget::add_options(CLI::App& command, bool demo) {
  demo_ = demo;
  command
      .add_option("--pe", config.n_pe,
                  "Number of PEs, a power of two from 1 to 256; of the RTL those built in: 1, 2, "
                  "4, 16, 64")
      ->capture_default_str()
      ->type_name("N_PE");
  add_rows(command, rows);
  if (demo) return compression_.add_to(command, false);
  add_memory_options(command, config);
}

void add_memory_options(CLI::App& command, Config& config) {
  const auto add = [&command](const char* name, uint32_t& value, const char* text) {
    command.add_option(name, value, std::string(text) + "; of the RTL as built in")
        ->capture_default_str()
        ->type_name("N");
  };
  add("--queue", config.queue_depth, "Depth of the activation queues, 1 to 255");
  add("--entries", config.entry_depth, "Entries of a PE's memory, a power of two");
  add("--pointers", config.ptr_depth, "Pointers of a PE's two banks together, a power of two");
  add("--act-registers", config.act_regs,
      "Activation registers of a PE, as source and as destination, a power of two from 4 to 64");
  add("--act-ram", config.act_ram_depth,
      "Words of a PE's activation RAM, a power of two up to 65,536");
  add("--codebooks", config.codebooks, "Codebooks, a power of two from 2 to 256");
  add("--list", config.list_depth, "Passes in a list, a power of two from 2 to 32,768");
}

void EieTarget::check_options() const {
  check(config);
  // Told before the training.
  if (demo_ && config.n_pe == 1) {
    throw Error(
        "--pe 1: LeNet-300-100 does not fit the activation RAM of one PE, expected 2, 4, 16 or 64");
  }
}

void EieTarget::set_network(Network network) {
  image_ = build_image(network, config, rows);
  network_ = std::move(network);
}

void EieTarget::load_file(const std::string& file, uint64_t, const LoadData& load) {
  const auto read = [&]() -> Network {
    switch (model_kind(file)) {
      case ModelKind::kStoredCompressed:
        return load_stored_file(file);
      case ModelKind::kStored: {
        // Training images decide the radix points.
        const SharedNetwork shared = load_stored_network(file);
        dense_chain(shared);  // told before the data is loaded
        return to_sparse_engine(shared, load(), 0, nullptr);
      }
      default:
        return load_model<eie::Network>(file);
    }
  };
  Network network = read();
  try {
    set_network(std::move(network));
  } catch (const Error& error) {
    throw Error(printable(file, 0) + ": " + error.what());
  }
}

Target::InputScale EieTarget::input_scale() const {
  return {network_.input_scale, network_.input_offset};
}

std::vector<std::string> EieTarget::tensor_names() const {
  std::vector<std::string> names;
  for (const Layer& layer : network_.layers) names.push_back(layer.name);
  return names;
}

std::vector<float> EieTarget::tensor(size_t number, Samples sample) const {
  const Layer& layer = network_.layers[number];
  const std::vector<int16_t> made = run_layers(network_, image_inputs(network_, sample, 1),
                                               static_cast<int>(config.acc_width))[number + 1];
  std::vector<float> values;
  for (uint32_t r = 0; r < layer.outputs - layer.constant_outputs; ++r) {
    values.push_back(std::ldexp(static_cast<float>(made[r]), -layer.output_frac));
  }
  return values;
}

std::string EieTarget::size_text() const { return std::to_string(config.n_pe) + " PEs"; }

json EieTarget::size() const {
  return {{"n_pe", config.n_pe}, {"queue_depth", config.queue_depth}, {"rows", to_string(rows)}};
}

void EieTarget::report(const RunTotals& totals, json& result, Listing& lines) const {
  const auto per_image = [&](const char* name) {
    return result[std::string(name) + "_per_image"] = totals.per_image(name);
  };
  const std::string cycles = fixed(per_image("cycles"), 1);
  lines.add("cycles per image",
            cycles + ", and " + fixed(per_image("io_cycles"), 1) + " to move data in and out");
  const std::string broadcasts = fixed(per_image("broadcasts"), 1);
  lines.add("broadcasts per image",
            broadcasts + ", held for " + fixed(per_image("held_cycles"), 1) + " cycles");
  if (totals.counters.count("entries") == 0) return;
  // Percent of the multipliers' slots between first broadcast and last write that an entry took.
  const auto active = static_cast<double>(totals.counters.at("active_cycles"));
  const auto entries = static_cast<double>(totals.counters.at("entries"));
  const double utilisation = active > 0 ? 100 * entries / (config.n_pe * active) : 0;
  result["pe_utilisation_pct"] = utilisation;
  lines.add("entries per image", fixed(per_image("entries"), 1));
  lines.add("PE utilisation", fixed(utilisation, 1) + " %");
}

void EieTarget::make_network(const sparsys::Network& trained, const Dataset& data,
                             const TrainOptions& train, uint64_t, ModelCache& cache, json& report) {
  DeepCompressionOptions options;
  options.seed = train.seed;
  options.threads = train.threads;
  options.progress = train.progress;
  options.validation_count = train.validation_count;
  compression_.apply_to(options, trained, trained.name);
  std::cout << "deep compression" << std::endl;
  set_network(cache.compressed(trained, data, train, options));
  report["compressed_error_pct"] =
      score(network_, data.samples(data.test), data.targets(data.test), data.test_count(),
            trained.input_scale, trained.input_offset, train.threads)
          .percent();
  const json description = describe(network_, config, rows);
  report["density_pct"] = description["density"];
  report["layers"] = json::array();
  for (size_t l = 0; l < description["layers"].size(); ++l) {
    const json& layer = description["layers"][l];
    const json& in_engine = description["engine"]["layers"][l];
    report["layers"].push_back({{"name", layer["name"]},
                                {"density_pct", layer["density"]},
                                {"entries", in_engine["entries"]},
                                {"padding", in_engine["padding"]},
                                {"balance_pct", in_engine["balance"]}});
  }
}

void EieTarget::print_network(const json& report, Listing& lines) const {
  Table table("lrrrr");
  table.add({"layer", "density", "entries", "padding", "balance"});
  for (const json& layer : report["layers"]) {
    table.add({printable(layer["name"].get<std::string>(), 16), percent_text(layer["density_pct"]),
               grouped(layer["entries"]), grouped(layer["padding"]),
               fixed(layer["balance_pct"], 1) + " %"});
  }
  table.print(std::cout);
  std::cout << '\n';
  lines.add("compressed error", percent_text(report["compressed_error_pct"]) +
                                    " (functional model), " + percent_text(report["density_pct"]) +
                                    " of the weights kept");
}

void EieTarget::judge_network(const json& report, Expectations& expect) const {
  const double float_error = report["float_error_pct"];
  expect.require(float_error <= kMaxFloatError + kRounding,
                 "float error at most " + fixed(kMaxFloatError, 1) + " %");
  expect.require(
      report["compressed_error_pct"].get<double>() <= float_error + kMaxCompressionLoss + kRounding,
      "compressed error at most " + fixed(kMaxCompressionLoss, 1) + " points above it");
  expect.require(report["density_pct"].get<double>() <= kMaxDensity,
                 "at most " + fixed(kMaxDensity, 0) + " % of the weights kept");
}

json EieTarget::judge_speeds(const Speeds& speeds, const json&, Expectations& expect) const {
  const double lockstep = speeds.lockstep / speeds.rtl;
  const double cycle = speeds.cycle / speeds.rtl;
  return {{"lockstep_speed_ratio", lockstep},
          {"lockstep_speed_ok",
           expect.target(lockstep >= kMinLockstepSpeed,
                         "lockstep at " + fixed(lockstep, 2) + " of the RTL's speed, target " +
                             fixed(kMinLockstepSpeed, 1) + " or more")},
          {"cycle_model_speed_ratio", cycle},
          {"cycle_model_speed_ok",
           expect.target(cycle >= kMinCycleModelSpeed,
                         "cycle model at " + fixed(cycle, 2) + " of the RTL's speed, target " +
                             fixed(kMinCycleModelSpeed, 0) + " or more")}};
}

}  // namespace sparsys::eie
