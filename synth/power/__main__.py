# SPDX-License-Identifier: Apache-2.0
"""Power of a PE of standard cells in a real run (docs/method/power.md).

  netlist   what the simulation that counts changes of nets is built from, into --out
  report    power by OpenSTA from the counts of --activity, as a table and a JSON file
"""
import argparse
import json
import os
import pathlib
import signal
import sys

from scripts.report import json_file
from scripts.report.table import print_table
from synth import flat, yosys
from synth.area import rams
from synth.library import OSU018, Library
from synth.power import figures, netlist
from synth.power.config import PES
from synth.yosys import ROOT, Failure

COLUMNS = ["", "mW", "pJ a cycle", "at 45 nm", "estimate", "EIE"]
NOTE = """One PE. mW and pJ a cycle in the library's technology at {clock_mhz:g} MHz; at 45 nm:
times {to_45nm:g}, constant-field scaling; estimate: counted accesses by energies of 45 nm; EIE:
Table II. Lower bounds: no wires between the cells, no clock tree, no glitches."""


def number(value: float | None) -> float | str:
    return "-" if value is None else float(f"{value:.4g}")


def show(data: dict) -> None:
    """Prints the report's tables and totals."""
    layer = data["layer"]
    print(f"layer of {layer['inputs']:,} inputs and {layer['outputs']:,} outputs, "
          f"{100 * layer['density']:g} % of the weights and {100 * layer['activations']:g} % of "
          f"the inputs not 0: {data['cycles']:,} cycles on {data['pes']} PEs, netlist of "
          f"{data['cells']:,} cells the same as the cycle model in all {data['compared_cycles']:,}")
    print(f"{data['changes_per_net_and_cycle']:.3f} changes a net and cycle; "
          f"{data['flip_flops_changing_pct']:.2f} % of {data['flip_flops']:,} flip-flops change "
          "in a cycle")
    fields = ("milliwatts", "pj_per_cycle", "pj_per_cycle_45nm", "estimate_pj_per_cycle",
              "paper_pj_per_cycle")
    for rows in ([*data["kinds"], data["logic"], data["clock_if_gated"], data["memory"]],
                 data["units"]):
        print_table([[r["name"], *(number(r.get(f)) for f in fields)] for r in rows], COLUMNS)
        print()
    print(NOTE.format(**data))
    estimate = data["estimate"]
    print(f"{data['pes']} PEs, cells alone: {data['microjoules_per_inference']:.4g} uJ an "
          f"inference, {number(data['pj_per_operation'])} pJ an operation; at 45 nm "
          f"{data['microjoules_per_inference'] * data['to_45nm']:.4g} uJ. Estimate at 45 nm, with "
          f"memories: {estimate['microjoules_per_inference']:.4g} uJ, "
          f"{number(estimate['pj_per_operation'])} pJ")


def progress(line: str) -> None:
    print(f"power: {line}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> None:
    yosys.need("yosys")
    library = Library(options.liberty)
    made = flat.flat(library, options.work, PES[options.config], options.jobs, progress)
    if options.what == "netlist":
        netlist.write(made, options.out)
        return
    counts = json.loads(options.activity.read_text())
    progress(f"OpenSTA, twice, with {len(made.cells):,} cells")
    data = figures.figures(made, rams.technology(library), counts)
    if options.report:
        json_file.write(options.report, data, "make power")
    show(data)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.power", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("what", choices=["netlist", "report"])
    add("--config", choices=list(PES), default="full")
    add("--out", type=pathlib.Path, help="folder for the netlist")
    add("--activity", type=pathlib.Path, help="what power_activity wrote")
    add("--liberty", default=OSU018, help="standard cells, a Liberty file")
    add("--work", default=ROOT / "build/synth", help="folder of kept results")
    add("--report", help="JSON file for the figures")
    add("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    needed = "out" if options.what == "netlist" else "activity"
    if getattr(options, needed) is None:
        parser.error(f"{options.what} needs --{needed}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(options)
    except (Failure, OSError, ValueError) as error:
        print(f"power: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
