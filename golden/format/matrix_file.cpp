// SPDX-License-Identifier: Apache-2.0
#include "golden/format/matrix_file.hpp"

#include <algorithm>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/text_lines.hpp"
#include "golden/network/check.hpp"

namespace sparsys {
namespace {

struct Place {
  uint32_t row, column;
  float value;
};

std::string text(uint32_t row, uint32_t column) {
  return "row " + std::to_string(row) + ", column " + std::to_string(column);
}

// `places` sorted by columns or by rows.
SparseMatrix by_columns(uint32_t rows, uint32_t columns, std::vector<Place> places, bool values) {
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.column != b.column ? a.column < b.column : a.row < b.row;
  });
  SparseMatrix matrix;
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.column_start.assign(size_t{columns} + 1, 0);
  for (const Place& place : places) {
    if (values && place.value == 0) continue;
    ++matrix.column_start[size_t{place.column} + 1];
    matrix.row.push_back(place.row);
    if (values) matrix.value.push_back(place.value);
  }
  for (size_t j = 0; j < columns; ++j) matrix.column_start[j + 1] += matrix.column_start[j];
  return matrix;
}

uint32_t size_of(TextLines& file, const char* what) {
  return static_cast<uint32_t>(file.count(what, kMaxVector, ',', 1));
}

SparseMatrix matrix_market(TextLines& file) {
  std::string_view word, kind, field, symmetry;
  file.word(word);
  file.word(word);
  file.word(kind);
  if (!file.word(field) || !file.word(symmetry) || word != "matrix" || kind != "coordinate" ||
      (field != "real" && field != "integer" && field != "pattern") || symmetry != "general") {
    file.fail(
        "a kind of matrix that is not read, expected \"matrix coordinate real, integer or pattern "
        "general\"");
  }
  const bool values = field != "pattern";
  do {
    if (!file.next()) file.fail("ends, expected rows, columns and number of non-zeros");
  } while (file.line().empty() || file.line()[0] == '%');
  const uint32_t rows = size_of(file, "the number of rows");
  const uint32_t columns = size_of(file, "the number of columns");
  const uint64_t count = file.count("the number of non-zeros", uint64_t{rows} * columns);
  file.end();
  std::vector<Place> places;
  bool row_order = true;
  bool column_order = true;
  while (places.size() < count) {
    if (!file.next()) {
      file.fail("ends behind " + std::to_string(places.size()) + " non-zeros, expected " +
                std::to_string(count));
    }
    if (file.line().empty()) continue;
    Place place{};
    place.row = static_cast<uint32_t>(file.count("a row", rows, ' ', 1));
    place.column = static_cast<uint32_t>(file.count("a column", columns, ' ', 1));
    place.value = values ? static_cast<float>(file.real("a value")) : 1;
    file.end();
    if (!places.empty()) {
      const Place& before = places.back();
      const auto order = [](uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
        return a < c || (a == c && b < d);
      };
      if (before.row + 1 == place.row && before.column + 1 == place.column) {
        file.fail(text(place.row, place.column) + " stands twice");
      }
      row_order &= order(before.row + 1, before.column + 1, place.row, place.column);
      column_order &= order(before.column + 1, before.row + 1, place.column, place.row);
      if (!row_order && !column_order) {
        file.fail(text(place.row, place.column) +
                  " is not in order, expected rising rows or rising columns, each once");
      }
    }
    --place.row;
    --place.column;
    places.push_back(place);
  }
  while (file.next()) {
    if (!file.line().empty()) {
      file.fail("goes on, expected " + std::to_string(count) + " non-zeros");
    }
  }
  return by_columns(rows, columns, std::move(places), values);
}

// Line 1: rows, columns, non-zeros; 2: where each row begins; 3: columns; 4, if there: values.
SparseMatrix smtx(TextLines& file) {
  const uint32_t rows = size_of(file, "the number of rows");
  const uint32_t columns = size_of(file, "the number of columns");
  const uint64_t count = file.count("the number of non-zeros", uint64_t{rows} * columns, ',');
  file.end();
  if (!file.next()) file.fail("ends, expected a line with the rows' beginnings");
  std::vector<uint64_t> start;
  for (uint64_t i = 0; i <= rows; ++i) {
    start.push_back(file.count("the beginning of a row", count));
    if (i == 0 ? start[0] != 0 : start[i] < start[i - 1]) {
      file.fail("beginning " + std::to_string(i) + " of a row is " + std::to_string(start[i]) +
                ", expected rising numbers from 0");
    }
  }
  if (start.back() != count) {
    file.fail("the last row ends at " + std::to_string(start.back()) + ", expected " +
              std::to_string(count));
  }
  file.end();
  if (!file.next() && count > 0) file.fail("ends, expected a line with the columns");
  std::vector<Place> places;
  for (uint32_t i = 0; i < rows; ++i) {
    for (uint64_t k = start[i]; k < start[i + 1]; ++k) {
      Place place{i, static_cast<uint32_t>(file.count("a column", columns - 1)), 1};
      if (k > start[i] && place.column <= places.back().column) {
        file.fail(text(i, place.column) +
                  (place.column == places.back().column
                       ? " stands twice"
                       : " is not in order, expected rising columns in a row"));
      }
      places.push_back(place);
    }
  }
  file.end();
  bool values = false;
  while (file.next()) {
    if (file.line().empty()) continue;
    if (values) file.fail("goes on, expected four lines at most");
    values = true;
    for (Place& place : places) place.value = static_cast<float>(file.real("a value"));
    file.end();
  }
  return by_columns(rows, columns, std::move(places), values);
}

}  // namespace

SparseMatrix load_matrix(const std::string& path) {
  TextLines file(path);
  if (!file.next()) file.fail("is empty, expected a matrix");
  const std::string_view first = file.line();
  if (first.substr(0, 14) == "%%MatrixMarket") return matrix_market(file);
  if (first.empty() || first[0] < '0' || first[0] > '9') {
    file.fail("no matrix, expected %%MatrixMarket or rows, columns and number of non-zeros");
  }
  return smtx(file);
}

std::vector<double> load_vector(const std::string& path, uint64_t size) {
  TextLines file(path);
  std::vector<double> values;
  while (file.next()) {
    if (file.line().empty()) continue;
    if (values.size() == size) file.fail("goes on, expected " + std::to_string(size) + " numbers");
    values.push_back(file.real("a number"));
    file.end();
  }
  if (values.size() != size) {
    file.fail("ends behind " + std::to_string(values.size()) + " numbers, expected " +
              std::to_string(size));
  }
  return values;
}

}  // namespace sparsys
