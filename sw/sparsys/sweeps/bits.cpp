// SPDX-License-Identifier: Apache-2.0
// Accuracy against bits of shared weights.
#include <array>

#include "golden/format/model_file.hpp"
#include "sw/sparsys/report/table.hpp"
#include "sw/sparsys/sweeps/steps.hpp"
#include "sw/sparsys/sweeps/sweeps.hpp"

namespace sparsys {

using nlohmann::json;

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
      [&] { pruned = load_model<Network>(file); });
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
            per_layer.push_back(is_convolution(pruned.nodes[layer.node].op) == kind.conv ? bits
                                                                                         : 8);
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

}  // namespace sparsys
