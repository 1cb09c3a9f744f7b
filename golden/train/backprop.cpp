// SPDX-License-Identifier: Apache-2.0
#include "golden/train/backprop.hpp"

#include <algorithm>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"
#include "golden/train/augment.hpp"

namespace sparsys {
namespace {

using Eigen::ArrayXf;
using Eigen::ArrayXXf;
using EigenIndex = Eigen::Index;
using Map = Eigen::Map<ArrayXXf>;

// Samples that a task works on: enough for efficient products, few enough that a small batch too
// keeps two threads busy. Not dependent on the number of threads, so that results are not.
size_t shard_size(size_t batch) {
  constexpr size_t kMost = 64;
  constexpr size_t kUnit = 16;
  const size_t half = (batch + 1) / 2;
  return std::min(kMost, (half + kUnit - 1) / kUnit * kUnit);
}

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

Backprop::Backprop(const Network& network, Targets targets, size_t max_batch,
                   const TrainOptions& options, const NumbersLoss& numbers, ThreadPool& pool)
    : network_(network),
      targets_(targets),
      options_(options),
      numbers_(numbers),
      pool_(pool),
      graph_(network) {
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
  factors_.assign(network.parameters.size(), 1.0F);
  if (!targets.are_classes()) find_factors(numbers);
}

// From the output back to the last layer, over what moves numbers or adds to them.
void Backprop::find_factors(const NumbersLoss& numbers) {
  bool linear = true;
  size_t value = graph_.logits();
  while (value > 0) {
    const Graph::Step& step = graph_.steps()[value - 1];
    const bool layer = step.op == Op::kGemm || step.op == Op::kMatMul || step.op == Op::kConv;
    const bool adds = step.op == Op::kAdd && step.other == Graph::kNone;
    const auto factor = static_cast<float>(numbers.balance * (linear ? numbers.variance : 1));
    for (const size_t parameter : {step.weights, step.bias}) {
      if ((layer || adds) && parameter != Graph::kNone) factors_[parameter] = factor;
    }
    if (layer || (step.op == Op::kAdd && !adds)) return;
    linear = linear && (adds || step.op == Op::kFlatten || step.op == Op::kReshape);
    value = step.x;
  }
}

double Backprop::run(size_t count, uint64_t stream, const Load& load, const Index& index,
                     Update& update) {
  const size_t shards = (count + shard_ - 1) / shard_;
  pool_.run(shards, [&](size_t shard) {
    const size_t first = shard * shard_;
    const size_t size = std::min(shard_, count - first);
    Tape& tape = *tapes_[shard];
    tape.set_samples(size);
    load(first, size, tape);
    Random random(options_.seed, stream * 4096 + shard);
    tape.forward({options_.hidden_dropout, &random});
    const float scale = 1.0F / static_cast<float>(count);
    shard_loss_[shard] = targets_.are_classes() ? loss(shard, first, scale, index)
                                                : loss_of_numbers(shard, first, scale, index);
    tape.backward(options_.hidden_dropout);
  });
  pool_.run(parts_.size(), [&](size_t i) {
    const Part& part = parts_[i];
    thread_local Eigen::VectorXf gradient;
    if (gradient.size() < static_cast<EigenIndex>(part.count)) {
      gradient.resize(static_cast<EigenIndex>(part.count));
    }
    std::fill_n(gradient.data(), part.count, 0.0F);
    for (size_t shard = 0; shard < shards; ++shard) {
      tapes_[shard]->add_gradient(part.parameter, part.first, gradient.data(), part.count);
    }
    if (factors_[part.parameter] != 1) {
      gradient.head(static_cast<EigenIndex>(part.count)) *= factors_[part.parameter];
    }
    update.parameter(part.parameter, part.first, gradient.data(), part.count);
  });
  update.finish_batch();
  return std::accumulate(shard_loss_.begin(), shard_loss_.begin() + static_cast<long>(shards), 0.0);
}

Tape& Backprop::teach(size_t shard) {
  Tape& tape = *tapes_[shard];
  Tape& other = *teacher_tapes_[shard];
  other.set_samples(static_cast<size_t>(tape.samples()));
  // Its input is scaled in its own way.
  const Network& teacher = *options_.teacher;
  const float ratio = teacher.input_scale / network_.input_scale;
  const EigenIndex inputs = tape.samples() * graph_.inputs();
  Eigen::Map<ArrayXf>(other.value(0), inputs) =
      (Eigen::Map<const ArrayXf>(tape.value(0), inputs) - network_.input_offset) * ratio +
      teacher.input_offset;
  other.forward();
  return other;
}

double Backprop::loss(size_t shard, size_t first, float scale, const Index& index) {
  Tape& tape = *tapes_[shard];
  const EigenIndex samples = tape.samples();
  const EigenIndex classes = graph_.outputs();
  const Map logits(tape.value(graph_.logits()), samples, classes);
  Map gradient(tape.gradient(graph_.logits()), samples, classes);
  const float hard = teacher_ == nullptr ? 1.0F : 1.0F - options_.teacher_weight;
  const Softmax own(logits);
  gradient = own.shares * (scale * hard);
  double sum = 0;
  for (EigenIndex s = 0; s < samples; ++s) {
    const EigenIndex right = targets_.label(index(first + static_cast<size_t>(s)));
    sum -= hard * own.log(s, right);
    gradient(s, right) -= scale * hard;
  }
  if (teacher_ == nullptr) return sum;
  Tape& other = teach(shard);
  const float t = options_.temperature;
  const Softmax soft(logits / t);
  const Softmax goal(Map(other.value(teacher_->logits()), samples, classes) / t);
  // d (T^2 KL) / d logits = T (shares of the network - shares of the teacher).
  gradient += (soft.shares - goal.shares) * (scale * options_.teacher_weight * t);
  const float divergence = (goal.shares * (goal.log - soft.log)).sum();
  return sum + static_cast<double>(options_.teacher_weight) * t * t * divergence;
}

// With a teacher, of weight w, the error is that from (1 - w) target + w (the teacher's output).
double Backprop::loss_of_numbers(size_t shard, size_t first, float scale, const Index& index) {
  Tape& tape = *tapes_[shard];
  const EigenIndex samples = tape.samples();
  const EigenIndex outputs = graph_.outputs();
  const Map y(tape.value(graph_.logits()), samples, outputs);
  Map gradient(tape.gradient(graph_.logits()), samples, outputs);
  ArrayXXf wanted(samples, outputs);
  if (targets_.are_inputs()) {
    wanted = Map(tape.value(0), samples, outputs);
  } else {
    for (EigenIndex s = 0; s < samples; ++s) {
      const float* values = targets_.values(index(first + static_cast<size_t>(s)));
      wanted.row(s) = Eigen::Map<const Eigen::Array<float, 1, Eigen::Dynamic>>(values, outputs);
    }
  }
  if (teacher_ != nullptr) {
    Tape& other = teach(shard);
    wanted +=
        options_.teacher_weight * (Map(other.value(teacher_->logits()), samples, outputs) - wanted);
  }
  const double divisor = numbers_.variance * numbers_.balance;
  wanted = y - wanted;
  gradient = wanted * static_cast<float>(static_cast<double>(scale) / divisor);
  return 0.5 * wanted.cast<double>().square().sum() / divisor;
}

double loss_gradient(const Network& network, Samples samples, Targets targets, size_t count,
                     Network& gradient, const TrainOptions& options) {
  class Collect final : public Update {
   public:
    explicit Collect(Network& out) : out_(out) {}
    void begin_step(float, uint64_t) override {}
    void parameter(size_t parameter, size_t first, const float* values, size_t size) override {
      std::copy_n(values, size, out_.parameters[parameter].values.data() + first);
    }
    std::vector<float> state() const override { return {}; }
    void set_state(const std::vector<float>&) override {}

   private:
    Network& out_;
  };
  if (count == 0) throw Error(printable(network.name) + ": no samples, expected at least one");
  gradient = network;
  Collect collect(gradient);
  ThreadPool pool(options.threads, Denormals::kFlushed);
  TrainOptions distillation;
  distillation.teacher = options.teacher;
  distillation.teacher_weight = options.teacher_weight;
  distillation.temperature = options.temperature;
  Backprop backprop(network, targets, count, distillation, {}, pool);
  const auto inputs = static_cast<size_t>(element_count(network.input_shape));
  const double loss = backprop.run(
      count, 0,
      [&](size_t first, size_t, Tape& tape) {
        load_input(network, samples + first * inputs, tape);
      },
      [](size_t i) { return i; }, collect);
  return loss / static_cast<double>(count);
}

}  // namespace sparsys
