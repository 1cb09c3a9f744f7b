// SPDX-License-Identifier: Apache-2.0
#include "golden/engine/mxu/program.hpp"

#include <algorithm>
#include <string>

#include "golden/base/digest.hpp"
#include "golden/base/error.hpp"

namespace sparsys::mxu {

uint64_t image_checksum(const Program& program) {
  Digest digest;
  digest.add(uint64_t{program.instructions.size()});
  for (const InstructionWords& words : program.instructions) {
    for (const uint32_t word : words) digest.add(word);
  }
  digest.add(program.weights);
  digest.add(program.parameters);
  return digest.value();
}

std::vector<uint8_t> host_rows(const Program& program, const std::vector<int8_t>& inputs) {
  const uint64_t pixels = program.in_pixels;
  const uint64_t elements = uint64_t{program.batch} * program.in_channels * pixels;
  if (inputs.size() != elements) {
    throw Error("batch has " + std::to_string(inputs.size()) + " elements, expected " +
                std::to_string(elements));
  }
  const size_t lanes = program.config.lanes();
  std::vector<uint8_t> rows;
  for (const Transfer& transfer : program.input) {
    if (transfer.parameters) {
      const auto from = program.parameters.begin() + static_cast<ptrdiff_t>(transfer.first * lanes);
      rows.insert(rows.end(), from, from + static_cast<ptrdiff_t>(transfer.rows * lanes));
      continue;
    }
    const uint64_t first_channel = uint64_t{transfer.plane} * program.plane_width;
    const uint64_t channels =
        std::min<uint64_t>(program.plane_width, program.in_channels - first_channel);
    for (uint64_t p = transfer.first; p < transfer.first + transfer.rows; ++p) {
      const size_t at = rows.size();
      rows.resize(at + lanes);
      for (uint64_t c = 0; c < channels; ++c) {
        rows[at + c] = static_cast<uint8_t>(
            inputs[(p / pixels * program.in_channels + first_channel + c) * pixels + p % pixels]);
      }
    }
  }
  return rows;
}

std::vector<int8_t> outputs_of(const Program& program, const std::vector<uint8_t>& rows) {
  const size_t lanes = program.config.lanes();
  uint64_t expected = 0;
  for (const Transfer& transfer : program.output) expected += transfer.rows;
  if (rows.size() != expected * lanes) {
    throw Error(std::to_string(rows.size() / lanes) + " rows of output, expected " +
                std::to_string(expected));
  }
  const uint64_t pixels = program.out_pixels;
  std::vector<int8_t> outputs(uint64_t{program.batch} * program.out_channels * pixels);
  const uint8_t* row = rows.data();
  for (const Transfer& transfer : program.output) {
    const uint64_t first_channel = program.out_planes[transfer.plane].first_channel;
    const std::vector<uint16_t>& from = program.out_planes[transfer.plane].lanes;
    for (uint64_t p = transfer.first; p < transfer.first + transfer.rows; ++p, row += lanes) {
      for (uint64_t c = 0; c < from.size(); ++c) {
        outputs[(p / pixels * program.out_channels + first_channel + c) * pixels + p % pixels] =
            static_cast<int8_t>(row[from[c]]);
      }
    }
  }
  return outputs;
}

}  // namespace sparsys::mxu
