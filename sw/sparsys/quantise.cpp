// SPDX-License-Identifier: Apache-2.0
#include "golden/compress/quantise.hpp"

#include <iostream>
#include <memory>

#include "golden/base/text.hpp"
#include "golden/format/model_file.hpp"
#include "golden/function/mxu/network.hpp"
#include "golden/network/check.hpp"
#include "sw/sparsys/commands.hpp"
#include "sw/sparsys/describe.hpp"
#include "sw/sparsys/options.hpp"
#include "sw/sparsys/output.hpp"

namespace sparsys {
namespace {

struct Arguments {
  DataOptions data;
  std::string model;
  std::string out;
  std::string scheme = "affine";
  std::string outputs = "scores";
  double percentile = 100;
  uint32_t samples = 1000;
  std::string json;
};

void run_quantise(const Arguments& arguments) {
  check_writable(arguments.out);
  check_writable(arguments.json);
  const Network network = load_float_network(arguments.model);
  const bool table = arguments.json != "-";
  const Dataset data = arguments.data.load(true, table);
  check_image_size(static_cast<uint64_t>(element_count(network.input_shape)), data,
                   arguments.model);
  const uint32_t validation = DataOptions::validation_count(data);
  const size_t first = data.train_count() - validation;
  QuantisationOptions options;
  options.scheme =
      arguments.scheme == "radix" ? QuantisationScheme::kRadix : QuantisationScheme::kAffine;
  options.outputs =
      arguments.outputs == "values" ? QuantisationOutputs::kValues : QuantisationOutputs::kScores;
  options.percentile = arguments.percentile;
  options.threads = arguments.data.threads;
  // None of the validation images.
  const size_t samples = std::min<size_t>(arguments.samples, first);
  const mxu::Network quantised = quantise(network, data.train_images.data(), samples, options);
  save_model(arguments.out, quantised);

  const uint8_t* images = &data.train_images[first * data.pixels()];
  const uint8_t* labels = &data.train_labels[first];
  const unsigned threads = options.threads;
  const nlohmann::json result = {
      {"model", printable(network.name)},
      {"scheme", arguments.scheme},
      {"outputs", arguments.outputs},
      {"percentile", arguments.percentile},
      {"samples", samples},
      {"weights", describe(quantised)["weights"]},
      {"float_validation_error_pct", error_percent(network, images, labels, validation, threads)},
      {"int8_validation_error_pct", error_percent(quantised, images, labels, validation, threads)},
      {"float_error_pct", test_error(network, data, threads)},
      {"int8_error_pct", error_percent(quantised, data.test_images.data(), data.test_labels.data(),
                                       data.test_count(), threads)}};
  if (table) {
    const auto errors = [&result](const char* before, const char* after) {
      return fixed(result[before], 2) + " % before, " + fixed(result[after], 2) +
             " % after (functional model of the matrix unit)";
    };
    Listing listing;
    listing.add("scheme",
                arguments.scheme + ", values of " + grouped(samples) + " training images");
    listing.add("weights", grouped(result["weights"].get<uint64_t>()) + " bytes");
    listing.add("validation error",
                errors("float_validation_error_pct", "int8_validation_error_pct"));
    listing.add("test error", errors("float_error_pct", "int8_error_pct"));
    listing.print(std::cout);
    std::cout << "written: " << arguments.out << std::endl;
  }
  write_json(arguments.json, result);
}

}  // namespace

void add_quantise(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "quantise",
      "Turns a float model into signed bytes for the matrix unit, by what its values are on "
      "training images");
  command->add_option("--model", arguments->model, "Float model")->required()->type_name("FILE");
  command->add_option("--out", arguments->out, "Quantised network to write")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--scheme", arguments->scheme,
                   "affine: a scale for each output's weights, scale and zero point for values; "
                   "radix: powers of two for each layer")
      ->check(CLI::IsMember({"affine", "radix"}))
      ->capture_default_str()
      ->type_name("SCHEME");
  command
      ->add_option("--outputs", arguments->outputs,
                   "scores: of classes, their softmax shall change least; values: as other values")
      ->check(CLI::IsMember({"scores", "values"}))
      ->capture_default_str()
      ->type_name("KIND");
  command
      ->add_option("--percentile", arguments->percentile,
                   "Of affine scales: 100 - P per cent of a layer's values at most may be above "
                   "its range, and as many below; above 50")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str()
      ->type_name("P");
  command->add_option("--samples", arguments->samples, "Training images that decide on scales")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str()
      ->type_name("N");
  command
      ->add_option("--json", arguments->json,
                   "Also write the result to this file; -: to stdout in place of the table")
      ->type_name("FILE");
  arguments->data.add_to(*command);
  arguments->data.add_limit_to(*command);
  add_seed(*command, arguments->data.seed);
  add_threads(*command, arguments->data.threads);
  command->footer("Example: sparsys quantise --model float.model --out int8.model\n");
  command->callback([arguments] { run_quantise(*arguments); });
}

}  // namespace sparsys
