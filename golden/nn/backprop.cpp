// SPDX-License-Identifier: Apache-2.0
#include "golden/nn/backprop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <vector>

#include "golden/error.hpp"
#include "golden/nn/random.hpp"

namespace sparsys {
namespace {

using Eigen::Index;
using Eigen::MatrixXf;
using Eigen::VectorXf;

// Samples a task works on: enough that matrix products are efficient, and fixed, so that results do
// not depend on the number of threads.
constexpr size_t kShard = 64;

// Steps over which the learning rate rises to its first value, if the run is long enough.
constexpr size_t kWarmUpSteps = 200;

// One batch's inputs, activations and deltas, a column per sample.
class Backprop {
 public:
  Backprop(const Mlp& mlp, size_t max_batch, ThreadPool& pool) : mlp_(mlp), pool_(pool) {
    const auto batch = static_cast<Index>(max_batch);
    input_.resize(mlp.layers.front().weights.cols(), batch);
    for (const DenseLayer& layer : mlp.layers) {
      activation_.emplace_back(layer.weights.rows(), batch);
      delta_.emplace_back(layer.weights.rows(), batch);
    }
    shard_loss_.resize((max_batch + kShard - 1) / kShard);
    for (size_t l = 0; l < mlp.layers.size(); ++l) {
      tiles_.push_back({l, -1});
      for (Index c = 0; c < mlp.layers[l].weights.cols(); c += kGradientColumns) {
        tiles_.push_back({l, c});
      }
    }
    // The largest pieces first, so that no thread is left alone with one at the end.
    std::stable_sort(tiles_.begin(), tiles_.end(),
                     [&](const Tile& a, const Tile& b) { return cost(a) > cost(b); });
  }

  // fill(sample, column) writes input `sample`; returns the batch's summed loss.
  template <typename Fill, typename Label>
  double run(size_t count, float dropout, uint64_t seed, uint64_t stream, const Fill& fill,
             const Label& label, MlpUpdate& update) {
    const size_t shards = (count + kShard - 1) / kShard;
    const float scale = 1.0F / static_cast<float>(count);
    pool_.run(shards, [&](size_t shard) {
      const size_t first = shard * kShard;
      const size_t size = std::min(kShard, count - first);
      for (size_t i = first; i < first + size; ++i) fill(i, input_.col(static_cast<Index>(i)));
      Random random(seed, stream * 4096 + shard);
      shard_loss_[shard] = forward_backward(static_cast<Index>(first), static_cast<Index>(size),
                                            dropout, random, scale, label);
    });
    const auto columns = static_cast<Index>(count);
    pool_.run(tiles_.size(), [&](size_t t) {
      const size_t l = tiles_[t].layer;
      const auto delta = delta_[l].leftCols(columns);
      if (tiles_[t].column < 0) {
        const VectorXf gradient = delta.rowwise().sum();
        update.bias(l, gradient);
        return;
      }
      const MatrixXf& below = l == 0 ? input_ : activation_[l - 1];
      const Index width = std::min(kGradientColumns, below.rows() - tiles_[t].column);
      thread_local MatrixXf gradient;
      gradient.resize(delta.rows(), width);
      gradient.noalias() = delta * below.block(tiles_[t].column, 0, width, columns).transpose();
      update.weights(l, tiles_[t].column, gradient);
    });
    update.finish_batch();
    return std::accumulate(shard_loss_.begin(), shard_loss_.begin() + static_cast<long>(shards),
                           0.0);
  }

 private:
  struct Tile {
    size_t layer;
    Index column;  // -1: the bias
  };

  Index cost(const Tile& tile) const {
    const MatrixXf& w = mlp_.layers[tile.layer].weights;
    return tile.column < 0 ? 0 : w.rows() * std::min(kGradientColumns, w.cols() - tile.column);
  }

