// SPDX-License-Identifier: Apache-2.0
// Random networks through whole command lines of the program, from the file that comes in to the
// values that come out: the sanitised program does it all, and the ordinary one runs a few of them
// on the RTL. Values are compared between the levels, and with computations that share no code.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "golden/base/random.hpp"
#include "golden/format/onnx/export.hpp"
#include "golden/format/tflite/import.hpp"
#include "tb/fuzz/arrays.hpp"
#include "tb/fuzz/lines.hpp"
#include "tb/fuzz/workplace.hpp"
#include "tb/support/graph/random_graph.hpp"
#include "tb/support/graph/reference_network.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys::fuzz {
namespace {

// Runs of all tests, and what was refused: with few cases of a kind a check means little.
struct Count {
  const char* what;
  size_t runs = 0;
  size_t done = 0;
  size_t refused = 0;
  ~Count() {
    std::cout << what << ": " << runs << " command lines, " << done << " networks to the end, "
              << refused << " refused\n";
  }
};

std::vector<float> random_floats(int64_t count, float least, float most, uint64_t seed) {
  Random random(seed, 77);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = random.uniform(least, most);
  return values;
}

// The float network's outputs of `inputs`, by plain loops.
std::vector<double> expected_outputs(const Network& network, const std::vector<float>& inputs) {
  const auto size = static_cast<size_t>(element_count(network.input_shape));
  std::vector<double> outputs;
  for (size_t at = 0; at < inputs.size(); at += size) {
    const auto from = inputs.begin() + static_cast<long>(at);
    const Tensor made = reference(network, {from, from + static_cast<long>(size)})[network.output];
    outputs.insert(outputs.end(), made.values.begin(), made.values.end());
  }
  return outputs;
}

void expect_near(const std::vector<float>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 1;
  for (const double v : expected) largest = std::max(largest, std::abs(v));
  // Sums of a few hundred floats in any order.
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], 1e-4 * largest) << "value " << i;
  }
}

// net.onnx and x.npy with `samples` inputs; then float.model.
std::vector<float> import_graph(Workplace& place, const Network& network, int64_t samples,
                                uint64_t seed) {
  place.write("net.onnx", onnx_to_bytes(network));
  const int64_t size = element_count(network.input_shape);
  const std::vector<float> inputs = random_floats(samples * size, -2, 2, seed);
  place.write("x.npy", npy("<f4", {samples, size}, inputs));
  place.run({"import", "net.onnx", "--out", "float.model"}, {"float.model"});
  return inputs;
}

TEST(Networks, FloatGraphsAndWhatIsStoredOfThem) {
  Count count{"float graphs"};
  for_seeds(cases(8), [&](uint64_t seed) {
    Dice dice(seed);
    RandomGraphOptions options;
    options.steps = 2 + seed % 7;
    options.classes = dice.chance(30) ? 4 : 0;
    const Network network = random_graph(5000 + seed, options);
    Workplace place(sanitised_program());
    const std::vector<float> inputs = import_graph(place, network, 3, seed);
    const Words run{"run", "--input", "x.npy"};
    place.run(run + Words{"--model", "float.model", "--outputs", "y.npy"}, {"y.npy"});
    if (testing::Test::HasFailure()) return;
    expect_near(floats_of(place.read("y.npy")), expected_outputs(network, inputs));
    // One that may have been folded into another.
    const std::string tensor = network.nodes[dice.below(network.nodes.size())].output;
    place.run(run + Words{"--model", "float.model", "--tensor", tensor, "--outputs", "t.csv"},
              {"t.csv"}, Expect::kEither);
    place.run({"inspect", "float.model", "--json", "float.json"}, {"float.json"});
    place.run({"export", "float.model", "--out", "again.onnx", "--samples", "s.json"},
              {"again.onnx", "s.json"});
    place.run({"import", "again.onnx", "--out", "again.model"}, {"again.model"});
    place.run(run + Words{"--model", "again.model", "--expect", "y.npy", "--tolerance", "0"});
    // Networks without weights have nothing to compress.
    const Expect weights = layers(network).empty() ? Expect::kRefused : Expect::kDone;
    const Outcome stored = place.run(
        Words{"compress", "--model", "float.model", "--out", "net.sps"} + compression(dice, false),
        {"net.sps"}, weights);
    count.runs += place.runs();
    if (!stored.done) return;
    const size_t before = place.runs();
    place.run({"inspect", "net.sps"});
    place.run(run + Words{"--model", "net.sps", "--level", "float", "--outputs", "z.npy"},
              {"z.npy"});
    place.run({"export", "net.sps", "--out", "stored.onnx"}, {"stored.onnx"});
    place.run({"import", "stored.onnx", "--out", "stored.model"}, {"stored.model"});
    place.run(run + Words{"--model", "stored.model", "--expect", "z.npy", "--tolerance", "0"});
    count.runs += place.runs() - before;
    ++count.done;
  });
  if (!seed_is_given()) {
    EXPECT_GT(count.done, count.refused);
  }
}

