# SPDX-License-Identifier: Apache-2.0
"""A PE of the sparse engine beside the paper's: what it takes at 45 nm with its share of all that
is outside of the PEs, with the paper's RAMs (docs/method/area.md)."""
import collections

from synth.area import rams
from synth.area.config import NAND2_45_UM2, TABLE_2_TOTAL, UTILISATION
from synth.area.design import Design


def parameters(design: Design, top: str) -> dict[str, int]:
    """All parameters of an engine: those that its PEs and its control are made with."""
    found = {}
    for child in design.mapped[top].children.values():
        if child.variant.module in ("eie_pe", "eie_ccu"):
            found |= child.variant.parameters
    return found


def parts(design: Design, top: str, n_pe: int) -> list[dict]:
    """Gate equivalents of a PE and its share by module, the largest first."""
    ge = collections.Counter()
    counts = design.below(top)[0]
    labels = design.labels(counts)
    for name, number in counts.items():
        ge[labels[name]] += number * design.ge(design.um2(name)) / n_pe
    return [{"name": name, "gate_equivalents": round(value, 1)}
            for name, value in ge.most_common() if value]


def row(design: Design, engine: str) -> dict:
    """A PE of an engine with its share. Register files, accumulators among them, are flip-flops
    and count as cells."""
    top = design.tops[engine]
    values = parameters(design, top)
    n_pe = values["N_PE"]
    areas = design.areas(top)
    ge = design.ge(areas.cells) / n_pe
    bits = design.ram_bits(top) / n_pe
    cells_um2, ram_um2 = ge * NAND2_45_UM2, bits * rams.EIE_UM2_PER_BIT
    return {
        "engine": engine, "parameters": values, "gate_equivalents": round(ge, 1),
        "register_files_ge": round(design.ge(areas.register_files) / n_pe, 1),
        "cells_um2": round(cells_um2, 1), "ram_bits": round(bits, 1), "rams_um2": round(ram_um2, 1),
        "over_paper": round((cells_um2 + ram_um2) / TABLE_2_TOTAL, 4),
        "over_paper_utilised": round((cells_um2 / UTILISATION + ram_um2) / TABLE_2_TOTAL, 4),
        "parts": parts(design, top, n_pe)}


def rows(design: Design) -> list[dict]:
    return [row(design, engine) for engine, top in design.tops.items()
            if design.variants[top].module == "eie"]
