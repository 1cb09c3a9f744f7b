// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/sparse_layer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "golden/base/random.hpp"
#include "golden/cycle/eie/device.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/engine/eie/driver.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/random_layer.hpp"
#include "sw/sparsys/layers/energy.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/processor_time.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

void check_output(const SparseLayer& layer, const std::vector<int16_t>& output, const char* model) {
  for (size_t i = 0; i < layer.output.size(); ++i) {
    if (output[i] == layer.output[i]) continue;
    throw ExpectationFailed(layer.network.layers.front().name + ": output " + std::to_string(i) +
                            " of the " + model + " is " + std::to_string(output[i]) +
                            ", of the functional model " + std::to_string(layer.output[i]));
  }
}

// A memory's traffic: words of `bits` bits, over the cycles of the run.
json traffic(const char* name, uint64_t count, uint32_t bits, const SparseRun& run, double mhz) {
  const double bytes = static_cast<double>(count) * bits / 8;
  const double per_cycle = run.cycles() ? bytes / static_cast<double>(run.cycles()) : 0;
  return {{"name", name},
          {"count", count},
          {"bits", bits},
          {"bytes_per_cycle", per_cycle},
          {"gigabytes_per_second", per_cycle * mhz / 1000}};
}

}  // namespace

SparseLayer make_layer(eie::Layer layer, std::vector<int16_t> input) {
  SparseLayer result;
  result.network.name = layer.name;
  result.network.layers.push_back(std::move(layer));
  result.input = std::move(input);
  result.output = eie::run(result.network, result.input);
  return result;
}

SparseLayer random_layer(const std::string& name, uint32_t inputs, uint32_t outputs, double density,
                         double activations, uint64_t seed, double row_sigma) {
  eie::Layer layer = eie::spread_layer(seed, inputs, outputs, density, row_sigma);
  layer.name = name;
  eie::set_usual_shift(layer, density * activations);
  return make_layer(std::move(layer), eie::uniform_activations(seed, inputs, activations));
}

SparseLayer random_layer_of(const EieLayer& paper, uint64_t seed, double row_sigma) {
  return random_layer(paper.name, paper.inputs, paper.outputs, paper.weight_pct / 100,
                      paper.activation_pct / 100, seed, row_sigma);
}

eie::Layer layer_of(const SparseMatrix& matrix, const std::string& name, uint64_t seed) {
  eie::Layer layer;
  layer.name = name;
  layer.inputs = matrix.columns;
  layer.outputs = matrix.rows;
  layer.relu = true;
  layer.column_start = matrix.column_start;
  layer.row = matrix.row;
  layer.code.resize(matrix.row.size());
  eie::set_uniform_codebook(layer);
  eie::set_usual_shift(layer,
                       static_cast<double>(matrix.row.size()) / matrix.rows / matrix.columns);
  if (matrix.value.empty()) {
    Random random(seed);
    for (uint8_t& code : layer.code) code = static_cast<uint8_t>(1 + random.below(15));
    return layer;
  }
  float largest = 0;
  for (const float value : matrix.value) largest = std::max(largest, std::abs(value));
  const double scale = largest > 0 ? layer.codebook[15] / largest : 1;
  for (size_t k = 0; k < layer.code.size(); ++k) {
    const double wanted = scale * matrix.value[k];
    const auto nearer = [&](int16_t a, int16_t b) {
      return std::abs(a - wanted) < std::abs(b - wanted);
    };
    layer.code[k] = static_cast<uint8_t>(
        std::min_element(layer.codebook.begin() + 1, layer.codebook.end(), nearer) -
        layer.codebook.begin());
  }
  return layer;
}

std::vector<int16_t> activations_of(const std::vector<double>& values) {
  double largest = 0;
  bool whole = true;
  for (const double value : values) {
    largest = std::max(largest, std::abs(value));
    whole = whole && value == std::floor(value) && value >= INT16_MIN && value <= INT16_MAX;
  }
  std::vector<int16_t> result;
  for (const double value : values) {
    const double scaled = whole ? value : std::round(4095 * value / largest);
    const double kept = scaled == 0 && value != 0 ? std::copysign(1, value) : scaled;
    result.push_back(static_cast<int16_t>(kept));
  }
  return result;
}

SparseLayer first_inputs(const SparseLayer& layer, uint32_t inputs) {
  eie::Layer part = layer.network.layers.front();
  part.inputs = inputs;
  part.column_start.resize(size_t{inputs} + 1);
  part.row.resize(part.column_start.back());
  part.code.resize(part.column_start.back());
  return make_layer(std::move(part), {layer.input.begin(), layer.input.begin() + inputs});
}

void widen_pointers(eie::Config& config, uint32_t inputs, uint32_t outputs) {
  const uint64_t registers = uint64_t{config.act_regs} * config.n_pe;
  const uint64_t ranges = (outputs + registers - 1) / registers;
  const uint64_t needed = ranges * (eie::Dealing(config).columns_of_group(inputs) +
                                    (inputs + registers - 1) / registers);
  while (config.ptr_depth < needed && config.ptr_depth < eie::kMaxPointers) config.ptr_depth *= 2;
}

