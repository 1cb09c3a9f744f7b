# SPDX-License-Identifier: Apache-2.0
"""The FPGA part of the synthesis page: what each configuration takes of its device, and the clock after routing."""
import html
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import chart  # noqa: E402
from old_page import cell, table  # noqa: E402

RESOURCES = ("lut", "ff", "bram", "dsp", "spram")
NAMES = {"lut": "LUT", "ff": "FF", "bram": "block RAM", "dsp": "DSP", "spram": "single-port RAM"}
ENGINES = {"eie": "sparse engine", "mxu": "matrix unit"}
# Bars end here; what is larger says how much.
MOST_PCT = 125.0


def shown_config(one):
    return f"{ENGINES.get(one['engine'], one['engine'])}, {one['config']}"


def share_figure(device, number, configs):
    """Bars of the device's share, one for each resource of each configuration, with a mark at the full device."""
    used = resources_of(configs)
    step = 13 * len(used) + 16
    figure = chart.Figure(f"fpga-share-{number}", 960, 34 + step * len(configs), f"Share of the {device}")
    figure.legend(250, 16, [(NAMES[r], RESOURCES.index(r)) for r in used])
    scale = 560 / MOST_PCT
    full = chart.number(250 + 100 * scale)
    figure.body.append(f'<path class="mark" d="M{full} 26V{34 + step * len(configs)}"><title>the whole device</title></path>')
    for i, one in enumerate(configs):
        y = 34 + step * i
        figure.body.append(f'<text class="ink" x="240" y="{y + 13 * len(used) / 2 + 4:g}" text-anchor="end">'
                           f'{html.escape(shown_config(one))}</text>')
        for j, resource in enumerate(used):
            share = one["share_pct"].get(resource, 0)
            if not share:
                continue
            width = scale * min(share, MOST_PCT)
            at = y + 13 * j
            figure.body.append(
                f'<rect class="b{RESOURCES.index(resource)}" x="250" y="{at}" width="{chart.number(width)}" height="11">'
                f'<title>{html.escape(f"{shown_config(one)}: {one[resource]:,} {NAMES[resource]}, {share:g} %")}</title></rect>'
                f'<text x="{chart.number(256 + width)}" y="{at + 10}">{share:g} %</text>')
    return figure


def speed_figure(configs):
    """Clock after routing: a dot for each seed, and the board's clock."""
    most = max(max(s["fmax_mhz"] for s in c["seeds"]) for c in configs)
    high = 1.15 * max([most] + [c["clock_mhz"] for c in configs])
    scale = 600 / high
    figure = chart.Figure("fpga-speed", 960, 60 + 44 * len(configs), "Clock after routing by seed")
    bottom = 30 + 44 * len(configs)
    for tick in chart.nice_ticks(0, high, 6):
        x = chart.number(300 + scale * tick)
        figure.body.append(f'<path class="grid" d="M{x} 20V{bottom}"/><text x="{x}" y="{bottom + 18}" '
                           f'text-anchor="middle">{chart.label(tick)} MHz</text>')
    for i, one in enumerate(configs):
        y = 42 + 44 * i
        clock = chart.number(300 + scale * one["clock_mhz"])
        figure.body.append(f'<text class="ink" x="290" y="{y + 4}" text-anchor="end">'
                           f'{html.escape(one["device"] + ", " + one["config"])}</text>'
                           f'<path class="mark" d="M{clock} {y - 14}v28"><title>clock of the board: '
                           f'{one["clock_mhz"]} MHz</title></path>')
        for seed in one["seeds"]:
            tip = f"seed {seed['seed']}: {seed['fmax_mhz']} MHz"
            figure.body.append(chart.marker(300 + scale * seed["fmax_mhz"], y, 0, tip))
    return figure


def config_rows(configs):
    rows, used = [], resources_of(configs)
    for one in configs:
        share = one["share_pct"]
        fullest = max(share, key=share.get)
        fits = (f'<td class="good">{share[fullest]:g} % of {NAMES[fullest]}</td>' if one["fits"] else
                f'<td class="bad">too large: {share[fullest]:g} % of {NAMES[fullest]}</td>')
        speed = cell("-") if one["fmax_mhz"] is None else cell(
            f"{one['fmax_mhz']:g}", f"{one['fmax_min_mhz']:g} to {one['fmax_max_mhz']:g}")
        rows.append([cell(shown_config(one))] + [cell(f"{one[r]:,}", f"{share[r]:g} %") for r in used] + [fits, speed])
    return rows


def resources_of(configs):
    """What at least one of them takes."""
    return [r for r in RESOURCES if any(c["share_pct"].get(r) for c in configs)]


def section(data):
    """HTML of fpga.json, for inside a page with the style of scripts/compress_report.py."""
    configs = data["configs"]
    devices = list(dict.fromkeys(c["device"] for c in configs))
    tools = ", ".join(html.escape(t) for t in data["tools"].values())
    rams, multipliers = sum(c["rams"] for c in configs), sum(c["multipliers"] for c in configs)
    verdict = ('<span class="good">every RAM is block RAM, every multiplier DSPs</span>' if data["passed"]
               else '<span class="bad">the run failed</span>')
    out = [f"<h2>FPGA</h2><p>{tools}. {rams:,} RAMs and {multipliers:,} multipliers in {len(configs)} configurations: {verdict}. "
           "Block RAM counts RAMB36, ECP5's 18 Kbit and iCE40's 4 Kbit blocks. Only what has a clock is placed and routed; the rest "
           "is what Yosys maps.</p>"]
    for number, device in enumerate(devices):
        mine = [c for c in configs if c["device"] == device]
        out.append(f"<h3>{html.escape(device)}</h3>")
        out.append(f"<figure>{share_figure(device, number, mine).svg()}<figcaption>Share of the device; the dashed line is all of "
                   "it.</figcaption></figure>")
        out.append(table(["configuration"] + [NAMES[r] for r in resources_of(mine)] + ["fullest", "MHz, median"],
                         config_rows(mine)))
    placed = [c for c in configs if c["seeds"]]
    if placed:
        out.append("<h3>Clock after routing</h3>")
        out.append(f"<figure>{speed_figure(placed).svg()}<figcaption>nextpnr, a dot for each seed; dashed: the clock of the "
                   "board.</figcaption></figure>")
    return "\n".join(out)
