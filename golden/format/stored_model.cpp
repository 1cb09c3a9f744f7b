// SPDX-License-Identifier: Apache-2.0
#include "golden/format/stored_model.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "golden/compress/huffman.hpp"
#include "golden/error.hpp"
#include "golden/format/atomic_file.hpp"
#include "golden/format/input_file.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/validate.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kMagic[4] = {0x89, 'S', 'P', 'S'};
constexpr uint32_t kVersion = 1;
constexpr size_t kHeaderSize = 12;
constexpr size_t kCodes = 16;

[[noreturn]] void fail(const std::string& place, const std::string& what) {
  throw Error(place + ": " + what);
}

std::string number(uint64_t value) { return std::to_string(value); }

std::string hex(uint32_t value, int digits) {
  char text[16];
  std::snprintf(text, sizeof text, "%0*x", digits, value);
  return text;
}

uint32_t get_uint32(const uint8_t* bytes) {
  uint32_t value = 0;
  for (unsigned b = 0; b < 4; ++b) value |= uint32_t{bytes[b]} << (8 * b);
  return value;
}

void put_uint32(uint32_t value, uint8_t* bytes) {
  for (unsigned b = 0; b < 4; ++b) bytes[b] = static_cast<uint8_t>(value >> (8 * b));
}

// A file of `bytes` may stand for so many inputs, each of which takes memory even if all its
// weights are zero.
uint64_t max_inputs(uint64_t bytes) { return (uint64_t{1} << 16) + 64 * bytes; }

// ---- writing ----

void put_number(uint64_t value, Bytes& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put_signed(int value, Bytes& out) {
  put_number(value < 0 ? 2 * static_cast<uint64_t>(-(int64_t{value} + 1)) + 1
                       : 2 * static_cast<uint64_t>(value),
             out);
}

void put_int16(int16_t value, Bytes& out) {
  const auto bits = static_cast<uint16_t>(value);
  out.push_back(static_cast<uint8_t>(bits));
  out.push_back(static_cast<uint8_t>(bits >> 8));
}

void put_text(const std::string& text, Bytes& out) {
  put_number(text.size(), out);
  out.insert(out.end(), text.begin(), text.end());
}

// A stream to be: its code and its size.
struct StreamPlan {
  explicit StreamPlan(const std::vector<uint64_t>& counts) : lengths(huffman_lengths(counts)) {
    BitWriter table;
    write_huffman_lengths(lengths, table);
    bytes = (table.size() + huffman_bits(counts, lengths) + 7) / 8;
  }

  std::vector<uint8_t> lengths;
  uint64_t bytes = 0;
};

struct LayerPlan {
  unsigned index_bits = 0;
  uint64_t padding = 0;
  StreamPlan codes;
  StreamPlan indices;
};

// Calls take(zeros before it, code) for each non-zero of the layer.
template <typename Take>
void for_each_gap(const CompressedLayer& layer, Take take) {
  uint64_t next = 0;
  for (uint32_t j = 0; j < layer.inputs; ++j) {
    for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
      const uint64_t at = uint64_t{j} * layer.outputs + layer.row[k];
      take(at - next, layer.code[k]);
      next = at + 1;
    }
  }
}

// Without trailing symbols that do not occur: they would have a place in the table.
void trim(std::vector<uint64_t>& counts) {
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
}

