// SPDX-License-Identifier: Apache-2.0
#include "golden/format/stored_parameter.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace sparsys {
namespace {

using Bytes = std::vector<uint8_t>;

// A float that is the same in every bit: 0 and -0 are not.
bool same(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

SparseLine line_of(const std::vector<uint8_t>& codes) {
  SparseLine line;
  const auto nonzeros =
      codes.size() - static_cast<size_t>(std::count(codes.begin(), codes.end(), 0));
  line.zeros.reserve(nonzeros);
  line.code.reserve(nonzeros);
  size_t next = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == 0) continue;
    line.zeros.push_back(i - next);
    line.code.push_back(codes[i]);
    next = i + 1;
  }
  return line;
}

// The same elements, column after column.
SparseLine by_columns(const SparseLine& line, uint64_t rows, uint64_t columns) {
  std::vector<size_t> start(static_cast<size_t>(columns) + 1);
  uint64_t at = 0;
  for (const uint64_t zeros : line.zeros) {
    at += zeros;
    ++start[static_cast<size_t>(at % columns) + 1];
    ++at;
  }
  for (size_t c = 1; c < start.size(); ++c) start[c] += start[c - 1];
  SparseLine sorted;
  sorted.zeros.resize(line.zeros.size());
  sorted.code.resize(line.code.size());
  at = 0;
  for (size_t k = 0; k < line.code.size(); ++k, ++at) {
    at += line.zeros[k];
    const size_t to = start[static_cast<size_t>(at % columns)]++;
    sorted.zeros[to] = at % columns * rows + at / columns;  // its place, for now
    sorted.code[to] = line.code[k];
  }
  uint64_t next = 0;
  for (uint64_t& zeros : sorted.zeros) {
    const uint64_t place = zeros;
    zeros = place - next;
    next = place + 1;
  }
  return sorted;
}

// Element i of a parameter.
float value_of(const Parameter& parameter, const SharedParameter& shared, size_t i) {
  return shared.shared() ? shared.codebook[shared.code[i]] : parameter.values[i];
}

// A parameter of more elements is never stored without its zeros as floats, which take more memory
// than codes.
constexpr size_t kMostSparse = size_t{1} << 20;

// As floats, those that are +0 left out if that is smaller.
ParameterPlan plan_floats(const Parameter& parameter, const SharedParameter& shared) {
  const size_t elements = shared.shared() ? shared.code.size() : parameter.values.size();
  ParameterPlan plan;
  plan.bytes = 4 * uint64_t{elements};
  if (elements > kMostSparse) return plan;
  uint64_t count = 0;
  uint64_t sparse = 0;
  size_t next = 0;
  for (size_t i = 0; i < elements; ++i) {
    if (same(value_of(parameter, shared, i), 0)) continue;
    ++count;
    sparse += number_size(i - next) + 4;
    next = i + 1;
    if (sparse >= plan.bytes) return plan;
  }
  sparse += number_size(count);
  if (sparse >= plan.bytes) return plan;
  plan.form = kSparse;
  plan.bytes = sparse;
  return plan;
}

void put_floats(const Parameter& parameter, const SharedParameter& shared, bool sparse,
                Bytes& out) {
  const size_t elements = shared.shared() ? shared.code.size() : parameter.values.size();
  if (!sparse) {
    for (size_t i = 0; i < elements; ++i) put_float(value_of(parameter, shared, i), out);
    return;
  }
  std::vector<size_t> places;
  for (size_t i = 0; i < elements; ++i) {
    if (!same(value_of(parameter, shared, i), 0)) places.push_back(i);
  }
  put_number(places.size(), out);
  size_t next = 0;
  for (const size_t place : places) {
    put_number(place - next, out);
    put_float(value_of(parameter, shared, place), out);
    next = place + 1;
  }
}

uint64_t codebook_bytes(const SharedParameter& shared) {
  return number_size(shared.codebook.size()) +
         4 * (shared.codebook.size() - (begins_with_zero(shared) ? 1 : 0));
}

