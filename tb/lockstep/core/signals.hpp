// SPDX-License-Identifier: Apache-2.0
// The language of the lists of compared signals, tb/lockstep/*/signals/<module>.def, and the blocks
// that both engines use. The same lists make those variables public in the RTL
// (cmake/verilate.cmake).
//
//   SIGNAL(x)              register or net x, the member of the same name
//   NAMED(x, member)       another member
//   GUARDED(x, g)          compared only while the model's byte g is not 0; GUARDED2: two of them
//   ARRAY(x)               a memory or array, element by element
//   WIDE(x)                a packed vector of any width; GUARDED_WIDE likewise
//   LANE(x)                element `lane` of the model's x
//   MIRROR(x)              kept in another form by the model: a SignalMirror packs it
//   BLOCK(instance, member)   all signals of an instance
//
// What the model keeps in another form than the RTL's (skews, sums of any width, vectors of bits as
// bytes) is brought into that form by a SignalMirror.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "golden/base/bits.hpp"
#include "golden/cycle/common/fifo.hpp"
#include "golden/cycle/common/fifo_2w1r.hpp"
#include "golden/cycle/common/ram_1r1w.hpp"
#include "golden/cycle/common/ram_1rw.hpp"
#include "golden/cycle/common/regfile_1r1w.hpp"
#include "golden/cycle/common/wide_fifo.hpp"
#include "tb/lockstep/core/signal_table.hpp"

namespace sparsys {

// A packed vector of the model: an array of words, or a bit_vector.
template <class Words>
void add_wide_words(SignalTable& table, const std::string& path, const char* name,
                    const Words& words, std::array<const uint8_t*, 2> guard = {}) {
  table.add_wide(path, name, words.data(), words.size() * sizeof(words[0]), 1, false, guard);
}
inline void add_wide_words(SignalTable& table, const std::string& path, const char* name,
                           const BitVector& bits, std::array<const uint8_t*, 2> guard = {}) {
  add_wide_words(table, path, name, bits.words, guard);
}

// Copies of what the model has, packed as the RTL has it. They must be refreshed in front of every
// comparison.
class SignalMirror {
 public:
  explicit SignalMirror(SignalTable& table) : table_(table) {}

  // The RTL's vector of `bits` bits; pack() writes all of its bits. With `guard`, it is packed and
  // compared only while that byte of the model is not 0.
  void add(const std::string& instance, const char* name, uint32_t bits,
           std::function<void(uint32_t* words)> pack, const uint8_t* guard = nullptr) {
    items_.push_back({std::vector<uint32_t>((bits + 31) / 32), std::move(pack), guard});
    std::vector<uint32_t>& words = items_.back().words;
    table_.add_wide(instance, name, words.data(), words.size() * sizeof(words[0]), 1, false,
                    {guard, nullptr});
  }
  // Words of an array of the RTL: `places` are their indices among `count`, pack() fills as many
  // words.
  void add_elements(const std::string& instance, const char* name,
                    const std::vector<size_t>& places, size_t count,
                    std::function<void(uint32_t* words)> pack) {
    items_.push_back({std::vector<uint32_t>(places.size()), std::move(pack), nullptr});
    for (size_t i = 0; i < places.size(); ++i) {
      table_.add_element(instance, name, places[i], count, &items_.back().words[i]);
    }
  }
  SignalTable& table() { return table_; }
  void refresh() {
    for (Item& item : items_) {
      if (item.guard && !*item.guard) continue;
      item.pack(item.words.data());
    }
  }

 private:
  struct Item {
    std::vector<uint32_t> words;
    std::function<void(uint32_t* words)> pack;
    const uint8_t* guard;
  };
  SignalTable& table_;
  std::deque<Item> items_;  // the table keeps addresses
};

#define SIGNAL(name) table.add(path, #name, &m.name, 1, false);
#define NAMED(name, member) table.add(path, #name, &m.member, 1, false);
#define GUARDED(name, guard) table.add(path, #name, &m.name, 1, false, {&m.guard, nullptr});
#define GUARDED2(name, first, second) \
  table.add(path, #name, &m.name, 1, false, {&m.first, &m.second});
#define ARRAY(name) table.add(path, #name, m.name.data(), m.name.size(), true);
#define WIDE(name) add_wide_words(table, path, #name, m.name);
#define GUARDED_WIDE(name, guard) add_wide_words(table, path, #name, m.name, {&m.guard, nullptr});
#define LANE(name) table.add(path, #name, &m.name[lane], 1, false);
#define MIRROR(name)
#define BLOCK(instance, member) add_signals(table, path + "." #instance, m.member);

// add_signals(table, path, object): all signals of a module and of what it contains.
template <class Word>
void add_signals(SignalTable& table, const std::string& path, const Ram1rw<Word>& m) {
#include "tb/lockstep/core/signals/ram_1rw.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const Regfile1r1w<Word>& m) {
#include "tb/lockstep/core/signals/regfile_1r1w.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const Fifo<Word>& m) {
#include "tb/lockstep/core/signals/fifo.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const Fifo2w1r<Word>& m) {
#include "tb/lockstep/core/signals/fifo_2w1r.def"
}

template <class Word>
void add_signals(SignalTable& table, const std::string& path, const Ram1r1w<Word>& m) {
#include "tb/lockstep/core/signals/ram_1r1w.def"
}

// Module fifo with words of any width: the list of fifo.def.
inline void add_signals(SignalTable& table, const std::string& path, const WideFifo& m) {
  SIGNAL(count_q)
  SIGNAL(wr_q)
  SIGNAL(rd_q)
  const size_t stride = m.mem_q.size() / m.depth() * sizeof(m.mem_q[0]);
  table.add_wide(path, "mem_q", m.mem_q.data(), stride, m.depth(), true);
}

inline std::string numbered(const std::string& path, const char* block, size_t n,
                            const char* instance) {
  return path + "." + block + "[" + std::to_string(n) + "]." + instance;
}

}  // namespace sparsys
