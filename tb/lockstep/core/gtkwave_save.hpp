// SPDX-License-Identifier: Apache-2.0
// Save files of GTKWave for the waveforms that FstWriter writes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tb/lockstep/core/signal_table.hpp"

namespace sparsys {

// "lockstep-mismatch.fst" -> "lockstep-mismatch.gtkw".
std::string gtkwave_save_path(const std::string& waves);

// Writes gtkwave_save_path(waves): opens the waveform with `differing` signals first and `others`
// below them, of each signal the RTL's above the model's, a marker at time `at`. Throws Error if
// the file cannot be written.
void write_gtkwave_save(const std::string& waves, const std::vector<const Signal*>& differing,
                        const std::vector<const Signal*>& others, uint64_t at);

}  // namespace sparsys