  template <typename Label>
  double forward_backward(Index first, Index size, float dropout, Random& random, float scale,
                          const Label& label) {
    const size_t last = mlp_.layers.size() - 1;
    for (size_t l = 0; l <= last; ++l) {
      const DenseLayer& layer = mlp_.layers[l];
      const MatrixXf& below = l == 0 ? input_ : activation_[l - 1];
      auto out = activation_[l].middleCols(first, size);
      out.noalias() = layer.weights * below.middleCols(first, size);
      out.colwise() += layer.bias;
      if (layer.relu) out = out.cwiseMax(0.0F);
      if (l < last && dropout > 0) {
        // Inverted dropout: evaluation needs no other scale.
        const float keep = 1.0F / (1.0F - dropout);
        const auto limit = static_cast<uint32_t>(dropout * 65536.0F);
        for (Index c = 0; c < size; ++c) {
          uint64_t bits = 0;
          for (Index r = 0; r < out.rows(); ++r) {
            if (r % 4 == 0) bits = random.next();
            out(r, c) *= (bits & 0xFFFF) < limit ? 0.0F : keep;
            bits >>= 16;
          }
        }
      }
    }

    double loss = 0;
    auto logits = activation_[last].middleCols(first, size);
    auto delta = delta_[last].middleCols(first, size);
    for (Index c = 0; c < size; ++c) {
      const float top = logits.col(c).maxCoeff();
      delta.col(c) = (logits.col(c).array() - top).exp();
      const float sum = delta.col(c).sum();
      const Index right = label(static_cast<size_t>(first + c));
      loss += std::log(sum) - (logits(right, c) - top);
      delta.col(c) *= scale / sum;
      delta(right, c) -= scale;
    }
    // Slope of an activation with respect to its sum: 1 where it is positive, and where dropout
    // left it alone the factor `keep`, which is constant.
    const float keep = dropout > 0 ? 1.0F / (1.0F - dropout) : 1.0F;
    if (mlp_.layers[last].relu) {
      delta = delta.cwiseProduct((logits.array() > 0).cast<float>().matrix());
    }
    for (size_t l = last; l > 0; --l) {
      auto down = delta_[l - 1].middleCols(first, size);
      const auto out = activation_[l - 1].middleCols(first, size);
      down.noalias() = mlp_.layers[l].weights.transpose() * delta_[l].middleCols(first, size);
      if (mlp_.layers[l - 1].relu) {
        down = down.cwiseProduct((out.array() > 0).cast<float>().matrix() * keep);
      } else if (dropout > 0) {
        down = down.cwiseProduct((out.array() != 0).cast<float>().matrix() * keep);
      }
    }
    return loss;
  }

