# SPDX-License-Identifier: Apache-2.0
"""Timing diagrams as SVG, from value change dumps of a simulator.

A cycle is drawn with the values that stand at the rising edge that ends it. Hatched: unknown (X),
or a signal that says nothing without its valid.
"""
import dataclasses
import re
from collections.abc import Callable, Iterator

from . import page

Cycle = dict[str, str]  # a signal's bits, highest first, by its name


class Error(Exception):
    """One line for people."""


# ---- Formats: bits as text ----

def number(bits: str) -> str:
    return str(int(bits, 2))


def signed(bits: str) -> str:
    return str(int(bits, 2) - (int(bits[0]) << len(bits)))


def lanes(width: int) -> Callable[[str], str]:
    """Signed numbers of `width` bits, the lowest first."""
    return lambda bits: " ".join(signed(bits[end - width:end])
                                 for end in range(len(bits), 0, -width))


def names(*texts: str) -> Callable[[str], str]:
    return lambda bits: texts[int(bits, 2)] if int(bits, 2) < len(texts) else number(bits)


# ---- What is drawn ----

@dataclasses.dataclass(frozen=True)
class Signal:
    name: str                                 # below the scope that the dump was read of
    text: Callable[[str], str] | None = None  # of a bus; none: one bit, drawn as a wire
    only_with: str = ""                       # says something only where this signal is 1
    part: tuple[int, int] | None = None       # lowest bit and width, of a vector
    label: str = ""                           # instead of the name


@dataclasses.dataclass(frozen=True)
class Group:
    caption: str
    signals: tuple[Signal, ...]
    mark: str = ""                            # what the shaded cycles are: those with these values
    marked: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Diagram:
    """Some cycles of a run around a beginning: a cycle with the values of `begins`, behind one
    without."""
    name: str
    run: str
    title: str
    begins: dict[str, int]
    cycles: int
    groups: tuple[Group, ...]
    skip: int = 0                             # beginnings in front of the one that is drawn
    before: int = 1                           # cycles drawn in front of it

    def signals(self) -> list[str]:
        """Names of all signals that it needs."""
        found = dict.fromkeys(self.begins)
        for group in self.groups:
            found.update(dict.fromkeys(group.marked))
            for signal in group.signals:
                found.update(dict.fromkeys(n for n in (signal.name, signal.only_with) if n))
        return list(found)


# ---- Value change dumps ----

CHANGES = tuple("01xzbXZB")  # first characters of lines with a value

def cycles_of(vcd: str, clock: str, scope: str, signals: list[str]) -> list[Cycle]:
    """One Cycle a rising edge of `clock`: what stood when it came. Signals named below `scope`."""
    head, body = vcd.split("$enddefinitions $end", 1)
    scopes: list[str] = []
    variables: dict[str, tuple[str, int]] = {}
    for kind, rest in re.findall(r"\$(scope|var|upscope)\s+(.*?)\s*\$end", head, re.S):
        if kind == "scope":
            scopes.append(rest.split()[1])
        elif kind == "upscope":
            scopes.pop()
        else:
            _, width, code, name = rest.split()[:4]
            variables[".".join([*scopes, name])] = (code, int(width))
    try:
        clk = variables[clock][0]
        places = {s: variables[f"{scope}.{s}"] for s in signals}
    except KeyError as missing:
        raise Error(f"no signal {missing.args[0]} in the dump") from None
    now: dict[str, str] = {}
    cycles = []
    for step in re.split(r"^#\d+\n", body, flags=re.M):
        changes = dict(change_of(line) for line in step.splitlines() if line[:1] in CHANGES)
        if changes.get(clk) == "1" and now.get(clk) == "0":
            cycles.append({s: extended(now.get(code, "x"), width)
                           for s, (code, width) in places.items()})
        now.update(changes)
    return cycles


def change_of(line: str) -> tuple[str, str]:
    """(code of the variable, its bits) of a line such as b0101 ! or 1!."""
    bits, code = line[1:].split() if line[0] in "bB" else (line[0], line[1:])
    return code, bits.lower()


def extended(bits: str, width: int) -> str:
    """A dump leaves leading zeros, and x or z that repeat, away."""
    return bits.rjust(width, bits[0] if bits[0] in "xz" else "0")


# ---- Drawing ----

CHARACTER, ROW, CAPTION, EDGE = 6.3, 26, 16, 3  # width and heights in pixels; slope of an edge
UNKNOWN = ("", "")


