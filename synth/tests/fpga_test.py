# SPDX-License-Identifier: Apache-2.0
"""The FPGA flow without its tools' long runs: what the checks refuse, what a missing tool says, the
report's fields and the page made of them."""
import contextlib
import dataclasses
import io
import os
import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from unittest import mock

import scripts.tests
from scripts.report import page, validate
from scripts.report.json_file import made
from synth import yosys
from synth.fpga import bitstream, flow, mapped
from synth.fpga.config import CONFIGS, DEVICES, FAMILIES, Config, Place
from synth.fpga.place import Build, Routed, pack, place
from synth.page import fpga as fpga_page

ONE = Config("one", "iCE40 UP5K", "eie", "1 PE", {"N_PE": 1},
             place=Place("nextpnr-ice40", 3, 12, "", ()))
CELLS = {"SB_LUT4": 100, "SB_DFFESR": 20, "SB_DFF": 3, "SB_CARRY": 9, "SB_RAM40_4K": 4,
         "SB_RAM40_4KNR": 2, "SB_MAC16": 1, "SB_SPRAM256KA": 4}
RAM = "top.u_pe.u_ram.mem"


def report(cells=None, speeds=(13.5, 12.25, 14.0)):
    cells = cells or CELLS
    result = mapped.Result(mapped.count(ONE, cells), 5, 1, cells)
    seeds = [Routed(i + 1, f, {"ICESTORM_LC": 120}, 1.0, "key") for i, f in enumerate(speeds)]
    other = dataclasses.replace(ONE, place=None, size="4 PEs")
    return {"made": made("make fpga"), "tools": {"yosys": "Yosys <0.23>"}, "passed": True,
            "devices": DEVICES, "configs": [flow.row(ONE, result, seeds, "one.bin"),
                                            flow.row(other, result, [], None)]}


def section(data):
    return page.render("fpga.html.j2", fpga=fpga_page.context(data))


class Checks(unittest.TestCase):
    def test_cells_are_counted_into_resources(self):
        self.assertEqual(mapped.count(ONE, CELLS),
                         {"lut": 100, "ff": 23, "bram": 6, "dsp": 1, "spram": 4})
        xilinx = Config("x", "Artix-7 100T", "eie", "", {})
        cells = {"LUT6": 2, "RAM32M": 3, "RAMB18E1": 3, "RAMB36E1": 1, "DSP48E1": 2, "FDRE": 5,
                 "CARRY4": 1, "MUXF7": 1}
        self.assertEqual(mapped.count(xilinx, cells), {"lut": 14, "ff": 5, "bram": 2.5, "dsp": 2})

    def test_a_cell_that_is_in_no_table_is_refused(self):
        with self.assertRaisesRegex(yosys.Failure, "SB_NEW is not in the table"):
            mapped.count(ONE, {**CELLS, "SB_NEW": 1})

    def test_rams_elsewhere_than_in_block_ram_are_refused(self):
        mapped.check_rams(ONE, [RAM], f"mapping memory {RAM} via $__ICE40_RAM4K_\n")
        for log, words in ((f"using FF mapping for memory {RAM}\n", "became registers"),
                           ("", "became registers"),
                           (f"mapping memory {RAM} via $__XILINX_LUTRAM_SP_\n",
                            "became XILINX_LUTRAM_SP")):
            with self.assertRaisesRegex(yosys.Failure, words):
                mapped.check_rams(ONE, [RAM], log)

    def test_multipliers_of_luts_are_refused(self):
        line = "  creating $macc model for $mul$rtl/eie/eie_arith.v:73$302{} ($mul).\n"
        mapped.check_multipliers(ONE, 1, 1, line.format(".genblk1.sliceA.last"))
        with self.assertRaisesRegex(
                yosys.Failure, "1 multipliers became LUTs, the first at rtl/eie/eie_arith.v:73"):
            mapped.check_multipliers(ONE, 1, 1, line.format(""))
        with self.assertRaisesRegex(yosys.Failure, "2 multipliers, but 1 DSPs"):
            mapped.check_multipliers(ONE, 2, 1, "")

    def test_configurations_have_names_of_their_own_and_fit_their_place(self):
        names = [c.name for c in CONFIGS]
        self.assertEqual(len(names), len(set(names)))
        for one in CONFIGS:
            for file in [*one.sources, *([one.place.pins] if one.place else [])]:
                self.assertTrue((yosys.ROOT / file).exists(), file)
        for family in FAMILIES.values():
            for engine in ("eie",) if family.pyosys else ("eie", "mxu"):
                self.assertTrue(any(c.family is family and c.engine == engine for c in CONFIGS))


