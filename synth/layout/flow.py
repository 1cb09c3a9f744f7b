# SPDX-License-Identifier: Apache-2.0
"""A block from its netlist to a routed layout with its figures. What the tools wrote is kept by the
content of what they read, placement and routing each."""
import collections
import dataclasses
import json
import pathlib
import resource
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
from synth.layout.graywolf import Placement
from synth.layout.lef import Lef
from synth.layout.qrouter import PlacedPin
from synth.library import Library


class Layout:
    """A block placed and routed; seconds {"place": s, "route": s}."""

    def __init__(self, flat: Flat, technology: Technology, lef: Lef, where: dict[int, str],
                 placement: Placement, pins: list[PlacedPin], routed: str,
                 seconds: dict[str, float]):
        self.flat, self.technology, self.lef = flat, technology, lef
        self.where, self.placement, self.pins, self.seconds = where, placement, pins, seconds
        self.wires = qrouter.read_wires(lef, routed)
        self.extraction = spef.Extraction(flat, lef, placement, pins, self.wires)

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
        made = self.place_and_route(flat, tell)
        tell("extracting wires, timing")
        before, after, warnings = paths.measure(flat, self.technology,
                                                made.extraction.write("block"))
        return {"block": name, "title": block.title, "module": block.variant.module,
                "parameters": block.variant.parameters, **made.figures(),
                "path_without_wires": dataclasses.asdict(before),
                "path_with_wires": dataclasses.asdict(after),
                "timing_warnings": len(warnings)}, made.picture()

    def place_and_route(self, flat: Flat, tell: Callable[[str], None]) -> Layout:
        where = floorplan.sides(flat, self.technology)
        pins = floorplan.pins(flat, where)
        text, place_seconds = self.step(
            "place", f"placing {len(flat.cells):,} cells", tell,
            graywolf.files(flat, self.lef, pins), "block.pl1",
            lambda folder: graywolf.place(flat, folder, tell))
        placement = graywolf.read(flat, self.lef, text)
        placed = qrouter.place_pins(flat, self.lef, placement, pins)
        text, route_seconds = self.step(
            "route", f"routing {len(qrouter.routable(flat, placed)):,} nets", tell,
            qrouter.files(flat, self.lef, placement, placed), "routed.def",
            lambda folder: qrouter.route(flat, self.lef, placed, folder, tell))
        return Layout(flat, self.technology, self.lef, where, placement, placed, text,
                      {"place": place_seconds, "route": route_seconds})

    def step(self, name: str, title: str, tell: Callable[[str], None], files: dict[str, str],
             result: str, run: Callable[[pathlib.Path], None]) -> tuple[str, float]:
        """What a tool writes that is given these files, and its seconds of a processor; kept."""
        kept = self.folder / f"{name}-{yosys.digest(files)}"
        if not (kept / "step.json").exists():
            tell(title)
            with yosys.work_folder() as folder:
                for file, text in files.items():
                    (folder / file).write_text(text)
                start, before = time.monotonic(), processor_seconds()
                run(folder)
                seconds = processor_seconds() - before
                tell(f"{title}: done in {time.monotonic() - start:.0f} s, {seconds:.0f} s of a "
                     "processor")
                kept.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / result, kept / result)
                json_file.write(kept / "step.json", {"seconds": round(seconds, 1)})
        return ((kept / result).read_text(),
                json.loads((kept / "step.json").read_text())["seconds"])


def processor_seconds() -> float:
    """Of all programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
