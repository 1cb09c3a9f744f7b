// SPDX-License-Identifier: Apache-2.0
// What a model computes, by the reference kernels' definition: maps as they stand in the format,
// [height][width][channels].
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "tb/support/tflite_models.hpp"
#include "tb/support/tflite_reference.hpp"

namespace sparsys {
namespace {

using tflite::Activation;
using tflite::BuiltinOperator;
using tflite::Padding;
using tflite::TensorType;
using Tensor = TfliteModel::Tensor;
using Op = TfliteModel::Op;
using Values = std::vector<int32_t>;

struct Side {
  int32_t size, kernel, stride, dilation, before, count;
};

Side side_of(const Op& op, size_t s, int32_t size, int32_t kernel, int32_t count) {
  Side side{size, kernel, op.stride[s], op.dilation[s], 0, count};
  if (op.padding == Padding::SAME) {
    const int32_t reach = (kernel - 1) * side.dilation + 1;
    side.before = std::max((count - 1) * side.stride + reach - size, 0) / 2;
  }
  return side;
}

int32_t zero_of(const Tensor& t) { return static_cast<int32_t>(t.zero.at(0)); }

reference::Multiplier product(const Tensor& in, const Tensor& weights, size_t o,
                              const Tensor& out) {
  const double w = weights.scale[weights.scale.size() > 1 ? o : 0];
  return reference::multiplier_of(double{in.scale[0]} * w / double{out.scale[0]});
}

Values run_convolve(const Op& op, const Tensor& in, const Values& x, const Tensor& w,
                    const Values& b, const Tensor& out) {
  const bool depthwise = op.code == BuiltinOperator::DEPTHWISE_CONV_2D;
  const int32_t outputs = out.at(3);
  const int32_t channels = depthwise ? 1 : w.at(3);
  const int32_t groups = in.at(3) / channels;
  const Side v = side_of(op, 0, in.at(1), w.at(1), out.at(1));
  const Side h = side_of(op, 1, in.at(2), w.at(2), out.at(2));
  Values y(out.elements());
  for (int32_t oy = 0; oy < v.count; ++oy) {
    for (int32_t ox = 0; ox < h.count; ++ox) {
      for (int32_t o = 0; o < outputs; ++o) {
        int32_t sum = b.empty() ? 0 : b[static_cast<size_t>(o)];
        const int32_t first = o / (outputs / groups) * channels;
        for (int32_t ky = 0; ky < v.kernel; ++ky) {
          for (int32_t kx = 0; kx < h.kernel; ++kx) {
            const int32_t iy = oy * v.stride - v.before + ky * v.dilation;
            const int32_t ix = ox * h.stride - h.before + kx * h.dilation;
            if (iy < 0 || iy >= v.size || ix < 0 || ix >= h.size) continue;
            for (int32_t c = 0; c < channels; ++c) {
              const int32_t tap = ky * h.kernel + kx;
              const int32_t weight =
                  depthwise ? tap * outputs + o : (o * v.kernel * h.kernel + tap) * channels + c;
              const int32_t at = (iy * h.size + ix) * in.at(3) + first + c;
              sum += (w.values[static_cast<size_t>(weight)] - zero_of(w)) *
                     (x[static_cast<size_t>(at)] - zero_of(in));
            }
          }
        }
        const int32_t scaled =
            reference::multiply_twice_rounded(sum, product(in, w, static_cast<size_t>(o), out));
        y[static_cast<size_t>((oy * h.count + ox) * outputs + o)] =
            bounded_by(op, out, scaled + zero_of(out));
      }
    }
  }
  return y;
}

// Each pixel adds to all places that its window covers.
Values run_transpose_conv(const Op& op, const Tensor& in, const Values& x, const Tensor& w,
                          const Values& b, const Tensor& out) {
  const int32_t outputs = out.at(3);
  const std::array<int32_t, 2> kernel{w.at(1), w.at(2)};
  std::array<int32_t, 2> before{};
  for (size_t s = 0; s < 2 && op.padding == Padding::SAME; ++s) {
    const int32_t wide = (in.shape[1 + s] - 1) * op.stride[s] + kernel[s];
    before[s] = std::max(wide - out.shape[1 + s], 0) / 2;
  }
  Values sums(out.elements());
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = b[i % static_cast<size_t>(outputs)];
  for (int32_t i = 0; i < static_cast<int32_t>(x.size()); ++i) {
    const int32_t c = i % in.at(3);
    const int32_t left = i / in.at(3) % in.at(2) * op.stride[1] - before[1];
    const int32_t top = i / in.at(3) / in.at(2) * op.stride[0] - before[0];
    for (int32_t t = 0; t < kernel[0] * kernel[1]; ++t) {
      const int32_t oy = top + t / kernel[1];
      const int32_t ox = left + t % kernel[1];
      if (oy < 0 || oy >= out.at(1) || ox < 0 || ox >= out.at(2)) continue;
      for (int32_t o = 0; o < outputs; ++o) {
        const int32_t at = (o * kernel[0] * kernel[1] + t) * in.at(3) + c;
        sums[static_cast<size_t>((oy * out.at(2) + ox) * outputs + o)] +=
            (x[static_cast<size_t>(i)] - zero_of(in)) * w.values[static_cast<size_t>(at)];
      }
    }
  }
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t o = i % static_cast<size_t>(outputs);
    sums[i] = bounded_by(
        op, out, reference::multiply_twice_rounded(sums[i], product(in, w, o, out)) + zero_of(out));
  }
  return sums;
}

Values run_resize(const Tensor& in, const Values& x, const Tensor& out) {
  Values y(out.elements());
  for (int32_t i = 0; i < static_cast<int32_t>(y.size()); ++i) {
    const int32_t oy = i / out.at(3) / out.at(2);
    const int32_t ox = i / out.at(3) % out.at(2);
    const int32_t from = oy * in.at(1) / out.at(1) * in.at(2) + ox * in.at(2) / out.at(2);
    y[static_cast<size_t>(i)] = x[static_cast<size_t>(from * in.at(3) + i % out.at(3))];
  }
  return y;
}

Values run_connect(const Op& op, const Tensor& in, const Values& x, const Tensor& w,
                   const Values& b, const Tensor& out) {
  const auto inputs = static_cast<size_t>(w.at(1));
  const auto outputs = static_cast<size_t>(w.at(0));
  Values y(out.elements());
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t o = i % outputs;
    int32_t sum = b.empty() ? 0 : b[o];
    for (size_t k = 0; k < inputs; ++k) {
      sum += (w.values[o * inputs + k] - zero_of(w)) * (x[i / outputs * inputs + k] - zero_of(in));
    }
    y[i] = bounded_by(op, out,
                      reference::multiply_once_rounded(sum, product(in, w, o, out)) + zero_of(out));
  }
  return y;
}

