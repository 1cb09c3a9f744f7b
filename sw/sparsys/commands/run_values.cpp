// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/commands/run_values.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
void ValueArguments::add_to(CLI::App& command) {
  command
      .add_option("--input", input,
                  "Samples in place of a data set's, as the network takes them: .npy, .csv or "
                  ".json; no labels")
      ->type_name("FILE");
  command.add_flag("--no-labels", no_labels, "Take no notice of the data set's labels");
  command.add_option("--outputs", outputs, "Write the output values: .npy, .csv or .json")
      ->type_name("FILE");
  command
      .add_option("--tensor", tensor,
                  "Write or compare this value inside the network in place of the output: a "
                  "layer's name on an engine, of its functional model; a value's of a float model")
      ->type_name("NAME");
  command
      .add_option("--expect", expect,
                  "Compare the values with those of this file: .npy, .csv or .json; exit code 1 "
                  "if one is off by more than --tolerance")
      ->type_name("FILE");
  command.add_option("--tolerance", tolerance, "How far a value may be off")
      ->check(CLI::Range(0.0, 1e30))
      ->capture_default_str()
      ->type_name("X");
}

std::vector<float> input_samples(const std::string& file, uint64_t size, uint64_t& count) {
  Values values = read_values(file);
  if (values.values.empty() || values.values.size() % size != 0) {
    throw Error(printable(file, 0) + ": " + std::to_string(values.values.size()) +
                " values, expected a multiple of the network's " + std::to_string(size) +
                " inputs");
  }
  count = values.values.size() / size;
  return std::move(values.values);
}

size_t number_of(const std::string& name, const std::vector<std::string>& names) {
  // Of several layers that make one value together, the last has it.
  const auto found = std::find(names.rbegin(), names.rend(), name);
  if (found != names.rend()) return static_cast<size_t>(names.rend() - found - 1);
  std::string all;
  for (const std::string& other : names) all += (all.empty() ? "" : ", ") + printable(other, 0);
  throw Error("--tensor " + printable(name) + ": there is none of this name, expected one of " +
              all);
}

std::string finish_values(const ValueArguments& arguments, std::vector<float> values,
                          uint64_t count, nlohmann::json& report, Listing& lines) {
  const uint64_t size = values.size() / count;
  const Values result{{count, size}, std::move(values)};
  if (!arguments.outputs.empty()) {
    write_values(arguments.outputs, result);
    report["outputs_file"] = printable(arguments.outputs, 0);
    lines.add("written", printable(arguments.outputs, 0) + ": " + std::to_string(count) + " x " +
                             std::to_string(size) + " values");
  }
  if (arguments.expect.empty()) return "";
  const std::string name = printable(arguments.expect, 0);
  const Values expected = read_values(arguments.expect);
  if (expected.values.size() != result.values.size()) {
    throw Error(name + ": " + std::to_string(expected.values.size()) + " values, expected " +
                std::to_string(count) + " samples of " + std::to_string(size));
  }
  const Difference off = compare_values(result.values, expected.values, arguments.tolerance);
  nlohmann::json first = nullptr;
  std::string text =
      "largest difference " + short_number(off.largest) + ", mean " + short_number(off.mean);
  if (off.first) {
    first = *off.first;
    text += "; " + std::to_string(off.beyond) + " of " + std::to_string(result.values.size()) +
            " beyond " + short_number(arguments.tolerance) + ", first value " +
            std::to_string(*off.first % size) + " of sample " + std::to_string(*off.first / size) +
            ": " + short_number(result.values[*off.first]) + ", expected " +
            short_number(expected.values[*off.first]);
  }
  report["expected"] = {{"file", name},
                        {"largest_difference", off.largest},
                        {"mean_difference", off.mean},
                        {"tolerance", arguments.tolerance},
                        {"beyond", off.beyond},
                        {"first_beyond", first}};
  lines.add("against " + name, text);
  return off.first ? name + ": " + text : "";
}

void add_top5(const std::vector<float>& outputs, const Targets& targets, uint64_t count,
              nlohmann::json& report, Listing& lines) {
  if (count == 0 || !targets.are_classes()) return;
  const size_t size = outputs.size() / count;
  if (size <= 5) return;
  uint64_t wrong = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const float* y = &outputs[i * size];
    const size_t label = targets.label(i);
    size_t above = 0;
    for (size_t o = 0; o < size && label < size; ++o) {
      above += y[o] > y[label] || (y[o] == y[label] && o < label);
    }
    wrong += label >= size || above >= 5;
  }
  const double percent = 100.0 * static_cast<double>(wrong) / static_cast<double>(count);
  report["top5_error_pct"] = percent;
  lines.add("not among the top 5", share_text(wrong, count));
}

}  // namespace sparsys
