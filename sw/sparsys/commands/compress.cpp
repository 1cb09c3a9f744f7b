// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/compress/sparse_engine/split.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/data/fits.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/host/host.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/commands/run_values.hpp"
#include "sw/sparsys/report/compression.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/describe_split.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/score.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Options of int8.
struct QuantisationArguments {
  std::string scheme = "affine";
  std::string outputs;  // empty: by the task
  double percentile = 100;
  uint32_t samples = 1000;
};

// That choose radix points without data.
constexpr Eigen::Index kRandomSamples = 200;

// Options of the sparse engine's numbers.
struct EngineArguments {
  std::string input;
  SparseEngineOptions options;
  std::string front = "float";
  double max_error_pct = 100 * kMostLoss;
};

struct Arguments {
  DataOptions data;
  CompressionArguments compression;
  EngineArguments engine;
  StoreOptions store;
  std::string coding = "huffman";
  std::string model;
  std::string out;
  std::string target = "stored";
  std::string checkpoints;
  std::string json;
  bool no_data = false;
  bool no_test = false;
  uint64_t seed = 1;
  QuantisationArguments quantisation;
  // Options of one target alone; null if the command has none.
  CLI::App* deep = nullptr;
  CLI::App* fixed = nullptr;
  CLI::App* int8 = nullptr;
};

class Compression {
 public:
  explicit Compression(Arguments& arguments)
      : arguments_(arguments), table_(arguments.json != "-") {}

  void run() {
    check_usage();
    check_outputs({arguments_.out, arguments_.json},
                  {arguments_.model, arguments_.engine.input,
                   arguments_.no_data ? "" : arguments_.data.input()});
    trained_ = read_network(arguments_.model);
    const bool mxu = arguments_.target == "mxu";
    mxu ? quantise_network() : compress();
    // At the end: what fails before leaves nothing.
    FilesTogether files;
    write_file_atomically(arguments_.out, made_.data(), made_.size());
    if (table_) {
      listing_.print(std::cout);
      std::cout << "written: " << arguments_.out << std::endl;
    }
    write_json(arguments_.json, result_);
    commit(files);
  }

 private:
  void check_usage() const {
    const std::string target = "is not for --target " + arguments_.target;
    if (arguments_.target != "eie" && arguments_.fixed != nullptr) {
      refuse_given(*arguments_.fixed, target);
    }
    if (arguments_.target == "mxu") {
      if (arguments_.deep != nullptr) refuse_given(*arguments_.deep, target);
      return;
    }
    refuse_given(*arguments_.int8, target);
    if (!arguments_.engine.input.empty() && !arguments_.no_data) {
      throw Error("--input: is for --no-data; else training samples choose radix points");
    }
    if (arguments_.no_data && !arguments_.checkpoints.empty()) {
      throw Error("--checkpoints: nothing is trained with --no-data");
    }
    if (arguments_.coding == "huffman") return;
    if (arguments_.target != "stored") throw Error("--coding: " + target);
    if (arguments_.store.index_bits != 0) {
      throw Error("--index-bits: an arithmetic stream has no indices");
    }
  }

  void load_data() {
    arguments_.data.seed = arguments_.seed;
    arguments_.data.expect(trained_);
    data_ = arguments_.data.load(true, table_);
    const std::vector<Shape> shapes = infer_shapes(trained_);
    check_image_size(static_cast<uint64_t>(element_count(shapes.front())), *data_,
                     arguments_.model);
    check_outputs_fit(printable(arguments_.model, 0),
                      static_cast<uint64_t>(element_count(shapes.back())), *data_);
  }

  // Of --input, or random as pixels are: inputs x samples, as the network takes them.
  Eigen::MatrixXf sample() {
    const Eigen::Index size = element_count(trained_.input_shape);
    if (arguments_.engine.input.empty()) {
      Random random(arguments_.seed);
      listing_.add("radix points", "by " + std::to_string(kRandomSamples) +
                                       " random inputs, pixels 0 to 255; --input FILE gives "
                                       "others");
      return Eigen::MatrixXf::NullaryExpr(size, kRandomSamples, [&] {
        return static_cast<float>(random.below(256)) * trained_.input_scale + trained_.input_offset;
      });
    }
    uint64_t count = 0;
    const std::vector<float> values =
        input_samples(arguments_.engine.input, static_cast<uint64_t>(size), count);
    const Eigen::MatrixXf found =
        Eigen::Map<const Eigen::MatrixXf>(values.data(), size, static_cast<Eigen::Index>(count));
    const auto negative = (found.array() < trained_.input_offset).cast<float>().mean() * 100.0F;
    result_["negative_inputs_pct"] = negative;
    if (negative > 0) {
      listing_.add("inputs", percent_text(static_cast<double>(negative)) +
                                 " are negative: the engine skips only zeros, so signed inputs "
                                 "take more cycles");
    }
    return found;
  }