TEST(Networks, BytesOnTheMatrixUnit) {
  Count count{"bytes"};
  for_seeds(cases(10), [&](uint64_t seed) {
    Dice dice(seed);
    RandomGraphOptions options;
    options.matrix_unit = true;
    options.steps = 1 + seed % 6;
    options.most = 200;
    options.classes = dice.chance(50) ? 3 : 0;
    const Network network = random_graph(6000 + seed, options);
    Workplace place(sanitised_program());
    import_graph(place, network, 3, seed);
    const std::vector<Shape> shapes = infer_shapes(network);
    const int64_t outputs = element_count(shapes.back());
    const bool classes = options.classes > 0 && dice.chance(70);
    write_data(place, "data", dice, network.input_shape, outputs,
               classes ? Targets::kClasses : Targets::kNumbers, dice.chance(50));
    Words data{"--data", "data"};
    if (!classes) data = data + Words{"--task", "regression"};
    // Networks with branches, tables and poolings of their own have no radix points.
    const bool radix = dice.chance(15);
    const Outcome made =
        place.run(Words{"quantise", "--model", "float.model", "--out", "int8.model"} + data +
                      quantisation(dice, radix),
                  {"int8.model"}, Expect::kEither);
    if (!made.done) {
      ++count.refused;
      count.runs += place.runs();
      if (!radix) std::cout << "seed " << seed << ": " << made.error << '\n';
      return;
    }
    const Words run{"run", "--model", "int8.model"};
    place.run(run + Words{"--input", "x.npy", "--level", "function", "--outputs", "y.npy"},
              {"y.npy"});
    const std::string side = pick(dice, {"3", "7", "8", "16"});
    const Words same{"--input", "x.npy", "--expect", "y.npy", "--tolerance", "0"};
    const Outcome cycle =
        place.run(run + same + Words{"--level", "cycle", "--array", side}, {}, Expect::kEither);
    // A small unit has small memories, but lines of accumulators suffice here.
    if (!cycle.done) {
      EXPECT_NE(cycle.error.find("accumulators"), std::string::npos) << cycle.error;
    }
    place.run(run + data +
                  Words{"--images", "5", "--level", "cycle", "--array", "8", "--batch", "2",
                        "--json", "run.json"},
              {"run.json"});
    place.run({"inspect", "int8.model"});
    // One that may have been joined to another.
    const std::string layer = network.nodes[dice.below(network.nodes.size())].name;
    place.run(run + Words{"--input", "x.npy", "--level", "function", "--tensor", layer, "--outputs",
                          "t.npy"},
              {"t.npy"}, Expect::kEither);
    count.runs += place.runs();
    ++count.done;
    if (seed > cases(2)) return;
    place.set_program(ordinary_program());
    place.run(run + same + Words{"--level", "rtl", "--array", "8"});
    ++count.runs;
  });
  if (!seed_is_given()) {
    EXPECT_GT(count.done, count.refused);
  }
}

