// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/image.hpp"

#include <algorithm>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/engine/eie/encode.hpp"
#include "golden/engine/eie/rules.hpp"
#include "golden/network/bias_columns.hpp"
#include "golden/network/check.hpp"

namespace sparsys::eie {
namespace {

uint64_t ceil_div(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

// `option`: of the program, which makes the memory larger, up to `most`; sizes are powers of two.
[[noreturn]] void does_not_fit(const std::string& layer, const std::string& memory, uint64_t needed,
                               const std::string& unit, uint64_t available,
                               const std::string& option, uint64_t most) {
  uint64_t enough = 1;
  while (enough < needed) enough *= 2;
  const std::string way_out = enough > most
                                  ? "no engine has more than " + std::to_string(most)
                                  : "--" + option + " " + std::to_string(enough) + " gives them";
  throw Error(layer + ": " + memory + ": " + std::to_string(needed) + " " + unit + " needed, " +
              std::to_string(available) + " available; " + way_out +
              (option == "codebooks" ? "" : ", and more PEs need less each"));
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
                   "words a PE", config.act_ram_depth, "activation-ram", kMaxActRam);
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
  // `original`: the network before its rows were assigned, which tells constants.
  Builder(const Network& network, const Network& original, const Config& config)
      : network_(network), original_(original), config_(config), dealing_(config) {
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
      does_not_fit(name, "codebook RAM", network_.layers.size(), "codebooks", config_.codebooks,
                   "codebooks", kMaxCodebooks);
    }
    // Lower bounds, before any work that would be in vain.
    const uint64_t ranges = ceil_div(layer.outputs, registers);
    const uint64_t chunks = ceil_div(layer.inputs, registers);
    check_list(name, image_.passes.size() + ranges * chunks);
    check_pointers(name,
                   pointers_used_ + ranges * (dealing_.bias_columns(bias_pairs(layer)) +
                                              dealing_.columns_of_group(layer.inputs) + chunks));

    add_codebook(layer);
    add_bias(layer);
    start_stats(original_.layers[l]);
    loaded_rows_ = 0;
    const size_t first_pass = image_.passes.size();
    for (uint32_t row = 0; row < layer.outputs;) {
      const uint32_t rows = std::min(registers, layer.outputs - row);
      const size_t range_pass = image_.passes.size();
      for (uint32_t column = 0; column < layer.inputs;) {
        const uint32_t columns = std::min(registers, layer.inputs - column);
        const Slice slice = encode_slice(layer, row, rows, column, columns, dealing_);
        image_.layers.back().padding += slice.padding;
        for (uint32_t begin = 0; begin < columns;) {
          const uint32_t end = pass_end(slice, begin);
          Pass pass = input_fields(input, column, begin, end);
          if (column == 0 && begin == 0) pass.bias = bias_pairs(layer);
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
                   config_.entry_depth, "entries", kMaxEntries);
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
      does_not_fit(name, "list RAM", passes, "passes", config_.list_depth, "list", kMaxList);
    }
  }

  void check_pointers(const std::string& name, uint64_t pointers) const {
    if (pointers > config_.ptr_depth) {
      does_not_fit(name, "pointer memory", pointers, "pointers a PE", config_.ptr_depth, "pointers",
                   kMaxPointers);
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

  static uint32_t bias_pairs(const Layer& layer) {
    return static_cast<uint32_t>(layer.bias.size() + 1) / 2;
  }

  // Of the codebook that was added last.
  void add_bias(const Layer& layer) {
    if (layer.bias.empty()) return;
    image_.bias_words.resize(image_.codebook_words.size());
    uint64_t* const words = &image_.bias_words[image_.bias_words.size() - 4];
    for (size_t k = 0; k < layer.bias.size(); ++k) {
      words[k / 4] |= uint64_t{static_cast<uint16_t>(layer.bias[k])} << (16 * (k % 4));
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

  // A pass's columns begin .. end - 1 by their numbers in the groups, from the slice's bias columns
  // on, which are the first pass's.
  uint32_t first_in_group(const Slice& slice, uint32_t begin) const {
    return begin == 0 ? 0 : end_in_group(slice, begin);
  }
  uint32_t end_in_group(const Slice& slice, uint32_t end) const {
    return slice.bias_columns + dealing_.columns_of_group(end);
  }

  // The last column, a multiple of N_PE, up to which no PE exceeds a pass's entries. At least one
  // step can always be made: N_PE columns have at most 256 * 64 entries in a PE, padding included,
  // and bias columns at most 8 * 64 * 6.
  uint32_t pass_end(const Slice& slice, uint32_t begin) const {
    uint32_t end = slice.columns;
    for (const auto& starts : slice.column_start) {
      const auto first = starts[first_in_group(slice, begin)];
      while (starts[end_in_group(slice, end)] - first > kMaxPassEntries) {
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
    // Pointers are numbered from the first input's.
    const uint64_t ptr = pointers_used_ + dealing_.bias_columns(pass.bias) + config_.ptr_depth -
                         pass.in_first * dealing_.teams();
    pass.ptr_base = static_cast<uint32_t>(ptr % config_.ptr_depth);
    // A pass without entries may come behind the last row.
    const uint64_t last_row = config_.entry_depth / kEntriesPerRow - 1;
    pass.entry_base = static_cast<uint32_t>(std::min(rows_used_, last_row));
    const uint32_t first = first_in_group(slice, begin);
    const uint32_t last = end_in_group(slice, end);
    uint64_t rows = 0;
    for (uint32_t pe = 0; pe < config_.n_pe; ++pe) {
      const auto& starts = slice.column_start[pe];
      const uint64_t entries = starts[last] - starts[first];
      rows = std::max(rows, ceil_div(entries, kEntriesPerRow));
      image_.layers.back().entries_per_pe[pe] += entries;
      image_.layers.back().entries += entries;
    }
    const bool fits = rows_used_ + rows <= config_.entry_depth / kEntriesPerRow &&
                      pointers_used_ + (last - first) + 1 <= config_.ptr_depth;
    for (uint32_t pe = 0; fits && pe < config_.n_pe; ++pe) {
      const auto& starts = slice.column_start[pe];
      std::vector<uint64_t>& memory = image_.entry_rows[pe];
      memory.resize(rows_used_ + rows);
      for (uint32_t e = starts[first]; e < starts[last]; ++e) {
        const uint32_t p = e - starts[first];
        memory[rows_used_ + p / kEntriesPerRow] |= uint64_t{slice.entries[pe][e]}
                                                   << (8 * (p % kEntriesPerRow));
      }
      for (uint32_t c = first; c <= last; ++c) {
        image_.pointers[pe].push_back(static_cast<uint16_t>(starts[c] - starts[first]));
      }
    }
    rows_used_ += rows;
    pointers_used_ += (last - first) + 1;
    image_.passes.push_back(pass);
  }

  const Network& network_;
  const Network& original_;
  const Config& config_;
  Dealing dealing_;
  Image image_;
  uint64_t rows_used_ = 0;      // entry rows, of the longest PE pass by pass
  uint64_t pointers_used_ = 0;  // a PE
  uint32_t loaded_addr_ = 0;    // what this layer's passes have loaded into the source registers
  uint64_t loaded_rows_ = 0;
};

}  // namespace

std::vector<uint64_t> list_words(const Image& image) {
  std::vector<uint64_t> words(2 * image.passes.size());
  for (size_t d = 0; d < image.passes.size(); ++d) encode(image.passes[d], &words[2 * d]);
  return words;
}

Image build_image(const Network& network, const Config& config, Rows rows) {
  check(config);
  check(network, "network '" + printable(network.name) + "'");
  const Network run = with_bias_columns(network);
  if (rows == Rows::kInterleaved) {
    Image image = Builder(run, run, config).build();
    check(image);
    return image;
  }
  Arrangement arrangement = balance_rows(run, config, rows == Rows::kBalanced);
  Image image = Builder(arrangement.network, run, config).build();
  if (rows == Rows::kBalanced) image.output_position = std::move(arrangement.output_position);
  for (size_t l = 0; l < image.layers.size(); ++l) {
    image.layers[l].balanced = arrangement.balanced[l];
  }
  check(image);
  return image;
}

}  // namespace sparsys::eie
