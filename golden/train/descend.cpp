// SPDX-License-Identifier: Apache-2.0
#include "golden/train/descend.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"
#include "golden/base/input_value.hpp"
#include "golden/base/random.hpp"
#include "golden/base/stop.hpp"
#include "golden/base/text.hpp"
#include "golden/train/augment.hpp"
#include "golden/train/backprop.hpp"
#include "golden/train/checkpoint.hpp"

namespace sparsys {
namespace {

// Steps over which the learning rate rises to its first value, if the run is long enough.
constexpr size_t kWarmUpSteps = 200;

void check_options(const Network& network, const Dataset& data, const TrainOptions& options) {
  if (options.validation_count >= data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training samples, expected more than the " +
                std::to_string(options.validation_count) + " of the validation split");
  }
  if (options.batch == 0 || !(options.hidden_dropout >= 0 && options.hidden_dropout < 1) ||
      (data.shape.size() > 1 &&
       (options.max_shift > data.rows() || options.max_shift > data.cols()))) {
    throw Error(printable(network.name) +
                ": batch size, dropout or shift out of range, expected a batch of at "
                "least 1, a probability from 0 to below 1, and a shift within the image");
  }
  if (!(std::abs(options.max_rotation) <= 180) ||
      !(options.max_scale >= 0 && options.max_scale < 1)) {
    throw Error(printable(network.name) +
                ": rotation or scale out of range, expected at most 180 degrees, and a share from "
                "0 to below 1");
  }
  if (!(options.teacher_weight >= 0 && options.teacher_weight <= 1) || !(options.temperature > 0)) {
    throw Error(printable(network.name) +
                ": teacher's weight or temperature out of range, expected a weight from 0 to 1 and "
                "a temperature above 0");
  }
}

void add(Digest& digest, const Shape& shape) {
  digest.add(shape.data(), shape.size() * sizeof(int64_t));
}

void add(Digest& digest, const Network& network) {
  digest.add(network.input);
  add(digest, network.input_shape);
  digest.add(network.input_scale);
  digest.add(network.input_offset);
  for (const Node& node : network.nodes) {
    digest.add(static_cast<int>(node.op));
    for (const std::string& input : node.inputs) digest.add(input);
    digest.add(node.output);
    for (const int64_t number : node.window.kernel) digest.add(number);
    for (const int64_t number : node.window.stride) digest.add(number);
    for (const int64_t number : node.window.dilation) digest.add(number);
    for (const int64_t number : node.window.pad) digest.add(number);
    digest.add(node.window.ceil_mode);
    digest.add(node.group);
    digest.add(node.alpha);
    digest.add(node.beta);
    digest.add(node.trans_b);
    if (node.axis != Node().axis) digest.add(node.axis);  // digests of before stay the same
    add(digest, node.shape);
  }
  for (const Parameter& parameter : network.parameters) {
    digest.add(parameter.name);
    add(digest, parameter.shape);
    digest.add(parameter.values.data(), parameter.values.size() * sizeof(float));
  }
}

void add(Digest& digest, const Dataset& data) {
  digest.add(data.shape);
  digest.add(static_cast<int>(data.task));
  digest.add(data.train.bytes);
  digest.add(data.train.floats);
  digest.add(data.train.labels);
  digest.add(data.train.targets);
}

// Of all that decides what a run makes of `network`.
uint64_t digest_of_run(const Network& network, const Dataset& data, const TrainOptions& options,
                       const Update& update) {
  Digest digest;
  add(digest, network);
  add(digest, data);
  visit(options, [&digest](const char*, const auto& field) { digest.add(field); });
  if (options.teacher != nullptr && options.teacher_weight > 0) add(digest, *options.teacher);
  digest.add(update.digest());
  const std::vector<float> state = update.state();
  digest.add(state.data(), state.size() * sizeof(float));
  return digest.value();
}

// The file of TrainOptions::checkpoint, if there is to be one.
class CheckpointFile {
 public:
  CheckpointFile(Network& network, const Dataset& data, const TrainOptions& options, Update& update)
      : network_(network), path_(options.checkpoint), options_(options), update_(update) {
    if (path_.empty()) return;
    checkpoint_.run = digest_of_run(network, data, options, update);
    for (const Parameter& parameter : network.parameters) {
      checkpoint_.parameters.resize(checkpoint_.parameters.size() + parameter.values.size());
    }
    checkpoint_.state.resize(update.state().size());
  }

