# SPDX-License-Identifier: Apache-2.0
"""Placement of cells in rows by graywolf (TimberWolf). Lengths of its files are hundredths of a
um."""
import dataclasses
import pathlib
import re
from collections.abc import Callable

from synth import yosys
from synth.flat import Cell, Netlist
from synth.layout import config, tools
from synth.layout.floorplan import Pin
from synth.layout.lef import Lef
from synth.yosys import Failure

UNITS = 100
ORIENTATIONS = ("N", "FS", "FN", "S")


@dataclasses.dataclass(frozen=True)
class Placed:
    """A cell's number, lower left corner and orientation as in DEF; hundredths of a um."""
    cell: int
    x: int
    y: int
    orientation: str


@dataclasses.dataclass(frozen=True)
class Placement:
    """The cells, from 0, 0 on; the size of all of them; where pins would be, {pin: (x, y)}."""
    cells: list[Placed]
    width: int
    height: int
    rows: int
    pins: dict[int, tuple[int, int]]


def gaps(lef: Lef, cells: list[Cell], pitch: int, fill: float) -> list[int]:
    """Free width beside each cell, so that all of them take the share `fill` of their rows: whole
    tracks, what is rounded handed on to the next."""
    found, rest = [], 0.0
    for cell in cells:
        macro = lef.macros.get(cell.kind)
        if not macro:
            raise Failure(f"{lef.path}: no cell {cell.kind}")
        rest += UNITS * macro.width * (1 / fill - 1)
        found.append(int(rest) // pitch * pitch)
        rest -= found[-1]
    return found


def cell_file(flat: Netlist, lef: Lef, pins: list[Pin], pitch: int, fill: float) -> str:
    """The .cel file. The clock's net is left out: it is taken as ideal, as in the area run."""
    out = []
    free = gaps(lef, flat.cells, pitch, fill)
    for i, cell in enumerate(flat.cells):
        macro = lef.macros[cell.kind]
        width, height = round(UNITS * macro.width) + free[i], round(UNITS * macro.height)
        left, bottom = -(width // 2), -(height // 2)
        out.append(f"cell {i} c{i}\nleft {left} right {left + width} bottom {bottom} "
                   f"top {bottom + height}")
        # Wires pass over a cell on each track.
        for k, x in enumerate(range(left + pitch // 2, left + width, pitch)):
            out.append(f"pin name twfeed{k + 1} signal TW_PASS_THRU layer 1 {x} {bottom}\n"
                       f"   equiv name twfeed{k + 1} layer 1 {x} {bottom + height}")
        for pin, bit in cell.pins.items():
            if isinstance(bit, int) and bit != flat.clock:
                _, (x0, y0, x1, y1) = macro.pins[pin][-1]
                out.append(f"pin name {pin} signal n{bit} layer 1 "
                           f"{round(UNITS * (x0 + x1) / 2) + left} "
                           f"{round(UNITS * (y0 + y1) / 2) + bottom}")
    half = pitch // 2
    for i, pin in enumerate(pins):
        side = f"restrict side {pin.side}\n" if pin.side else ""
        out.append(f"pad {i + 1} name twpin_{i}\ncorners 4 -{half} -50 -{half} 50 {half} 50 {half} "
                   f"-50\n{side}pin name p{i} signal n{pin.net} layer 1 0 0\n")
    return "\n".join(out) + "\n"


def parameters(text: str, cells: int) -> str:
    """The technology's .par file for a run: no global routing, for which qrouter has no use, and
    fewer moves the more cells there are."""
    text = re.sub(r"(TWSC\*do\.global\.route\s*:).*", r"\1 off", text)
    text = re.sub(r"(\*random\.seed\s*:).*", rf"\1 {config.SEED}", text)
    return text + f"\nTWSC*fast : {1 + cells // config.CELLS_PER_SPEED}\n"


def read(flat: Netlist, lef: Lef, text: str) -> Placement:
    """Of a .pl1 file."""
    cells, pins, rows = [], {}, set()
    for line in text.splitlines():
        name, *numbers = line.split()
        x0, y0, x1, y1, orientation = map(int, numbers[:5])
        if name.startswith("twpin_"):
            pins[int(name.removeprefix("twpin_"))] = ((x0 + x1) // 2, (y0 + y1) // 2)
        elif re.fullmatch(r"c\d+", name):
            cells.append(Placed(int(name[1:]), x0, y0, ORIENTATIONS[orientation]))
            rows.add(y0)
    if sorted(c.cell for c in cells) != list(range(len(flat.cells))):
        raise Failure(f"graywolf: placed {len(cells)} of {len(flat.cells)} cells")
    left, low = min(c.x for c in cells), min(c.y for c in cells)
    cells = [Placed(c.cell, c.x - left, c.y - low, c.orientation) for c in cells]
    sizes = [lef.macros[cell.kind] for cell in flat.cells]
    width = max(c.x + round(UNITS * sizes[c.cell].width) for c in cells)
    height = max(c.y + round(UNITS * sizes[c.cell].height) for c in cells)
    return Placement(cells, width, height, len(rows),
                     {i: (x - left, y - low) for i, (x, y) in pins.items()})


def files(flat: Netlist, lef: Lef, pins: list[Pin], fill: float) -> dict[str, str]:
    """What graywolf reads; cells take the share `fill` of their rows."""
    pitch = round(UNITS * next(layer.pitch for layer in lef.layers if not layer.horizontal))
    par = lef.path.with_name("osu018.par").read_text()
    return {"block.cel": cell_file(flat, lef, pins, pitch, fill),
            "block.par": parameters(par, len(flat.cells))}


def place(flat: Netlist, folder: pathlib.Path, progress: Callable[[str], None]) -> None:
    """Runs graywolf in a folder with the files; it writes block.pl1."""
    def tell(text: str) -> None:
        steps = re.findall(r"\b(\d+) *$", text.rstrip())
        if steps:
            progress(f"placing, step {steps[-1]} of about 120")

    yosys.need("graywolf")
    tools.run(flat.top.name, ["graywolf", "-n", "block"], folder, "block.pl1", tell)
