// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/eie/target.hpp"

#include <chrono>
#include <cmath>
#include <iostream>

#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/compress/sparse_engine/split.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/format/split/split_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/network/part.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/describe_split.hpp"
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
         kind == ModelKind::kStored || kind == ModelKind::kSplit;
}

void EieTarget::add_options(CLI::App& command, bool demo) {
  options_ = &command;
  demo_ = demo;
  command
      .add_option("--pe", config.n_pe,
                  "Number of PEs, a power of two from 1 to 256; of the RTL those built in: 1, 2, "
                  "4, 16, 64")
      ->capture_default_str()
      ->type_name("N_PE");
  add_rows(command, rows);
  if (demo) return compression_.add_to(command, false);
  add_memories(command, config);
}

void EieTarget::check_options() const {
  check(config);
  // Told before the training.
  if (demo_ && config.n_pe == 1) {
    throw Error(
        "--pe 1: LeNet-300-100 does not fit the activation RAM of one PE, expected 2, 4, 16 or 64");
  }
}

void EieTarget::connect(const BoardOptions& options) {
  board_ = std::make_unique<Board>(options);
  check_given(*options_, config, board_->config(), board_->path());
  config = board_->config();
}

void EieTarget::set_network(SplitNetwork network) {
  image_ = build_image(network.engine, config, rows);
  split_ = std::make_unique<SplitNetwork>(std::move(network));
  host_ = std::make_unique<Host>(*split_);
  kept_ = Kept();
}

const EieTarget::HandOver& EieTarget::hand_over(Samples samples, size_t count) const {
  const void* const key =
      samples.bytes() != nullptr ? static_cast<const void*>(samples.bytes()) : samples.floats();
  if (kept_.samples == key && kept_.count == count) return kept_.made;
  const auto start = std::chrono::steady_clock::now();
  kept_.made.inputs = host_->inputs(samples, count, &kept_.made.saturated);
  front_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  front_samples_ += count;
  kept_.samples = key;
  kept_.count = count;
  return kept_.made;
}

void EieTarget::load_file(const std::string& file, uint64_t, const LoadData& load) {
  const auto read = [&]() -> SplitNetwork {
    if (model_kind(file) != ModelKind::kStored) return load_split(file);
    // Training images decide the radix points.
    const SharedNetwork shared = load_stored_network(file);
    dense_chain(sparsys::split(shared).tail);  // told before the data is loaded
    return to_sparse_engine(shared, load(), 0, nullptr);
  };
  SplitNetwork network = read();
  try {
    set_network(std::move(network));
  } catch (const Error& error) {
    throw Error(printable(file, 0) + ": " + error.what());
  }
}

Target::InputScale EieTarget::input_scale() const {
  return {split_->input_scale(), split_->input_offset()};
}

std::vector<std::string> EieTarget::tensor_names() const {
  std::vector<std::string> names;
  if (host_->float_front()) {
    for (const Node& node : host_->float_front()->nodes) names.push_back(node.output);
  }
  if (split_->int8_front) {
    for (const mxu::Layer& layer : split_->int8_front->layers) names.push_back(layer.name);
  }
  for (const Layer& layer : network().layers) names.push_back(layer.name);
  if (split_->back) {
    for (const Node& node : split_->back->nodes) names.push_back(node.output);
  }
  return names;
}

std::vector<float> EieTarget::front_tensor(size_t number, Samples sample) const {
  if (split_->int8_front) {
    const mxu::Network& front = *split_->int8_front;
    return mxu::to_numbers(front.value(number + 1),
                           mxu::run_layers(front, mxu::image_inputs(front, sample, 1))[number + 1]);
  }
  const sparsys::Network& front = *host_->float_front();
  std::vector<float> x;
  for (size_t i = 0; i < split_->input_size(); ++i) {
    x.push_back(input_value(sample[i], front.input_scale, front.input_offset));
  }
  return infer(network_up_to(front, front.nodes[number].output), x.data(), 1);
}

std::vector<float> EieTarget::tensor(size_t number, Samples sample) const {
  const size_t fronts = host_->float_front() ? host_->float_front()->nodes.size()
                        : split_->int8_front ? split_->int8_front->layers.size()
                                             : 0;
  if (number < fronts) return front_tensor(number, sample);
  number -= fronts;
  const bool behind = number >= network().layers.size();
  const size_t l = behind ? network().layers.size() - 1 : number;
  const Layer& layer = network().layers[l];
  const uint32_t outputs = layer.outputs - layer.constant_outputs;
  const std::vector<int16_t> inputs = hand_over(sample, 1).inputs;
  const size_t size = network().input_size();
  std::vector<float> values;
  // In the graph's order: the positions of an output one behind the other.
  values.resize(outputs * split_->positions);
  std::vector<int16_t> all;
  const FunctionalModel model(network(), {static_cast<int>(config.acc_width), config.groups});
  for (uint32_t p = 0; p < split_->positions; ++p) {
    const auto first = inputs.begin() + static_cast<ptrdiff_t>(p * size);
    const std::vector<int16_t> made =
        model.run_layers({first, first + static_cast<ptrdiff_t>(size)})[l + 1];
    for (uint32_t r = 0; r < outputs; ++r) {
      values[r * split_->positions + p] =
          std::ldexp(static_cast<float>(made[r]), -layer.output_frac);
    }
  }
  if (!behind) return values;
  const Node& node = split_->back->nodes[number - network().layers.size()];
  return infer(network_up_to(*split_->back, node.output), values.data(), 1);
}

void EieTarget::report_host(const RunTotals& totals, json& result, Listing& lines) const {
  if (split_->is_plain()) return;
  const double each =
      front_samples_ == 0 ? 0 : front_seconds_ / static_cast<double>(front_samples_);
  json parts = describe_parts(*split_);
  for (json& part : parts) {
    lines.add(part["part"], part["runs_on"].get<std::string>() + ", " +
                                grouped(part["multiplications"]) + " multiplications a sample, " +
                                percent_text(part["share_pct"]));
    if (part["part"] != "front") continue;
    part["seconds_per_image"] = each;
  }
  result["parts"] = std::move(parts);
  result["cut"] = printable(split_->cut);
  result["saturated_inputs"] = totals.saturated_inputs;
  const uint64_t handed = totals.images * split_->positions * network().input_size();
  lines.add("hand-over", hand_over_text(*split_) + ", " +
                             share_text(totals.saturated_inputs, handed) + " saturated");
  if (split_->has_front()) lines.add("front took", fixed(1000 * each, 2) + " ms a sample");
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
  // A board's port waits for its serial line.
  const bool board = totals.counters.count("line_bytes") > 0;
  const std::string moved = fixed(per_image(board ? "line_bytes" : "io_cycles"), 1);
  lines.add("cycles per image", cycles + ", and " + moved +
                                    (board ? " bytes on the line" : " to move data in and out"));
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
  SplitNetwork plain;
  plain.engine = cache.compressed(trained, data, train, options);
  set_network(std::move(plain));
  report["compressed_error_pct"] = score(*split_, data.samples(data.test), data.targets(data.test),
                                         data.test_count(), train.threads)
                                       .percent();
  const json description = describe(network(), config, rows);
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
