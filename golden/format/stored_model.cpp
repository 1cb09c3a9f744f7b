// SPDX-License-Identifier: Apache-2.0
#include "golden/format/stored_model.hpp"

#include <algorithm>
#include <utility>

#include "golden/base/atomic_file.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_file.hpp"
#include "golden/base/text.hpp"
#include "golden/format/container.hpp"
#include "golden/format/packed_bytes.hpp"
#include "golden/format/stored_network.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

constexpr size_t kScaleBytes = 8;
bool has_scale(const eie::Network& network) {
  const eie::Network usual;
  return network.input_scale != usual.input_scale || network.input_offset != usual.input_offset;
}

using Bytes = std::vector<uint8_t>;

constexpr size_t kCodes = 16;

// A file of `bytes` may stand for so many inputs, each of which takes memory even if all its
// weights are zero.
uint64_t max_inputs(uint64_t bytes) { return (uint64_t{1} << 16) + 64 * bytes; }

// ---- writing ----

SparseLine line_of(const eie::Layer& layer) {
  SparseLine line;
  line.zeros.reserve(layer.row.size());
  line.code = layer.code;
  uint64_t next = 0;
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      const uint64_t at = uint64_t{j} * layer.outputs + layer.row[k];
      line.zeros.push_back(at - next);
      next = at + 1;
    }
  }
  return line;
}

// All of a layer that is not its entries.
Bytes layer_head(const eie::Layer& layer) {
  Bytes out;
  put_text(layer.name, out);
  put_number(layer.outputs, out);
  put_number(layer.constant_outputs, out);
  out.push_back(layer.relu ? 1 : 0);
  put_signed(layer.weight_frac, out);
  put_signed(layer.output_frac, out);
  size_t values = layer.codebook.size();
  while (values > 1 && layer.codebook[values - 1] == 0) --values;
  put_number(values - 1, out);
  for (size_t c = 1; c < values; ++c) put_int16(layer.codebook[c], out);
  return out;
}

Bytes network_head(const eie::Network& network) {
  const eie::Layer& first = network.layers.front();
  Bytes out;
  put_text(network.name, out);
  put_text(network.origin, out);
  put_number(network.layers.size(), out);
  put_number(first.inputs, out);
  put_number(first.constant_inputs, out);
  put_signed(first.input_frac, out);
  for (const int16_t constant : network.input_constants) put_int16(constant, out);
  return out;
}

// The whole file before its entries are coded.
struct Plan {
  Bytes head;
  std::vector<Bytes> layer_heads;
  std::vector<EntryPlan> layers;
  StoredReport report;
};

StoredLayerReport report_layer(const eie::Layer& layer, const Bytes& head, const EntryPlan& plan) {
  StoredLayerReport report;
  const uint32_t inputs = layer.inputs - layer.constant_inputs;
  const uint32_t outputs = layer.outputs - layer.constant_outputs;
  uint64_t nonzeros = 0;
  for (uint64_t k = 0; k < layer.column_start[inputs]; ++k) nonzeros += layer.row[k] < outputs;
  report.name = layer.name;
  report.form = "entries by columns";
  report.weights = uint64_t{inputs} * outputs;
  report.biases = layer.constant_inputs > 0 ? outputs : 0;
  report.density_pct = 100.0 * static_cast<double>(nonzeros) / static_cast<double>(report.weights);
  report.stored_bytes = head.size() + plan.bytes;
  if (plan.entries == 0) return report;
  report.padding = plan.padding;
  report.entries = plan.entries;
  report.code_bytes = plan.codes.bytes;
  report.index_bytes = plan.indices.bytes;
  report.table_bits = plan.codes.table_bits + plan.indices.table_bits;
  const auto per_entry = [&](uint64_t bytes) {
    return 8.0 * static_cast<double>(bytes) / static_cast<double>(report.entries);
  };
  unsigned code_bits = 0;
  while ((plan.codes.lengths[0].size() - 1) >> code_bits != 0) ++code_bits;
  report.weight_bits = code_bits;
  report.weight_bits_huffman = per_entry(report.code_bytes);
  report.index_bits = plan.index_bits;
  report.index_bits_huffman = per_entry(report.index_bytes);
  return report;
}

void check_options(const StoreOptions& options, const std::string& name) {
  if (options.index_bits > kMaxIndexBits) {
    fail(name, "indices of " + number(options.index_bits) + " bits, expected 1 to " +
                   number(kMaxIndexBits) + ", or 0 for the best");
  }
}

