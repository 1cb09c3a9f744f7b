# SPDX-License-Identifier: Apache-2.0
"""Power of a small PE from the activity of a run: OpenSTA takes each net's own activity, sums are
complete, and what is of another netlist is refused.

    python3 -m synth.tests.power_test --activity power_activity_small --work folder [test]...
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import scripts.tests
from scripts.report import page, validate
from synth import flat, yosys
from synth.area import rams
from synth.library import OSU018, Library
from synth.page import power as power_page
from synth.power import figures, sta
from synth.power.config import CLOCK_MHZ, PES
from synth.yosys import Failure


class Power(unittest.TestCase):
    activity = work = None  # the program, folder of kept results

    @classmethod
    def setUpClass(cls):
        yosys.need("sta")
        library = Library(OSU018)
        cls.technology = rams.technology(library)
        cls.flat = flat.flat(library, cls.work, PES["small"], 2, str)
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "activity.json"
            subprocess.run([cls.activity, "--inputs", "40", "--outputs", "32", "--density", ".3",
                            "--activations", ".5", "--out", out], check=True)
            cls.counts = json.loads(out.read_text())

    def measure(self, rates):
        return sta.measure(self.flat, self.technology, rates, CLOCK_MHZ)

    def test_report(self):
        data = figures.figures("small", self.flat, self.technology, self.counts)
        self.assertGreater(data["compared_cycles"], data["cycles"])
        self.assertGreater(data["multiplications"], 10)
        total = data["logic"]["milliwatts"]
        for rows in (data["kinds"], data["units"]):
            self.assertAlmostEqual(sum(r["milliwatts"] for r in rows) / total, 1, 9)
            self.assertTrue(all(r["milliwatts"] > 0 for r in rows), rows)
        self.assertLess(data["clock_if_gated"]["milliwatts"], data["kinds"][0]["milliwatts"])
        made = {"date": "2026-01-01T00:00:00Z", "commit": "unknown", "command": "test"}
        report = {"made": made, **figures.report(self.flat.library, [data])}
        validate.check(report, "power")
        text = page.render("synthesis.html.j2", area=None, layout=None, fpga=None,
                           power=power_page.context(report))
        self.assertIn("Power of a PE", text)

    def test_each_net_has_its_own_activity(self):
        """A net that alone changes makes its driver switch, and no other cell."""
        driven = [(i, c.pins["Y"]) for i, c in enumerate(self.flat.cells)
                  if len(self.flat.nets.get(c.pins.get("Y"), ())) > 2]
        cell, net = driven[len(driven) // 2]
        once, twice = (self.measure({net: (rate, 0.5)}) for rate in (0.5, 1.0))
        self.assertEqual([i for i, p in enumerate(once) if p.switching], [cell])
        self.assertAlmostEqual(twice[cell].switching / once[cell].switching, 2, 5)

    def test_foreign_activity(self):
        for change in ({"nets": self.counts["nets"][1:]}, {"cycles": 1}):
            with self.assertRaisesRegex(Failure, "activity of"):
                figures.figures("small", self.flat, self.technology,
                                {**self.counts, **change})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--activity", help="the program power_activity_small")
    parser.add_argument("--work", help="folder of kept results")
    options, sys.argv[1:] = parser.parse_known_args()
    Power.activity, Power.work = options.activity, options.work
    scripts.tests.main()
