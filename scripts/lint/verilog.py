# SPDX-License-Identifier: Apache-2.0
"""Verilator's lint over parameter sets."""
import concurrent.futures
import os
import subprocess

from scripts import check_parameters

from . import Result, Tree

TINY = {
    "ENTRY_DEPTH": 32, "PTR_DEPTH": 4, "ACT_REGS": 4, "ACT_RAM_DEPTH": 4, "QUEUE_DEPTH": 1,
    "ACC_WIDTH": 20, "CODEBOOKS": 2, "LIST_DEPTH": 2,
}
HUGE = {
    "ENTRY_DEPTH": 524288, "PTR_DEPTH": 65536, "ACT_REGS": 64, "ACT_RAM_DEPTH": 65536,
    "QUEUE_DEPTH": 256, "ACC_WIDTH": 48, "CODEBOOKS": 256, "LIST_DEPTH": 32768,
}
EIE_SETS = [{"N_PE": n} for n in (1, 2, 4, 16, 64, 256)] + [
    {"N_PE": 1, **TINY},
    {"N_PE": 2, **TINY, "QUEUE_DEPTH": 2},
    {"N_PE": 8, **TINY, "QUEUE_DEPTH": 16, "ACC_WIDTH": 33},
    {"N_PE": 1, **HUGE},
    {"N_PE": 4, **HUGE},
    {"N_PE": 32, "QUEUE_DEPTH": 3, "ACC_WIDTH": 31, "ACT_REGS": 32, "ACT_RAM_DEPTH": 16},
    {"N_PE": 2, "LANES": 4, "BANKS": 2, "ACT_REGS": 4, "ENTRY_DEPTH": 32, "BANK_DEPTH": 2},
    {"N_PE": 2, "LANES": 8, "BANKS": 16, "ACC_WIDTH": 48},
    {"N_PE": 1, "LANES": 16, "BANKS": 32, "BANK_DEPTH": 8, "ENTRY_DEPTH": 524288},
    {"N_PE": 2, "LANES": 4, "BANKS": 2, "ACT_REGS": 4, "ENTRY_DEPTH": 32, "GROUPS": 2},
    {"N_PE": 16, "LANES": 8, "BANKS": 16, "GROUPS": 4},
    {"N_PE": 8, "LANES": 16, "BANKS": 32, "ACC_WIDTH": 48, "GROUPS": 8},
]
MXU_SETS = [{"ROWS": r, "COLS": c, "TILE_ROWS": tr, "TILE_COLS": tc} for r, c, tr, tc in (
    (1, 1, 1, 1), (4, 4, 2, 4), (3, 37, 3, 37), (5, 7, 1, 7), (8, 8, 8, 4), (16, 16, 16, 16),
    (256, 256, 16, 16), (256, 256, 32, 32))]
# Fewer activation lanes than columns.
MXU_TURNS = [{**MXU_SETS[n], "ACT_LANES": lanes} for n, lanes in ((1, 1), (2, 1), (4, 2), (7, 8))]
MXU_TINY = {"FIFO_WORDS": 32, "UB_DEPTH": 2, "ACC_DEPTH": 4, "PARAM_SETS": 2, "QUEUE_DEPTH": 2}
MXU_HUGE = {"FIFO_WORDS": 4096, "UB_DEPTH": 16777216, "ACC_DEPTH": 65536, "PARAM_SETS": 256,
            "QUEUE_DEPTH": 255}
TOP_SMALL = {"EIE_N_PE": 4, "MXU_ROWS": 4, "MXU_COLS": 4, "MXU_TILE_ROWS": 4, "MXU_TILE_COLS": 4}
TOP_MEDIUM = {"EIE_N_PE": 8, "EIE_LANES": 8, "EIE_BANKS": 16, "EIE_GROUPS": 4,
              **{f"MXU_{name}": 16 for name in ("ROWS", "COLS", "TILE_ROWS", "TILE_COLS")}}
TOP_SETS = [
    {**TOP_SMALL, "AXI_BYTES": 8, "AXI_ADDR_W": 32},
    {**TOP_SMALL, "AXI_BYTES": 64, "AXI_ADDR_W": 44, "BURST_BEATS": 2, "READ_BURSTS": 16},
    {**TOP_SMALL, "AXI_BYTES": 16, "EIE_N_PE": 1, "MXU_ROWS": 3, "MXU_COLS": 37,
     "MXU_TILE_ROWS": 3, "MXU_TILE_COLS": 37, "CHANNEL_DEPTH": 2},
    {**TOP_MEDIUM, "AXI_BYTES": 32},
    {**TOP_MEDIUM, "AXI_BYTES": 8, "CHANNEL_DEPTH": 16},
    {**TOP_SMALL, "MATRIX": 0}, {**TOP_SMALL, "SPARSE": 0, "AXI_BYTES": 64}]
# The whole unit has the array with the same parameters in it: by itself only where that is cheap.
SETS = [*(("eie", s) for s in EIE_SETS),
        *(("mxu_array", s) for s in MXU_SETS if s["ROWS"] < 256),
        *(("mxu", s) for s in (*MXU_SETS, *MXU_TURNS)),
        *(("sparsys_top", s) for s in TOP_SETS),
        *(("mxu", {**s, **memories}) for s in MXU_SETS[:4] for memories in (MXU_TINY, MXU_HUGE))]


def lint(tree: Tree, top: str, parameters: dict[str, int]) -> list[str]:
    done = subprocess.run(check_parameters.command("verilator", top, parameters), cwd=tree.root,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 0 and not done.stdout.strip():
        return []
    shown = " ".join(f"{name}={value}" for name, value in parameters.items())
    return [f"verilator: {top} with {shown}:\n{done.stdout.strip()}"]


def check(tree: Tree, sets: list[tuple[str, dict[str, int]]] | None = None) -> Result:
    sets = SETS if sets is None else sets
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda one: lint(tree, *one), sets)
    return Result(len(sets), sum(complaints, []))
