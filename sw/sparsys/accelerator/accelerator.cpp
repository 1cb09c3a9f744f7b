// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/accelerator/accelerator.hpp"

#include <algorithm>
#include <optional>

#include "sw/sparsys/report/progress.hpp"

namespace sparsys {
namespace {

// Adds where `run`, of images from `first` on, differs from `expected`.
void compare(const BatchRun& run, const BatchRun& expected, size_t images, uint64_t first,
             RunTotals& totals) {
  const size_t outputs = expected.outputs.size() / images;
  for (size_t i = 0; i < images; ++i) {
    std::string difference;
    for (size_t o = i * outputs; o < (i + 1) * outputs; ++o) {
      if (run.outputs.at(o) == expected.outputs[o]) continue;
      ++totals.mismatched_values;
      if (!difference.empty()) continue;
      difference = "output " + std::to_string(o % outputs) + " is " +
                   std::to_string(run.outputs[o]) + ", functional model " +
                   std::to_string(expected.outputs[o]);
    }
    if (difference.empty() && run.saturated != expected.saturated &&
        run.saturated.at(i) != expected.saturated.at(i)) {
      difference = std::string("an accumulator saturated in the ") +
                   (run.saturated[i] ? "engine" : "functional model") + " only";
    }
    if (difference.empty()) continue;
    if (totals.mismatched_images++ > 0) continue;
    totals.first_mismatch = "image " + std::to_string(first + i) + ": " + difference;
  }
}

// Adds the answers to the samples from `done` on; or, of numbers, what the outputs stand for.
void add_score(const BatchRun& run, uint64_t count, const ImageRange& range, uint64_t done,
               Score& score) {
  const Targets targets = range.targets + done;
  const size_t size = run.values.size() / count;
  if (score.count() == 0 && !targets.are_classes()) score = Score(size);
  add_outputs(score, run.values.data(), size, count, targets, range.samples + done * range.inputs,
              range.scale, range.offset);
}

}  // namespace

const char* to_string(Level level) {
  switch (level) {
    case Level::kLockstep:
      return "RTL in lockstep";
    case Level::kRtl:
      return "RTL";
    case Level::kCycle:
      return "cycle model";
    case Level::kFunction:
      return "functional model";
    case Level::kBoard:
      return "board";
  }
  return "";
}

double RunTotals::per_image(const std::string& counter) const {
  return images == 0 ? 0 : static_cast<double>(counters.at(counter)) / static_cast<double>(images);
}

double RunTotals::cycles_per_second() const {
  return seconds > 0 ? static_cast<double>(cycles) / seconds : 0;
}

ImageRange test_images(const Dataset& data, uint64_t first, uint64_t count, uint64_t batch) {
  return {data.samples(data.test, first),
          data.targets(data.test, first),
          data.inputs(),
          first,
          count,
          batch};
}

void run_images(Accelerator& engine, Accelerator* reference, const ImageRange& range,
                const std::string& name, RunTotals& totals) {
  // A batch is one step.
  std::optional<Meter> meter;
  if (range.count > range.batch) meter.emplace(name, range.count);
  for (uint64_t done = 0; done < range.count; done += range.batch) {
    const uint64_t count = std::min(range.batch, range.count - done);
    const Samples samples = range.samples + done * range.inputs;
    const BatchRun run = engine.run(samples, count);
    ++totals.batches;
    totals.images += count;
    totals.cycles += run.cycles;
    totals.seconds += run.seconds;
    totals.saturated_inputs += run.saturated_inputs;
    for (const auto& [counter, value] : run.counters) totals.counters[counter] += value;
    if (reference != nullptr) {
      compare(run, reference->run(samples, count), count, range.first + done, totals);
    }
    if (range.scored) add_score(run, count, range, done, totals.score);
    if (totals.keep_outputs) {
      totals.outputs.insert(totals.outputs.end(), run.values.begin(), run.values.end());
    }
    if (!run.saturated.empty()) {
      totals.saturated_images =
          totals.saturated_images.value_or(0) +
          static_cast<uint64_t>(std::count(run.saturated.begin(), run.saturated.end(), 1));
    }
    if (meter) meter->at(done + count);
  }
}

}  // namespace sparsys