Plan make_plan(const eie::Network& network, const StoreOptions& options) {
  const std::string name = "stored model '" + printable(network.name) + "'";
  check(network, name);
  check_options(options, name);
  Plan plan;
  plan.head = network_head(network);
  plan.report.stored_bytes =
      kHeaderSize + plan.head.size() + (has_scale(network) ? kScaleBytes : 0);
  uint64_t inputs = 0;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const eie::Layer& layer = network.layers[l];
    plan.layer_heads.push_back(layer_head(layer));
    plan.layers.push_back(plan_entries(line_of(layer), options.index_bits));
    const StoredLayerReport report =
        report_layer(layer, plan.layer_heads.back(), plan.layers.back());
    plan.report.original_bytes += 4 * (report.weights + report.biases);
    plan.report.stored_bytes += report.stored_bytes;
    if (plan.report.stored_bytes > kMaxModelBytes) {
      fail(name + ": " + layer_name(l, layer.name),
           "the file has " + number(plan.report.stored_bytes) + " bytes up to here, at most " +
               number(kMaxModelBytes) + " can be stored");
    }
    plan.report.layers.push_back(report);
    inputs += layer.inputs;
  }
  if (inputs > max_inputs(plan.report.stored_bytes)) {
    fail(name, number(inputs) + " inputs of all layers in " + number(plan.report.stored_bytes) +
                   " bytes, expected at most " + number(max_inputs(plan.report.stored_bytes)));
  }
  return plan;
}

// The same of a SharedNetwork.
NetworkPlan make_plan(const SharedNetwork& network, const StoreOptions& options) {
  const std::string name = "stored model '" + printable(network.network.name) + "'";
  check(network, name);
  check_options(options, name);
  NetworkPlan plan = plan_network(network, options, name);
  plan.report.stored_bytes += kHeaderSize;
  if (plan.report.stored_bytes > kMaxModelBytes) {
    fail(name, number(plan.report.stored_bytes) + " bytes, at most " + number(kMaxModelBytes) +
                   " can be stored");
  }
  return plan;
}

// ---- reading ----

int radix_point(PackedReader& in, const char* what) {
  const auto value = static_cast<int>(in.number(what, 0, 2 * kMaxFrac));
  return value % 2 != 0 ? -(value / 2) - 1 : value / 2;
}

// Fills row, code and column_start of a layer whose sizes are set.
void take_matrix(PackedReader& in, Padding padding, eie::Layer& layer) {
  const Entries entries = take_entries(in, padding, kCodes);
  layer.column_start.reserve(size_t{layer.inputs} + 1);
  layer.column_start.push_back(0);
  layer.row.reserve(entries.codes.size() - static_cast<size_t>(entries.padding));
  layer.code.reserve(entries.codes.size() - static_cast<size_t>(entries.padding));
  uint64_t next = 0;  // row behind the entry before
  for (size_t k = 0; k < entries.codes.size(); ++k) {
    uint64_t row = next + entries.advance(k) - 1;
    for (; row >= layer.outputs; row -= layer.outputs) {
      if (layer.column_start.size() == layer.inputs) {
        fail(in.place(), "entry " + number(k) + " is behind the end of the matrix");
      }
      layer.column_start.push_back(layer.row.size());
    }
    next = row + 1;
    if (entries.codes[k] == 0) continue;
    layer.row.push_back(static_cast<uint32_t>(row));
    layer.code.push_back(entries.codes[k]);
  }
  layer.column_start.resize(size_t{layer.inputs} + 1, layer.row.size());
}

}  // namespace

double StoredReport::ratio() const {
  return stored_bytes == 0
             ? 0
             : static_cast<double>(original_bytes) / static_cast<double>(stored_bytes);
}

StoredReport stored_report(const eie::Network& network, const StoreOptions& options) {
  return make_plan(network, options).report;
}

StoredReport stored_report(const SharedNetwork& network, const StoreOptions& options) {
  return make_plan(network, options).report;
}

Bytes store(const eie::Network& network, const StoreOptions& options, StoredReport* report) {
  Plan plan = make_plan(network, options);
  Bytes out(kHeaderSize);
  out.reserve(static_cast<size_t>(plan.report.stored_bytes));
  out.insert(out.end(), plan.head.begin(), plan.head.end());
  for (size_t l = 0; l < network.layers.size(); ++l) {
    out.insert(out.end(), plan.layer_heads[l].begin(), plan.layer_heads[l].end());
    put_entries(line_of(network.layers[l]), plan.layers[l], out);
  }
  if (has_scale(network)) {
    put_float(network.input_scale, out);
    put_float(network.input_offset, out);
  }
  put_header(ModelKind::kStoredCompressed, out);
  if (report != nullptr) *report = std::move(plan.report);
  return out;
}

Bytes store(const SharedNetwork& network, const StoreOptions& options, StoredReport* report) {
  NetworkPlan plan = make_plan(network, options);
  Bytes out(kHeaderSize);
  out.reserve(static_cast<size_t>(plan.report.stored_bytes));
  put_network(network, plan, plan.packing, out);
  put_header(ModelKind::kStored, out, plan.packing);
  if (report != nullptr) *report = std::move(plan.report);
  return out;
}

