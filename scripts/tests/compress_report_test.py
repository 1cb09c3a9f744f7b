# SPDX-License-Identifier: Apache-2.0
"""Tests of the charts and of the page of make compress-report."""
import contextlib
import copy
import io
import json
import os
import re
import tempfile
import unittest
import unittest.mock
from pathlib import Path
from xml.etree import ElementTree

import scripts.tests
from scripts import compress_report
from scripts.report import chart
from scripts.tests.samples import points, sample


class Ticks(unittest.TestCase):
    def test_round_numbers_within_the_range(self):
        self.assertEqual(chart.nice_ticks(0, 10), [0, 2, 4, 6, 8, 10])
        self.assertEqual(chart.nice_ticks(-0.25, 0.25), [-0.2, -0.1, 0, 0.1, 0.2])
        self.assertEqual(chart.nice_ticks(97.3, 98.9), [97.5, 98, 98.5])
        self.assertEqual(chart.nice_ticks(3, 3), [3])

    def test_logarithmic(self):
        self.assertEqual(chart.log_ticks(1, 100), [1, 2, 5, 10, 20, 50, 100])
        self.assertEqual(chart.log_ticks(0.3, 4), [0.5, 1, 2])

    def test_labels(self):
        self.assertEqual(chart.label(1200), "1,200")
        self.assertEqual(chart.label(0.1), "0.1")
        self.assertEqual(chart.label(-0.0), "0")
        self.assertEqual(chart.label(-2.5), "\N{MINUS SIGN}2.5")
        self.assertEqual(chart.label(100), "100")


class Axes(unittest.TestCase):
    def test_share(self):
        self.assertAlmostEqual(chart.Axis(2, 6, "").share(3), 0.25)
        self.assertAlmostEqual(chart.Axis(1, 100, "", log=True).share(10), 0.5)
        self.assertAlmostEqual(chart.Axis(1, 100, "", log=True, reverse=True).share(1), 1)
        self.assertLess(chart.Axis(1, 100, "", log=True).share(0), -1)

    def test_range_of_one_number(self):
        axis = chart.Axis(5, 5, "")
        self.assertEqual(axis.share(5), 0)

    def test_logarithm_of_nothing(self):
        with self.assertRaises(ValueError):
            chart.Axis(0, 1, "x", log=True)

    def test_collapsed_points_are_out_of_the_picture_but_the_rest_is_not(self):
        series = [points("x", [(1, 2.0), (2, 3.0), (3, 90.0)])]
        axis = compress_report.accuracy_range(series, 98.5)
        self.assertGreater(axis.low, 92)
        self.assertLess(axis.low, 97)
        self.assertGreaterEqual(axis.high, 98.5)
        self.assertLessEqual(axis.high, 100)


class Pictures(unittest.TestCase):
    def setUp(self):
        self.pictures = compress_report.figures(sample("compress"))

    def test_all_of_them(self):
        self.assertEqual([figure.name for figure, _ in self.pictures],
                         ["weights-lenet-300-100-ip1", "accuracy-density", "accuracy-bits",
                          "accuracy-size", "balance"])

    def test_they_are_xml_with_numbers_only_in_their_places(self):
        for figure, _ in self.pictures:
            text = figure.svg()
            ElementTree.fromstring(text)
            self.assertNotIn("nan", text)
            self.assertNotIn("inf", text)

    def test_series_are_drawn(self):
        pictures = {figure.name: figure for figure, _ in self.pictures}
        root = ElementTree.fromstring(pictures["accuracy-density"].svg())
        lines = [e for e in root.iter("{http://www.w3.org/2000/svg}path")
                 if e.get("class") in ("l0", "l1") and "L" in e.get("d")]
        self.assertEqual(len(lines), 2)

    def test_bars_and_stems_stand_where_the_numbers_say(self):
        figure = chart.Figure("f", 300, 200, "t")
        panel = chart.Panel(figure, 0, 0, 300, 200, "", chart.Axis(0, 4, ""), chart.Axis(0, 10, ""))
        panel.bars(0, 4, [0, 10, 0, 5], 0)
        path = re.search(r' d="(M[^"]*Z)"', figure.body[-1]).group(1)
        bars = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", path)
        self.assertEqual(len(bars), 2)
        quarter = (panel.right - panel.left) / 4
        self.assertAlmostEqual(float(bars[0][0]), panel.left + quarter, delta=0.01)
        self.assertAlmostEqual(float(bars[0][2]), panel.top, delta=0.01)
        self.assertAlmostEqual(float(bars[1][2]), (panel.top + panel.bottom) / 2, delta=0.01)


