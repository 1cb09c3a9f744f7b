# SPDX-License-Identifier: Apache-2.0
"""`sparsys run --level board` on the Verilated serial top at a pseudo-terminal: outputs and cycles
as in the cycle model of an engine of its size; a silent line, one with nonsense on it, one that
bends a byte here or there, the wrong size, no line at all. Usage: board_test.py PROGRAM BOARD"""

import contextlib
import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import tempfile
import threading
import tty
from pathlib import Path

program, board = (str(Path(p).resolve()) for p in sys.argv[1:3])
# The engine of tb/board/CMakeLists.txt.
SIZE = {"--pe": 2, "--entries": 16384, "--pointers": 4096, "--registers": 64,
        "--activation-ram": 1024, "--queue": 4, "--accumulator": 30, "--codebooks": 8,
        "--list": 128}
OPTIONS = [str(word) for option in SIZE.items() for word in option]
RUN = ["run", "--model", "net.model", "--synthetic", "--images", "3", "--level"]
failures = []


def require(holds, text):
    if not holds:
        print(f"FAILED: {text}")
        failures.append(text)


def sparsys(*arguments, code=0, says=""):
    """Runs the program, which ends with this code and says that; where it fails, in one line."""
    done = subprocess.run([program, *arguments], text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=500, check=False)
    shown = f"sparsys {' '.join(arguments)}: {done.returncode}: {done.stderr or done.stdout}"
    require(done.returncode == code, f"expected exit code {code}: {shown}")
    require(says in (done.stderr if code else done.stdout), f"expected '{says}': {shown}")
    require(code != 1 or done.stderr.count("\n") == 1, f"expected one line: {shown}")
    return done


