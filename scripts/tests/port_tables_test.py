# SPDX-License-Identifier: Apache-2.0
"""scripts/port_tables.py: the guides are current, every change that must show does, and the
templates elaborate."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from scripts import port_tables

EIE, MXU, GUIDE = "rtl/eie/eie.v", "rtl/mxu/mxu.v", "docs/guide/integrate-matrix-unit.md"
# What is changed, file, text in it, text instead, what the complaint must say.
CHANGES = [
    ("a port more", EIE, "    // command\n", "    input wire new_i,  // new\n", "`new_i`"),
    ("another width", MXU, "[          95:0] inst_i", "[          96:0] inst_i", "| 97 |"),
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


def wrong_templates() -> list[str]:
    """Icarus elaborates each template in a module of its own, whose nets are implicit."""
    complaints = []
    for page in sorted(port_tables.ROOT.glob(port_tables.PAGES)):
        for template in re.findall(r"^```verilog\n(.*?)^```$", page.read_text(), re.M | re.S):
            # An array as large as by default takes Icarus minutes.
            small = re.sub(r"\.((TILE_)?(ROWS|COLS))( *)\(\d+\)", r".\1(4)", template)
            with tempfile.NamedTemporaryFile("w", suffix=".v") as file:
                file.write(f"module user;\n{small}endmodule\n")
                file.flush()
                files = (port_tables.ROOT / "rtl/files.f").read_text().split()
                done = subprocess.run(
                    ["iverilog", "-g2005", "-Irtl/top", "-t", "null", "-s", "user", file.name,
                     *files],
                    cwd=port_tables.ROOT, capture_output=True, text=True, check=False)
            print(f"{'WRONG' if done.returncode else 'ok'}: template in {page.name}")
            if done.returncode:
                complaints.append(f"{page.name}: {done.stderr.strip().splitlines()[0]}")
    return complaints


def main() -> int:
    wrong = port_tables.check_all()[1] + wrong_templates()
    for what, path, old, new, expected in CHANGES:
        seen = complaints_after(path, old, new)
        print(f"{'ok' if expected in seen else 'WRONG'}: {what}")
        if expected not in seen:
            wrong.append(f"{what}: {expected!r} is not in {seen!r}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
