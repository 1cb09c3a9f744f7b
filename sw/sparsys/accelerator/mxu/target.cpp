// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/mxu/target.hpp"

#include <algorithm>
#include <iostream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/pace.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/lockstep/mxu/rtl.hpp"

namespace sparsys::mxu {
namespace {

using nlohmann::json;

// What the demo must reach.
constexpr double kMaxQuantisationLoss = 0.1;  // points, on MNIST
constexpr double kMinRtlSpeed = 3000;         // cycles a second at full size
constexpr double kMaxBuildSeconds = 180;      // on two processors with nothing else to do
// Training images whose values decide on scales.
constexpr size_t kSamples = 1000;

// Sides of the arrays whose RTL is built into this program: "8, 16, 32 and 256".
std::string arrays_built_in() {
  std::vector<uint32_t> sides;
  for (const Config& c : rtl_configs()) sides.push_back(c.rows);
  std::sort(sides.begin(), sides.end());
  std::string text;
  for (size_t i = 0; i < sides.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == sides.size() ? " and " : ", ") + std::to_string(sides[i]);
  }
  return text;
}

}  // namespace

void MxuTarget::add_options(CLI::App& command, bool demo) {
  command
      .add_option("--array", array_,
                  "Rows and columns of the array, 1 to 256; of the RTL those built in: " +
                      arrays_built_in())
      ->check(CLI::Range(1, 256))
      ->capture_default_str()
      ->type_name("N");
  if (demo) return;
  command.add_option("--batch", batch_, "Images of a batch")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str()
      ->type_name("B");
  command
      .add_option("--keep", keep_,
                  "Batches that go through a tile of weights before the next one: the array waits "
                  "less for weights, and each batch longer for the other. Without it 2 where that "
                  "pays, else 1")
      ->check(CLI::Range(1, 16))
      ->type_name("N");
  command
      .add_option("--weight-bandwidth", weight_bandwidth_,
                  "Bytes of weights a cycle, 0: a beat a cycle; the TPU's 34 GB/s at 700 MHz are "
                  "48.6")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str()
      ->type_name("BYTES");
}

Config MxuTarget::config() const {
  Config config;
  config.rows = config.cols = array_;
  choose_blocks(config);
  check(config);
  return config;
}

void MxuTarget::check_rtl() const {
  for (const Config& c : rtl_configs()) {
    if (c.rows == array_) return;
  }
  throw Error("--array " + std::to_string(array_) +
              ": the RTL of the matrix unit is built in with " + arrays_built_in() +
              " rows and columns; --level cycle takes 1 to 256");
}

void MxuTarget::load_file(const std::string& file, uint64_t images, const LoadData&) {
  network_ = load_model<mxu::Network>(file);
  const uint64_t batches = (images + batch_ - 1) / batch_;
  batch_ = std::min(batch_, images);
  try {
    keep_chosen_ = keep_ == 0;
    if (keep_chosen_) {
      keep_ = batches == 1 ? 1
                           : batches_to_keep(network_, static_cast<uint32_t>(batch_), config(),
                                             weight_bandwidth_);
    }
    keep_ = std::min(keep_, batches);
    compile(network_, static_cast<uint32_t>(batch()), config());
  } catch (const Error& error) {
    throw Error(printable(file, 0) + ": " + error.what());
  }
}

Target::InputScale MxuTarget::input_scale() const {
  return {network_.pixel_scale, network_.pixel_offset};
}

std::vector<std::string> MxuTarget::tensor_names() const {
  std::vector<std::string> names;
  for (const Layer& layer : network_.layers) names.push_back(layer.name);
  return names;
}

std::vector<float> MxuTarget::tensor(size_t number, Samples sample) const {
  return to_numbers(network_.value(number + 1),
                    run_layers(network_, image_inputs(network_, sample, 1))[number + 1]);
}

std::string MxuTarget::size_text() const {
  return std::to_string(array_) + "x" + std::to_string(array_);
}

json MxuTarget::size() const {
  return {{"rows", array_}, {"cols", array_}, {"batch", batch_}, {"keep", keep_}};
}

