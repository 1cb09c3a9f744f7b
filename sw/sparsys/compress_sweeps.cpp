// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/compress_sweeps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/compress/fine_tune.hpp"
#include "golden/compress/fixed_point.hpp"
#include "golden/compress/prune.hpp"
#include "golden/compress/weight_sharing.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/function/eie/model.hpp"
#include "sw/sparsys/describe.hpp"
#include "sw/sparsys/engine.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// To be raised when the settings below, or what the library makes of them, change.
constexpr const char* kSettings = "sweeps 2";

constexpr std::array<unsigned, 2> kBalancePes = {16, 64};
constexpr size_t kCycleImages = 100;
constexpr size_t kSampleImages = 2000;
// Bits of an index in the figure of sizes, as in the paper's tables 2 and 3.
constexpr double kIndexBits = 5;

// A short training of a series: its settings were chosen so that all of them are over in minutes.
TrainOptions short_training(const SweepOptions& options, unsigned epochs, float rate,
                            uint32_t images) {
  TrainOptions train;
  train.seed = options.seed + 1000;
  train.epochs = options.quick ? 1 : epochs;
  train.train_limit = options.quick ? 500 : images;
  train.learning_rate = rate;
  train.final_learning_rate = rate / 20;
  train.validation_count = options.validation_count;
  train.threads = options.threads;
  return train;
}

// Densities of the layers of LeNet-300-100 in the proportion of the paper's table 2, 8 : 9 : 26 %.
std::vector<double> lenet_300_100_densities(double first) {
  return {first, std::min(1.0, first * 9 / 8), std::min(1.0, first * 26 / 8)};
}

// Of LeNet-5, the paper's table 3.
std::vector<double> lenet_5_densities() { return {0.66, 0.12, 0.08, 0.19}; }

PruneOptions to_densities(const std::vector<double>& densities, unsigned balance = 0) {
  PruneOptions prune;
  prune.densities = densities;
  prune.balance = balance;
  return prune;
}

json point(const Network& network, double error) {
  json per_layer = json::array();
  for (const Layer& layer : layers(network)) per_layer.push_back(100 * density(network, layer));
  return {{"density_pct", 100 * density(network)},
          {"validation_error_pct", error},
          {"layer_densities_pct", std::move(per_layer)}};
}

double validate(const Job& job, const Network& network, const Dataset& data,
                const SweepOptions& options) {
  job.stop_if_requested();
  return validation_error(network, data, options.validation_count, options.threads);
}

SharingOptions sharing(const SweepOptions& options, std::vector<unsigned> bits,
                       CentroidInit init = CentroidInit::kLinear) {
  SharingOptions share;
  share.bits = std::move(bits);
  share.init = init;
  share.seed = options.seed + 2000;
  return share;
}

// What a fine-tuning of a series changes in `shared`; returns the validation error.
double fine_tune(Job& job, SharedNetwork& shared, const Dataset& data, const SweepOptions& options,
                 unsigned epochs, uint32_t images, const std::string& name) {
  FineTuneOptions tune;
  tune.train = short_training(options, epochs, 0.01F, images);
  tune.train.weight_decay = 0;
  job.add_training(tune.train, name);
  return fine_tune_centroids(shared, data, tune).validation_error;
}

std::string percent(double share) { return fixed(100 * share, share < 0.1 ? 1 : 0) + " %"; }

}  // namespace

Dataset as_test_images(const Dataset& data, size_t first, size_t count) {
  Dataset images;
  images.name = data.name;
  images.description = data.description;
  images.rows = data.rows;
  images.cols = data.cols;
  const auto pixel = static_cast<std::ptrdiff_t>(first * data.pixels());
  images.test_images.assign(
      data.train_images.begin() + pixel,
      data.train_images.begin() + pixel + static_cast<std::ptrdiff_t>(count * data.pixels()));
  const auto label = static_cast<std::ptrdiff_t>(first);
  images.test_labels.assign(data.train_labels.begin() + label,
                            data.train_labels.begin() + label + static_cast<std::ptrdiff_t>(count));
  return images;
}

