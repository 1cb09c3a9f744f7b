#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One page of what synthesis measured, from area.json and fpga.json of a folder, whichever are there. It opens from
disk and asks nothing of the network."""
import argparse
import html
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "synth")]
import chart  # noqa: E402
from old_page import PAGE_STYLE, cell, table, write_text  # noqa: E402

ENGINE_TITLES = {"eie": "Sparse engine", "mxu": "Matrix unit"}
# A treemap's smallest boxes that still get a name, and the least share of a picture that gets a box.
NAME_WIDTH, NAME_HEIGHT, LEAST_SHARE = 60, 16, 0.0004


def ge(value):
    return f"{value:,.0f}"


def mm2(um2):
    return f"{um2 / 1e6:,.3f} mm²"


# ---- pictures ----


def leaves(node, unit=""):
    """Boxes of a treemap: a module's own cells, by the unit of the engine that they belong to."""
    out = [(node["name"], unit or node["name"], node["instances"], node["kind"], node["um2"])] if node["um2"] > 0 else []
    for child in node.get("children", []):
        # What a PE or the array holds is told apart; deeper, a module belongs to the unit above it.
        below = node["name"].split("(")[0] in ("eie", "eie_pe", "mxu") or not unit
        out += leaves(child, child["name"] if below else unit)
    return out


def squarify(sizes, x, y, width, height):
    """Rectangles (x, y, width, height) of these sizes, largest first, that fill one and are near to squares (Bruls
    2000)."""
    out = []
    scale = width * height / sum(sizes)
    rest = [s * scale for s in sizes]
    while rest:
        side = min(width, height)

        def worst(row):
            total = sum(row)
            return max(max(side * side * s / total ** 2, total ** 2 / (side * side * s)) for s in row)

        row = [rest[0]]
        while len(row) < len(rest) and worst(row + [rest[len(row)]]) <= worst(row):
            row.append(rest[len(row)])
        rest = rest[len(row):]
        thick = sum(row) / side
        at = 0.0
        for size in row:
            length = size / thick
            out.append((x, y + at, thick, length) if width >= height else (x + at, y, length, thick))
            at += length
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
    return out


def treemap(name, title, engine):
    """Area of an engine by unit: logic, register files and RAMs in colours of their own."""
    boxes = [b for b in leaves(engine["tree"]) if b[4] > 0]
    total = sum(b[4] for b in boxes)
    boxes = sorted((b for b in boxes if b[4] > LEAST_SHARE * total), key=lambda b: -b[4])
    figure = chart.Figure(name, 960, 470, title)
    colours = {"logic": 0, "register file": 2, "ram": 1}
    figure.legend(4, 16, [("logic", 0), ("register files, flip-flops", 2), ("RAM, by the model", 1)])
    for (x, y, width, height), (module, unit, instances, kind, um2) in zip(
            squarify([b[4] for b in boxes], 0, 28, 960, 442), boxes):
        tip = (f"{module} in {unit}: {um2 / 1e6:,.3f} mm², {100 * um2 / total:.1f} %, "
               f"{instances:,} instance{'s' if instances > 1 else ''}")
        figure.body.append(
            f'<g><title>{html.escape(tip)}</title><rect class="f{colours[kind]}" fill-opacity=".82" '
            f'x="{chart.number(x)}" y="{chart.number(y)}" width="{chart.number(width)}" height="{chart.number(height)}"/>')
        room = int(width / 7)
        if width > NAME_WIDTH and height > NAME_HEIGHT:
            label = module if unit == module or len(module) + len(unit) + 3 > room else f"{module} in {unit}"
            figure.body.append(f'<text class="box" x="{chart.number(x + 5)}" y="{chart.number(y + 15)}">'
                               f'{html.escape(label if len(label) <= room else label[:max(room - 1, 1)] + "…")}</text>')
            if height > 2 * NAME_HEIGHT:
                figure.body.append(f'<text class="box" x="{chart.number(x + 5)}" y="{chart.number(y + 31)}">'
                                   f'{100 * um2 / total:.1f} %</text>')
        figure.body.append("</g>")
    return figure