Values run_pool(const Op& op, const Tensor& in, const Values& x, const Tensor& out) {
  const Side v = side_of(op, 0, in.at(1), op.kernel[0], out.at(1));
  const Side h = side_of(op, 1, in.at(2), op.kernel[1], out.at(2));
  const int32_t channels = in.at(3);
  Values y(out.elements());
  for (int32_t i = 0; i < static_cast<int32_t>(y.size()); ++i) {
    const int32_t c = i % channels;
    const int32_t oy = i / channels / h.count;
    const int32_t ox = i / channels % h.count;
    int32_t sum = 0;
    int32_t most = INT32_MIN;
    int32_t count = 0;
    for (int32_t ky = 0; ky < v.kernel; ++ky) {
      for (int32_t kx = 0; kx < h.kernel; ++kx) {
        const int32_t iy = oy * v.stride - v.before + ky;
        const int32_t ix = ox * h.stride - h.before + kx;
        if (iy < 0 || iy >= v.size || ix < 0 || ix >= h.size) continue;
        const int32_t value = x[static_cast<size_t>((iy * h.size + ix) * channels + c)];
        sum += value;
        most = std::max(most, value);
        ++count;
      }
    }
    y[static_cast<size_t>(i)] = bounded_by(
        op, out, op.code == BuiltinOperator::MAX_POOL_2D ? most : reference::divide(sum, count));
  }
  return y;
}

// Elements of the window that each of `out` stands for: [out][of it].
std::vector<Values> reduced(const Tensor& in, const Values& x, const Values& axes) {
  const bool h = std::count(axes.begin(), axes.end(), 1) != 0;
  const bool w = std::count(axes.begin(), axes.end(), 2) != 0;
  const int32_t channels = in.at(3);
  std::vector<Values> windows(
      static_cast<size_t>((h ? 1 : in.at(1)) * (w ? 1 : in.at(2)) * channels));
  for (int32_t i = 0; i < static_cast<int32_t>(x.size()); ++i) {
    const int32_t iy = h ? 0 : i / channels / in.at(2);
    const int32_t ix = w ? 0 : i / channels % in.at(2);
    const int32_t o = (iy * (w ? 1 : in.at(2)) + ix) * channels + i % channels;
    windows[static_cast<size_t>(o)].push_back(x[static_cast<size_t>(i)]);
  }
  return windows;
}

