# SPDX-License-Identifier: Apache-2.0
"""Every rule of make lint sees a violation, and does not see what is allowed."""
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import scripts.tests
from scripts.lint import Tree, docs, registers, rooms, sizes, text, tools, verilog
from scripts.report import validate

SPDX = "SPDX-License-Identifier: Apache-2.0"


class Planted(unittest.TestCase):
    """Checks see the files of a folder made for them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def tree(self, files):
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(content.encode())
        tree = Tree(self.root)
        self.assertGreaterEqual(len(tree.files), len(files))  # also: read before PATH is changed
        return tree

    def complaints(self, check, files):
        return check(self.tree(files)).complaints

    def sees(self, check, files, *expected):
        """One complaint for each regular expression, in order."""
        found = self.complaints(check, files)
        self.assertEqual(len(found), len(expected), found)
        for complaint, pattern in zip(found, expected):
            self.assertRegex(complaint, pattern)


class Text(Planted):
    def test_licences(self):
        self.sees(text.check_licences,
                  {"a.py": f"# {SPDX}\n", "b.v": "module b;\n", "c/CMakeLists.txt": "\n" * 3 + SPDX,
                   "d.png": "x"}, r"^b\.v:1", r"^c/CMakeLists\.txt:1")

    def test_white_space(self):
        self.sees(text.check_white_space,
                  {"Makefile": "all:\n\ttrue\n", "a.py": "x \ny\n", "b.md": "x\r\n", "c.v": "\tx\n",
                   "d.sh": "x", "e.bin": "x \t"},
                  r"^a\.py:1: white", r"^b\.md:1: white", r"^c\.v:1: tab", r"^d\.sh: no line feed")

    def test_what_lies_outside(self):
        self.sees(text.check_outside,
                  {".ci/run": text.OUTSIDE, "a.md": "x\n" + text.OUTSIDE + "/data\n"}, r"^a\.md:2")


class Documents(Planted):
    def test_long_lines(self):
        long = "word " * 21
        self.sees(docs.check_lines,
                  {"a.md": f"# A\n{long}\n | {long}\n    {long}\n```\n{long}\n```\n<!-- {long}-->\n"
                           f"{'x' * 101}\n- {long}\n"}, r"^a\.md:2: 105", r"^a\.md:10")

    def test_paths(self):
        self.sees(docs.check_paths,
                  {"docs/a.md": "`src/x.py` `src/x` `src/` `src` `other/y.py` `build/z` <src/y>\n"
                                "`src/y.py`\n```\n`src/y.py`\n```\n`docs/b.md`\n",
                   "src/x.py": ""}, r":2: src/y\.py is not", r":6: docs/b\.md is not")

    def test_links(self):
        self.sees(docs.check_links,
                  {"docs/a.md": "# A `b` c, d\n[x](b.md) [x](c.md) [x](../src/) [x](#a-b-c-d)\n"
                                "[x](#e) [x](https://a/b) `[x](d.md)`\n```\n[x](f.md)\n```\n"
                                "[x](b.md#b) [x](b.md#b-1) [x](b.md#b-2) ![x](<g.svg>)\n"
                                "[r]: h.md\n",
                   "docs/b.md": "# B\n## B\n", "src/x.py": ""},
                  r":2: c\.md leads", r":3: #e: no such", r":7: b\.md#b-2", r":7: g\.svg",
                  r":8: h\.md")


    def test_marked_figures(self):
        mark = '<!-- figure: 5 from a.json:b by "make c" -->\n'
        self.sees(docs.check_marks, {"a.md": "It is 5.\n" + mark, "b.md": "It is 6.\n" + mark},
                  r"^b\.md:2: no 5 in the text above")


class Sizes(Planted):
    TABLE = "[limits]\n'*.py' = 2\nfolder = 2\n[exceptions]\n"

    def test_files_and_folders(self):
        self.sees(sizes.check,
                  {sizes.TABLE: self.TABLE + '"b.py" = ""\n"gone.py" = ""\n"d/a.py" = ""\n',
                   "a.py": "1\n2\n3\n", "b.py": "1\n2\n3\n", "c.v": "1\n" * 9,
                   "d/a.py": "1\n2\n", "d/b.py": "", "d/c.py": ""},
                  r"^a\.py: 3 lines, at most 2", r"^\.: 3 files", r"^d: 3 files",
                  r"exception gone\.py", r"exception d/a\.py")


class Rooms(Planted):
    TABLE = ('leaves = ["tb", "docs"]\n[rooms]\n"golden/base" = []\n'
             '"golden/data" = ["golden/base"]\n"golden/data/in" = []\n')

    def test_edges(self):
        files = {rooms.TABLE: self.TABLE,
                 "golden/base/a.hpp": '#include <vector>\n#include "golden/base/b.hpp"\n',
                 "golden/data/a.cpp": '#include "golden/base/a.hpp"\n#include "gtest/gtest.h"\n'}
        self.sees(rooms.check, files)
        self.sees(rooms.check, files | {
            "golden/base/c.hpp": '\n  #  include "golden/data/a.hpp"\n',
            "golden/data/b.cpp": '#include "golden/data/in/a.hpp"\n',
            "golden/old/a.cpp": '#include "golden/base/a.hpp"\n',
            "golden/base/d.hpp": '#include "tb/a/b.hpp"\n',
            "sw/x.cpp": '#include "sw/x.hpp"\n'},
            r"^golden/base/c\.hpp:2: golden/base must not include golden/data$",
            r"^golden/base/d\.hpp:1: golden/base must not include tb$",
            r"^golden/data/b\.cpp:1: golden/data must not include golden/data/in$",
            r"^golden/old/a\.cpp:1: golden/old is no room", r"^sw/x\.cpp:1: sw is no room")

    def test_leaves(self):
        files = {rooms.TABLE: self.TABLE, "golden/data/a.cpp": '#include "golden/base/a.hpp"\n',
                 "tb/a/b.cpp": '#include "golden/data/in/a.hpp"\n#include "tb/c/d.hpp"\n'}
        self.sees(rooms.check, files)
        self.sees(rooms.check, files | {"docs/a.cpp": '#include "tb/a/b.hpp"\n'},
                  r"^docs/a\.cpp:1: docs must not include tb$")

    def test_arrow_that_nothing_takes(self):
        self.sees(rooms.check, {rooms.TABLE: self.TABLE}, "golden/data includes nothing of")

    def test_circle(self):
        table = 'leaves = []\n[rooms]\na = ["b"]\nb = ["a"]\n'
        self.assertIn("in a circle", self.complaints(rooms.check, {rooms.TABLE: table})[0])


class Registers(Planted):
    RTL = ("module m;\n  reg [W-1:0] a_q, b_q[0:D-1];  // reg x_q\n  reg next_d;\n"
           "  /* reg y_q; */ wire z_q;\n  reg signed [7:0] c_q [0:1];\nendmodule\n")
    LIST = "SIGNAL(a_q)\nARRAY(b_q)\nMIRROR(c_q)\n"

    @staticmethod
    def check(tree):
        """Without the project's own exceptions."""
        return registers.check(tree, {})

    def test_lists(self):
        files = {"rtl/x/m.v": self.RTL, "tb/lockstep/x/m.def": self.LIST}
        self.assertEqual(self.check(self.tree(files)).checked, 3)
        self.sees(self.check, files)
        less = {"tb/lockstep/x/m.def": self.LIST.replace("ARRAY", "//")}
        self.sees(self.check, files | less,
                  r"^rtl/x/m\.v: register b_q is not compared .* tb/lockstep/x/m\.def")
        self.sees(self.check, {"rtl/x/n.v": "module n;\n  reg a_q;\nendmodule\n"},
                  r"register b_q", r"n\.v: register a_q .* not there")

    def test_exceptions(self):
        tree = self.tree({"rtl/x/m.v": self.RTL, "tb/lockstep/x/m.def": self.LIST[13:]})
        self.assertEqual(registers.check(tree, {"m.a_q": "why"}).complaints, [])
        again = registers.check(tree, {"m.a_q": "why", "m.no_q": "why"})
        self.assertEqual(len(again.complaints), 1)

    def test_lists_in_the_program(self):
        module, file = next(iter(registers.JOINED.items()))
        files = {f"rtl/x/{module}.v": "reg a_q;\nreg b_q;\n",
                 f"tb/lockstep/{file}": 'add(path, "a_q", 1);\n'}
        self.sees(self.check, files, "register b_q")


