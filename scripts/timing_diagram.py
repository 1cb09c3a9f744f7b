# SPDX-License-Identifier: Apache-2.0
"""Timing diagrams of both engines, docs/pictures/timing-*.svg, drawn from runs of the RTL in Icarus
Verilog under the benches of tb/icarus: python3 -m scripts.timing_diagram writes them, with --check
it compares the files and fails if one differs.

DIAGRAMS is the table of what is shown: signals, and where in the run. The benches drive inputs that
say nothing without their valid as unknown, and check that such values do no harm.
"""
import argparse
import dataclasses
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts import ROOT

from .report import text_file, waveform
from .report.waveform import Cycle, Diagram, Error, Group, Signal, lanes, names, number, signed

PICTURES = "docs/pictures"


# ---- What is drawn ----

def opcode(bits: str) -> str:
    """An instruction of the matrix unit."""
    return names("Nop", "Read_Weights", "Matrix_Multiply", "Convolve", "Activate", "Read_Host",
                 "Write_Host", "Set", "Synchronise", "Halt", "Flush")(bits[:8])


def address(bits: str) -> str:
    """An address of the sparse engine's port: space, PE where there is one, word."""
    space, pe, word = (int(b, 2) for b in (bits[:4], bits[4:12], bits[12:]))
    what = ("entry", "pointer", "RAM", "source", "dest.", "list", "codebook", "status")[space]
    return f"{what}[{pe}] {word}" if space < 2 else f"{what} {word}"


def array_edge(port: str, what: str, width: int, text: Callable | None) -> tuple[Signal, ...]:
    """A port of the matrix unit's array, a row or column of cells each."""
    return tuple(Signal(f"u_multiply.u_array.{port}", text, part=(k * width, width),
                        label=f"{port}, {what} {k}") for k in range(4))


def both(valid: str, ready: str) -> dict[str, int]:
    return {valid: 1, ready: 1}


REQUEST = (Signal("io_valid_i"), Signal("io_write_i", only_with="io_valid_i"),
           Signal("io_addr_i", address, "io_valid_i"))
WEIGHT_BEATS = Group(
    "beats", (Signal("w_valid_i"), Signal("w_ready_o"), Signal("w_data_i", lanes(8), "w_valid_i")),
    "taken", both("w_valid_i", "w_ready_o"))
BUS = "u_multiply.u_weights.g_bus[0].u_bus."
PACKET = (Signal(BUS + "packet_valid_q", label="packet, valid"),
          *(Signal(f"{BUS}packet_{part}_q", text, BUS + "packet_valid_q", label=f"packet, {what}")
            for part, what, text in (("row", "row", number), ("col", "column", number),
                                     ("value", "value", signed))))

