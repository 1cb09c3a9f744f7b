// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie/back_door.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "verilated.h"
#include "verilated_sym_props.h"

namespace sparsys::eie {
namespace {

// The words of a ram_1rw, which are as wide in memory as Verilator makes them.
class Ram {
 public:
  Ram(VerilatedContext& context, const std::string& instance) {
    const VerilatedScope* scope = context.scopeFind(("TOP.eie." + instance).c_str());
    const VerilatedVar* memory = scope ? scope->varFind("mem") : nullptr;
    if (!memory) {
      throw Error("RTL: eie." + instance + ".mem: no such memory, expected for the back door");
    }
    bytes_ = memory->entSize();
    words_ = static_cast<uint8_t*>(memory->datap());
  }
  void set(size_t address, uint64_t word) {
    std::memcpy(words_ + address * bytes_, &word, std::min(bytes_, sizeof word));
  }

 private:
  size_t bytes_ = 0;
  uint8_t* words_ = nullptr;
};

// Entry rows of 64 bits into the memories of `lanes` lanes (docs/reference/eie-timing.md section
// 11.1). `read`: the instance of eie_lane_read.
void put_lanes(VerilatedContext& context, const std::string& read, uint32_t lanes,
               const std::vector<uint64_t>& rows) {
  const auto ram = [&](const char* half, const char* name) {
    return Ram(context, read + ".g_half[" + half + "]." + name);
  };
  Ram even = ram("0", "u_even");
  Ram odd = ram("0", "u_odd");
  if (lanes == 4) {
    for (size_t w = 0; w < rows.size(); ++w) {
      even.set(w, rows[w] & 0xFFFFFFFF);
      odd.set(w, rows[w] >> 32);
    }
  } else if (lanes == 8) {
    for (size_t w = 0; w < rows.size(); ++w) (w % 2 != 0 ? odd : even).set(w / 2, rows[w]);
  } else {
    Ram even_high = ram("1", "u_even");
    Ram odd_high = ram("1", "u_odd");
    Ram* const places[] = {&even, &even_high, &odd, &odd_high};
    for (size_t w = 0; w < rows.size(); ++w) places[w % 4]->set(w / 4, rows[w]);
  }
}

}  // namespace

void put(VerilatedContext& context, const Image& image) {
  for (size_t k = 0; k < image.entry_rows.size(); ++k) {
    const std::string pe = "g_pe[" + std::to_string(k) + "].u_pe.";
    if (image.config.lanes > 1) {
      put_lanes(context, pe + "u_compute.g_lanes.u_lanes.u_read", image.config.lanes,
                image.entry_rows[k]);
    } else {
      Ram entries(context, pe + "u_compute.g_one.u_spmat_read.u_entry_ram");
      for (size_t r = 0; r < image.entry_rows[k].size(); ++r) {
        entries.set(r, image.entry_rows[k][r]);
      }
    }
    Ram even(context, pe + "u_ptr_read.u_even");
    Ram odd(context, pe + "u_ptr_read.u_odd");
    const auto& pointers = image.pointers[k];
    for (size_t p = 0; p < pointers.size(); p += 2) {
      even.set(p / 2, pointers[p]);
      odd.set(p / 2, p + 1 < pointers.size() ? pointers[p + 1] : 0);
    }
  }
  Ram codebooks(context, "u_ccu.u_codebook_ram");
  for (size_t w = 0; w < image.codebook_words.size(); ++w) {
    codebooks.set(w, image.codebook_words[w]);
  }
  for (size_t w = 0; w < image.bias_words.size(); ++w) {
    codebooks.set(4 * size_t{image.config.codebooks} + w, image.bias_words[w]);
  }
  Ram list(context, "u_ccu.u_list_ram");
  const std::vector<uint64_t> words = list_words(image);
  for (size_t w = 0; w < words.size(); ++w) list.set(w, words[w]);
}

}  // namespace sparsys::eie
