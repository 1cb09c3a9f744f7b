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
  // Which of the objects given to SignalTable::finish() the model's lies in.
  size_t object = kOutside;
  static constexpr size_t kOutside = SIZE_MAX;

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
  // Whether differs_outside() looks at nothing that lies in objects.
  bool inside_is_apart() const { return partial_.empty(); }

  const std::vector<Signal>& signals() const { return signals_; }
  // The signals that differ, in their order: of all; of what lies in the objects from `first` on.
  std::vector<const Signal*> differing() const;
  std::vector<const Signal*> differing_inside(size_t first) const;

 private:
  // Offsets from an instance's bases.
  struct Entry {
    ptrdiff_t rtl;
    ptrdiff_t model;
    bool operator==(const Entry& o) const { return rtl == o.rtl && model == o.model; }
  };
  // Entries of one size on each side, in bytes. Up to eight these are words; neighbours on both
  // sides are compared up to 64 bytes at a time.
  struct Table {
    size_t rtl_bytes;
    size_t model_bytes;
    std::vector<Entry> entries;
    bool operator==(const Table& o) const {
      return rtl_bytes == o.rtl_bytes && model_bytes == o.model_bytes && entries == o.entries;
    }
  };
  using Tables = std::vector<Table>;
  // Words compared only while a guard, a byte of the model, is not 0, and others only while a
  // second one is not 0, too.
  struct Guarded {
    ptrdiff_t guard;
    Tables tables;
    std::vector<Guarded> inner;
    bool operator==(const Guarded& o) const {
      return guard == o.guard && tables == o.tables && inner == o.inner;
    }
  };
  struct Instance {
    const uint8_t* rtl;
    const uint8_t* model;
  };
  // Instances with one layout.
  struct Group {
    Tables tables;
    std::vector<Guarded> guarded;
    std::vector<Instance> instances;

    bool same_layout(const Group& o) const { return tables == o.tables && guarded == o.guarded; }
  };

  void add_words(const std::string& instance, const char* name, const uint8_t* model,
                 size_t model_bytes, size_t count, bool array, std::array<const uint8_t*, 2> guard);
  void add_one(const std::string& instance, const char* name, size_t index, size_t count,
               const uint8_t* model, size_t model_bytes);
  static Group layout_of(std::vector<Signal> signals, const Instance& base);
  template <size_t kCount>
  static uint64_t difference(const Group& group, const Instance* instances);
  template <size_t kCount, class Which>
  static uint64_t guarded_difference(const Guarded& guarded, const Instance* instances,
                                     const Which& which);

  VerilatedContext& context_;
  std::vector<Signal> signals_;
  std::vector<Signal> partial_;  // those with `kept`, outside of the tables
  std::vector<Group> groups_;    // the first: outside of all objects; then the objects, in order
  size_t objects_ = 0;
};

}  // namespace sparsys
