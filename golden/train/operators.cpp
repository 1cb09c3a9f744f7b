// SPDX-License-Identifier: Apache-2.0
#include "golden/train/operators.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <vector>

namespace sparsys {
namespace {

using Eigen::Index;
using Eigen::Map;
using Eigen::MatrixXf;
using Strided = Map<MatrixXf, 0, Eigen::OuterStride<>>;
using ConstStrided = Map<const MatrixXf, 0, Eigen::OuterStride<>>;

// Elements of the matrix that a convolution is turned into: half a megabyte stays in the cache.
constexpr int64_t kColumnElements = int64_t{1} << 17;

// Memory that a thread keeps for its next use. Aligned in the same way always, as results of
// vectorised sums may depend on it.
float* scratch(Eigen::VectorXf& memory, int64_t count) {
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

int64_t depth_of(const Sliding& s) {
  return s.channels / s.group * s.window.kernel[0] * s.window.kernel[1];
}

// Rows of the output that are worked on at once.
int64_t rows_at_once(const Sliding& s, int64_t samples) {
  const int64_t row = s.out_width * samples * depth_of(s);
  return std::min(s.out_height, std::max<int64_t>(1, kColumnElements / row));
}

// Output positions 0 .. out - 1 whose tap at `offset` from the window's start lies inside.
struct Range {
  int64_t first;
  int64_t last;  // one behind
};

Range inside(int64_t out, int64_t size, int64_t stride, int64_t pad, int64_t offset) {
  // 0 <= i * stride - pad + offset < size
  const int64_t low = pad - offset;
  const int64_t high = size + pad - offset;
  const int64_t first = low <= 0 ? 0 : (low + stride - 1) / stride;
  const int64_t last = high <= 0 ? 0 : (high + stride - 1) / stride;
  const int64_t end = std::min(out, last);
  return {std::min(first, end), end};
}

// Calls run(row of the output, column of it, count of columns, offset in x) for all places where a
// tap of the window meets the image; columns one after the other if the stride is 1, else each.
template <typename Run>
void for_tap(const Sliding& s, int64_t channel, int64_t ky, int64_t kx, int64_t first_row,
             int64_t last_row, const Run& run) {
  const Window& w = s.window;
  const int64_t dy = ky * w.dilation[0];
  const int64_t dx = kx * w.dilation[1];
  Range rows = inside(s.out_height, s.height, w.stride[0], w.pad[0], dy);
  const Range columns = inside(s.out_width, s.width, w.stride[1], w.pad[1], dx);
  if (columns.first >= columns.last) return;
  rows.first = std::max(rows.first, first_row);
  rows.last = std::min(rows.last, last_row);
  for (int64_t r = rows.first; r < rows.last; ++r) {
    const int64_t line = (channel * s.height + r * w.stride[0] - w.pad[0] + dy) * s.width;
    if (w.stride[1] == 1) {
      run(r, columns.first, columns.last - columns.first, line + columns.first - w.pad[1] + dx);
    } else {
      for (int64_t c = columns.first; c < columns.last; ++c) {
        run(r, c, 1, line + c * w.stride[1] - w.pad[1] + dx);
      }
    }
  }
}

// Calls run(row of the output, column of it, part) for all places: `part` is one over the number of
// taps that lie inside.
template <typename Run>
void for_place(const Sliding& s, const Run& run) {
  const Window& w = s.window;
  std::vector<int64_t> rows(static_cast<size_t>(s.out_height));
  std::vector<int64_t> columns(static_cast<size_t>(s.out_width));
  const auto count = [](std::vector<int64_t>& counts, int64_t size, int64_t kernel, int64_t stride,
                        int64_t pad) {
    for (int64_t i = 0; i < static_cast<int64_t>(counts.size()); ++i) {
      const int64_t first = i * stride - pad;
      counts[static_cast<size_t>(i)] = std::min(size, first + kernel) - std::max<int64_t>(0, first);
    }
  };
  count(rows, s.height, w.kernel[0], w.stride[0], w.pad[0]);
  count(columns, s.width, w.kernel[1], w.stride[1], w.pad[1]);
  for (int64_t r = 0; r < s.out_height; ++r) {
    for (int64_t c = 0; c < s.out_width; ++c) {
      run(r, c,
          1.0F /
              static_cast<float>(rows[static_cast<size_t>(r)] * columns[static_cast<size_t>(c)]));
    }
  }
}

// Rows of the output from `first` up to `last` in a group of a convolution.
struct Piece {
  int64_t group;
  int64_t first;
  int64_t last;
  Index outputs;  // of the group
  Index weights;  // where the group's begin
  Index values;   // where those of its outputs begin, one output `stride` behind the other
  Eigen::OuterStride<> stride;
};

// Calls body(piece, memory) for all pieces: a row of the memory is a position of a sample, a column
// a tap of an input channel.
template <typename Body>
void for_pieces(const Sliding& s, int64_t samples, const Body& body) {
  thread_local Eigen::VectorXf memory;
  const Index depth = depth_of(s);
  const Index outputs = s.outputs / s.group;
  const Index line = s.out_width * samples;
  const int64_t rows = rows_at_once(s, samples);
  float* columns = scratch(memory, rows * line * depth);
  for (int64_t g = 0; g < s.group; ++g) {
    for (int64_t first = 0; first < s.out_height; first += rows) {
      const int64_t last = std::min(s.out_height, first + rows);
      const Index plane = s.out_height * line;
      body(Piece{g, first, last, outputs, g * outputs * depth, g * outputs * plane + first * line,
                 Eigen::OuterStride<>(plane)},
           Map<MatrixXf>(columns, (last - first) * line, depth));
    }
  }
}

// A column per tap of each input channel of the group, a row per position and sample.
void to_columns(const Sliding& s, const float* x, int64_t group, int64_t first_row,
                int64_t last_row, float* columns, int64_t samples) {
  const int64_t channels = s.channels / s.group;
  const int64_t length = (last_row - first_row) * s.out_width * samples;
  const bool padded =
      std::any_of(s.window.pad.begin(), s.window.pad.end(), [](int64_t pad) { return pad != 0; });
  for (int64_t c = group * channels; c < (group + 1) * channels; ++c) {
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx) {
        if (padded) std::fill_n(columns, length, 0.0F);
        for_tap(s, c, ky, kx, first_row, last_row,
                [&](int64_t row, int64_t column, int64_t count, int64_t from) {
                  std::copy_n(x + from * samples, count * samples,
                              columns + ((row - first_row) * s.out_width + column) * samples);
                });
        columns += length;
      }
    }
  }
}

void add_columns(const Sliding& s, const float* columns, int64_t group, int64_t first_row,
                 int64_t last_row, float* dx, int64_t samples) {
  const int64_t channels = s.channels / s.group;
  const int64_t length = (last_row - first_row) * s.out_width * samples;
  for (int64_t c = group * channels; c < (group + 1) * channels; ++c) {
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx) {
        for_tap(s, c, ky, kx, first_row, last_row,
                [&](int64_t row, int64_t column, int64_t count, int64_t to) {
                  const float* in = columns + ((row - first_row) * s.out_width + column) * samples;
                  float* out = dx + to * samples;
                  for (int64_t i = 0; i < count * samples; ++i) out[i] += in[i];
                });
        columns += length;
      }
    }
  }
}

}  // namespace

