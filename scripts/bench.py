# SPDX-License-Identifier: Apache-2.0
"""make bench: runs the benchmark programs, prints speeds and the ratios that are promised, fails if
one is not kept, or if the RTL of the matrix unit differs from the cycle model that the rows are of.
Best of interleaved repetitions: whatever else the machine does only slows them."""
import argparse
import dataclasses
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.report import json_file
from scripts.report.table import print_table

REPETITIONS = 9
# Benchmark, what it measures, unit of its rate.
ROWS = [
    ("BM_build_image", "encoder, 25088 x 4096 at 4 %", "entries/s"),
    ("BM_huffman", "stored model, 25088 x 4096 at 4 %", "entries/s"),
    ("BM_function_batch", "functional model, LeNet-300-100 size", "images/s"),
    ("BM_cycle_model", "cycle model, 64 PEs", "cycles/s"),
    ("BM_rtl", "RTL, 64 PEs", "cycles/s"),
    ("BM_lockstep", "RTL and cycle model in lockstep, 64 PEs", "cycles/s"),
]
# Name, numerator, denominator, least value.
RATIOS = [
    ("cycle_model_over_rtl", "BM_cycle_model", "BM_rtl", 1.0),
    ("lockstep_over_rtl", "BM_lockstep", "BM_rtl", 0.5),
]
# What the encoder and the stored model of that layer may take together: the slowest repetitions,
# peak memory of the whole program.
ENCODING = ["BM_build_image", "BM_huffman"]
MOST_SECONDS = 20
MOST_BYTES = 4 << 30
# Matrix unit: networks of TPU table 3 (Jouppi, ISCA 2017), its rows as counters, in per cent.
NETWORKS = ["MLP0", "MLP1", "LSTM0", "LSTM1", "CNN0"]
TABLE_3 = {
    "active": [12.7, 10.6, 8.2, 10.5, 78.2],
    "useful": [12.5, 9.4, 8.2, 6.3, 78.2],
    "weight_stall": [53.9, 44.2, 58.1, 62.1, 0.0],
    "weight_shift": [15.9, 13.4, 15.8, 17.1, 0.0],
    "non_matrix": [17.5, 31.9, 17.9, 10.3, 21.8],
    "raw_stall": [3.3, 8.4, 14.6, 10.6, 3.5],
    "input_stall": [6.1, 8.8, 5.1, 2.4, 3.4],
}
TABLE_3_TOPS = [12.3, 9.7, 3.7, 2.8, 86.0]
CLOCK = 700e6
# Per cent of cycles in which the array is active, by network and density of the weights.
LEAST_ACTIVE_PCT = {
    ("MLP0", 10): 96, ("MLP1", 10): 91, ("LSTM0", 10): 38, ("LSTM1", 10): 60,
    ("MLP0", 5): 96, ("MLP1", 5): 91, ("LSTM0", 5): 52, ("LSTM1", 5): 74,
}
# Networks of which a layer runs on the RTL of 256 x 256 too, and at which density.
ON_RTL, ON_RTL_DENSITY = ["MLP0", "MLP1", "LSTM0", "LSTM1"], 10
# Of the cells' peak between the first and the last active cycle, weights being there.
LEAST_PEAK_PCT = 99


class Failure(Exception):
    """The text is one line for people."""


@dataclasses.dataclass
class Speeds:
    """Per benchmark the best rate and the slowest seconds; the program's peak memory in bytes."""
    rates: dict[str, float] = dataclasses.field(default_factory=dict)
    slowest: dict[str, float] = dataclasses.field(default_factory=dict)
    peak_bytes: int = 0


def run(program: Path, *arguments: str) -> str:
    """What a program prints."""
    try:
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)
    except OSError as error:
        raise Failure(f"{program}: {error.strerror}") from None
    if done.returncode != 0:
        raise Failure(f"{program} fails: {done.stderr.strip()}")
    return done.stdout


