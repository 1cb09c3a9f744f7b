// SPDX-License-Identifier: Apache-2.0
// Command lines that are wrong: damaged files, data that do not fit, files that are missing or
// cannot be written, an output that is an input, options out of range and words that are none. All
// end with one line, and leave what there is as it was.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "golden/format/onnx/export.hpp"
#include "tb/fuzz/arrays.hpp"
#include "tb/fuzz/lines.hpp"
#include "tb/fuzz/workplace.hpp"
#include "tb/support/fuzz.hpp"
#include "tb/support/seeds.hpp"
#include "tb/support/small_networks.hpp"
#include "tb/support/tflite_models.hpp"

namespace sparsys::fuzz {
namespace {

// A right command line and what it reads and writes.
struct Line {
  Words words;
  Words reads;
  Words writes;
};

// One network as files of all kinds, and data; made once.
class WrongLines : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    place_ = new Workplace(sanitised_program());
    Workplace& place = *place_;
    Dice dice(1);
    const Network network = small_chain({6, 5, 3}, 2);
    place.write("net.onnx", onnx_to_bytes(network));
    place.write("net.tflite", random_tflite_model(3).bytes());
    place.write("x.npy", npy("<f4", {2, 6}, std::vector<float>(12, 0.5F)));
    write_data(place, "data", dice, {1, 6}, 3, Targets::kClasses, true);
    place.run({"import", "net.onnx", "--out", "float.model"}, {"float.model"});
    place.run({"import", "net.tflite", "--out", "file.int8"}, {"file.int8"});
    place.run(
        {"compress", "--model", "float.model", "--out", "net.sps", "--no-data", "--bits", "3"},
        {"net.sps"});
    place.run({"compress", "--model", "float.model", "--out", "net.eie", "--no-data", "--bits", "3",
               "--target", "eie"},
              {"net.eie"});
    place.run({"pack", "net.eie", "--out", "engine.sps"}, {"engine.sps"});
    place.run({"quantise", "--model", "float.model", "--out", "net.int8", "--data", "data"},
              {"net.int8"});
    place.run({"run", "--model", "float.model", "--input", "x.npy", "--outputs", "y.npy"},
              {"y.npy"});
  }
  static void TearDownTestSuite() {
    delete place_;
    place_ = nullptr;
  }

  static std::vector<Line> lines() {
    const Words quick{"--prune-rounds", "1", "--retrain-epochs", "1", "--fine-tune-epochs", "1"};
    return {
        {{"import", "net.onnx", "--out", "o.model"}, {"net.onnx"}, {"o.model"}},
        {{"import", "net.tflite", "--out", "o.int8"}, {"net.tflite"}, {"o.int8"}},
        {{"export", "float.model", "--out", "o.onnx", "--samples", "o.json"},
         {"float.model"},
         {"o.onnx", "o.json"}},
        {{"export", "net.sps", "--out", "o.onnx"}, {"net.sps"}, {"o.onnx"}},
        {{"compress", "--model", "float.model", "--out", "o.sps", "--no-data", "--json", "o.json"},
         {"float.model"},
         {"o.sps", "o.json"}},
        {{"compress", "--model", "float.model", "--out", "o.eie", "--no-data", "--target", "eie",
          "--bits", "3", "--input", "x.npy"},
         {"float.model", "x.npy"},
         {"o.eie"}},
        {Words{"compress", "--model", "float.model", "--out", "o.sps", "--data", "data", "--bits",
               "3", "--json", "o.json"} +
             quick,
         {"float.model", "data/x_train.npy", "data/y_train.npy"},
         {"o.sps", "o.json"}},
        {{"quantise", "--model", "float.model", "--out", "o.int8", "--data", "data", "--json",
          "o.json"},
         {"float.model", "data/x_train.npy", "data/x_test.npy", "data/y_test.npy"},
         {"o.int8", "o.json"}},
        {{"train", "--network", "float.model", "--data", "data", "--epochs", "1", "--out",
          "o.model"},
         {"float.model", "data/x_train.npy", "data/y_train.npy"},
         {"o.model"}},
        {{"pack", "net.eie", "--out", "o.sps", "--json", "o.json"},
         {"net.eie"},
         {"o.sps", "o.json"}},
        {{"unpack", "engine.sps", "--out", "o.eie"}, {"engine.sps"}, {"o.eie"}},
        {{"inspect", "net.eie", "--json", "o.json"}, {"net.eie"}, {"o.json"}},
        {{"run", "--model", "float.model", "--input", "x.npy", "--expect", "y.npy", "--outputs",
          "o.npy", "--json", "o.json"},
         {"float.model", "x.npy", "y.npy"},
         {"o.npy", "o.json"}},
        {{"run", "--model", "net.int8", "--level", "cycle", "--array", "4", "--data", "data",
          "--images", "3", "--json", "o.json"},
         {"net.int8", "data/x_test.npy"},
         {"o.json"}},
        {{"run", "--model", "net.eie", "--level", "cycle", "--pe", "2", "--data", "data",
          "--images", "3", "--outputs", "o.csv", "--json", "o.json"},
         {"net.eie", "data/x_test.npy"},
         {"o.csv", "o.json"}},
        {{"run", "--model", "net.sps", "--level", "function", "--data", "data", "--images", "3",
          "--outputs", "o.json"},
         {"net.sps", "data/x_train.npy"},
         {"o.json"}},
        {{"layer", "--shape", "20x30", "--density", ".2", "--pe", "4", "--json", "o.json"},
         {},
         {"o.json"}},
        {{"gemm", "--shape", "2x9x7", "--array-rows", "4", "--array-cols", "4", "--tile-rows", "4",
          "--tile-cols", "4", "--json", "o.json"},
         {},
         {"o.json"}},
    };
  }

