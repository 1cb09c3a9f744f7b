# SPDX-License-Identifier: Apache-2.0
"""make lint. A check takes a Tree and gives a Result; python3 -m scripts.lint runs them all."""
import dataclasses
import functools
import subprocess
from collections.abc import Iterable
from pathlib import Path

from scripts import ROOT


@dataclasses.dataclass
class Result:
    """How many things were checked, one complaint each line, and why nothing was, if so."""
    checked: int
    complaints: list[str]
    skipped: str = ""


@dataclasses.dataclass(frozen=True)
class Tree:
    """The files of a checkout, by paths from its root."""
    root: Path = ROOT

    @functools.cached_property
    def files(self) -> list[str]:
        """What git tracks or would track, and exists; outside of a checkout, all files."""
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, capture_output=True, text=True, check=False)
        paths: Iterable[str] = set(done.stdout.split("\0")) - {""} if not done.returncode else (
            path.relative_to(self.root).as_posix() for path in self.root.rglob("*"))
        return sorted(path for path in paths if (self.root / path).is_file())

    def ending(self, *ends: str) -> list[str]:
        return [path for path in self.files if path.endswith(ends)]

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8", errors="replace")
