// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/train/augment.hpp"
#include "golden/train/descend.hpp"
#include "golden/train/graph.hpp"
#include "golden/train/train.hpp"

namespace sparsys {
namespace {

// Samples that are run at once: few if the network is large, and never dependent on threads.
size_t samples_at_once(const Graph& graph) {
  constexpr int64_t kMost = 64;
  constexpr int64_t kElements = int64_t{1} << 24;
  return static_cast<size_t>(std::clamp<int64_t>(kElements / graph.elements(), 1, kMost));
}

// Tapes that tasks take and give back.
class Tapes {
 public:
  Tapes(const Graph& graph, size_t samples) : graph_(graph), samples_(samples) {}

  std::unique_ptr<Tape> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) return std::make_unique<Tape>(graph_, samples_, false);
    std::unique_ptr<Tape> tape = std::move(free_.back());
    free_.pop_back();
    return tape;
  }

  void give_back(std::unique_ptr<Tape> tape) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(tape));
  }

 private:
  const Graph& graph_;
  size_t samples_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Tape>> free_;
};

// Calls body(tape, chunk, first sample) for all samples; body loads the input and runs the tape.
template <typename Body>
void for_chunks(const Graph& graph, size_t samples, ThreadPool& pool, const Body& body) {
  const size_t chunk = samples_at_once(graph);
  Tapes tapes(graph, chunk);
  pool.run((samples + chunk - 1) / chunk, [&](size_t i) {
    std::unique_ptr<Tape> tape = tapes.take();
    tape->set_samples(std::min(chunk, samples - i * chunk));
    body(*tape, i, i * chunk);
    tapes.give_back(std::move(tape));
  });
}

}  // namespace

std::vector<float> infer(const Network& network, const float* inputs, size_t samples,
                         unsigned threads) {
  const Graph graph(network);
  const size_t output = graph.values().size() - 1;
  const auto size = static_cast<size_t>(graph.values()[output].elements);
  std::vector<float> results(samples * size);
  if (samples == 0) return results;
  ThreadPool pool(threads);
  for_chunks(graph, samples, pool, [&](Tape& tape, size_t, size_t first) {
    using Matrix = Eigen::MatrixXf;
    const int64_t count = tape.samples();
    Eigen::Map<Matrix>(tape.value(0), count, graph.inputs()) =
        Eigen::Map<const Matrix>(inputs + static_cast<int64_t>(first) * graph.inputs(),
                                 graph.inputs(), count)
            .transpose();
    tape.forward({}, true);
    Eigen::Map<Matrix>(results.data() + first * size, static_cast<Eigen::Index>(size), count) =
        Eigen::Map<const Matrix>(tape.value(output), count, static_cast<Eigen::Index>(size))
            .transpose();
  });
  return results;
}

double error_percent(const Network& network, const uint8_t* images, const uint8_t* labels,
                     size_t count, ThreadPool& pool) {
  const Graph graph(network);
  if (count == 0) return 0;
  std::vector<size_t> wrong((count + samples_at_once(graph) - 1) / samples_at_once(graph));
  for_chunks(graph, count, pool, [&](Tape& tape, size_t chunk, size_t first) {
    load_input(network, images + first * static_cast<size_t>(graph.inputs()), tape);
    tape.forward();
    const int64_t samples = tape.samples();
    const float* logits = tape.value(graph.logits());
    for (int64_t s = 0; s < samples; ++s) {
      int64_t answer = 0;
      for (int64_t c = 1; c < graph.outputs(); ++c) {
        if (logits[c * samples + s] > logits[answer * samples + s]) answer = c;
      }
      if (answer != labels[first + static_cast<size_t>(s)]) ++wrong[chunk];
    }
  });
  const size_t sum = std::accumulate(wrong.begin(), wrong.end(), size_t{0});
  return 100.0 * static_cast<double>(sum) / static_cast<double>(count);
}

double error_percent(const Network& network, const uint8_t* images, const uint8_t* labels,
                     size_t count, unsigned threads) {
  ThreadPool pool(threads);
  return error_percent(network, images, labels, count, pool);
}

void check_fits(const Network& network, const Dataset& data) {
  const std::vector<Shape> shapes = infer_shapes(network);
  const std::string name = printable(network.name);
  if (element_count(shapes.front()) != static_cast<int64_t>(data.pixels())) {
    throw Error(name + ": " + std::to_string(element_count(shapes.front())) + " inputs, expected " +
                std::to_string(data.pixels()) + " as the pixels of " + data.name);
  }
  if (element_count(shapes.back()) < 10) {
    throw Error(name + ": " + std::to_string(element_count(shapes.back())) +
                " outputs, expected at least the 10 classes of " + data.name);
  }
}

double validation_error(const Network& network, const Dataset& data, uint32_t validation_count,
                        unsigned threads) {
  if (validation_count > data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training images, expected at least the " + std::to_string(validation_count) +
                " of the validation split");
  }
  check_fits(network, data);
  const size_t first = data.train_count() - validation_count;
  return error_percent(network, data.train_images.data() + first * data.pixels(),
                       data.train_labels.data() + first, validation_count, threads);
}

double test_error(const Network& network, const Dataset& data, unsigned threads) {
  check_fits(network, data);
  return error_percent(network, data.test_images.data(), data.test_labels.data(), data.test_count(),
                       threads);
}

}  // namespace sparsys