def bars(name, title, groups, unit):
    """Horizontal stacked bars: (label, [(part, colour, value)]), longest to the right edge."""
    height = 34 + 34 * len(groups)
    figure = chart.Figure(name, 960, height, title)
    parts = list(dict.fromkeys((p, c) for _, values in groups for p, c, _ in values))
    figure.legend(150, 16, parts)
    most = max([sum(v for _, _, v in values) for _, values in groups] + [1e-9])
    for i, (label, values) in enumerate(groups):
        y = 34 + 34 * i
        figure.body.append(f'<text class="ink" x="142" y="{y + 16}" text-anchor="end">{html.escape(label)}</text>')
        x = 150.0
        for part, colour, value in values:
            width = 660 * value / most
            figure.body.append(f'<rect class="b{colour}" x="{chart.number(x)}" y="{y}" width="{chart.number(width)}" '
                               f'height="22"><title>{html.escape(f"{label}, {part}: {value:,.0f} {unit}")}</title></rect>')
            x += width
        figure.body.append(f'<text x="{chart.number(x + 6)}" y="{y + 16}">'
                           f'{sum(v for _, _, v in values):,.0f} {unit}</text>')
    return figure


def shown(figure, caption):
    return f"<figure>{figure.svg()}<figcaption>{html.escape(caption)}</figcaption></figure>"


# ---- the page ----


def library_text(data):
    ram = data["ram_model"]
    um2_per_bit = {int(k): v for k, v in ram["um2_per_bit"].items()}
    return (f"<p>Library {html.escape(data['library'])}; a gate equivalent is its two-input NAND "
            f"{html.escape(data['nand2']['cell'])}, {data['nand2']['um2']:g} µm². Wire load: {html.escape(data['wire_load'])}. "
            f"RAMs are black boxes of {um2_per_bit[1]:g} µm² a bit with one port and {um2_per_bit[2]:g} with two "
            f"({html.escape(ram['technology'])}: {html.escape(ram['source'])}), {ram['access_ns']:g} ns from clock to data. "
            f"Cells by {html.escape(data['tools']['yosys'])}, paths by OpenSTA {html.escape(data['tools']['sta'])}.</p>")


def cards(data):
    out = []
    for name, engine in data["engines"].items():
        title = ENGINE_TITLES.get(name, name)
        size = ", ".join(f"{k} {v}" for k, v in engine["parameters"].items())
        out.append(f'<div class="card"><span class="soft">{html.escape(title)} <small>({html.escape(size)})</small></span>'
                   f'<b>{mm2(engine["logic_um2"] + engine["register_files_um2"])}</b>'
                   f'{ge(engine["gate_equivalents"])} gate equivalents in {engine["cells"]:,} cells<br>'
                   f'<span class="soft">and {engine["ram_bits"] / 8 / 1024:,.0f} KB of RAM, {mm2(engine["rams_um2"])} '
                   'by the model</span></div>')
    return '<div class="cards">' + "".join(out) + "</div>"


def limits_list(data):
    if not data["limits"]:
        return '<p class="note">A small configuration: the limits hold for full size and are not judged.</p>'
    items = "".join(
        f"<li><span class=\"{'good' if x['holds'] else 'bad'}\">{'holds' if x['holds'] else 'FAILS'}</span> "
        f"{html.escape(x['name'])}: {x['value']:,} {html.escape(x['unit'])}, at most {x['limit']:,} "
        f"<span class=\"soft\">({html.escape(x['text'])})</span></li>" for x in data["limits"])
    return f'<ul class="checks">{items}</ul>'


def block_table(data, engine):
    rows = []
    for b in data["blocks"]:
        if b["engine"] != engine:
            continue
        path = "-" if b["critical_path_ns"] is None else f"{b['critical_path_ns']:.2f}"
        clock = "-" if b["clock_mhz"] is None else f"{b['clock_mhz']:,.0f}"
        rows.append([cell(b["name"]), cell(f"{b['instances']:,}"), cell(f"{b['cells']:,}"), cell(f"{b['flip_flops']:,}"),
                     cell(f"{b['area_um2']:,.0f}"), cell(ge(b["gate_equivalents"])),
                     cell(ge(b["whole"]["gate_equivalents"])), cell(path), cell(clock)])
    return table(["block", "instances", "own cells", "own flip-flops", "own µm²", "own gate equivalents",
                  "with all below", "longest path, ns", "MHz"], rows)


def path_rows(data):
    wanted = ("eie_pe", "eie_lnzd", "eie_ccu", "eie", "mxu_tile", "mxu_requantise", "mxu")
    out = []
    for b in data["blocks"]:
        if b["module"] not in wanted or not b["path"]:
            continue
        p = b["path"]
        cells = ", ".join(f"{c['cell']} {c['delay_ns']:.2f}" for c in p["cells"])
        cut = f" Left out as too many cells: {', '.join(c.split('__')[0] for c in p['cut'])}." if p["cut"] else ""
        ram = " Starts or ends at a RAM." if p["ram"] else ""
        out.append(f"<details><summary><b>{html.escape(b['name'])}</b>: {b['critical_path_ns']:.2f} ns, "
                   f"{b['clock_mhz']:,.0f} MHz, from {html.escape(p['start'])} to {html.escape(p['end'])}, "
                   f"{len(p['cells'])} cells.{html.escape(ram + cut)}</summary><p class=\"soft\">{html.escape(cells)}</p></details>")
    return "\n".join(out)


