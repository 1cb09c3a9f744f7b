// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <iostream>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/dense_layer.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

struct Arguments {
  std::string shape;
  std::string csv;
  uint32_t batch = 1;
  double bandwidth = 34e9 / 700e6;
  uint64_t seed = 1;
  mxu::Config config;
  std::string json;
};

std::vector<TopologyLayer> layers_of(const Arguments& arguments) {
  if (arguments.shape.empty() == arguments.csv.empty()) {
    throw Error("--shape or --csv: expected one of them");
  }
  if (!arguments.csv.empty()) return load_topology(arguments.csv);
  TopologyLayer layer;
  layer.name = arguments.shape;
  char rest = 0;
  if (std::sscanf(arguments.shape.c_str(), "%8ux%8ux%8u%c", &layer.m, &layer.k, &layer.n, &rest) !=
          3 ||
      layer.m == 0 || layer.k == 0 || layer.n == 0) {
    throw Error("--shape " + printable(arguments.shape) +
                ": expected rows, terms and columns as 64x1024x1024");
  }
  return {layer};
}

void print_products(const json& rows) {
  Table table("lrrrrrrrrrrrrrrrr");
  table.add({"layer", "M", "K", "N", "cycles", "utilisation", "resident", "utilisation", "active",
             "weight stall", "shift", "non-matrix", "RAW", "input", "tiles", "host rows",
             "weight B/cycle"});
  for (const json& row : rows) {
    const json& bounds = row["bounds"];
    const json& resident = row["resident"];
    const bool fits = resident["fits"];
    table.add(
        {row["name"].get<std::string>(), grouped(row["m"]), grouped(row["k"]), grouped(row["n"]),
         grouped(row["cycles"]), percent_text(row["utilisation_pct"]),
         fits ? grouped(resident["cycles"]) : "-",
         fits ? percent_text(resident["utilisation_pct"]) : "-", grouped(bounds["active_cycles"]),
         grouped(bounds["weight_stall_cycles"]), grouped(bounds["weight_shift_cycles"]),
         grouped(bounds["non_matrix_cycles"]), grouped(bounds["read_after_write_stall_cycles"]),
         grouped(bounds["input_stall_cycles"]), grouped(bounds["weight_tiles"]),
         grouped(bounds["host_rows_in"].get<int64_t>() + bounds["host_rows_out"].get<int64_t>()),
         fixed(row["weight_bytes_per_cycle"], 1)});
  }
  table.print(std::cout);
  for (const json& row : rows) {
    if (row["resident"]["fits"].get<bool>()) continue;
    std::cout << "not resident: " << row["resident"]["error"].get<std::string>() << '\n';
  }
}

void run_gemm(const Arguments& arguments) {
  check(arguments.config);
  check_outputs({arguments.json}, {arguments.csv});
  const std::vector<TopologyLayer> layers = layers_of(arguments);
  json report = {{"batch", arguments.batch},
                 {"rows", arguments.config.rows},
                 {"cols", arguments.config.cols},
                 {"weight_bandwidth", arguments.bandwidth},
                 {"layers", json::array()}};
  uint64_t cycles = 0;
  for (const TopologyLayer& layer : layers) {
    report["layers"].push_back(
        run_dense(layer, arguments.batch, arguments.config, arguments.bandwidth, arguments.seed));
    cycles += report["layers"].back()["cycles"].get<uint64_t>();
  }
  report["cycles"] = cycles;
  if (arguments.json != "-") {
    print_products(report["layers"]);
    std::cout << grouped(static_cast<int64_t>(cycles)) << " cycles in all, array "
              << arguments.config.rows << " x " << arguments.config.cols
              << ", every output as of the functional model\n"
              << "resident: input and parameters there before it begins, through the back door, "
                 "and the output left there\n";
  }
  FilesTogether files;
  write_json(arguments.json, report);
  commit(files);
}

}  // namespace

void add_gemm(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "gemm",
      "Runs products of matrices and convolutions on the cycle model of the matrix unit, without a "
      "network or data: cycles, where they go, utilisation, bandwidths");
  command
      ->add_option("--shape", arguments->shape,
                   "M x K activations times K x N weights: 64x1024x1024")
      ->type_name("MxKxN");
  command
      ->add_option("--csv", arguments->csv,
                   "A topology file of SCALE-Sim: convolutions, or layers as M, N, K")
      ->type_name("FILE");
  command->add_option("--batch", arguments->batch, "Inputs at once")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--weight-bandwidth", arguments->bandwidth,
                   "Of the weight memory, bytes a cycle (TPU v1: 34 GB/s at 700 MHz); 0: a beat a "
                   "cycle")
      ->capture_default_str()
      ->type_name("B");
  command->add_option("--seed", arguments->seed, "Of random bytes")
      ->capture_default_str()
      ->type_name("N");
  add_engine(*command, arguments->config);
  add_json(*command, arguments->json);
  command->footer("Example: sparsys gemm --shape 1x1024x1024 --batch 200\n");
  command->callback([arguments] { run_gemm(*arguments); });
}

}  // namespace sparsys
