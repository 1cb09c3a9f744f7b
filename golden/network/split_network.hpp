// SPDX-License-Identifier: Apache-2.0
// A network whose fully connected layers run on the sparse engine and what is in front of and
// behind them on the host (docs/reference/networks.md, Split networks).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "golden/network/eie_network.hpp"
#include "golden/network/mxu_network.hpp"
#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys::eie {

struct SplitNetwork {
  std::string cut;         // name of the value that is handed over
  std::string reason;      // why it is cut there, for people
  Shape shape;             // of that value, for one sample
  uint32_t positions = 1;  // vectors that the engine runs for a sample
  float largest = 0;       // size of the largest element handed over, of those that chose its scale
  // In floating point, or as int8; at most one of them.
  std::optional<SharedNetwork> front;
  std::optional<mxu::Network> int8_front;
  Network engine;
  std::optional<sparsys::Network> back;

  bool has_front() const { return front || int8_front; }
  // Nothing but the engine's part.
  bool is_plain() const { return !has_front() && !back && positions == 1; }
  // Of a sample.
  size_t input_size() const;
  size_t output_size() const;
  // What value v of a sample is to the network: v * scale + offset.
  float input_scale() const;
  float input_offset() const;
};

// Throws Error "<name>: <place>: <what is wrong>" unless its parts are sound and fit each other.
void check(const SplitNetwork& network, const std::string& name);

}  // namespace sparsys::eie
