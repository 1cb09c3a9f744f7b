# SPDX-License-Identifier: Apache-2.0
"""make bench, on programs that print what was measured before."""
import contextlib
import copy
import io
import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts import bench
from scripts.report import validate

COUNTERS = dict.fromkeys(bench.TABLE_3, 10)
SHARES = [{"name": name, "density_pct": density, "layers": 5, "width": 2000, "weights": 20,
           "batch": 200, "bytes_per_cycle": 48.6, "tile_bytes": 8000, "longest_bus_entries": 140,
           "longest_over_mean_bus": 1.2, "cycles": 1000, "cells": 4, "span": 100, **COUNTERS,
           "active": active, "useful": 500}
          for name, density, active in (("MLP0", 100, 127),
                                        *((*run, 970) for run in bench.LEAST_ACTIVE_PCT))]
SHARES.append({**SHARES[0], "name": "product", "useful": 399, "span": 100})
RUN = {"cycles": 1000, **COUNTERS, "active": 970, "useful": 500}
ON_RTL = [{"name": name, "density_pct": 10, "layers": 1, "rtl": RUN, "cycle_model": RUN,
           "outputs": 400, "signals_per_cycle": 19000, "checked_cycles": 1100,
           "mismatched_signals": 0} for name in bench.ON_RTL]


def benchmark(name, rate, milliseconds=100.0):
    return {"name": f"{name}/1", "run_name": f"{name}/1", "run_type": "iteration", "rate": rate,
            "real_time": milliseconds, "peak_bytes": 1e9}


MEASURED = [benchmark("BM_build_image", 5e6), benchmark("BM_huffman", 1e7),
            benchmark("BM_function_batch", 1e5), benchmark("BM_cycle_model", 3e5),
            benchmark("BM_rtl", 1e5), benchmark("BM_rtl", 9e4, 300.0),
            benchmark("BM_lockstep", 6e4),
            {"name": "BM_rtl_mean", "run_name": "BM_rtl", "run_type": "aggregate", "rate": 9e9}]


class Bench(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.build = Path(folder.name)
        self.measured, self.shares = copy.deepcopy(MEASURED), copy.deepcopy(SHARES)
        self.on_rtl = copy.deepcopy(ON_RTL)

    def run_main(self, status=0):
        """Returns what main returns, what it prints and its report."""
        programs = {"bench": f'cp "{self.build}/measured.json" "${{1#*=}}"; exit {status}',
                    "mxu_shares": f'cat "{self.build}/shares.json"',
                    "mxu_rows": f'cat "{self.build}/rows.json"'}
        (self.build / "bin").mkdir()
        for name, text in programs.items():
            (self.build / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.build / "bin" / name).chmod(0o755)
        (self.build / "measured.json").write_text(json.dumps({"benchmarks": self.measured}))
        (self.build / "shares.json").write_text(json.dumps(self.shares))
        (self.build / "rows.json").write_text(json.dumps(self.on_rtl))
        report, out = self.build / "report.json", io.StringIO()
        arguments = ["bench", "--build", str(self.build), "--report", str(report)]
        with contextlib.redirect_stdout(out), unittest.mock.patch("sys.argv", arguments):
            result = bench.main()
        return result, out.getvalue(), json.loads(report.read_text()) if report.exists() else None

    def test_best_rates_ratios_and_shares(self):
        result, printed, report = self.run_main()
        self.assertEqual(result, 0)
        validate.check(report, "bench")
        self.assertEqual({row["name"]: row["rate"] for row in report["rates"]}["rtl"], 1e5)
        self.assertEqual({r["name"]: r["value"] for r in report["ratios"]},
                         {"cycle_model_over_rtl": 3.0, "lockstep_over_rtl": 0.6})
        self.assertEqual({r["name"]: r["value"] for r in report["limits"]},
                         {"encode_seconds": 0.2, "peak_bytes": 1000000000, "peak_pct": 99.75}
                         | {f"{name}_at_{density}_pct_active_pct": 97.0
                            for name in ("MLP0", "MLP1", "LSTM0", "LSTM1") for density in (10, 5)})
        self.assertEqual([(s["name"], s["density_pct"]) for s in report["matrix_unit"]][:3],
                         [("MLP0", 100), ("MLP0", 10), ("MLP1", 10)])
        self.assertEqual(len(report["matrix_unit"]), 9)
        self.assertEqual(report["matrix_unit"][0]["paper"]["tops"], 12.3)
        self.assertEqual(report["matrix_unit"][0]["active_pct"], 12.7)
        self.assertEqual(report["matrix_unit"][0]["useful_pct"], 12.5)
        self.assertNotIn("FAILED", printed)
        self.assertEqual([(s["name"], s["density_pct"]) for s in report["matrix_unit"]
                          if "on_rtl" in s], [(name, 10) for name in bench.ON_RTL])
        self.assertEqual(report["matrix_unit"][1]["on_rtl"]["active_pct"], 97.0)

    def test_rtl_that_differs_fails(self):
        for change in ({"rtl": {**RUN, "cycles": 1001}}, {"cycle_model": {**RUN, "useful": 501}},
                       {"mismatched_signals": 1}, {"checked_cycles": 0}):
            with self.subTest(change):
                self.setUp()
                self.on_rtl[2].update(change)
                result, printed, report = self.run_main()
                self.assertEqual((result, printed.count("FAILED")), (1, 1))
                validate.check(report, "bench")

    def test_each_bound_fails_by_itself(self):
        for what, change in (
                ("cycle_model_over_rtl", lambda: self.measured[3].update(rate=9e4)),
                ("lockstep_over_rtl", lambda: self.measured[6].update(rate=4e4)),
                ("encode_seconds", lambda: self.measured[0].update(real_time=21000.0)),
                ("peak_bytes", lambda: self.measured[0].update(peak_bytes=5e9)),
                ("peak_pct", lambda: self.shares[-1].update(useful=390)),
                ("MLP0_at_10_pct_active_pct", lambda: self.shares[1].update(active=959))):
            with self.subTest(what):
                self.setUp()
                change()
                result, _, report = self.run_main()
                self.assertEqual(result, 1)
                self.assertEqual([one["name"] for one in report["ratios"] + report["limits"]
                                  if not one["kept"]], [what])

    def test_what_is_missing_is_one_line(self):
        del self.measured[1]
        result, _, report = self.run_main()
        self.assertEqual((result, report), ("bench: no result for BM_huffman", None))
        self.setUp()
        del self.shares[1]
        result, _, report = self.run_main()
        self.assertEqual((result, report), ("bench: no result for MLP0 at 10 %", None))
        self.setUp()
        del self.on_rtl[3]
        result, _, report = self.run_main()
        self.assertEqual((result, report),
                         ("bench: no result of the RTL for LSTM1 at 10 %", None))

    def test_errors_of_the_benchmarks(self):
        self.measured[0].update(error_occurred=True, error_message="differs")
        self.assertEqual(self.run_main()[0], "bench: BM_build_image/1: differs")
        self.setUp()
        self.assertRegex(self.run_main(status=3)[0], "bin/bench fails")


if __name__ == "__main__":
    scripts.tests.main()