def read_speeds(results: list[dict]) -> Speeds:
    """From the benchmarks of Google Benchmark's JSON file; every row must be there."""
    speeds = Speeds()
    for result in results:
        if result.get("error_occurred"):
            raise Failure(f"{result['name']}: {result['error_message']}")
        if result["run_type"] == "iteration":
            name = result["run_name"].split("/")[0]
            speeds.rates[name] = max(speeds.rates.get(name, 0.0), result["rate"])
            speeds.slowest[name] = max(speeds.slowest.get(name, 0.0), result["real_time"] / 1000)
            speeds.peak_bytes = max(speeds.peak_bytes, int(result.get("peak_bytes", 0)))
    missing = [name for name, *_ in ROWS if name not in speeds.rates]
    if missing:
        raise Failure(f"no result for {', '.join(missing)}")
    return speeds


def measure(build: Path) -> Speeds:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.json"
        run(build / "bin/bench", f"--benchmark_out={out}", "--benchmark_out_format=json",
            f"--benchmark_repetitions={REPETITIONS}", "--benchmark_enable_random_interleaving=true",
            "--benchmark_min_time=0.2")
        return read_speeds(json.loads(out.read_text())["benchmarks"])


def limit(name: str, value: float, *, at_least: float | None = None,
          at_most: float | None = None) -> dict:
    """A value and its bound; 0 keeps none."""
    bound = {"at_least": at_least} if at_most is None else {"at_most": at_most}
    kept = value >= at_least if at_most is None else 0 < value <= at_most
    return {"name": name, "value": round(value, 3), **bound, "kept": kept}


def ratios_of(speeds: Speeds) -> list[dict]:
    return [limit(name, speeds.rates[over] / speeds.rates[under], at_least=least)
            for name, over, under, least in RATIOS]


def encoding_limits(speeds: Speeds) -> list[dict]:
    seconds = sum(speeds.slowest[name] for name in ENCODING)
    return [limit("encode_seconds", seconds, at_most=MOST_SECONDS),
            limit("peak_bytes", speeds.peak_bytes, at_most=MOST_BYTES)]


def shares_of(runs: list[dict]) -> list[dict]:
    """Each network's counters in per cent of its cycles, beside the paper's."""
    shares = []
    for one in runs:
        if one["name"] not in NETWORKS:
            continue
        share = {key: one[key] for key in ("name", "density_pct", "layers", "width", "weights",
                                           "batch", "bytes_per_cycle", "cycles")}
        for key in ("tile_bytes", "longest_bus_entries", "longest_over_mean_bus"):
            share[key] = round(one[key], 2)
        for counter in TABLE_3:
            whole = one["cycles"] * (one["cells"] if counter == "useful" else 1)
            share[f"{counter}_pct"] = round(100 * one[counter] / whole, 2)
        share["tops"] = round(2 * one["useful"] / one["cycles"] * CLOCK / 1e12, 2)
        place = NETWORKS.index(one["name"])
        share["paper"] = {f"{counter}_pct": paper[place] for counter, paper in TABLE_3.items()}
        share["paper"]["tops"] = TABLE_3_TOPS[place]
        shares.append(share)
    return shares


def add_rtl(shares: list[dict], rows: list[dict]) -> list[dict]:
    """Puts what the RTL did in lockstep into the rows of these networks, and returns those rows."""
    checked = []
    for name in ON_RTL:
        which = {"name": name, "density_pct": ON_RTL_DENSITY}
        share, row = (next((one for one in ones if which.items() <= one.items()), None)
                      for ones in (shares, rows))
        if share is None or row is None:
            raise Failure(f"no result of the RTL for {name} at {ON_RTL_DENSITY} %")
        share["on_rtl"] = {
            "layers": row["layers"], "cycles": row["rtl"]["cycles"],
            "cycle_model_cycles": row["cycle_model"]["cycles"],
            "active_pct": round(100 * row["rtl"]["active"] / row["rtl"]["cycles"], 2),
            "counters_equal": row["rtl"] == row["cycle_model"],
            **{key: row[key] for key in ("outputs", "signals_per_cycle", "checked_cycles",
                                         "mismatched_signals")}}
        checked.append(share)
    return checked


def is_confirmed(share: dict) -> bool:
    row = share["on_rtl"]
    return row["counters_equal"] and row["mismatched_signals"] == 0 < row["checked_cycles"]


