#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make compress-report: pictures, a page and a table from what `sparsys compress-report` measured, each of
our figures beside the paper's (Han 2016, "Deep Compression", tables 1, 2 and 3)."""
import argparse
import html
import json
import os
import sys
import tempfile

import chart
import report

FIELDS = ("name", "title", "float_error_pct", "compressed_error_pct", "original_bytes", "stored_bytes", "ratio",
          "layers")
LAYER_FIELDS = ("name", "weights", "density_pct", "weight_bits", "weight_bits_huffman", "index_bits",
                "index_bits_huffman", "stored_bytes")

PAPER_FIELDS = ("float_error_pct", "compressed_error_pct", "ratio", "layers")
# Columns of a layer's table that the paper has too: field and digits of ours.
COLUMNS = (("density_pct", 2), ("weight_bits", 2), ("weight_bits_huffman", 2), ("index_bits", 2),
           ("index_bits_huffman", 2), ("stored_bytes", 0), ("rate_pct", 2))


class Wrong(Exception):
    """The measurements are not what they should be; the text is one line."""


def check(data):
    """Raises Wrong unless the measurements have what the page needs."""
    for network in need(data, "networks", "the report"):
        name = need(network, "name", "a network")
        for field in FIELDS:
            need(network, field, f"network {name}")
        for layer in network["layers"]:
            for field in LAYER_FIELDS:
                need(layer, field, f"network {name}: a layer")
        for field in PAPER_FIELDS if network.get("paper") else ():
            need(network["paper"], field, f"network {name}: paper")
    for field in ("dataset", "dataset_description", "checks", "distributions", "density", "bits", "size",
                  "balance"):
        need(data, field, "the report")
    if not data["networks"]:
        raise Wrong("no network in the report, expected at least one")


def need(data, field, place):
    if not isinstance(data, dict) or field not in data:
        raise Wrong(f"{place}: no field '{field}'")
    return data[field]


def paper_layer(network, name):
    """What the paper has of a layer, or of the whole network for "total"; nothing: an empty dictionary."""
    paper = network.get("paper") or {"layers": []}
    if name == "total":
        return paper.get("total", {})
    return next((layer for layer in paper["layers"] if layer["name"] == name), {})


def total_bits(layers, field):
    """Mean over all entries of all layers; weights stand for them where entries are not told."""
    counts = [layer.get("entries", layer["weights"]) for layer in layers]
    return sum(c * layer[field] for c, layer in zip(counts, layers)) / max(sum(counts), 1)


def rate_pct(layer):
    """What is left of a layer's size, in percent: its share of the file against 32-bit floats."""
    original = 4 * (layer["weights"] + layer.get("biases", 0))
    return 100 * layer["stored_bytes"] / original if original else 0.0


# ---- pictures ----


def distribution(entry, title):
    """Weights of a layer before pruning, after it, and after sharing, one panel each."""
    name = f"weights-{entry['network']}-{entry['layer']}"
    what = f"{title} {entry['layer']}"
    figure = chart.Figure(name, 960, 270, f"Distribution of the weights of {what}")
    low, high = entry["low"], entry["high"]

    def panel(number, title, top):
        return chart.Panel(figure, 320 * number, 0, 320, 270, title,
                           chart.Axis(low, high, "weight"), chart.Axis(0, 1.12 * top, "number of weights"))

    def histogram(number, title, counts):
        plot = panel(number, title, max(counts + [1]))
        plot.bars(low, high, counts, 0)
        return plot

    histogram(0, "trained", entry["before"]).note(f"{entry['weights']:,} weights")
    histogram(1, "pruned and retrained", entry["after"]).note(f"{entry['kept']:,} not zero")
    stems = [(s["value"], s["count"]) for s in entry["shared"]]
    panel(2, "shared", max([count for _, count in stems] + [1])).stems(stems, 1)
    figure.panels[-1].note(f"{len(stems)} values")
    return figure


