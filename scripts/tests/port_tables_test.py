# SPDX-License-Identifier: Apache-2.0
"""scripts/port_tables.py: the guides are current, and every change that must show does."""
import pathlib
import shutil
import sys
import tempfile

from scripts import port_tables

EIE, MXU, GUIDE = "rtl/eie/eie.v", "rtl/mxu/mxu.v", "docs/guide/integrate-matrix-unit.md"
# What is changed, file, text in it, text instead, what the complaint must say.
CHANGES = [
    ("a port more", EIE, "    // command\n", "    input wire new_i,  // new\n", "`new_i`"),
    ("another width", MXU, "[       95:0] inst_i", "[       96:0] inst_i", "| 97 |"),
    ("another meaning", MXU, "// the queue has room", "// the queue is not full", "is not full"),
    ("another direction", EIE, "output wire              done_o", "input wire              done_o",
     "| `done_o` | input |"),
    ("no comment", EIE, "  // a list runs", "", "port busy_o has no comment"),
    ("another default", MXU, "parameter ROWS = 256,", "parameter ROWS = 128,", "(128)"),
    ("another group", MXU, "    // host's streams\n", "    // streams\n", "**streams**"),
    ("a table changed by hand", GUIDE, "| the queue has room |", "| room |", "is stale"),
    ("a block without its end", GUIDE, "<!-- template of mxu -->", "", "beginning or end"),
    ("no such module", GUIDE, "<!-- ports of mxu -->", "<!-- ports of nothing -->",
     "no such module"),
]


def complaints_after(path: str, old: str, new: str) -> str:
    """All complaints about a copy of the project with this change."""
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for folder in ("rtl", "docs/guide"):
            shutil.copytree(port_tables.ROOT / folder, root / folder)
        text = (root / path).read_text()
        if text.count(old) != 1:
            return f"{path} has {old!r} {text.count(old)} times"
        (root / path).write_text(text.replace(old, new))
        return "\n".join(port_tables.check_all(root)[1])


def main() -> int:
    wrong = port_tables.check_all()[1]
    for what, path, old, new, expected in CHANGES:
        seen = complaints_after(path, old, new)
        print(f"{'ok' if expected in seen else 'WRONG'}: {what}")
        if expected not in seen:
            wrong.append(f"{what}: {expected!r} is not in {seen!r}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
