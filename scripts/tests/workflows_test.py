# SPDX-License-Identifier: Apache-2.0
"""The checks of workflows and of named make targets see violations, and pass what is allowed."""
import os
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts.lint import Tree, tools, workflows

BUILD = str(Path(os.environ.get("BUILD", "build")).resolve())
MAKEFILE = "X := 1\n.PHONY: demo\ndemo demo-mxu: setup\n\techo\ntest:\n"


class Planted(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def tree(self, files):
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(content)
        return Tree(self.root)


class Targets(Planted):
    def named(self, path, content):
        result = workflows.check_targets(self.tree({"Makefile": MAKEFILE, path: content}))
        return result.checked, [complaint.split(": ", 1)[1] for complaint in result.complaints]

    def test_documents(self):
        self.assertEqual(
            self.named("docs/a.md",
                       "`make demo` and `make deom`, make sure, make `test`\n\n"
                       "    make demo-mxu JOBS=2 # two; make it so\n    $ make tset && make test\n"
                       "```\nnice make test BUILD=x lint\n    apt-get install make git\n```\n"),
            (7, ["make deom: no such target", "make tset: no such target",
                 "make lint: no such target"]))

    def test_workflows(self):
        self.assertEqual(
            self.named(".github/workflows/ci.yml",
                       "        target: [demo, lint]\n    steps:\n      - run: make test\n"
                       "      - run: |\n          make tset\n"
                       "      - run: make ${{ matrix.target }}\n"),
            (4, ["make tset: no such target", "make lint: no such target"]))
        self.assertEqual(self.named(".gitlab-ci.yml", "  script:\n    - make area\n"),
                         (5, ["make tset: no such target", "make lint: no such target",
                              "make area: no such target"]))

    def test_this_project(self):
        result = workflows.check_targets(Tree())
        self.assertEqual(result.complaints, [])
        self.assertGreater(result.checked, 10)


class Files(Planted):
    def test_yaml(self):
        good = "---\na: [1, 2]\n"
        result = workflows.check_yaml(self.tree({"a.yml": good}))
        if result.skipped:
            self.skipTest(result.skipped)
        self.assertEqual(result.complaints, [])
        result = workflows.check_yaml(self.tree({"b.yml": "---\na: 1\na: 2\n"}))
        self.assertEqual(len(result.complaints), 1)
        self.assertRegex(result.complaints[0], r"b\.yml:3:1: .*duplication")

    def test_schemas(self):
        github = ("on: push\njobs:\n  a:\n    runs-on: x\n    timeout-minutes: 9\n"
                  "    steps:\n      - run: make\n")
        files = {".github/workflows/ci.yml": github,
                 ".gitlab-ci.yml": "test:\n  script:\n    - make\n"}
        result = workflows.check_schemas(self.tree(files), BUILD)
        if result.skipped:
            self.skipTest(result.skipped)
        self.assertEqual((result.checked, result.complaints), (2, []))
        bad = {".github/workflows/ci.yml": github.replace("runs-on", "runson"),
               ".gitlab-ci.yml": "test:\n  script: 5\n"}
        found = workflows.check_schemas(self.tree(bad), BUILD).complaints
        for start in (".github/workflows/ci.yml::$.jobs.a", ".gitlab-ci.yml::$.test"):
            self.assertTrue(any(line.startswith(start) for line in found), found)
        untimed = {".github/workflows/ci.yml": github.replace("    timeout-minutes: 9\n", "")}
        found = workflows.check_schemas(self.tree({**files, **untimed}), BUILD).complaints
        self.assertEqual(len(found), 1)
        self.assertIn("ci.yml::$.jobs.a: ", found[0])

    def test_what_is_not_installed_is_skipped(self):
        files = self.tree({".gitlab-ci.yml": "a:\n  script: [make]\n"})
        with unittest.mock.patch.object(tools.shutil, "which", return_value=None):
            self.assertIn("not installed", workflows.check_yaml(files).skipped)
            self.assertIn("not installed", workflows.check_schemas(files, "build").skipped)


if __name__ == "__main__":
    scripts.tests.main()
