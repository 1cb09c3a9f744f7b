# SPDX-License-Identifier: Apache-2.0
"""What the Makefile refuses before it does anything, and what its clean deletes."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import scripts.tests
from scripts import ROOT

MNIST = [f"{part}-{kind}-ubyte.gz" for part in ("train", "t10k")
         for kind in ("images-idx3", "labels-idx1")]


class Makefile(unittest.TestCase):
    """A copy in a folder with a blank, whose set-up only says that it was called, and fails."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="front door ")
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name)
        (self.root / "scripts").mkdir()
        shutil.copy(ROOT / "Makefile", self.root)
        for part in ("options.sh", "build_folder.sh"):
            shutil.copy(ROOT / "scripts" / part, self.root / "scripts")
        setup = self.root / "scripts/setup.sh"
        setup.write_text("#!/bin/sh\necho set-up of $*\nexit 3\n")
        setup.chmod(0o755)

    def make(self, *arguments, **environment):
        clean = {name: value for name, value in os.environ.items()
                 if name not in ("BUILD", "JOBS", "DATA", "TESTS", "LIBERTY", "SPARSYS_DATA",
                                 "MAKEFLAGS", "MAKELEVEL")}
        return subprocess.run(["make", *arguments], cwd=self.root, env={**clean, **environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False)

    def files(self):
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*"))

    def refused(self, reason, *arguments, **environment):
        before = self.files()
        done = self.make(*arguments, **environment)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 2, done.stderr)  # ours, and make's own
        self.assertIn(reason, lines[0])
        self.assertEqual(self.files(), before)

    def accepted(self, *arguments, **environment):
        done = self.make(*arguments, **environment)
        self.assertIn("set-up of", done.stdout, done.stderr)

    def test_jobs(self):
        for jobs in ("0", "x", "", "-1", "1 2", "2.5", "99999", "$(id)"):
            self.refused("a number of parallel jobs", "demo", f"JOBS={jobs}")
        self.refused("a number of parallel jobs", "lint", JOBS="many")
        self.accepted("demo", "JOBS=12")

    def test_build_is_one_plain_name(self):
        for build in ("a b", "my build", "-rf", "a;b", "a'b", 'a"b', "a`id`b", "a*"):
            for target in ("clean", "test", "setup"):
                self.refused("letters, digits", target, f"BUILD={build}")
        self.refused("BUILD is empty", "clean", "BUILD=")
        self.accepted("demo", "BUILD=out/first_1.0")
        self.accepted("demo", BUILD="out/second")

    def test_build_is_no_other_folder(self):
        for build in (".", "..", "/", "scripts", "./scripts/"):
            self.refused("not a build folder", "clean", f"BUILD={build}")
            self.refused("not a build folder", "demo", f"BUILD={build}")
        self.refused("is not a folder", "demo", "BUILD=Makefile")
        # Sources that were built in place are still sources.
        (self.root / "CMakeLists.txt").touch()
        (self.root / "CMakeCache.txt").touch()
        self.refused("not a build folder", "clean", "BUILD=.")

    def test_data(self):
        data = self.root / "the digits"
        self.refused("is not a folder", "demo", "DATA=/nonexistent")
        self.refused("is not a folder", "demo-mxu", f"DATA={data}")
        data.mkdir()
        self.refused("neither train-images", "compress-report", f"DATA={data}")
        for name in MNIST[:-1]:
            (data / name).touch()
        self.refused("neither t10k-labels", "demo", "DATA=the digits")
        self.refused("SPARSYS_DATA=", "test", SPARSYS_DATA=str(data))
        (data / MNIST[-1]).touch()
        self.accepted("demo", "DATA=the digits")

    def test_liberty(self):
        self.refused("not a file that can be read", "area", "LIBERTY=no cells.lib")
        self.refused("not a file that can be read", "area-check", "LIBERTY=scripts")
        (self.root / "my cells.lib").touch()
        self.accepted("area", "LIBERTY=my cells.lib")

    def test_each_target_sets_up_what_it_needs(self):
        for target, wanted in (("demo", "demo"), ("demo-mxu", "demo"), ("demo-top", "demo"),
                               ("compress-report", "demo"),
                               ("test", "test"), ("lint", "lint"), ("area", "area"),
                               ("area-check", "area"), ("fpga", "fpga"), ("bench", "build"),
                               ("bench-eie", "demo"), ("explore", "demo")):
            done = self.make(target)
            self.assertEqual(done.stdout, f"set-up of {wanted}\n")
            self.assertNotEqual(done.returncode, 0)

    def test_clean_deletes_the_build_folder_and_nothing_else(self):
        before = self.files()
        for build in ("build", "out-2"):
            self.make("lint", f"BUILD={build}")  # as far as the set-up
            self.assertTrue((self.root / build / "CACHEDIR.TAG").exists())
        (self.root / "out-2/of CMake").mkdir()
        self.assertEqual(self.make("clean", "BUILD=out-2").returncode, 0)
        self.assertTrue((self.root / "build").exists())
        self.assertEqual(self.make("clean").returncode, 0)
        self.assertEqual(self.make("clean").returncode, 0)
        self.assertEqual(self.files(), before)
        old = self.root / "old"  # CMake's, from before it was marked
        old.mkdir()
        (old / "CMakeCache.txt").touch()
        self.assertEqual(self.make("clean", "BUILD=old").returncode, 0)
        self.assertEqual(self.files(), before)

    def test_no_write_permission(self):
        (self.root / "file").touch()
        self.refused("cannot be written", "demo", "BUILD=file/build")

    def test_the_path_of_the_checkout(self):
        odd = self.root / "semi;colon"
        odd.mkdir()
        for name in ("Makefile", "scripts"):
            shutil.move(self.root / name, odd / name)
        self.root = odd
        self.refused("the path of the checkout", "demo")


if __name__ == "__main__":
    scripts.tests.main()
