// SPDX-License-Identifier: Apache-2.0
// Which variable of the cycle model must equal which of the Verilated RTL, and a comparison of all
// of them that is fast enough for every clock cycle.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

class VerilatedContext;

namespace sparsys {

// One compared word.
struct Signal {
  std::string instance;  // eie.g_pe[3].u_pe.u_arith
  std::string name;      // cb_q[5]
  uint32_t width = 0;    // bits in the RTL
  const uint8_t* rtl = nullptr;
  const uint8_t* model = nullptr;
  uint32_t rtl_bytes = 0;
  uint32_t model_bytes = 0;
  // Compared only while these bytes of the model are not 0; null: always.
  std::array<const uint8_t*, 2> guard{};
  // Bits that the RTL has, with rtl_bytes; null: all. A netlist leaves out what nothing reads.
  const uint8_t* kept = nullptr;

  uint64_t rtl_value() const;
  uint64_t model_value() const;
  bool active() const;
  bool differs() const { return active() && rtl_value() != model_value(); }
};

class SignalTable {
 public:
  explicit SignalTable(VerilatedContext& context) : context_(context) {}

  // Registers `count` words that follow one another on both sides. The RTL's are found by name: the
  // variable must be public (its module's list in tb/lockstep/*/signals makes it so). Throws Error
  // if the RTL has no such variable, or it has another number of words or more bits than the
  // model's.
  template <class Word>
  void add(const std::string& instance, const char* name, const Word* model, size_t count,
           bool array, std::array<const uint8_t*, 2> guard = {}) {
    static_assert(std::is_unsigned<Word>::value, "model variables are unsigned");
    add_words(instance, name, reinterpret_cast<const uint8_t*>(model), sizeof(Word), count, array,
              guard);
  }

  // One word of an array of `count` in the RTL, wherever the model has it.
  template <class Word>
  void add_element(const std::string& instance, const char* name, size_t index, size_t count,
                   const Word* model) {
    static_assert(std::is_unsigned<Word>::value, "model variables are unsigned");
    add_one(instance, name, index, count, reinterpret_cast<const uint8_t*>(model), sizeof(Word));
  }

  // Whether the RTL has this public variable.
  bool has(const std::string& instance, const char* name) const;

  // The same as add() for `count` words of any width, `stride` bytes from one to the next in the
  // model. The model's bytes must be those of the RTL's packed vector, the lowest first. What is
  // compared, told and traced are parts of up to 64 bits: name[63:0], name[127:64], ... Throws
  // Error unless the RTL's words, rounded up to 8, 16 or 32 bits, are as wide as the model's.
  void add_wide(const std::string& instance, const char* name, const void* model, size_t stride,
                size_t count, bool array, std::array<const uint8_t*, 2> guard = {});

  // To be called once, behind the last add(): builds the tables of differs().
  // Objects: start and size of the model's objects that occur many times (the PEs), in order;
  // instances of equal layout on both sides are compared by one table entry.
  void finish(const std::vector<std::pair<const void*, size_t>>& objects);

  // True if any signal differs: of all; of what lies in none of the objects; of `count` objects.
  bool differs() const { return differs_outside() || differs_inside(0, objects_); }
  bool differs_outside() const;
  bool differs_inside(size_t first, size_t count) const;

  const std::vector<Signal>& signals() const { return signals_; }

 private:
  // Offsets from an instance's bases.
  struct Entry {
    ptrdiff_t rtl;
    ptrdiff_t model;
    bool operator==(const Entry& o) const { return rtl == o.rtl && model == o.model; }
  };
  // Entries by size of both sides in bytes, as powers of two: [rtl][model].
  using Tables = std::array<std::array<std::vector<Entry>, 4>, 4>;
  // Words compared only while both guards, bytes of the model, are not 0.
  struct Guarded {
    struct Word {
      Entry entry;
      uint32_t rtl_bytes;
      uint32_t model_bytes;
      bool operator==(const Word& o) const {
        return entry == o.entry && rtl_bytes == o.rtl_bytes && model_bytes == o.model_bytes;
      }
    };
    ptrdiff_t guard0;
    ptrdiff_t guard1;
    std::vector<Word> words;
    bool operator==(const Guarded& o) const {
      return guard0 == o.guard0 && guard1 == o.guard1 && words == o.words;
    }
  };
  struct Instance {
    const uint8_t* rtl;
    const uint8_t* model;
  };
  // Neighbouring words of eight bytes.
  struct Run {
    Entry first;
    size_t words;
    bool operator==(const Run& o) const { return first == o.first && words == o.words; }
  };
  // Instances with one layout, the model's at equal distances.
  struct Group {
    Tables tables;
    std::vector<Guarded> guarded;
    std::vector<Run> runs;
    std::vector<Instance> instances;
    ptrdiff_t model_stride = 0;

    // Moves neighbours out of the table of eight-byte words.
    void find_runs();
    // Takes in the one instance of `other` if it continues this group.
    bool append(const Group& other);
  };

  void add_words(const std::string& instance, const char* name, const uint8_t* model,
                 size_t model_bytes, size_t count, bool array, std::array<const uint8_t*, 2> guard);
  void add_one(const std::string& instance, const char* name, size_t index, size_t count,
               const uint8_t* model, size_t model_bytes);
  static void add_entries(Group& group, const Signal& signal, const Instance& base);
  template <class Rtl, class Model, bool kWhole>
  static uint64_t table_difference(const Group& group, const Instance* block, size_t count,
                                   size_t rtl_size, size_t model_size);
  template <bool kWhole>
  static uint64_t tables_difference(const Group& group, const Instance* block, size_t count);
  static uint64_t difference(const Group& group, const Instance* block, size_t count);

  VerilatedContext& context_;
  std::vector<Signal> signals_;
  std::vector<Signal> partial_;  // those with `kept`, outside of the tables
  std::vector<Group> groups_;    // the first: outside of all objects; then the objects, in order
  size_t objects_ = 0;
};

}  // namespace sparsys
