# SPDX-License-Identifier: Apache-2.0
"""make explore: pictures and a page of the design space that `sparsys explore` measured, each
beside what EIE's paper says of it (Han 2016, figures 8 to 13) and whether we agree."""
import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from scripts.report import chart, json_file, page, text_file, validate
from scripts.report.table import print_table

WORST = "NT-We"
# Picojoules of a read of an entry memory of 128 KB by its width in bits: CACTI 7.0 (HP Labs), RAM,
# 45 nm, cells and periphery itrs-hp, 360 K, one port, one bank, block and bus of that width, least
# read energy within 20 % of the shortest access time (its default; all within .88 ns).
READ_PJ = {32: 23.97, 64: 29.58, 128: 41.44, 256: 65.64, 512: 91.90}
# The same where it looks for the least product of energy and delay instead: 32 bits with 1.24 ns.
READ_PJ_SLOW = {32: 15.03, 64: 29.58, 128: 46.62, 256: 65.64, 512: 91.90}


@dataclasses.dataclass(frozen=True)
class Finding:
    """A statement of the paper, ours beside it, whether they agree, and the number that decides."""
    figure: str
    paper: str
    ours: str
    agrees: bool
    value: float


def select(points: list[dict], **fixed: int) -> dict[str, list[dict]]:
    """Points with these fields by layer, in rising order."""
    found: dict[str, list[dict]] = {}
    for point in sorted(points, key=lambda p: (p["n_pe"], p["queue_depth"])):
        if all(point[name] == value for name, value in fixed.items()):
            found.setdefault(point["layer"], []).append(point)
    return found


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def scaled(lines_of: dict[str, list]) -> dict[str, list]:
    """In thousands."""
    return {layer: [(x, y / 1000) for x, y in line] for layer, line in lines_of.items()}


def lines(name: str, title: str, x_title: str, y_title: str,
          series: dict[str, list[tuple[float, float]]], log_y: bool = False) -> chart.Figure:
    """A line for each layer over a logarithmic axis; six of them to a panel."""
    groups = [dict(list(series.items())[i:i + 5]) for i in range(0, len(series), 5)]
    figure = chart.Figure(name, 960, 380, title)
    values = [y for line in series.values() for _, y in line]
    places = sorted({x for line in series.values() for x, _ in line})
    low, high = (min(values) * 0.9, max(values) * 1.1) if log_y else (0, max(values) * 1.08)
    width = 960 / len(groups)
    for number, group in enumerate(groups):
        plot = chart.Panel(figure, width * number, 34, width, 346, "",
                           chart.Axis(places[0] * 0.9, places[-1] * 1.1, x_title, log=True,
                                      ticks=places),
                           chart.Axis(low, high, y_title, log=log_y))
        for colour, line in enumerate(group.values()):
            plot.line(line, colour)
        figure.legend(width * number + 30, 20, [(text, i) for i, text in enumerate(group)])
    return figure


def queue_findings(by_depth: dict[str, list[dict]]) -> list[Finding]:
    at = {layer: {p["queue_depth"]: p["balance_pct"] for p in line}
          for layer, line in by_depth.items()}
    depths = sorted(next(iter(at.values())))
    first, last = depths[0], depths[-1]
    idle = 100 - mean([line[first] for line in at.values()])
    before, behind = (mean([line[8] - line[first] for line in at.values()]),
                      mean([line[last] - line[8] for line in at.values()]))
    worst = min(at, key=lambda layer: at[layer][8])
    out = [Finding("8", "with a queue of 1 about half of the cycles are idle",
                   f"{idle:.0f} % idle", 35 <= idle <= 65, idle),
           Finding("8", "beyond a depth of 8 returns diminish",
                   f"{before:.1f} points from {first} to 8, {behind:.1f} from 8 to {last}",
                   behind < before / 2, behind)]
    if WORST in at:
        out.append(Finding("8", f"{WORST} is the worst", f"{worst} is, {at[worst][8]:.1f} % at 8",
                           worst == WORST, at[worst][8]))
    return out


