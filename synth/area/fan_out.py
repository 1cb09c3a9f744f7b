# SPDX-License-Identifier: Apache-2.0
"""Buffers for nets between modules. A module is mapped by itself and does not see how much its
outputs drive: a control of 64 PEs drives 64 times what stands behind a PE's port. Here the loads
are added up from below, port by port, and where more than MOST_PF of other modules' ports stand
behind a net, a tree of buffers goes between, in the netlist of the module that has the net."""
import dataclasses
import re

from scripts.report import text_file
from synth import yosys
from synth.area import rams, verilog

# What a driver is left with, and what a buffer gets: a buffer drives it in a quarter of a
# nanosecond at 180 nm, and the mapper's own limit of 16 loads comes to about as much.
MOST_PF = 0.3
# The clock has a tree of its own, and no paths start from it: nothing is added for it.
CLOCK = "clk_i"
PORT = re.compile(r"^    \.(\\\S+ |[\w$]+)\((.*)\),?$", re.M)
ASSIGN = re.compile(r"^  assign (.*?) = (.*?);$", re.M)


@dataclasses.dataclass
class Loads:
    """What a module's ports stand for, for the module that has it: `pf` {input: [pF of its bits,
    lowest first]}, `through` {output bit: input bit} as [port, number] pairs where no gate is
    between."""
    pf: dict
    through: list


class Nets:
    """The nets of one module of a netlist, and what loads each. `pins` {cell: {input: pF}};
    `loads_of(kind)` gives the Loads of a module, None of a RAM."""

    def __init__(self, body, pins, loads_of):
        self.body, self.pins, self.loads_of = body, pins, loads_of
        ports = re.findall(r"^  (in|out)put (?:\[(\d+):0\] )?(\S+);$", body, re.M)
        self.widths = {name: int(high or 0) + 1 for _, high, name in ports}
        self.vectors = {name: int(high) + 1 for _, high, name in ports if high}
        self.inputs = [name for way, _, name in ports if way == "in"]
        self.alias, self.sinks = {}, {}
        for a, b in ASSIGN.findall(body):
            self.join(self.bits(a)[0], self.bits(b)[0])
        self.instances = list(verilog.INSTANCE.finditer(body))
        for number, instance in enumerate(self.instances):
            self._read(number, instance)

    def bits(self, expression):
        """Lowest first."""
        return [bit.strip() for bit in verilog.bits_of(expression, self.vectors)][::-1]

    def net(self, bit):
        while bit in self.alias:
            bit = self.alias[bit]
        return bit

    def join(self, a, b):
        a, b = self.net(a), self.net(b)
        if a != b:
            self.alias[a] = b

    def ports(self, instance):
        """(pin, expression, where it stands) of an instance."""
        end = self.body.index("\n  );", instance.end() - 1)
        return ((m[1].strip(), m[2], m.span(2))
                for m in PORT.finditer(self.body, instance.end(), end))

    def _read(self, number, instance):
        kind = instance[1].strip()
        if kind in self.pins:
            for pin, expression, _ in self.ports(instance):
                if pin in self.pins[kind]:
                    self._load(self.bits(expression)[0], self.pins[kind][pin], None)
            return
        loads, found = self.loads_of(kind), {}
        for pin, expression, _ in self.ports(instance):
            found[pin] = self.bits(expression)
            if loads is None and not pin.endswith("_o"):
                pf = [rams.PIN_PF] * len(found[pin])
            else:
                pf = loads.pf.get(pin, ()) if loads else ()
            for i, bit_pf in enumerate(pf):
                self._load(found[pin][i], bit_pf, (number, pin, i))
        for (output, i), (port, j) in loads.through if loads else ():
            if output in found:
                self.join(found[output][i], found[port][j])

    def _load(self, bit, pf, place):
        if "'" not in bit and bit != CLOCK:
            self.sinks.setdefault(bit, []).append((pf, place))

    def by_net(self):
        """{net: [(pF, (number of the instance, pin, bit) or None for a cell)]}."""
        out = {}
        for bit, sinks in self.sinks.items():
            out.setdefault(self.net(bit), []).extend(sinks)
        return out

    def port_bits(self, port):
        return [f"{port}[{i}]" for i in range(self.vectors[port])] if port in self.vectors \
            else [port]

    def loads(self, sinks):
        """As others see the module."""
        pf = {p: [round(sum(s[0] for s in sinks.get(self.net(b), ())), 6)
                  for b in self.port_bits(p)] for p in self.inputs if p != CLOCK}
        of = {self.net(b): [p, i] for p in self.inputs for i, b in enumerate(self.port_bits(p))}
        through = [[[p, i], of[self.net(b)]] for p in self.widths if p not in self.inputs
                   for i, b in enumerate(self.port_bits(p)) if self.net(b) in of]
        return Loads(pf, through)


def shares(sinks):
    """Sinks [(pF, ...)] in groups of at most MOST_PF, as far as they can be divided: each sink, the
    largest first, goes to the first group with room for it."""
    groups = []
    for sink in sorted(sinks, key=lambda s: -s[0]):
        for group in groups:
            if group[0] + sink[0] <= MOST_PF:
                break
        else:
            groups.append(group := [0.0, []])
        group[0] += sink[0]
        group[1].append(sink)
    return [group for _, group in groups]


