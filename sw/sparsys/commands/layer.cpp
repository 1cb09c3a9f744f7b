// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/eie/config.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/layers/layer_source.hpp"
#include "sw/sparsys/layers/sparse_layer.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/table.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/eie/lockstep.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

struct Arguments {
  LayerSource source;
  eie::Config config;
  eie::Rows rows = eie::Rows::kBalanced;
  double mhz = 800;
  bool rtl = false;
  std::string json;
};

void print_layer(const json& report) {
  Listing lines;
  const auto cycles = [&](const char* name) { return grouped(report["bounds"][name]); };
  lines.add("entries", grouped(report["entries"]) + ", " + grouped(report["padding"]) +
                           " of them padding; the input meets " + grouped(report["work"]));
  lines.add("cycles", grouped(report["actual_cycles"]) + ", " + fixed(report["us"], 1) + " us at " +
                          fixed(report["mhz"], 0) + " MHz");
  lines.add("work over PEs", fixed(report["theoretical_cycles"], 1) + " cycles, balance " +
                                 percent_text(report["balance_pct"]) + " of running passes, " +
                                 percent_text(report["whole_balance_pct"]) + " of all cycles");
  lines.add("passes", grouped(report["passes"]) + ", running for " + cycles("run_cycles"));
  lines.add("  work of the slowest PE", cycles("slowest_pe_entries"));
  lines.add("  broadcasts", cycles("broadcasts") + ", held for " + cycles("held_cycles"));
  lines.add("  drain behind the last broadcast", cycles("drain_cycles"));
  lines.add("set-up", cycles("setup_cycles"));
  lines.add("write-back", cycles("write_back_cycles"));
  lines.add("utilisation", percent_text(report["utilisation_pct"]) + " of the multipliers' slots");
  if (report.contains("rtl_checked_cycles")) {
    lines.add("RTL in lockstep", grouped(report["rtl_checked_cycles"]) + " cycles, all the same");
  }
  const json& energy = report["energy"];
  lines.add("energy, estimated for 45 nm",
            fixed(energy["nanojoules"].get<double>() / 1000, 2) + " uJ, " +
                fixed(energy["picojoules_per_operation"], 1) + " pJ an operation, " +
                fixed(energy["milliwatts"], 0) + " mW at 800 MHz");
  lines.print(std::cout);
  std::cout << '\n';
  Table table("lrrrr");
  table.add({"memory", "words", "bits", "bytes a cycle", "GB/s"});
  for (const json& row : report["traffic"]) {
    table.add({row["name"].get<std::string>(), grouped(row["count"]), grouped(row["bits"]),
               fixed(row["bytes_per_cycle"], 2), fixed(row["gigabytes_per_second"], 1)});
  }
  table.print(std::cout);
}

void run_layer(const Arguments& arguments) {
  if (!arguments.source.given()) throw Error("--shape or --matrix: expected one of them");
  check(arguments.config);
  check_outputs({arguments.json}, {arguments.source.matrix, arguments.source.input});
  const SparseLayer layer = arguments.source.load();
  const SparseRun run = run_cycles(layer, arguments.config, arguments.rows);
  json report = describe_run(run, arguments.mhz);
  if (arguments.rtl) {
    try {
      eie::Lockstep lockstep(arguments.config);
      const uint64_t cycles = run_on(lockstep, layer, run.image);
      lockstep.finish();
      report["rtl_checked_cycles"] = cycles;
    } catch (const LockstepMismatch& mismatch) {
      throw ExpectationFailed(mismatch.what());
    }
  }
  if (arguments.json != "-") {
    const eie::Layer& of = layer.network.layers.front();
    std::cout << printable(of.name) << ": " << grouped(of.outputs) << " outputs, "
              << grouped(of.inputs) << " inputs, on the cycle model of a sparse engine of "
              << arguments.config.n_pe << " PEs, rows " << to_string(arguments.rows) << '\n';
    print_layer(report);
  }
  FilesTogether files;
  write_json(arguments.json, report);
  commit(files);
}

}  // namespace

void add_layer(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "layer",
      "Runs one fully connected layer on the cycle model of the sparse engine, without a network "
      "or "
      "data: cycles and what bounds them, balance, reads of each memory, bandwidths");
  arguments->source.add_to(*command, true);
  add_engine(*command, arguments->config);
  add_rows(*command, arguments->rows);
  command->add_option("--mhz", arguments->mhz, "Clock, for times and bandwidths")
      ->check(CLI::Range(1.0, 1e5))
      ->capture_default_str()
      ->type_name("F");
  command->add_flag("--rtl", arguments->rtl,
                    "Also on the RTL in lockstep, where one of this size is built in");
  add_json(*command, arguments->json);
  command->footer(
      "Example: sparsys layer --shape 4096x9216 --density .09 --activations .351\n"
      "         sparsys layer --matrix layer.smtx --pe 16 --queue 4\n");
  command->callback([arguments] { run_layer(*arguments); });
}

}  // namespace sparsys
