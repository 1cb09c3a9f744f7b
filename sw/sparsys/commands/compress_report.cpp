// SPDX-License-Identifier: Apache-2.0
// Deep Compression of the paper's two small networks from nothing, measured for a report, and what
// pruning, sharing and load balance cost and gain.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "golden/compress/deep_compression.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/models/cache.hpp"
#include "sw/sparsys/models/job.hpp"
#include "sw/sparsys/report/compression.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/paper_figures.hpp"
#include "sw/sparsys/report/table.hpp"
#include "sw/sparsys/sweeps/sweeps.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

constexpr int kBins = 101;
// What is beyond this share of the weights is not in a picture.
constexpr double kTail = 0.0005;

// The networks of the paper, in the order of its tables.
struct Subject {
  const char* name;
  const char* title;
  Network (*make)(const Dataset& data, uint64_t seed);
  TrainOptions (*recipe)();
  std::vector<const char*> pictured;  // layers
  double min_ratio;
  // Added to the seed: the run, of several, that was best on the validation images.
  uint64_t run;
  // Guesses of a machine of two cores, for the time left.
  double training_seconds;
  double compression_seconds;
};

const std::array<Subject, 2>& subjects() {
  static const std::array<Subject, 2> all = {
      {{"lenet-300-100",
        "LeNet-300-100",
        [](const Dataset& data, uint64_t seed) {
          return make_lenet_300_100(data.inputs(), data.outputs(), seed);
        },
        lenet_300_100_options,
        {"ip1"},
        40,
        2,
        40,
        300},
       {"lenet-5",
        "LeNet-5",
        [](const Dataset& data, uint64_t seed) {
          return make_lenet_5({data.planes(), data.rows(), data.cols()}, data.outputs(), seed);
        },
        lenet_5_options,
        {"conv2", "ip1"},
        39,
        0,
        300,
        700}}};
  return all;
}

struct Arguments {
  DataOptions data;
  uint64_t seed = 1;
  std::string cache = "build/models";
  std::string report = "build/reports/compress.json";
  bool quick = false;
};

// What there is of a network when all but the test is over.
struct Compressed {
  Network trained;
  SharedNetwork shared;  // as read from the stored file
  json report;
  json distributions;
};

// A test set that nothing can read before it is asked for.
class SealedTest {
 public:
  explicit SealedTest(Dataset& data) : count_(data.test_count()) { std::swap(test_, data.test); }
  size_t count() const { return count_; }
  void open(Dataset& data) { std::swap(test_, data.test); }

 private:
  size_t count_;
  SampleSet test_;
};

// ---- distributions ----

const Layer* layer_named(const std::vector<Layer>& all, const std::string& name) {
  for (const Layer& layer : all) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}