class Tree:
    """Buffers that are put into a module: `moved` {(instance, pin, bit): net} are the sinks that
    hang on a buffer, `sources` the net that each buffer reads."""

    def __init__(self, nets, buffer):
        self.nets, (self.cell, self.input, self.output, self.pf) = nets, buffer
        self.sources, self.moved = [], {}

    def add(self, net, sinks):
        """Between a net and its sinks; what the net is left with."""
        left = [s for s in sinks if s[1] is None]
        modules = [s for s in sinks if s[1] is not None]
        if modules and sum(s[0] for s in sinks) > MOST_PF:
            modules = self._level(modules)
            while sum(s[0] for s in modules) > max(MOST_PF, 2 * self.pf):
                modules = self._level(modules)
        for _, place in modules:
            if isinstance(place, int):
                self.sources[place] = net
        return left + modules

    def _level(self, sinks):
        """A buffer for each share of the sinks: these are the sinks of what comes before."""
        out = []
        for share in shares(sinks):
            number = len(self.sources)
            self.sources.append("")
            for _, place in share:
                if isinstance(place, int):
                    self.sources[place] = f"fan_out_net_{number}"
                else:
                    self.moved[place] = f"fan_out_net_{number}"
            out.append((self.pf, number))
        return out

    def text(self):
        """The module with its buffers."""
        body, pieces, at = self.nets.body, [], 0
        touched = {(number, pin) for number, pin, _ in self.moved}
        numbers = {number for number, _ in touched}
        for number in sorted(numbers):
            for pin, expression, (start, end) in self.nets.ports(self.nets.instances[number]):
                if (number, pin) not in touched:
                    continue
                bits = [self.moved.get((number, pin, i), bit)
                        for i, bit in enumerate(self.nets.bits(expression))]
                joined = ", ".join(f"{bit} " for bit in reversed(bits))
                pieces += [body[at:start], f"{{ {joined} }}" if len(bits) > 1 else joined]
                at = end
        rest = body[at:].removesuffix("endmodule\n")
        wires = "".join(f"  wire fan_out_net_{i};\n" for i in range(len(self.sources)))
        cells = "".join(f"  {self.cell} fan_out_{i} (\n    .{self.input}({source} ),\n"
                        f"    .{self.output}(fan_out_net_{i})\n  );\n"
                        for i, source in enumerate(self.sources))
        head, _, tail = "".join([*pieces, rest]).partition(");\n")
        return f"{head});\n{wires}{tail}{cells}endmodule\n"


class Buffers:
    """Puts the trees into what a Mapper has mapped; what comes out is kept in its folder."""

    def __init__(self, mapper):
        self.mapper, self.library = mapper, mapper.library
        self.flow = yosys.digest(yosys.sources_digest("synth/area/fan_out.py",
                                                      "synth/area/verilog.py"))
        self.loads = {}

    def all(self, mapped):
        """{name: Mapped} with buffers, those below first."""
        done = {}

        def visit(name):
            if name in done:
                return
            for child in mapped[name].children:
                if child in mapped:
                    visit(child)
            done[name] = self._one(mapped[name])

        for name in mapped:
            visit(name)
        return done

    def _one(self, module):
        own = {n: dataclasses.asdict(self.loads[n]) for n in module.children if n in self.loads}
        key = yosys.digest(module.key, sorted(own.items()), self.flow)
        known = self.mapper.cache.get(key)
        if not known or not (self.mapper.folder / known["netlist"]).is_file():
            known = self._insert(module, key)
            self.mapper.cache.put(key, known)
        self.loads[module.variant.name] = Loads(**known["loads"])
        if not known["buffers"]:
            return module
        cells = dict(module.cells)
        name = self.library.buffer[0]
        cells[name] = cells.get(name, 0) + known["buffers"]
        return dataclasses.replace(module, key=key, cells=cells,
                                   netlist=self.mapper.folder / known["netlist"])

    def _insert(self, module, key):
        bodies = verilog.bodies(module.netlist.read_text())
        top, local = module.variant.name, {}

        def read(kind):
            return Nets(bodies[kind], self.library.pins, loads_of)

        def loads_of(kind):
            if kind in bodies and kind not in local:
                nets = read(kind)
                local[kind] = nets.loads(nets.by_net())
            return local.get(kind) or self.loads.get(kind)

        nets = read(top)
        sinks = nets.by_net()
        netlist, buffers = module.netlist.relative_to(self.mapper.folder), 0
        if self.library.buffer:
            tree = Tree(nets, self.library.buffer)
            sinks = {net: tree.add(net, found) for net, found in sinks.items()}
            buffers = len(tree.sources)
            if buffers:
                bodies[top] = tree.text()
                netlist = f"netlists/{key}.v"
                text_file.write(self.mapper.folder / netlist, "".join(bodies.values()))
        return {"netlist": str(netlist), "buffers": buffers,
                "loads": dataclasses.asdict(nets.loads(sinks))}
