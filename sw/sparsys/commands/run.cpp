// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/fits.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/part.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/accelerator/options.hpp"
#include "sw/sparsys/accelerator/top/driven.hpp"
#include "sw/sparsys/accelerator/top/function.hpp"
#include "sw/sparsys/accelerator/top/model_device.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/commands/run_values.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/score.hpp"
#include "tb/lockstep/core/lockstep_options.hpp"
#include "tb/lockstep/top/rtl.hpp"

namespace sparsys {
namespace {

using nlohmann::json;

// Samples that an image runs between two lines of progress.
constexpr uint64_t kImageBatch = 100;

struct Arguments {
  DataOptions data;
  std::string model;
  uint64_t images = 100;
  uint64_t first = 0;
  std::string level = "rtl";
  const CLI::Option* level_option = nullptr;
  std::string engine;  // the old spelling of target and level
  TargetOptions targets;
  bool no_lockstep = false;
  BoardOptions board;
  CLI::Option_group* board_options = nullptr;
  std::string waves;
  std::string json;
  ValueArguments values;
};

// What runs: samples of a data set, or of a file.
struct RunSamples {
  std::optional<Dataset> data;
  std::vector<float> own;  // of --input
  std::string name;
  bool labelled = false;
  Samples samples{static_cast<const float*>(nullptr)};
  Targets targets = Targets::inputs();
  uint64_t first = 0;
  uint64_t count = 0;
};

// "mxu-cycle": how --engine names a target at a level.
std::string old_spelling(const Target& target, const std::string& level) {
  const std::string name = target.name();
  if (name == "eie") return level;
  return level == "rtl" ? name : name + "-" + level;
}

// The target of the model file. Sets the level that an old spelling means.
Target& target_of(Arguments& arguments) {
  const ModelKind kind = model_kind(arguments.model);
  Target* target = arguments.targets.taking(kind);
  if (target == nullptr) {
    throw Error(printable(arguments.model, 0) + ": holds a " + to_string(kind) +
                ", which `sparsys compress` first makes a network for an engine of");
  }
  if (arguments.engine.empty()) return *target;
  if (arguments.level_option->count() > 0) {
    throw Error("--engine: is the old spelling of --level and excludes it");
  }
  for (const char* level : {"rtl", "cycle", "function"}) {
    if (old_spelling(*target, level) != arguments.engine) continue;
    arguments.level = level;
    return *target;
  }
  throw Error("--engine " + arguments.engine + ": " + printable(arguments.model, 0) + " holds a " +
              to_string(kind) + ", which runs on the " + target->engine() +
              "; --level rtl, cycle or function chooses its model");
}

Level level_of(const Arguments& arguments) {
  const bool rtl = arguments.level == "rtl";
  const bool board = arguments.level == "board";
  if (board && arguments.board.port.empty()) {
    throw Error("--level board: expected --port, the board's serial line, as /dev/ttyUSB1");
  }
  if (arguments.no_lockstep && !rtl) throw Error("--no-lockstep: is for --level rtl only");
  if (!arguments.waves.empty() && (!rtl || arguments.no_lockstep)) {
    throw Error("--waves: the lockstep writes them, so it needs --level rtl without --no-lockstep");
  }
  if (rtl) return arguments.no_lockstep ? Level::kRtl : Level::kLockstep;
  if (board) return Level::kBoard;
  return arguments.level == "cycle" ? Level::kCycle : Level::kFunction;
}

void check_range(const Arguments& arguments, const Dataset& data) {
  const uint64_t count = data.test_count();
  if (arguments.first <= count && arguments.images <= count - arguments.first) return;
  throw Error("--first " + std::to_string(arguments.first) + " --images " +
              std::to_string(arguments.images) + ": there are only " + std::to_string(count) +
              " test samples in " + data.description);
}

// Reads the samples of a network of these sizes, whose sample's values v are inputs v * scale +
// offset.
void load_samples(const Arguments& arguments, uint64_t inputs, uint64_t outputs,
                  const Target::InputScale& scale, bool table, RunSamples& run) {
  if (!arguments.values.input.empty()) {
    run.own = input_samples(arguments.values.input, inputs, run.count);
    for (float& x : run.own) x = (x - scale.offset) / scale.scale;
    run.samples = run.own.data();
    run.name = printable(arguments.values.input, 0);
    return;
  }
  if (!run.data) run.data = arguments.data.load(false, table);
  check_image_size(inputs, *run.data, arguments.model);
  check_range(arguments, *run.data);
  run.name = run.data->name;
  run.labelled = !arguments.values.no_labels;
  if (run.labelled) check_outputs_fit(printable(arguments.model, 0), outputs, *run.data);
  run.samples = run.data->samples(run.data->test, arguments.first);
  if (run.labelled) run.targets = run.data->targets(run.data->test, arguments.first);
  run.first = arguments.first;
  run.count = arguments.images;
}

// Of a float model, or of what a stored model stands for, in floating point.
void run_float(const Arguments& arguments) {
  const bool stored = model_kind(arguments.model) == ModelKind::kStored;
  Network network =
      stored ? load_stored_network(arguments.model).decode() : load_model<Network>(arguments.model);
  const bool table = arguments.json != "-";
  const auto inputs = static_cast<uint64_t>(element_count(network.input_shape));
  RunSamples run;
  const auto made = static_cast<uint64_t>(element_count(infer_shapes(network).back()));
  load_samples(arguments, inputs, made, {network.input_scale, network.input_offset}, table, run);
  std::vector<float> x(run.count * inputs);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = run.samples[i] * network.input_scale + network.input_offset;
  }
  if (!arguments.values.input.empty()) {
    uint64_t count = 0;
    x = input_samples(arguments.values.input, inputs, count);
  }
  if (table) {
    std::cout << printable(network.name) << " in floating point" << std::endl;
  }
  json report = {{"model", printable(network.name)},
                 {"dataset", run.name},
                 {"target", "float"},
                 {"level", "float"},
                 {"engine", "float"},
                 {"lockstep", false},
                 {"first", run.first},
                 {"images", run.count}};
  Listing lines;
  const std::vector<float> outputs = infer(network, x.data(), run.count, arguments.data.threads);
  if (run.labelled) {
    const size_t size = outputs.size() / run.count;
    Score score(size);
    add_outputs(score, outputs.data(), size, run.count, run.targets, run.samples,
                network.input_scale, network.input_offset);
    if (!score.of_numbers()) report["errors"] = score.wrong();
    add_error(report, "", score);
    lines.add(score.of_numbers() ? "squared error" : "wrong answers", answers_text(score));
    add_top5(outputs, run.targets, run.count, report, lines);
  }
  std::string wrong;
  FilesTogether files;
  if (arguments.values.tensor.empty()) {
    wrong = finish_values(arguments.values, outputs, run.count, report, lines);
  } else {
    std::vector<std::string> names;
    for (const Node& node : network.nodes) names.push_back(node.output);
    number_of(arguments.values.tensor, names);
    network = network_up_to(network, arguments.values.tensor);
    wrong =
        finish_values(arguments.values, infer(network, x.data(), run.count, arguments.data.threads),
                      run.count, report, lines);
  }
  if (table) lines.print(std::cout);
  write_json(arguments.json, report);
  commit(files);
  if (!wrong.empty()) throw Error(wrong);
}

// Values of a layer, of all samples.
std::vector<float> tensor_values(const Target& target, size_t number, const RunSamples& run) {
  std::vector<float> values;
  for (uint64_t i = 0; i < run.count; ++i) {
    const std::vector<float> one = target.tensor(number, run.samples + i * target.inputs());
    values.insert(values.end(), one.begin(), one.end());
  }
  return values;
}

// Adds the result to `report`; returns it for people.
Listing results(const Target& target, const Accelerator& engine, const RunTotals& totals,
                Level level, json& report) {
  const bool function = level == Level::kFunction;
  Listing lines;
  if (totals.score.count() > 0) {
    if (!totals.score.of_numbers()) report["errors"] = totals.score.wrong();
    add_error(report, "", totals.score);
    lines.add(totals.score.of_numbers() ? "squared error" : "wrong answers",
              answers_text(totals.score));
  }
  if (!function) {
    report["batches"] = totals.batches;
    report["mismatched_images"] = totals.mismatched_images;
    report["mismatched_values"] = totals.mismatched_values;
    lines.add("against functional model",
              totals.mismatched_images == 0 ? "every output value identical"
                                            : grouped(totals.mismatched_images) +
                                                  " images DIFFER, first " + totals.first_mismatch);
  }
  if (const auto lockstep = engine.lockstep()) {
    report["checked_cycles"] = lockstep->checked_cycles;
    report["checked_signals_per_cycle"] = lockstep->signals_per_cycle;
    report["mismatched_signals"] = lockstep->mismatched_signals;
    lines.add("lockstep", grouped(lockstep->signals_per_cycle) + " signals identical in " +
                              grouped(lockstep->checked_cycles) + " cycles");
  }
  target.report_host(totals, report, lines);
  if (!function) target.report(totals, report, lines);
  if (totals.saturated_images) {
    report["saturated_images"] = *totals.saturated_images;
    lines.add("saturation", "in " + grouped(*totals.saturated_images) + " images");
  }
  if (function || level == Level::kBoard) {
    const double speed =
        totals.seconds > 0 ? static_cast<double>(totals.images) / totals.seconds : 0;
    report["images_per_second"] = speed;
    lines.add("speed", fixed(speed, function ? 0 : 1) + " images a second" +
                           (function ? "" : ", the line's time included"));
  } else {
    report["cycles_per_second"] = totals.cycles_per_second();
    lines.add("speed",
              grouped(static_cast<int64_t>(totals.cycles_per_second())) + " cycles a second");
  }
  return lines;
}

// An image of the accelerator: its commands by the driver, compared with what the networks in it
// make on the functional models.
void run_image(const Arguments& arguments) {
  const std::string name = printable(arguments.model, 0);
  arguments.targets.refuse(name + " is an image, which has the engines' sizes");
  const bool rtl = arguments.level_option->count() > 0 && arguments.level == "rtl";
  if (!rtl && arguments.level_option->count() > 0 && arguments.level != "function") {
    throw Error("--level " + arguments.level + ": " + name +
                " is an image, which runs at level rtl or function");
  }
  if (arguments.no_lockstep && !rtl) throw Error("--no-lockstep: is for --level rtl only");
  if (!arguments.waves.empty() || !arguments.values.tensor.empty()) {
    throw Error("--waves, --tensor: are not for an image, which runs as a whole");
  }
  const top::Image image = top::load_image(arguments.model);
  if (image.network.empty()) throw Error(name + ": has no description to run samples by");
  const top::Placed placed = top::from_model(image.network, name);
  const bool table = arguments.json != "-";
  RunSamples run;
  load_samples(arguments, placed.input_size(), placed.output_size(),
               {placed.input_scale(), placed.input_offset()}, table, run);
  if (run.count % image.batch != 0) {
    throw Error(name + ": runs batches of " + std::to_string(image.batch) + ", expected --images " +
                "to be a multiple of it");
  }
  const top::Config config = top::config_of(image.registers);
  const std::unique_ptr<top::Device> device = rtl ? top::make_rtl(config, !arguments.no_lockstep)
                                                  : std::make_unique<top::ModelDevice>(config);
  const auto engine = top::make_driven(image, placed, *device);
  const auto reference = top::make_function(placed, arguments.data.threads);
  const std::string level = rtl ? "rtl" : "function";
  json report = {{"model", printable(placed.name())},
                 {"dataset", run.name},
                 {"target", "top"},
                 {"level", level},
                 {"engine", "top-" + level},
                 {"lockstep", rtl && !arguments.no_lockstep},
                 {"first", run.first},
                 {"images", run.count}};
  if (table) {
    std::cout << printable(placed.name()) << " on the accelerator's "
              << to_string(rtl ? Level::kRtl : Level::kFunction) << ", by its driver" << std::endl;
  }
  RunTotals totals;
  totals.keep_outputs = true;
  const uint64_t batch = std::max<uint64_t>(1, kImageBatch / image.batch) * image.batch;
  ImageRange range{run.samples, run.targets, placed.input_size(), run.first, run.count, batch};
  range.scored = run.labelled;
  range.scale = placed.input_scale();
  range.offset = placed.input_offset();
  try {
    engine->load();
    run_images(*engine, reference.get(), range, level, totals);
  } catch (const LockstepMismatch& mismatch) {
    throw ExpectationFailed(mismatch.what());
  }
  Listing lines;
  if (totals.score.count() > 0) {
    if (!totals.score.of_numbers()) report["errors"] = totals.score.wrong();
    add_error(report, "", totals.score);
    lines.add(totals.score.of_numbers() ? "squared error" : "wrong answers",
              answers_text(totals.score));
  }
  report["mismatched_images"] = totals.mismatched_images;
  report["mismatched_values"] = totals.mismatched_values;
  lines.add("against functional models",
            totals.mismatched_images == 0 ? "every output value identical"
                                          : grouped(totals.mismatched_images) +
                                                " images DIFFER, first " + totals.first_mismatch);
  if (rtl && !arguments.no_lockstep) {
    const top::LockstepFigures lockstep = device->lockstep();
    report["checked_cycles"] = lockstep.checked_cycles;
    report["checked_signals_per_cycle"] = lockstep.signals_per_cycle;
    report["mismatched_signals"] = 0;  // it would have ended above
    lines.add("lockstep", grouped(lockstep.signals_per_cycle) + " signals identical in " +
                              grouped(lockstep.checked_cycles) + " cycles");
  }
  if (rtl) {
    for (const auto& [counter, value] : totals.counters) report[counter] = value;
    lines.add("cycles", fixed(totals.per_image("cycles"), 1) + " an image");
  }
  if (run.labelled) add_top5(totals.outputs, run.targets, run.count, report, lines);
  FilesTogether files;
  const std::string wrong =
      finish_values(arguments.values, totals.outputs, run.count, report, lines);
  if (table) lines.print(std::cout);
  write_json(arguments.json, report);
  commit(files);
  if (totals.mismatched_images > 0) {
    throw ExpectationFailed(
        std::to_string(totals.mismatched_images) + " of " + std::to_string(totals.images) +
        " images differ from the functional models, first " + totals.first_mismatch);
  }
  if (!wrong.empty()) throw Error(wrong);
}

void run_run(Arguments& arguments) {
  const ValueArguments& values = arguments.values;
  check_values_name(values.outputs);
  check_outputs({arguments.json, arguments.waves, values.outputs},
                {arguments.model, arguments.data.input(), values.input, values.expect});
  if (!values.tensor.empty() && values.outputs.empty() && values.expect.empty()) {
    throw Error("--tensor: expected --outputs or --expect for its values");
  }
  if (top::is_image(arguments.model)) return run_image(arguments);
  if (arguments.level != "board") refuse_given(*arguments.board_options, "is for --level board");
  const ModelKind kind = model_kind(arguments.model);
  const bool said = arguments.level_option->count() > 0 || !arguments.engine.empty();
  if (arguments.level == "float" || (kind == ModelKind::kFloat && !said)) {
    if (kind != ModelKind::kFloat && kind != ModelKind::kStored) {
      throw Error("--level float: " + printable(arguments.model, 0) + " holds a " +
                  to_string(kind) + ", which has no floating point");
    }
    return run_float(arguments);
  }
  Target& target = target_of(arguments);
  const Level level = level_of(arguments);
  arguments.targets.check(target);
  if (level == Level::kBoard) target.connect(arguments.board);
  const bool table = arguments.json != "-";
  RunSamples run;
  target.load_file(arguments.model, arguments.images, [&]() -> const Dataset& {
    run.data = arguments.data.load(true, table);
    return *run.data;
  });
  size_t tensor = 0;
  if (!values.tensor.empty()) tensor = number_of(values.tensor, target.tensor_names());
  AcceleratorOptions options;
  options.level = level;
  options.threads = arguments.data.threads;
  options.waves = arguments.waves;
  options.mismatch_waves = "lockstep-mismatch.fst";
  const std::unique_ptr<Accelerator> engine = target.make(options);
  load_samples(arguments, target.inputs(), target.outputs(), target.input_scale(), table, run);

  json report = {{"model", printable(target.network_name())},
                 {"dataset", run.name},
                 {"target", target.name()},
                 {"level", arguments.level},
                 {"engine", old_spelling(target, arguments.level)},
                 {"lockstep", level == Level::kLockstep},
                 {"first", run.first},
                 {"images", run.count}};
  report.update(target.size());
  if (table) {
    std::cout << printable(target.network_name()) << " on the " << to_string(level) << " of a "
              << target.engine() << " of " << target.size_text() << std::endl;
  }
  const bool function = level == Level::kFunction;
  std::unique_ptr<Accelerator> reference;
  if (!function) {
    options.level = Level::kFunction;
    reference = target.make(options);
    reference->load();
  }
  RunTotals totals;
  totals.keep_outputs = true;
  try {
    engine->load();
    ImageRange range{run.samples, run.targets, target.inputs(),
                     run.first,   run.count,   target.batch()};
    range.scored = run.labelled;
    range.scale = target.input_scale().scale;
    range.offset = target.input_scale().offset;
    run_images(*engine, reference.get(), range, to_string(level), totals);
    engine->finish();
  } catch (const LockstepMismatch& mismatch) {
    throw ExpectationFailed(mismatch.what());
  }
  Listing lines = results(target, *engine, totals, level, report);
  if (run.labelled) add_top5(totals.outputs, run.targets, run.count, report, lines);
  FilesTogether files;
  const std::string wrong = finish_values(
      values, values.tensor.empty() ? totals.outputs : tensor_values(target, tensor, run),
      run.count, report, lines);
  if (table) lines.print(std::cout);
  write_json(arguments.json, report);
  commit(files);
  if (totals.mismatched_images > 0) {
    throw ExpectationFailed(
        std::to_string(totals.mismatched_images) + " of " + std::to_string(totals.images) +
        " images differ from the functional model, first " + totals.first_mismatch);
  }
  if (!wrong.empty()) throw Error(wrong);
}

}  // namespace

