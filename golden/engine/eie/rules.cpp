// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/eie/rules.hpp"

#include "golden/base/error.hpp"
#include "golden/engine/eie/dealing.hpp"
#include "golden/engine/eie/encode.hpp"

namespace sparsys::eie {
namespace {

std::string number(uint64_t value) { return std::to_string(value); }

uint64_t rows_of(uint64_t count, const Config& config) {
  return (count + config.n_pe - 1) / config.n_pe;
}

// "`what` 7, must be below 4 (ENTRY_DEPTH / 8)".
std::string not_below(const char* what, uint64_t value, uint64_t end, const char* of) {
  return std::string(what) + " " + number(value) + ", must be below " + number(end) + " (" + of +
         ")";
}

// The rows of a vector in the activation RAM.
std::string rows_behind_ram(const char* what, const char* field, uint64_t first, uint64_t rows,
                            const Config& config) {
  return std::string(what) + ": " + number(rows) + " rows from " + field + " " + number(first) +
         ", the activation RAM has " + number(config.act_ram_depth);
}

// The numbers of the pointers that a pass reads, if it broadcasts anything: `count` of them from
// `first` on, which the memory's end may cut in two; of `bias` columns, then of a group's column
// `column` on.
struct Pointers {
  uint64_t first = 0;
  uint64_t count = 0;
  uint32_t bias = 0;
  uint32_t column = 0;
};

// Of a pass whose bias columns' pointers do not wrap.
Pointers pointers_of(const Pass& pass, const Config& config) {
  const Dealing dealing(config);
  if (pass.bias != 0) {
    const uint32_t bias = dealing.bias_columns(pass.bias);
    return {pass.ptr_base - bias, bias + dealing.columns_of_group(pass.in_count) + uint64_t{1},
            bias, 0};
  }
  const uint32_t column = pass.in_first * dealing.teams();
  const uint32_t columns = dealing.columns_of_group(pass.in_count);
  if (column >= columns) return {};
  return {(uint64_t{pass.ptr_base} + column) % config.ptr_depth, columns - column + 1, 0, column};
}

}  // namespace

Breach breach_of_list(uint32_t first, uint32_t count, const Config& config) {
  if (uint64_t{first} + count <= config.list_depth) return {};
  return {Reason::kList, "descriptors " + number(first) + " to " +
                             number(uint64_t{first} + count - 1) + ", the list RAM has " +
                             number(config.list_depth)};
}

Breach breach_of(const uint64_t words[2], const Config& config) {
  const Pass pass = decode(words);
  if (words[1] >> 63) {
    return {Reason::kReserved, "reserved bit 63 of its second word is not 0"};
  }
  if (pass.shift > 31) {
    return {Reason::kReserved, "shift " + number(pass.shift) + ", must be at most 31"};
  }
  const uint64_t registers = uint64_t{config.act_regs} * config.n_pe;
  if (pass.in_count > registers || pass.out_count > registers) {
    return {Reason::kCounts, number(pass.in_count) + " inputs and " + number(pass.out_count) +
                                 " outputs, must be at most " + number(registers) +
                                 " (ACT_REGS * N_PE)"};
  }
  const uint64_t in_rows = rows_of(pass.in_count, config);
  const uint64_t out_rows = rows_of(pass.out_count, config);
  if (pass.in_first > in_rows) {
    return {Reason::kFirstRow, "in_first " + number(pass.in_first) + ", its " +
                                   number(pass.in_count) + " inputs take " + number(in_rows) +
                                   " rows"};
  }
  if (pass.bias != 0 && pass.in_first != 0) {
    return {Reason::kFirstRow,
            "in_first " + number(pass.in_first) + ", must be 0 in a pass with bias columns"};
  }
  if (pass.ptr_base >= config.ptr_depth) {
    return {Reason::kPointers, not_below("ptr_base", pass.ptr_base, config.ptr_depth, "PTR_DEPTH")};
  }
  const uint32_t bias_columns = Dealing(config).bias_columns(pass.bias);
  if (pass.ptr_base < bias_columns) {
    return {Reason::kPointers, "ptr_base " + number(pass.ptr_base) + ", must be at least " +
                                   number(bias_columns) + ", its bias columns"};
  }
  const Pointers pointers = pointers_of(pass, config);
  if (pointers.first + pointers.count > config.ptr_depth) {
    return {Reason::kPointers, "pointers " + number(pointers.first) + " to " +
                                   number(pointers.first + pointers.count - 1) +
                                   ", the pointer memory has " + number(config.ptr_depth)};
  }
  if (pass.entry_base >= config.entry_depth / kEntriesPerRow) {
    return {Reason::kEntries, not_below("entry_base", pass.entry_base,
                                        config.entry_depth / kEntriesPerRow, "ENTRY_DEPTH / 8")};
  }
  if (pass.load_src && pass.src_addr + in_rows > config.act_ram_depth) {
    return {Reason::kSource, rows_behind_ram("inputs", "src_addr", pass.src_addr, in_rows, config)};
  }
  if (pass.write_back && pass.store_dst && pass.dst_addr + out_rows > config.act_ram_depth) {
    return {Reason::kDestination,
            rows_behind_ram("outputs", "dst_addr", pass.dst_addr, out_rows, config)};
  }
  if ((pass.load_codebook || pass.bias != 0) && pass.codebook >= config.codebooks) {
    return {Reason::kCodebook, not_below("codebook", pass.codebook, config.codebooks, "CODEBOOKS")};
  }
  return {};
}

namespace {

// What one PE reads in a pass.
class PeCheck {
 public:
  PeCheck(const Image& image, const Pass& pass, uint32_t pe)
      : entry_rows_(image.entry_rows[pe]),
        pointers_(image.pointers[pe]),
        pass_(pass),
        pe_(pe),
        config_(image.config) {}

