// SPDX-License-Identifier: Apache-2.0
// The subcommands of `sparsys`. Each function adds one to the program, or one and its other name;
// its work runs while the command line is parsed. Wrong usage and bad input are thrown as Error, a
// result that is not what it must be as ExpectationFailed.
#pragma once

#include <CLI/CLI.hpp>

namespace sparsys {

enum ExitCode { kExitOk = 0, kExitError = 1, kExitExpectation = 2, kExitStopped = 130 };

void add_train(CLI::App& program);
void add_import(CLI::App& program);
void add_export(CLI::App& program);
void add_compress(CLI::App& program);
void add_compress_report(CLI::App& program);
void add_build(CLI::App& program);
void add_run(CLI::App& program);
void add_inspect(CLI::App& program);
void add_pack(CLI::App& program);
void add_unpack(CLI::App& program);
void add_demo(CLI::App& program);
void add_demo_top(CLI::App& program);
void add_layer(CLI::App& program);
void add_gemm(CLI::App& program);
void add_bench_eie(CLI::App& program);
void add_explore(CLI::App& program);

}  // namespace sparsys