  // Deep Compression.
  void compress() {
    const bool engine = arguments_.target == "eie";
    DeepCompressionOptions options;
    if (!engine) options = deep_compression_recipe(trained_);
    if (arguments_.no_data) {
      options.densities.clear();
      options.qualities.clear();
    }
    arguments_.compression.apply_to(options, trained_, printable(arguments_.model, 0));
    options.seed = arguments_.seed;
    options.threads = arguments_.data.threads;
    options.progress = training_progress();
    // Told before the training.
    EngineLayers on_engine;
    if (engine) {
      on_engine = engine_layers(trained_, arguments_.engine.options.cut);
      if (on_engine.first > 0) {
        // The front's layers may have more than the engine's 15 values.
        options.sharing.bits.assign(layers(trained_).size(), 4);
        std::fill_n(options.sharing.bits.begin(), on_engine.first, 8);
      }
    }
    if (!arguments_.no_data) {
      load_data();
      options.validation_count = DataOptions::validation_count(*data_);
      adapt(options, *data_, arguments_.compression.optimiser());
      arguments_.compression.apply_to(options, trained_, printable(arguments_.model, 0));
    }
    if (!arguments_.checkpoints.empty()) {
      make_directory(arguments_.checkpoints);
      options.checkpoints = arguments_.checkpoints;
    }
    DeepCompressionReport report;
    const SharedNetwork shared =
        deep_compress(trained_, data_ ? &*data_ : nullptr, options, &report);
    result_ = {{"name", printable(trained_.name, 0)}, {"target", arguments_.target}};
    if (engine) {
      SparseEngineOptions how = arguments_.engine.options;
      how.int8_front = arguments_.engine.front == "int8";
      how.threads = options.threads;
      const eie::SplitNetwork network =
          data_ ? to_sparse_engine(shared, *data_, options.validation_count, &report, how)
                : to_sparse_engine(shared, sample(), &report, how);
      check_loss(printable(arguments_.model, 0), report.fixed_point,
                 arguments_.engine.max_error_pct / 100);
      made_ = network.is_plain() ? model_to_bytes(network.engine) : split_to_bytes(network);
      add_steps(report);
      add_parts(network);
      result_["fixed_point"] = describe(report.fixed_point);
      if (table_) {
        print_fixed_point(std::cout, report.fixed_point);
        std::cout << '\n';
      }
      finish_engine(network);
    } else {
      StoredReport stored;
      StoreOptions how = arguments_.store;
      if (arguments_.coding == "arithmetic") how.coding = Coding::kArithmetic;
      made_ = store(shared, how, &stored);
      add_steps(report);
      finish_stored(describe(stored), report.steps.back().density);
    }
  }

  void add_steps(const DeepCompressionReport& report) {
    result_["steps"] = describe(report);
    if (!table_) return;
    std::cout << '\n';
    print_steps(std::cout, report);
    std::cout << '\n';
  }

  void add_errors(const Score& compressed, const std::string& how) {
    const Score before = test_score(trained_, *data_, arguments_.data.threads);
    add_error(result_, "float_", before);
    add_error(result_, "compressed_", compressed);
    listing_.add("test error",
                 error_text(before) + " before, " + error_text(compressed) + " after" + how);
  }

  void add_size(uint64_t original, uint64_t stored) {
    const double ratio = static_cast<double>(original) / static_cast<double>(stored);
    result_["original_bytes"] = original;
    result_["stored_bytes"] = stored;
    result_["ratio"] = ratio;
    listing_.add("size", grouped(original) + " bytes of 32-bit floats, file " + grouped(stored) +
                             " bytes: " + fixed(ratio, 1) + " times smaller");
  }

  // Which part runs where, if there is more than the engine's.
  void add_parts(const eie::SplitNetwork& network) {
    if (network.is_plain()) return;
    result_["parts"] = describe_parts(network);
    result_["cut"] = printable(network.cut);
    listing_.add("hand-over", hand_over_text(network));
    if (!table_) return;
    print_parts(std::cout, result_["parts"]);
    std::cout << "  cut at " << quoted(network.cut) << ": " << network.reason << "\n\n";
  }

  void finish_engine(const eie::SplitNetwork& network) {
    uint64_t weights = 0;
    uint64_t nonzeros = 0;
    for (const json& part : describe_parts(network)) {
      weights += part["weights"].get<uint64_t>();
      nonzeros += part["nonzeros"].get<uint64_t>();
    }
    listing_.add("weights kept", share_text(nonzeros, weights));
    add_size(4 * weights, made_.size());
    if (arguments_.no_test || !data_) return;
    add_errors(eie::score(network, data_->samples(data_->test), data_->targets(data_->test),
                          data_->test_count(), arguments_.data.threads),
               " (functional model of the engine)");
  }

