# SPDX-License-Identifier: Apache-2.0
"""What is placed and routed."""
import dataclasses

from synth.area.hierarchy import Variant


@dataclasses.dataclass(frozen=True)
class Block:
    """A module; modules of the names `as_memories` stand as blocks of their cells' area."""
    title: str
    variant: Variant
    as_memories: tuple[str, ...] = ()


BLOCKS = {
    "tree": Block("detection tree over 64 PEs", Variant("eie_lnzd", {"N_PE": 64, "REG_W": 6})),
    "tile": Block("matrix tile of 4x4 cells",
                  Variant("mxu_tile", {"TILE_ROWS": 4, "TILE_COLS": 4})),
    "pe": Block("PE, register files as blocks", Variant("eie_pe", {"N_PE": 64}),
                ("regfile_1r1w",)),
    "pe-whole": Block("PE, register files as cells", Variant("eie_pe", {"N_PE": 64})),
    # For the test: a node of the tree.
    "node": Block("node of the detection tree", Variant("eie_lnzd", {"N_PE": 4, "REG_W": 2})),
}
DEFAULT = ("tree", "tile", "pe")
# Layers of the six that qrouter may use.
LAYERS = 6
# Free for wires around the cells, um.
MARGIN = 10.0
SEED = 12345
# TimberWolf's moves are divided by one and one more for so many cells: its time grows faster than
# their number.
CELLS_PER_SPEED = 1000
