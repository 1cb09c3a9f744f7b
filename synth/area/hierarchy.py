# SPDX-License-Identifier: Apache-2.0
"""Maps a design to a library module by module: every distinct module (with its parameters) once,
its children as black boxes, so that the sum over instances is exact and a module is mapped again
only when its own text changes."""
import collections
import concurrent.futures
import dataclasses
import pathlib
import re
import threading
import time

from scripts.report import text_file
from synth import recipe, yosys
from synth.area import fan_out, verilog
from synth.yosys import Failure

# Of what is kept: another one makes everything be mapped again.
FORMAT = 2
# The order of mapping: those first that take longest, and those above them.
FIRST = ("mxu_tile", "mxu_array", "mxu_multiply", "mxu")


@dataclasses.dataclass(frozen=True)
class Variant:
    """A module with values of its parameters."""
    module: str
    parameters: dict

    @property
    def name(self):
        return "__".join([self.module] + [f"{n}_{v}" for n, v in sorted(self.parameters.items())])

    def shown(self, names=None):
        """For people; with those of the parameters that are in `names`."""
        values = ", ".join(f"{n}={v}" for n, v in sorted(self.parameters.items())
                           if names is None or n in names)
        return f"{self.module}({values})" if values else self.module


class Sources:
    """The RTL by module: text, port header, and which modules it instantiates."""

    def __init__(self, files=None):
        self.texts, self.headers = {}, {}
        for file in files or yosys.rtl_files():
            text = (yosys.ROOT / file).read_text()
            names = re.findall(r"^module (\w+)", text, re.M)
            header = re.search(r"^module .*?^\);$", text, re.M | re.S)
            if len(names) != 1 or not header:
                raise Failure(f"{file}: expected one module with its ports in the header")
            self.texts[names[0]], self.headers[names[0]] = text, header[0]
        words = {m: set(re.findall(r"\w+", t)) for m, t in self.texts.items()}
        self.children = {m: sorted(c for c in self.texts if c != m and c in words[m])
                         for m in self.texts}

    def stubs(self, module):
        """Port headers of what `module` instantiates, as modules without content."""
        return "".join(f"(* blackbox *)\n{self.headers[c]}\nendmodule\n"
                       for c in self.children[module])


@dataclasses.dataclass
class Child:
    """A module that another one instantiates, and how often."""
    variant: Variant
    number: int


@dataclasses.dataclass
class Mapped:
    """A module mapped to cells. `cells` {library cell: number} and `children` {name: Child} are its
    own; `places` {instance: name} says where the children are; `netlist` is a path."""
    variant: Variant
    key: str
    cells: dict
    children: dict
    places: dict
    netlist: pathlib.Path
    has_clock: bool
    seconds: float

    @property
    def number_of_cells(self):
        return sum(self.cells.values())


class Netlist:
    """What Yosys wrote of a mapped module, taken apart: cells, children, and the text with names
    that are unique among all modules."""

    def __init__(self, variant, text, library, modules):
        self.variant, self.library, self.modules = variant, library, modules
        self.children, self.places = {}, {}
        # The module itself and what mapping made (trees of multiply-accumulates).
        bodies = verilog.bodies(text)
        self.local = {made: f"{variant.name}__{re.split(chr(92) * 2, made)[-1]}"
                      for made in bodies if made != variant.module}
        self.own = {made: collections.Counter() for made in bodies}
        self.text = "".join(self._renamed(made, body) for made, body in bodies.items())

    def _renamed(self, made, body):
        instances = verilog.INSTANCE.sub(lambda m: self._instance(made, m), body)
        return re.sub(r"^module (\\\S+ |\w+)",
                      f"module {self.local.get(made, self.variant.name)}",
                      verilog.assign_bits(instances), count=1)

    def _instance(self, made, match):
        """The head of an instance in `made`, counted, with the type's new name."""
        kind, place = match[1].strip(), match[3].strip().lstrip("\\")
        if kind in self.library.area or kind in self.local:
            self.own[made][kind] += 1
            return f"  {self.local[kind]} {match[3]} (\n" if kind in self.local else match[0]
        if kind not in self.modules:
            raise Failure(f"{self.variant.module}: cell {kind} is neither of library "
                          f"{self.library.name} nor a module")
        child = Variant(kind, verilog.parameters_of(match[2]))
        self.children.setdefault(child.name, Child(child, 0)).number += 1
        self.places[place] = child.name
        return f"  {child.name} {match[3]} (\n"

    def cells(self):
        """{library cell: number} of the module with what mapping made for it."""
        cells = {}

        def count(made, times):
            for kind, number in self.own[made].items():
                if kind in self.local:
                    count(kind, times * number)
                else:
                    cells[kind] = cells.get(kind, 0) + times * number

        count(self.variant.module, 1)
        return cells


