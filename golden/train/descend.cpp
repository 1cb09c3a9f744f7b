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
#include "golden/base/random.hpp"
#include "golden/base/stop.hpp"
#include "golden/base/text.hpp"
#include "golden/train/augment.hpp"
#include "golden/train/checkpoint.hpp"
#include "golden/train/graph.hpp"

namespace sparsys {
namespace {

using Eigen::ArrayXf;
using Eigen::ArrayXXf;
using Eigen::Index;

// Samples that a task works on: enough for efficient products, few enough that a small batch too
// keeps two threads busy. Not dependent on the number of threads, so that results are not.
size_t shard_size(size_t batch) {
  constexpr size_t kMost = 64;
  constexpr size_t kUnit = 16;
  const size_t half = (batch + 1) / 2;
  return std::min(kMost, (half + kUnit - 1) / kUnit * kUnit);
}

// Steps over which the learning rate rises to its first value, if the run is long enough.
constexpr size_t kWarmUpSteps = 200;

// One per row: exp(row) / sum(exp(row)), with the logarithm of the sum that belongs to it.
struct Softmax {
  ArrayXXf shares;  // samples x classes
  ArrayXXf log;     // logarithms of the shares
  explicit Softmax(const Eigen::Ref<const ArrayXXf>& logits) {
    log = logits.colwise() - logits.rowwise().maxCoeff();
    shares = log.exp();
    const ArrayXf sum = shares.rowwise().sum();
    shares.colwise() /= sum;
    log.colwise() -= sum.log();
  }
};

// Gradients of a batch.
class Backprop {
 public:
  Backprop(const Network& network, size_t max_batch, const TrainOptions& options, ThreadPool& pool)
      : network_(network), options_(options), pool_(pool), graph_(network) {
    shard_ = shard_size(max_batch);
    const bool teaches = options.teacher != nullptr && options.teacher_weight > 0;
    if (teaches) {
      teacher_ = std::make_unique<Graph>(*options.teacher);
      if (teacher_->inputs() != graph_.inputs() || teacher_->outputs() != graph_.outputs()) {
        throw Error(printable(network.name) + ": its teacher has " +
                    std::to_string(teacher_->inputs()) + " inputs and " +
                    std::to_string(teacher_->outputs()) + " outputs, expected " +
                    std::to_string(graph_.inputs()) + " and " + std::to_string(graph_.outputs()));
      }
    }
    for (size_t first = 0; first < max_batch; first += shard_) {
      tapes_.push_back(std::make_unique<Tape>(graph_, shard_, true));
      if (teaches) teacher_tapes_.push_back(std::make_unique<Tape>(*teacher_, shard_, false));
    }
    shard_loss_.resize(tapes_.size());
    for (size_t p = 0; p < network.parameters.size(); ++p) {
      const size_t size = network.parameters[p].values.size();
      const size_t part = gradient_part(network.parameters[p]);
      for (size_t first = 0; first < size; first += part) {
        parts_.push_back({p, first, std::min(part, size - first)});
      }
    }
    // The largest first, so that no thread is left alone with one at the end.
    std::stable_sort(parts_.begin(), parts_.end(),
                     [](const Part& a, const Part& b) { return a.count > b.count; });
  }

  // load(first, count, tape) writes samples of the batch as input; label(i) is that of sample i.
  // Returns the batch's summed loss.
  template <typename Load, typename Label>
  double run(size_t count, uint64_t stream, const Load& load, const Label& label, Update& update) {
    const size_t shards = (count + shard_ - 1) / shard_;
    pool_.run(shards, [&](size_t shard) {
      const size_t first = shard * shard_;
      const size_t size = std::min(shard_, count - first);
      Tape& tape = *tapes_[shard];
      tape.set_samples(size);
      load(first, size, tape);
      Random random(options_.seed, stream * 4096 + shard);
      tape.forward({options_.hidden_dropout, &random});
      shard_loss_[shard] = loss(shard, first, 1.0F / static_cast<float>(count), label);
      tape.backward(options_.hidden_dropout);
    });
    pool_.run(parts_.size(), [&](size_t i) {
      const Part& part = parts_[i];
      thread_local Eigen::VectorXf gradient;
      if (gradient.size() < static_cast<Index>(part.count)) {
        gradient.resize(static_cast<Index>(part.count));
      }
      std::fill_n(gradient.data(), part.count, 0.0F);
      for (size_t shard = 0; shard < shards; ++shard) {
        tapes_[shard]->add_gradient(part.parameter, part.first, gradient.data(), part.count);
      }
      update.parameter(part.parameter, part.first, gradient.data(), part.count);
    });
    update.finish_batch();
    return std::accumulate(shard_loss_.begin(), shard_loss_.begin() + static_cast<long>(shards),
                           0.0);
  }

