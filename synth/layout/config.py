# SPDX-License-Identifier: Apache-2.0
"""What is placed and routed."""
import dataclasses

from synth.area.hierarchy import Variant


@dataclasses.dataclass(frozen=True)
class Block:
    """A module; modules of the names `as_memories` stand as blocks of their cells' area. Regions
    {name: pattern of paths} are placed and routed each by itself; they stand in `rows`, from below
    up, and take a cell by the first pattern that fits. Cells take the share `fill` of their rows:
    where they stand close qrouter finds no way to many pins, if there are many wires, and takes
    seconds for each. `channel`: free between the margins of two regions, um."""
    title: str
    variant: Variant
    as_memories: tuple[str, ...] = ()
    rows: tuple[dict[str, str], ...] = ()
    fill: float = 0.65
    channel: float = 20.0


def subtrees(*numbers: int) -> dict[str, str]:
    """Of the tree over 64 PEs: nodes of the second level with those below them."""
    return {f"leaves {16 * n} to {16 * n + 15}":
            rf"g_level\[0\]\.g_node\[({4 * n}|{4 * n + 1}|{4 * n + 2}|{4 * n + 3})\]|"
            rf"g_level\[1\]\.g_node\[{n}\]" for n in numbers}


BLOCKS = {
    "tree": Block("detection tree over 64 PEs", Variant("eie_lnzd", {"N_PE": 64, "REG_W": 6}),
                  rows=(subtrees(0, 1), {"root": r"g_level\[2\]"}, subtrees(2, 3))),
    "tile": Block("matrix tile of 4x4 cells",
                  Variant("mxu_tile", {"TILE_ROWS": 4, "TILE_COLS": 4}), fill=1.0),
    "pe": Block("PE, register files as blocks", Variant("eie_pe", {"N_PE": 64}),
                ("regfile_1r1w",),
                # Beside their register files: of activations on the left, accumulators right.
                ({"activations, write-back": r"u_act_rw\.",
                  "arithmetic": r"u_compute\.g_one\.u_arith\."},
                 {"activation queue": r"u_act_queue\.",
                  "reads of pointers and entries, rest": ""}), channel=80.0),
    "pe-whole": Block("PE, register files as cells", Variant("eie_pe", {"N_PE": 64})),
    # For the test: nodes of the tree.
    "node": Block("node of the detection tree", Variant("eie_lnzd", {"N_PE": 4, "REG_W": 2})),
    "nodes": Block("three nodes of the detection tree, two of them with leaves",
                   Variant("eie_lnzd", {"N_PE": 8, "REG_W": 1}),
                   rows=({"leaves 0 to 3": r"g_level\[0\]\.g_node\[0\]",
                          "leaves 4 to 7": r"g_level\[0\]\.g_node\[1\]"},
                         {"root": r"g_level\[1\]"})),
}
DEFAULT = ("tree", "tile", "pe")
# Layers of the six that qrouter may use; in a region, over which wires between regions pass.
LAYERS = 6
REGION_LAYERS = 4
# Free for wires around the cells, um.
MARGIN = 10.0
SEED = 12345
# TimberWolf's moves are divided by one and one more for so many cells: its time grows faster than
# their number.
CELLS_PER_SPEED = 1000