  // Brings network and update to where the file is, and returns what it says; 0 epochs if there is
  // nothing to go on with.
  Checkpoint load(unsigned epochs) {
    if (path_.empty()) return {};
    Checkpoint found = checkpoint_;
    std::string why;
    CheckpointState state = load_checkpoint(path_, found, why);
    if (state == CheckpointState::kNone) return {};
    if (state == CheckpointState::kGood && found.epochs > epochs) {
      why = "damaged: more epochs than the run has";
      state = CheckpointState::kDamaged;
    }
    if (state != CheckpointState::kGood) {
      Progress progress;
      progress.warning = printable(path_, 0) + ": " + why + "; training begins anew";
      progress.step = options_.step;
      if (options_.progress) options_.progress(progress);
      return {};
    }
    const float* from = found.parameters.data();
    for (Parameter& parameter : network_.parameters) {
      std::copy_n(from, parameter.values.size(), parameter.values.data());
      from += parameter.values.size();
    }
    update_.set_state(found.state);
    return found;
  }

  void save(unsigned epochs, const TrainReport& report) {
    if (path_.empty()) return;
    checkpoint_.epochs = epochs;
    checkpoint_.loss = report.loss;
    checkpoint_.validation_error = report.validation_error;
    checkpoint_.seconds = report.seconds;
    checkpoint_.parameters.clear();
    for (const Parameter& parameter : network_.parameters) {
      checkpoint_.parameters.insert(checkpoint_.parameters.end(), parameter.values.begin(),
                                    parameter.values.end());
    }
    checkpoint_.state = update_.state();
    save_checkpoint(path_, checkpoint_);
  }

 private:
  Network& network_;
  std::string path_;
  const TrainOptions& options_;
  Update& update_;
  Checkpoint checkpoint_;
};

}  // namespace

namespace {

// Of targets that are numbers: their mean variance, and a divisor that keeps the sum over many
// outputs from growing above what each hidden unit can follow.
NumbersLoss numbers_loss(const Network& network, const Dataset& data, size_t count) {
  NumbersLoss loss;
  if (data.task == DataTask::kClassification) return loss;
  const auto outputs = data.outputs();
  Score spread(outputs);
  const auto nothing = [](size_t) { return 0.0F; };
  const Samples samples = data.samples(data.train);
  for (size_t i = 0; i < count; ++i) {
    if (data.task == DataTask::kAutoencoder) {
      spread.add_numbers(nothing, [&](size_t o) {
        return input_value(samples[i * outputs + o], network.input_scale, network.input_offset);
      });
    } else {
      const float* wanted = data.targets(data.train).values(i);
      spread.add_numbers(nothing, [wanted](size_t o) { return wanted[o]; });
    }
  }
  if (spread.variance() > 0) loss.variance = spread.variance();
  const std::vector<Layer> all = layers(network);
  if (!all.empty()) {
    loss.balance =
        std::max(1.0, static_cast<double>(outputs) / static_cast<double>(all.back().inputs));
  }
  return loss;
}

}  // namespace

