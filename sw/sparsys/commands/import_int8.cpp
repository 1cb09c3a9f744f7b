// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/commands/import_int8.hpp"

#include <iostream>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/format/model_file.hpp"
#include "golden/format/onnx/quantised/import.hpp"
#include "golden/format/tflite/import.hpp"
#include "sw/sparsys/report/describe.hpp"

namespace sparsys {

bool import_int8(const std::string& file, const std::string& out, const Int8ImportOptions& options,
                 bool cut) {
  std::optional<mxu::Network> network;
  if (is_tflite(file)) {
    network = import_tflite(file, options);
  } else {
    network = import_quantised_onnx(file, options);
  }
  if (!network) return false;
  if (cut) fail(printable(file), "--input and --output are for models of real numbers");
  save_model(out, *network);
  print_quantised(std::cout, describe(*network));
  std::cout << "written: " << out << ", for the matrix unit" << std::endl;
  return true;
}

}  // namespace sparsys
