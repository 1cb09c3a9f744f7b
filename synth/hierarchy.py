# SPDX-License-Identifier: Apache-2.0
"""Maps a design to a library module by module: every distinct module (with its parameters) once, its children as
black boxes, so that the sum over instances is exact and a module is mapped again only when its own text changes."""
import concurrent.futures
import os
import pathlib
import re
import tempfile
import threading
import time

import mapping
import yosys
from yosys import ROOT, Failure

# Of what is kept: another one makes everything be mapped again.
FORMAT = 1
# Instances in a netlist as Yosys writes it: type, parameters, name.
INSTANCE = re.compile(r"^  (\\\S+ |[A-Za-z_$][\w$]*)(?: #\((.*?)\n  \))? (\\\S+ |[A-Za-z_$][\w$]*) \(\n", re.M | re.S)
PARAMETER = re.compile(r"\.(\w+)\((?:(\d+)'s?([dbh])([0-9a-fA-F]+)|(\d+))\)")

# Modules with so many equal multiply-accumulates that each kind is mapped once.
SHARED_TREES = ("mxu_tile",)
# What the outputs of a module drive, fF, where that is far more than the recipe's 50: those of the central control go to
# all PEs.
OUTPUT_LOADS_FF = {"eie_ccu": 300}
# The order of mapping: those first that take longest, and those above them.
FIRST = ("mxu_tile", "mxu_array", "mxu")


def parameters_of(text):
    """Numbers of a parameter list in a netlist: {name: value}."""
    bases = {"d": 10, "b": 2, "h": 16}
    return {m[1]: int(m[5]) if m[5] else int(m[4], bases[m[3]]) for m in PARAMETER.finditer(text or "")}


def mangled(module, parameters):
    """One name for a module with parameters."""
    return "__".join([module] + [f"{n}_{v}" for n, v in sorted(parameters.items())])


class Sources:
    """The RTL by module: text, port header, and which modules it instantiates."""

    def __init__(self, files=None):
        self.texts, self.headers = {}, {}
        for file in files or yosys.rtl_files():
            text = (ROOT / file).read_text()
            names = re.findall(r"^module (\w+)", text, re.M)
            header = re.search(r"^module .*?^\);$", text, re.M | re.S)
            if len(names) != 1 or not header:
                raise Failure(f"{file}: expected one module with its ports in the header")
            self.texts[names[0]], self.headers[names[0]] = text, header[0]
        words = {m: set(re.findall(r"\w+", t)) for m, t in self.texts.items()}
        self.children = {m: sorted(c for c in self.texts if c != m and c in words[m]) for m in self.texts}

    def stubs(self, module):
        """Port headers of what `module` instantiates, as modules without content."""
        return "".join(f"(* blackbox *)\n{self.headers[c]}\nendmodule\n" for c in self.children[module])


class Mapped:
    """A module mapped to cells. `cells` {library cell: number} and `children` {mangled: [module, parameters,
    number]} are its own; `places` {instance: mangled} says where the children are; `netlist` is a path."""

    def __init__(self, module, parameters, data, folder):
        self.module, self.parameters = module, parameters
        self.name = mangled(module, parameters)
        self.key, self.cells, self.children = data["key"], data["cells"], data["children"]
        self.places, self.seconds = data["places"], data["seconds"]
        self.has_clock = data["has_clock"]
        self.netlist = folder / data["netlist"]