class Report(unittest.TestCase):
    def test_fields(self):
        data = report()
        validate.check(data, "fpga")
        placed, unplaced = data["configs"]
        self.assertEqual([placed[f"fmax{kind}_mhz"] for kind in ("_min", "", "_max")],
                         [12.25, 13.5, 14.0])
        self.assertEqual([s["seed"] for s in placed["seeds"]], [1, 2, 3])
        self.assertEqual((unplaced["fmax_mhz"], unplaced["seeds"]), (None, []))
        self.assertTrue(placed["fits"])
        self.assertFalse(report({**CELLS, "SB_MAC16": 9})["configs"][0]["fits"])

    def test_page(self):
        text = section(report())
        # Well formed, nothing from elsewhere, text of tools escaped.
        xml.etree.ElementTree.fromstring(f"<main>{text}</main>")
        self.assertNotIn("http", text.replace("http://www.w3.org/2000/svg", ""))
        self.assertIn("Yosys &lt;0.23&gt;", text)
        for shown in ("iCE40 UP5K", "1 PE", "4 PEs", "13.5<small>12.25 to 14</small>",
                      "100 % of single-port RAM"):
            self.assertIn(shown, text)
        self.assertIn("too large: 112.5 % of DSP", section(report({**CELLS, "SB_MAC16": 9})))

    def test_page_without_a_routed_configuration(self):
        data = report()
        data["configs"] = data["configs"][1:]
        self.assertNotIn("Clock after routing", section(data))


class Flow(unittest.TestCase):
    """Runs of the flow on tools' answers."""

    def run_flow(self, configs, speeds=(13.5, 12.25, 14.0), cells=None):
        """Rows, whether something failed, and what was said; a speed that is none fails."""
        def placed(config, result, seed, build):
            if speeds[seed - 1] is None:
                raise yosys.Failure(f"seed {seed}: no report")
            return Routed(seed, speeds[seed - 1], {}, 1.0, f"key-{seed}")

        def synthesise(config, folder, pyosys):
            if config.name == "broken":
                raise yosys.Failure("broken: yosys: no")
            cells_of = cells or CELLS
            return mapped.Result(mapped.count(config, cells_of), 5, 1, cells_of)

        output = io.StringIO()
        with mock.patch.multiple(flow, synthesise=synthesise, place=placed,
                                 pack=lambda config, best, build: best.key), \
                mock.patch.object(Build, "program", lambda self, name: name), \
                contextlib.redirect_stdout(output):
            rows, failed = flow.run(configs, 2, Build(pathlib.Path("nowhere")))
        return rows, failed, output.getvalue()

    def test_fastest_seed_is_packed(self):
        other = dataclasses.replace(ONE, name="other", place=None)
        rows, failed, said = self.run_flow([other, ONE])
        self.assertFalse(failed)
        self.assertEqual([(r["name"], r["bitstream"]) for r in rows],
                         [("other", None), ("one", "key-3")])
        self.assertIn("one: seed 2: 12.25 MHz", said)

    def test_failures_are_said_and_the_rest_is_shown(self):
        broken = dataclasses.replace(ONE, name="broken")
        rows, failed, said = self.run_flow([broken, ONE], (None, 13.0, None))
        self.assertTrue(failed)
        self.assertEqual([(r["name"], r["fmax_mhz"], r["bitstream"]) for r in rows],
                         [("one", 13.0, "key-2")])
        for line in ("FAILED: broken: yosys: no", "FAILED: seed 1: no report"):
            self.assertIn(line, said)

    def test_a_clock_below_the_boards_and_a_device_too_small_fail(self):
        rows, failed, said = self.run_flow([ONE], (11.0, 11.5, 10.0))
        self.assertTrue(failed)
        self.assertIsNone(rows[0]["bitstream"])
        self.assertIn("FAILED: one: 11.5 MHz at best, the board's clock has 12", said)
        _, failed, said = self.run_flow([ONE], cells={**CELLS, "SB_MAC16": 9})
        self.assertTrue(failed)
        self.assertIn("FAILED: one does not fit the iCE40 UP5K", said)


