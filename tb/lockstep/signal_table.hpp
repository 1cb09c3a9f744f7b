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

  uint64_t rtl_value() const;
  uint64_t model_value() const;
  bool active() const;
  bool differs() const { return active() && rtl_value() != model_value(); }
};

class SignalTable {
 public:
  explicit SignalTable(VerilatedContext& context) : context_(context) {}

  // Registers `count` words that follow one another on both sides. The RTL's are found by name: the
  // variable must be public (its module's list in tb/lockstep/signals makes it so). Throws Error if
  // the RTL has no such variable, or it has another number of words or more bits than the model's.
  template <class Word>
  void add(const std::string& instance, const char* name, const Word* model, size_t count,
           bool array, std::array<const uint8_t*, 2> guard = {}) {
    static_assert(std::is_unsigned<Word>::value, "model variables are unsigned");
    add_words(instance, name, reinterpret_cast<const uint8_t*>(model), sizeof(Word), count, array,
              guard);
  }

  // To be called once, behind the last add(): builds the tables of differs().
  // Objects: start and size of the model's objects that occur many times (the PEs); instances of
  // equal layout on both sides share a table, which then stays in the processor's first cache.
  void finish(const std::vector<std::pair<const void*, size_t>>& objects);

  // True if any signal differs.
  bool differs() const;

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
  struct Guarded {
    ptrdiff_t rtl;
    ptrdiff_t model;
    ptrdiff_t guard0;
    ptrdiff_t guard1;
    bool operator==(const Guarded& o) const {
      return rtl == o.rtl && model == o.model && guard0 == o.guard0 && guard1 == o.guard1;
    }
  };
  using GuardedTables = std::array<std::array<std::vector<Guarded>, 4>, 4>;
  struct Instance {
    const uint8_t* rtl;
    const uint8_t* model;
  };
  struct Group {
    Tables tables;
    GuardedTables guarded;
    std::vector<Instance> instances;
  };

  void add_words(const std::string& instance, const char* name, const uint8_t* model,
                 size_t model_bytes, size_t count, bool array,
                 std::array<const uint8_t*, 2> guard);
  static void add_entries(Group& group, const Signal& signal, const Instance& base);
  static uint64_t difference(const Group& group, const Instance& instance);

  VerilatedContext& context_;
  std::vector<Signal> signals_;
  std::vector<Group> groups_;
};

}  // namespace sparsys
