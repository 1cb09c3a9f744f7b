# SPDX-License-Identifier: Apache-2.0
"""Resistance and capacitance of routed wires as SPEF, by the layers' figures in the LEF.

A net is a tree: points where its wires begin, end or meet, segments and vias between them. A
wire's capacitance is half at each of its ends. Vias have no resistance: the LEF gives none. No wire
couples to another one. What would close a loop, as where a wire leaves a pin twice, is left out,
its capacitance counted."""
import dataclasses
from collections.abc import Iterable, Iterator

from synth.flat import Flat
from synth.layout.floorplan import Pin
from synth.layout.graywolf import UNITS, Placement
from synth.layout.lef import Lef, Macro
from synth.layout.qrouter import PlacedPin, Wires

Point = tuple[int, int, int]
Rect = tuple[float, float, float, float]
# Ohms of what has none. A cell's pin may be off its wire by so many hundredths of a um; ends of
# wires and vias of a net overlap, which are 40 wide, if they are nearer than that.
LEAST_OHMS, SNAP, OVERLAP = 0.001, 45, 40
HEADER = """*SPEF "IEEE 1481-1998"
*DESIGN "{design}"
*DATE ""
*VENDOR ""
*PROGRAM "synth/layout"
*VERSION "1"
*DESIGN_FLOW ""
*DIVIDER /
*DELIMITER :
*BUS_DELIMITER [ ]
*T_UNIT 1 NS
*C_UNIT 1 PF
*R_UNIT 1 OHM
*L_UNIT 1 HENRY
"""


@dataclasses.dataclass
class Net:
    """Points with their capacitance, and resistors between them; pins as points of their own."""
    picofarads: dict[int, float]
    resistors: list[tuple[int, int, float]]
    pins: dict[str, int]
    apart: int  # pins that no wire of the net comes near to

    @property
    def total(self) -> float:
        return sum(self.picofarads.values())


class Groups:
    """Sets of points that are connected."""

    def __init__(self) -> None:
        self.parent: list[int] = []

    def add(self) -> int:
        self.parent.append(len(self.parent))
        return self.parent[-1]

    def find(self, i: int) -> int:
        while self.parent[i] != i:
            self.parent[i] = self.parent[self.parent[i]]
            i = self.parent[i]
        return i

    def join(self, a: int, b: int) -> bool:
        """Whether they were apart."""
        a, b = self.find(a), self.find(b)
        self.parent[a] = b
        return a != b


def shape_at(macro: Macro, rect: Rect, x: int, y: int, orientation: str) -> Rect:
    """A shape of a placed cell in hundredths of a um."""
    x0, y0, x1, y1 = (UNITS * v for v in rect)
    width, height = UNITS * macro.width, UNITS * macro.height
    if orientation in ("FN", "S"):
        x0, x1 = width - x1, width - x0
    if orientation in ("FS", "S"):
        y0, y1 = height - y1, height - y0
    return x + x0, y + y0, x + x1, y + y1


def distance(point: Point, rect: Rect) -> float:
    _, x, y = point
    return max(rect[0] - x, x - rect[2], rect[1] - y, y - rect[3], 0)


