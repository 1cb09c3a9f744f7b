// SPDX-License-Identifier: Apache-2.0
// The topology files of SCALE-Sim (Samajdar 2018): layers of a network as sizes, convolutions
// ("Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter,
// Strides") or products of matrices ("Layer, M, N, K").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

struct TopologyLayer {
  std::string name;
  bool convolution = false;
  // A convolution without padding; height and width of the map and of the filter.
  uint32_t height = 0, width = 0;
  uint32_t filter_height = 0, filter_width = 0;
  uint32_t channels = 0, filters = 0;
  uint32_t stride = 0;
  // A product: M x K by K x N.
  uint32_t m = 0, n = 0, k = 0;
};

// Throws Error "FILE:LINE: ..." if a line has not as many fields as the first one or one of them is
// no size, or if there is no layer.
std::vector<TopologyLayer> load_topology(const std::string& path);

}  // namespace sparsys
