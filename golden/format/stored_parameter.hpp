// SPDX-License-Identifier: Apache-2.0
// The values of one parameter in a stored model (golden/format/stored_network.hpp): in which form
// they are smallest, and that form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "golden/format/arithmetic/network_stream.hpp"
#include "golden/format/entry_stream.hpp"
#include "golden/format/packed_bytes.hpp"
#include "golden/format/stored_model.hpp"
#include "golden/network/shared_network.hpp"

namespace sparsys {

// Of a parameter; kZeroFirst is added to those with codes.
enum ParameterForm : uint8_t {
  kRaw = 0,
  kDense = 1,
  kRows = 2,
  kColumns = 3,
  kSparse = 4,
  kZeroFirst = 4
};

// Whether value 0 of the codebook is +0, which is not written.
bool begins_with_zero(const SharedParameter& shared);

// How a parameter is stored best.
struct ParameterPlan {
  uint8_t form = 0;
  SparseLine line;    // forms 2 and 3
  EntryPlan entries;  // forms 2 and 3
  StreamPlan codes;   // form 1
  // In an arithmetic stream, where forms are 0 and 1.
  bool arithmetic = false;
  arithmetic::MatrixPath path;
  arithmetic::CodeBits bits;
  uint64_t bytes = 0;
  uint64_t head_bytes = 0;  // name, shape, form, codebook
};

// Values below 0 and others follow each other differently: contexts of entries' codes.
std::vector<uint8_t> classes_of(const std::vector<float>& codebook);
// Rows of the matrix that a parameter's codes are; elements of a row follow each other.
uint64_t rows_of(const Shape& shape);

ParameterPlan plan_parameter(const Parameter& parameter, const SharedParameter& shared,
                             const StoreOptions& options);
// What stands behind the codebook, or behind the form if there is none.
void put_values(const Parameter& parameter, const SharedParameter& shared,
                const ParameterPlan& plan, std::vector<uint8_t>& out);

// Takes back form 4. Throws Error as PackedReader.
std::vector<float> take_sparse(PackedReader& in, uint64_t elements);
// Codes of all elements from those of entries. Throws Error "<place>: ..." if there are too many.
std::vector<uint8_t> spread(const Entries& entries, uint64_t elements, uint64_t rows,
                            bool by_columns, const std::string& place);

}  // namespace sparsys
