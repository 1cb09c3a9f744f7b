// SPDX-License-Identifier: Apache-2.0
// Operators on a few samples at once, forward and backward.
//
// A value is stored with its samples innermost: element e of sample s is at [e * samples + s], e
// counted as in ONNX's row-major order of one sample. So flattening moves nothing, all loops run
// over contiguous samples, and rows of an image are contiguous for all samples together.
#pragma once

#include <cstdint>

#include "golden/network/network.hpp"

namespace sparsys {

// A window that moves over the images of a sample.
struct Sliding {
  Window window;
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  int64_t outputs = 0;  // channels; of a pooling those of the input
  int64_t out_height = 0;
  int64_t out_width = 0;
  int64_t group = 1;
};

// y += convolution of x; `weights` row-major as in ONNX.
void convolve(const Sliding& shape, const float* x, const float* weights, float* y,
              int64_t samples);
// Of a loss with gradient `dy`: weight_gradient = that of the weights, dx += that of x; each unless
// null.
void convolve_back(const Sliding& shape, const float* x, const float* weights, const float* dy,
                   float* weight_gradient, float* dx, int64_t samples);

// `choice`, unless null, gets the number of the tap (row-major in the window) that was the largest,
// the first of equals.
void max_pool(const Sliding& shape, const float* x, float* y, int32_t* choice, int64_t samples);
// dx += gradient.
void max_pool_back(const Sliding& shape, const float* dy, const int32_t* choice, float* dx,
                   int64_t samples);

// The mean of the taps that lie inside.
void average_pool(const Sliding& shape, const float* x, float* y, int64_t samples);
// dx += gradient.
void average_pool_back(const Sliding& shape, const float* dy, float* dx, int64_t samples);

// Weights of a fully connected layer.
struct DenseWeights {
  const float* values = nullptr;
  int64_t inputs = 0;
  int64_t outputs = 0;
  bool rows_are_outputs = false;  // stored [outputs, inputs], else [inputs, outputs]
  float factor = 1;
};

// y += factor * weights * x, and dx += factor * weights' * dy.
void multiply(const DenseWeights& weights, const float* x, float* y, int64_t samples);
void multiply_back(const DenseWeights& weights, const float* dy, float* dx, int64_t samples);
// gradient += that of rows first .. first + rows - 1 of the weights as they are stored.
void multiply_gradient(const DenseWeights& weights, const float* x, const float* dy, int64_t first,
                       int64_t rows, float* gradient, int64_t samples);

// Sizes of matrices that are multiplied pair by pair: [rows, depth] by [depth, columns].
struct Matrices {
  int64_t rows = 0;
  int64_t depth = 0;
  int64_t columns = 0;
};

// y = a b for `count` pairs; and da += dy b', db += a' dy, each unless null.
void multiply_matrices(const Matrices& sizes, int64_t count, const float* a, const float* b,
                       float* y, int64_t samples);
void multiply_matrices_back(const Matrices& sizes, int64_t count, const float* a, const float* b,
                            const float* dy, float* da, float* db, int64_t samples);

}  // namespace sparsys
