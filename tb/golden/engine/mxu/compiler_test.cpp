// SPDX-License-Identifier: Apache-2.0
// Compiled networks on the cycle model of the matrix unit against the functional model, bit for
// bit: all kinds of layers, sizes of the unit, batches, and stalls.
#include "golden/engine/mxu/compiler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "golden/base/error.hpp"
#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/disassembler.hpp"
#include "golden/engine/mxu/driver.hpp"
#include "golden/engine/mxu/tiles/deal.hpp"
#include "golden/function/mxu/network.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/mxu/random_graph.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

Config unit(uint32_t rows, uint32_t cols, uint32_t ub_depth, uint32_t acc_depth) {
  Config config;
  config.rows = rows;
  config.cols = cols;
  config.tile_rows = rows;
  config.tile_cols = cols;
  config.ub_depth = ub_depth;
  config.acc_depth = acc_depth;
  return config;
}

std::vector<int8_t> random_bytes(size_t count, uint64_t seed) {
  Dice dice(seed);
  std::vector<int8_t> bytes(count);
  for (int8_t& byte : bytes) byte = static_cast<int8_t>(dice.bits(8));
  return bytes;
}

// Counters of the run; 0 cycles if outputs differ.
Counters expect_same(const Network& network, uint32_t batch, const Config& config,
                     const DriverOptions& options = {}) {
  check(network, "network");
  const Program program = compile(network, batch, config);
  const std::vector<int8_t> inputs = random_bytes(batch * network.input_size(), 7 + batch);
  CycleDevice device(config);
  Driver driver(device, options);
  const std::vector<int8_t> found = driver.run(program, inputs);
  const std::vector<int8_t> expected = run_batch(network, inputs);
  EXPECT_EQ(found, expected);
  const Counters& c = driver.counters();
  EXPECT_EQ(c.cycles, c.active + c.weight_stall + c.weight_shift + c.non_matrix);
  return found == expected ? c : Counters();
}

// Input and parameters put into the memories past the ports are what the ports bring there, the
// output is the same, and the cycles are fewer by what passes the ports.
TEST(MxuProgram, ResidentAsThroughThePorts) {
  for (const uint32_t batch : {1, 9, 64}) {
    for (const std::vector<uint32_t>& sizes :
         {std::vector<uint32_t>{40, 33}, {16, 16}, {70, 40, 24, 3}}) {
      SCOPED_TRACE(batch);
      const Config config = unit(16, 16, 1024, 128);
      const Network network = quantised_chain(sizes, batch);
      const std::vector<int8_t> inputs = random_bytes(batch * network.input_size(), 3 + batch);
      const Program program = compile(network, batch, config);
      const Program resident = compile_resident(network, batch, config);
      for (const InstructionWords& words : resident.instructions) {
        const Opcode opcode = decode(words).opcode;
        EXPECT_TRUE(opcode != Opcode::kReadHost && opcode != Opcode::kWriteHost);
      }
      CycleDevice port(config), door(config);
      Driver port_driver(port), door_driver(door);
      const std::vector<int8_t> expected = run_batch(network, inputs);
      EXPECT_EQ(port_driver.run(program, inputs), expected);
      EXPECT_EQ(door_driver.run(resident, inputs), expected);
      // Few rows are hidden behind the weights.
      EXPECT_LE(door_driver.counters().cycles, port_driver.counters().cycles + 8);
      if (batch == 64) {
        EXPECT_LT(door_driver.counters().cycles + batch, port_driver.counters().cycles);
      }
      EXPECT_EQ(door_driver.counters().useful, port_driver.counters().useful);
      ASSERT_EQ(program.input.size(), resident.input.size());
      for (size_t t = 0; t < program.input.size(); ++t) {
        const Transfer& transfer = program.input[t];
        ASSERT_EQ(transfer.place, resident.input[t].place);
        // Rows of the buffer are written over by the layers behind the first.
        if (!transfer.parameters && sizes.size() > 2) continue;
        for (uint32_t r = 0; r < transfer.rows; ++r) {
          EXPECT_EQ(port.take(transfer.parameters, transfer.place + r),
                    door.take(transfer.parameters, transfer.place + r))
              << "transfer " << t << " row " << r;
        }
      }
    }
  }
  EXPECT_EQ(error_of([] {
              compile_resident(quantised_chain({64, 64}, 1), 200, unit(8, 8, 256, 64));
            }),
            "network 'chain': layer 1 (layer1): the batch goes through in 13 passes, expected one "
            "where nothing is loaded on the way");
  Config few = unit(8, 8, 1024, 64);
  few.param_sets = 2;
  EXPECT_EQ(
      error_of([&few] {
        compile_resident(quantised_chain({8, 64}, 1), 4, few);
      }),
      "network 'chain': layer 1 (layer1): more than 2 parameter sets, expected that all are there");
}