 private:
  struct Part {
    size_t parameter;
    size_t first;
    size_t count;
  };

  // Loss of a shard; its gradient, times `scale`, goes to the tape.
  template <typename Label>
  double loss(size_t shard, size_t first, float scale, const Label& label) {
    Tape& tape = *tapes_[shard];
    const Index samples = tape.samples();
    const Index classes = graph_.outputs();
    using Map = Eigen::Map<ArrayXXf>;
    const Map logits(tape.value(graph_.logits()), samples, classes);
    Map gradient(tape.gradient(graph_.logits()), samples, classes);
    const float hard = teacher_ == nullptr ? 1.0F : 1.0F - options_.teacher_weight;
    const Softmax own(logits);
    gradient = own.shares * (scale * hard);
    double sum = 0;
    for (Index s = 0; s < samples; ++s) {
      const Index right = label(first + static_cast<size_t>(s));
      sum -= hard * own.log(s, right);
      gradient(s, right) -= scale * hard;
    }
    if (teacher_ == nullptr) return sum;
    Tape& other = *teacher_tapes_[shard];
    other.set_samples(static_cast<size_t>(samples));
    // Its input is scaled in its own way.
    const Network& teacher = *options_.teacher;
    const float ratio = teacher.input_scale / network_.input_scale;
    const Index inputs = samples * graph_.inputs();
    Eigen::Map<ArrayXf>(other.value(0), inputs) =
        (Eigen::Map<const ArrayXf>(tape.value(0), inputs) - network_.input_offset) * ratio +
        teacher.input_offset;
    other.forward();
    const float t = options_.temperature;
    const Softmax soft(logits / t);
    const Softmax goal(Map(other.value(teacher_->logits()), samples, classes) / t);
    // d (T^2 KL) / d logits = T (shares of the network - shares of the teacher).
    gradient += (soft.shares - goal.shares) * (scale * options_.teacher_weight * t);
    const float divergence = (goal.shares * (goal.log - soft.log)).sum();
    return sum + static_cast<double>(options_.teacher_weight) * t * t * divergence;
  }