void convolve(const Sliding& s, const float* x, const float* weights, float* y, int64_t samples) {
  for_pieces(s, samples, [&](const Piece& piece, Map<MatrixXf> columns) {
    const Map<const MatrixXf> w(weights + piece.weights, columns.cols(), piece.outputs);
    to_columns(s, x, piece.group, piece.first, piece.last, columns.data(), samples);
    Strided out(y + piece.values, columns.rows(), piece.outputs, piece.stride);
    out.noalias() += columns * w;
  });
}

void convolve_back(const Sliding& s, const float* x, const float* weights, const float* dy,
                   float* weight_gradient, float* dx, int64_t samples) {
  for_pieces(s, samples, [&](const Piece& piece, Map<MatrixXf> columns) {
    const Map<const MatrixXf> w(weights + piece.weights, columns.cols(), piece.outputs);
    const ConstStrided delta(dy + piece.values, columns.rows(), piece.outputs, piece.stride);
    if (weight_gradient != nullptr) {
      Map<MatrixXf> dw(weight_gradient + piece.weights, columns.cols(), piece.outputs);
      if (piece.first == 0) dw.setZero();
      to_columns(s, x, piece.group, piece.first, piece.last, columns.data(), samples);
      dw.noalias() += columns.transpose() * delta;
    }
    if (dx == nullptr) return;
    columns.noalias() = delta * w.transpose();
    add_columns(s, columns.data(), piece.group, piece.first, piece.last, dx, samples);
  });
}

