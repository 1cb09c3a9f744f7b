# SPDX-License-Identifier: Apache-2.0
"""Power of a netlist's cells by OpenSTA, from given activities of all nets.

OpenSTA 2.0.17 reads no VCD or SAIF: synth/power/saif.py does. It takes the activity of a pin
(sta::set_power_pin_activity), but works out others anew from the inputs on, through all gates that
an input reaches. Here each input therefore comes from a flip-flop, and all pins have an activity
before the first report: then nothing is propagated, and every pin has its own.
"""
import dataclasses
import pathlib
import re

from synth import yosys
from synth.area import rams
from synth.area.rams import Technology
from synth.flat import Flat
from synth.yosys import Failure

SCRIPT = """
read_liberty {folder}/cells.lib
{ram_library}
read_verilog {folder}/power.v
link_design power
create_clock -name clock -period {period} clk_i
set_input_delay 0 -clock clock [all_inputs]
set_output_delay 0 -clock clock [all_outputs]
{wires}
proc a {{pin activity duty}} {{ sta::set_power_pin_activity [get_pins $pin] $activity $duty }}
source {folder}/activity.tcl
puts "POWER begin"
for {{set i 0}} {{$i < {cells}}} {{incr i}} {{
  puts "c$i [sta::instance_power [get_cells c$i] [sta::cmd_corner]]"
}}
puts "POWER end"
"""
LINE = re.compile(r"^c(\d+) (\S+) (\S+) (\S+) (\S+)$", re.M)


@dataclasses.dataclass(frozen=True)
class Power:
    """Of a cell, in watts."""
    internal: float
    switching: float
    leakage: float

    @property
    def total(self) -> float:
        return self.internal + self.switching + self.leakage


def activities(flat: Flat, rates: dict[int, tuple[float, float]]) -> str:
    """Tcl that gives each pin the changes a cycle and the share of 1 of its net; `rates` {net:
    (changes, share)}, 0 for others."""
    lines = []

    def pin(name: str, bit: int | str) -> None:
        changes, ones = rates.get(bit, (0.0, 0.5)) if isinstance(bit, int) else (0.0, float(bit))
        lines.append(f"a {name} {changes:.9g} {ones:.9g}")

    for i, cell in enumerate(flat.cells):
        for name, bit in cell.pins.items():
            if bit != flat.clock:
                pin(f"c{i}/{name}", bit)
    for port in flat.ports.values():
        for bit in port.bits if port.is_input else ():
            if bit != flat.clock:
                pin(f"s{bit}/D", bit)
                pin(f"s{bit}/Q", bit)
    for i, memory in enumerate(flat.memories):
        for name, bits in memory.pins.items():
            for k, bit in enumerate(bits):
                if bit != flat.clock:
                    pin(f"m{i}/{name}" + (f"[{k}]" if len(bits) > 1 else ""), bit)
    return "\n".join(lines) + "\n"


def measure(flat: Flat, technology: Technology, rates: dict[int, tuple[float, float]],
            mhz: float, spef: pathlib.Path | None = None) -> list[Power]:
    """Power of each library cell at this clock, in the order of flat.cells."""
    yosys.need("sta")
    registers = [c.kind for c in flat.cells if set(c.pins) == {"CLK", "D", "Q"}]
    if not registers:
        raise Failure(f"{flat.top.name}: no flip-flop with pins CLK, D and Q")
    with yosys.work_folder() as folder:
        (folder / "cells.lib").symlink_to(flat.library.path)
        boxes = {m.variant.name: m.variant for m in flat.memories}
        (folder / "rams.lib").write_text(
            rams.liberty(technology, boxes, flat.mapper.sources.headers))
        (folder / "power.v").write_text(flat.verilog("power", input_register=registers[0]))
        (folder / "activity.tcl").write_text(activities(flat, rates))
        (folder / "sta.tcl").write_text(SCRIPT.format(
            folder=folder, period=1000 / mhz, cells=len(flat.cells),
            ram_library=f"read_liberty {folder}/rams.lib" if boxes else "",
            wires=f"read_spef {{{spef}}}" if spef else ""))
        done = yosys.execute(["sta", "-no_init", "-no_splash", "-exit", folder / "sta.tcl"])
    lines = LINE.findall(done.stdout.partition("POWER begin")[2])
    errors = [line for line in done.stdout.splitlines() if line.startswith("Error")]
    if errors or done.returncode or len(lines) != len(flat.cells):
        raise Failure(f"{flat.top.name}: sta: {(errors or [yosys.last_line(done.stdout)])[0]}")
    return [Power(*map(float, line[1:4])) for line in lines]
