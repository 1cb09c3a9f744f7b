# SPDX-License-Identifier: Apache-2.0
"""What is measured: engines with their parameters, those that the charts vary, limits and the
figures of the paper beside ours."""
import dataclasses

from synth.area.hierarchy import Variant

# Engines by configuration, with the parameters that differ from the modules' own. Tiles of 16 x 16
# cells hold what tiles of 32 x 32 do and are read in a fraction of the time.
CONFIGS = {
    "full": {
        "eie": Variant("eie", {"N_PE": 64}),
        "mxu": Variant("mxu", {"ROWS": 256, "COLS": 256, "TILE_ROWS": 16, "TILE_COLS": 16}),
        # Sparse engines of several lanes and groups. Groups share out the columns, and with them
        # the paper's pointers.
        **{f"eie_{lanes}x{groups}": Variant("eie", {
            "N_PE": 64, "LANES": lanes, "BANKS": 2 * lanes, "GROUPS": groups,
            "PTR_DEPTH": 16384 // groups}) for lanes, groups in ((8, 4), (16, 4), (16, 8))},
        # What stands in a PE with several lanes in place of eie_spmat_read and eie_arith.
        **{f"lanes_{lanes}": Variant("eie_lanes", {"LANES": lanes, "BANKS": 2 * lanes})
           for lanes in (4, 8, 16)},
    },
    "small": {
        "eie": Variant("eie", {
            "N_PE": 4, "ENTRY_DEPTH": 256, "PTR_DEPTH": 64, "ACT_REGS": 8, "ACT_RAM_DEPTH": 16,
            "QUEUE_DEPTH": 4, "CODEBOOKS": 2, "LIST_DEPTH": 4}),
        "mxu": Variant("mxu", {
            "ROWS": 4, "COLS": 4, "TILE_ROWS": 4, "TILE_COLS": 4, "FIFO_WORDS": 32, "UB_DEPTH": 64,
            "ACC_DEPTH": 32, "PARAM_SETS": 4, "QUEUE_DEPTH": 4}),
    },
    # The accelerator around engines of full size: registers and control, AXI masters, units.
    "accelerator": {
        "command": Variant("top_command", {"AXI_BYTES": 64}),
        "masters": Variant("top_masters", {"AXI_BYTES": 64, "READ_BURSTS": 8}),
        "sparse": Variant("top_sparse", {"AXI_BYTES": 64, "N_PE": 64}),
        "programs": Variant("top_matrix", {"AXI_BYTES": 64}),
        "weights": Variant("top_weights", {"AXI_BYTES": 64, "W_LANES": 8}),
        "rows_in": Variant("top_rows_in", {"AXI_BYTES": 64, "LANES": 256}),
        "rows_out": Variant("top_rows_out", {"AXI_BYTES": 64, "LANES": 256}),
    },
}


@dataclasses.dataclass(frozen=True)
class Sweep:
    """A chart by parameter: bars {label: module with parameters}."""
    title: str
    module: str
    bars: dict


SWEEPS = {
    "full": [
        Sweep("processing elements", "eie",
              {str(n): Variant("eie", {"N_PE": n}) for n in (4, 16, 64)}),
        Sweep("accumulator bits", "eie_pe", {
            "24": Variant("eie_pe", {"N_PE": 64, "ACC_WIDTH": 24}),
            "32": Variant("eie_pe", {"N_PE": 64}),
            "48": Variant("eie_pe", {"N_PE": 64, "ACC_WIDTH": 48})}),
    ],
    "small": [],
    "accelerator": [],
}
MOST_PE_GE, MOST_CONTROL_PCT, MOST_CELL_GE = 40000, 2.0, 1200
# Longest path of the sparse engine of one lane, all modules together, in OSU 180 nm.
MOST_ENGINE_NS = 5.5
# EIE (Han 2016), table II: um2 of a PE in TSMC 45 nm, and our unit of the same work.
TABLE_2 = [
    ("act queue", 758, "eie_act_queue"),
    ("pointer read", 121849, "eie_ptr_read"),
    ("sparse-matrix read", 469412, "eie_spmat_read"),
    ("arithmetic", 3110, "eie_arith"),
    ("activation read/write", 18934, "eie_act_rw"),
]
TABLE_2_TOTAL, TABLE_2_MEMORY, TABLE_2_FILLER = 638024, 594786, 23961
TABLE_2_ENGINE_MM2 = 40.8
# A two-input NAND (NAND2_X1) of the NanGate 45 nm Open Cell Library, um2: TSMC's own is not
# published.
NAND2_45_UM2 = 0.798
# Of a placed circuit's rows that cells take, where a figure is given with it.
UTILISATION = 0.7
# What a figure is of the same in a placed circuit; a path has its own (critical_path_bound).
BOUNDS = {"area_um2": "lower", "gate_equivalents": "lower", "logic_um2": "lower",
          "register_files_um2": "lower", "rams_um2": "estimate"}
