#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Maps a module of the RTL to standard cells, by the recipe of mapping.py, for simulation in the module's place.

Writes a Verilog file with the netlist and a model of each library cell in it, from the functions that the
library states, and a Verilator configuration that makes the signals of the given configurations readable.
RAMs stay instances of the RTL's. Modules of the netlist but the top are called <top>_net_<module>,
with a number if there are several.

The netlist's gates and nets are as Yosys leaves them. Added are names, so that what is compared with the RTL is
compared with the netlist: a register with another name or form in the netlist is put together again from its
flip-flops. That flip-flops of a register are left out because nothing reads them is an error unless --gone names it;
<register>_kept then tells which are there.
"""
import argparse
import json
import os
import pathlib
import re
import sys
import tempfile

import hierarchy
import mapping

# Modules left as they are: mapped to memories by the technology.
RAMS = ("ram_1rw", "ram_1r1w")
REGISTERS = re.compile(r"\$_?(s?dff|adff|aldff|dffsr)")


def rtl_files():
    return [f for f in (mapping.ROOT / "rtl/files.f").read_text().split()]


def elaborate(top, parameters):
    files = rtl_files()
    rams = [f for f in files if pathlib.Path(f).stem in RAMS]
    sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
    return (f"read_verilog -lib {' '.join(rams)}\n"
            f"read_verilog -defer {' '.join(f for f in files if f not in rams)}\n"
            f"hierarchy -check -top {top} {sets}\n")


def base_name(module, data):
    """The module's name in the RTL."""
    return data["attributes"].get("hdlname", module).split("\\")[-1]


def wanted_signals(paths):
    """Of Verilator configurations: {module: [variable made public]}, {module: [other settings]}."""
    signals, others = {}, {}
    for path in paths:
        for line in pathlib.Path(path).read_text().splitlines():
            if match := re.fullmatch(r'public_flat_rd -module "(\w+)" -var "(\w+)"', line):
                signals.setdefault(match[1], []).append(match[2])
            elif match := re.match(r'(\w+) -module "(\w+)"', line):
                others.setdefault(match[2], []).append(match[1])
    return signals, others


def encodings(log):
    """State registers that Yosys gave another encoding: {(module, register): {state: code}}, from its log."""
    found = {}
    for match in re.finditer(r"Recoding FSM `\$fsm\$\\(\S+?)\$\d+' from module `(.*?)' using .*?\n((?:.*\n)*?)\n",
                             log):
        codes = dict(re.findall(r"^ *([01]+) -> ([01-]+)$", match[3], re.M))
        found[match[2].lstrip("\\"), match[1]] = codes
    return found


class Nets:
    """Nets of a module as Yosys's JSON has them."""

    def __init__(self, data):
        self.names = {n: d["bits"] for n, d in data["netnames"].items()}
        self.ports = data["ports"]
        self.driven = {b for p in data["ports"].values() if p["direction"] == "input" for b in p["bits"]}
        self.registers = set()
        for cell in data["cells"].values():
            for pin, bits in cell["connections"].items():
                if cell["port_directions"].get(pin) == "output":
                    self.driven.update(bits)
                    if REGISTERS.match(cell["type"]):
                        self.registers.update(bits)

    def words(self, name):
        """Names of the words of a variable: [name], or all of an array; None if there is none."""
        if name in self.names:
            return [name]
        numbers = [int(m[1]) for n in self.names if (m := re.fullmatch(re.escape(name) + r"\[(\d+)\]", n))]
        return [f"{name}[{i}]" for i in range(max(numbers) + 1)] if numbers else None


def escaped(name):
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f"\\{name} "


