# SPDX-License-Identifier: Apache-2.0
"""Areas of a hierarchy as boxes of their size."""
import dataclasses

from scripts.report.chart import Figure

# A treemap's smallest boxes that still get a name, and the least share that gets a box.
NAME_WIDTH, NAME_HEIGHT, LEAST_SHARE = 60, 16, 0.0004
WIDTH, HEIGHT, TOP = 960, 470, 28
KINDS = {"logic": 0, "register file": 2, "ram": 1}
LEGEND = [("logic", 0), ("register files, flip-flops", 2), ("RAM, by the model", 1)]


@dataclasses.dataclass(frozen=True)
class Box:
    """A module's own cells, by the unit of the engine that they belong to."""
    module: str
    unit: str
    instances: int
    kind: str
    um2: float

    def tip(self, total: float) -> str:
        instances = "1 instance" if self.instances == 1 else f"{self.instances:,} instances"
        return (f"{self.module} in {self.unit}: {self.um2 / 1e6:,.3f} mm², "
                f"{100 * self.um2 / total:.1f} %, {instances}")

    def label(self, room: int) -> str:
        """A name of at most so many letters."""
        name = f"{self.module} in {self.unit}"
        if self.unit == self.module or len(name) >= room:
            name = self.module
        return name if len(name) <= room else name[:max(room - 1, 1)] + "…"


def leaves(node: dict, unit: str = "") -> list[Box]:
    """The Boxes of a tree of area.json."""
    out = [Box(node["name"], unit or node["name"], node["instances"], node["kind"], node["um2"])]
    # What a PE or the array holds is told apart; deeper, a module belongs to the unit above it.
    is_unit = not unit or node["name"].split("(")[0] in ("eie", "eie_pe", "mxu")
    for child in node.get("children", []):
        out += leaves(child, child["name"] if is_unit else unit)
    return [box for box in out if box.um2 > 0]


def worst(row: list[float], side: float) -> float:
    """The most lengthy of boxes of these sizes along a side."""
    total = sum(row)
    return max(max(side * side * s / total ** 2, total ** 2 / (side * side * s)) for s in row)


def squarify(sizes: list[float], x: float, y: float, width: float, height: float) -> list[tuple]:
    """Rectangles (x, y, width, height) of these sizes, largest first, that fill one and are near to
    squares (Bruls 2000)."""
    out, scale = [], width * height / sum(sizes)
    rest = [s * scale for s in sizes]
    while rest:
        side, number = min(width, height), 1
        while number < len(rest) and worst(rest[:number + 1], side) <= worst(rest[:number], side):
            number += 1
        row, rest = rest[:number], rest[number:]
        thick, at, wide = sum(row) / side, 0.0, width >= height
        for length in (size / thick for size in row):
            out.append((x, y + at, thick, length) if wide else (x + at, y, length, thick))
            at += length
        if wide:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
    return out


def treemap(name: str, title: str, tree: dict) -> Figure:
    """Area by unit: logic, register files and RAMs in colours of their own."""
    boxes = sorted(leaves(tree), key=lambda b: -b.um2)
    total = sum(b.um2 for b in boxes)
    boxes = [b for b in boxes if b.um2 > LEAST_SHARE * total]
    figure = Figure(name, WIDTH, HEIGHT, title)
    figure.legend(4, 16, LEGEND)
    places = squarify([b.um2 for b in boxes], 0, TOP, WIDTH, HEIGHT - TOP)
    for box, (x, y, width, height) in zip(boxes, places):
        figure.bar(x, y, max(width - 1, 0.1), max(height - 1, 0.1), KINDS[box.kind], box.tip(total))
        if width > NAME_WIDTH and height > NAME_HEIGHT:
            figure.text(x + 5, y + 15, box.label(int(width / 7)), kind="box")
            if height > 2 * NAME_HEIGHT:
                figure.text(x + 5, y + 31, f"{100 * box.um2 / total:.1f} %", kind="box")
    return figure
