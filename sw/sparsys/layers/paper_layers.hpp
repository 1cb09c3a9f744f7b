// SPDX-License-Identifier: Apache-2.0
// The nine layers of EIE (Han 2016, Table III) and what the paper measured on them at batch 1
// (Table IV), in microseconds.
#pragma once

#include <array>
#include <cstdint>

namespace sparsys {

struct EieLayer {
  const char* name;
  uint32_t inputs;
  uint32_t outputs;
  double weight_pct;                     // of the weights that are not 0
  double activation_pct;                 // of the activations
  double theoretical_us;                 // EIE: work over peak
  double actual_us;                      // EIE: cycles of its simulator
  double cpu_dense_us, cpu_sparse_us;    // Core i7-5930K
  double gpu_dense_us, gpu_sparse_us;    // Titan X
  double mgpu_dense_us, mgpu_sparse_us;  // Tegra K1
  double energy_gain;                    // EIE over the dense CPU (figure 7)

  double balance_pct() const { return 100 * theoretical_us / actual_us; }
  // Of the paper's figures as they are rounded to .1 us: what the balance is at least.
  double least_balance_pct() const { return 100 * (theoretical_us - .05) / (actual_us + .05); }
};

constexpr double kPaperMhz = 800;

constexpr std::array<EieLayer, 9> kPaperLayers = {{
    {"Alex-6", 9216, 4096, 9, 35.1, 28.1, 30.3, 7516.2, 3066.5, 541.5, 134.8, 12437.2, 2879.3,
     34522},
    {"Alex-7", 4096, 4096, 9, 35.3, 11.7, 12.2, 6187.1, 1282.1, 243.0, 65.8, 5765.0, 1256.5, 61533},
    {"Alex-8", 4096, 1000, 25, 37.5, 8.9, 9.9, 1134.9, 890.5, 80.5, 54.6, 2252.1, 837.0, 14826},
    {"VGG-6", 25088, 4096, 4, 18.3, 28.1, 34.4, 35022.8, 3774.3, 1467.8, 167.0, 35427.0, 4377.2,
     119797},
    {"VGG-7", 4096, 4096, 4, 37.5, 7.9, 8.7, 5372.8, 545.1, 243.0, 39.8, 5544.3, 626.3, 76784},
    {"VGG-8", 4096, 1000, 23, 41.1, 7.3, 8.4, 774.2, 777.3, 80.5, 48.0, 2243.1, 745.1, 11828},
    {"NT-We", 4096, 600, 10, 100, 5.2, 8.0, 605.0, 261.2, 65.0, 17.7, 1316.0, 240.6, 9485},
    {"NT-Wd", 600, 8791, 11, 100, 13.0, 13.9, 1361.4, 437.4, 90.1, 41.1, 2565.5, 570.6, 10904},
    {"NT-LSTM", 1201, 2400, 10, 100, 6.5, 7.5, 470.5, 260.0, 51.9, 18.5, 956.9, 315.0, 8053},
}};

}  // namespace sparsys
