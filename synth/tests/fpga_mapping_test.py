# SPDX-License-Identifier: Apache-2.0
"""The smallest engines on a family of FPGAs pass the checks of RAMs and multipliers, the sparse one
as a flat netlist too; a RAM read without a clock and a multiplier without DSPs do not. Gowin needs
the tools of make fpga-setup, in the folder BUILD.

    python3 -m synth.tests.fpga_mapping_test [xc7|ecp5|ice40|gowin]...
"""
import os
import pathlib
import sys
import unittest

import scripts.tests
from synth import yosys
from synth.fpga.config import DEVICES, FAMILIES, Config, Place, eie, mxu
from synth.fpga.mapped import need_family, synthesise
from synth.fpga.place import Build

SMALLEST = {
    "eie": eie(1, 256, 64, 64, 8, QUEUE_DEPTH=4, CODEBOOKS=2, LIST_DEPTH=4),
    "mxu": {**mxu(1, 1, 64, 32, 2), "QUEUE_DEPTH": 2},
}
BAD_RAM = """module ram_1rw(input wire clk_i, input wire we_i, input wire [8:0] addr_i,
               input wire [63:0] wdata_i, output wire [63:0] rdata_o);
  reg [63:0] mem[0:511];
  assign rdata_o = mem[addr_i];
  always @(posedge clk_i) if (we_i) mem[addr_i] <= wdata_i;
endmodule
"""


class Mapping(unittest.TestCase):
    families = list(FAMILIES)
    build = Build(pathlib.Path(os.environ.get("BUILD", yosys.ROOT / "build")))

    def synthesise(self, family, name, engine, parameters, **more):
        python = self.build.pyosys if FAMILIES[family].pyosys else None
        if FAMILIES[family].pyosys and not python:
            self.skipTest(f"no pyosys for {family}: make fpga-setup")
        need_family(FAMILIES[family], python)
        device = next(d for d, v in DEVICES.items() if v["family"] == family)
        return synthesise(Config(f"{family}-{name}", device, engine, "", parameters, **more),
                          self.folder, python)

    def setUp(self):
        self.folder = self.enterContext(yosys.work_folder())

    def test_smallest_engines(self):
        for family in self.families:
            for engine, parameters in SMALLEST.items():
                result = self.synthesise(family, engine, engine, parameters)
                self.assertGreater(min(result.rams, result.multipliers, result.resources["lut"],
                                       result.resources["bram"], result.resources["dsp"]), 0)

    def test_flat_engine(self):
        for family in self.families:
            result = self.synthesise(family, "flat", "eie", SMALLEST["eie"],
                                     place=Place("none", 1, 1, "", ()))
            self.assertEqual(result.resources["dsp"], 1)
            self.assertTrue(result.netlist.exists())

    def test_ram_read_without_a_clock(self):
        ram = self.folder / "ram.v"
        ram.write_text(BAD_RAM)
        for family in self.families:
            with self.assertRaisesRegex(yosys.Failure, "no valid mapping found for memory"):
                self.synthesise(family, "bad-ram", "eie", {}, top="ram_1rw", only=(str(ram),))

    def test_multiplier_without_dsps(self):
        for family in self.families:
            synth = FAMILIES[family].synth
            no_dsp = synth.replace(" -dsp", "")
            with self.assertRaisesRegex(yosys.Failure, "multipliers became LUTs"):
                self.synthesise(family, "bad-multiplier", "eie", {"DIGIT": 16}, top="mxu_product",
                                ramless=True,
                                synth=no_dsp if no_dsp != synth else f"{synth} -nodsp",
                                only=("rtl/mxu/lanes/mxu_product.v", "rtl/common/adder.v",
                                      "rtl/common/adder_block.v"))


if __name__ == "__main__":
    if sys.argv[1:]:
        Mapping.families, sys.argv[1:] = sys.argv[1:], []
    scripts.tests.main()
