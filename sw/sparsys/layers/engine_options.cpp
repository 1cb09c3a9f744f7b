// SPDX-License-Identifier: Apache-2.0
#include "sw/sparsys/layers/engine_options.hpp"

#include <map>

namespace sparsys {
namespace {

void add(CLI::App& command, const char* option, uint32_t& value, const char* text) {
  command.add_option(option, value, text)->capture_default_str()->type_name("N")->group("Engine");
}

}  // namespace

void add_engine(CLI::App& command, eie::Config& c) {
  add(command, "--pe", c.n_pe, "PEs, a power of two from 1 to 256");
  add(command, "--queue", c.queue_depth, "Depth of the activation queues, 1 to 255");
  add(command, "--entries", c.entry_depth, "Entries of a PE's entry memory, a power of two");
  add(command, "--pointers", c.ptr_depth, "Pointers of a PE, a power of two");
  add(command, "--registers", c.act_regs, "Activation registers of a PE, 4 to 64");
  add(command, "--activation-ram", c.act_ram_depth, "Words of a PE's activation RAM");
  add(command, "--accumulator", c.acc_width, "Bits of an accumulator, 20 to 48");
  add(command, "--codebooks", c.codebooks, "Codebooks of the engine, a power of two");
  add(command, "--list", c.list_depth, "Pass descriptors of the engine, a power of two");
}

void add_engine(CLI::App& command, mxu::Config& c) {
  add(command, "--array-rows", c.rows, "Rows of the array, 1 to 256");
  add(command, "--array-cols", c.cols, "Columns of the array, 1 to 256");
  add(command, "--tile-rows", c.tile_rows, "Rows of a block of the description");
  add(command, "--tile-cols", c.tile_cols, "Columns of a block of the description");
  add(command, "--weight-fifo", c.fifo_tiles, "Tiles of weights that wait, 2 to 16");
  add(command, "--buffer", c.ub_depth, "Rows of the unified buffer");
  add(command, "--accumulators", c.acc_depth, "Accumulator rows, a power of two");
  add(command, "--parameter-sets", c.param_sets, "Sets of bias, multiplier and shift");
  add(command, "--instructions", c.queue_depth, "Depth of the instruction queue");
}

void add_rows(CLI::App& command, eie::Rows& rows) {
  command
      .add_option("--rows", rows,
                  "Which PE gets which row: balanced, so that their entries balance, or "
                  "interleaved, as the matrix has them")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, eie::Rows>{{"balanced", eie::Rows::kBalanced},
                                           {"interleaved", eie::Rows::kInterleaved}},
          CLI::ignore_case))
      ->default_str(to_string(rows))
      ->type_name("ROWS");
}

}  // namespace sparsys
