// SPDX-License-Identifier: Apache-2.0
// From a network that is placed on the engines to an image for an accelerator
// (docs/reference/top-format.md section 9).
#pragma once

#include <cstdint>
#include <optional>

#include "golden/engine/eie/image.hpp"
#include "golden/engine/mxu/program.hpp"
#include "golden/engine/top/conversion.hpp"
#include "golden/format/image/image.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys::top {

// A network on the engines: all on the matrix unit, all on the sparse engine, or its front on the
// one and its fully connected layers behind that on the other.
struct Placed {
  std::optional<mxu::Network> matrix;
  std::optional<eie::Network> sparse;

  const std::string& name() const { return sparse ? sparse->name : matrix->name; }
  size_t input_size() const { return matrix ? matrix->input_size() : sparse->input_size(); }
  size_t output_size() const { return sparse ? sparse->output_size() : matrix->output_size(); }
  // What a sample's value v is to the network: v * scale + offset.
  float input_scale() const { return matrix ? matrix->pixel_scale : sparse->input_scale; }
  float input_offset() const { return matrix ? matrix->pixel_offset : sparse->input_offset; }
  // Between the two, if it has both: what the bytes of the one become in the other.
  Conversion hand_over() const;
};

// Of a split network. Throws Error "network '...': ..." if a part of it needs a host: a front in
// floating point, layers that run for each position of a map, a part behind the sparse engine.
Placed placed(const eie::SplitNetwork& network);

// The model file of what is placed, and back: a quantised, compressed or split network. Throws
// Error as their readers do.
std::vector<uint8_t> to_model(const Placed& placed);
Placed from_model(const std::vector<uint8_t>& bytes, const std::string& name);

// What the image is made of.
struct Parts {
  std::optional<mxu::Program> program;
  std::optional<eie::Image> engine;  // of the network with its first layer's columns moved
};

// Of `config` what engines the network does not take may be anything. `batch`: samples of an
// inference, 1 to 65536. Throws Error, one line, as compile() and eie::build_image() if an engine
// is too small for it.
Image build_image(const Placed& placed, uint32_t batch, Config config, Parts* parts = nullptr);

}  // namespace sparsys::top