class Mapper:
    """Maps modules by the recipe of mapping.py and keeps what it has in a folder."""

    def __init__(self, sources, library, folder, black_boxes):
        self.sources, self.library, self.black_boxes = sources, library, black_boxes
        self.folder = pathlib.Path(folder).resolve()
        self.cache = yosys.Cache(self.folder / "mapped")
        scripts = [ROOT / "synth" / name for name in ("mapping.py", "carry_save.py")]
        scripts += sorted((ROOT / "synth").glob("techmap/*.v"))
        self.flow = yosys.digest([p.read_text() for p in scripts], FORMAT, SHARED_TREES,
                                 library.path.read_text(errors="replace"), yosys.version("yosys"))
        (self.folder / "netlists").mkdir(parents=True, exist_ok=True)

    def key(self, module, parameters):
        load = [OUTPUT_LOADS_FF[module]] if module in OUTPUT_LOADS_FF else []
        return yosys.digest(self.sources.texts[module], self.sources.stubs(module), parameters, self.flow, *load)

    def known(self, module, parameters):
        """The module as mapped before, or None."""
        key = self.key(module, parameters)
        data = self.cache.get(key)
        if data and data.get("key") == key and (self.folder / data["netlist"]).is_file():
            return Mapped(module, parameters, data, self.folder)
        return None

    def map(self, module, parameters):
        """Maps a module; raises Failure."""
        key = self.key(module, parameters)
        start = time.monotonic()
        sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            stubs = pathlib.Path(folder) / "stubs.v"
            stubs.write_text(self.sources.stubs(module))
            # What the key is of, whatever becomes of the file meanwhile.
            source = pathlib.Path(folder) / f"{module}.v"
            source.write_text(self.sources.texts[module])
            net = pathlib.Path(folder) / "net.v"
            read = (f"read_verilog -defer {source}\nread_verilog -lib {stubs}\n"
                    f"hierarchy -check -top {module} {sets}\n")
            # Nets bit by bit: readers of netlists take no assignment to a list of bits.
            write = f"splitnets\nopt_clean -purge\nwrite_verilog -noattr -noexpr {net}\n"
            if not self.is_wiring(module, read, write, pathlib.Path(folder) / "stat.json"):
                recipe = mapping.commands(self.library, folder, shared_trees=module in SHARED_TREES)
                if module in OUTPUT_LOADS_FF:
                    constraints = pathlib.Path(folder) / "abc.constr"
                    constraints.write_text(re.sub(r"set_load \d+", f"set_load {OUTPUT_LOADS_FF[module]}",
                                                  constraints.read_text()))
                yosys.run(read + recipe + write, mangled(module, parameters))
            text = net.read_text()
        name = mangled(module, parameters)
        # Modules of the netlist: the module itself and what mapping made (trees of multiply-accumulates).
        bodies = {m[1].strip(): m[0] for m in re.finditer(r"^module (\\\S+ |\w+)\(.*?^endmodule\n", text, re.M | re.S)}
        local = {made: f"{name}__{re.split(chr(92) * 2, made)[-1]}" for made in bodies if made != module}
        cells, children, places = {}, {}, {}
        own = {made: {} for made in bodies}

        def instances(body, made):
            def instance(match):
                kind, place = match[1].strip(), match[3].strip().lstrip("\\")
                if kind in self.library.area or kind in local:
                    own[made][kind] = own[made].get(kind, 0) + 1
                    return match[0] if kind not in local else f"  {local[kind]} {match[3]} (\n"
                if kind not in self.sources.texts:
                    raise Failure(f"{module}: cell {kind} is neither of library {self.library.name} nor a module")
                child = parameters_of(match[2])
                full = mangled(kind, child)
                children.setdefault(full, [kind, child, 0])[2] += 1
                places[place] = full
                return f"  {full} {match[3]} (\n"

            return assign_bits(INSTANCE.sub(instance, body))

        def count(made, times):
            for kind, number in own[made].items():
                if kind in local:
                    count(kind, times * number)
                else:
                    cells[kind] = cells.get(kind, 0) + times * number

        text = "".join(re.sub(r"^module (\\\S+ |\w+)", f"module {local.get(made, name)}", instances(body, made), count=1)
                       for made, body in bodies.items())
        count(module, 1)
        path = self.folder / "netlists" / f"{key}.v"
        write_text(path, text)
        data = {"key": key, "module": module, "parameters": parameters, "cells": cells, "children": children,
                "places": places, "netlist": f"netlists/{key}.v", "has_clock": "input clk_i;" in text,
                "seconds": round(time.monotonic() - start, 1)}
        self.cache.put(key, data)
        return Mapped(module, parameters, data, self.folder)

    def is_wiring(self, module, read, write, statistics):
        """Whether a module has instances and wires alone; if so its netlist is written as it is. The passes of a
        mapping take minutes for the wires of a large array."""
        if re.search(r"^ *always\b", self.sources.texts[module], re.M):
            return False
        yosys.run(read + f"proc\nopt_expr\nopt_clean\ntee -q -o {statistics} stat -json\n" + write, module)
        cells = next(iter(yosys.statistics(statistics).values()))
        return not any(kind.startswith("$") for kind in cells)

    def map_all(self, tops, jobs, progress=print):
        """Maps [(module, parameters)] and all below them: {mangled: Mapped}. Black boxes are left out."""
        done, waiting, lock = {}, {}, threading.Lock()

        def work(module, parameters):
            known = self.known(module, parameters)
            if known:
                return known
            with lock:
                progress(f"mapping {shown(module, parameters)}")
            found = self.map(module, parameters)
            with lock:
                progress(f"mapped {shown(module, parameters)}: {sum(found.cells.values()):,} cells, {found.seconds:.0f} s")
            return found

        # What is to be mapped, in the order of FIRST, then as found.
        pending = []

        def add(module, parameters):
            name = mangled(module, parameters)
            if module not in self.black_boxes and name not in seen:
                seen.add(name)
                pending.append((FIRST.index(module) if module in FIRST else len(FIRST), len(seen), name, module, parameters))

        seen = set()
        for module, parameters in tops:
            add(module, parameters)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            while waiting or pending:
                pending.sort(key=lambda p: p[:2])
                while pending and len(waiting) < jobs:
                    _, _, name, module, parameters = pending.pop(0)
                    waiting[pool.submit(work, module, parameters)] = name
                finished, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in finished:
                    name = waiting.pop(future)
                    done[name] = future.result()
                    for module, parameters, _ in done[name].children.values():
                        add(module, parameters)
        return done


