// SPDX-License-Identifier: Apache-2.0
#include "golden/format/entry_stream.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/huffman.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;
using Counts = std::vector<uint64_t>;

constexpr size_t kContexts = 3;
constexpr unsigned kMaxIndexContexts = 7;
constexpr size_t kHistory = 4;

// ---- contexts ----

// Which table the code of an entry has, from its index and the code before it.
size_t code_context(const std::vector<uint8_t>& classes, uint32_t index, uint8_t code_before) {
  return index == 0 && code_before != 0 ? classes[code_before] : 0;
}

// Which table the next index has.
class IndexContext {
 public:
  explicit IndexContext(unsigned contexts) : least_(uint32_t{1} << contexts) {}

  size_t table() const { return size_t{sum_ >= least_} + size_t{sum_ >= 2 * least_}; }
  void add(uint32_t index) {
    sum_ += index - last_[at_];
    last_[at_] = index;
    at_ = (at_ + 1) % kHistory;
  }

 private:
  const uint32_t least_;
  uint32_t last_[kHistory] = {};
  uint32_t sum_ = 0;
  size_t at_ = 0;
};

// Calls take(table, code) for each entry.
template <typename Take>
void for_each_code(const Entries& entries, CodeClasses classes, Take take) {
  uint8_t before = 0;
  for (size_t k = 0; k < entries.codes.size(); ++k) {
    take(classes == nullptr ? 0 : code_context(*classes, entries.indices[k], before),
         entries.codes[k]);
    before = entries.codes[k];
  }
}

template <typename Take>
void for_each_index(const Entries& entries, unsigned contexts, Take take) {
  IndexContext context(contexts);
  for (const uint16_t index : entries.indices) {
    take(contexts == 0 ? 0 : context.table(), index);
    context.add(index);
  }
}

// ---- planning ----

// Without trailing symbols that do not occur: they would have a place in the table.
void trim(Counts& counts) {
  while (!counts.empty() && counts.back() == 0) counts.pop_back();
}

StreamPlan plan_stream(std::vector<Counts> counts) {
  StreamPlan plan;
  BitWriter tables;
  uint64_t bits = 0;
  for (Counts& table : counts) {
    trim(table);
    plan.lengths.push_back(huffman_lengths(table));
    write_huffman_lengths(plan.lengths.back(), tables);
    bits += huffman_bits(table, plan.lengths.back());
  }
  plan.table_bits = tables.size();
  plan.bytes = (plan.table_bits + bits + 7) / 8;
  return plan;
}

uint64_t stream_size(const StreamPlan& plan) { return number_size(plan.bytes) + plan.bytes; }

// How often there are so many zeros before a non-zero, and so many of each code.
struct Histogram {
  explicit Histogram(const SparseLine& line) : codes(256) {
    constexpr uint64_t kUsual = uint64_t{1} << kMaxIndexBits;
    Counts usual(kUsual);
    std::map<uint64_t, uint64_t> unusual;
    for (const uint64_t gap : line.zeros) ++(gap < kUsual ? usual[gap] : unusual[gap]);
    for (const uint8_t code : line.code) ++codes[code];
    for (uint64_t gap = 0; gap < kUsual; ++gap) {
      if (usual[gap] != 0) gaps.emplace_back(gap, usual[gap]);
    }
    gaps.insert(gaps.end(), unusual.begin(), unusual.end());
  }

  std::vector<std::pair<uint64_t, uint64_t>> gaps;  // zeros, how often; rising
  Counts codes;
};

void finish(EntryPlan& plan) {
  plan.bytes = number_size(plan.entries) + 1 + stream_size(plan.codes) + stream_size(plan.indices);
}

// The plan of one width, without contexts.
EntryPlan plan_width(const Histogram& histogram, unsigned bits) {
  const uint64_t last = (uint64_t{1} << bits) - 1;
  Counts indices(std::min(last, histogram.gaps.back().first) + 1);
  Counts codes = histogram.codes;
  EntryPlan plan;
  plan.index_bits = bits;
  for (const auto& [gap, count] : histogram.gaps) {
    const uint64_t times = count;
    const uint32_t index = pad_run(gap, bits, Padding::kTwoLevel, [&](uint32_t passed) {
      indices[passed] += times;
      plan.padding += times;
    });
    indices[index] += times;
    plan.entries += times;
  }
  codes[0] = plan.padding;
  plan.entries += plan.padding;
  plan.codes = plan_stream({std::move(codes)});
  plan.indices = plan_stream({std::move(indices)});
  finish(plan);
  return plan;
}