class Placing(unittest.TestCase):
    """Placing and packing by tools that say what they are told to."""
    REPORT = '{"fmax": {"clk": {"achieved": 13.456}}, "utilization": {"LC": {"used": 3}}}'

    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="a b "))
        self.build = Build(pathlib.Path(folder))
        self.build.kept.mkdir()
        self.tool("icepack", 'cp "$1" "$2"')
        netlist = self.build.kept / "net.json"
        netlist.write_text("netlist")
        self.result = mapped.Result({}, 1, 1, {}, key="key", netlist=netlist)
        self.config = dataclasses.replace(
            ONE, place=dataclasses.replace(ONE.place, pins="synth/fpga/icebreaker.pcf"))

    def tool(self, name, commands):
        path = self.build.folder / "fpga-tools/bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Its version is asked for elsewhere than in the folder that the commands are for.
        path.write_text(f"#!/bin/sh\n[ \"$1\" != --version ] || exit 0\n{commands}\n")
        path.chmod(0o755)

    def test_placed_packed_and_kept(self):
        self.tool("nextpnr-ice40", f"cp net.json routed; echo '{self.REPORT}' >report.json")
        routed = place(self.config, self.result, 2, self.build)
        self.assertEqual((routed.seed, routed.fmax_mhz, routed.used), (2, 13.46, {"LC": 3}))
        bitstream = pathlib.Path(pack(self.config, routed, self.build))
        self.assertEqual((bitstream.name, bitstream.read_text()), ("one.bin", "netlist"))
        self.tool("nextpnr-ice40", "exit 1")
        self.assertEqual(place(self.config, self.result, 2, self.build), routed)

    def test_failures(self):
        self.tool("nextpnr-ice40", "echo 'ERROR: no such pin'; exit 1")
        with self.assertRaisesRegex(yosys.Failure, "one, seed 1: nextpnr-ice40: no such pin"):
            place(self.config, self.result, 1, self.build)
        self.tool("nextpnr-ice40", f"echo '{self.REPORT}' >report.json; exit 1")
        with self.assertRaisesRegex(yosys.Failure, "one, seed 1: nextpnr-ice40 fails"):
            place(self.config, self.result, 1, self.build)
        self.tool("icepack", "echo sorry")
        (self.build.kept / "key.routed").write_text("routed")
        with self.assertRaisesRegex(yosys.Failure, "one: no bitstream: sorry"):
            pack(self.config, Routed(1, 13.0, {}, 1.0, "key"), self.build)


