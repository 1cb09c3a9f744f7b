# SPDX-License-Identifier: Apache-2.0
"""make compress-report: pictures, a page and a table from what `sparsys compress-report` measured,
each of our figures beside the paper's (Han 2016, "Deep Compression", tables 1, 2 and 3)."""
import argparse
import sys
from pathlib import Path

from scripts.report import chart, page, text_file, validate
from scripts.report.page import digits
from scripts.report.table import print_table

# Columns of a layer's table that the paper has too: field, digits of ours, unit.
COLUMNS = (("density_pct", 2, " %"), ("weight_bits", 2, ""), ("weight_bits_huffman", 2, ""),
           ("index_bits", 2, ""), ("index_bits_huffman", 2, ""), ("stored_bytes", 0, ""),
           ("rate_pct", 2, " %"))
CAPTION = ("Weights of {}: as trained; after pruning and retraining, where zeros are not drawn; "
           "and after sharing, fine-tuned: a stem is a shared value, as high as the number of "
           "weights that have it. The network is the one stored.")
BALANCE_CAPTION = ("Entries, padding included, that each PE of the sparse engine has to work off, "
                   "in the same layer pruned to the same density. The fullest PE decides how long "
                   "the layer takes.")


def paper_layer(network: dict, name: str) -> dict:
    """What the paper has of a layer, or of the whole network for "total"; else nothing."""
    paper = network.get("paper") or {"layers": []}
    if name == "total":
        return paper.get("total", {})
    return next((layer for layer in paper["layers"] if layer["name"] == name), {})


def total_bits(layers: list[dict], field: str) -> float:
    """Mean over all entries of all layers; weights stand for them where entries are not told."""
    counts = [layer.get("entries", layer["weights"]) for layer in layers]
    return sum(c * layer[field] for c, layer in zip(counts, layers)) / max(sum(counts), 1)


def rate_pct(layer: dict) -> float:
    """What is left of a layer's size, in percent: its share of the file against 32-bit floats."""
    original = 4 * (layer["weights"] + layer.get("biases", 0))
    return 100 * layer["stored_bytes"] / original if original else 0.0


# ---- pictures ----


def distribution(entry: dict, title: str) -> chart.Figure:
    """Weights of a layer before pruning, after it, and after sharing, one panel each."""
    name = f"weights-{entry['network']}-{entry['layer']}"
    what = f"{title} {entry['layer']}"
    figure = chart.Figure(name, 960, 270, f"Distribution of the weights of {what}")
    low, high = entry["low"], entry["high"]

    def panel(number: int, title: str, top: float) -> chart.Panel:
        return chart.Panel(figure, 320 * number, 0, 320, 270, title,
                           chart.Axis(low, high, "weight"),
                           chart.Axis(0, 1.12 * top, "number of weights"))

    def histogram(number: int, title: str, counts: list[int]) -> chart.Panel:
        plot = panel(number, title, max(counts + [1]))
        plot.bars(low, high, counts, 0)
        return plot

    histogram(0, "trained", entry["before"]).note(f"{entry['weights']:,} weights")
    histogram(1, "pruned and retrained", entry["after"]).note(f"{entry['kept']:,} not zero")
    stems = [(s["value"], s["count"]) for s in entry["shared"]]
    panel(2, "shared", max([count for _, count in stems] + [1])).stems(stems, 1)
    figure.panels[-1].note(f"{len(stems)} values")
    return figure


