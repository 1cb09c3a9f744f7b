#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Yosys reads the engine's RTL as it is: no latch, no net with two drivers, no loop, RAMs read at the clock.

  small  4 PEs with small memories, synthesised to gates; cell counts per module in the report
  full   the 64 PEs of the paper with all their memories, elaborated and optimised
  bad    three faulty modules, each of which the same checks must refuse
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import report  # noqa: E402

SMALL = {
    "N_PE": 4, "ENTRY_DEPTH": 256, "PTR_DEPTH": 64, "ACT_REGS": 8, "ACT_RAM_DEPTH": 16,
    "QUEUE_DEPTH": 4, "CODEBOOKS": 2, "LIST_DEPTH": 4,
}
COARSE_CHECKS = """
check -assert
select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr
"""
GATE_CHECKS = """
check -assert
select -assert-none t:$_DLATCH* t:$_DLATCHSR* t:$_SR_*
"""
BAD = {
    "a latch": "module bad(input wire en, input wire d, output reg q);\n"
               "always @* if (en) q = d;\nendmodule\n",
    "a net with two drivers": "module bad(input wire a, input wire b, output wire y);\n"
                              "assign y = a;\nassign y = b;\nendmodule\n",
    "a combinational loop": "module bad(input wire a, output wire y);\n"
                            "wire x = y ^ a;\nassign y = x & a;\nendmodule\n",
    "a missing module": "module bad(input wire a, output wire y);\n"
                        "nowhere u (.a(a), .y(y));\nendmodule\n",
}


def yosys(script):
    with tempfile.NamedTemporaryFile("w", suffix=".ys") as file:
        file.write(script)
        file.flush()
        return subprocess.run(["yosys", "-Q", "-T", "-s", file.name], cwd=ROOT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)


def read(files, top, parameters):
    sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
    return f"read_verilog -defer {' '.join(map(str, files))}\nhierarchy -check -top {top} {sets}\n"


def coarse(files, top, parameters):
    return read(files, top, parameters) + "proc\nopt\nmemory -nomap\n" + COARSE_CHECKS


def gates(files, top, parameters):
    return (read(files, top, parameters) + "synth -run begin:fine\n" + COARSE_CHECKS +
            "synth -run fine:\n" + GATE_CHECKS)


def must_pass(done, what):
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-30:]))
        sys.exit(f"{what}: Yosys refuses it, see above")
    warnings = sorted({line for line in done.stdout.splitlines() if line.startswith("Warning:")})
    # Register files become flip-flops on the way to gates; Yosys says so of each.
    warnings = [w for w in warnings if "Replacing memory" not in w]
    if warnings:
        sys.exit(f"{what}: Yosys warns:\n" + "\n".join(warnings))


def read_statistics(path):
    """Modules of a `stat -json`; Yosys 0.23 prints its text tree in the middle of it."""
    text = path.read_text()
    try:
        return json.loads(text)["modules"]
    except json.JSONDecodeError:
        kept = [line for line in text.splitlines() if re.match(r'\s*["{}\]]', line)]
        # What is left of the tree are lines without a colon behind a name.
        return json.loads("\n".join(kept))["modules"]


def small(report_path):
    files = (ROOT / "rtl/files.f").read_text().split()
    with tempfile.TemporaryDirectory() as folder:
        statistics = pathlib.Path(folder) / "stat.json"
        done = yosys(gates(files, "eie", SMALL) + f"tee -q -o {statistics} stat -json\n")
        must_pass(done, "engine of 4 PEs")
        modules = read_statistics(statistics)
    name_of = {m: m.lstrip("\\") for m in modules}
    by_name = {v: m for m, v in name_of.items()}
    top = next(m for m in modules if name_of[m].split("\\")[-1] == "eie")
    instances = {}

    def count(module, times):
        instances[module] = instances.get(module, 0) + times
        for cell, number in modules[module]["num_cells_by_type"].items():
            if cell.lstrip("\\") in by_name:
                count(by_name[cell.lstrip("\\")], times * number)

    count(top, 1)
    rows = []
    for module, times in instances.items():
        cells = {c: n for c, n in modules[module]["num_cells_by_type"].items()
                 if c.lstrip("\\") not in by_name}
        registers = sum(n for c, n in cells.items() if "DFF" in c)
        total = sum(cells.values())
        base = re.sub(r"\\[A-Z_]+=.*", "", name_of[module].replace("$paramod\\", ""))
        rows.append([base.split("\\")[-1], times, total, registers, times * total])
    rows.sort()
    header = ["module", "instances", "cells", "flip_flops", "cells_in_all"]
    report.print_table(header, rows)
    cells = sum(row[4] for row in rows)
    flip_flops = sum(row[1] * row[3] for row in rows)
    print(f"{cells} cells, of which {flip_flops} flip-flops; RAMs are flip-flops here")
    for unit in ("eie_pe", "eie_ccu", "eie_lnzd", "eie_arith"):
        if unit not in [row[0] for row in rows]:
            sys.exit(f"{unit} is missing from the design")
    if report_path:
        report.write_json(report_path, {
            "parameters": SMALL, "cells": cells, "flip_flops": flip_flops,
            "modules": [dict(zip(header, row)) for row in rows],
        })


def full():
    files = (ROOT / "rtl/files.f").read_text().split()
    # Entries, pointers, activation RAM, list and codebooks: one memory each whose read port is
    # clocked, as a block RAM's is. Register files are read without a clock, which shows that the
    # selection finds such ports.
    script = coarse(files, "eie", {}) + (
        "select -assert-count 5 *ram_1rw*/t:$mem_v2\n"
        "select -assert-none *ram_1rw*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i\n"
        "select -assert-min 1 *regfile_1r1w*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i\n")
    must_pass(yosys(script), "engine of 64 PEs")
    print("engine of 64 PEs with its full memories: elaborates, no latch, no double driver, no loop")


def bad():
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for what, text in BAD.items():
            file = pathlib.Path(folder) / "bad.v"
            file.write_text(text)
            for flow in (coarse, gates):
                refused = yosys(flow([file], "bad", {})).returncode != 0
                wrong += not refused
                print(f"{what}, {flow.__name__}: {'refused' if refused else 'NOT SEEN'}")
    sys.exit(1 if wrong else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["small", "full", "bad"])
    parser.add_argument("--report", help="JSON file for the cell counts (small)")
    options = parser.parse_args()
    if options.what == "small":
        small(options.report)
    elif options.what == "full":
        full()
    else:
        bad()


if __name__ == "__main__":
    main()