TEST(MxuProgram, FullyConnected) {
  for (const uint32_t batch : {1, 2, 7, 8, 9, 33, 100}) {
    SCOPED_TRACE(batch);
    expect_same(quantised_chain({20, 17, 8, 3}, batch), batch, unit(8, 8, 1024, 64));
    expect_same(quantised_chain({40, 33, 10}, batch), batch, unit(16, 16, 1024, 64));
  }
}

TEST(MxuProgram, ArraysThatAreNotSquare) {
  expect_same(quantised_chain({20, 17, 8, 3}, 1), 10, unit(5, 7, 1024, 64));
  expect_same(quantised_chain({20, 17, 8, 3}, 1), 10, unit(7, 5, 1024, 64));
  expect_same(quantised_chain({4, 3}, 1), 3, unit(1, 1, 64, 4));
  expect_same(quantised_chain({4, 3}, 1), 3, unit(1, 4, 64, 4));
}

Network lenet_5(uint32_t side, uint32_t c1, uint32_t c2, uint32_t hidden) {
  Random random(1);
  Network network;
  network.name = "LeNet-5";
  Layer& conv1 = add_layer(network, 1, side, side, c1);
  conv1.window.kernel = {5, 5};
  conv1.pooling = Pooling::kMax;
  conv1.pool.kernel = conv1.pool.stride = {2, 2};
  conv1.input_zero = -128;
  conv1.output_zero = 3;
  fill_layer(conv1, random);
  Layer& conv2 = add_layer(network, 0, 0, 0, c2);
  conv2.window.kernel = {5, 5};
  conv2.pooling = Pooling::kMax;
  conv2.pool.kernel = conv2.pool.stride = {2, 2};
  fill_layer(conv2, random);
  Layer& ip1 = add_layer(network, 0, 0, 0, hidden);
  ip1.window.kernel = {ip1.height, ip1.width};
  ip1.function = Function::kRelu;
  ip1.output_zero = -128;
  fill_layer(ip1, random);
  fill_layer(add_layer(network, 0, 0, 0, 10), random);
  return network;
}

TEST(MxuProgram, LeNet5Shaped) {
  expect_same(lenet_5(28, 6, 12, 30), 3, unit(8, 8, 8192, 2048));
  expect_same(lenet_5(28, 20, 50, 40), 5, unit(16, 16, 8192, 4096));
  // Lines of one image at a time, and passes of few images.
  expect_same(lenet_5(28, 6, 12, 30), 3, unit(8, 8, 1200, 128));
}

TEST(MxuProgram, Convolution3x3Stride2WithPadding) {
  Random random(2);
  Network network;
  network.name = "strided";
  for (int l = 0; l < 3; ++l) {
    Layer& layer = add_layer(network, 3, 13, 11, 9);
    if (l == 0) layer.input_zero = 44;
    layer.window.kernel = {3, 3};
    layer.window.stride = {2, 2};
    layer.window.pad = {1, 1, 1, 1};
    layer.function = l == 0 ? Function::kRelu : Function::kIdentity;
    layer.output_zero = -20;
    fill_layer(layer, random);
  }
  expect_same(network, 5, unit(8, 8, 2048, 256));
  expect_same(network, 5, unit(16, 16, 2048, 256));
  expect_same(network, 5, unit(8, 8, 2048, 32));
}

TEST(MxuProgram, AveragePoolingAndTables) {
  for (const Function function : {Function::kSigmoid, Function::kTanh}) {
    Random random(3);
    Network network;
    network.name = "tables";
    Layer& conv = add_layer(network, 5, 8, 9, 10);
    conv.window.kernel = {3, 2};
    conv.function = function;
    conv.pooling = Pooling::kAverage;
    conv.pool.kernel = {3, 2};
    conv.pool.stride = {1, 2};
    fill_layer(conv, random);
    Layer& out = add_layer(network, 0, 0, 0, 4);
    out.window.kernel = {out.height, out.width};
    out.function = function;
    fill_layer(out, random);
    expect_same(network, 6, unit(8, 8, 2048, 256));
  }
}

