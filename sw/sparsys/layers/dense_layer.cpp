// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/dense_layer.hpp"

#include <cmath>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/function/mxu/network.hpp"
#include "sw/sparsys/report/expectations.hpp"

namespace sparsys {
namespace {

mxu::Network network_of(const TopologyLayer& from, uint64_t seed) {
  mxu::Layer layer;
  layer.name = from.name;
  if (from.convolution) {
    layer.channels = from.channels;
    layer.height = from.height;
    layer.width = from.width;
    layer.outputs = from.filters;
    layer.window.kernel = {from.filter_height, from.filter_width};
    layer.window.stride = {from.stride, from.stride};
  } else {
    layer.channels = from.k;
    layer.outputs = from.n;
  }
  Random random(seed);
  layer.weights.resize(layer.outputs * layer.terms());
  for (int8_t& weight : layer.weights) weight = static_cast<int8_t>(random.next());
  // Brings sums of random bytes down to bytes.
  const double spread = 75.0 * 75.0 * std::sqrt(static_cast<double>(layer.terms()));
  int exponent = 0;
  const double mantissa = std::frexp(60 / spread, &exponent);
  layer.bias.assign(layer.outputs, 0);
  layer.multiplier.assign(layer.outputs, static_cast<int32_t>(std::ldexp(mantissa, 30)));
  layer.shift.assign(layer.outputs, static_cast<uint8_t>(30 - exponent));
  mxu::Network network;
  network.name = from.name;
  network.layers.push_back(std::move(layer));
  return network;
}

// Counters of a program's run. Throws ExpectationFailed if an output is not as expected.
mxu::Counters counters_of(const mxu::Program& program, const std::vector<int8_t>& inputs,
                          const std::vector<int8_t>& expected, const mxu::DriverOptions& options,
                          const std::string& name) {
  mxu::CycleDevice device(program.config);
  mxu::Driver driver(device, options);
  if (driver.run(program, inputs) != expected) {
    throw ExpectationFailed(name + ": outputs are not those of the functional model");
  }
  return driver.counters();
}

double utilisation_pct(const mxu::Counters& c, const mxu::Config& config) {
  const double cells = static_cast<double>(config.rows) * config.cols;
  return 100 * static_cast<double>(c.useful) / (static_cast<double>(c.cycles) * cells);
}

// The same layer with parameters and input in the memories before it begins, and its output left
// there.
nlohmann::json run_resident(const mxu::Network& network, uint32_t images, const mxu::Config& config,
                            const std::vector<int8_t>& inputs, const std::vector<int8_t>& expected,
                            const mxu::DriverOptions& options) {
  mxu::Program program;
  try {
    program = compile_resident(network, images, config);
  } catch (const Error& error) {
    return {{"fits", false}, {"error", error.what()}};
  }
  const mxu::Counters c = counters_of(program, inputs, expected, options, network.name);
  return {{"fits", true},
          {"cycles", c.cycles},
          {"active_cycles", c.active},
          {"weight_stall_cycles", c.weight_stall},
          {"weight_shift_cycles", c.weight_shift},
          {"non_matrix_cycles", c.non_matrix},
          {"utilisation_pct", utilisation_pct(c, config)}};
}

}  // namespace

nlohmann::json run_dense(const TopologyLayer& from, uint32_t batch, const mxu::Config& config,
                         double weight_bandwidth, uint64_t seed) {
  const mxu::Network network = network_of(from, seed);
  const mxu::Layer& layer = network.layers.front();
  const uint64_t images = from.convolution ? batch : uint64_t{batch} * from.m;
  if (images > 65535)
    throw Error(from.name + ": " + std::to_string(images) +
                " rows at once, expected at most 65535");
  const mxu::Program program = compile(network, static_cast<uint32_t>(images), config);
  std::vector<int8_t> inputs(images * network.input_size());
  Random random(seed, 1);
  for (int8_t& value : inputs) value = static_cast<int8_t>(random.next());
  mxu::DriverOptions options;
  options.weight_bandwidth = weight_bandwidth;
  const std::vector<int8_t> expected = run_batch(network, inputs);
  const mxu::Counters c = counters_of(program, inputs, expected, options, from.name);
  const double cycles = static_cast<double>(c.cycles);
  // The host's rows pass a port each of one row a cycle.
  const uint64_t in_rows = host_rows(program, inputs).size() / config.lanes();
  uint64_t out_rows = 0;
  for (const mxu::Transfer& transfer : program.output) out_rows += transfer.rows;
  return {{"name", from.name},
          {"batch", batch},
          {"m", images * layer.conv_height() * layer.conv_width()},
          {"k", layer.terms()},
          {"n", layer.outputs},
          {"multiply_accumulates",
           images * layer.conv_height() * layer.conv_width() * layer.terms() * layer.outputs},
          {"cycles", c.cycles},
          {"bounds",
           {{"active_cycles", c.active},
            {"weight_stall_cycles", c.weight_stall},
            {"weight_shift_cycles", c.weight_shift},
            {"non_matrix_cycles", c.non_matrix},
            {"read_after_write_stall_cycles", c.raw_stall},
            {"input_stall_cycles", c.input_stall},
            {"host_rows_in", in_rows},
            {"host_rows_out", out_rows},
            {"weight_tiles", program.layers.front().stream.tiles}}},
          {"active_pct", 100 * static_cast<double>(c.active) / cycles},
          {"utilisation_pct", utilisation_pct(c, config)},
          {"resident",
           run_resident(network, static_cast<uint32_t>(images), config, inputs, expected, options)},
          {"weight_bytes_per_cycle", static_cast<double>(program.weights.size()) / cycles},
          {"host_bytes_per_cycle",
           static_cast<double>((in_rows + out_rows) * config.lanes()) / cycles}};
}

}  // namespace sparsys
