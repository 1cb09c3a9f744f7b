// SPDX-License-Identifier: Apache-2.0
// Shapes: operators that only rename them, and the arithmetic that converters write for a free
// number of samples, which is known here: one.
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/tflite/importer.hpp"

namespace sparsys::tflite {
namespace {

constexpr size_t kMostNumbers = 64;
constexpr int64_t kLargest = int64_t{1} << 40;

// The slice that begins, ends and steps cut from a vector.
std::vector<int64_t> slice(const std::vector<int64_t>& from, int64_t begin, int64_t end,
                           int64_t step) {
  std::vector<int64_t> made;
  for (int64_t i = begin; step > 0 ? i < end : i > end; i += step) {
    made.push_back(from[static_cast<size_t>(i)]);
  }
  return made;
}

}  // namespace

// Whether the operator computes with shapes: its result is kept as numbers then.
bool Importer::fold() {
  if (op_->code == BuiltinOperator::SHAPE) {
    expect_inputs(1, 1);
    const Known& x = made(0);
    if (x.pad != std::array<uint32_t, 4>{}) fail("of a padded map", "PAD in front of convolutions");
    known_[static_cast<size_t>(output())].numbers =
        Numbers{{static_cast<int64_t>(x.shape.size())}, x.shape};
    return true;
  }
  if (op_->inputs.empty() || tensor(output()).type == TensorType::INT8) return false;
  for (size_t i = 0; i < op_->inputs.size(); ++i) {
    if (!numbers(i)) return false;
  }
  std::optional<Numbers> result = computed();
  if (!result) {
    fail("operator number " + number(static_cast<int32_t>(op_->code)) +
             " of shapes, which makes '" + tensor(output()).name + "', is not supported",
         "SHAPE, STRIDED_SLICE, GATHER, PACK, CONCATENATION, REDUCE_PROD, ADD, SUB, MUL, RESHAPE, "
         "SQUEEZE, EXPAND_DIMS, CAST; convert with a fixed number of samples");
  }
  for (const int64_t value : result->values) {
    if (value < -kLargest || value > kLargest) fail("a size of " + number(value));
  }
  if (result->values.size() > kMostNumbers) fail("more than 64 numbers of a shape");
  known_[static_cast<size_t>(output())].numbers = std::move(result);
  return true;
}

std::optional<Numbers> Importer::computed() const {
  const Numbers first = *numbers(0);
  const auto size = static_cast<int64_t>(first.values.size());
  const auto second = [&](size_t i, size_t count) {
    const std::vector<int64_t> found = integers(i);
    if (found.size() != count) fail(number(found.size()) + " numbers in input " + number(i + 1));
    return found;
  };
  switch (op_->code) {
    case BuiltinOperator::RESHAPE:
    case BuiltinOperator::SQUEEZE:
    case BuiltinOperator::EXPAND_DIMS:
      if (tensor(output()).elements != first.values.size()) return std::nullopt;
      return Numbers{tensor(output()).shape, first.values};
    case BuiltinOperator::CAST:
      return first;
    case BuiltinOperator::STRIDED_SLICE: {
      expect_inputs(4, 4);
      const auto& o = options<StridedSliceOptions>();
      if (first.shape.size() != 1 || o.ellipsis_mask() != 0 || o.new_axis_mask() != 0 ||
          o.offset()) {
        return std::nullopt;
      }
      const int64_t step = second(3, 1)[0];
      if (step == 0) fail("a step of 0");
      int64_t begin = second(1, 1)[0];
      int64_t end = second(2, 1)[0];
      const auto within = [&](int64_t at, int64_t least, int64_t most) {
        return std::clamp(at < 0 ? at + size : at, least, most);
      };
      const bool one = (o.shrink_axis_mask() & 1) != 0;
      begin = (o.begin_mask() & 1) != 0 ? (step > 0 ? 0 : size - 1)
                                        : within(begin, 0, step > 0 ? size : size - 1);
      if (one) {
        if (begin >= size) fail("element " + number(begin) + " of " + number(size));
        return Numbers{{}, {first.values[static_cast<size_t>(begin)]}};
      }
      end = (o.end_mask() & 1) != 0 ? (step > 0 ? size : -1) : within(end, step > 0 ? 0 : -1, size);
      Numbers made{{}, slice(first.values, begin, std::min(end, size), step)};
      made.shape = {static_cast<int64_t>(made.values.size())};
      return made;
    }
    case BuiltinOperator::GATHER: {
      expect_inputs(2, 2);
      const Numbers which = *numbers(1);
      if (first.shape.size() != 1) return std::nullopt;
      Numbers made{which.shape, {}};
      for (int64_t at : which.values) {
        at += at < 0 ? size : 0;
        if (at < 0 || at >= size) fail("element " + number(at) + " of " + number(size));
        made.values.push_back(first.values[static_cast<size_t>(at)]);
      }
      return made;
    }
    case BuiltinOperator::REDUCE_PROD: {
      int64_t product = 1;
      for (const int64_t value : first.values) {
        if (std::abs(value) > kLargest || std::abs(product) > kLargest) fail("too large a size");
        product = std::abs(product * value) > kLargest ? kLargest + 1 : product * value;
      }
      return Numbers{{}, {product}};
    }
    case BuiltinOperator::PACK:
    case BuiltinOperator::CONCATENATION: {
      Numbers made;
      for (size_t i = 0; i < op_->inputs.size(); ++i) {
        const Numbers part = *numbers(i);
        if (part.shape.size() > 1) return std::nullopt;
        made.values.insert(made.values.end(), part.values.begin(), part.values.end());
        if (made.values.size() > kMostNumbers) fail("more than 64 numbers of a shape");
      }
      made.shape = {static_cast<int64_t>(made.values.size())};
      return made;
    }
    case BuiltinOperator::ADD:
    case BuiltinOperator::SUB:
    case BuiltinOperator::MUL: {
      expect_inputs(2, 2);
      const Numbers other = *numbers(1);
      const size_t a = first.values.size();
      const size_t b = other.values.size();
      if (a == 0 || b == 0 || (a != b && a != 1 && b != 1)) return std::nullopt;
      Numbers made = a >= b ? first : other;
      for (size_t i = 0; i < std::max(a, b); ++i) {
        const int64_t x = first.values[a == 1 ? 0 : i];
        const int64_t y = other.values[b == 1 ? 0 : i];
        if (std::abs(x) > INT32_MAX || std::abs(y) > INT32_MAX) fail("too large a size");
        made.values[i] = op_->code == BuiltinOperator::ADD   ? x + y
                         : op_->code == BuiltinOperator::SUB ? x - y
                                                             : x * y;
      }
      return made;
    }
    default:
      return std::nullopt;
  }
}

// Another shape of the same elements: a vector is the map by rows of pixels until weights that are
// in that order take it.
void Importer::read_view() {
  expect_inputs(1, 2);
  const Known x = made(0);
  if (!x.outside) {
    known(0);  // not padded
    expect_same_scale();
  }
  const auto elements = static_cast<int64_t>(elements_of(x.shape));
  Dims shape = tensor(output()).shape;
  if (op_->code == BuiltinOperator::EXPAND_DIMS) {
    expect_inputs(2, 2);
    const std::vector<int64_t> at = integers(1);
    const auto rank = static_cast<int64_t>(x.shape.size());
    const int64_t axis = at.empty() ? rank + 1 : at[0] + (at[0] < 0 ? rank + 1 : 0);
    if (at.size() != 1 || axis < 0 || axis > rank) fail("a dimension that is not there");
    shape = x.shape;
    shape.insert(shape.begin() + axis, 1);
  } else if (op_->code == BuiltinOperator::RESHAPE && has_input(1)) {
    shape = integers(1);
    int64_t known = 1;
    for (const int64_t size : shape) {
      if (size < -1 || size == 0 || size > elements) fail("to the shape " + text_of(shape));
      if (size != -1) known = std::min(known * size, elements + 1);
    }
    const auto free = std::find(shape.begin(), shape.end(), -1);
    if (free != shape.end()) *free = elements / std::max<int64_t>(known, 1);
  }
  int64_t made = 1;
  for (const int64_t size : shape) made = size < 1 ? 0 : std::min(made * size, elements + 1);
  if (made != elements || shape.empty()) {
    fail("from " + text_of(x.shape) + ", " + number(elements) + " elements, to " + text_of(shape));
  }
  Known& known = rename(x.value, std::move(shape));
  known.outside = x.outside;
  known.left_out = x.left_out;
  known.plain = x.plain;
  known.function = x.function;
}

}  // namespace sparsys::tflite
