// SPDX-License-Identifier: Apache-2.0
// Which engine runs which layer of a network (docs/reference/top-map.md).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "golden/data/dataset.hpp"
#include "golden/format/image/build.hpp"
#include "sw/sparsys/placement/roofline.hpp"

namespace sparsys::top {

struct PlaceOptions {
  Config config;
  uint32_t batch = 1;
  unsigned threads = 0;
  std::map<std::string, Engine> wanted;  // layers whose engine is said
};

// Gives the data set with its training images.
using LoadData = std::function<const Dataset&()>;

// The network of a file, on the engines. Of a stored model the roofline chooses from which fully
// connected layer on it runs on the sparse engine, and training images make bytes and fixed point;
// other networks are for an engine already. `why`: of the choice, for people. Throws Error
// "FILE: ...", "--place ...: ..." in one line.
Placed place(const std::string& file, const PlaceOptions& options, const LoadData& load,
             std::string& why);

}  // namespace sparsys::top
