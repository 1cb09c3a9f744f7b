# SPDX-License-Identifier: Apache-2.0
"""Power of a PE of standard cells in a real run (docs/method/power.md).

  netlist   what the simulation that counts changes of nets is built from, into --out
  report    power by OpenSTA from the counts of one run or several, as tables and a JSON file
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
NOTE = """Of one PE. mW and pJ a cycle in the library's technology at {clock_mhz:g} MHz; at 45 nm:
times {to_45nm:g}, constant-field scaling; estimate: counted accesses by energies of 45 nm; EIE:
Table II. Lower bounds: no wires between the cells, no clock tree, no glitches."""


def number(value: float | None) -> float | str:
    return "-" if value is None else float(f"{value:.4g}")


def show(data: dict, to_45nm: float) -> None:
    """Prints a run's tables and totals."""
    layer = data["layer"]
    print(f"{data['name']} PE, layer of {layer['inputs']:,} inputs and {layer['outputs']:,} "
          f"outputs, {100 * layer['density']:g} % of the weights and "
          f"{100 * layer['activations']:g} % of the inputs not 0: {data['cycles']:,} cycles on "
          f"{data['pes']} PEs, netlist of {data['cells']:,} cells the same as the cycle model in "
          f"all {data['compared_cycles']:,}")
    print(f"{data['changes_per_net_and_cycle']:.3f} changes a net and cycle; "
          f"{data['flip_flops_changing_pct']:.2f} % of {data['flip_flops']:,} flip-flops change "
          "in a cycle")
    fields = ("milliwatts", "pj_per_cycle", "pj_per_cycle_45nm", "estimate_pj_per_cycle",
              "paper_pj_per_cycle")
    for rows in ([*data["kinds"], data["logic"], data["clock_if_gated"], data["memory"]],
                 data["units"]):
        print_table([[r["name"], *(number(r.get(f)) for f in fields)] for r in rows], COLUMNS)
        print()
    estimate = data["estimate"]
    print(f"{data['pes']} PEs, cells alone: {data['microjoules_per_inference']:.4g} uJ an "
          f"inference, {number(data['pj_per_operation'])} pJ an operation; at 45 nm "
          f"{data['microjoules_per_inference'] * to_45nm:.4g} uJ. Estimate at 45 nm, with "
          f"memories: {estimate['microjoules_per_inference']:.4g} uJ, "
          f"{number(estimate['pj_per_operation'])} pJ"
          + (f". EIE: {number(data['paper']['microjoules_per_inference'])} uJ, "
             f"{number(data['paper']['pj_per_operation'])} pJ" if data["paper"] else "") + "\n")


def progress(line: str) -> None:
    print(f"power: {line}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> None:
    yosys.need("yosys")
    library = Library(options.liberty)

    def netlist_of(name: str) -> flat.Flat:
        return flat.flat(library, options.work, PES[name], options.jobs, progress)
    if options.what == "netlist":
        netlist.write(netlist_of(options.config), options.out)
        return
    runs = []
    for name, file in map(activity, options.activity):
        made, counts = netlist_of(name), json.loads(file.read_text())
        progress(f"{name}: OpenSTA, twice, with {len(made.cells):,} cells")
        runs.append(figures.figures(name, made, rams.technology(library), counts))
    data = figures.report(library, runs)
    if options.report:
        json_file.write(options.report, data, "make power")
    for one in runs:
        show(one, data["to_45nm"])
    print(NOTE.format(**data))


def activity(text: str) -> tuple[str, pathlib.Path]:
    name, _, file = text.partition("=")
    if name not in PES or not file:
        raise Failure(f"--activity {text}: expected a PE, {' or '.join(PES)}, and a file, as "
                      "small=counts.json")
    return name, pathlib.Path(file)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.power", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("what", choices=["netlist", "report"])
    add("--config", choices=list(PES), default="full")
    add("--out", type=pathlib.Path, help="folder for the netlist")
    add("--activity", nargs="+", metavar="PE=FILE",
        help="what power_activity (full) and power_activity_small wrote")
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
