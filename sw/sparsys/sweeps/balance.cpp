// SPDX-License-Identifier: Apache-2.0
// Load-balance-aware pruning beside plain pruning.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/compress/dense_chain.hpp"
#include "golden/compress/fixed_point.hpp"
#include "golden/format/model_file.hpp"
#include "sw/sparsys/accelerator/eie/target.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/sweeps/steps.hpp"
#include "sw/sparsys/sweeps/sweeps.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

constexpr std::array<unsigned, 2> kBalancePes = {16, 64};
constexpr size_t kCycleImages = 100;
constexpr size_t kSampleImages = 2000;

constexpr int64_t kWideUnits = 1024;

// Fully connected layers of 784-1024-1024-10, weights as He 2015.
Network make_wide(const Dataset& data, uint64_t seed) {
  Network network;
  network.name = "mlp-1024";
  network.origin = "not trained yet";
  const auto inputs = static_cast<int64_t>(data.inputs());
  network.input_shape = {1, inputs};
  network.output = "logits";
  const std::array<int64_t, 4> sizes = {inputs, kWideUnits, kWideUnits,
                                        static_cast<int64_t>(data.outputs())};
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
json cycles_on(const eie::Network& network, unsigned n_pe, const ImageRange& images) {
  eie::EieTarget target;
  target.config.n_pe = n_pe;
  target.rows = eie::Rows::kInterleaved;  // the pruning has these in mind
  eie::SplitNetwork plain;
  plain.engine = network;
  target.set_network(std::move(plain));
  AcceleratorOptions options;
  options.level = Level::kFunction;
  const auto reference = target.make(options);
  options.level = Level::kCycle;
  const auto engine = target.make(options);
  reference->load();
  engine->load();
  RunTotals totals;
  run_images(*engine, reference.get(), images, to_string(options.level), totals);
  if (totals.mismatched_images > 0) {
    throw Error("cycle model of " + target.size_text() + ": " + totals.first_mismatch);
  }
  const json description = describe_engine(target.image());
  json result;
  Listing unused;
  target.report(totals, result, unused);
  const eie::LayerStats& first = target.image().layers.front();
  return {{"n_pe", n_pe},
          {"entries", description["entries"]},
          {"balance_pct", description["balance"]},
          {"cycles_per_image", result["cycles_per_image"]},
          {"pe_utilisation_pct", result["pe_utilisation_pct"]},
          {"layer", first.name},
          {"entries_per_pe", first.entries_per_pe}};
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
  const size_t first = data.train_count() - images;
  const ImageRange validation = {data.samples(data.train, first),
                                 data.targets(data.train, first),
                                 data.inputs(),
                                 first,
                                 images,
                                 1};
  json comparison = {
      {"images", images},
      {"caption",
       "The same network pruned to the same density in both ways, shared at 4 bits, and " +
           grouped(images) +
           " validation images run through the cycle model of the sparse engine. Balanced: the "
           "rows of each PE of this engine keep the same number of weights (ESE, Han 2017), rows "
           "interleaved. Cycles are all from start to done, of all layers; entries include biases "
           "and padding."},
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
      [&] { wide = load_model<Network>(file); });
  Subject broad{wide, "784-1024-1024-10", {}, 20000, 4};
  for (const double share : {0.3, 0.15, 0.08}) broad.rounds.push_back({share, share, 3 * share});
  compare(broad, wide_, true);
  return comparison;
}

}  // namespace sparsys
