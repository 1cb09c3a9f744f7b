// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/placement/place.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/compress/quantise.hpp"
#include "golden/compress/sparse_engine/split.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"
#include "golden/format/stored_model.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys::top {
namespace {

// Training images that decide on scales, as `compress --target mxu` has them.
constexpr size_t kSamples = 1000;
constexpr size_t kMostValues = 15;  // of a layer of the sparse engine

// A choice of the first layer of a stored model that runs on the sparse engine.
class Choice {
 public:
  Choice(const SharedNetwork& network, const PlaceOptions& options)
      : network_(network),
        options_(options),
        layers_(layers(network.network, true)),
        first_(layers_.size()) {
    multiplications_ = layer_multiplications(network.network, true);
    try {
      const EngineLayers engine = engine_layers(network.decode());
      // Behind them there must be nothing.
      if (engine.first + engine.count == layers_.size()) first_ = engine.first;
    } catch (const Error&) {
      // None is fully connected.
    }
  }

  // The number of the first; that of all layers if there is none.
  size_t run(std::string& why) const {
    size_t least = first_;
    size_t most = layers_.size();
    for (size_t l = first_; l < layers_.size(); ++l) {
      if (weights(l).shared() && values(l) <= kMostValues) continue;
      least = l + 1;
    }
    const size_t free = least;
    for (const auto& [name, engine] : options_.wanted) {
      const size_t l = number_of(name);
      if (engine == Engine::kMatrix) least = std::max(least, l + 1);
      if (engine == Engine::kSparse && l < free) {
        fail("--place " + name + "=eie",
             "the sparse engine runs the fully connected layers at the end, of up to " +
                 std::to_string(kMostValues) + " values each" +
                 (free < layers_.size() ? ": from '" + printable(layers_[free].name) + "' on"
                                        : "; here there are none"));
      }
      if (engine == Engine::kSparse) most = std::min(most, l);
    }
    if (least > most) {
      fail("--place", "'" + printable(layers_[most].name) +
                          "' on the sparse engine, and a layer behind it on the matrix unit; "
                          "expected the sparse engine's behind all others");
    }
    double fewest = std::numeric_limits<double>::infinity();
    size_t chosen = least;
    for (size_t l = least; l <= most; ++l) {
      const double cycles = cycles_of(loads(l));
      if (cycles >= fewest) continue;
      fewest = cycles;
      chosen = l;
    }
    why = chosen == layers_.size()
              ? "all layers on the matrix unit"
              : "from '" + printable(layers_[chosen].name) + "' on the sparse engine";
    why += ", " + grouped(static_cast<int64_t>(fewest)) + " cycles by the roofline, least of " +
           std::to_string(most - least + 1);
    return chosen;
  }

  // The value in front of a layer.
  std::string cut(size_t layer) const {
    const Node& node = network_.network.nodes[layers_[layer].node];
    for (const std::string& input : node.inputs) {
      if (network_.network.find(input) == nullptr) return input;
    }
    return network_.network.input;
  }
  size_t count() const { return layers_.size(); }

 private:
  size_t number_of(const std::string& name) const {
    std::string all;
    for (size_t l = 0; l < layers_.size(); ++l) {
      if (layers_[l].name == name) return l;
      all += (l == 0 ? "" : ", ") + printable(layers_[l].name);
    }
    fail("--place " + printable(name), "no such layer; expected one of " + all);
  }

  const SharedParameter& weights(size_t l) const { return network_.parameters[layers_[l].weights]; }
  size_t values(size_t l) const {
    return weights(l).codebook.empty() ? 0 : weights(l).codebook.size() - 1;
  }
  uint64_t nonzeros(size_t l) const {
    const std::vector<uint8_t>& code = weights(l).code;
    return code.size() - static_cast<uint64_t>(std::count(code.begin(), code.end(), 0));
  }

