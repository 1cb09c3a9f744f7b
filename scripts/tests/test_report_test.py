# SPDX-License-Identifier: Apache-2.0
"""Reports of the test suite, from CTest's own JUnit file."""
import contextlib
import io
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import scripts.tests
from scripts import test_report
from scripts.report import validate

# Tests as CMake declares them: name, command, properties, and how the report must take them.
TESTS = [
    ("Good.A", "true", ""),
    ("Good/Typed.B", "true", ""),
    ("Bad.Fails", "false", ""),
    ("Bad.Missing", "/nowhere/at-all", ""),
    ("Some.Off", "true", "DISABLED ON"),
    ("Some.Code", "exit 77", "SKIP_RETURN_CODE 77"),
    ("Some.Named", "echo 'SKIPPED: all: no tool'; exit 77", "SKIP_RETURN_CODE 77"),
    ("Some.Google", r"printf '/a/b_test.cpp:12: Skipped\nno MNIST here\n\n[  SKIPPED ] x\n'",
     r"SKIP_REGULAR_EXPRESSION [=[\[  SKIPPED \]]=]"),
    ("Some.Part", "echo 'SKIPPED: Part.test_x: no second library'", ""),
]
SKIPS = {
    "Some.Off": ("", "disabled"),
    "Some.Code": ("", "SKIP_RETURN_CODE=77"),
    "Some.Named": ("all", "no tool"),
    "Some.Google": ("", "no MNIST here"),
    "Some.Part": ("Part.test_x", "no second library"),
}


class OfCTest(unittest.TestCase):
    """CTest runs tests of every outcome; what it writes is read."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            cls.report, cls.printed, cls.status = cls.run_in(Path(folder), TESTS)

    @staticmethod
    def run_in(folder, tests):
        lines = []
        for name, command, properties in tests:
            program = command if command.startswith("/") else f"sh -c [=[{command}]=]"
            lines.append(f"add_test({name} {program})")
            if properties:
                lines.append(f"set_tests_properties({name} PROPERTIES {properties})")
        (folder / "CTestTestfile.cmake").write_text("\n".join(lines))
        subprocess.run(["ctest", "--test-dir", folder, "--output-junit", folder / "test.xml"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = test_report.main([str(folder / "test.xml"), str(folder / "test-long.json")])
        return validate.read(folder / "test-long.json"), out.getvalue(), status

    def test_outcomes(self):
        self.assertEqual(self.report["made"]["command"], "make test-long")
        self.assertEqual({name: self.report[name] for name in ("passed", "failed", "skipped")},
                         {"passed": 3, "failed": 2, "skipped": 4})
        self.assertEqual(self.report["failed_tests"], ["Bad.Fails", "Bad.Missing"])
        self.assertEqual(self.status, 1)
        self.assertIn("FAILED: Bad.Missing", self.printed)

    def test_each_skip_has_its_reason(self):
        skips = {s["test"]: (s["part"], s["reason"]) for s in self.report["skipped_tests"]}
        self.assertEqual(skips, SKIPS)
        for _, reason in SKIPS.values():
            self.assertIn(reason, self.printed)

    def test_suites(self):
        self.assertEqual({s["name"]: (s["passed"], s["failed"], s["skipped"])
                          for s in self.report["suites"]},
                         {"Good": (2, 0, 0), "Bad": (0, 2, 0), "Some": (1, 0, 4)})

    def test_it_passes_where_all_pass_and_fails_where_none_ran(self):
        for tests, status in ((TESTS[:1], 0), (TESTS[4:5], 1)):
            with tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.run_in(Path(folder), tests)[2], status)

    def test_bad_input_is_one_line(self):
        for arguments in ([], ["/nowhere.xml", "x.json"], [__file__, "x.json"]):
            self.assertRegex(test_report.main(arguments), r"^[^\n]+$")


class SkipsOfUnittest(unittest.TestCase):
    SOURCE = """
import unittest, scripts.tests
class A(unittest.TestCase):
    def test_a(self): self.skipTest("no tool")
    def test_b(self): {second}
scripts.tests.main()
"""

    def test_lines_and_exit_codes(self):
        for second, status in (("pass", 0), ("self.fail()", 1), ("self.skipTest('x')", 77)):
            done = subprocess.run([sys.executable, "-B", "-c", self.SOURCE.format(second=second)],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, status)
            self.assertIn("SKIPPED: A.test_a: no tool\n", done.stdout)


if __name__ == "__main__":
    scripts.tests.main()
