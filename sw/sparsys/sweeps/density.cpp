// SPDX-License-Identifier: Apache-2.0
// Accuracy against density and size.
#include "golden/format/stored_model.hpp"
#include "sw/sparsys/report/table.hpp"
#include "sw/sparsys/sweeps/steps.hpp"
#include "sw/sparsys/sweeps/sweeps.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Bits of an index in the figure of sizes, as in the paper's tables 2 and 3.
constexpr double kIndexBits = 5;

}  // namespace

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
    job_.add_training(retrain, "to " + share_percent(share));
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
        fine_tune(job_, shared, data, options_, 2, 0, "shared at " + share_percent(share));
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
      job_.add_training(retrain, "at " + share_percent(share));
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

}  // namespace sparsys
