# SPDX-License-Identifier: Apache-2.0
"""All figures of power.json from the counts of a run and OpenSTA (docs/method/power.md has its
fields)."""
import collections
import pathlib
import re
from collections.abc import Iterable, Sequence

from synth import yosys
from synth.area.rams import Technology
from synth.flat import Flat
from synth.library import Library
from synth.power import config, saif, sta
from synth.power.saif import Saif
from synth.power.sta import Power
from synth.yosys import Failure

KINDS = ("clock", "registers", "combinational")


def by_number(activity: Saif) -> dict[int, tuple[int, float]]:
    """Its nets, n<number> of the module power_pe."""
    found = {re.fullmatch(r"power_pe/n(\d+)", path): one for path, one in activity.nets.items()}
    if None in found:
        raise Failure("activity of nets that are not of a netlist of synth/power")
    return {int(name[1]): one for name, one in found.items()}


def rates_of(flat: Flat, counts: dict, activity: Saif) -> dict[int, tuple[float, float]]:
    """{net: (changes a cycle, share of cycles at 1)}. The first cycle has none before it; the clock
    is given otherwise. Raises a Failure if the counts are of another netlist, of no run or of
    another's time."""
    nets = by_number(activity)
    found = set(nets)
    if found != flat.used:
        raise Failure(f"activity of {len(found)} nets, the netlist of {flat.top.shown()} has "
                      f"{len(flat.used)}, {len(found & flat.used)} of them the same")
    if counts["cycles"] < 2:
        raise Failure(f"activity of {counts['cycles']} cycles, expected at least 2")
    cycles = activity.seconds * config.CLOCK_MHZ * 1e6
    if abs(cycles - counts["cycles"]) > 0.01:
        raise Failure(f"activity of {cycles:.2f} cycles of {config.CLOCK_MHZ:g} MHz, the run has "
                      f"{counts['cycles']}")
    return {net: (0.0, 0.0) if net == flat.clock else
            (changes / (counts["cycles"] - 1), high / activity.seconds)
            for net, (changes, high) in nets.items()}


class Sums:
    """Watts by what they are of."""

    def __init__(self, flat: Flat, active: Sequence[Power], idle: Sequence[Power]):
        self.flat, self.active, self.idle = flat, active, idle
        self.registers = [c.kind in flat.library.flip_flops for c in flat.cells]

    def kinds(self, cells: Iterable[int]) -> dict[str, float]:
        """What a flip-flop takes while nothing changes but its clock is the clock's."""
        sums = dict.fromkeys(KINDS, 0.0)
        for i in cells:
            if self.registers[i]:
                sums["clock"] += self.idle[i].internal
                sums["registers"] += self.active[i].total - self.idle[i].internal
            else:
                sums["combinational"] += self.active[i].total
        return sums

    def units(self) -> dict[str, list[int]]:
        """Cells by unit of the PE; what is between the units is eie_pe's."""
        found = collections.defaultdict(list)
        for i, cell in enumerate(self.flat.cells):
            unit = (u for place, u in config.UNITS.items() if cell.path.startswith(f"{place}."))
            found[next(unit, "eie_pe")].append(i)
        return dict(sorted(found.items()))

    def clock_if_gated(self, rates: dict[int, tuple[float, float]]) -> float:
        """The clock's share if a flip-flop were clocked in those cycles alone that change it."""
        return sum(self.idle[i].internal * rates.get(cell.pins["Q"], (0.0, 0.0))[0]
                   for i, cell in enumerate(self.flat.cells)
                   if self.registers[i] and "Q" in cell.pins)


def estimate(counts: dict) -> dict[str, float]:
    """pJ a cycle and PE at 45 nm by kind, from the counted accesses."""
    parts = counts["estimate"]["parts"]
    sums: dict[str, float] = collections.defaultdict(float)
    for part in parts:
        sums[config.ESTIMATE_KINDS[part["name"]]] += 1000 * part["nanojoules"]
    return {kind: sums[kind] / counts["cycles"] / counts["pes"] for kind in config.PAPER_KINDS}