def assign_bits(text):
    """A netlist with its assignments to and from lists of bits made bit by bit, as readers of netlists want them."""
    widths = {m[2]: (int(m[1]) + 1) for m in re.finditer(r"^  (?:in|out)put \[(\d+):0\] (\S+);$", text, re.M)}

    def bits(expression):
        out = []
        for item in re.findall(r"\d+'h[0-9a-f]+|\\\S+ |[A-Za-z_$][\w$]*(?:\[[\d:]+\])?", expression):
            constant = re.match(r"(\d+)'h([0-9a-f]+)", item)
            vector = re.match(r"([A-Za-z_$][\w$]*)(?:\[(\d+)(?::(\d+))?\])?$", item)
            if constant:
                value = int(constant[2], 16)
                out += [f"1'h{value >> i & 1}" for i in reversed(range(int(constant[1])))]
            elif vector and (vector[2] or vector[1] in widths):
                high = int(vector[2]) if vector[2] else widths[vector[1]] - 1
                low = int(vector[3] or high) if vector[2] else 0
                out += [f"{vector[1]}[{i}]" for i in reversed(range(low, high + 1))]
            else:
                out.append(item)
        return out

    def split(match):
        left, right = bits(match[1]), bits(match[2])
        if len(left) != len(right):
            raise Failure(f"an assignment of {len(right)} bits to {len(left)} in a netlist: {match[0][:80]}")
        return "\n".join(f"  assign {a} = {b};" for a, b in zip(left, right))

    return re.sub(r"^  assign (.*?) = (.*?);$", split, text, flags=re.M)


def shown(module, parameters):
    """A module with parameters for people."""
    return module + ("(" + ", ".join(f"{n}={v}" for n, v in sorted(parameters.items())) + ")" if parameters else "")


def write_text(path, text):
    """As a whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def below(mapped, top, black_boxes, cut=()):
    """How often each module occurs below (and with) the module of mangled name `top`, and how often each black box:
    two {name: number}. Modules in `cut` are left out with all that is below them."""
    counts, boxes = {}, {}

    def count(name, times):
        counts[name] = counts.get(name, 0) + times
        for child, (module, _, number) in mapped[name].children.items():
            if child in cut:
                continue
            if module in black_boxes:
                boxes[child] = boxes.get(child, 0) + times * number
            else:
                count(child, times * number)

    count(top, 1)
    return counts, boxes


