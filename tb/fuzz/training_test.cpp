// SPDX-License-Identifier: Apache-2.0
// Data of all kinds through whole command lines under the sanitizers: train, compress, quantise,
// run. What is learnt is for other tests; here nothing may break.
#include <gtest/gtest.h>

#include <iostream>

#include "golden/format/onnx/export.hpp"
#include "tb/fuzz/arrays.hpp"
#include "tb/fuzz/lines.hpp"
#include "tb/fuzz/workplace.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/small_networks.hpp"

namespace sparsys::fuzz {
namespace {

TEST(Training, DataOfAllKinds) {
  size_t runs = 0;
  size_t trained = 0;
  for_seeds(cases(6), [&](uint64_t seed) {
    Dice dice(seed);
    const auto targets = static_cast<Targets>(seed % 3);
    const bool itself = targets == Targets::kNone;  // an autoencoder
    Network network;
    if (dice.chance(50)) {
      const auto inputs = static_cast<int64_t>(dice.between(2, 20));
      const auto hidden = static_cast<int64_t>(dice.between(1, 12));
      network = small_chain({inputs, hidden, itself ? inputs : 3}, seed);
    } else {
      RandomGraphOptions options;
      options.matrix_unit = true;
      options.steps = 1 + seed % 4;
      options.most = 150;
      options.classes = 3;
      network = random_graph(7000 + seed, options);
      if (itself) network = small_chain({9, 4, 9}, seed);
    }
    const int64_t outputs = element_count(infer_shapes(network).back());
    Workplace place(sanitised_program());
    place.write("net.onnx", onnx_to_bytes(network));
    write_data(place, "data", dice, network.input_shape, itself ? 0 : outputs, targets,
               dice.chance(50));
    const Words data{"--data", "data", "--seed", std::to_string(seed)};
    Words train{"train", "--network", "net.onnx", "--out", "float.model", "--epochs", "2"};
    if (dice.chance(50)) train = train + Words{"--fresh"};
    if (dice.chance(30)) train = train + Words{"--batch", pick(dice, {"1", "7", "1000"})};
    if (dice.chance(30)) train = train + Words{"--limit", pick(dice, {"12", "40"})};
    if (dice.chance(30)) train = train + Words{"--momentum", "0"};
    const Words optimiser{"--optimiser", pick(dice, {"momentum", "adam"})};
    if (dice.chance(50)) train = train + optimiser;
    // So few steps may come to nothing, which is told.
    const Outcome made = place.run(train + data, {"float.model"}, Expect::kEither);
    if (!made.done) {
      std::cout << "seed " << seed << ": " << made.error << '\n';
      place.run({"import", "net.onnx", "--out", "float.model"}, {"float.model"});
    } else {
      ++trained;
    }
    Words task;
    if (targets == Targets::kNumbers) task = {"--task", "regression"};
    if (itself) task = {"--task", "autoencoder"};
    Words compress{"compress", "--model",          "float.model", "--out",
                   "net.sps",  "--prune-rounds",   "2",           "--round-epochs",
                   "1",        "--retrain-epochs", "2",           "--fine-tune-epochs",
                   "1"};
    if (dice.chance(50)) compress = compress + Words{"--teacher", "0.5"};
    if (dice.chance(50)) compress = compress + Words{"--reassign-epochs", "1", "--entropy", "0.01"};
    if (dice.chance(50)) compress = compress + Words{"--bias-bits", "3"};
    if (dice.chance(50)) compress = compress + Words{"--batch", "7"} + optimiser;
    // Distillation softens scores of classes, which numbers are not.
    place.run(compress + data + task, {"net.sps"},
              targets == Targets::kClasses ? Expect::kDone : Expect::kEither);
    place.run(Words{"quantise", "--model", "float.model", "--out", "net.int8"} + data + task,
              {"net.int8"}, Expect::kEither);
    if (place.has("net.int8")) {
      place.run(
          Words{"run", "--model", "net.int8", "--level", "cycle", "--array", "4", "--images", "4"} +
          data + task);
    }
    runs += place.runs();
  });
  std::cout << runs << " command lines, " << trained << " networks trained\n";
  if (!seed_is_given()) {
    EXPECT_GT(trained, 0U);
  }
}

}  // namespace
}  // namespace sparsys::fuzz
