# SPDX-License-Identifier: Apache-2.0
"""Standard-cell area and timing of both engines: every distinct module mapped once by Yosys, the
longest path of each by OpenSTA, totals over the whole hierarchy (docs/method/area.md).

  report    the figures as a table and a JSON file, the limits judged; 2 if one does not hold
  check     the same figures against the accepted ones; fails if a block grew or slowed
  accept    writes the figures of the full and the small configuration to the file of accepted ones
"""
import argparse
import os
import pathlib
import signal
import sys

from scripts.report import json_file
from scripts.report.table import print_table
from synth import yosys
from synth.area import gate, rams
from synth.area.config import CONFIGS
from synth.area.design import Design, Flow
from synth.area.figures import figures
from synth.library import OSU018, Library
from synth.yosys import ROOT, Failure

COLUMNS = ["engine", "block", "instances", "cells", "um2", "GE", "GE with all below", "path ns",
           "bound", "left out of the path"]
NOTE = """Areas are lower bounds: cells without placement, clock tree and filler. So are paths where
the library has no model of wires, or where modules are left out: a path through one of those is
not in the figure, however long it is."""


def show(data: dict) -> None:
    """Prints the report's table, totals and limits."""
    rows = []
    for b in data["blocks"]:
        path = b["path"]
        rows.append([b["engine"], b["name"], b["instances"], b["cells"], round(b["area_um2"]),
                     round(b["gate_equivalents"]), round(b["whole"]["gate_equivalents"]),
                     round(b["critical_path_ns"], 2) if path else "-",
                     b["critical_path_bound"] or "-",
                     ", ".join(m.split("__")[0] for m in path["cut"]) if path else "-"])
    print_table(rows, COLUMNS)
    print(NOTE)
    for name, e in data["engines"].items():
        mm2 = (e["logic_um2"] + e["register_files_um2"]) / 1e6
        print(f"{name}: {e['gate_equivalents']:,.0f} gate equivalents in {e['cells']:,} cells, "
              f"{mm2:,.2f} mm2; beside them {e['ram_bits']:,} bits of RAM, "
              f"{e['rams_um2'] / 1e6:,.2f} mm2 by the model")
    for limit in data["limits"]:
        print(f"{'holds' if limit['holds'] else 'FAILS'}  {limit['name']}: {limit['value']:,} "
              f"{limit['unit']}, at most {limit['limit']:,} ({limit['text']})")


def progress(line: str) -> None:
    print(f"area: {line}", file=sys.stderr, flush=True)


def accept(flow: Flow, path: str) -> int:
    data = {c: gate.accepted_of(figures(Design(c, flow))) for c in ("small", "full")}
    json_file.write(path, data)
    numbers = ", ".join(f"{len(d['blocks'])} blocks {c}" for c, d in data.items())
    print(f"{path}: accepted {numbers}")
    return 0


def run(options: argparse.Namespace) -> int:
    for tool in ("yosys", "sta", "yosys-abc"):
        yosys.need(tool)
    library = Library(options.liberty)
    technology = rams.technology(library, options.ram_um2_per_bit, options.ram_access_ns)
    files = pathlib.Path(options.files).read_text().splitlines() if options.files else None
    flow = Flow(library, technology, options.work, options.jobs, progress, files)
    if options.what == "accept":
        return accept(flow, options.baseline)
    data = figures(Design(options.config, flow))
    if options.report:
        json_file.write(options.report, data, "make area")
    if options.what == "check":
        return gate.check(data, options.baseline)
    show(data)
    return 0 if all(limit["holds"] for limit in data["limits"]) else 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.area", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("what", choices=["report", "check", "accept"])
    add("--config", choices=list(CONFIGS), default="full")
    add("--liberty", default=OSU018, help="standard cells, a Liberty file")
    add("--ram-um2-per-bit", type=float, help="area of a RAM's bit, periphery included")
    add("--ram-access-ns", type=float, help="time from a RAM's clock to its data")
    add("--files", help="list of other RTL files than rtl/files.f's, one a line")
    add("--work", default=ROOT / "build/synth", help="folder of kept results")
    add("--baseline", default=gate.BASELINE, help="file of accepted figures")
    add("--report", help="JSON file for the figures")
    add("--jobs", type=int, default=os.cpu_count())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(parser.parse_args())
    except (Failure, OSError) as error:
        print(f"area: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("area: interrupted; what is mapped is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