def accuracy_range(points: list[list[dict]], reference: float) -> chart.Axis:
    """An axis of three times the loss that half of the points stay within: those that collapse are
    cut off."""
    losses = sorted(reference - (100 - p["validation_error_pct"])
                    for series in points for p in series)
    span = min(max(3 * losses[len(losses) // 2], 0.5), 10, max(losses[-1], 0.1))
    best = max(-losses[0], 0)
    room = max(0.08 * (best + span), 0.02)
    return chart.Axis(reference - span - room, min(reference + best + room, 100),
                      "validation accuracy, %")


def density_figure(density: dict, title: str) -> chart.Figure:
    """Accuracy against density: without retraining, with, iteratively, and by quality factor."""
    figure = chart.Figure("accuracy-density", 960, 420,
                          f"Accuracy against density, {title}")
    series = density["series"]
    reference = 100 - density["float_validation_error_pct"]
    densities = [p["density_pct"] for s in series for p in s["points"]]
    plot = chart.Panel(figure, 0, 24, 960, 396, "",
                       chart.Axis(min(densities) * 0.9, max(max(densities) * 1.05, 100),
                                  "weights kept, % (logarithmic, fewer to the right)", log=True,
                                  reverse=True),
                       accuracy_range([s["points"] for s in series], reference))
    plot.level(reference)
    for colour, s in enumerate(series):
        plot.line([(p["density_pct"], 100 - p["validation_error_pct"]) for p in s["points"]],
                  colour)
    figure.legend(62, 20, [(s["name"], i) for i, s in enumerate(series)], level="float network")
    return figure


def bits_figure(panels: list[dict], title: str) -> chart.Figure:
    """Accuracy against bits per shared weight, convolutional and fully connected layers apart."""
    figure = chart.Figure("accuracy-bits", 960, 400,
                          f"Accuracy against bits per weight, {title}")
    width = 960 / len(panels)
    colours = {"linear": 0, "density": 1, "random": 2}
    for number, panel in enumerate(panels):
        bits = [p["bits"] for s in panel["series"] for p in s["points"]]
        reference = 100 - panel["reference_validation_error_pct"]
        plot = chart.Panel(figure, width * number, 30, width, 370, panel["title"],
                           chart.Axis(min(bits) - 0.3, max(bits) + 0.3, "bits per weight",
                                      ticks=sorted(set(bits))),
                           accuracy_range([s["points"] for s in panel["series"]], reference))
        plot.level(reference)
        for s in panel["series"]:
            plot.line([(p["bits"], 100 - p["validation_error_pct"]) for p in s["points"]],
                      colours.get(s["init"], 3), dashed=not s["fine_tuned"])
    figure.legend(62, 20, [(f"{init} initialisation", c) for init, c in colours.items()],
                  dashed="before fine-tuning", level="pruned, not shared")
    return figure


def size_figure(size: dict, title: str) -> chart.Figure:
    """Accuracy lost against what is left of the size: pruning, sharing, both."""
    figure = chart.Figure("accuracy-size", 960, 400,
                          f"Accuracy lost against size, {title}")
    reference = size["float_validation_error_pct"]
    sizes = [p["size_pct"] for s in size["series"] for p in s["points"]]
    losses = [reference - p["validation_error_pct"] for s in size["series"] for p in s["points"]]
    low = max(min(losses + [0]), -5)
    high = max(losses + [0])
    room = max(0.08 * (high - low), 0.05)
    plot = chart.Panel(figure, 0, 24, 960, 376, "",
                       chart.Axis(min(sizes) * 0.9, max(sizes) * 1.1,
                                  "stored size, % of 32-bit floats (logarithmic)", log=True),
                       chart.Axis(low - room, high + room, "change of accuracy, points"))
    plot.level(0)
    for colour, s in enumerate(size["series"]):
        plot.line([(p["size_pct"], reference - p["validation_error_pct"]) for p in s["points"]],
                  colour)
    figure.legend(62, 20, [(s["name"], i) for i, s in enumerate(size["series"])],
                  level="float network")
    return figure


def balance_figure(balance: dict) -> chart.Figure:
    """Entries of each PE in the layer that decides, plain beside balanced pruning."""
    loads = balance["loads"]
    figure = chart.Figure("balance", 960, 300,
                          "Entries of each PE, plain and load-balance-aware pruning")
    top = max(max(load["entries_per_pe"]) for load in loads)
    width = 960 / len(loads)
    for number, load in enumerate(loads):
        counts = load["entries_per_pe"]
        mean = sum(counts) / len(counts)
        plot = chart.Panel(figure, width * number, 0, width, 300,
                           f"{load['network']}, {load['name']}: {load['layer']} "
                           f"on {len(counts)} PEs",
                           chart.Axis(0, len(counts), "PE"), chart.Axis(0, 1.25 * top, "entries"))
        plot.bars(0, len(counts), counts, number % 2)
        plot.note(f"mean {mean:.1f}, most {max(counts)}")
    return figure


def figures(data: dict) -> list[tuple[chart.Figure, str]]:
    """All pictures the measurements allow, in the page's order: (figure, caption)."""
    titles = {network["name"]: network["title"] for network in data["networks"]}
    out = [(distribution(entry, titles[entry["network"]]),
            CAPTION.format(f"{titles[entry['network']]} {entry['layer']}"))
           for entry in data["distributions"]]
    for draw, sweep in ((density_figure, data["density"]), (bits_figure, data["bits"]),
                        (size_figure, data["size"])):
        if sweep:
            first = sweep[0] if isinstance(sweep, list) else sweep
            out.append((draw(sweep, titles[first["network"]]), first["caption"]))
    if data["balance"] and data["balance"]["loads"]:
        out.append((balance_figure(data["balance"]), BALANCE_CAPTION))
    return out


# ---- tables ----


def layer_rows(network: dict) -> list[dict]:
    """Layers and their total: dictionaries of name, weights and the fields of COLUMNS."""
    layers = network["layers"]
    weights = sum(layer["weights"] for layer in layers)
    kept = sum(layer["weights"] * layer["density_pct"] for layer in layers)
    total = {"name": "total", "weights": weights, "density_pct": kept / max(weights, 1),
             "stored_bytes": network["stored_bytes"],
             "rate_pct": 100 * network["stored_bytes"] / network["original_bytes"]}
    for field in ("weight_bits", "weight_bits_huffman", "index_bits", "index_bits_huffman"):
        total[field] = total_bits(layers, field)
    return [{"rate_pct": rate_pct(layer), **layer} for layer in layers] + [total]


def layer_cells(network: dict) -> list[list]:
    """Rows for the page: each cell ours and the paper's."""
    rows = []
    for row in layer_rows(network):
        paper = paper_layer(network, row["name"])
        rows.append([[row["name"], "paper" if paper else None], digits(row["weights"])])
        rows[-1] += [[digits(row[field], count, unit),
                      f"{paper[field]:g}{unit}" if field in paper else None]
                     for field, count, unit in COLUMNS]
    return rows


def step_cells(network: dict) -> list[list]:
    return [[step["name"], digits(step["density_pct"], 2, " %"),
             digits(step["validation_error_pct"], 2, " %"), digits(step["seconds"], 0, " s")]
            for step in network.get("steps", [])]


def balance_cells(balance: dict | None) -> list[list]:
    return [[row["network"], row["n_pe"], row["pruning"], digits(row["density_pct"], 2, " %"),
             digits(row["validation_error_pct"], 2, " %"), digits(row["entries"]),
             digits(row["balance_pct"], 1, " %"), digits(row["cycles_per_image"]),
             digits(row["speedup"], 2) if row.get("speedup") else ""]
            for row in balance["rows"]] if balance else []


def render(data: dict, pictures: list[tuple[chart.Figure, str]]) -> str:
    """The page's text."""
    networks = data["networks"]
    return page.render("compress.html.j2", data=data, made=data.get("made"), figures=pictures,
                       layers={network["name"]: layer_cells(network) for network in networks},
                       steps={network["name"]: step_cells(network) for network in networks},
                       balance=balance_cells(data["balance"]))


def print_networks(networks: list[dict]) -> None:
    rows = []
    for network in networks:
        paper = network.get("paper")
        rows.append([network["title"], digits(network["float_error_pct"], 2, " %"),
                     digits(network["compressed_error_pct"], 2, " %"),
                     digits(network["original_bytes"]), digits(network["stored_bytes"]),
                     digits(network["ratio"], 1)])
        if paper:
            rows.append(["  paper", digits(paper["float_error_pct"], 2, " %"),
                         digits(paper["compressed_error_pct"], 2, " %"), "", "",
                         digits(paper["ratio"], 1)])
    print()
    print_table(rows, ["network", "float error", "compressed", "bytes", "stored", "ratio"])


def print_tables(data: dict) -> None:
    print_networks(data["networks"])
    for network in data["networks"]:
        paper = "; in brackets the paper" if network.get("paper") else ""
        print(f"\n{network['title']}{paper}")
        print_table([[cell if isinstance(cell, str) else
                      cell[0] + (f" [{cell[1]}]" if cell[1] and cell[1] != "paper" else "")
                      for cell in row] for row in layer_cells(network)],
                    ["layer", "weights", "kept", "weight bits", "Huffman", "index bits", "Huffman",
                     "bytes", "size"])
    if data["balance"]:
        print("\nload-balance-aware pruning")
        print_table(balance_cells(data["balance"]),
                    ["network", "PEs", "pruning", "kept", "validation error", "entries",
                     "mean / most", "cycles per image", "times faster"])
    print()


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.compress_report", description=__doc__)
    parser.add_argument("report", help="JSON file that `sparsys compress-report` wrote")
    parser.add_argument("--out", required=True, type=Path,
                        help="folder of the page and its pictures")
    options = parser.parse_args()
    try:
        data = validate.read(options.report, "compress")
        pictures = figures(data)
        for figure, _ in pictures:
            text_file.write(options.out / f"compress-{figure.name}.svg", figure.svg())
        text_file.write(options.out / "compress.html", render(data, pictures))
    except (OSError, validate.Invalid) as error:
        return f"compress_report: {error}"
    print_tables(data)
    print(f"page: {options.out / 'compress.html'}, with {len(pictures)} pictures beside it as SVG")
    return 0


if __name__ == "__main__":
    sys.exit(main())
