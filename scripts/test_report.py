#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns CTest's JUnit file into a table by suite and a JSON report. Fails if a test failed or none ran."""
import collections
import sys
import xml.etree.ElementTree as ElementTree

import report

# What CTest says of a test that chose not to run; any other test that did not run has failed.
SKIPPED = ("SKIP_REGULAR_EXPRESSION_MATCHED", "SKIP_RETURN_CODE", "Disabled")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: test_report.py JUNIT.xml REPORT.json")
    try:
        root = ElementTree.parse(sys.argv[1]).getroot()
    except (OSError, ElementTree.ParseError) as error:
        sys.exit(f"test_report: {sys.argv[1]}: {error}")
    suites = collections.OrderedDict()
    failed_names = []
    for case in root.iter("testcase"):
        name = case.get("name")
        suite = suites.setdefault(name.split(".")[0].split("/")[0], [0, 0, 0, 0.0])
        skipped = case.find("skipped")
        if case.get("status") == "run" and case.find("failure") is None:
            suite[0] += 1
        elif case.get("status") == "disabled" or (
                skipped is not None and skipped.get("message", "").startswith(SKIPPED)):
            suite[2] += 1
        else:
            suite[1] += 1
            failed_names.append(name)
        suite[3] += float(case.get("time") or 0)
    rows = [[name, s[0], s[1], s[2], round(s[3], 1)] for name, s in sorted(suites.items())]
    total = [sum(row[i] for row in rows) for i in range(1, 4)]
    seconds = float(root.get("time") or 0)
    print()
    report.print_table(
        ["suite", "passed", "failed", "skipped", "seconds"],
        rows + [["all"] + total + [round(seconds, 1)]],
    )
    report.write_json(
        sys.argv[2],
        {
            "passed": total[0],
            "failed": total[1],
            "skipped": total[2],
            "seconds": round(seconds, 2),
            "failed_tests": failed_names,
            "suites": [
                dict(zip(["name", "passed", "failed", "skipped", "seconds"], row)) for row in rows
            ],
        },
    )
    for name in failed_names:
        print(f"FAILED: {name}")
    sys.exit(1 if total[1] or not total[0] else 0)


main()