  static void replace(Words& words, const std::string& from, const std::string& to) {
    for (std::string& word : words) {
      if (word == from) word = to;
    }
  }
  static Workplace& place() { return *place_; }
  // Of a line that may be done: what it wrote goes.
  static void clean(const Line& line) {
    for (const std::string& name : line.writes) place().remove(name);
  }

  static Workplace* place_;
};

Workplace* WrongLines::place_ = nullptr;

// All of them are right as they are, or the rest means nothing.
TEST_F(WrongLines, AreRightBefore) {
  for (const Line& line : lines()) {
    place().run(line.words, line.writes);
    clean(line);
  }
}

TEST_F(WrongLines, AnOutputThatIsAnInput) {
  for (const Line& line : lines()) {
    for (const std::string& output : line.writes) {
      for (const std::string& input : line.reads) {
        Words words = line.words;
        replace(words, output, "./" + input);
        // Values are written by the name's end, which is looked at first.
        const bool named = input.find(".npy") != std::string::npos;
        const bool values = std::find(words.begin(), words.end(), "--outputs") + 1 ==
                            std::find(words.begin(), words.end(), "./" + input);
        place().refuse(
            values && !named ? "expected a name that ends in" : "is also read by this command",
            words);
      }
    }
    if (line.writes.size() < 2) continue;
    Words words = line.words;
    replace(words, line.writes[1], line.writes[0]);
    place().run(words, {}, Expect::kRefused);
  }
}

TEST_F(WrongLines, FilesThatAreMissingOrNoFiles) {
  for (const Line& line : lines()) {
    for (const std::string& input : line.reads) {
      if (input.rfind("data/", 0) == 0) continue;  // a part of what is named
      Words words = line.words;
      replace(words, input, "nowhere/" + input);
      place().run(words, {}, Expect::kRefused);
      words = line.words;
      replace(words, input, "data");
      place().run(words, {}, Expect::kRefused);
    }
    for (const std::string& output : line.writes) {
      Words words = line.words;
      replace(words, output, "nowhere/" + output);
      place().refuse("nowhere/" + output, words);
    }
  }
}

// The second of two outputs cannot be written, or what is said cannot; seen at the end only.
TEST_F(WrongLines, FailuresAtTheEndLeaveNothing) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  for (const Line& line : lines()) {
    for (const std::string& output : line.writes) {
      if (output != "o.json" || line.writes.size() < 2) continue;
      Words words = line.words;
      replace(words, output, "/dev/full");
      place().run(words, {}, Expect::kRefused);
    }
  }
}

// Damaged files of all kinds: done, if what is left is sound, or refused.
TEST_F(WrongLines, DamagedFiles) {
  const std::vector<Line> all = lines();
  size_t done = 0;
  size_t refused = 0;
  for_seeds(cases(50), [&](uint64_t seed) {
    Dice dice(seed);
    Random random(seed, 600);
    const Line* line = nullptr;
    do line = &all[dice.below(all.size())];
    while (line->reads.empty());
    const std::string input = line->reads[dice.below(line->reads.size())];
    const std::vector<uint8_t> good = place().read(input);
    std::vector<uint8_t> bytes = good;
    if (dice.chance(40)) {
      bytes.resize(dice.below(good.size()));
    } else if (dice.chance(50)) {
      for (uint64_t n = 1 + dice.below(3); n > 0; --n) {
        bytes[dice.below(bytes.size())] ^= static_cast<uint8_t>(1U << dice.below(8));
      }
    } else {
      bytes = damaged({good, place().read("net.onnx"), place().read("x.npy")}, 0, 3, 30, random);
    }
    const bool whole = bytes == good;
    place().write(input, bytes);
    const Outcome outcome = place().run(line->words, line->writes, Expect::kEither);
    // Our own files have a checksum.
    const bool checked =
        input.find(".model") != std::string::npos || input.find(".sps") != std::string::npos ||
        input.find(".eie") != std::string::npos || input.find(".int8") != std::string::npos;
    EXPECT_FALSE(checked && outcome.done && !whole) << input;
    (outcome.done ? done : refused) += 1;
    place().write(input, good);
    clean(*line);
  });
  std::cout << done << " done, " << refused << " refused\n";
}

