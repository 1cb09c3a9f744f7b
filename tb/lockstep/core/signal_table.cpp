// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/core/signal_table.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <type_traits>

#include "golden/base/error.hpp"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

namespace sparsys {

namespace {

template <class Word>
uint64_t load_as(const uint8_t* place) {
  Word value;
  std::memcpy(&value, place, sizeof(value));
  return value;
}

uint64_t load(const uint8_t* place, uint32_t bytes) {
  switch (bytes) {
    case 1:
      return load_as<uint8_t>(place);
    case 2:
      return load_as<uint16_t>(place);
    case 4:
      return load_as<uint32_t>(place);
    default:
      return load_as<uint64_t>(place);
  }
}

}  // namespace

uint64_t Signal::rtl_value() const {
  return load(rtl, rtl_bytes) & (kept ? load(kept, rtl_bytes) : ~uint64_t{0});
}
uint64_t Signal::model_value() const {
  return load(model, model_bytes) & (kept ? load(kept, rtl_bytes) : ~uint64_t{0});
}
bool Signal::active() const {
  for (const uint8_t* g : guard) {
    if (g && *g == 0) return false;
  }
  return true;
}

namespace {

// The public variable of the RTL.
const VerilatedVar& find_variable(VerilatedContext& context, const std::string& instance,
                                  const char* name, size_t count) {
  const VerilatedScope* scope = context.scopeFind(("TOP." + instance).c_str());
  const VerilatedVar* var = scope ? scope->varFind(name) : nullptr;
  const std::string place = instance + "." + name;
  if (!var) {
    throw Error("lockstep: " + place + ": the RTL has no such public variable (listed in " +
                "tb/lockstep/*/signals, but renamed or absent in the module?)");
  }
  const size_t words = var->udims() == 0 ? 1 : static_cast<size_t>(var->unpacked().elements());
  if (words != count) {
    throw Error("lockstep: " + place + ": " + std::to_string(words) + " words in the RTL, " +
                std::to_string(count) + " in the cycle model");
  }
  return *var;
}

[[noreturn]] void refuse_width(const std::string& place, size_t rtl_bits, size_t model_bits) {
  throw Error("lockstep: " + place + ": " + std::to_string(rtl_bits) + " bits in the RTL, " +
              std::to_string(model_bits) + " in the cycle model");
}

}  // namespace

void SignalTable::add_wide(const std::string& instance, const char* name, const void* model,
                           size_t stride, size_t count, bool array,
                           std::array<const uint8_t*, 2> guard) {
  const VerilatedVar& var = find_variable(context_, instance, name, count);
  const size_t bits = static_cast<size_t>(var.packed().elements());
  const size_t bytes = (bits + 7) / 8;
  // The model rounds up to its words, of up to four bytes.
  if (bytes > stride || stride >= bytes + 4) {
    refuse_width(instance + "." + name, bits, 8 * stride);
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string word = array ? "[" + std::to_string(i) + "]" : std::string();
    for (size_t at = 0; at < bytes;) {
      // Both sides have zeros above the highest bit, and the RTL's words end at even places.
      size_t part = 8;
      while (part > bytes - at) part /= 2;
      const size_t top = std::min(bits, 8 * (at + part)) - 1;
      Signal s;
      s.instance = instance;
      s.name = name + word + "[" + std::to_string(top) + ":" + std::to_string(8 * at) + "]";
      s.width = static_cast<uint32_t>(top + 1 - 8 * at);
      s.rtl = static_cast<const uint8_t*>(var.datap()) + i * var.entSize() + at;
      s.model = static_cast<const uint8_t*>(model) + i * stride + at;
      s.rtl_bytes = s.model_bytes = static_cast<uint32_t>(part);
      s.guard = guard;
      signals_.push_back(std::move(s));
      at += part;
    }
  }
}

void SignalTable::add_words(const std::string& instance, const char* name, const uint8_t* model,
                            size_t model_bytes, size_t count, bool array,
                            std::array<const uint8_t*, 2> guard) {
  const VerilatedVar* const var = &find_variable(context_, instance, name, count);
  const size_t bytes = var->entSize();
  if (bytes > model_bytes || bytes > 8) {
    refuse_width(instance + "." + name, static_cast<size_t>(var->packed().elements()),
                 8 * model_bytes);
  }
  // From synth/netlist.
  const std::string kept = std::string(name) + "_kept";
  const bool partial = !array && has(instance, kept.c_str());
  for (size_t i = 0; i < count; ++i) {
    Signal s;
    s.instance = instance;
    s.name = array ? std::string(name) + "[" + std::to_string(i) + "]" : std::string(name);
    s.width = static_cast<uint32_t>(var->packed().elements());
    s.rtl = static_cast<const uint8_t*>(var->datap()) + i * bytes;
    s.model = model + i * model_bytes;
    s.rtl_bytes = static_cast<uint32_t>(bytes);
    s.model_bytes = static_cast<uint32_t>(model_bytes);
    s.guard = guard;
    if (partial) {
      const auto& mask = find_variable(context_, instance, kept.c_str(), 1);
      s.kept = static_cast<const uint8_t*>(mask.datap());
    }
    signals_.push_back(std::move(s));
  }
}

void SignalTable::add_one(const std::string& instance, const char* name, size_t index, size_t count,
                          const uint8_t* model, size_t model_bytes) {
  // Verilator tells of an array of single bits, each in a byte, as of a packed vector.
  const VerilatedScope* scope = context_.scopeFind(("TOP." + instance).c_str());
  const VerilatedVar* bits = scope ? scope->varFind(name) : nullptr;
  const bool single = bits && bits->udims() == 0 && count > 1 &&
                      static_cast<size_t>(bits->packed().elements()) == count;
  const VerilatedVar& var = single ? *bits : find_variable(context_, instance, name, count);
  const size_t bytes = single ? 1 : var.entSize();
  const size_t width = single ? 1 : static_cast<size_t>(var.packed().elements());
  if (bytes > model_bytes || bytes > 8) {
    refuse_width(instance + "." + name, width, 8 * model_bytes);
  }
  Signal s;
  s.instance = instance;
  s.name = std::string(name) + "[" + std::to_string(index) + "]";
  s.width = static_cast<uint32_t>(width);
  s.rtl = static_cast<const uint8_t*>(var.datap()) + index * bytes;
  s.model = model;
  s.rtl_bytes = static_cast<uint32_t>(bytes);
  s.model_bytes = static_cast<uint32_t>(model_bytes);
  signals_.push_back(std::move(s));
}

bool SignalTable::has(const std::string& instance, const char* name) const {
  const VerilatedScope* scope = context_.scopeFind(("TOP." + instance).c_str());
  return scope && scope->varFind(name);
}

namespace {

// Neighbours on both sides are one run of bytes; others a run each.
struct Run {
  const uint8_t* rtl;
  const uint8_t* model;
  size_t rtl_bytes;
  size_t model_bytes;
};

std::vector<Run> runs_of(std::vector<Signal> signals) {
  std::sort(signals.begin(), signals.end(),
            [](const Signal& a, const Signal& b) { return a.rtl < b.rtl; });
  std::vector<Run> runs;
  for (const Signal& s : signals) {
    if (!runs.empty() && s.rtl_bytes == s.model_bytes) {
      Run& last = runs.back();
      if (last.rtl_bytes == last.model_bytes && s.rtl == last.rtl + last.rtl_bytes &&
          s.model == last.model + last.model_bytes) {
        last.rtl_bytes += s.rtl_bytes;
        last.model_bytes += s.model_bytes;
        continue;
      }
    }
    runs.push_back({s.rtl, s.model, s.rtl_bytes, s.model_bytes});
  }
  return runs;
}

// Calls visit(offset, size) for pieces of one size, a power of two up to 64, that cover `bytes`
// bytes; the last may overlap the one before it.
template <class Visit>
void for_pieces(size_t bytes, Visit&& visit) {
  size_t piece = 64;
  while (piece > bytes) piece /= 2;
  for (size_t at = 0; at < bytes; at += piece) visit(std::min(at, bytes - piece), piece);
}

}  // namespace

SignalTable::Group SignalTable::layout_of(std::vector<Signal> signals, const Instance& base) {
  Group group;
  group.instances.push_back(base);
  const auto fill = [&](Tables& tables, std::vector<Signal> of) {
    const auto add = [&](size_t rtl_bytes, size_t model_bytes, Entry entry) {
      auto table = std::find_if(tables.begin(), tables.end(), [&](const Table& t) {
        return t.rtl_bytes == rtl_bytes && t.model_bytes == model_bytes;
      });
      if (table == tables.end()) table = tables.insert(table, {rtl_bytes, model_bytes, {}});
      table->entries.push_back(entry);
    };
    for (const Run& run : runs_of(std::move(of))) {
      const ptrdiff_t rtl = run.rtl - base.rtl;
      const ptrdiff_t model = run.model - base.model;
      if (run.rtl_bytes != run.model_bytes) {
        add(run.rtl_bytes, run.model_bytes, {rtl, model});
        continue;
      }
      for_pieces(run.rtl_bytes, [&](size_t at, size_t bytes) {
        const ptrdiff_t offset = static_cast<ptrdiff_t>(at);
        add(bytes, bytes, {rtl + offset, model + offset});
      });
    }
  };
  std::map<std::array<const uint8_t*, 2>, std::vector<Signal>> guarded;
  std::vector<Signal> always;
  for (Signal& s : signals) {
    if (s.guard[0]) {
      guarded[s.guard].push_back(std::move(s));
    } else {
      always.push_back(std::move(s));
    }
  }
  fill(group.tables, std::move(always));
  for (auto& [guards, of] : guarded) {
    // In order, so that those with the same first guard are neighbours.
    const ptrdiff_t first = guards[0] - base.model;
    if (group.guarded.empty() || group.guarded.back().guard != first) {
      group.guarded.push_back({first, {}, {}});
    }
    Guarded* outer = &group.guarded.back();
    if (guards[1]) {
      outer->inner.push_back({guards[1] - base.model, {}, {}});
      outer = &outer->inner.back();
    }
    fill(outer->tables, std::move(of));
  }
  return group;
}

void SignalTable::finish(const std::vector<std::pair<const void*, size_t>>& objects) {
  // Everything that is not inside one of the objects, by absolute address.
  std::vector<Signal> rest;
  std::vector<std::vector<Signal>> per_object(objects.size());
  std::map<const uint8_t*, size_t> starts;
  for (size_t i = 0; i < objects.size(); ++i) {
    starts[static_cast<const uint8_t*>(objects[i].first)] = i;
  }
  partial_.clear();
  for (Signal& s : signals_) {
    if (s.kept) {
      partial_.push_back(s);
      continue;
    }
    auto after = starts.upper_bound(s.model);
    const size_t object = after == starts.begin() ? objects.size() : std::prev(after)->second;
    const bool inside =
        object < objects.size() &&
        s.model < static_cast<const uint8_t*>(objects[object].first) + objects[object].second;
    if (inside) s.object = object;
    (inside ? per_object[object] : rest).push_back(s);
  }
  groups_.clear();
  groups_.push_back(layout_of(std::move(rest), {nullptr, nullptr}));
  objects_ = 0;
  for (size_t i = 0; i < objects.size(); ++i) {
    if (per_object[i].empty()) continue;
    ++objects_;
    const Instance base = {per_object[i][0].rtl, static_cast<const uint8_t*>(objects[i].first)};
    Group group = layout_of(std::move(per_object[i]), base);
    if (groups_.size() > 1 && groups_.back().same_layout(group)) {
      groups_.back().instances.push_back(base);
    } else {
      groups_.push_back(std::move(group));
    }
  }
}

namespace {

// Bytes that are compared in one go. The compiler makes of them what the processor has.
typedef uint64_t Bytes16 __attribute__((vector_size(16)));
typedef uint64_t Bytes32 __attribute__((vector_size(32)));
typedef uint64_t Bytes64 __attribute__((vector_size(64)));

// The instances compared: all of them, or those whose `masks` are all ones and not 0.
struct All {
  template <class Word>
  void choose(Word&, size_t) const {}
};
template <size_t kCount>
struct Some {
  uint64_t masks[kCount];
  template <class Word>
  void choose(Word& difference, size_t i) const {
    difference &= static_cast<Word>(Word{} | masks[i]);
  }
};

// Ors the differences of `kCount` instances into one word. Few instances at a time, so that their
// addresses stay in the processor's registers.
template <class Rtl, class Model, size_t kCount, class Entries, class Instance, class Which>
uint64_t words_difference(const Entries& entries, const Instance* instances, const Which& which) {
  Model all{};
  const uint8_t* rtl[kCount];
  const uint8_t* model[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    rtl[i] = instances[i].rtl;
    model[i] = instances[i].model;
  }
  for (const auto& e : entries) {
    Model of_entry{};
    for (size_t i = 0; i < kCount; ++i) {
      Rtl r;
      Model m;
      std::memcpy(&r, rtl[i] + e.rtl, sizeof(r));
      std::memcpy(&m, model[i] + e.model, sizeof(m));
      m ^= r;
      which.choose(m, i);
      of_entry |= m;
    }
    all |= of_entry;
  }
  if constexpr (sizeof(Model) > 8) {
    uint64_t d = 0;
    for (size_t i = 0; i < sizeof(Model) / 8; ++i) d |= all[i];
    return d;
  } else {
    return all;
  }
}

template <size_t kCount, class Tables, class Instance, class Which>
uint64_t tables_difference(const Tables& tables, const Instance* of, const Which& which) {
  uint64_t d = 0;
  const auto take = [&](const auto& t, auto* rtl, auto* model) {
    using Rtl = std::remove_pointer_t<decltype(rtl)>;
    using Model = std::remove_pointer_t<decltype(model)>;
    if (t.rtl_bytes != sizeof(Rtl) || t.model_bytes != sizeof(Model)) return false;
    d |= words_difference<Rtl, Model, kCount>(t.entries, of, which);
    return true;
  };
  uint8_t* const byte = nullptr;
  uint16_t* const half = nullptr;
  uint32_t* const word = nullptr;
  uint64_t* const doubleword = nullptr;
  Bytes16* const bytes16 = nullptr;
  Bytes32* const bytes32 = nullptr;
  Bytes64* const bytes64 = nullptr;
  for (const auto& t : tables) {
    const bool taken = take(t, byte, byte) || take(t, half, half) || take(t, word, word) ||
                       take(t, doubleword, doubleword) || take(t, bytes16, bytes16) ||
                       take(t, bytes32, bytes32) || take(t, bytes64, bytes64) ||
                       take(t, byte, half) || take(t, byte, word) || take(t, byte, doubleword) ||
                       take(t, half, word) || take(t, half, doubleword) ||
                       take(t, word, doubleword);
    // Words of other sizes are a difference, so that none is left out.
    d |= uint64_t{!taken};
  }
  return d;
}

// Instances that are compared together: as many as have room in the processor's registers.
constexpr size_t kTogether = 4;

}  // namespace

template <size_t kCount, class Which>
uint64_t SignalTable::guarded_difference(const Guarded& guarded, const Instance* instances,
                                         const Which& which) {
  Some<kCount> active;
  uint64_t any = 0;
  for (size_t i = 0; i < kCount; ++i) {
    const bool on = instances[i].model[guarded.guard] != 0;
    active.masks[i] = -uint64_t{on};
    which.choose(active.masks[i], i);
    any |= active.masks[i];
  }
  if (!any) return 0;
  uint64_t d = tables_difference<kCount>(guarded.tables, instances, active);
  for (const Guarded& inner : guarded.inner) {
    d |= guarded_difference<kCount>(inner, instances, active);
  }
  return d;
}

template <size_t kCount>
uint64_t SignalTable::difference(const Group& g, const Instance* instances) {
  uint64_t d = tables_difference<kCount>(g.tables, instances, All{});
  for (const Guarded& guarded : g.guarded) {
    d |= guarded_difference<kCount>(guarded, instances, All{});
  }
  return d;
}

std::vector<const Signal*> SignalTable::differing() const {
  std::vector<const Signal*> found;
  for (const Signal& s : signals_) {
    if (s.differs()) found.push_back(&s);
  }
  return found;
}

std::vector<const Signal*> SignalTable::differing_inside(size_t first) const {
  std::vector<const Signal*> found;
  for (const Signal& s : signals_) {
    if (s.object != Signal::kOutside && s.object >= first && s.differs()) found.push_back(&s);
  }
  return found;
}

bool SignalTable::differs_outside() const {
  return difference<1>(groups_[0], &groups_[0].instances[0]) != 0 ||
         std::any_of(partial_.begin(), partial_.end(), [](const Signal& s) { return s.differs(); });
}

bool SignalTable::differs_inside(size_t first, size_t count) const {
  uint64_t d = 0;
  size_t start = 0;  // number of the group's first object
  for (size_t group = 1; group < groups_.size() && count; ++group) {
    const Group& g = groups_[group];
    for (size_t i = first - start; i < g.instances.size() && count;) {
      const bool together = std::min(g.instances.size() - i, count) >= kTogether;
      d |= together ? difference<kTogether>(g, &g.instances[i]) : difference<1>(g, &g.instances[i]);
      const size_t done = together ? kTogether : 1;
      i += done;
      first += done;
      count -= done;
    }
    start += g.instances.size();
  }
  return d != 0;
}

}  // namespace sparsys