// ---- accuracy against density and size ----

DensitySweep::DensitySweep(Job& job, const SweepOptions& options, const std::string& key)
    : job_(job), options_(options) {
  densities_ = options.quick ? std::vector<double>{0.5, 0.1}
                             : std::vector<double>{0.7,  0.5,   0.35,  0.25, 0.18, 0.13,
                                                   0.09, 0.065, 0.045, 0.03, 0.02, 0.014};
  qualities_ = options.quick ? std::vector<double>{0.5, 1.5}
                             : std::vector<double>{0.4, 0.7, 1, 1.3, 1.6, 1.9, 2.2, 2.5};
  const std::string all = kSettings + key;
  const std::string place = ", LeNet-300-100";
  once_ = job.plan("density: pruned" + place, all, 2);
  retrained_ = job.plan("density: pruned and retrained" + place, all, 20);
  iterative_ = job.plan("density: pruned and retrained iteratively" + place, all, 35);
  quality_ = job.plan("density: quality factor" + place, all, 20);
  shared_only_ = job.plan("size: shared" + place, all, 10);
}

json DensitySweep::iterative(const Network& network, const Dataset& data) const {
  Network pruned = network;
  json points = json::array();
  for (const double share : densities_) {
    const ParameterMasks masks = prune(pruned, to_densities(lenet_300_100_densities(share)));
    TrainOptions retrain = short_training(options_, 4, 0.05F, 0);
    job_.add_training(retrain, "to " + percent(share));
    const double error = train(pruned, data, retrain, &masks).validation_error;
    points.push_back(point(pruned, error));
    // What the same network takes when it is stored.
    uint64_t values = 0;
    uint64_t biases = 0;
    for (const Layer& layer : layers(pruned)) {
      for (const float w : pruned.parameters[layer.weights].values) values += w != 0;
      if (layer.bias >= 0) {
        biases += pruned.parameters[static_cast<size_t>(layer.bias)].values.size();
      }
    }
    points.back()["pruned_bytes"] =
        static_cast<double>(values) * (32 + kIndexBits) / 8 + 4 * static_cast<double>(biases);
    SharedNetwork shared = share_weights(pruned, sharing(options_, {4}));
    points.back()["shared_validation_error_pct"] =
        fine_tune(job_, shared, data, options_, 2, 0, "shared at " + percent(share));
    StoredReport stored;
    store(shared, {}, &stored);
    points.back()["shared_bytes"] = stored.stored_bytes;
    points.back()["original_bytes"] = stored.original_bytes;
  }
  return points;
}

json DensitySweep::run(const Network& network, const Dataset& data) {
  const auto each_density = [&](unsigned epochs) {
    json points = json::array();
    for (const double share : densities_) {
      Network pruned = network;
      const ParameterMasks masks = prune(pruned, to_densities(lenet_300_100_densities(share)));
      if (epochs == 0) {
        points.push_back(point(pruned, validate(job_, pruned, data, options_)));
        continue;
      }
      TrainOptions retrain = short_training(options_, epochs, 0.05F, 0);
      job_.add_training(retrain, "at " + percent(share));
      const double error = train(pruned, data, retrain, &masks).validation_error;
      points.push_back(point(pruned, error));
    }
    return points;
  };
  json sweep = {
      {"network", "lenet-300-100"},
      {"caption",
       "LeNet-300-100 on the validation images. Each point of 'pruned' and of 'pruned, retrained' "
       "is "
       "pruned from the float network in one step (retrained for 4 epochs); of 'iterative' from "
       "the "
       "point before it, with 4 epochs in between; of 'quality factor' from the float network in "
       "one "
       "step by the threshold of factor times standard deviation, factors " +
           fixed(qualities_.front(), 1) + " to " + fixed(qualities_.back(), 1) +
           ", and retrained for 4 epochs. The first three keep weights of the layers in the "
           "paper's "
           "proportion, 8 : 9 : 26. What lies below the picture is cut off."},
      {"series", json::array()}};
  const auto add = [&sweep](const char* name, json points) {
    sweep["series"].push_back({{"name", name}, {"points", std::move(points)}});
  };
  json once = job_.run(once_, [&] {
    return json{{"points", each_density(0)},
                {"float_validation_error_pct", validate(job_, network, data, options_)}};
  });
  sweep["float_validation_error_pct"] = once["float_validation_error_pct"];
  add("pruned", once["points"]);
  add("pruned, retrained", job_.run(retrained_, [&] {
    return json{{"points", each_density(4)}};
  })["points"]);
  iterative_series_ = job_.run(iterative_, [&] {
    return json{{"points", iterative(network, data)}};
  })["points"];
  add("iterative", iterative_series_);
  add("quality factor", job_.run(quality_, [&] {
    json points = json::array();
    for (const double quality : qualities_) {
      Network pruned = network;
      PruneOptions options;
      options.qualities = {quality};
      const ParameterMasks masks = prune(pruned, options);
      TrainOptions retrain = short_training(options_, 4, 0.05F, 0);
      job_.add_training(retrain, "factor " + fixed(quality, 1));
      const double error = train(pruned, data, retrain, &masks).validation_error;
      points.push_back(point(pruned, error));
      points.back()["quality"] = quality;
    }
    return json{{"points", std::move(points)}};
  })["points"]);
  return sweep;
}

