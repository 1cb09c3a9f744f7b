// SPDX-License-Identifier: Apache-2.0
#include "tb/support/read_image.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/engine/eie/encode.hpp"

namespace sparsys::eie {
namespace {

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
    for (size_t k = 0; k < 2 * size_t{pass.bias}; ++k) {
      const size_t word = size_t{pass.codebook} * 4 + k / 4;
      if (word >= image_.bias_words.size()) fail("its bias constants are not there");
      layer.bias.push_back(static_cast<int16_t>(image_.bias_words[word] >> (16 * (k % 4))));
    }
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
    const size_t columns = layer.inputs + layer.bias.size();
    layer.column_start.assign(columns + 1, 0);
    for (const NonZero& nz : nonzeros_) ++layer.column_start[nz.column + 1];
    for (size_t j = 0; j < columns; ++j) layer.column_start[j + 1] += layer.column_start[j];
    std::vector<uint64_t> place(layer.column_start.begin(), layer.column_start.end());
    std::vector<uint64_t> sorted(nonzeros_.size());  // row above code
    for (const NonZero& nz : nonzeros_) {
      sorted[place[nz.column]++] = uint64_t{nz.row} << 8 | nz.code;
    }
    for (size_t j = 0; j < columns; ++j) {
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
    if (pass.bias != 0 && 2 * size_t{pass.bias} != layers_.back().bias.size()) {
      fail("bias columns other than its layer's");
    }
    // Column k is dealt to four groups at most, in front of the inputs' pointers.
    const uint32_t dealt = std::min(config_.groups, 4U);
    const uint32_t of_group = (2 * pass.bias + dealt - 1) / dealt;
    for (uint32_t pe = 0; pe < n; ++pe) {
      for (uint32_t k = pe % config_.groups; k < 2 * pass.bias; k += dealt) {
        if (pe % config_.groups >= dealt) break;
        read_column(pass, pe, pass.ptr_base - of_group + k / dealt, layers_.back().inputs + k);
      }
      for (uint32_t j = pass.in_first * n + pe % config_.groups; j < pass.in_count;
           j += config_.groups) {
        read_column(pass, pe, uint64_t{pass.ptr_base} + j / config_.groups, source_element_ + j);
      }
    }
    if (pass.write_back) write_back(pass);
  }

  // Of the pointer with this number; `j`: the layer's column, behind its inputs the bias columns.
  void read_column(const Pass& pass, uint32_t pe, uint64_t first_pointer, uint64_t j) {
    const auto fail_here = [&](const std::string& what) {
      fail("PE " + std::to_string(pe) + ", column " + std::to_string(j) + ": " + what);
    };
    const auto pointer = [&](uint64_t number) {
      number %= config_.ptr_depth;
      if (number >= image_.pointers[pe].size()) fail_here("its pointers are not there");
      return image_.pointers[pe][number];
    };
    const uint32_t g = config_.groups;
    const uint32_t start = pointer(first_pointer);
    const uint32_t end = pointer(first_pointer + 1);
    if (end < start) fail_here("pointers fall");
    uint32_t next = 0;
    for (uint32_t p = start; p < end; ++p) {
      const uint64_t row = uint64_t{pass.entry_base} + p / kEntriesPerRow;
      if (row >= image_.entry_rows[pe].size()) fail_here("its entries are not there");
      const auto entry =
          static_cast<uint8_t>(image_.entry_rows[pe][row] >> (8 * (p % kEntriesPerRow)));
      const uint32_t local_row = next + entry_rows(entry) - 1;
      const uint64_t range_row =
          uint64_t{local_row / g} * config_.n_pe + pe / g * g + local_row % g;
      next = local_row + 1;
      if (entry_code(entry) == 0 && local_row < config_.act_regs * g) continue;
      if (range_row >= pass.out_count) {
        fail_here("row " + std::to_string(range_row) + " of " + std::to_string(pass.out_count));
      }
      nonzeros_.push_back({static_cast<uint32_t>(j), static_cast<uint32_t>(row_base_ + range_row),
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

std::vector<Layer> decode_image(const Image& image) { return Reader(image).read(); }

}  // namespace sparsys::eie
