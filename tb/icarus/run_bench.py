#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles and runs the Icarus bench of the engine; with --missing-resets, takes each reset of the RTL away in
turn and expects the bench to fail, which shows that it sees them."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = "tb/icarus/eie_tb.v"
# Resets whose absence no pin can show, and why.
LOADED = "loaded before it is used"
INVISIBLE = {
    "rtl/eie/eie_ccu.v: desc_q": LOADED,
    "rtl/eie/eie_ccu.v: left_q": LOADED,
    "rtl/eie/eie_ccu.v: step_q": LOADED,
    "rtl/eie/eie_pe.v: io_sel_q": "follows the requests every cycle",
}


def engine_files():
    """The files that the bench's engine is made of: all but the matrix unit's."""
    return [f for f in (ROOT / "rtl/files.f").read_text().split() if not f.startswith("rtl/mxu/")]


def run(files, folder):
    """Returns (whether the bench passed, its output) for these Verilog files."""
    program = os.path.join(folder, "eie_tb.vvp")
    done = subprocess.run(["iverilog", "-g2005", "-Wall", "-s", "eie_tb", "-o", program] + files,
                          cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0 or done.stdout.strip():
        sys.exit(f"iverilog, which must not even warn:\n{done.stdout}")
    done = subprocess.run(["vvp", "-n", program], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=250)
    verdict = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    return done.returncode == 0 and verdict.endswith("PASS"), done.stdout


def missing_resets(name, text):
    """Yields (what is reset, the file's text without that reset) for every reset in it."""
    for block in re.finditer(r"if \(rst_i\) begin\n(.*?)\n\s*end else", text, re.S):
        for line in re.finditer(r"^ +(\w+) +<= [^;]+;\n", block.group(1) + "\n", re.M):
            start = block.start(1) + line.start()
            yield f"{name}: {line.group(1)}", text[:start] + text[start + len(line.group(0)):]
    for single in re.finditer(r"if \((rst_i)( \|\| \w+)?\) (\w+) +<=", text):
        start, end = single.span(1)
        yield f"{name}: {single.group(3)}", text[:start] + "1'b0" + text[end:]


def mutant_survives(mutant):
    what, file, text = mutant
    with tempfile.TemporaryDirectory() as folder:
        changed = os.path.join(folder, os.path.basename(file))
        with open(changed, "w") as out:
            out.write(text)
        files = engine_files()
        return what, run([changed if f == file else f for f in files] + [BENCH], folder)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missing-resets", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    files = engine_files()
    if not options.missing_resets:
        with tempfile.TemporaryDirectory() as folder:
            passed, output = run(files + [BENCH], folder)
        print(output, end="")
        sys.exit(0 if passed else 1)

    mutants = [(what, file, text) for file in files
               for what, text in missing_resets(file, (ROOT / file).read_text())]
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for what, survives in pool.map(mutant_survives, mutants):
            expected = what in INVISIBLE
            if survives != expected:
                wrong += 1
            print(f"{what}: without it the bench {'passes' if survives else 'fails'}"
                  f"{', as it must: ' + INVISIBLE[what] if expected else ''}"
                  f"{'' if survives == expected else '  <-- WRONG'}")
    for what in sorted(set(INVISIBLE) - {m[0] for m in mutants}):
        print(f"{what}: listed as invisible, but there is no such reset")
        wrong += 1
    print(f"{len(mutants)} resets taken away one by one, {wrong} wrong")
    sys.exit(1 if wrong or not mutants else 0)


main()