json DensitySweep::run_sizes(const Network& network, const Dataset& data) {
  const json shared_only = job_.run(shared_only_, [&] {
    json points = json::array();
    for (const unsigned bits :
         options_.quick ? std::vector<unsigned>{2, 4} : std::vector<unsigned>{1, 2, 3, 4, 5, 6}) {
      SharedNetwork shared = share_weights(network, sharing(options_, {bits}));
      const double error =
          fine_tune(job_, shared, data, options_, 2, 0, std::to_string(bits) + " bits");
      StoredReport stored;
      store(shared, {}, &stored);
      points.push_back({{"bits", bits},
                        {"validation_error_pct", error},
                        {"stored_bytes", stored.stored_bytes},
                        {"size_pct", 100 / stored.ratio()}});
    }
    return json{{"points", std::move(points)},
                {"float_validation_error_pct", validate(job_, network, data, options_)}};
  });
  json pruned = json::array();
  json both = json::array();
  for (const json& p : iterative_series_) {
    const double original = p["original_bytes"];
    pruned.push_back({{"size_pct", 100 * p["pruned_bytes"].get<double>() / original},
                      {"validation_error_pct", p["validation_error_pct"]}});
    both.push_back({{"size_pct", 100 * p["shared_bytes"].get<double>() / original},
                    {"validation_error_pct", p["shared_validation_error_pct"]}});
  }
  return {
      {"network", "lenet-300-100"},
      {"float_validation_error_pct", shared_only["float_validation_error_pct"]},
      {"caption",
       "LeNet-300-100 on the validation images. 'Pruned': the iterative series above, counted as "
       "32-bit values with 5-bit indices. 'Shared': all weights shared at 1 to 6 bits, fine-tuned "
       "for 2 epochs. 'Pruned and shared': the iterative series at 4 bits, fine-tuned for 2 "
       "epochs. "
       "Sizes of the last two are of the stored file, Huffman coding included."},
      {"series",
       {{{"name", "pruned"}, {"points", pruned}},
        {{"name", "shared"}, {"points", shared_only["points"]}},
        {{"name", "pruned and shared"}, {"points", both}}}}};
}

// ---- accuracy against bits ----

namespace {

struct Init {
  const char* name;
  CentroidInit init;
};
constexpr std::array<Init, 3> kInits = {{{"linear", CentroidInit::kLinear},
                                         {"density", CentroidInit::kDensity},
                                         {"random", CentroidInit::kRandom}}};
struct Kind {
  const char* name;
  const char* title;
  bool conv;
};
constexpr std::array<Kind, 2> kKinds = {
    {{"conv", "convolutional layers", true}, {"fc", "fully connected layers", false}}};
constexpr uint32_t kBitsImages = 10000;

}  // namespace

