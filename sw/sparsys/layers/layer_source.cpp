// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/layer_source.hpp"

#include <cstdio>
#include <filesystem>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/matrix_file.hpp"
#include "golden/network/check.hpp"
#include "golden/network/random_layer.hpp"

namespace sparsys {

void LayerSource::add_to(CLI::App& command, bool with_shape) {
  if (with_shape) {
    shape_option = command
                       .add_option("--shape", shape,
                                   "Outputs and inputs of a layer with random weights: 4096x9216")
                       ->type_name("OUTxIN");
    density_option =
        command
            .add_option("--density", density, "Share of its weights that are not 0, above 0 to 1")
            ->check(CLI::Range(0.0, 1.0))
            ->type_name("D");
  }
  CLI::Option* file = command
                          .add_option("--matrix", matrix,
                                      "The layer's weights, outputs x inputs: Matrix Market or "
                                      ".smtx, with values or the pattern alone")
                          ->type_name("FILE");
  if (with_shape) file->excludes(shape_option);
  activations_option = command
                           .add_option("--activations", activations,
                                       "Share of random activations that are not 0, 0 to 1")
                           ->check(CLI::Range(0.0, 1.0))
                           ->capture_default_str()
                           ->type_name("D");
  command.add_option("--input", input, "Activations instead, a number a line")
      ->excludes(activations_option)
      ->type_name("FILE");
  command.add_option("--seed", seed, "Of random weights and activations")
      ->capture_default_str()
      ->type_name("N");
}

SparseLayer LayerSource::load() const {
  eie::Layer layer;
  if (!matrix.empty()) {
    layer =
        layer_of(load_matrix(matrix), printable(std::filesystem::path(matrix).filename()), seed);
  } else {
    unsigned outputs = 0, inputs = 0;
    char rest = 0;
    if (std::sscanf(shape.c_str(), "%8ux%8u%c", &outputs, &inputs, &rest) != 2 || outputs == 0 ||
        inputs == 0 || outputs > kMaxVector || inputs > kMaxVector) {
      throw Error("--shape " + printable(shape) +
                  ": expected outputs and inputs as 4096x9216, each 1 to " +
                  std::to_string(kMaxVector));
    }
    if (density <= 0) throw Error("--density: expected with --shape, above 0 to 1");
    layer = eie::uniform_layer(seed, inputs, outputs, density);
    layer.name = shape;
    eie::set_usual_shift(layer, density * activations);
  }
  std::vector<int16_t> values = input.empty()
                                    ? eie::uniform_activations(seed, layer.inputs, activations)
                                    : activations_of(load_vector(input, layer.inputs));
  return make_layer(std::move(layer), std::move(values));
}

}  // namespace sparsys
