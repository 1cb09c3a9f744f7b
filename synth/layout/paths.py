# SPDX-License-Identifier: Apache-2.0
"""The longest path of a block by OpenSTA, with its wires and without."""
import dataclasses
import re

from synth import yosys
from synth.area import hierarchy, rams
from synth.area.rams import Technology
from synth.area.timing import PERIOD_NS
from synth.flat import Flat
from synth.yosys import Failure

SCRIPT = """
read_liberty {folder}/cells.lib
{ram_library}
{netlists}
read_verilog {folder}/block.v
link_design block
create_clock -name clock -period {period} clk_i
foreach port [all_inputs] {{
  if {{[get_property $port full_name] ne "clk_i"}} {{ set_input_delay 0 -clock clock $port }}
}}
set_output_delay 0 -clock clock [all_outputs]
puts "WITHOUT"
report_checks -path_delay max -digits 4
read_spef {folder}/block.spef
puts "WITH"
report_checks -path_delay max -digits 4
puts "END"
"""


@dataclasses.dataclass(frozen=True)
class Path:
    ns: float
    start: str
    end: str
    cells: int


def parse(flat: Flat, text: str) -> Path:
    slack = re.search(r"(-?\d+\.\d+)\s+slack", text)
    if not slack:
        raise Failure(f"{flat.top.name}: sta: no path")
    ends = [re.search(rf"{what}point: (\S+)", text)[1] for what in ("Start", "End")]
    steps = re.findall(r"^ +-?\d+\.\d+ +-?\d+\.\d+ [\^v] c\d+/(?!CLK)\w+ ",
                       text.partition("data arrival time")[0], re.M)
    start, end = (place(flat, name) for name in ends)
    return Path(round(PERIOD_NS - float(slack[1]), 4), start, end, len(set(steps)))


def place(flat: Flat, name: str) -> str:
    """What people call the end of a path: a port, or the register that a flip-flop holds a bit
    of."""
    if match := re.fullmatch(r"c(\d+)", name):
        bit = flat.cells[int(match[1])].pins.get("Q")
        return flat.net_names.get(bit, flat.cells[int(match[1])].path)
    if match := re.match(r"m(\d+)", name):
        return flat.memories[int(match[1])].path
    return f"port {name}"


def measure(flat: Flat, technology: Technology, spef: str) -> tuple[Path, Path, list[str]]:
    """(without wires, with wires, OpenSTA's warnings)."""
    yosys.need("sta")
    with yosys.work_folder() as folder:
        (folder / "cells.lib").symlink_to(flat.library.path)
        boxes = {m.variant.name: m.variant for m in flat.memories
                 if m.variant.module in rams.KINDS}
        (folder / "rams.lib").write_text(
            rams.liberty(technology, boxes, flat.mapper.sources.headers))
        # Memories that are cells: their netlists, without wires.
        inner = {n for m in flat.memories if m.variant.name not in boxes
                 for n in hierarchy.below(flat.mapped, m.variant.name, rams.KINDS)[0]}
        (folder / "block.v").write_text(flat.verilog("block"))
        (folder / "block.spef").write_text(spef)
        netlists = "\n".join(f"read_verilog {{{flat.mapped[n].netlist}}}" for n in sorted(inner))
        (folder / "sta.tcl").write_text(SCRIPT.format(
            folder=folder, period=PERIOD_NS, netlists=netlists,
            ram_library=f"read_liberty {folder}/rams.lib" if boxes else ""))
        done = yosys.execute(["sta", "-no_init", "-no_splash", "-exit", folder / "sta.tcl"])
    text = done.stdout
    errors = re.findall(r"^Error.*", text, re.M)
    if done.returncode or errors or "\nEND" not in text:
        raise Failure(f"{flat.top.name}: sta: {(errors or [yosys.last_line(text)])[0]}")
    without, _, rest = text.partition("WITHOUT\n")[2].partition("\nWITH\n")
    warnings = [line for line in text.splitlines() if "arning" in line]
    return parse(flat, without), parse(flat, rest), warnings
