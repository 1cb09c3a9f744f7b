// SPDX-License-Identifier: Apache-2.0
#include "golden/format/arithmetic/code_matrix.hpp"

#include <algorithm>

namespace sparsys::arithmetic {
namespace {

constexpr uint32_t kLevels = 12;

// 0, 1, 2, 3, 4, 5..6, 7..9, 10..14, 15..24, 25..49, 50..99, 100 and more.
uint32_t level(uint64_t count) {
  constexpr uint64_t kLeast[] = {1, 2, 3, 4, 5, 7, 10, 15, 25, 50, 100};
  uint32_t found = 0;
  for (const uint64_t least : kLeast) found += count >= least ? 1 : 0;
  return found;
}

// How full a row or column is: count of `seen` elements, in steps of factors of 1.5 or so.
constexpr uint32_t kFills = 16;
uint32_t fill(uint64_t count, uint64_t seen) {
  // Shares of 1/256 and more by the count that they are.
  const uint64_t share = 1024 * (2 * count + 1) / (2 * seen + 16);
  constexpr uint64_t kLeast[] = {2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 450, 650};
  uint32_t found = 0;
  for (const uint64_t least : kLeast) found += share >= least ? 1 : 0;
  return found;
}

constexpr size_t kNear = 6;
constexpr size_t kMostRanks = 256;

// Columns that have a context of their own: none of a lone row.
size_t column_contexts(const MatrixOrder& order) {
  constexpr size_t kMost = 1U << 16;
  return order.rows == 1 ? 1 : std::min(order.columns, kMost);
}

}  // namespace

CodeMatrix::CodeMatrix(const std::vector<bool>& negative, const MatrixOrder& order)
    : negative_(negative),
      rank_(negative.size(), 0),
      order_(order),
      zeros_({column_contexts(order), 256, size_t{kFills} * kFills * 4, size_t{kFills} * kFills * 2,
              size_t{kFills} * kFills, size_t{9} * kFills * 6, size_t{kFills} * kLevels * 2},
             kNear),
      classes_({27 * 3, 3 * 3, column_contexts(order) * 3, 1}, 1),
      ranks_({2 * kMostRanks, 2 * kMostRanks * 16, 2 * kMostRanks * kFills}, 1),
      front_(order.stride + 2),
      in_column_(column_contexts(order), 0),
      last_in_column_(column_contexts(order), 0) {
  for (size_t k = 1; k < negative_.size(); ++k) {
    std::vector<uint8_t>& members = members_[negative_[k] ? 0 : 1];
    members.push_back(static_cast<uint8_t>(k));
  }
  std::reverse(members_[0].begin(), members_[0].end());
  for (const std::vector<uint8_t>& members : members_) {
    for (size_t r = 0; r < members.size(); ++r) rank_[members[r]] = r;
  }
  for (std::vector<uint8_t>& row : row_) row.assign(front_ + order.columns + 2, 0);
}

void CodeMatrix::begin_row() {
  std::swap(row_[2], row_[1]);
  std::swap(row_[1], row_[0]);
  std::fill(row_[0].begin(), row_[0].end(), uint8_t{0});
  if (rows_++ > 0) in_row_before_ = in_row_;
  in_row_ = 0;
  recent_ = 0;
}

void CodeMatrix::find_contexts(size_t column) {
  const uint8_t* const here = row_[0].data() + front_ + column;
  const uint8_t* const above = row_[1].data() + front_ + column;
  const uint8_t* const above2 = row_[2].data() + front_ + column;
  const size_t s = order_.stride;
  const auto some = [](uint8_t code) { return code != 0 ? 1U : 0U; };
  const uint32_t left = some(here[-1]);
  const uint32_t left2 = some(here[-2]);
  const uint32_t before = s > 1 ? some(*(here - s)) : 0U;
  const uint32_t before_left = s > 1 ? some(*(here - s - 1)) : 0U;
  const uint32_t before_right = s > 1 ? some(*(here - s + 1)) : 0U;
  const uint32_t up = some(above[0]);
  const uint32_t up2 = some(above2[0]);
  const uint32_t beside = some(above[-1]) + some(above[1]);
  const uint64_t seen = rows_ - 1;
  const size_t kept = in_column_.size();
  const uint32_t in_column = fill(in_column_[column % kept], seen);
  uint64_t around = 0;
  uint64_t around_seen = 0;
  const auto look = [&](size_t at) {
    around += in_column_[at % kept];
    around_seen += seen;
  };
  if (column > 0) look(column - 1);
  if (column + 1 < order_.columns) look(column + 1);
  if (s > 1 && column >= s) look(column - s);
  if (s > 1 && column + s < order_.columns) look(column + s);
  const uint32_t in_around = fill(around, around_seen);
  // Of this row what has been seen, with a part of the row before.
  const uint64_t columns = order_.columns;
  const uint32_t in_row = fill(in_row_, column);
  const uint32_t in_rows =
      fill(4 * uint64_t{in_row_} + in_row_before_, 4 * column + (rows_ > 1 ? columns : 0));
  const uint32_t near = left + before + up + (left2 + before_left + before_right + beside + 1) / 2;
  near_ = std::min<size_t>(near, kNear - 1);
  contexts_[0] = static_cast<uint32_t>(column % kept);
  contexts_[1] = left | left2 << 1 | before << 2 | before_left << 3 | before_right << 4 | up << 5 |
                 up2 << 6 | (beside != 0 ? 128U : 0U);
  contexts_[2] = (in_column * kFills + in_row) * 4 + std::min<uint32_t>(near, 3);
  contexts_[3] = (in_around * kFills + in_rows) * 2 + left;
  contexts_[4] = in_column * kFills + in_around;
  contexts_[5] =
      (std::min<uint32_t>(recent_, 8) * kFills + in_rows) * 6 + static_cast<uint32_t>(near_);
  contexts_[6] = (fill(in_row_before_, columns) * kLevels + level(in_row_)) * 2 + up;
}

void CodeMatrix::add(size_t column, uint8_t code) {
  uint8_t* const here = row_[0].data() + front_ + column;
  *here = code;
  if (code != 0) {
    ++in_row_;
    ++in_column_[column % in_column_.size()];
    last_in_column_[column % in_column_.size()] = code;
    last_ = code;
    ++recent_;
  }
  if (column >= 8 && *(here - 8 + 0) != 0 && recent_ > 0) --recent_;
}

template <typename Coder>
uint8_t CodeMatrix::code_value(Coder& coder, uint8_t code, size_t column) {
  const uint8_t* const here = row_[0].data() + front_ + column;
  const uint8_t* const above = row_[1].data() + front_ + column;
  int which = 1;
  if (members_[0].empty() || members_[1].empty()) {
    which = members_[0].empty() ? 1 : 0;
  } else {
    const int left = class_of(here[-1]);
    const int before = order_.stride > 1 ? class_of(*(here - order_.stride)) : 0;
    const int up = class_of(above[0]);
    const int last = class_of(last_);
    const size_t kept = column % last_in_column_.size();
    const int column_last = class_of(last_in_column_[kept]);
    const uint32_t contexts[kClassContexts] = {
        static_cast<uint32_t>(((left * 3 + before) * 3 + up) * 3 + last),
        static_cast<uint32_t>(column_last * 3 + last),
        static_cast<uint32_t>(kept * 3 + static_cast<size_t>(column_last)), 0};
    which = classes_.code(coder, negative_[code] ? 0 : 1, contexts, 0);
  }
  const std::vector<uint8_t>& members = members_[which];
  const size_t rank = rank_[code];
  const auto last_rank = static_cast<uint32_t>(std::min<size_t>(rank_[last_], 15));
  const uint32_t in_row = fill(in_row_, column);
  size_t at = 0;
  for (; at + 1 < members.size(); ++at) {
    const auto step = static_cast<uint32_t>(static_cast<size_t>(which) * kMostRanks + at);
    const uint32_t contexts[kRankContexts] = {step, step * 16 + last_rank, step * kFills + in_row};
    if (ranks_.code(coder, at == rank ? 1 : 0, contexts, 0) != 0) break;
  }
  return members[at];
}

template <typename Coder>
void CodeMatrix::code(Coder& coder, std::vector<uint8_t>& code) {
  const bool has_values = negative_.size() > 1;
  for (size_t r = 0; r < order_.rows; ++r) {
    begin_row();
    for (size_t c = 0; c < order_.columns; ++c) {
      uint8_t& element = code[r * order_.row_step + c * order_.column_step];
      if (!has_values) {
        element = 0;
        continue;
      }
      find_contexts(c);
      uint8_t coded = 0;
      if (zeros_.code(coder, element != 0 ? 1 : 0, contexts_, near_) != 0) {
        coded = code_value(coder, element, c);
      }
      element = coded;
      add(c, coded);
    }
  }
  bits_ = {zeros_.bits(), classes_.bits() + ranks_.bits()};
}

template void CodeMatrix::code(BitEncoder& coder, std::vector<uint8_t>& code);
template void CodeMatrix::code(BitDecoder& coder, std::vector<uint8_t>& code);

}  // namespace sparsys::arithmetic