class Page(unittest.TestCase):
    def setUp(self):
        self.data = sample("compress")
        self.text = compress_report.render(self.data, compress_report.figures(self.data))

    def test_all_pictures_and_nothing_from_elsewhere(self):
        self.assertEqual(self.text.count("<svg "), 5)
        self.assertEqual(self.text.count("<figcaption>"), 5)
        for caption in ("of densities", "of bits", "of sizes", "of balance"):
            self.assertIn(caption, self.text)
        self.assertNotRegex(self.text, r"<script|<link|<img|@import|src=|href=")
        self.assertEqual(set(re.findall(r"https?://[^\"' ]*", self.text)),
                         {"http://www.w3.org/2000/svg"})

    def test_identifiers_are_unique(self):
        identifiers = re.findall(r'\bid="([^"]*)"', self.text)
        self.assertEqual(len(identifiers), len(set(identifiers)))

    def test_ours_and_the_papers(self):
        for text in ("53.3 times smaller", "paper: 40 times", "235,200", "2.32 %", "2.49 %",
                     "FAILS", "MNIST &lt;here&gt;"):
            self.assertIn(text, self.text)

    def test_a_run_that_is_not_judged_says_so(self):
        self.assertNotIn("not judged", self.text)
        self.data["judged"] = False
        self.assertIn("not judged", compress_report.render(self.data, []))

    def test_total_of_the_layers(self):
        rows = compress_report.layer_rows(self.data["networks"][0])
        self.assertEqual((rows[-1]["name"], rows[-1]["weights"]), ("total", 265200))
        self.assertAlmostEqual(rows[-1]["density_pct"], (235200 * 5 + 30000 * 9) / 265200)
        self.assertAlmostEqual(rows[-1]["rate_pct"], 100 * 20000 / 1066440)
        self.assertAlmostEqual(rows[0]["rate_pct"], 100 * 15000 / (4 * 235210))
        layers = copy.deepcopy(self.data["networks"][0]["layers"])
        layers[0]["weight_bits"] = 8.0
        self.assertAlmostEqual(compress_report.total_bits(layers, "weight_bits"), 5.0)


class Program(unittest.TestCase):
    def run_with(self, text):
        """What main returns, what it prints, and the files it leaves."""
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "compress.json")
            path.write_text(text, encoding="utf-8")
            arguments = ["compress_report", str(path), "--out", folder]
            with contextlib.redirect_stdout(out), unittest.mock.patch("sys.argv", arguments):
                result = compress_report.main()
            return result, out.getvalue(), sorted(os.listdir(folder))

    def test_files_and_tables(self):
        result, printed, files = self.run_with(json.dumps(sample("compress")))
        self.assertEqual(result, 0)
        self.assertEqual(len([f for f in files if f.endswith(".svg")]), 5)
        self.assertIn("compress.html", files)
        for text in ("LeNet-300-100", "paper", "load-balance-aware", "page: "):
            self.assertIn(text, printed)

    def test_bad_input_is_one_line_and_no_page(self):
        lacking, nothing = sample("compress"), sample("compress")
        del lacking["networks"][0]["layers"][1]["index_bits"]
        nothing["networks"] = []
        for text, says in ((json.dumps(lacking), "networks.0.layers.1: 'index_bits'"),
                           (json.dumps(nothing), "networks: "), ("{", "line 1"),
                           ("[]", "not of type 'object'")):
            result, _, files = self.run_with(text)
            self.assertIn(says, result)
            self.assertEqual(len(result.splitlines()), 1, result)
            self.assertEqual(files, ["compress.json"])


if __name__ == "__main__":
    scripts.tests.main()
