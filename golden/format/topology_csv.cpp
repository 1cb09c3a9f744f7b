// SPDX-License-Identifier: Apache-2.0
#include "golden/format/topology_csv.hpp"

#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/base/text_lines.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

// Fields of a line; a comma at its end begins none.
size_t fields_of(std::string_view line) {
  while (!line.empty() && (line.back() == ',' || line.back() == ' ')) line.remove_suffix(1);
  return static_cast<size_t>(std::count(line.begin(), line.end(), ',')) + 1;
}

uint32_t size(TextLines& file, const char* what) {
  const uint64_t value = file.count(what, kMaxVector, ',');
  if (value == 0) file.fail(std::string(what) + " is 0, expected 1 or more");
  return static_cast<uint32_t>(value);
}

}  // namespace

std::vector<TopologyLayer> load_topology(const std::string& path) {
  TextLines file(path);
  if (!file.next()) file.fail("is empty, expected a line with the names of the fields");
  const size_t fields = fields_of(file.line());
  if (fields != 4 && fields != 8) {
    file.fail(std::to_string(fields) +
              " fields, expected 8 (a convolution) or 4 (a product: layer, M, N, K)");
  }
  std::vector<TopologyLayer> layers;
  while (file.next()) {
    if (file.line().empty()) continue;
    if (fields_of(file.line()) != fields) {
      file.fail(std::to_string(fields_of(file.line())) + " fields, expected " +
                std::to_string(fields));
    }
    TopologyLayer layer;
    layer.name = printable(std::string(file.field()));
    if (fields == 4) {
      layer.m = size(file, "M");
      layer.n = size(file, "N");
      layer.k = size(file, "K");
    } else {
      layer.convolution = true;
      layer.height = size(file, "the map's height");
      layer.width = size(file, "the map's width");
      layer.filter_height = size(file, "the filter's height");
      layer.filter_width = size(file, "the filter's width");
      layer.channels = size(file, "channels");
      layer.filters = size(file, "filters");
      layer.stride = size(file, "the stride");
      if (layer.filter_height > layer.height || layer.filter_width > layer.width) {
        file.fail("the filter is larger than the map");
      }
    }
    layers.push_back(std::move(layer));
  }
  if (layers.empty()) file.fail("ends, expected a layer");
  return layers;
}

}  // namespace sparsys
