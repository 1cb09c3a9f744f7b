// SPDX-License-Identifier: Apache-2.0
#include "tb/lockstep/core/gtkwave_save.hpp"

#include <filesystem>

#include "golden/base/atomic_file.hpp"

namespace sparsys {
namespace {

// Flags of a trace: hexadecimal, right-justified; a comment. A trace's line is what it is called
// and its path, with the range that GTKWave gives a vector without one.
constexpr const char* kHexadecimal = "@22\n";
constexpr const char* kComment = "@200\n-";

void add_traces(std::string& text, const std::string& title,
                const std::vector<const Signal*>& signals) {
  if (signals.empty()) return;
  text += kComment + title + "\n" + kHexadecimal;
  for (const Signal* s : signals) {
    std::string range;
    if (s->width > 1) range = "[" + std::to_string(s->width - 1) + ":0]";
    const std::string path = s->instance + "." + s->name + range;
    text += "+{RTL   " + s->name + "} rtl." + path + "\n";
    text += "+{model " + s->name + "} model." + path + "\n";
  }
}

}  // namespace

std::string gtkwave_save_path(const std::string& waves) {
  return std::filesystem::path(waves).replace_extension(".gtkw").string();
}

void write_gtkwave_save(const std::string& waves, const std::vector<const Signal*>& differing,
                        const std::vector<const Signal*>& others, uint64_t at) {
  std::string text = "[*] Differing signals first, the RTL above the model\n[dumpfile] \"" +
                     std::filesystem::absolute(waves).string() + "\"\n[timestart] " +
                     std::to_string(at < 13 ? 0 : at - 13) + "\n[size] 1400 800\n*-2.000000 " +
                     std::to_string(at) + "\n[signals_width] 420\n";
  add_traces(text, "differ in cycle " + std::to_string(at), differing);
  add_traces(text, "the others of that instance", others);
  write_file_atomically(gtkwave_save_path(waves), text);
}

}  // namespace sparsys