// The magnitude that all but kTail of the values stay below.
float largest(std::vector<float> values) {
  if (values.empty()) return 0;
  for (float& v : values) v = std::fabs(v);
  const auto at = values.begin() +
                  static_cast<std::ptrdiff_t>((1 - kTail) * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::vector<float> nonzero(const std::vector<float>& values) {
  std::vector<float> kept;
  std::copy_if(values.begin(), values.end(), std::back_inserter(kept),
               [](float v) { return v != 0; });
  return kept;
}

std::vector<uint64_t> histogram(const std::vector<float>& values, float high) {
  std::vector<uint64_t> counts(kBins, 0);
  for (const float v : values) {
    const double at = (static_cast<double>(v) + high) / (2 * static_cast<double>(high)) * kBins;
    if (at >= 0 && at < kBins) ++counts[static_cast<size_t>(at)];
  }
  return counts;
}

json distribution(const Subject& subject, const std::string& layer_name, const Network& trained,
                  const Network& pruned, const SharedNetwork& shared) {
  const std::vector<Layer> all = layers(trained);
  const Layer* layer = layer_named(all, layer_name);
  if (layer == nullptr) throw Error(trained.name + ": no layer '" + layer_name + "'");
  const std::vector<float>& before = trained.parameters[layer->weights].values;
  const std::vector<float> after = nonzero(pruned.parameters[layer->weights].values);
  const SharedParameter& parameter = shared.parameters[layer->weights];
  std::vector<uint64_t> counts(parameter.codebook.size(), 0);
  for (const uint8_t code : parameter.code) ++counts[code];
  float high = std::max(largest(before), largest(after));
  json stems = json::array();
  for (size_t k = 1; k < counts.size(); ++k) {
    if (counts[k] == 0) continue;
    stems.push_back({{"value", parameter.codebook[k]}, {"count", counts[k]}});
    high = std::max(high, std::fabs(parameter.codebook[k]));
  }
  high = high > 0 ? 1.05F * high : 1;
  return {{"network", subject.name},
          {"layer", layer_name},
          {"low", -high},
          {"high", high},
          {"weights", before.size()},
          {"before", histogram(before, high)},
          {"after", histogram(after, high)},
          {"kept", after.size()},
          {"shared", std::move(stems)}};
}

// ---- the two networks ----

json figures(const PaperLayer& layer) {
  return {{"name", layer.name},
          {"density_pct", layer.density_pct},
          {"weight_bits", layer.weight_bits},
          {"weight_bits_huffman", layer.weight_bits_huffman},
          {"index_bits", layer.index_bits},
          {"index_bits_huffman", layer.index_bits_huffman},
          {"rate_pct", layer.rate_pct}};
}

// What the paper has of a network.
json paper(const std::string& name) {
  const PaperNetwork* network = paper_figures(name);
  if (network == nullptr) return nullptr;
  json layers = json::array();
  for (const PaperLayer& layer : network->layers) layers.push_back(figures(layer));
  return {{"float_error_pct", network->float_error_pct},
          {"compressed_error_pct", network->compressed_error_pct},
          {"ratio", network->ratio},
          {"layers", std::move(layers)},
          {"total", figures(network->total)}};
}

class NetworkJob {
 public:
  NetworkJob(Job& job, const Subject& subject, const Arguments& arguments, const Dataset& data)
      : job_(job), subject_(subject), arguments_(arguments) {
    train_ = subject.recipe();
    train_.seed = arguments.seed + subject.run;
    train_.threads = arguments.data.threads;
    train_.validation_count = DataOptions::validation_count(data);
    network_ = subject.make(data, train_.seed);
    compression_ = deep_compression_recipe(network_);
    compression_.seed = train_.seed;
    compression_.threads = arguments.data.threads;
    compression_.validation_count = train_.validation_count;
    if (arguments.quick) {
      train_.epochs = 2;
      compression_.prune_rounds = 2;
      compression_.round_epochs = 1;
      compression_.retrain_epochs = 1;
      compression_.reassign_epochs = std::min(compression_.reassign_epochs, 1U);
      compression_.fine_tune_epochs = 1;
    }
    const std::string of_training = cache_key(train_);
    training_ =
        job.plan(std::string("train ") + subject.title, of_training, subject.training_seconds);
    compression_step_ =
        job.plan(std::string("compress ") + subject.title, of_training + cache_key(compression_),
                 subject.compression_seconds);
  }

  std::string training_key() const { return cache_key(train_); }

  Network trained(const Dataset& data) {
    const std::string file = job_.file(training_, "model");
    Network network;
    training_result_ = job_.run(
        training_,
        [&] {
          network = network_;
          job_.add_training(train_, "train");
          const TrainReport report = train(network, data, train_);
          network.origin = data.name;
          save_model(file, network);
          return json{{"validation_error_pct", report.validation_error}};
        },
        [&] { network = load_model<Network>(file); });
    return network;
  }

  Compressed compressed(Network trained, const Dataset& data) {
    const std::string file = job_.file(compression_step_, "sps");
    const json result = job_.run(
        compression_step_,
        [&] {
          compression_.progress = job_.progress();
          compression_.checkpoints = job_.checkpoint("steps");
          make_directory(compression_.checkpoints);
          DeepCompressionReport report;
          const SharedNetwork shared = deep_compress(trained, &data, compression_, &report);
          json kept = {{"steps", describe(report)}, {"distributions", json::array()}};
          for (const char* layer : subject_.pictured) {
            kept["distributions"].push_back(
                distribution(subject_, layer, trained, report.pruned, shared));
          }
          save_stored(file, shared);
          return kept;
        },
        [&] { load_stored_network(file); });

    Compressed all;
    all.shared = load_stored_network(file);
    const StoredReport stored = stored_report(all.shared);
    const uint64_t bytes = std::filesystem::file_size(file);
    all.report = {
        {"name", subject_.name},
        {"title", subject_.title},
        {"paper", paper(subject_.name)},
        {"stored_file", file},
        {"float_error_pct", nullptr},
        {"compressed_error_pct", nullptr},
        {"float_validation_error_pct", training_result_["validation_error_pct"]},
        {"compressed_validation_error_pct",
         validation_error(all.shared.decode(), data, train_.validation_count, train_.threads)},
        {"training_seconds", training_result_["seconds"]},
        {"original_bytes", stored.original_bytes},
        {"stored_bytes", bytes},
        {"ratio", static_cast<double>(stored.original_bytes) / static_cast<double>(bytes)},
        {"layers", describe(stored)["layers"]},
        {"steps", result["steps"]}};
    all.distributions = result["distributions"];
    all.trained = std::move(trained);
    return all;
  }

 private:
  Job& job_;
  const Subject& subject_;
  const Arguments& arguments_;
  Network network_;
  TrainOptions train_;
  DeepCompressionOptions compression_;
  size_t training_ = 0;
  size_t compression_step_ = 0;
  json training_result_;
};

void judge(json& report, const std::vector<const Subject*>& which, bool judged,
           Expectations& expect) {
  report["checks"] = json::array();
  if (!judged) return;
  const auto require = [&](bool holds, const std::string& text) {
    expect.require(holds, text);
    report["checks"].push_back({{"text", text}, {"holds", holds}});
  };
  for (size_t i = 0; i < which.size(); ++i) {
    const json& network = report["networks"][i];
    const std::string title = which[i]->title;
    const double ratio = network["ratio"];
    const double before = network["float_error_pct"];
    const double after = network["compressed_error_pct"];
    require(ratio >= which[i]->min_ratio, title + ": " + fixed(ratio, 1) + " times smaller, " +
                                              fixed(which[i]->min_ratio, 0) + " or more");
    require(after <= before + kRounding, title + ": error of the test images " + fixed(after, 2) +
                                             " %, no more than the float network's " +
                                             fixed(before, 2) + " %");
  }
}

void run_compress_report(Arguments arguments) {
  const std::string directory = directory_of(arguments.report);
  if (!directory.empty()) make_directory(directory);
  check_outputs({arguments.report}, {arguments.data.input()});
  arguments.data.seed = arguments.seed;
  Dataset data = arguments.data.load();
  SealedTest test(data);
  const bool judged = data.name == "mnist" && !arguments.quick && arguments.data.limit == 0;
  const uint32_t validation_count = DataOptions::validation_count(data);

  Job job("report", arguments.cache, cache_key(data) + (arguments.quick ? " quick" : ""));
  std::vector<NetworkJob> networks;
  for (const Subject& subject : subjects()) networks.emplace_back(job, subject, arguments, data);
  SweepOptions sweeps;
  sweeps.seed = arguments.seed;
  sweeps.threads = arguments.data.threads;
  sweeps.validation_count = validation_count;
  sweeps.quick = arguments.quick;
  const std::string seed = " seed " + std::to_string(arguments.seed) + " ";
  DensitySweep density(job, sweeps, seed + networks[0].training_key());
  BitsSweep bits(job, sweeps, seed + networks[1].training_key());
  BalanceComparison balance(job, sweeps, seed + networks[0].training_key());

  json report = {{"dataset", data.name},
                 {"dataset_description", data.description},
                 {"judged", judged},
                 {"quick", arguments.quick},
                 {"seed", arguments.seed},
                 {"train_images", data.train_count() - validation_count},
                 {"validation_images", validation_count},
                 {"test_images", test.count()},
                 {"networks", json::array()},
                 {"checks", json::array()},
                 {"distributions", json::array()}};
  std::vector<Compressed> compressed;
  for (NetworkJob& network : networks) {
    compressed.push_back(network.compressed(network.trained(data), data));
    for (const json& d : compressed.back().distributions) report["distributions"].push_back(d);
  }
  report["density"] = density.run(compressed[0].trained, data);
  report["size"] = density.run_sizes(compressed[0].trained, data);
  report["bits"] = bits.run(compressed[1].trained, data);
  report["balance"] = balance.run(compressed[0].trained, data);

  // All choices are made: now, and only now, the test images.
  job.stop_if_requested();
  test.open(data);
  std::vector<const Subject*> which;
  for (size_t i = 0; i < compressed.size(); ++i) {
    json network = std::move(compressed[i].report);
    network["float_error_pct"] = test_error(compressed[i].trained, data, arguments.data.threads);
    network["compressed_error_pct"] =
        test_error(compressed[i].shared.decode(), data, arguments.data.threads);
    report["networks"].push_back(std::move(network));
    which.push_back(&subjects()[i]);
  }
  report["seconds"] = job.seconds();
  report["steps_total"] = job.steps();
  report["steps_kept"] = job.kept();

  std::cout << '\n';
  Listing listing;
  for (size_t i = 0; i < which.size(); ++i) {
    const json& network = report["networks"][i];
    listing.add(which[i]->title, fixed(network["ratio"], 1) + " times smaller, " +
                                     grouped(network["original_bytes"].get<uint64_t>()) + " -> " +
                                     grouped(network["stored_bytes"].get<uint64_t>()) +
                                     " bytes; test error " + fixed(network["float_error_pct"], 2) +
                                     " % -> " + fixed(network["compressed_error_pct"], 2) + " %");
  }
  listing.add("time", grouped(job.steps() - job.kept()) + " of " + grouped(job.steps()) +
                          " steps done now; all of them took " + fixed(job.seconds() / 60, 1) +
                          " min when they were done");
  listing.print(std::cout);
  Expectations expect;
  judge(report, which, judged, expect);
  if (!judged) {
    std::cout << "  bounds are not judged: "
              << (arguments.quick ? "a quick run" : "not all of MNIST") << '\n';
  }
  write_json(arguments.report, report);
  if (arguments.report != "-") std::cout << "report: " << arguments.report << std::endl;
  expect.throw_if_failed();
}

}  // namespace

void add_compress_report(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "compress-report",
      "Trains LeNet-300-100 and LeNet-5, compresses both to stored files, and measures what "
      "pruning, sharing and load balance cost and gain, for the pages of make compress-report");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  command->add_option("--cache", arguments->cache, "Directory of results kept from run to run")
      ->capture_default_str()
      ->type_name("DIR");
  command->add_option("--report", arguments->report, "JSON file to write; -: to stdout")
      ->capture_default_str()
      ->type_name("FILE");
  command->add_flag("--quick", arguments->quick,
                    "Hardly any training, for tests: the figures mean nothing");
  add_seed(*command, arguments->seed);
  add_threads(*command, arguments->data.threads);
  command->footer(
      "Every step's result is kept in the cache, and a run that was stopped goes on where it was.\n"
      "The test images are read once, behind all other steps. Exit code 2 if a ratio is too small\n"
      "or an error too large (on all of MNIST).\n"
      "Example: sparsys compress-report --cache build/models --report compress.json\n");
  command->callback([arguments] { run_compress_report(*arguments); });
}

}  // namespace sparsys
