# SPDX-License-Identifier: Apache-2.0
"""A library of standard cells: what the mapping needs to know of a Liberty file."""
import itertools
import os
import pathlib
import re
from collections.abc import Iterator

from synth.yosys import ROOT, Failure

# OSU 180 nm as installed, else as scripts/setup.sh unpacks it into the build folder.
_PLACES = (pathlib.Path("/usr/share/qflow/tech/osu018"),
           ROOT / os.environ.get("BUILD", "build") / "cells")
OSU018 = str(next((place for place in _PLACES if place.is_dir()), _PLACES[0])
             / "osu018_stdcells.lib")


def _groups(text: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yields (name, body) of the groups `kind (name) { body }` in Liberty text."""
    for match in re.finditer(rf"(?<![\w.]){kind}\s*\(\s*\"?([^\")]*?)\"?\s*\)\s*\{{", text):
        depth = 1
        for brace in re.finditer(r"[{}]", text[match.end():]):
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                yield match.group(1), text[match.end():match.end() + brace.start()]
                break


def _attribute(body: str, name: str) -> str | None:
    match = re.search(rf"(?<!\w){name}\s*:\s*(\"[^\"]*\"|[^;\n]*)", body)
    return match.group(1).strip().strip('"').strip() if match else None


def _truth_table(function: str, inputs: list[str]) -> list[int] | None:
    """Outputs of a Liberty function for all values of its inputs, or None if it has others."""
    rows = 1 << len(inputs)
    ones = (1 << rows) - 1
    # The table's columns as numbers of a bit a row; the first input changes least often.
    columns = {"0": 0, "1": ones} | {
        pin: sum(1 << r for r in range(rows) if r >> i & 1)
        for i, pin in enumerate(reversed(inputs))}

    def value(group):
        """Of what has no parentheses in it: an apostrophe negates what is before it, side by side
        is an and. The precedence of & ^ | is Python's."""
        text = re.sub(r"(\d+)\s*'", lambda m: f" {ones ^ int(m[1])} ", group[1])
        text = re.sub(r"(?<=\d)\s+(?=[~\d])", " & ", text.strip())
        return f" {eval(text) & ones} "

    text = re.sub(r"\w+", lambda m: f" {columns.get(m[0])} ", function)
    text = "(" + text.translate(str.maketrans("!*+", "~&|")) + ")"
    try:
        while "(" in text:
            text = re.sub(r"\(([^()]*)\)", value, text)
        return [int(text) >> r & 1 for r in range(rows)]
    except (SyntaxError, TypeError):
        return None


class Library:
    """What the recipe needs to know of a Liberty file.

    path, name          the file, the library's own name
    wire_load           its default model of wires, or None
    area                cell -> area in the library's unit (um2)
    flip_flops          names of cells with an edge-triggered register
    nand2, nand2_area   smallest two-input NAND
    inverter            smallest inverter
    full_adder          (cell, pins a, b, c, sum, carry), or None
    pins                cell -> {input: pF}
    buffer              (cell, input, output, pF of the input), the one that drives most for its
                        area, or None
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = pathlib.Path(path).resolve()
        try:
            self.text = self.path.read_text(errors="replace")
        except OSError as error:
            raise Failure(f"cannot read the library {path}: {error.strerror}") from None
        text = re.sub(r"/\*.*?\*/", " ", self.text, flags=re.S).replace("\\\n", " ")
        head = re.search(r"(?<!\w)library\s*\(\s*\"?([^\")]*?)\"?\s*\)\s*\{", text)
        if not head:
            raise Failure(f"{path} is not a Liberty library")
        self.name = head.group(1)
        self.wire_load = _attribute(text, "default_wire_load")
        self.area, self.flip_flops, self.functions = {}, set(), {}
        unit = re.search(r"capacitive_load_unit\s*\(\s*([\d.]+)\s*,\s*\"?(\w+)", text)
        self._pf = float(unit[1]) / (1000 if unit[2].lower() == "ff" else 1) if unit else 1.0
        self.pins, self._drives = {}, {}
        for cell, body in _groups(text, "cell"):
            self._read_cell(cell, body)
        if not self.flip_flops:
            raise Failure(f"library {self.name} ({path}) has no flip-flop")
        self.nand2 = self._smallest("two-input NAND", "AB", [1, 1, 1, 0])
        self.nand2_area = self.area[self.nand2]
        self.inverter = self._smallest("inverter", "A", [1, 0])
        three = list(itertools.product((0, 1), repeat=3))
        full = self._find("ABC", [[sum(v) & 1 for v in three], [sum(v) >> 1 for v in three]])
        self.full_adder = full[0] if full else None
        buffers = [(self._drives[f[0]] / self.area[f[0]], f) for f in self._find("A", [[0, 1]])]
        cell, *pins = max(buffers)[1] if buffers else (None,)
        self.buffer = (cell, *pins, self.pins[cell][pins[0]]) if cell else None

    def _read_cell(self, cell, body):
        if _attribute(body, "dont_use") == "true":
            return
        own = re.sub(r"pin\s*\(.*", "", body, flags=re.S)
        area = _attribute(own, "area") or _attribute(body, "area")
        try:
            self.area[cell] = float(area)
        except (TypeError, ValueError):
            raise Failure(f"{self.path}: cell {cell} has no area") from None
        pins = list(_groups(body, "pin"))
        self.pins[cell] = {pin: self._number(b, "capacitance") * self._pf for pin, b in pins
                           if _attribute(b, "direction") == "input"}
        self._drives[cell] = max((self._number(b, "max_capacitance") for _, b in pins), default=0.0)
        if any(_groups(body, "ff")):
            self.flip_flops.add(cell)
            return
        if any(_groups(body, "latch")) or any(_groups(body, "statetable")):
            return
        inputs, outputs = [], {}
        for pin, pin_body in pins:
            direction = _attribute(pin_body, "direction")
            function = _attribute(pin_body, "function")
            if direction == "input":
                inputs.append(pin)
            elif direction == "output" and function:
                outputs[pin] = function
        self.functions[cell] = (inputs, outputs)

    def _number(self, body, name):
        try:
            return float(_attribute(body, name) or 0)
        except ValueError:
            return 0.0

    def _find(self, operands, tables):
        """(cell, input pins, output pins) of all cells with just these functions, smallest
        first."""
        found = []
        for cell, (inputs, outputs) in self.functions.items():
            alike = len(inputs) == len(operands) and len(outputs) == len(tables)
            if not alike or not self.area[cell] > 0:
                continue
            is_of = {pin: _truth_table(f, inputs) for pin, f in outputs.items()}
            pins = [next((p for p, t in is_of.items() if t == table), None) for table in tables]
            if None not in pins:
                found.append((cell, *inputs, *pins))
        return sorted(found, key=lambda f: self.area[f[0]])

    def _smallest(self, what, operands, table):
        found = self._find(operands, [table])
        if not found:
            raise Failure(f"library {self.name} ({self.path}) has no {what} with an area")
        return found[0][0]

    def um2(self, cells: dict[str, int]) -> float:
        """Area of {cell: number}."""
        return sum(n * self.area[c] for c, n in cells.items())

    def registers(self, cells: dict[str, int]) -> int:
        """How many of {cell: number} are flip-flops."""
        return sum(n for c, n in cells.items() if c in self.flip_flops)

    def gate_equivalents(self, area: float) -> float:
        """An area in smallest two-input NANDs."""
        return area / self.nand2_area
