// SPDX-License-Identifier: Apache-2.0
// Operators that move elements and compute nothing.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/text.hpp"
#include "golden/format/onnx/importer.hpp"

namespace sparsys::onnx_import {

void Importer::read_flatten() {
  expect_inputs(1, 1);
  const Value x = value(0, true);
  int64_t axis = attributes_->integer("axis", 1);
  const auto rank = static_cast<int64_t>(x.shape.size());
  if (axis < 0 && opset_ >= 11) axis += rank;
  if (axis < 0 || axis > rank) {
    refuse("attribute 'axis' is " + number(axis) + " on an input of the shape " +
           to_string(x.shape));
  }
  Shape shape{1, 1};
  for (int64_t d = 0; d < rank; ++d) shape[d < axis ? 0 : 1] *= x.shape[static_cast<size_t>(d)];
  if (axis != 1 || x.extra) return bind(view(x, shape));
  Node node = make(Op::kFlatten);
  Value made = push_function(std::move(node), x);
  made.shape = shape;
  made.type = x.type;
  bind(made);
}

void Importer::read_reshape() {
  expect_inputs(2, 2);
  const Value x = value(0, true);
  const Shape given = numbers(1);
  const bool allow_zero = attributes_->integer("allowzero", 0, 0, 1, 14) != 0;
  if (allow_zero && std::find(given.begin(), given.end(), 0) != given.end()) {
    refuse("size 0 in the shape", "allowzero 0");
  }
  const Shape shape = reshaped(x.shape, given, allow_zero);
  if (x.extra || needs_extra(shape)) return bind(view(x, shape));
  Node node = make(Op::kReshape);
  node.shape = given;
  // Of a batch of any size the number must not be fixed.
  if (!network_.batch.empty() && given[0] == 1) node.shape[0] = 0;
  if (node.shape[0] == 0 && given[0] == 1) {
    node.inputs = {x.name, fresh(node_->output(0) + "_shape")};
  } else {
    node.inputs = {x.name, input(1)};
  }
  Value made = push(std::move(node), shape, false);
  made.type = x.type;
  bind(made);
}

// Squeeze and Unsqueeze.
void Importer::read_squeeze() {
  const bool removes = node_->op_type() == "Squeeze";
  expect_inputs(1, opset_ < 13 ? 1 : 2);
  const Value x = value(0, true);
  const std::optional<Shape> axes = numbers("axes", 1, 13);
  if (removes) return bind(view(x, squeezed(x.shape, axes ? &*axes : nullptr)));
  if (!axes) refuse("no axes");
  bind(view(x, unsqueezed(x.shape, *axes)));
}

void Importer::read_transpose() {
  expect_inputs(1, 1);
  const Value x = value(0, true);
  Shape permutation(x.shape.size());
  std::iota(permutation.rbegin(), permutation.rend(), 0);
  if (const auto given = attributes_->integers("perm")) permutation = *given;
  Shape sorted = permutation;
  std::sort(sorted.begin(), sorted.end());
  bool is_one = sorted.size() == x.shape.size();
  for (size_t d = 0; is_one && d < sorted.size(); ++d)
    is_one = sorted[d] == static_cast<int64_t>(d);
  if (!is_one) {
    refuse("attribute 'perm' is " + to_string(permutation) + " on an input of the shape " +
           to_string(x.shape));
  }
  bind(transpose(x, permutation));
}

void Importer::read_slice() {
  const bool as_inputs = opset_ >= 10;
  expect_inputs(as_inputs ? 3 : 1, as_inputs ? 5 : 1);
  const Value x = value(0, true);
  const std::optional<Shape> starts = numbers("starts", 1, 10);
  const std::optional<Shape> ends = numbers("ends", 2, 10);
  const std::optional<Shape> axes = numbers("axes", 3, 10);
  const std::optional<Shape> steps = as_inputs ? numbers("steps", 4, 10) : std::nullopt;
  if (!starts || !ends) refuse("no starts or no ends");
  bind(slice(x, normal_slices(x.shape, *starts, *ends, axes ? &*axes : nullptr,
                              steps ? &*steps : nullptr)));
}

void Importer::read_split() {
  expect_inputs(1, opset_ < 13 ? 1 : 2);
  const Value x = value(0, true);
  const size_t axis = normal_axis(attributes_->integer("axis", 0), x.shape.size());
  const std::optional<Shape> given = numbers("split", 1, 13);
  attributes_->ignore("num_outputs");
  const Shape sizes = split_sizes(x.shape[axis], static_cast<size_t>(node_->output_size()),
                                  given ? &*given : nullptr);
  Shape start{0}, end{0};
  const Shape axes{static_cast<int64_t>(axis)};
  for (size_t i = 0; i < sizes.size(); ++i) {
    start[0] = end[0];
    end[0] += sizes[i];
    if (node_->output(static_cast<int>(i)).empty()) continue;
    bind(slice(x, normal_slices(x.shape, start, end, &axes, nullptr)), static_cast<int>(i));
  }
}

void Importer::read_gather() {
  expect_inputs(2, 2);
  if (is_constant(0)) refuse("rows of a table, picked by a value", "constant indices" + way_out());
  const Value x = value(0, true);
  const size_t axis = normal_axis(attributes_->integer("axis", 0), x.shape.size());
  const Tensor& indices = constant(1);
  Shape picks = to_shape(indices, "input 2");
  const int64_t size = x.shape[axis];
  for (int64_t& pick : picks) {
    if (pick < -size || pick >= size) {
      refuse("index " + number(pick), number(-size) + " to " + number(size - 1));
    }
    if (pick < 0) pick += size;
  }
  constexpr size_t kMostParts = 256;
  if (picks.empty() || picks.size() > kMaxTensorRank * kMostParts) {
    refuse(number(picks.size()) + " indices");
  }
  // Runs of rising indices are slices.
  const Shape axes{static_cast<int64_t>(axis)};
  std::vector<Value> parts;
  for (size_t i = 0; i < picks.size();) {
    size_t next = i + 1;
    while (next < picks.size() && picks[next] == picks[next - 1] + 1) ++next;
    parts.push_back(
        slice(x, normal_slices(x.shape, {picks[i]}, {picks[next - 1] + 1}, &axes, nullptr)));
    if (parts.size() > kMostParts) refuse("indices in more than " + number(kMostParts) + " runs");
    i = next;
  }
  const Value made = concat(parts, axis);
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  bind(view(made, shape));
}

void Importer::read_concat() {
  expect_inputs(1, 1 << 12);
  std::vector<Value> parts;
  for (int i = 0; i < input_count(); ++i) parts.push_back(value(i));
  bind(concat(parts, normal_axis(attributes_->integer("axis", 1), parts[0].shape.size())));
}

// Expand and Tile, where they change nothing.
void Importer::read_expand() {
  expect_inputs(2, 2);
  const Value x = value(0, true);
  const Shape given = numbers(1);
  const bool tiles = node_->op_type() == "Tile";
  Shape shape = tiles ? x.shape : broadcast(x.shape, given);
  for (size_t d = 0; tiles && d < std::min(given.size(), shape.size()); ++d) {
    if (given[d] != 1) shape[d] = 0;
  }
  Shape full(shape.size() > x.shape.size() ? shape.size() - x.shape.size() : 0, 1);
  full.insert(full.end(), x.shape.begin(), x.shape.end());
  if (shape != full) {
    refuse("a value of the shape " + to_string(x.shape) + " is repeated",
           "values as they are" + way_out());
  }
  bind(view(x, shape));
}

void Importer::read_cast() {
  expect_inputs(1, 1);
  Value x = value(0, true);
  const int64_t to = attributes_->integer("to", 0);
  attributes_->ignore("saturate");
  const int type = static_cast<int>(std::clamp<int64_t>(to, -1, 1000));
  const bool widens = is_integer_type(x.type) &&
                      (type == onnx::TensorProto::INT32 || type == onnx::TensorProto::INT64);
  if (!is_real_type(type) && type != x.type && !widens) {
    refuse("a cast from " + type_name(x.type) + " to " + type_name(type),
           "casts to real numbers" + way_out());
  }
  x.type = is_real_type(type) ? static_cast<int>(onnx::TensorProto::FLOAT) : type;
  bind(x);
}

void Importer::read_resize() {
  const bool is_new = opset_ >= 11;
  expect_inputs(1, 4);
  const Value x = value(0);
  const size_t rank = x.shape.size();
  const std::string mode = attributes_->text("mode", "nearest");
  if (mode != "nearest") refuse("attribute 'mode' is " + quoted(mode), "nearest" + way_out());
  std::string position =
      attributes_->text("coordinate_transformation_mode", is_new ? "half_pixel" : "asymmetric", 11);
  if (!is_new) position = "asymmetric";
  const std::string rounding =
      is_new ? attributes_->text("nearest_mode", "round_prefer_floor") : "floor";
  for (const char* name :
       {"cubic_coeff_a", "exclude_outside", "extrapolation_value", "antialias"}) {
    attributes_->ignore(name);
  }
  if (attributes_->text("keep_aspect_ratio_policy", "stretch", 18) != "stretch") {
    refuse("attribute 'keep_aspect_ratio_policy'", "stretch");
  }
  Shape axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (const auto given = attributes_->integers("axes", 18)) axes = *given;
  // Factors: an attribute, then the second input, then the third; or sizes as the fourth.
  std::vector<double> factors(rank, 1.0);
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
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t d = normal_axis(axes[i], rank);
    factors[d] = by_sizes ? given.at(i) / static_cast<double>(x.shape[d]) : given.at(i);
  }
  Node node = make(Op::kResize);
  Shape shape;
  for (size_t d = 0; d < rank; ++d) {
    const double factor = factors[d];
    if (!(factor >= 1 && factor <= 1024) || factor != std::floor(factor) ||
        (factor != 1 && (d < 2 || x.extra || rank > 4))) {
      refuse("a factor of " + std::to_string(factor) + " for dimension " + number(d) +
                 " of an input of the shape " + to_string(x.shape),
             "whole numbers, for dimensions of an image" + way_out());
    }
    const auto whole = static_cast<int64_t>(factor);
    shape.push_back(x.shape[d] * whole);
    node.shape.push_back(whole);
    // Where elements are taken from: the same as rounding i / factor down?
    for (int64_t i = 0; i < shape[d] && whole > 1; ++i) {
      const auto out = static_cast<double>(i);
      const auto length = static_cast<double>(shape[d]);
      double from = out / factor;
      if (position == "half_pixel" || position == "half_pixel_symmetric" ||
          (position == "pytorch_half_pixel" && length > 1)) {
        from = (out + 0.5) / factor - 0.5;
      } else if (position == "pytorch_half_pixel") {
        from = 0;
      } else if (position == "align_corners") {
        from = length == 1 ? 0 : out * static_cast<double>(x.shape[d] - 1) / (length - 1);
      } else if (position != "asymmetric") {
        refuse("attribute 'coordinate_transformation_mode' is " + quoted(position),
               "asymmetric, half_pixel");
      }
      double index = std::floor(from);
      if (rounding == "ceil") index = std::ceil(from);
      if (rounding == "round_prefer_floor") index = std::ceil(from - 0.5);
      if (rounding == "round_prefer_ceil") index = std::floor(from + 0.5);
      index = std::clamp(index, 0.0, static_cast<double>(x.shape[d] - 1));
      if (index != std::floor(out / factor)) {
        refuse("attributes 'coordinate_transformation_mode' and 'nearest_mode' are " +
                   quoted(position) + " and " + quoted(rounding) + ", with a factor of " +
                   number(whole),
               "what comes to repeating each element" + way_out());
      }
    }
  }
  if (shape == x.shape) return bind(x);
  if (rank == 4)
    return bind([&] {
      Value made = push_function(std::move(node), x);
      made.shape = shape;
      return made;
    }());
  const Value image = view(x, {1, x.shape[1], 1, x.shape[2]});
  node.shape.insert(node.shape.begin() + 2, 1);
  Value made = push_function(std::move(node), image);
  made.shape = {1, x.shape[1], 1, shape[2]};
  bind(view(made, shape));
}