  void finish_stored(const json& stored, double density) {
    if (table_) {
      // The paper's figures are of MNIST.
      const bool mnist = (data_ ? data_->name : trained_.origin) == "mnist";
      print_beside_paper(std::cout, stored, mnist ? trained_.name : "");
      std::cout << '\n';
    }
    result_["layers"] = stored["layers"];
    listing_.add("weights kept", percent_text(100 * density));
    add_size(stored["original_bytes"], stored["stored_bytes"]);
    // Of what the file holds.
    if (data_ && !arguments_.no_test) {
      const Network decoded = load_stored_network(made_).decode();
      add_errors(test_score(decoded, *data_, arguments_.data.threads), "");
    }
  }

  // Signed bytes, by the values on training images, none of them of the validation images.
  void quantise_network() {
    const QuantisationArguments& how = arguments_.quantisation;
    load_data();
    const Dataset& data = *data_;
    const uint32_t validation = DataOptions::validation_count(data);
    const size_t first = data.train_count() - validation;
    QuantisationOptions options;
    for (const QuantisationScheme scheme :
         {QuantisationScheme::kAffine, QuantisationScheme::kRadix, QuantisationScheme::kShared}) {
      if (how.scheme == to_string(scheme)) options.scheme = scheme;
    }
    const bool scores =
        how.outputs.empty() ? data.task == DataTask::kClassification : how.outputs == "scores";
    options.outputs = scores ? QuantisationOutputs::kScores : QuantisationOutputs::kValues;
    options.percentile = how.percentile;
    options.threads = arguments_.data.threads;
    const size_t samples = std::min<size_t>(how.samples, first);
    const mxu::Network quantised = quantise(trained_, data.samples(data.train), samples, options);
    made_ = model_to_bytes(quantised);

    result_ = {{"model", printable(trained_.name)},
               {"target", "mxu"},
               {"scheme", how.scheme},
               {"outputs", to_string(options.outputs)},
               {"percentile", how.percentile},
               {"samples", samples},
               {"weights", describe(quantised)["weights"]}};
    listing_.add("scheme", how.scheme + ", values of " + grouped(static_cast<int64_t>(samples)) +
                               " training images");
    listing_.add("weights", grouped(result_["weights"]) + " bytes");
    const auto add = [&](const std::string& kind, const SampleSet& part, size_t from,
                         size_t count) {
      const Samples inputs = data.samples(part, from);
      const Targets targets = data.targets(part, from);
      const Score before = score(trained_, inputs, targets, count, options.threads);
      const Score after = score(quantised, inputs, targets, count, options.threads);
      const std::string key = kind == "test" ? "" : kind + "_";
      add_error(result_, "float_" + key, before);
      add_error(result_, "int8_" + key, after);
      listing_.add(kind + " error", error_text(before) + " before, " + error_text(after) +
                                        " after (functional model of the matrix unit)");
    };
    add("validation", data.train, first, validation);
    if (arguments_.no_test) return;
    add("test", data.test, 0, data.test_count());
  }

  Arguments& arguments_;
  bool table_;
  Network trained_;
  std::optional<Dataset> data_;
  std::vector<uint8_t> made_;  // what --out will hold
  json result_;
  Listing listing_;
};

void add_deep_compression(CLI::App& group, Arguments& arguments) {
  group.add_flag("--no-data", arguments.no_data,
                 "Without images: prune once as --density or --quality say, else keep the zeros; "
                 "share the weights; that is all");
  arguments.compression.add_to(group, true);
  add_value(group, "--index-bits", arguments.store.index_bits,
            "Width of the relative indices in the stored model, 1 to " +
                std::to_string(kMaxIndexBits) + "; 0: the best for each layer")
      ->check(CLI::Range(0U, kMaxIndexBits));
  add_value(group, "--coding", arguments.coding,
            "Of the stored model: huffman, as the paper has it; arithmetic: adaptive arithmetic "
            "coding with contexts, which takes fewer bytes")
      ->check(CLI::IsMember({"huffman", "arithmetic"}))
      ->type_name("CODING");
  group
      .add_option("--checkpoints", arguments.checkpoints,
                  "Directory in which steps are kept as they go: the same command again goes on "
                  "where it was stopped (Ctrl-C)")
      ->type_name("DIR");
}

