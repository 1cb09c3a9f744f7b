# SPDX-License-Identifier: Apache-2.0
"""Routing of placed cells by qrouter, and the wires that it made. Lengths are hundredths of a
um."""
import dataclasses
import pathlib
import re
from collections.abc import Callable, Collection, Iterable

from synth import yosys
from synth.flat import Netlist
from synth.layout import config, tools
from synth.layout.floorplan import Pin
from synth.layout.graywolf import UNITS, Placement
from synth.layout.lef import Layer, Lef
from synth.yosys import Failure

# As in qflow: of vias on each other two.
SCRIPT = """verbose 1
read_lef {lef}
catch {{layers {layers}}}
via stack 2
vdd vdd
gnd gnd
read_def block.def
qrouter::standard_route routed.def false true
quit
"""


@dataclasses.dataclass(frozen=True)
class PlacedPin:
    pin: Pin
    x: int
    y: int
    layer: str


@dataclasses.dataclass
class Wires:
    """Of a net: segments (layer's number from 0, x0, y0, x1, y1) and vias (lower layer's number,
    x, y)."""
    segments: list[tuple[int, int, int, int, int]]
    vias: list[tuple[int, int, int]]


def tracks(layer: Layer, low: int, high: int) -> tuple[int, int, int]:
    """First track at or above `low`, number up to `high`, and their distance."""
    pitch, offset = round(UNITS * layer.pitch), round(UNITS * layer.offset)
    first = offset + -((offset - low) // pitch) * pitch
    return first, (high - first) // pitch + 1, pitch


class Side:
    """Places for pins along a side of the cells, `away` from them, one on each track that ends
    there."""

    def __init__(self, name: str, lef: Lef, placement: Placement, away: float):
        vertical = next(layer for layer in lef.layers[1:] if not layer.horizontal)
        horizontal = next(layer for layer in lef.layers[1:] if layer.horizontal)
        width, height, reach = placement.width, placement.height, round(UNITS * away)
        self.name, self.upright = name, name in "LR"
        layer, length = (horizontal, height) if self.upright else (vertical, width)
        self.layer, (self.first, self.room, self.pitch) = layer.name, tracks(layer, 0, length)
        low, _, step = tracks(vertical if self.upright else horizontal, -reach, 0)
        high = (width if name == "R" else height) + reach
        self.edge = low if name in "LB" else low + (high - low) // step * step

    def spread(self, count: int) -> list[int]:
        """Numbers of `count` places, evenly; more than there are share some."""
        return [(k * self.room + self.room // 2) // count for k in range(count)]

    def place(self, pin: Pin, number: int) -> PlacedPin:
        along = self.first + number * self.pitch
        x, y = (self.edge, along) if self.upright else (along, self.edge)
        return PlacedPin(pin, x, y, self.layer)


def place_pins(flat: Netlist, lef: Lef, placement: Placement, pins: list[Pin],
               away: float = config.MARGIN / 2) -> list[PlacedPin]:
    """Pins around the cells, `away` um from them, on the side that they are restricted to or that
    graywolf put them nearest to; on each in the order of the cells that they lead to, evenly spread
    over tracks. What may be on any side and has no room on one goes on around the corner."""
    at = {c.cell: (c.x, c.y) for c in placement.cells}
    sides = [Side(name, lef, placement, away) for name in "BRTL"]
    by_side: dict[str, list[tuple[float, int]]] = {side.name: [] for side in sides}
    for i, pin in enumerate(pins):
        x, y = placement.pins.get(i, (0, 0))
        distances = {"L": x, "R": placement.width - x, "B": y, "T": placement.height - y}
        name = pin.side or min(distances, key=lambda s: distances[s])
        ends = [at[cell][name in "LR"] for cell, _ in flat.nets.get(pin.net, [])]
        by_side[name].append((sum(ends) / len(ends) if ends else 0.0, i))
    full = next((s for s in sides if len(by_side[s.name]) > s.room), None)
    if full and any(pin.side for pin in pins):
        raise Failure(f"{flat.top.name}: {len(by_side[full.name])} pins on side {full.name}, room "
                      f"for {full.room}")
    # Places and pins counter-clockwise: upwards and leftwards on the right and on top, then back.
    order, wanted, places = [], [], []
    for side in sides:
        back = side.name in "TL"
        numbers = side.spread(len(by_side[side.name]))
        order += [i for _, i in sorted(by_side[side.name], reverse=back)]
        wanted += [len(places) + (side.room - 1 - n if back else n)
                   for n in (reversed(numbers) if back else numbers)]
        those = [(side, n) for n in range(side.room)]
        places += reversed(those) if back else those
    if len(order) > len(places):
        raise Failure(f"{flat.top.name}: {len(order)} pins, room for {len(places)}")
    taken = apart(wanted, len(places))
    return [side.place(pins[i], n) for i, (side, n) in zip(order, (places[k] for k in taken))]


def apart(wanted: list[int], room: int) -> list[int]:
    """Rising numbers below `room`, each once, near to the wanted ones, which rise but repeat."""
    found, least = [], 0
    for number in wanted:
        found.append(max(number, least))
        least = found[-1] + 1
    most = room - 1
    for k in range(len(found) - 1, -1, -1):
        found[k] = min(found[k], most)
        most = found[k] - 1
    return found


def routable(flat: Netlist, pins: list[PlacedPin]) -> dict[int, list[tuple[str, str]]]:
    """Nets with two ends or more, the clock's aside: {net: [(instance, pin)]}."""
    ends = {net: [(f"c{cell}", pin) for cell, pin in those]
            for net, those in flat.nets.items() if net != flat.clock}
    for i, placed in enumerate(pins):
        ends.setdefault(placed.pin.net, []).append(("PIN", f"p{i}"))
    return {net: those for net, those in sorted(ends.items()) if len(those) > 1}


def def_file(lef: Lef, layers: int, size: tuple[int, int],
             components: list[tuple[str, str, int, int, str]], pins: list[PlacedPin],
             nets: dict[int, list[tuple[str, str]]]) -> str:
    """For components (name, kind, x, y, orientation) in a field from 0, 0 on, wires on so many
    layers."""
    margin = round(UNITS * config.MARGIN)
    right, top = size[0] + margin, size[1] + margin
    out = ["VERSION 5.6 ;", "NAMESCASESENSITIVE ON ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "<>" ;',
           "DESIGN block ;", f"UNITS DISTANCE MICRONS {UNITS} ;",
           f"DIEAREA ( {-margin} {-margin} ) ( {right} {top} ) ;"]
    for layer in lef.layers[:layers]:
        first, number, pitch = tracks(layer, -margin, top if layer.horizontal else right)
        out.append(f"TRACKS {'Y' if layer.horizontal else 'X'} {first} DO {number} STEP {pitch} "
                   f"LAYER {layer.name} ;")
    out.append(f"COMPONENTS {len(components)} ;")
    out += [f"- {name} {kind} + PLACED ( {x} {y} ) {orientation} ;"
            for name, kind, x, y, orientation in components]
    out += ["END COMPONENTS", f"PINS {len(pins)} ;"]
    half = round(UNITS * lef.layers[1].width / 2)
    # qrouter calls a pin by its net where one is given; there may be several on a net.
    out += [f"- p{i} + LAYER {p.layer} ( -{half} -{half} ) ( {half} {half} ) "
            f"+ PLACED ( {p.x} {p.y} ) N ;" for i, p in enumerate(pins)]
    out += ["END PINS", f"NETS {len(nets)} ;"]
    # qrouter adds wires behind a line of its own for each pin.
    out += [f"- n{net}\n" + "\n".join(f"  ( {a} {b} )" for a, b in ends) + " ;"
            for net, ends in nets.items()]
    return "\n".join([*out, "END NETS", "END DESIGN"]) + "\n"


PATH = re.compile(r"(\w+) \( (-?\d+) (-?\d+) \)((?: \( \S+ \S+ \)| \w+)*)")


def read_wires(lef: Lef, text: str) -> dict[int, Wires]:
    """Wires of a routed DEF by net."""
    number = {layer.name: i for i, layer in enumerate(lef.layers)}
    found = {}
    nets = text.partition("\nNETS ")[2].partition("END NETS")[0]
    for net in re.finditer(r"^- n(\d+)\n(.*?);$", nets, re.M | re.S):
        wires = Wires([], [])
        routes = net[2].partition("+ ROUTED ")[2]
        for path in PATH.finditer(routes):
            layer, x, y = number[path[1]], int(path[2]), int(path[3])
            for to in re.finditer(r"\( (\S+) (\S+) \)|(\w+)", path[4]):
                if to[3] == "NEW":
                    continue
                if to[3]:
                    lower = _lower_layer(to[3])
                    wires.vias.append((lower, x, y))
                    continue
                x1, y1 = (x if to[1] == "*" else int(to[1])), (y if to[2] == "*" else int(to[2]))
                if (x1, y1) != (x, y):
                    wires.segments.append((layer, x, y, x1, y1))
                x, y = x1, y1
        if routes:
            found[int(net[1])] = wires
    return found


def _lower_layer(via: str) -> int:
    """Number of the lower layer of a via M<upper>_M<lower>."""
    match = re.fullmatch(r"M(\d)_M(\d)", via)
    if not match:
        raise Failure(f"DEF: a via {via}")
    return int(match[2]) - 1


def files(flat: Netlist, lef: Lef, layers: int, placement: Placement, pins: list[PlacedPin],
          nets: dict[int, list[tuple[str, str]]]) -> dict[str, str]:
    """What qrouter reads for placed cells and their `routable` nets, which may use so many
    layers."""
    components = [(f"c{c.cell}", flat.cells[c.cell].kind, c.x, c.y, c.orientation)
                  for c in placement.cells]
    text = def_file(lef, layers, (placement.width, placement.height), components, pins,
                    nets)
    return {"block.def": text, "cells.lef": lef.path.read_text(),
            "route.cfg": SCRIPT.format(lef="cells.lef", layers=layers)}


def route(name: str, lef: Lef, nets: Collection[int], folder: pathlib.Path,
          progress: Callable[[str], None]) -> None:
    """Runs qrouter in a folder with the files; it writes routed.def. Raises a Failure that names
    nets without wires."""
    yosys.need("qrouter")

    def tell(text: str) -> None:
        left = re.findall(r"^Nets remaining: (\d+)$", text, re.M)
        if left:
            progress(f"routing, {left[-1]} of {len(nets):,} nets left in this round")

    tools.run(name, ["qrouter", "-nog", "-s", "route.cfg"], folder, "routed.def", tell)
    missing = sorted(set(nets) - set(read_wires(lef, (folder / "routed.def").read_text())))
    if missing:
        names = ", ".join(f"n{net}" for net in missing[:5])
        raise Failure(f"{name}: {len(missing)} of {len(nets)} nets not routed: {names}")


def length_um(lef: Lef, wires: Iterable[Wires]) -> dict[str, float]:
    """Length of all wires by layer."""
    sums = {layer.name: 0.0 for layer in lef.layers[:config.LAYERS]}
    for net in wires:
        for layer, x0, y0, x1, y1 in net.segments:
            sums[lef.layers[layer].name] += (abs(x1 - x0) + abs(y1 - y0)) / UNITS
    return sums
