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
  if (is_constant(0)) refuse("rows of a table, picked by a value", "constant indices");
  const Value x = value(0, true);
  const size_t axis = normal_axis(attributes_->integer("axis", 0), x.shape.size());
  const Tensor& indices = constant(1);
  Shape picks = to_shape(indices, "input 2");
  const int64_t size = x.shape[axis];
  for (int64_t& index : picks) {
    if (index < -size || index >= size) {
      refuse("index " + number(index), number(-size) + " to " + number(size - 1));
    }
    if (index < 0) index += size;
  }
  const Value made = pick(x, axis, picks);
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  bind(view(made, shape));
}

Value Importer::pick(const Value& x, size_t axis, const Shape& indices) {
  constexpr size_t kMostParts = 256;
  if (indices.empty()) refuse("no indices");
  // Runs of rising indices are slices.
  const Shape axes{static_cast<int64_t>(axis)};
  std::vector<Value> parts;
  for (size_t i = 0; i < indices.size();) {
    size_t next = i + 1;
    while (next < indices.size() && indices[next] == indices[next - 1] + 1) ++next;
    if (parts.size() == kMostParts) {
      refuse("elements in more than " + number(kMostParts) + " runs", "fewer");
    }
    parts.push_back(
        slice(x, normal_slices(x.shape, {indices[i]}, {indices[next - 1] + 1}, &axes, nullptr)));
    i = next;
  }
  return concat(parts, axis);
}

Value Importer::expand(const Value& x, const Shape& shape) {
  Shape full(shape.size() > x.shape.size() ? shape.size() - x.shape.size() : 0, 1);
  full.insert(full.end(), x.shape.begin(), x.shape.end());
  Value made = view(x, full);
  Node node = make(Op::kResize);
  node.shape.assign(full.size(), 1);
  for (size_t d = 0; d < full.size(); ++d) {
    if (full[d] == shape[d]) continue;
    if (full[d] != 1)
      refuse("a value of the shape " + to_string(x.shape) + " is repeated", "sizes of 1");
    if (full.size() == 4 && d >= 2 && !made.extra) {
      node.shape[d] = shape[d];
    } else {
      made = pick(made, d, Shape(static_cast<size_t>(std::min<int64_t>(shape[d], 1 << 10)), 0));
    }
  }
  if (std::all_of(node.shape.begin(), node.shape.end(), [](int64_t n) { return n == 1; })) {
    return made;
  }
  Value wide = push_function(std::move(node), made);
  wide.shape = shape;
  wide.type = x.type;
  return wide;
}

void Importer::read_concat() {
  expect_inputs(1, 1 << 12);
  std::vector<Value> parts;
  std::vector<int> constants;
  for (int i = 0; i < input_count(); ++i) {
    if (is_constant(i)) {
      constants.push_back(i);
    } else {
      parts.push_back(value(i));
    }
  }
  const size_t axis = normal_axis(attributes_->integer("axis", 1), parts[0].shape.size());
  const Value joined = concat(parts, axis);
  if (constants.empty()) return bind(joined);
  // Constants in front and behind: padding, to which they are added.
  Shape shape = joined.shape;
  std::vector<Tensor> all;
  int64_t before = 0;
  bool is_behind = false;
  for (int i = 0; i < input_count(); ++i) {
    if (!is_constant(i)) {
      const Shape& part = values_.at(input(i)).shape;
      const int64_t count = element_count(part);
      is_behind = true;
      if (!all.empty() && i > 0 && !is_constant(i - 1)) {
        all.back().shape[axis] += part[axis];
        all.back().reals.resize(all.back().reals.size() + static_cast<size_t>(count));
        continue;
      }
      all.push_back(make_reals(part, std::vector<float>(static_cast<size_t>(count))));
      continue;
    }
    const Tensor& part = constant(i);
    if (!part.is_real() || part.shape.size() != shape.size()) {
      refuse("a constant of the shape " + to_string(part.shape), "as many dimensions");
    }
    if (!is_behind) before += part.shape[axis];
    shape[axis] += part.shape[axis];
    all.push_back(part);
  }
  size_t runs = 0;
  for (int i = 0; i < input_count(); ++i) {
    runs += !is_constant(i) && (i == 0 || is_constant(i - 1)) ? 1 : 0;
  }
  if (runs != 1) refuse("constants between values", "constants in front of values or behind");
  Tensor summand = all[0];
  for (size_t i = 1; i < all.size(); ++i) summand = joined_tensors(summand, all[i], axis);
  const bool extra = needs_extra(shape);
  Shape full = joined.shape;
  if (extra) full.insert(full.begin(), 1);
  Node pad = make(Op::kPad);
  pad.alpha = 0;
  pad.shape.assign(2 * full.size(), 0);
  const size_t at = axis + (extra ? 1 : 0);
  pad.shape[at] = before;
  pad.shape[full.size() + at] = shape[axis] - joined.shape[axis] - before;
  pad.inputs = {in_shape(joined, full)};
  const Value wide = view(push(std::move(pad), shape, extra), shape);
  bind(with_constant(Op::kAdd, wide, summand));
}

// Expand and Tile.
void Importer::read_expand() {
  expect_inputs(2, 2);
  const Value x = value(0, true);
  const Shape given = numbers(1);
  if (node_->op_type() == "Expand") return bind(expand(x, broadcast(x.shape, given)));
  if (given.size() != x.shape.size()) refuse(number(given.size()) + " repeats");
  Value made = x;
  for (size_t d = 0; d < given.size(); ++d) {
    if (given[d] < 1 || given[d] > 256) refuse("repeats " + to_string(given), "1 to 256");
    if (given[d] == 1) continue;
    Shape indices;
    for (int64_t i = 0; i < given[d]; ++i) {
      for (int64_t k = 0; k < made.shape[d]; ++k) indices.push_back(k);
    }
    made = pick(made, d, indices);
  }
  bind(made);
}

void Importer::read_cast() {
  expect_inputs(1, 1);
  Value x = value(0, true);
  const int64_t to = attributes_->integer("to", 0);
  attributes_->ignore("saturate");
  const int type = static_cast<int>(std::clamp<int64_t>(to, -1, 1000));
  if (type == onnx::TensorProto::BOOL && is_real_type(x.type)) {
    Value made = not_zero(x);
    made.type = type;
    return bind(made);
  }
  const bool widens = is_integer_type(x.type) &&
                      (type == onnx::TensorProto::INT32 || type == onnx::TensorProto::INT64);
  if (!is_real_type(type) && type != x.type && !widens) {
    refuse("a cast from " + type_name(x.type) + " to " + type_name(type), "casts to real numbers");
  }
  x.type = is_real_type(type) ? static_cast<int>(onnx::TensorProto::FLOAT) : type;
  bind(x);
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