def table_2(data):
    t = data["table2"]
    rows = [[cell(r["unit"]), cell(ge(r["gate_equivalents"])), cell(ge(r["register_files_ge"])),
             cell(ge(r["um2_at_45nm"])), cell(f"{r['ram_bits'] / 8192:,.0f} KB"), cell(ge(r["ram_um2_at_45nm"])),
             cell(ge(r["um2_at_45nm"] + r["ram_um2_at_45nm"])), cell(ge(r["paper_um2"]))] for r in t["rows"]]
    pe = t["pe"]
    note = (f"<p>Gate equivalents times {t['nand2_45nm_um2']} µm², a NAND2_X1 of the NanGate 45 nm Open Cell Library; RAM at "
            f"{t['ram_um2_per_bit']} µm² a bit, which is the paper's {pe['paper_memory_um2']:,} µm² for its 162 KB. A whole PE is "
            f"{ge(pe['gate_equivalents'])} gate equivalents: {pe['um2_at_45nm']:,} µm² at 45 nm beside the paper's "
            f"{pe['paper_logic_um2']:,} µm² of registers, combinational cells and clock network, and "
            f"{pe['with_paper_rams_um2']:,} µm² with the paper's RAMs beside {pe['paper_um2']:,} (of which "
            f"{pe['paper_filler_um2']:,} are filler). {t['engine']['n_pe']} PEs with tree and control and the paper's RAMs come to "
            f"{t['engine']['with_paper_rams_mm2']:.1f} mm², beside {t['engine']['paper_mm2']} mm² of the paper's 64. Ours are cells without "
            "placement, clock tree and filler; accumulators have 32 bits, the paper's 16.</p>")
    return table(["unit of a PE", "gate equivalents", "of them register files", "µm² at 45 nm", "RAM", "its µm² at 45 nm",
                  "together", "paper, µm²"], rows) + note


def area_section(data):
    out = ["<h2>Standard cells</h2>", library_text(data), cards(data), limits_list(data)]
    for name, engine in data["engines"].items():
        title = ENGINE_TITLES.get(name, name)
        out.append(f"<h3>{html.escape(title)}</h3>")
        out.append(shown(treemap(f"area-{name}", f"Area of {title} by block", engine),
                         f"{title}: area of each block without what it instantiates, all instances together; hover for figures. "
                         "Boxes are as large as the areas."))
        out.append(block_table(data, name))
    for i, sweep in enumerate(data["sweeps"]):
        groups = [(f"{b['name']}", [("logic", 0, b["logic_ge"]), ("register files", 2, b["register_files_ge"])])
                  for b in sweep["bars"]]
        out.append(f"<h3>By {html.escape(sweep['title'])}</h3>")
        out.append(shown(bars(f"sweep-{i}", f"{sweep['module']} by {sweep['title']}", groups, "GE"),
                         f"{sweep['module']}: gate equivalents without RAMs by number of {sweep['title']}."))
    out.append("<h3>Longest paths</h3><p>Ports stand for registers beside the block: inputs come with the clock, outputs are "
               "wanted by the next. Setup time included.</p>")
    out.append(path_rows(data))
    out.append("<h3>Beside EIE's table II</h3>")
    out.append(table_2(data))
    return "\n".join(out)


def page(area, fpga):
    style = PAGE_STYLE + (".chart .box{fill:#fff;font-weight:600;paint-order:stroke;stroke:#0006;stroke-width:2px}"
                          "details{margin:.5em 0}summary{cursor:pointer}\n")
    out = ["<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           f"<title>Sparsys: synthesis</title><style>{style}</style></head><body><main><h1>Synthesis</h1>"]
    if area:
        out.append(area_section(area))
    if fpga:
        import fpga_page
        out.append(fpga_page.section(fpga))
    out.append("</main></body></html>\n")
    return "\n".join(out)


def read(path):
    """A report, or None if it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where area.json and fpga.json are, and the page goes to")
    folder = pathlib.Path(parser.parse_args().folder)
    try:
        area, fpga = read(folder / "area.json"), read(folder / "fpga.json")
        if not area and not fpga:
            sys.exit(f"page: {folder}: neither area.json nor fpga.json; make area or make fpga writes one")
        target = os.path.join(folder, "synthesis.html")
        write_text(target, page(area, fpga))
    except (OSError, ValueError, KeyError, ImportError) as error:
        sys.exit(f"page: {folder}: {type(error).__name__}: {error}")
    print(f"page: {target}")


if __name__ == "__main__":
    main()
