# SPDX-License-Identifier: Apache-2.0
"""make check-figures: figures of the documents against what their commands measure now.

A comment below a table or a paragraph names a figure that stands in it, and where it comes from:

    <!-- figure: 447.6 from build/reports/demo.json:cycles_per_image by "make demo", within 1 % -->

FIELD walks objects and lists: layers.0.entries, configs[name=up5k-eie].fmax_mhz. "exact", which is
the default, is to the digits of the text; "at least" and "at most" are bounds that the text states;
else "within N %". A command runs once, unless its file is of these very sources.
"""
import argparse
import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts import ROOT
from scripts.report import json_file
from scripts.report.table import print_table

DOCUMENTS = ("README.md", "docs/results.md")
COMMENT = re.compile(r"<!-- figure: (?P<text>.+?) from (?P<file>\S+?):(?P<field>\S+) "
                     r'by "(?P<command>[^"]+)"'
                     r"(?:, (?P<how>exact|at least|at most|within (?P<percent>[\d.]+) ?%))? -->$")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


class Wrong(Exception):
    """A figure or its comment is not right; the text is one line."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of a document and where it comes from."""
    place: str  # file:line
    text: str
    file: str
    field: str
    command: str
    how: str
    percent: float

    @property
    def number(self) -> str:
        """Its digits, without thousands' commas."""
        return NUMBER.search(self.text).group().replace(",", "")

    def holds(self, value: float) -> bool:
        said = float(self.number)
        if self.how == "at least":
            return value >= said
        if self.how == "at most":
            return value <= said
        if self.how.startswith("within"):
            return abs(value - said) <= abs(said) * self.percent / 100
        decimals = len(self.number.partition(".")[2])
        return f"{value:.{decimals}f}" == f"{said:.{decimals}f}"


def block_above(lines: list[str], index: int) -> str:
    """The paragraph or table over a line, without comments."""
    block = []
    for line in reversed(lines[:index]):
        if line.startswith("<!--"):
            continue
        if not line.strip() and block:
            break
        block.append(line)
    return "\n".join(reversed(block))


def read_figures(path: str, text: str) -> list[Figure]:
    """The figures of a document; raises Wrong for a comment that is none, or whose text is not
    above it."""
    figures, lines = [], text.split("\n")
    for index, line in enumerate(lines):
        if not line.startswith("<!-- figure"):
            continue
        place = f"{path}:{index + 1}"
        found = COMMENT.match(line)
        if not found or not NUMBER.search(found["text"]):
            raise Wrong(f"{place}: not as scripts/check_figures.py says: {line}")
        wanted = rf"(?<![\d.,]){re.escape(found['text'])}(?!\d|[.,]\d)"
        if not re.search(wanted, block_above(lines, index)):
            raise Wrong(f"{place}: no {found['text']} in the text above")
        figures.append(Figure(place, found["text"], found["file"], found["field"],
                              found["command"], found["how"] or "exact",
                              float(found["percent"] or 0)))
    return figures


def field_of(data: Any, field: str) -> float:
    """The number that a path of names, indices and [name=value] leads to."""
    for name, key, value in re.findall(r"([\w-]+)?(?:\[(\w+)=([^\]]*)\])?(?:\.|$)", field):
        if name:
            data = data[int(name)] if isinstance(data, list) else data[name]
        if key:
            data = next(one for one in data if str(one[key]) == value)
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise TypeError("no number")
    return data


def is_current(path: Path) -> bool:
    """Whether a report is of the present sources, without changes."""
    try:
        commit = json.loads(path.read_text()).get("made", {}).get("commit", "unknown")
    except (OSError, ValueError, AttributeError):
        return False
    return commit == json_file.commit() and re.fullmatch(r"[0-9a-f]+", commit) is not None


class Measurements:
    """Values from files, which commands of the documents make anew, each at most once."""

    def __init__(self, root: Path, build: Path, keep: bool):
        self.root, self.build, self.keep = root, build, keep
        self.ran: dict[str, int] = {}

    def value(self, figure: Figure) -> float:
        path = (self.build / figure.file.removeprefix("build/")
                if figure.file.startswith("build/") else self.root / figure.file)
        if figure.command not in self.ran and not (path.exists() if self.keep
                                                   else is_current(path)):
            print(f"running {figure.command}", flush=True)
            self.ran[figure.command] = subprocess.run(
                figure.command, shell=True, cwd=self.root, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "BUILD": str(self.build)}).returncode
        if self.ran.get(figure.command):
            raise Wrong(f"{figure.command}: exit code {self.ran[figure.command]}")
        try:
            return field_of(json.loads(path.read_text()), figure.field)
        except OSError as error:
            raise Wrong(f"{figure.file}: {error.strerror}") from None
        except (ValueError, KeyError, IndexError, TypeError, StopIteration) as error:
            raise Wrong(f"{figure.file}: no {figure.field}: {error!r}") from None


def check(figure: Figure, measurements: Measurements) -> dict:
    """One figure of the report."""
    out = {**dataclasses.asdict(figure), "value": None, "holds": False, "error": ""}
    try:
        out["value"] = measurements.value(figure)
        out["holds"] = figure.holds(out["value"])
    except Wrong as error:
        out["error"] = str(error)
    return out


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.check_figures", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true",
                        help="take files as they are, run only what makes missing ones")
    parser.add_argument("--build", default="build", help="build folder, whose name is BUILD to "
                        "the commands, and build in the documents")
    parser.add_argument("--report", help="JSON file for the result")
    options = parser.parse_args(arguments)
    try:
        figures = [figure for path in DOCUMENTS
                   for figure in read_figures(path, (root / path).read_text())]
    except (OSError, Wrong) as error:
        return f"check_figures: {error}"
    measurements = Measurements(root, root / options.build, options.keep)
    results = [check(figure, measurements) for figure in figures]
    print_table([[one["place"], one["text"], one["how"], one["field"],
                  one["error"] or f"{one['value']:.10g}", "ok" if one["holds"] else "STALE"]
                 for one in results], ["figure", "text", "holds if", "field", "now", "result"])
    passed = bool(results) and all(one["holds"] for one in results)
    if options.report:
        json_file.write(options.report, {"passed": passed, "figures": results},
                        "make check-figures")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