void MxuTarget::report(const RunTotals& totals, json& result, Listing& lines) const {
  for (const auto& [name, value] : totals.counters) result[name] = value;
  const uint64_t cycles = totals.counters.at("cycles");
  lines.add("batches kept on a tile", std::to_string(keep_) + (keep_chosen_ ? ", as pays" : ""));
  lines.add("cycles", grouped(cycles) + " for " + grouped(totals.batches) + " batches, " +
                          fixed(totals.per_image("cycles"), 1) + " an image");
  const auto share = [&](const char* title, const char* counter, uint64_t whole,
                         const char* of = "") {
    const auto part = static_cast<double>(totals.counters.at(counter));
    const double percent = whole == 0 ? 0 : 100 * part / static_cast<double>(whole);
    lines.add(title, fixed(percent, 1) + " %" + of);
  };
  share("array active", "active_cycles", cycles);
  share("useful multiply-accumulates", "useful_multiply_accumulates", cycles * array_ * array_,
        " of the peak");
  share("weight stall", "weight_stall_cycles", cycles);
  share("weight shift", "weight_shift_cycles", cycles);
  share("non-matrix", "non_matrix_cycles", cycles);
  share("  read-after-write stall", "read_after_write_stall_cycles", cycles);
  share("  input stall", "input_stall_cycles", cycles);
}

void MxuTarget::make_network(const sparsys::Network& trained, const Dataset& data,
                             const TrainOptions& train, uint64_t images, ModelCache&,
                             json& report) {
  batch_ = images;
  keep_ = 1;
  // None of the validation images.
  const size_t samples = std::min(kSamples, data.train_count() - train.validation_count);
  std::cout << "signed bytes for the matrix unit, by the values on " << grouped(samples)
            << " training images" << std::endl;
  QuantisationOptions options;
  options.threads = train.threads;
  network_ = quantise(trained, data.samples(data.train), samples, options);
  report["int8_error_pct"] = score(network_, data.samples(data.test), data.targets(data.test),
                                   data.test_count(), train.threads)
                                 .percent();
  const BuildTime build = rtl_build_time(config());
  report["verilate_and_build_seconds"] = build.elapsed;
  report["verilate_and_build_processor_seconds"] = build.processor;
  report["build_from_cache"] = build.cached;
}

void MxuTarget::print_network(const json& report, Listing& lines) const {
  lines.add("int8 error", percent_text(report["int8_error_pct"]) + " (functional model)");
  lines.add("verilated and compiled in",
            fixed(report["verilate_and_build_seconds"], 1) + " s, " +
                fixed(report["verilate_and_build_processor_seconds"], 1) + " s of a processor" +
                (report["build_from_cache"].get<bool>() ? "; by ccache, from before" : ""));
}

void MxuTarget::judge_network(const json& report, Expectations& expect) const {
  expect.require(report["int8_error_pct"].get<double>() <=
                     report["float_error_pct"].get<double>() + kMaxQuantisationLoss + kRounding,
                 "int8 error at most " + fixed(kMaxQuantisationLoss, 1) + " points above float");
}

json MxuTarget::judge_speeds(const Speeds& speeds, const json& report, Expectations& expect) const {
  json result = {
      {"rtl_speed_ok", expect.target(speeds.rtl >= kMinRtlSpeed,
                                     "RTL at " + grouped(static_cast<int64_t>(speeds.rtl)) +
                                         " cycles a second, target " +
                                         grouped(static_cast<int64_t>(kMinRtlSpeed)) + " or more")},
      {"lockstep_speed_ratio", speeds.lockstep / speeds.rtl}};
  const double seconds = report["verilate_and_build_seconds"];
  if (seconds > 0 && !report["build_from_cache"].get<bool>()) {
    result["build_time_ok"] = expect.target(
        seconds <= kMaxBuildSeconds, "verilated and compiled in " + fixed(seconds, 0) +
                                         " s, target " + fixed(kMaxBuildSeconds, 0) + " s or less");
  }
  return result;
}

}  // namespace sparsys::mxu
