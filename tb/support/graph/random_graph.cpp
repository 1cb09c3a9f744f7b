// SPDX-License-Identifier: Apache-2.0
#include "tb/support/graph/random_graph.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tb/support/graph/graph_with_windows.hpp"

namespace sparsys {
namespace {

class Maker : GraphWithWindows {
 public:
  Maker(uint64_t seed, const RandomGraphOptions& options)
      : GraphWithWindows(seed, options.most), options_(options), bytes_(options.matrix_unit) {
    net_.name = "random" + std::to_string(seed);
    begin(input_shape());
  }

  Network run() {
    for (size_t tries = 0, made = 0; made < options_.steps && tries < 20 * options_.steps;
         ++tries) {
      made += step() ? 1 : 0;
    }
    join();
    if (options_.classes > 0) head();
    net_.output = net_.nodes.back().output;
    return std::move(net_);
  }

 private:
  Shape input_shape() {
    if (chance(70)) {
      const int64_t most = most_ < 200 ? 5 : 9;
      return {1, between(1, 4), between(3, most), between(3, most)};
    }
    if (bytes_ || chance(60)) return {1, between(2, 20)};
    return chance(50) ? Shape{1, between(2, 5), between(2, 6)}
                      : Shape{1, between(1, 3), between(1, 3), between(2, 4), between(1, 3)};
  }

  bool step() {
    using Step = V (Maker::*)(V);
    static constexpr Step kSteps[] = {
        &Maker::convolution, &Maker::convolution, &Maker::transposed,  &Maker::pooling,
        &Maker::pooling,     &Maker::function,    &Maker::function,    &Maker::function,
        &Maker::softmax,     &Maker::dense,       &Maker::matmul,      &Maker::arithmetic,
        &Maker::arithmetic,  &Maker::prelu,       &Maker::concat,      &Maker::transpose,
        &Maker::pad,         &Maker::slice,       &Maker::resize,      &Maker::reshape,
        &Maker::residual,    &Maker::gate,        &Maker::autoencoder, &Maker::separable,
        &Maker::positive,    &Maker::positive,    &Maker::matrices,    &Maker::matrices,
        &Maker::function,    &Maker::function,    &Maker::function};
    static constexpr Step kByteSteps[] = {
        &Maker::convolution, &Maker::convolution, &Maker::convolution, &Maker::pooling,
        &Maker::function,    &Maker::function,    &Maker::dense,       &Maker::constants,
        &Maker::sum,         &Maker::concat,      &Maker::border,      &Maker::residual,
        &Maker::separable,   &Maker::transposed,  &Maker::resize,      &Maker::slice,
        &Maker::shuffle,     &Maker::prelu};
    const V x = pick();
    if (bytes_) return (this->*kByteSteps[random_.below(std::size(kByteSteps))])(x) != kNone;
    return (this->*kSteps[random_.below(std::size(kSteps))])(x) != kNone;
  }

  // ---- windows ----

  V pooling(V x) {
    Node node = of(chance(50) ? Op::kMaxPool : Op::kAveragePool);
    if (rank(x) != 4 || !window(node.window, shape(x), true)) return kNone;
    if (bytes_) {
      node.window.dilation = {1, 1};
      return fits(node.window, shape(x), true) ? add(node, {x}) : kNone;
    }
    if (node.op == Op::kAveragePool) {
      node.window.dilation = {1, 1};
      if (!fits(node.window, shape(x), true)) return kNone;
    }
    return add(node, {x});
  }

  // ---- elements ----

  V function(V x) {
    constexpr Op kFunctions[] = {Op::kRelu,      Op::kSigmoid,     Op::kTanh,      Op::kClip,
                                 Op::kLeakyRelu, Op::kHardSigmoid, Op::kHardSwish, Op::kElu,
                                 Op::kSoftplus,  Op::kErf,         Op::kSin,       Op::kCos};
    // Of bytes those that are tables of two layers are few.
    const bool all = !bytes_ || chance(30);
    Node node = of(kFunctions[random_.below(all ? std::size(kFunctions) : 4)]);
    if (node.op == Op::kClip) {
      node.alpha = random_.uniform(-1.5F, 0);
      node.beta = chance(20) ? std::numeric_limits<float>::max() : random_.uniform(0, 6);
    }
    if (node.op == Op::kLeakyRelu) node.alpha = random_.uniform(0, 0.5F);
    if (node.op == Op::kElu) node.alpha = random_.uniform(0.5F, 1.5F);
    if (node.op == Op::kHardSigmoid) {
      node.alpha = random_.uniform(0.1F, 0.4F);
      node.beta = random_.uniform(0.3F, 0.6F);
    }
    return add(node, {x});
  }

