// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/text.hpp"
#include "golden/compress/deep_compression.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands.hpp"
#include "sw/sparsys/describe.hpp"
#include "sw/sparsys/engine.hpp"
#include "sw/sparsys/options.hpp"
#include "sw/sparsys/output.hpp"
#include "sw/sparsys/paper_figures.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

struct Arguments {
  DataOptions data;
  CompressionArguments compression;
  StoreOptions store;
  std::string model;
  std::string out;
  std::string target = "stored";
  std::string checkpoints;
  std::string json;
  bool no_data = false;
  bool no_test = false;
  uint64_t seed = 1;
  unsigned threads = 0;
};

json steps_of(const DeepCompressionReport& report) {
  json steps = json::array();
  for (const CompressionStep& step : report.steps) {
    json densities = json::array();
    for (const double density : step.layer_densities) densities.push_back(100 * density);
    json error = nullptr;
    if (step.validation_error >= 0) error = step.validation_error;
    steps.push_back({{"name", step.name},
                     {"density_pct", 100 * step.density},
                     {"layer_density_pct", densities},
                     {"validation_error_pct", error},
                     {"seconds", step.seconds}});
  }
  return steps;
}

// A figure of ours, and the paper's if it has one.
std::string beside(double ours, const double* paper) {
  std::array<char, 32> text{};
  if (paper != nullptr) {
    std::snprintf(text.data(), text.size(), "%8.2f (%5.2f)", ours, *paper);
  } else {
    std::snprintf(text.data(), text.size(), "%8.2f        ", ours);
  }
  return text.data();
}

void print_layers(const StoredReport& report, const std::string& name) {
  const PaperNetwork* paper = paper_figures(name);
  if (paper != nullptr && paper->layers.size() != report.layers.size()) paper = nullptr;
  std::cout << "  layer       weights        density %    bits a weight          Huffman     bits "
               "an index          Huffman           size %\n";
  for (size_t l = 0; l < report.layers.size(); ++l) {
    const StoredLayerReport& layer = report.layers[l];
    const PaperLayer* other = paper == nullptr ? nullptr : &paper->layers[l];
    const auto figure = [&](double ours, double PaperLayer::*member) {
      return " " + beside(ours, other == nullptr ? nullptr : &(other->*member));
    };
    std::array<char, 48> line{};
    std::snprintf(line.data(), line.size(), "  %-8s %10s", printable(layer.name, 8).c_str(),
                  grouped(layer.weights).c_str());
    const double floats = 4 * static_cast<double>(layer.weights + layer.biases);
    std::cout << line.data() << figure(layer.density_pct, &PaperLayer::density_pct)
              << figure(layer.weight_bits, &PaperLayer::weight_bits)
              << figure(layer.weight_bits_huffman, &PaperLayer::weight_bits_huffman)
              << figure(layer.index_bits, &PaperLayer::index_bits)
              << figure(layer.index_bits_huffman, &PaperLayer::index_bits_huffman)
              << figure(100 * static_cast<double>(layer.stored_bytes) / floats,
                        &PaperLayer::rate_pct)
              << '\n';
  }
  if (paper != nullptr) {
    std::cout << "  in brackets: Deep Compression, Han 2016, tables 2 and 3; there "
              << fixed(paper->ratio, 0) << " times smaller, test error "
              << fixed(paper->float_error_pct, 2) << " -> " << fixed(paper->compressed_error_pct, 2)
              << " %\n";
  }
  std::cout << '\n';
}

json layers_of(const StoredReport& report) {
  json layers = json::array();
  for (const StoredLayerReport& layer : report.layers) {
    layers.push_back({{"name", printable(layer.name, 0)},
                      {"weights", layer.weights},
                      {"biases", layer.biases},
                      {"density_pct", layer.density_pct},
                      {"entries", layer.entries},
                      {"padding", layer.padding},
                      {"weight_bits", layer.weight_bits},
                      {"weight_bits_huffman", layer.weight_bits_huffman},
                      {"index_bits", layer.index_bits},
                      {"index_bits_huffman", layer.index_bits_huffman},
                      {"stored_bytes", layer.stored_bytes}});
  }
  return layers;
}

class Compression {
 public:
  explicit Compression(Arguments arguments) : arguments_(std::move(arguments)) {}

  void run() {
    check_usage();
    check_writable(arguments_.out);
    check_writable(arguments_.json);
    trained_ = load_float_network(arguments_.model);
    const bool engine = arguments_.target == "eie";
    if (!engine) options_ = deep_compression_recipe(trained_);
    if (arguments_.no_data) {
      options_.densities.clear();
      options_.qualities.clear();
    }
    arguments_.compression.apply_to(options_, trained_, printable(arguments_.model, 0));
    options_.seed = arguments_.seed;
    options_.threads = arguments_.threads;
    options_.progress = console_progress();
    // Told before the training.
    if (engine) dense_chain(trained_);
    if (!arguments_.no_data) load_data();
    if (!arguments_.checkpoints.empty()) {
      make_directory(arguments_.checkpoints);
      options_.checkpoints = arguments_.checkpoints;
    }

    const SharedNetwork shared =
        deep_compress(trained_, data_ ? &*data_ : nullptr, options_, &report_);
    result_ = {{"name", printable(trained_.name, 0)}, {"target", arguments_.target}};
    engine ? finish_engine(shared) : finish_stored(shared);
    listing_.print(std::cout);
    if (arguments_.json != "-") std::cout << "written: " << arguments_.out << std::endl;
    write_json(arguments_.json, result_);
  }

