// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/commands/import_int8.hpp"

#include <iostream>

#include "golden/format/model_file.hpp"
#include "golden/format/tflite/import.hpp"
#include "sw/sparsys/report/describe.hpp"

namespace sparsys {

bool import_int8(const std::string& file, const std::string& out,
                 const Int8ImportOptions& options) {
  if (!is_tflite(file)) return false;
  const mxu::Network network = import_tflite(file, options);
  save_model(out, network);
  print_quantised(std::cout, describe(network));
  std::cout << "written: " << out << ", for the matrix unit" << std::endl;
  return true;
}

}  // namespace sparsys
