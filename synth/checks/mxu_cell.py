# SPDX-License-Identifier: Apache-2.0
"""Standard-cell area of the matrix unit's multiply-accumulate cell, and proof that it computes what
the RTL says.

  cells  the four cells of a bus in row 0 and in row 255: cells, flip-flops, area; fails above 1,200
         NAND2 equivalents a cell, or if the flip-flops are not those of
         docs/reference/mxu-timing.md
  area   the same, and 16 x 16 tiles of the first and the last rows
  proof  the carry-save tree of a cell is the product and sum, as polynomials of its bits; the
         mapped cell is equivalent to the RTL with that tree
"""
import argparse
import dataclasses
import pathlib
import sys

from scripts.report import json_file
from scripts.report.table import print_table
from synth import recipe, yosys
from synth.checks import polynomial
from synth.library import OSU018, Library
from synth.yosys import Failure

LIMIT = 1200


@dataclasses.dataclass(frozen=True)
class Tile:
    """Cells of the array; `row0` is the first row's number in it."""
    rows: int
    cols: int
    row0: int

    @property
    def name(self) -> str:
        return f"{self.rows}x{self.cols}, rows {self.row0} to {self.row0 + self.rows - 1}"

    def flip_flops(self) -> int:
        """What docs/reference/mxu-timing.md section 2 gives a tile: a_q, w_q, shadow_q, sum_q of
        each cell, packet_q of each row and bus, and swap_q."""
        rows = range(self.row0, self.row0 + self.rows)
        cells = sum(8 + 8 + 8 + 16 + (row + 1).bit_length() - 1 for row in rows)
        packets = self.rows * ((self.cols + 3) // 4) * (8 + 11)
        line = 1 in (self.rows, self.cols)
        swap = self.rows * self.cols if line else self.rows + self.cols - 2
        return self.cols * cells + packets + swap

    def read(self, name: str) -> str:
        """Commands that elaborate it."""
        sizes = {"TILE_ROWS": self.rows, "TILE_COLS": self.cols, "ROW0": self.row0}
        return yosys.read("mxu_tile", sizes, ["rtl/mxu/mxu_tile.v"]) + f"rename -top {name}\n"


TILES = [Tile(1, 4, 0), Tile(1, 4, 255), Tile(16, 16, 0), Tile(16, 16, 240)]


def measure(library: Library, tile: Tile) -> dict[str, int]:
    """{library cell: number} of a tile."""
    with yosys.work_folder() as folder:
        statistics = folder / "stat.json"
        yosys.run(tile.read("tile") + recipe.commands(library, folder)
                  + f"tee -q -o {statistics} stat -json\n", tile.name)
        return yosys.statistics(statistics)["tile"]


def area(library: Library, tiles: list[Tile], report: str | None) -> list[str]:
    """Prints and reports areas of tiles; what is wrong with them, as a list of lines."""
    rows, results, wrong = [], [], []
    for tile in tiles:
        cells = measure(library, tile)
        number, um2, registers = sum(cells.values()), library.um2(cells), library.registers(cells)
        ge = library.gate_equivalents(um2)
        per_cell = ge / (tile.rows * tile.cols)
        if per_cell > LIMIT:
            wrong.append(f"{tile.name}: {per_cell:.0f} NAND2 equivalents a cell, limit {LIMIT}")
        if registers != tile.flip_flops():
            wrong.append(f"{tile.name}: {registers} flip-flops, the contract has "
                         f"{tile.flip_flops()}")
        rows.append([tile.name, number, registers, round(um2), round(ge), round(per_cell)])
        results.append({"rows": tile.rows, "cols": tile.cols, "first_row": tile.row0,
                        "cells": number, "flip_flops": registers, "area_um2": round(um2, 1),
                        "gate_equivalents": round(ge, 1),
                        "gate_equivalents_per_cell": round(per_cell, 1)})
    print_table(rows, ["tile", "cells", "flip-flops", "area", "NAND2", "NAND2 a cell"])
    print(f"{library.name}, NAND2 = {library.nand2} of {library.nand2_area:g}")
    if report:
        json_file.write(report, {"library": library.name, "limit": LIMIT, "tiles": results},
                        "make test")
    return wrong


def write_blif(script: str, name: str, folder: pathlib.Path) -> None:
    """Runs a script and writes what it makes as a BLIF file, flat, flip-flops as ports."""
    yosys.run(f"{script}flatten\nsetattr -set keep 1 w:w_q*\nopt_clean -purge\ntechmap\n"
              f"opt_clean -purge\nexpose -evert-dff\nopt_clean -purge\n"
              f"write_blif {folder}/{name}.blif\n", f"{name} of the cell")


def prove(library: Library, row: int) -> list[str]:
    """What is wrong with the mapped cell of a row, as a list of lines."""
    cell, sum_in = Tile(1, 1, row), 0 if row == 0 else 15 + row.bit_length()
    with yosys.work_folder() as folder:
        cells = recipe.prepare(library, folder)
        write_blif(cell.read("gold") + recipe.tree_commands(folder) + "dffunmap\n"
                   "techmap -map synth/techmap/full_adder.v\ntechmap\nopt -nodffe -nosdff\n",
                   "gold", folder)
        wrong = polynomial.prove_tree(folder / "macc.v", sum_in)
        write_blif(cell.read("gate") + recipe.commands(library, folder)
                   + f"read_liberty -overwrite -ignore_miss_func {cells}\nhierarchy -top gate\n",
                   "gate", folder)
        wrong += polynomial.prove_tree(folder / "macc.v", sum_in)
        done = yosys.execute(["yosys-abc", "-c", "cec gold.blif gate.blif"], cwd=folder,
                             timeout=250)
        if "Networks are equivalent" not in done.stdout:
            wrong.append(f"not equivalent: {yosys.last_line(done.stdout)}")
    print(f"cell of row {row}: {'; '.join(wrong) or 'tree proven, mapped cell equivalent'}")
    return wrong


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m synth.checks.mxu_cell", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cells", "area", "proof"])
    parser.add_argument("--liberty", default=OSU018)
    parser.add_argument("--report", help="JSON file for the areas")
    options = parser.parse_args()
    try:
        library = Library(options.liberty)
        if options.what == "proof":
            wrong = [line for row in (0, 1, 255) for line in prove(library, row)]
        else:
            wrong = area(library, TILES[:2 if options.what == "cells" else None], options.report)
    except Failure as error:
        wrong = [str(error)]
    return "\n".join(wrong) or 0


if __name__ == "__main__":
    sys.exit(main())