  const Network& network_;
  const TrainOptions& options_;
  ThreadPool& pool_;
  const Graph graph_;
  std::unique_ptr<Graph> teacher_;
  size_t shard_ = 0;
  std::vector<std::unique_ptr<Tape>> tapes_;          // per shard
  std::vector<std::unique_ptr<Tape>> teacher_tapes_;  // per shard
  std::vector<double> shard_loss_;
  std::vector<Part> parts_;
};

void check_options(const Network& network, const Dataset& data, const TrainOptions& options) {
  if (options.validation_count >= data.train_count()) {
    throw Error(data.name + ": " + std::to_string(data.train_count()) +
                " training images, expected more than the " +
                std::to_string(options.validation_count) + " of the validation split");
  }
  if (options.batch == 0 || !(options.hidden_dropout >= 0 && options.hidden_dropout < 1) ||
      options.max_shift > data.rows || options.max_shift > data.cols) {
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
    add(digest, node.shape);
  }
  for (const Parameter& parameter : network.parameters) {
    digest.add(parameter.name);
    add(digest, parameter.shape);
    digest.add(parameter.values.data(), parameter.values.size() * sizeof(float));
  }
}

// Of all that decides what a run makes of `network`.
uint64_t digest_of_run(const Network& network, const Dataset& data, const TrainOptions& options,
                       const Update& update) {
  Digest digest;
  add(digest, network);
  digest.add(data.rows);
  digest.add(data.cols);
  digest.add(data.train_images.data(), data.train_images.size());
  digest.add(data.train_labels.data(), data.train_labels.size());
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

size_t gradient_part(const Parameter& parameter) {
  constexpr size_t kElements = size_t{1} << 15;
  constexpr size_t kRows = 8;  // products of whole blocks of them are faster
  if (parameter.values.empty()) return 1;
  const size_t rows = parameter.shape.empty() ? 1 : static_cast<size_t>(parameter.shape[0]);
  const size_t row = parameter.values.size() / rows;
  size_t at_once = std::max<size_t>(1, kElements / row);
  if (at_once > kRows) at_once = at_once / kRows * kRows;
  return std::min(at_once, rows) * row;
}

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
  const size_t pixels = data.pixels();
  const auto validate = [&] {
    const size_t first = data.train_count() - options.validation_count;
    return error_percent(network, data.train_images.data() + first * pixels,
                         data.train_labels.data() + first, options.validation_count, pool);
  };

  std::vector<uint32_t> order(count);
  Backprop backprop(network, batch, options, pool);
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
      update.set_learning_rate(static_cast<float>(
          warm * (options.final_learning_rate +
                  ramp * (options.learning_rate - options.final_learning_rate))));
      const size_t first = s * batch;
      const size_t size = std::min(batch, count - first);
      const auto load = [&](size_t begin, size_t samples, Tape& tape) {
        thread_local std::vector<float> images;
        images.resize(samples * pixels);
        for (size_t i = 0; i < samples; ++i) {
          const uint32_t sample = order[first + begin + i];
          Random random(options.seed, (uint64_t{1} << 61) + uint64_t{epoch} * count + sample);
          augment(data.train_images.data() + size_t{sample} * pixels, data.rows, data.cols, options,
                  random, images.data() + i * pixels);
        }
        load_input(network, images.data(), tape);
      };
      const auto label = [&](size_t i) { return Index{data.train_labels[order[first + i]]}; };
      loss += backprop.run(size, step, load, label, update);
      if (options.progress && (s % 16 == 0 || s + 1 == steps)) {
        progress.fraction = static_cast<double>(step + 1) / static_cast<double>(all_steps);
        progress.seconds_left = seconds() * static_cast<double>(all_steps - step - 1) /
                                static_cast<double>(step + 1 - steps_before);
        progress.loss = loss / static_cast<double>(first + size);
        if (s + 1 < steps) options.progress(progress);
      }
    }
    report.loss = loss / static_cast<double>(count);
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

double loss_gradient(const Network& network, const uint8_t* images, const uint8_t* labels,
                     size_t count, Network& gradient, const TrainOptions& options) {
  class Collect final : public Update {
   public:
    explicit Collect(Network& out) : out_(out) {}
    void set_learning_rate(float) override {}
    void parameter(size_t parameter, size_t first, const float* values, size_t size) override {
      std::copy_n(values, size, out_.parameters[parameter].values.data() + first);
    }
    std::vector<float> state() const override { return {}; }
    void set_state(const std::vector<float>&) override {}

   private:
    Network& out_;
  };
  if (count == 0) throw Error(printable(network.name) + ": no images, expected at least one");
  gradient = network;
  Collect collect(gradient);
  ThreadPool pool(options.threads, Denormals::kFlushed);
  TrainOptions distillation;
  distillation.teacher = options.teacher;
  distillation.teacher_weight = options.teacher_weight;
  distillation.temperature = options.temperature;
  Backprop backprop(network, count, distillation, pool);
  const auto inputs = static_cast<size_t>(element_count(network.input_shape));
  const double loss = backprop.run(
      count, 0,
      [&](size_t first, size_t, Tape& tape) { load_input(network, images + first * inputs, tape); },
      [&](size_t i) { return Index{labels[i]}; }, collect);
  return loss / static_cast<double>(count);
}

}  // namespace sparsys
