// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "golden/base/text.hpp"
#include "golden/format/onnx/quantised/importer.hpp"

namespace sparsys::onnx_import {
namespace {

constexpr int64_t kMaxSide = 65535;

}  // namespace

Shape map_shape(size_t rank, uint32_t channels, std::array<uint32_t, 2> size) {
  if (rank == 3) return {1, channels, size[1]};
  return {1, channels, size[0], size[1]};
}

mxu::Window QuantisedImporter::window(Shape kernel, std::array<uint32_t, 2>& size,
                                      std::array<uint32_t, 4> pad) {
  const size_t sides = kernel.size();
  if (sides != 1 && sides != 2) fail("a window of " + number(sides) + " dimensions", "1 or 2");
  const Shape strides = attributes_->window("strides", sides, 1, 1);
  const Shape dilations = attributes_->window("dilations", sides, 1, 1);
  const Shape pads = attributes_->window("pads", 2 * sides, 0, 0);
  const std::string automatic = attributes_->text("auto_pad", "NOTSET");
  const bool ceil = attributes_->integer("ceil_mode", 0, 0, 1) != 0;
  mxu::Window made;
  for (size_t k = 0; k < sides; ++k) {
    const size_t s = k + 2 - sides;  // one dimension is the width
    if (kernel[k] > kMaxSide || strides[k] > 255 || dilations[k] > 255) {
      fail("window " + number(kernel[k]) + ", stride " + number(strides[k]) + ", dilation " +
               number(dilations[k]),
           "windows of 1 to 65535, strides and dilations of 1 to 255");
    }
    const int64_t reach = (kernel[k] - 1) * dilations[k] + 1;
    int64_t before = pads[k];
    int64_t behind = pads[sides + k];
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      const int64_t count = (size[s] + strides[k] - 1) / strides[k];
      const int64_t zeros = std::max<int64_t>((count - 1) * strides[k] + reach - size[s], 0);
      before = automatic == "SAME_UPPER" ? zeros / 2 : zeros - zeros / 2;
      behind = zeros - before;
    } else if (automatic != "NOTSET" && automatic != "VALID") {
      fail("auto_pad " + quoted(automatic));
    }
    before += pad[s];
    behind += pad[s + 2];
    int64_t padded = size[s] + before + behind;
    if (before > kMaxSide || behind > kMaxSide || padded < reach) {
      fail("a window of " + number(reach) + " on " + number(padded) + " padded values");
    }
    if (ceil) {
      // Rounded up, but no window begins behind what there is.
      int64_t count = (padded - reach + strides[k] - 1) / strides[k] + 1;
      while ((count - 1) * strides[k] >= size[s] + before) --count;
      behind = std::max<int64_t>(behind, (count - 1) * strides[k] + reach - size[s] - before);
      padded = size[s] + before + behind;
    }
    made.kernel[s] = static_cast<uint32_t>(kernel[k]);
    made.stride[s] = static_cast<uint32_t>(strides[k]);
    made.dilation[s] = static_cast<uint32_t>(dilations[k]);
    made.pad[s] = static_cast<uint32_t>(before);
    made.pad[s + 2] = static_cast<uint32_t>(behind);
    size[s] = static_cast<uint32_t>((padded - reach) / strides[k] + 1);
  }
  return made;
}

QuantisedImporter::Result QuantisedImporter::convolution(const Item& x, const Item& w) {
  const Shape& shape = w.tensor->shape;
  if (shape.size() != x.shape.size() || shape.size() < 3 || shape.size() > 4) {
    fail("weights " + to_string(shape) + " on a value " + to_string(x.shape), "1-D and 2-D");
  }
  const int64_t group = attributes_->integer("group", 1, 1, kMaxSide);
  attributes_->ignore("kernel_shape");
  if (shape[1] * group != x.shape[1] || shape[0] % group != 0) {
    fail("weights " + to_string(shape) + " in " + number(group) + " groups on a value " +
         to_string(x.shape));
  }
  Result made;
  Draft& draft = made.draft;
  draft.kind = Draft::kConvolution;
  draft.sources = {as_map(x)};
  const mxu::Value in = builder_.value(draft.sources[0]);
  draft.layer.outputs = static_cast<uint32_t>(shape[0]);
  draft.layer.groups = static_cast<uint32_t>(group);
  std::array<uint32_t, 2> size{in.height, in.width};
  draft.layer.window = window(Shape(shape.begin() + 2, shape.end()), size, x.pad);
  if (w.scale.scale.size() > 1 &&
      (w.scale.axis != 0 || w.scale.scale.size() != static_cast<size_t>(shape[0]))) {
    fail(number(w.scale.scale.size()) + " scales along dimension " + number(w.scale.axis) +
             " of the weights",
         "one, or one for each output");
  }
  draft.layer.weights = bytes(*w.tensor, w.scale);
  for (size_t o = 0; o < static_cast<size_t>(shape[0]); ++o) {
    const float scale = w.scale.scale[w.scale.scale.size() > 1 ? o : 0];
    draft.step.push_back(double{in.scale} * double{scale});
  }
  draft.bias.assign(draft.step.size(), 0);
  made.shape = map_shape(x.shape.size(), draft.layer.outputs, size);
  return made;
}

