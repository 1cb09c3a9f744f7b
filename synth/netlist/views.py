# SPDX-License-Identifier: Apache-2.0
"""Finds the variables of the RTL in the netlist of a module: names and forms of registers that
mapping changed, put together again from the netlist's flip-flops."""
import re

from synth.yosys import Failure

REGISTERS = re.compile(r"\$_?(s?dff|adff|aldff|dffsr)")


class Nets:
    """Nets of a module as Yosys's JSON has them."""

    def __init__(self, data: dict):
        self.names = {n: d["bits"] for n, d in data["netnames"].items()}
        self.ports = data["ports"]
        self.driven = {b for p in self.ports.values() if p["direction"] == "input"
                       for b in p["bits"]}
        self.registers = set()
        for cell in data["cells"].values():
            bits = {b for pin, bits in cell["connections"].items() for b in bits
                    if cell["port_directions"].get(pin) == "output"}
            self.driven |= bits
            if REGISTERS.match(cell["type"]):
                self.registers |= bits

    def words(self, name: str) -> list[str] | None:
        """Names of the words of a variable: [name], or all of an array; None if there is none."""
        if name in self.names:
            return [name]
        word = re.compile(re.escape(name) + r"\[(\d+)\]")
        numbers = [int(m[1]) for n in self.names if (m := word.fullmatch(n))]
        return [f"{name}[{i}]" for i in range(max(numbers) + 1)] if numbers else None


