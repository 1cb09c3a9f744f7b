// SPDX-License-Identifier: Apache-2.0
// The sparse engine, for compressed networks.
#pragma once

#include <string>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/network/eie_network.hpp"
#include "sw/sparsys/accelerator/target.hpp"
#include "sw/sparsys/commands/options.hpp"

namespace sparsys::eie {

// Options of the engine's memories.
void add_memory_options(CLI::App& command, Config& config);

class EieTarget final : public Target {
 public:
  const char* name() const override { return "eie"; }
  const char* engine() const override { return "sparse engine"; }
  bool takes(ModelKind kind) const override;
  void add_options(CLI::App& command, bool demo) override;
  void check_options() const override;

  void load_file(const std::string& file, uint64_t images, const LoadData& load) override;
  // Throws Error if the engine is too small.
  void set_network(Network network);
  const std::string& network_name() const override { return network_.name; }
  uint64_t inputs() const override { return network_.input_size(); }
  InputScale input_scale() const override;
  std::vector<std::string> tensor_names() const override;
  std::vector<float> tensor(size_t number, Samples sample) const override;
  uint64_t batch() const override { return 1; }
  std::unique_ptr<Accelerator> make(const AcceleratorOptions& options) const override;

  std::string size_text() const override;
  nlohmann::json size() const override;
  void report(const RunTotals& totals, nlohmann::json& result, Listing& lines) const override;

  Demo demo_defaults() const override { return {200, "build/reports/demo.json"}; }
  void make_network(const sparsys::Network& trained, const Dataset& data, const TrainOptions& train,
                    uint64_t images, ModelCache& cache, nlohmann::json& report) override;
  void print_network(const nlohmann::json& report, Listing& lines) const override;
  void judge_network(const nlohmann::json& report, Expectations& expect) const override;
  nlohmann::json judge_speeds(const Speeds& speeds, const nlohmann::json& report,
                              Expectations& expect) const override;

  const Network& network() const { return network_; }
  const Image& image() const { return image_; }

  Config config;
  Rows rows = Rows::kBalanced;

 private:
  bool demo_ = false;
  CompressionArguments compression_;  // of the demo
  Network network_;
  Image image_;  // of the network, for an engine of this size
};

}  // namespace sparsys::eie