SparseRun run_cycles(const SparseLayer& layer, const eie::Config& config, eie::Rows rows) {
  SparseRun run;
  run.image = build_image(layer.network, config, rows);
  eie::CycleDevice device(config);
  device.statistics = &run.counts;
  eie::Driver driver(device);
  driver.reset();
  driver.put(run.image);
  const double start = processor_seconds();
  const std::vector<int16_t> output = driver.run(run.image, layer.input);
  run.seconds = processor_seconds() - start;
  check_output(layer, output, "cycle model");
  run.broadcasts = run.counts.broadcasts;
  run.nonzeros = layer.network.layers.front().row.size();
  const auto active = layer.input.size() -
                      static_cast<size_t>(std::count(layer.input.begin(), layer.input.end(), 0));
  run.activation_density =
      static_cast<double>(active) / static_cast<double>(std::max<size_t>(1, layer.input.size()));
  return run;
}

uint64_t run_on(eie::Device& device, const SparseLayer& layer, const eie::Image& image) {
  eie::Driver driver(device);
  driver.reset();
  driver.put(image);
  check_output(layer, driver.run(image, layer.input), "RTL");
  return driver.read_status().cycles;
}

json describe_run(const SparseRun& run, double mhz) {
  const eie::LayerStats& stored = run.stored();
  const eie::Statistics& counts = run.counts;
  json activity = json::object();
  visit_activity(counts.activity,
                 [&](const char* name, uint64_t value) { activity[name] = value; });
  const eie::Activity& a = counts.activity;
  const uint32_t acc = run.image.config.acc_width;
  return {{"name", stored.name},
          {"mapping",
           to_string(run.stored().balanced ? eie::Rows::kBalanced : eie::Rows::kInterleaved)},
          {"weights", stored.weights},
          {"nonzeros", stored.nonzeros},
          {"activation_density_pct", 100 * run.activation_density},
          {"passes", stored.passes},
          {"entries", stored.entries},
          {"padding", stored.padding},
          {"work", counts.entries},
          {"theoretical_cycles", run.theoretical_cycles()},
          {"actual_cycles", run.cycles()},
          {"balance_pct", run.balance_pct()},
          {"whole_balance_pct", run.whole_balance_pct()},
          {"us", static_cast<double>(run.cycles()) / mhz},
          {"mhz", mhz},
          {"utilisation_pct", 100 * counts.pe_utilisation()},
          // No run of the passes can take less than the first two; with the third they make up
          // nearly all of it. Set-up and write-back come on top.
          {"bounds",
           {{"slowest_pe_entries", counts.slowest_entries},
            {"broadcasts", counts.broadcasts},
            {"drain_cycles", counts.drain_cycles},
            {"run_cycles", counts.run_cycles},
            {"setup_cycles", counts.setup_cycles()},
            {"write_back_cycles", counts.write_back_cycles},
            {"held_cycles", counts.held}}},
          {"activity", std::move(activity)},
          {"energy", estimate_energy(counts, run.image.config)},
          {"traffic",
           {traffic("entry memory, read", a.entry_row_reads, 64, run, mhz),
            traffic("pointer memory, read", a.pointer_reads, 16, run, mhz),
            traffic("activation registers, read", a.register_reads, 16, run, mhz),
            traffic("activation registers, written", a.register_writes, 16, run, mhz),
            traffic("activation RAM, read", a.activation_ram_reads, 16, run, mhz),
            traffic("activation RAM, written", a.activation_ram_writes, 16, run, mhz),
            traffic("accumulators, read", a.accumulator_reads, acc, run, mhz),
            traffic("accumulators, written", a.accumulator_writes, acc, run, mhz)}},
          {"engine", describe_engine(run.image)}};
}

json describe_draws(const std::vector<SparseLayer>& draws, const SparseRun& first) {
  const eie::Rows rows = first.stored().balanced ? eie::Rows::kBalanced : eie::Rows::kInterleaved;
  std::vector<double> running{first.balance_pct()}, all{first.whole_balance_pct()};
  for (size_t d = 1; d < draws.size(); ++d) {
    const SparseRun run = run_cycles(draws[d], first.image.config, rows);
    running.push_back(run.balance_pct());
    all.push_back(run.whole_balance_pct());
  }
  const auto of = [](const std::vector<double>& values) {
    double sum = 0, squares = 0;
    for (const double value : values) sum += value;
    const double mean = sum / static_cast<double>(values.size());
    for (const double value : values) squares += (value - mean) * (value - mean);
    return json{{"mean_pct", mean},
                {"deviation_pct", std::sqrt(squares / static_cast<double>(values.size() - 1))},
                {"least_pct", *std::min_element(values.begin(), values.end())},
                {"most_pct", *std::max_element(values.begin(), values.end())},
                {"each_pct", values}};
  };
  return {{"seeds", draws.size()}, {"balance", of(running)}, {"whole_balance", of(all)}};
}

}  // namespace sparsys
