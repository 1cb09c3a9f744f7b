# SPDX-License-Identifier: Apache-2.0
"""scripts/rtl_tables.py: every kind of change to the RTL fails its check, and the files of each
core file make up an engine."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from scripts import ROOT, check_parameters, rtl_tables

WRITTEN = ["rtl", "docs/reference/parameters.md", "CMakeLists.txt"]
# What is changed, file, text in it (none: the whole file), text instead (none: no file), what the
# check must name
CHANGES = [
    (
        "a parameter more",
        "rtl/eie/eie.v",
        "    parameter LIST_W =",
        "    parameter NEW = 1,  // new\n    parameter LIST_W =",
        "docs/reference/parameters.md",
    ),
    (
        "a parameter more, for users of the core",
        "rtl/mxu/mxu.v",
        "    parameter LANES =",
        "    parameter NEW = 1,  // new\n    parameter LANES =",
        "sparsys_mxu.core",
    ),
    (
        "a parameter less",
        "rtl/mxu/mxu_sequencer.v",
        "    parameter ROWS = 256,       // reported in the status words\n",
        "",
        "docs/reference/parameters.md",
    ),
    ("another name", "rtl/mxu/mxu_tile.v", "ROW0", "FIRST_ROW", "docs/reference/parameters.md"),
    (
        "another default",
        "rtl/eie/eie.v",
        "QUEUE_DEPTH = 8,",
        "QUEUE_DEPTH = 16,",
        "sparsys_eie.core",
    ),
    (
        "another default inside",
        "rtl/eie/eie_lnzd_node.v",
        "COL_W = 12,",
        "COL_W = 13,",
        "docs/reference/parameters.md",
    ),
    (
        "another derivation",
        "rtl/common/ram_1rw.v",
        "$clog2(DEPTH)",
        "$clog2(DEPTH + 1)",
        "docs/reference/parameters.md",
    ),
    (
        "another meaning",
        "rtl/mxu/mxu.v",
        "// instructions queued",
        "// instructions kept",
        "sparsys_mxu.core",
    ),
    (
        "no comment",
        "rtl/eie/eie.v",
        "  // accumulator bits, 20 to 48",
        "",
        "parameter ACC_WIDTH has no comment",
    ),
    (
        "no comment inside",
        "rtl/mxu/mxu_setup.v",
        "  // rows of the array",
        "",
        "parameter ROWS has no comment",
    ),
    (
        "another range",
        "rtl/eie/eie_sequencer.v",
        "parameter_error_LIST_DEPTH_must_be_a_power_of_two_from_2_to_32768",
        "parameter_error_LIST_DEPTH_must_be_a_power_of_two_from_2_to_16384",
        "its comment says 2 to 32768",
    ),
    (
        "no check",
        "rtl/eie/eie.v",
        "parameter_error_QUEUE_DEPTH_must_be_from_1_to_256 u_error ();",
        "",
        "docs/reference/parameters.md",
    ),
    (
        "a parameter behind the ports",
        "rtl/common/fifo.v",
        "  localparam PTR_W",
        "  parameter NEW = 1;\n  localparam PTR_W",
        "outside of the module's header",
    ),
    (
        "two parameters in a line",
        "rtl/common/fifo.v",
        "parameter WIDTH = 48,  //",
        "parameter WIDTH = 48, MORE = 1,  //",
        "to Yosys",
    ),
    (
        "a default that is none",
        "rtl/common/fifo.v",
        "parameter DEPTH = 8 ",
        "parameter DEPTH = 8 8 ",
        "yosys",
    ),
    (
        "another instance",
        "rtl/eie/eie_act_queue.v",
        "  fifo #(",
        "  eie_arith u_arith ();\n  fifo #(",
        "rtl/files.f",
    ),
    (
        "an instance upwards",
        "rtl/common/fifo.v",
        "  localparam PTR_W",
        "  eie_pe u_pe ();\n  localparam PTR_W",
        "a common block with eie_pe inside",
    ),
    (
        "an instance of itself",
        "rtl/common/fifo.v",
        "  localparam PTR_W",
        "  fifo u_fifo ();\n  localparam PTR_W",
        "fifo has itself inside",
    ),
    (
        "a second top module",
        "rtl/eie/eie_more.v",
        None,
        "// SPDX\n// More.\nmodule eie_more (\n    input wire clk_i\n);\nendmodule\n",
        "2 modules that stand in no other",
    ),
    (
        "a common block more",
        "rtl/common/more.v",
        None,
        "// SPDX\n// More.\nmodule more (\n    input wire clk_i\n);\nendmodule\n",
        "sparsys_common.core",
    ),
    (
        "a wrong order",
        "rtl/files.f",
        "rtl/eie/eie_lnzd_node.v\nrtl/eie/eie_lnzd.v\n",
        "rtl/eie/eie_lnzd.v\nrtl/eie/eie_lnzd_node.v\n",
        "rtl/files.f",
    ),
    (
        "a file twice",
        "rtl/files.f",
        "rtl/eie/eie.v\n",
        "rtl/eie/eie.v\nrtl/eie/eie.v\n",
        "rtl/files.f",
    ),
    ("a file that is not listed", "rtl/files.f", "rtl/mxu/mxu.v\n", "", "rtl/files.f"),
    ("a file less", "rtl/mxu/lanes/mxu_table.v", None, None, "sparsys_mxu.core"),
    ("another version", "CMakeLists.txt", "VERSION 0.1.0", "VERSION 0.1.1", "sparsys_eie.core"),
    ("an old core file", "sparsys_old.core", None, "CAPI=2:\n", "sparsys_old.core"),
]


def change(root, file, old, new):
    path = root / file
    if old is None:
        path.unlink(missing_ok=True) if new is None else path.write_text(new)
        return True
    text = path.read_text()
    path.write_text(text.replace(old, new))
    return old in text


def wrong_changes():
    for what, file, old, new, named in CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs" / "reference").mkdir(parents=True)
            for name in WRITTEN + [p.name for p in ROOT.glob("*.core")]:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, root / name)
            if not change(root, file, old, new):
                yield f"{what}: there is no {old!r} in {file}"
                continue
            complaints = rtl_tables.check_all(root)[1]
            if not any(named in c for c in complaints):
                yield f"{what}: the check says {complaints or 'nothing'}, not {named!r}"


def wrong_cores():
    common = files_of(ROOT / "sparsys_common.core")
    for top in ("eie", "mxu"):
        files = common + files_of(ROOT / f"sparsys_{top}.core")
        sets = {**check_parameters.SMALL_OF[top], **({"N_PE": 8} if top == "eie" else {})}
        command = (
            ["iverilog", "-g2005", "-s", top]
            + [f"-P{top}.{n}={v}" for n, v in sets.items()]
            + ["-o", os.devnull]
        )
        for without in (None, "rtl/common/fifo.v", files[-2]):
            done = subprocess.run(
                command + [f for f in files if f != without],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            if (done.returncode == 0) != (without is None):
                yield (f"{top} of its core file's files, without {without}: "
                       f"{done.stdout or 'no complaint'}")


def files_of(core):
    return re.findall(r"^      - (rtl/\S+\.v)$", core.read_text(), re.M)


def main():
    wrong = rtl_tables.check_all()[1] + list(wrong_changes()) + list(wrong_cores())
    for complaint in wrong:
        print(complaint)
    print(f"{len(CHANGES)} changes, {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


main()