TEST(MxuProgram, RandomNetworks) {
  for_seeds(150, [](uint64_t seed) {
    Dice dice(seed);
    Network network = random_quantised(seed);
    Random sharing(seed, 5);
    share_weights(network, sharing);
    const auto rows = static_cast<uint32_t>(dice.between(1, 9));
    const auto cols = dice.chance(50) ? rows : static_cast<uint32_t>(dice.between(1, 9));
    Config config = unit(rows, cols, 4096, 1U << dice.between(6, 9));
    config.param_sets = static_cast<uint32_t>(dice.between(2, 8));
    config.fifo_words = 1U << dice.between(5, 8);
    config.queue_depth = static_cast<uint32_t>(dice.between(2, 16));
    DriverOptions options;
    options.seed = seed;
    if (dice.chance(60)) options.stall_percent = static_cast<unsigned>(dice.between(1, 80));
    if (dice.chance(30)) options.weight_bandwidth = 0.2 * static_cast<double>(dice.between(1, 20));
    const auto batch = static_cast<uint32_t>(dice.between(1, 12));
    try {
      expect_same(network, batch, config, options);
    } catch (const Error& error) {
      // Lines too long for the accumulators, at times.
      ASSERT_NE(std::string(error.what()).find("accumulators"), std::string::npos) << error.what();
    }
  });
}

// Branches, sums, concatenations of any channels, groups, poolings alone, both roundings.
TEST(MxuProgram, RandomGraphs) {
  uint64_t ran = 0;
  for_seeds(300, [&ran](uint64_t seed) {
    Dice dice(seed);
    Network network = random_graph(seed);
    Random sharing(seed, 6);
    share_weights(network, sharing);
    const auto rows = static_cast<uint32_t>(dice.between(1, 9));
    const auto cols = dice.chance(50) ? rows : static_cast<uint32_t>(dice.between(1, 9));
    Config config = unit(rows, cols, dice.chance(50) ? 8192 : 700, 1U << dice.between(6, 9));
    config.param_sets = static_cast<uint32_t>(dice.between(3, 8));
    config.fifo_words = 1U << dice.between(5, 8);
    config.queue_depth = static_cast<uint32_t>(dice.between(2, 16));
    DriverOptions options;
    options.seed = seed;
    if (dice.chance(60)) options.stall_percent = static_cast<unsigned>(dice.between(1, 80));
    const auto batch = static_cast<uint32_t>(dice.between(1, 7));
    try {
      expect_same(network, batch, config, options);
      ++ran;
    } catch (const Error& error) {
      // Too large, at times.
      const std::string what = error.what();
      ASSERT_TRUE(what.find("accumulators") != std::string::npos ||
                  what.find("unified buffer") != std::string::npos ||
                  what.find("no layer that computes") != std::string::npos)
          << what;
    }
  });
  if (!seed_is_given()) {
    EXPECT_GT(ran, 200U);
  }
}

// Far more than 126 operations of a unit behind one another: no wait is mistaken for a later one.
TEST(MxuProgram, ManySmallOperations) {
  Random random(4);
  Network network;
  network.name = "many";
  Layer& conv = add_layer(network, 1, 6, 6, 2);
  conv.window.kernel = {5, 5};
  conv.pooling = Pooling::kMax;
  conv.pool.kernel = {2, 2};
  fill_layer(conv, random);
  Layer& out = add_layer(network, 0, 0, 0, 40);
  fill_layer(out, random);
  DriverOptions options;
  for (const unsigned stalls : {0, 70}) {
    options.stall_percent = stalls;
    expect_same(network, 40, unit(2, 2, 4096, 64), options);
  }
}

