# SPDX-License-Identifier: Apache-2.0
"""What the synthesis flows share: runs of Yosys and other tools with one clear line on failure,
cell counts of a hierarchy, and a folder of results kept from run to run.

Yosys's commands take no path with a blank. It therefore runs in the root of the checkout and is
given paths of the RTL from there, and its files are those of a `work_folder`.
"""
import contextlib
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from scripts.report import json_file

Path = str | os.PathLike[str]
ROOT = pathlib.Path(__file__).resolve().parent.parent
PYOSYS = ("import sys; from pyosys import libyosys; "
          "libyosys.run_pass(f'script {sys.argv[1]}', libyosys.Design())")
PACKAGES = {"icepack": "fpga-icestorm", "sta": "opensta", "yosys-abc": "yosys"}


class Failure(Exception):
    """A tool is missing or refuses its input, or a library is of no use; the text is one line."""


def need(program: str) -> None:
    """Raises a Failure that says how to install a program that is not on PATH."""
    if not shutil.which(program):
        package = PACKAGES.get(program, program)
        raise Failure(f"{program} is not installed: apt-get install {package}")


def execute(command: Iterable, **options: Any) -> subprocess.CompletedProcess:
    """Runs a program to its end: the finished process, its output and errors together in stdout."""
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]


@functools.cache
def version(program: str, option: str = "-V") -> str:
    """First line of what a program says of its version."""
    need(program)
    return (execute([program, option]).stdout.strip().splitlines() or ["unknown"])[0]


def temporary() -> str:
    """Where temporary files go; Yosys too takes no blank in its path."""
    folder = tempfile.gettempdir()
    return "/tmp" if re.search(r"\s", folder) else folder


@contextlib.contextmanager
def work_folder() -> Iterator[pathlib.Path]:
    """A temporary folder, removed behind a `with`, whose path has no blank."""
    with tempfile.TemporaryDirectory(prefix="sparsys-", dir=temporary()) as folder:
        yield pathlib.Path(folder)


def run_script(script: str, python: str | None = None) -> subprocess.CompletedProcess:
    """Runs a Yosys script in the root of the checkout: the finished process. `python`: one that has
    Yosys as a package, pyosys, which then runs the script instead of the program `yosys`."""
    if not python:
        need("yosys")
    with tempfile.NamedTemporaryFile("w", suffix=".ys") as file:
        file.write(script)
        file.flush()
        command = [python, "-c", PYOSYS] if python else ["yosys", "-Q", "-T", "-s"]
        return execute([*command, file.name], cwd=ROOT,
                       env={**os.environ, "TMPDIR": temporary()})


def package_version(python: str, package: str) -> str:
    """"pyosys 0.70": of a package that a Python has."""
    done = execute([python, "-c", "import importlib.metadata as m; "
                                  f"print('{package}', m.version('{package}'))"])
    if done.returncode != 0:
        raise Failure(f"{python}: has no {package}: {last_line(done.stdout)}")
    return done.stdout.strip()


def run(script: str, what: str, log: Path | None = None, python: str | None = None) -> str:
    """Runs a Yosys script and returns its output. `what` names the design in a Failure, which
    holds Yosys's own ERROR line; the output goes to the file `log` too. `python` as of
    run_script()."""
    done = run_script(script, python)
    if log:
        pathlib.Path(log).write_text(done.stdout)
    if done.returncode != 0:
        errors = re.findall(r"^(?:.*: )?ERROR: (.*)$", done.stdout, re.M)
        last = errors[-1] if errors else last_line(done.stdout)
        raise Failure(f"{what}: yosys: {last}" + (f" (see {log})" if log else ""))
    return done.stdout


def read(top: str, parameters: dict, files: Iterable[Path] = (), boxes: Iterable[Path] = ()) -> str:
    """Script lines that read the RTL, or other files, and elaborate `top`; modules of the files
    `boxes` stay black boxes."""
    sets = " ".join(f"-chparam {n} {v}" for n, v in parameters.items())
    read_boxes = f"read_verilog -lib {' '.join(map(str, boxes))}\n" if boxes else ""
    files = [f for f in files or rtl_files() if f not in boxes]
    return (f"{read_boxes}read_verilog -Irtl/top -defer {' '.join(map(str, files))}\n"
            f"hierarchy -check -top {top} {sets}\n")


def rtl_files() -> list[str]:
    """Paths of the RTL, from the root of the checkout, in the order of rtl/files.f."""
    return (ROOT / "rtl/files.f").read_text().split()


def statistics(path: Path) -> dict[str, dict[str, int]]:
    """Modules of a `stat -json` file: name without backslash -> {cell type without backslash:
    number}. Yosys 0.23 prints its text tree in the middle of the JSON."""
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


def base_name(module: str) -> str:
    """A module's name in the RTL: mxu_tile of $paramod\\mxu_tile\\ROW0=... and of
    $paramod$hash\\mxu_tile."""
    return re.sub(r"\\[A-Za-z_0-9]+=.*", "", re.sub(r"^\$paramod(\$[0-9a-f]+)?\\", "", module))


def instances(modules: dict, top: str) -> dict[str, int]:
    """How often each module of `statistics` occurs below (and with) `top`: {module: number}."""
    found = [m for m in modules if base_name(m) == top]
    if len(found) != 1:
        raise Failure(f"{top}: {len(found)} modules of that name in Yosys's statistics")
    counts = {}

    def count(module, times):
        counts[module] = counts.get(module, 0) + times
        for cell, number in modules[module].items():
            if cell in modules:
                count(cell, times * number)

    count(found[0], 1)
    return counts


def total_cells(modules: dict, top: str) -> dict[str, int]:
    """Cells of the whole hierarchy below `top`, modules of the RTL left out: {type: number}."""
    cells = {}
    for module, times in instances(modules, top).items():
        for cell, number in modules[module].items():
            if cell not in modules:
                cells[cell] = cells.get(cell, 0) + times * number
    return cells


def digest(*parts: Any) -> str:
    """Key of a result: changes with any of the parts, which are texts, numbers and dictionaries
    of these."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


@functools.cache
def sources_digest(*paths: Path) -> str:
    """Key of the content of files, by paths from the root of the checkout."""
    return digest([(str(p), (ROOT / p).read_text()) for p in paths])


class Cache:
    """JSON results in a folder, by key; a broken file counts as none."""

    def __init__(self, folder: Path):
        self.folder = pathlib.Path(folder)

    def get(self, key: str) -> Any:
        try:
            return json.loads((self.folder / f"{key}.json").read_text())
        except (OSError, ValueError):
            return None

    def put(self, key: str, value: Any) -> Any:
        json_file.write(self.folder / f"{key}.json", value)
        return value
