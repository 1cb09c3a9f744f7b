# SPDX-License-Identifier: Apache-2.0
"""The layout's part of the page: rows and pictures for templates/layout.html.j2."""
from scripts.report.chart import Figure
from scripts.report.page import digits
from synth.layout.picture import METALS

HEADER = ["block", "cells", "nets routed", "core, µm", "of it cells", "with memories, mm",
          "wires, mm", "vias", "path without wires, ns", "with wires, ns",
          "processor s to place, route"]
WIDTH = 720


def size(um: list[float], unit: float, count: int) -> str:
    return f"{um[0] / unit:,.{count}f} x {um[1] / unit:,.{count}f}"


def row(b: dict) -> list:
    return [[b["block"], b["title"]], digits(b["cells"]),
            f"{b['routed_nets']:,} of {b['nets']:,}", size(b["core_um"], 1, 0),
            digits(b["utilisation_pct"], 1, " %"),
            size(b["block_um"], 1000, 2) if b["memories"] else "-", digits(b["wire_mm"]),
            digits(b["vias"]), digits(b["path_without_wires"]["ns"], 2),
            "≥ " + digits(b["path_with_wires"]["ns"], 2),
            f"{b['seconds']['place']:,.0f}, {b['seconds']['route']:,.0f}"]


def regions(b: dict) -> str:
    return "; ".join(f"{r['name']} {r['cells']:,} cells, {size(r['core_um'], 1, 0)} µm, "
                     f"{r['utilisation_pct']:.1f} % filled" for r in b["regions"])


def floorplan(b: dict) -> Figure | None:
    """Boxes of the core and the memories around it, to scale; None without memories."""
    if not b["memories"]:
        return None
    places = [m["place_um"] for m in b["memories"]] + [[0, 0, *b["core_um"]]]
    left, low = min(p[0] for p in places), min(p[1] for p in places)
    scale = WIDTH / b["block_um"][0]
    height = b["block_um"][1] * scale
    figure = Figure(f"layout-{b['block']}", WIDTH, round(height), f"Floor plan of {b['title']}")
    names = [(m["name"], m["um2"], 1) for m in b["memories"]]
    names.append(("cells", b["core_um2"], 0))
    for (name, um2, colour), (x0, y0, x1, y1) in zip(names, places):
        x, y = (x0 - left) * scale, height - (y1 - low) * scale
        wide, tall = (x1 - x0) * scale, (y1 - y0) * scale
        figure.bar(x, y, max(wide - 1, 1), max(tall - 1, 1), colour, f"{name}: {um2 / 1e6:.3f} mm²")
        if wide > 60 and tall > 18:
            figure.text(x + 5, y + 15, name[:max(1, int(wide / 7))], kind="box")
    return figure


def context(data: dict) -> dict:
    """What the template shows of layout.json."""
    return {**data, "header": HEADER, "rows": list(map(row, data["blocks"])),
            "metals": [f"rgb{c}" for c in METALS[:data["layers"]]],
            "blocks": [{**b, "floorplan": floorplan(b), "regions": regions(b),
                        "wires": ", ".join(f"{name} {mm:,.1f}"
                                           for name, mm in b["wires_mm"].items())}
                       for b in data["blocks"]]}
