// SPDX-License-Identifier: Apache-2.0
// One layer on the sparse engine, without a network or data: its cycles, what bounds them, how
// often each memory is read. The memories are filled through the back door.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/cycle/eie/statistics.hpp"
#include "golden/engine/eie/image.hpp"
#include "golden/engine/eie/pins.hpp"
#include "golden/format/matrix_file.hpp"
#include "golden/network/eie_network.hpp"
#include "sw/sparsys/layers/paper_layers.hpp"

namespace sparsys {

struct SparseLayer {
  eie::Network network;         // of this layer alone
  std::vector<int16_t> input;   // constants excluded
  std::vector<int16_t> output;  // of the functional model
};

// Completes a problem: checks that it is sound and works out its output. Throws Error.
SparseLayer make_layer(eie::Layer layer, std::vector<int16_t> input);
// Random weights and activations of these densities (0 to 1), those of rows log-normal of a sigma.
SparseLayer random_layer(const std::string& name, uint32_t inputs, uint32_t outputs, double density,
                         double activations, uint64_t seed, double row_sigma = 0);
// One of the paper's, by these.
SparseLayer random_layer_of(const EieLayer& paper, uint64_t seed, double row_sigma = 0);
// The weights of a matrix file: values become the nearest of 15 shared ones, a pattern gets random
// ones.
eie::Layer layer_of(const SparseMatrix& matrix, const std::string& name, uint64_t seed);
// Activations of a file: whole numbers of 16 bits stay, others are scaled to 12 bits; none that is
// not 0 becomes 0.
std::vector<int16_t> activations_of(const std::vector<double>& values);

// Its first `inputs` inputs alone.
SparseLayer first_inputs(const SparseLayer& layer, uint32_t inputs);

// A power of two of pointers that holds the layer's, if `config` has fewer: VGG-6 needs more than
// the paper's PE has.
void widen_pointers(eie::Config& config, uint32_t inputs, uint32_t outputs);

struct SparseRun {
  eie::Image image;
  eie::Statistics counts;
  uint64_t broadcasts = 0;
  double seconds = 0;  // of a processor, for the list, without loads
  uint64_t nonzeros = 0;
  double activation_density = 0;

  const eie::LayerStats& stored() const { return image.layers.front(); }
  uint64_t cycles() const { return counts.cycles; }
  // Entries that the input's non-zeros meet over the PEs and their lanes: what full lanes alone
  // would take.
  double theoretical_cycles() const {
    return static_cast<double>(counts.entries) / (image.config.n_pe * image.config.lanes);
  }
  // As EIE's paper defines it (Han 2016, VI-A): 1 less the share of bubbles in the cycles of
  // computation, those in which passes run.
  double balance_pct() const { return share_pct(counts.run_cycles); }
  // The same of all cycles, set-up and write-back included.
  double whole_balance_pct() const { return share_pct(cycles()); }

 private:
  double share_pct(uint64_t of) const {
    return of ? 100 * theoretical_cycles() / static_cast<double>(of) : 100;
  }
};

// On the cycle model. Throws ExpectationFailed if an output is not the functional model's.
SparseRun run_cycles(const SparseLayer& layer, const eie::Config& config, eie::Rows rows);
// On a device that may run many layers, as the RTL in lockstep. Returns the
// list's cycles as the engine counts them.
uint64_t run_on(eie::Device& device, const SparseLayer& layer, const eie::Image& image);

// Fields of a report, at a clock of `mhz`.
nlohmann::json describe_run(const SparseRun& run, double mhz);
// Balance over several draws of a layer, two or more, on the engine and in the mapping of `first`,
// which is the run of the first: of the cycles in which passes run, and of all.
nlohmann::json describe_draws(const std::vector<SparseLayer>& draws, const SparseRun& first);

}  // namespace sparsys
