// SPDX-License-Identifier: Apache-2.0
// The sparse engine, for compressed networks, with what the host does in front of it and behind.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "golden/engine/eie/config.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/host/host.hpp"
#include "golden/network/split_network.hpp"
#include "sw/sparsys/accelerator/target.hpp"
#include "sw/sparsys/board/eie_board.hpp"
#include "sw/sparsys/commands/options.hpp"

namespace sparsys::eie {

class EieTarget final : public Target {
 public:
  const char* name() const override { return "eie"; }
  const char* engine() const override { return "sparse engine"; }
  bool takes(ModelKind kind) const override;
  void add_options(CLI::App& command, bool demo) override;
  void check_options() const override;
  void connect(const BoardOptions& options) override;

  void load_file(const std::string& file, uint64_t images, const LoadData& load) override;
  // Throws Error if the engine is too small.
  void set_network(SplitNetwork network);
  const std::string& network_name() const override { return network().name; }
  uint64_t inputs() const override { return split_->input_size(); }
  uint64_t outputs() const override { return split_->output_size(); }
  InputScale input_scale() const override;
  std::vector<std::string> tensor_names() const override;
  std::vector<float> tensor(size_t number, Samples sample) const override;
  uint64_t batch() const override { return 1; }
  std::unique_ptr<Accelerator> make(const AcceleratorOptions& options) const override;

  std::string size_text() const override;
  nlohmann::json size() const override;
  void report_host(const RunTotals& totals, nlohmann::json& result, Listing& lines) const override;
  void report(const RunTotals& totals, nlohmann::json& result, Listing& lines) const override;

  Demo demo_defaults() const override { return {200, "build/reports/demo.json"}; }
  void make_network(const sparsys::Network& trained, const Dataset& data, const TrainOptions& train,
                    uint64_t images, ModelCache& cache, nlohmann::json& report) override;
  void print_network(const nlohmann::json& report, Listing& lines) const override;
  void judge_network(const nlohmann::json& report, Expectations& expect) const override;
  nlohmann::json judge_speeds(const Speeds& speeds, const nlohmann::json& report,
                              Expectations& expect) const override;

  const SplitNetwork& split() const { return *split_; }
  const Network& network() const { return split_->engine; }  // the engine's part
  const Host& host() const { return *host_; }
  struct HandOver {
    std::vector<int16_t> inputs;  // of the engine, one vector behind the other
    uint64_t saturated = 0;
  };
  // Of samples. The last is kept: an engine and the one that it is compared with get the same, and
  // the front runs once.
  const HandOver& hand_over(Samples samples, size_t count) const;
  const Image& image() const { return image_; }

  Config config;
  Rows rows = Rows::kBalanced;

 private:
  std::vector<float> front_tensor(size_t number, Samples sample) const;

  CLI::App* options_ = nullptr;
  bool demo_ = false;
  CompressionArguments compression_;     // of the demo
  std::unique_ptr<SplitNetwork> split_;  // to which host_ refers
  std::unique_ptr<Host> host_;
  std::unique_ptr<Board> board_;
  Image image_;  // of the engine's part, for an engine of this size
  struct Kept {
    const void* samples = nullptr;
    size_t count = 0;
    HandOver made;
  };
  mutable Kept kept_;
  mutable double front_seconds_ = 0;
  mutable uint64_t front_samples_ = 0;
};

}  // namespace sparsys::eie
