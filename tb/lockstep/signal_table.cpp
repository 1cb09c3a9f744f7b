// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/signal_table.hpp"

#include <cstring>
#include <map>

#include "golden/error.hpp"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"

namespace sparsys {

namespace {

uint64_t load(const uint8_t* place, uint32_t bytes) {
  uint64_t value = 0;
  std::memcpy(&value, place, bytes);  // little-endian, as all of Verilator's public words are used
  return value;
}

template <class Word>
uint64_t load_as(const uint8_t* place) {
  Word value;
  std::memcpy(&value, place, sizeof(value));
  return value;
}

uint32_t log2_bytes(uint32_t bytes) { return bytes == 8 ? 3 : bytes == 4 ? 2 : bytes == 2 ? 1 : 0; }

template <class Rtl, class Model, class Entries>
uint64_t difference_of(const Entries& entries, const uint8_t* rtl, const uint8_t* model) {
  uint64_t difference = 0;
  for (const auto& e : entries) {
    difference |= load_as<Rtl>(rtl + e.rtl) ^ load_as<Model>(model + e.model);
  }
  return difference;
}

template <class Rtl, class Model, class Entries>
uint64_t guarded_difference_of(const Entries& entries, const uint8_t* rtl, const uint8_t* model) {
  uint64_t difference = 0;
  for (const auto& e : entries) {
    const uint64_t on = model[e.guard0] & model[e.guard1] & 1U;
    difference |= (load_as<Rtl>(rtl + e.rtl) ^ load_as<Model>(model + e.model)) & (0 - on);
  }
  return difference;
}

}  // namespace

uint64_t Signal::rtl_value() const { return load(rtl, rtl_bytes); }
uint64_t Signal::model_value() const { return load(model, model_bytes); }
bool Signal::active() const {
  for (const uint8_t* g : guard) {
    if (g && *g == 0) return false;
  }
  return true;
}

void SignalTable::add_words(const std::string& instance, const char* name, const uint8_t* model,
                            size_t model_bytes, size_t count, bool array,
                            std::array<const uint8_t*, 2> guard) {
  const VerilatedScope* scope = context_.scopeFind(("TOP." + instance).c_str());
  const VerilatedVar* var = scope ? scope->varFind(name) : nullptr;
  const std::string place = instance + "." + name;
  if (!var) {
    throw Error("lockstep: " + place + ": the RTL has no such public variable (listed in " +
                "tb/lockstep/signals, but renamed or absent in the module?)");
  }
  const size_t words = var->udims() == 0 ? 1 : static_cast<size_t>(var->unpacked().elements());
  if (words != count) {
    throw Error("lockstep: " + place + ": " + std::to_string(words) + " words in the RTL, " +
                std::to_string(count) + " in the cycle model");
  }
  const size_t bytes = var->entSize();
  if (bytes > model_bytes || bytes > 8) {
    throw Error("lockstep: " + place + ": " + std::to_string(var->packed().elements()) +
                " bits in the RTL, " + std::to_string(8 * model_bytes) + " in the cycle model");
  }
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
    signals_.push_back(std::move(s));
  }
}

void SignalTable::add_entries(Group& group, const Signal& s, const Instance& base) {
  const uint32_t r = log2_bytes(s.rtl_bytes);
  const uint32_t m = log2_bytes(s.model_bytes);
  const ptrdiff_t rtl = s.rtl - base.rtl;
  const ptrdiff_t model = s.model - base.model;
  if (s.guard[0]) {
    const uint8_t* second = s.guard[1] ? s.guard[1] : s.guard[0];
    group.guarded[r][m].push_back({rtl, model, s.guard[0] - base.model, second - base.model});
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

void SignalTable::finish(const std::vector<std::pair<const void*, size_t>>& objects) {
  // Everything that is not inside one of the objects, by absolute address.
  Group rest;
  rest.instances.push_back({nullptr, nullptr});
  std::vector<Group> per_object(objects.size());
  std::map<const uint8_t*, size_t> starts;
  for (size_t i = 0; i < objects.size(); ++i) {
    starts[static_cast<const uint8_t*>(objects[i].first)] = i;
  }
  for (const Signal& s : signals_) {
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
  groups_.push_back(std::move(rest));
  for (Group& group : per_object) {
    if (group.instances.empty()) continue;
    Group& last = groups_.back();
    if (last.tables == group.tables && last.guarded == group.guarded) {
      last.instances.push_back(group.instances[0]);
    } else {
      groups_.push_back(std::move(group));
    }
  }
}

uint64_t SignalTable::difference(const Group& g, const Instance& i) {
  uint64_t d = 0;
  const Tables& t = g.tables;
  d |= difference_of<uint8_t, uint8_t>(t[0][0], i.rtl, i.model);
  d |= difference_of<uint8_t, uint16_t>(t[0][1], i.rtl, i.model);
  d |= difference_of<uint8_t, uint32_t>(t[0][2], i.rtl, i.model);
  d |= difference_of<uint8_t, uint64_t>(t[0][3], i.rtl, i.model);
  d |= difference_of<uint16_t, uint16_t>(t[1][1], i.rtl, i.model);
  d |= difference_of<uint16_t, uint32_t>(t[1][2], i.rtl, i.model);
  d |= difference_of<uint16_t, uint64_t>(t[1][3], i.rtl, i.model);
  d |= difference_of<uint32_t, uint32_t>(t[2][2], i.rtl, i.model);
  d |= difference_of<uint32_t, uint64_t>(t[2][3], i.rtl, i.model);
  d |= difference_of<uint64_t, uint64_t>(t[3][3], i.rtl, i.model);
  const GuardedTables& u = g.guarded;
  d |= guarded_difference_of<uint8_t, uint8_t>(u[0][0], i.rtl, i.model);
  d |= guarded_difference_of<uint8_t, uint16_t>(u[0][1], i.rtl, i.model);
  d |= guarded_difference_of<uint8_t, uint32_t>(u[0][2], i.rtl, i.model);
  d |= guarded_difference_of<uint8_t, uint64_t>(u[0][3], i.rtl, i.model);
  d |= guarded_difference_of<uint16_t, uint16_t>(u[1][1], i.rtl, i.model);
  d |= guarded_difference_of<uint16_t, uint32_t>(u[1][2], i.rtl, i.model);
  d |= guarded_difference_of<uint16_t, uint64_t>(u[1][3], i.rtl, i.model);
  d |= guarded_difference_of<uint32_t, uint32_t>(u[2][2], i.rtl, i.model);
  d |= guarded_difference_of<uint32_t, uint64_t>(u[2][3], i.rtl, i.model);
  d |= guarded_difference_of<uint64_t, uint64_t>(u[3][3], i.rtl, i.model);
  return d;
}

bool SignalTable::differs() const {
  uint64_t d = 0;
  for (const Group& group : groups_) {
    for (const Instance& instance : group.instances) d |= difference(group, instance);
  }
  return d != 0;
}

}  // namespace sparsys
