// SPDX-License-Identifier: Apache-2.0
// Deep Compression's tables 2 and 3 (Han 2016), to stand beside our own figures.
#pragma once

#include <string>
#include <vector>

namespace sparsys {

struct PaperLayer {
  const char* name;
  double density_pct;
  double weight_bits;
  double weight_bits_huffman;
  double index_bits;
  double index_bits_huffman;
  double rate_pct;  // stored size, of that of 32-bit floats
};

struct PaperNetwork {
  std::vector<PaperLayer> layers;
  PaperLayer total;
  double ratio;
  double float_error_pct;
  double compressed_error_pct;
};

// Null if the paper does not have the network.
inline const PaperNetwork* paper_figures(const std::string& network) {
  static const PaperNetwork lenet_300_100 = {{{"ip1", 8, 6, 4.4, 5, 3.7, 2.32},
                                              {"ip2", 9, 6, 4.4, 5, 4.3, 3.04},
                                              {"ip3", 26, 6, 4.3, 5, 3.2, 12.70}},
                                             {"total", 8, 6, 5.1, 5, 3.7, 2.49},
                                             40,
                                             1.64,
                                             1.58};
  static const PaperNetwork lenet_5 = {{{"conv1", 66, 8, 7.2, 5, 1.5, 67.45},
                                        {"conv2", 12, 8, 7.2, 5, 3.9, 5.28},
                                        {"ip1", 8, 5, 4.5, 5, 4.5, 2.45},
                                        {"ip2", 19, 5, 5.2, 5, 3.7, 6.13}},
                                       {"total", 8, 5.3, 4.1, 5, 4.4, 2.55},
                                       39,
                                       0.80,
                                       0.74};
  if (network == "lenet-300-100") return &lenet_300_100;
  if (network == "lenet-5") return &lenet_5;
  return nullptr;
}

}  // namespace sparsys