Entries make_entries(const SparseLine& line, const EntryPlan& plan) {
  Entries entries;
  entries.index_bits = plan.index_bits;
  entries.padding = plan.padding;
  entries.codes.reserve(static_cast<size_t>(plan.entries));
  entries.indices.reserve(static_cast<size_t>(plan.entries));
  for (size_t k = 0; k < line.code.size(); ++k) {
    const uint32_t index =
        pad_run(line.zeros[k], plan.index_bits, Padding::kTwoLevel, [&](uint32_t passed) {
          entries.codes.push_back(0);
          entries.indices.push_back(static_cast<uint16_t>(passed));
        });
    entries.codes.push_back(line.code[k]);
    entries.indices.push_back(static_cast<uint16_t>(index));
  }
  return entries;
}

// The same with contexts where they make it smaller.
void add_contexts(const SparseLine& line, const std::vector<uint8_t>& classes, EntryPlan& plan) {
  const Entries entries = make_entries(line, plan);
  std::vector<Counts> codes(kContexts, Counts(256));
  for_each_code(entries, &classes, [&](size_t table, uint8_t code) { ++codes[table][code]; });
  StreamPlan with = plan_stream(std::move(codes));
  if (with.bytes < plan.codes.bytes) {
    plan.code_contexts = true;
    plan.codes = std::move(with);
  }
  const size_t symbols =
      size_t{*std::max_element(entries.indices.begin(), entries.indices.end())} + 1;
  for (unsigned contexts = 1; contexts <= kMaxIndexContexts; ++contexts) {
    std::vector<Counts> indices(kContexts, Counts(symbols));
    for_each_index(entries, contexts,
                   [&](size_t table, uint16_t index) { ++indices[table][index]; });
    with = plan_stream(std::move(indices));
    if (with.bytes >= plan.indices.bytes) continue;
    plan.index_contexts = contexts;
    plan.indices = std::move(with);
  }
  finish(plan);
}

// ---- streams ----

// symbols: calls its argument with (table, symbol) for each.
template <typename ForEach>
void put_stream(const StreamPlan& plan, ForEach symbols, Bytes& out) {
  BitWriter bits;
  std::vector<HuffmanEncoder> tables;
  for (const std::vector<uint8_t>& lengths : plan.lengths) {
    write_huffman_lengths(lengths, bits);
    tables.emplace_back(lengths);
  }
  symbols([&](size_t table, uint16_t symbol) { tables[table].encode(&symbol, 1, bits); });
  const Bytes bytes = bits.finish();
  put_number(bytes.size(), out);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The bytes of a stream, and the tables that it begins with.
class StreamReader {
 public:
  StreamReader(PackedReader& in, uint64_t entries, const char* what)
      : place_(in.place()), what_(what) {
    size_ = static_cast<size_t>(in.number(what, 0, in.left()));
    data_ = in.take(size_, what);
    plan_.bytes = size_;
    // Each takes a bit at least: memory is taken only for what can be there.
    if (entries > 8 * uint64_t{size_}) {
      fail(place_, number(entries) + " entries, but " + what + " has " + number(size_) + " bytes");
    }
  }

  const StreamPlan& plan() const { return plan_; }

  // Calls decode(bits, tables), which takes all symbols.
  template <typename Decode>
  void read(size_t contexts, size_t symbols, Decode decode) {
    try {
      BitReader bits(data_, size_);
      std::vector<HuffmanDecoder> tables;
      for (size_t c = 0; c < contexts; ++c) {
        tables.emplace_back(read_huffman_lengths(bits, symbols));
      }
      plan_.table_bits = 8 * uint64_t{size_} - bits.left();
      decode(bits, tables);
      const uint64_t rest = bits.left();
      if (rest >= 8 || bits.take(static_cast<unsigned>(rest)) != 0) {
        throw Error(number(rest) + " bits behind the end, expected up to 7 that are 0");
      }
    } catch (const Error& error) {
      fail(place_, std::string(what_) + ": " + error.what());
    }
  }

 private:
  const std::string place_;
  const char* what_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  StreamPlan plan_;
};

uint16_t take_symbol(BitReader& bits, const HuffmanDecoder& table) {
  uint16_t symbol;
  table.decode(bits, &symbol, 1);
  return symbol;
}

}  // namespace

EntryPlan plan_entries(const SparseLine& line, unsigned index_bits, CodeClasses classes) {
  if (line.code.empty()) {
    EntryPlan plan;
    plan.bytes = number_size(0);
    return plan;
  }
  const Histogram histogram(line);
  EntryPlan best = plan_width(histogram, index_bits == 0 ? 1 : index_bits);
  if (index_bits == 0) {
    // Once all gaps fit, wider indices are the same.
    const uint64_t longest = histogram.gaps.back().first;
    for (unsigned bits = 2; bits <= kMaxIndexBits && longest >> (bits - 1) != 0; ++bits) {
      EntryPlan plan = plan_width(histogram, bits);
      if (plan.bytes <= best.bytes) best = std::move(plan);
    }
  }
  if (classes == nullptr) return best;
  // With contexts another width may be the best, but hardly one far from it.
  const unsigned middle = best.index_bits;
  add_contexts(line, *classes, best);
  if (index_bits == 0) {
    for (const unsigned bits : {middle - 1, middle + 1}) {
      if (bits < 1 || bits > kMaxIndexBits) continue;
      EntryPlan plan = plan_width(histogram, bits);
      add_contexts(line, *classes, plan);
      if (plan.bytes < best.bytes) best = std::move(plan);
    }
  }
  return best;
}

