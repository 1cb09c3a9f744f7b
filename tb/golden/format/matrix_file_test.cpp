// SPDX-License-Identifier: Apache-2.0
// Matrices and topologies from outside: what is read, and what is said of files that are wrong.
#include "golden/format/matrix_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "golden/format/topology_csv.hpp"
#include "tb/support/error_of.hpp"
#include "tb/support/temporary.hpp"

namespace sparsys {
namespace {

class Files : public testing::Test {
 protected:
  std::string put(const std::string& text) {
    const std::string path = folder_.file("file");
    write_bytes(path, {text.begin(), text.end()});
    return path;
  }
  SparseMatrix matrix(const std::string& text) { return load_matrix(put(text)); }
  std::string matrix_error(const std::string& text) {
    return after_name(error_of([&] { matrix(text); }));
  }
  std::string topology_error(const std::string& text) {
    return after_name(error_of([&] { load_topology(put(text)); }));
  }
  // "3: what", without the folder's name.
  std::string after_name(const std::string& error) {
    const std::string name = folder_.file("file") + ":";
    EXPECT_EQ(error.substr(0, name.size()), name) << error;
    EXPECT_EQ(error.find('\n'), std::string::npos);
    return error.substr(std::min(name.size(), error.size()));
  }
  TemporaryFolder folder_;
};

using Numbers = std::vector<uint32_t>;
using Starts = std::vector<uint64_t>;

constexpr const char* kHead = "%%MatrixMarket matrix coordinate real general\n";

TEST_F(Files, MatrixMarketByColumnsAndByRows) {
  for (const char* order : {"1 1 2.5\n3 1 -1\n2 4 0.5\n", "1 1 2.5\n2 4 .5\n3 1 -1e0\n"}) {
    const SparseMatrix m = matrix(std::string(kHead) + "% a remark\n\n 3 4 3\n" + order);
    EXPECT_EQ(m.rows, 3U);
    EXPECT_EQ(m.columns, 4U);
    EXPECT_EQ(m.column_start, (Starts{0, 2, 2, 2, 3}));
    EXPECT_EQ(m.row, (Numbers{0, 2, 1}));
    EXPECT_EQ(m.value, (std::vector<float>{2.5F, -1, 0.5F}));
  }
  const SparseMatrix p =
      matrix("%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 1\n2 2");
  EXPECT_EQ(p.row, (Numbers{0, 1}));
  EXPECT_TRUE(p.value.empty());
  EXPECT_EQ(matrix(std::string(kHead) + "2 2 2\n1 1 0\n2 2 3\n").row, (Numbers{1}));
}

TEST_F(Files, SmtxWithAndWithoutValues) {
  const SparseMatrix m = matrix("3, 4, 4\n0 2 2 4 \n0 3 1 2 \n");
  EXPECT_EQ(m.rows, 3U);
  EXPECT_EQ(m.columns, 4U);
  EXPECT_EQ(m.column_start, (Starts{0, 1, 2, 3, 4}));
  EXPECT_EQ(m.row, (Numbers{0, 2, 2, 0}));
  EXPECT_TRUE(m.value.empty());
  EXPECT_EQ(matrix("3, 4, 4\n0 2 2 4\n0 3 1 2\n1 2 3 4\n").value, (std::vector<float>{1, 3, 4, 2}));
}

TEST_F(Files, WrongMatricesAreToldByLine) {
  const std::string head = kHead;
  const struct {
    std::string text, error;
  } cases[] = {
      {"", "0: is empty"},
      {"a matrix\n", "1: no matrix"},
      {"%%MatrixMarket matrix array real general\n", "1: a kind of matrix that is not read"},
      {"%%MatrixMarket matrix coordinate real symmetric\n", "1: a kind of matrix"},
      {head, "1: ends, expected rows, columns"},
      {head + "0 3 0\n", "2: '0', expected the number of rows, 1 to "},
      {head + "3 3\n", "2: ends, expected the number of non-zeros"},
      {head + "3 3 10\n", "2: '10', expected the number of non-zeros, 0 to 9"},
      {head + "3 3 -1\n", "2: '-1', expected the number of non-zeros"},
      {head + "3 3 2\n1 1 1\n", "3: ends behind 1 non-zeros, expected 2"},
      {head + "3 3 2\n1 1 1\n2\n", "4: ends, expected a column"},
      {head + "3 3 2\n1 1 1\n2 2\n", "4: ends, expected a value"},
      {head + "3 3 1\n1 1 one\n", "3: 'one', expected a value"},
      {head + "3 3 1\n1 1 1 1\n", "3: '1', expected the line's end"},
      {head + "3 3 1\n1 1 1\n2 2 1\n", "4: goes on, expected 1 non-zeros"},
      {head + "3 3 1\n4 1 1\n", "3: '4', expected a row, 1 to 3"},
      {head + "3 3 1\n1 4 1\n", "3: '4', expected a column, 1 to 3"},
      {head + "3 3 1\n0 1 1\n", "3: '0', expected a row, 1 to 3"},
      {head + "3 3 1\n1 0 1\n", "3: '0', expected a column, 1 to 3"},
      {head + "3 3 2\n1 2 1\n1 2 1\n", "4: row 1, column 2 stands twice"},
      {head + "3 3 3\n1 1 1\n3 2 1\n2 1 1\n", "5: row 2, column 1 is not in order"},
      {"3, 3\n", "1: ends, expected the number of non-zeros"},
      {"3, 3, 2\n", "1: ends, expected a line with the rows' beginnings"},
      {"3, 3, 2\n0 1 2\n0 1\n", "2: ends, expected the beginning of a row"},
      {"3, 3, 2\n1 1 2 2\n0 1\n", "2: beginning 0 of a row is 1"},
      {"3, 3, 2\n0 2 1 2\n0 1\n", "2: beginning 2 of a row is 1"},
      {"3, 3, 2\n0 1 1 1\n0 1\n", "2: the last row ends at 1, expected 2"},
      {"3, 3, 2\n0 1 2 2\n", "2: ends, expected a line with the columns"},
      {"3, 3, 2\n0 1 2 2\n0\n", "3: ends, expected a column"},
      {"3, 3, 2\n0 1 2 2\n0 3\n", "3: '3', expected a column, 0 to 2"},
      {"3, 3, 2\n0 2 2 2\n1 0\n", "3: row 0, column 0 is not in order"},
      {"3, 3, 2\n0 2 2 2\n1 1\n", "3: row 0, column 1 stands twice"},
      {"3, 3, 2\n0 1 2 2\n0 1 2\n", "3: '2', expected the line's end"},
      {"3, 3, 2\n0 1 2 2\n0 1\n1\n", "4: ends, expected a value"},
      {"3, 3, 2\n0 1 2 2\n0 1\n1 2\n3\n", "5: goes on"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(matrix_error(one.text).substr(0, one.error.size()), one.error) << one.text;
  }
}

TEST_F(Files, Vectors) {
  EXPECT_EQ(load_vector(put("1\n-2.5\n\n3e2\n"), 3), (std::vector<double>{1, -2.5, 300}));
  EXPECT_EQ(after_name(error_of([&] { load_vector(put("1\n2\n"), 3); })),
            "2: ends behind 2 numbers, expected 3");
  EXPECT_EQ(after_name(error_of([&] { load_vector(put("1\n2\n3\n"), 2); })),
            "3: goes on, expected 2 numbers");
  EXPECT_EQ(after_name(error_of([&] { load_vector(put("1\nx\n"), 2); })),
            "2: 'x', expected a number");
}

TEST_F(Files, Topologies) {
  const std::vector<TopologyLayer> conv = load_topology(put(
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
      "Strides,\nConv 1,\t224, 224, 7, 7, 3, 64, 2,\n\n"));
  ASSERT_EQ(conv.size(), 1U);
  EXPECT_TRUE(conv[0].convolution);
  EXPECT_EQ(conv[0].name, "Conv 1");
  EXPECT_EQ(conv[0].filter_height, 7U);
  EXPECT_EQ(conv[0].filters, 64U);
  EXPECT_EQ(conv[0].stride, 2U);
  const std::vector<TopologyLayer> gemm = load_topology(put("Layer, M, N, K,\nFC, 8, 16, 32\n"));
  ASSERT_EQ(gemm.size(), 1U);
  EXPECT_EQ(gemm[0].m, 8U);
  EXPECT_EQ(gemm[0].n, 16U);
  EXPECT_EQ(gemm[0].k, 32U);
  EXPECT_EQ(topology_error(""), "0: is empty, expected a line with the names of the fields");
  EXPECT_EQ(topology_error("a, b\n").substr(0, 12), "1: 2 fields,");
  EXPECT_EQ(topology_error("Layer, M, N, K,\n"), "1: ends, expected a layer");
  EXPECT_EQ(topology_error("Layer, M, N, K,\nFC, 8, 16\n"), "2: 3 fields, expected 4");
  EXPECT_EQ(topology_error("Layer, M, N, K,\nFC, 8, 16, 0\n"), "2: K is 0, expected 1 or more");
  EXPECT_EQ(topology_error("Layer, M, N, K,\nFC, 8, x, 9\n").substr(0, 7), "2: 'x',");
}

}  // namespace
}  // namespace sparsys
