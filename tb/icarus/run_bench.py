#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles and runs the Icarus bench of an engine; with --missing-resets, takes each reset of the
RTL away in turn and expects the bench to fail, which shows that it sees them. Those listed as
invisible are taken away all at once, and it must pass; only if it does not, one by one."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Resets whose absence no pin of the bench can show, and why.
LOADED = "loaded before it is used"
WHOLE = "set together with registers of which 0 is refused"
NOT_USED = "loaded every cycle, and not used in the first one"
OPENS = "the bench's one bus is opened anyway before the first word is there"
INVISIBLE = {
    "eie": {
        "rtl/eie/eie_sequencer.v: desc_q": LOADED,
        "rtl/eie/eie_sequencer.v: left_q": LOADED,
        "rtl/eie/eie_columns.v: step_q": "0 behind every cycle in which no pass runs",
        "rtl/eie/eie_errors.v: pe_found_q": "0 in a list's first cycle",
        "rtl/eie/groups/eie_tally.v: count_q": "follows the groups every cycle",
        "rtl/eie/eie_pe.v: io_sel_q": "follows the requests every cycle",
        "rtl/eie/eie_dispatch.v: x_round_q": "0 in every cycle behind one in which no lane is held",
    },
    "mxu": {
        "rtl/mxu/mxu_setup.v: pad_q": NOT_USED,
        "rtl/mxu/mxu_acc_bank.v: s3_valid_q": NOT_USED,
        "rtl/mxu/mxu_acc_bank.v: act_re_q": NOT_USED,
        "rtl/mxu/mxu_matrix_ahead.v: ahead_q": NOT_USED,
        "rtl/mxu/mxu_activation_ahead.v: ahead_q": NOT_USED,
        "rtl/mxu/mxu_sequencer.v: counting_q": NOT_USED,
        "rtl/mxu/lanes/mxu_lanes.v: valid_q": NOT_USED,
        "rtl/mxu/lanes/mxu_lane_banks.v: part_q": "not there with the bench's one lane a column",
        "rtl/mxu/lanes/mxu_params.v: re_q": NOT_USED,
        "rtl/mxu/lanes/mxu_params.v: late_re_q": NOT_USED,
        "rtl/mxu/weights/mxu_weights.v: line_q[0]": OPENS,
        "rtl/mxu/weights/mxu_weights.v: line_q[LINE-1:1]": "not there with the bench's one bus",
        "rtl/mxu/weights/mxu_weights.v: loaded_q": NOT_USED,
        "rtl/mxu/weights/mxu_weights.v: room_q": NOT_USED,
        "rtl/mxu/weights/mxu_weights.v: lack_q": NOT_USED,
        "rtl/mxu/weights/mxu_weights.v: still_q": "set in every cycle until a tile is loaded",
        "rtl/mxu/weights/mxu_weight_lane.v: write_q": NOT_USED,
        "rtl/mxu/weights/mxu_weight_bus.v: fit_q": "loaded before beats can be asked for",
        "rtl/mxu/weights/mxu_weight_reader.v: open_q": OPENS,
        "rtl/mxu/mxu_tile.v: swap_q": "runs ahead of the two swaps that clear the weights",
    },
}
# Resets of which only all together can be seen: the halves of a configuration register.
TOGETHER = {
    "eie": [],
    "mxu": [
        ("rtl/mxu/mxu_matrix.v", ["in_h_q", "in_w_q"]),
        ("rtl/mxu/mxu_matrix.v", ["out_h_q", "out_w_q"]),
        ("rtl/mxu/mxu_matrix.v", ["stride_y_q", "stride_x_q"]),
        ("rtl/mxu/mxu_activation.v", ["in_h_q", "in_w_q"]),
        ("rtl/mxu/mxu_activation.v", ["out_w_q", "stride_y_q", "stride_x_q"]),
        ("rtl/mxu/mxu_activation.v", ["win_h_q", "win_w_q", "dy_q", "dx_q"]),
    ],
}
for groups_of, groups in TOGETHER.items():
    INVISIBLE[groups_of].update({f"{file}: {name}": WHOLE
                                 for file, names in groups for name in names})
# Parameters of a bench's runs: it passes if all of them do.
RUNS = {"eie": [{}, {"LANES": 4, "BANKS": 8}, {"LANES": 4, "BANKS": 8, "GROUPS": 2}], "mxu": [{}]}
# Files of mxu_vectors, and the bench's parameters that say how many lines they have.
VECTORS = {"JOB_WORDS": "jobs.hex", "PROGRAM": "program.hex", "INPUT": "input.hex",
           "WEIGHTS": "weights.hex", "OUTPUT": "output.hex"}


def engine_files(engine):
    """The files that an engine is made of: its own, and the common ones that these name."""
    files = [f for f in (ROOT / "rtl/files.f").read_text().split()
             if f.startswith((f"rtl/{engine}/", "rtl/common/"))]
    used = {f for f in files if f.startswith(f"rtl/{engine}/")}
    while True:
        words = set(re.findall(r"\w+", " ".join((ROOT / f).read_text() for f in used)))
        more = {f for f in files if pathlib.Path(f).stem in words}
        if more <= used:
            return [f for f in files if f in used]
        used |= more


def bench_parameters(engine, vectors):
    """Icarus' options of a bench with these files to read, {name: text}."""
    return [f"-P{engine}_tb.{name}={vectors[file].count(chr(10))}" for name, file in VECTORS.items()
            if file in vectors]