void max_pool(const Sliding& s, const float* x, float* y, int32_t* choice, int64_t samples) {
  const int64_t plane = s.out_height * s.out_width * samples;
  std::fill_n(y, s.channels * plane, std::numeric_limits<float>::lowest());
  if (choice != nullptr) std::fill_n(choice, s.channels * plane, -1);
  for (int64_t c = 0; c < s.channels; ++c) {
    int32_t tap = 0;
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx, ++tap) {
        for_tap(s, c, ky, kx, 0, s.out_height,
                [&](int64_t row, int64_t column, int64_t count, int64_t from) {
                  const int64_t at = c * plane + (row * s.out_width + column) * samples;
                  const float* in = x + from * samples;
                  float* best = y + at;
                  if (choice == nullptr) {
                    for (int64_t i = 0; i < count * samples; ++i) {
                      best[i] = in[i] > best[i] ? in[i] : best[i];
                    }
                    return;
                  }
                  int32_t* chosen = choice + at;
                  for (int64_t i = 0; i < count * samples; ++i) {
                    // Below zero: a first tap counts even if it holds the lowest of all numbers.
                    const bool larger = (in[i] > best[i]) | (chosen[i] < 0);
                    best[i] = larger ? in[i] : best[i];
                    chosen[i] = larger ? tap : chosen[i];
                  }
                });
      }
    }
  }
}

void max_pool_back(const Sliding& s, const float* dy, const int32_t* choice, float* dx,
                   int64_t samples) {
  const int64_t plane = s.out_height * s.out_width * samples;
  for (int64_t c = 0; c < s.channels; ++c) {
    int32_t tap = 0;
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx, ++tap) {
        for_tap(s, c, ky, kx, 0, s.out_height,
                [&](int64_t row, int64_t column, int64_t count, int64_t to) {
                  const int64_t at = c * plane + (row * s.out_width + column) * samples;
                  const float* delta = dy + at;
                  const int32_t* chosen = choice + at;
                  float* out = dx + to * samples;
                  for (int64_t i = 0; i < count * samples; ++i) {
                    out[i] += chosen[i] == tap ? delta[i] : 0.0F;
                  }
                });
      }
    }
  }
}

void average_pool(const Sliding& s, const float* x, float* y, int64_t samples) {
  const int64_t plane = s.out_height * s.out_width * samples;
  std::fill_n(y, s.channels * plane, 0.0F);
  for (int64_t ch = 0; ch < s.channels; ++ch) {
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx) {
        for_tap(s, ch, ky, kx, 0, s.out_height,
                [&](int64_t row, int64_t column, int64_t count, int64_t from) {
                  const float* in = x + from * samples;
                  float* sum = y + ch * plane + (row * s.out_width + column) * samples;
                  for (int64_t i = 0; i < count * samples; ++i) sum[i] += in[i];
                });
      }
    }
  }
  for_place(s, [&](int64_t row, int64_t column, float part) {
    for (int64_t ch = 0; ch < s.channels; ++ch) {
      float* mean = y + ch * plane + (row * s.out_width + column) * samples;
      for (int64_t i = 0; i < samples; ++i) mean[i] *= part;
    }
  });
}

void average_pool_back(const Sliding& s, const float* dy, float* dx, int64_t samples) {
  thread_local Eigen::VectorXf memory;
  const int64_t plane = s.out_height * s.out_width * samples;
  float* parts = scratch(memory, plane);  // of a channel, divided
  for (int64_t ch = 0; ch < s.channels; ++ch) {
    for_place(s, [&](int64_t row, int64_t column, float part) {
      const int64_t at = (row * s.out_width + column) * samples;
      for (int64_t i = 0; i < samples; ++i) parts[at + i] = part * dy[ch * plane + at + i];
    });
    for (int64_t ky = 0; ky < s.window.kernel[0]; ++ky) {
      for (int64_t kx = 0; kx < s.window.kernel[1]; ++kx) {
        for_tap(s, ch, ky, kx, 0, s.out_height,
                [&](int64_t row, int64_t column, int64_t count, int64_t to) {
                  const float* delta = parts + (row * s.out_width + column) * samples;
                  float* out = dx + to * samples;
                  for (int64_t i = 0; i < count * samples; ++i) out[i] += delta[i];
                });
      }
    }
  }
}

