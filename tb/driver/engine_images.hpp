// SPDX-License-Identifier: Apache-2.0
// Images of a network on one engine: what the engine's own compiler makes, as commands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "golden/engine/eie/driver.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/engine/mxu/instruction.hpp"
#include "golden/engine/mxu/program.hpp"
#include "tb/driver/image_builder.hpp"

namespace sparsys::top::test {

// Events: the program has run, its output is written, the sparse engine's is. Each is signalled
// again only when the inference's last command has taken it: that signals it, `kTaken` bits higher.
constexpr uint16_t kRan = 1, kRowsOut = 2, kStored = 4;
constexpr uint32_t kTaken = 8;
inline void signal(Command& command, uint16_t event) {
  command.signal = event;
  command.wait = static_cast<uint16_t>(event << kTaken);
}

inline uint64_t round_up(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

// ---- The sparse engine: a vector of 16 bits in, one out. ----

// One command each that brings the memories' contents, at setup.
inline void load_sparse(ImageBuilder& b, const eie::Image& image) {
  using eie::Space;
  const auto load = [&b](const std::vector<uint64_t>& words, Space space, uint32_t address,
                         bool spread = false) {
    if (words.empty()) return;
    Command c{Opcode::kSparseLoad};
    c.flags = spread ? kSpread : 0;
    c.address = from(kBaseImage, b.add(words));
    c.port = eie::Driver::port_address(space, address);
    c.words = static_cast<uint32_t>(words.size());
    b.at_setup(c);
  };
  const uint32_t n_pe = image.config.n_pe;
  size_t rows = 0, pairs = 0;
  for (uint32_t pe = 0; pe < n_pe; ++pe) {
    rows = std::max(rows, image.entry_rows[pe].size());
    pairs = std::max(pairs, (image.pointers[pe].size() + 1) / 2);
  }
  std::vector<uint64_t> entries, pointers;
  for (size_t r = 0; r < rows; ++r) {
    for (const auto& of_pe : image.entry_rows) entries.push_back(r < of_pe.size() ? of_pe[r] : 0);
  }
  for (size_t q = 0; q < pairs; ++q) {
    for (const auto& of_pe : image.pointers) {
      const auto pointer = [&](size_t p) { return p < of_pe.size() ? of_pe[p] : 0U; };
      pointers.push_back(pointer(2 * q + 1) << 16 | pointer(2 * q));
    }
  }
  load(entries, Space::kEntry, 0, true);
  load(pointers, Space::kPointer, 0, true);
  load(image.codebook_words, Space::kCodebook, 0);
  load(image.bias_words, Space::kCodebook, 4 * image.config.codebooks);
  load(list_words(image), Space::kList, 0);
}

inline uint32_t vector_port(const eie::Image& image, const eie::Vector& vector) {
  const uint32_t lanes = std::min(4U, image.config.n_pe);
  return eie::Driver::port_address(vector.in_ram ? eie::Space::kActRam : eie::Space::kSource,
                                   vector.ram_row * (image.config.n_pe / lanes));
}
inline uint32_t vector_words(const eie::Image& image, const eie::Vector& vector) {
  const uint32_t lanes = std::min(4U, image.config.n_pe);
  return (vector.size + lanes - 1) / lanes;
}

// Setup, and in phase 0 load, run and store, in order by their channel. Input and output begin at
// these offsets.
inline void add_sparse(ImageBuilder& b, const eie::Image& image, uint64_t in_at, uint64_t out_at) {
  load_sparse(b, image);
  Command load{Opcode::kSparseLoad};
  load.address = from(kBaseInput, in_at);
  load.port = vector_port(image, image.input);
  load.words = vector_words(image, image.input);
  b.input_bytes = static_cast<uint32_t>(in_at + 8 * load.words);
  Command run{Opcode::kSparseRun};
  run.count = static_cast<uint16_t>(image.passes.size());
  Command store{Opcode::kSparseStore};
  store.address = from(kBaseOutput, out_at);
  store.port = vector_port(image, image.output);
  store.words = vector_words(image, image.output);
  signal(store, kStored);
  b.output_bytes = static_cast<uint32_t>(out_at + 8 * store.words);
  for (const Command& c : {load, run, store}) b.at_phase(0, c);
}

// The inference is complete with a command in the fence's channel, setup with one that lets the
// first begin.
inline void add_end(ImageBuilder& b, uint16_t events) {
  Command end{Opcode::kNop};
  end.signal = static_cast<uint16_t>(events << kTaken);
  b.at_setup(end);
  end.wait = events;
  b.at_phase(0, end);
}

inline ImageBuilder sparse_image(const eie::Image& image, const SizeRegisters& registers) {
  ImageBuilder b;
  b.registers = registers;
  b.matrix = false;
  add_sparse(b, image, 0, 0);
  add_end(b, kStored);
  return b;
}

// Elements as words of the port hold them; the vector's constants behind the input.
inline std::vector<uint8_t> sparse_input(const eie::Image& image,
                                         const std::vector<int16_t>& input) {
  std::vector<uint8_t> bytes(8 * size_t{vector_words(image, image.input)});
  std::vector<int16_t> all = input;
  all.insert(all.end(), image.input_constants.begin(), image.input_constants.end());
  const size_t lanes = std::min(4U, image.config.n_pe);
  for (size_t i = 0; i < all.size(); ++i) {
    put(bytes, 8 * (i / lanes) + 2 * (i % lanes), static_cast<uint16_t>(all[i]), 2);
  }
  return bytes;
}
inline std::vector<int16_t> sparse_output(const eie::Image& image,
                                          const std::vector<uint8_t>& bytes) {
  const size_t lanes = std::min(4U, image.config.n_pe);
  std::vector<int16_t> values;
  for (size_t i = 0; i < image.output.size; ++i) {
    const size_t at = image.output_position.empty() ? i : image.output_position[i];
    values.push_back(static_cast<int16_t>(get(bytes, 8 * (at / lanes) + 2 * (at % lanes), 2)));
  }
  return values;
}

// ---- The matrix unit: its host's rows, of each transfer only the bytes that are used. ----

struct RowsAt {
  uint64_t offset;
  uint32_t rows, row;  // bytes of a row that are there
};
// Where each transfer of input, parameters left out, and of output lies.
inline std::vector<RowsAt> rows_of(const mxu::Program& program, bool output) {
  std::vector<RowsAt> all;
  uint64_t at = 0;
  for (const mxu::Transfer& t : output ? program.output : program.input) {
    if (t.parameters) continue;
    uint32_t row = 0;
    if (output) {
      for (const uint16_t lane : program.out_planes[t.plane].lanes) row = std::max(row, lane + 1U);
    } else {
      row = std::min(program.plane_width, program.in_channels - t.plane * program.plane_width);
    }
    all.push_back({at, t.rows, row});
    at = round_up(at + uint64_t{t.rows} * row, kAlignment);
  }
  return all;
}

inline void add_matrix(ImageBuilder& b, const mxu::Program& program, uint64_t in_at,
                       uint64_t out_at) {
  const uint32_t lanes = program.config.lanes();
  const std::vector<RowsAt> in = rows_of(program, false), out = rows_of(program, true);
  const auto end_of = [](const RowsAt& r) { return r.offset + uint64_t{r.rows} * r.row; };
  b.input_bytes = static_cast<uint32_t>(in_at + end_of(in.back()));
  b.output_bytes = static_cast<uint32_t>(out_at + end_of(out.back()));
  std::vector<uint64_t> words;
  for (const mxu::InstructionWords& i : program.instructions) {
    words.push_back(uint64_t{i[1]} << 32 | i[0]);
    words.push_back(i[2]);
  }
  Command run{Opcode::kMatrixRun};
  run.address = from(kBaseImage, b.add(words));
  run.instructions = static_cast<uint32_t>(program.instructions.size());
  run.beats =
      static_cast<uint32_t>(program.weights.size() / mxu::StreamShape(program.config).beat_bytes());
  run.weights = from(kBaseImage, b.add(program.weights, 4096));
  signal(run, kRan);
  b.at_phase(0, run);
  // In the order of the program's Read_Host and Write_Host.
  size_t n_in = 0, in_data = 0, n_out = 0;
  for (const mxu::InstructionWords& words_of : program.instructions) {
    const mxu::Opcode opcode = mxu::decode(words_of).opcode;
    if (opcode == mxu::Opcode::kReadHost) {
      const mxu::Transfer& t = program.input.at(n_in++);
      Command c{Opcode::kMatrixIn};
      if (t.parameters) {
        const auto first =
            program.parameters.begin() + static_cast<std::ptrdiff_t>(t.first * lanes);
        c.address = from(kBaseImage, b.add(std::vector<uint8_t>(first, first + t.rows * lanes)));
        c.row = static_cast<uint16_t>(lanes);
      } else {
        c.address = from(kBaseInput, in_at + in[in_data].offset);
        c.row = static_cast<uint16_t>(in[in_data++].row);
      }
      c.length = t.rows * c.row;
      b.at_phase(0, c);
    } else if (opcode == mxu::Opcode::kWriteHost) {
      const RowsAt& rows = out.at(n_out++);
      Command c{Opcode::kMatrixOut};
      c.address = from(kBaseOutput, out_at + rows.offset);
      c.row = static_cast<uint16_t>(rows.row);
      c.length = rows.rows * rows.row;
      if (n_out == out.size()) signal(c, kRowsOut);
      b.at_phase(0, c);
    }
  }
}

inline ImageBuilder matrix_image(const mxu::Program& program, const SizeRegisters& registers) {
  ImageBuilder b;
  b.registers = registers;
  b.sparse = false;
  add_matrix(b, program, 0, 0);
  add_end(b, kRan | kRowsOut);
  return b;
}

inline std::vector<uint8_t> matrix_input(const mxu::Program& program,
                                         const std::vector<int8_t>& inputs) {
  const std::vector<uint8_t> all = mxu::host_rows(program, inputs);
  const std::vector<RowsAt> to = rows_of(program, false);
  std::vector<uint8_t> bytes(to.back().offset + to.back().rows * to.back().row);
  const uint32_t lanes = program.config.lanes();
  size_t n = 0, row = 0;
  for (const mxu::Transfer& t : program.input) {
    for (uint32_t r = 0; r < t.rows; ++r, ++row) {
      if (t.parameters) continue;
      std::copy_n(&all[row * lanes], to[n].row, &bytes[to[n].offset + r * to[n].row]);
    }
    n += !t.parameters;
  }
  return bytes;
}
inline std::vector<int8_t> matrix_output(const mxu::Program& program,
                                         const std::vector<uint8_t>& bytes) {
  const uint32_t lanes = program.config.lanes();
  std::vector<uint8_t> rows;
  for (const RowsAt& part : rows_of(program, true)) {
    for (uint32_t r = 0; r < part.rows; ++r) {
      rows.resize(rows.size() + lanes);
      std::copy_n(&bytes[part.offset + r * part.row], part.row, rows.end() - lanes);
    }
  }
  return mxu::outputs_of(program, rows);
}

}  // namespace sparsys::top::test
