// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/report/describe_image.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "golden/engine/top/command.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;
using top::Command;
using top::Opcode;

constexpr const char* kBases[] = {"", "image", "input", "output", "scratch"};

// Numbers of the bits that are 1.
json events(uint16_t bits) {
  json numbers = json::array();
  for (uint32_t e = 0; e < top::kEvents; ++e) {
    if ((bits >> e & 1) != 0) numbers.push_back(e);
  }
  return numbers;
}

void add_address(const char* name, uint64_t address, json& made) {
  if (address == 0) return;
  made[name] = {{"base", kBases[top::base_number(address)]}, {"offset", top::offset_in(address)}};
}

json describe(const Command& command) {
  json made = {{"command", to_string(command.opcode)}};
  if (command.wait != 0) made["wait"] = events(command.wait);
  if (command.signal != 0) made["signal"] = events(command.signal);
  add_address("address", command.address, made);
  add_address("weights", command.weights, made);
  const bool bytes = (command.flags & top::kBytes) != 0;
  top::visit_fields(command, [&](const char* name, uint32_t low, uint32_t, auto value) {
    // Of the conversion only where there is one.
    if (low < 64 || bytes) made[name] = value;
  });
  if (command.opcode != Opcode::kSparseLoad && command.opcode != Opcode::kSparseStore) return made;
  made["spread"] = (command.flags & top::kSpread) != 0 && command.opcode == Opcode::kSparseLoad;
  made["bytes"] = bytes;
  return made;
}

json describe(const std::vector<Command>& commands) {
  json made = json::array();
  for (const Command& command : commands) made.push_back(describe(command));
  return made;
}

std::string numbers_text(const json& command, const char* field) {
  std::string text;
  if (!command.contains(field)) return text;
  for (const json& number : command[field]) text += (text.empty() ? "" : " ") + number.dump();
  return text;
}

std::string place_text(const json& command, const char* field) {
  if (!command.contains(field)) return "";
  const json& place = command[field];
  return place["base"].get<std::string>() + " + " + grouped(place["offset"]);
}

// The other fields: "words 12, spread".
std::string fields_text(const json& command) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const auto& [name, value] : command.items()) {
    if (value.is_boolean() && value.get<bool>()) add(name);
    if (name == "port") {
      char hex[16];
      std::snprintf(hex, sizeof hex, "%08X", value.get<uint32_t>());
      add("port " + std::string(hex));
    } else if (value.is_number()) {
      add(name + ' ' + value.dump());
    }
  }
  if (command.contains("weights")) add("weights " + place_text(command, "weights"));
  return text;
}

void print_commands(std::ostream& out, const char* title, const json& commands) {
  out << title << '\n';
  Table table("rlllll");
  table.add({"", "command", "wait", "signal", "address", "fields"});
  for (size_t c = 0; c < commands.size(); ++c) {
    const json& command = commands[c];
    table.add({std::to_string(c), command["command"], numbers_text(command, "wait"),
               numbers_text(command, "signal"), place_text(command, "address"),
               fields_text(command)});
  }
  table.print(out);
  out << '\n';
}

}  // namespace

json describe(const top::Image& image) {
  const top::Config config = top::config_of(image.registers);
  json made = {{"kind", "image"},
               {"image_bytes", image.bytes.size()},
               {"input_bytes", image.input_bytes},
               {"output_bytes", image.output_bytes},
               {"scratch_bytes", image.scratch_bytes},
               {"phases", image.phases},
               {"batch", image.batch},
               {"engines", json::object()},
               {"setup", describe(image.setup)},
               {"inference", describe(image.inference[0])}};
  if (config.sparse) {
    made["engines"]["sparse"] = {
        {"n_pe", config.eie.n_pe}, {"lanes", config.eie.lanes}, {"groups", config.eie.groups}};
  }
  if (config.matrix) {
    made["engines"]["matrix"] = {{"rows", config.mxu.rows}, {"cols", config.mxu.cols}};
  }
  return made;
}

void print_image(std::ostream& out, const json& description) {
  Listing lines;
  std::string engines;
  if (description["engines"].contains("sparse")) {
    const json& sparse = description["engines"]["sparse"];
    engines = sparse["n_pe"].dump() + " PEs of " + sparse["lanes"].dump() + " lanes in " +
              sparse["groups"].dump() + " groups";
  }
  if (description["engines"].contains("matrix")) {
    const json& matrix = description["engines"]["matrix"];
    engines += (engines.empty() ? "" : "; ") + std::string("an array of ") + matrix["rows"].dump() +
               "x" + matrix["cols"].dump();
  }
  lines.add("image", grouped(description["image_bytes"]) + " bytes for " + engines);
  lines.add("inference", grouped(description["batch"]) + " samples, " +
                             grouped(description["input_bytes"]) + " bytes in, " +
                             grouped(description["output_bytes"]) + " out, " +
                             grouped(description["scratch_bytes"]) + " of scratch; " +
                             description["phases"].dump() + " phases");
  lines.print(out);
  out << '\n';
  print_commands(out, "setup", description["setup"]);
  print_commands(out, "inference, phase 0", description["inference"]);
}

}  // namespace sparsys
