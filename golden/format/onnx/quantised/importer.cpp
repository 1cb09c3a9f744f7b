// SPDX-License-Identifier: Apache-2.0
#include "golden/format/onnx/quantised/importer.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/onnx/model.hpp"
#include "golden/format/onnx/quantised/import.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace onnx_import {
namespace {

constexpr int64_t kMinOpset = 10;
constexpr int64_t kMaxOpset = 25;
constexpr int64_t kRoom = int64_t{1} << 24;  // elements of what is folded

bool is_byte(int type) {
  return type == onnx::TensorProto::INT8 || type == onnx::TensorProto::UINT8;
}

// The number of a byte that stands for 0 with zero point 0, in the network's signed bytes.
int64_t unsigned_offset(int type) { return type == onnx::TensorProto::UINT8 ? 128 : 0; }

}  // namespace

bool is_quantised(const onnx::ModelProto& model) {
  std::unordered_set<std::string> constants;
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    constants.insert(tensor.name());
  }
  for (const onnx::NodeProto& node : model.graph().node()) {
    const std::string& op = node.op_type();
    if (op.rfind("QLinear", 0) == 0 || op == "QGemm") return true;
    if (op == "Constant" && node.output_size() > 0) constants.insert(node.output(0));
    // Weights that are stored as integers do not make a network of bytes.
    if (op == "QuantizeLinear" && node.input_size() > 0 && constants.count(node.input(0)) == 0) {
      return true;
    }
  }
  return false;
}

std::string QuantisedImporter::place() const {
  return file_ + ": node " +
         (node_->name().empty() ? number(node_index_ + 1) : quoted(node_->name())) + " (" +
         printable(node_->op_type(), 40) + ")";
}

void QuantisedImporter::fail(const std::string& what, const std::string& supported) const {
  sparsys::fail(place(),
                what + (supported.empty() ? "" : "; supported: " + supported) + int8::kWayOut);
}

void QuantisedImporter::read_opsets() {
  for (const onnx::OperatorSetIdProto& set : model_.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") opset_ = set.version();
  }
  if (opset_ < kMinOpset || opset_ > kMaxOpset) {
    sparsys::fail(file_, "operator set " + number(opset_) + "; supported: quantised networks of " +
                             number(kMinOpset) + " to " + number(kMaxOpset));
  }
}

void QuantisedImporter::read_initializers() {
  for (onnx::TensorProto& proto : *model_.mutable_graph()->mutable_initializer()) {
    Item item;
    try {
      item.tensor = std::make_shared<Tensor>(read_tensor(proto, proto.name(), folder_));
    } catch (const Refusal& refusal) {
      sparsys::fail(
          file_,
          refusal.what + (refusal.supported.empty() ? "" : "; supported: " + refusal.supported));
    }
    items_[proto.name()] = std::move(item);
  }
}

void QuantisedImporter::read_input() {
  const onnx::ValueInfoProto* input = nullptr;
  for (const onnx::ValueInfoProto& info : model_.graph().input()) {
    if (items_.count(info.name()) != 0) continue;
    if (input != nullptr) {
      sparsys::fail(file_, "several inputs: " + quoted(input->name()) + " and " +
                               quoted(info.name()) + "; supported: one input" + int8::kWayOut);
    }
    input = &info;
  }
  if (input == nullptr) sparsys::fail(file_, "no input");
  const std::string where = "input " + quoted(input->name());
  const onnx::TypeProto::Tensor& type = input->type().tensor_type();
  Item item;
  for (int d = 0; d < type.shape().dim_size(); ++d) {
    const int64_t size = d == 0 ? 1 : type.shape().dim(d).dim_value();
    if (size < 1 || size > kMaxSize) {
      sparsys::fail(file_,
                    where + ": dimension " + number(d) + " has no fixed size" + int8::kWayOut);
    }
    item.shape.push_back(size);
  }
  if (item.shape.size() < 2 || item.shape.size() > 4) {
    sparsys::fail(file_, where + " has " + number(item.shape.size()) +
                             " dimensions; supported: 2 to 4, the first the sample's");
  }
  input_ = input->name();
  // Bytes as input learn their scale from the first that takes them.
  item.kind = Item::kInput;
  item.scale.type = type.elem_type();
  items_[input_] = std::move(item);
}

