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
from typing import NamedTuple

from scripts.report import json_file
from synth import flat as flat_netlist
from synth import yosys
from synth.area import rams
from synth.area.rams import Technology
from synth.flat import Flat, Netlist, Part
from synth.layout import config, floorplan, graywolf, paths, picture, qrouter, regions, spef
from synth.layout.config import Block
from synth.layout.floorplan import Pin
from synth.layout.graywolf import Placement
from synth.layout.lef import Lef
from synth.layout.qrouter import PlacedPin, Wires
from synth.layout.regions import Region
from synth.library import Library


class Routed(NamedTuple):
    """Cells and pins in their places, wires by net."""
    placement: Placement
    pins: list[PlacedPin]
    wires: dict[int, Wires]


class Layout:
    """A block placed and routed; seconds {"place": s, "route": s}. `regions`: figures of those
    that were placed and routed by themselves."""

    def __init__(self, flat: Flat, technology: Technology, lef: Lef, where: dict[int, str],
                 routed: Routed, seconds: dict[str, float], region_figures: list[dict]):
        self.flat, self.technology, self.lef, self.where = flat, technology, lef, where
        self.placement, self.pins, self.wires = routed
        self.seconds, self.region_figures = seconds, region_figures
        self.extraction = spef.Extraction(flat, lef, *routed)

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
            "regions": self.region_figures, "seconds": self.seconds,
        }


class Flow:
    """How to lay out: cells with their LEF beside the Liberty file, folder of kept results, number
    of processes that map; `progress` is told what is done."""

    def __init__(self, library: Library, work: str, jobs: int, progress: Callable[[str], None]):
        self.library, self.work, self.jobs, self.progress = library, work, jobs, progress
        self.lef = Lef(pathlib.Path(library.path).with_suffix(".lef"))
        self.technology = rams.technology(library)
        self.folder = pathlib.Path(work).resolve() / "layout"
        self.spent: dict[str, float] = {}  # {step: seconds} of the block in work

    def run(self, name: str, block: Block) -> tuple[dict, bytes]:
        """Figures of a block, and its picture."""
        def tell(text: str) -> None:
            self.progress(f"{name}: {text}")

        flat = flat_netlist.flat(self.library, self.work, block.variant, self.jobs, self.progress,
                                 block.as_memories)
        self.spent = {}
        made = (self.of_regions if block.rows else self.in_one)(flat, block, tell)
        tell("extracting wires, timing")
        before, after, warnings = paths.measure(flat, self.technology,
                                                made.extraction.write("block"))
        return {"block": name, "title": block.title, "module": block.variant.module,
                "parameters": block.variant.parameters, **made.figures(),
                "path_without_wires": dataclasses.asdict(before),
                "path_with_wires": dataclasses.asdict(after),
                "timing_warnings": len(warnings)}, made.picture()

    def in_one(self, flat: Flat, block: Block, tell: Callable[[str], None]) -> Layout:
        where = floorplan.sides(flat, self.technology)
        made = self.place_and_route(flat, floorplan.pins(flat, where), config.LAYERS, block.fill,
                                    tell)
        return Layout(flat, self.technology, self.lef, where, made, self.seconds(), [])

    def of_regions(self, flat: Flat, block: Block, tell: Callable[[str], None]) -> Layout:
        """Regions first, then what is between them."""
        found = []
        for name, cells in regions.cells_of(flat, block).items():
            part = Part(flat, cells)
            # On the outermost tracks: no wire of the region can close a pin in.
            made = self.place_and_route(part, regions.part_pins(part), config.REGION_LAYERS,
                                        block.fill, lambda text, name=name: tell(f"{name}: {text}"),
                                        config.MARGIN)
            found.append(Region(name, part, *made))
        size = regions.arrange(found, block.rows, block.channel)
        placement = regions.whole_placement(found, size)
        where = floorplan.sides(flat, self.technology)
        inner, others = regions.split_pins(found, floorplan.pins(flat, where))
        border = qrouter.place_pins(flat, self.lef, placement, others)
        nets = regions.between(found, border)
        text = self.step("route", f"routing {len(nets):,} nets between {len(found)} regions", tell,
                         regions.files(self.lef, found, size, border, nets), "routed.def",
                         lambda folder: qrouter.route(flat.top.name, self.lef, nets, folder, tell))
        wires = regions.all_wires(found, qrouter.read_wires(self.lef, text))
        return Layout(flat, self.technology, self.lef, where,
                      Routed(placement, inner + border, wires), self.seconds(),
                      [regions.figures(region) for region in found])

    def place_and_route(self, cells: Netlist, pins: list[Pin], layers: int, fill: float,
                        tell: Callable[[str], None], away: float = config.MARGIN / 2) -> Routed:
        """Cells with their pins so far away, wires on so many layers, rows filled to this share."""
        text = self.step(
            "place", f"placing {len(cells.cells):,} cells", tell,
            graywolf.files(cells, self.lef, pins, fill), "block.pl1",
            lambda folder: graywolf.place(cells, folder, tell))
        placement = graywolf.read(cells, self.lef, text)
        placed = qrouter.place_pins(cells, self.lef, placement, pins, away)
        nets = qrouter.routable(cells, placed)
        text = self.step(
            "route", f"routing {len(nets):,} nets", tell,
            qrouter.files(cells, self.lef, layers, placement, placed, nets), "routed.def",
            lambda folder: qrouter.route(cells.top.name, self.lef, nets, folder, tell))
        return Routed(placement, placed, qrouter.read_wires(self.lef, text))

    def seconds(self) -> dict[str, float]:
        """Of the steps of this block, those of regions that are alike once."""
        return {kind: round(sum(s for name, s in self.spent.items() if name.startswith(kind)), 1)
                for kind in ("place", "route")}

    def step(self, name: str, title: str, tell: Callable[[str], None], files: dict[str, str],
             result: str, run: Callable[[pathlib.Path], None]) -> str:
        """What a tool writes that is given these files; kept."""
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
        self.spent[kept.name] = json.loads((kept / "step.json").read_text())["seconds"]
        return (kept / result).read_text()


def processor_seconds() -> float:
    """Of all programs that were run and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
