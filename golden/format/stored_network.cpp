// SPDX-License-Identifier: Apache-2.0
#include "golden/format/stored_network.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/byte_source.hpp"
#include "golden/format/arithmetic/parameter_stream.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

enum Flag : uint8_t {
  kTransB = 1,
  kCeilMode = 2,
  kWindow = 4,
  kGroup = 8,
  kAlpha = 16,
  kBeta = 32,
  kAxis = 64,
  kShape = 128
};
// The byte of an operator: its number's lower four bits, whether flags follow, and its upper two
// bits.
constexpr uint8_t kHasFlags = 16;
constexpr uint8_t kOpHigh = 32;
static_assert(kOps <= 64);
uint8_t op_byte(Op op) {
  const auto number = static_cast<unsigned>(op);
  return static_cast<uint8_t>((number & 15) | (number >> 4) * kOpHigh);
}
// What a network has that is not usual.
enum Field : uint8_t { kScale = 1, kOffset = 2, kBatch = 4, kRegression = 8, kAllFields = 15 };
constexpr size_t kMaxCodebook = 256;
// Far beyond any parameter, and no product of sizes overflows.
constexpr int64_t kMaxElements = int64_t{1} << 40;

// A float that is the same in every bit: 0 and -0 are not.
bool same(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// A file of `bytes` may stand for so many elements of shared parameters and letters of names, each
// of which takes a byte of memory: 16 Mi whatever its size, so that small files may be as sparse as
// they like, and beyond them 128 a byte. VGG-16's first fully connected layer at a density of 4 %
// has 22.
uint64_t max_content(uint64_t bytes) { return (uint64_t{1} << 24) + 128 * bytes; }
// Deflated bytes may stand for so many of a description; those of networks for 3 to 15 times more.
uint64_t max_description(uint64_t deflated) { return (uint64_t{1} << 16) + 64 * deflated; }

// ---- writing ----

class NameWriter {
 public:
  void put(const std::string& name, Bytes& out) {
    letters_ += name.size();
    const auto [found, is_new] = number_.emplace(name, number_.size());
    put_number(is_new ? 0 : number_.size() - found->second, out);
    if (is_new) put_text(name, out);
  }
  uint64_t letters() const { return letters_; }

 private:
  std::unordered_map<std::string, uint64_t> number_;
  uint64_t letters_ = 0;
};

void put_shape(const Shape& shape, Bytes& out) {
  put_number(shape.size(), out);
  for (const int64_t size : shape) put_signed(size, out);
}

template <typename Sizes>
void put_sizes(const Sizes& sizes, Bytes& out) {
  for (const int64_t size : sizes) put_signed(size, out);
}

uint8_t flags_of(const Node& node) {
  const Node usual;
  const Window& window = node.window;
  unsigned flags = 0;
  if (node.trans_b) flags |= kTransB;
  if (window.ceil_mode) flags |= kCeilMode;
  if (window.kernel != usual.window.kernel || window.stride != usual.window.stride ||
      window.dilation != usual.window.dilation || window.pad != usual.window.pad) {
    flags |= kWindow;
  }
  if (node.group != usual.group) flags |= kGroup;
  if (!same(node.alpha, usual.alpha)) flags |= kAlpha;
  if (!same(node.beta, usual.beta)) flags |= kBeta;
  if (node.axis != usual.axis) flags |= kAxis;
  if (!node.shape.empty()) flags |= kShape;
  return static_cast<uint8_t>(flags);
}

void put_node(const Node& node, NameWriter& names, Bytes& out) {
  const uint8_t flags = flags_of(node);
  out.push_back(static_cast<uint8_t>(op_byte(node.op) | (flags != 0 ? kHasFlags : 0)));
  if (flags != 0) out.push_back(flags);
  put_text(node.name, out);
  put_number(node.inputs.size(), out);
  for (const std::string& input : node.inputs) names.put(input, out);
  names.put(node.output, out);
  if ((flags & kWindow) != 0) {
    put_sizes(node.window.kernel, out);
    put_sizes(node.window.stride, out);
    put_sizes(node.window.dilation, out);
    put_sizes(node.window.pad, out);
  }
  if ((flags & kGroup) != 0) put_signed(node.group, out);
  if ((flags & kAlpha) != 0) put_float(node.alpha, out);
  if ((flags & kBeta) != 0) put_float(node.beta, out);
  if ((flags & kAxis) != 0) put_signed(node.axis, out);
  if ((flags & kShape) != 0) put_shape(node.shape, out);
}

// In front of its codebook.
Bytes names_of(const Parameter& parameter, const SharedParameter& shared, uint8_t form,
               NameWriter& names) {
  Bytes out;
  names.put(parameter.name, out);
  put_shape(parameter.shape, out);
  if (form == kRaw || form == kSparse) {
    out.push_back(form);
    return out;
  }
  const bool zero_first = begins_with_zero(shared);
  out.push_back(static_cast<uint8_t>(form | (zero_first ? kZeroFirst : 0)));
  put_number(shared.codebook.size(), out);
  return out;
}

Bytes codebook_of(const SharedParameter& shared, uint8_t form) {
  Bytes out;
  if (form == kRaw || form == kSparse) return out;
  for (size_t c = begins_with_zero(shared) ? 1 : 0; c < shared.codebook.size(); ++c) {
    put_float(shared.codebook[c], out);
  }
  return out;
}

Bytes description_of(const NetworkPlan& plan) {
  Bytes description = plan.head;
  for (const Bytes& names : plan.names) {
    description.insert(description.end(), names.begin(), names.end());
  }
  return description;
}

// With its two numbers in front.
Bytes packed_description(const NetworkPlan& plan) {
  const Bytes description = description_of(plan);
  const Bytes deflated = deflate_raw(description);
  const bool smaller = deflated.size() < description.size() &&
                       description.size() <= max_description(deflated.size());
  Bytes out;
  put_number(description.size(), out);
  put_number(smaller ? deflated.size() : 0, out);
  const Bytes& stored = smaller ? deflated : description;
  out.insert(out.end(), stored.begin(), stored.end());
  return out;
}

// ---- reading ----

// What a file may stand for.
class Content {
 public:
  explicit Content(uint64_t file_size) : most_(max_content(file_size)) {}

  void add(uint64_t count, const std::string& place) {
    all_ += count;
    if (all_ > most_) {
      fail(place, "elements and names of " + number(all_) +
                      " bytes up to here, more than a file of this size may stand for, " +
                      number(most_));
    }
  }

 private:
  const uint64_t most_;
  uint64_t all_ = 0;
};

class NameReader {
 public:
  NameReader(PackedReader& in, Content& content) : in_(in), content_(content) {}

  std::string take(const char* what) {
    const uint64_t back = in_.number(what, 0, names_.size());
    if (back == 0) names_.push_back(in_.text(what));
    const std::string& name = back == 0 ? names_.back() : names_[names_.size() - back];
    content_.add(name.size(), in_.place());
    return name;
  }

 private:
  PackedReader& in_;
  Content& content_;
  std::vector<std::string> names_;
};

Shape take_shape(PackedReader& in, const char* what, uint64_t most = kMaxRank) {
  Shape shape(static_cast<size_t>(in.number(what, 0, most)));
  for (int64_t& size : shape) size = in.signed_number(what);
  return shape;
}

template <typename Sizes>
void take_sizes(PackedReader& in, Sizes& sizes, const char* what) {
  for (int64_t& size : sizes) size = in.signed_number(what);
}

Node take_node(PackedReader& in, NameReader& names) {
  Node node;
  const uint8_t op = in.byte("operator");
  const uint8_t flags = (op & kHasFlags) != 0 ? in.byte("flags") : uint8_t{0};
  const int op_number = (op & 15) + 16 * (op / kOpHigh);
  if (op >= 4 * kOpHigh || op_number >= static_cast<int>(kOps)) {
    fail(in.place(), "operator " + number(op) + " is unknown");
  }
  node.op = static_cast<Op>(op_number);
  node.name = in.text("its name");
  node.inputs.resize(static_cast<size_t>(in.number("number of inputs", 0, kMaxInputs)));
  for (std::string& input : node.inputs) input = names.take("name of an input");
  node.output = names.take("name of its output");
  node.trans_b = (flags & kTransB) != 0;
  node.window.ceil_mode = (flags & kCeilMode) != 0;
  if ((flags & kWindow) != 0) {
    take_sizes(in, node.window.kernel, "kernel");
    take_sizes(in, node.window.stride, "stride");
    take_sizes(in, node.window.dilation, "dilation");
    take_sizes(in, node.window.pad, "padding");
  }
  if ((flags & kGroup) != 0) node.group = in.signed_number("group");
  if ((flags & kAlpha) != 0) node.alpha = in.real("alpha");
  if ((flags & kBeta) != 0) node.beta = in.real("beta");
  if ((flags & kAxis) != 0) node.axis = in.signed_number("axis");
  if ((flags & kShape) != 0) node.shape = take_shape(in, "shape", 3 * kMaxRank);
  return node;
}

uint64_t take_elements(PackedReader& in, const Shape& shape) {
  int64_t elements = 1;
  for (const int64_t size : shape) {
    if (size < 1 || size > kMaxElements / elements) {
      fail(in.place(), "shape " + to_string(shape) + ", expected sizes of 1 or more and at most " +
                           number(kMaxElements) + " elements");
    }
    elements *= size;
  }
  return static_cast<uint64_t>(elements);
}

// Names and shape from `about`, which is `in` where descriptions are not packed. With `stream` all
// else is in that.
ParameterPlan take_parameter(PackedReader& about, PackedReader& in,
                             arithmetic::StreamReader* stream, Padding padding, NameReader& names,
                             Content& content, Parameter& parameter, SharedParameter& shared) {
  ParameterPlan plan;
  const size_t before = in.left();
  parameter.name = names.take("its name");
  parameter.shape = take_shape(about, "its shape");
  const uint64_t elements = take_elements(about, parameter.shape);
  const uint8_t byte = about.byte("its form");
  if (byte > (kColumns | kZeroFirst)) fail(in.place(), "form " + number(byte) + " is unknown");
  const bool zero_first = byte > kSparse;
  const int form = zero_first ? byte & ~kZeroFirst : byte;
  plan.form = static_cast<uint8_t>(form);
  if (stream != nullptr) {
    if (form != kRaw && form != kDense) fail(in.place(), "form " + number(byte) + " of a stream");
    content.add((form == kRaw ? 4 : 1) * elements, in.place());
    if (form == kDense) {
      shared.codebook.resize(
          static_cast<size_t>(about.number("number of codebook values", 1, kMaxCodebook)));
    }
    stream->values(parameter, shared, zero_first, elements, plan, in.place());
    return plan;
  }
  if (form == kRaw) {
    plan.head_bytes = before - in.left();
    parameter.values = in.reals(elements, "its values");
    plan.bytes = 4 * elements;
    return plan;
  }
  content.add((form == kSparse ? 4 : 1) * elements, in.place());
  if (form == kSparse) {
    const size_t behind = in.left();
    plan.head_bytes = before - behind;
    parameter.values = take_sparse(in, elements);
    plan.bytes = behind - in.left();
    return plan;
  }
  const uint64_t values = about.number("number of codebook values", 1, kMaxCodebook);
  if (zero_first) shared.codebook.push_back(0);
  const std::vector<float> others = in.reals(values - (zero_first ? 1 : 0), "codebook");
  shared.codebook.insert(shared.codebook.end(), others.begin(), others.end());
  const size_t behind = in.left();
  plan.head_bytes = before - behind;
  if (form == kDense) {
    shared.code = take_codes(in, elements, shared.codebook.size(), plan.codes);
  } else {
    const std::vector<uint8_t> classes = classes_of(shared.codebook);
    Entries entries = take_entries(in, padding, shared.codebook.size(), &classes);
    shared.code = spread(entries, elements, rows_of(parameter.shape), form == kColumns, in.place());
    plan.entries.index_bits = entries.index_bits;
    plan.entries.entries = entries.codes.size();
    plan.entries.padding = entries.padding;
    plan.entries.codes = std::move(entries.code_stream);
    plan.entries.indices = std::move(entries.index_stream);
  }
  plan.bytes = behind - in.left();
  return plan;
}

// What packed_description() wrote.
Bytes take_description(PackedReader& in, const std::string& name) {
  const uint64_t size = in.number("size of the description", 1, kMaxModelBytes);
  const uint64_t deflated = in.number("size of the deflated description", 0, size - 1);
  if (deflated > 0 && size > max_description(deflated)) {
    fail(name, "a description of " + number(size) + " bytes in " + number(deflated) +
                   ", expected at most " + number(max_description(deflated)));
  }
  const uint64_t stored = deflated == 0 ? size : deflated;
  const uint8_t* const bytes = in.take(stored, "description");
  if (deflated == 0) return Bytes(bytes, bytes + size);
  Bytes description = inflate_raw(bytes, static_cast<size_t>(deflated), size, name);
  if (description.size() != size) {
    fail(name,
         "the description has " + number(description.size()) + " bytes, expected " + number(size));
  }
  return description;
}

}  // namespace

