// SPDX-License-Identifier: Apache-2.0
// What `run` takes from files of values and writes to them, whatever computes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/report/table.hpp"
#include "sw/sparsys/values/values.hpp"

namespace sparsys {

struct ValueArguments {
  std::string input;
  std::string outputs;
  std::string tensor;
  std::string expect;
  double tolerance = 0;
  bool no_labels = false;

  void add_to(CLI::App& command);
  bool wanted() const { return !outputs.empty() || !tensor.empty() || !expect.empty(); }
};

// The samples of --input as one list, `size` values each. Throws Error if it is no multiple.
std::vector<float> input_samples(const std::string& file, uint64_t size, uint64_t& count);

// Which of the names. Throws Error listing all of them if it is none.
size_t number_of(const std::string& name, const std::vector<std::string>& names);

// Writes values of `count` samples, compares them with what is expected, and adds both to the
// report and to its lines. Returns what is wrong, empty if nothing.
std::string finish_values(const ValueArguments& arguments, std::vector<float> values,
                          uint64_t count, nlohmann::json& report, Listing& lines);

// Adds the share of samples whose class is not among the five largest outputs, if there are more.
void add_top5(const std::vector<float>& outputs, const Targets& targets, uint64_t count,
              nlohmann::json& report, Listing& lines);

}  // namespace sparsys