  // What is wrong, "column 4: ..."; empty if nothing.
  std::string run() {
    const Pointers of_pass = pointers_of(pass_, config_);
    if (of_pass.first + of_pass.count > pointers_.size()) {
      return "pointers " + number(of_pass.first) + " to " +
             number(of_pass.first + of_pass.count - 1) + ", the image has " +
             number(pointers_.size());
    }
    for (uint64_t p = of_pass.first; p + 1 < of_pass.first + of_pass.count; ++p) {
      const std::string wrong = column(pointers_[p], pointers_[p + 1]);
      if (wrong.empty()) continue;
      const auto number_in_pass = static_cast<uint32_t>(p - of_pass.first);
      if (number_in_pass < of_pass.bias) {
        return "bias column " + number(number_in_pass) + " of its group: " + wrong;
      }
      const uint32_t in_group = of_pass.column + number_in_pass - of_pass.bias;
      return "column " + number(Dealing(config_).column(pe_, in_group)) + ": " + wrong;
    }
    return "";
  }

 private:
  std::string column(uint32_t start, uint32_t end) const {
    if (end < start) return "pointers fall from " + number(start) + " to " + number(end);
    uint32_t row = 0;  // the next
    for (uint32_t e = start; e < end; ++e) {
      const uint64_t memory_row = uint64_t{pass_.entry_base} + e / kEntriesPerRow;
      if (memory_row >= entry_rows_.size()) {
        return "entry " + number(e) + " lies in row " + number(memory_row) + ", the image has " +
               number(entry_rows_.size());
      }
      const auto entry =
          static_cast<uint8_t>(entry_rows_[memory_row] >> (8 * (e % kEntriesPerRow)));
      row += entry_rows(entry) - 1;
      if (row >= config_.rows()) {
        return "entry " + number(e) + " is of row " + number(row) + ", a PE has " +
               number(config_.rows()) +
               (config_.groups == 1 ? " (ACT_REGS)" : " (ACT_REGS * GROUPS)");
      }
      ++row;
    }
    return "";
  }

  const std::vector<uint64_t>& entry_rows_;
  const std::vector<uint16_t>& pointers_;
  const Pass& pass_;
  uint32_t pe_;
  const Config& config_;
};

void check_size(const std::string& what, uint64_t size, uint64_t most) {
  if (size > most) {
    throw Error("image: " + what + ": " + number(size) + ", the engine has " + number(most));
  }
}

}  // namespace

void check(const Image& image) {
  const Config& config = image.config;
  check(config);
  if (image.entry_rows.size() != config.n_pe || image.pointers.size() != config.n_pe) {
    throw Error("image: memories of " + number(image.entry_rows.size()) + " and " +
                number(image.pointers.size()) + " PEs, expected " + number(config.n_pe));
  }
  for (uint32_t pe = 0; pe < config.n_pe; ++pe) {
    check_size("entry rows of PE " + number(pe), image.entry_rows[pe].size(),
               config.entry_depth / kEntriesPerRow);
    check_size("pointers of PE " + number(pe), image.pointers[pe].size(), config.ptr_depth);
  }
  check_size("codebook words", image.codebook_words.size(), 4 * uint64_t{config.codebooks});
  check_size("words of bias constants", image.bias_words.size(), 4 * uint64_t{config.codebooks});
  check_size("descriptors", image.passes.size(), config.list_depth);
  for (size_t d = 0; d < image.passes.size(); ++d) {
    const std::string place = "image: descriptor " + number(d);
    uint64_t words[2];
    encode(image.passes[d], words);
    const Breach breach = breach_of(words, config);
    if (breach.reason != Reason::kNone) fail(place, breach.text);
    for (uint32_t pe = 0; pe < config.n_pe; ++pe) {
      const std::string wrong = PeCheck(image, image.passes[d], pe).run();
      if (!wrong.empty()) fail(place + ": PE " + number(pe), wrong);
    }
  }
}

}  // namespace sparsys::eie