NetworkPlan plan_network(const SharedNetwork& shared, const StoreOptions& options,
                         const std::string& name) {
  const Network& network = shared.network;
  const Network usual;
  NetworkPlan plan;
  NameWriter names;
  const bool streams = options.coding == Coding::kArithmetic;
  Bytes& out = plan.head;
  put_text(network.name, out);
  put_text(network.origin, out);
  names.put(network.input, out);
  put_shape(network.input_shape, out);
  const bool scale = !same(network.input_scale, usual.input_scale);
  const bool offset = !same(network.input_offset, usual.input_offset);
  const bool batch = !network.batch.empty();
  const bool regression = network.task == Task::kRegression;
  out.push_back(static_cast<uint8_t>((scale ? kScale : 0) | (offset ? kOffset : 0) |
                                     (batch ? kBatch : 0) | (regression ? kRegression : 0)));
  if (scale) put_float(network.input_scale, out);
  if (offset) put_float(network.input_offset, out);
  if (batch) put_text(network.batch, out);
  put_number(network.nodes.size(), out);
  for (const Node& node : network.nodes) put_node(node, names, out);
  names.put(network.output, out);
  put_number(network.parameters.size(), out);
  uint64_t described = out.size();
  uint64_t content = 0;
  for (size_t p = 0; p < shared.parameters.size(); ++p) {
    const Parameter& parameter = network.parameters[p];
    plan.parameters.push_back(streams ? arithmetic::plan_parameter(parameter, shared.parameters[p])
                                      : plan_parameter(parameter, shared.parameters[p], options));
    const uint8_t form = plan.parameters[p].form;
    plan.names.push_back(names_of(parameter, shared.parameters[p], form, names));
    plan.codebooks.push_back(codebook_of(shared.parameters[p], form));
    plan.report.stored_bytes += plan.codebooks[p].size() + plan.parameters[p].bytes;
    described += plan.names[p].size();
    plan.report.original_bytes += 4 * static_cast<uint64_t>(element_count(parameter.shape));
    if (streams || form != kRaw) {
      content += (form == kSparse || form == kRaw ? 4 : 1) *
                 static_cast<uint64_t>(element_count(parameter.shape));
    }
  }
  if (streams) {
    plan.packing = Packing::kArithmetic;
    plan.stream = arithmetic::stream_of(shared, description_of(plan), plan.parameters);
    plan.report.stored_bytes = plan.stream.size();
  } else {
    plan.description = packed_description(plan);
    const bool packed = plan.description.size() < described;
    plan.packing = packed ? Packing::kDescription : Packing::kNone;
    plan.report.stored_bytes += packed ? plan.description.size() : described;
    for (size_t p = 0; p < plan.parameters.size(); ++p) {
      plan.parameters[p].head_bytes =
          plan.codebooks[p].size() + (packed ? 0 : plan.names[p].size());
    }
  }
  content += names.letters();
  if (content > max_content(plan.report.stored_bytes)) {
    fail(name, "elements and names of " + number(content) + " bytes in " +
                   number(plan.report.stored_bytes) + " bytes, expected at most " +
                   number(max_content(plan.report.stored_bytes)));
  }
  add_rows(shared, plan.parameters, plan.report);
  return plan;
}

