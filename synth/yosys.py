# SPDX-License-Identifier: Apache-2.0
"""What the synthesis flows share: runs of Yosys and other tools with one clear line on failure, cell counts of a
hierarchy, and a folder of results kept from run to run."""
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import report  # noqa: E402

PACKAGES = {"yosys": "yosys", "nextpnr-ice40": "nextpnr-ice40", "icepack": "fpga-icestorm", "sta": "opensta"}


class Failure(Exception):
    """A tool is missing or refuses its input; the text is one line for people."""


def need(program):
    """Raises a Failure that says how to install a program that is not on PATH."""
    if not shutil.which(program):
        raise Failure(f"{program} is not installed: apt-get install {PACKAGES.get(program, program)}")


@functools.lru_cache(maxsize=None)
def version(program, option="-V"):
    """First line of what a program says of its version."""
    need(program)
    done = subprocess.run([program, option], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else "unknown"


def run(script, what, log=None, timeout=None):
    """Runs a Yosys script from the repository's root and returns its output. `what` names the design in a Failure,
    which holds Yosys's own ERROR line; the output goes to the file `log` too."""
    need("yosys")
    with tempfile.NamedTemporaryFile("w", suffix=".ys") as file:
        file.write(script)
        file.flush()
        try:
            done = subprocess.run(["yosys", "-Q", "-T", "-s", file.name], cwd=ROOT, timeout=timeout,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        except subprocess.TimeoutExpired:
            raise Failure(f"{what}: yosys took more than {timeout} s") from None
    if log:
        pathlib.Path(log).write_text(done.stdout)
    if done.returncode != 0:
        errors = re.findall(r"^(?:.*: )?ERROR: (.*)$", done.stdout, re.M)
        last = errors[-1] if errors else (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise Failure(f"{what}: yosys: {last}" + (f" (see {log})" if log else ""))
    return done.stdout


def read(top, parameters, files=None):
    """Script lines that read the RTL, or other files, and elaborate `top`."""
    files = files or rtl_files()
    sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
    return f"read_verilog -defer {' '.join(map(str, files))}\nhierarchy -check -top {top} {sets}\n"


def rtl_files():
    """Paths of the RTL, from the repository's root, in the order of rtl/files.f."""
    return (ROOT / "rtl/files.f").read_text().split()


def statistics(path):
    """Modules of a `stat -json` file: name without backslash -> {cell type without backslash: number}. Yosys 0.23
    prints its text tree in the middle of the JSON."""
    text = pathlib.Path(path).read_text()
    try:
        data = json.loads(text)
    except json.JSONDecodeError:
        # What is left of the tree are lines without a colon behind a name.
        kept = [line for line in text.splitlines() if re.match(r'\s*["{}\]]', line)]
        try:
            data = json.loads("\n".join(kept))
        except json.JSONDecodeError:
            raise Failure(f"{path}: not what stat -json writes") from None
    return {m.lstrip("\\"): {c.lstrip("\\"): n for c, n in s["num_cells_by_type"].items()}
            for m, s in data["modules"].items()}


def base_name(module):
    """A module's name in the RTL: mxu_tile of $paramod\\mxu_tile\\ROW0=... and of $paramod$hash\\mxu_tile."""
    return re.sub(r"\\[A-Za-z_0-9]+=.*", "", re.sub(r"^\$paramod(\$[0-9a-f]+)?\\", "", module))


def find_top(modules, top):
    """The module of `statistics` that is `top` with parameters."""
    found = [m for m in modules if base_name(m) == top]
    if len(found) != 1:
        raise Failure(f"{top}: {len(found)} modules of that name in Yosys's statistics")
    return found[0]


def instances(modules, top):
    """How often each module of `statistics` occurs below (and with) `top`: {module: number}."""
    counts = {}

    def count(module, times):
        counts[module] = counts.get(module, 0) + times
        for cell, number in modules[module].items():
            if cell in modules:
                count(cell, times * number)

    count(find_top(modules, top), 1)
    return counts


def total_cells(modules, top):
    """Cells of the whole hierarchy below `top`, modules of the RTL left out: {type: number}."""
    cells = {}
    for module, times in instances(modules, top).items():
        for cell, number in modules[module].items():
            if cell not in modules:
                cells[cell] = cells.get(cell, 0) + times * number
    return cells


def digest(*parts):
    """Key of a result: changes with any of the parts, which are texts, numbers and dictionaries of these."""
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


@functools.lru_cache(maxsize=None)
def sources_digest(paths):
    """Key of the content of files (a tuple of paths from the repository's root)."""
    return digest([(str(p), (ROOT / p).read_text()) for p in paths])


class Cache:
    """JSON results in a folder, by key; a broken file counts as none."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def get(self, key):
        try:
            return json.loads((self.folder / f"{key}.json").read_text())
        except (OSError, ValueError):
            return None

    def put(self, key, value):
        report.write_json(os.path.join(self.folder, f"{key}.json"), value)
        return value