void add_fixed_point(CLI::App& group, EngineArguments& arguments) {
  group
      .add_option(
          "--cut", arguments.options.cut,
          "Value of the network from which on it runs on the engine; what is in front of it "
          "runs on the host. Else the first with only fully connected layers behind it")
      ->type_name("VALUE");
  add_value(group, "--front", arguments.front,
            "Arithmetic of what runs on the host in front of the engine: float or int8")
      ->check(CLI::IsMember({"float", "int8"}));
  group
      .add_option("--input", arguments.input,
                  "With --no-data: samples that choose radix points, as the network takes them: "
                  ".npy, .csv or .json; else random ones do")
      ->type_name("FILE");
  add_value(group, "--constants", arguments.options.fixed_point.constants,
            "Constant inputs of each layer, of which its biases are made, 1 to 6; 0: 2, or more if "
            "biases are not met else")
      ->check(CLI::Range(0, 6));
  add_value(group, "--headroom", arguments.options.fixed_point.headroom,
            "Largest activation that can be represented, as a multiple of the largest one that the "
            "sample gives")
      ->check(CLI::Range(1.0, 1024.0));
  add_value(group, "--max-error", arguments.max_error_pct,
            "Refuse the network if an output of the engine is off by more than this, in per cent "
            "of the largest, on the sample that chooses radix points")
      ->check(CLI::Range(0.0, 1e6));
}

void add_quantisation(CLI::App& group, QuantisationArguments& arguments) {
  add_value(group, "--scheme", arguments.scheme,
            "affine: a scale for each output's weights, scale and zero point for values; shared: "
            "the same with a scale for each layer's weights, so that shared ones stay shared; "
            "radix: powers of two for each layer")
      ->check(CLI::IsMember({"affine", "radix", "shared"}))
      ->type_name("SCHEME");
  group
      .add_option(
          "--outputs", arguments.outputs,
          "scores: of classes, their softmax shall change least; values: as other values, the "
          "default of numbers and autoencoders")
      ->check(CLI::IsMember({"scores", "values"}))
      ->type_name("KIND");
  add_value(group, "--percentile", arguments.percentile,
            "Of affine scales: 100 - X per cent of a layer's values at most may be above its "
            "range, and as many below; above 50")
      ->check(CLI::Range(50.0, 100.0));
  add_value(group, "--samples", arguments.samples, "Training images that decide on scales")
      ->check(CLI::Range(1, 1000000));
}

// `compress`, or under another name that for `target`.
CLI::App* add(CLI::App& program, const char* name, const char* target, const char* description) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(name, description);
  command
      ->add_option("MODEL,--model", arguments->model,
                   "Float model, as `sparsys train` and `sparsys import` write it, or an ONNX file")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--out", arguments->out, "Network to write")
      ->required()
      ->type_name("FILE");
  if (target != nullptr) {
    arguments->target = target;
  } else {
    command
        ->add_option(
            "--target", arguments->target,
            "stored: stored model, of any network; eie: network whose fully connected layers "
            "run on the sparse engine in 16-bit fixed point, with up to 15 values, and "
            "what is in front of them on the host; mxu: 8-bit network of the matrix unit")
        ->check(CLI::IsMember({"stored", "eie", "mxu"}))
        ->capture_default_str()
        ->type_name("TARGET");
  }
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  command->add_flag("--no-test", arguments->no_test, "Leave the test images unread");
  add_json(*command, arguments->json);
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->data.threads);
  if (target == nullptr) {
    arguments->deep = command->add_option_group("Deep Compression, targets stored and eie");
    add_deep_compression(*arguments->deep, *arguments);
    CLI::Option* no_data = arguments->deep->get_option("--no-data");
    for (const char* other : {"--data", "--synthetic", "--limit"}) {
      no_data->excludes(command->get_option(other));
    }
  }
  if (target == nullptr) {
    arguments->fixed = command->add_option_group("Host and 16-bit numbers, target eie");
    add_fixed_point(*arguments->fixed, arguments->engine);
  }
  arguments->int8 = command->add_option_group("Signed bytes, target mxu");
  add_quantisation(*arguments->int8, arguments->quantisation);
  command->callback([arguments] { Compression(*arguments).run(); });
  return command;
}

}  // namespace

void add_compress(CLI::App& program) {
  add(program, "compress", nullptr,
      "Deep Compression: prunes and retrains a float model, shares its weights among a few values "
      "per layer, trains these, and writes it with Huffman codes, or for the sparse engine; or "
      "turns it into signed bytes for the matrix unit, by what its values are on training images")
      ->footer(
          "Without --density and --quality a network of which 10 % of the weights or more are 0 "
          "keeps exactly\n"
          "these zeros. Networks named lenet-300-100 and lenet-5 have settings of their own.\n"
          "Example: sparsys compress --model float.model --out net.sps\n"
          "         sparsys compress --target mxu --model float.model --out int8.model\n");
  add(program, "quantise", "mxu", "Another name of compress --target mxu")
      ->footer("Example: sparsys quantise --model float.model --out int8.model\n");
}

}  // namespace sparsys