class MissingTools(unittest.TestCase):
    def run_flow(self, tools):
        """The flow with a PATH that holds these programs alone, each of which says what it is
        given."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in tools.items():
                tool = pathlib.Path(folder, name)
                tool.write_text(f"#!/bin/sh\necho '{text}'\n")
                tool.chmod(0o755)
            return yosys.execute(
                [sys.executable, "-B", "-m", "synth.fpga", "--build", folder], cwd=yosys.ROOT,
                env={**os.environ, "PATH": folder})

    def expect(self, tools, line):
        done = self.run_flow(tools)
        self.assertEqual((done.returncode, done.stdout.strip()), (1, line))

    def test_yosys(self):
        self.expect({}, "fpga: yosys is not installed: apt-get install yosys")

    def test_family(self):
        self.expect({"yosys": "No such command"},
                    "fpga: No such command has no synth_xilinx: Xilinx 7 needs it")

    def test_place_and_route(self):
        self.expect({"yosys": "Yosys 0.23"},
                    "fpga: nextpnr-ice40 is not installed: apt-get install nextpnr-ice40")
        self.expect({"yosys": "Yosys 0.23", "nextpnr-ice40": "nextpnr"},
                    "fpga: icepack is not installed: apt-get install fpga-icestorm")


class Boards(unittest.TestCase):
    """make bitstream, with a program and a flow that write down what they are asked for."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.program = self.folder / "sparsys"
        self.answer = '{"engine": {"fits": true}}'
        (self.folder / "net.onnx").touch()
        (self.folder / "net.eie").touch()
        (self.folder / "made.bin").write_text("bitstream")

    def make(self, *arguments, failed=False):
        """Exit code or message of make bitstream, and what was printed."""
        self.program.write_text(f"#!/bin/sh\necho \"$@\" >>{self.folder}/asked\n"
                                f"[ $1 != inspect ] || echo '{self.answer}'\n")
        self.program.chmod(0o755)
        output = io.StringIO()

        def flow_make(config, build):
            self.config = config
            entry = {"bitstream": str(self.folder / "made.bin"), "fmax_max_mhz": 20.5}
            return (None, True) if failed else (entry, False)

        with mock.patch.object(flow, "make", flow_make), \
                mock.patch.object(Build, "program", lambda self, name: name), \
                mock.patch.object(sys, "argv", ["bitstream", *arguments, "--build",
                                                str(self.folder / "build"), "--program",
                                                str(self.program)]), \
                contextlib.redirect_stdout(output):
            return bitstream.main(), output.getvalue()

    def test_from_onnx_file(self):
        code, said = self.make(str(self.folder / "net.onnx"), "--board", "icebreaker")
        self.assertEqual(code, 0)
        made = self.folder / "build/boards/icebreaker"
        asked = (self.folder / "asked").read_text().splitlines()
        self.assertEqual([line.split()[0] for line in asked], ["import", "compress", "inspect"])
        self.assertIn(f"--out {made}/net.eie --no-data", asked[1])
        self.assertIn("--pe 1 --entries 131072 --pointers 2048", asked[2])
        self.assertEqual((self.config.name, self.config.place.seeds), ("up5k-eie-1", 1))
        self.assertEqual((made / "made.bin").read_text(), "bitstream")
        for line in (f"iceprog {made}/made.bin", "--level board --port", "20.5 MHz"):
            self.assertIn(line, said)

    def test_compressed_network(self):
        code, _ = self.make(str(self.folder / "net.eie"), "--board", "ulx3s")
        self.assertEqual(code, 0)
        self.assertEqual((self.folder / "asked").read_text().split()[0], "inspect")

    def test_refused(self):
        net = str(self.folder / "net.eie")
        for arguments, words in (([], "expected MODEL=net.onnx"),
                                 (["no.onnx"], "MODEL=no.onnx: no such file"),
                                 ([net, "--board", "arty"], "BOARD=arty: expected one of iceb"),
                                 ([net], "BOARD=tangnano20k needs .*: make fpga-setup")):
            self.assertRegex(self.make(*arguments)[0], words)
        self.answer = '{"engine": {"fits": false, "error": "entry memory: too much"}}'
        self.assertRegex(self.make(net, "--board", "ulx3s")[0],
                         "net.eie: does not fit the ECP5-85, 4 PEs.*: entry memory: too much")
        self.answer = '{"engine": {"fits": true}}'
        self.assertIn("no bitstream", self.make(net, "--board", "ulx3s", failed=True)[0])


if __name__ == "__main__":
    scripts.tests.main()
