# SPDX-License-Identifier: Apache-2.0
"""Places and routes blocks of standard cells with graywolf and qrouter (docs/method/layout.md): a
table, a JSON file, and pictures beside it."""
import argparse
import os
import pathlib
import signal
import sys

from scripts.report import json_file
from scripts.report.table import print_table
from synth import yosys
from synth.layout import config
from synth.layout.flow import Flow
from synth.library import OSU018, Library
from synth.yosys import ROOT, Failure

COLUMNS = ["block", "cells", "nets", "core, um", "of it cells, %", "wires, mm", "ns without wires",
           "ns with", "processor, s"]
NOTE = """Clock ideal and not routed, no power grid, no antenna or design rules checked. Memories
stand around the cells as blocks of the model's size, with nothing inside."""


def show(blocks: list[dict]) -> None:
    print_table([[b["block"], b["cells"], b["nets"], "{:.0f} x {:.0f}".format(*b["core_um"]),
                  round(b["utilisation_pct"], 1), round(b["wire_mm"]),
                  b["path_without_wires"]["ns"], b["path_with_wires"]["ns"],
                  round(sum(b["seconds"].values()))] for b in blocks], COLUMNS)
    for b in blocks:
        path = b["path_with_wires"]
        print(f"{b['block']}: {b['title']}; from {path['start']} to {path['end']} through "
              f"{path['cells']} cells" + (f"; {b['block_um'][0] / 1000:.2f} x "
                                          f"{b['block_um'][1] / 1000:.2f} mm with its memories"
                                          if b["memories"] else ""))
    print(NOTE)


def progress(line: str) -> None:
    print(f"layout: {line}", file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> None:
    for tool in ("yosys", "graywolf", "qrouter", "sta"):
        yosys.need(tool)
    flow = Flow(Library(options.liberty), options.work, options.jobs, progress)
    blocks, failures = [], []
    for name in options.blocks:
        try:
            figures, png = flow.run(name, config.BLOCKS[name])
        except Failure as failure:
            progress(f"{name}: {failure}")
            failures.append(name)
            continue
        blocks.append(figures)
        if options.report:
            picture = pathlib.Path(options.report).with_name(f"layout-{name}.png")
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(png)
            figures["picture"] = picture.name
            json_file.write(options.report, {
                "library": flow.library.name, "layers": config.LAYERS, "blocks": blocks,
                "bounds": {"core_um2": "estimate", "path_with_wires": "lower",
                           "path_without_wires": "lower"},
                "tools": {"qrouter": yosys.version("qrouter", "-h").strip(),
                          "yosys": yosys.version("yosys"),
                          "sta": yosys.version("sta", "-version")}}, "make layout")
    show(blocks)
    if failures:
        raise Failure(f"not laid out: {', '.join(failures)}; why is told above")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.layout", description=__doc__)
    add = parser.add_argument
    add("--blocks", nargs="+", choices=list(config.BLOCKS), default=list(config.DEFAULT))
    add("--liberty", default=OSU018, help="standard cells; the LEF is beside it")
    add("--work", default=ROOT / "build/synth", help="folder of kept results")
    add("--report", help="JSON file for the figures; pictures go beside it")
    add("--jobs", type=int, default=os.cpu_count())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(parser.parse_args())
    except (Failure, OSError) as error:
        print(f"layout: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("layout: interrupted; blocks that are routed are kept", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
