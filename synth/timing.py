# SPDX-License-Identifier: Apache-2.0
"""Critical paths of mapped modules by OpenSTA. Ports are taken as registers beside the module: inputs come at
the clock, outputs are wanted by the next; the path's length includes the register's setup time."""
import inspect
import pathlib
import re
import subprocess
import tempfile

import rams
import yosys
from hierarchy import below
from yosys import Failure

# Any: what follows is the path's length, which the period does not change.
PERIOD_NS = 100.0
# Of what is kept: another one makes everything be timed again.
FORMAT = 1
# What OpenSTA takes in about a minute.
MOST_CELLS = 400000
# At full size the wires between 256 tiles alone are too many; all that these hold is timed by itself.
UNTIMED_IF_CUT = ("mxu", "mxu_array")
SCRIPT = """
read_liberty {library}
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


class Timer:
    """Critical paths of what a Mapper mapped, kept in its folder."""

    def __init__(self, mapper, technology):
        self.mapper, self.technology = mapper, technology
        self.cache = yosys.Cache(mapper.folder / "timed")

    def key(self, mapped, top, boxes):
        counts, _ = self.fitting(mapped, top)
        return yosys.digest(sorted(mapped[n].key for n in counts), top, sorted(boxes), self.technology.access_ns,
                            yosys.version("sta", "-version"), SCRIPT, inspect.getsource(Timer.parse), FORMAT,
                            inspect.getsource(rams.liberty))

    def fitting(self, mapped, top):
        """How often each module occurs below `top`, and those left out (the largest) for the rest to fit."""
        counts, _ = below(mapped, top, self.mapper.black_boxes)
        cut = set()
        while sum(n * sum(mapped[m].cells.values()) for m, n in counts.items()) > MOST_CELLS and len(counts) > 1:
            cut.add(max((m for m in counts if m != top), key=lambda m: (counts[m] * sum(mapped[m].cells.values()), m)))
            counts, _ = below(mapped, top, self.mapper.black_boxes, cut)
        return counts, sorted(cut)

    def path(self, mapped, top):
        """The longest path of a module with all below it: {"ns", "start", "end", "cells", "ram", "cut"}, or None if
        there is none. `cells` are in order, with the delay of each; `ram` tells whether it starts or ends at a RAM,
        `cut` which modules below are black boxes because they are too many. With it, whether it was measured now."""
        counts, cut = self.fitting(mapped, top)
        if cut and mapped[top].module in UNTIMED_IF_CUT:
            return None, False
        _, box_counts = below(mapped, top, self.mapper.black_boxes, cut)
        boxes = {c: (m, p) for n in counts for c, (m, p, _) in mapped[n].children.items() if c in box_counts}
        key = self.key(mapped, top, boxes)
        known = self.cache.get(key)
        if known:
            return known["path"], False
        yosys.need("sta")
        with tempfile.TemporaryDirectory(dir=self.mapper.folder) as folder:
            ram_library = pathlib.Path(folder) / "rams.lib"
            ram_library.write_text(rams.liberty(self.technology, boxes, self.mapper.sources.headers))
            script = pathlib.Path(folder) / "sta.tcl"
            script.write_text(SCRIPT.format(
                library=self.mapper.library.path, rams=f"read_liberty {ram_library}" if boxes else "",
                netlists="\n".join(f"read_verilog {mapped[n].netlist}" for n in counts), top=top,
                period=PERIOD_NS, clock="clk_i" if mapped[top].has_clock else ""))
            done = subprocess.run(["sta", "-no_init", "-no_splash", "-exit", str(script)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        text = done.stdout
        if done.returncode != 0 or "PATH end" not in text or re.search(r"^Error:", text, re.M):
            errors = [line for line in text.splitlines() if line.startswith("Error")] or text.splitlines()[-1:] or ["?"]
            raise Failure(f"{top}: sta: {errors[0]}")
        found = self.parse(mapped, top, text[text.index("PATH any"):text.index("PATH end")])
        if found:
            found["cut"] = cut
        self.cache.put(key, {"path": found})
        return found, True

    def parse(self, mapped, top, text):
        slack = re.search(r"(-?\d+\.\d+)\s+slack", text)
        if not slack:
            return None
        cells = []
        for line in text.splitlines():
            step = STEP.match(line)
            if step:
                cells.append({"cell": step[6], "instance": step[4], "pin": step[5], "delay_ns": float(step[2]),
                              "fanout": int(step[1] or 0)})
            if "data arrival time" in line:
                break
        start = re.search(r"Startpoint: (\S+)\s+\((.*?)\)", text, re.S)
        end = re.search(r"Endpoint: (\S+)\s+\((.*?)\)", text, re.S)
        ends = [self.place(mapped, top, m[1], m[2]) for m in (start, end)]
        return {"ns": round(PERIOD_NS - float(slack[1]), 4), "start": ends[0], "end": ends[1],
                "ram": any(self.is_ram(mapped, top, m[1]) for m in (start, end)), "cells": [c for c in cells if c["pin"] != "CLK"]}

    def walk(self, mapped, top, instance):
        """Module and the rest of the name where a hierarchical instance name leads."""
        module, parts = top, instance.split("/")
        while len(parts) > 1 and parts[0] in mapped[module].places and mapped[module].places[parts[0]] in mapped:
            module = mapped[module].places[parts.pop(0)]
        return module, "/".join(parts)

    def is_ram(self, mapped, top, instance):
        module, rest = self.walk(mapped, top, instance)
        return rest in mapped[module].places

    def place(self, mapped, top, instance, what):
        """What people call the start or end of a path: a port, or the register that a flip-flop holds a bit of."""
        if "port" in what:
            return f"port {instance}"
        module, rest = self.walk(mapped, top, instance)
        prefix = instance[:len(instance) - len(rest)]
        if rest in mapped[module].places:
            return f"RAM {instance}"
        # The flip-flop's output net has the register's name.
        text = mapped[module].netlist.read_text()
        at = text.find(f" {rest} (\n")
        pins = text[at:text.find(");", at)] if at >= 0 else ""
        nets = re.findall(r"\.(Q\w*)\(\\?([^)]*?)\s*\)", pins)
        for _, net in nets:
            if not re.match(r"_\d+_$", net):
                return prefix + net
        return instance


def wire_load(library):
    """What stands for the wires, in words."""
    text = re.sub(r"/\*.*?\*/", "", library.path.read_text(errors="replace"), flags=re.S)
    default = re.search(r"default_wire_load\s*:\s*\"?([^\";\n]+)", text)
    return f"the library's default model, {default[1].strip()}" if default else "none: no wires between the cells"
