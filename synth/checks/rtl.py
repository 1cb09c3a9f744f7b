# SPDX-License-Identifier: Apache-2.0
"""Yosys reads the engines' RTL as it is: no latch, no net with two drivers, no loop, RAMs read at
the clock.

  eie-small  4 PEs with small memories, synthesised to gates; cell counts per module in the report
  eie-full   the 64 PEs of the paper with all their memories, elaborated and optimised
  mxu-small  5 x 7 cells with small memories, elaborated and optimised
  mxu-full   all of a unit of 256 x 256 cells with its full memories but the array, the same
  bad        faulty modules, each of which the same checks must refuse
"""
import argparse
import sys

from scripts.report import json_file
from scripts.report.table import print_table
from synth import yosys
from synth.area.config import CONFIGS
from synth.yosys import Failure

SMALL_EIE = CONFIGS["small"]["eie"].parameters
SMALL_MXU = {
    "ROWS": 5, "COLS": 7, "TILE_ROWS": 5, "TILE_COLS": 7, "FIFO_WORDS": 32, "UB_DEPTH": 64,
    "ACC_DEPTH": 32, "PARAM_SETS": 4, "QUEUE_DEPTH": 4,
}
# The array's wires are too many for a check of all of it.
ARRAY = ("rtl/mxu/mxu_tile.v", "rtl/mxu/mxu_array.v")
COARSE_CHECKS = """
check -assert
select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr
"""
GATE_CHECKS = """
check -assert
select -assert-none t:$_DLATCH* t:$_DLATCHSR* t:$_SR_*
"""
# Entries, pointers, activation RAM, activation registers, list and codebooks: one memory each whose
# read port is clocked, as a block RAM's is. Register files are read without a clock, which shows
# that the selection finds such ports.
EIE_RAMS = """
select -assert-count 6 *ram_1rw*/t:$mem_v2
select -assert-none *ram_1rw*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i
select -assert-min 1 *regfile_1r1w*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i
"""
# Weights (two), unified buffer, accumulators, parameters: one kind of RAM each, read at the clock.
MXU_RAMS = """
select -assert-count 5 *ram_1r1w*/t:$mem_v2
select -assert-none *ram_1r1w*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i
"""
SOUND = "nothing wrong"
BAD = {
    SOUND: "module bad(input wire a, output wire y);\nassign y = a;\nendmodule\n",
    "a latch": "module bad(input wire en, input wire d, output reg q);\n"
               "always @* if (en) q = d;\nendmodule\n",
    "a net with two drivers": "module bad(input wire a, input wire b, output wire y);\n"
                              "assign y = a;\nassign y = b;\nendmodule\n",
    "a combinational loop": "module bad(input wire a, output wire y);\n"
                            "wire x = y ^ a;\nassign y = x & a;\nendmodule\n",
    "a missing module": "module bad(input wire a, output wire y);\n"
                        "nowhere u (.a(a), .y(y));\nendmodule\n",
}
COLUMNS = ["module", "instances", "cells", "flip_flops", "cells_in_all"]


def coarse(read: str) -> str:
    return read + "proc\nopt\nmemory -nomap\n" + COARSE_CHECKS


def gates(read: str) -> str:
    return f"{read}synth -run begin:fine\n{COARSE_CHECKS}synth -run fine:\n{GATE_CHECKS}"


def must_pass(script: str, what: str) -> None:
    """Fails if Yosys refuses the script or warns of anything."""
    done = yosys.run_script(script)
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-30:]))
        raise Failure(f"{what}: Yosys refuses it, see above")
    # Register files become flip-flops on the way to gates; Yosys says so of each.
    warnings = sorted({line for line in done.stdout.splitlines()
                       if line.startswith("Warning:") and "Replacing memory" not in line})
    if warnings:
        raise Failure(f"{what}: Yosys warns:\n" + "\n".join(warnings))
    print(f"{what}: no latch, no double driver, no loop, RAMs read at the clock")


def count(modules: dict) -> list[list]:
    """Rows of COLUMNS from Yosys's statistics."""
    rows = []
    for module, times in yosys.instances(modules, "eie").items():
        cells = {c: n for c, n in modules[module].items() if c not in modules}
        registers = sum(n for c, n in cells.items() if "DFF" in c)
        total = sum(cells.values())
        rows.append([yosys.base_name(module), times, total, registers, times * total])
    return sorted(rows)


def small_eie(report: str | None) -> None:
    """The sparse engine in gates; writes the report."""
    with yosys.work_folder() as folder:
        statistics = folder / "stat.json"
        must_pass(gates(yosys.read("eie", SMALL_EIE)) + f"tee -q -o {statistics} stat -json\n",
                  "engine of 4 PEs")
        rows = count(yosys.statistics(statistics))
    print_table(rows, COLUMNS)
    cells = sum(row[4] for row in rows)
    flip_flops = sum(row[1] * row[3] for row in rows)
    print(f"{cells} cells, of which {flip_flops} flip-flops; RAMs are flip-flops here")
    missing = {"eie_pe", "eie_ccu", "eie_lnzd", "eie_arith"} - {row[0] for row in rows}
    if missing:
        raise Failure(f"{', '.join(sorted(missing))}: missing from the design")
    if report:
        json_file.write(report, {
            "parameters": SMALL_EIE, "cells": cells, "flip_flops": flip_flops,
            "modules": [dict(zip(COLUMNS, row)) for row in rows]}, "make test")


def bad() -> int:
    """How many of the faulty modules pass the checks, and whether the sound one does not."""
    wrong = 0
    with yosys.work_folder() as folder:
        file = folder / "bad.v"
        for what, text in BAD.items():
            file.write_text(text)
            for flow in (coarse, gates):
                script = flow(yosys.read("bad", {}, [file]))
                refused = yosys.run_script(script).returncode != 0
                right = refused != (what == SOUND)
                wrong += not right
                print(f"{what}, {flow.__name__}: {'refused' if refused else 'passed'}"
                      f"{'' if right else '  <-- WRONG'}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.checks.rtl", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["eie-small", "eie-full", "mxu-small", "mxu-full", "bad"])
    parser.add_argument("--report", help="JSON file for the cell counts (eie-small)")
    options = parser.parse_args()
    try:
        if options.what == "bad":
            return 1 if bad() else 0
        if options.what == "eie-small":
            small_eie(options.report)
        elif options.what == "eie-full":
            must_pass(coarse(yosys.read("eie", {})) + EIE_RAMS, "engine of 64 PEs")
        elif options.what == "mxu-small":
            must_pass(coarse(yosys.read("mxu", SMALL_MXU)) + MXU_RAMS, "matrix unit of 5 x 7 cells")
        else:
            must_pass(coarse(yosys.read("mxu", {}, boxes=ARRAY)) + MXU_RAMS, "whole matrix unit")
    except Failure as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
