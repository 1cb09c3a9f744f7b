// SPDX-License-Identifier: Apache-2.0
// How long each layer of a network takes at least on an engine of the accelerator, by its
// operations, the bytes that it moves over the bus, and the peaks of both (Williams, CACM 2009).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/engine/top/config.hpp"
#include "golden/format/image/build.hpp"

namespace sparsys::top {

enum class Engine : uint8_t { kMatrix, kSparse };
// As --target has it: "mxu", "eie".
const char* to_string(Engine engine);

// A layer on an engine, for one inference.
struct LayerLoad {
  std::string name;
  Engine engine = Engine::kMatrix;
  uint64_t operations = 0;  // multiply-accumulates; of the sparse engine those by kept weights
  uint64_t bytes = 0;       // over the bus: weights of the matrix unit, samples at the ends
  double peak = 0;          // operations a cycle
  double bus = 0;           // bytes a cycle

  // Operations a byte; infinite without bytes.
  double intensity() const;
  // Operations a cycle that peak and bus allow.
  double attainable() const;
  double cycles() const;
};

// Peaks of the engines and the bus.
double peak(Engine engine, const Config& config);
double bus_bytes(const Config& config);

// Of a placed network, layer by layer in order. Layers that compute nothing are left out.
std::vector<LayerLoad> layer_loads(const Placed& placed, uint32_t batch, const Config& config);

// Cycles of an inference of a pipeline: the engine that takes longer.
double cycles_of(const std::vector<LayerLoad>& loads);

}  // namespace sparsys::top