class Verilog(unittest.TestCase):
    def test_a_set_that_verilator_refuses(self):
        result = verilog.check(Tree(), [("fifo", {"DEPTH": 8}), ("fifo", {"DEPTH": 0})])
        self.assertEqual((result.checked, len(result.complaints)), (2, 1))
        self.assertIn("fifo with DEPTH=0", result.complaints[0])


class Tools(Planted):
    """Programs that stand in for those that may not be installed, and those that are."""

    def with_program(self, name, script):
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return unittest.mock.patch.dict(os.environ, PATH=str(path.parent))

    def test_a_program_that_is_missing_is_told(self):
        tree = self.tree({"a.py": "", "a.sh": "", "a.cpp": ""})
        with unittest.mock.patch.dict(os.environ, PATH="/nowhere"):
            for check, name in ((tools.check_format, "clang-format"),
                                (tools.check_shell, "shellcheck"),
                                (lambda t: tools.check_ruff(t, "build"), "ruff")):
                self.assertEqual(check(tree).skipped, f"{name} is not installed")

    def test_complaints(self):
        tree = self.tree({"a.py": "", "a.sh": "", "a.cpp": ""})
        for name, check, line, complaint in (
                ("ruff", lambda t: tools.check_ruff(t, "build"), "a.py:1:2: F401 unused", None),
                ("shellcheck", tools.check_shell, "a.sh:1:1: warning: quote [SC2086]", None),
                ("clang-format", tools.check_format, "a.cpp:1:1: error: code should be",
                 "a.cpp: not formatted, see make format")):
            with self.with_program(name, f"echo '{line}'; exit 1"):
                self.assertEqual(check(tree).complaints, [complaint or line])
            with self.with_program(name, "echo broken; exit 2"):
                self.assertEqual(check(tree).complaints, [f"{name}: broken"])
            with self.with_program(name, "exit 0"):
                self.assertEqual((check(tree).complaints, check(tree).checked), ([], 1))

    def test_ruff_of_the_build_folder_comes_first(self):
        tree = self.tree({"a.py": "", "b/tools/bin/ruff": "#!/bin/sh\necho own; exit 1\n"})
        (self.root / "b/tools/bin/ruff").chmod(0o755)
        with self.with_program("ruff", "exit 0"):
            self.assertEqual(len(tools.check_ruff(tree, "b").complaints), 1)
            self.assertEqual(tools.check_ruff(tree, "other").complaints, [])


class Program(unittest.TestCase):
    def test_report_and_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-B", "-m", "scripts.lint", "--only", "licences", "registers",
                 "--report", f"{folder}/lint.json"], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertIn("files with a licence line", done.stdout)
            self.assertEqual(validate.read(f"{folder}/lint.json")["made"]["command"], "make lint")


if __name__ == "__main__":
    scripts.tests.main()