def row(name: str, watts: float, paper_mw: float | None, estimated: float | None = None) -> dict:
    """A line of a table: of the cells, and of the paper and the estimate at 45 nm."""
    picojoules = 1e6 * watts / config.CLOCK_MHZ
    return {"name": name, "milliwatts": 1e3 * watts, "pj_per_cycle": picojoules,
            "pj_per_cycle_45nm": picojoules * config.TO_45_NM,
            "estimate_pj_per_cycle": estimated,
            "paper_pj_per_cycle": paper_mw and 1e3 * paper_mw / config.PAPER_MHZ}


def paper(counts: dict) -> dict | None:
    """EIE's energy, where the layer is the one that it is known of here."""
    layer = counts["layer"]
    if any(layer[name] != value for name, value in config.PAPER_LAYER.items()):
        return None
    return {"layer": "Alex-7", "microjoules_per_inference": config.PAPER_MICROJOULES,
            "pj_per_operation": config.PAPER_PJ_PER_OPERATION}


def figures(name: str, flat: Flat, technology: Technology, counts: dict) -> dict:
    """One of the report's runs, of the PE of this name."""
    rates = rates_of(flat, counts, saif.read(pathlib.Path(counts["saif"])))
    active = sta.measure(flat, technology, rates, config.CLOCK_MHZ)
    idle = sta.measure(flat, technology, {}, config.CLOCK_MHZ)
    sums = Sums(flat, active, idle)
    kinds = sums.kinds(range(len(flat.cells)))
    watts = sum(kinds.values())
    guess = estimate(counts)
    cycles, operations = counts["cycles"], 2 * counts["multiplications"]
    picojoules = 1e6 * watts / config.CLOCK_MHZ
    logic = sum(guess[k] for k in KINDS)
    paper_logic = sum(config.PAPER_KINDS[k] for k in KINDS)
    mean = counts["engine_multiplications"] / counts["pes"]
    clocked = sum(rates.get(c.pins.get("Q"), (0.0, 0.0))[0]
                  for c, is_register in zip(flat.cells, sums.registers) if is_register)
    return {
        "name": name, "saif": pathlib.Path(counts["saif"]).name,
        "parameters": flat.top.parameters, "layer": counts["layer"],
        "number": counts["pe"], "pes": counts["pes"], "cycles": cycles,
        "compared_cycles": counts["compared_cycles"], "entries": counts["entries"],
        "multiplications": counts["multiplications"], "mean_multiplications": mean,
        "cells": len(flat.cells), "flip_flops": sum(sums.registers), "nets": len(flat.used),
        "changes_per_net_and_cycle": sum(r[0] for r in rates.values()) / len(rates),
        "flip_flops_changing_pct": 100 * clocked / max(1, sum(sums.registers)),
        "kinds": [row(k, kinds[k], config.PAPER_KINDS[k], guess[k]) for k in KINDS],
        "logic": row("logic", watts, paper_logic, logic),
        "clock_if_gated": row("clock, if gated", sums.clock_if_gated(rates), None),
        "memory": {"name": "memory", "estimate_pj_per_cycle": guess["memory"],
                   "paper_pj_per_cycle":
                       1e3 * config.PAPER_KINDS["memory"] / config.PAPER_MHZ},
        "units": [{**row(unit, sum(sums.kinds(cells).values()), config.PAPER_UNITS.get(unit)),
                   "kinds": {k: 1e3 * w for k, w in sums.kinds(cells).items()}}
                  for unit, cells in sums.units().items()],
        "leakage_milliwatts": 1e3 * sum(p.leakage for p in active),
        "microjoules_per_inference": picojoules * cycles * counts["pes"] / 1e6,
        "pj_per_operation": picojoules * cycles / operations if operations else None,
        "estimate": {"microjoules_per_inference": counts["estimate"]["nanojoules"] / 1000,
                     "pj_per_operation": counts["estimate"]["picojoules_per_operation"]},
        "paper": paper(counts),
    }


def report(library: Library, runs: list[dict]) -> dict:
    """power.json of its runs."""
    return {"library": library.name, "clock_mhz": config.CLOCK_MHZ, "runs": runs,
            "to_45nm": config.TO_45_NM,
            "bounds": {"clock": "lower", "registers": "lower", "combinational": "lower"},
            "tools": {"yosys": yosys.version("yosys"), "sta": yosys.version("sta", "-version")}}
