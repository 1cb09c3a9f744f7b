#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the golden library out of a build folder, and builds and runs the guide's example on it.

The library must also configure by itself on a machine without Verilator, GoogleTest, Google
Benchmark and CLI11, and what is installed must not name the build folder or the checkout.
"""

import argparse
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guide/cycle-simulator.md"
BUILD = Path("build")


def run(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    def test_configures_without_what_only_tests_and_rtl_need(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            without = ["verilator", "GTest", "benchmark", "CLI11"]
            run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DSPARSYS_RTL=OFF",
                "-DSPARSYS_TESTS=OFF", "-DSPARSYS_BENCHMARKS=OFF",
                *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}=ON" for name in without))
            targets = run("cmake", "--build", folder, "--target", "help")
            self.assertIn("sparsys_golden", targets)
            self.assertNotIn("sparsys_lockstep", targets)

    def test_example_on_the_installed_library(self) -> None:
        with tempfile.TemporaryDirectory(prefix="sparsys package ") as folder:
            prefix, build = Path(folder, "installed"), Path(folder, "example")
            run("cmake", "--install", BUILD, "--component", "golden", "--prefix", prefix)
            for text in prefix.rglob("*.cmake"):
                content = text.read_text(encoding="utf-8")
                for place in (str(ROOT), str(BUILD.resolve())):
                    self.assertNotIn(place, content, text.name)
            run("cmake", "-S", GUIDE.parent / "examples", "-B", build, "-G", "Ninja",
                f"-DCMAKE_PREFIX_PATH={prefix}")
            run("cmake", "--build", build)
            output = run(build / "cycle_simulator")
            # The table in the guide is a part of what the example prints.
            page = GUIDE.read_text(encoding="utf-8")
            block = re.search(r"```text output\n(.*?)```", page, re.DOTALL)
            assert block is not None
            for line in block[1].splitlines():
                self.assertIn(line, output.splitlines())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    BUILD = parser.parse_args().build
    unittest.main(argv=["package_test.py"], verbosity=2)