  const Mlp& mlp_;
  ThreadPool& pool_;
  MatrixXf input_;
  std::vector<MatrixXf> activation_;
  std::vector<MatrixXf> delta_;
  std::vector<double> shard_loss_;
  std::vector<Tile> tiles_;
};

// Writes an image, moved by (dx, dy), as network input.
template <typename Column>
void load_image(const uint8_t* image, Index rows, Index cols, Index dx, Index dy, Column column) {
  constexpr float kStep = 1.0F / kPixelScale;
  using Bytes = Eigen::Map<const Eigen::Matrix<uint8_t, Eigen::Dynamic, 1>>;
  if (dx == 0 && dy == 0) {
    column = Bytes(image, rows * cols).cast<float>() * kStep;
    return;
  }
  column.setZero();
  const Index width = cols - std::abs(dx);
  if (width <= 0) return;
  for (Index r = std::max<Index>(0, dy); r < std::min(rows, rows + dy); ++r) {
    column.segment(r * cols + std::max<Index>(0, dx), width) =
        Bytes(image + (r - dy) * cols + std::max<Index>(0, -dx), width).cast<float>() * kStep;
  }
}

void check_chain(const Mlp& mlp) {
  if (mlp.layers.empty()) throw Error(mlp.name + ": no layers, expected at least one");
  for (size_t l = 0; l < mlp.layers.size(); ++l) {
    const DenseLayer& layer = mlp.layers[l];
    if (layer.weights.size() == 0 || layer.bias.size() != layer.weights.rows()) {
      throw Error(mlp.name + ": layer " + layer.name + " has " + std::to_string(layer.bias.size()) +
                  " biases, expected one for each of " + std::to_string(layer.weights.rows()) +
                  " outputs");
    }
    if (l > 0 && layer.weights.cols() != mlp.layers[l - 1].weights.rows()) {
      throw Error(mlp.name + ": layer " + layer.name + " has " +
                  std::to_string(layer.weights.cols()) + " inputs, expected " +
                  std::to_string(mlp.layers[l - 1].weights.rows()));
    }
  }
}

}  // namespace

void check_fits(const Mlp& mlp, const Dataset& data) {
  check_chain(mlp);
  if (mlp.layers.front().weights.cols() != static_cast<Index>(data.pixels())) {
    throw Error(mlp.name + ": " + std::to_string(mlp.layers.front().weights.cols()) +
                " inputs, expected " + std::to_string(data.pixels()) + " as the pixels of " +
                data.name);
  }
  if (mlp.layers.back().weights.rows() < 10) {
    throw Error(mlp.name + ": " + std::to_string(mlp.layers.back().weights.rows()) +
                " outputs, expected at least the 10 classes of " + data.name);
  }
}

TrainReport descend(const Mlp& mlp, const Dataset& data, const TrainOptions& options,
                    MlpUpdate& update) {
  check_fits(mlp, data);
  if (options.validation_count >= data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training images, expected more than the " +
                std::to_string(options.validation_count) + " of the validation split");
  }
  if (options.batch == 0 || options.hidden_dropout < 0 || options.hidden_dropout >= 1 ||
      options.max_shift > data.rows || options.max_shift > data.cols) {
    throw Error(mlp.name +
                ": batch size, dropout or shift out of range, expected a batch of at "
                "least 1, a probability from 0 to below 1, and a shift within the image");
  }
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  ThreadPool pool(options.threads);
  size_t count = data.train_count() - options.validation_count;
  if (options.train_limit != 0) count = std::min<size_t>(count, options.train_limit);
  const size_t batch = std::min<size_t>(options.batch, count);
  const uint8_t* held_out_images =
      data.train_images.data() + (data.train_count() - options.validation_count) * data.pixels();
  const uint8_t* held_out_labels =
      data.train_labels.data() + (data.train_count() - options.validation_count);

  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  Backprop backprop(mlp, batch, pool);
  const size_t steps = (count + batch - 1) / batch;
  const size_t all_steps = steps * options.epochs;
  const auto warm_up =
      static_cast<double>(std::max<size_t>(1, std::min(kWarmUpSteps, all_steps / 10)));
  const auto shift = static_cast<Index>(options.max_shift);
  const uint64_t shift_steps = 2 * uint64_t{options.max_shift} + 1;
  TrainReport report;
  Progress progress;
  progress.step = options.step;
  progress.validation_error = -1;
  for (unsigned epoch = 0; epoch < options.epochs; ++epoch) {
    Random shuffle(options.seed, (uint64_t{1} << 62) + epoch);
    for (size_t i = count - 1; i > 0; --i) std::swap(order[i], order[shuffle.below(i + 1)]);
    double loss = 0;
    for (size_t s = 0; s < steps; ++s) {
      const size_t step = epoch * steps + s;
      const double phase = static_cast<double>(step) / static_cast<double>(all_steps);
      // Full-size first steps would leave hidden units dead for good.
      const double warm = std::min(1.0, static_cast<double>(step + 1) / warm_up);
      const double ramp = 0.5 * (1 + std::cos(3.141592653589793 * phase));
      update.set_learning_rate(static_cast<float>(
          warm * (options.final_learning_rate +
                  ramp * (options.learning_rate - options.final_learning_rate))));
      const size_t first = s * batch;
      const size_t size = std::min(batch, count - first);
      const auto fill = [&](size_t i, MatrixXf::ColXpr column) {
        const uint32_t sample = order[first + i];
        Index dx = 0;
        Index dy = 0;
        if (shift > 0) {
          Random random(options.seed, (uint64_t{1} << 61) + uint64_t{epoch} * count + sample);
          if (random.uniform() < options.shift_probability) {
            dx = static_cast<Index>(random.below(shift_steps)) - shift;
            dy = static_cast<Index>(random.below(shift_steps)) - shift;
          }
        }
        load_image(data.train_images.data() + size_t{sample} * data.pixels(), data.rows, data.cols,
                   dx, dy, column);
      };
      const auto label = [&](size_t i) { return Index{data.train_labels[order[first + i]]}; };
      loss += backprop.run(size, options.hidden_dropout, options.seed, step, fill, label, update);
      if (options.progress && (s % 16 == 0 || s + 1 == steps)) {
        progress.fraction = static_cast<double>(step + 1) / static_cast<double>(all_steps);
        progress.seconds_left = seconds() * (1 / progress.fraction - 1);
        progress.loss = loss / static_cast<double>(first + size);
        if (s + 1 < steps) options.progress(progress);
      }
    }
    report.loss = loss / static_cast<double>(count);
    const bool last = epoch + 1 == options.epochs;
    if (options.validation_count > 0 && (options.progress || last)) {
      report.validation_error =
          error_percent(mlp, held_out_images, held_out_labels, options.validation_count, pool);
      progress.validation_error = report.validation_error;
    }
    if (options.progress) {
      progress.loss = report.loss;
      options.progress(progress);
    }
  }
  if (options.epochs == 0 && options.validation_count > 0) {
    report.validation_error =
        error_percent(mlp, held_out_images, held_out_labels, options.validation_count, pool);
  }
  report.seconds = seconds();
  return report;
}