def active_limits(shares: list[dict]) -> list[dict]:
    """Every network with a bound must be there."""
    rows = {(share["name"], share["density_pct"]): share["active_pct"] for share in shares}
    missing = [f"{name} at {density} %" for name, density in LEAST_ACTIVE_PCT.keys() - rows.keys()]
    if missing:
        raise Failure(f"no result for {', '.join(sorted(missing))}")
    return [limit(f"{name}_at_{density}_pct_active_pct", rows[name, density], at_least=least)
            for (name, density), least in LEAST_ACTIVE_PCT.items()]


def peak_limit(product: dict) -> dict:
    """Of the run whose weights are all there."""
    return limit("peak_pct", 100 * product["useful"] / (product["span"] * product["cells"]),
                 at_least=LEAST_PEAK_PCT)


def print_limits(title: str, limits: list[dict]) -> None:
    bound = "at_most" if "at_most" in limits[0] else "at_least"
    print_table([[one["name"], one["value"], one[bound], "ok" if one["kept"] else "FAILED"]
                 for one in limits], [title, "value", bound.replace("_", " "), "result"])
    print()


def print_shares(shares: list[dict]) -> None:
    """In brackets the TPU's."""
    rows = [[f"{share['name']}, {share['density_pct']} %",
             f"{share['active_pct']:.1f} [{share['paper']['active_pct']}]",
             share["weight_stall_pct"], share["weight_shift_pct"], share["non_matrix_pct"],
             f"{share['tops']:.1f} [{share['paper']['tops']}]", round(share["tile_bytes"]),
             share["longest_bus_entries"]] for share in shares]
    print_table(rows, ["network, weights kept", "active, %", "weight stall", "shift", "non-matrix",
                       "TOPS", "bytes a tile", "entries of the longest bus"])
    for share in shares:
        if share["density_pct"] == 100:
            print(f"{share['name']}: {share['layers']} layers of {share['width']} x "
                  f"{share['width']}, batch {share['batch']}, weights at "
                  f"{share['bytes_per_cycle']:.1f} bytes a cycle (34 GB/s, 700 MHz)")
    print()


def print_rtl(checked: list[dict]) -> None:
    rows = [[f"{share['name']}, {share['density_pct']} %", row["layers"], row["cycles"],
             row["cycle_model_cycles"], row["active_pct"], row["signals_per_cycle"],
             row["mismatched_signals"], "ok" if is_confirmed(share) else "FAILED"]
            for share in checked for row in [share["on_rtl"]]]
    print_table(rows, ["on the RTL in lockstep, weights kept", "layers", "cycles",
                       "of the cycle model", "active, %", "signals compared a cycle", "differ",
                       "result"])
    print()


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.bench", description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--report", required=True)
    options = parser.parse_args()
    try:
        print("measuring, about four minutes", flush=True)
        speeds = measure(options.build)
        runs = json.loads(run(options.build / "bin/mxu_shares"))
        shares = shares_of(runs)
        active = active_limits(shares)
        checked = add_rtl(shares, json.loads(run(options.build / "bin/mxu_rows")))
    except Failure as error:
        return f"bench: {error}"
    ratios, encoding = ratios_of(speeds), encoding_limits(speeds)
    peak = peak_limit(runs[-1])
    rates = [{"name": name[3:], "what": what, "rate": speeds.rates[name], "unit": unit}
             for name, what, unit in ROWS]
    print_table([[row["what"], round(row["rate"]), row["unit"]] for row in rates],
                ["what", "best rate", "unit"])
    print()
    print_limits("ratio", ratios)
    print_limits("encode and Huffman, 25088 x 4096", encoding)
    print_shares(shares)
    print_limits("share of peak, first to last active cycle, %", [peak])
    print_limits("matrix unit, array active, %", active)
    print_rtl(checked)
    json_file.write(options.report, {
        "repetitions": REPETITIONS, "rates": rates, "ratios": ratios,
        "limits": [*encoding, peak, *active],
        "matrix_unit": shares}, "make bench")
    kept = all(one["kept"] for one in [*ratios, *encoding, peak, *active])
    return 0 if kept and all(map(is_confirmed, checked)) else 1


if __name__ == "__main__":
    sys.exit(main())