TEST(Networks, ChainsOnTheSparseEngine) {
  Count count{"chains"};
  for_seeds(cases(6), [&](uint64_t seed) {
    Dice dice(seed);
    std::vector<int64_t> sizes;
    for (uint64_t l = 0; l < 2 + seed % 3; ++l) {
      sizes.push_back(static_cast<int64_t>(dice.between(1, 40)));
    }
    const Network network = small_chain(sizes, seed);
    Workplace place(sanitised_program());
    import_graph(place, network, 4, seed);
    const Words compress{"compress", "--model", "float.model", "--target", "eie", "--out"};
    // What does not come near enough to its real numbers is refused.
    const Outcome made = place.run(compress + Words{"net.eie"} + compression(dice, true) +
                                       Words{"--input", "x.npy", "--max-error", "1000"},
                                   {"net.eie"}, Expect::kEither);
    count.runs += place.runs();
    if (!made.done) {
      ++count.refused;
      std::cout << "seed " << seed << ": " << made.error << '\n';
      return;
    }
    const size_t before = place.runs();
    const Words run{"run", "--input", "x.npy", "--model"};
    place.run(run + Words{"net.eie", "--level", "function", "--outputs", "y.npy"}, {"y.npy"});
    const Words same{"--expect", "y.npy", "--tolerance", "0", "--pe"};
    const Words cycle = same + Words{pick(dice, {"1", "2", "8", "64"}), "--level", "cycle"};
    place.run(run + Words{"net.eie"} + cycle + Words{"--queue", pick(dice, {"1", "2", "8"})});
    place.run({"inspect", "net.eie", "--pe", "4"});
    place.run({"pack", "net.eie", "--out", "net.sps"}, {"net.sps"});
    place.run(run + Words{"net.sps"} + cycle);
    place.run({"unpack", "net.sps", "--out", "again.eie"}, {"again.eie"});
    EXPECT_EQ(place.read("net.eie"), place.read("again.eie"));
    place.run({"export", "net.eie", "--out", "net2.onnx"}, {"net2.onnx"});
    if (seed <= cases(2)) {
      place.set_program(ordinary_program());
      place.run(run + Words{"net.eie"} + same + Words{"4", "--level", "rtl"});
    }
    count.runs += place.runs() - before;
    ++count.done;
  });
  if (!seed_is_given()) {
    EXPECT_GT(count.done, count.refused);
  }
}

// Files of bytes: as the format's reference kernels, bit for bit.
TEST(Networks, FilesOfBytes) {
  Count count{"files of bytes"};
  for_seeds(cases(8), [&](uint64_t seed) {
    const TfliteModel model = random_tflite_model(300 + seed);
    const std::vector<uint8_t> bytes = model.bytes();
    const mxu::Network network = tflite_from_bytes(bytes.data(), bytes.size(), "net.tflite");
    const TfliteSamples samples = samples_of(model, network, 4, seed);
    const mxu::Layer& first = network.layers.front();
    const mxu::Layer& last = network.layers.back();
    std::vector<float> inputs;
    for (const int8_t q : samples.inputs) {
      inputs.push_back(first.input_scale * static_cast<float>(q - first.input_zero));
    }
    std::vector<float> outputs;
    for (const int8_t q : samples.outputs) {
      outputs.push_back(last.output_scale * static_cast<float>(q - last.output_zero));
    }
    const auto of = [](const std::vector<float>& values) {
      return npy("<f4", {4, static_cast<int64_t>(values.size() / 4)}, values);
    };
    Workplace place(sanitised_program());
    place.write("net.tflite", bytes);
    place.write("x.npy", of(inputs));
    place.write("y.npy", of(outputs));
    place.run({"import", "net.tflite", "--out", "net.int8"}, {"net.int8"});
    const Words run{"run",      "--model", "net.int8",    "--input", "x.npy",
                    "--expect", "y.npy",   "--tolerance", "0",       "--level"};
    place.run(run + Words{"function"});
    place.run(run + Words{"cycle", "--array", "8"});
    count.runs += place.runs();
    ++count.done;
  });
}

}  // namespace
}  // namespace sparsys::fuzz
