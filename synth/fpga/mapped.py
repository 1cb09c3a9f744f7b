# SPDX-License-Identifier: Apache-2.0
"""Maps a configuration with Yosys: every RAM wrapper must come out as block RAM and every
multiplier as DSP."""
import dataclasses
import os
import pathlib
import re
import shutil
import time

from synth import yosys
from synth.fpga.config import DEVICES, Config, Family
from synth.yosys import Failure

# Changes with what a kept result holds.
FORMAT = 2


@dataclasses.dataclass
class Result:
    """What a mapped configuration takes; `netlist` is its file if it is to be placed, `key` its
    name among the kept results, `kept` whether it was there already."""
    resources: dict
    rams: int
    multipliers: int
    cells: dict
    seconds: float = 0.0
    key: str = ""
    kept: bool = False
    netlist: pathlib.Path | None = None


def script(config: Config, folder: str | os.PathLike[str]) -> str:
    """Yosys commands: counts multipliers and tags RAMs while the modules are still apart, then
    maps."""
    family, top, flat = config.family, config.top_module, config.place is not None
    lines = [
        yosys.read(top, config.parameters, config.sources),
        "proc",
        'setattr -set ram_style "block" *ram_1rw*/m:mem *ram_1r1w*/m:mem',
        "opt",
        "wreduce",
        f"tee -q -o {folder}/rtl.json stat -json",
        "flatten" if flat else "",
        f'setattr -set ram_style "huge" m:{config.huge}' if flat and config.huge else "",
        f"tee -q -o {folder}/rams.txt select -list m:* a:ram_style %i",
        f"{config.synth or family.synth}{family.flat if flat else family.hierarchical} -top {top}",
        f"tee -q -o {folder}/cells.json stat -json",
        f"write_json {folder}/netlist.json" if flat else "",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def need_family(family: Family, python: str | None = None) -> None:
    """Does this Yosys, or that of a Python with pyosys, know the family."""
    command = family.synth.split()[0]
    done = yosys.run_script(f"help {command}\n", python)
    if done.returncode != 0 or "No such command" in done.stdout:
        version = yosys.package_version(python, "pyosys") if python else yosys.version("yosys")
        raise Failure(f"{version} has no {command}: {family.title} needs it")


def check_rams(config: Config, rams: list[str], log: str) -> None:
    """Every tagged memory must be mapped to the family's block RAM; Yosys's log tells of each
    memory."""
    kinds = dict(re.findall(r"^mapping memory (\S+) via (\S+)$", log, re.M))
    soft = set(re.findall(r"^using FF mapping for memory (\S+)$", log, re.M))
    for ram in rams:
        kind = kinds.get(ram)
        is_soft = ram in soft or not kind
        if is_soft or not re.search(config.family.block, kind):
            became = "registers" if is_soft else kind.strip("$_")
            raise Failure(f"{config.name}: RAM {ram} became {became}, not block RAM")


def check_multipliers(config: Config, asked: int, dsp: int, log: str) -> None:
    """No product may reach the passes that build it from LUTs, and each must have at least one
    DSP."""
    soft = re.findall(r"creating \$macc model for (\S+) \(\$mul\)", log)
    # A product wider than a DSP is cut into slices; a last one of a bit or two is an adder's work.
    soft = [n for n in soft if not re.search(r"(slice[AB][._]last|mul_slice[AB]_last)$", n)]
    if soft:
        place = re.search(r"[\w/]+\.v:\d+", soft[0])
        raise Failure(f"{config.name}: {len(soft)} multipliers became LUTs, "
                      f"the first at {place.group() if place else soft[0]}")
    if dsp < asked:
        raise Failure(f"{config.name}: {asked} multipliers, but {dsp} DSPs")


def count(config: Config, cells: dict[str, int]) -> dict[str, float]:
    """Cells of Yosys into the resources of the device's table."""
    family = config.family
    units = {r: getattr(family, r) for r in ("lut", "bram", "dsp", "spram")}
    found = {"lut": 0, "ff": 0, "bram": 0, "dsp": 0, "spram": 0}
    for cell, number in cells.items():
        if re.fullmatch(family.ff, cell):
            found["ff"] += number
        elif not any(cell in u for u in units.values()) and not re.fullmatch(family.free, cell):
            raise Failure(f"{config.name}: {cell} is not in the table of {family.title} cells")
        for resource, unit in units.items():
            found[resource] += number * unit.get(cell, 0)
    if "spram" not in DEVICES[config.device]:
        del found["spram"]
    return {k: int(v) if v == int(v) else v for k, v in found.items()}


def checked(config: Config, work: pathlib.Path, log: str) -> Result:
    """The Result of a run of Yosys, from its log and its files in `work`."""
    rams = [line.replace("/", ".") for line in (work / "rams.txt").read_text().split()]
    before = yosys.statistics(work / "rtl.json")
    cells = yosys.total_cells(yosys.statistics(work / "cells.json"), config.top_module)
    found = count(config, cells)
    multipliers = yosys.total_cells(before, config.top_module).get("$mul", 0)
    if not rams and not config.ramless:
        raise Failure(f"{config.name}: no RAM wrapper in the design")
    check_rams(config, rams, log)
    # Of Gowin's a small one is half a DSP.
    made_of = sum(cells.get(cell, 0) for cell in config.family.dsp)
    check_multipliers(config, multipliers, made_of, log)
    made = sum(n for m, n in yosys.instances(before, config.top_module).items()
               if yosys.base_name(m) in ("ram_1rw", "ram_1r1w"))
    return Result(found, made, multipliers, cells)


def synthesise(config: Config, folder: str | os.PathLike[str],
               pyosys: str | None = None) -> Result:
    """Maps a configuration and checks it; results are kept in `folder`. `pyosys`: the Python that
    has Yosys as a package, for the families that need it. Raises a Failure."""
    folder = pathlib.Path(folder)
    python = pyosys if config.family.pyosys else None
    if config.family.pyosys and not python:
        raise Failure(f"{config.name}: {config.family.title} needs pyosys: make fpga-setup")
    version = yosys.package_version(python, "pyosys") if python else yosys.version("yosys")
    key = f"fpga-{config.name}-" + yosys.digest(
        FORMAT, version, yosys.sources_digest(*config.sources), script(config, "F"))
    cache = yosys.Cache(folder)
    kept = cache.get(key)
    netlist = folder / f"{key}.net.json" if config.place else None
    if kept and (not netlist or netlist.exists()):
        return Result(**kept, key=key, kept=True, netlist=netlist)
    started = time.monotonic()
    with yosys.work_folder() as work:
        log = yosys.run(script(config, work), config.name, folder / f"fpga-{config.name}.log",
                        python)
        result = checked(config, work, log)
        if netlist:
            shutil.copyfile(work / "netlist.json", f"{netlist}.new")
            os.replace(f"{netlist}.new", netlist)
    seconds = round(time.monotonic() - started, 1)
    cache.put(key, {"resources": result.resources, "rams": result.rams,
                    "multipliers": result.multipliers, "cells": result.cells, "seconds": seconds})
    return dataclasses.replace(result, seconds=seconds, key=key, netlist=netlist)