BitsSweep::BitsSweep(Job& job, const SweepOptions& options, const std::string& key)
    : job_(job), options_(options) {
  bits_ = options.quick ? std::vector<unsigned>{2, 4} : std::vector<unsigned>{1, 2, 3, 4, 5, 6, 8};
  const std::string all = kSettings + key;
  prune_ = job.plan("bits: LeNet-5 pruned", all, 35);
  for (const Kind& kind : kKinds) {
    for (const Init& init : kInits) {
      series_.push_back(job.plan(
          std::string("bits: ") + kind.title + " of LeNet-5, " + init.name + " initialisation", all,
          12));
    }
  }
}

json BitsSweep::run(const Network& network, const Dataset& data) {
  Network pruned;
  const std::string file = job_.file(prune_, "model");
  const json base = job_.run(
      prune_,
      [&] {
        pruned = network;
        PruneOptions prune = to_densities(lenet_5_densities());
        prune.rounds = options_.quick ? 1 : 3;
        prune.round_epochs = 1;
        prune.retrain = short_training(options_, 3, 0.02F, 0);
        prune.round_learning_rate = 0.02F;
        prune.round_final_rate = 0.01F;
        job_.add_training(prune.retrain, "prune");
        const double error = prune_and_retrain(pruned, data, prune).validation_error;
        save_model(file, pruned);
        return point(pruned, error);
      },
      [&] { pruned = load_float_network(file); });
  const std::vector<Layer> all = layers(pruned);

  json panels = json::array();
  size_t number = 0;
  for (const Kind& kind : kKinds) {
    json panel = {
        {"kind", kind.name},
        {"title", kind.title},
        {"network", "lenet-5"},
        {"reference_validation_error_pct", base["validation_error_pct"]},
        {"caption",
         "LeNet-5 on the validation images, pruned to " + fixed(base["density_pct"], 1) +
             " % of its weights and then shared: layers of one kind at the bits shown, those of "
             "the "
             "other at 8. Drawn through: values fine-tuned for one epoch of " +
             grouped(options_.quick ? 500 : kBitsImages) +
             " images; dashed: as k-means leaves them. What lies below the picture is cut off."},
        {"series", json::array()}};
    for (const Init& init : kInits) {
      const json result = job_.run(series_[number++], [&] {
        json before = json::array();
        json after = json::array();
        for (const unsigned bits : bits_) {
          std::vector<unsigned> per_layer;
          for (const Layer& layer : all) {
            per_layer.push_back((pruned.nodes[layer.node].op == Op::kConv) == kind.conv ? bits : 8);
          }
          SharedNetwork shared = share_weights(pruned, sharing(options_, per_layer, init.init));
          before.push_back(
              {{"bits", bits},
               {"validation_error_pct", validate(job_, shared.decode(), data, options_)}});
          after.push_back(
              {{"bits", bits},
               {"validation_error_pct", fine_tune(job_, shared, data, options_, 1, kBitsImages,
                                                  std::to_string(bits) + " bits")}});
        }
        return json{{"before", std::move(before)}, {"after", std::move(after)}};
      });
      panel["series"].push_back(
          {{"init", init.name}, {"fine_tuned", false}, {"points", result["before"]}});
      panel["series"].push_back(
          {{"init", init.name}, {"fine_tuned", true}, {"points", result["after"]}});
    }
    panels.push_back(std::move(panel));
  }
  return panels;
}

// ---- load-balance-aware pruning ----