DIAGRAMS = (
    Diagram(
        "eie-write", "eie", "Sparse engine: writes through the load port, then the start of a list",
        {"start_i": 1}, 7, (
            Group("load port", (*REQUEST, Signal("io_wdata_i", lanes(16), "io_valid_i"),
                                Signal("io_ready_o")),
                  "taken", both("io_valid_i", "io_ready_o")),
            Group("list", (Signal("start_i"), Signal("list_first_i", number, "start_i"),
                           Signal("list_count_i", number, "start_i"), Signal("busy_o")))),
        before=2),
    Diagram(
        "eie-read", "eie", "Sparse engine: a read is answered three cycles after it is taken",
        {"io_valid_i": 1, "io_write_i": 0}, 9, (
            Group("request", (*REQUEST, Signal("io_ready_o")),
                  "taken", both("io_valid_i", "io_ready_o")),
            Group("answer", (Signal("io_rvalid_o"), Signal("io_rdata_o", lanes(16), "io_rvalid_o")),
                  "answered", {"io_rvalid_o": 1})),
        skip=4),
    Diagram(
        "eie-list", "eie", "Sparse engine: a list of one pass, four inputs that are not 0",
        {"start_i": 1}, 40, (
            Group("ports", (Signal("start_i"), Signal("busy_o"), Signal("io_ready_o"),
                            Signal("done_o"))),
            Group("control", (Signal("clear"), Signal("cb_we"), Signal("launch"),
                              Signal("root_pop"), Signal("pe_busy"), Signal("wb_read"))))),
    Diagram(
        "eie-broadcast", "eie", "Sparse engine: a full queue in one PE holds the broadcast of all",
        {"hold": 1, "root_valid": 1}, 11, (
            Group("next non-zero", (Signal("root_valid"), Signal("root_col", number, "root_valid"),
                                    Signal("root_act", signed, "root_valid"), Signal("root_pop")),
                  "taken", {"root_pop": 1}),
            Group("queues", (*(Signal("full", part=(k, 1), label=f"full_o of PE {k}")
                               for k in range(4)), Signal("hold")),
                  "held", {"hold": 1}),
            Group("broadcast", (Signal("b_valid"), Signal("b_act", signed, "b_valid")))),
        before=4),
    Diagram(
        "mxu-instructions", "mxu",
        "Matrix unit: instructions into a queue of three; Synchronise waits",
        {"inst_valid_i": 1, "rst_i": 0}, 9, (
            Group("instruction port", (Signal("inst_valid_i"),
                                       Signal("inst_i", opcode, "inst_valid_i"),
                                       Signal("inst_ready_o")),
                  "taken", both("inst_valid_i", "inst_ready_o")),
            Group("unit", (Signal("busy_o"), Signal("halted_o")))),
        before=0),
    Diagram(
        "mxu-weights", "mxu",
        "Matrix unit: a request, its beats, and the packets of the first tile",
        {"wm_valid_o": 1}, 22, (
            Group("requests", (Signal("wm_valid_o"), Signal("wm_ready_i"),
                               Signal("wm_addr_o", number, "wm_valid_o"),
                               Signal("wm_beats_o", number, "wm_valid_o")),
                  "taken", both("wm_valid_o", "wm_ready_i")),
            WEIGHT_BEATS,
            Group("bus 0", PACKET),
            Group("array", (Signal("u_multiply.u_weights.loaded_o", label="loaded_o"),))),
        before=1),
    Diagram(
        "mxu-host-in", "mxu", "Matrix unit: rows from the host",
        {"hi_ready_o": 1}, 12, (
            Group("host input", (Signal("hi_valid_i"), Signal("hi_ready_o"),
                                 Signal("hi_data_i", lanes(8), "hi_valid_i")),
                  "taken", both("hi_valid_i", "hi_ready_o")),),
        skip=1, before=2),
    Diagram(
        "mxu-host-out", "mxu", "Matrix unit: rows to the host",
        {"ho_valid_o": 1}, 10, (
            Group("host output", (Signal("ho_valid_o"), Signal("ho_ready_i"),
                                  Signal("ho_data_o", lanes(8), "ho_valid_o")),
                  "taken", both("ho_valid_o", "ho_ready_i")),),
        skip=1, before=2),
    Diagram(
        "mxu-array", "mxu",
        "Matrix unit: the edge of the array while operations of five rows each take the next tile",
        {"u_multiply.u_weights.swap_i": 1}, 40, (
            Group("next weights, on the bus", PACKET),
            Group("hand-over", (Signal("u_multiply.u_array.swap_i", label="swap_i"),),
                  "weights change in the cell at the top left", {"u_multiply.u_array.swap_i": 1}),
            Group("rows, from the left", array_edge("a_i", "row", 8, signed)),
            Group("sums, at the bottom", array_edge("sum_o", "column", 18, signed))),
        before=6),
    Diagram(
        "mxu-status", "mxu", "Matrix unit: status words, in the cycle in which they are asked for",
        {"status_i": 0}, 11, (
            Group("status", (
                Signal("status_i", names(
                    "busy", "active", "useful", "weight stall", "weight shift", "non-matrix",
                    "RAW stall", "input stall", "error", "instructions", "size")),
                Signal("status_o", number), Signal("busy_o"))),),
        skip=3, before=0),
)


# ---- Runs ----

@dataclasses.dataclass(frozen=True)
class Instruction:
    """Of the matrix unit, docs/reference/mxu-format.md section 3."""
    opcode: int
    low: int = 0    # bits 71:0
    flags: int = 0
    waits: int = 0

    def line(self) -> str:
        return f"{self.opcode << 88 | self.waits << 80 | self.flags << 72 | self.low:024x}\n"


def row(values: list[int]) -> str:
    return "".join(f"{v & 255:02x}" for v in reversed(values)) + "\n"