class Views:
    """Finds the bits of the RTL's variables in the netlist of one module."""

    def __init__(self, rtl, joined, netlist, codes):
        self.rtl, self.joined, self.netlist, self.codes = Nets(rtl), Nets(joined), Nets(netlist), codes
        self.aliases = {}
        for name, bits in self.joined.names.items():
            for i, bit in enumerate(bits):
                self.aliases.setdefault(bit, []).append((name, i))
        # What instances see: Yosys may take a net's name away, but not a port's.
        self.pins = {}
        for cell, place in joined["cells"].items():
            if place["type"].startswith("$") and not place["type"].startswith("$paramod"):
                continue
            for pin, bits in place["connections"].items():
                if pin in netlist["cells"].get(cell, {"connections": {}})["connections"]:
                    for i, bit in enumerate(bits):
                        self.pins[bit] = f"{escaped(cell)}.{pin}" + (f"[{i}]" if len(bits) > 1 else "")
        self.lost = []
        self.states_kept = {}

    def find(self, name, i):
        """Expression for a bit of the RTL in the netlist, or None."""
        if name not in self.joined.names:
            return None
        bit = self.joined.names[name][i]
        if isinstance(bit, str):
            return f"1'b{bit}" if bit in "01" else None
        for name, i in self.aliases[bit]:
            bits = self.netlist.names.get(name)
            if bits is None or i >= len(bits):
                continue
            if isinstance(bits[i], str):
                if bits[i] in "01":
                    return f"1'b{bits[i]}"
            elif bits[i] in self.netlist.driven:
                if len(bits) == 1:
                    return escaped(name)
                return f"{name}[{i}]" if name in self.netlist.ports else f"\\{name}[{i}] "
        return self.pins.get(bit)

    def word(self, name):
        bits = []
        for i, bit in enumerate(self.rtl.names[name]):
            found = self.find(name, i)
            if found is None and bit in self.rtl.registers:
                self.lost.append(f"{name}[{i}]")
            bits.append(found or "1'b0")
        return "{" + ", ".join(reversed(bits)) + "}"

    def decoded(self, name):
        """A state register from its new code, one bit of which is 1 in each state. States that nothing tells apart
        have no flip-flops left: there the register's bits that differ between them are not kept."""
        terms, gone, there = [], [], []
        for state, code in self.codes[name].items():
            assert code.count("1") == 1 and set(code) <= {"1", "-"}, f"{name}: not one-hot: {code}"
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
        self.states_kept[name] = (f"  reg {name}_entered = 1'b0;\n"
                                  f"  always @(posedge clk_i) {name}_entered <= {name}_entered | {some};\n"
                                  f"  wire [{width - 1}:0] {name}_kept = {kept};")
        return " | ".join(terms)

    def declare(self, name):
        """Verilog of a variable, from the netlist's bits; None if the netlist has it or the RTL has not."""
        if name in self.netlist.ports:
            return None
        words = self.rtl.words(name)
        if words is None:
            return None
        width = max(len(self.rtl.names[w]) for w in words if w in self.rtl.names)
        packed = f" [{width - 1}:0]" if width > 1 else ""
        if name in self.codes:
            return f"  wire{packed} {name} = {self.decoded(name)};"
        expressions = [self.word(w) if w in self.rtl.names else f"{width}'d0" for w in words]
        if words != [name]:
            lines = [f"  wire{packed} {name} [0:{len(words) - 1}];"]
            lines += [f"  assign {name}[{i}] = {e};" for i, e in enumerate(expressions)]
            return "\n".join(lines)
        if width == 1 and name in self.netlist.names:
            return None if self.netlist.names[name][0] in self.netlist.driven else f"  assign {name} = {expressions[0]};"
        return f"  wire{packed} {name} = {expressions[0]};"

    def kept(self, name):
        """Verilog of a mask that tells SignalTable which bits of a variable the netlist has, if not all."""
        width = len(self.rtl.names.get(name, []))
        if name in self.states_kept:
            return self.states_kept[name]
        gone = [i for i in range(width) if f"{name}[{i}]" in self.lost]
        if not gone:
            return None
        mask = (1 << width) - 1 - sum(1 << i for i in gone)
        return f"  wire [{width - 1}:0] {name}_kept = {width}'h{mask:x};"


