// SPDX-License-Identifier: Apache-2.0
#include "golden/train/functions.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace sparsys {
namespace {

using ArrayMap = Eigen::Map<Eigen::ArrayXf>;
using ConstArrayMap = Eigen::Map<const Eigen::ArrayXf>;

// Each with its value at x, and its slope there, of which y is the value.
struct Clip {
  float low, high;
  float value(float x) const { return std::min(std::max(x, low), high); }
  float slope(float x, float) const { return x > low && x < high ? 1.0F : 0.0F; }
};
struct LeakyRelu {
  float alpha;
  float value(float x) const { return x < 0 ? alpha * x : x; }
  float slope(float x, float) const { return x < 0 ? alpha : 1.0F; }
};
struct HardSigmoid {
  float alpha, beta;
  float value(float x) const { return std::max(0.0F, std::min(1.0F, alpha * x + beta)); }
  float slope(float, float y) const { return y > 0 && y < 1 ? alpha : 0.0F; }
};
struct HardSwish {
  static float gate(float x) { return std::max(0.0F, std::min(1.0F, x / 6 + 0.5F)); }
  float value(float x) const { return x * gate(x); }
  float slope(float x, float) const { return x > -3 && x < 3 ? x / 3 + 0.5F : gate(x); }
};
struct Elu {
  float alpha;
  float value(float x) const { return x < 0 ? alpha * std::expm1(x) : x; }
  float slope(float x, float y) const { return x < 0 ? y + alpha : 1.0F; }
};
struct Softplus {
  float value(float x) const { return std::max(x, 0.0F) + std::log1p(std::exp(-std::abs(x))); }
  float slope(float x, float) const { return 1.0F / (1.0F + std::exp(-x)); }
};
struct Log {
  float value(float x) const { return std::log(x); }
  float slope(float x, float) const { return 1.0F / x; }
};
struct Erf {
  float value(float x) const { return std::erf(x); }
  float slope(float x, float) const { return 1.12837917F * std::exp(-x * x); }  // 2 / sqrt(pi)
};
struct Sin {
  float value(float x) const { return std::sin(x); }
  float slope(float x, float) const { return std::cos(x); }
};
struct Cos {
  float value(float x) const { return std::cos(x); }
  float slope(float x, float) const { return -std::sin(x); }
};
struct Pow {
  float alpha;
  float value(float x) const {
    if (alpha == 0.5F) return std::sqrt(x);
    if (alpha == -1) return 1.0F / x;
    return std::pow(x, alpha);
  }
  float slope(float x, float) const { return alpha * std::pow(x, alpha - 1.0F); }
};

template <typename Run>
void with_function(const Function& f, const Run& run) {
  switch (f.op) {
    case Op::kClip:
      return run(Clip{f.alpha, f.beta});
    case Op::kLeakyRelu:
      return run(LeakyRelu{f.alpha});
    case Op::kHardSigmoid:
      return run(HardSigmoid{f.alpha, f.beta});
    case Op::kHardSwish:
      return run(HardSwish{});
    case Op::kElu:
      return run(Elu{f.alpha});
    case Op::kLog:
      return run(Log{});
    case Op::kErf:
      return run(Erf{});
    case Op::kSin:
      return run(Sin{});
    case Op::kCos:
      return run(Cos{});
    case Op::kPow:
      return run(Pow{f.alpha});
    default:
      return run(Softplus{});
  }
}

}  // namespace

void apply(const Function& f, const float* x, float* y, int64_t count) {
  const ConstArrayMap in(x, count);
  ArrayMap out(y, count);
  switch (f.op) {
    case Op::kRelu:
      out = in.max(0.0F);
      break;
    case Op::kSigmoid:
      out = 1.0F / (1.0F + (-in).exp());
      break;
    case Op::kTanh:
      out = in.tanh();
      break;
    case Op::kExp:
      out = in.exp();
      break;
    default:
      with_function(f, [&](const auto& function) {
        for (int64_t i = 0; i < count; ++i) y[i] = function.value(x[i]);
      });
  }
}

void apply_back(const Function& f, const float* x, const float* y, const float* dy, float* dx,
                int64_t count, float keep) {
  const ConstArrayMap out(y, count);
  const ConstArrayMap delta(dy, count);
  ArrayMap gradient(dx, count);
  const bool in_place = dx == dy;
  switch (f.op) {
    case Op::kRelu:
      if (in_place) {
        for (int64_t i = 0; i < count; ++i) dx[i] = y[i] > 0 ? keep * dx[i] : 0.0F;
      } else {
        for (int64_t i = 0; i < count; ++i) dx[i] += y[i] > 0 ? keep * dy[i] : 0.0F;
      }
      break;
    case Op::kSigmoid:
      if (in_place) {
        gradient *= (out * (1.0F - out)).eval();
      } else {
        gradient += delta * out * (1.0F - out);
      }
      break;
    case Op::kTanh:
      if (in_place) {
        gradient *= (1.0F - out * out).eval();
      } else {
        gradient += delta * (1.0F - out * out);
      }
      break;
    case Op::kExp:
      gradient += delta * out;
      break;
    default:
      with_function(f, [&](const auto& function) {
        for (int64_t i = 0; i < count; ++i) dx[i] += function.slope(x[i], y[i]) * dy[i];
      });
  }
}

}  // namespace sparsys