def width_findings(points: list[dict]) -> tuple[list[Finding], dict[str, list], dict[str, list]]:
    """Reads and energy by width of the entry memory."""
    reads, energy = {}, {}
    for point in points:
        if point["widths"]:
            reads[point["layer"]] = [(w["bits"], w["reads"]) for w in point["widths"]]
            energy[point["layer"]] = [(w["bits"], w["reads"] * READ_PJ[w["bits"]] / 1000)
                                      for w in point["widths"]]

    def least(table: dict[int, float]) -> tuple[int, dict[int, float]]:
        """The best width, and by how many per cent each other is above it."""
        totals: dict[int, float] = {}
        for line in reads.values():
            for bits, count in line:
                totals[bits] = totals.get(bits, 0) + count * table[bits]
        best = min(totals, key=totals.get)
        return best, {bits: 100 * (total / totals[best] - 1)
                      for bits, total in sorted(totals.items()) if bits != best}
    best, others = least(READ_PJ)
    at = {min(line, key=lambda place: place[1])[0] for line in energy.values()}
    slow, _ = least(READ_PJ_SLOW)
    return ([Finding("9", "the energy of all reads is least at 64 bits",
                     f"least at {best} bits; above it "
                     + ", ".join(f"{bits} {more:.0f} %" for bits, more in others.items())
                     + f"; of single layers at {' or '.join(map(str, sorted(at)))}; with a slower "
                     f"memory at {slow}", best == 64, min(others.values()))],
            reads, energy)


def size_findings(by_pe: dict[str, list[dict]]) -> list[Finding]:
    ends = {layer: (line[0], line[-1]) for layer, line in by_pe.items()}
    sizes = {line[-1]["n_pe"] for line in by_pe.values()} | {
        line[0]["n_pe"] for line in by_pe.values()}
    least, most = min(sizes), max(sizes)
    gains = {layer: first["run_cycles"] / last["run_cycles"] / (most / least)
             for layer, (first, last) in ends.items()}
    others = [gain for layer, gain in gains.items() if layer != WORST]
    real = {layer: (1 - first["padding"] / first["entries"], 1 - last["padding"] / last["entries"])
            for layer, (first, last) in ends.items()}
    balance = [(first["balance_pct"], last["balance_pct"]) for first, last in ends.values()]
    near = sum(gain >= 0.6 for gain in others)
    last = mean([b[1] for b in balance])
    return [
        Finding("11", f"speed grows nearly in proportion to PEs, but for {WORST}",
                f"others keep {100 * min(others, default=0):.0f} % of it or more up to {most} PEs"
                + (f", {WORST} {100 * gains[WORST]:.0f} %" if WORST in gains else ""),
                near == len(others) and gains.get(WORST, 0) == min(gains.values()),
                100 * min(others, default=0)),
        Finding("12", "more PEs, fewer padding entries",
                f"real entries {100 * mean([r[0] for r in real.values()]):.1f} % at {least} PEs, "
                f"{100 * mean([r[1] for r in real.values()]):.1f} % at {most}",
                all(b >= a - 0.002 for a, b in real.values()),
                100 * mean([r[1] for r in real.values()])),
        Finding("13", "more PEs, worse balance",
                f"mean balance {mean([b[0] for b in balance]):.1f} % at {least} "
                f"PEs, {last:.1f} % at {most}", all(b < a for a, b in balance), last)]


def precision_findings(rows: list[dict]) -> list[Finding]:
    error = {row["bits"]: row["error_pct"] for row in rows}
    loss = {bits: value - error[32] for bits, value in error.items()}
    return [Finding("10", "16 bits lose next to nothing: AlexNet, top 5, 80.3 % to 79.8 %",
                    f"LeNet-300-100 {100 - error[32]:.2f} % to {100 - error[16]:.2f} %",
                    loss[16] <= 0.5, 100 - error[16]),
            Finding("10", "8 bits lose much: to 53 %",
                    f"to {100 - error[8]:.2f} %, a point at "
                    f"{max((bits for bits in loss if loss[bits] >= 1), default=0)} bits",
                    loss[8] >= 5, 100 - error[8])]