// All of a layer that is not its entries.
Bytes layer_head(const CompressedLayer& layer) {
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

Bytes network_head(const CompressedNetwork& network) {
  const CompressedLayer& first = network.layers.front();
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

uint64_t number_size(uint64_t value) {
  Bytes bytes;
  put_number(value, bytes);
  return bytes.size();
}

// Bytes of the entries, their number and width included.
uint64_t entries_size(const CompressedLayer& layer, const LayerPlan& plan) {
  uint64_t size = number_size(layer.row.size() + plan.padding) + 1;
  for (const StreamPlan* stream : {&plan.codes, &plan.indices}) {
    size += number_size(stream->bytes) + stream->bytes;
  }
  return size;
}

// How the layer is stored best, for a layer with non-zeros.
LayerPlan plan_layer(const CompressedLayer& layer, unsigned index_bits) {
  // How often there are so many zeros before a non-zero; all usual gaps are counted quickly.
  constexpr uint64_t kUsual = uint64_t{1} << kMaxIndexBits;
  std::vector<uint64_t> usual(kUsual);
  std::map<uint64_t, uint64_t> unusual;
  std::vector<uint64_t> code_counts(kCodes);
  for_each_gap(layer, [&](uint64_t gap, uint8_t code) {
    ++(gap < kUsual ? usual[gap] : unusual[gap]);
    ++code_counts[code];
  });
  std::vector<std::pair<uint64_t, uint64_t>> gaps;
  for (uint64_t gap = 0; gap < kUsual; ++gap) {
    if (usual[gap] != 0) gaps.emplace_back(gap, usual[gap]);
  }
  gaps.insert(gaps.end(), unusual.begin(), unusual.end());

  const auto plan_width = [&](unsigned bits) {
    const uint64_t last = (uint64_t{1} << bits) - 1;
    std::vector<uint64_t> index_counts(last + 1);
    std::vector<uint64_t> codes = code_counts;
    for (const auto& [gap, count] : gaps) {
      codes[0] += count * (gap >> bits);
      index_counts[last] += count * (gap >> bits);
      index_counts[gap & last] += count;
    }
    trim(index_counts);
    trim(codes);
    return LayerPlan{bits, codes[0], StreamPlan(codes), StreamPlan(index_counts)};
  };
  if (index_bits != 0) return plan_width(index_bits);
  LayerPlan best = plan_width(1);
  // Once all gaps fit, wider indices are the same.
  for (unsigned bits = 2; bits <= kMaxIndexBits && gaps.back().first >> (bits - 1) != 0; ++bits) {
    LayerPlan plan = plan_width(bits);
    if (entries_size(layer, plan) <= entries_size(layer, best)) best = std::move(plan);
  }
  return best;
}

// The whole file before its entries are coded.
struct Plan {
  Bytes head;
  std::vector<Bytes> layer_heads;
  std::vector<std::unique_ptr<LayerPlan>> layers;  // none: no entries
  StoredReport report;
};

StoredLayerReport report_layer(const CompressedLayer& layer, const Bytes& head,
                               const LayerPlan* plan) {
  StoredLayerReport report;
  const uint32_t inputs = layer.inputs - layer.constant_inputs;
  const uint32_t outputs = layer.outputs - layer.constant_outputs;
  uint64_t nonzeros = 0;
  for (uint64_t k = 0; k < layer.column_start[inputs]; ++k) nonzeros += layer.row[k] < outputs;
  report.name = layer.name;
  report.weights = uint64_t{inputs} * outputs;
  report.biases = layer.constant_inputs > 0 ? outputs : 0;
  report.density_pct = 100.0 * static_cast<double>(nonzeros) / static_cast<double>(report.weights);
  report.stored_bytes = head.size();
  if (plan == nullptr) {
    report.stored_bytes += number_size(0);
    return report;
  }
  report.padding = plan->padding;
  report.entries = layer.row.size() + plan->padding;
  const auto per_entry = [&](const StreamPlan& stream) {
    return 8.0 * static_cast<double>(stream.bytes) / static_cast<double>(report.entries);
  };
  unsigned code_bits = 0;
  while ((plan->codes.lengths.size() - 1) >> code_bits != 0) ++code_bits;
  report.weight_bits = code_bits;
  report.weight_bits_huffman = per_entry(plan->codes);
  report.index_bits = plan->index_bits;
  report.index_bits_huffman = per_entry(plan->indices);
  report.stored_bytes += entries_size(layer, *plan);
  return report;
}

Plan make_plan(const CompressedNetwork& network, const StoreOptions& options) {
  const std::string name = "stored model '" + printable(network.name) + "'";
  check(network, name);
  if (options.index_bits > kMaxIndexBits) {
    fail(name, "indices of " + number(options.index_bits) + " bits, expected 1 to " +
                   number(kMaxIndexBits) + ", or 0 for the best");
  }
  Plan plan;
  plan.head = network_head(network);
  plan.report.stored_bytes = kHeaderSize + plan.head.size();
  uint64_t inputs = 0;
  for (size_t l = 0; l < network.layers.size(); ++l) {
    const CompressedLayer& layer = network.layers[l];
    plan.layer_heads.push_back(layer_head(layer));
    plan.layers.push_back(nullptr);
    if (!layer.row.empty()) {
      plan.layers.back() = std::make_unique<LayerPlan>(plan_layer(layer, options.index_bits));
    }
    const StoredLayerReport report =
        report_layer(layer, plan.layer_heads.back(), plan.layers.back().get());
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

template <typename Symbol>
void put_stream(const StreamPlan& plan, const std::vector<Symbol>& symbols, Bytes& out) {
  BitWriter bits;
  write_huffman_lengths(plan.lengths, bits);
  HuffmanEncoder(plan.lengths).encode(symbols.data(), symbols.size(), bits);
  const Bytes bytes = bits.finish();
  put_number(bytes.size(), out);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_entries(const CompressedLayer& layer, const LayerPlan& plan, Bytes& out) {
  const auto last = static_cast<uint16_t>((1U << plan.index_bits) - 1);
  const auto entries = static_cast<size_t>(layer.row.size() + plan.padding);
  std::vector<uint8_t> codes;
  std::vector<uint16_t> indices;
  codes.reserve(entries);
  indices.reserve(entries);
  for_each_gap(layer, [&](uint64_t gap, uint8_t code) {
    for (; gap > last; gap -= uint64_t{last} + 1) {
      codes.push_back(0);
      indices.push_back(last);
    }
    codes.push_back(code);
    indices.push_back(static_cast<uint16_t>(gap));
  });
  put_number(entries, out);
  out.push_back(static_cast<uint8_t>(plan.index_bits));
  put_stream(plan.codes, codes, out);
  put_stream(plan.indices, indices, out);
}

// ---- reading ----

class Reader {
 public:
  Reader(const uint8_t* data, size_t size, std::string place)
      : at_(data), end_(data + size), place_(std::move(place)) {}

  const std::string& place() const { return place_; }
  void set_place(const std::string& place) { place_ = place; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  const uint8_t* take(uint64_t size, const char* what) {
    if (size > left()) {
      fail(place_, std::string(what) + " takes " + sparsys::number(size) + " bytes, but " +
                       sparsys::number(left()) + " follow");
    }
    const uint8_t* bytes = at_;
    at_ += size;
    return bytes;
  }

  uint8_t byte(const char* what) { return *take(1, what); }

  uint64_t number(const char* what, uint64_t least, uint64_t most) {
    const uint64_t value = any_number(what);
    if (value < least || value > most) {
      fail(place_, std::string(what) + " is " + sparsys::number(value) + ", expected " +
                       sparsys::number(least) + " to " + sparsys::number(most));
    }
    return value;
  }

  int radix_point(const char* what) {
    const auto value = static_cast<int>(number(what, 0, 2 * kMaxFrac));
    return value % 2 != 0 ? -(value / 2) - 1 : value / 2;
  }

  int16_t int16(const char* what) {
    const uint8_t* bytes = take(2, what);
    return static_cast<int16_t>(static_cast<uint16_t>(bytes[0] | bytes[1] << 8));
  }

  std::string text(const char* what) {
    const uint64_t size = number(what, 0, kMaxText);
    const uint8_t* bytes = take(size, what);
    return std::string(bytes, bytes + size);
  }

 private:
  uint64_t any_number(const char* what) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const uint8_t bits = byte(what);
      value |= uint64_t{bits & 0x7FU} << shift;
      if (bits < 0x80) {
        if (bits == 0 && shift > 0) fail(place_, std::string(what) + " is longer than needed");
        return value;
      }
    }
    fail(place_, std::string(what) + " has more than 63 bits");
  }

  const uint8_t* at_;
  const uint8_t* end_;
  std::string place_;
};

// A stream of `entries` symbols below `symbols`.
template <typename Symbol>
std::vector<Symbol> take_stream(Reader& in, uint64_t entries, size_t symbols, const char* what) {
  const uint64_t size = in.number(what, 0, in.left());
  const uint8_t* bytes = in.take(size, what);
  // Each takes a bit at least: memory is taken only for what can be there.
  if (entries > 8 * size) {
    fail(in.place(), number(entries) + " entries, but " + what + " has " + number(size) + " bytes");
  }
  std::vector<Symbol> out(static_cast<size_t>(entries));
  try {
    BitReader bits(bytes, static_cast<size_t>(size));
    HuffmanDecoder(read_huffman_lengths(bits, symbols)).decode(bits, out.data(), out.size());
    const uint64_t rest = bits.left();
    if (rest >= 8 || bits.take(static_cast<unsigned>(rest)) != 0) {
      throw Error(number(rest) + " bits behind the end, expected up to 7 that are 0");
    }
  } catch (const Error& error) {
    fail(in.place(), std::string(what) + ": " + error.what());
  }
  return out;
}

// Fills row, code and column_start of a layer whose sizes are set.
void take_entries(Reader& in, CompressedLayer& layer) {
  const uint64_t entries = in.number("number of entries", 0, 8 * uint64_t{in.left()});
  layer.column_start.reserve(size_t{layer.inputs} + 1);
  layer.column_start.push_back(0);
  if (entries > 0) {
    const auto index_bits = static_cast<unsigned>(in.number("width of indices", 1, kMaxIndexBits));
    const auto codes = take_stream<uint8_t>(in, entries, kCodes, "stream of codes");
    const auto indices =
        take_stream<uint16_t>(in, entries, size_t{1} << index_bits, "stream of indices");
    const auto padding = static_cast<size_t>(std::count(codes.begin(), codes.end(), 0));
    layer.row.reserve(codes.size() - padding);
    layer.code.reserve(codes.size() - padding);
    if (codes.back() == 0) fail(in.place(), "the last entry is padding");
    const uint32_t last = (1U << index_bits) - 1;
    uint64_t row = 0;
    for (size_t k = 0; k < codes.size(); ++k) {
      if (codes[k] == 0 && indices[k] != last) {
        fail(in.place(), "entry " + number(k) + " is padding with index " + number(indices[k]) +
                             ", expected " + number(last));
      }
      row += indices[k];
      for (; row >= layer.outputs; row -= layer.outputs) {
        if (layer.column_start.size() == layer.inputs) {
          fail(in.place(), "entry " + number(k) + " is behind the end of the matrix");
        }
        layer.column_start.push_back(layer.row.size());
      }
      if (codes[k] != 0) {
        layer.row.push_back(static_cast<uint32_t>(row));
        layer.code.push_back(codes[k]);
      }
      ++row;
    }
  }
  layer.column_start.resize(size_t{layer.inputs} + 1, layer.row.size());
}

void check_header(const uint8_t* data, uint64_t file_size, const std::string& name) {
  if (file_size < kHeaderSize) {
    fail(name, "not a stored model: " + number(file_size) + " bytes, expected at least " +
                   number(kHeaderSize));
  }
  if (!std::equal(std::begin(kMagic), std::end(kMagic), data)) {
    std::string found;
    for (size_t b = 0; b < sizeof kMagic; ++b) found += (b == 0 ? "" : " ") + hex(data[b], 2);
    fail(name, "not a stored model: begins with " + found + ", expected 89 53 50 53");
  }
  const uint32_t version = get_uint32(data + 4);
  if (version != kVersion) {
    fail(name, "header: version " + number(version) + ", expected " + number(kVersion));
  }
  if (file_size > kMaxModelBytes) {
    fail(name, number(file_size) + " bytes, expected at most " + number(kMaxModelBytes));
  }
}

// The whole file, once its header says that it is one.
Bytes read_stored(InputFile& file) {
  const auto size = static_cast<size_t>(file.size());
  Bytes bytes(std::min(size, kHeaderSize));
  file.read(bytes.data(), bytes.size());
  check_header(bytes.data(), file.size(), file.name());
  bytes.resize(size);
  file.read(bytes.data() + kHeaderSize, size - kHeaderSize);
  return bytes;
}

}  // namespace

double StoredReport::ratio() const {
  return stored_bytes == 0
             ? 0
             : static_cast<double>(original_bytes) / static_cast<double>(stored_bytes);
}

StoredReport stored_report(const CompressedNetwork& network, const StoreOptions& options) {
  return make_plan(network, options).report;
}

uint64_t stored_bytes(const CompressedNetwork& network, const StoreOptions& options) {
  return make_plan(network, options).report.stored_bytes;
}

Bytes store(const CompressedNetwork& network, const StoreOptions& options, StoredReport* report) {
  Plan plan = make_plan(network, options);
  Bytes out(kHeaderSize);
  out.reserve(static_cast<size_t>(plan.report.stored_bytes));
  std::copy(std::begin(kMagic), std::end(kMagic), out.begin());
  out.insert(out.end(), plan.head.begin(), plan.head.end());
  for (size_t l = 0; l < network.layers.size(); ++l) {
    out.insert(out.end(), plan.layer_heads[l].begin(), plan.layer_heads[l].end());
    if (plan.layers[l] == nullptr) {
      put_number(0, out);
    } else {
      put_entries(network.layers[l], *plan.layers[l], out);
    }
  }
  put_uint32(kVersion, &out[4]);
  put_uint32(static_cast<uint32_t>(crc32_z(0, &out[kHeaderSize], out.size() - kHeaderSize)),
             &out[8]);
  if (report != nullptr) *report = std::move(plan.report);
  return out;
}

CompressedNetwork load_stored(const uint8_t* data, size_t size, const std::string& name) {
  check_header(data, size, name);
  const auto crc = static_cast<uint32_t>(crc32_z(0, data + kHeaderSize, size - kHeaderSize));
  if (crc != get_uint32(data + 8)) {
    fail(name, "damaged: CRC-32 of the payload is 0x" + hex(crc, 8) + ", expected 0x" +
                   hex(get_uint32(data + 8), 8));
  }
  Reader in(data + kHeaderSize, size - kHeaderSize, name);
  CompressedNetwork network;
  network.name = in.text("name");
  network.origin = in.text("origin");
  const uint64_t layers = in.number("number of layers", 1, kMaxLayers);
  auto inputs = static_cast<uint32_t>(in.number("number of inputs", 1, kMaxVector));
  auto constants = static_cast<uint32_t>(in.number("number of constant inputs", 0, inputs - 1));
  int frac = in.radix_point("input_frac");
  const uint8_t* values = in.take(uint64_t{2} * constants, "input constants");
  network.input_constants.reserve(constants);
  for (uint32_t c = 0; c < constants; ++c) {
    network.input_constants.push_back(
        static_cast<int16_t>(static_cast<uint16_t>(values[2 * c] | values[2 * c + 1] << 8)));
  }
  uint64_t all_inputs = 0;
  for (uint64_t l = 0; l < layers; ++l) {
    CompressedLayer layer;
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
    layer.weight_frac = in.radix_point("weight_frac");
    layer.output_frac = in.radix_point("output_frac");
    const uint64_t codebook = in.number("number of codebook values", 0, kCodes - 1);
    for (uint64_t c = 1; c <= codebook; ++c) layer.codebook[c] = in.int16("codebook");
    take_entries(in, layer);
    inputs = layer.outputs;
    constants = layer.constant_outputs;
    frac = layer.output_frac;
    network.layers.push_back(std::move(layer));
  }
  if (in.left() != 0) fail(name, number(in.left()) + " bytes behind the last layer");
  check(network, name);
  return network;
}

CompressedNetwork load_stored(const Bytes& bytes, const std::string& name) {
  return load_stored(bytes.data(), bytes.size(), name);
}

void save_stored(const std::string& path, const CompressedNetwork& network,
                 const StoreOptions& options, StoredReport* report) {
  const Bytes bytes = store(network, options, report);
  write_file_atomically(path, bytes.data(), bytes.size());
}

CompressedNetwork load_stored_file(const std::string& path) {
  InputFile file(path);
  const Bytes bytes = read_stored(file);
  return load_stored(bytes.data(), bytes.size(), file.name());
}

}  // namespace sparsys
