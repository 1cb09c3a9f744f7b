# SPDX-License-Identifier: Apache-2.0
"""sw/driver compiles without a warning: as C99, as C++ where a C++ program includes it, and for a
32-bit RISC-V without a system, where it needs nothing but what a compiler brings; prints the size
of its code there."""
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import scripts.tests
from scripts import ROOT

SOURCES = ("sparsys", "example")
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
C99 = ["-std=c99", *STRICT]
RISCV = "riscv64-unknown-elf-"
FREESTANDING = ["-march=rv32imc", "-mabi=ilp32", "-ffreestanding", "-nostdlib", "-Os"]
# What a freestanding compiler may ask for: four functions, and those of its own library.
MAY_NEED = {"memcpy", "memmove", "memset", "memcmp"}
MOST_BYTES = 8192  # of code and constants of sparsys.c


class Compiled(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def output(self, *command):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    def test_c99(self):
        for compiler in ("gcc", "clang"):
            if not shutil.which(compiler):
                continue
            for source in SOURCES:
                for optimise in ("-O0", "-O2"):
                    self.output(compiler, *C99, optimise, "-c", f"sw/driver/{source}.c", "-o",
                                self.folder / "object.o")

    def test_cpp(self):
        user = self.folder / "user.cpp"
        user.write_text('#include "sw/driver/example.h"\n'
                        "int main() { return sparsys_text(0) == nullptr; }\n")
        self.output("gcc", *C99, "-c", "sw/driver/sparsys.c", "-o", self.folder / "sparsys.o")
        self.output("g++", "-std=c++17", *STRICT, "-I", ROOT, user, self.folder / "sparsys.o", "-o",
                    self.folder / "user")
        self.output(self.folder / "user")

    def test_riscv(self):
        if not shutil.which(f"{RISCV}gcc"):
            self.skipTest("gcc-riscv64-unknown-elf is not installed; scripts/setup.sh ci does that")
        sizes = {}
        for source in SOURCES:
            made = self.folder / f"{source}.o"
            self.output(f"{RISCV}gcc", *C99, *FREESTANDING, "-c", f"sw/driver/{source}.c", "-o",
                        made)
            text, data, bss = self.output(f"{RISCV}size", made).splitlines()[1].split()[:3]
            self.assertEqual((data, bss), ("0", "0"), "the driver keeps nothing of its own")
            sizes[source] = int(text)
            needed = {line.split()[-1] for line in
                      self.output(f"{RISCV}nm", "-u", made).splitlines()}
            self.assertEqual({name for name in needed - MAY_NEED
                              if not name.startswith(("__", "sparsys_"))}, set())
        print("RV32IMC, -Os: " + ", ".join(f"{s}.c {n:,} bytes" for s, n in sizes.items()))
        self.assertLess(sizes["sparsys"], MOST_BYTES)


if __name__ == "__main__":
    scripts.tests.main()
