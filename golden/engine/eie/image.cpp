// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/image.hpp"

#include <algorithm>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/eie/encode.hpp"
#include "golden/network/check.hpp"

namespace sparsys::eie {
namespace {

uint64_t field(uint64_t value, unsigned bits, unsigned place, const char* name) {
  if (value >> bits != 0) {
    throw Error("pass descriptor: " + std::string(name) + " " + std::to_string(value) +
                " does not fit " + std::to_string(bits) + " bits");
  }
  return value << place;
}

uint64_t ceil_div(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

[[noreturn]] void does_not_fit(const std::string& layer, const std::string& memory, uint64_t needed,
                               const std::string& unit, uint64_t available) {
  throw Error(layer + ": " + memory + ": " + std::to_string(needed) + " " + unit + " needed, " +
              std::to_string(available) + " available");
}

// Where each vector lies, from the network's input to its output. Two vectors of one layer never
// overlap in the activation RAM: they take turns at its two ends.
std::vector<Vector> place_vectors(const Network& network, const Config& config) {
  const uint64_t registers = uint64_t{config.act_regs} * config.n_pe;
  std::vector<Vector> vectors(network.layers.size() + 1);
  uint64_t rows_before = 0;  // of the vector before, if that is in the RAM
  bool low_before = false;
  for (size_t v = 0; v < vectors.size(); ++v) {
    Vector& vector = vectors[v];
    vector.size = v == 0 ? network.layers[0].inputs : network.layers[v - 1].outputs;
    vector.in_ram = vector.size > registers;
    const uint64_t rows = vector.in_ram ? ceil_div(vector.size, config.n_pe) : 0;
    if (rows + rows_before > config.act_ram_depth) {
      const size_t l = v == 0 ? 0 : v - 1;
      does_not_fit(layer_name(l, network.layers[l].name), "activation RAM", rows + rows_before,
                   "words a PE", config.act_ram_depth);
    }
    const bool low = !(rows_before > 0 && low_before);
    if (vector.in_ram && !low) {
      vector.ram_row = config.act_ram_depth - static_cast<uint32_t>(rows);
    }
    rows_before = rows;
    low_before = low;
  }
  return vectors;
}

// Adds the passes of one layer after another to an image.
class Builder {
 public:
  Builder(const Network& network, const Config& config) : network_(network), config_(config) {
    image_.config = config;
    image_.entry_rows.resize(config.n_pe);
    image_.pointers.resize(config.n_pe);
  }

  Image build() {
    const std::vector<Vector> vectors = place_vectors(network_, config_);
    for (size_t l = 0; l < network_.layers.size(); ++l) add_layer(l, vectors[l], vectors[l + 1]);
    for (auto& pointers : image_.pointers) {
      if (pointers.size() % 2 != 0) pointers.push_back(0);
    }
    image_.input = vectors.front();
    image_.output = vectors.back();
    image_.input_constants = network_.input_constants;
    return std::move(image_);
  }

 private:
  void add_layer(size_t l, const Vector& input, const Vector& output) {
    const Layer& layer = network_.layers[l];
    const std::string name = layer_name(l, layer.name);
    const uint32_t registers = config_.act_regs * config_.n_pe;
    if (l >= config_.codebooks) {
      does_not_fit(name, "codebook RAM", network_.layers.size(), "codebooks", config_.codebooks);
    }
    // Lower bounds, before any work that would be in vain.
    const uint64_t ranges = ceil_div(layer.outputs, registers);
    const uint64_t chunks = ceil_div(layer.inputs, registers);
    check_list(name, image_.passes.size() + ranges * chunks);
    check_pointers(name, pointers_used_ + ranges * (layer.inputs + chunks));

    add_codebook(layer);
    start_stats(layer);
    loaded_rows_ = 0;
    const size_t first_pass = image_.passes.size();
    for (uint32_t row = 0; row < layer.outputs;) {
      const uint32_t rows = std::min(registers, layer.outputs - row);
      const size_t range_pass = image_.passes.size();
      for (uint32_t column = 0; column < layer.inputs;) {
        const uint32_t columns = std::min(registers, layer.inputs - column);
        const Slice slice = encode_slice(layer, row, rows, column, columns, config_.n_pe);
        image_.layers.back().padding += slice.padding;
        for (uint32_t begin = 0; begin < columns;) {
          const uint32_t end = pass_end(slice, begin);
          Pass pass = input_fields(input, column, begin, end);
          pass.out_count = rows;
          pass.codebook = static_cast<uint32_t>(l);
          pass.shift = static_cast<uint32_t>(layer.shift());
          add_pass(pass, slice, begin, end);
          begin = end;
        }
        column += columns;
      }
      image_.passes[range_pass].clear = true;
      Pass& last = image_.passes.back();
      last.write_back = true;
      last.relu = layer.relu;
      last.store_dst = output.in_ram;
      last.dst_addr = output.in_ram ? output.ram_row + row / config_.n_pe : 0;
      row += rows;
    }
    image_.passes[first_pass].load_codebook = true;
    image_.passes.back().swap = !output.in_ram;
    image_.layers.back().passes = static_cast<uint32_t>(image_.passes.size() - first_pass);

    check_list(name, image_.passes.size());
    check_pointers(name, pointers_used_);
    if (rows_used_ > config_.entry_depth / kEntriesPerRow) {
      does_not_fit(name, "entry memory", rows_used_ * kEntriesPerRow, "entries a PE",
                   config_.entry_depth);
    }
    for (size_t p = first_pass; p < image_.passes.size(); ++p) {
      uint64_t words[2];
      try {
        encode(image_.passes[p], words);
      } catch (const Error& error) {
        throw Error(name + ": " + error.what());
      }
    }
  }

  void check_list(const std::string& name, uint64_t passes) const {
    if (passes > config_.list_depth) {
      does_not_fit(name, "list RAM", passes, "passes", config_.list_depth);
    }
  }

  void check_pointers(const std::string& name, uint64_t pointers) const {
    if (pointers > config_.ptr_depth) {
      does_not_fit(name, "pointer memory", pointers, "pointers a PE", config_.ptr_depth);
    }
  }

  void add_codebook(const Layer& layer) {
    for (size_t word = 0; word < 4; ++word) {
      uint64_t bits = 0;
      for (size_t c = 0; c < 4; ++c) {
        bits |= uint64_t{static_cast<uint16_t>(layer.codebook[4 * word + c])} << (16 * c);
      }
      image_.codebook_words.push_back(bits);
    }
  }

  void start_stats(const Layer& layer) {
    LayerStats stats;
    stats.name = layer.name;
    const uint32_t inputs = layer.inputs - layer.constant_inputs;
    const uint32_t outputs = layer.outputs - layer.constant_outputs;
    stats.weights = uint64_t{inputs} * outputs;
    for (uint64_t k = 0; k < layer.column_start[inputs]; ++k)
      stats.nonzeros += layer.row[k] < outputs;
    stats.entries_per_pe.resize(config_.n_pe);
    image_.layers.push_back(std::move(stats));
  }

  // The last column, a multiple of N_PE, up to which no PE exceeds a pass's entries. At least one
  // step can always be made: N_PE columns have at most 256 * 64 entries in a PE.
  uint32_t pass_end(const Slice& slice, uint32_t begin) const {
    uint32_t end = slice.columns;
    for (const auto& starts : slice.column_start) {
      while (starts[end] - starts[begin] > kMaxPassEntries) {
        end = (end - 1) / config_.n_pe * config_.n_pe;
      }
    }
    return end;
  }

  // Columns begin .. end - 1 of those from `column` on. From the RAM each pass loads just its own
  // inputs to the lowest registers; in the registers they stay where they are.
  Pass input_fields(const Vector& input, uint32_t column, uint32_t begin, uint32_t end) {
    Pass pass;
    if (!input.in_ram) {
      pass.in_first = begin / config_.n_pe;
      pass.in_count = end;
      return pass;
    }
    pass.src_addr = input.ram_row + (column + begin) / config_.n_pe;
    pass.in_count = end - begin;
    const uint64_t rows = ceil_div(pass.in_count, config_.n_pe);
    // Output ranges after the first often find their inputs still there.
    pass.load_src = loaded_rows_ < rows || loaded_addr_ != pass.src_addr;
    if (pass.load_src) {
      loaded_addr_ = pass.src_addr;
      loaded_rows_ = rows;
    }
    return pass;
  }

  // Places columns begin .. end - 1 of the slice behind what is there. Beyond the memories' ends it
  // only counts, for the message that follows.
  void add_pass(Pass pass, const Slice& slice, uint32_t begin, uint32_t end) {
    const uint64_t ptr = pointers_used_ + config_.ptr_depth - pass.in_first * config_.n_pe;
    pass.ptr_base = static_cast<uint32_t>(ptr % config_.ptr_depth);
    pass.entry_base = static_cast<uint32_t>(rows_used_);
    uint64_t rows = 0;
    for (uint32_t pe = 0; pe < config_.n_pe; ++pe) {
      const auto& starts = slice.column_start[pe];
      const uint64_t entries = starts[end] - starts[begin];
      rows = std::max(rows, ceil_div(entries, kEntriesPerRow));
      image_.layers.back().entries_per_pe[pe] += entries;
      image_.layers.back().entries += entries;
    }
    const bool fits = rows_used_ + rows <= config_.entry_depth / kEntriesPerRow &&
                      pointers_used_ + (end - begin) + 1 <= config_.ptr_depth;
    for (uint32_t pe = 0; fits && pe < config_.n_pe; ++pe) {
      const auto& starts = slice.column_start[pe];
      std::vector<uint64_t>& memory = image_.entry_rows[pe];
      memory.resize(rows_used_ + rows);
      for (uint32_t e = starts[begin]; e < starts[end]; ++e) {
        const uint32_t p = e - starts[begin];
        memory[rows_used_ + p / kEntriesPerRow] |= uint64_t{slice.entries[pe][e]}
                                                   << (8 * (p % kEntriesPerRow));
      }
      for (uint32_t j = begin; j <= end; ++j) {
        image_.pointers[pe].push_back(static_cast<uint16_t>(starts[j] - starts[begin]));
      }
    }
    rows_used_ += rows;
    pointers_used_ += (end - begin) + 1;
    image_.passes.push_back(pass);
  }

  const Network& network_;
  const Config& config_;
  Image image_;
  uint64_t rows_used_ = 0;      // entry rows, of the longest PE pass by pass
  uint64_t pointers_used_ = 0;  // a PE
  uint32_t loaded_addr_ = 0;    // what this layer's passes have loaded into the source registers
  uint64_t loaded_rows_ = 0;
};

// Reads an image as the engine would, with every access checked.
class Reader {
 public:
  explicit Reader(const Image& image) : image_(image), config_(image.config) {}

  std::vector<Layer> read() {
    check(config_);
    if (image_.entry_rows.size() != config_.n_pe || image_.pointers.size() != config_.n_pe) {
      throw Error("image: memories of " + std::to_string(image_.entry_rows.size()) + " and " +
                  std::to_string(image_.pointers.size()) + " PEs, expected " +
                  std::to_string(config_.n_pe));
    }
    vector_ = image_.input;
    for (pass_ = 0; pass_ < image_.passes.size(); ++pass_) {
      const Pass& pass = image_.passes[pass_];
      if (layers_.empty() && !pass.load_codebook) fail("the first pass loads no codebook");
      if (pass.load_codebook) start_layer(pass);
      read_pass(pass);
    }
    if (!layers_.empty()) finish_layer();
    return std::move(layers_);
  }

 private:
  struct NonZero {
    uint32_t column;
    uint32_t row;
    uint8_t code;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw Error("image: pass " + std::to_string(pass_) + ": " + what);
  }

  void start_layer(const Pass& pass) {
    if (!layers_.empty()) finish_layer();
    Layer layer;
    if (layers_.size() < image_.layers.size()) layer.name = image_.layers[layers_.size()].name;
    layer.inputs = vector_.size;
    layer.relu = pass.relu;
    layer.input_frac = static_cast<int>(pass.shift);
    for (size_t c = 1; c < 16; ++c) {
      const size_t word = size_t{pass.codebook} * 4 + c / 4;
      if (word >= image_.codebook_words.size()) fail("its codebook is not there");
      layer.codebook[c] = static_cast<int16_t>(image_.codebook_words[word] >> (16 * (c % 4)));
    }
    layers_.push_back(layer);
    source_element_ = 0;
    row_base_ = 0;
    result_ = Vector();
    written_ = false;
    nonzeros_.clear();
  }

  // Sorts what was found by columns and rows.
  void finish_layer() {
    if (!written_) fail("the layer before ends without a result");
    Layer& layer = layers_.back();
    layer.outputs = result_.size;
    layer.column_start.assign(size_t{layer.inputs} + 1, 0);
    for (const NonZero& nz : nonzeros_) ++layer.column_start[nz.column + 1];
    for (size_t j = 0; j < layer.inputs; ++j) layer.column_start[j + 1] += layer.column_start[j];
    std::vector<uint64_t> place(layer.column_start.begin(), layer.column_start.end());
    std::vector<uint64_t> sorted(nonzeros_.size());  // row above code
    for (const NonZero& nz : nonzeros_) {
      sorted[place[nz.column]++] = uint64_t{nz.row} << 8 | nz.code;
    }
    for (size_t j = 0; j < layer.inputs; ++j) {
      std::sort(sorted.begin() + static_cast<ptrdiff_t>(layer.column_start[j]),
                sorted.begin() + static_cast<ptrdiff_t>(layer.column_start[j + 1]));
      for (uint64_t k = layer.column_start[j]; k < layer.column_start[j + 1]; ++k) {
        layer.row.push_back(static_cast<uint32_t>(sorted[k] >> 8));
        layer.code.push_back(static_cast<uint8_t>(sorted[k]));
        if (k > layer.column_start[j] && layer.row[k] == layer.row[k - 1]) {
          fail("row " + std::to_string(layer.row[k]) + " of column " + std::to_string(j) +
               " comes twice");
        }
      }
    }
    vector_ = result_;
  }

  void read_pass(const Pass& pass) {
    const uint32_t n = config_.n_pe;
    if (pass.out_count > uint64_t{config_.act_regs} * n) fail("more outputs than registers");
    if (pass.load_src) {
      if (!vector_.in_ram || pass.src_addr < vector_.ram_row) fail("loads what is not its input");
      source_element_ = uint64_t{pass.src_addr - vector_.ram_row} * n;
    }
    if (source_element_ + pass.in_count > vector_.size) fail("more inputs than its vector has");
    for (uint32_t pe = 0; pe < n; ++pe) {
      for (uint32_t j = pass.in_first * n; j < pass.in_count; ++j) read_column(pass, pe, j);
    }
    if (pass.write_back) write_back(pass);
  }

  void read_column(const Pass& pass, uint32_t pe, uint32_t j) {
    const auto fail_here = [&](const std::string& what) {
      fail("PE " + std::to_string(pe) + ", column " + std::to_string(j) + ": " + what);
    };
    const auto pointer = [&](uint64_t number) {
      number %= config_.ptr_depth;
      if (number >= image_.pointers[pe].size()) fail_here("its pointers are not there");
      return image_.pointers[pe][number];
    };
    const uint32_t start = pointer(uint64_t{pass.ptr_base} + j);
    const uint32_t end = pointer(uint64_t{pass.ptr_base} + j + 1);
    if (end < start) fail_here("pointers fall");
    uint32_t next = 0;
    for (uint32_t p = start; p < end; ++p) {
      const uint64_t row = uint64_t{pass.entry_base} + p / kEntriesPerRow;
      if (row >= image_.entry_rows[pe].size()) fail_here("its entries are not there");
      const auto entry =
          static_cast<uint8_t>(image_.entry_rows[pe][row] >> (8 * (p % kEntriesPerRow)));
      const uint32_t local_row = next + entry_skip(entry);
      const uint64_t range_row = uint64_t{local_row} * config_.n_pe + pe;
      next = local_row + 1;
      if (entry_code(entry) == 0 && local_row < config_.act_regs) continue;
      if (range_row >= pass.out_count) {
        fail_here("row " + std::to_string(range_row) + " of " + std::to_string(pass.out_count));
      }
      nonzeros_.push_back({static_cast<uint32_t>(source_element_ + j),
                           static_cast<uint32_t>(row_base_ + range_row),
                           static_cast<uint8_t>(entry_code(entry))});
    }
  }

  void write_back(const Pass& pass) {
    layers_.back().relu = pass.relu;
    if (row_base_ != result_.size) fail("output ranges leave a gap");
    if (!written_) {
      result_.in_ram = pass.store_dst;
      result_.ram_row = pass.store_dst ? pass.dst_addr : 0;
      written_ = true;
    } else if (!pass.store_dst || pass.dst_addr != result_.ram_row + row_base_ / config_.n_pe) {
      fail("its outputs do not follow those of the range before");
    }
    result_.size += pass.out_count;
    row_base_ += pass.out_count;
  }

  const Image& image_;
  const Config& config_;
  size_t pass_ = 0;
  std::vector<Layer> layers_;
  Vector vector_;  // the layer's input
  Vector result_;  // the layer's output, as far as it is written
  bool written_ = false;
  uint64_t source_element_ = 0;  // of the input, in source register 0 of PE 0
  uint64_t row_base_ = 0;        // of the current output range
  std::vector<NonZero> nonzeros_;
};

}  // namespace

void encode(const Pass& pass, uint64_t words[2]) {
  words[0] = field(pass.ptr_base, 16, 0, "ptr_base") |
             field(pass.entry_base, 16, 16, "entry_base") |
             field(pass.in_count, 16, 32, "in_count") | field(pass.out_count, 16, 48, "out_count");
  words[1] = field(pass.src_addr, 16, 0, "src_addr") | field(pass.dst_addr, 16, 16, "dst_addr") |
             field(pass.in_first, 8, 32, "in_first") | field(pass.codebook, 8, 40, "codebook") |
             field(pass.shift, 6, 48, "shift") | uint64_t{pass.load_src} << 56 |
             uint64_t{pass.load_codebook} << 57 | uint64_t{pass.clear} << 58 |
             uint64_t{pass.write_back} << 59 | uint64_t{pass.store_dst} << 60 |
             uint64_t{pass.relu} << 61 | uint64_t{pass.swap} << 62;
}

Pass decode(const uint64_t words[2]) {
  const auto bits = [&](int word, unsigned place, unsigned count) {
    return static_cast<uint32_t>(words[word] >> place & ((uint64_t{1} << count) - 1));
  };
  Pass pass;
  pass.ptr_base = bits(0, 0, 16);
  pass.entry_base = bits(0, 16, 16);
  pass.in_count = bits(0, 32, 16);
  pass.out_count = bits(0, 48, 16);
  pass.src_addr = bits(1, 0, 16);
  pass.dst_addr = bits(1, 16, 16);
  pass.in_first = bits(1, 32, 8);
  pass.codebook = bits(1, 40, 8);
  pass.shift = bits(1, 48, 6);
  pass.load_src = bits(1, 56, 1) != 0;
  pass.load_codebook = bits(1, 57, 1) != 0;
  pass.clear = bits(1, 58, 1) != 0;
  pass.write_back = bits(1, 59, 1) != 0;
  pass.store_dst = bits(1, 60, 1) != 0;
  pass.relu = bits(1, 61, 1) != 0;
  pass.swap = bits(1, 62, 1) != 0;
  return pass;
}

Image build_image(const Network& network, const Config& config) {
  check(config);
  check(network, "network '" + printable(network.name) + "'");
  return Builder(network, config).build();
}

std::vector<Layer> decode_image(const Image& image) { return Reader(image).read(); }

}  // namespace sparsys::eie
