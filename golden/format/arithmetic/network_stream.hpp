// SPDX-License-Identifier: Apache-2.0
// The parts of a stored network in one arithmetic stream (docs: golden/format/stored_network.hpp),
// coded and decoded by the same lines: NetworkStream<BitEncoder> writes what it is given,
// NetworkStream<BitDecoder> fills it in.
//
//   bytes      their number (below), and they: each bit from the one to three bytes before it
//   floats     5 bits: how many bits of the mantissa follow in each; of each: whether it is +0, and
//              if not sign, exponent and these bits
//   codes      whether columns of the matrix are its rows; the stride less 1 in 8 bits; the codes
//              (golden/format/arithmetic/code_matrix.hpp)
//   number     n, as 6 bits of how many bits n + 1 has behind its first, and these
#pragma once

#include <cstdint>
#include <vector>

#include "golden/format/arithmetic/bit_coder.hpp"
#include "golden/format/arithmetic/code_matrix.hpp"
#include "golden/format/arithmetic/mixture.hpp"

namespace sparsys::arithmetic {

// How a matrix of codes is passed through.
struct MatrixPath {
  bool by_columns = false;
  unsigned stride = 1;  // 1 to 256, at most as many as there are elements in a row
};

template <typename Coder>
class NetworkStream {
 public:
  explicit NetworkStream(Coder& coder) : coder_(coder) {}

  uint64_t number(uint64_t value);
  // Of a decoder, Error if there are more than `most`.
  void bytes(std::vector<uint8_t>& bytes, uint64_t most);
  // As many as `values` has. Returns the bits.
  double floats(float* values, size_t count);
  // code has rows x columns elements, negative as CodeMatrix takes it. A decoder finds
  // the path; Error if it does not fit.
  CodeBits codes(std::vector<uint8_t>& code, size_t rows, const std::vector<bool>& negative,
                 MatrixPath& path);

 private:
  int even(int bit);
  uint64_t plain(uint64_t value, unsigned bits);
  int adaptive(Adaptive& cell, int bit);

  Coder& coder_;
  // What has been learnt of floats, over the whole stream.
  Adaptive zero_[2];
  Adaptive sign_[2];
  Adaptive exponent_[256];
  double bits_ = 0;
};

// The path on which the codes take least, of those that are tried: in large matrices fewer.
MatrixPath best_path(const std::vector<uint8_t>& code, size_t rows,
                     const std::vector<bool>& negative, size_t kernel);

}  // namespace sparsys::arithmetic
