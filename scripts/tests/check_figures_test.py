# SPDX-License-Identifier: Apache-2.0
"""make check-figures sees a stale figure."""
import contextlib
import io
import json
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts import check_figures
from scripts.report import json_file, validate

DATA = {"cycles": 447.58, "layers": [{"name": "ip1", "count": 12345}, {"name": "ip2", "count": 7}],
        "share": -0.5, "yes": True, "text": "x"}


def comment(text, field, how=""):
    return f'<!-- figure: {text} from out/x.json:{field} by "sh make.sh"{how} -->'


class Figures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "docs").mkdir()
        (self.root / "out").mkdir()
        (self.root / "new.json").write_text(json.dumps(DATA))
        self.program("cp new.json out/x.json")

    def program(self, text):
        (self.root / "make.sh").write_text(f"echo ran >>log\n{text}\n")

    def run_main(self, readme, results="", *arguments):
        (self.root / "README.md").write_text(readme)
        (self.root / "docs/results.md").write_text(results)
        out, report = io.StringIO(), self.root / "check-figures.json"
        with contextlib.redirect_stdout(out):
            result = check_figures.main(["--report", str(report), *arguments], self.root)
        if result in (0, 1):
            validate.read(report)
        log = self.root / "log"
        return result, out.getvalue(), log.read_text().count("ran") if log.exists() else 0

    def test_figures_that_hold(self):
        text = "\n".join([
            "# Title", "", "Cycles: 447.6, layers: 12,345", "and 7.", "",
            comment("447.6", "cycles"), comment("12,345", "layers.0.count"),
            comment("7", "layers[name=ip2].count", ", exact"), "",
            "| a | 448 | 450 | at most 500, at least 400; -0.50 |", "|---|---|---|---|",
            comment("448", "cycles"), comment("450", "cycles", ", within 1 %"),
            comment("500", "cycles", ", at most"), comment("400", "cycles", ", at least"),
            comment("-0.50", "share")])
        result, printed, runs = self.run_main(text, "7\n" + comment("7", "layers.1.count"))
        self.assertEqual((result, runs), (0, 1), printed)
        self.assertEqual(printed.count(" ok"), 9)

    def test_stale_figures(self):
        for text, how in (("447.5", ""), ("12", ""), ("440", ", within 1 %"), ("447", ", at most"),
                          ("448", ", at least")):
            result, printed, _ = self.run_main(f"It is {text}.\n" + comment(text, "cycles", how))
            self.assertEqual(result, 1, text)
            self.assertIn("STALE", printed)

    def test_comments_that_are_wrong(self):
        for text in ("4\n" + comment("5", "cycles"), "5.5\n" + comment("5", "cycles"),
                     "5\n\ntext\n" + comment("5", "cycles"), "5\n<!-- figure: 5 -->",
                     "x\n" + comment("x", "cycles"), "5\n" + comment("5", "cycles", ", about")):
            result, _, runs = self.run_main(text)
            self.assertRegex(result, r"^check_figures: README\.md:\d+: .+$")
            self.assertEqual(runs, 0)

    def test_fields_that_are_none(self):
        for field in ("nothing", "layers.2.count", "layers[name=ip3].count", "yes", "text"):
            result, printed, _ = self.run_main("It is 1.\n" + comment("1", field))
            self.assertEqual(result, 1)
            self.assertIn(f"no {field}", printed)

    def test_a_command_that_fails_is_told_and_its_old_file_is_not_taken(self):
        (self.root / "out/x.json").write_text(json.dumps(DATA))
        self.program("exit 3")
        result, printed, _ = self.run_main("447.6\n" + comment("447.6", "cycles"))
        self.assertEqual(result, 1)
        self.assertIn("exit code 3", printed)

    def test_a_document_without_figures_fails(self):
        self.assertEqual(self.run_main("text")[0], 1)

    def test_another_build_folder(self):
        self.program('mkdir -p "$BUILD"; cp new.json "$BUILD/x.json"')
        text = "447.6\n" + comment("447.6", "cycles").replace("out/", "build/")
        self.assertEqual(self.run_main(text, "", "--build", "other")[0], 0)
        self.assertTrue((self.root / "other/x.json").exists())

    def test_files_of_these_sources_and_kept_ones_are_not_made_again(self):
        text = "447.6\n" + comment("447.6", "cycles")
        self.assertEqual(self.run_main(text)[2], 1)
        self.assertEqual(self.run_main(text)[2], 2)
        self.assertEqual(self.run_main(text, "", "--keep")[2], 2)
        commit = json_file.commit().removesuffix("-dirty")
        with unittest.mock.patch.object(json_file, "commit", lambda: commit):
            for of, runs in ((commit, 2), ("0123456789ab", 3)):
                (self.root / "out/x.json").write_text(json.dumps(DATA | {"made": {"commit": of}}))
                self.assertEqual(self.run_main(text)[2], runs)


if __name__ == "__main__":
    scripts.tests.main()
