# SPDX-License-Identifier: Apache-2.0
"""make lint: Verilog over parameter sets, files written from the RTL and from tables, rooms and
sizes, documents, Python, shell and C++ formatting. Prints a table, writes a report, fails on any
complaint."""
import argparse
import sys
import time
from collections.abc import Callable

from scripts import check_parameters, port_tables, rtl_tables
from scripts.interface import __main__ as interface
from scripts.report import json_file
from scripts.report.table import print_table

from . import Result, Tree, docs, registers, rooms, sizes, text, tools, verilog, workflows

# Name, what is counted, check.
CHECKS: list[tuple[str, str, Callable[[Tree, argparse.Namespace], Result]]] = [
    ("verilator", "verilator -Wall, parameter sets", lambda tree, _: verilog.check(tree)),
    ("parameters", "wrong parameters refused",
     lambda _, options: Result(*check_parameters.check_all(options.jobs))),
    ("tables", "files written from the RTL", lambda *_: Result(*rtl_tables.check_all())),
    ("ports", "tables of ports in the guides", lambda *_: Result(*port_tables.check_all())),
    ("interface", "files written from the accelerator's table",
     lambda *_: Result(*interface.check_all())),
    ("registers", "registers compared in lockstep", lambda tree, _: registers.check(tree)),
    ("rooms", "includes along the arrows between rooms", lambda tree, _: rooms.check(tree)),
    ("sizes", "files and folders of a size", lambda tree, _: sizes.check(tree)),
    ("licences", "files with a licence line", lambda tree, _: text.check_licences(tree)),
    ("white_space", "files without tabs and trailing blanks",
     lambda tree, _: text.check_white_space(tree)),
    ("outside", "files that name nothing outside", lambda tree, _: text.check_outside(tree)),
    ("yaml", "YAML files that yamllint passes", lambda tree, _: workflows.check_yaml(tree)),
    ("workflows", "workflows by GitHub's and GitLab's schemas",
     lambda tree, options: workflows.check_schemas(tree, options.build)),
    ("targets", "named make targets that exist", lambda tree, _: workflows.check_targets(tree)),
    ("doc_lines", "documents with short lines", lambda tree, _: docs.check_lines(tree)),
    ("doc_links", "links in documents", lambda tree, _: docs.check_links(tree)),
    ("doc_paths", "paths in documents", lambda tree, _: docs.check_paths(tree)),
    ("figures", "marked figures of documents", lambda tree, _: docs.check_marks(tree)),
    ("format", "files as clang-format has them", lambda tree, _: tools.check_format(tree)),
    ("ruff", "files that ruff passes", lambda tree, options: tools.check_ruff(tree, options.build)),
    ("shellcheck", "files that shellcheck passes", lambda tree, _: tools.check_shell(tree)),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.lint", description=__doc__)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--build", default="build", help="build folder, whose tools come first")
    parser.add_argument("--report", required=True)
    parser.add_argument("--only", nargs="+", choices=[name for name, *_ in CHECKS])
    options = parser.parse_args()
    tree, rows, results = Tree(), [], []
    for name, what, check in CHECKS:
        if options.only and name not in options.only:
            continue
        start = time.monotonic()
        result = check(tree, options)
        seconds = round(time.monotonic() - start, 1)
        for complaint in result.complaints:
            print(complaint)
        verdict = "FAILED" if result.complaints else (
            f"skipped: {result.skipped}" if result.skipped else "ok")
        rows.append([what, result.checked, len(result.complaints), seconds, verdict])
        results.append({"name": name, "what": what, "checked": result.checked, "seconds": seconds,
                        "complaints": result.complaints, "skipped": result.skipped})
    print_table(rows, ["check", "checked", "complaints", "seconds", "result"])
    failed = any(result["complaints"] for result in results)
    json_file.write(options.report, {"passed": not failed, "checks": results}, "make lint")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
