// SPDX-License-Identifier: Apache-2.0
#include "golden/format/image/sparse_part.hpp"

#include <algorithm>
#include <utility>

#include "golden/engine/eie/driver.hpp"

namespace sparsys::top {
namespace {

uint32_t words_of(uint64_t elements, uint32_t lanes) {
  return static_cast<uint32_t>((elements + lanes - 1) / lanes);
}

// Word n of what all PEs have, as a load with `spread` takes it: PE n mod N at address n div N.
std::vector<uint64_t> spread(const std::vector<std::vector<uint64_t>>& memories) {
  std::vector<uint64_t> words;
  size_t depth = 0;
  for (const auto& memory : memories) depth = std::max(depth, memory.size());
  for (size_t address = 0; address < depth; ++address) {
    for (const auto& memory : memories) {
      words.push_back(address < memory.size() ? memory[address] : 0);
    }
  }
  return words;
}

std::vector<uint64_t> pointer_words(const std::vector<uint16_t>& pointers) {
  std::vector<uint64_t> words;
  for (size_t p = 0; p < pointers.size(); p += 2) {
    const uint64_t odd = p + 1 < pointers.size() ? pointers[p + 1] : 0;
    words.push_back(odd << 16 | pointers[p]);
  }
  return words;
}

// Numbers of 16 bits as words of the port.
std::vector<uint64_t> flat_words(const std::vector<int16_t>& values, uint32_t lanes) {
  std::vector<uint64_t> words(words_of(values.size(), lanes));
  for (size_t i = 0; i < values.size(); ++i) {
    words[i / lanes] |= uint64_t{static_cast<uint16_t>(values[i])} << (16 * (i % lanes));
  }
  return words;
}

}  // namespace

Places places_in_order(uint32_t elements, uint32_t lanes) {
  Places places;
  for (uint32_t e = 0; e < elements; ++e) places.place.push_back(e);
  places.size = words_of(elements, lanes) * lanes;
  return places;
}

Places places_of(const UnitLayout& output, const mxu::Program& program, uint32_t lanes) {
  const Layout& layout = output.layout;
  Places places;
  places.place.resize(layout.elements());
  for (size_t n = 0; n < layout.pieces.size(); ++n) {
    const Piece& piece = layout.pieces[n];
    const std::vector<uint16_t>& lane = program.out_planes[output.plane[n]].lanes;
    for (uint32_t p = 0; p < piece.pixels; ++p) {
      for (uint32_t c = 0; c < piece.channels; ++c) {
        const size_t element =
            size_t{piece.first_channel + c} * layout.pixels + piece.first_pixel + p;
        places.place[element] = places.size + p * piece.row + lane[c];
      }
    }
    places.size += words_of(uint64_t{piece.pixels} * piece.row, lanes) * lanes;
  }
  return places;
}

eie::Network with_places(eie::Network network, const Places& places) {
  eie::Layer& layer = network.layers.front();
  const uint32_t elements = layer.inputs - layer.constant_inputs;
  std::vector<uint32_t> from(places.size + layer.constant_inputs, UINT32_MAX);
  for (uint32_t e = 0; e < elements; ++e) from[places.place[e]] = e;
  for (uint32_t c = 0; c < layer.constant_inputs; ++c) from[places.size + c] = elements + c;
  std::vector<uint64_t> start{0};
  std::vector<uint32_t> row;
  std::vector<uint8_t> code;
  for (const uint32_t j : from) {
    if (j != UINT32_MAX) {
      const auto first = static_cast<ptrdiff_t>(layer.column_start[j]);
      const auto end = static_cast<ptrdiff_t>(layer.column_start[j + 1]);
      row.insert(row.end(), layer.row.begin() + first, layer.row.begin() + end);
      code.insert(code.end(), layer.code.begin() + first, layer.code.begin() + end);
    }
    start.push_back(row.size());
  }
  layer.inputs = static_cast<uint32_t>(from.size());
  layer.column_start = std::move(start);
  layer.row = std::move(row);
  layer.code = std::move(code);
  return network;
}

SparsePart::SparsePart(const eie::Image& engine, ImageWriter& writer)
    : engine_(engine), lanes_(word_lanes(engine.config)) {
  const auto add = [&](eie::Space space, uint32_t address, const std::vector<uint64_t>& words,
                       uint8_t flags) {
    if (words.empty()) return;
    Command command;
    command.opcode = Opcode::kSparseLoad;
    command.flags = flags;
    command.address = based(Base::kImage, writer.put(words));
    command.port = eie::Driver::port_address(space, address);
    command.words = static_cast<uint32_t>(words.size());
    setup_.push_back(command);
  };
  std::vector<std::vector<uint64_t>> pointers;
  for (const auto& memory : engine.pointers) pointers.push_back(pointer_words(memory));
  add(eie::Space::kEntry, 0, spread(engine.entry_rows), kSpread);
  add(eie::Space::kPointer, 0, spread(pointers), kSpread);
  add(eie::Space::kCodebook, 0, engine.codebook_words, 0);
  add(eie::Space::kCodebook, 4 * engine.config.codebooks, engine.bias_words, 0);
  add(eie::Space::kList, 0, eie::list_words(engine), 0);
  if (!engine.input_constants.empty()) {
    constants_ = writer.put(flat_words(engine.input_constants, lanes_));
  }
}

Command SparsePart::transfer(Opcode opcode, uint64_t address, const eie::Vector& vector,
                             uint32_t first_word, uint32_t words) const {
  Command command;
  command.opcode = opcode;
  command.address = address;
  const uint32_t flat = vector.ram_row * (engine_.config.n_pe / lanes_) + first_word;
  command.port =
      eie::Driver::port_address(vector.in_ram ? eie::Space::kActRam : eie::Space::kSource, flat);
  command.words = words;
  return command;
}

std::vector<Command> SparsePart::load(uint64_t offset) const {
  const uint64_t elements = engine_.input.size - engine_.input_constants.size();
  return {transfer(Opcode::kSparseLoad, based(Base::kInput, offset), engine_.input, 0,
                   words_of(elements, lanes_))};
}

std::vector<Command> SparsePart::load(uint64_t offset, const Layout& pieces,
                                      const Conversion& how) const {
  std::vector<Command> commands;
  uint32_t word = 0;
  for (const Piece& piece : pieces.pieces) {
    const uint32_t words = words_of(uint64_t{piece.pixels} * piece.row, lanes_);
    Command command = transfer(Opcode::kSparseLoad, based(Base::kScratch, offset + piece.offset),
                               engine_.input, word, words);
    command.flags = kBytes;
    command.multiplier = how.multiplier;
    command.right = how.right;
    command.zero = how.zero;
    commands.push_back(command);
    word += words;
  }
  return commands;
}

std::vector<Command> SparsePart::run(uint64_t offset) const {
  std::vector<Command> commands;
  if (!engine_.input_constants.empty()) {
    const auto constants = static_cast<uint32_t>(engine_.input_constants.size());
    commands.push_back(transfer(Opcode::kSparseLoad, based(Base::kImage, constants_), engine_.input,
                                (engine_.input.size - constants) / lanes_,
                                words_of(constants, lanes_)));
  }
  Command list;
  list.opcode = Opcode::kSparseRun;
  list.count = static_cast<uint16_t>(engine_.passes.size());
  commands.push_back(list);
  commands.push_back(transfer(Opcode::kSparseStore, based(Base::kOutput, offset), engine_.output, 0,
                              words_of(engine_.output.size, lanes_)));
  return commands;
}

}  // namespace sparsys::top
