# SPDX-License-Identifier: Apache-2.0
"""Licence lines, white space, and paths that are no part of the project."""
import re

from . import Result, Tree

TEXT = (".v", ".vh", ".vlt", ".cpp", ".hpp", ".h", ".def", ".py", ".sh", ".ys", ".tcl", ".cmake",
        ".txt", ".md", ".f", ".core", ".xml", ".json", ".yml", ".toml", ".j2", ".css", ".in")
# Kinds of files that carry a licence line in one of the first three lines.
LICENSED = (".v", ".vh", ".vlt", ".cpp", ".hpp", ".h", ".def", ".py", ".sh", ".ys", ".tcl",
            ".cmake", ".core", "CMakeLists.txt", "Makefile", ".ci/run", ".clang-format")
LICENCE = "SPDX-License-Identifier: Apache-2.0"
OUTSIDE = "../" + "shared"


def check_licences(tree: Tree) -> Result:
    files = tree.ending(*LICENSED)
    return Result(len(files), [f"{path}:1: no line with {LICENCE}" for path in files
                               if not any(LICENCE in line
                                          for line in tree.read(path).split("\n")[:3])])


def check_white_space(tree: Tree) -> Result:
    files = tree.ending(*TEXT, *LICENSED)
    complaints = []
    for path in files:
        text = (tree.root / path).read_bytes().decode(errors="replace")
        for number, line in enumerate(text.split("\n"), 1):
            if re.search(r"[ \t\r]$", line):
                complaints.append(f"{path}:{number}: white space at the end of the line")
            elif "\t" in (line.removeprefix("\t") if path.endswith("Makefile") else line):
                complaints.append(f"{path}:{number}: tab")
        if text and not text.endswith("\n"):
            complaints.append(f"{path}: no line feed at the end")
    return Result(len(files), complaints)


def check_outside(tree: Tree) -> Result:
    """Only .ci/run knows what may lie beside the checkout."""
    files = [path for path in tree.files if path != ".ci/run"]
    return Result(len(files), [f"{path}:{number}: {OUTSIDE} is no part of the project"
                               for path in files
                               for number, line in enumerate(tree.read(path).split("\n"), 1)
                               if OUTSIDE in line])
