// SPDX-License-Identifier: Apache-2.0
// Where a network is cut for the sparse engine, and the parts that gives (docs/reference/
// networks.md, Split networks).
#pragma once

#include <cstddef>
#include <string>

#include "golden/network/network.hpp"
#include "golden/network/shared_network.hpp"
#include "golden/network/split_network.hpp"

namespace sparsys {

// Which of layers() run on the engine: `count` from `first` on.
struct EngineLayers {
  size_t first = 0;
  size_t count = 0;
};

struct Split {
  eie::SplitNetwork network;  // without the engine's part; its front, if there is one, in float
  SharedNetwork tail;         // that part: a chain of one vector, as dense_chain() takes it
};

// `cut`: the value to cut at; empty: the one that the rules choose. Throw Error "<network>: <what
// is wrong>" as infer_shapes() and if no fully connected layers are there, "--cut <value>: ..." if
// behind that value there is something else.
EngineLayers engine_layers(const Network& network, const std::string& cut = "");
Split split(SharedNetwork network, const std::string& cut = "");

}  // namespace sparsys
