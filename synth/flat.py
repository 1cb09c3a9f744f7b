# SPDX-License-Identifier: Apache-2.0
"""A block of the RTL as one module of library cells and RAMs: the netlists of the area run, all
levels of the hierarchy joined, for what looks at cells and nets one by one."""
import dataclasses
import functools
import json
import re
from collections.abc import Collection, Iterator

from synth import yosys
from synth.area import hierarchy, rams
from synth.area.hierarchy import Mapper, Variant
from synth.netlist.mapped import cell_models
from synth.yosys import Failure

# A bit: the number of its net, or a constant, "0", "1" or "x".
Bit = int | str


@dataclasses.dataclass(frozen=True)
class Cell:
    """A library cell. `path` is its place in the hierarchy of the RTL, pins {pin: bit}."""
    path: str
    kind: str
    pins: dict[str, Bit]


@dataclasses.dataclass(frozen=True)
class Memory:
    """A RAM, or a register file that stands as one; pins {port: bits, lowest first}."""
    path: str
    variant: Variant
    pins: dict[str, list[Bit]]


@dataclasses.dataclass(frozen=True)
class Port:
    is_input: bool
    bits: list[Bit]


def pins_by_net(cells: list[Cell]) -> dict[int, list[tuple[int, str]]]:
    """{net: [(cell's number, pin)]}."""
    found: dict[int, list[tuple[int, str]]] = {}
    for i, cell in enumerate(cells):
        for pin, bit in cell.pins.items():
            if isinstance(bit, int):
                found.setdefault(bit, []).append((i, pin))
    return found


class Flat:
    """`cells`, `memories` and `ports` {name: Port} of a mapped module with all below it. Cell i is
    called c<i>, net j n<j>, wherever names are wanted. Modules of the names `as_memories` are
    memories, too. `mapper`: what maps, with its library; `mapped`: what it has mapped."""

    def __init__(self, mapper: Mapper, mapped: dict, top: Variant,
                 as_memories: Collection[str] = ()):
        self.mapper, self.mapped, self.top, self.library = mapper, mapped, top, mapper.library
        boxes = {*mapper.black_boxes, *as_memories}
        counts, box_counts = hierarchy.below(mapped, top.name, boxes)
        variants = {name: child.variant for n in counts
                    for name, child in mapped[n].children.items() if name in box_counts}
        data = self._flatten(list(counts))
        self.cells, self.memories = [], []
        for path, cell in data["cells"].items():
            pins = cell["connections"]
            if cell["type"] in variants:
                self.memories.append(Memory(path, variants[cell["type"]], pins))
            elif cell["type"] in self.library.area:
                self.cells.append(Cell(path, cell["type"], {p: b[0] for p, b in pins.items()}))
            else:
                raise Failure(f"{top.name}: {path} is a {cell['type']}, neither cell nor memory")
        # Of nets that have a name in the RTL, the shortest.
        self.net_names: dict[int, str] = {}
        for name, net in sorted(data["netnames"].items(), key=lambda n: (-len(n[0]), n[0])):
            if not re.search(r"(^|\.)_\d+_$", name):
                self.net_names |= {bit: name if len(net["bits"]) == 1 else f"{name}[{i}]"
                                   for i, bit in enumerate(net["bits"]) if isinstance(bit, int)}
        self.ports = {name: Port(port["direction"] == "input", port["bits"])
                      for name, port in data["ports"].items()}

    def _flatten(self, names: list[str]) -> dict:
        """Yosys's JSON of the module without hierarchy."""
        with yosys.work_folder() as folder:
            (folder / "cells.lib").symlink_to(self.library.path)
            reads = "".join(f"read_verilog {folder}/{i}.v\n" for i in range(len(names)))
            for i, name in enumerate(names):
                (folder / f"{i}.v").symlink_to(self.mapped[name].netlist)
            yosys.run(f"read_liberty -lib -ignore_miss_func {folder}/cells.lib\n{reads}"
                      f"hierarchy -top {self.top.name}\nflatten\nopt_clean -purge\n"
                      f"write_json {folder}/flat.json\n", self.top.name)
            return json.loads((folder / "flat.json").read_text())["modules"][self.top.name]

    @functools.cached_property
    def clock(self) -> Bit | None:
        port = self.ports.get("clk_i")
        return port.bits[0] if port else None

    @functools.cached_property
    def nets(self) -> dict[int, list[tuple[int, str]]]:
        """Pins of library cells by net."""
        return pins_by_net(self.cells)

    def outside(self) -> Iterator[tuple[str, int]]:
        """What nets lead to besides cells, ports bit by bit and pins of memories, and which net."""
        for name, port in self.ports.items():
            yield from ((f"{name}[{i}]", b) for i, b in enumerate(port.bits) if isinstance(b, int))
        for memory in self.memories:
            for pin, bits in memory.pins.items():
                yield from ((f"{memory.path}/{pin}[{i}]", b) for i, b in enumerate(bits)
                            if isinstance(b, int))

    @functools.cached_property
    def used(self) -> set[int]:
        """All nets."""
        return {*self.nets, *(net for _, net in self.outside())}

    def verilog(self, module: str, rtl_memories: bool = False, input_register: str = "") -> str:
        """The netlist. Memories are cells of rams.liberty(), or the RTL's modules. With an
        `input_register`, a flip-flop of the library with pins CLK, D and Q, each input but the
        clock comes from such a one, s<net>."""
        def name_of(bit: Bit) -> str:
            return f"n{bit}" if isinstance(bit, int) else f"1'b{bit if bit in '01' else 0}"

        def memory_type(v: Variant) -> str:
            values = ", ".join(f".{n}({value})" for n, value in v.parameters.items())
            return f"{v.module} #({values})" if rtl_memories else v.name

        ports, assigns = [], []
        for name, port in self.ports.items():
            wide = len(port.bits) > 1
            width = f"[{len(port.bits) - 1}:0] " if wide else ""
            ports.append(f"  {'input' if port.is_input else 'output'} {width}{name}")
            for i, bit in enumerate(port.bits):
                own = f"{name}[{i}]" if wide else name
                if input_register and port.is_input and bit != self.clock:
                    assigns.append(f"  {input_register} s{bit} (.CLK(n{self.clock}), .D({own}), "
                                   f".Q(n{bit}));\n")
                else:
                    left, right = own, name_of(bit)
                    assigns.append(f"  assign {right} = {left};\n" if port.is_input else
                                   f"  assign {left} = {right};\n")
        wires = "".join(f"  wire n{net};\n" for net in sorted(self.used))
        cells = "".join(
            f"  {c.kind} c{i} (" + ", ".join(f".{p}({name_of(b)})" for p, b in c.pins.items())
            + ");\n" for i, c in enumerate(self.cells))
        memories = "".join(
            f"  {memory_type(m.variant)} m{i} ("
            + ", ".join(f".{p}({{{', '.join(map(name_of, reversed(bits)))}}})"
                        for p, bits in m.pins.items()) + ");\n"
            for i, m in enumerate(self.memories))
        return (f"module {module} (\n" + ",\n".join(ports) + "\n);\n" + wires + cells + memories
                + "".join(assigns) + "endmodule\n")

    def models(self) -> str:
        """Verilog of the library cells in it."""
        return cell_models(self.library, {c.kind: 1 for c in self.cells})


