// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <mutex>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/data/fits.hpp"
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

Score score(const Network& network, Samples samples, Targets targets, size_t count,
            ThreadPool& pool) {
  const Graph graph(network);
  const auto outputs = static_cast<size_t>(graph.outputs());
  Score all(targets.are_classes() ? 0 : outputs);
  if (count == 0) return all;
  const auto inputs = static_cast<size_t>(graph.inputs());
  std::vector<Score> scores((count + samples_at_once(graph) - 1) / samples_at_once(graph), all);
  for_chunks(graph, count, pool, [&](Tape& tape, size_t chunk, size_t first) {
    load_input(network, samples + first * inputs, tape);
    tape.forward();
    const auto size = static_cast<size_t>(tape.samples());
    const float* y = tape.value(graph.logits());
    const float* x = tape.value(0);
    for (size_t s = 0; s < size; ++s) {
      const auto output = [&](size_t o) { return y[o * size + s]; };
      if (targets.are_classes()) {
        size_t answer = 0;
        for (size_t c = 1; c < outputs; ++c) {
          if (output(c) > output(answer)) answer = c;
        }
        scores[chunk].add_answer(answer == targets.label(first + s));
      } else if (targets.are_inputs()) {
        scores[chunk].add_numbers(output, [&](size_t o) { return x[o * size + s]; });
      } else {
        const float* wanted = targets.values(first + s);
        scores[chunk].add_numbers(output, [&](size_t o) { return wanted[o]; });
      }
    }
  });
  for (const Score& part : scores) all.add(part);
  return all;
}

Score score(const Network& network, Samples samples, Targets targets, size_t count,
            unsigned threads) {
  ThreadPool pool(threads);
  return score(network, samples, targets, count, pool);
}

void check_fits(const Network& network, const Dataset& data) {
  const std::vector<Shape> shapes = infer_shapes(network);
  const std::string name = printable(network.name);
  const std::string of = " of " + data.name;
  if (element_count(shapes.front()) != static_cast<int64_t>(data.inputs())) {
    throw Error(name + ": " + number(element_count(shapes.front())) + " inputs, expected " +
                number(data.inputs()) + " as the values of a sample" + of);
  }
  check_outputs_fit(name, static_cast<uint64_t>(element_count(shapes.back())), data);
  if (data.task == DataTask::kClassification) return;
  const Graph graph(network);
  if (graph.logits() + 1 != graph.values().size()) {
    throw Error(name + ": ends with a softmax, expected numbers for " + to_string(data.task) + of);
  }
}

Score validation_score(const Network& network, const Dataset& data, uint32_t validation_count,
                       unsigned threads) {
  if (validation_count > data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training samples, expected at least the " + std::to_string(validation_count) +
                " of the validation split");
  }
  check_fits(network, data);
  const size_t first = data.train_count() - validation_count;
  return score(network, data.samples(data.train, first), data.targets(data.train, first),
               validation_count, threads);
}

Score test_score(const Network& network, const Dataset& data, unsigned threads) {
  check_fits(network, data);
  return score(network, data.samples(data.test), data.targets(data.test), data.test_count(),
               threads);
}

}  // namespace sparsys
