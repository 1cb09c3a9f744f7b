// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/eie/back_door.hpp"

#include <cstring>
#include <string>

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
  void set(size_t address, uint64_t word) { std::memcpy(words_ + address * bytes_, &word, bytes_); }

 private:
  size_t bytes_ = 0;
  uint8_t* words_ = nullptr;
};

}  // namespace

void put(VerilatedContext& context, const Image& image) {
  for (size_t k = 0; k < image.entry_rows.size(); ++k) {
    const std::string pe = "g_pe[" + std::to_string(k) + "].u_pe.";
    Ram entries(context, pe + "u_spmat_read.u_entry_ram");
    for (size_t r = 0; r < image.entry_rows[k].size(); ++r) entries.set(r, image.entry_rows[k][r]);
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
  Ram list(context, "u_ccu.u_list_ram");
  const std::vector<uint64_t> words = list_words(image);
  for (size_t w = 0; w < words.size(); ++w) list.set(w, words[w]);
}

}  // namespace sparsys::eie
