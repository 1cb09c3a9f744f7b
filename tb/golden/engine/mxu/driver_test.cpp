// SPDX-License-Identifier: Apache-2.0
// What the driver says of programs that are wrong, on the cycle model.
#include "golden/engine/mxu/driver.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "golden/cycle/mxu/device.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/mxu/random_graph.hpp"
#include "tb/support/seeds.hpp"

namespace sparsys::mxu {
namespace {

Config small_unit() {
  Config config;
  config.rows = config.cols = config.tile_rows = config.tile_cols = 8;
  config.ub_depth = config.acc_depth = 64;
  return config;
}

TEST(MxuDriver, SaysWhatIsWrong) {
  const Config config = small_unit();
  const Network network = quantised_chain({9, 3}, 1);
  const auto error = [&](const std::function<void(Program&)>& change) {
    Program program = compile(network, 2, config);
    change(program);
    program.checksum = image_checksum(program);
    CycleDevice device(config);
    Driver driver(device);
    return error_of([&] { driver.run(program, std::vector<int8_t>(18)); });
  };
  EXPECT_EQ(error([](Program&) {}), "no error");
  EXPECT_EQ(
      error([](Program& p) { p.instructions[8][0] += 1; }),
      "matrix unit: error 3 (beyond the unified buffer) at instruction 8: Activate ub 63, acc "
      "0, 2 rows, set 0, identity; waits for matrix");
  EXPECT_EQ(error([](Program& p) { p.config.acc_depth = 128; }),
            "matrix unit: program for ACC_DEPTH = 128, but the unit has 64");
  const std::string late = error([](Program& p) { p.instructions.pop_back(); });
  EXPECT_NE(late.find("not halted after "), std::string::npos) << late;
  const std::string unasked = error([](Program& p) { p.instructions[1][1] = 6 | 1 << 24; });
  EXPECT_EQ(
      unasked,
      "matrix unit: error 6 (weights beyond the memory's end, or a tile that was not asked "
      "for) at instruction 6: Matrix_Multiply ub 2, acc 0, 2 rows, uses 1 x 3, switch, add; waits "
      "for input");
  const std::string tile = error([](Program& p) { p.instructions[1][0] = 1; });
  EXPECT_EQ(tile, "matrix unit: asks for beats 1 to 10 of weights, there are 9");
  const std::string count = error([](Program& p) { p.weights[6 * 8] = 9; });
  EXPECT_EQ(count,
            "matrix unit: error 11 (a count that does not agree with the stream of weights) in "
            "tile 2 of those asked for, bus 0");
}

// Any bit of the image that is not as it was compiled: nothing is clocked.
TEST(MxuDriver, RefusesADamagedImage) {
  const std::string damaged =
      "matrix unit: the program's image is damaged: its instructions, weights or parameters have "
      "another checksum than the one that they were compiled with; compile it again";
  const Config config = small_unit();
  const Program whole = compile(quantised_chain({9, 3}, 1), 2, config);
  const auto error = [&](const Program& program) {
    CycleDevice device(config);
    Driver driver(device);
    const std::string text = error_of([&] { driver.run(program, std::vector<int8_t>(18)); });
    EXPECT_EQ(driver.cycles() == 0, text != "no error");
    return text;
  };
  EXPECT_EQ(error(whole), "no error");
  Dice dice(5);
  for (int n = 0; n < 60; ++n) {
    Program program = whole;
    if (n % 3 == 0) {
      InstructionWords& words = program.instructions[dice.below(program.instructions.size())];
      words[dice.below(3)] ^= 1U << dice.below(32);
    } else {
      std::vector<uint8_t>& bytes = n % 3 == 1 ? program.weights : program.parameters;
      bytes[dice.below(bytes.size())] ^= static_cast<uint8_t>(1U << dice.below(8));
    }
    EXPECT_EQ(error(program), damaged);
  }
  Program cut = whole;
  cut.weights.resize(cut.weights.size() - 8);
  EXPECT_EQ(error(cut), damaged);
}

}  // namespace
}  // namespace sparsys::mxu
