# SPDX-License-Identifier: Apache-2.0
"""Critical paths of mapped modules by OpenSTA. Ports are taken as registers beside the module:
inputs come at the clock, outputs are wanted by the next; the path's length includes the register's
setup time."""
import dataclasses
import re

from synth import yosys
from synth.area import rams
from synth.area.hierarchy import below
from synth.yosys import Failure

# Any: what follows is the path's length, which the period does not change.
PERIOD_NS = 100.0
# What OpenSTA takes in about a minute: the largest modules of a block with more are left out. An
# engine is timed whole up to MOST_OF_ENGINE (2 GB): paths between its modules are in no block.
MOST_CELLS, MOST_OF_ENGINE = 400000, 1500000
# At full size the wires between 256 tiles alone are too many; all that these hold is timed by
# itself.
UNTIMED_IF_CUT = ("mxu", "mxu_multiply", "mxu_array")
SCRIPT = """
read_liberty {{{library}}}
{rams}
{netlists}
link_design {top}
create_clock -name clock -period {period} {clock}
foreach port [all_inputs] {{
  if {{[get_property $port full_name] ne "clk_i"}} {{ set_input_delay 0 -clock clock $port }}
}}
set_output_delay 0 -clock clock [all_outputs]
puts "PATH any"
report_checks -path_delay max -format full -fields {{fanout}} -digits 4
puts "PATH end"
"""
STEP = re.compile(r"^\s*(?:(\d+)\s+)?(-?\d+\.\d+)\s+(-?\d+\.\d+) [\^v] (\S+)/(\S+) \((\S+)\)$")


@dataclasses.dataclass
class Path:
    """The longest path of a module with all below it: `cells` in order, with the delay of each;
    `ram` tells whether it starts or ends at a RAM, `cut` which modules below are black boxes
    because they are too many: paths through those are not looked at."""
    ns: float
    start: str
    end: str
    ram: bool
    cut: list
    cells: list


class Design:
    """A module with all below it that is timed together; `engine` tells that it is a whole one."""

    def __init__(self, mapped, top, black_boxes, engine=False):
        self.mapped, self.top = mapped, top
        self.counts, _ = below(mapped, top, black_boxes)
        self.cut = set()
        whole = engine and self._cells(self.counts) <= MOST_OF_ENGINE
        while not whole and len(self.counts) > 1 and self._cells(self.counts) > MOST_CELLS:
            largest = max((m for m in self.counts if m != top),
                          key=lambda m: (self._cells({m: self.counts[m]}), m))
            self.cut.add(largest)
            self.counts, _ = below(mapped, top, black_boxes, self.cut)
        _, box_counts = below(mapped, top, black_boxes, self.cut)
        self.boxes = {name: child.variant for n in self.counts
                      for name, child in mapped[n].children.items() if name in box_counts}

    def _cells(self, counts):
        return sum(n * self.mapped[m].number_of_cells for m, n in counts.items())

    def walk(self, instance):
        """Module and the rest of the name where a hierarchical instance name leads."""
        module, parts = self.top, instance.split("/")
        while len(parts) > 1 and self.mapped[module].places.get(parts[0]) in self.mapped:
            module = self.mapped[module].places[parts.pop(0)]
        return self.mapped[module], "/".join(parts)

    def is_ram(self, instance):
        module, rest = self.walk(instance)
        return rest in module.places

    def place(self, instance, what):
        """What people call the start or end of a path: a port, or the register that a flip-flop
        holds a bit of."""
        if "port" in what:
            return f"port {instance}"
        module, rest = self.walk(instance)
        if rest in module.places:
            return f"RAM {instance}"
        # The flip-flop's output net has the register's name.
        text = module.netlist.read_text()
        at = text.find(f" {rest} (\n")
        pins = text[at:text.find(");", at)] if at >= 0 else ""
        nets = [n for n in re.findall(r"\.Q\w*\(\\?([^)]*?)\s*\)", pins)
                if not re.match(r"_\d+_$", n)]
        return instance.removesuffix(rest) + nets[0] if nets else instance

    def parse(self, text):
        """The path of OpenSTA's report, or None if there is none."""
        slack = re.search(r"(-?\d+\.\d+)\s+slack", text)
        if not slack:
            return None
        steps = [m for line in text.partition("data arrival time")[0].splitlines()
                 if (m := STEP.match(line))]
        cells = [{"cell": m[6], "instance": m[4], "pin": m[5], "delay_ns": float(m[2]),
                  "fanout": int(m[1] or 0)} for m in steps if m[5] != "CLK"]
        ends = [re.search(rf"{what}point: (\S+)\s+\((.*?)\)", text, re.S)
                for what in ("Start", "End")]
        start, end = (self.place(m[1], m[2]) for m in ends)
        return Path(round(PERIOD_NS - float(slack[1]), 4), start, end,
                    any(self.is_ram(m[1]) for m in ends), sorted(self.cut), cells)


class Timer:
    """Critical paths of what a Mapper mapped, kept in its folder."""

    def __init__(self, mapper, technology):
        self.mapper, self.technology = mapper, technology
        self.cache = yosys.Cache(mapper.folder / "timed")
        self.flow = yosys.digest(
            yosys.sources_digest("synth/area/timing.py", "synth/area/rams.py"),
            technology.access_ns, yosys.version("sta", "-version"))

    def path(self, mapped, top, engine=False):
        """The longest path of the module of name `top`, a Path, or None if there is none. With it,
        whether it was measured now."""
        design = Design(mapped, top, self.mapper.black_boxes, engine)
        if design.cut and mapped[top].variant.module in UNTIMED_IF_CUT:
            return None, False
        key = yosys.digest(sorted(mapped[n].key for n in design.counts), top, sorted(design.boxes),
                           self.flow)
        known = self.cache.get(key)
        if known:
            return known["path"] and Path(**known["path"]), False
        found = design.parse(self.run_sta(design))
        self.cache.put(key, {"path": found and dataclasses.asdict(found)})
        return found, True

    def run_sta(self, design):
        """What OpenSTA says of the longest path."""
        yosys.need("sta")
        with yosys.work_folder() as folder:
            script, ram_library = folder / "sta.tcl", folder / "rams.lib"
            headers = self.mapper.sources.headers
            ram_library.write_text(rams.liberty(self.technology, design.boxes, headers))
            netlists = [f"read_verilog {{{design.mapped[n].netlist}}}" for n in design.counts]
            script.write_text(SCRIPT.format(
                library=self.mapper.library.path, netlists="\n".join(netlists), top=design.top,
                rams=f"read_liberty {ram_library}" if design.boxes else "", period=PERIOD_NS,
                clock="clk_i" if design.mapped[design.top].has_clock else ""))
            done = yosys.execute(["sta", "-no_init", "-no_splash", "-exit", script])
        text = done.stdout
        if done.returncode != 0 or "PATH end" not in text or re.search(r"^Error:", text, re.M):
            errors = [line for line in text.splitlines() if line.startswith("Error")]
            raise Failure(f"{design.top}: sta: {(errors or [yosys.last_line(text)])[0]}")
        return text[text.index("PATH any"):text.index("PATH end")]


def wire_load(library):
    """What stands for the wires, in words."""
    if library.wire_load:
        return f"the library's default model, {library.wire_load}"
    return "none: no wires between the cells"