void put_network(const SharedNetwork& shared, const NetworkPlan& plan, Packing packing,
                 Bytes& out) {
  if (packing == Packing::kArithmetic) {
    out.insert(out.end(), plan.stream.begin(), plan.stream.end());
    return;
  }
  const bool packed = packing == Packing::kDescription;
  const Bytes& front = packed ? plan.description : plan.head;
  out.insert(out.end(), front.begin(), front.end());
  for (size_t p = 0; p < shared.parameters.size(); ++p) {
    const ParameterPlan& parameter = plan.parameters[p];
    if (!packed) out.insert(out.end(), plan.names[p].begin(), plan.names[p].end());
    out.insert(out.end(), plan.codebooks[p].begin(), plan.codebooks[p].end());
    put_values(shared.network.parameters[p], shared.parameters[p], parameter, out);
  }
}

SharedNetwork take_network(const Payload& payload, uint64_t size, const std::string& name,
                           StoredReport* report) {
  PackedReader values(payload.data, payload.size, name);
  Bytes description;
  std::unique_ptr<arithmetic::StreamReader> stream;
  if (payload.packing == Packing::kDescription) description = take_description(values, name);
  if (payload.packing == Packing::kArithmetic) {
    stream = std::make_unique<arithmetic::StreamReader>(values);
    description = stream->description(max_description(payload.size), name);
  }
  PackedReader described(description.data(), description.size(), name);
  PackedReader& in = payload.packing == Packing::kNone ? values : described;
  Content content(size);
  NameReader names(in, content);
  SharedNetwork shared;
  Network& network = shared.network;
  network.name = in.text("its name");
  network.origin = in.text("its origin");
  network.input = names.take("name of its input");
  network.input_shape = take_shape(in, "shape of its input");
  const uint64_t fields = in.number("input scale, offset and task", 0, kAllFields);
  if ((fields & kScale) != 0) network.input_scale = in.real("input scale");
  if ((fields & kOffset) != 0) network.input_offset = in.real("input offset");
  if ((fields & kBatch) != 0) network.batch = in.text("its sample dimension's name");
  if ((fields & kRegression) != 0) network.task = Task::kRegression;
  const uint64_t nodes = in.number("number of nodes", 1, kMaxLayers);
  for (uint64_t n = 0; n < nodes; ++n) {
    in.set_place(name + ": node " + number(n + 1));
    network.nodes.push_back(take_node(in, names));
  }
  in.set_place(name);
  network.output = names.take("name of its output");
  std::vector<ParameterPlan> plan;
  const uint64_t parameters = in.number("number of parameters", 0, kMaxLayers);
  for (uint64_t p = 0; p < parameters; ++p) {
    in.set_place(name + ": parameter " + number(p + 1));
    values.set_place(in.place());
    network.parameters.emplace_back();
    shared.parameters.emplace_back();
    plan.push_back(take_parameter(in, values, stream.get(), payload.padding, names, content,
                                  network.parameters.back(), shared.parameters.back()));
  }
  if (stream != nullptr) stream->finish(name);
  for (const PackedReader* reader : {&in, &values}) {
    if (reader->left() == 0) continue;
    fail(name, number(reader->left()) + " bytes behind the last parameter");
  }
  check(shared, name);
  if (report == nullptr) return shared;
  *report = StoredReport();
  report->stored_bytes = payload.size;
  for (const Parameter& parameter : network.parameters) {
    report->original_bytes += 4 * static_cast<uint64_t>(element_count(parameter.shape));
  }
  add_rows(shared, plan, *report);
  return shared;
}

}  // namespace sparsys