TrainReport descend(Network& network, const Dataset& data, const TrainOptions& options,
                    Update& update) {
  check_fits(network, data);
  check_options(network, data, options);
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  ThreadPool pool(options.threads, Denormals::kFlushed);
  size_t count = data.train_count() - options.validation_count;
  if (options.train_limit != 0) count = std::min<size_t>(count, options.train_limit);
  const size_t batch = std::min<size_t>(options.batch, count);
  const size_t inputs = data.inputs();
  const Samples samples = data.samples(data.train);
  const auto validate = [&] {
    const size_t first = data.train_count() - options.validation_count;
    return score(network, samples + first * inputs, data.targets(data.train, first),
                 options.validation_count, pool)
        .percent();
  };

  std::vector<uint32_t> order(count);
  const Augmentation augmentation(data, options, background_of(data));
  const NumbersLoss numbers = numbers_loss(network, data, count);
  Backprop backprop(network, data.targets(data.train), batch, options, numbers, pool);
  const size_t steps = (count + batch - 1) / batch;
  const size_t all_steps = steps * options.epochs;
  const auto warm_up =
      static_cast<double>(std::max<size_t>(1, std::min(kWarmUpSteps, all_steps / 10)));
  TrainReport report;
  Progress progress;
  progress.step = options.step;
  progress.validation_error = -1;
  CheckpointFile file(network, data, options, update);
  const Checkpoint begin = file.load(options.epochs);
  const size_t steps_before = begin.epochs * steps;
  if (begin.epochs > 0) {
    report = {begin.loss, begin.validation_error, begin.seconds};
    if (begin.epochs == options.epochs) {
      if (options.progress) {
        progress.fraction = 1;
        progress.loss = report.loss;
        progress.validation_error = report.validation_error;
        options.progress(progress);
      }
      return report;
    }
  }
  const Stoppable stoppable;
  for (unsigned epoch = begin.epochs; epoch < options.epochs; ++epoch) {
    // From the same start in every epoch, so that an epoch can be the first of a run.
    std::iota(order.begin(), order.end(), 0U);
    Random shuffle(options.seed, (uint64_t{1} << 62) + epoch);
    for (size_t i = count - 1; i > 0; --i) std::swap(order[i], order[shuffle.below(i + 1)]);
    double loss = 0;
    for (size_t s = 0; s < steps; ++s) {
      if (stop_requested()) {
        throw Stopped(options.step + " stopped after epoch " + std::to_string(epoch) + " of " +
                      std::to_string(options.epochs) +
                      (options.checkpoint.empty() ? "; nothing of it was kept"
                                                  : "; run the same command again to go on"));
      }
      const size_t step = epoch * steps + s;
      const double phase = static_cast<double>(step) / static_cast<double>(all_steps);
      // Full-size first steps would leave hidden units dead for good.
      const double warm = std::min(1.0, static_cast<double>(step + 1) / warm_up);
      const double ramp = 0.5 * (1 + std::cos(3.141592653589793 * phase));
      const double rate = warm * (options.final_learning_rate +
                                  ramp * (options.learning_rate - options.final_learning_rate));
      update.begin_step(static_cast<float>(rate), step);
      const size_t first = s * batch;
      const size_t size = std::min(batch, count - first);
      const auto load = [&](size_t begin, size_t in_shard, Tape& tape) {
        thread_local std::vector<float> values;
        values.resize(in_shard * inputs);
        for (size_t i = 0; i < in_shard; ++i) {
          const uint32_t sample = order[first + begin + i];
          Random random(options.seed, (uint64_t{1} << 61) + uint64_t{epoch} * count + sample);
          augmentation.run(samples + sample * inputs, random, values.data() + i * inputs);
        }
        load_input(network, values.data(), tape);
      };
      const auto index = [&](size_t i) { return size_t{order[first + i]}; };
      loss += backprop.run(size, step, load, index, update);
      if (options.progress && (s % 16 == 0 || s + 1 == steps)) {
        progress.fraction = static_cast<double>(step + 1) / static_cast<double>(all_steps);
        progress.seconds_left = seconds() * static_cast<double>(all_steps - step - 1) /
                                static_cast<double>(step + 1 - steps_before);
        progress.loss = loss / static_cast<double>(first + size);
        if (s + 1 < steps) options.progress(progress);
      }
    }
    report.loss = loss / static_cast<double>(count);
    if (!std::isfinite(report.loss)) {
      throw Error(options.step + ": the loss is no number any more in epoch " +
                  std::to_string(epoch + 1) + ": training diverges; try --learning-rate below " +
                  short_number(options.learning_rate) + ", or a smaller --input-scale");
    }
    const bool last = epoch + 1 == options.epochs;
    if (options.validation_count > 0 && (options.progress || last)) {
      report.validation_error = validate();
      progress.validation_error = report.validation_error;
    }
    report.seconds = begin.seconds + seconds();
    file.save(epoch + 1, report);
    if (options.progress) {
      progress.loss = report.loss;
      options.progress(progress);
    }
  }
  if (options.epochs == 0 && options.validation_count > 0) report.validation_error = validate();
  return report;
}

}  // namespace sparsys
