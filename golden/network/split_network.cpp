// SPDX-License-Identifier: Apache-2.0
#include "golden/network/split_network.hpp"

#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/network/check.hpp"

namespace sparsys::eie {
namespace {

size_t elements(const Shape& shape) { return static_cast<size_t>(element_count(shape)); }

void check_elements(size_t found, size_t expected, const std::string& place, const char* what) {
  if (found == expected) return;
  fail(place, number(found) + " " + what + ", expected " + number(expected));
}

}  // namespace

size_t SplitNetwork::input_size() const {
  if (front) return elements(front->network.input_shape);
  if (int8_front) return int8_front->input_size();
  // A file of the engine's part alone does not have it.
  return shape.empty() ? engine.input_size() : elements(shape);
}

size_t SplitNetwork::output_size() const {
  if (back) return elements(infer_shapes(*back).back());
  return size_t{positions} * engine.output_size();
}

float SplitNetwork::input_scale() const {
  if (front) return front->network.input_scale;
  return int8_front ? int8_front->pixel_scale : engine.input_scale;
}

float SplitNetwork::input_offset() const {
  if (front) return front->network.input_offset;
  return int8_front ? int8_front->pixel_offset : engine.input_offset;
}

void check(const SplitNetwork& network, const std::string& name) {
  check(network.engine, name);
  check_text(network.cut, false, name, "the name of the cut");
  check_text(network.reason, false, name, "the reason of the cut");
  check_range(static_cast<int64_t>(network.shape.size()), network.is_plain() ? 0 : 1, kMaxRank,
              name, "number of sizes at the cut");
  check_range(network.positions, 1, kMaxVector, name, "number of positions");
  if (!std::isfinite(network.largest)) fail(name, "the largest element handed over is not finite");
  if (network.is_plain()) return;
  const std::string cut = name + ": cut " + quoted(network.cut);
  const size_t handed = elements(network.shape);
  check_elements(handed, size_t{network.positions} * network.engine.input_size(), cut,
                 "elements handed over");
  if (network.front && network.int8_front) fail(name, "two fronts, expected one");
  if (network.front) {
    check(*network.front, name + ": front");
    check_elements(elements(infer_shapes(network.front->network, true).back()), handed,
                   name + ": front", "outputs");
  }
  if (network.int8_front) {
    mxu::check(*network.int8_front, name + ": front");
    check_elements(network.int8_front->output_size(), handed, name + ": front", "outputs");
  }
  if (network.back) {
    check(*network.back, name + ": back");
    check_elements(elements(network.back->input_shape),
                   size_t{network.positions} * network.engine.output_size(), name + ": back",
                   "inputs");
  }
}

}  // namespace sparsys::eie