namespace {

// `size` is that of the whole file.
eie::Network take_engine(PackedReader& in, Padding padding, uint64_t size,
                         const std::string& name) {
  eie::Network network;
  network.name = in.text("name");
  network.origin = in.text("origin");
  const uint64_t layers = in.number("number of layers", 1, kMaxLayers);
  auto inputs = static_cast<uint32_t>(in.number("number of inputs", 1, kMaxVector));
  auto constants = static_cast<uint32_t>(in.number("number of constant inputs", 0, inputs - 1));
  int frac = radix_point(in, "input_frac");
  const uint8_t* values = in.take(uint64_t{2} * constants, "input constants");
  network.input_constants.reserve(constants);
  for (uint32_t c = 0; c < constants; ++c) {
    network.input_constants.push_back(
        static_cast<int16_t>(static_cast<uint16_t>(values[2 * c] | values[2 * c + 1] << 8)));
  }
  uint64_t all_inputs = 0;
  for (uint64_t l = 0; l < layers; ++l) {
    eie::Layer layer;
    in.set_place(name + ": " + layer_name(l, ""));
    layer.name = in.text("its name");
    layer.inputs = inputs;
    layer.constant_inputs = constants;
    layer.input_frac = frac;
    all_inputs += inputs;
    if (all_inputs > max_inputs(size)) {
      fail(in.place(), number(all_inputs) + " inputs of all layers up to here in " + number(size) +
                           " bytes, expected at most " + number(max_inputs(size)));
    }
    layer.outputs = static_cast<uint32_t>(in.number("number of outputs", 1, kMaxVector));
    layer.constant_outputs =
        static_cast<uint32_t>(in.number("number of constant outputs", 0, layer.outputs - 1));
    layer.relu = in.number("ReLU", 0, 1) != 0;
    layer.weight_frac = radix_point(in, "weight_frac");
    layer.output_frac = radix_point(in, "output_frac");
    const uint64_t codebook = in.number("number of codebook values", 0, kCodes - 1);
    for (uint64_t c = 1; c <= codebook; ++c) layer.codebook[c] = in.int16("codebook");
    take_matrix(in, padding, layer);
    inputs = layer.outputs;
    constants = layer.constant_outputs;
    frac = layer.output_frac;
    network.layers.push_back(std::move(layer));
  }
  if (in.left() == kScaleBytes) {
    network.input_scale = in.real("input scale");
    network.input_offset = in.real("input offset");
    if (!has_scale(network)) fail(name, "an input scale that need not be told");
  }
  if (in.left() != 0) fail(name, number(in.left()) + " bytes behind the last layer");
  check(network, name);
  return network;
}

Bytes without_header(const Bytes& file) { return {file.begin() + kHeaderSize, file.end()}; }

}  // namespace

eie::Network load_stored(const uint8_t* data, size_t size, const std::string& name) {
  const Payload payload = open_container(data, size, ModelKind::kStoredCompressed, name);
  PackedReader in(payload.data, payload.size, name);
  return take_engine(in, payload.padding, size, name);
}

Bytes payload_of(const eie::Network& network) { return without_header(store(network)); }

std::array<Bytes, 2> payloads_of(const SharedNetwork& network) {
  const NetworkPlan plan = make_plan(network, {});
  std::array<Bytes, 2> payloads;
  put_network(network, plan, Packing::kNone, payloads[0]);
  put_network(network, plan, Packing::kDescription, payloads[1]);
  return payloads;
}

eie::Network engine_from_payload(const Payload& payload, const std::string& name) {
  PackedReader in(payload.data, payload.size, name);
  return take_engine(in, payload.padding, kHeaderSize + payload.size, name);
}

SharedNetwork network_from_payload(const Payload& payload, const std::string& name) {
  return take_network(payload, payload.size, name, nullptr);
}

eie::Network load_stored(const Bytes& bytes, const std::string& name) {
  return load_stored(bytes.data(), bytes.size(), name);
}

SharedNetwork load_stored_network(const uint8_t* data, size_t size, const std::string& name,
                                  StoredReport* report) {
  const Payload payload = open_container(data, size, ModelKind::kStored, name);
  SharedNetwork network = take_network(payload, size, name, report);
  if (report != nullptr) report->stored_bytes += kHeaderSize;
  return network;
}

SharedNetwork load_stored_network(const Bytes& bytes, const std::string& name) {
  return load_stored_network(bytes.data(), bytes.size(), name);
}

void save_stored(const std::string& path, const eie::Network& network, const StoreOptions& options,
                 StoredReport* report) {
  const Bytes bytes = store(network, options, report);
  write_file_atomically(path, bytes.data(), bytes.size());
}

void save_stored(const std::string& path, const SharedNetwork& network, const StoreOptions& options,
                 StoredReport* report) {
  const Bytes bytes = store(network, options, report);
  write_file_atomically(path, bytes.data(), bytes.size());
}

eie::Network load_stored_file(const std::string& path) {
  InputFile file(path);
  const Bytes bytes = read_container(file, ModelKind::kStoredCompressed);
  return load_stored(bytes.data(), bytes.size(), file.name());
}

SharedNetwork load_stored_network(const std::string& path, StoredReport* report) {
  InputFile file(path);
  const Bytes bytes = read_container(file, ModelKind::kStored);
  return load_stored_network(bytes.data(), bytes.size(), file.name(), report);
}

}  // namespace sparsys