const QuantisedImporter::Item& QuantisedImporter::item(int i) const {
  if (!has_input(i)) fail("input " + number(i + 1) + " is missing");
  const auto found = items_.find(node_->input(i));
  if (found == items_.end()) {
    fail("input " + number(i + 1) + ", " + quoted(node_->input(i)) +
         ", is made by no node before this one");
  }
  return found->second;
}

const Tensor& QuantisedImporter::constant(int i) const {
  const Item& found = item(i);
  if (found.kind != Item::kConstant) {
    fail("input " + number(i + 1) + ", " + quoted(node_->input(i)) + ", is not constant");
  }
  return *found.tensor;
}

const QuantisedImporter::Item& QuantisedImporter::real(int i, bool padded) const {
  const Item& found = item(i);
  const std::string what = "input " + number(i + 1) + ", " + quoted(node_->input(i)) + ",";
  if (found.kind != Item::kReal) {
    fail(what + " is not dequantised", "operators between DequantizeLinear and QuantizeLinear");
  }
  if (!padded && found.pad != std::array<uint32_t, 4>{}) {
    fail(what + " is padded", "Pad in front of convolutions");
  }
  if (found.left_out) fail(what + " is behind a function that is supported at the end only");
  return found;
}

QuantisedImporter::Scale QuantisedImporter::scale_at(int scale, int zero, int64_t axis) const {
  const Tensor& scales = constant(scale);
  Scale made;
  made.axis = axis;
  if (!scales.is_real()) fail("scales that are no real numbers");
  made.scale = scales.reals;
  for (const float s : made.scale) {
    if (!(s > 0) || !std::isfinite(s)) fail("a scale that is not positive and finite");
  }
  made.zero.assign(made.scale.size(), 0);
  if (has_input(zero)) {
    const Tensor& zeros = constant(zero);
    made.type = zeros.type;
    if (zeros.is_real() || zeros.count() != made.scale.size()) {
      fail(number(made.scale.size()) + " scales and other zero points");
    }
    made.zero = zeros.integers;
  }
  if (made.scale.empty()) fail("no scale");
  return made;
}

QuantisedImporter::Scale QuantisedImporter::single_scale(int scale, int zero) const {
  Scale made = scale_at(scale, zero, 0);
  if (made.scale.size() != 1) fail("a value with several scales", "one scale for a value");
  if (!is_byte(made.type)) fail("elements of type " + type_name(made.type), "INT8 and UINT8");
  return made;
}

void QuantisedImporter::define(Item made) {
  if (node_->output_size() < 1) fail("no output");
  if (!items_.emplace(node_->output(0), std::move(made)).second) {
    fail("its output " + quoted(node_->output(0)) + " is made twice");
  }
}

void QuantisedImporter::define_draft(Result result) {
  Item made;
  made.kind = Item::kDraft;
  made.shape = std::move(result.shape);
  made.draft = std::make_shared<Draft>(std::move(result.draft));
  define(std::move(made));
}

void QuantisedImporter::define_bytes(const Result& result, int scale, int zero) {
  Item made;
  made.kind = Item::kBytes;
  made.scale = single_scale(scale, zero);
  made.value = quantise(result.draft, made.scale);
  made.shape = result.shape;
  define(std::move(made));
}

void QuantisedImporter::define_shape(const Item& from, Shape shape) {
  int64_t before = 1;
  int64_t after = 1;
  for (const int64_t size : from.shape) before *= size;
  for (const int64_t size : shape) after *= size;
  if (before != after || shape.empty() || shape[0] != 1 || shape.size() > kMaxTensorRank) {
    fail("from " + to_string(from.shape) + " to " + to_string(shape),
         "as many elements, one sample at a time");
  }
  Item made = from;
  made.shape = std::move(shape);
  define(std::move(made));
}