void Importer::read_depth_to_space() {
  expect_inputs(1, 1);
  const Value x = value(0);
  const int64_t block = attributes_->integer("blocksize", 0, 1, 1024);
  const bool to_space = node_->op_type() == "DepthToSpace";
  const std::string mode = to_space ? attributes_->text("mode", "DCR", 11) : "DCR";
  if (x.shape.size() != 4 || x.extra)
    refuse("input of the shape " + to_string(x.shape), "N, C, H, W");
  const int64_t c = x.shape[1];
  const int64_t h = x.shape[2];
  const int64_t w = x.shape[3];
  if (to_space ? c % (block * block) != 0 : h % block != 0 || w % block != 0) {
    refuse("blocks of " + number(block) + " in an input of the shape " + to_string(x.shape));
  }
  if (!to_space) {
    const Value parts = view(x, {1, c, h / block, block, w / block, block});
    const Value moved = transpose(parts, {0, 3, 5, 1, 2, 4});
    return bind(view(moved, {1, c * block * block, h / block, w / block}));
  }
  const int64_t rest = c / (block * block);
  const bool depth_first = mode == "DCR";
  const Value parts = view(
      x, depth_first ? Shape{1, block, block, rest, h, w} : Shape{1, rest, block, block, h, w});
  const Value moved =
      transpose(parts, depth_first ? Shape{0, 3, 4, 1, 5, 2} : Shape{0, 1, 4, 2, 5, 3});
  bind(view(moved, {1, rest, h * block, w * block}));
}

// Identity, and Dropout outside training: their output is their input.
void Importer::leave_out() {
  const bool dropout = node_->op_type() == "Dropout";
  expect_inputs(1, dropout ? 3 : 1);
  for (const char* name : {"ratio", "seed", "is_test"}) attributes_->ignore(name);
  if (dropout && has_input(2)) {
    const Tensor& training = constant(2);
    if (training.count() != 1 || training.at(0) != 0) {
      refuse("'training_mode' is not the constant false", "Dropout of inference");
    }
  }
  bind(value(0, true));
}

}  // namespace sparsys::onnx_import
