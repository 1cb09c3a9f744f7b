# SPDX-License-Identifier: Apache-2.0
"""Wrong parameters of the RTL must be refused at elaboration, by name, by Verilator, Yosys and
Icarus.

Also finds a parameter_error_* of rtl/ that no case below sets off.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys

from scripts import ROOT

# Quick to elaborate; each case changes one parameter.
SMALL = {
    "N_PE": 1, "ENTRY_DEPTH": 32, "PTR_DEPTH": 8, "ACT_REGS": 4, "ACT_RAM_DEPTH": 8,
    "QUEUE_DEPTH": 2, "CODEBOOKS": 2, "LIST_DEPTH": 4,
}
# A PE with lanes, and what it leaves to eie.
SMALL_LANES = {"LANES": 16, "BANKS": 8, "ENTRY_DEPTH": 64, "ACT_REGS": 16}
SMALL_ARRAY = {"ROWS": 8, "COLS": 8, "TILE_ROWS": 4, "TILE_COLS": 4}
SMALL_MATRIX = {**SMALL_ARRAY, "FIFO_WORDS": 32, "UB_DEPTH": 64, "ACC_DEPTH": 16, "PARAM_SETS": 2,
                "QUEUE_DEPTH": 2}
SMALL_OF = {"eie": SMALL, "eie_compute": SMALL_LANES, "mxu_array": SMALL_ARRAY, "mxu": SMALL_MATRIX,
            "sparsys_top": {**{f"EIE_{n}": v for n, v in SMALL.items()},
                            **{f"MXU_{n}": v for n, v in SMALL_MATRIX.items()}}}
# (top module, parameter, wrong values)
CASES = [
    ("eie", "N_PE", [0, 3, 512]),
    ("eie", "ENTRY_DEPTH", [16, 48, 1048576]),
    ("eie", "PTR_DEPTH", [2, 12, 131072]),
    ("eie", "ACT_REGS", [2, 6, 128]),
    ("eie", "ACT_RAM_DEPTH", [2, 12, 131072]),
    ("eie", "QUEUE_DEPTH", [0, 257]),
    ("eie", "ACC_WIDTH", [19, 49]),
    ("eie", "CODEBOOKS", [1, 3, 512]),
    ("eie", "LIST_DEPTH", [1, 3, 65536]),
    ("eie", "LANES", [0, 2, 32]),
    ("eie", "BANKS", [0, 2]),
    ("eie", "BANK_DEPTH", [1, 3, 16]),
    ("eie", "GROUPS", [0, 2, 3, 16]),
    ("eie_compute", "BANKS", [1, 6, 16]),
    ("eie_compute", "GROUPS", [16]),
    ("eie_compute", "ENTRY_DEPTH", [32, 96, 1048576]),
    ("eie_compute", "ACC_WIDTH", [19, 49]),
    ("fifo", "DEPTH", [0]),
    ("fifo_2w1r", "DEPTH", [1, 3]),
    ("ram_1rw", "DEPTH", [1]),
    ("ram_1r1w", "DEPTH", [1]),
    ("regfile_1r1w", "DEPTH", [1]),
    ("find_first", "WIDTH", [1, 3, 128]),
    ("mxu_array", "ROWS", [0, 257]),
    ("mxu_array", "COLS", [0, 257]),
    ("mxu_array", "TILE_ROWS", [0, 3]),
    ("mxu_array", "TILE_COLS", [0, 2, 3]),
    ("mxu", "ROWS", [0, 6, 260]),
    ("mxu", "COLS", [0, 6, 260]),
    ("mxu", "TILE_ROWS", [0, 3, 16]),
    ("mxu", "TILE_COLS", [0, 2, 3, 16]),
    ("mxu", "FIFO_WORDS", [16, 48, 8192]),
    ("mxu", "UB_DEPTH", [1, 16777217]),
    ("mxu", "ACC_DEPTH", [2, 48, 131072]),
    ("mxu", "PARAM_SETS", [1, 257]),
    ("mxu", "QUEUE_DEPTH", [0, 1, 256]),
    ("mxu", "ACT_LANES", [3, 16]),
    ("mxu_lane_banks", "TURNS", [3]),
    ("mxu_product", "DIGIT", [4, 12]),
    ("sparsys_top", "AXI_BYTES", [4, 12, 128]),
    ("sparsys_top", "AXI_ADDR_W", [31, 45]),
    ("sparsys_top", "BURST_BEATS", [1, 3, 32]),
    ("sparsys_top", "READ_BURSTS", [1, 3, 32]),
    ("sparsys_top", "CHANNEL_DEPTH", [1, 17]),
    ("sparsys_top", "EIE_N_PE", [3]),
    ("sparsys_top", "MXU_COLS", [96, 160]),
    ("sparsys_top", "MXU_ROWS", [6]),
    ("axi_write", "WRITE_BURSTS", [1, 3, 32]),
    ("top_round_robin", "WAYS", [1, 9]),
    ("top_weights", "W_LANES", [3]),
]
# Refused too, but an illegal replication of 0 bits or a division by 0 stops the tool before it gets
# to the check.
UNNAMED = {("verilator", "LIST_DEPTH", 1), ("verilator", "GROUPS", 0),
           ("verilator", "BURST_BEATS", 1),
           ("verilator", "TILE_COLS", 0)}
WAIVERS = "rtl/lint/waivers.vlt"
INCLUDE = "rtl/top"  # folder of what modules include
TOOLS = ("verilator", "yosys", "iverilog")


def rtl_files() -> list[str]:
    return (ROOT / "rtl/files.f").read_text().split()


def command(tool: str, top: str, parameters: dict[str, int]) -> list[str]:
    files = rtl_files()
    if tool == "verilator":
        sets = [f"-G{n}={v}" for n, v in parameters.items()]
        return ["verilator", "--lint-only", "-Wall", f"-I{INCLUDE}", "--top-module", top, *sets,
                WAIVERS, *files]
    if tool == "iverilog":
        sets = [f"-P{top}.{n}={v}" for n, v in parameters.items()]
        return ["iverilog", "-g2005", f"-I{INCLUDE}", "-s", top, *sets, "-o", os.devnull, *files]
    sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
    script = (f"read_verilog -I{INCLUDE} -defer {' '.join(files)}; "
              f"hierarchy -check -top {top} {sets}")
    return ["yosys", "-q", "-p", script]


def elaborate(tool: str, top: str, parameters: dict[str, int]) -> tuple[bool, str]:
    """Returns whether the tool takes these parameters, and what it printed."""
    try:
        done = subprocess.run(command(tool, top, parameters), cwd=ROOT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)
    except subprocess.TimeoutExpired:
        return True, "no answer in two minutes"
    return done.returncode == 0, done.stdout


def run_case(tool: str, top: str, name: str, value: int) -> tuple[str, set[str]]:
    """Returns (what is wrong or "", names of the checks that spoke)."""
    base = dict(SMALL_OF.get(top, {}))
    base[name] = value
    taken, text = elaborate(tool, top, base)
    checks = set(re.findall(r"parameter_error_\w+", text))
    case = f"{tool}: {top} with {name}={value}"
    if taken:
        return f"{case} is not refused", checks
    if not checks and (tool, name, value) not in UNNAMED:
        last = text.strip().splitlines()[-1] if text.strip() else "no output"
        return f"{case} is refused without naming the parameter: {last}", checks
    return "", checks


def check_all(jobs: int | None) -> tuple[int, list[str]]:
    """Returns (number of checks made, list of complaints)."""
    cases = [(t, top, n, v) for top, n, values in CASES for v in values for t in TOOLS]
    complaints = []
    spoke = set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for wrong, checks in pool.map(lambda c: run_case(*c), cases):
            spoke |= checks
            if wrong:
                complaints.append(wrong)
        right = pool.map(lambda tool: elaborate(tool, "eie", SMALL), TOOLS)
        for tool, (taken, text) in zip(TOOLS, right):
            if not taken:
                complaints.append(f"{tool}: the right parameters {SMALL} are refused: {text}")
    named = set()
    for file in rtl_files():
        named |= set(re.findall(r"parameter_error_\w+", (ROOT / file).read_text()))
    for check in sorted(named - spoke):
        complaints.append(f"no case sets off {check}: add one to CASES")
    return len(cases) + len(TOOLS) + len(named), complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    count, complaints = check_all(options.jobs)
    for complaint in complaints:
        print(complaint)
    print(f"{count} checks, {len(complaints)} complaints")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