def escaped(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f"\\{name} "


def pins_of(joined: dict, netlist: dict) -> dict[int, str]:
    """Expressions for bits that instances of modules see: Yosys may take a net's name away, but
    not a port's."""
    pins = {}
    for cell, place in joined["cells"].items():
        if place["type"].startswith("$") and not place["type"].startswith("$paramod"):
            continue
        kept = netlist["cells"].get(cell, {"connections": {}})["connections"]
        for pin, bits in place["connections"].items():
            for i, bit in enumerate(bits if pin in kept else ()):
                pins[bit] = f"{escaped(cell)}.{pin}" + (f"[{i}]" if len(bits) > 1 else "")
    return pins


class Views:
    """The bits of the RTL's variables in the netlist of one module. `rtl`, `joined`, `netlist` are
    the module in Yosys's JSON: as in the RTL; with equal and constant registers joined; mapped.
    `codes` {register: {state: code}} are registers with another encoding. `lost` are bits whose
    flip-flops are left out, as found so far."""

    def __init__(self, rtl: dict, joined: dict, netlist: dict, codes: dict):
        self.rtl, self.joined, self.netlist = Nets(rtl), Nets(joined), Nets(netlist)
        self.codes = codes
        self.aliases = {}
        for name, bits in self.joined.names.items():
            for i, bit in enumerate(bits):
                self.aliases.setdefault(bit, []).append((name, i))
        self.pins = pins_of(joined, netlist)
        self.lost = []
        self.states_kept = {}

    def find(self, name: str, i: int) -> str | None:
        """Expression for a bit of the RTL in the netlist, or None."""
        if name not in self.joined.names:
            return None
        bit = self.joined.names[name][i]
        if isinstance(bit, str):
            return f"1'b{bit}" if bit in "01" else None
        found = (self._alias(*alias) for alias in self.aliases[bit])
        return next((f for f in found if f), None) or self.pins.get(bit)

    def _in_wider_word(self, name: str, i: int) -> tuple[str, int]:
        """Where the netlist has a bit of a memory's word: Yosys joins words that are always written
        and read together to one of as many times the bits."""
        match = re.fullmatch(r"(.*)\[(\d+)\]", name)
        words = match and self.netlist.words(match[1])
        if not words or name not in self.joined.names:
            return name, i
        width = len(self.joined.names[name])
        joins = max(len(self.netlist.names.get(w, ())) for w in words) // width
        if joins <= 1:
            return name, i
        number = int(match[2])
        return f"{match[1]}[{number // joins}]", width * (number % joins) + i

    def _alias(self, name: str, i: int) -> str | None:
        """Expression for a bit of a net of the netlist, or None if nothing drives it."""
        name, i = self._in_wider_word(name, i)
        bits = self.netlist.names.get(name, [])
        if i >= len(bits):
            return None
        if isinstance(bits[i], str):
            return f"1'b{bits[i]}" if bits[i] in "01" else None
        if bits[i] not in self.netlist.driven:
            return None
        if len(bits) == 1:
            return escaped(name)
        return f"{name}[{i}]" if name in self.netlist.ports else f"\\{name}[{i}] "

    def word(self, name: str) -> str:
        bits = []
        for i, bit in enumerate(self.rtl.names[name]):
            found = self.find(name, i)
            if found is None and bit in self.rtl.registers:
                self.lost.append(f"{name}[{i}]")
            bits.append(found or "1'b0")
        return "{" + ", ".join(reversed(bits)) + "}"

    def decoded(self, name: str) -> str:
        """A state register from its new code, one bit of which is 1 in each state. States that
        nothing tells apart have no flip-flops left: there the register's bits that differ between
        them are not kept."""
        terms, gone, there = [], [], []
        for state, code in self.codes[name].items():
            if not re.fullmatch("-*1-*", code):
                raise Failure(f"{name}: not one-hot: {code}")
            index = len(code) - 1 - code.index("1")
            if self.netlist.names[name][index] in self.netlist.driven:
                there.append(f"\\{name}[{index}] ")
                terms.append(f"{{{len(state)}{{{there[-1]}}}}} & {len(state)}'b{state}")
            else:
                gone.append(state)
        width = len(next(iter(self.codes[name])))
        some = " | ".join(there)
        kept = f"{{{width}{{{name}_entered | {some}}}}}"
        if gone:
            terms.append(f"{{{width}{{~({some})}}}} & {width}'b{gone[0]}")
            same = "".join("1" if len(set(bits)) == 1 else "0" for bits in zip(*gone))
            kept += f" & ({{{width}{{{some}}}}} | {width}'b{same})"
        # Until the first state the register holds none of the codes.
        self.states_kept[name] = (
            f"  reg {name}_entered = 1'b0;\n"
            f"  always @(posedge clk_i) {name}_entered <= {name}_entered | {some};\n"
            f"  wire [{width - 1}:0] {name}_kept = {kept};")
        return " | ".join(terms)

    def declare(self, name: str) -> str | None:
        """Verilog of a variable, from the netlist's bits; None if the netlist has it or the RTL has
        not."""
        words = None if name in self.netlist.ports else self.rtl.words(name)
        if words is None:
            return None
        width = max(len(self.rtl.names[w]) for w in words if w in self.rtl.names)
        wire = f"  wire [{width - 1}:0] {name}" if width > 1 else f"  wire {name}"
        if name in self.codes:
            return f"{wire} = {self.decoded(name)};"
        expressions = [self.word(w) if w in self.rtl.names else f"{width}'d0" for w in words]
        if words != [name]:
            return "\n".join([f"{wire} [0:{len(words) - 1}];"] + [
                f"  assign {name}[{i}] = {e};" for i, e in enumerate(expressions)])
        if width == 1 and name in self.netlist.names:
            driven = self.netlist.names[name][0] in self.netlist.driven
            return None if driven else f"  assign {name} = {expressions[0]};"
        return f"{wire} = {expressions[0]};"

    def kept(self, name: str) -> str | None:
        """Verilog of a mask that tells SignalTable which bits of a variable the netlist has, if not
        all."""
        if name in self.states_kept:
            return self.states_kept[name]
        width = len(self.rtl.names.get(name, []))
        gone = [i for i in range(width) if f"{name}[{i}]" in self.lost]
        mask = (1 << width) - 1 - sum(1 << i for i in gone)
        return f"  wire [{width - 1}:0] {name}_kept = {width}'h{mask:x};" if gone else None
