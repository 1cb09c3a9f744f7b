// SPDX-License-Identifier: Apache-2.0
// The design space of EIE's figures, point by point, in parts if wanted.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>

#include "golden/base/atomic_file.hpp"
#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/base/thread_pool.hpp"
#include "golden/compress/dense_chain.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/design_point.hpp"
#include "sw/sparsys/layers/precision.hpp"
#include "sw/sparsys/models/cache.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/progress.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

struct Arguments {
  uint64_t seed = 11;
  bool quick = false;
  std::string shard;
  std::vector<std::string> merge;
  std::string cache = "build/explore";
  std::string report = "build/reports/explore.json";
  std::string models;
  DataOptions data;
};

constexpr unsigned kMostParts = 9999;  // four digits

struct Shard {
  unsigned number = 1;
  unsigned of = 1;
};

Shard shard_of(const std::string& text) {
  Shard shard;
  char rest = 0;
  if (text.empty()) return shard;
  if (std::sscanf(text.c_str(), "%4u/%4u%c", &shard.number, &shard.of, &rest) != 2 ||
      shard.of == 0 || shard.number == 0 || shard.number > shard.of) {
    throw Error("--shard " + printable(text) + ": expected a number of how many, as 2/8");
  }
  return shard;
}

// Of all points: parts of one sweep have it in common.
std::string sweep_name(const std::vector<DesignPoint>& points) {
  Digest digest;
  for (const DesignPoint& point : points) digest.add(point.key());
  return digest.hex();
}

// A result that is kept, or null.
json kept(const std::string& file, const DesignPoint& point) {
  std::ifstream in(file);
  json value = json::parse(in, nullptr, false);
  return value.is_object() && value.value("key", "") == point.key() ? value : json();
}

// Results of the points, from the cache or worked out on all threads.
json results_of(const std::vector<DesignPoint>& points, const Arguments& arguments) {
  make_directory(arguments.cache);
  std::vector<json> results(points.size());
  double total = 0;
  for (const DesignPoint& point : points) total += point.cost();
  std::mutex mutex;
  double done = 0, worked = 0;
  ProgressLine line{std::chrono::seconds(5)};
  const auto start = std::chrono::steady_clock::now();
  ThreadPool pool(arguments.data.threads);
  pool.run(points.size(), [&](size_t i) {
    const DesignPoint& point = points[i];
    const std::string file = arguments.cache + "/" + digest_of(point.key()) + ".json";
    json result = kept(file, point);
    const bool found = !result.is_null();
    if (!found) {
      result = run_point(point);
      write_file_atomically(file, result.dump(1) + "\n");
    }
    const std::lock_guard<std::mutex> lock(mutex);
    results[i] = std::move(result);
    done += point.cost();
    if (!found) worked += point.cost();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    line.show("explore", done / total,
              worked > 0 ? time_left(seconds * (total - done) / worked) : "");
  });
  line.end();
  return results;
}

bool is_part(const json& value) {
  if (!value.is_object() || !value.contains("sweep") || !value.contains("points")) return false;
  const json shard = value.value("shard", json());
  if (!value["points"].is_array() || !shard.is_object()) return false;
  for (const char* field : {"number", "of"}) {
    if (!shard.contains(field) || !shard[field].is_number_unsigned()) return false;
  }
  const uint64_t number = shard["number"], of = shard["of"];
  return number >= 1 && number <= of && of <= kMostParts;
}

// Of a report: what its sweep depends on, as options.
std::string options_of(const json& report) {
  const json seed = report.value("seed", json());
  const json quick = report.value("quick", json());
  return " --seed " + (seed.is_number_unsigned() ? seed.dump() : "?") +
         (quick == json(true) ? " --quick" : "");
}

