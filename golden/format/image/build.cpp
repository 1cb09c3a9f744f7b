// SPDX-License-Identifier: Apache-2.0
#include "golden/format/image/build.hpp"

#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/mxu/compiler.hpp"
#include "golden/format/container.hpp"
#include "golden/format/image/matrix_part.hpp"
#include "golden/format/image/sparse_part.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/split/split_file.hpp"

namespace sparsys::top {
namespace {

// Events of a phase (docs/reference/top-format.md section 9).
constexpr uint16_t kWritten = 1 << 0;  // the scratch
constexpr uint16_t kRead = 1 << 2;
constexpr uint16_t kDone = 1 << 4;  // the output is written
constexpr uint16_t kFree = 1 << 6;  // and was told

Command nop(uint16_t wait, uint16_t signal) {
  Command command;
  command.wait = wait;
  command.signal = signal;
  return command;
}

Layout words_layout(uint32_t elements, const eie::Config& config) {
  Layout layout;
  layout.channels = elements;
  layout.lanes = word_lanes(config);
  const uint64_t bytes = uint64_t{(elements + layout.lanes - 1) / layout.lanes} * 8;
  layout.sample_bytes = static_cast<uint32_t>(aligned(bytes));
  return layout;
}

uint32_t all_samples(const Layout& layout, uint32_t batch) {
  const uint64_t bytes = uint64_t{layout.sample_bytes} * batch;
  if (bytes > UINT32_MAX) throw Error("image: samples of a batch take more than 4 GiB");
  return static_cast<uint32_t>(bytes);
}

// The last command that writes the output also tells it, once what it told before was taken.
void add_end(std::vector<Command>& commands, uint32_t phase) {
  commands.back().wait |= static_cast<uint16_t>(kFree << phase);
  commands.back().signal |= static_cast<uint16_t>(kDone << phase);
  commands.push_back(
      nop(static_cast<uint16_t>(kDone << phase), static_cast<uint16_t>(kFree << phase)));
}

// Of the commands of one opcode the first waits and the last signals.
void join(std::vector<Command>& commands, size_t first, Opcode opcode, uint16_t wait,
          uint16_t signal) {
  Command* last = nullptr;
  for (size_t c = first; c < commands.size(); ++c) {
    if (commands[c].opcode != opcode) continue;
    if (last == nullptr) commands[c].wait |= wait;
    last = &commands[c];
  }
  last->signal |= signal;
}

}  // namespace

Conversion Placed::hand_over() const {
  const mxu::Value value = matrix->value(matrix->layers.size());
  return conversion_of(value.scale, value.zero, sparse->layers.front().input_frac);
}

Placed placed(const eie::SplitNetwork& network) {
  const std::string name = "network '" + printable(network.engine.name) + "'";
  if (network.front) {
    fail(name,
         "its front is in floating point, which no engine runs; sparsys compress --front "
         "int8 makes it one of the matrix unit");
  }
  if (network.positions != 1) {
    fail(name, "its fully connected layers run for each of " + std::to_string(network.positions) +
                   " positions, expected one vector a sample");
  }
  if (network.back) fail(name, "a part behind the sparse engine, which no engine runs");
  return {network.int8_front, network.engine};
}

std::vector<uint8_t> to_model(const Placed& placed) {
  if (!placed.sparse) return model_to_bytes(*placed.matrix);
  if (!placed.matrix) return model_to_bytes(*placed.sparse);
  eie::SplitNetwork split;
  split.cut = split.reason = "hand-over";
  const mxu::Value value = placed.matrix->value(placed.matrix->layers.size());
  split.shape = {1, value.channels, value.height, value.width};
  split.int8_front = placed.matrix;
  split.engine = *placed.sparse;
  return split_to_bytes(split);
}

Placed from_model(const std::vector<uint8_t>& bytes, const std::string& name) {
  if (bytes.size() < kHeaderSize) fail(name, "network: no model file");
  const auto kind = static_cast<ModelKind>(bytes[6] | bytes[7] << 8);
  switch (kind) {
    case ModelKind::kQuantised:
      return {model_from_bytes<mxu::Network>(bytes.data(), bytes.size(), name), std::nullopt};
    case ModelKind::kCompressed:
      return {std::nullopt, model_from_bytes<eie::Network>(bytes.data(), bytes.size(), name)};
    default:
      return placed(split_from_bytes(bytes.data(), bytes.size(), name));
  }
}

Image build_image(const Placed& placed, uint32_t batch, Config config, Parts* parts) {
  config.matrix = placed.matrix.has_value();
  config.sparse = placed.sparse.has_value();
  Image image;
  image.batch = batch;
  image.registers = size_registers(config);
  image.network = to_model(placed);
  image.phases = config.matrix && config.sparse ? 2 : 1;

  ImageWriter writer;
  Parts made;
  std::optional<MatrixPart> matrix;
  if (config.matrix) {
    made.program = config.sparse ? mxu::compile(*placed.matrix, batch, config.mxu)
                                 : mxu::compile_in_order(*placed.matrix, batch, config.mxu);
    matrix.emplace(*made.program, writer);
    image.input = matrix->input().layout;
    image.output = matrix->output().layout;
  }
  std::optional<SparsePart> sparse;
  Conversion conversion;
  if (config.sparse) {
    const uint32_t lanes = word_lanes(config.eie);
    const Places places =
        matrix ? places_of(matrix->output(), *made.program, lanes)
               : places_in_order(static_cast<uint32_t>(placed.sparse->input_size()), lanes);
    made.engine = eie::build_image(with_places(*placed.sparse, places), config.eie,
                                   eie::Rows::kOutputsInOrder);
    sparse.emplace(*made.engine, writer);
    image.setup = sparse->setup();
    if (matrix) {
      image.scratch_bytes = all_samples(image.output, batch);
      conversion = placed.hand_over();
    } else {
      image.input = words_layout(placed.sparse->input_size(), config.eie);
    }
  }
  const Layout between = image.output;
  if (sparse) image.output = words_layout(placed.sparse->output_size(), config.eie);
  image.input_bytes = all_samples(image.input, batch);
  image.output_bytes = all_samples(image.output, batch);

  uint16_t begin = 0;
  for (uint32_t phase = 0; phase < image.phases; ++phase) {
    std::vector<Command>& commands = image.inference[phase];
    begin |= static_cast<uint16_t>(kFree << phase);
    if (matrix) commands = matrix->run(sparse ? Base::kScratch : Base::kOutput);
    if (matrix && sparse) {
      join(commands, 0, Opcode::kMatrixOut, static_cast<uint16_t>(kRead << phase),
           static_cast<uint16_t>(kWritten << phase));
      begin |= static_cast<uint16_t>(kRead << phase);
    }
    const size_t first = commands.size();
    for (uint32_t sample = 0; sparse && sample < batch; ++sample) {
      const std::vector<Command> loads =
          matrix ? sparse->load(uint64_t{sample} * between.sample_bytes, between, conversion)
                 : sparse->load(uint64_t{sample} * image.input.sample_bytes);
      commands.insert(commands.end(), loads.begin(), loads.end());
      if (matrix && sample == 0) commands[first].wait |= static_cast<uint16_t>(kWritten << phase);
      if (matrix && sample + 1 == batch) {
        commands.back().signal |= static_cast<uint16_t>(kRead << phase);
      }
      const std::vector<Command> run = sparse->run(uint64_t{sample} * image.output.sample_bytes);
      commands.insert(commands.end(), run.begin(), run.end());
    }
    add_end(commands, phase);
  }
  image.setup.push_back(nop(0, begin));
  writer.finish(image);
  if (parts != nullptr) *parts = std::move(made);
  return image;
}

}  // namespace sparsys::top
