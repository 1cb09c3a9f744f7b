// SPDX-License-Identifier: Apache-2.0
#include "golden/data/scale.hpp"

#include <cmath>

namespace sparsys {

InputScale choose_input_scale(const Dataset& data) {
  InputScale chosen;
  chosen.scale = data.bytes() ? 1 / 256.0F : 1.0F;
  const Samples samples = data.samples(data.train);
  const size_t values = data.train_count() * data.inputs();
  if (values == 0) return chosen;
  // In two passes: differences of large values are not lost.
  double sum = 0;
  for (size_t i = 0; i < values; ++i) sum += static_cast<double>(samples[i]);
  chosen.mean = sum / static_cast<double>(values);
  double square = 0;
  for (size_t i = 0; i < values; ++i) {
    const double difference = static_cast<double>(samples[i]) - chosen.mean;
    square += difference * difference;
  }
  chosen.deviation = std::sqrt(square / static_cast<double>(values));
  const double deviation = chosen.deviation * chosen.scale;
  const bool fair =
      std::abs(chosen.mean) <= chosen.deviation && deviation >= 0.125 && deviation <= 2;
  if (fair || chosen.deviation == 0) return chosen;
  chosen.plain = false;
  chosen.scale = static_cast<float>(1 / chosen.deviation);
  chosen.offset = static_cast<float>(-chosen.mean / chosen.deviation);
  return chosen;
}

}  // namespace sparsys
