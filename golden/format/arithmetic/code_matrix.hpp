// SPDX-License-Identifier: Apache-2.0
// Codes of a matrix of shared weights in an arithmetic stream: of each element whether its code is
// 0, and if not which of the others it is.
//
// Whether, from: its column; its row so far and the row before; how much its columns and those
// beside it have; its neighbours along the row, across rows, and `stride` elements before, which
// are neighbours too where a row is a picture or a kernel. Which: first the class of its value
// (negative or not), from the classes of its neighbours; then how many codes of the class are
// nearer to 0, one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/format/arithmetic/mixture.hpp"

namespace sparsys::arithmetic {

// Bits that an ideal code of these probabilities takes.
struct CodeBits {
  double places = 0;  // whether codes are 0
  double values = 0;  // which of the others they are
};

// rows x columns elements; element (r, c) is code[r * row_step + c * column_step].
struct MatrixOrder {
  size_t rows = 1;
  size_t columns = 1;
  size_t row_step = 1;
  size_t column_step = 1;
  size_t stride = 1;  // from 1 to columns
};

class CodeMatrix {
 public:
  // negative: of each code whether its value is below 0, at least one.
  CodeMatrix(const std::vector<bool>& negative, const MatrixOrder& order);

  // Codes all elements of `code`, which a decoder fills in.
  template <typename Coder>
  void code(Coder& coder, std::vector<uint8_t>& code);
  // What that took.
  CodeBits bits() const { return bits_; }

 private:
  static constexpr size_t kZeroContexts = 7;
  static constexpr size_t kClassContexts = 4;
  static constexpr size_t kRankContexts = 3;

  // 0 for a code of 0, 1 and 2 for a negative value and one that is not.
  int class_of(uint8_t code) const { return code == 0 ? 0 : negative_[code] ? 1 : 2; }
  void begin_row();
  void find_contexts(size_t column);
  template <typename Coder>
  uint8_t code_value(Coder& coder, uint8_t code, size_t column);
  void add(size_t column, uint8_t code);

  std::vector<bool> negative_;
  std::vector<uint8_t> members_[2];  // codes of both classes, from 0 outwards
  std::vector<size_t> rank_;         // of each code in its class
  const MatrixOrder order_;
  Mixture zeros_;
  Mixture classes_;
  Mixture ranks_;
  // Codes of this row and the two before, with room in front of and behind them for neighbours.
  std::vector<uint8_t> row_[3];
  size_t front_;
  std::vector<uint32_t> in_column_;  // of those with a context of their own
  std::vector<uint8_t> last_in_column_;
  size_t rows_ = 0;  // begun
  uint32_t in_row_ = 0;
  uint32_t in_row_before_ = 0;
  uint32_t recent_ = 0;  // of the last 8 elements of the row, those other than 0
  uint8_t last_ = 0;     // the last code other than 0
  uint32_t contexts_[kZeroContexts] = {};
  size_t near_ = 0;
  CodeBits bits_;
};

}  // namespace sparsys::arithmetic
