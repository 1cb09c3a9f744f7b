// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/export.hpp"

#include <iostream>
#include <memory>

#include "golden/base/input_value.hpp"
#include "golden/base/random.hpp"
#include "golden/compress/decode_eie_network.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/train/train.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/report/json_file.hpp"

namespace sparsys {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::string samples;
};

constexpr uint64_t kSamples = 8;

Network load_any(const std::string& path) {
  switch (model_kind(path)) {
    case ModelKind::kCompressed:
    case ModelKind::kStoredCompressed:
    case ModelKind::kSplit:
      return decode_split_network(load_split(path));
    case ModelKind::kStored:
      return load_stored_network(path).decode();
    case ModelKind::kFloat:
    case ModelKind::kOldFloat:  // this one and the next are refused by what follows
    case ModelKind::kQuantised:
      break;
  }
  return load_model<Network>(path);
}

// Random images as the network takes them, and what it makes of them here.
nlohmann::json samples(const Network& network) {
  const auto inputs = static_cast<size_t>(element_count(network.input_shape));
  std::vector<float> images(kSamples * inputs);
  Random random(1);
  for (float& value : images) {
    value = input_value(static_cast<float>(random.below(256)), network.input_scale,
                        network.input_offset);
  }
  return {{"input", network.input},   {"input_shape", network.input_shape},
          {"output", network.output}, {"samples", kSamples},
          {"inputs", images},         {"outputs", infer(network, images.data(), kSamples)}};
}

void run_export(const Arguments& arguments) {
  check_outputs({arguments.out, arguments.samples}, {arguments.file});
  const Network network = load_any(arguments.file);
  FilesTogether files;
  export_onnx(arguments.out, network);
  if (!arguments.samples.empty()) write_json(arguments.samples, samples(network));
  std::cout << "written: " << arguments.out << std::endl;
  commit(files);
}

}  // namespace

void add_export(CLI::App& program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "export",
      "Writes a network as ONNX (operator set 13, float32), with all that compression did to its "
      "weights, so that any runtime can check it");
  command
      ->add_option(
          "FILE", arguments->file,
          "Float model, stored model, or compressed or split network of the sparse engine: its "
          "weights and biases in real numbers, without the rounding between layers; a front as "
          "int8 has none")
      ->required();
  command->add_option("--out", arguments->out, "ONNX model to write")
      ->required()
      ->type_name("FILE");
  command
      ->add_option(
          "--samples", arguments->samples,
          "Also write some random inputs and what they give here to this file, as JSON, to "
          "compare a runtime with: scripts/check_onnx.py does it with ONNX Runtime")
      ->type_name("FILE");
  command->footer("Example: sparsys export net.sps --out net.onnx\n");
  command->callback([arguments] { run_export(*arguments); });
}

}  // namespace sparsys