def mxu_files() -> dict[str, str]:
    """What tb/icarus/mxu_tb.v reads: a program, run twice, the second time with stalls. Five rows
    times four tiles of weights, each a multiple of the identity."""
    count, factors = 5, (1, 2, -1, -2)
    rows = [[10 * n + k for k in range(1, 5)] for n in range(1, count + 1)]
    # Raw bytes, two words a tile behind its header.
    tiles = [[[2] + [0] * 7, *([factor if at % 5 == 0 else 0 for at in range(first, first + 8)]
                               for first in (0, 8))] for factor in factors]
    planes = [[1 if plane == 4 else 0] * 4 for plane in range(9)]  # multiplier 1
    bounds = Instruction(7, 0x7F8000, 8)  # the whole range of bytes
    matrix, activation, host = 1, 1 << 2, 1 << 4  # waits for all of a unit's operations
    half = 2 * count  # rows of results of two products
    size = 3 << 64 | 3 << 56 | count << 40
    program = [
        Instruction(1, len(tiles) << 56 | 3 * len(tiles) << 32, 1),
        Instruction(8),
        bounds,
        Instruction(5, count << 24),
        Instruction(5, 9 << 24, 1),
        *(Instruction(2, size | n * count << 24, 1, 0 if n else host) for n in range(len(tiles))),
        Instruction(4, half << 40 | 20, 0, matrix * 3),  # all products but the last two
        bounds,
        Instruction(4, half << 40 | half << 24 | 20 + half, 0, matrix),
        Instruction(6, 2 * half << 24 | 20, 0, activation),
        Instruction(9),
    ]
    inputs, weights = rows + planes, [word for tile in tiles for word in tile]
    outputs = [[factor * v for v in r] for factor in factors for r in rows]
    jobs = [(0, len(program), 0, len(inputs), 0, len(weights), 0, len(outputs), 0, stall, 0,
             len(outputs), len(outputs) * 16, 0) for stall in (0, 40)]
    return {"jobs.hex": "".join(f"{word:08x}\n" for job in jobs for word in job),
            "program.hex": "".join(i.line() for i in program),
            "input.hex": "".join(map(row, inputs)),
            "weights.hex": "".join(map(row, weights)),
            "output.hex": "".join(map(row, outputs))}


# The bench's parameters that say how many lines its files have.
SIZES = {"JOB_WORDS": "jobs.hex", "PROGRAM": "program.hex", "INPUT": "input.hex",
         "WEIGHTS": "weights.hex", "OUTPUT": "output.hex"}


def run(engine: str, root: Path) -> list[Cycle]:
    """All cycles of the engine's bench, which must pass: the signals that the diagrams need."""
    files = mxu_files() if engine == "mxu" else {}
    signals = sorted({s for d in DIAGRAMS if d.run == engine for s in d.signals()})
    bench, scope = f"{engine}_tb", f"{engine}_tb.u_{engine}"
    dumped = ", ".join([f"{bench}.clk", *(f"{scope}.{s}" for s in signals)])
    files["dump.v"] = ('module dump;\n  initial begin\n    $dumpfile("run.vcd");\n'
                       f"    $dumpvars(0, {dumped});\n  end\nendmodule\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            text_file.write(folder / file, text)
        execute(["iverilog", "-g2005", "-Irtl/top", "-s", bench, "-s", "dump",
                 "-o", folder / "run.vvp", *(f"-P{bench}.{size}={files[file].count(chr(10))}"
                                             for size, file in SIZES.items() if file in files),
                 *(root / "rtl/files.f").read_text().split(), f"tb/icarus/{bench}.v",
                 folder / "dump.v"], root)
        output = execute(["vvp", "-n", "run.vvp"], folder)
        if not output.rstrip().endswith("PASS"):
            raise Error(f"{bench}: {(output.splitlines() or ['no output'])[-1]}")
        return waveform.cycles_of((folder / "run.vcd").read_text(), f"{bench}.clk", scope, signals)


def execute(command: list[str | Path], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=250)
    except FileNotFoundError:
        raise Error(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        raise Error(f"{command[0]}: {(done.stdout.splitlines() or ['failed'])[0]}")
    return done.stdout


def contents(root: Path = ROOT) -> dict[str, str]:
    """{path: text} of all pictures, of the RTL below `root`."""
    runs = {engine: run(engine, root) for engine in dict.fromkeys(d.run for d in DIAGRAMS)}
    return {f"{PICTURES}/timing-{d.name}.svg":
            waveform.svg(d, runs[d.run], "scripts/timing_diagram.py") for d in DIAGRAMS}


def complaints(texts: dict[str, str]) -> list[str]:
    """About pictures in the tree that are others than these."""
    there = {f"{PICTURES}/{p.name}": p.read_text() for p in (ROOT / PICTURES).glob("timing-*.svg")}
    return ([f"{p} is not what the RTL does: python3 -m scripts.timing_diagram writes it"
             for p in texts if there.get(p) != texts[p]]
            + [f"{p}: no such diagram" for p in there if p not in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    try:
        texts = contents()
    except Error as error:
        sys.exit(f"timing_diagram: {error}")
    if not check:
        for path, text in texts.items():
            text_file.write(ROOT / path, text)
        return
    wrong = complaints(texts)
    print(*wrong, f"{len(texts)} diagrams, {len(wrong)} complaints", sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