// Joins parts: each of the sweep once. `report`: what is known of the whole.
json merged(const Arguments& arguments, const json& report, size_t points) {
  json all = json::array();
  std::set<unsigned> seen;
  unsigned of = 0;
  for (const std::string& file : arguments.merge) {
    const std::string name = printable(file, 0);
    std::ifstream in(file);
    if (!in) throw Error(name + ": cannot read");
    const json part = json::parse(in, nullptr, false);
    if (!is_part(part)) {
      throw Error(name + ": no part of a sweep, expected a report of explore --shard");
    }
    if (part["sweep"] != report["sweep"]) {
      throw Error(name + ": a part of another sweep, expected one of" + options_of(report) +
                  ", this is of" + options_of(part) + "; --merge takes the options of the parts");
    }
    const unsigned number = part["shard"]["number"];
    if (of == 0) of = part["shard"]["of"];
    if (part["shard"]["of"] != of) {
      throw Error(name + ": one of " + std::to_string(part["shard"]["of"].get<unsigned>()) +
                  " parts, expected one of " + std::to_string(of));
    }
    if (!seen.insert(number).second) {
      throw Error(name + ": part " + std::to_string(number) + " comes twice");
    }
    for (const json& point : part["points"]) all.push_back(point);
  }
  if (seen.size() < of) {
    std::string missing;
    for (unsigned number = 1; number <= of; ++number) {
      if (seen.count(number) == 0) missing += " " + std::to_string(number);
    }
    throw Error("--merge: of " + std::to_string(of) + " parts these are missing:" + missing);
  }
  if (all.size() != points) {
    throw Error("--merge: " + std::to_string(all.size()) + " points, expected " +
                std::to_string(points));
  }
  return all;
}

// LeNet-300-100 as the demo trains it, in fewer and fewer bits.
void add_precision(const Arguments& arguments, json& report) {
  const Dataset data = arguments.data.load();
  TrainOptions train = lenet_300_100_options();
  train.seed = arguments.data.seed;
  train.threads = arguments.data.threads;
  train.progress = training_progress();
  train.validation_count = DataOptions::validation_count(data);
  ModelCache cache(arguments.models);
  const Network network = cache.lenet_300_100(data, train);
  report["dataset"] = data.name;
  report["precision"] = precision_sweep(dense_chain(network), data);
}

void run_explore(const Arguments& arguments) {
  const std::vector<DesignPoint> points = design_points(arguments.seed, arguments.quick);
  const std::string sweep = sweep_name(points);
  const Shard shard = shard_of(arguments.shard);
  if (!arguments.merge.empty() && !arguments.shard.empty()) {
    throw Error("--shard: computes a part, and --merge joins parts");
  }
  const std::string folder = directory_of(arguments.report);
  if (!folder.empty()) make_directory(folder);
  check_outputs({arguments.report}, arguments.merge);
  json report = {{"seed", arguments.seed}, {"quick", arguments.quick}, {"sweep", sweep}};
  if (!arguments.merge.empty()) {
    report["points"] = merged(arguments, report, points.size());
  } else {
    std::vector<DesignPoint> mine;
    for (size_t i = shard.number - 1; i < points.size(); i += shard.of) mine.push_back(points[i]);
    report["points"] = results_of(mine, arguments);
    if (!arguments.models.empty()) add_precision(arguments, report);
    if (!arguments.shard.empty()) report["shard"] = {{"number", shard.number}, {"of", shard.of}};
  }
  write_json(arguments.report, report);
  std::cout << grouped(static_cast<int64_t>(report["points"].size())) << " points in "
            << printable(arguments.report, 0) << '\n';
}

}  // namespace

void add_explore(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "explore",
      "The design space of EIE's figures 8, 9 and 11 to 13 on the cycle model: queue depths, "
      "widths "
      "of the entry memory and numbers of PEs, for the nine layers of Table III");
  command->add_option("--seed", arguments->seed, "Of random weights and activations")
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--quick", arguments->quick, "The small layers and few sizes");
  command->add_option("--shard", arguments->shard, "Only a part of the points: 2/8 is the second")
      ->type_name("I/N");
  command->add_option("--merge", arguments->merge, "Reports of all parts, to be joined")
      ->type_name("FILE ...");
  command->add_option("--cache", arguments->cache, "Folder that keeps the points' results")
      ->capture_default_str()
      ->type_name("FOLDER");
  command->add_option("--report", arguments->report, "JSON file")
      ->capture_default_str()
      ->type_name("FILE");
  command
      ->add_option("--models", arguments->models,
                   "Also figure 10, on LeNet-300-100: folder that keeps the trained network")
      ->type_name("FOLDER");
  add_threads(*command, arguments->data.threads);
  arguments->data.add_to(*command);
  command->footer(
      "Example: sparsys explore --shard 1/2 --report one.json\n"
      "         sparsys explore --merge one.json two.json\n");
  command->callback([arguments] { run_explore(*arguments); });
}

}  // namespace sparsys
