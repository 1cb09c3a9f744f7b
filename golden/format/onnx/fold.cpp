// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/fold.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "golden/base/text.hpp"

namespace sparsys::onnx_import {
namespace {

using onnx::TensorProto;

Tensor like(const Tensor& tensor, const Shape& shape) {
  Tensor made;
  made.type = tensor.type;
  made.shape = shape;
  return made;
}

// Appends element `i` of `from`.
void append(Tensor& to, const Tensor& from, size_t i) {
  if (to.is_real()) {
    to.reals.push_back(from.reals[i]);
  } else {
    to.integers.push_back(from.integers[i]);
  }
}

// Elements of `shape` in order, each taken from `offset` + sum of index * stride.
Tensor strided(const Tensor& from, const Shape& shape, int64_t offset, const Shape& strides) {
  Tensor made = like(from, shape);
  const int64_t count = checked_count(shape, "the result");
  Shape index(shape.size());
  int64_t at = offset;
  for (int64_t i = 0; i < count; ++i) {
    append(made, from, static_cast<size_t>(at));
    for (size_t d = shape.size(); d-- > 0;) {
      at += strides[d];
      if (++index[d] < shape[d]) break;
      at -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
  return made;
}

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

// A node with its inputs; the functions below are operators of it.
struct Call {
  const onnx::NodeProto& node;
  Attributes& attributes;
  int64_t opset;
  const std::vector<const Tensor*>& inputs;
  int64_t most;

  bool has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const Tensor& input(size_t i) const {
    if (!has(i)) refuse("input " + number(i + 1) + " is left out");
    return *inputs[i];
  }
  Shape numbers(size_t i) const { return to_shape(input(i), "input " + number(i + 1)); }
  // Axes are an attribute before operator set `since`, an input from it on.
  std::optional<Shape> axes(const char* name, size_t i, int64_t since) const {
    if (opset < since) return attributes.integers(name);
    return has(i) ? std::optional<Shape>(numbers(i)) : std::nullopt;
  }
  void expect_room(const Shape& shape) const {
    const int64_t count = checked_count(shape, "the result");
    if (count > most) {
      refuse("a constant of " + number(count) + " elements is to be made of less",
             "at most " + number(most) + " here; onnxslim may leave it out");
    }
  }
};

Tensor fold_shape(const Call& call) {
  const Shape& shape = call.input(0).shape;
  const auto rank = static_cast<int64_t>(shape.size());
  const auto bound = [&](int64_t at) {
    return std::clamp(at < 0 ? at + rank : at, int64_t{0}, rank);
  };
  const int64_t start = bound(call.attributes.integer("start", 0, 15));
  const int64_t end = bound(call.attributes.integer("end", rank, 15));
  Shape values;
  for (int64_t d = start; d < end; ++d) values.push_back(shape[static_cast<size_t>(d)]);
  const auto count = static_cast<int64_t>(values.size());
  return make_integers({count}, std::move(values));
}

Tensor fold_size(const Call& call) {
  return make_integers({}, {static_cast<int64_t>(call.input(0).count())});
}

Tensor fold_constant_of_shape(const Call& call) {
  const Shape shape = call.numbers(0);
  call.expect_room(shape);
  Tensor value = make_reals({1}, {0});
  if (const auto* given = call.attributes.find("value", onnx::AttributeProto::TENSOR)) {
    TensorProto copy = given->t();
    value = read_tensor(copy, "value", "");
    if (value.count() != 1)
      refuse("attribute 'value' has " + number(value.count()) + " elements", "1");
  }
  return strided(value, shape, 0, Shape(shape.size(), 0));
}

Tensor fold_gather(const Call& call) {
  const Tensor& data = call.input(0);
  const Tensor& indices = call.input(1);
  const size_t axis = normal_axis(call.attributes.integer("axis", 0), data.shape.size());
  const Shape picks = to_shape(indices, "input 2");
  Shape shape(data.shape.begin(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1,
               data.shape.end());
  call.expect_room(shape);
  const Shape strides = strides_of(data.shape);
  const int64_t size = data.shape[axis];
  const auto inner = static_cast<size_t>(strides[axis]);
  const size_t outer =
      size == 0 || inner == 0 ? 0 : data.count() / inner / static_cast<size_t>(size);
  Tensor made = like(data, shape);
  for (size_t o = 0; o < outer; ++o) {
    for (int64_t pick : picks) {
      if (pick < -size || pick >= size) {
        refuse("index " + number(pick), number(-size) + " to " + number(size - 1));
      }
      if (pick < 0) pick += size;
      const size_t from = (o * static_cast<size_t>(size) + static_cast<size_t>(pick)) * inner;
      for (size_t i = 0; i < inner; ++i) append(made, data, from + i);
    }
  }
  return made;
}

Tensor with_shape(const Tensor& tensor, const Shape& shape) {
  Tensor made = tensor;
  made.shape = shape;
  return made;
}

Tensor fold_unsqueeze(const Call& call) {
  const std::optional<Shape> axes = call.axes("axes", 1, 13);
  if (!axes) refuse("no axes");
  return with_shape(call.input(0), unsqueezed(call.input(0).shape, *axes));
}

Tensor fold_squeeze(const Call& call) {
  const std::optional<Shape> axes = call.axes("axes", 1, 13);
  return with_shape(call.input(0), squeezed(call.input(0).shape, axes ? &*axes : nullptr));
}

Tensor fold_slice(const Call& call) {
  const Tensor& data = call.input(0);
  std::optional<Shape> starts, ends, axes, steps;
  if (call.opset < 10) {
    starts = call.attributes.integers("starts");
    ends = call.attributes.integers("ends");
    axes = call.attributes.integers("axes");
    if (!starts || !ends) refuse("no attributes 'starts' and 'ends'");
  } else {
    starts = call.numbers(1);
    ends = call.numbers(2);
    if (call.has(3)) axes = call.numbers(3);
    if (call.has(4)) steps = call.numbers(4);
  }
  const Slices slices =
      normal_slices(data.shape, *starts, *ends, axes ? &*axes : nullptr, steps ? &*steps : nullptr);
  Shape strides = strides_of(data.shape);
  int64_t offset = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    offset += slices.starts[d] * strides[d];
    strides[d] *= slices.steps[d];
  }
  return strided(data, slice_sizes(slices), offset, strides);
}

Tensor fold_concat(const Call& call) {
  if (call.inputs.empty()) refuse("no inputs");
  const size_t axis = normal_axis(call.attributes.integer("axis", 1), call.input(0).shape.size());
  Tensor made = call.input(0);
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    made = joined_tensors(made, call.input(i), axis);
    call.expect_room(made.shape);
  }
  return made;
}

Tensor fold_cast(const Call& call) {
  const Tensor& from = call.input(0);
  const int64_t type = call.attributes.integer("to", 0);
  call.attributes.ignore("saturate");
  Tensor made;
  made.type = static_cast<int>(type);
  made.shape = from.shape;
  if (type < 0 || type > 100 || (!is_real_type(made.type) && !is_integer_type(made.type))) {
    refuse("a cast to type " + type_name(static_cast<int>(std::clamp<int64_t>(type, -1, 100))),
           "casts to numbers");
  }
  for (size_t i = 0; i < from.count(); ++i) {
    if (made.is_real()) {
      made.reals.push_back(static_cast<float>(from.at(i)));
    } else if (from.is_real()) {
      const double value = from.at(i);
      if (!(value > -9.2e18 && value < 9.2e18)) refuse("a cast of " + std::to_string(value));
      made.integers.push_back(made.type == TensorProto::BOOL
                                  ? static_cast<int64_t>(value != 0)
                                  : wrap(static_cast<int64_t>(value), made.type));
    } else {
      made.integers.push_back(wrap(from.integers[i], made.type));
    }
  }
  return made;
}

Tensor fold_reshape(const Call& call) {
  const bool allow_zero = call.attributes.integer("allowzero", 0, 0, 1, 14) != 0;
  return with_shape(call.input(0), reshaped(call.input(0).shape, call.numbers(1), allow_zero));
}

Tensor fold_flatten(const Call& call) {
  const Shape& shape = call.input(0).shape;
  int64_t axis = call.attributes.integer("axis", 1);
  if (axis < 0) axis += static_cast<int64_t>(shape.size());
  if (axis < 0 || axis > static_cast<int64_t>(shape.size())) refuse("axis " + number(axis));
  const auto split = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return with_shape(call.input(0), {element_count(Shape(shape.begin(), split)),
                                    element_count(Shape(split, shape.end()))});
}

Tensor fold_range(const Call& call) {
  for (size_t i = 0; i < 3; ++i) {
    if (call.input(i).count() != 1 || call.input(i).type != call.input(0).type) {
      refuse("start, limit and step of the shapes " + to_string(call.input(0).shape) + ", " +
                 to_string(call.input(1).shape) + ", " + to_string(call.input(2).shape),
             "one number each, of one type");
    }
  }
  const double start = call.input(0).at(0);
  const double limit = call.input(1).at(0);
  const double delta = call.input(2).at(0);
  if (!(delta != 0)) refuse("steps of 0");
  const double count = std::max(0.0, std::ceil((limit - start) / delta));
  if (!(count <= static_cast<double>(call.most)) || !(std::abs(start) + std::abs(limit) < 9e15)) {
    call.expect_room({kMaxSize});
  }
  Tensor made = like(call.input(0), {static_cast<int64_t>(count)});
  for (int64_t i = 0; i < made.shape[0]; ++i) {
    if (made.is_real()) {
      made.reals.push_back(static_cast<float>(start + static_cast<double>(i) * delta));
    } else {
      made.integers.push_back(static_cast<int64_t>(start + static_cast<double>(i) * delta));
    }
  }
  return made;
}

Tensor fold_transpose(const Call& call) {
  const size_t rank = call.input(0).shape.size();
  Shape permutation(rank);
  std::iota(permutation.rbegin(), permutation.rend(), 0);
  if (const auto given = call.attributes.integers("perm")) permutation = *given;
  return transposed(call.input(0), permutation);
}

Tensor fold_expand(const Call& call) {
  const Shape shape = broadcast(call.input(0).shape, call.numbers(1));
  call.expect_room(shape);
  return expanded(call.input(0), shape);
}

Tensor fold_tile(const Call& call) {
  const Tensor& data = call.input(0);
  const Shape repeats = call.numbers(1);
  if (repeats.size() != data.shape.size())
    refuse("repeats for " + number(repeats.size()) + " dimensions");
  // Each dimension becomes two: which copy, and which element.
  Shape shape, wide, strides;
  const Shape own = strides_of(data.shape);
  for (size_t d = 0; d < repeats.size(); ++d) {
    if (repeats[d] < 0 || repeats[d] > kMaxSize) refuse("repeats " + to_string(repeats));
    shape.push_back(repeats[d] * data.shape[d]);
    wide.insert(wide.end(), {repeats[d], data.shape[d]});
    strides.insert(strides.end(), {0, own[d]});
  }
  call.expect_room(shape);
  if (wide.size() > kMaxTensorRank) refuse("more than 4 dimensions");
  return with_shape(strided(data, wide, 0, strides), shape);
}

// The part of each matrix above or below a diagonal.
Tensor fold_trilu(const Call& call) {
  Tensor made = call.input(0);
  const size_t rank = made.shape.size();
  if (rank < 2) refuse("input of the shape " + to_string(made.shape), "matrices");
  const bool upper = call.attributes.integer("upper", 1, 0, 1) != 0;
  const Shape given = call.has(1) ? call.numbers(1) : Shape{0};
  if (given.size() != 1) refuse(number(given.size()) + " diagonals", "one");
  const int64_t diagonal = std::clamp(given[0], -kMaxSize, kMaxSize);
  const int64_t rows = made.shape[rank - 2];
  const int64_t columns = made.shape[rank - 1];
  for (size_t i = 0; i < made.count(); ++i) {
    const int64_t column = static_cast<int64_t>(i) % columns;
    const int64_t row = static_cast<int64_t>(i) / columns % rows;
    if (upper ? column - row >= diagonal : column - row <= diagonal) continue;
    if (made.is_real()) {
      made.reals[i] = 0;
    } else {
      made.integers[i] = 0;
    }
  }
  return made;
}

// Pieces of the first input replaced: each index leads to one, or to an element.
Tensor fold_scatter_nd(const Call& call) {
  Tensor made = call.input(0);
  const Tensor& indices = call.input(1);
  const Tensor& updates = call.input(2);
  if (call.attributes.text("reduction", "none", 16) != "none") {
    refuse("attribute 'reduction'", "none");
  }
  const size_t depth =
      indices.shape.empty() ? 0 : static_cast<size_t>(std::max<int64_t>(indices.shape.back(), 0));
  const Shape places = call.numbers(1);
  if (depth == 0 || depth > made.shape.size()) {
    refuse("indices of the shape " + to_string(indices.shape) + " for " + to_string(made.shape));
  }
  const Shape strides = strides_of(made.shape);
  const auto piece = static_cast<size_t>(strides[depth - 1]);
  if (updates.is_real() != made.is_real() || updates.count() != places.size() / depth * piece) {
    refuse("updates of the shape " + to_string(updates.shape) + " for indices of " +
               to_string(indices.shape),
           "an element of the first input's type for each that is replaced");
  }
  for (size_t i = 0; i < places.size() / depth; ++i) {
    size_t at = 0;
    for (size_t d = 0; d < depth; ++d) {
      const int64_t size = made.shape[d];
      int64_t index = places[i * depth + d];
      if (index < -size || index >= size) {
        refuse("index " + number(index), number(-size) + " to " + number(size - 1));
      }
      if (index < 0) index += size;
      at += static_cast<size_t>(index * strides[d]);
    }
    for (size_t k = 0; k < piece; ++k) {
      if (made.is_real()) {
        made.reals[at + k] = updates.reals[i * piece + k];
      } else {
        made.integers[at + k] = updates.integers[i * piece + k];
      }
    }
  }
  return made;
}

Tensor fold_identity(const Call& call) {
  call.attributes.ignore("ratio");
  call.attributes.ignore("seed");
  return call.input(0);
}

std::vector<Tensor> fold_split(const Call& call) {
  const Tensor& data = call.input(0);
  const size_t axis = normal_axis(call.attributes.integer("axis", 0), data.shape.size());
  const std::optional<Shape> given = call.axes("split", 1, 13);
  call.attributes.ignore("num_outputs");
  const Shape sizes = split_sizes(data.shape[axis], static_cast<size_t>(call.node.output_size()),
                                  given ? &*given : nullptr);
  std::vector<Tensor> parts;
  int64_t from = 0;
  for (const int64_t size : sizes) {
    Shape shape = data.shape;
    shape[axis] = size;
    const Shape strides = strides_of(data.shape);
    parts.push_back(strided(data, shape, from * strides[axis], strides));
    from += size;
  }
  return parts;
}

using Reader = Tensor (*)(const Call&);
const std::map<std::string, Reader>& readers() {
  static const std::map<std::string, Reader> readers = {
      {"Shape", fold_shape},
      {"Size", fold_size},
      {"ConstantOfShape", fold_constant_of_shape},
      {"Gather", fold_gather},
      {"Unsqueeze", fold_unsqueeze},
      {"Squeeze", fold_squeeze},
      {"Slice", fold_slice},
      {"Concat", fold_concat},
      {"Cast", fold_cast},
      {"Reshape", fold_reshape},
      {"Flatten", fold_flatten},
      {"Range", fold_range},
      {"Transpose", fold_transpose},
      {"Expand", fold_expand},
      {"Tile", fold_tile},
      {"Trilu", fold_trilu},
      {"ScatterND", fold_scatter_nd},
      {"Identity", fold_identity},
      {"Dropout", fold_identity},
  };
  return readers;
}

}  // namespace

bool can_fold(const std::string& op) {
  return readers().count(op) != 0 || op == "Split" || is_arithmetic(op);
}

std::vector<Tensor> fold(const onnx::NodeProto& node, Attributes& attributes, int64_t opset,
                         const std::vector<const Tensor*>& inputs, int64_t most) {
  const Call call{node, attributes, opset, inputs, most};
  std::vector<Tensor> made;
  if (node.op_type() == "Split") {
    made = fold_split(call);
  } else if (is_arithmetic(node.op_type())) {
    made.push_back(fold_arithmetic(node.op_type(), attributes, opset, inputs, most));
  } else {
    made.push_back(readers().at(node.op_type())(call));
  }
  attributes.expect_all_read();
  return made;
}

Tensor joined_tensors(const Tensor& a, const Tensor& b, size_t axis) {
  bool fits = a.shape.size() == b.shape.size() && a.is_real() == b.is_real();
  for (size_t d = 0; fits && d < a.shape.size(); ++d) fits = d == axis || a.shape[d] == b.shape[d];
  if (!fits) {
    refuse("inputs of the shapes " + to_string(a.shape) + " and " + to_string(b.shape) +
               " or of several types",
           "one type, and shapes that differ in the axis alone");
  }
  Shape shape = a.shape;
  shape[axis] += b.shape[axis];
  Tensor made = like(a, shape);
  size_t outer = 1;
  for (size_t d = 0; d < axis; ++d) outer *= static_cast<size_t>(shape[d]);
  for (size_t o = 0; o < outer; ++o) {
    for (const Tensor* part : {&a, &b}) {
      const size_t block = part->count() / outer;
      for (size_t i = 0; i < block; ++i) append(made, *part, o * block + i);
    }
  }
  return made;
}

Tensor transposed(const Tensor& tensor, const Shape& permutation) {
  const size_t rank = tensor.shape.size();
  const Shape strides = strides_of(tensor.shape);
  Shape shape, moved;
  std::vector<bool> used(rank);
  for (const int64_t from : permutation) {
    if (from < 0 || from >= static_cast<int64_t>(rank) || used[static_cast<size_t>(from)]) break;
    used[static_cast<size_t>(from)] = true;
    shape.push_back(tensor.shape[static_cast<size_t>(from)]);
    moved.push_back(strides[static_cast<size_t>(from)]);
  }
  if (shape.size() != rank || permutation.size() != rank) {
    refuse("permutation " + to_string(permutation) + " of " + number(rank) + " dimensions");
  }
  return strided(tensor, shape, 0, moved);
}

Tensor expanded(const Tensor& tensor, const Shape& shape) {
  if (tensor.shape == shape) return tensor;
  const Shape own = strides_of(tensor.shape);
  Shape strides(shape.size(), 0);
  const size_t skip = shape.size() - tensor.shape.size();
  for (size_t d = skip; d < shape.size(); ++d) {
    if (tensor.shape[d - skip] != 1) strides[d] = own[d - skip];
  }
  return strided(tensor, shape, 0, strides);
}

Shape to_shape(const Tensor& tensor, const std::string& what) {
  if (tensor.is_real()) {
    refuse(what + " has elements of type " + type_name(tensor.type), "INT64");
  }
  return tensor.integers;
}

}  // namespace sparsys::onnx_import