mxu::Value QuantisedImporter::byte_value(const Scale& scale) const {
  mxu::Value made;
  made.scale = scale.scale[0];
  const int64_t zero = scale.zero[0] - unsigned_offset(scale.type);
  if (zero < -128 || zero > 127) fail("zero point " + number(scale.zero[0]));
  made.zero = static_cast<int8_t>(zero);
  return made;
}

mxu::Value QuantisedImporter::map_value(const Shape& shape, mxu::Value scale) {
  const auto size = [](int64_t s) {
    return static_cast<uint32_t>(std::min<int64_t>(s, int64_t{kMaxVector} + 1));
  };
  scale.channels = size(shape[1]);
  scale.height = shape.size() == 4 ? size(shape[2]) : 1;
  scale.width = shape.size() > 2 ? size(shape.back()) : 1;
  return scale;
}

uint32_t QuantisedImporter::as_map(const Item& item) {
  const mxu::Value now = value(item);
  if (item.shape.size() < 2 || item.shape.size() > 4) {
    fail("a value of the shape " + to_string(item.shape), "[1, channels, height, width]");
  }
  const mxu::Value wanted = map_value(item.shape, now);
  if (wanted.channels == now.channels && wanted.height == now.height && wanted.width == now.width) {
    return item.value;
  }
  if (item.value == 0 && !builder_.has_layers()) {
    builder_.set_input(wanted);
    return 0;
  }
  mxu::Layer layer = builder_.start(mxu::Kind::kReshape, {item.value}, now);
  layer.outputs = wanted.channels;
  layer.map = {wanted.height, wanted.width};
  layer.name = node_->name() + ":map";
  return builder_.add(std::move(layer), place());
}

uint32_t QuantisedImporter::quantise(const Draft& draft, const Scale& scale) {
  const mxu::Value to = byte_value(scale);
  const auto factor = [&](double real) {
    return int8::fixed_point(real / double{to.scale}, place());
  };
  // As numbers are quantised: to nearest, halves to even.
  const auto bound = [&](double real, int8_t otherwise) {
    if (std::isinf(real)) return otherwise;
    const double steps = std::nearbyint(real / double{to.scale}) + to.zero;
    return static_cast<int8_t>(std::clamp(steps, -128.0, 127.0));
  };
  mxu::Layer layer;
  switch (draft.kind) {
    case Draft::kConvolution: {
      layer = builder_.start(mxu::Kind::kConvolution, draft.sources, to);
      layer.outputs = draft.layer.outputs;
      layer.groups = draft.layer.groups;
      layer.window = draft.layer.window;
      layer.weights = draft.layer.weights;
      std::vector<int32_t> biases;
      std::vector<int8::Fixed> factors;
      for (uint32_t o = 0; o < layer.outputs; ++o) {
        const double steps = std::nearbyint(draft.bias[o] / draft.step[o]);
        if (!(std::abs(steps) < 0x1p31))
          fail("a bias of more than 32 bits in steps of the products");
        biases.push_back(static_cast<int32_t>(steps));
        factors.push_back(factor(draft.step[o]));
      }
      int8::set_bias(layer, biases, place());
      int8::set_factors(layer, factors);
      break;
    }
    case Draft::kAdd: {
      layer = builder_.start(mxu::Kind::kAdd, draft.sources, to);
      const double twice = 2 * std::max(double{layer.input_scale}, double{layer.second_scale});
      int8::set_factors(layer, {int8::fixed_point(double{layer.input_scale} / twice, place()),
                                int8::fixed_point(double{layer.second_scale} / twice, place()),
                                factor(twice / (1 << 20))});
      break;
    }
    case Draft::kConcat: {
      std::vector<uint32_t> sources;
      for (const uint32_t source : draft.sources) {
        const mxu::Value x = builder_.value(source);
        if (x.scale == to.scale && x.zero == to.zero) {
          sources.push_back(source);
          continue;
        }
        layer = builder_.requantisation(source, to, factor(double{x.scale}));
        layer.name = node_->name() + ":scale";
        sources.push_back(builder_.add(std::move(layer), place()));
      }
      layer = builder_.start(mxu::Kind::kConcat, sources, to);
      layer.outputs = draft.layer.outputs;
      if (draft.low > -HUGE_VAL || draft.high < HUGE_VAL) fail("a concatenation that is bounded");
      break;
    }
    default: {
      const mxu::Value x = builder_.value(draft.sources[0]);
      const bool same = x.scale == to.scale && x.zero == to.zero;
      layer = builder_.requantisation(draft.sources[0], to,
                                      same ? int8::kOne : factor(double{x.scale}));
      if (draft.kind == Draft::kMaxPool) {
        layer.pooling = mxu::Pooling::kMax;
        layer.pool = draft.layer.pool;
      }
    }
  }
  if (draft.kind != Draft::kConcat) {
    layer.low = bound(draft.low, -128);
    layer.high = bound(draft.high, 127);
  }
  layer.name = node_->name().empty() ? node_->output(0) : node_->name();
  return builder_.add(std::move(layer), place());
}

