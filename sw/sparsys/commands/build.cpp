// SPDX-License-Identifier: Apache-2.0
#include "golden/format/image/build.hpp"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/commands/options.hpp"
#include "sw/sparsys/layers/engine_options.hpp"
#include "sw/sparsys/placement/measure.hpp"
#include "sw/sparsys/placement/place.hpp"
#include "sw/sparsys/report/json_file.hpp"
#include "sw/sparsys/report/table.hpp"

namespace sparsys {
namespace {

using nlohmann::json;
using top::Engine;

struct Arguments {
  DataOptions data;
  std::string model;
  std::string out;
  top::PlaceOptions options;
  uint32_t array = 0;   // 0: as its rows and columns say
  bool blocks = false;  // of the description are given
  std::vector<std::string> place;
  bool explain = false;
  std::string json;
};

void read_places(Arguments& arguments) {
  for (const std::string& text : arguments.place) {
    const size_t equals = text.rfind('=');
    const std::string engine = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (engine != "mxu" && engine != "eie") {
      fail("--place " + printable(text), "expected LAYER=mxu or LAYER=eie");
    }
    arguments.options.wanted[text.substr(0, equals)] =
        engine == "mxu" ? Engine::kMatrix : Engine::kSparse;
  }
}

std::string intensity_text(const top::LayerLoad& load) {
  return load.bytes == 0 ? "-" : fixed(load.intensity(), 1);
}

// The layers as a table and in the report.
void explain(const std::vector<top::LayerLoad>& loads, const top::Measured& measured, bool table,
             json& result) {
  Table lines("llrrrrrr");
  lines.add(
      {"layer", "engine", "operations", "bytes", "a byte", "a cycle", "roofline", "measured"});
  result["layers"] = json::array();
  for (size_t l = 0; l < loads.size(); ++l) {
    const top::LayerLoad& load = loads[l];
    const std::optional<uint64_t>& cycles = measured.layers[l];
    json layer = {{"name", printable(load.name)},
                  {"engine", to_string(load.engine)},
                  {"operations", load.operations},
                  {"bytes", load.bytes},
                  {"peak_operations_per_cycle", load.peak},
                  {"attainable_operations_per_cycle", load.attainable()},
                  {"roofline_cycles", load.cycles()},
                  {"operations_per_byte", nullptr},
                  {"measured_cycles", nullptr}};
    if (load.bytes != 0) layer["operations_per_byte"] = load.intensity();
    if (cycles) layer["measured_cycles"] = *cycles;
    result["layers"].push_back(layer);
    lines.add({printable(load.name, 16), to_string(load.engine), grouped(load.operations),
               grouped(load.bytes), intensity_text(load), fixed(load.attainable(), 1),
               grouped(static_cast<int64_t>(load.cycles())), cycles ? grouped(*cycles) : "-"});
  }
  if (!table) return;
  lines.print(std::cout);
  std::cout << '\n';
}

// Samples for the measurement: of the data set if it fits, else random.
std::vector<float> samples_of(const Arguments& arguments, const top::Placed& placed, bool table,
                              std::optional<Dataset>& data, std::string& which) {
  const size_t count = placed.input_size() * arguments.options.batch;
  std::vector<float> samples(count);
  if (!data && (!arguments.data.input().empty() || arguments.data.synthetic)) {
    data = arguments.data.load(false, table);
  }
  if (data && data->inputs() == placed.input_size() &&
      data->test_count() >= arguments.options.batch) {
    const Samples from = data->samples(data->test, 0);
    for (size_t i = 0; i < count; ++i) samples[i] = from[i];
    which = "test samples of " + data->name;
    return samples;
  }
  Random random(1);
  for (float& value : samples) value = static_cast<float>(random.below(256));
  which = "random samples";
  return samples;
}

void run_build(Arguments& arguments) {
  top::PlaceOptions& options = arguments.options;
  check_outputs({arguments.out, arguments.json}, {arguments.model, arguments.data.input()});
  read_places(arguments);
  if (arguments.array != 0) {
    options.config.mxu.rows = options.config.mxu.cols = arguments.array;
  }
  if (!arguments.blocks) mxu::choose_blocks(options.config.mxu);
  check(options.config.eie);
  check(options.config.mxu);
  options.threads = arguments.data.threads;
  const bool table = arguments.json != "-";
  std::optional<Dataset> data;
  std::string why;
  const top::Placed placed = top::place(
      arguments.model, options,
      [&]() -> const Dataset& {
        data = arguments.data.load(true, table);
        return *data;
      },
      why);
  top::Parts parts;
  const top::Image image = [&] {
    try {
      return top::build_image(placed, options.batch, options.config, &parts);
    } catch (const Error& error) {
      throw Error(printable(arguments.model, 0) + ": " + error.what());
    }
  }();

  Listing lines;
  json result = {{"model", printable(placed.name())},
                 {"placement", why},
                 {"batch", options.batch},
                 {"bus_bytes_per_cycle", options.config.axi_bytes},
                 {"image_bytes", image.bytes.size()},
                 {"input_bytes", image.input_bytes},
                 {"output_bytes", image.output_bytes},
                 {"scratch_bytes", image.scratch_bytes},
                 {"phases", image.phases},
                 {"setup_commands", image.setup.size()},
                 {"inference_commands", image.inference[0].size()}};
  lines.add("placement", why);
  if (placed.matrix && placed.sparse) {
    const top::Conversion how = placed.hand_over();
    result["hand_over"] = {
        {"multiplier", how.multiplier}, {"right", how.right}, {"zero", how.zero}};
    lines.add("hand-over", grouped(placed.sparse->input_size()) + " bytes to 16 bits: less " +
                               std::to_string(how.zero) + ", times " +
                               std::to_string(how.multiplier) + " / 2^" +
                               std::to_string(how.right));
  }
  if (arguments.explain) {
    std::string which;
    const std::vector<float> samples = samples_of(arguments, placed, table, data, which);
    const top::Measured measured = measure(placed, options.batch, options.config, samples.data());
    const auto loads = layer_loads(placed, options.batch, options.config);
    explain(loads, measured, table, result);
    result["samples"] = which;
    result["roofline_cycles"] = cycles_of(loads);
    result["matrix_unit_cycles"] = measured.matrix;
    result["sparse_engine_cycles"] = measured.sparse;
    lines.add("cycles", "matrix unit " + grouped(measured.matrix) + ", sparse engine " +
                            grouped(measured.sparse) + ", of " + which);
  }
  lines.add("image", grouped(image.bytes.size()) + " bytes, " + grouped(image.setup.size()) +
                         " commands of setup, " + grouped(image.inference[0].size()) +
                         " of an inference");
  lines.add("input, output",
            grouped(image.input_bytes) + " and " + grouped(image.output_bytes) + " bytes");
  FilesTogether files;
  write_file_atomically(arguments.out, image.bytes.data(), image.bytes.size());
  if (table) {
    lines.print(std::cout);
    std::cout << "written: " << arguments.out << std::endl;
  }
  write_json(arguments.json, result);
  commit(files);
}

}  // namespace

void add_build(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "build",
      "Places a network on both engines of the accelerator and writes the image that its driver "
      "runs: convolutions and batches on the matrix unit, compressed fully connected layers on "
      "the sparse engine");
  command
      ->add_option("MODEL,--model", arguments->model,
                   "Network as `sparsys compress` writes it: stored, compressed, split with an "
                   "int8 front, or quantised")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--out", arguments->out, "Image to write")->required()->type_name("FILE");
  command
      ->add_option("--place", arguments->place,
                   "Engine of a layer, mxu or eie; again for more of them. Else the roofline "
                   "chooses, of a stored model")
      ->allow_extra_args(false)
      ->type_name("LAYER=ENGINE");
  command->add_flag("--explain", arguments->explain,
                    "Print each layer's operations, bytes and roofline, and what it takes on the "
                    "engines' cycle models");
  add_value(*command, "--batch", arguments->options.batch, "Samples of an inference")
      ->check(CLI::Range(1, 65536));
  add_value(*command, "--bus", arguments->options.config.axi_bytes,
            "Bytes that the bus moves in a cycle")
      ->check(CLI::IsMember({8, 16, 32, 64}));
  command
      ->add_option("--array", arguments->array,
                   "Rows and columns of the matrix unit's array, 1 to 256")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  add_engine(*command, arguments->options.config.eie);
  add_engine(*command, arguments->options.config.mxu);
  for (const char* blocks : {"--tile-rows", "--tile-cols"}) {
    command->get_option(blocks)->each(
        [arguments](const std::string&) { arguments->blocks = true; });
  }
  for (const char* side : {"--array-rows", "--array-cols"}) {
    command->get_option("--array")->excludes(command->get_option(side));
  }
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  add_seed(*command, arguments->data.seed);
  add_threads(*command, arguments->data.threads);
  add_json(*command, arguments->json);
  command->footer(
      "Example: sparsys compress --target eie --front int8 lenet5.model -o split.model\n"
      "         sparsys build split.model -o lenet5.image --pe 4 --array 8 --explain\n");
  command->callback([arguments] { run_build(*arguments); });
}

}  // namespace sparsys
