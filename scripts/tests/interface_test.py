# SPDX-License-Identifier: Apache-2.0
"""scripts/interface: what is written from the accelerator's table is current, shows every change,
and is taken by compilers, Verilog tools and Arm's schema of SVD files."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import scripts.tests
from scripts import ROOT
from scripts.interface import __main__ as interface
from scripts.interface import table

PYTHON = ROOT / os.environ.get("BUILD", "build") / "tools/bin/python"
# Run where cmsis-svd is installed: Arm's schema, then what a debugger sees.
READ_SVD = """\
import json, sys
from cmsis_svd.parser import SVDParser
valid, why = SVDParser.validate_xml_file(sys.argv[1], "1.3.11", schema_version_detection=False)
if not valid:
    sys.exit(why)
device = SVDParser.for_xml_file(sys.argv[1]).get_device()
print(json.dumps([[r.name, r.address_offset, r.access.value, r.reset_value, r.reset_mask,
                   [[f.name, f.bit_offset, f.bit_width] for f in r.fields]]
                  for p in device.peripherals for r in p.registers]))
"""
# Text of the table, text instead, what the complaint must say.
WRONG = [
    ('offset = 0x004\n', 'offset = 0x000\n', "offset of a register: 0 twice"),
    ('offset = 0x004\n', 'offset = 0x002\n', "VERSION: offset 0x2"),
    ('name = "VERSION"', 'name = "ID"', "register: ID twice"),
    ('{ bits = "15:8", name = "channel"', '{ bits = "15:7", name = "channel"', "overlaps"),
    ('{ bits = "15:8", name = "channel"', '{ bits = "32:8", name = "channel"', "within 32"),
    ('{ bits = "15:8", name = "channel"', '{ bits = "8", name = "code"', "two fields code"),
    ('access = "WO"', 'access = "W"', "access W is none of"),
    ('reset = 0x00010000', 'reset = 0x100000000', "VERSION: reset value"),
    ('code = 0x11\n', 'code = 0x10\n', "opcode: 16 twice"),
    ('channel = "rows_in"', 'channel = "rows"', "Matrix_In: no channel rows"),
    ('address = "write"', 'address = "wrote"', "Fence: address is"),
    ('code = 7\n', 'code = 6\n', "error: 6 twice"),
    ('cause = "doorbell', 'reason = "doorbell', "unknown key reason"),
    ('[version]', '[version', "interface.toml: "),
    ('idle = true\nfields = [{ bits = "4:0"', 'idle = 1\nfields = [{ bits = "x"', "bits are"),
]
# File that is written, text in it, text instead.
STALE = [
    ("rtl/top/interface.vh", "REG_ID = 12'h000", "REG_ID = 12'h004"),
    ("sw/driver/sparsys_interface.h", "SPARSYS_ERR_OPCODE 1u", "SPARSYS_ERR_OPCODE 2u"),
    ("golden/engine/top/interface.hpp", "kNop = 0x00", "kNop = 0x01"),
    ("sw/driver/sparsys.svd", "<bitWidth>8</bitWidth>", "<bitWidth>7</bitWidth>"),
    ("docs/reference/top-registers.md", "Access RO", "Access RW"),
    ("docs/reference/top-format.md", "| 0x12 | Sparse_Run |", "| 0x13 | Sparse_Run |"),
]


def read_table():
    return table.read((ROOT / table.TABLE).read_text())


class Written(unittest.TestCase):
    def copy(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Path(folder.name)
        for path in (table.TABLE, interface.FORMAT, *interface.FILES):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, root / path)
        return root

    def test_current(self):
        self.assertEqual(interface.check_all(), (len(interface.FILES) + 1, []))

    def test_every_change_shows(self):
        for path, old, new in STALE:
            with self.subTest(path):
                root = self.copy()
                text = (root / path).read_text()
                self.assertIn(old, text)
                (root / path).write_text(text.replace(old, new, 1))
                complaints = interface.check_all(root)[1]
                self.assertEqual(len(complaints), 1, complaints)
                self.assertTrue(complaints[0].startswith(f"{path} is stale"), complaints)

    def test_a_change_of_the_table_shows_everywhere(self):
        root = self.copy()
        text = (root / table.TABLE).read_text()
        (root / table.TABLE).write_text(text.replace('"MXU_UB"', '"MXU_ROWS"'))
        self.assertEqual(len(interface.check_all(root)[1]), len(interface.FILES) + 1)

    def test_a_table_that_is_missing(self):
        root = self.copy()
        text = (root / interface.FORMAT).read_text()
        (root / interface.FORMAT).write_text(text.replace("<!-- table of errors -->\n", ""))
        self.assertIn("each with its end", interface.check_all(root)[1][0])

    def test_wrong_tables(self):
        text = (ROOT / table.TABLE).read_text()
        for old, new, expected in WRONG:
            with self.subTest(new):
                self.assertIn(old, text)
                with self.assertRaises(table.Error) as raised:
                    table.read(text.replace(old, new, 1))
                self.assertIn(expected, str(raised.exception))
                self.assertNotIn("\n", str(raised.exception))


class Taken(unittest.TestCase):
    """By the programs for which it is written."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_all(self, *commands):
        for command in commands:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""), command)

    def test_c_and_cpp(self):
        """Every register's offset and every code, as the C compiler and the C++ compiler see
        them."""
        read = read_table()
        lines = [f"CHECK(SPARSYS_REG_{r.name} == {r.offset});" for r in read.registers]
        lines += [f"CHECK({interface.joined('SPARSYS', r.name, f.name)} == {f.mask}u);"
                  for r in read.registers for f in r.fields if f.width < 32]
        lines += [f"CHECK({interface.joined('SPARSYS_OP', o.name)} == {o.code});"
                  for o in read.opcodes]
        lines += [f"CHECK({interface.joined('SPARSYS_ERR', e['name'])} == {e['code']});"
                  for e in read.errors]
        text = ('#include "sw/driver/sparsys_interface.h"\n'
                "#define JOIN(a, b) a##b\n#define NAME(n) JOIN(check_, n)\n"
                "#define CHECK(c) typedef char NAME(__LINE__)[(c) ? 1 : -1]\n"
                + "\n".join(lines) + "\n")
        flags = ["-I", ROOT, "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion"]
        (self.folder / "check.c").write_text(text)
        (self.folder / "check.cpp").write_text(
            text + '#include "golden/engine/top/interface.hpp"\n')
        self.run_all(["gcc", "-std=c99", *flags, self.folder / "check.c"],
                     ["g++", "-std=c++17", *flags, self.folder / "check.cpp"])

    def test_verilog(self):
        read = read_table()
        named = {f"REG_{r.name}": r.offset for r in read.registers}
        named |= {interface.joined("OP", o.name): o.code for o in read.opcodes}
        named |= {interface.joined("ERR", e["name"]): e["code"] for e in read.errors}
        checks = "\n".join(f"      if ({name} != {value}) $display(\"{name}\");"
                           for name, value in named.items())
        (self.folder / "user.v").write_text(
            "module user (output wire [31:0] id_o);\n`include \"interface.vh\"\n"
            "  assign id_o = TOP_ID;\nendmodule\n")
        (self.folder / "bench.v").write_text(
            "module bench;\n`include \"interface.vh\"\n  initial begin\n"
            f"{checks}\n      $finish;\n  end\nendmodule\n")
        include = f"-I{ROOT / 'rtl/top'}"
        bench = self.folder / "bench"
        self.run_all(["verilator", "--lint-only", "-Wall", include, "rtl/lint/waivers.vlt",
                      self.folder / "user.v"],
                     ["yosys", "-q", "-p", f"read_verilog {include} {self.folder}/user.v"],
                     ["iverilog", "-g2005", "-Wall", include, "-o", bench,
                      self.folder / "bench.v"],
                     ["vvp", "-n", bench])

    def test_svd(self):
        if not PYTHON.exists() or subprocess.run([PYTHON, "-c", "import cmsis_svd"],
                                                 capture_output=True, check=False).returncode:
            self.skipTest("cmsis-svd is not installed (make setup installs it)")
        done = subprocess.run([PYTHON, "-c", READ_SVD, ROOT / "sw/driver/sparsys.svd"],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        access = {"RO": "read-only", "RW": "read-write", "WO": "write-only", "W1C": "read-write"}
        self.assertEqual(json.loads(done.stdout), [
            [r.name, r.offset, access[r.access], r.reset or 0, 0 if r.reset is None else 2**32 - 1,
             [[f.name, f.low, f.width] for f in r.fields]] for r in read_table().registers])


if __name__ == "__main__":
    scripts.tests.main()