ParameterPlan plan_shared(const Parameter& parameter, const SharedParameter& shared,
                          const StoreOptions& options) {
  ParameterPlan plan;
  plan.form = kDense;
  plan.codes = plan_codes(shared.code);
  plan.bytes = number_size(plan.codes.bytes) + plan.codes.bytes;
  const std::vector<uint8_t> classes = classes_of(shared.codebook);
  SparseLine line = line_of(shared.code);
  // An entry takes a bit at least in both streams.
  if (line.code.size() / 4 > plan.bytes) return plan;
  const uint64_t rows = rows_of(parameter.shape);
  const uint64_t columns = shared.code.size() / rows;
  for (const ParameterForm form : {kRows, kColumns}) {
    if (form == kColumns) {
      if (rows == 1 || columns == 1) break;
      line = by_columns(line, rows, columns);
    }
    EntryPlan entries = plan_entries(line, options.index_bits, &classes);
    if (entries.bytes >= plan.bytes) continue;
    plan.bytes = entries.bytes;
    plan.form = form;
    plan.entries = std::move(entries);
    plan.line = line;
  }
  return plan;
}

}  // namespace

bool begins_with_zero(const SharedParameter& shared) {
  return shared.shared() && same(shared.codebook.front(), 0.0F);
}

// Class 1 of negative values, 2 of the others.
std::vector<uint8_t> classes_of(const std::vector<float>& codebook) {
  std::vector<uint8_t> classes;
  for (const float value : codebook) classes.push_back(value < 0 ? 1 : 2);
  return classes;
}

uint64_t rows_of(const Shape& shape) {
  return shape.size() < 2 ? 1 : static_cast<uint64_t>(shape.front());
}

ParameterPlan plan_parameter(const Parameter& parameter, const SharedParameter& shared,
                             const StoreOptions& options) {
  ParameterPlan floats = plan_floats(parameter, shared);
  if (!shared.shared()) return floats;
  ParameterPlan codes = plan_shared(parameter, shared, options);
  return codes.bytes + codebook_bytes(shared) <= floats.bytes ? codes : floats;
}

void put_values(const Parameter& parameter, const SharedParameter& shared,
                const ParameterPlan& plan, Bytes& out) {
  if (plan.form == kRaw || plan.form == kSparse) {
    put_floats(parameter, shared, plan.form == kSparse, out);
  } else if (plan.form == kDense) {
    put_codes(shared.code, plan.codes, out);
  } else {
    const std::vector<uint8_t> classes = classes_of(shared.codebook);
    put_entries(plan.line, plan.entries, out, &classes);
  }
}

std::vector<float> take_sparse(PackedReader& in, uint64_t elements) {
  const uint64_t count = in.number("number of its values", 0, elements);
  std::vector<float> values(static_cast<size_t>(elements));
  uint64_t at = 0;
  for (uint64_t k = 0; k < count; ++k, ++at) {
    if (at >= elements) fail(in.place(), "value " + number(k) + " is behind the last element");
    at += in.number("zeros before a value", 0, elements - at - 1);
    values[static_cast<size_t>(at)] = in.real("a value");
  }
  return values;
}

std::vector<uint8_t> spread(const Entries& entries, uint64_t elements, uint64_t rows,
                            bool by_columns, const std::string& place) {
  std::vector<uint8_t> codes(static_cast<size_t>(elements));
  const uint64_t columns = elements / rows;
  uint64_t next = 0;
  for (size_t k = 0; k < entries.codes.size(); ++k) {
    next += entries.advance(k);
    if (next > elements) fail(place, "entry " + number(k) + " is behind the end of the matrix");
    const uint64_t at = next - 1;
    const uint64_t to = by_columns ? at % rows * columns + at / rows : at;
    codes[static_cast<size_t>(to)] = entries.codes[k];
  }
  return codes;
}

}  // namespace sparsys