Pictures = list[tuple[chart.Figure, str]]


def evaluate(points: list[dict], precision: list[dict]) -> tuple[list[Finding], Pictures]:
    """Findings, and figures with their captions."""
    by_depth = select(points, n_pe=64)
    by_pe = select(points, queue_depth=8)
    found, reads, energy = width_findings(points)
    findings = [*queue_findings(by_depth), *found, *size_findings(by_pe)]

    def series(lines_of: dict[str, list[dict]], x: str, y: Any) -> dict[str, list]:
        return {layer: [(p[x], y(p, line)) for p in line] for layer, line in lines_of.items()}
    figures = [
        (lines("explore-queue", "Figure 8: depth of the activation queue", "depth", "balance, %",
               series(by_depth, "queue_depth", lambda p, _: p["balance_pct"])),
         "64 PEs. Balance: entries that the input meets over the PEs, in per cent of the cycles in "
         "which passes run."),
        (lines("explore-reads", "Figure 9: reads by width of the entry memory", "bits",
               "thousand reads", scaled(reads), log_y=True), "64 PEs, queue 8."),
        (lines("explore-energy", "Figure 9: energy by width of the entry memory", "bits",
               "uJ", scaled(energy), log_y=True),
         "Reads by the energy of one, CACTI 7.0, 45 nm, 128 KB: "
         + ", ".join(f"{value} pJ for {bits} bits" for bits, value in READ_PJ.items())
         + ". The paper used CACTI, too, and does not give its settings."),
        (lines("explore-speed", "Figure 11: speed over one PE", "PEs", "times faster",
               series(by_pe, "n_pe", lambda p, line: line[0]["run_cycles"] / p["run_cycles"]),
               log_y=True),
         "Queue 8. Cycles in which passes run; set-up of passes and write-back are left out."),
        (lines("explore-padding", "Figure 12: real entries of all", "PEs", "%",
               series(by_pe, "n_pe", lambda p, _: 100 * (1 - p["padding"] / p["entries"]))),
         "A PE has at most 64 accumulators and works on 64 of its rows at once, so up to 64 PEs "
         "the gaps, and the padding, stay as they are; the paper's columns are longer with fewer "
         "PEs."),
        (lines("explore-balance", "Figure 13: balance by number of PEs", "PEs", "balance, %",
               series(by_pe, "n_pe", lambda p, _: p["balance_pct"])),
         "Queue 8. Balance as above.")]
    if precision:
        findings += precision_findings(precision)
        findings.sort(key=lambda finding: int(finding.figure))
        curve = {"LeNet-300-100": [(row["bits"], 100 - row["error_pct"]) for row in precision]}
        figures.insert(3, (
            lines("explore-precision", "Figure 10: accuracy by precision", "bits (32: float)",
                  "accuracy, %", curve),
            "Test images; weights and activations in fixed point, a radix point a matrix and "
            "vector. A product of 16 bits takes a fifth of the energy of one of 32 (the paper)."))
    return findings, figures


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.explore", description=__doc__)
    parser.add_argument("report", type=Path, help="JSON file of sparsys explore")
    parser.add_argument("--out", type=Path, required=True, help="folder of the page")
    options = parser.parse_args()
    try:
        data = validate.read(options.report, "explore")
    except validate.Invalid as error:
        return f"explore: {error}"
    if "shard" in data:
        return (f"explore: {options.report}: a part of a sweep, "
                "join all with sparsys explore --merge")
    findings, figures = evaluate(data["points"], data.get("precision", []))
    data["findings"] = [dataclasses.asdict(finding) for finding in findings]
    json_file.write(options.report, data)
    for figure, _ in figures:
        text_file.write(options.out / f"{figure.name}.svg", figure.svg())
    page.write(options.out / "explore.html", "explore.html.j2", made=data["made"], data=data,
               figures=figures, findings=findings)
    print_table([[f.figure, f.paper, f.ours, "agree" if f.agrees else "DIFFER"] for f in findings],
                ["figure", "the paper", "here", ""])
    return 0


if __name__ == "__main__":
    sys.exit(main())