def pieces(wires: Wires) -> Iterator[tuple[Point, Point]]:
    """Segments, cut where another one or a via of the net begins or ends on them, if not just in
    their middle."""
    ends = {(s[0], *s[i:i + 2]) for s in wires.segments for i in (1, 3)}
    ends |= {(layer + up, x, y) for layer, x, y in wires.vias for up in (0, 1)}
    for layer, x0, y0, x1, y1 in wires.segments:
        beside = (0, OVERLAP // 2) if y0 == y1 else (OVERLAP // 2, 0)
        on = sorted((p for p in ends if p[0] == layer
                     and min(x0, x1) - beside[0] <= p[1] <= max(x0, x1) + beside[0]
                     and min(y0, y1) - beside[1] <= p[2] <= max(y0, y1) + beside[1]),
                    key=lambda p: p[1] if y0 == y1 else p[2])
        yield from zip(on, on[1:])


def overlapping(points: Iterable[Point]) -> Iterator[tuple[Point, Point]]:
    """Pairs of points on one layer that are nearer than OVERLAP."""
    last: list[Point] = []
    for p in sorted(points):
        last = [q for q in last if q[0] == p[0] and p[1] - q[1] < OVERLAP]
        yield from ((q, p) for q in last if abs(p[2] - q[2]) < OVERLAP)
        last.append(p)


def extract(lef: Lef, wires: Wires, pins: dict[str, list[tuple[int, Rect]]]) -> Net:
    """A net of its wires and its pins' shapes {pin: [(layer, rectangle)]}."""
    groups, points = Groups(), {}
    net = Net({}, [], {}, 0)

    def point(p: Point) -> int:
        if p not in points:
            points[p] = groups.add()
            net.picofarads[points[p]] = 0.0
        return points[p]

    for a, b in pieces(wires):
        i, j, layer = point(a), point(b), lef.layers[a[0]]
        um = (abs(a[1] - b[1]) + abs(a[2] - b[2])) / UNITS
        for end in (i, j):
            net.picofarads[end] += layer.picofarads(um) / 2
        if groups.join(i, j):
            net.resistors.append((i, j, layer.ohms(um)))
    for layer, x, y in wires.vias:
        i, j = point((layer, x, y)), point((layer + 1, x, y))
        if groups.join(i, j):
            net.resistors.append((i, j, LEAST_OHMS))
    for a, b in overlapping(points):
        if groups.join(points[a], points[b]):
            net.resistors.append((points[a], points[b], LEAST_OHMS))
    connect_pins(net, groups, points, pins)
    return net


def connect_pins(net: Net, groups: Groups, points: dict[Point, int],
                 pins: dict[str, list[tuple[int, Rect]]]) -> None:
    """Adds the pins, each at all points in its shapes, else at the nearest; what is still apart
    hangs on the first pin."""
    for pin, shapes in pins.items():
        own = net.pins[pin] = groups.add()
        net.picofarads[own] = 0.0
        near = [(min((distance(p, r) for layer, r in shapes if layer == p[0]), default=1e9), i)
                for p, i in points.items()]
        touching = [i for d, i in near if d <= SNAP]
        net.apart += not touching
        for i in touching or [i for _, i in sorted(near)[:1]]:
            if groups.join(own, i):
                net.resistors.append((own, i, LEAST_OHMS))
    first, *others = net.pins.values()
    for i in (*others, *net.picofarads):
        if groups.join(first, i):
            net.apart += i in others
            net.resistors.append((first, i, LEAST_OHMS))


class Extraction:
    """All nets of a block."""

    def __init__(self, flat: Flat, lef: Lef, placement: Placement, pins: list[PlacedPin],
                 wires: dict[int, Wires]):
        self.flat, self.lef = flat, lef
        self.places = {c.cell: c for c in placement.cells}
        self.number = {layer.name: i for i, layer in enumerate(lef.layers)}
        outside: dict[int, list[PlacedPin]] = {}
        for pin in pins:
            outside.setdefault(pin.pin.net, []).append(pin)
        self.nets = {net: extract(lef, w, self._shapes(net, outside.get(net, [])))
                     for net, w in wires.items()}
        self.outside = outside

    def _shapes(self, net: int, outside: list[PlacedPin]) -> dict[str, list[tuple[int, Rect]]]:
        found = {}
        for cell, pin in self.flat.nets.get(net, []):
            place, macro = self.places[cell], self.lef.macros[self.flat.cells[cell].kind]
            found[f"c{cell}:{pin}"] = [
                (self.number[layer], shape_at(macro, r, place.x, place.y, place.orientation))
                for layer, r in macro.pins[pin] if layer in self.number]
        for p in outside:
            found[p.pin.name] = [(self.number[p.layer], (p.x, p.y, p.x, p.y))]
        return found

    @property
    def apart(self) -> int:
        return sum(net.apart for net in self.nets.values())

    def picofarads(self) -> float:
        return sum(net.total for net in self.nets.values())

    def write(self, design: str) -> str:
        """The SPEF text, for Flat.verilog()."""
        out = [HEADER.format(design=design)]
        for number, net in self.nets.items():
            names = {i: f"n{number}:{i}" for i in net.picofarads}
            names |= {i: pin for pin, i in net.pins.items()}
            ports = {p.pin.name: p.pin for p in self.outside.get(number, [])
                     if p.pin.memory is None}
            out.append(f"*D_NET n{number} {net.total:.6g}\n*CONN")
            for pin in net.pins:
                kind = "P" if pin in ports else "I"
                out.append(f"*{kind} {pin} {self._direction(pin, ports)}")
            out.append("*CAP")
            used = [(i, c) for i, c in net.picofarads.items() if c > 0]
            out += [f"{k + 1} {names[i]} {c:.6g}" for k, (i, c) in enumerate(used)]
            out.append("*RES")
            out += [f"{k + 1} {names[a]} {names[b]} {max(r, LEAST_OHMS):.6g}"
                    for k, (a, b, r) in enumerate(net.resistors)]
            out.append("*END\n")
        return "\n".join(out)

    def _direction(self, name: str, ports: dict[str, Pin]) -> str:
        if name in ports:
            return "I" if self.flat.ports[name.partition("[")[0]].is_input else "O"
        instance, _, pin = name.partition(":")
        if instance.startswith("m"):
            return "O" if pin.startswith("rdata") else "I"
        cell = self.flat.cells[int(instance[1:])].kind
        outputs = self.flat.library.functions.get(cell, ([], {}))[1]
        is_output = pin in outputs or (cell in self.flat.library.flip_flops and pin == "Q")
        return "O" if is_output else "I"
