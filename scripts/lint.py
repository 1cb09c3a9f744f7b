#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make lint: Verilog lint over parameter sets, refusal of wrong parameters, files written from the RTL, licence
lines, white space, C++ formatting. Prints a table, writes a report, fails on any complaint."""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import time

import check_parameters
import report
import rtl_tables

ROOT = check_parameters.ROOT
TINY = {
    "ENTRY_DEPTH": 32, "PTR_DEPTH": 4, "ACT_REGS": 4, "ACT_RAM_DEPTH": 4, "QUEUE_DEPTH": 1,
    "ACC_WIDTH": 20, "CODEBOOKS": 2, "LIST_DEPTH": 2,
}
HUGE = {
    "ENTRY_DEPTH": 524288, "PTR_DEPTH": 65536, "ACT_REGS": 64, "ACT_RAM_DEPTH": 65536,
    "QUEUE_DEPTH": 255, "ACC_WIDTH": 48, "CODEBOOKS": 256, "LIST_DEPTH": 32768,
}
EIE_SETS = [{"N_PE": n} for n in (1, 2, 4, 16, 64, 256)] + [
    {"N_PE": 1, **TINY},
    {"N_PE": 2, **TINY, "QUEUE_DEPTH": 2},
    {"N_PE": 8, **TINY, "QUEUE_DEPTH": 16, "ACC_WIDTH": 33},
    {"N_PE": 1, **HUGE},
    {"N_PE": 4, **HUGE},
    {"N_PE": 32, "QUEUE_DEPTH": 3, "ACC_WIDTH": 31, "ACT_REGS": 32, "ACT_RAM_DEPTH": 16},
]
MXU_SETS = [{"ROWS": r, "COLS": c, "TILE_ROWS": tr, "TILE_COLS": tc}
            for r, c, tr, tc in ((1, 1, 1, 1), (4, 4, 2, 2), (5, 7, 5, 1), (5, 7, 1, 7), (8, 8, 8, 2),
                                 (16, 16, 16, 16), (256, 256, 16, 16), (256, 256, 32, 32))]
MXU_TINY = {"FIFO_TILES": 2, "UB_DEPTH": 2, "ACC_DEPTH": 4, "PARAM_SETS": 2, "QUEUE_DEPTH": 2}
MXU_HUGE = {"FIFO_TILES": 16, "UB_DEPTH": 16777216, "ACC_DEPTH": 65536, "PARAM_SETS": 256,
            "QUEUE_DEPTH": 255}
# The whole unit has the array with the same parameters in it: by itself only where that is cheap.
LINT_SETS = ([("eie", s) for s in EIE_SETS] + [("mxu_array", s) for s in MXU_SETS if s["ROWS"] < 256] +
             [("mxu", s) for s in MXU_SETS] +
             [("mxu", {**s, **memories}) for s in MXU_SETS[:4] for memories in (MXU_TINY, MXU_HUGE)])
TEXT = (".v", ".vh", ".vlt", ".cpp", ".hpp", ".h", ".def", ".py", ".sh", ".ys", ".tcl", ".cmake",
        ".txt", ".md", ".f", ".core", ".xml", ".json", ".yml")
# Kinds of files that carry a licence line in one of the first three lines.
LICENSED = (".v", ".vh", ".vlt", ".cpp", ".hpp", ".h", ".def", ".py", ".sh", ".ys", ".tcl",
            ".cmake", ".core")
LICENSED_NAMES = ("CMakeLists.txt", "Makefile", "run", ".clang-format")
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def source_files():
    """Paths of what git tracks or would track, that exist."""
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return sorted({p for p in out.decode().split("\0") if p and (ROOT / p).is_file()})


def verilator_lint(case):
    top, parameters = case
    command = check_parameters.command("verilator", top, parameters)
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode == 0 and not done.stdout.strip():
        return []
    shown = " ".join(f"{n}={v}" for n, v in parameters.items())
    return [f"verilator: {top} with {shown}:\n{done.stdout.strip()}"]


def check_verilator(jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return len(LINT_SETS), sum(pool.map(verilator_lint, LINT_SETS), [])


def check_licences():
    files = [f for f in source_files()
             if f.endswith(LICENSED) or os.path.basename(f) in LICENSED_NAMES]
    complaints = []
    for name in files:
        with open(ROOT / name, encoding="utf-8", errors="replace") as file:
            head = [file.readline() for _ in range(3)]
        if not any(LICENCE in line for line in head):
            complaints.append(f"{name}:1: no line with {LICENCE}")
    return len(files), complaints


def check_white_space():
    files = [f for f in source_files()
             if f.endswith(TEXT) or os.path.basename(f) in LICENSED_NAMES]
    complaints = []
    for name in files:
        with open(ROOT / name, "rb") as file:
            data = file.read()
        tabs_belong = os.path.basename(name) == "Makefile"
        for number, line in enumerate(data.split(b"\n"), 1):
            if re.search(rb"[ \t\r]$", line):
                complaints.append(f"{name}:{number}: white space at the end of the line")
            elif b"\t" in line and not (tabs_belong and line.startswith(b"\t")):
                complaints.append(f"{name}:{number}: tab")
        if data and not data.endswith(b"\n"):
            complaints.append(f"{name}: no line feed at the end")
    return len(files), complaints


def check_format():
    if not shutil.which("clang-format"):
        return 0, None
    files = [f for f in source_files() if f.endswith((".cpp", ".hpp", ".h"))]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror"] + files, cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wrong = sorted(set(re.findall(r"^(.+?):\d+:\d+: error", done.stdout, re.M)))
    complaints = [f"{name}: not formatted, see make format" for name in wrong]
    if done.returncode != 0 and not wrong:
        complaints.append(f"clang-format: {done.stdout.strip()}")
    return len(files), complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--report", required=True)
    options = parser.parse_args()
    checks = [
        ("verilator", lambda: check_verilator(options.jobs), "verilator -Wall, parameter sets"),
        ("parameters", lambda: check_parameters.check_all(options.jobs), "wrong parameters refused"),
        ("tables", rtl_tables.check_all, "files written from the RTL"),
        ("licences", check_licences, "files with a licence line"),
        ("white_space", check_white_space, "files without tabs and trailing blanks"),
        ("format", check_format, "files as clang-format has them"),
    ]
    rows = []
    results = []
    for name, check, what in checks:
        start = time.monotonic()
        count, complaints = check()
        seconds = round(time.monotonic() - start, 1)
        skipped = complaints is None
        complaints = complaints or []
        for complaint in complaints:
            print(complaint)
        verdict = "skipped: clang-format is not installed" if skipped else \
            "FAILED" if complaints else "ok"
        rows.append([what, count, len(complaints), seconds, verdict])
        results.append({"name": name, "checked": count, "complaints": complaints,
                        "skipped": skipped, "seconds": seconds})
    report.print_table(["check", "checked", "complaints", "seconds", "result"], rows)
    failed = any(r["complaints"] for r in results)
    report.write_json(options.report, {"passed": not failed, "checks": results})
    sys.exit(1 if failed else 0)


main()
