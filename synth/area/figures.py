# SPDX-License-Identifier: Apache-2.0
"""All figures of area.json from a Design (docs/method/area.md has its fields)."""
import dataclasses

from synth import yosys
from synth.area import config, density, rams, timing
from synth.area.config import CONFIGS, NAND2_45_UM2
from synth.area.design import Design


def whole(design: Design, name: str) -> dict:
    """A module with all that is below it."""
    areas = design.areas(name)
    return {"cells": design.all_cells(name), "logic_um2": round(areas.logic, 3),
            "register_files_um2": round(areas.register_files, 3), "rams_um2": round(areas.rams, 3),
            "gate_equivalents": round(design.ge(areas.cells), 1)}


def block(design: Design, name: str) -> dict:
    """Own figures of a module without what it instantiates, and `whole` with all below."""
    mapped, path, um2 = design.mapped[name], design.paths[name], design.um2(name)
    shown = dataclasses.asdict(path) if path else {}
    ns = shown.pop("ns", None)
    # What is left out of the path can only make it longer.
    is_lower = path and (path.cut or not design.library.wire_load)
    return {
        "module": mapped.variant.module, "parameters": mapped.variant.parameters,
        "cells": mapped.number_of_cells, "area_um2": round(um2, 3),
        "gate_equivalents": round(design.ge(um2), 1),
        "flip_flops": design.library.registers(mapped.cells), "critical_path_ns": ns,
        "critical_path_bound": path and ("lower" if is_lower else "estimate"),
        "clock_mhz": round(1000 / ns, 1) if ns else None, "path": shown or None,
        "whole": whole(design, name)}


def blocks(design: Design) -> list[dict]:
    """A row for each module of each engine."""
    out = []
    for engine, top in design.tops.items():
        counts, _ = design.below(top)
        labels = design.labels(counts)
        out += [{"name": labels[name], "engine": engine, "instances": number,
                 **block(design, name)} for name, number in counts.items()]
    return out


def tree(design: Design, name: str, labels: dict[str, str], places: int = 1) -> dict:
    """The hierarchy for the treemap: equal children together, um2 of all instances."""
    if name not in design.mapped:
        return {"name": labels[name], "instances": places, "kind": "ram",
                "um2": round(places * design.ram_um2(name), 1)}
    kind = "register file" if design.is_register_file(name) else "logic"
    children = sorted(design.mapped[name].children.items())
    return {"name": labels[name], "instances": places, "kind": kind,
            "um2": round(places * design.um2(name), 1),
            "children": [tree(design, n, labels, places * child.number) for n, child in children]}


def engine_figures(design: Design, engine: str) -> dict:
    top = design.tops[engine]
    counts, boxes = design.below(top)
    labels = design.labels([*counts, *boxes])
    areas = design.areas(top)
    ram_rows = [{"name": labels[b], "instances": n, "bits": rams.bits(design.variants[b]),
                 "um2": round(design.ram_um2(b), 1)} for b, n in sorted(boxes.items())]
    return {
        "parameters": CONFIGS[design.config][engine].parameters, "cells": design.all_cells(top),
        "logic_um2": round(areas.logic, 1), "register_files_um2": round(areas.register_files, 1),
        "rams_um2": round(areas.rams, 1), "ram_bits": design.ram_bits(top),
        "gate_equivalents": round(design.ge(areas.cells), 1), "rams": ram_rows,
        "tree": tree(design, top, labels)}


def limit(name, value, most, unit, text, digits=None):
    return {"name": name, "value": round(value, digits), "limit": most, "unit": unit,
            "holds": value <= most, "text": text}


def limits(design: Design) -> list[dict]:
    """What the design must hold at full size, and where it stands."""
    if design.config != "full":
        return []
    n_pe = CONFIGS["full"]["eie"].parameters["N_PE"]
    pe = design.areas(design.find("eie_pe", "eie")[0])
    # Memories are the wrappers of rtl/common, register files among them; as flip-flops they are
    # told beside it.
    with_files = design.ge(pe.cells)
    side = "within" if with_files <= config.MOST_PE_GE else "above"
    control = sum(design.areas(design.find(m, "eie")[0]).logic for m in ("eie_lnzd", "eie_ccu"))
    array = design.areas(design.find("mxu_array", "mxu")[0]).logic
    size = CONFIGS["full"]["mxu"].parameters
    tile = size["TILE_ROWS"] * size["TILE_COLS"]
    cell = max(design.ge(design.um2(t)) for t in design.find("mxu_tile", "mxu")) / tile
    mean = design.ge(array) / (size["ROWS"] * size["COLS"])
    path = design.paths[design.tops["eie"]]
    clock = [limit("sparse engine's longest path", path.ns, config.MOST_ENGINE_NS, "ns",
                   f"from {path.start} to {path.end}; all modules of {n_pe} PEs together, with "
                   "what stands behind each net", 2)]
    return [
        limit("processing element", design.ge(pe.logic), config.MOST_PE_GE, "gate equivalents",
              "logic of a PE without its memories; with its register files as flip-flops "
              f"{with_files:,.0f}, which is {side} the limit"),
        limit("detection tree and central control", 100 * control / (n_pe * pe.logic),
              config.MOST_CONTROL_PCT, "% of the array", f"{design.ge(control):,.0f} gate "
              f"equivalents beside {n_pe} PEs, without register files and RAMs", 2),
        limit("matrix cell", cell, config.MOST_CELL_GE, "gate equivalents",
              f"mean cell of the largest tile; {mean:,.0f} over the whole array"),
        *(clock if design.library.name.startswith("osu018") and not path.cut else ()),
    ]


