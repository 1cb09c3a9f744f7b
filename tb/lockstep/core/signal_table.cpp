// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/core/signal_table.hpp"

#include <algorithm>
#include <cstring>
#include <map>

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

uint32_t log2_bytes(uint32_t bytes) { return bytes == 8 ? 3 : bytes == 4 ? 2 : bytes == 2 ? 1 : 0; }

// Instances are compared in blocks: few enough for all their variables to stay in the processor's
// first cache while one entry after the other passes over them, enough to make the table cheap.
constexpr size_t kBlock = 8;

// `words` neighbouring words of eight bytes.
uint64_t run_difference(const uint8_t* rtl, const uint8_t* model, size_t words) {
  uint64_t difference = 0;
  for (size_t i = 0; i < words; ++i) {
    difference |= load_as<uint64_t>(rtl + 8 * i) ^ load_as<uint64_t>(model + 8 * i);
  }
  return difference;
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

void SignalTable::add_entries(Group& group, const Signal& s, const Instance& base) {
  const uint32_t r = log2_bytes(s.rtl_bytes);
  const uint32_t m = log2_bytes(s.model_bytes);
  const ptrdiff_t rtl = s.rtl - base.rtl;
  const ptrdiff_t model = s.model - base.model;
  if (s.guard[0]) {
    const ptrdiff_t guard0 = s.guard[0] - base.model;
    const ptrdiff_t guard1 = s.guard[1] ? s.guard[1] - base.model : guard0;
    auto& all = group.guarded;
    auto same = std::find_if(all.begin(), all.end(), [&](const Guarded& g) {
      return g.guard0 == guard0 && g.guard1 == guard1;
    });
    if (same == all.end()) same = all.insert(all.end(), {guard0, guard1, {}});
    same->words.push_back({{rtl, model}, s.rtl_bytes, s.model_bytes});
    return;
  }
  // Neighbours on both sides (array words) are compared up to eight bytes at a time.
  if (r == m && r < 3) {
    for (uint32_t wide = 3; wide > r; --wide) {
      auto& words = group.tables[r][r];
      const size_t needed = size_t{1} << (wide - r);
      if (words.size() + 1 < needed) continue;
      bool joined = true;
      for (size_t i = 1; i < needed && joined; ++i) {
        const Entry& e = words[words.size() - i];
        const ptrdiff_t distance = static_cast<ptrdiff_t>(i) << r;
        joined = e.rtl == rtl - distance && e.model == model - distance;
      }
      if (!joined) continue;
      words.resize(words.size() - (needed - 1));
      const ptrdiff_t back = static_cast<ptrdiff_t>(needed - 1) << r;
      group.tables[wide][wide].push_back({rtl - back, model - back});
      return;
    }
  }
  group.tables[r][m].push_back({rtl, model});
}

void SignalTable::Group::find_runs() {
  std::vector<Entry> single;
  const std::vector<Entry> words = std::move(tables[3][3]);
  for (size_t i = 0; i < words.size();) {
    const ptrdiff_t from = static_cast<ptrdiff_t>(i);
    size_t end = i + 1;
    for (; end < words.size(); ++end) {
      const ptrdiff_t distance = 8 * (static_cast<ptrdiff_t>(end) - from);
      if (words[end].rtl != words[i].rtl + distance) break;
      if (words[end].model != words[i].model + distance) break;
    }
    if (end - i > 1) {
      runs.push_back({words[i], end - i});
    } else {
      single.push_back(words[i]);
    }
    i = end;
  }
  tables[3][3] = std::move(single);
}

bool SignalTable::Group::append(const Group& other) {
  if (!(tables == other.tables && guarded == other.guarded && runs == other.runs)) return false;
  const ptrdiff_t model = other.instances[0].model - instances.back().model;
  if (instances.size() > 1 && model != model_stride) return false;
  model_stride = model;
  instances.push_back(other.instances[0]);
  return true;
}

void SignalTable::finish(const std::vector<std::pair<const void*, size_t>>& objects) {
  // Everything that is not inside one of the objects, by absolute address.
  Group rest;
  rest.instances.push_back({nullptr, nullptr});
  std::vector<Group> per_object(objects.size());
  std::map<const uint8_t*, size_t> starts;
  for (size_t i = 0; i < objects.size(); ++i) {
    starts[static_cast<const uint8_t*>(objects[i].first)] = i;
  }
  partial_.clear();
  for (const Signal& s : signals_) {
    if (s.kept) {
      partial_.push_back(s);
      continue;
    }
    auto after = starts.upper_bound(s.model);
    const size_t object = after == starts.begin() ? objects.size() : std::prev(after)->second;
    const bool inside =
        object < objects.size() &&
        s.model < static_cast<const uint8_t*>(objects[object].first) + objects[object].second;
    if (!inside) {
      add_entries(rest, s, rest.instances[0]);
      continue;
    }
    Group& group = per_object[object];
    if (group.instances.empty()) {
      group.instances.push_back({s.rtl, static_cast<const uint8_t*>(objects[object].first)});
    }
    add_entries(group, s, group.instances[0]);
  }
  groups_.clear();
  objects_ = objects.size();
  rest.find_runs();
  groups_.push_back(std::move(rest));
  for (Group& group : per_object) {
    if (group.instances.empty()) {
      --objects_;
      continue;
    }
    group.find_runs();
    if (!groups_.back().append(group)) groups_.push_back(std::move(group));
  }
}

template <class Rtl, class Model, bool kWhole>
uint64_t SignalTable::table_difference(const Group& g, const Instance* block, size_t count,
                                       size_t r, size_t m) {
  uint64_t d = 0;
  if (kWhole) {
    // All of a block, unrolled: independent loads, few pointers. The model's objects lie at equal
    // distances; the RTL's do not, as Verilator orders them by name.
    const ptrdiff_t stride = g.model_stride;
    const uint8_t* const rtl[kBlock] = {block[0].rtl, block[1].rtl, block[2].rtl, block[3].rtl,
                                        block[4].rtl, block[5].rtl, block[6].rtl, block[7].rtl};
    for (const Entry& e : g.tables[r][m]) {
      const uint8_t* model = block[0].model + e.model;
      const uint8_t* upper = model + 4 * stride;
      const auto differ = [&](size_t i, const uint8_t* word) {
        return load_as<Rtl>(rtl[i] + e.rtl) ^ load_as<Model>(word);
      };
      uint64_t a = differ(0, model) | differ(1, model + stride);
      uint64_t b = differ(2, model + 2 * stride) | differ(3, model + 3 * stride);
      a |= differ(4, upper) | differ(5, upper + stride);
      b |= differ(6, upper + 2 * stride) | differ(7, upper + 3 * stride);
      d |= a | b;
    }
  } else {
    for (const Entry& e : g.tables[r][m]) {
      for (size_t i = 0; i < count; ++i) {
        d |= load_as<Rtl>(block[i].rtl + e.rtl) ^ load_as<Model>(block[i].model + e.model);
      }
    }
  }
  return d;
}

template <bool kWhole>
uint64_t SignalTable::tables_difference(const Group& g, const Instance* block, size_t count) {
  return table_difference<uint8_t, uint8_t, kWhole>(g, block, count, 0, 0) |
         table_difference<uint8_t, uint16_t, kWhole>(g, block, count, 0, 1) |
         table_difference<uint8_t, uint32_t, kWhole>(g, block, count, 0, 2) |
         table_difference<uint8_t, uint64_t, kWhole>(g, block, count, 0, 3) |
         table_difference<uint16_t, uint16_t, kWhole>(g, block, count, 1, 1) |
         table_difference<uint16_t, uint32_t, kWhole>(g, block, count, 1, 2) |
         table_difference<uint16_t, uint64_t, kWhole>(g, block, count, 1, 3) |
         table_difference<uint32_t, uint32_t, kWhole>(g, block, count, 2, 2) |
         table_difference<uint32_t, uint64_t, kWhole>(g, block, count, 2, 3) |
         table_difference<uint64_t, uint64_t, kWhole>(g, block, count, 3, 3);
}

uint64_t SignalTable::difference(const Group& g, const Instance* block, size_t count) {
  uint64_t d = count == kBlock ? tables_difference<true>(g, block, count)
                               : tables_difference<false>(g, block, count);
  for (size_t i = 0; i < count; ++i) {
    const uint8_t* rtl = block[i].rtl;
    const uint8_t* model = block[i].model;
    for (const Run& run : g.runs) {
      d |= run_difference(rtl + run.first.rtl, model + run.first.model, run.words);
    }
    for (const Guarded& guarded : g.guarded) {
      if (!(model[guarded.guard0] && model[guarded.guard1])) continue;
      for (const Guarded::Word& w : guarded.words) {
        d |= load(rtl + w.entry.rtl, w.rtl_bytes) ^ load(model + w.entry.model, w.model_bytes);
      }
    }
  }
  return d;
}

bool SignalTable::differs_outside() const {
  return difference(groups_[0], &groups_[0].instances[0], 1) != 0 ||
         std::any_of(partial_.begin(), partial_.end(), [](const Signal& s) { return s.differs(); });
}

bool SignalTable::differs_inside(size_t first, size_t count) const {
  uint64_t d = 0;
  size_t start = 0;  // number of the group's first object
  for (size_t group = 1; group < groups_.size() && count; ++group) {
    const Group& g = groups_[group];
    for (size_t i = first - start; i < g.instances.size() && count;) {
      const size_t block = std::min({kBlock, g.instances.size() - i, count});
      d |= difference(g, &g.instances[i], block);
      i += block;
      first += block;
      count -= block;
    }
    start += g.instances.size();
  }
  return d != 0;
}

}  // namespace sparsys