void multiply(const DenseWeights& w, const float* x, float* y, int64_t samples) {
  const Map<const MatrixXf> in(x, samples, w.inputs);
  Map<MatrixXf> out(y, samples, w.outputs);
  // Row-major storage is the transposed matrix in Eigen's own order.
  if (w.rows_are_outputs) {
    out.noalias() += w.factor * (in * Map<const MatrixXf>(w.values, w.inputs, w.outputs));
  } else {
    out.noalias() +=
        w.factor * (in * Map<const MatrixXf>(w.values, w.outputs, w.inputs).transpose());
  }
}

void multiply_back(const DenseWeights& w, const float* dy, float* dx, int64_t samples) {
  const Map<const MatrixXf> in(dy, samples, w.outputs);
  Map<MatrixXf> out(dx, samples, w.inputs);
  if (w.rows_are_outputs) {
    out.noalias() +=
        w.factor * (in * Map<const MatrixXf>(w.values, w.inputs, w.outputs).transpose());
  } else {
    out.noalias() += w.factor * (in * Map<const MatrixXf>(w.values, w.outputs, w.inputs));
  }
}

void multiply_gradient(const DenseWeights& w, const float* x, const float* dy, int64_t first,
                       int64_t rows, float* gradient, int64_t samples) {
  const Map<const MatrixXf> in(x, samples, w.inputs);
  const Map<const MatrixXf> delta(dy, samples, w.outputs);
  if (w.rows_are_outputs) {
    Map<MatrixXf>(gradient, w.inputs, rows).noalias() +=
        w.factor * (in.transpose() * delta.middleCols(first, rows));
  } else {
    Map<MatrixXf>(gradient, w.outputs, rows).noalias() +=
        w.factor * (delta.transpose() * in.middleCols(first, rows));
  }
}

namespace {

// One of the matrices of a sample: its elements lie `samples` apart.
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Apart = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
Map<RowMajor, 0, Apart> matrix(float* first, int64_t rows, int64_t columns, int64_t samples) {
  return {first, rows, columns, Apart(columns * samples, samples)};
}
RowMajor copied(const float* first, int64_t rows, int64_t columns, int64_t samples) {
  return Map<const RowMajor, 0, Apart>(first, rows, columns, Apart(columns * samples, samples));
}

}  // namespace

void multiply_matrices(const Matrices& m, int64_t count, const float* a, const float* b, float* y,
                       int64_t samples) {
  RowMajor product;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t s = 0; s < samples; ++s) {
      product.noalias() =
          copied(a + i * m.rows * m.depth * samples + s, m.rows, m.depth, samples) *
          copied(b + i * m.depth * m.columns * samples + s, m.depth, m.columns, samples);
      matrix(y + i * m.rows * m.columns * samples + s, m.rows, m.columns, samples) = product;
    }
  }
}

void multiply_matrices_back(const Matrices& m, int64_t count, const float* a, const float* b,
                            const float* dy, float* da, float* db, int64_t samples) {
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t s = 0; s < samples; ++s) {
      const int64_t a_at = i * m.rows * m.depth * samples + s;
      const int64_t b_at = i * m.depth * m.columns * samples + s;
      const RowMajor delta =
          copied(dy + i * m.rows * m.columns * samples + s, m.rows, m.columns, samples);
      if (da != nullptr) {
        matrix(da + a_at, m.rows, m.depth, samples) +=
            delta * copied(b + b_at, m.depth, m.columns, samples).transpose();
      }
      if (db != nullptr) {
        matrix(db + b_at, m.depth, m.columns, samples) +=
            copied(a + a_at, m.rows, m.depth, samples).transpose() * delta;
      }
    }
  }
}

}  // namespace sparsys
