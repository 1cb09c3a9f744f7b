// SPDX-License-Identifier: Apache-2.0
// Energy of a run of the sparse engine, estimated from what the cycle model counted: an energy for
// each access and operation in 45 nm, from published figures.
#pragma once

#include <nlohmann/json.hpp>

#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/config.hpp"

namespace sparsys {

// Of a read or write of `bits` bits of a memory of `bytes` bytes, in picojoules at 45 nm (Horowitz,
// ISSCC 2014: 64 bits of a cache of 8 KB 10 pJ, of 32 KB 20 pJ, of 1 MB 100 pJ): with the root of
// the size, in proportion to the width.
double memory_picojoules(double bytes, double bits);
// A product of 16 x 16 bits: EIE (Han 2016, figure 10) has it at a fifth of one of 32 bits, which
// takes 3.1 pJ (Horowitz 2014; EIE, Table I).
constexpr double kMultiplyPicojoules = 3.1 / 5;
constexpr double kAddPicojoules = 0.1;  // of 32 bits (the same)
// The clock network of a PE in a cycle: 1.874 mW at 800 MHz (EIE, Table II).
constexpr double kClockPicojoules = 1.874e3 / 800;
// A PE of the paper (Table II), and its engine of 64 as figure 7 reckons it.
constexpr double kPaperPeMilliwatts = 9.157;
constexpr double kPaperMilliwatts = 600;

// technology, parts[] {name, count, picojoules, nanojoules}, nanojoules, picojoules_per_operation
// (a multiplication and its addition are two), milliwatts (at 800 MHz), milliwatts_per_pe.
nlohmann::json estimate_energy(const eie::Statistics& counts, const eie::Config& config);

}  // namespace sparsys