def make_vectors(program):
    """{name: text} of the files that the program writes."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, folder], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout.strip() or f"{program} failed")
        return {p.name: p.read_text() for p in pathlib.Path(folder).iterdir()}


def run(engine, files, vectors, folder):
    """Returns (whether the bench passed, its output) for these Verilog files."""
    for name, text in vectors.items():
        pathlib.Path(folder, name).write_text(text)
    output = ""
    for parameters in RUNS[engine]:
        passed, text = run_once(engine, files, folder, bench_parameters(engine, vectors)
                                + [f"-P{engine}_tb.{n}={v}" for n, v in parameters.items()])
        output += text
        if not passed:
            break
    return passed, output


def run_once(engine, files, folder, parameters):
    """The same with these options of Icarus."""
    program = os.path.join(folder, "bench.vvp")
    done = subprocess.run(["iverilog", "-g2005", "-Wall", "-s", f"{engine}_tb", "-o", program]
                          + parameters + files + [f"tb/icarus/{engine}_tb.v"],
                          cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0 or done.stdout.strip():
        sys.exit(f"iverilog, which must not even warn:\n{done.stdout}")
    done = subprocess.run(["vvp", "-n", program], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=250)
    verdict = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    return done.returncode == 0 and verdict.endswith("PASS"), done.stdout


TARGET = r"\w+(?:\[[^\]]+\])?|\{[^}]+\}"  # a register, a part of one, several


def missing_resets(name, text):
    """Yields (what is reset, the file's text without that reset) for every reset in it."""
    for block in re.finditer(r"if \(rst_i(?: \|\| [^\n]+)?\) begin\n(.*?)\n\s*end else", text,
                             re.S):
        for line in re.finditer(rf"^ +({TARGET}) +<= [^;]+;\n", block.group(1) + "\n", re.M):
            start = block.start(1) + line.start()
            yield f"{name}: {line.group(1)}", text[:start] + text[start + len(line.group(0)):]
    for single in re.finditer(rf"if \((rst_i)( \|\| [^\n)]+)?\) ({TARGET}) +<=", text):
        start, end = single.span(1)
        yield f"{name}: {single.group(3)}", text[:start] + "1'b0" + text[end:]


def without(file, names):
    """The file's text without the resets of all these."""
    text = (ROOT / file).read_text()
    for name in names:
        text = dict(missing_resets(file, text))[f"{file}: {name}"]
    return text


def survives(engine, vectors, mutant):
    """Whether the bench passes without the resets of the mutant, {file: names}."""
    with tempfile.TemporaryDirectory() as folder:
        files = engine_files(engine)
        for file, names in mutant.items():
            changed = pathlib.Path(folder, os.path.basename(file))
            changed.write_text(without(file, names))
            files[files.index(file)] = str(changed)
        return run(engine, files, vectors, folder)[0]


def invisible_at_once(engine):
    """Mutants that have all invisible resets between them, each as many as may go together: of
    registers that only all together can be seen, one."""
    groups = TOGETHER[engine]
    mutants = []
    for turn in range(max((len(names) for _, names in groups), default=1)):
        mutant = {}
        for what, why in INVISIBLE[engine].items():
            if why is not WHOLE:
                file, _, name = what.partition(": ")
                mutant.setdefault(file, []).append(name)
        for file, names in groups:
            mutant.setdefault(file, []).extend(names[turn:turn + 1])
        mutants.append(mutant)
    return mutants


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", nargs="?", choices=sorted(INVISIBLE), default="eie")
    parser.add_argument("--vectors", metavar="PROGRAM",
                        help="mxu: the program mxu_vectors, as built")
    parser.add_argument("--missing-resets", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    engine = options.engine
    if (engine == "mxu") != bool(options.vectors):
        parser.error("--vectors goes with mxu")
    if options.vectors and not os.access(options.vectors, os.X_OK):
        parser.error(f"{options.vectors} is not there: build the target mxu_vectors")
    vectors = make_vectors(options.vectors) if options.vectors else {}
    files = engine_files(engine)
    if not options.missing_resets:
        with tempfile.TemporaryDirectory() as folder:
            passed, output = run(engine, files, vectors, folder)
        print(output, end="")
        sys.exit(0 if passed else 1)

    found = {what: {file: [what.partition(": ")[2]]} for file in files
             for what, _ in missing_resets(file, (ROOT / file).read_text())}
    found |= {f"{file}: {', '.join(names)}": {file: names} for file, names in TOGETHER[engine]}
    invisible = INVISIBLE[engine]
    wrong = 0
    for what in sorted(set(invisible) - set(found)):
        print(f"{what}: listed as invisible, but there is no such reset")
        wrong += 1
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        def pass_without(mutants):
            return pool.map(lambda mutant: survives(engine, vectors, mutant), mutants)

        single = {what: mutant for what, mutant in found.items() if what not in invisible}
        if not wrong and all(pass_without(invisible_at_once(engine))):
            for what, why in invisible.items():
                print(f"{what}: without it and others the bench passes, as it must: {why}")
        else:
            single = found
        for what, passes in zip(single, pass_without(single.values())):
            expected = what in invisible
            wrong += passes != expected
            print(f"{what}: without it the bench {'passes' if passes else 'fails'}"
                  f"{', as it must: ' + invisible[what] if expected else ''}"
                  f"{'' if passes == expected else '  <-- WRONG'}")
    print(f"{len(found)} times resets taken away, {wrong} wrong")
    sys.exit(1 if wrong or not found else 0)


main()
