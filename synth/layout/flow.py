# SPDX-License-Identifier: Apache-2.0
"""A block from its netlist to a routed layout with its figures. What is placed and routed is kept
by its content."""
import collections
import dataclasses
import json
import pathlib
import shutil
import time
from collections.abc import Callable

from scripts.report import json_file
from synth import flat as flat_netlist
from synth import yosys
from synth.area import rams
from synth.area.rams import Technology
from synth.flat import Flat
from synth.layout import floorplan, graywolf, paths, picture, qrouter, spef
from synth.layout.config import Block
from synth.layout.floorplan import Pin
from synth.layout.lef import Lef
from synth.library import Library

# Sources that decide on the layout.
FILES = tuple(f"synth/layout/{name}.py"
              for name in ("config", "floorplan", "graywolf", "lef", "qrouter"))


class Layout:
    """A block placed and routed."""

    def __init__(self, flat: Flat, technology: Technology, lef: Lef, folder: pathlib.Path):
        self.flat, self.technology, self.lef = flat, technology, lef
        self.where = floorplan.sides(flat, technology)
        pins = floorplan.pins(flat, self.where)
        self.placement = graywolf.read(flat, lef, (folder / "block.pl1").read_text())
        self.pins = qrouter.place_pins(flat, lef, self.placement, pins)
        self.wires = qrouter.read_wires(lef, (folder / "routed.def").read_text())
        self.extraction = spef.Extraction(flat, lef, self.placement, self.pins, self.wires)
        self.seconds = json.loads((folder / "done.json").read_text())

    def picture(self) -> bytes:
        return picture.draw(self.flat, self.lef, self.placement, self.pins, self.wires)

    def figures(self) -> dict:
        """Without what the block is and its paths."""
        flat, library = self.flat, self.flat.library
        width, height = (v / graywolf.UNITS for v in (self.placement.width, self.placement.height))
        kinds = collections.Counter(c.kind for c in flat.cells)
        places = floorplan.memory_places(flat, self.technology, self.where, width, height)
        low = [min([0.0, *(r[i] for r in places.values())]) for i in (0, 1)]
        high = [max([size, *(r[i + 2] for r in places.values())])
                for i, size in enumerate((width, height))]
        lengths = qrouter.length_um(self.lef, self.wires.values())
        return {
            "cells": len(flat.cells), "flip_flops": library.registers(kinds),
            "nets": len(qrouter.routable(flat, self.pins)), "routed_nets": len(self.wires),
            "pins": len(self.pins), "rows": self.placement.rows, "core_um": [width, height],
            "core_um2": width * height, "cells_um2": library.um2(kinds),
            "utilisation_pct": 100 * library.um2(kinds) / (width * height),
            "block_um": [high[0] - low[0], high[1] - low[1]],
            "memories": [
                {"name": memory.path, "module": memory.variant.shown(), "side": self.where[i],
                 "um2": floorplan.memory_um2(flat, self.technology, i),
                 "place_um": [round(v, 2) for v in places[i]]}
                for i, memory in enumerate(flat.memories)],
            "wires_mm": {layer: um / 1000 for layer, um in lengths.items()},
            "wire_mm": sum(lengths.values()) / 1000,
            "vias": sum(len(w.vias) for w in self.wires.values()),
            "wires_pf": self.extraction.picofarads(), "pins_apart": self.extraction.apart,
            "seconds": self.seconds,
        }


class Flow:
    """How to lay out: cells with their LEF beside the Liberty file, folder of kept results, number
    of processes that map; `progress` is told what is done."""

    def __init__(self, library: Library, work: str, jobs: int, progress: Callable[[str], None]):
        self.library, self.work, self.jobs, self.progress = library, work, jobs, progress
        self.lef = Lef(pathlib.Path(library.path).with_suffix(".lef"))
        self.technology = rams.technology(library)
        self.folder = pathlib.Path(work).resolve() / "layout"

    def run(self, name: str, block: Block) -> tuple[dict, bytes]:
        """Figures of a block, and its picture."""
        def tell(text: str) -> None:
            self.progress(f"{name}: {text}")

        flat = flat_netlist.flat(self.library, self.work, block.variant, self.jobs, self.progress,
                                 block.as_memories)
        pins = floorplan.pins(flat, floorplan.sides(flat, self.technology))
        cells = graywolf.cell_file(flat, self.lef, pins, 80)
        key = yosys.digest(cells, yosys.sources_digest(*FILES), self.lef.path.read_text())
        if not (self.folder / key / "done.json").exists():
            self.place_and_route(flat, pins, self.folder / key, tell)
        tell("extracting wires, timing")
        made = Layout(flat, self.technology, self.lef, self.folder / key)
        before, after, warnings = paths.measure(flat, self.technology,
                                                made.extraction.write("block"))
        return {"block": name, "title": block.title, "module": block.variant.module,
                "parameters": block.variant.parameters, **made.figures(),
                "path_without_wires": dataclasses.asdict(before),
                "path_with_wires": dataclasses.asdict(after),
                "timing_warnings": len(warnings)}, made.picture()

    def place_and_route(self, flat: Flat, pins: list[Pin], kept: pathlib.Path,
                        tell: Callable[[str], None]) -> None:
        """Runs the tools and keeps what they wrote."""
        with yosys.work_folder() as folder:
            tell(f"placing {len(flat.cells):,} cells")
            start = time.monotonic()
            placement = graywolf.place(flat, self.lef, pins, folder, tell)
            middle = time.monotonic()
            placed = qrouter.place_pins(flat, self.lef, placement, pins)
            tell(f"placed in {middle - start:.0f} s; routing "
                 f"{len(qrouter.routable(flat, placed)):,} nets")
            qrouter.route(flat, self.lef, placement, placed, folder, tell)
            end = time.monotonic()
            tell(f"routed in {end - middle:.0f} s")
            kept.mkdir(parents=True, exist_ok=True)
            for name in ("block.pl1", "routed.def"):
                shutil.copy(folder / name, kept / name)
            json_file.write(kept / "done.json", {"place": round(middle - start, 1),
                                                 "route": round(end - middle, 1)})