void add_run(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand("run",
                                             "Classifies test images with a network on the engine "
                                             "that it was made for, and compares every "
                                             "output value with the functional model");
  command
      ->add_option("MODEL,--model", arguments->model,
                   "Network as `sparsys compress` writes it: compressed, split or stored, for the "
                   "sparse engine, or quantised, for the matrix unit; an image of the accelerator, "
                   "as `sparsys build` writes it; or a float model")
      ->required()
      ->type_name("FILE");
  command->add_option("--images", arguments->images, "Number of test images")
      ->check(CLI::Range(1, 1000000000))
      ->capture_default_str()
      ->type_name("N");
  command->add_option("--first", arguments->first, "First test image, counted from 0")
      ->capture_default_str()
      ->type_name("K");
  arguments->level_option =
      command
          ->add_option("--level", arguments->level,
                       "rtl: the Verilog, in lockstep with the cycle model; cycle: the cycle model "
                       "alone; function: the functional model, which knows no cycles; board: the "
                       "sparse engine of a board, at --port; float: a float or stored model in "
                       "floating point, as float models always run")
          ->check(CLI::IsMember({"rtl", "cycle", "function", "board", "float"}))
          ->capture_default_str()
          ->type_name("LEVEL");
  command->add_option("--engine", arguments->engine, "Old spelling of --level")->group("");
  command->add_flag("--no-lockstep", arguments->no_lockstep,
                    "Run the RTL alone: faster, but only outputs are compared");
  command
      ->add_option("--waves", arguments->waves,
                   "FST file of all compared signals of RTL and cycle model")
      ->type_name("FILE");
  arguments->board_options = command->add_option_group("Of a board");
  arguments->board.add_to(*arguments->board_options);
  arguments->values.add_to(*command);
  add_json(*command, arguments->json);
  arguments->targets.add_to(*command, false);
  arguments->data.add_to(*command);
  add_seed(*command, arguments->data.seed);
  command->footer(
      "A difference between RTL and cycle model ends the run with a report on stderr, exit code "
      "2,\n"
      "and the waveform of the cycles before it in lockstep-mismatch.fst.\n"
      "Example: sparsys run --model net.model --images 10 --pe 16\n"
      "         sparsys run --model int8.model --level cycle --images 256\n"
      "         sparsys run --model net.model --level board --port /dev/ttyUSB1\n");
  command->callback([arguments] { run_run(*arguments); });
}

}  // namespace sparsys
