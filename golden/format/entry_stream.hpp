// SPDX-License-Identifier: Apache-2.0
// Sparse codes as Deep Compression stores them (Han 2016, sections 2 and 4): codes and relative
// indices as two Huffman bit streams.
//
// The elements of a matrix are one line, those that are not zero are entries of a code and of an
// index: the number of zeros since the entry before, 0 .. 2^w - 1. Where more zeros follow each
// other padding entries stand for them, with code 0: one of index i for 2^w (i + 1) zeros; in the
// paper, and in files of old, one for 2^w, with the largest index (section 2, figure 2). Nothing
// stands for the zeros at the end.
//
//   entries  n entries; and if there are any: byte of width and contexts, streams of codes and of
//            indices
//   stream   n bytes, and these: a table of lengths for each context, and the entries
//            (golden/format/huffman.hpp)
//
// Contexts are no part of the paper: an entry's table may depend on the entries before it, so that
// neighbours that are alike take fewer bits. Without them there is one table a stream.
//
//   codes    3 tables: 1 and 2 if the index is 0 and the entry before has a code of class 1 or 2
//            (negative, positive values), 0 for all other entries
//   indices  3 tables: the sum of the four indices before is below t, below 2t, or not
//
// The byte is w without contexts being allowed; else w - 1 in bits 0..3, 1 in bit 4 for contexts of
// codes, and in bits 5..7 0 without contexts of indices or log2(t).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/base/zero_run.hpp"
#include "golden/format/packed_bytes.hpp"

namespace sparsys {

constexpr unsigned kMaxIndexBits = 16;

// Those elements of a line that are not zero.
struct SparseLine {
  std::vector<uint64_t> zeros;  // between each and the one before it
  std::vector<uint8_t> code;    // of each, never 0
};

// The classes of codes, each 1 or 2; null: no contexts.
using CodeClasses = const std::vector<uint8_t>*;

struct StreamPlan {
  std::vector<std::vector<uint8_t>> lengths;  // code lengths of each context's table
  uint64_t table_bits = 0;
  uint64_t bytes = 0;
};

// How a line is stored best, and what it takes.
struct EntryPlan {
  unsigned index_bits = 0;
  bool code_contexts = false;
  unsigned index_contexts = 0;  // log2(t); 0: none
  uint64_t entries = 0;
  uint64_t padding = 0;
  StreamPlan codes;
  StreamPlan indices;
  uint64_t bytes = 0;  // all, with the number of entries
};

// index_bits: 1 to kMaxIndexBits, or 0 for the best. Both vectors of the line have one size.
EntryPlan plan_entries(const SparseLine& line, unsigned index_bits, CodeClasses classes = nullptr);
void put_entries(const SparseLine& line, const EntryPlan& plan, std::vector<uint8_t>& out,
                 CodeClasses classes = nullptr);

struct Entries {
  unsigned index_bits = 0;  // 0 if there are none
  Padding form = Padding::kTwoLevel;
  uint64_t padding = 0;
  std::vector<uint8_t> codes;
  std::vector<uint16_t> indices;
  // What the streams take; without code lengths.
  StreamPlan code_stream;
  StreamPlan index_stream;

  // Elements of the line that entry k advances by: the zeros and, unless it is padding, itself.
  uint64_t advance(size_t k) const {
    return run_advance(codes[k] == 0, indices[k], index_bits, form);
  }
};

// Of a file whose padding has this form. Throws Error "<place>: <what is wrong>" unless they are
// sound: codes below `symbols`, padding where it has to be alone. Memory taken is bounded by a
// small multiple of the bytes that are left.
Entries take_entries(PackedReader& in, Padding padding, size_t symbols,
                     CodeClasses classes = nullptr);

// A stream of codes alone, one for each element.
StreamPlan plan_codes(const std::vector<uint8_t>& codes);
void put_codes(const std::vector<uint8_t>& codes, const StreamPlan& plan,
               std::vector<uint8_t>& out);
// `plan`: what the stream takes, without code lengths.
std::vector<uint8_t> take_codes(PackedReader& in, uint64_t count, size_t symbols, StreamPlan& plan);

}  // namespace sparsys