@contextlib.contextmanager
def verilated():
    """The name of the terminal with the Verilated board at its other end."""
    with subprocess.Popen([board], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()


class Line:
    """A terminal whose other end is answer(bytes of the host); or `other`, the terminal of a board,
    of which each byte goes through bend(byte, its number, whether to the host)."""

    def __init__(self, answer=None, other=None, bend=None):
        self.answer, self.bend = answer, bend
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.other = os.open(other, os.O_RDWR | os.O_NOCTTY) if other else None
        self.ends, self.end = os.pipe()
        self.count = {True: 0, False: 0}
        self.thread = threading.Thread(target=self.run)

    def pass_on(self, source, target, to_host):
        data = bytearray(os.read(source, 1024))
        for i, byte in enumerate(data):
            data[i] = self.bend(byte, self.count[to_host], to_host)
            self.count[to_host] += 1
        os.write(target, bytes(data))

    def run(self):
        while True:
            ready = select.select([self.master, self.ends] + ([self.other] if self.other else []),
                                  [], [])[0]
            if self.ends in ready:
                return
            if self.other is None:
                os.write(self.master, self.answer(os.read(self.master, 1024)))
                continue
            if self.master in ready:
                self.pass_on(self.master, self.other, False)
            if self.other in ready:
                self.pass_on(self.other, self.master, True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.end, b"x")
        self.thread.join()
        for file in (self.master, self.slave, self.ends, self.end, self.other):
            if file is not None:
                os.close(file)


def make_networks():
    sparsys("train", "--synthetic", "--limit", "1000", "--epochs", "2", "--seed", "3", "--threads",
            "2", "--out", "float.model")
    sparsys("compress", "--model", "float.model", "--target", "eie", "--out", "net.model",
            "--no-data", "--density", "0.08,0.1,0.3")
    sparsys("compress", "--model", "float.model", "--target", "mxu", "--out", "int8.model",
            "--synthetic", "--limit", "1000", "--samples", "100")


def runs(port):
    """The network on the board, as on the cycle model of such an engine."""
    done = sparsys(*RUN, "board", "--port", port, "--json", "board.json", "--outputs", "board.npy",
                   says="every output value identical")
    require("board of a sparse engine of 2 PEs" in done.stdout, f"the engine: {done.stdout}")
    sparsys(*RUN, "cycle", *OPTIONS, "--json", "cycle.json", "--outputs", "cycle.npy")
    ours, model = (json.loads(Path(f).read_text()) for f in ("board.json", "cycle.json"))
    for name in ("cycles_per_image", "broadcasts_per_image", "held_cycles_per_image", "n_pe",
                 "queue_depth"):
        require(ours[name] == model[name], f"{name}: {ours[name]}, cycle model {model[name]}")
    require((ours["level"], ours["mismatched_values"]) == ("board", 0), f"report: {ours}")
    # 784 inputs and 10 outputs, two a word; two writes, a start, two reads with their answers.
    require(ours["line_bytes_per_image"] == 8 * (392 + 5 + 1) + 5 * 7 + 3, f"bytes: {ours}")
    require(Path("board.npy").read_bytes() == Path("cycle.npy").read_bytes(), "outputs differ")
    # The engine tells its size; options may say the same.
    sparsys(*RUN, "board", "--port", port, *OPTIONS)
    for option, wrong in (("--pe", 4), ("--entries", 32768), ("--pointers", 2048),
                          ("--activation-ram", 512), ("--codebooks", 16), ("--list", 64)):
        sparsys(*RUN, "board", "--port", port, option, str(wrong), code=1,
                says=f"{option} {wrong}: the engine at {port} has {SIZE[option]}")
    # What was broken off in the middle of a command is swept away by the next run's reset.
    with open(port, "wb", buffering=0) as line:
        line.write(b"W\x00\x00\x00\x00\xff\x00stray")
    sparsys(*RUN, "board", "--port", port, says="every output value identical")
    with open(port, "wb", buffering=0) as line:
        fcntl.flock(line, fcntl.LOCK_EX)
        sparsys(*RUN, "board", "--port", port, code=1, says="another program uses the line")


def bent(port):
    """Lines that bend no byte, one of the image, and one of an output."""
    with Line(other=port, bend=lambda byte, *_: byte) as line:
        sparsys(*RUN, "board", "--port", line.name, says="every output value identical")
        # The last image's outputs, two a word, come before the six words of the status.
        first_output = line.count[True] - 8 * (6 + 5)
    # Far behind the questions for the engine's size.
    with Line(other=port, bend=lambda b, n, to_host: b ^ (n == 4000 and not to_host)) as line:
        sparsys(*RUN, "board", "--port", line.name, code=1, says="of the load port reads")
    with Line(other=port,
              bend=lambda b, n, to_host: b ^ 4 * (n == first_output and to_host)) as line:
        sparsys(*RUN, "board", "--port", line.name, code=2,
                says="1 of 3 images differ from the functional model, first image 2: output")


def refused():
    """Lines that are none, and boards that are no engines."""
    port = ["board", "--patience", "0.5", "--port"]
    sparsys(*RUN, "board", code=1, says="expected --port")
    sparsys(*RUN, "cycle", "--port", "/dev/null", code=1, says="--port: is for --level board")
    sparsys(*RUN, *port, "net.model", code=1, says="net.model: is no serial line")
    sparsys(*RUN, *port, "/dev/null", code=1, says="/dev/null: is no serial line")
    sparsys(*RUN, *port, "/dev/no-such", code=1, says="/dev/no-such: No such file")
    sparsys(*RUN, *port, "/dev/null", "--baud", "9600", code=1, says="expected one of 115200,")
    sparsys("run", "--model", "int8.model", "--synthetic", "--level", *port, "/dev/null", code=1,
            says="boards run the sparse engine")
    with Line(answer=lambda _: b"") as line:
        sparsys(*RUN, *port, line.name, code=1,
                says=f"{line.name}: no answer to a read of 1 words within")
    with Line(answer=lambda asked: b"xyz" if asked else b"") as line:
        sparsys(*RUN, *port, line.name, code=1, says="only 3 of 8 bytes to a read of 1 words")
    with Line(answer=lambda _: b"no engine") as line:
        sparsys(*RUN, *port, line.name, code=1, says="not as a sparse engine does")
    size = bytes((2, 0, 64, 0, 4, 0, 30, 0))
    with Line(answer=lambda a: {0x52: size, 0x57: b"\x80"}.get(a[0], b"")) as line:
        sparsys(*RUN, *port, line.name, code=1, says="does the line lose bytes")


def main():
    os.chdir(work := tempfile.mkdtemp())
    try:
        make_networks()
        refused()
        with verilated() as port:
            runs(port)
            bent(port)
    finally:
        subprocess.run(["rm", "-rf", work], check=False)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
