# SPDX-License-Identifier: Apache-2.0
"""The page of all reports, and all pages as a browser shows them."""
import contextlib
import io
import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts import compress_report, explore
from scripts.report import index
from scripts.tests import browser
from scripts.tests.samples import sample
from synth.layout import picture
from synth.page import __main__ as synthesis


class Reports(unittest.TestCase):
    """A folder with a report of each kind."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="of reports #")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for kind in index.KINDS:
            self.write(kind.name, sample(kind.name.removesuffix("-long")))
        (self.folder / "layout-pe.png").write_bytes(picture.Canvas(4, 4).png())
        (self.folder / "power-small.saif").write_text("(SAIFILE)\n")

    def write(self, name, value):
        (self.folder / f"{name}.json").write_text(json.dumps(value))

    def run_main(self, main, *arguments):
        with contextlib.redirect_stdout(io.StringIO()), \
                unittest.mock.patch("sys.argv", ["", *map(str, arguments)]):
            return main()

    def states(self):
        return {kind.name: index.entry(kind, self.folder).state for kind in index.KINDS}


class Index(Reports):
    def test_states(self):
        self.assertEqual(self.states(), {
            "demo": "passed", "demo-mxu": "passed", "demo-top": "passed", "compress": "failed",
            "area": "passed", "layout": "passed", "power": "passed", "fpga": "passed",
            "bench": "passed", "bench-eie": "passed", "explore": "passed", "test": "failed",
            "test-long": "failed", "lint": "passed", "check-figures": "passed"})

    def test_each_fails_by_its_own_sign(self):
        for name, place, value in (
                ("demo", ["mismatched_signals"], 1),
                ("demo-mxu", ["targets"], {"rtl_speed_ok": False, "lockstep_speed_ratio": 0.6}),
                ("demo-top", ["axi_violations"], 1), ("demo-top", ["overlap_pct"], 0),
                ("area", ["limits", 0, "holds"], False), ("fpga", ["passed"], False),
                ("bench", ["limits", 0, "kept"], False),
                ("bench-eie", ["checks", 0, "holds"], False), ("lint", ["passed"], False)):
            data = inner = sample(name)
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
            self.write(name, data)
            self.assertEqual(self.states()[name], "failed", name)

    def test_dates_commits_and_figures(self):
        made = {"date": "2020-01-02T03:04:05Z", "commit": "0123456789ab", "command": "make demo"}
        self.write("demo", sample("demo") | {"made": made})
        text = index.render(self.folder)
        for part in ("2020-01-02 03:04:05", "0123456789ab", "448.1", "1.03 %", "53.3 times smaller",
                     "no &lt;MNIST&gt; here", "ruff is not installed", "of 2 states"):
            self.assertIn(part, text)

    def test_a_report_that_is_missing_is_named_with_its_command(self):
        for name, command in (("bench", "make bench"), ("compress", "make compress-report")):
            (self.folder / f"{name}.json").unlink()
            self.assertEqual(self.states()[name], "missing")
            self.assertIn(f"<code>{command}</code> makes it", index.render(self.folder))

    def test_a_report_that_is_broken_is_told(self):
        self.write("area", {"made": sample("area")["made"]})
        (self.folder / "fpga.json").write_text("{")
        self.assertEqual((self.states()["area"], self.states()["fpga"]), ("broken", "broken"))
        text = index.render(self.folder)
        self.assertIn("area.json: the report: ", text)
        self.assertIn("<code>make fpga</code> makes it anew", text)

    def test_no_folder_and_no_reports(self):
        empty = self.folder / "empty"
        self.assertEqual(self.run_main(index.main, empty), 0)
        self.assertEqual((empty / "index.html").read_text().count(" makes it"), len(index.KINDS))
        self.assertRegex(self.run_main(index.main, self.folder / "lint.json"), "lint.json: .+")


@unittest.skipUnless(browser.PROGRAM, "Chromium is not installed")
class Browser(Reports):
    def write_pages(self):
        self.assertEqual(self.run_main(compress_report.main, self.folder / "compress.json",
                                       "--out", self.folder), 0)
        self.assertEqual(self.run_main(synthesis.main, self.folder), 0)
        self.assertEqual(self.run_main(explore.main, self.folder / "explore.json", "--out",
                                       self.folder), 0)
        self.assertEqual(self.run_main(index.main, self.folder), 0)
        return sorted(self.folder.glob("*.html"))

    def test_all_pages(self):
        pages = self.write_pages()
        self.assertEqual([page.stem for page in pages],
                         ["compress", "explore", "index", "synthesis"])
        for page in pages:
            self.assertEqual(browser.look_at(page), [], page.name)

    def test_what_is_wrong_is_seen(self):
        page = self.write_pages()[0]
        page.write_text(page.read_text().replace("</main>", """
<a href="gone.html">x</a> <a href="index.html#gone">x</a> <img src="gone.png">
<div style="width: 3000px">x</div><script>nothing()</script></main>""").replace(
            "figure svg {", "figure:first-of-type svg { display: none !important; } figure svg {"))
        found = "\n".join(browser.look_at(page))
        for wrong in ("broken link: gone.html\n", "broken link: index.html#gone\n",
                      "from elsewhere: .*gone.png", "console: .*nothing", "pixels wide",
                      "chart not drawn: Distribution"):
            self.assertRegex(found, wrong)


if __name__ == "__main__":
    scripts.tests.main()
