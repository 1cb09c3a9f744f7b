# SPDX-License-Identifier: Apache-2.0
"""Tests of the scripts; python3 -m scripts.tests.report_test, from the root."""
import sys
import unittest

# To CTest: all of a program's tests were skipped.
ALL_SKIPPED = 77


def main() -> None:
    """unittest.main, which names what it skips in lines for scripts.test_report."""
    result = unittest.main(module="__main__", exit=False).result
    for test, reason in result.skipped:
        print(f"SKIPPED: {test.id().removeprefix('__main__.')}: {reason}")
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(ALL_SKIPPED if result.testsRun and len(result.skipped) == result.testsRun else 0)
