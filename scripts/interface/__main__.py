# SPDX-License-Identifier: Apache-2.0
"""make interface: writes from rtl/top/interface.toml what repeats it. With --check compares instead
and fails if a file is stale."""
import argparse
import difflib
import re
import sys
from pathlib import Path
from typing import Any

from scripts import ROOT
from scripts.report import page, text_file

from . import table

# File, template.
FILES = {
    "rtl/top/interface.vh": "interface.vh.j2",
    "sw/driver/sparsys_interface.h": "interface.h.j2",
    "sw/driver/sparsys.svd": "interface.svd.j2",
    "golden/engine/top/interface.hpp": "interface.hpp.j2",
    "docs/reference/top-registers.md": "top-registers.md.j2",
}
FORMAT = "docs/reference/top-format.md"
TABLES = "top-format-tables.md.j2"
# A table of the contract: <!-- table of KIND --> to <!-- end -->.
BLOCK = re.compile(r"^<!-- table of (\w+) -->\n.*?^<!-- end -->\n", re.M | re.S)
KINDS = ("registers", "header", "opcodes", "fields", "errors", "image")


def joined(*parts: str) -> str:
    """A name in capitals, of words with blanks, points or underscores between them."""
    return "_".join(parts).upper()


def camel(name: str) -> str:
    """A name as a C++ constant has it, without its k."""
    return "".join(part.capitalize() for part in name.split("_"))


def plain(text: str) -> str:
    """Without Markdown's marks."""
    return text.replace("`", "")


def words_of(entry: dict[str, Any]) -> list[int]:
    """The numbers of an image header's words."""
    first, _, last = entry["words"].replace(", ", " to ").partition(" to ")
    return list(range(int(first), int(last or first) + 1))


def context(interface: table.Interface) -> dict[str, Any]:
    return {"interface": interface, "joined": joined, "camel": camel, "plain": plain,
            "words_of": words_of, "source": table.TABLE}


def with_tables(text: str, values: dict[str, Any]) -> str:
    """The contract's page with its tables as interface.toml has them."""
    kinds = [found.group(1) for found in BLOCK.finditer(text)]
    if sorted(kinds) != sorted(KINDS) or text.count("<!-- end -->") != len(KINDS):
        raise table.Error(f"{FORMAT}: its tables are {', '.join(kinds)}, "
                          f"and should be {', '.join(KINDS)}, each with its end")

    def block(found: re.Match) -> str:
        kind = found.group(1)
        lines = page.render(TABLES, kind=kind, **values).strip()
        return f"<!-- table of {kind} -->\n\n{lines}\n\n<!-- end -->\n"

    return BLOCK.sub(block, text)


def contents(root: Path) -> dict[str, str]:
    """{path: text} of all that is written from the table. Raises table.Error."""
    values = context(table.read((root / table.TABLE).read_text()))
    texts = {path: page.render(template, **values).rstrip("\n") + "\n"
             for path, template in FILES.items()}
    texts[FORMAT] = with_tables((root / FORMAT).read_text(), values)
    return texts


def check_all(root: Path = ROOT) -> tuple[int, list[str]]:
    """Number of files, and a complaint for each that is stale."""
    try:
        texts = contents(root)
    except table.Error as error:
        return 0, [str(error)]
    complaints = []
    for path, text in texts.items():
        there = (root / path).read_text() if (root / path).exists() else ""
        if there != text:
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), path, table.TABLE,
                                         lineterm="", n=0)
            complaints.append("\n".join([f"{path} is stale, make interface writes it:",
                                         *list(lines)[:20]]))
    return len(texts), complaints


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.interface", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        count, complaints = check_all()
        print("\n".join([*complaints, f"{count} files, {len(complaints)} complaints"]))
        return int(bool(complaints))
    try:
        texts = contents(ROOT)
    except table.Error as error:
        return f"interface: {error}"
    for path, text in texts.items():
        text_file.write(ROOT / path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