QuantisedImporter::Result QuantisedImporter::product(const Item& x, const Item& w,
                                                     bool transposed) {
  const Shape& shape = w.tensor->shape;
  if (shape.size() != 2) fail("weights " + to_string(shape), "matrices");
  const int64_t inputs = shape[transposed ? 1 : 0];
  const int64_t outputs = shape[transposed ? 0 : 1];
  const mxu::Value in = value(x);
  if (inputs != static_cast<int64_t>(in.size()) || x.shape.back() != inputs) {
    fail("weights " + to_string(shape) + " on a value " + to_string(x.shape),
         "products of one vector");
  }
  Result made;
  Draft& draft = made.draft;
  draft.kind = Draft::kConvolution;
  draft.sources = {x.value};
  draft.layer.outputs = static_cast<uint32_t>(outputs);
  // A map that became a vector is multiplied as it is.
  draft.layer.window.kernel = {in.height, in.width};
  const int64_t axis = transposed ? 0 : 1;
  if (w.scale.scale.size() > 1 &&
      (w.scale.axis != axis || w.scale.scale.size() != static_cast<size_t>(outputs))) {
    fail(number(w.scale.scale.size()) + " scales along dimension " + number(w.scale.axis) +
             " of the weights",
         "one, or one for each output");
  }
  const std::vector<int8_t> stored = bytes(*w.tensor, w.scale);
  draft.layer.weights = stored;
  if (!transposed) {
    for (size_t i = 0; i < stored.size(); ++i) {
      const size_t o = i % static_cast<size_t>(outputs);
      draft.layer.weights[o * static_cast<size_t>(inputs) + i / static_cast<size_t>(outputs)] =
          stored[i];
    }
  }
  for (size_t o = 0; o < static_cast<size_t>(outputs); ++o) {
    const float scale = w.scale.scale[w.scale.scale.size() > 1 ? o : 0];
    draft.step.push_back(double{in.scale} * double{scale});
  }
  draft.bias.assign(draft.step.size(), 0);
  made.shape = x.shape;
  made.shape.back() = outputs;
  return made;
}

void QuantisedImporter::add_bias(Draft& draft, int i) const {
  if (!has_input(i)) return;
  const Item& b = item(i);
  if (b.kind != Item::kConstant && b.kind != Item::kWeights) {
    fail("input " + number(i + 1) + ", " + quoted(node_->input(i)) + ", is not constant",
         "constant biases");
  }
  add_constant(draft, b);
}

void QuantisedImporter::add_constant(Draft& draft, const Item& b) const {
  const Tensor& values = *b.tensor;
  if (values.count() != draft.bias.size() && values.count() != 1) {
    fail(number(values.count()) + " biases for " + number(draft.bias.size()) + " outputs");
  }
  if (b.kind == Item::kWeights && b.scale.scale.size() != 1 &&
      b.scale.scale.size() != values.count()) {
    fail(number(b.scale.scale.size()) + " scales of " + number(values.count()) + " biases");
  }
  for (size_t o = 0; o < draft.bias.size(); ++o) {
    const size_t v = values.count() == 1 ? 0 : o;
    double real = values.at(v);
    if (b.kind == Item::kWeights) {
      const size_t s = b.scale.scale.size() == 1 ? 0 : v;
      real = (real - static_cast<double>(b.scale.zero[s])) * double{b.scale.scale[s]};
    } else if (!values.is_real()) {
      real *= draft.step[o];
    }
    draft.bias[o] += real;
  }
}

void QuantisedImporter::read_gemm() {
  const bool transposed = attributes_->integer("transB", 0, 0, 1) != 0;
  if (attributes_->integer("transA", 0) != 0 || attributes_->real("alpha", 1) != 1 ||
      attributes_->real("beta", 1) != 1) {
    fail("transA, alpha or beta", "transA 0, alpha 1, beta 1");
  }
  Result made = product(real(0), weights(1), transposed);
  add_bias(made.draft, 2);
  define_draft(std::move(made));
}

void QuantisedImporter::read_matmul() { define_draft(product(real(0), weights(1), false)); }

}  // namespace sparsys::onnx_import