namespace {

constexpr int64_t kWideUnits = 1024;

// Fully connected layers of 784-1024-1024-10, weights as He 2015.
Network make_wide(const Dataset& data, uint64_t seed) {
  Network network;
  network.name = "mlp-1024";
  network.origin = "not trained yet";
  network.input_shape = {1, data.pixels()};
  network.output = "logits";
  const std::array<int64_t, 4> sizes = {data.pixels(), kWideUnits, kWideUnits, 10};
  std::string value = network.input;
  for (size_t l = 0; l + 1 < sizes.size(); ++l) {
    const std::string name = "ip" + std::to_string(l + 1);
    const bool last = l + 2 == sizes.size();
    Parameter weights;
    weights.name = name + ".weight";
    weights.shape = {sizes[l + 1], sizes[l]};
    Random random(seed, l);
    const float deviation = std::sqrt(2.0F / static_cast<float>(sizes[l]));
    weights.values.resize(static_cast<size_t>(sizes[l] * sizes[l + 1]));
    for (float& w : weights.values) w = deviation * random.normal();
    Parameter bias;
    bias.name = name + ".bias";
    bias.shape = {sizes[l + 1]};
    bias.values.assign(static_cast<size_t>(sizes[l + 1]), 0);
    Node gemm;
    gemm.op = Op::kGemm;
    gemm.name = name;
    gemm.inputs = {value, weights.name, bias.name};
    gemm.trans_b = true;
    gemm.output = value = last ? network.output : name + ".out";
    network.nodes.push_back(gemm);
    network.parameters.push_back(std::move(weights));
    network.parameters.push_back(std::move(bias));
    if (last) break;
    Node relu;
    relu.op = Op::kRelu;
    relu.name = "relu" + std::to_string(l + 1);
    relu.inputs = {value};
    relu.output = value = name + ".relu";
    network.nodes.push_back(relu);
  }
  return network;
}

struct Subject {
  const Network& network;
  std::string title;
  std::vector<std::vector<double>> rounds;  // densities, one per layer each
  uint32_t images;                          // of an epoch
  unsigned last_epochs;
};

// Prunes and retrains round by round, shares with 4 bits, and returns the network for the engine.
eie::Network compress_for(Job& job, const Subject& subject, unsigned balance, const Dataset& data,
                          const SweepOptions& options, json& result) {
  Network network = subject.network;
  for (size_t round = 0; round < subject.rounds.size(); ++round) {
    const ParameterMasks masks = prune(network, to_densities(subject.rounds[round], balance));
    const bool last = round + 1 == subject.rounds.size();
    TrainOptions retrain = short_training(options, last ? subject.last_epochs : 2,
                                          last ? 0.05F : 0.02F, subject.images);
    if (!last) retrain.final_learning_rate = retrain.learning_rate / 2;
    job.add_training(retrain, "prune round " + std::to_string(round + 1));
    train(network, data, retrain, &masks);
  }
  SharedNetwork shared = share_weights(network, sharing(options, {4}));
  const double error = fine_tune(job, shared, data, options, 2, subject.images, "fine-tune");
  result = point(network, error);
  const auto sample = static_cast<size_t>(std::min<uint64_t>(kSampleImages, data.train_count()));
  return to_fixed_point(dense_chain(shared), calibration_sample(data, sample));
}

// Validation images through the cycle model.
json cycles_on(const eie::Network& network, unsigned n_pe, const Dataset& images) {
  EngineOptions options;
  options.kind = EngineKind::kCycle;
  options.config.n_pe = n_pe;
  const eie::Image image = build_image(network, options.config);
  Engine engine(options);
  engine.load(image);
  RunTotals totals;
  run_images(engine, network, eie::FunctionalModel(network), images, 0, images.test_count(),
             totals);
  engine.finish();
  if (totals.mismatched_images > 0) {
    throw Error("cycle model of " + std::to_string(n_pe) + " PEs: " + totals.first_mismatch);
  }
  const json description = describe_engine(image);
  return {{"n_pe", n_pe},
          {"entries", description["entries"]},
          {"balance_pct", description["balance"]},
          {"cycles_per_image", totals.per_image(totals.list_cycles)},
          {"pe_utilisation_pct", totals.utilisation_percent(n_pe)},
          {"layer", image.layers.front().name},
          {"entries_per_pe", image.layers.front().entries_per_pe}};
}

}  // namespace