std::vector<int8_t> QuantisedImporter::bytes(const Tensor& stored, const Scale& scale) const {
  if (stored.is_real()) fail("weights that are not quantised");
  size_t each = 1;  // elements behind dimension `axis`
  for (size_t d = static_cast<size_t>(scale.axis) + 1; d < stored.shape.size(); ++d) {
    each *= static_cast<size_t>(stored.shape[d]);
  }
  std::vector<int8_t> made(stored.count());
  for (size_t i = 0; i < made.size(); ++i) {
    const size_t index = scale.zero.size() == 1 ? 0 : i / each % scale.zero.size();
    const int64_t value = stored.integers[i] - scale.zero[index];
    if (value < -128 || value > 127) {
      fail("a weight " + number(stored.integers[i]) + " less the zero point " +
               number(scale.zero[index]) + " is no signed byte",
           "zero point 0, or 128 of unsigned weights");
    }
    made[i] = static_cast<int8_t>(value);
  }
  return made;
}

QuantisedImporter::Item QuantisedImporter::weights(int i) const {
  const Item& found = item(i);
  if (found.kind != Item::kWeights) {
    fail("input " + number(i + 1) + ", " + quoted(node_->input(i)) +
             ", is no constant of bytes behind DequantizeLinear",
         "quantised weights");
  }
  return found;
}

QuantisedImporter::Item QuantisedImporter::weights(int i, int scale, int zero, int64_t axis) const {
  Item made = item(i);
  constant(i);
  made.kind = Item::kWeights;
  made.scale = scale_at(scale, zero, axis);
  return made;
}

bool QuantisedImporter::is_last() const {
  std::string name = node_->output(0);
  const onnx::GraphProto& graph = model_.graph();
  for (int n = node_index_ + 1; n < graph.node_size(); ++n) {
    const onnx::NodeProto& next = graph.node(n);
    const bool takes =
        std::find(next.input().begin(), next.input().end(), name) != next.input().end();
    if (!takes) continue;
    if (next.op_type() != "QuantizeLinear" && next.op_type() != "DequantizeLinear") return false;
    name = next.output(0);
  }
  return graph.output_size() == 1 && graph.output(0).name() == name;
}

// Constants of constants, and shapes of values.
bool QuantisedImporter::fold_node() {
  const std::string& op = node_->op_type();
  if (op == "Shape") {
    Item made;
    const Shape shape = item(0).kind == Item::kConstant ? item(0).tensor->shape : item(0).shape;
    made.tensor =
        std::make_shared<Tensor>(make_integers({static_cast<int64_t>(shape.size())}, shape));
    define(std::move(made));
    return true;
  }
  if (op == "QuantizeLinear" || op == "DequantizeLinear" || !can_fold(op)) return false;
  std::vector<const Tensor*> tensors;
  for (int i = 0; i < inputs(); ++i) {
    if (has_input(i) && item(i).kind != Item::kConstant) return false;
    tensors.push_back(has_input(i) ? item(i).tensor.get() : nullptr);
  }
  std::vector<Tensor> made = fold(*node_, *attributes_, opset_, tensors, kRoom);
  for (int o = 0; o < node_->output_size() && o < static_cast<int>(made.size()); ++o) {
    Item item;
    item.tensor = std::make_shared<Tensor>(std::move(made[static_cast<size_t>(o)]));
    items_.emplace(node_->output(o), std::move(item));
  }
  return true;
}