  // Those before layer `first` on the matrix unit, each weight a byte there.
  std::vector<LayerLoad> loads(size_t first) const {
    std::vector<LayerLoad> all;
    for (size_t l = 0; l < layers_.size(); ++l) {
      const Engine engine = l < first ? Engine::kMatrix : Engine::kSparse;
      LayerLoad load{layers_[l].name,           engine, 0, 0, peak(engine, options_.config),
                     bus_bytes(options_.config)};
      const bool sparse = engine == Engine::kSparse;
      load.operations = options_.batch * (sparse ? nonzeros(l) : multiplications_[l]);
      if (!sparse) load.bytes = static_cast<uint64_t>(layers_[l].inputs * layers_[l].outputs);
      if (l == first && l > 0) {
        const uint64_t vector = options_.batch * static_cast<uint64_t>(layers_[l].inputs);
        load.bytes += vector;
        all.back().bytes += vector;
      }
      all.push_back(load);
    }
    return all;
  }

  const SharedNetwork& network_;
  const PlaceOptions& options_;
  const std::vector<Layer> layers_;
  std::vector<uint64_t> multiplications_;
  size_t first_;  // that may run on the sparse engine
};

Placed place_stored(const SharedNetwork& network, const PlaceOptions& options, const LoadData& load,
                    std::string& why) {
  const Choice choice(network, options);
  const size_t first = choice.run(why);
  const Dataset& data = load();
  if (first < choice.count()) {
    SparseEngineOptions how;
    how.cut = choice.cut(first);
    how.int8_front = true;
    how.threads = options.threads;
    return placed(to_sparse_engine(network, data, 0, nullptr, how));
  }
  QuantisationOptions how;
  how.threads = options.threads;
  if (data.task != DataTask::kClassification) how.outputs = QuantisationOutputs::kValues;
  const size_t samples = std::min(kSamples, data.train_count());
  return {quantise(network.decode(), data.samples(data.train), samples, how), std::nullopt};
}

// Of a network that is for its engines already.
void check_wanted(const Placed& placed, const PlaceOptions& options, const std::string& file) {
  std::map<std::string, Engine> engine;
  if (placed.matrix) {
    for (const mxu::Layer& layer : placed.matrix->layers) engine[layer.name] = Engine::kMatrix;
  }
  if (placed.sparse) {
    for (const eie::Layer& layer : placed.sparse->layers) engine[layer.name] = Engine::kSparse;
  }
  for (const auto& [name, wanted] : options.wanted) {
    const auto found = engine.find(name);
    if (found == engine.end()) {
      std::string all;
      for (const auto& [other, of] : engine) all += (all.empty() ? "" : ", ") + printable(other);
      fail("--place " + printable(name), "no such layer; expected one of " + all);
    }
    if (found->second == wanted) continue;
    fail("--place " + printable(name) + "=" + to_string(wanted),
         printable(file, 0) + " has it for the engine " + to_string(found->second) +
             "; a stored model (compress --target stored) is for any");
  }
}

Placed place_ready(const std::string& file, const PlaceOptions& options) {
  Placed made;
  const ModelKind kind = model_kind(file);
  if (kind == ModelKind::kQuantised) {
    made.matrix = load_model<mxu::Network>(file);
  } else if (kind == ModelKind::kFloat || kind == ModelKind::kOldFloat) {
    fail(printable(file, 0), std::string("holds a ") + to_string(kind) +
                                 ", which `sparsys compress` first makes a stored model or a "
                                 "network for an engine of");
  } else {
    made = placed(load_split(file));
  }
  check_wanted(made, options, file);
  return made;
}

}  // namespace

Placed place(const std::string& file, const PlaceOptions& options, const LoadData& load,
             std::string& why) {
  if (model_kind(file) == ModelKind::kStored) {
    return place_stored(load_stored_network(file), options, load, why);
  }
  why = "as the file has it";
  try {
    return place_ready(file, options);
  } catch (const Error& error) {
    const std::string what = error.what();
    if (what.rfind("network '", 0) != 0) throw;
    throw Error(printable(file, 0) + ": " + what);
  }
}

}  // namespace sparsys::top