// Values of options that are not what they should be, words that are none, words left out.
TEST_F(WrongLines, Words) {
  const std::vector<Line> all = lines();
  const Words odd{"",
                  "-1",
                  "0",
                  "1",
                  "3",
                  "nan",
                  "inf",
                  "1e300",
                  "-0.5",
                  "1e-40",
                  "65536",
                  "4294967296",
                  "18446744073709551616",
                  "9999999999999",
                  "0x10",
                  "1,2,3",
                  ",",
                  "auto",
                  "none",
                  "--help",
                  "1x1x1",
                  "é",
                  "%s%n",
                  "../data"};
  const Words options{"--seed",
                      "--threads",
                      "--limit",
                      "--density",
                      "--bits",
                      "--bias-bits",
                      "--quality",
                      "--balance",
                      "--index-bits",
                      "--entropy",
                      "--images",
                      "--first",
                      "--pe",
                      "--queue",
                      "--entries",
                      "--pointers",
                      "--act-ram",
                      "--act-registers",
                      "--codebooks",
                      "--list",
                      "--array",
                      "--batch",
                      "--tolerance",
                      "--samples",
                      "--percentile",
                      "--constants",
                      "--headroom",
                      "--max-error",
                      "--epochs",
                      "--learning-rate",
                      "--momentum",
                      "--scale",
                      "--offset",
                      "--dim",
                      "--input",
                      "--output",
                      "--tensor",
                      "--task",
                      "--level",
                      "--scheme",
                      "--weight-bandwidth",
                      "--input-scale",
                      "--input-offset",
                      "--weight-decay",
                      "--max-weight-error",
                      "--rows",
                      "--outputs",
                      "--shape",
                      "--target"};
  size_t done = 0;
  size_t refused = 0;
  for_seeds(cases(80), [&](uint64_t seed) {
    Dice dice(seed);
    const Line& line = all[dice.below(all.size())];
    Words words = line.words;
    switch (dice.below(5)) {
      case 0:  // a word is left out
        words.erase(words.begin() + static_cast<long>(dice.below(words.size())));
        break;
      case 1:  // a word becomes another
        words[1 + dice.below(words.size() - 1)] = pick(dice, odd);
        break;
      default:  // an option more, of this command or not
        words.push_back(pick(dice, options));
        words.push_back(pick(dice, odd));
    }
    // What would be written elsewhere, or trained for days, is no case.
    for (size_t w = 0; w + 1 < words.size(); ++w) {
      const bool names = words[w] == "--out" || words[w] == "--outputs" || words[w] == "--json" ||
                         words[w] == "--samples";
      const bool ours = words[w + 1].rfind("o.", 0) == 0;
      if (names && !ours) return;
      if (words[w] == "--epochs" && words[w + 1].size() > 3) return;
    }
    Words writes;
    const bool help = std::find(words.begin(), words.end(), "--help") != words.end();
    for (const std::string& name : help ? Words{} : line.writes) {
      if (std::find(words.begin(), words.end(), name) != words.end()) writes.push_back(name);
    }
    const Outcome outcome = place().run(words, writes, Expect::kEither);
    (outcome.done ? done : refused) += 1;
    clean(line);
  });
  std::cout << done << " done, " << refused << " refused\n";
  if (!seed_is_given()) {
    EXPECT_GT(refused, done);
  }
}

TEST_F(WrongLines, DataThatDoNotFit) {
  Dice dice(5);
  write_data(place(), "wide", dice, {1, 7}, 3, Targets::kClasses, true);
  write_data(place(), "many", dice, {1, 6}, 9, Targets::kClasses, true);
  write_data(place(), "bare", dice, {1, 6}, 3, Targets::kNone, true);
  const std::vector<std::string> commands{"quantise", "compress"};
  for (const std::string& command : commands) {
    const Words line{command, "--model", "float.model", "--out", "o.model", "--data"};
    place().refuse("wide", line + Words{"wide"});
    place().refuse("bare", line + Words{"bare"});
    place().run(line + Words{"many"}, {}, Expect::kRefused);
  }
  place().refuse("9 classes",
                 {"train", "--network", "float.model", "--out", "o.model", "--data", "many"});
  for (const char* model : {"net.eie", "net.int8", "net.sps", "float.model"}) {
    const bool is_float = std::string(model) == "float.model";
    const Words line{"run",      "--model", model,   "--level", is_float ? "float" : "function",
                     "--images", "3",       "--data"};
    place().refuse("wide", line + Words{"wide"});
    place().refuse("bare", line + Words{"bare"});
    place().refuse("9 classes", line + Words{"many"});
    place().run(line + Words{"bare", "--no-labels"});
  }
  for (const char* name : {"wide", "many", "bare"}) place().remove(name);
}

}  // namespace
}  // namespace sparsys::fuzz
