# SPDX-License-Identifier: Apache-2.0
"""All of synthesis in a checkout, with a library, a build folder and a folder for temporary files
whose paths have blanks: mapping, timing, checks, netlists, FPGAs."""
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import scripts.tests
from synth import yosys
from synth.library import OSU018

MAP_AND_TIME = """
import pathlib
from synth.area import rams, timing
from synth.area.hierarchy import Mapper, Sources, Variant
from synth.library import Library

library = Library("../cells of mine.lib")
mapper = Mapper(Sources(), library, pathlib.Path("build of mine"), set(rams.KINDS))
top = Variant("eie_ptr_read", {"PTR_DEPTH": 64})
mapped = mapper.map_all([top], 1)
path, _ = timing.Timer(mapper, rams.technology(library)).path(mapped, top.name)
assert path.ns > 0 and path.ram, path
"""
MAP_TO_FPGA = """
import pathlib
from synth.fpga.config import Config
from synth.fpga.mapped import synthesise

folder = pathlib.Path("build of mine")
folder.mkdir()
config = Config("ram", "ECP5-85", "eie", "", {"WIDTH": 16, "DEPTH": 1024}, top="ram_1rw",
                only=("rtl/common/ram_1rw.v",))
assert synthesise(config, folder).resources["bram"] == 1
"""


class Blanks(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="sparsys a b ")
        self.addCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        self.tree = folder / "check out"
        for name in ("rtl", "synth", "scripts"):
            shutil.copytree(yosys.ROOT / name, self.tree / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "t m p").mkdir()
        (folder / "cells of mine.lib").symlink_to(OSU018)
        self.environment = {**os.environ, "TMPDIR": str(folder / "t m p")}

    def passes(self, *command):
        done = yosys.execute([sys.executable, "-B", *command], cwd=self.tree, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_mapping_and_timing(self):
        self.passes("-c", MAP_AND_TIME)

    def test_checks(self):
        self.passes("-m", "synth.checks.rtl", "mxu-small")
        self.passes("-m", "synth.checks.mxu_cell", "proof", "--liberty", "../cells of mine.lib")

    def test_netlist(self):
        self.passes("-m", "synth.netlist", "eie_lnzd", "net list.v", "--parameters", "N_PE=2",
                    "REG_W=6", "--liberty", "../cells of mine.lib")
        self.assertIn("module eie_lnzd", (self.tree / "net list.v").read_text())

    def test_fpga(self):
        self.passes("-c", MAP_TO_FPGA)


if __name__ == "__main__":
    scripts.tests.main()
