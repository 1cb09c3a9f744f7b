// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/cache.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/format/model_file.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

// To be raised when training or compression makes something else of the same options.
constexpr int kRecipe = 2;

uint32_t crc_of(const std::vector<uint8_t>& bytes) {
  return static_cast<uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

template <typename T>
void add_list(std::ostream& text, const std::vector<T>& values) {
  text << ' ' << values.size();
  for (const T& value : values) text << ' ' << value;
}

// FNV-1a, 64 bits.
std::string digest(const std::string& text) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(hash));
  return hex.data();
}

std::string file_name(const std::string& directory, const Dataset& data, const std::string& key,
                      const char* kind) {
  return directory + "/lenet-300-100-" + data.name + "-" + digest(key) + "." + kind + ".model";
}

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
      std::fprintf(stderr, "sparsys: warning: %s; making it again\n", error.what());
    }
  }
  check_writable(path);
  auto model = make();
  save_model(path, model);
  std::cout << "  kept in " << path << std::endl;
  return model;
}

void check_sizes(uint64_t inputs, uint64_t outputs, const Dataset& data, const std::string& path) {
  if (inputs == data.pixels() && outputs == 10) return;
  throw Error(path + ": " + std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
              " outputs, expected " + std::to_string(data.pixels()) + " and 10");
}

}  // namespace

std::string cache_key(const Dataset& data) {
  std::ostringstream text;
  text << kRecipe << ' ' << data.name << ' ' << data.rows << ' ' << data.cols << ' '
       << data.train_count() << ' ' << crc_of(data.train_images) << ' '
       << crc_of(data.train_labels);
  return text.str();
}

std::string cache_key(const TrainOptions& o) {
  std::ostringstream text;
  text << " train " << o.seed << ' ' << o.epochs << ' ' << o.batch << ' ' << o.learning_rate << ' '
       << o.final_learning_rate << ' ' << o.momentum << ' ' << o.weight_decay << ' '
       << o.hidden_dropout << ' ' << o.max_shift << ' ' << o.shift_probability << ' '
       << o.max_rotation << ' ' << o.max_scale << ' ' << o.validation_count << ' ' << o.train_limit;
  return text.str();
}

std::string cache_key(const DeepCompressionOptions& o) {
  std::ostringstream text;
  const FixedPointOptions fixed_point;
  text << " compress " << o.seed;
  add_list(text, o.densities);
  add_list(text, o.qualities);
  add_list(text, o.sharing.bits);
  add_list(text, o.sharing.bias_bits);
  text << ' ' << o.balance << ' ' << o.prune_rounds << ' ' << o.round_epochs << ' '
       << o.retrain_epochs << ' ' << o.retrain_learning_rate << ' ' << o.weight_decay << ' '
       << static_cast<int>(o.sharing.init) << ' ' << o.sharing.entropy << ' '
       << o.sharing.entropy_prunes << ' ' << o.fine_tune_epochs << ' ' << o.fine_tune_learning_rate
       << ' ' << o.centroid_rate << ' ' << o.centroid_power << ' ' << o.reassign_epochs << ' '
       << o.reassign_learning_rate << ' ' << o.teacher_weight << ' ' << o.temperature << ' '
       << o.max_shift << ' ' << o.max_rotation << ' ' << o.max_scale << ' ' << o.validation_count
       << ' ' << fixed_point.constants << ' ' << fixed_point.input_frac << ' '
       << fixed_point.headroom;
  return text.str();
}

ModelCache::ModelCache(std::string directory) : directory_(std::move(directory)) {
  make_directory(directory_);
  check_writable(directory_ + "/model");
}

Network ModelCache::lenet_300_100(const Dataset& data, const TrainOptions& options) {
  return load_or_make(
      file_name(directory_, data, cache_key(data) + cache_key(options), "float"),
      [&data](const std::string& path) {
        Network network = load_float_network(path);
        const std::vector<Shape> shapes = infer_shapes(network);
        check_sizes(static_cast<uint64_t>(element_count(shapes.front())),
                    static_cast<uint64_t>(element_count(shapes.back())), data, path);
        return network;
      },
      [&] {
        Network network = make_lenet_300_100(data.pixels(), options.seed);
        // Not the description, which names a place on this machine: equal runs give equal files.
        network.origin = data.name;
        train(network, data, options);
        return network;
      });
}

eie::Network ModelCache::compressed(const Network& trained, const Dataset& data,
                                    const TrainOptions& options,
                                    const DeepCompressionOptions& compression) {
  return load_or_make(
      file_name(directory_, data, cache_key(data) + cache_key(options) + cache_key(compression),
                "net"),
      [&data](const std::string& path) {
        eie::Network network = load_compressed_network(path);
        check_sizes(network.input_size(), network.output_size(), data, path);
        return network;
      },
      [&] {
        DeepCompressionReport report;
        const SharedNetwork shared = deep_compress(trained, &data, compression, &report);
        eie::Network network = to_sparse_engine(shared, data, compression.validation_count, &report,
                                                {}, compression.threads);
        std::cout << '\n' << to_string(report) << std::endl;
        return network;
      });
}

}  // namespace sparsys