def cell_models(library, cells):
    """Verilog of library cells, from their functions."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "cells.v"
        mapping.run(f"read_liberty -ignore_miss_func {library.path}\n"
                    f"select {' '.join(sorted(cells))}\nwrite_verilog -noattr -selected {path}\n")
        return re.sub(r"^/\*.*?\*/\n", "", path.read_text(), flags=re.S)


def mutate(text, fault):
    """A netlist with one fault, to see it found. MODULE:nand:NET makes the first two-input NAND that NET goes to a NOR,
    MODULE:invert:NET inverts what the flip-flop of NET takes."""
    module, kind, net = fault.split(":")
    body = re.search(rf"^module {module}\b.*?^endmodule$", text, re.M | re.S)
    net = rf"\\?{re.escape(net)} ?"
    place = body and re.search({
        "nand": rf"^  (NAND)2X1 \S+ +\(\n(?:    \.A\(.*\),\n)?    \.[AB]\({net}\)",
        "invert": rf"^  DFFPOSX1 \S+ +\(\n    \.CLK\(.*\),\n    \.D\((.*)\),\n    \.Q\({net}\)"}[kind], body[0], re.M)
    if not place:
        raise mapping.MappingError(f"fault {fault}: no such gate")
    start, end = (body.start() + place.start(1), body.start() + place.end(1))
    return text[:start] + ("NOR" if kind == "nand" else f"~{place[1]}") + text[end:]


def netlist(library, top, parameters, configurations, gone=(), report=print):
    """(Verilog, Verilator configuration) of a module mapped to the library."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # Registers as the RTL has them; then nets with all their names, equal and constant registers joined.
        mapping.run(elaborate(top, parameters) + f"proc\nmemory_map\nwrite_json {folder / 'rtl.json'}\n"
                    f"opt -full\nwrite_json {folder / 'joined.json'}\n")
        # As hierarchy.py maps the module.
        recipe = mapping.commands(library, folder, shared_trees=top == "mxu_array")
        if top in hierarchy.OUTPUT_LOADS_FF:
            constraints = folder / "abc.constr"
            constraints.write_text(re.sub(r"set_load \d+", f"set_load {hierarchy.OUTPUT_LOADS_FF[top]}",
                                          constraints.read_text()))
        log = mapping.run(elaborate(top, parameters) + recipe +
                          f"write_json {folder / 'net.json'}\n"
                          # Bit by bit, so that Verilator sees no loops through vectors.
                          f"splitnets\nwrite_verilog -noattr {folder / 'net.v'}\n")
        rtl = json.loads((folder / "rtl.json").read_text())["modules"]
        joined = json.loads((folder / "joined.json").read_text())["modules"]
        mapped = json.loads((folder / "net.json").read_text())["modules"]
        text = (folder / "net.v").read_text()
    mapped = {m: d for m, d in mapped.items() if m not in library.area and m not in RAMS
              and "blackbox" not in d["attributes"]}
    bases = {}
    for module, data in mapped.items():
        if module != top:
            bases.setdefault(base_name(module, data), []).append(module)
    names = {top: top}
    for base, modules in bases.items():
        for i, module in enumerate(modules):
            names[module] = f"{top}_net_{base}" + (f"_{i}" if len(modules) > 1 else "")
    signals, others = wanted_signals(configurations)
    codes = encodings(log)
    lost, lines = [], ["`verilator_config"]
    cells, flip_flops = {}, 0
    out = []
    bodies = re.findall(r"^module .*?^endmodule\n", text, re.M | re.S)
    if len(bodies) != len(mapped):
        raise mapping.MappingError(f"{top}: {len(bodies)} modules written, {len(mapped)} expected")
    for body in bodies:
        full = re.match(r"module (\\\S+|\w+)", body)[1].lstrip("\\")
        base = base_name(full, mapped[full])
        # Modules that mapping made (trees of multiply-accumulates) are not in the RTL.
        views = full in rtl and Views(rtl[full], joined[full], mapped[full],
                      {register: c for (m, register), c in codes.items() if m == full})
        added = []
        for name in signals.get(base, []) if views else []:
            view = views.declare(name)
            if view:
                added.append(view)
            elif views.netlist.words(name) is None:
                continue
            lines.append(f'public_flat_rd -module "{names[full]}" -var "{name}"')
            kept = views.kept(name)
            if kept:
                added.append(kept)
                lines.append(f'public_flat_rd -module "{names[full]}" -var "{name}_kept"')
        lines += [f'{what} -module "{names[full]}"' for what in others.get(base, [])]
        lost += [f"{base}.{bit}" for bit in views.lost] if views else []
        out.append(body.replace("endmodule\n", "\n".join(added) + "\nendmodule\n") if added else body)
        for cell in mapped[full]["cells"].values():
            if cell["type"] in library.area:
                cells[cell["type"]] = cells.get(cell["type"], 0) + 1
    for ram in RAMS:
        lines += [f'public_flat_rd -module "{ram}" -var "{name}"' for name in signals.get(ram, [])]
    text = "".join(out)
    for full, name in names.items():
        if full != name:
            text = text.replace(f"\\{full} ", f"{name} ")
    # Whoever instantiates the top names its parameters.
    values = ", ".join(f"parameter {n} = {v}" for n, v in parameters.items())
    if values:
        text = re.sub(rf"^module {top} ?\(", f"module {top} #({values}) (", text, flags=re.M)
    unexpected = sorted(set(re.sub(r"\[.*", "", bit) for bit in lost) - set(gone))
    if unexpected:
        raise mapping.MappingError(f"{top}: no flip-flop is left of {', '.join(sorted(set(lost)))}")
    flip_flops = sum(n for c, n in cells.items() if c in library.flip_flops)
    report(f"{top}: {sum(cells.values())} cells of {library.name}, {flip_flops} of them flip-flops")
    head = "// Generated by synth/netlist.py.\n"
    return head + cell_models(library, cells) + text, "\n".join(lines) + "\n"


def write(path, text):
    """As a whole or not at all."""
    temporary = f"{path}.part"
    pathlib.Path(temporary).write_text(text)
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="module to map; with --fault a netlist")
    parser.add_argument("out", help="netlist to write; the configuration is written beside it, as .vlt")
    parser.add_argument("--parameters", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--signals", nargs="*", default=[], help="Verilator configurations")
    parser.add_argument("--gone", nargs="*", default=[], metavar="MODULE.REGISTER",
                        help="registers that may lose flip-flops")
    parser.add_argument("--fault", metavar="MODULE:nand|invert:NET", help="change one gate of a netlist")
    parser.add_argument("--liberty", default=mapping.OSU018)
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    try:
        if options.fault:
            write(out, mutate(pathlib.Path(options.source).read_text(), options.fault))
            return
        verilog, configuration = netlist(
            mapping.Library(options.liberty), options.source, dict(p.split("=") for p in options.parameters),
            options.signals, options.gone)
    except (OSError, mapping.MappingError) as error:
        sys.exit(f"netlist: {error}")
    write(out.with_suffix(".vlt"), configuration)
    write(out, verilog)


if __name__ == "__main__":
    main()