double error_percent(const Mlp& mlp, const uint8_t* images, const uint8_t* labels, size_t count,
                     ThreadPool& pool) {
  check_chain(mlp);
  if (count == 0) return 0;
  constexpr size_t kChunk = 256;
  const Index inputs = mlp.layers.front().weights.cols();
  std::vector<size_t> wrong((count + kChunk - 1) / kChunk);
  pool.run(wrong.size(), [&](size_t chunk) {
    const size_t first = chunk * kChunk;
    const size_t size = std::min(kChunk, count - first);
    MatrixXf x = Eigen::Map<const Eigen::Matrix<uint8_t, Eigen::Dynamic, Eigen::Dynamic>>(
                     images + first * static_cast<size_t>(inputs), inputs, static_cast<Index>(size))
                     .cast<float>() /
                 kPixelScale;
    for (const DenseLayer& layer : mlp.layers) {
      MatrixXf y = layer.weights * x;
      y.colwise() += layer.bias;
      if (layer.relu) y = y.cwiseMax(0.0F);
      x = std::move(y);
    }
    for (size_t i = 0; i < size; ++i) {
      Index answer = 0;
      x.col(static_cast<Index>(i)).maxCoeff(&answer);
      if (answer != labels[first + i]) ++wrong[chunk];
    }
  });
  const size_t sum = std::accumulate(wrong.begin(), wrong.end(), size_t{0});
  return 100.0 * static_cast<double>(sum) / static_cast<double>(count);
}

double loss_gradient(const Mlp& mlp, const uint8_t* images, const uint8_t* labels, size_t count,
                     Mlp& gradient) {
  check_chain(mlp);
  if (count == 0) throw Error(mlp.name + ": no images, expected at least one");
  class Collect final : public MlpUpdate {
   public:
    explicit Collect(Mlp& out) : out_(out) {}
    void set_learning_rate(float) override {}
    void weights(size_t layer, Index column, const MatrixXf& g) override {
      out_.layers[layer].weights.middleCols(column, g.cols()) = g;
    }
    void bias(size_t layer, const VectorXf& g) override { out_.layers[layer].bias = g; }

   private:
    Mlp& out_;
  };
  gradient = mlp;
  Collect collect(gradient);
  ThreadPool pool;
  Backprop backprop(mlp, count, pool);
  const Index inputs = mlp.layers.front().weights.cols();
  const double loss = backprop.run(
      count, 0, 0, 0,
      [&](size_t i, MatrixXf::ColXpr column) {
        load_image(images + i * static_cast<size_t>(inputs), 1, inputs, 0, 0, column);
      },
      [&](size_t i) { return Index{labels[i]}; }, collect);
  return loss / static_cast<double>(count);
}

}  // namespace sparsys