  // Of what is above zero.
  V positive(V x) {
    Node clip = of(Op::kClip);
    clip.alpha = 0.3F;
    clip.beta = 3;
    constexpr Op kFunctions[] = {Op::kExp, Op::kLog, Op::kPow};
    constexpr float kPowers[] = {0.5F, -1, -0.5F, 1.5F};
    Node node = of(kFunctions[random_.below(std::size(kFunctions))]);
    if (node.op == Op::kPow) node.alpha = kPowers[random_.below(std::size(kPowers))];
    const V y = add(clip, {x});
    return y == kNone ? kNone : add(node, {y});
  }

  V softmax(V x) {
    Node node = of(chance(50) ? Op::kSoftmax : Op::kLogSoftmax);
    const auto dimensions = static_cast<int64_t>(rank(x));
    node.axis = chance(50) ? between(1, dimensions - 1) : -between(1, dimensions - 1);
    return add(node, {x});
  }

  // A shape that broadcasts to this one.
  Shape part_of(Shape s, bool same_rank) {
    s[0] = 1;
    for (int64_t& size : s) size = chance(40) ? 1 : size;
    if (!same_rank) s.erase(s.begin(), s.begin() + between(0, static_cast<int64_t>(s.size()) - 1));
    return s;
  }

  V arithmetic(V x) {
    Node node = of(chance(50) ? Op::kAdd : Op::kMul);
    if (chance(40)) return add(node, {x}, {parameter(part_of(shape(x), false), 0.7)});
    std::vector<V> others;
    for (V v = 0; v < values_.size(); ++v) {
      bool fits = rank(v) == rank(x);
      for (size_t d = 0; fits && d < rank(x); ++d) {
        fits = shape(v)[d] == 1 || shape(v)[d] == shape(x)[d];
      }
      if (fits) others.push_back(v);
    }
    return add(node, {x, others[random_.below(others.size())]});
  }

  // A factor or summand for each channel.
  V constants(V x) {
    Shape channels(rank(x), 1);
    channels[1] = shape(x)[1];
    return add(of(chance(50) ? Op::kAdd : Op::kMul), {x}, {parameter(channels, 0.7)});
  }

  // With a value of the same shape; with itself, if there is no other.
  V sum(V x) {
    std::vector<V> others;
    for (V v = 0; v < values_.size(); ++v) {
      if (v != x && shape(v) == shape(x)) others.push_back(v);
    }
    return add(of(Op::kAdd), {x, others.empty() ? x : others[random_.below(others.size())]});
  }

  // Zeros around a map, and the convolution that takes them.
  V border(V x) {
    if (rank(x) != 4) return kNone;
    Node node = of(Op::kPad);
    node.alpha = 0;
    node.shape.assign(8, 0);
    for (const size_t side : {2, 3, 6, 7}) node.shape[side] = between(0, 2);
    const V y = add(node, {x});
    Window w;
    if (y == kNone || !window(w, shape(y), false)) return kNone;
    return convolve(y, w, 1, between(1, 4));
  }

  V prelu(V x) {
    Shape slopes = part_of(shape(x), false);
    if (bytes_) slopes = {shape(x)[1]};
    for (size_t d = 2; bytes_ && d < rank(x); ++d) slopes.push_back(1);
    return add(of(Op::kPRelu), {x}, {parameter(slopes, 0.3)});
  }

  // ---- vectors ----

  V dense(V x) {
    if (rank(x) != 2) x = flatten(x);
    if (x == kNone) return kNone;
    Node node = of(Op::kGemm);
    node.trans_b = chance(50);
    node.alpha = chance(30) ? 0.75F : 1;
    node.beta = chance(30) ? -1.5F : 1;
    const int64_t inputs = shape(x)[1];
    const int64_t outputs = between(1, 12);
    std::vector<std::string> p{
        parameter(node.trans_b ? Shape{outputs, inputs} : Shape{inputs, outputs},
                  1 / std::sqrt(static_cast<double>(inputs)))};
    if (chance(70)) {
      p.push_back(parameter(chance(60) ? Shape{outputs} : part_of({1, outputs}, false), 0.3));
    }
    return add(node, {x}, p);
  }

  V matmul(V x) {
    const int64_t inputs = shape(x).back();
    return add(of(Op::kMatMul), {x},
               {parameter({inputs, between(1, 10)}, 1 / std::sqrt(static_cast<double>(inputs)))});
  }

