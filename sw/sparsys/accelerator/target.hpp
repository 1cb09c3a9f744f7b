// SPDX-License-Identifier: Apache-2.0
// The engines that the program knows: what a network must be for one, the options of its size, and
// what is told of it. Another engine is another Target in a folder of its own and a line in
// targets().
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/data/dataset.hpp"
#include "golden/format/model_file.hpp"
#include "golden/network/network.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/accelerator/accelerator.hpp"
#include "sw/sparsys/board/board_options.hpp"
#include "sw/sparsys/models/cache.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {

// Of the demo: cycles a second at the levels it measures, 0 before that.
struct Speeds {
  double rtl = 0;
  double lockstep = 0;
  double cycle = 0;
};

class Target {
 public:
  virtual ~Target() = default;

  virtual const char* name() const = 0;    // as --target has it: "eie"
  virtual const char* engine() const = 0;  // "sparse engine"
  virtual bool takes(ModelKind kind) const = 0;

  // Options of the engine's size. `demo`: also those of how the demo makes the network.
  virtual void add_options(CLI::App& command, bool demo) = 0;
  // Throws Error if they do not fit each other.
  virtual void check_options() const = 0;
  // Takes the engine of a board, whose size it then has, for Level::kBoard; to be called before
  // load_file(). Throws Error if there is none, or options ask for another size.
  virtual void connect(const BoardOptions&) {
    throw Error(std::string("--level board: boards run the sparse engine, and this network the ") +
                engine());
  }

  // Reads the network of a file whose kind the target takes, for runs of `images` images. `load`
  // gives the data set with its training images, for networks that have to be made for the engine
  // first. Throws Error "FILE: ..." also if the engine is too small.
  using LoadData = std::function<const Dataset&()>;
  virtual void load_file(const std::string& file, uint64_t images, const LoadData& load) = 0;
  virtual const std::string& network_name() const = 0;
  virtual uint64_t inputs() const = 0;
  virtual uint64_t outputs() const = 0;
  // A real input x of the network enters as the sample's value (x - offset) / scale.
  struct InputScale {
    float scale;
    float offset;
  };
  virtual InputScale input_scale() const = 0;
  // Names of the values between layers, the last being the output; and one of them for one sample,
  // in real numbers, as the functional model has it. `number` is below tensor_names().size().
  virtual std::vector<std::string> tensor_names() const = 0;
  virtual std::vector<float> tensor(size_t number, Samples sample) const = 0;
  // Images that run at once.
  virtual uint64_t batch() const = 0;

  // Throws Error if the RTL is asked for and not built in. The target must outlive it, and have a
  // network before it is loaded or runs.
  virtual std::unique_ptr<Accelerator> make(const AcceleratorOptions& options) const = 0;

  // "16 PEs", for people; and as fields of a report.
  virtual std::string size_text() const = 0;
  virtual nlohmann::json size() const = 0;
  // What of a run the host did, likewise; nothing if there is nothing.
  virtual void report_host(const RunTotals&, nlohmann::json&, Listing&) const {}
  // Counters of a run, as fields of a report and as lines for people.
  virtual void report(const RunTotals& totals, nlohmann::json& result, Listing& lines) const = 0;

  // ---- the demo ----

  struct Demo {
    uint64_t images;
    const char* report;  // file
  };
  virtual Demo demo_defaults() const = 0;
  // Makes the network of a trained one, for runs of `images` images. Adds to the report what it
  // cost.
  virtual void make_network(const Network& trained, const Dataset& data, const TrainOptions& train,
                            uint64_t images, ModelCache& cache, nlohmann::json& report) = 0;
  // Prints a table, if there is one, and gives lines for people, of what make_network() added.
  virtual void print_network(const nlohmann::json& report, Listing& lines) const = 0;
  // Bounds of the network on MNIST; and targets of speed, as field "targets" of the report.
  virtual void judge_network(const nlohmann::json& report, Expectations& expect) const = 0;
  virtual nlohmann::json judge_speeds(const Speeds& speeds, const nlohmann::json& report,
                                      Expectations& expect) const = 0;
};

// One of each, with its default options.
std::vector<std::unique_ptr<Target>> targets();

}  // namespace sparsys
