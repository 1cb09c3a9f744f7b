// SPDX-License-Identifier: Apache-2.0
// The matrix unit, for quantised networks.
#pragma once

#include <string>

#include "golden/engine/mxu/config.hpp"
#include "golden/network/mxu_network.hpp"
#include "sw/sparsys/accelerator/target.hpp"

namespace sparsys::mxu {

class MxuTarget final : public Target {
 public:
  const char* name() const override { return "mxu"; }
  const char* engine() const override { return "matrix unit"; }
  bool takes(ModelKind kind) const override { return kind == ModelKind::kQuantised; }
  void add_options(CLI::App& command, bool demo) override;
  void check_options() const override { config(); }

  void load_file(const std::string& file, uint64_t images, const LoadData& load) override;
  const std::string& network_name() const override { return network_.name; }
  uint64_t inputs() const override { return network_.input_size(); }
  uint64_t outputs() const override { return network_.output_size(); }
  InputScale input_scale() const override;
  std::vector<std::string> tensor_names() const override;
  std::vector<float> tensor(size_t number, Samples sample) const override;
  // Images that go through together: those of the batches that are kept on a tile of weights.
  uint64_t batch() const override { return batch_ * keep_; }
  std::unique_ptr<Accelerator> make(const AcceleratorOptions& options) const override;

  std::string size_text() const override;
  nlohmann::json size() const override;
  void report(const RunTotals& totals, nlohmann::json& result, Listing& lines) const override;

  Demo demo_defaults() const override { return {256, "build/reports/demo-mxu.json"}; }
  void make_network(const sparsys::Network& trained, const Dataset& data, const TrainOptions& train,
                    uint64_t images, ModelCache& cache, nlohmann::json& report) override;
  void print_network(const nlohmann::json& report, Listing& lines) const override;
  void judge_network(const nlohmann::json& report, Expectations& expect) const override;
  nlohmann::json judge_speeds(const Speeds& speeds, const nlohmann::json& report,
                              Expectations& expect) const override;

  const Network& network() const { return network_; }
  // That of array_ rows and columns, else as at full size. Throws Error.
  Config config() const;
  double weight_bandwidth() const { return weight_bandwidth_; }

 private:
  // Throws Error unless the RTL of this size is built in.
  void check_rtl() const;

  uint32_t array_ = 256;
  uint64_t batch_ = 256;
  uint64_t keep_ = 0;  // 0: as the compiler says
  bool keep_chosen_ = false;
  double weight_bandwidth_ = 0;
  Network network_;
};

}  // namespace sparsys::mxu