  // With itself, turned, as attention has it.
  V matrices(V x) {
    if (rank(x) < 3) return kNone;
    Node turn = of(Op::kTranspose);
    turn.shape.resize(rank(x));
    std::iota(turn.shape.begin(), turn.shape.end(), 0);
    std::swap(turn.shape[rank(x) - 1], turn.shape[rank(x) - 2]);
    const V y = add(turn, {x});
    if (y == kNone) return kNone;
    return add(of(Op::kBatchMatMul), chance(50) ? std::vector<V>{x, y} : std::vector<V>{y, x});
  }

  V flatten(V x) { return add(of(Op::kFlatten), {x}); }

  // ---- places ----

  V concat(V x) {
    Node node = of(Op::kConcat);
    const auto axis =
        bytes_ ? size_t{1} : static_cast<size_t>(between(1, static_cast<int64_t>(rank(x)) - 1));
    node.axis = static_cast<int64_t>(axis) - (chance(30) ? static_cast<int64_t>(rank(x)) : 0);
    std::vector<V> inputs{x};
    for (V v = 0; v < values_.size() && inputs.size() < 4; ++v) {
      bool fits = rank(v) == rank(x) && (v != x || chance(30));
      for (size_t d = 0; fits && d < rank(x); ++d) fits = d == axis || shape(v)[d] == shape(x)[d];
      if (fits) inputs.push_back(v);
    }
    if (inputs.size() < 2) inputs.push_back(x);
    return add(node, inputs);
  }

  V transpose(V x) {
    if (rank(x) < 3) return kNone;
    Node node = of(Op::kTranspose);
    node.shape.resize(rank(x));
    std::iota(node.shape.begin(), node.shape.end(), 0);
    for (size_t d = rank(x) - 1; d > 1; --d) {
      std::swap(node.shape[d], node.shape[1 + random_.below(d)]);
    }
    return add(node, {x});
  }

  V pad(V x) {
    Node node = of(Op::kPad);
    node.alpha = chance(50) ? 0 : random_.uniform(-1, 1);
    for (size_t i = 0; i < 2 * rank(x); ++i) {
      node.shape.push_back(i % rank(x) == 0 || chance(50) ? 0 : between(0, 2));
    }
    return add(node, {x});
  }

  V slice(V x) {
    if (bytes_ && rank(x) != 4 && rank(x) != 2) return kNone;
    Node node = of(Op::kSlice);
    Shape ends;
    Shape steps;
    for (size_t d = 0; d < rank(x); ++d) {
      const int64_t size = shape(x)[d];
      const bool whole = d == 0 || chance(40);
      node.shape.push_back(whole ? 0 : between(0, size - 1));
      ends.push_back(whole ? size : between(node.shape.back() + 1, size));
      steps.push_back(whole || chance(60) ? 1 : between(1, 3));
    }
    node.shape.insert(node.shape.end(), ends.begin(), ends.end());
    node.shape.insert(node.shape.end(), steps.begin(), steps.end());
    return add(node, {x});
  }

  // Channels take turns, or become blocks of pixels, or blocks channels.
  V shuffle(V x) {
    if (rank(x) != 4) return kNone;
    const Shape s = shape(x);
    const int64_t d = divisor(s[1]);
    Shape parts{0, d, s[1] / d, s[2], s[3]};
    Shape order{0, 2, 1, 3, 4};
    Shape made{0, s[1], s[2], s[3]};
    const int64_t block = between(1, 2);
    if (chance(40) && s[1] % (block * block) == 0) {
      parts = {0, s[1] / block / block, block, block, s[2], s[3]};
      order = {0, 1, 4, 2, 5, 3};
      made = {0, s[1] / block / block, s[2] * block, s[3] * block};
    } else if (chance(40) && s[2] % block == 0 && s[3] % block == 0) {
      parts = {0, s[1], s[2] / block, block, s[3] / block, block};
      order = {0, 3, 5, 1, 2, 4};
      made = {0, s[1] * block * block, s[2] / block, s[3] / block};
    }
    Node split = of(Op::kReshape);
    split.shape = parts;
    Node turn = of(Op::kTranspose);
    turn.shape = order;
    Node join = of(Op::kReshape);
    join.shape = made;
    V y = add(split, {x});
    if (y != kNone) y = add(turn, {y});
    return y == kNone ? kNone : add(join, {y});
  }

  V resize(V x) {
    if (rank(x) != 4) return kNone;
    Node node = of(Op::kResize);
    node.shape = {1, 1, between(1, 3), between(1, 3)};
    return add(node, {x});
  }

  V reshape(V x) {
    if (chance(30)) return flatten(x);
    Node node = of(Op::kReshape);
    const int64_t all = element_count(shape(x));
    const int64_t first = divisor(all);
    switch (between(0, 3)) {
      case 0:
        node.shape = {1, first, all / first};
        break;
      case 1:
        node.shape = {0, first, -1};
        break;
      case 2:
        node.shape = {-1, first, 1, all / first};
        break;
      default:
        node.shape = {1, divisor(first), first, -1};
        if (all % (node.shape[1] * first) != 0) return kNone;
    }
    return add(node, {x});
  }

