// SPDX-License-Identifier: Apache-2.0
// Waveform files by value, read with the library that comes with Verilator.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fstapi.h"

namespace sparsys {

// Changes of each signal, by its path ("rtl.eie.u_ccu.u_sequencer.state_q"): time and value, rising
// in time.
using FstChanges = std::map<std::string, std::vector<std::pair<uint64_t, uint64_t>>>;

// Throws std::runtime_error if it is no FST file, or has a value that is not of 0 and 1.
inline FstChanges read_fst(const std::string& path) {
  void* reader = fstReaderOpen(path.c_str());
  if (reader == nullptr) throw std::runtime_error(path + ": no FST file");
  std::map<fstHandle, std::vector<std::pair<uint64_t, uint64_t>>*> by_handle;
  FstChanges changes;
  std::string scope;
  std::vector<size_t> lengths;
  while (const fstHier* h = fstReaderIterateHier(reader)) {
    if (h->htyp == FST_HT_SCOPE) {
      lengths.push_back(scope.size());
      scope += std::string(h->u.scope.name) + ".";
    } else if (h->htyp == FST_HT_UPSCOPE) {
      scope.resize(lengths.back());
      lengths.pop_back();
    } else if (h->htyp == FST_HT_VAR) {
      by_handle[h->u.var.handle] = &changes[scope + h->u.var.name];
    }
  }
  fstReaderSetFacProcessMaskAll(reader);
  fstReaderIterBlocks(
      reader,
      [](void* user, uint64_t time, fstHandle handle, const unsigned char* bits) {
        uint64_t value = 0;
        for (; *bits != 0; ++bits) {
          if (*bits != '0' && *bits != '1') throw std::runtime_error("a value that is not of bits");
          value = value << 1 | (*bits - '0');
        }
        static_cast<decltype(by_handle)*>(user)->at(handle)->emplace_back(time, value);
      },
      &by_handle, nullptr);
  fstReaderClose(reader);
  return changes;
}

// The value at a time. Throws std::out_of_range if there is no such signal or no value yet.
inline uint64_t value_at(const FstChanges& changes, const std::string& signal, uint64_t time) {
  const auto& all = changes.at(signal);
  auto after = all.begin();
  while (after != all.end() && after->first <= time) ++after;
  if (after == all.begin()) throw std::out_of_range(signal + " has no value yet");
  return (after - 1)->second;
}

}  // namespace sparsys
