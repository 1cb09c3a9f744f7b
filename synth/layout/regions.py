# SPDX-License-Identifier: Apache-2.0
"""Blocks of cells that are placed and routed each by itself and then stand as macros between which
the other nets are routed: qrouter looks at its whole field for every net, so that its time grows as
nets times area. Lengths are hundredths of a um."""
import collections
import dataclasses
import re
from collections.abc import Collection, Iterator, Sequence

from synth.flat import Flat, Part
from synth.layout import config, qrouter
from synth.layout.config import Block
from synth.layout.floorplan import Pin
from synth.layout.graywolf import UNITS, Placed, Placement
from synth.layout.lef import Lef
from synth.layout.qrouter import PlacedPin, Wires
from synth.yosys import Failure

Rect = tuple[float, float, float, float]
# Tracks of all layers meet in steps of these.
STEP_X, STEP_Y = 160, 100


def up(length: float, step: int) -> int:
    return -(-round(length) // step) * step


# From a region's corner to its rows.
INSET_X, INSET_Y = up(UNITS * config.MARGIN, STEP_X), up(UNITS * config.MARGIN, STEP_Y)


@dataclasses.dataclass
class Region:
    """Cells with their own layout, rows from 0, 0 on; `x`, `y`: where that is in the whole."""
    name: str
    part: Part
    placement: Placement
    pins: list[PlacedPin]
    wires: dict[int, Wires]
    x: int = 0
    y: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """With what is free around its rows."""
        return (up(self.placement.width + 2 * INSET_X, STEP_X),
                up(self.placement.height + 2 * INSET_Y, STEP_Y))

    def moved_pin(self, pin: PlacedPin, outer: Pin) -> PlacedPin:
        return PlacedPin(outer, pin.x + self.x, pin.y + self.y, pin.layer)

    def moved_wires(self) -> Iterator[tuple[int, Wires]]:
        """(net of the whole, wires there)."""
        for net, wires in self.wires.items():
            yield self.part.net_of[net], Wires(
                [(layer, x0 + self.x, y0 + self.y, x1 + self.x, y1 + self.y)
                 for layer, x0, y0, x1, y1 in wires.segments],
                [(layer, x + self.x, y + self.y) for layer, x, y in wires.vias])


def cells_of(flat: Flat, block: Block) -> dict[str, list[int]]:
    """{region: cells}: each cell in the first region whose pattern its path begins with."""
    patterns = {name: pattern for row in block.rows for name, pattern in row.items()}
    found: dict[str, list[int]] = {name: [] for name in patterns}
    for i, cell in enumerate(flat.cells):
        name = next((n for n, pattern in patterns.items() if re.match(pattern, cell.path)), None)
        if name is None:
            raise Failure(f"{flat.top.name}: {cell.path} is in no region of its layout")
        found[name].append(i)
    for name, cells in found.items():
        if not cells:
            raise Failure(f"{flat.top.name}: no cells in region {name} of its layout")
    return found


def part_pins(part: Part) -> list[Pin]:
    return [Pin(f"e{net}", net, "", None) for net in part.crossing]


def arrange(regions: list[Region], rows: Sequence[Collection[str]],
            channel: float) -> tuple[int, int]:
    """Puts regions into rows, from below up, each in the middle, channels of so many um between
    them; size of the whole."""
    by_name = {region.name: region for region in regions}
    channel_x, channel_y = up(UNITS * channel, STEP_X), up(UNITS * channel, STEP_Y)
    widths = [sum(by_name[n].size[0] for n in row) + channel_x * (len(row) - 1) for row in rows]
    y = 0
    for row, width in zip(rows, widths):
        x = (max(widths) - width) // 2 // STEP_X * STEP_X
        for name in row:
            region = by_name[name]
            region.x, region.y = x + INSET_X, y + INSET_Y
            x += region.size[0] + channel_x
        y += max(by_name[n].size[1] for n in row) + channel_y
    return max(widths), y - channel_y


def whole_placement(regions: list[Region], size: tuple[int, int]) -> Placement:
    """All cells in the whole; pins have no place yet."""
    cells = [Placed(region.part.cell_of[c.cell], c.x + region.x, c.y + region.y, c.orientation)
             for region in regions for c in region.placement.cells]
    return Placement(cells, *size, sum(region.placement.rows for region in regions), {})


def ends(regions: list[Region]) -> dict[int, list[tuple[int, int]]]:
    """{net of the whole: [(region, number of its pin)]}."""
    found: dict[int, list[tuple[int, int]]] = {}
    for r, region in enumerate(regions):
        for p, pin in enumerate(region.pins):
            found.setdefault(region.part.net_of[pin.pin.net], []).append((r, p))
    return found


def split_pins(regions: list[Region], pins: list[Pin]) -> tuple[list[PlacedPin], list[Pin]]:
    """Pins of the whole: ports of one region alone are where that has them; all others are to be
    placed."""
    at, count = ends(regions), collections.Counter(pin.net for pin in pins)
    placed, others = [], []
    for pin in pins:
        inner = at.get(pin.net, [])
        if pin.memory is None and len(inner) == 1 and count[pin.net] == 1:
            r, p = inner[0]
            placed.append(regions[r].moved_pin(regions[r].pins[p], pin))
        else:
            others.append(pin)
    return placed, others


def between(regions: list[Region], border: list[PlacedPin]) -> dict[int, list[tuple[str, str]]]:
    """Nets that are routed between regions and border: {net: [(instance, pin)]}."""
    nets = {net: [(f"r{r}", f"p{p}") for r, p in those] for net, those in ends(regions).items()}
    for i, placed in enumerate(border):
        nets.setdefault(placed.pin.net, []).append(("PIN", f"p{i}"))
    return {net: those for net, those in sorted(nets.items()) if len(those) > 1}


def beyond(rect: Rect, box: Rect) -> Iterator[Rect]:
    """What of a rectangle is outside of a box."""
    x0, y0, x1, y1 = rect
    if x0 < box[0]:
        yield x0, y0, min(x1, box[0]), y1
    if x1 > box[2]:
        yield max(x0, box[2]), y0, x1, y1
    left, right = max(x0, box[0]), min(x1, box[2])
    if left < right and y0 < box[1]:
        yield left, y0, right, min(y1, box[1])
    if left < right and y1 > box[3]:
        yield left, max(y0, box[3]), right, y1


def macro(lef: Lef, name: str, region: Region) -> str:
    """LEF of a region: its rows are closed on the layers that it uses, around them are its pins
    with their wires, and other wires."""
    box = (0, 0, region.placement.width, region.placement.height)

    def shape(layer: int, rect: Rect) -> str:
        x0, y0, x1, y1 = rect
        places = (x0 + INSET_X, y0 + INSET_Y, x1 + INSET_X, y1 + INSET_Y)
        return (f"   LAYER {lef.layers[layer].name} ; RECT "
                + " ".join(f"{v / UNITS:.3f}" for v in places) + " ;")

    def around(wires: Wires) -> list[str]:
        rects = [(layer, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
                 for layer, x0, y0, x1, y1 in wires.segments]
        rects += [(layer + above, (x, y, x, y)) for layer, x, y in wires.vias for above in (0, 1)]
        found = []
        for layer, (x0, y0, x1, y1) in rects:
            half = UNITS * lef.layers[layer].width / 2
            found += [shape(layer, piece) for piece in
                      beyond((x0 - half, y0 - half, x1 + half, y1 + half), box)]
        return found

    width, height = (v / UNITS for v in region.size)
    out = [f"MACRO {name}", "  CLASS BLOCK ;", "  ORIGIN 0 0 ;", f"  SIZE {width} BY {height} ;"]
    number = {layer.name: i for i, layer in enumerate(lef.layers)}
    own = {pin.pin.net for pin in region.pins}
    for p, pin in enumerate(region.pins):
        layer = number[pin.layer]
        half = UNITS * lef.layers[layer].width / 2
        rect = (pin.x - half, pin.y - half, pin.x + half, pin.y + half)
        out += [f"  PIN p{p}", "   DIRECTION INOUT ;", "   USE SIGNAL ;", "   PORT",
                shape(layer, rect), *around(region.wires[pin.pin.net]), "   END", f"  END p{p}"]
    out.append("  OBS")
    out += [shape(layer, box) for layer in range(config.REGION_LAYERS)]
    for net, wires in region.wires.items():
        if net not in own:
            out += around(wires)
    return "\n".join([*out, "  END", f"END {name}\n"])


def files(lef: Lef, regions: list[Region], size: tuple[int, int], border: list[PlacedPin],
          nets: dict[int, list[tuple[str, str]]]) -> dict[str, str]:
    """What qrouter reads for the nets `between` regions."""
    components = [(f"r{i}", f"r{i}", region.x - INSET_X, region.y - INSET_Y, "N")
                  for i, region in enumerate(regions)]
    macros = "\n".join(macro(lef, f"r{i}", region) for i, region in enumerate(regions))
    head, end, _ = lef.path.read_text().rpartition("END LIBRARY")
    if not end:
        raise Failure(f"{lef.path}: no END LIBRARY")
    return {"block.def": qrouter.def_file(lef, config.LAYERS, size, components, border,
                                          nets),
            "cells.lef": f"{head}{macros}\nEND LIBRARY\n",
            "route.cfg": qrouter.SCRIPT.format(lef="cells.lef", layers=config.LAYERS)}


def all_wires(regions: list[Region], top: dict[int, Wires]) -> dict[int, Wires]:
    """By net of the whole."""
    found: dict[int, Wires] = {}
    for net, wires in [*top.items(), *(w for region in regions for w in region.moved_wires())]:
        known = found.setdefault(net, Wires([], []))
        known.segments += wires.segments
        known.vias += wires.vias
    return found


def figures(region: Region) -> dict:
    library, cells = region.part.library, region.part.cells
    width, height = region.placement.width / UNITS, region.placement.height / UNITS
    um2 = library.um2(collections.Counter(c.kind for c in cells))
    return {"name": region.name, "cells": len(cells), "nets": len(region.wires),
            "core_um": [width, height], "utilisation_pct": 100 * um2 / (width * height)}