def unit_beside_paper(design: Design, name: str, paper_um2: int, module: str) -> dict:
    """A row of table II: um2 at 45 nm by gate equivalents, RAMs by the paper's own density."""
    found = design.find(module, "eie")[0]
    areas, bits = design.areas(found), design.ram_bits(found)
    ge = design.ge(areas.cells)
    return {"unit": name, "paper_um2": paper_um2, "gate_equivalents": round(ge),
            "register_files_ge": round(design.ge(areas.register_files)),
            "um2_at_45nm": round(ge * NAND2_45_UM2), "ram_bits": bits,
            "ram_um2_at_45nm": round(bits * rams.EIE_UM2_PER_BIT)}


def table_2(design: Design) -> dict | None:
    """EIE's table II beside ours; None without a sparse engine."""
    if "eie" not in design.tops:
        return None
    rows = [unit_beside_paper(design, *row) for row in config.TABLE_2]
    logic_um2 = config.TABLE_2_TOTAL - config.TABLE_2_MEMORY - config.TABLE_2_FILLER
    n_pe = CONFIGS[design.config]["eie"].parameters["N_PE"]
    ge = design.ge(design.areas(design.find("eie_pe", "eie")[0]).cells)
    rest = design.ge(design.areas(design.tops["eie"]).cells) - n_pe * ge
    um2 = ge * NAND2_45_UM2
    ram_um2 = sum(r["ram_bits"] for r in rows) * rams.EIE_UM2_PER_BIT
    engine_um2 = n_pe * (um2 + config.TABLE_2_MEMORY) + rest * NAND2_45_UM2
    return {
        "rows": rows, "nand2_45nm_um2": NAND2_45_UM2,
        "ram_um2_per_bit": round(rams.EIE_UM2_PER_BIT, 4),
        "pe": {"paper_um2": config.TABLE_2_TOTAL, "paper_memory_um2": config.TABLE_2_MEMORY,
               "paper_filler_um2": config.TABLE_2_FILLER, "paper_logic_um2": logic_um2,
               "gate_equivalents": round(ge), "um2_at_45nm": round(um2),
               "with_paper_rams_um2": round(um2 + config.TABLE_2_MEMORY),
               "with_our_rams_um2": round(um2 + ram_um2)},
        "engine": {"paper_mm2": config.TABLE_2_ENGINE_MM2, "n_pe": n_pe,
                   "with_paper_rams_mm2": round(engine_um2 / 1e6, 2)},
    }


def sweep_figures(design: Design, sweep: config.Sweep) -> dict:
    def bar(label, variant):
        areas = design.areas(variant.name)
        return {"name": label, "parameters": variant.parameters,
                "logic_ge": round(design.ge(areas.logic)),
                "register_files_ge": round(design.ge(areas.register_files)),
                "rams_um2": round(areas.rams)}

    return {"title": sweep.title, "module": sweep.module,
            "bars": [bar(*one) for one in sweep.bars.items()]}


def figures(design: Design) -> dict:
    """All of area.json."""
    engines = {engine: engine_figures(design, engine) for engine in design.tops}
    summed = ("cells", "logic_um2", "register_files_um2", "rams_um2", "ram_bits",
              "gate_equivalents")
    total = {k: round(sum(e[k] for e in engines.values()), 1) for k in summed}
    total["area_um2"] = round(total["logic_um2"] + total["register_files_um2"], 1)
    library, technology = design.library, design.flow.technology
    return {
        "library": library.name, "library_file": library.path.name, "config": design.config,
        "nand2": {"cell": library.nand2, "um2": library.nand2_area},
        "tools": {"yosys": yosys.version("yosys"), "sta": yosys.version("sta", "-version")},
        "wire_load": timing.wire_load(library), "bounds": config.BOUNDS,
        "ram_model": {"technology": technology.name, "um2_per_bit": technology.um2_per_bit,
                      "access_ns": technology.access_ns, "source": technology.source},
        "blocks": blocks(design), "engines": engines, "totals": total, "limits": limits(design),
        "table2": table_2(design), "pes": density.rows(design),
        "sweeps": [sweep_figures(design, sweep) for sweep in config.SWEEPS[design.config]],
    }
