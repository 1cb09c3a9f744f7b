// SPDX-License-Identifier: Apache-2.0
// Resize and Upsample: each element repeated, or along each axis a product by a matrix.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {
namespace {

// Where element `i` of `outputs` comes from.
double source(const std::string& position, int64_t i, double factor, int64_t size,
              int64_t outputs) {
  const auto out = static_cast<double>(i);
  const auto length = static_cast<double>(outputs);
  if (position == "asymmetric") return out / factor;
  if (position == "align_corners") {
    return outputs == 1 ? 0 : out * static_cast<double>(size - 1) / (length - 1);
  }
  if (position == "pytorch_half_pixel" && outputs == 1) return 0;
  if (position == "half_pixel_symmetric") {
    const double adjusted = length / (factor * static_cast<double>(size));
    const double centre = static_cast<double>(size) / 2;
    return centre * (1 - adjusted) + (out + 0.5) / factor - 0.5;
  }
  if (position == "half_pixel" || position == "pytorch_half_pixel") {
    return (out + 0.5) / factor - 0.5;
  }
  refuse("attribute 'coordinate_transformation_mode' is " + quoted(position),
         "asymmetric, half_pixel, pytorch_half_pixel, half_pixel_symmetric, align_corners");
}

double rounded(const std::string& rounding, double from) {
  if (rounding == "floor") return std::floor(from);
  if (rounding == "ceil") return std::ceil(from);
  return rounding == "round_prefer_ceil" ? std::floor(from + 0.5) : std::ceil(from - 0.5);
}

// Weights of the four elements around a place, `t` behind the second (Keys 1981).
std::array<double, 4> cubic(double t, double a) {
  const auto outer = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  const auto inner = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  return {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
}

}  // namespace

Value Importer::resample(const Value& x, size_t axis, const Tensor& matrix) {
  Shape swapped(x.shape.size());
  std::iota(swapped.begin(), swapped.end(), 0);
  std::swap(swapped[axis], swapped.back());
  return transpose(dense(transpose(x, swapped), matrix, -1), swapped);
}

void Importer::read_resize() {
  const bool is_new = opset_ >= 11;
  expect_inputs(1, 4);
  const Value x = value(0);
  const size_t rank = x.shape.size();
  const std::string mode = attributes_->text("mode", "nearest");
  const bool is_nearest = mode == "nearest";
  const bool is_cubic = mode == "cubic";
  if (!is_nearest && !is_cubic && mode != "linear" && mode != "bilinear") {
    refuse("attribute 'mode' is " + quoted(mode), "nearest, linear, cubic");
  }
  std::string position =
      attributes_->text("coordinate_transformation_mode", is_new ? "half_pixel" : "asymmetric", 11);
  if (!is_new) position = "asymmetric";
  const std::string rounding =
      is_new ? attributes_->text("nearest_mode", "round_prefer_floor") : "floor";
  const double bend = attributes_->real("cubic_coeff_a", -0.75F);
  const bool inside_alone = attributes_->integer("exclude_outside", 0, 0, 1) != 0;
  attributes_->ignore("extrapolation_value");
  attributes_->integer("antialias", 0, 0, 0);
  if (attributes_->text("keep_aspect_ratio_policy", "stretch", 18) != "stretch") {
    refuse("attribute 'keep_aspect_ratio_policy'", "stretch");
  }
  Shape axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (const auto given = attributes_->integers("axes", 18)) axes = *given;
  // Factors: an attribute, then the second input, then the third; or sizes as the fourth.
  const int at = is_new ? 2 : 1;
  Tensor scales;
  if (opset_ < 9) {
    const auto given = attributes_->reals("scales");
    if (given) scales = make_reals({static_cast<int64_t>(given->size())}, *given);
  } else if (has_input(at)) {
    scales = constant(at);
  }
  const bool by_sizes = scales.count() == 0 && is_new && has_input(3);
  const Tensor given = by_sizes ? constant(3) : scales;
  if (given.count() != axes.size() || given.count() == 0) {
    refuse(number(given.count()) + " scales or sizes", number(axes.size()));
  }
  Node repeat = make(Op::kResize);
  repeat.shape.assign(rank, 1);
  Shape shape = x.shape;
  Value made = x;
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t d = normal_axis(axes[i], rank);
    const int64_t size = x.shape[d];
    const double factor = by_sizes ? given.at(i) / static_cast<double>(size) : given.at(i);
    const double outputs = by_sizes ? given.at(i) : std::floor(static_cast<double>(size) * factor);
    if (!(outputs >= 1 && outputs <= (1 << 14)) || (d == 0 && outputs != 1)) {
      refuse("a factor of " + std::to_string(factor) + " for dimension " + number(d) +
             " of an input of the shape " + to_string(x.shape));
    }
    shape[d] = static_cast<int64_t>(outputs);
    if (factor == 1) continue;
    Tensor matrix =
        make_reals({size, shape[d]}, std::vector<float>(static_cast<size_t>(size * shape[d])));
    bool repeats = is_nearest && factor == std::floor(factor) && d > 1 && rank == 4 && !x.extra;
    for (int64_t o = 0; o < shape[d]; ++o) {
      const double from = source(position, o, factor, size, shape[d]);
      const auto add = [&](double index, double weight) {
        const double inside = std::clamp(index, 0.0, static_cast<double>(size - 1));
        matrix.reals[static_cast<size_t>(inside) * static_cast<size_t>(shape[d]) +
                     static_cast<size_t>(o)] += static_cast<float>(weight);
        return inside;
      };
      if (is_nearest) {
        const double index = add(rounded(rounding, from), 1);
        repeats &= index == std::floor(static_cast<double>(o) / factor);
      } else if (is_cubic) {
        const double low = std::floor(from);
        std::array<double, 4> weights = cubic(from - low, bend);
        double sum = 1;
        if (inside_alone) {
          for (size_t k = 0; k < 4; ++k) {
            const double index = low - 1 + static_cast<double>(k);
            if (index < 0 || index >= static_cast<double>(size)) weights[k] = 0;
          }
          sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        }
        for (size_t k = 0; k < 4; ++k) add(low - 1 + static_cast<double>(k), weights[k] / sum);
      } else {
        const double low = std::floor(from);
        add(low, low + 1 - from);
        add(low + 1, from - low);
      }
    }
    if (repeats) {
      repeat.shape[d] = static_cast<int64_t>(factor);
    } else {
      made = resample(made, d, matrix);
    }
  }
  if (std::any_of(repeat.shape.begin(), repeat.shape.end(), [](int64_t n) { return n != 1; })) {
    made = push_function(std::move(repeat), made);
  }
  made.shape = shape;
  bind(made);
}

}  // namespace sparsys::onnx_import
