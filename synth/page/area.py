# SPDX-License-Identifier: Apache-2.0
"""The standard cells' part of the page: rows and pictures for templates/area.html.j2."""
from collections.abc import Iterator

from scripts.report.chart import Figure
from scripts.report.page import digits
from synth.page.treemap import treemap

TITLES = {"eie": "Sparse engine", "mxu": "Matrix unit",
          **{f"eie_{lanes}x{groups}": f"Sparse engine of {lanes} lanes in {groups} groups"
             for lanes, groups in ((8, 4), (16, 4), (16, 8))},
          **{f"lanes_{lanes}": f"{lanes} lanes of a PE" for lanes in (4, 8, 16)}}
PATHS_OF = ("eie_pe", "eie_lnzd", "eie_ccu", "eie", "mxu_tile", "mxu_requantise", "mxu")
# A path of cells alone is a bound from below, its clock one from above; so is one that leaves out
# modules, whatever stands for the wires.
SIGNS = {"lower": ("≥ ", "≤ "), "estimate": ("", ""), None: ("", "")}


def without(path: dict | None) -> str | None:
    """What is left out of a path, for people; None if nothing is."""
    cut = sorted({name.split("__")[0] for name in path["cut"]}) if path else []
    return f"without {', '.join(cut)}" if cut else None


def block_row(b: dict) -> list:
    longer, slower = SIGNS[b["critical_path_bound"]]
    return [b["name"], *(digits(b[k]) for k in ("instances", "cells", "flip_flops", "area_um2",
                                                "gate_equivalents")),
            digits(b["whole"]["gate_equivalents"]),
            [longer + digits(b["critical_path_ns"], 2), without(b["path"])],
            slower + digits(b["clock_mhz"])]


def paths(data: dict) -> Iterator[dict]:
    """Longest paths of the blocks that matter most, with their cells."""
    for b in data["blocks"]:
        if b["module"] in PATHS_OF and b["path"]:
            longer, slower = SIGNS[b["critical_path_bound"]]
            yield {"name": b["name"], "ns": longer + digits(b["critical_path_ns"], 2),
                   "mhz": slower + digits(b["clock_mhz"]), "without": without(b["path"]),
                   **b["path"]}


def sweep_figure(number: int, sweep: dict) -> Figure:
    """Gate equivalents by a parameter: stacked horizontal bars."""
    bars = sweep["bars"]
    figure = Figure(f"sweep-{number}", 960, 34 + 34 * len(bars),
                    f"{sweep['module']} by {sweep['title']}")
    parts = [("logic", 0, "logic_ge"), ("register files", 2, "register_files_ge")]
    figure.legend(150, 16, [part[:2] for part in parts])
    most = max(bar["logic_ge"] + bar["register_files_ge"] for bar in bars)
    for i, bar in enumerate(bars):
        x, y = 150.0, 34 + 34 * i
        figure.text(142, y + 16, bar["name"], "end", "ink")
        for part, colour, field in parts:
            width = 660 * bar[field] / most
            figure.bar(x, y, width, 22, colour, f"{bar['name']}, {part}: {bar[field]:,} GE")
            x += width
        figure.text(x + 6, y + 16, f"{bar['logic_ge'] + bar['register_files_ge']:,} GE")
    return figure


def table_2_row(row: dict) -> list[str]:
    together = row["um2_at_45nm"] + row["ram_um2_at_45nm"]
    return [row["unit"], digits(row["gate_equivalents"]), digits(row["register_files_ge"]),
            digits(row["um2_at_45nm"]), digits(row["ram_bits"] / 8192, 0, " KB"),
            digits(row["ram_um2_at_45nm"]), digits(together), digits(row["paper_um2"])]


def pe_row(pe: dict) -> list[str]:
    lanes, groups = (pe["parameters"][p] for p in ("LANES", "GROUPS"))
    return [f"{lanes} x {groups}", *(digits(pe[k]) for k in ("gate_equivalents",
                                                            "register_files_ge", "cells_um2")),
            digits(pe["ram_bits"] / 8192, 1, " KB"), digits(pe["rams_um2"]),
            *(digits(pe[k], 3) for k in ("over_paper", "over_paper_utilised"))]


def context(data: dict) -> dict:
    """What the template shows of area.json."""
    engines = [{"title": TITLES.get(name, name), **engine,
                "picture": treemap(f"area-{name}", f"Area of {TITLES.get(name, name)} by block",
                                   engine["tree"]),
                "rows": [block_row(b) for b in data["blocks"] if b["engine"] == name]}
               for name, engine in data["engines"].items()]
    return {**data, "engines": engines, "paths": list(paths(data)),
            "um2_per_bit": list(data["ram_model"]["um2_per_bit"].values()),
            "sweeps": [{**s, "picture": sweep_figure(i, s)}
                       for i, s in enumerate(data["sweeps"])],
            "pe_rows": [pe_row(pe) for pe in data["pes"]],
            "table2_rows": [table_2_row(row) for row in data["table2"]["rows"]]}
