# SPDX-License-Identifier: Apache-2.0
"""Where a block's memories and ports are: memories around the cells, their pins at the edge that
faces them.

graywolf hangs on hard macros among cells (its issue 44), so memories stand outside of what it
places: at its border are their pins, on the sides that this chooses."""
import dataclasses

from synth.area import rams
from synth.area.rams import Technology
from synth.flat import Flat

Rect = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Pin:
    """Something outside of the cells that a net leads to: name, net, side L, R, T, B or "" for
    any; `memory` is the memory's number or None for a port."""
    name: str
    net: int
    side: str
    memory: int | None


def memory_um2(flat: Flat, technology: Technology, number: int) -> float:
    """Of a memory by the model; of another module its cells' area."""
    variant = flat.memories[number].variant
    if variant.module in rams.KINDS:
        return rams.area(technology, variant)
    return flat.library.um2(flat.mapped[variant.name].cells)


def sides(flat: Flat, technology: Technology) -> dict[int, str]:
    """{memory: side}: the largest on top, then by size right and left."""
    by_size = sorted(range(len(flat.memories)), key=lambda m: -memory_um2(flat, technology, m))
    taken = {"R": 0.0, "L": 0.0}
    found = {}
    for i, number in enumerate(by_size):
        side = "T" if i == 0 else min(taken, key=lambda s: taken[s])
        if i:
            taken[side] += memory_um2(flat, technology, number)
        found[number] = side
    return found


def pins(flat: Flat, where: dict[int, str]) -> list[Pin]:
    """All pins but the clock's; ports are below where memories are around."""
    found, side = [], "B" if where else ""
    for name, port in flat.ports.items():
        found += [Pin(f"{name}[{i}]" if len(port.bits) > 1 else name, bit, side, None)
                  for i, bit in enumerate(port.bits)
                  if isinstance(bit, int) and bit != flat.clock]
    for number, memory in enumerate(flat.memories):
        for name, bits in memory.pins.items():
            found += [Pin(f"m{number}:{name}[{i}]" if len(bits) > 1 else f"m{number}:{name}", bit,
                          where[number], number)
                      for i, bit in enumerate(bits) if isinstance(bit, int) and bit != flat.clock]
    return found


def memory_places(flat: Flat, technology: Technology, where: dict[int, str], width: float,
                  height: float) -> dict[int, Rect]:
    """Rectangles of the memories around a core of this size at 0, 0, in um: left and right as high
    as the core, stacked; on top as wide as all below."""
    places, left, right = {}, 0.0, width
    for side in ("L", "R"):
        those = [m for m, s in where.items() if s == side]
        total = sum(memory_um2(flat, technology, m) for m in those)
        thick, y = total / height, 0.0
        for m in those:
            tall = memory_um2(flat, technology, m) / thick
            places[m] = (-thick, y, 0.0, y + tall) if side == "L" else \
                (width, y, width + thick, y + tall)
            y += tall
        left, right = (-thick, right) if side == "L" else (left, width + thick)
    for m in (m for m, s in where.items() if s == "T"):
        places[m] = (left, height, right,
                     height + memory_um2(flat, technology, m) / (right - left))
    return places
