# SPDX-License-Identifier: Apache-2.0
"""scripts/timing_diagram.py: the pictures are what the RTL does, and one that is not is seen."""
import dataclasses
import shutil
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from scripts import timing_diagram
from scripts.report import waveform
from scripts.tests import main

DUMP = """$timescale 1ns $end
$scope module bench $end
$var reg 1 ! clk $end
$scope module u_dut $end
$var wire 4 " data [3:0] $end
$var wire 1 # valid $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
$dumpvars
0!
bx "
x#
$end
#5
1!
0#
#6
b101 "
1#
#10
0!
#15
1!
#16
bx01 "
#20
0!
#25
1!
b1111 "
"""


class Dump(unittest.TestCase):
    def test_a_cycle_has_the_values_before_its_edge(self) -> None:
        cycles = waveform.cycles_of(DUMP, "bench.clk", "bench.u_dut", ["data", "valid"])
        self.assertEqual(cycles, [{"data": "xxxx", "valid": "x"}, {"data": "0101", "valid": "1"},
                                  {"data": "xx01", "valid": "1"}])

    def test_a_signal_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(waveform.Error, "no signal bench.u_dut.ready"):
            waveform.cycles_of(DUMP, "bench.clk", "bench.u_dut", ["ready"])


class Drawing(unittest.TestCase):
    def setUp(self) -> None:
        self.run_ = waveform.cycles_of(DUMP, "bench.clk", "bench.u_dut", ["data", "valid"])
        signals = (waveform.Signal("data", waveform.signed, "valid", (0, 2)),
                   waveform.Signal("valid"))
        self.diagram = waveform.Diagram("d", "run", "a < b", {"valid": 1}, 2,
                                        (waveform.Group("g", signals),))

    def test_texts_of_a_part_of_a_vector(self) -> None:
        shown = [waveform.shown(self.diagram.groups[0].signals[0], c) for c in self.run_]
        self.assertEqual(shown, [("", ""), ("01", "1"), ("01", "1")])
        self.assertEqual(waveform.lanes(4)("11110001"), "1 -1")

    def test_is_xml_with_what_is_shown(self) -> None:
        tree = ElementTree.fromstring(waveform.svg(self.diagram, self.run_, "test"))
        texts = [e.text for e in tree.iter("{http://www.w3.org/2000/svg}text")]
        self.assertEqual(texts, ["a < b", "0", "1", "g", "data", "1", "valid"])

    def test_a_window_that_the_run_has_not(self) -> None:
        for changes in ({"skip": 1}, {"cycles": 4}, {"before": 2}):
            with self.assertRaises(waveform.Error):
                waveform.window(dataclasses.replace(self.diagram, **changes), self.run_)


class Pictures(unittest.TestCase):
    def test_are_what_the_rtl_does(self) -> None:
        self.assertEqual(timing_diagram.complaints(timing_diagram.contents()), [])

    def test_another_picture_and_one_too_many_are_seen(self) -> None:
        path = f"{timing_diagram.PICTURES}/timing-eie-read.svg"
        there = {p.relative_to(timing_diagram.ROOT).as_posix(): p.read_text()
                 for p in (timing_diagram.ROOT / timing_diagram.PICTURES).glob("timing-*.svg")}
        self.assertEqual(len(timing_diagram.complaints({**there, path: "<svg/>"})), 1)
        del there[path]
        self.assertEqual(timing_diagram.complaints(there), [f"{path}: no such diagram"])

    def test_a_change_of_the_rtl_is_seen(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            for folder in ("rtl", "tb/icarus"):
                shutil.copytree(timing_diagram.ROOT / folder, root / folder)
            file = root / "rtl/eie/eie_sequencer.v"
            text = file.read_text()
            # The write-back takes a cycle longer.
            changed = text.replace("step_q == written) state_q", "step_q > written) state_q")
            self.assertNotEqual(changed, text)
            file.write_text(changed)
            cycles = timing_diagram.run("eie", root)
        diagram = next(d for d in timing_diagram.DIAGRAMS if d.name == "eie-list")
        there = timing_diagram.ROOT / timing_diagram.PICTURES / "timing-eie-list.svg"
        self.assertNotEqual(waveform.svg(diagram, cycles, "scripts/timing_diagram.py"),
                            there.read_text())


if __name__ == "__main__":
    main()
