// SPDX-License-Identifier: Apache-2.0
#include "tb/program/run_mxu.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "golden/cycle/mxu_cycle_device.hpp"
#include "golden/cycle/mxu_driver.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/mxu_program.hpp"
#include "golden/format/validate.hpp"
#include "golden/function/mxu_network.hpp"
#include "tb/program/commands.hpp"
#include "tb/program/output.hpp"

namespace sparsys {
namespace {

MxuConfig config_of(uint32_t array) {
  MxuConfig config;
  config.rows = config.cols = array;
  // The largest blocks that are no larger than those of the full size.
  uint32_t block = std::min(array, config.tile_rows);
  while (block > 1 && array % block != 0) --block;
  config.tile_rows = config.tile_cols = block;
  check(config);
  return config;
}

void add_counters(MxuCounters& sum, const MxuCounters& more) {
  sum.cycles += more.cycles;
  sum.active += more.active;
  sum.useful += more.useful;
  sum.weight_stall += more.weight_stall;
  sum.weight_shift += more.weight_shift;
  sum.non_matrix += more.non_matrix;
  sum.raw_stall += more.raw_stall;
  sum.input_stall += more.input_stall;
}

struct Totals {
  MxuCounters counters;
  uint64_t batches = 0;
  uint64_t images = 0;
  uint64_t errors = 0;
  uint64_t mismatched_values = 0;
  std::string first_mismatch;
  uint64_t clocked = 0;
  double seconds = 0;
};

void compare(const QuantisedNetwork& network, const std::vector<int8_t>& found,
             const std::vector<int8_t>& expected, uint64_t first_image, Totals& totals) {
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    if (totals.mismatched_values++ > 0) continue;
    totals.first_mismatch = "image " + std::to_string(first_image + i / network.output_size()) +
                            ", output " + std::to_string(i % network.output_size()) + ": " +
                            std::to_string(found[i]) + ", functional model " +
                            std::to_string(expected[i]);
  }
}

std::string share(uint64_t part, uint64_t whole) {
  return fixed(whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) +
         " %";
}

nlohmann::json report(const Totals& totals, const MxuConfig& config, bool table) {
  const MxuCounters& c = totals.counters;
  const double error_pct =
      100.0 * static_cast<double>(totals.errors) / static_cast<double>(totals.images);
  const double speed =
      totals.seconds > 0 ? static_cast<double>(totals.clocked) / totals.seconds : 0;
  const uint64_t peak = c.cycles * config.rows * config.cols;
  Listing listing;
  listing.add("wrong digits", grouped(totals.errors) + " of " + grouped(totals.images) + ", " +
                                  fixed(error_pct, 2) + " %");
  listing.add("against functional model",
              totals.mismatched_values == 0 ? "every output value identical"
                                            : grouped(totals.mismatched_values) +
                                                  " values DIFFER, first " + totals.first_mismatch);
  listing.add("cycles",
              grouped(c.cycles) + " for " + grouped(totals.batches) + " batches, " +
                  fixed(static_cast<double>(c.cycles) / static_cast<double>(totals.images), 1) +
                  " an image");
  listing.add("array active", share(c.active, c.cycles));
  listing.add("useful multiply-accumulates", share(c.useful, peak) + " of the peak");
  listing.add("weight stall", share(c.weight_stall, c.cycles));
  listing.add("weight shift", share(c.weight_shift, c.cycles));
  listing.add("non-matrix", share(c.non_matrix, c.cycles));
  listing.add("  read-after-write stall", share(c.raw_stall, c.cycles));
  listing.add("  input stall", share(c.input_stall, c.cycles));
  listing.add("speed", grouped(static_cast<uint64_t>(speed)) + " cycles a second");
  if (table) listing.print(std::cout);
  return {{"errors", totals.errors},
          {"error_pct", error_pct},
          {"batches", totals.batches},
          {"mismatched_values", totals.mismatched_values},
          {"cycles", c.cycles},
          {"active_cycles", c.active},
          {"useful_multiply_accumulates", c.useful},
          {"weight_stall_cycles", c.weight_stall},
          {"weight_shift_cycles", c.weight_shift},
          {"non_matrix_cycles", c.non_matrix},
          {"read_after_write_stall_cycles", c.raw_stall},
          {"input_stall_cycles", c.input_stall},
          {"cycles_per_second", speed}};
}

}  // namespace

void MxuRunOptions::add_to(CLI::App& command) {
  command.add_option("--array", array, "Matrix unit: rows and columns of the array, 1 to 256")
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
             const DataOptions& data_options, uint64_t first, uint64_t images,
             const std::string& json) {
  check_writable(json);
  const MxuConfig config = config_of(options.array);
  const QuantisedNetwork network = load_quantised_network(model);
  const bool table = json != "-";
  const auto program_for = [&](uint64_t batch) {
    try {
      return compile(network, static_cast<uint32_t>(batch), config);
    } catch (const Error& error) {
      throw Error(printable(model, 0) + ": " + error.what());
    }
  };
  const uint64_t batch = std::min<uint64_t>(options.batch, images);
  MxuProgram program = program_for(batch);
  const Dataset data = data_options.load(false, table);
  check_image_size(network.input_size(), data, model);
  if (first > data.test_count() || images > data.test_count() - first) {
    throw Error("--first " + std::to_string(first) + " --images " + std::to_string(images) +
                ": there are only " + std::to_string(data.test_count()) + " test images in " +
                data.description);
  }
  if (table) {
    std::cout << printable(network.name) << " on the cycle model of a matrix unit of "
              << config.rows << "x" << config.cols << std::endl;
  }
  mxu_cycle_device device(config);
  MxuDriverOptions driver_options;
  driver_options.weight_bandwidth = options.weight_bandwidth;
  MxuDriver driver(device, driver_options);
  Totals totals;
  totals.images = images;
  Meter meter("matrix unit", images);
  for (uint64_t done = 0; done < images; done += batch) {
    const uint64_t count = std::min(batch, images - done);
    if (count != program.batch) program = program_for(count);
    const uint64_t image = first + done;
    const std::vector<int8_t> inputs =
        image_inputs(network, &data.test_images[image * data.pixels()], count);
    const uint64_t before = driver.cycles();
    const auto start = std::chrono::steady_clock::now();
    const std::vector<int8_t> outputs = driver.run(program, inputs);
    totals.seconds +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    totals.clocked += driver.cycles() - before;
    ++totals.batches;
    add_counters(totals.counters, driver.counters());
    compare(network, outputs, run_batch(network, inputs, data_options.threads), image, totals);
    const std::vector<uint32_t> classes = classify(network, outputs);
    for (uint64_t i = 0; i < count; ++i) {
      totals.errors += classes[i] != data.test_labels[image + i];
    }
    meter.at(done + count);
  }
  nlohmann::json result = {{"model", printable(network.name)},
                           {"dataset", data.name},
                           {"engine", "mxu"},
                           {"rows", config.rows},
                           {"cols", config.cols},
                           {"batch", batch},
                           {"first", first},
                           {"images", images}};
  result.update(report(totals, config, table));
  write_json(json, result);
  if (totals.mismatched_values > 0) {
    throw ExpectationFailed(std::to_string(totals.mismatched_values) +
                            " values differ from the functional model, first " +
                            totals.first_mismatch);
  }
}

}  // namespace sparsys
