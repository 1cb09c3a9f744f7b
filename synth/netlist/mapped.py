# SPDX-License-Identifier: Apache-2.0
"""A module of the RTL mapped to standard cells, as Verilog with views of the RTL's variables."""
import collections
import dataclasses
import json
import pathlib
import re
from collections.abc import Iterable

from synth import recipe, yosys
from synth.library import Library
from synth.netlist.views import Views
from synth.yosys import Failure

# Modules left as they are: mapped to memories by the technology.
RAMS = ("ram_1rw", "ram_1r1w")
PUBLIC = re.compile(r'public_flat_rd -module "(\w+)" -var "(\w+)"')


@dataclasses.dataclass(frozen=True)
class Signals:
    """Of Verilator configurations: variables made public and other settings, by module."""
    public: dict
    others: dict

    @classmethod
    def read(cls, paths: Iterable[str]) -> "Signals":
        signals = cls(collections.defaultdict(list), collections.defaultdict(list))
        for path in paths:
            for line in pathlib.Path(path).read_text().splitlines():
                if match := PUBLIC.fullmatch(line):
                    signals.public[match[1]].append(match[2])
                elif match := re.match(r'(\w+) -module "(\w+)"', line):
                    signals.others[match[2]].append(match[1])
        return signals

    def nets(self) -> list[str]:
        """Public variables that are neither registers, ports nor memories: mapping would take their
        names away."""
        return sorted({name for names in self.public.values() for name in names
                       if not re.search(r"_[qio]$", name) and name != "mem"})


@dataclasses.dataclass(frozen=True)
class Mapped:
    """What Yosys makes of a module and those below it: modules in its JSON as in the RTL, with
    registers joined, and mapped; the netlist's text; codes {(module, register): {state: code}}."""
    rtl: dict
    joined: dict
    netlist: dict
    text: str
    codes: dict


def base_name(module: str, data: dict) -> str:
    """The module's name in the RTL."""
    return data["attributes"].get("hdlname", module).split("\\")[-1]


def encodings(log: str) -> dict[tuple[str, str], dict[str, str]]:
    """State registers that Yosys gave another encoding, from its log."""
    found = {}
    for match in re.finditer(r"Recoding FSM `\$fsm\$\\(\S+?)\$\d+' from module `(.*?)' using .*?\n"
                             r"((?:.*\n)*?)\n", log):
        codes = dict(re.findall(r"^ *([01]+) -> ([01-]+)$", match[3], re.M))
        found[match[2].lstrip("\\"), match[1]] = codes
    return found


def map_module(library: Library, top: str, parameters: dict, nets: Iterable[str]) -> Mapped:
    """Runs Yosys: a Mapped. `nets` stay as they are."""
    boxes = [f for f in yosys.rtl_files() if pathlib.Path(f).stem in RAMS]
    read = yosys.read(top, parameters, boxes=boxes)
    with yosys.work_folder() as folder:
        # Registers as the RTL has them; then nets with all their names, equal and constant
        # registers joined.
        yosys.run(f"{read}proc\nmemory_map\nwrite_json {folder}/rtl.json\n"
                  f"opt -full\nwrite_json {folder}/joined.json\n", top)
        # Of a wire without an attribute Yosys' wreduce may cut off bits that another name has, too.
        # Bit by bit, so that Verilator sees no loops through vectors.
        keep = "".join(f"setattr -set keep 1 w:{net}\n" for net in nets)
        log = yosys.run(f"{read}setattr -set register 1 w:*_q\n{keep}" +
                        recipe.commands(library, folder, top) +
                        f"write_json {folder}/net.json\n"
                        f"splitnets\nwrite_verilog -noattr {folder}/net.v\n", top)
        rtl, joined, mapped = (json.loads((folder / f"{name}.json").read_text())["modules"]
                               for name in ("rtl", "joined", "net"))
        text = (folder / "net.v").read_text()
    mapped = {m: d for m, d in mapped.items() if m not in library.area and m not in RAMS
              and "blackbox" not in d["attributes"]}
    return Mapped(rtl, joined, mapped, text, encodings(log))


def unique_names(top: str, modules: dict) -> dict[str, str]:
    """Names of the netlist's modules among those of the RTL: <top>_net_<module>, with a number if
    there are several; the top keeps its own."""
    bases = collections.defaultdict(list)
    for module, data in modules.items():
        if module != top:
            bases[base_name(module, data)].append(module)
    names = {top: top}
    for base, found in bases.items():
        for i, module in enumerate(found):
            names[module] = f"{top}_net_{base}" + (f"_{i}" if len(found) > 1 else "")
    return names