class Mapper:
    """Maps modules by the recipe and keeps what it has in a folder. Modules of the names
    `black_boxes` are not mapped."""

    def __init__(self, sources, library, folder, black_boxes):
        self.sources, self.library, self.black_boxes = sources, library, black_boxes
        self.folder = pathlib.Path(folder).resolve()
        self.cache = yosys.Cache(self.folder / "mapped")
        self.flow = yosys.digest(yosys.sources_digest(*recipe.FILES), FORMAT, library.text,
                                 yosys.version("yosys"))

    def key(self, variant):
        module = variant.module
        return yosys.digest(self.sources.texts[module], self.sources.stubs(module),
                            variant.parameters, self.flow)

    def known(self, variant):
        """The module as mapped before, or None."""
        data = self.cache.get(self.key(variant))
        if not data or not (self.folder / data["netlist"]).is_file():
            return None
        children = {name: Child(Variant(c["variant"]["module"], c["variant"]["parameters"]),
                                c["number"]) for name, c in data["children"].items()}
        return Mapped(**{**data, "variant": variant, "children": children,
                         "netlist": self.folder / data["netlist"]})

    def map(self, variant):
        """Maps a module; raises Failure."""
        start = time.monotonic()
        netlist = Netlist(variant, self.run_yosys(variant), self.library, self.sources.texts)
        key = self.key(variant)
        path = f"netlists/{key}.v"
        text_file.write(self.folder / path, netlist.text)
        mapped = Mapped(variant, key, netlist.cells(), netlist.children, netlist.places,
                        self.folder / path, "input clk_i;" in netlist.text,
                        round(time.monotonic() - start, 1))
        self.cache.put(key, {**dataclasses.asdict(mapped), "netlist": path})
        return mapped

    def run_yosys(self, variant):
        """The netlist of a module as Yosys writes it."""
        module = variant.module
        with yosys.work_folder() as folder:
            (folder / "stubs.v").write_text(self.sources.stubs(module))
            # What the key is of, whatever becomes of the file meanwhile.
            source = folder / f"{module}.v"
            source.write_text(self.sources.texts[module])
            read = (f"read_verilog -lib {folder}/stubs.v\n"
                    + yosys.read(module, variant.parameters, [source]))
            # Nets bit by bit: readers of netlists take no assignment to a list of bits.
            write = f"splitnets\nopt_clean -purge\nwrite_verilog -noattr -noexpr {folder}/net.v\n"
            if not self.is_wiring(module, read, write, folder):
                yosys.run(read + recipe.commands(self.library, folder, module) + write,
                          variant.name)
            return (folder / "net.v").read_text()

    def is_wiring(self, module, read, write, folder):
        """Whether a module has instances and wires alone; if so its netlist is written as it is.
        The passes of a mapping take minutes for the wires of a large array."""
        if re.search(r"^ *always\b", self.sources.texts[module], re.M):
            return False
        statistics = folder / "stat.json"
        yosys.run(f"{read}proc\nopt_expr\nopt_clean\ntee -q -o {statistics} stat -json\n{write}",
                  module)
        cells = next(iter(yosys.statistics(statistics).values()))
        return not any(kind.startswith("$") for kind in cells)

    def map_all(self, tops, jobs, progress=print):
        """Maps variants and all below them: {name: Mapped}, nets between modules with buffers where
        much stands behind them. Black boxes are left out."""
        lock, done, waiting, seen, pending = threading.Lock(), {}, {}, set(), []

        def say(text):
            with lock:
                progress(text)

        def work(variant):
            found = self.known(variant)
            if not found:
                say(f"mapping {variant.shown()}")
                found = self.map(variant)
                say(f"mapped {variant.shown()}: {found.number_of_cells:,} cells, "
                    f"{found.seconds:.0f} s")
            return found

        def add(variants):
            """To what is to be mapped, in the order of FIRST, then as found."""
            for variant in variants:
                if variant.module not in self.black_boxes and variant.name not in seen:
                    seen.add(variant.name)
                    pending.append(variant)
            pending.sort(key=lambda v: FIRST.index(v.module) if v.module in FIRST else len(FIRST))

        add(tops)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            while waiting or pending:
                while pending and len(waiting) < jobs:
                    variant = pending.pop(0)
                    waiting[pool.submit(work, variant)] = variant.name
                for future in concurrent.futures.wait(
                        waiting, return_when=concurrent.futures.FIRST_COMPLETED).done:
                    mapped = done[waiting.pop(future)] = future.result()
                    add(child.variant for child in mapped.children.values())
        return fan_out.Buffers(self).all(done)


def below(mapped, top, black_boxes, cut=()):
    """How often each module occurs below (and with) the module of name `top`, and how often each
    black box: two {name: number}. Modules in `cut` are left out with all that is below them."""
    counts, boxes = {}, {}

    def count(name, times):
        counts[name] = counts.get(name, 0) + times
        for child_name, child in mapped[name].children.items():
            if child_name in cut:
                continue
            if child.variant.module in black_boxes:
                boxes[child_name] = boxes.get(child_name, 0) + times * child.number
            else:
                count(child_name, times * child.number)

    count(top, 1)
    return counts, boxes