Values run_reduce_max(const Tensor& in, const Values& x, const Values& axes) {
  Values y;
  for (const Values& window : reduced(in, x, axes)) {
    y.push_back(*std::max_element(window.begin(), window.end()));
  }
  return y;
}

Values run_mean(const Op& op, const Tensor& in, const Values& x, const Values& axes,
                const Tensor& out) {
  const std::vector<Values> windows = reduced(in, x, axes);
  const auto pixels = static_cast<int32_t>(windows[0].size());
  reference::Multiplier m = reference::multiplier_of(double{in.scale[0]} / double{out.scale[0]});
  int bits = 0;
  while (pixels >> (bits + 1) != 0) ++bits;
  bits = std::min(std::min(bits, 32), 31 + m.shift);
  m.value = static_cast<int32_t>((int64_t{m.value} << bits) / pixels);
  m.shift -= bits;
  Values y;
  for (const Values& window : windows) {
    int32_t sum = -pixels * zero_of(in);
    for (const int32_t value : window) sum += value;
    y.push_back(bounded_by(op, out, reference::multiply_twice_rounded(sum, m) + zero_of(out)));
  }
  return y;
}

Values run_add(const Op& op, const Tensor& ta, const Values& a, const Tensor& tb, const Values& b,
               const Tensor& out) {
  const double twice = 2 * std::max(double{ta.scale[0]}, double{tb.scale[0]});
  const reference::Multiplier ma = reference::multiplier_of(double{ta.scale[0]} / twice);
  const reference::Multiplier mb = reference::multiplier_of(double{tb.scale[0]} / twice);
  const reference::Multiplier mo =
      reference::multiplier_of(twice / ((1 << 20) * double{out.scale[0]}));
  Values y(a.size());
  for (size_t i = 0; i < y.size(); ++i) {
    const int32_t sa = reference::multiply_twice_rounded((a[i] - zero_of(ta)) * (1 << 20), ma);
    const int32_t sb = reference::multiply_twice_rounded((b[i] - zero_of(tb)) * (1 << 20), mb);
    y[i] = bounded_by(op, out, reference::multiply_twice_rounded(sa + sb, mo) + zero_of(out));
  }
  return y;
}

Values run_pad(const Tensor& in, const Values& x, const Values& sides, const Tensor& out) {
  Values y(out.elements(), zero_of(in));
  const int32_t channels = in.at(3);
  for (int32_t i = 0; i < static_cast<int32_t>(x.size()); ++i) {
    const int32_t iy = i / channels / in.at(2) + sides[2];
    const int32_t ix = i / channels % in.at(2) + sides[4];
    y[static_cast<size_t>((iy * out.at(2) + ix) * channels + i % channels)] =
        x[static_cast<size_t>(i)];
  }
  return y;
}

Values run_concat(const std::vector<const Values*>& xs, const std::vector<int32_t>& channels) {
  Values y;
  const size_t pixels = xs[0]->size() / static_cast<size_t>(channels[0]);
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t i = 0; i < xs.size(); ++i) {
      const auto from = xs[i]->begin() + static_cast<std::ptrdiff_t>(p) * channels[i];
      y.insert(y.end(), from, from + channels[i]);
    }
  }
  return y;
}

}  // namespace

