#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the charts and of the page of make compress-report."""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import chart
import compress_report

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compress_report.py")


PAPER = {"ratio": 40, "float_error_pct": 1.64, "compressed_error_pct": 1.58,
         "layers": [{"name": "ip1", "density_pct": 8, "weight_bits": 6, "weight_bits_huffman": 4.4, "index_bits": 5,
                     "index_bits_huffman": 3.7, "rate_pct": 2.32}],
         "total": {"density_pct": 8, "rate_pct": 2.49}}


def layer(name, weights, density, size):
    return {"name": name, "weights": weights, "density_pct": density, "weight_bits": 4.0,
            "weight_bits_huffman": 3.2, "index_bits": 5.0, "index_bits_huffman": 4.1,
            "stored_bytes": size, "biases": 10, "entries": 100 if name == "ip1" else 300}


def points(key, values):
    return [{key: x, "validation_error_pct": error} for x, error in values]


def sample():
    """Measurements of two networks, with every picture."""
    return {
        "dataset": "mnist", "dataset_description": "MNIST <here>", "judged": True, "train_images": 55000,
        "validation_images": 5000, "test_images": 10000,
        "networks": [
            {"name": "lenet-300-100", "title": "LeNet-300-100", "paper": PAPER, "float_error_pct": 1.5, "compressed_error_pct": 1.4,
             "original_bytes": 1066440, "stored_bytes": 20000, "ratio": 53.322,
             "layers": [layer("ip1", 235200, 5.0, 15000), layer("ip2", 30000, 9.0, 4000)],
             "steps": [{"name": "prune", "density_pct": 6.0, "validation_error_pct": 1.6, "seconds": 7.0}]},
            {"name": "lenet-5", "title": "Other", "float_error_pct": 0.9, "compressed_error_pct": 0.8, "original_bytes": 4000,
             "stored_bytes": 100, "ratio": 40.0, "layers": [layer("fc", 990, 10.0, 90)]},
        ],
        "checks": [{"text": "small enough", "holds": True}, {"text": "good enough", "holds": False}],
        "distributions": [
            {"network": "lenet-300-100", "layer": "ip1", "low": -0.5, "high": 0.5, "weights": 100,
             "kept": 30, "before": [0, 40, 60], "after": [10, 0, 20],
             "shared": [{"value": -0.2, "count": 10}, {"value": 0.3, "count": 20}]}],
        "density": {"network": "lenet-300-100", "caption": "of densities", "float_validation_error_pct": 1.5,
                    "series": [{"name": "pruned", "points": points("density_pct", [(50, 1.5), (2, 80)])},
                               {"name": "iterative", "points": points("density_pct", [(50, 1.4), (2, 3)])}]},
        "bits": [{"network": "lenet-5", "kind": kind, "title": kind, "caption": "of bits",
                  "reference_validation_error_pct": 0.9,
                  "series": [{"init": "linear", "fine_tuned": tuned,
                              "points": points("bits", [(1, 40), (4, 1)])} for tuned in (False, True)]}
                 for kind in ("conv", "fc")],
        "size": {"network": "lenet-300-100", "caption": "of sizes", "float_validation_error_pct": 1.5,
                 "series": [{"name": "pruned", "points": points("size_pct", [(10, 1.4), (2, 3)])}]},
        "balance": {
            "caption": "of balance",
            "rows": [{"network": "net", "n_pe": 64, "pruning": "plain", "density_pct": 8.0,
                      "validation_error_pct": 1.5, "entries": 2000, "balance_pct": 60.0,
                      "cycles_per_image": 500.5, "speedup": None},
                     {"network": "net", "n_pe": 64, "pruning": "balanced", "density_pct": 8.0,
                      "validation_error_pct": 1.6, "entries": 2000, "balance_pct": 99.0,
                      "cycles_per_image": 400.0, "speedup": 1.25}],
            "loads": [{"name": "plain", "network": "net", "layer": "ip1", "entries_per_pe": [3, 9, 4]}]},
    }


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
        self.pictures = compress_report.figures(sample())

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
        root = ElementTree.fromstring(dict((f.name, f) for f, _ in self.pictures)["accuracy-density"].svg())
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
        self.data = sample()
        self.text = compress_report.page(self.data, compress_report.figures(self.data))

    def test_all_pictures_and_nothing_from_elsewhere(self):
        self.assertEqual(self.text.count("<svg "), 5)
        self.assertEqual(self.text.count("<figcaption>"), 5)
        for caption in ("of densities", "of bits", "of sizes", "of balance"):
            self.assertIn(caption, self.text)
        self.assertNotRegex(self.text, r"<script|<link|<img|@import|src=|href=")
        self.assertEqual(set(re.findall(r"https?://[^\"' ]*", self.text)), {"http://www.w3.org/2000/svg"})

    def test_identifiers_are_unique(self):
        identifiers = re.findall(r'\bid="([^"]*)"', self.text)
        self.assertEqual(len(identifiers), len(set(identifiers)))

    def test_ours_and_the_papers(self):
        for text in ("53.3 times smaller", "paper: 40 times", "235,200", "2.32 %", "2.49 %", "FAILS",
                     "MNIST &lt;here&gt;"):
            self.assertIn(text, self.text)

    def test_a_run_that_is_not_judged_says_so(self):
        self.assertNotIn("not judged", self.text)
        self.data["judged"] = False
        self.assertIn("not judged", compress_report.page(self.data, []))

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
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "compress.json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([sys.executable, "-B", SCRIPT, path, "--out", folder],
                                  capture_output=True, text=True, check=False)
            return done, sorted(os.listdir(folder))

    def test_files_and_tables(self):
        done, files = self.run_with(json.dumps(sample()))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len([f for f in files if f.endswith(".svg")]), 5)
        self.assertIn("compress.html", files)
        for text in ("LeNet-300-100", "paper", "load-balance-aware", "page: "):
            self.assertIn(text, done.stdout)

    def test_bad_input_is_one_line_and_no_page(self):
        lacking = sample()
        del lacking["networks"][0]["layers"][1]["index_bits"]
        nothing = sample()
        nothing["networks"] = []
        for text, says in ((json.dumps(lacking), "index_bits"), (json.dumps(nothing), "no network"),
                           ("{", ""), ("[]", "networks")):
            done, files = self.run_with(text)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertIn(says, done.stderr)
            self.assertEqual(files, ["compress.json"])


if __name__ == "__main__":
    unittest.main()
