// SPDX-License-Identifier: Apache-2.0
// Sparse matrices from outside: Matrix Market (Boisvert 1996; "matrix coordinate ... general") and
// the .smtx files of the Deep Learning Matrix Collection (Gale 2020), with values or the pattern
// alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sparsys {

// By columns: the non-zeros of column j are row[k] (and value[k]) for column_start[j] <= k <
// column_start[j + 1], rows strictly rising. Values of 0 that a file states are left out.
struct SparseMatrix {
  uint32_t rows = 0;
  uint32_t columns = 0;
  std::vector<uint64_t> column_start;
  std::vector<uint32_t> row;
  std::vector<float> value;  // empty: pattern only
};

// The kind is told from the contents. Throws Error "FILE:LINE: ..." if the file is cut, its numbers
// do not fit its sizes, or its non-zeros are not sorted (Matrix Market: by rows or by columns),
// stand twice or outside of the matrix.
SparseMatrix load_matrix(const std::string& path);

// A number a line, `size` of them. Throws Error "FILE:LINE: ...".
std::vector<double> load_vector(const std::string& path, uint64_t size);

}  // namespace sparsys
