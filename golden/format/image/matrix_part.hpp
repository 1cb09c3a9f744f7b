// SPDX-License-Identifier: Apache-2.0
// The matrix unit's part of an image: program, weights, parameters and rows of its samples.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/engine/mxu/program.hpp"
#include "golden/format/image/image.hpp"

namespace sparsys::top {

// How samples lie in memory that rows of the unit go to or come from: `output` of the program's
// output, whose pieces have all bytes of a row up to the last lane of a channel, else of its input.
struct UnitLayout {
  Layout layout;                // pieces of the lanes: first_channel counts planes' channels
  std::vector<uint32_t> plane;  // of each piece
};
UnitLayout unit_layout(const mxu::Program& program, bool output);

// Commands of a run of the program, those of Matrix_In and Matrix_Out in the order in which the
// program reads and writes rows. Instructions, weights and parameters are put into the image once,
// for any number of runs.
class MatrixPart {
 public:
  MatrixPart(const mxu::Program& program, ImageWriter& writer);

  const UnitLayout& input() const { return input_; }
  const UnitLayout& output() const { return output_; }
  // Input from Base::kInput, output to `to` from its offset 0 on.
  std::vector<Command> run(Base to) const;

 private:
  // Rows that pass a port of the unit, of one sample or of parameters.
  struct Rows {
    bool out = false;
    bool parameters = false;
    uint64_t first = 0;  // parameters: row of the program's; else pixel of the sample
    uint32_t sample = 0;
    uint32_t plane = 0;
    uint32_t rows = 0;
  };
  friend UnitLayout unit_layout(const mxu::Program& program, bool output);
  static std::vector<Rows> rows_of(const mxu::Program& program);
  Command command_of(const Rows& rows, Base to) const;

  const mxu::Program& program_;
  std::vector<Rows> rows_;
  std::vector<uint64_t> parameters_;  // of rows_: offset in the image
  UnitLayout input_;
  UnitLayout output_;
  Command start_;
};

}  // namespace sparsys::top
