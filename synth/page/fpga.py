# SPDX-License-Identifier: Apache-2.0
"""The FPGA part of the page: what each configuration takes of its device, and the clock after
routing; rows and pictures for templates/fpga.html.j2."""
from scripts.report import chart
from scripts.report.chart import number

RESOURCES = {"lut": "LUT", "ff": "FF", "bram": "block RAM", "dsp": "DSP",
             "spram": "single-port RAM"}
COLOURS = {resource: i for i, resource in enumerate(RESOURCES)}
ENGINES = {"eie": "sparse engine", "mxu": "matrix unit"}
# Bars end here; what is larger says how much.
MOST_PCT = 125.0


def shown(config: dict) -> str:
    return f"{ENGINES.get(config['engine'], config['engine'])}, {config['config']}"


def resources_of(configs: list[dict]) -> list[str]:
    """What at least one of them takes."""
    return [r for r in RESOURCES if any(c["share_pct"].get(r) for c in configs)]


def share_figure(device: str, index: int, configs: list[dict]) -> chart.Figure:
    """Bars of the device's share, one for each resource of each configuration, with a mark at the
    full device."""
    used = resources_of(configs)
    step = 13 * len(used) + 16
    height = 34 + step * len(configs)
    figure = chart.Figure(f"fpga-share-{index}", 960, height, f"Share of the {device}")
    figure.legend(250, 16, [(RESOURCES[r], COLOURS[r]) for r in used])
    scale = 560 / MOST_PCT
    figure.path("mark", f"M{number(250 + 100 * scale)} 26V{height}", tip="the whole device")
    for i, config in enumerate(configs):
        y = 34 + step * i
        figure.text(240, y + 13 * len(used) / 2 + 4, shown(config), "end", "ink")
        for j, resource in enumerate(used):
            share, at = config["share_pct"].get(resource, 0), y + 13 * j
            if share:
                width = scale * min(share, MOST_PCT)
                figure.bar(250, at, width, 11, COLOURS[resource],
                           f"{shown(config)}: {config[resource]:,} {RESOURCES[resource]}, "
                           f"{share:g} %")
                figure.text(256 + width, at + 10, f"{share:g} %")
    return figure


def speed_figure(configs: list[dict]) -> chart.Figure:
    """Clock after routing: a dot for each seed, and the board's clock."""
    clocks = [s["fmax_mhz"] for c in configs for s in c["seeds"]]
    high = 1.15 * max(clocks + [c["clock_mhz"] for c in configs])
    scale, bottom = 600 / high, 30 + 44 * len(configs)
    figure = chart.Figure("fpga-speed", 960, bottom + 30, "Clock after routing by seed")
    for tick in chart.nice_ticks(0, high, 6):
        figure.path("grid", f"M{number(300 + scale * tick)} 20V{bottom}")
        figure.text(300 + scale * tick, bottom + 18, f"{chart.label(tick)} MHz", "middle")
    for i, config in enumerate(configs):
        y = 42 + 44 * i
        figure.text(290, y + 4, f"{config['device']}, {config['config']}", "end", "ink")
        figure.path("mark", f"M{number(300 + scale * config['clock_mhz'])} {y - 14}v28",
                    tip=f"clock of the board: {config['clock_mhz']} MHz")
        for seed in config["seeds"]:
            figure.body.append(chart.marker(300 + scale * seed["fmax_mhz"], y, 0,
                                            f"seed {seed['seed']}: {seed['fmax_mhz']} MHz"))
    return figure


def row(config: dict, used: list[str]) -> list:
    """A configuration in the table of its device, whose `used` resources are shown."""
    share = config["share_pct"]
    fullest = max(share, key=share.get)
    text = f"{share[fullest]:g} % of {RESOURCES[fullest]}"
    fits = [text, None, "good"] if config["fits"] else [f"too large: {text}", None, "bad"]
    speed = "-" if config["fmax_mhz"] is None else [
        f"{config['fmax_mhz']:g}", f"{config['fmax_min_mhz']:g} to {config['fmax_max_mhz']:g}"]
    return [shown(config), *([f"{config[r]:,}", f"{share[r]:g} %"] for r in used), fits, speed]


def device_section(index: int, device: str, configs: list[dict]) -> dict:
    used = resources_of(configs)
    return {"name": device, "picture": share_figure(device, index, configs),
            "header": ["configuration", *(RESOURCES[r] for r in used), "fullest", "MHz, median"],
            "rows": [row(c, used) for c in configs]}


def context(data: dict) -> dict:
    """What the template shows of fpga.json."""
    configs = data["configs"]
    placed = [c for c in configs if c["seeds"]]
    devices = dict.fromkeys(c["device"] for c in configs)
    return {"tools": data["tools"], "passed": data["passed"], "number": len(configs),
            "rams": sum(c["rams"] for c in configs),
            "multipliers": sum(c["multipliers"] for c in configs),
            "devices": [device_section(i, d, [c for c in configs if c["device"] == d])
                        for i, d in enumerate(devices)],
            "speed": speed_figure(placed) if placed else None}