def accuracy_range(points, reference):
    """An axis of three times the loss that half of the points stay within: those that collapse are cut off."""
    losses = sorted(reference - (100 - p["validation_error_pct"]) for series in points for p in series)
    span = min(max(3 * losses[len(losses) // 2], 0.5), 10, max(losses[-1], 0.1))
    best = max(-losses[0], 0)
    room = max(0.08 * (best + span), 0.02)
    return chart.Axis(reference - span - room, min(reference + best + room, 100), "validation accuracy, %")


def density_figure(density, title):
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
        plot.line([(p["density_pct"], 100 - p["validation_error_pct"]) for p in s["points"]], colour)
    figure.legend(62, 20, [(s["name"], i) for i, s in enumerate(series)], level="float network")
    return figure


def bits_figure(panels, title):
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


def size_figure(size, title):
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
        plot.line([(p["size_pct"], reference - p["validation_error_pct"]) for p in s["points"]], colour)
    figure.legend(62, 20, [(s["name"], i) for i, s in enumerate(size["series"])],
                  level="float network")
    return figure


def balance_figure(balance):
    """Entries of each PE in the layer that decides, plain beside balanced pruning."""
    loads = balance["loads"]
    figure = chart.Figure("balance", 960, 300, "Entries of each PE, plain and load-balance-aware pruning")
    top = max(max(load["entries_per_pe"]) for load in loads)
    width = 960 / len(loads)
    for number, load in enumerate(loads):
        counts = load["entries_per_pe"]
        mean = sum(counts) / len(counts)
        plot = chart.Panel(figure, width * number, 0, width, 300,
                           f"{load['network']}, {load['name']}: {load['layer']} on {len(counts)} PEs",
                           chart.Axis(0, len(counts), "PE"), chart.Axis(0, 1.25 * top, "entries"))
        plot.bars(0, len(counts), counts, number % 2)
        plot.note(f"mean {mean:.1f}, most {max(counts)}")
    return figure


def figures(data):
    """All pictures the measurements allow, in the page's order: (figure, caption)."""
    out = []
    titles = {network["name"]: network["title"] for network in data["networks"]}
    for entry in data["distributions"]:
        out.append((distribution(entry, titles[entry["network"]]),
                    f"Weights of {titles[entry['network']]} {entry['layer']}: as trained; after pruning and "
                    "retraining, where zeros are not drawn; and after sharing, fine-tuned: a stem is a shared "
                    "value, as high as the number of weights that have it. The network is the one stored."))
    if data["density"]:
        out.append((density_figure(data["density"], titles[data["density"]["network"]]), data["density"]["caption"]))
    if data["bits"]:
        out.append((bits_figure(data["bits"], titles[data["bits"][0]["network"]]), data["bits"][0]["caption"]))
    if data["size"]:
        out.append((size_figure(data["size"], titles[data["size"]["network"]]), data["size"]["caption"]))
    if data["balance"] and data["balance"]["loads"]:
        out.append((balance_figure(data["balance"]),
                    "Entries, padding included, that each PE of the sparse engine has to work off, in the same "
                    "layer pruned to the same density. The fullest PE decides how long the layer takes."))
    return out


# ---- the page ----

PAGE_STYLE = """:root{color-scheme:light dark;--ink:#1d232b;--soft:#5d6773;--line:#dde2e8;--paper:#ffffff;--card:#f5f7f9;
--good:#16794f;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ec;--soft:#9aa5b1;--line:#343b44;--paper:#171b20;--card:#1f252c;
--good:#4fc394;--bad:#ff8a80}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"DejaVu Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:1.7rem;margin:.2em 0}h2{font-size:1.25rem;margin:2em 0 .4em;border-bottom:1px solid var(--line);
padding-bottom:.2em}h3{font-size:1.05rem;margin:1.4em 0 .3em}p{margin:.5em 0}.soft,figcaption{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6em 0;font-size:.93rem}
th,td{padding:.32em .7em;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th{white-space:normal;max-width:7.5em;font-weight:600;color:var(--soft);vertical-align:bottom;border-bottom-width:2px}th:first-child,td:first-child{text-align:left}
tr.total td{font-weight:600}td small{color:var(--soft);font-weight:400;display:block}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
figure{margin:1.2em 0}figure svg{width:100%;height:auto;display:block}figcaption{font-size:.9rem;margin-top:.3em}
.cards{display:flex;flex-wrap:wrap;gap:14px;margin:1em 0}.card{flex:1 1 300px;background:var(--card);border:1px solid
var(--line);border-radius:8px;padding:14px 18px}.card b{font-size:1.9rem;font-weight:650;display:block;line-height:1.2}
.checks{list-style:none;padding:0;margin:.6em 0}.note{background:var(--card);border-left:4px solid var(--soft);
padding:.5em .9em;margin:1em 0}
"""


def cell(ours, paper=None):
    """A table's cell: our figure, and the paper's in small under it."""
    under = f"<small>{html.escape(str(paper))}</small>" if paper is not None else ""
    return f"<td>{html.escape(str(ours))}{under}</td>"


def table(header, rows, last_is_total=False):
    lines = ["<div class=\"wide\"><table><thead><tr>"
             + "".join(f"<th>{html.escape(h)}</th>" for h in header) + "</tr></thead><tbody>"]
    for number, row in enumerate(rows):
        kind = ' class="total"' if last_is_total and number == len(rows) - 1 else ""
        lines.append(f"<tr{kind}>" + "".join(row) + "</tr>")
    return "\n".join(lines) + "</tbody></table></div>"


def layer_rows(network):
    """Layers and their total: dictionaries of name, weights and the fields of COLUMNS."""
    layers = network["layers"]
    rows = [{"rate_pct": rate_pct(layer), **layer} for layer in layers]
    weights = sum(layer["weights"] for layer in layers)
    kept = sum(layer["weights"] * layer["density_pct"] for layer in layers)
    total = {"name": "total", "weights": weights, "density_pct": kept / max(weights, 1),
             "stored_bytes": network["stored_bytes"],
             "rate_pct": 100 * network["stored_bytes"] / network["original_bytes"]}
    for field in ("weight_bits", "weight_bits_huffman", "index_bits", "index_bits_huffman"):
        total[field] = total_bits(layers, field)
    return rows + [total]


def layer_table(network):
    rows = []
    for row in layer_rows(network):
        paper = paper_layer(network, row["name"])
        cells = [cell(row["name"], "paper" if paper else None), cell(f"{row['weights']:,}")]
        for field, digits in COLUMNS:
            unit = " %" if field.endswith("_pct") else ""
            theirs = f"{paper[field]:g}{unit}" if field in paper else None
            cells.append(cell(f"{row[field]:,.{digits}f}{unit}", theirs))
        rows.append(cells)
    return table(["layer", "weights", "kept", "bits per weight", "with Huffman", "bits per index",
                  "with Huffman", "bytes in the file", "of its size"], rows, last_is_total=True)


def cards(data):
    out = []
    for network in data["networks"]:
        paper = network.get("paper")
        theirs = (f"paper: {paper['ratio']:g} times, {paper['float_error_pct']:.2f} % → "
                  f"{paper['compressed_error_pct']:.2f} %" if paper else "")
        out.append(f'<div class="card"><span class="soft">{html.escape(network["title"])}</span>'
                   f'<b>{network["ratio"]:.1f} times smaller</b>'
                   f'{network["original_bytes"]:,} → {network["stored_bytes"]:,} bytes<br>'
                   f'test error {network["float_error_pct"]:.2f} % → {network["compressed_error_pct"]:.2f} %'
                   f'<br><span class="soft">{html.escape(theirs)}</span></div>')
    return '<div class="cards">' + "".join(out) + "</div>"


def steps_table(network):
    rows = [[cell(s["name"]), cell(f"{s['density_pct']:.2f} %"), cell(f"{s['validation_error_pct']:.2f} %"),
             cell(f"{s['seconds']:.0f} s")] for s in network.get("steps", [])]
    if not rows:
        return ""
    return table(["step", "weights kept", "validation error", "took"], rows)


def balance_table(balance):
    rows = []
    for r in balance["rows"]:
        rows.append([cell(r["network"]), cell(r["n_pe"]), cell(r["pruning"]), cell(f"{r['density_pct']:.2f} %"),
                     cell("-" if r["validation_error_pct"] is None else f"{r['validation_error_pct']:.2f} %"),
                     cell(f"{r['entries']:,}"),
                     cell(f"{r['balance_pct']:.1f} %"), cell(f"{r['cycles_per_image']:,.0f}"),
                     cell(f"{r['speedup']:.2f}" if r.get("speedup") else "")])
    return table(["network", "PEs", "pruning", "weights kept", "validation error", "entries",
                  "mean / most entries of a PE", "cycles per image", "times faster"], rows)


def page(data, pictures):
    captions = {figure.name: (figure, caption) for figure, caption in pictures}

    def shown(prefix):
        return "\n".join(f"<figure>{figure.svg()}<figcaption>{html.escape(caption)}</figcaption></figure>"
                         for name, (figure, caption) in captions.items() if name.startswith(prefix))

    out = ["<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
           f"<title>Sparsys: deep compression</title><style>{PAGE_STYLE}</style></head><body><main>",
           "<h1>Deep compression</h1>",
           f"<p>Data: {html.escape(data['dataset_description'])}: {data['train_images']:,} training and "
           f"{data['validation_images']:,} validation images drive every choice; the "
           f"{data['test_images']:,} test images were read once, at the end, for the test errors below.</p>"]
    if not data["judged"]:
        out.append("<p class=\"note\">This is not a whole run on MNIST, so the bounds are not judged and the "
                   "paper's figures beside ours are of other data or other training.</p>")
    out.append(cards(data))
    out.append("<p>Ratios are 32-bit floats for all weights and biases against the stored file in bytes, with "
               "everything in it: graph, names, shapes, codebooks, Huffman tables, codes, indices, biases. Errors "
               "of the compressed network are measured with the network read back from that file.</p>")
    if data["checks"]:
        items = "".join(
            f"<li><span class=\"{'good' if c['holds'] else 'bad'}\">{'holds' if c['holds'] else 'FAILS'}</span> "
            f"{html.escape(c['text'])}</li>" for c in data["checks"])
        out.append(f"<ul class=\"checks\">{items}</ul>")
    for network in data["networks"]:
        name = network["name"]
        out.append(f"<h2>{html.escape(network['title'])}</h2>")
        out.append("<p>Ours" + (", and in small the figures of Han 2016, \"Deep Compression\"."
                                if network.get("paper") else ".") + " Bits per weight and index are means over the entries of a layer, padding included.</p>")
        out.append(layer_table(network))
        out.append("<h3>Step by step</h3>")
        out.append(steps_table(network))
        out.append(shown(f"weights-{name}-"))
    out.append("<h2>What pruning and sharing cost</h2>")
    out.append("<p>All accuracies here are of the validation images, and every point is a network of its own, "
               "retrained briefly: less than for the stored networks above.</p>")
    out.append(shown("accuracy-"))
    if data["balance"]:
        out.append("<h2>Load-balance-aware pruning</h2>")
        out.append(f"<p>{html.escape(data['balance']['caption'])}</p>")
        out.append(balance_table(data["balance"]))
        out.append(shown("balance"))
    out.append("</main></body></html>\n")
    return "\n".join(out)


def write_text(path, text):
    """As a whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def print_tables(data):
    rows = []
    for network in data["networks"]:
        rows.append([network["title"], f"{network['float_error_pct']:.2f} %",
                     f"{network['compressed_error_pct']:.2f} %", f"{network['original_bytes']:,}",
                     f"{network['stored_bytes']:,}", f"{network['ratio']:.1f}"])
        paper = network.get("paper")
        if paper:
            rows.append(["  paper", f"{paper['float_error_pct']:.2f} %",
                         f"{paper['compressed_error_pct']:.2f} %", "", "", f"{paper['ratio']:.1f}"])
    print()
    report.print_table(["network", "float error", "compressed", "bytes", "stored", "ratio"], rows)
    for network in data["networks"]:
        print(f"\n{network['title']}" + ("; in brackets the paper" if network.get("paper") else ""))
        rows = []
        for row in layer_rows(network):
            paper = paper_layer(network, row["name"])
            rows.append([row["name"], f"{row['weights']:,}"] + [
                f"{row[field]:,.{digits}f}" + (f" [{paper[field]:g}]" if field in paper else "")
                for field, digits in COLUMNS])
        report.print_table(["layer", "weights", "kept %", "weight bits", "Huffman", "index bits", "Huffman",
                            "bytes", "size %"], rows)
    if data["balance"]:
        print("\nload-balance-aware pruning")
        report.print_table(
            ["network", "PEs", "pruning", "kept %", "validation error %", "mean / most", "cycles per image"],
            [[r["network"], r["n_pe"], r["pruning"], round(r["density_pct"], 2),
              "-" if r["validation_error_pct"] is None else round(r["validation_error_pct"], 2),
              f"{r['balance_pct']:.1f} %", round(r["cycles_per_image"])] for r in data["balance"]["rows"]])
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", help="JSON file that `sparsys compress-report` wrote")
    parser.add_argument("--out", required=True, help="folder of the page and its pictures")
    options = parser.parse_args()
    try:
        with open(options.report, encoding="utf-8") as file:
            data = json.load(file)
        check(data)
        pictures = figures(data)
        os.makedirs(options.out, exist_ok=True)
        for figure, _ in pictures:
            write_text(os.path.join(options.out, f"compress-{figure.name}.svg"), figure.svg())
        target = os.path.join(options.out, "compress.html")
        write_text(target, page(data, pictures))
    except (OSError, ValueError, Wrong) as error:
        sys.exit(f"compress_report: {options.report}: {error}")
    print_tables(data)
    print(f"page: {target}, with {len(pictures)} pictures beside it as SVG")


if __name__ == "__main__":
    main()
