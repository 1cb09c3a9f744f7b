// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/describe_split.hpp"

#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/container.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/report/describe.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

json part(const char* name, const char* runs_on, size_t steps, uint64_t weights, uint64_t nonzeros,
          uint64_t multiplications) {
  return {{"part", name},       {"runs_on", runs_on},   {"steps", steps},
          {"weights", weights}, {"nonzeros", nonzeros}, {"multiplications", multiplications}};
}

}  // namespace

json describe_parts(const eie::SplitNetwork& network) {
  json parts = json::array();
  if (network.front) {
    const json front = describe(network.front->decode());
    parts.push_back(part("front", "host, float", front["nodes"].size(), front["weights"],
                         front["nonzeros"], front["multiplications"]));
  }
  if (network.int8_front) {
    uint64_t nonzeros = 0;
    for (const mxu::Layer& layer : network.int8_front->layers) {
      nonzeros += static_cast<uint64_t>(std::count_if(layer.weights.begin(), layer.weights.end(),
                                                      [](int8_t w) { return w != 0; }));
    }
    const json front = describe(*network.int8_front);
    parts.push_back(part("front", "host, int8", front["layers"].size(), front["weights"], nonzeros,
                         front["multiplications"]));
  }
  const json engine = describe(network.engine);
  parts.push_back(part("engine", "sparse engine", engine["layers"].size(), engine["weights"],
                       engine["nonzeros"], engine["weights"].get<uint64_t>() * network.positions));
  if (network.back) {
    parts.push_back(part("back", "host, float", network.back->nodes.size(), 0, 0, 0));
  }
  uint64_t all = 0;
  for (const json& one : parts) all += one["multiplications"].get<uint64_t>();
  for (json& one : parts) {
    one["share_pct"] =
        all == 0 ? 0 : 100 * one["multiplications"].get<double>() / static_cast<double>(all);
  }
  return parts;
}

std::string hand_over_text(const eie::SplitNetwork& network) {
  const size_t values = size_t{network.positions} * network.engine.input_size();
  std::string text = quoted(network.cut) + " " + to_string(network.shape) + ", ";
  if (network.positions > 1) {
    text += grouped(network.positions) + " vectors of " + grouped(network.engine.input_size());
  } else {
    text += grouped(static_cast<int64_t>(values)) + " values";
  }
  return text + ", steps of 2^" + number(-network.engine.layers.front().input_frac);
}

json describe(const eie::SplitNetwork& network, const eie::Config& config, eie::Rows rows) {
  json description = describe(network.engine, config, rows);
  if (network.is_plain()) return description;
  check(network, "network '" + printable(network.engine.name) + "'");
  description["kind"] = to_string(ModelKind::kSplit);
  description["inputs"] = network.input_size();
  description["outputs"] = network.output_size();
  description["parts"] = describe_parts(network);
  description["cut"] = {
      {"name", printable(network.cut)}, {"shape", network.shape},
      {"positions", network.positions}, {"input_frac", network.engine.layers.front().input_frac},
      {"largest", network.largest},     {"reason", printable(network.reason, 0)},
      {"text", hand_over_text(network)}};
  if (network.front) description["front"] = describe(network.front->decode());
  if (network.int8_front) description["front"] = describe(*network.int8_front);
  if (network.back) description["back"] = describe(*network.back);
  return description;
}

void print_parts(std::ostream& out, const json& parts) {
  Table table("llrrrrr");
  table.add({"part", "runs on", "steps", "weights", "non-zero", "multiplications", "share"});
  for (const json& one : parts) {
    table.add({one["part"], one["runs_on"], grouped(one["steps"]), grouped(one["weights"]),
               grouped(one["nonzeros"]), grouped(one["multiplications"]),
               percent_text(one["share_pct"])});
  }
  table.print(out);
}

void print_split(std::ostream& out, const json& description) {
  const json& cut = description["cut"];
  print_parts(out, description["parts"]);
  out << "  cut at " << cut["text"].get<std::string>() << ", largest of the sample "
      << short_number(cut["largest"]) << '\n'
      << "  " << cut["reason"].get<std::string>() << '\n';
  for (const char* name : {"front", "back"}) {
    if (!description.contains(name)) continue;
    out << '\n' << name << ": ";
    print_description(out, description[name]);
  }
  out << '\n';
}

}  // namespace sparsys
