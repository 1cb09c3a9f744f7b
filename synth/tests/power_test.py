# SPDX-License-Identifier: Apache-2.0
"""Power of a small PE from the activity of a run: the SAIF file says what the nets do cycle by
cycle, OpenSTA takes each net's own activity, sums are complete, and what is of another netlist is
refused.

    python3 -m synth.tests.power_test --activity power_activity_small --work folder [test]...
"""
import argparse
import collections
import json
import pathlib
import re
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
from synth.power import figures, saif, sta
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
        kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(kept.cleanup)
        cls.folder = pathlib.Path(kept.name)
        out = cls.folder / "activity.json"
        subprocess.run([cls.activity, "--inputs", "40", "--outputs", "32", "--density", ".3",
                        "--activations", ".5", "--out", out, "--saif", cls.folder / "run.saif",
                        "--vcd", cls.folder / "run.vcd"], check=True)
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

    def test_saif_is_the_waveform(self):
        """Of all nets but the clock, counted from the VCD; read by lines, not by our reader."""
        cycle = round(1e6 / CLOCK_MHZ)
        text = (self.folder / "run.saif").read_text()
        lines = re.findall(r"\(n(\d+) \(T0 (\d+)\) \(T1 (\d+)\) \(TX 0\) \(TC (\d+)\) \(IG 0\)\)",
                           text)
        found = {int(net): tuple(map(int, rest)) for net, *rest in lines}
        self.assertEqual(set(found), self.flat.used)
        duration = int(re.search(r"\(DURATION (\d+)\)", text)[1])
        self.assertEqual(duration, cycle * self.counts["cycles"])
        self.assertEqual(found.pop(self.flat.clock),
                         (duration // 2, duration // 2, 2 * self.counts["cycles"]))

        value, since, high, changes = {}, {}, collections.Counter(), collections.Counter()
        now = 0
        for line in (self.folder / "run.vcd").read_text().splitlines():
            if line.startswith("#"):
                now = int(line[1:])
            elif re.fullmatch(r"[01]n\d+", line):
                net, new = int(line[2:]), int(line[0])
                if net in value:
                    self.assertNotEqual(value[net], new)
                    changes[net] += 1
                    high[net] += value[net] * (now - since[net])
                value[net], since[net] = new, now
        self.assertEqual(now, duration)
        for net, (low, one, toggles) in found.items():
            ones = high[net] + value[net] * (now - since[net])
            self.assertEqual((low, one, toggles), (duration - ones, ones, changes[net]), net)
        self.assertGreater(sum(changes.values()), len(found))

    def test_saif_that_is_none(self):
        good = (self.folder / "run.saif").read_text()
        for text in ("", "SAIFILE", good[:-9], good + ")", good.replace("(TC", "(TB"),
                     good.replace("(DURATION", "(LENGTH"), good.replace("1 ps", "1 parsec")):
            file = self.folder / "bad.saif"
            file.write_text(text)
            with self.assertRaisesRegex(Failure, "bad.saif: no SAIF file"):
                saif.read(file)

    def test_each_net_has_its_own_activity(self):
        """A net that alone changes makes its driver switch, and no other cell."""
        driven = [(i, c.pins["Y"]) for i, c in enumerate(self.flat.cells)
                  if len(self.flat.nets.get(c.pins.get("Y"), ())) > 2]
        cell, net = driven[len(driven) // 2]
        once, twice = (self.measure({net: (rate, 0.5)}) for rate in (0.5, 1.0))
        self.assertEqual([i for i, p in enumerate(once) if p.switching], [cell])
        self.assertAlmostEqual(twice[cell].switching / once[cell].switching, 2, 5)

    def test_foreign_activity(self):
        good = (self.folder / "run.saif").read_text()
        less, slow = (self.folder / name for name in ("less.saif", "slow.saif"))
        less.write_text(re.sub(r"\n  \(n\d+ .*", "", good, count=1))
        slow.write_text(good.replace("(TIMESCALE 1 ps)", "(TIMESCALE 2 ps)"))
        for change in ({"saif": str(less)}, {"saif": str(slow)}, {"cycles": 1}):
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