void put_entries(const SparseLine& line, const EntryPlan& plan, Bytes& out, CodeClasses classes) {
  put_number(plan.entries, out);
  if (plan.entries == 0) return;
  out.push_back(static_cast<uint8_t>(classes == nullptr
                                         ? plan.index_bits
                                         : (plan.index_bits - 1) | (plan.code_contexts ? 16U : 0U) |
                                               plan.index_contexts << 5));
  const Entries entries = make_entries(line, plan);
  put_stream(
      plan.codes,
      [&](auto put) { for_each_code(entries, plan.code_contexts ? classes : nullptr, put); }, out);
  put_stream(
      plan.indices, [&](auto put) { for_each_index(entries, plan.index_contexts, put); }, out);
}

Entries take_entries(PackedReader& in, Padding padding, size_t symbols, CodeClasses classes) {
  Entries entries;
  entries.form = padding;
  const uint64_t count = in.number("number of entries", 0, 8 * uint64_t{in.left()});
  if (count == 0) return entries;
  bool code_contexts = false;
  unsigned index_contexts = 0;
  if (classes == nullptr) {
    entries.index_bits = static_cast<unsigned>(in.number("width of indices", 1, kMaxIndexBits));
  } else {
    const uint8_t mode = in.byte("width of indices");
    entries.index_bits = (mode & 15U) + 1;
    code_contexts = (mode & 16U) != 0;
    index_contexts = mode >> 5;
  }
  StreamReader code_stream(in, count, "stream of codes");
  StreamReader index_stream(in, count, "stream of indices");
  entries.codes.resize(static_cast<size_t>(count));
  entries.indices.resize(static_cast<size_t>(count));
  // Indices first: codes depend on them.
  index_stream.read(index_contexts == 0 ? 1 : kContexts, size_t{1} << entries.index_bits,
                    [&](BitReader& bits, const std::vector<HuffmanDecoder>& tables) {
                      if (index_contexts == 0) {
                        tables[0].decode(bits, entries.indices.data(), entries.indices.size());
                        return;
                      }
                      IndexContext context(index_contexts);
                      for (uint16_t& index : entries.indices) {
                        index = take_symbol(bits, tables[context.table()]);
                        context.add(index);
                      }
                    });
  code_stream.read(code_contexts ? kContexts : 1, symbols,
                   [&](BitReader& bits, const std::vector<HuffmanDecoder>& tables) {
                     if (!code_contexts) {
                       tables[0].decode(bits, entries.codes.data(), entries.codes.size());
                       return;
                     }
                     uint8_t before = 0;
                     for (size_t k = 0; k < entries.codes.size(); ++k) {
                       const size_t table = code_context(*classes, entries.indices[k], before);
                       before = static_cast<uint8_t>(take_symbol(bits, tables[table]));
                       entries.codes[k] = before;
                     }
                   });
  entries.code_stream = code_stream.plan();
  entries.index_stream = index_stream.plan();
  if (entries.codes.back() == 0) fail(in.place(), "the last entry is padding");
  const uint32_t last = (uint32_t{1} << entries.index_bits) - 1;
  for (size_t k = 0; k < entries.codes.size(); ++k) {
    if (entries.codes[k] != 0) continue;
    ++entries.padding;
    // In two levels only the last of several may have another index.
    const bool any = padding == Padding::kTwoLevel && entries.codes[k + 1] != 0;
    if (!any && entries.indices[k] != last) {
      fail(in.place(), "entry " + number(k) + " is padding with index " +
                           number(entries.indices[k]) + ", expected " + number(last));
    }
  }
  return entries;
}

StreamPlan plan_codes(const std::vector<uint8_t>& codes) {
  Counts counts(256);
  for (const uint8_t code : codes) ++counts[code];
  return plan_stream({std::move(counts)});
}

void put_codes(const std::vector<uint8_t>& codes, const StreamPlan& plan, Bytes& out) {
  put_stream(
      plan,
      [&](auto put) {
        for (const uint8_t code : codes) put(0, code);
      },
      out);
}

std::vector<uint8_t> take_codes(PackedReader& in, uint64_t count, size_t symbols,
                                StreamPlan& plan) {
  StreamReader stream(in, count, "stream of codes");
  std::vector<uint8_t> codes(static_cast<size_t>(count));
  stream.read(1, symbols, [&](BitReader& bits, const std::vector<HuffmanDecoder>& tables) {
    tables[0].decode(bits, codes.data(), codes.size());
  });
  plan = stream.plan();
  return codes;
}

}  // namespace sparsys
