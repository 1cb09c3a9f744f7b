# SPDX-License-Identifier: Apache-2.0
"""Routing layers and cells of a LEF file. Lengths in um."""
import dataclasses
import pathlib
import re

from synth.yosys import Failure

Rect = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Layer:
    """A routing layer: its tracks, width of wires; ohms a square, pF by area and by length of
    edge."""
    name: str
    horizontal: bool
    pitch: float
    offset: float
    width: float
    ohms_per_square: float
    pf_per_um2: float
    pf_per_um_edge: float

    def ohms(self, um: float) -> float:
        return self.ohms_per_square * um / self.width

    def picofarads(self, um: float) -> float:
        return um * (self.pf_per_um2 * self.width + 2 * self.pf_per_um_edge)


@dataclasses.dataclass(frozen=True)
class Macro:
    """A cell: its size, and shapes of its signals' pins {pin: [(layer, rectangle)]}."""
    width: float
    height: float
    pins: dict[str, list[tuple[str, Rect]]]


def _attribute(body: str, name: str) -> float:
    match = re.search(rf"^\s*{name}\s+(\S+)\s*;", body, re.M)
    if not match:
        raise Failure(f"LEF: a routing layer without {name}")
    return float(match[1])


def _layer(name: str, body: str) -> Layer:
    return Layer(name, "HORIZONTAL" in body, _attribute(body, "PITCH"),
                 _attribute(body, "OFFSET"), _attribute(body, "WIDTH"),
                 _attribute(body, r"RESISTANCE\s+RPERSQ"),
                 _attribute(body, r"CAPACITANCE\s+CPERSQDIST"),
                 _attribute(body, "EDGECAPACITANCE"))


def _macro(body: str) -> Macro:
    size = re.search(r"^\s*SIZE\s+(\S+)\s+BY\s+(\S+)\s*;", body, re.M)
    if not size:
        raise Failure("LEF: a macro without SIZE")
    pins = {}
    for pin in re.finditer(r"^\s*PIN (\S+)\n(.*?)^\s*END \1$", body, re.M | re.S):
        if re.search(r"USE (POWER|GROUND)", pin[2]):
            continue
        shapes, layer = [], ""
        for word, rest in re.findall(r"^\s*(LAYER|RECT)\s+([^;]*?)\s*;", pin[2], re.M):
            if word == "LAYER":
                layer = rest
            else:
                x0, y0, x1, y1 = map(float, rest.split())
                shapes.append((layer, (x0, y0, x1, y1)))
        pins[pin[1]] = shapes
    return Macro(float(size[1]), float(size[2]), pins)


class Lef:
    """`layers` from the lowest up, `macros` {name: Macro}."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        text = path.read_text()
        self.layers = [_layer(m[1], m[2])
                       for m in re.finditer(r"^LAYER (\S+)\n(.*?)^END \1$", text, re.M | re.S)
                       if re.search(r"TYPE\s+ROUTING", m[2])]
        self.macros = {m[1]: _macro(m[2])
                       for m in re.finditer(r"^MACRO (\S+)\n(.*?)^END \1$", text, re.M | re.S)}
        if not self.layers or not self.macros:
            raise Failure(f"{path}: no routing layers or no macros in it")