std::vector<int32_t> TfliteModel::run(const std::vector<int32_t>& first) const {
  std::vector<Values> values(tensors.size());
  for (size_t t = 0; t < tensors.size(); ++t) values[t] = tensors[t].values;
  values[static_cast<size_t>(input)] = first;
  std::vector<float> real;  // between DEQUANTIZE and QUANTIZE
  for (const Op& op : ops) {
    const Tensor& in = tensor(op.inputs[0]);
    const Tensor& out = tensor(op.output);
    const Values& x = values[static_cast<size_t>(op.inputs[0])];
    const bool second = op.inputs.size() > 1 && op.inputs[1] >= 0;
    const Tensor& other = second ? tensor(op.inputs[1]) : in;
    const Values& o = second ? values[static_cast<size_t>(op.inputs[1])] : x;
    const bool third = op.inputs.size() > 2 && op.inputs[2] >= 0;
    const Values bias = third ? values[static_cast<size_t>(op.inputs[2])] : Values{};
    Values& y = values[static_cast<size_t>(op.output)];
    switch (op.code) {
      case BuiltinOperator::CONV_2D:
      case BuiltinOperator::DEPTHWISE_CONV_2D:
        y = run_convolve(op, in, x, other, bias, out);
        break;
      case BuiltinOperator::TRANSPOSE_CONV:
        y = run_transpose_conv(op, tensor(op.inputs[2]), values[static_cast<size_t>(op.inputs[2])],
                               other, values[static_cast<size_t>(op.inputs[3])], out);
        break;
      case BuiltinOperator::RESIZE_NEAREST_NEIGHBOR:
        y = run_resize(in, x, out);
        break;
      case BuiltinOperator::FULLY_CONNECTED:
        y = run_connect(op, in, x, other, bias, out);
        break;
      case BuiltinOperator::AVERAGE_POOL_2D:
      case BuiltinOperator::MAX_POOL_2D:
        y = run_pool(op, in, x, out);
        break;
      case BuiltinOperator::MEAN:
        y = run_mean(op, in, x, o, out);
        break;
      case BuiltinOperator::REDUCE_MAX:
        y = run_reduce_max(in, x, o);
        break;
      case BuiltinOperator::ADD:
        y = other.values.empty() ? run_add(op, in, x, other, o, out)
                                 : run_element_operator(op, in, x, other, o, out);
        break;
      case BuiltinOperator::PAD:
        y = run_pad(in, x, o, out);
        break;
      case BuiltinOperator::CONCATENATION: {
        std::vector<const Values*> xs;
        std::vector<int32_t> channels;
        for (const int32_t i : op.inputs) {
          xs.push_back(&values[static_cast<size_t>(i)]);
          channels.push_back(tensor(i).shape.back());
        }
        y = run_concat(xs, channels);
        break;
      }
      case BuiltinOperator::RESHAPE:
      case BuiltinOperator::SQUEEZE:
      case BuiltinOperator::EXPAND_DIMS:
        y = x;
        break;
      case BuiltinOperator::SHAPE:
      case BuiltinOperator::STRIDED_SLICE:
      case BuiltinOperator::PACK:
        break;  // shapes that the model's tensors have
      case BuiltinOperator::DEQUANTIZE:
        for (const int32_t q : x) {
          real.push_back(static_cast<float>(double{in.scale[0]} * (q - zero_of(in))));
        }
        break;
      case BuiltinOperator::ELU:
        for (float& r : real) r = r < 0 ? std::expm1(r) : r;
        break;
      case BuiltinOperator::QUANTIZE:
        if (real.empty()) {
          y = run_element_operator(op, in, x, other, o, out);
          break;
        }
        for (const float r : real) {
          y.push_back(bounded_by(
              op, out, static_cast<int32_t>(std::round(r / out.scale[0])) + zero_of(out)));
        }
        real.clear();
        break;
      default:
        y = run_element_operator(op, in, x, other, o, out);
    }
  }
  return values[static_cast<size_t>(output)];
}

namespace {

// [height][width][channels] as signed bytes [channels][height][width].
void append_turned(std::vector<int8_t>& to, const Values& values, size_t channels,
                   bool is_unsigned) {
  const size_t pixels = values.size() / channels;
  for (size_t c = 0; c < channels; ++c) {
    for (size_t p = 0; p < pixels; ++p) {
      to.push_back(static_cast<int8_t>(values[p * channels + c] - (is_unsigned ? 128 : 0)));
    }
  }
}

}  // namespace

TfliteSamples samples_of(const TfliteModel& model, const mxu::Network& network, uint32_t samples,
                         uint64_t seed) {
  Random random(seed, 406);
  const Tensor& in = model.tensors[static_cast<size_t>(model.input)];
  const Tensor& out = model.tensors[static_cast<size_t>(model.output)];
  const bool is_unsigned = in.type == TensorType::UINT8;
  const int32_t least = is_unsigned ? 0 : -128;
  TfliteSamples made;
  for (uint32_t sample = 0; sample < samples; ++sample) {
    Values input(in.elements());
    for (int32_t& x : input) {
      const auto any = static_cast<int32_t>(random.below(256));
      x = least + (sample == 0 ? any : sample == 1 ? 0 : sample == 2 ? 255 : any);
    }
    append_turned(made.inputs, input, network.value(0).channels, is_unsigned);
    // A map that became a vector has its sizes in the network alone.
    append_turned(made.outputs, model.run(input), network.value(network.layers.size()).channels,
                  out.type == TensorType::UINT8);
  }
  return made;
}

}  // namespace sparsys