BalanceComparison::BalanceComparison(Job& job, const SweepOptions& options, const std::string& key)
    : job_(job), options_(options) {
  const std::string all = kSettings + key;
  const auto plan = [&](const std::string& network, double seconds) {
    Steps steps;
    steps.plain = job.plan("balance: " + network + ", plain", all, seconds);
    for (const unsigned n_pe : kBalancePes) {
      steps.balanced.push_back(job.plan(
          "balance: " + network + ", balanced for " + std::to_string(n_pe) + " PEs", all, seconds));
    }
    return steps;
  };
  lenet_ = plan("LeNet-300-100", 10);
  wide_training_ = job.plan("balance: training 784-1024-1024-10", all, 12);
  wide_ = plan("784-1024-1024-10", 25);
}

json BalanceComparison::run(const Network& network, const Dataset& data) {
  Network wide;
  const std::string file = job_.file(wide_training_, "model");
  const size_t images =
      std::min<size_t>(options_.quick ? 3 : kCycleImages, options_.validation_count);
  const Dataset validation = as_test_images(data, data.train_count() - images, images);
  json comparison = {
      {"images", images},
      {"caption",
       "The same network pruned to the same density in both ways, shared at 4 bits, and " +
           grouped(images) +
           " validation images run through the cycle model of the sparse engine. Balanced: the "
           "rows of each PE of this engine keep the same number of weights (ESE, Han 2017). "
           "Cycles are all from start to done, of all layers; entries include biases and padding."},
      {"rows", json::array()},
      {"loads", json::array()}};

  const auto compare = [&](const Subject& subject, const Steps& steps, bool show_loads) {
    const auto measured = [&](unsigned balance, const std::vector<unsigned>& pes) {
      json result;
      const eie::Network compressed = compress_for(job_, subject, balance, data, options_, result);
      result["engines"] = json::array();
      for (const unsigned n_pe : pes) {
        result["engines"].push_back(cycles_on(compressed, n_pe, validation));
      }
      return result;
    };
    const json plain = job_.run(steps.plain, [&] {
      return measured(0, {kBalancePes.begin(), kBalancePes.end()});
    });
    for (size_t i = 0; i < kBalancePes.size(); ++i) {
      const json balanced =
          job_.run(steps.balanced[i], [&] { return measured(kBalancePes[i], {kBalancePes[i]}); });
      const json& before = plain["engines"][i];
      const json& after = balanced["engines"][0];
      const double faster =
          before["cycles_per_image"].get<double>() / after["cycles_per_image"].get<double>();
      const auto add = [&](const char* pruning, const json& result, json engine, json speedup) {
        if (show_loads && i + 1 == kBalancePes.size()) {
          comparison["loads"].push_back({{"name", pruning},
                                         {"network", subject.title},
                                         {"layer", engine["layer"]},
                                         {"entries_per_pe", engine["entries_per_pe"]}});
        }
        engine.erase("entries_per_pe");
        engine.erase("layer");
        engine.update({{"network", subject.title},
                       {"pruning", pruning},
                       {"density_pct", result["density_pct"]},
                       {"validation_error_pct", result["validation_error_pct"]},
                       {"speedup", std::move(speedup)}});
        comparison["rows"].push_back(std::move(engine));
      };
      add("plain", plain, before, nullptr);
      add("balanced", balanced, after, faster);
    }
  };

  Subject lenet{network, "LeNet-300-100", {}, 0, 6};
  for (const double share : {0.3, 0.15, 0.08}) {
    lenet.rounds.push_back(lenet_300_100_densities(share));
  }
  compare(lenet, lenet_, false);

  job_.run(
      wide_training_,
      [&] {
        wide = make_wide(data, options_.seed + 3000);
        TrainOptions options = short_training(options_, 5, 0.1F, 20000);
        job_.add_training(options, "train");
        const double error = train(wide, data, options).validation_error;
        wide.origin = data.name;
        save_model(file, wide);
        return json{{"validation_error_pct", error}};
      },
      [&] { wide = load_float_network(file); });
  Subject broad{wide, "784-1024-1024-10", {}, 20000, 4};
  for (const double share : {0.3, 0.15, 0.08}) broad.rounds.push_back({share, share, 3 * share});
  compare(broad, wide_, true);
  return comparison;
}

}  // namespace sparsys