void QuantisedImporter::read_node() {
  try {
    attributes_ = std::make_unique<Attributes>(*node_, opset_);
    if (!fold_node()) read_operator(node_->op_type());
  } catch (const Refusal& refusal) {
    fail(refusal.what, refusal.supported);
  }
}

mxu::Network QuantisedImporter::finish() {
  const onnx::GraphProto& graph = model_.graph();
  if (graph.output_size() != 1) {
    sparsys::fail(file_,
                  number(graph.output_size()) + " outputs; supported: one output" + int8::kWayOut);
  }
  const std::string what = "output " + quoted(graph.output(0).name());
  const auto found = items_.find(graph.output(0).name());
  if (found == items_.end()) sparsys::fail(file_, what + " is made by no node");
  const Item& last = found->second;
  if (last.kind == Item::kDraft) {
    sparsys::fail(file_, what +
                             " is not quantised; supported: networks that end with "
                             "QuantizeLinear, so that the scale of their result is known");
  }
  if ((last.kind != Item::kBytes && last.kind != Item::kReal) || last.value == 0 ||
      last.pad != std::array<uint32_t, 4>{}) {
    sparsys::fail(file_, what + " is no value that is computed");
  }
  const mxu::Value in = builder_.value(0);
  const bool bytes_enter = is_byte(items_.at(input_).scale.type);
  mxu::Network network = builder_.finish(last.value, file_);
  network.name = printable(graph.name());
  network.origin =
      "quantised ONNX file" +
      (model_.producer_name().empty() ? "" : " of " + printable(model_.producer_name()));
  if (last.left_out) network.origin += "; without the function at its end";
  if (bytes_enter) {
    // Pixel p is the byte p, or p - 128.
    network.pixel_scale = in.scale;
    network.pixel_offset = in.scale * static_cast<float>(-128 - in.zero);
  }
  network.pixel_scale = options_.pixel_scale.value_or(network.pixel_scale);
  network.pixel_offset = options_.pixel_offset.value_or(network.pixel_offset);
  return network;
}

mxu::Network QuantisedImporter::run() {
  read_opsets();
  // Every node makes something, which those before it look for.
  for (node_index_ = 0; node_index_ < model_.graph().node_size(); ++node_index_) {
    node_ = &model_.graph().node(node_index_);
    if (node_->output_size() < 1) fail("no output");
  }
  read_initializers();
  read_input();
  for (node_index_ = 0; node_index_ < model_.graph().node_size(); ++node_index_) {
    node_ = &model_.graph().node(node_index_);
    read_node();
  }
  return finish();
}

}  // namespace onnx_import

std::optional<mxu::Network> import_quantised_onnx(const std::string& path,
                                                  const Int8ImportOptions& options) {
  onnx_import::LoadedModel loaded = onnx_import::load_model(path);
  if (!onnx_import::is_quantised(loaded.model)) return std::nullopt;
  return onnx_import::QuantisedImporter(loaded.model, loaded.name, loaded.folder, options).run();
}

std::optional<mxu::Network> quantised_onnx_from_bytes(const uint8_t* data, size_t size,
                                                      const std::string& name,
                                                      const Int8ImportOptions& options) {
  onnx::ModelProto model;
  onnx_import::parse_model(data, size, name, model);
  if (!onnx_import::is_quantised(model)) return std::nullopt;
  return onnx_import::QuantisedImporter(model, name, "", options).run();
}

}  // namespace sparsys