  // ---- blocks ----

  static Window same(int64_t kernel) {
    Window w;
    w.kernel = {kernel, kernel};
    w.pad = {kernel / 2, kernel / 2, (kernel - 1) / 2, (kernel - 1) / 2};
    return w;
  }

  V residual(V x) {
    if (rank(x) != 4) return kNone;
    V y = convolve(x, same(between(1, 4)), 1, shape(x)[1]);
    if (y != kNone) y = add(of(Op::kRelu), {y});
    if (y != kNone) y = convolve(y, same(3), 1, shape(x)[1]);
    if (y != kNone) y = add(of(Op::kAdd), {x, y});
    return y == kNone ? kNone : add(of(Op::kRelu), {y});
  }

  // Squeeze and excitation.
  V gate(V x) {
    if (rank(x) != 4) return kNone;
    Node mean = of(Op::kAveragePool);
    mean.window.kernel = {shape(x)[2], shape(x)[3]};
    V y = add(mean, {x});
    if (y != kNone) y = convolve(y, same(1), 1, between(1, 3));
    if (y != kNone) y = add(of(Op::kRelu), {y});
    if (y != kNone) y = convolve(y, same(1), 1, shape(x)[1]);
    if (y != kNone) y = add(of(chance(50) ? Op::kSigmoid : Op::kHardSigmoid), {y});
    return y == kNone ? kNone : add(of(Op::kMul), {x, y});
  }

  V autoencoder(V x) {
    if (rank(x) != 4 || shape(x)[2] < 3 || shape(x)[3] < 3) return kNone;
    Window w = same(3);
    w.stride = {2, 2};
    V y = convolve(x, w, 1, between(1, 4));
    if (y != kNone) y = add(of(Op::kTanh), {y});
    if (y == kNone || chance(50)) {
      if (y == kNone) return kNone;
      Node up = of(Op::kResize);
      up.shape = {1, 1, 2, 2};
      y = add(up, {y});
      return y == kNone ? kNone : convolve(y, same(3), 1, shape(x)[1]);
    }
    Node up = of(Op::kConvTranspose);
    up.window = w;
    // As large as x: of an even size there is one row more.
    up.shape = {(shape(x)[2] + 1) % 2, (shape(x)[3] + 1) % 2};
    const V back = add(up, {y}, {parameter({shape(y)[1], shape(x)[1], 3, 3}, 0.3)});
    if (back == kNone || shape(back) != shape(x) || chance(30)) return back;
    return add(of(Op::kAdd), {back, x});
  }

  // Depthwise, then pointwise, as MobileNets have it.
  V separable(V x) {
    if (rank(x) != 4) return kNone;
    Window w = same(3);
    w.stride = {between(1, 2), between(1, 2)};
    V y = convolve(x, w, shape(x)[1], shape(x)[1] * between(1, 2));
    Node relu6 = of(Op::kClip);
    relu6.alpha = 0;
    relu6.beta = 6;
    if (y != kNone) y = add(relu6, {y});
    return y == kNone ? kNone : convolve(y, same(1), 1, between(1, 6));
  }

  // ---- the end ----

  // What nobody uses, as one vector; or as it is, if it is one value.
  void join() {
    std::vector<V> open;
    for (V v = 0; v < values_.size(); ++v) {
      if (values_[v].uses == 0) open.push_back(v);
    }
    most_ = int64_t{1} << 20;
    if (open.size() == 1 && options_.classes == 0 && !net_.nodes.empty()) return;
    // Of bytes by weights: vectors that are maps can't be joined.
    for (V& v : open) v = bytes_ ? dense(v) : rank(v) == 2 ? v : flatten(v);
    if (open.size() > 1) add(of(Op::kConcat), open);
    if (net_.nodes.empty()) add(of(Op::kRelu), {0});
  }

  void head() {
    const V x = values_.size() - 1;
    const int64_t inputs = shape(x)[1];
    const V y =
        add(of(Op::kGemm), {x},
            {parameter({inputs, options_.classes}, 0.5 / std::sqrt(static_cast<double>(inputs))),
             parameter({options_.classes}, 0.3)});
    if (options_.softmax && chance(50)) add(of(chance(50) ? Op::kSoftmax : Op::kLogSoftmax), {y});
  }

  RandomGraphOptions options_;
  const bool bytes_;  // for the matrix unit
};

}  // namespace

Network random_graph(uint64_t seed, const RandomGraphOptions& options) {
  return Maker(seed, options).run();
}

}  // namespace sparsys