class Netlist:
    """The text of a mapped module with views of public variables, and its Verilator configuration.
    `lost` are bits of registers without flip-flops."""

    def __init__(self, top: str, mapped: Mapped, signals: Signals):
        self.top, self.mapped, self.signals = top, mapped, signals
        self.names = unique_names(top, mapped.netlist)
        # Bits of a bus lead to others of the same, which for Verilator is a loop of one signal; bit
        # by bit there is none (Yosys' scc).
        self.lost, self.configuration = [], ["`verilator_config",
                                             'lint_off -rule UNOPTFLAT -file "*/mapped/*.v"']
        bodies = re.findall(r"^module .*?^endmodule\n", mapped.text, re.M | re.S)
        if len(bodies) != len(mapped.netlist):
            raise Failure(f"{top}: {len(bodies)} modules written, {len(mapped.netlist)} expected")
        self.text = "".join(map(self._body, bodies))
        for module, name in self.names.items():
            # A module of parameters has an escaped name, one without them a plain one.
            if module != name:
                plain = re.escape(module)
                self.text = re.sub(rf"^(module |  )(?:\\{plain} |{plain}\b)", rf"\g<1>{name} ",
                                   self.text, flags=re.M)
        for ram in RAMS:
            for name in signals.public[ram]:
                self._publish(ram, name)

    def _publish(self, module: str, name: str) -> None:
        self.configuration.append(f'public_flat_rd -module "{module}" -var "{name}"')

    def _body(self, body: str) -> str:
        """A module with what is added to it."""
        module = re.match(r"module (\\\S+|\w+)", body)[1].lstrip("\\")
        base = base_name(module, self.mapped.netlist[module])
        added = []
        # Modules that mapping made (trees of multiply-accumulates) are not in the RTL.
        if module in self.mapped.rtl:
            codes = {r: c for (m, r), c in self.mapped.codes.items() if m == module}
            views = Views(self.mapped.rtl[module], self.mapped.joined[module],
                          self.mapped.netlist[module], codes)
            for name in self.signals.public[base]:
                added += self._view(views, self.names[module], name)
            self.lost += [f"{base}.{bit}" for bit in views.lost]
        self.configuration += [f'{what} -module "{self.names[module]}"'
                               for what in self.signals.others[base]]
        return body.replace("endmodule\n", "\n".join([*added, "endmodule\n"])) if added else body

    def _view(self, views: Views, module: str, name: str) -> list[str]:
        """Verilog of a public variable, and of the mask of its bits."""
        view = views.declare(name)
        if not view and views.netlist.words(name) is None:
            return []
        self._publish(module, name)
        kept = views.kept(name)
        if kept:
            self._publish(module, f"{name}_kept")
        return [text for text in (view, kept) if text]

    def cells(self, library: Library) -> dict[str, int]:
        """{library cell: number}, every module once."""
        return collections.Counter(
            cell["type"] for module in self.mapped.netlist.values()
            for cell in module["cells"].values() if cell["type"] in library.area)


def cell_models(library: Library, cells: dict[str, int]) -> str:
    """Verilog of library cells, from their functions."""
    with yosys.work_folder() as folder:
        yosys.run(f"read_liberty -ignore_miss_func {recipe.prepare(library, folder)}\n"
                  f"select {' '.join(sorted(cells))}\n"
                  f"write_verilog -noattr -selected {folder}/cells.v\n", "models of the cells")
        return re.sub(r"^/\*.*?\*/\n", "", (folder / "cells.v").read_text(), flags=re.S)


def netlist(library: Library, top: str, parameters: dict, signals: Signals,
            gone: Iterable[str] = ()) -> tuple[str, str]:
    """(Verilog, Verilator configuration) of a module mapped to the library; `gone` are registers,
    MODULE.REGISTER, that may lose flip-flops."""
    made = Netlist(top, map_module(library, top, parameters, signals.nets()), signals)
    if {re.sub(r"\[.*", "", bit) for bit in made.lost} - set(gone):
        raise Failure(f"{top}: no flip-flop is left of {', '.join(sorted(set(made.lost)))}")
    # Whoever instantiates the top names its parameters.
    values = ", ".join(f"parameter {n} = {v}" for n, v in parameters.items())
    text = re.sub(rf"^module {top} ?\(", f"module {top} #({values}) (", made.text,
                  flags=re.M) if values else made.text
    cells = made.cells(library)
    print(f"{top}: {sum(cells.values())} cells of {library.name}, {library.registers(cells)} of "
          "them flip-flops")
    return ("// Generated by synth/netlist.\n" + cell_models(library, cells) + text,
            "\n".join(made.configuration) + "\n")
