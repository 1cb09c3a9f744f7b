# SPDX-License-Identifier: Apache-2.0
"""The area flow: its gate on the small configuration, that the gate can fail, and what is said of
missing tools and libraries of no use.

    python3 -m synth.tests.area_test --work folder [test]...    all tests, or those named
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import scripts.tests
from scripts.report import page, validate
from synth import yosys
from synth.area import gate, rams, timing, verilog
from synth.area.config import CONFIGS
from synth.area.design import Design, Flow
from synth.area.hierarchy import Mapper, Sources, Variant
from synth.library import OSU018, Library
from synth.page import area as area_page
from synth.yosys import ROOT

AREA = [sys.executable, "-B", "-m", "synth.area"]
PAGE = [sys.executable, "-B", "-m", "synth.page"]


def run(command, **options):
    return subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, cwd=ROOT, text=True,
                          capture_output=True, check=False, **options)


class Test(unittest.TestCase):
    work = None  # folder of kept results

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def check(self, *options):
        return run([*AREA, "check", "--config", "small", "--work", self.work, *options])

    def one_line(self, done, *words):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertEqual(done.stdout, "")
        for word in words:
            self.assertIn(word, done.stderr)


class Gate(Test):
    def doctored(self, change):
        """Checked against the accepted figures with `change` made to the small configuration's
        blocks."""
        return self.doctored_whole(lambda small: change(small["blocks"]))

    def doctored_whole(self, change):
        """The same with `change` made to all that is accepted of it."""
        data = json.loads(gate.BASELINE.read_text())
        change(data["small"])
        path = self.folder / "baseline.json"
        path.write_text(json.dumps(data))
        return self.check("--baseline", path)

    def test_1_figures_are_accepted_and_kept(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("none larger", done.stdout)
        again = self.check("--report", self.folder / "area.json")
        self.assertEqual(again.returncode, 0)
        self.assertNotIn("mapping", again.stderr)
        self.assertNotIn("timed", again.stderr)
        data = json.loads((self.folder / "area.json").read_text())
        validate.check(data, "area")
        for block in data["blocks"]:
            self.assertAlmostEqual(block["gate_equivalents"],
                                   block["area_um2"] / data["nand2"]["um2"], delta=0.06)
            # Without wires between the cells.
            self.assertEqual(block["critical_path_bound"], "lower")
            # Engines are timed with all their modules.
            self.assertEqual(block["path"]["cut"], [])
        # The total is the sum over all instances, and what the engines' own sums say.
        total = sum(b["instances"] * b["area_um2"] for b in data["blocks"])
        self.assertAlmostEqual(total, data["totals"]["area_um2"], delta=1)
        for engine in ("eie", "mxu"):
            own = sum(b["instances"] * b["cells"] for b in data["blocks"]
                      if b["engine"] == engine)
            top = next(b for b in data["blocks"] if b["module"] == engine)
            self.assertEqual(own, top["whole"]["cells"])
        # The page of it.
        done = run([*PAGE, self.folder])
        self.assertEqual(done.returncode, 0, done.stderr)
        text = (self.folder / "synthesis.html").read_text()
        self.assertNotRegex(text, r"(src|href)=|@import|url\(http")
        for block in data["blocks"]:
            self.assertIn(block["name"], text)
        self.left_out_is_said(data)

    def left_out_is_said(self, data):
        """Of a path that leaves out modules, beside its figure and above."""
        top = next(b for b in data["blocks"] if b["module"] == "eie")
        top["path"]["cut"] = ["eie_arith__ACC_WIDTH_32"]
        text = page.render("area.html.j2", area=area_page.context(data))
        self.assertIn(f"≥ {top['critical_path_ns']:.2f}<small>without eie_arith</small>", text)
        self.assertIn(f"≤ {top['clock_mhz']:,.0f}", text)
        self.assertIn("is not in\nthe figure", text)

    def test_growth_fails(self):
        def change(blocks):
            blocks["eie: eie_lnzd_node"]["um2"] /= 1.03
            blocks["eie: eie_ccu"]["um2"] /= 1.01
        done = self.doctored(change)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED eie: eie_lnzd_node: grew by 3\.0 %")
        self.assertNotIn("eie_ccu", done.stdout)

    def test_slowness_fails(self):
        def change(blocks):
            blocks["mxu: mxu_tile"]["ns"] /= 1.06
            blocks["mxu: mxu_pool"]["ns"] /= 1.04
        done = self.doctored(change)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED mxu: mxu_tile: slowed by 6\.0 %")
        self.assertNotIn("mxu_pool", done.stdout)

    def test_new_and_vanished_blocks_are_said(self):
        def change(blocks):
            blocks["eie: eie_gone"] = blocks.pop("eie: eie_pe")
        done = self.doctored(change)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("eie: eie_gone: is no more", done.stdout)
        self.assertIn("eie: eie_pe: is new", done.stdout)

    def test_an_accepted_area_of_a_pe_that_is_stale_fails(self):
        def change(small):
            small["pes"][0]["over_paper"] *= 0.99
        done = self.doctored_whole(change)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"FAILED eie: over_paper of a PE is \S+, accepted is")
        self.assertEqual(done.stdout.count("FAILED"), 1)

    def test_a_block_that_grew_is_seen_and_it_alone_is_mapped(self):
        node = self.folder / "eie_lnzd_node.v"
        text = (ROOT / "rtl/eie/eie_lnzd_node.v").read_text()
        grown = text.replace("assign valid_o = valid_q;",
                             "reg [1:0] grown_q;\n  always @(posedge clk_i) "
                             "grown_q <= {grown_q[0], child_valid_i[3]};\n"
                             "  assign valid_o = valid_q ^ grown_q[1];")
        self.assertNotEqual(grown, text)
        # Another text each time: what is mapped is kept from run to run.
        node.write_text(grown + f"// {time.time_ns()}\n")
        files = self.folder / "files.f"
        files.write_text("\n".join(str(node) if f.endswith("/eie_lnzd_node.v") else f
                                   for f in yosys.rtl_files()))
        done = self.check("--files", files)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        grew = re.findall(r"FAILED (\S+ \S+): grew", done.stdout)
        self.assertEqual(grew, ["eie: eie_lnzd_node"])
        self.assertEqual(len(re.findall("area: mapped", done.stderr)), 1, done.stderr)

    def test_a_path_across_modules_is_seen(self):
        """A product behind the broadcast's registers and another in front of the PEs': the engine
        takes both, no module more than one."""
        changed = {}
        for module, was, now in (
                ("eie_broadcast", "assign b_act_o       = b_act_q;",
                 "assign b_act_o = b_act_q * b_act_q;"),
                ("eie_ptr_read", "p_act_q <= b_act_i;", "p_act_q <= b_act_i * b_act_i;")):
            text = (ROOT / f"rtl/eie/{module}.v").read_text()
            self.assertIn(was, text)
            changed[module] = self.folder / f"{module}.v"
            changed[module].write_text(text.replace(was, now))
        files = self.folder / "files.f"
        files.write_text("\n".join(str(changed.get(pathlib.Path(f).stem, f))
                                   for f in yosys.rtl_files()))
        done = self.check("--files", files)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        slowed = {m[1]: float(m[2]) for m in
                  re.finditer(r"FAILED eie: (\w+): slowed by .* to (\S+) ns", done.stdout)}
        self.assertLessEqual({"eie", "eie_broadcast"}, slowed.keys(), done.stdout)
        # The other product is as slow as the one behind the registers, but for their delay.
        self.assertGreater(slowed["eie"], 1.5 * slowed["eie_broadcast"])

    def test_no_baseline(self):
        done = self.check("--baseline", self.folder / "none.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("make area-baseline", done.stderr)
        (self.folder / "bad.json").write_text("{")
        self.assertEqual(self.check("--baseline", self.folder / "bad.json").returncode, 1)


class Exact(Test):
    def test_instances_are_those_of_one_run_of_yosys(self):
        """Each engine elaborated as a whole has as many instances of each module as the sum module
        by module."""
        library = Library(OSU018)
        design = Design("small", Flow(library, rams.technology(library), self.work, 2, str))
        for engine, variant in CONFIGS["small"].items():
            file = self.folder / "stat.json"
            # Memories are kept: nothing is optimised across modules.
            yosys.run(yosys.read(engine, variant.parameters)
                      + f"proc\nopt_clean\ntee -q -o {file} stat -json\n", engine)
            modules = yosys.statistics(file)
            whole = {}
            for module, number in yosys.instances(modules, engine).items():
                base = yosys.base_name(module)
                whole[base] = whole.get(base, 0) + number
            counts, boxes = design.below(design.tops[engine])
            summed = {}
            for name, number in [*counts.items(), *boxes.items()]:
                base = name.split("__")[0]
                summed[base] = summed.get(base, 0) + number
            self.assertEqual(summed, whole)


class Tools(Test):
    def report(self, *options, **more):
        return run([*AREA, "report", "--config", "small", "--work", self.folder / "work",
                    "--report", self.folder / "area.json", *options], **more)

    def test_a_missing_tool(self):
        path = {"PATH": str(self.folder)}
        self.one_line(self.report(env=path), "yosys is not installed", "apt-get install yosys")
        for tool in ("yosys", "yosys-abc"):
            (self.folder / tool).symlink_to("/bin/true")
        self.one_line(self.report(env=path), "sta is not installed", "apt-get install opensta")
        self.assertFalse((self.folder / "area.json").exists())

    def test_libraries_of_no_use(self):
        path = self.folder / "cells.lib"
        self.one_line(self.report("--liberty", path), str(path), "No such file")
        path.write_text("not a library\n")
        self.one_line(self.report("--liberty", path), str(path), "not a Liberty library")
        osu = pathlib.Path(OSU018).read_text()
        # Without the groups that make a cell a flip-flop.
        path.write_text(re.sub(r"\bff\s*\(", "no_ff (", osu))
        self.one_line(self.report("--liberty", path), "has no flip-flop")
        path.write_text(osu.replace("NAND2X1", "X1").replace("(!(A B))", "(A B)")
                        .replace("(!(B A))", "(A B)"))
        done = self.report("--liberty", path)
        self.one_line(done, "NAND")
        self.assertFalse((self.folder / "area.json").exists())

    def test_rtl_that_is_none(self):
        bad = self.folder / "eie.v"
        text = (ROOT / "rtl/eie/eie.v").read_text()
        bad.write_text(text.replace("= |full[MEMBERS*g+:MEMBERS];", "= |;"))
        files = self.folder / "files.f"
        files.write_text("\n".join(str(bad) if f == "rtl/eie/eie.v" else f
                                   for f in yosys.rtl_files()))
        done = self.report("--files", files)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"area: eie\S*: yosys: .*syntax error")
        self.assertFalse((self.folder / "area.json").exists())

    def test_interrupted(self):
        """Nothing is half written, and a later run goes on."""
        process = subprocess.Popen(
            [*AREA, "report", "--config", "small", "--work", str(self.folder / "work"),
             "--report", str(self.folder / "area.json")], cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        time.sleep(4)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        self.assertNotEqual(process.returncode, 0)
        self.assertNotIn("Traceback", errors)
        self.assertFalse((self.folder / "area.json").exists())
        left = [p for p in (self.folder / "work").rglob("*") if p.is_file()]
        self.assertTrue(all(p.suffix in (".v", ".json") for p in left), left)
        for path in left:
            if path.suffix == ".json":
                netlist = json.loads(path.read_text())["netlist"]
                self.assertTrue((self.folder / "work" / netlist).is_file())


class OtherLibrary(Test):
    def test_maps_and_times(self):
        if not os.environ.get("SPARSYS_LIBERTY"):
            self.skipTest("SPARSYS_LIBERTY names no other library than the default")
        library = Library(os.environ["SPARSYS_LIBERTY"])
        self.assertNotEqual(library.name, Library(OSU018).name)
        mapper = Mapper(Sources(), library, self.folder, set(rams.KINDS))
        tops = [Variant("eie_ptr_read", {"PTR_DEPTH": 64}),
                Variant("fifo", {"WIDTH": 8, "DEPTH": 4})]
        mapped = mapper.map_all(tops, 2, progress=str)
        timer = timing.Timer(mapper, rams.technology(library))
        for top in tops:
            self.assertGreater(library.registers(mapped[top.name].cells), 0)
            self.assertGreater(timer.path(mapped, top.name)[0].ns, 0)
        self.assertTrue(timer.path(mapped, tops[0].name)[0].ram)


class Parts(Test):
    def test_model_of_rams(self):
        library, size = Library(OSU018), {"WIDTH": 64, "DEPTH": 1024}
        osu = rams.technology(library)
        self.assertAlmostEqual(rams.area(osu, Variant("ram_1rw", size)), 65536 * 7.15)
        self.assertGreater(rams.area(osu, Variant("ram_1r1w", size)), 65536 * 7.15)
        given = rams.technology(library, 5.0, 1.5)
        self.assertEqual((given.um2_per_bit[1], given.access_ns), (5.0, 1.5))
        # An EIE of 64 PEs has the paper's 162 KB a PE.
        self.assertAlmostEqual(rams.EIE_UM2_PER_BIT * 162 * 8192, 594786)

    def test_figures_compared(self):
        """A little more is allowed, less is a remark; from nothing to something is too much."""
        def compared(was, now):
            return gate.compare({"x": dict(zip(("um2", "ns"), was))},
                                {"x": dict(zip(("um2", "ns"), now))})

        for was, now in (((100, 1.0), (101, 1.04)), ((0, None), (0, None)), ((5, 2.0), (5, None))):
            self.assertEqual(compared(was, now), ([], []))
        for was, now in (((100, 1.0), (103, 1.0)), ((0, 1.0), (1, 1.0)), ((5, 1.0), (5, 1.06)),
                         ((5, None), (5, 0.1))):
            failures, remarks = compared(was, now)
            self.assertEqual((len(failures), remarks), (1, []), failures)
        self.assertEqual(compared((100, 1.0), (90, 0.5)),
                         ([], ["x: is 10.0 % smaller", "x: is 50.0 % faster"]))

    def test_areas_of_pes_compared(self):
        """Neither more nor less, and of the same engines with the same parameters."""
        now = {"engine": "a", "parameters": {"LANES": 4}, "over_paper": 1.0,
               "over_paper_utilised": 1.1}
        for was, failures in (
                ([now], 0), ([{**now, "over_paper": 1.004}], 0), ([], 1),
                ([{**now, "over_paper": 1.006, "over_paper_utilised": 1.09}], 2),
                ([{**now, "parameters": {"LANES": 8}}], 1), ([now, {**now, "engine": "b"}], 1)):
            self.assertEqual(len(gate.stale(was, [now])), failures, was)

    def test_netlists_assign_bit_by_bit(self):
        text = "  output [2:0] y;\n  assign { y[2], y[0] } = 2'h2;\n  assign y[1] = \\a[3] ;\n"
        self.assertEqual(verilog.assign_bits(text),
                         "  output [2:0] y;\n  assign y[2] = 1'h1;\n  assign y[0] = 1'h0;\n"
                         "  assign y[1] = \\a[3] ;\n")

    def test_page_without_reports(self):
        done = run([*PAGE, self.folder])
        self.assertEqual(done.returncode, 1)
        self.assertIn("none of area.json", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", help="folder of kept results")
    options, sys.argv[1:] = parser.parse_known_args()
    Test.work = options.work
    scripts.tests.main()
