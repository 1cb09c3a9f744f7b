# SPDX-License-Identifier: Apache-2.0
"""Port tables and instantiation templates in the integration guides, written from the RTL.

A guide marks where they belong with `<!-- ports of MODULE -->` or `<!-- template of MODULE -->`;
all from there to `<!-- end -->` is written by this program. With --check it compares instead and
fails if a page is stale.
"""
import argparse
import difflib
import pathlib
import re
import sys
from dataclasses import dataclass

from scripts import ROOT, rtl_tables

PAGES = "docs/guide/*.md"
BLOCK = re.compile(r"^<!-- (ports|template) of (\w+) -->\n(.*?)^<!-- end -->\n", re.M | re.S)
SECTION = re.compile(r"\s*// (.+)")
PORT = re.compile(r"\s*(input|output) +(?:wire|reg) +(?:\[ *(.+?):0\] )?(\w+),?\s*(?:// (.+))?")


@dataclass
class Port:
    """A port as the module's header has it; `section` is the comment line above its group."""

    section: str
    direction: str
    width: str
    name: str
    meaning: str


def width_of(most: str | None) -> str:
    """The number of bits of a range [most:0], None for a single wire."""
    if most is None:
        return "1"
    if most.isdigit():
        return str(int(most) + 1)
    return f"`{most[:-2]}`" if most.endswith("-1") else f"`{most} + 1`"


def read_ports(path: str, header: str) -> list[Port]:
    """All ports, in order. Raises rtl_tables.Error if one has no comment."""
    ports = []
    section = "clock and reset"
    for line in header[header.index(") (\n") + 4 :].splitlines():
        if heading := SECTION.fullmatch(line):
            section = heading.group(1)
        elif found := PORT.fullmatch(line):
            direction, most, name, meaning = found.groups()
            if not meaning:
                raise rtl_tables.Error(f"{path}: port {name} has no comment")
            ports.append(Port(section, direction, width_of(most), name, meaning))
    return ports


def table(ports: list[Port]) -> list[str]:
    lines = ["| port | direction | bits | meaning |", "|---|---|---|---|"]
    section = None
    for port in ports:
        if port.section != section:
            section = port.section
            lines.append(f"| **{section}** | | | |")
        lines.append(f"| `{port.name}` | {port.direction} | {port.width} | {port.meaning} |")
    return lines


def aligned(names: list[tuple[str, str]]) -> list[str]:
    longest = max(len(name) for name, _ in names)
    lines = [f"    .{name:<{longest}}({value})," for name, value in names]
    return lines[:-1] + [lines[-1].rstrip(",")]


def template(module: str, parameters: list, ports: list[Port]) -> list[str]:
    settable = [(p.name, p.expression) for p in parameters if not p.derived]
    wires = [(p.name, re.sub(r"_[io]$", "", p.name)) for p in ports]
    head, middle = f"{module} #(", f") u_{module} ("
    return ["```verilog", head, *aligned(settable), middle, *aligned(wires), ");", "```"]


def written(text: str, root: pathlib.Path) -> str:
    """The text of a page with its blocks as the RTL has them."""

    def block(found: re.Match) -> str:
        kind, module, _ = found.groups()
        paths = sorted(root.glob(f"rtl/*/{module}.v"))
        if not paths:
            raise rtl_tables.Error(f"{kind} of {module}: no such module in rtl/")
        path = paths[0].relative_to(root).as_posix()
        header = re.search(r"^module .*?^\);\n", paths[0].read_text(), re.M | re.S).group(0)
        ports = read_ports(path, header)
        parameters = rtl_tables.read_parameters(path, header)
        lines = table(ports) if kind == "ports" else template(module, parameters, ports)
        return "\n".join([f"<!-- {kind} of {module} -->", "", *lines, "", "<!-- end -->", ""])

    return BLOCK.sub(block, text)


def stale_lines(name: str, text: str, root: pathlib.Path) -> list[str]:
    """What differs in a page, as a diff. Raises rtl_tables.Error."""
    new = written(text, root)
    if len(BLOCK.findall(text)) != text.count("<!-- end -->"):
        raise rtl_tables.Error("a block without its beginning or end")
    return list(difflib.unified_diff(text.splitlines(), new.splitlines(), name, "from the RTL",
                                     lineterm="", n=0))


def check_all(root: pathlib.Path = ROOT) -> tuple[int, list[str]]:
    """Number of blocks, and a complaint for each page that is stale."""
    count = 0
    complaints = []
    for page in sorted(root.glob(PAGES)):
        text = page.read_text()
        name = page.relative_to(root).as_posix()
        count += len(BLOCK.findall(text))
        try:
            lines = stale_lines(name, text, root)
        except rtl_tables.Error as error:
            complaints.append(f"{name}: {error}")
            continue
        if lines:
            hint = f"{name} is stale, python3 -m scripts.port_tables writes it:"
            complaints.append("\n".join([hint, *lines[:20]]))
    if not count:
        complaints.append(f"{PAGES}: no block that is written from the RTL")
    return count, complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    if parser.parse_args().check:
        count, complaints = check_all()
        print("\n".join([*complaints, f"{count} blocks, {len(complaints)} complaints"]))
        sys.exit(bool(complaints))
    try:
        for page in sorted(ROOT.glob(PAGES)):
            page.write_text(written(page.read_text(), ROOT))
    except rtl_tables.Error as error:
        sys.exit(f"port_tables: {error}")


if __name__ == "__main__":
    main()
