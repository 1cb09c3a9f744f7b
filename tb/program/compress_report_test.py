# SPDX-License-Identifier: Apache-2.0
"""A small run of `sparsys compress-report` as make gives it: figures, page, cache, Ctrl-C and going
on. Usage: compress_report_test.py PROGRAM"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WEIGHTS = {
    "lenet-300-100": {"ip1": 235200, "ip2": 30000, "ip3": 1000},
    "lenet-5": {"conv1": 500, "conv2": 25000, "ip1": 400000, "ip2": 5000},
}
PARAMETERS = {"lenet-300-100": 266610, "lenet-5": 431080}
PICTURES = (
    "weights-lenet-300-100-ip1",
    "weights-lenet-5-conv2",
    "weights-lenet-5-ip1",
    "accuracy-density",
    "accuracy-bits",
    "accuracy-size",
    "balance",
)
# What tells when it was measured, or how long it took, and not what was measured.
OF_THE_RUN = ("made", "seconds", "training_seconds", "steps_kept", "stored_file")

# Steps in which Ctrl-C comes: training, compression, a series of trainings, cycles.
STOPS = (1, 4, 7, 11, 21)

program = os.path.abspath(sys.argv[1])
ROOT = Path(__file__).resolve().parents[2]


def require(holds, text):
    if not holds:
        sys.exit(f"FAILED: {text}")


def command(cache, out):
    return [
        program,
        "compress-report",
        "--quick",
        "--synthetic",
        "--limit",
        "600",
        "--threads",
        "2",
        "--cache",
        cache,
        "--report",
        f"{out}/compress.json",
    ]


def run(cache, out):
    done = subprocess.run(command(cache, out), capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-2000:]}")
    with open(f"{out}/compress.json", encoding="utf-8") as file:
        return done, json.load(file)


def of_every_run(value):
    """The report without what may differ from run to run."""
    if isinstance(value, dict):
        return {k: of_every_run(v) for k, v in value.items() if k not in OF_THE_RUN}
    return [of_every_run(v) for v in value] if isinstance(value, list) else value


def check_report(report):
    require([n["name"] for n in report["networks"]] == list(WEIGHTS), "the two networks")
    require(report["judged"] is False and report["checks"] == [], "a quick run is not judged")
    require(
        report["test_images"] == 10000 and report["validation_images"] == 60, "numbers of images"
    )
    for network in report["networks"]:
        name = network["name"]
        require(network["original_bytes"] == 4 * PARAMETERS[name], f"{name}: original_bytes")
        require(
            network["stored_bytes"] == os.path.getsize(network["stored_file"]),
            f"{name}: stored_bytes is the file's size",
        )
        require(
            abs(network["ratio"] - network["original_bytes"] / network["stored_bytes"]) < 1e-9,
            f"{name}: ratio",
        )
        require(
            {layer["name"]: layer["weights"] for layer in network["layers"]} == WEIGHTS[name],
            f"{name}: layers and their weights",
        )
        for layer in network["layers"]:
            require(0 < layer["density_pct"] <= 100, f"{name} {layer['name']}: density")
        require(
            sum(layer["stored_bytes"] for layer in network["layers"]) <= network["stored_bytes"],
            f"{name}: layers take no more than the file",
        )
        require(0 <= network["float_error_pct"] < 90, f"{name}: it was trained")
    for entry in report["distributions"]:
        weights = WEIGHTS[entry["network"]][entry["layer"]]
        require(
            entry["weights"] == weights and weights * 0.98 <= sum(entry["before"]) <= weights,
            "distribution of all weights",
        )
        require(sum(entry["after"]) <= entry["kept"] < weights, "distribution of the weights kept")
        require(all(stem["value"] != 0 for stem in entry["shared"]), "pruned weights are no stem")
    require(
        {s["name"] for s in report["density"]["series"]}
        == {"pruned", "pruned, retrained", "iterative", "quality factor"},
        "series of densities",
    )
    for series in report["density"]["series"]:
        densities = [p["density_pct"] for p in series["points"]]
        require(
            densities == sorted(densities, reverse=True) and len(set(densities)) == len(densities),
            f"densities of '{series['name']}' fall: {densities}",
        )
    for panel in report["bits"]:
        require(
            sorted((s["init"], s["fine_tuned"]) for s in panel["series"])
            == sorted(
                (init, tuned) for init in ("linear", "density", "random") for tuned in (False, True)
            ),
            "series of bits",
        )
    rows = report["balance"]["rows"]
    require(
        {(r["n_pe"], r["pruning"]) for r in rows}
        == {(n, p) for n in (16, 64) for p in ("plain", "balanced")},
        "rows of balance",
    )
    for plain, balanced in zip(rows[::2], rows[1::2]):
        require(
            plain["n_pe"] == balanced["n_pe"] and plain["network"] == balanced["network"],
            "pairs of rows",
        )
        require(abs(plain["density_pct"] - balanced["density_pct"]) < 0.01, "equal density")
        require(
            plain["balance_pct"] < balanced["balance_pct"], f"balance is better: {plain} {balanced}"
        )
        require(plain["cycles_per_image"] > 0, "cycles were measured")


def check_page(out):
    """The report is as its schema says, and has a page."""
    folder = os.path.abspath(out)
    done = subprocess.run(
        [
            sys.executable,
            "-B",
            "-m",
            "scripts.compress_report",
            f"{folder}/compress.json",
            "--out",
            folder,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    require(done.returncode == 0, done.stderr)
    for name in PICTURES:
        require(os.path.getsize(f"{out}/compress-{name}.svg") > 1000, f"picture {name}")
    with open(f"{out}/compress.html", encoding="utf-8") as file:
        page = file.read()
    require(page.count("<svg ") == len(PICTURES), f"{page.count('<svg ')} pictures in the page")
    require(not re.search(r"<script|<link|<img|src=|href=", page), "the page needs nothing else")


def interrupted(cache, out, step):
    """Ctrl-C as soon as a step begins. Returns exit code and stderr."""
    with subprocess.Popen(
        command(cache, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as job:
        for line in job.stdout:
            if line.startswith(f"[{step}/"):
                require("kept" not in line, f"step {step} was done already")
                job.send_signal(signal.SIGINT)
                break
        _, errors = job.communicate(timeout=120)
        return job.returncode, errors


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        started = time.monotonic()
        first, report = run("cache", "first")
        took = time.monotonic() - started
        check_report(report)
        require(report["steps_kept"] == 0, "nothing was there before the first run")
        check_page("first")
        left = [f for f in os.listdir("cache") if "checkpoint" in f]
        require(not left, f"checkpoints are left behind: {left}")

        started = time.monotonic()
        second, again = run("cache", "second")
        cached = time.monotonic() - started
        require(
            again["steps_kept"]
            == again["steps_total"]
            == second.stdout.count("kept from an earlier run"),
            f"the second run does {again['steps_total'] - again['steps_kept']} steps again",
        )
        require(
            of_every_run(again) == of_every_run(report), "the second run reports something else"
        )
        require(first.stdout.count("kept from an earlier run") == 0, "the first run kept something")

        # A result that is damaged is made again.
        damaged = next(
            f
            for f in sorted(os.listdir("cache"))
            if "report-compress-LeNet-5" in f and f.endswith(".sps")
        )
        with open(f"cache/{damaged}", "r+b") as file:
            file.truncate(1000)
        repaired, again = run("cache", "third")
        require(
            repaired.stderr.count("warning") == 1
            and again["steps_kept"] == again["steps_total"] - 1,
            f"one damaged file: {repaired.stderr}",
        )
        require(
            of_every_run(again) == of_every_run(report), "what was made again is something else"
        )

        # Ctrl-C in steps of each kind, then on to the end: the same result.
        for step in STOPS:
            code, errors = interrupted("stopped", "last", step)
            require(code == 130, f"exit code {code} after Ctrl-C in step {step}: {errors[-1000:]}")
            require("run the same command again" in errors, f"Ctrl-C: {errors[-1000:]}")
            require(
                not os.path.exists("last/compress.json"), "a run that was stopped reports nothing"
            )
        _, again = run("stopped", "last")
        require(again["steps_kept"] >= STOPS[-1] - 1, "steps of stopped runs were done again")
        require(
            of_every_run(again) == of_every_run(report),
            "a run that was stopped ends in something else",
        )
        print(f"first run {took:.1f} s, second {cached:.1f} s")


main()