def holds(cycle: Cycle, values: dict[str, int]) -> bool:
    return all(re.fullmatch("[01]+", cycle[n]) and int(cycle[n], 2) == v for n, v in values.items())


def window(diagram: Diagram, cycles: list[Cycle]) -> list[Cycle]:
    """The cycles that are drawn; Error if the run has none such."""
    here = [holds(c, diagram.begins) for c in cycles]
    begins = [n for n in range(1, len(cycles)) if here[n] and not here[n - 1]]
    if len(begins) <= diagram.skip:
        raise Error(f"{diagram.name}: {len(begins)} beginnings in the run")
    first = begins[diagram.skip] - diagram.before
    if first < 0 or first + diagram.cycles > len(cycles):
        raise Error(f"{diagram.name}: the run has no {diagram.cycles} cycles there")
    return cycles[first:first + diagram.cycles]


def shown(signal: Signal, cycle: Cycle) -> tuple[str, str]:
    """(bits, text) of a signal in a cycle."""
    bits = cycle[signal.name]
    if signal.part:
        end = len(bits) - signal.part[0]
        bits = bits[end - signal.part[1]:end]
    if re.search("[^01]", bits) or (signal.only_with and cycle[signal.only_with] != "1"):
        return UNKNOWN
    return bits, signal.text(bits) if signal.text else bits


def pieces(values: list[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    """(first cycle, the one behind the last, text) of equal neighbours."""
    first = 0
    for n in range(1, len(values) + 1):
        if n == len(values) or values[n] != values[first]:
            yield first, n, values[first][1]
            first = n


@dataclasses.dataclass
class Shape:
    path: str
    kind: str  # class of the style sheet
    text: str = ""
    x: float = 0


def wire(values: list[tuple[str, str]], top: float, width: float) -> Iterator[Shape]:
    high, low = top + 5, top + ROW - 5
    line = ""
    for first, behind, text in pieces(values):
        x, end = px(first * width), px(behind * width)
        if not text:
            yield Shape(f"M{x} {px(high)}H{end}V{px(low)}H{x}Z", "unknown")
            line += f"M{end} {px(low)}"
            continue
        y = px(high if text == "1" else low)
        line += f"L{px(first * width + EDGE)} {y}H{end}" if line else f"M{x} {y}H{end}"
    yield Shape(line, "wire")


def bus(values: list[tuple[str, str]], top: float, width: float) -> Iterator[Shape]:
    high, low, middle = px(top + 4), px(top + ROW - 4), px(top + ROW / 2)
    for first, behind, text in pieces(values):
        x, end = first * width, behind * width
        left, right = px(x + EDGE), px(end - EDGE)
        path = f"M{px(x)} {middle}L{left} {high}H{right}L{px(end)} {middle}L{right} {low}H{left}Z"
        yield Shape(path, "bus" if text else "unknown", text, (x + end) / 2)


def px(value: float) -> str:
    return f"{round(value, 1):g}"


def svg(diagram: Diagram, run: list[Cycle], maker: str) -> str:
    """The picture; `maker` is the script that writes it."""
    cycles = window(diagram, run)
    values = {s: [shown(s, c) for c in cycles] for g in diagram.groups for s in g.signals}
    width = max([20.0] + [(len(text) * CHARACTER + 10) / (behind - first)
                          for s, of_cycles in values.items() if s.text
                          for first, behind, text in pieces(of_cycles)])
    y = 2.0 * CAPTION
    groups = []
    for group in diagram.groups:
        top = y + CAPTION
        rows = [{"label": s.label or s.name, "y": top + (n + 0.5) * ROW,
                 "shapes": list((bus if s.text else wire)(values[s], top + n * ROW, width))}
                for n, s in enumerate(group.signals)]
        marked = [n * width for n, c in enumerate(cycles)
                  if group.marked and holds(c, group.marked)]
        groups.append({"caption": group.caption, "mark": group.mark, "top": top, "rows": rows,
                       "height": len(rows) * ROW, "marked": marked})
        y = top + len(rows) * ROW + 6
    left = max(len(r["label"]) for g in groups for r in g["rows"]) * CHARACTER + 16
    right = max(width * len(cycles), len(diagram.title) * CHARACTER - left)
    return page.render("timing.svg.j2", title=diagram.title, maker=maker, groups=groups,
                       cycles=len(cycles), width=width, left=left, total=left + right + 8,
                       height=y + 4, px=px)
