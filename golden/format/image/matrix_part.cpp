// SPDX-License-Identifier: Apache-2.0
#include "golden/format/image/matrix_part.hpp"

#include <algorithm>
#include <map>

#include "golden/base/error.hpp"
#include "golden/engine/mxu/instruction.hpp"

namespace sparsys::top {
namespace {

// Two words of 64 bits each.
std::vector<uint64_t> instruction_words(const mxu::Program& program) {
  std::vector<uint64_t> words;
  for (const mxu::InstructionWords& i : program.instructions) {
    words.push_back(uint64_t{i[1]} << 32 | i[0]);
    words.push_back(i[2]);
  }
  return words;
}

}  // namespace

// Transfers in the program's order, cut where a sample ends, joined where rows follow one another.
std::vector<MatrixPart::Rows> MatrixPart::rows_of(const mxu::Program& program) {
  std::vector<Rows> all;
  const auto add = [&all](const Rows& next) {
    if (!all.empty()) {
      Rows& last = all.back();
      if (last.out == next.out && last.parameters == next.parameters &&
          last.sample == next.sample && last.plane == next.plane &&
          last.first + last.rows == next.first) {
        last.rows += next.rows;
        return;
      }
    }
    all.push_back(next);
  };
  size_t in = 0;
  size_t out = 0;
  for (const mxu::InstructionWords& words : program.instructions) {
    const mxu::Opcode opcode = mxu::decode(words).opcode;
    const bool writes = opcode == mxu::Opcode::kWriteHost;
    if (opcode != mxu::Opcode::kReadHost && !writes) continue;
    const mxu::Transfer& transfer = writes ? program.output.at(out++) : program.input.at(in++);
    if (transfer.parameters) {
      add({false, true, transfer.first, 0, 0, transfer.rows});
      continue;
    }
    const uint64_t pixels = writes ? program.out_pixels : program.in_pixels;
    const uint64_t end = transfer.first + transfer.rows;
    for (uint64_t row = transfer.first; row < end;) {
      const uint64_t next = std::min(end, (row / pixels + 1) * pixels);
      add({writes, false, row % pixels, static_cast<uint32_t>(row / pixels), transfer.plane,
           static_cast<uint32_t>(next - row)});
      row = next;
    }
  }
  return all;
}

UnitLayout unit_layout(const mxu::Program& program, bool output) {
  UnitLayout made;
  Layout& layout = made.layout;
  layout.channels = output ? program.out_channels : program.in_channels;
  layout.pixels = output ? program.out_pixels : program.in_pixels;
  // Plane after plane, in it by pixel.
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> pieces;  // pixels of each
  for (const MatrixPart::Rows& rows : MatrixPart::rows_of(program)) {
    if (rows.parameters || rows.out != output) continue;
    const auto [found, added] = pieces.insert({{rows.plane, rows.first}, rows.rows});
    if (!added && found->second != rows.rows) {
      throw Error("matrix unit: samples of a batch that are cut in different places");
    }
  }
  uint64_t offset = 0;
  for (const auto& [place, pixels] : pieces) {
    Piece piece;
    if (output) {
      const mxu::OutputPlane& plane = program.out_planes[place.first];
      piece.first_channel = plane.first_channel;
      piece.channels = static_cast<uint32_t>(plane.lanes.size());
      piece.row = 1U + *std::max_element(plane.lanes.begin(), plane.lanes.end());
    } else {
      piece.first_channel = place.first * program.plane_width;
      piece.row = piece.channels =
          std::min(program.plane_width, program.in_channels - piece.first_channel);
    }
    piece.first_pixel = static_cast<uint32_t>(place.second);
    piece.pixels = pixels;
    piece.offset = static_cast<uint32_t>(offset);
    offset += aligned(uint64_t{pixels} * piece.row);
    layout.pieces.push_back(piece);
    made.plane.push_back(place.first);
  }
  if (offset * program.batch > UINT32_MAX) {
    throw Error("matrix unit: samples of a batch of " + std::to_string(program.batch) +
                " take more than 4 GiB; a smaller --batch takes less");
  }
  layout.sample_bytes = static_cast<uint32_t>(offset);
  return made;
}

MatrixPart::MatrixPart(const mxu::Program& program, ImageWriter& writer)
    : program_(program),
      rows_(rows_of(program)),
      input_(unit_layout(program, false)),
      output_(unit_layout(program, true)) {
  const std::vector<uint64_t> words = instruction_words(program);
  start_.opcode = Opcode::kMatrixRun;
  start_.address = based(Base::kImage, writer.put(words));
  start_.instructions = static_cast<uint32_t>(program.instructions.size());
  const uint32_t beat = mxu::StreamShape(program.config).beat_bytes();
  start_.beats = static_cast<uint32_t>(program.weights.size() / beat);
  if (start_.beats != 0) {
    start_.weights =
        based(Base::kImage, writer.put(program.weights.data(), program.weights.size(), kPageBytes));
  }
  // Runs of parameters that are read again lie there once.
  const uint64_t lanes = program.config.lanes();
  std::map<std::pair<uint64_t, uint32_t>, uint64_t> runs;
  for (const Rows& rows : rows_) {
    uint64_t offset = 0;
    if (rows.parameters) {
      const auto [found, added] = runs.insert({{rows.first, rows.rows}, 0});
      if (added) {
        found->second = writer.put(&program.parameters[rows.first * lanes], rows.rows * lanes);
      }
      offset = found->second;
    }
    parameters_.push_back(offset);
  }
}

Command MatrixPart::command_of(const Rows& rows, Base to) const {
  const UnitLayout& layout = rows.out ? output_ : input_;
  for (size_t p = 0; p < layout.plane.size(); ++p) {
    const Piece& piece = layout.layout.pieces[p];
    if (layout.plane[p] != rows.plane || piece.first_pixel != rows.first) continue;
    Command command;
    command.opcode = rows.out ? Opcode::kMatrixOut : Opcode::kMatrixIn;
    command.address = based(rows.out ? to : Base::kInput,
                            uint64_t{rows.sample} * layout.layout.sample_bytes + piece.offset);
    command.length = rows.rows * piece.row;
    command.row = static_cast<uint16_t>(piece.row);
    return command;
  }
  throw Error("matrix unit: rows of no plane");
}

std::vector<Command> MatrixPart::run(Base to) const {
  std::vector<Command> commands{start_};
  const uint32_t lanes = program_.config.lanes();
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (!rows_[r].parameters) {
      commands.push_back(command_of(rows_[r], to));
      continue;
    }
    Command command;
    command.opcode = Opcode::kMatrixIn;
    command.address = based(Base::kImage, parameters_[r]);
    command.length = rows_[r].rows * lanes;
    command.row = static_cast<uint16_t>(lanes);
    commands.push_back(command);
  }
  return commands;
}

}  // namespace sparsys::top
