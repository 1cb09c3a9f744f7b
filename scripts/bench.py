#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench: runs the benchmark program, prints speeds and the ratios that are promised, fails if one is not
kept. Best of interleaved repetitions: whatever else the machine does only slows them."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import report

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
# What the encoder and the stored model of that layer may take together: the slowest repetitions, peak memory of the
# whole program.
ENCODING = ["BM_build_image", "BM_huffman"]
MOST_SECONDS = 20
MOST_BYTES = 4 << 30
# Matrix unit: row of TPU table 3 (Jouppi, ISCA 2017), counter, the paper's per cent for MLP0 and MLP1.
TABLE_3 = [
    ("array active", "active", {"MLP0": 12.7, "MLP1": 10.6}),
    ("useful multiply-accumulates", "useful", {"MLP0": 12.5, "MLP1": 9.4}),
    ("weight stall", "weight_stall", {"MLP0": 53.9, "MLP1": 44.2}),
    ("weight shift", "weight_shift", {"MLP0": 15.9, "MLP1": 13.4}),
    ("non-matrix", "non_matrix", {"MLP0": 17.5, "MLP1": 31.9}),
    ("read-after-write stall", "raw_stall", {"MLP0": 3.3, "MLP1": 8.4}),
    ("input stall", "input_stall", {"MLP0": 6.1, "MLP1": 8.8}),
]
# Of the cells' peak between the first and the last active cycle, weights being there.
LEAST_PEAK_PCT = 99


def matrix_unit(build):
    """Runs the shapes of TPU table 1 on the cycle model, prints its shares beside table 3; returns what goes into the
    report, and the limit that is to be kept."""
    done = subprocess.run([pathlib.Path(build) / "bin/mxu_shares"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    runs = json.loads(done.stdout)
    shares = []
    for run in runs:
        if run["name"] not in TABLE_3[0][2]:
            continue
        shares.append({key: run[key] for key in ("name", "layers", "width", "weights", "batch", "bytes_per_cycle",
                                                 "cycles")})
        for _, counter, _ in TABLE_3:
            whole = run["cycles"] * (run["cells"] if counter == "useful" else 1)
            shares[-1][counter + "_pct"] = round(100 * run[counter] / whole, 2)
        shares[-1]["paper"] = {counter + "_pct": paper[run["name"]] for _, counter, paper in TABLE_3}
    header = ["matrix unit, 256x256, cycle model: % of cycles"]
    for share in shares:
        header += [share["name"], "TPU"]
    rows = []
    for what, counter, paper in TABLE_3:
        rows.append([what])
        for share in shares:
            rows[-1] += [share[counter + "_pct"], paper[share["name"]]]
    report.print_table(header, rows)
    for share in shares:
        print(f"{share['name']}: {share['layers']} layers of {share['width']} x {share['width']}, batch "
              f"{share['batch']}, weights at {share['bytes_per_cycle']:.1f} bytes a cycle (34 GB/s, 700 MHz), "
              f"{share['cycles']:,} cycles")
    print()
    product = runs[-1]
    peak = 100 * product["useful"] / (product["span"] * product["cells"])
    limit = {"name": "peak_pct", "value": round(peak, 3), "at_least": LEAST_PEAK_PCT, "kept": peak >= LEAST_PEAK_PCT}
    report.print_table(["share of peak, first to last active cycle, %", "value", "at least", "result"],
                       [[product["name"], limit["value"], limit["at_least"], "ok" if limit["kept"] else "FAILED"]])
    return shares, limit


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--report", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bench.json")
        print("measuring, about two minutes", flush=True)
        done = subprocess.run([
            pathlib.Path(options.build) / "bin/bench", f"--benchmark_out={out}",
            "--benchmark_out_format=json", f"--benchmark_repetitions={REPETITIONS}",
            "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2",
        ], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"bench: the benchmark program fails: {done.stderr.strip()}")
        with open(out, encoding="utf-8") as file:
            results = json.load(file)["benchmarks"]
    rates = {}
    slowest = {}
    peak_bytes = 0
    for result in results:
        if result.get("error_occurred"):
            sys.exit(f"bench: {result['name']}: {result['error_message']}")
        if result["run_type"] == "iteration":
            name = result["run_name"].split("/")[0]
            rates[name] = max(rates.get(name, 0.0), result["rate"])
            slowest[name] = max(slowest.get(name, 0.0), result["real_time"] / 1000)
            peak_bytes = max(peak_bytes, result.get("peak_bytes", 0))
    missing = [name for name, _, _ in ROWS if name not in rates]
    if missing:
        sys.exit(f"bench: no result for {', '.join(missing)}")
    report.print_table(["what", "best rate", "unit"],
                       [[what, round(rates[name]), unit] for name, what, unit in ROWS])
    print()
    ratios = []
    for name, over, under, least in RATIOS:
        value = rates[over] / rates[under]
        ratios.append({"name": name, "value": round(value, 3), "at_least": least,
                       "kept": value >= least})
    report.print_table(["ratio", "value", "at least", "result"],
                       [[r["name"], r["value"], r["at_least"], "ok" if r["kept"] else "FAILED"]
                        for r in ratios])
    print()
    seconds = sum(slowest[name] for name in ENCODING)
    limits = [{"name": "encode_seconds", "value": round(seconds, 3), "at_most": MOST_SECONDS},
              {"name": "peak_bytes", "value": round(peak_bytes), "at_most": MOST_BYTES}]
    for limit in limits:
        limit["kept"] = 0 < limit["value"] <= limit["at_most"]
    report.print_table(["encode and Huffman, 25088 x 4096", "value", "at most", "result"],
                       [[limit["name"], limit["value"], limit["at_most"], "ok" if limit["kept"] else "FAILED"]
                        for limit in limits])
    print()
    shares, peak = matrix_unit(options.build)
    limits.append(peak)
    report.write_json(options.report, {
        "repetitions": REPETITIONS,
        "rates": [{"name": name[3:], "what": what, "rate": rates[name], "unit": unit}
                  for name, what, unit in ROWS],
        "ratios": ratios,
        "limits": limits,
        "matrix_unit": shares,
    })
    sys.exit(0 if all(r["kept"] for r in ratios + limits) else 1)


main()