class Part:
    """Some cells of a flat module as one of their own. Cells stand in the order of their paths and
    nets are numbered as they are met, so that parts that are alike have the same numbers. `cell_of`
    [number of a cell in the whole], `net_of` {net: that in the whole}; `crossing`: nets that lead
    out of it, the clock's aside."""

    def __init__(self, whole: Flat, cells: Collection[int]):
        def by_path(i: int) -> list:
            return [int(word) if word.isdigit() else word
                    for word in re.split(r"(\d+)", whole.cells[i].path)]

        self.library, self.top = whole.library, whole.top
        self.cell_of = sorted(cells, key=by_path)
        known: dict[int, int] = {}
        self.cells = [
            Cell("", whole.cells[i].kind,
                 {pin: known.setdefault(bit, len(known)) if isinstance(bit, int) else bit
                  for pin, bit in whole.cells[i].pins.items()}) for i in self.cell_of]
        self.nets, self.clock = pins_by_net(self.cells), known.get(whole.clock)
        self.net_of = {net: bit for bit, net in known.items()}
        outside = {net for _, net in whole.outside()}
        self.crossing = [net for net, bit in self.net_of.items() if net != self.clock and
                         (bit in outside or len(self.nets[net]) < len(whole.nets[bit]))]


Netlist = Flat | Part


def flat(library, work: str, top: Variant, jobs: int, progress,
         as_memories: Collection[str] = ()) -> Flat:
    """Maps a module as the area run does, what is known aside, and joins its levels."""
    mapper = Mapper(hierarchy.Sources(), library, work, set(rams.KINDS))
    return Flat(mapper, mapper.map_all([top], jobs, progress), top, as_memories)
