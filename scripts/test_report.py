# SPDX-License-Identifier: Apache-2.0
"""Turns CTest's JUnit file into a table by suite, a list of what was skipped and why, and a JSON
report. Fails if a test failed or none ran."""
import dataclasses
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from scripts.report import json_file
from scripts.report.table import print_table

# What CTest says of a test that chose not to run; any other test that did not run has failed.
SKIPPED = ("SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE", "Disabled")
# A test of several parts names those that it skips: "SKIPPED: part: reason" on a line of its own.
PART = re.compile(r"^SKIPPED: (.+?): (.+)$", re.M)
# GoogleTest: "file:line: Skipped", the reason below it.
GOOGLETEST = re.compile(r"^\S+:\d+: Skipped\n(.+?)\n", re.M)


@dataclasses.dataclass
class Case:
    """One test of CTest's; `skips` are (part, reason), with no part for the test as a whole."""
    name: str
    outcome: str  # passed, failed or skipped
    seconds: float
    skips: list[tuple[str, str]]

    @property
    def suite(self) -> str:
        return self.name.split(".")[0].split("/")[0]


def read_case(element: ElementTree.Element) -> Case:
    """A <testcase> of CTest's JUnit file."""
    name, seconds = element.get("name", ""), float(element.get("time") or 0)
    message = getattr(element.find("skipped"), "attrib", {}).get("message", "")
    output = element.findtext("system-out") or ""
    parts = PART.findall(output)
    if element.get("status") == "run" and element.find("failure") is None:
        return Case(name, "passed", seconds, parts)
    if element.get("status") == "disabled" or message.startswith(SKIPPED):
        said = GOOGLETEST.search(output)
        reason = said.group(1) if said else message or "disabled"
        return Case(name, "skipped", seconds, parts or [("", reason)])
    return Case(name, "failed", seconds, parts)


def summary(cases: list[Case], seconds: float) -> dict:
    """The report: counts, by suite too, names of failed tests, and what was skipped."""
    def counts(of: list[Case]) -> dict[str, int]:
        return {outcome: sum(case.outcome == outcome for case in of)
                for outcome in ("passed", "failed", "skipped")}

    suites = []
    for name in sorted({case.suite for case in cases}):
        mine = [case for case in cases if case.suite == name]
        suites.append({"name": name, **counts(mine),
                       "seconds": round(sum(case.seconds for case in mine), 1)})
    return {**counts(cases), "seconds": round(seconds, 2),
            "failed_tests": [case.name for case in cases if case.outcome == "failed"],
            "skipped_tests": [{"test": case.name, "part": part, "reason": reason}
                              for case in cases for part, reason in case.skips],
            "suites": suites}


def print_tables(report: dict) -> None:
    columns = ("passed", "failed", "skipped", "seconds")
    rows = [[suite["name"], *(suite[c] for c in columns)] for suite in report["suites"]]
    print()
    print_table([*rows, ["all", *(report[c] for c in columns)]], ["suite", *columns])
    if report["skipped_tests"]:
        print()
        print_table([[skip["test"] + (f": {skip['part']}" if skip["part"] else ""), skip["reason"]]
                     for skip in report["skipped_tests"]], ["skipped", "reason"])
    for name in report["failed_tests"]:
        print(f"FAILED: {name}")


def main(arguments: list[str]) -> int | str:
    if len(arguments) != 2:
        return "usage: python3 -m scripts.test_report JUNIT.xml REPORT.json"
    try:
        root = ElementTree.parse(arguments[0]).getroot()
    except (OSError, ElementTree.ParseError) as error:
        return f"test_report: {arguments[0]}: {error}"
    report = summary([read_case(case) for case in root.iter("testcase")],
                     float(root.get("time") or 0))
    print_tables(report)
    json_file.write(arguments[1], report, f"make {Path(arguments[1]).stem}")
    return 1 if report["failed"] or not report["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