TEST(MxuProgram, FullSize) {
  Config config;
  const Counters c = expect_same(quantised_chain({784, 300, 100, 10}, 1), 256, config);
  std::cout << "LeNet-300-100, 256 images: " << c.cycles << " cycles, " << c.active << " active\n";
  // 8 + 2 + 1 tiles of 256 rows.
  EXPECT_EQ(c.active, 11U * 256);
  EXPECT_EQ(c.useful, 256U * (784 * 300 + 300 * 100 + 100 * 10));
  // Dense weights take a bus four cycles a row and 3 for each tile.
  EXPECT_LT(c.cycles, 11000U);
}

// Between its first and last row the array waits for nothing: around its 4096 active cycles are
// only the load of the first plane, and the output's rows, which the array's reads hold back to the
// end.
TEST(MxuProgram, BackToBackTilesLoseNoCycle) {
  const Network network = quantised_chain({32, 32}, 1);
  const Counters c = expect_same(network, 256, unit(8, 8, 4096, 512));
  EXPECT_EQ(c.active, 256U * 16);
  EXPECT_EQ(c.raw_stall, 0U);
  EXPECT_LT(c.cycles - c.active, 256U + 4 * 256 + 100);
}

TEST(MxuProgram, WhatDoesNotFit) {
  const auto error = [](const Network& network, uint32_t batch, const Config& config) {
    try {
      compile(network, batch, config);
    } catch (const Error& caught) {
      return std::string(caught.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error(quantised_chain({9, 3}, 1), 1, unit(8, 8, 3, 64)), "no error");
  EXPECT_EQ(error(quantised_chain({9, 3}, 1), 0, unit(8, 8, 3, 64)),
            "network 'chain': a batch of no images");
  EXPECT_EQ(error(quantised_chain({9, 3}, 1), 1, unit(8, 8, 2, 64)),
            "network 'chain': layer 1 (layer1): input and output of an image take 3 rows of the "
            "unified buffer, which has 2");
  EXPECT_EQ(error(lenet_5(28, 6, 12, 30), 1, unit(8, 8, 4096, 64)),
            "network 'LeNet-5': layer 1 (layer1): a line of output takes 48 accumulators of a "
            "channel, a half of them has 32");
  EXPECT_EQ(error(quantised_chain({9, 3}, 1), 1, unit(0, 8, 2, 64)),
            "matrix unit configuration: ROWS is 0, must be 1 to 256");
}

TEST(MxuProgram, HostRows) {
  const Program program = compile(quantised_chain({9, 3}, 1), 2, unit(8, 8, 64, 64));
  EXPECT_THROW(host_rows(program, std::vector<int8_t>(17)), Error);
  EXPECT_THROW(outputs_of(program, std::vector<uint8_t>(8)), Error);
  EXPECT_EQ(host_rows(program, std::vector<int8_t>(18)).size(), (4U + 9U) * 8);
}

TEST(MxuProgram, Disassembly) {
  std::vector<std::string> lines;
  for (const InstructionWords& i :
       compile(quantised_chain({9, 3}, 1), 2, unit(8, 8, 64, 64)).instructions) {
    lines.push_back(disassemble(i));
  }
  EXPECT_EQ(lines, (std::vector<std::string>{
                       "Set counters to 0", "Read_Weights beat 0, 9 beats, 2 tiles, raw",
                       "Read_Host set 0, plane 0, 9 planes", "Read_Host ub 0, 2 rows",
                       "Read_Host ub 2, 2 rows",
                       "Matrix_Multiply ub 0, acc 0, 2 rows, uses 8 x 3, switch; waits for input "
                       "but 1",
                       "Matrix_Multiply ub 2, acc 0, 2 rows, uses 1 x 3, switch, add; waits for "
                       "input",
                       "Set zero -128, low -128, high 127",
                       "Activate ub 62, acc 0, 2 rows, set 0, identity; waits for matrix",
                       "Write_Host ub 62, 2 rows; waits for activation", "Halt"}));
  EXPECT_EQ(disassemble({0, 0, 200U << 24}), "unknown operation 200");
  EXPECT_EQ(disassemble({7, 0, 7U << 24 | 200U << 8}), "Set unknown register 200, value 7");
}

// A layer of few values is stored as entries, its columns dealt to the buses by load, and the next
// layer's rows with them; what is dense stays bytes in order.
TEST(MxuProgram, SharedWeightsAreEntriesInColumnsByLoad) {
  Network network = quantised_chain({64, 60, 64, 20}, 3);
  Dice dice(3);
  for (const size_t l : {0U, 1U}) {
    Layer& layer = network.layers[l];
    for (uint32_t o = 0; o < layer.outputs; ++o) {
      // The more the later.
      for (uint32_t t = 0; t < layer.channels; ++t) {
        const bool kept = dice.below(layer.outputs) < o / 3;
        layer.weights[o * layer.channels + t] =
            kept ? static_cast<int8_t>(10 * dice.between(1, 12) - 65) : int8_t{0};
      }
    }
  }
  const Config config = unit(64, 64, 1024, 256);
  const Program program = compile(network, 9, config);
  ASSERT_EQ(program.layers.size(), 3U);
  EXPECT_TRUE(program.layers[0].coded && program.layers[1].coded);
  EXPECT_FALSE(program.layers[2].coded);
  for (const size_t l : {0U, 1U}) {
    const StreamFigures& stream = program.layers[l].stream;
    EXPECT_EQ(stream.tiles, 1U);
    const std::vector<int8_t>& weights = network.layers[l].weights;
    EXPECT_EQ(stream.values,
              weights.size() - static_cast<size_t>(std::count(weights.begin(), weights.end(), 0)));
    // In order the last bus would have twice the mean.
    EXPECT_LT(static_cast<double>(stream.longest), 1.3 * stream.mean);
  }
  bool in_order = true;
  const OutputPlane& plane = program.out_planes.at(0);
  for (size_t c = 0; c < plane.lanes.size(); ++c) in_order = in_order && plane.lanes[c] == c;
  EXPECT_TRUE(in_order);  // of the last, a dense one
  expect_same(network, 9, config);
  // The output, too, comes back in the network's order.
  network.layers.pop_back();
  const Program two = compile(network, 9, config);
  EXPECT_FALSE(
      std::is_sorted(two.out_planes.at(0).lanes.begin(), two.out_planes.at(0).lanes.end()));
  expect_same(network, 9, config);
}

TEST(MxuProgram, ColumnsAreDealtByLoad) {
  for_seeds(200, [](uint64_t seed) {
    Dice dice(seed);
    const auto columns = static_cast<uint32_t>(dice.between(1, 70));
    const auto outputs = static_cast<uint32_t>(dice.between(1, columns));
    const auto tiles = static_cast<size_t>(dice.between(1, 4));
    std::vector<std::vector<uint32_t>> loads(outputs, std::vector<uint32_t>(tiles));
    for (auto& output : loads) {
      const uint64_t most = dice.between(1, 64);
      for (uint32_t& load : output) load = static_cast<uint32_t>(dice.below(most));
    }
    const std::vector<uint16_t> columns_of = deal_columns(loads, columns);
    ASSERT_EQ(columns_of.size(), outputs);
    const auto longest = [&](const std::vector<uint16_t>& at) {
      uint64_t sum = 0;
      for (size_t t = 0; t < tiles; ++t) {
        std::map<uint32_t, uint64_t> bus;
        uint64_t most = 0;
        for (uint32_t o = 0; o < outputs; ++o) most = std::max(most, bus[at[o] / 4] += loads[o][t]);
        sum += most;
      }
      return sum;
    };
    std::vector<uint16_t> in_order;
    for (uint32_t o = 0; o < outputs; ++o) in_order.push_back(static_cast<uint16_t>(o));
    EXPECT_LE(longest(columns_of), longest(in_order));
    std::vector<uint16_t> sorted = columns_of;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
    EXPECT_LT(sorted.back(), columns);
  });
}

// A program runs again on the same unit, and counters begin anew.
TEST(MxuDriver, RunsAgain) {
  const Config config = unit(8, 8, 1024, 64);
  const Network network = quantised_chain({20, 17, 3}, 1);
  const Program program = compile(network, 6, config);
  CycleDevice device(config);
  Driver driver(device);
  uint64_t cycles = 0;
  for (uint64_t run = 0; run < 3; ++run) {
    const std::vector<int8_t> inputs = random_bytes(6 * 20, run);
    EXPECT_EQ(driver.run(program, inputs), run_batch(network, inputs));
    if (run > 0) {
      EXPECT_EQ(driver.counters().cycles, cycles);
    }
    cycles = driver.counters().cycles;
  }
}

}  // namespace
}  // namespace sparsys::mxu
