// SPDX-License-Identifier: Apache-2.0
// The sparse engine's part of an image: its memories, vectors in and out.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/engine/eie/image.hpp"
#include "golden/engine/mxu/program.hpp"
#include "golden/engine/top/conversion.hpp"
#include "golden/format/image/image.hpp"
#include "golden/format/image/matrix_part.hpp"

namespace sparsys::top {

// Where the elements of the first layer's input lie in the vector, in place of one behind the
// other: element e of the network is place[e]. `size`: of the vector without constants, a whole
// number of words. Places that no element has are columns of 0.
struct Places {
  std::vector<uint32_t> place;
  uint32_t size = 0;
};
// As they are, behind them to the end of a word 0.
Places places_in_order(uint32_t elements, uint32_t lanes);
// As Sparse_Load brings the pieces of the matrix unit's output, each from a new word on.
Places places_of(const UnitLayout& output, const mxu::Program& program, uint32_t lanes);
// The network with its first layer's columns there; constants stay behind.
eie::Network with_places(eie::Network network, const Places& places);

class SparsePart {
 public:
  SparsePart(const eie::Image& engine, ImageWriter& writer);

  // Loads that come once.
  std::vector<Command> setup() const { return setup_; }
  // Loads of a vector from Base::kInput at `offset`: words of 16 bits; or of pieces of signed bytes
  // from Base::kScratch.
  std::vector<Command> load(uint64_t offset) const;
  std::vector<Command> load(uint64_t offset, const Layout& pieces, const Conversion& how) const;
  // Constants, the list, and the store to Base::kOutput at `offset`.
  std::vector<Command> run(uint64_t offset) const;

 private:
  Command transfer(Opcode opcode, uint64_t address, const eie::Vector& vector, uint32_t first_word,
                   uint32_t words) const;

  const eie::Image& engine_;
  const uint32_t lanes_;
  std::vector<Command> setup_;
  uint64_t constants_ = 0;  // offset in the image
};

}  // namespace sparsys::top
