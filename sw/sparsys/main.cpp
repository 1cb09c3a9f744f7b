// SPDX-License-Identifier: Apache-2.0
// The program `sparsys`: its command line, its exit codes and what Ctrl-C does.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>

#include "golden/base/stop.hpp"
#include "sw/sparsys/commands/commands.hpp"
#include "sw/sparsys/report/expectations.hpp"
#include "sw/sparsys/report/json_file.hpp"

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 ok; 1 wrong usage or bad input, with one line on stderr;\n"
    "            2 the result is not as expected: engine and golden model differ, or a figure is\n"
    "              out of its bounds;\n"
    "            130 stopped by Ctrl-C; training that keeps checkpoints goes on where it was.\n"
    "`sparsys COMMAND --help` tells about a command.\n";

int fail(const std::string& what, int code) {
  std::cout.flush();
  std::fprintf(stderr, "sparsys: error: %s\n", what.c_str());
  return code;
}

// The first Ctrl-C asks long work to stop in good order; the second, and one that nobody would look
// at, ends the program as if there were no handler.
void interrupted(int signal) {
  if (!sparsys::Stoppable::any() || sparsys::stop_requested()) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  sparsys::request_stop();
}

// On one line, as messages of the option parser are not always.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  // A file beyond the limit of this process is then an error like any other.
  std::signal(SIGXFSZ, SIG_IGN);
  // A program in the background of a script is not for Ctrl-C.
  if (std::signal(SIGINT, interrupted) == SIG_IGN) std::signal(SIGINT, SIG_IGN);

  CLI::App program(
      "Sparsys: trains and compresses networks, and runs them on a sparse engine and a matrix "
      "unit");
  program.name("sparsys");
  program.set_version_flag("--version", "sparsys " SPARSYS_VERSION);
  program.footer(kFooter);
  program.require_subcommand(0, 1);  // that there is one is checked after unknown words
  sparsys::add_train(program);
  sparsys::add_import(program);
  sparsys::add_export(program);
  sparsys::add_compress(program);
  sparsys::add_compress_report(program);
  sparsys::add_build(program);
  sparsys::add_run(program);
  sparsys::add_inspect(program);
  sparsys::add_pack(program);
  sparsys::add_unpack(program);
  sparsys::add_demo(program);
  sparsys::add_demo_top(program);
  sparsys::add_layer(program);
  sparsys::add_gemm(program);
  sparsys::add_bench_eie(program);
  sparsys::add_explore(program);

  sparsys::set_command(argc, argv);
  try {
    program.parse(argc, argv);
    if (program.get_subcommands().empty()) throw CLI::RequiredError("A command");
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return fail(one_line(error.what()) + " (see sparsys --help)", sparsys::kExitError);
    }
    program.exit(error);  // help or version
  } catch (const sparsys::ExpectationFailed& error) {
    return fail(error.what(), sparsys::kExitExpectation);
  } catch (const sparsys::Stopped& stopped) {
    // A line of progress may be open on a terminal.
    std::fprintf(stderr, "%ssparsys: %s\n", isatty(STDERR_FILENO) != 0 ? "\n" : "",
                 one_line(stopped.what()).c_str());
    return sparsys::kExitStopped;
  } catch (const std::bad_alloc&) {
    return fail("out of memory", sparsys::kExitError);
  } catch (const std::exception& error) {
    return fail(one_line(error.what()), sparsys::kExitError);
  }
  std::cout.flush();
  if (!std::cout) return fail("cannot write to the standard output", sparsys::kExitError);
  return sparsys::kExitOk;
}