 private:
  void check_usage() const {
    if (arguments_.no_data && arguments_.target == "eie") {
      throw Error("--no-data: --target eie needs images to choose radix points");
    }
    if (arguments_.no_data && !arguments_.checkpoints.empty()) {
      throw Error("--checkpoints: nothing is trained with --no-data");
    }
  }

  void load_data() {
    arguments_.data.seed = arguments_.seed;
    arguments_.data.threads = arguments_.threads;
    data_ = arguments_.data.load();
    check_image_size(static_cast<uint64_t>(element_count(infer_shapes(trained_).front())), *data_,
                     arguments_.model);
    options_.validation_count = DataOptions::validation_count(*data_);
  }

  void print_steps() const { std::cout << '\n' << to_string(report_) << '\n'; }

  void add_errors(double compressed, const std::string& how) {
    const double before = test_error(trained_, *data_, arguments_.threads);
    result_["float_error_pct"] = before;
    result_["compressed_error_pct"] = compressed;
    listing_.add("test error",
                 fixed(before, 2) + " % before, " + fixed(compressed, 2) + " % after" + how);
  }

  void add_size(uint64_t original, uint64_t stored) {
    const double ratio = static_cast<double>(original) / static_cast<double>(stored);
    result_["original_bytes"] = original;
    result_["stored_bytes"] = stored;
    result_["ratio"] = ratio;
    listing_.add("size", grouped(original) + " bytes of 32-bit floats, file " + grouped(stored) +
                             " bytes: " + fixed(ratio, 1) + " times smaller");
  }

  void finish_engine(const SharedNetwork& shared) {
    const eie::Network network = to_sparse_engine(shared, *data_, options_.validation_count,
                                                  &report_, {}, arguments_.threads);
    save_model(arguments_.out, network);
    print_steps();
    result_["steps"] = steps_of(report_);
    const json description = describe(network);
    listing_.add("weights kept", grouped(description["nonzeros"].get<uint64_t>()) + " of " +
                                     grouped(description["weights"].get<uint64_t>()) + ", " +
                                     fixed(description["density"].get<double>(), 2) + " %");
    add_size(4 * description["weights"].get<uint64_t>(),
             std::filesystem::file_size(arguments_.out));
    if (arguments_.no_test) return;
    add_errors(eie::FunctionalModel(network)
                   .evaluate(test_inputs(network, *data_), data_->test_labels, arguments_.threads)
                   .error_percent(),
               " (functional model of the engine)");
  }

  void finish_stored(const SharedNetwork& shared) {
    StoredReport stored;
    save_stored(arguments_.out, shared, arguments_.store, &stored);
    print_steps();
    print_layers(stored, trained_.name);
    result_["steps"] = steps_of(report_);
    result_["layers"] = layers_of(stored);
    listing_.add("weights kept", fixed(100 * report_.steps.back().density, 2) + " %");
    add_size(stored.original_bytes, stored.stored_bytes);
    // Of what the file holds.
    if (data_ && !arguments_.no_test) {
      const Network decoded = load_stored_network(arguments_.out).decode();
      add_errors(test_error(decoded, *data_, arguments_.threads), "");
    }
  }

  Arguments arguments_;
  DeepCompressionOptions options_;
  DeepCompressionReport report_;
  Network trained_;
  std::optional<Dataset> data_;
  json result_;
  Listing listing_;
};

}  // namespace

void add_compress(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "compress",
      "Deep Compression: prunes and retrains a float model, shares its weights among a few values "
      "per layer, trains these, and writes it with Huffman codes, or for the sparse engine");
  command
      ->add_option("--model", arguments->model,
                   "Float model, as `sparsys train` and `sparsys import` write it")
      ->required()
      ->type_name("FILE");
  command->add_option("--out", arguments->out, "Compressed network to write")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--target", arguments->target,
                   "stored: stored model, of any network; eie: 16-bit fixed-point network of the "
                   "sparse engine, of fully connected layers and up to 15 values")
      ->check(CLI::IsMember({"stored", "eie"}))
      ->capture_default_str()
      ->type_name("TARGET");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  command
      ->add_flag("--no-data", arguments->no_data,
                 "Without images: prune once as --density or --quality say, else keep the zeros; "
                 "share the weights; that is all")
      ->excludes("--data")
      ->excludes("--synthetic")
      ->excludes("--limit");
  arguments->compression.add_to(*command);
  arguments->compression.add_details_to(*command);
  command
      ->add_option("--index-bits", arguments->store.index_bits,
                   "Width of the relative indices in the stored model, 1 to " +
                       std::to_string(kMaxIndexBits) + "; 0: the best for each layer")
      ->check(CLI::Range(0U, kMaxIndexBits))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--checkpoints", arguments->checkpoints,
                   "Directory in which steps are kept as they go: the same command again goes on "
                   "where it was stopped (Ctrl-C)")
      ->type_name("DIR");
  command->add_flag("--no-test", arguments->no_test, "Leave the test images unread");
  command
      ->add_option("--json", arguments->json,
                   "Also write the result to this file; -: to stdout, behind the tables")
      ->type_name("FILE");
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->threads);
  command->footer(
      "Without --density and --quality a network of which 10 % of the weights or more are 0 keeps "
      "exactly\n"
      "these zeros. Networks named lenet-300-100 and lenet-5 have settings of their own.\n"
      "Example: sparsys compress --model float.model --out net.sps\n");
  command->callback([arguments] { Compression(*arguments).run(); });
}

}  // namespace sparsys
