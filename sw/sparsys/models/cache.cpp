// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/models/cache.hpp"

#include <filesystem>
#include <iostream>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/compress/sparse_engine/to_sparse_engine.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"
#include "sw/sparsys/report/compression.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"

namespace sparsys {
namespace {

// To be raised when training or compression makes something else of the same options.
constexpr int kRecipe = 3;

template <typename Options>
std::string key_of(const Options& options) {
  Digest digest;
  visit(options, [&digest](const char* name, const auto& field) {
    digest.add(std::string(name));
    digest.add(field);
  });
  return digest.hex();
}

// `network`: its name.
std::string file_name(const std::string& directory, const char* network, const Dataset& data,
                      const std::string& key, const char* kind) {
  return directory + "/" + network + "-" + file_part(data.name) + "-" + digest_of(key) + "." +
         kind + ".model";
}

void save(const std::string& path, const Network& model) { save_model(path, model); }
void save(const std::string& path, const eie::Network& model) { save_model(path, model); }
void save(const std::string& path, const eie::SplitNetwork& model) { save_split(path, model); }

// Loads `path` if it is there and sound, else makes and saves it.
template <typename Load, typename Make>
auto load_or_make(const std::string& path, const Load& load, const Make& make) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    try {
      auto model = load(path);
      std::cout << "  from " << path << std::endl;
      return model;
    } catch (const Error& error) {
      print_warning(std::string(error.what()) + "; making it again");
    }
  }
  check_writable(path);
  auto model = make();
  save(path, model);
  std::cout << "  kept in " << path << std::endl;
  return model;
}

void check_sizes(uint64_t inputs, uint64_t outputs, const Dataset& data, const std::string& path) {
  if (inputs == data.inputs() && outputs == data.outputs()) return;
  throw Error(path + ": " + std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
              " outputs, expected " + std::to_string(data.inputs()) + " and " +
              std::to_string(data.outputs()));
}

// Of a network's name; fresh() makes it without training.
template <typename Fresh>
Network trained(const std::string& directory, const char* name, const Dataset& data,
                const TrainOptions& options, const Fresh& fresh) {
  return load_or_make(
      file_name(directory, name, data, cache_key(data) + cache_key(options), "float"),
      [&data](const std::string& path) {
        Network network = load_model<Network>(path);
        const std::vector<Shape> shapes = infer_shapes(network);
        check_sizes(static_cast<uint64_t>(element_count(shapes.front())),
                    static_cast<uint64_t>(element_count(shapes.back())), data, path);
        return network;
      },
      [&] {
        Network network = fresh();
        // Not the description, which names a place on this machine: equal runs give equal files.
        network.origin = data.name;
        train(network, data, options);
        return network;
      });
}

}  // namespace

std::string cache_key(const Dataset& data) {
  Digest digest;
  digest.add(kRecipe);
  digest.add(data.name);
  digest.add(static_cast<int>(data.task));
  digest.add(data.shape);
  digest.add(data.train.bytes);
  digest.add(data.train.floats);
  digest.add(data.train.labels);
  digest.add(data.train.targets);
  return digest.hex();
}

std::string cache_key(const TrainOptions& options) { return key_of(options); }

std::string cache_key(const DeepCompressionOptions& options) {
  return key_of(options) + key_of(FixedPointOptions());
}

ModelCache::ModelCache(std::string directory) : directory_(std::move(directory)) {
  make_directory(directory_);
  check_writable(directory_ + "/model");
}

Network ModelCache::lenet_300_100(const Dataset& data, const TrainOptions& options) {
  return trained(directory_, "lenet-300-100", data, options,
                 [&] { return make_lenet_300_100(data.inputs(), data.outputs(), options.seed); });
}

Network ModelCache::lenet_5(const Dataset& data, const TrainOptions& options) {
  return trained(directory_, "lenet-5", data, options, [&] {
    return make_lenet_5({data.planes(), data.rows(), data.cols()}, data.outputs(), options.seed);
  });
}

eie::SplitNetwork ModelCache::split_lenet_5(const Network& trained, const Dataset& data,
                                            const TrainOptions& options,
                                            const DeepCompressionOptions& compression) {
  return load_or_make(
      file_name(directory_, "lenet-5", data,
                cache_key(data) + cache_key(options) + cache_key(compression), "split"),
      [&data](const std::string& path) {
        eie::SplitNetwork network = load_split(path);
        check_sizes(network.input_size(), network.output_size(), data, path);
        return network;
      },
      [&] {
        DeepCompressionReport report;
        const SharedNetwork shared = deep_compress(trained, &data, compression, &report);
        SparseEngineOptions how;
        how.int8_front = true;
        how.threads = compression.threads;
        eie::SplitNetwork network =
            to_sparse_engine(shared, data, compression.validation_count, &report, how);
        std::cout << '\n';
        print_steps(std::cout, report);
        std::cout << std::endl;
        return network;
      });
}

eie::Network ModelCache::compressed(const Network& trained, const Dataset& data,
                                    const TrainOptions& options,
                                    const DeepCompressionOptions& compression) {
  return load_or_make(
      file_name(directory_, "lenet-300-100", data,
                cache_key(data) + cache_key(options) + cache_key(compression), "net"),
      [&data](const std::string& path) {
        eie::Network network = load_model<eie::Network>(path);
        check_sizes(network.input_size(), network.output_size(), data, path);
        return network;
      },
      [&] {
        DeepCompressionReport report;
        const SharedNetwork shared = deep_compress(trained, &data, compression, &report);
        SparseEngineOptions options;
        options.threads = compression.threads;
        eie::Network network =
            to_sparse_engine(shared, data, compression.validation_count, &report, options).engine;
        std::cout << '\n';
        print_steps(std::cout, report);
        std::cout << std::endl;
        return network;
      });
}

}  // namespace sparsys
