// SPDX-License-Identifier: Apache-2.0
// What the host does of a split network (docs/reference/networks.md): the front, the hand-over to
// the sparse engine, the back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "golden/base/samples.hpp"
#include "golden/base/score.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys::eie {

class Host {
 public:
  // Refers to the network, whose front and back are decoded here. It is sound, but the engine's
  // part may be missing until inputs() is called. threads 0: all processors.
  explicit Host(const SplitNetwork& network, unsigned threads = 0);

  // The front's values of samples: count x elements, as the graph has them. Without a front what
  // the engine takes as its inputs, v / 256 of the samples' values v.
  std::vector<float> front(Samples samples, size_t count) const;
  // Values of front(), one vector behind the other: count x positions x channels.
  std::vector<float> vectors(std::vector<float> values) const;
  // The engine's inputs: count x positions x engine.input_size(). `saturated`, if given, gets how
  // many of them are at the limits of 16 bits only because they lie beyond.
  std::vector<int16_t> inputs(Samples samples, size_t count, uint64_t* saturated = nullptr) const;
  // What the engine made of them, count x positions x engine.output_size(), as real numbers in the
  // graph's order: what the back takes.
  std::vector<float> engine_values(const std::vector<int16_t>& made) const;
  // The network's outputs of these: count x output_size().
  std::vector<float> outputs(const std::vector<int16_t>& made) const;

  const std::optional<sparsys::Network>& float_front() const { return front_; }

 private:
  const SplitNetwork& network_;
  const unsigned threads_;
  std::optional<sparsys::Network> front_;  // in float, decoded
};

// How far the outputs of host and functional model together are off.
Score score(const SplitNetwork& network, Samples samples, Targets targets, size_t count,
            unsigned threads = 0);

}  // namespace sparsys::eie
