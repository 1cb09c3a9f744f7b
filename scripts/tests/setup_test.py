# SPDX-License-Identifier: Apache-2.0
"""scripts/setup.sh against an apt-get, a sudo and a Python that only pretend."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import scripts.tests
from scripts import ROOT

# All that the script may use besides what it looks for.
BASIC = ("sh", "cat", "dirname", "env", "grep", "head", "mkdir", "mktemp", "mv", "rm", "sed",
         "sort", "tail")
TOOLS = ("cmake", "ninja", "g++", "ccache", "verilator", "iverilog", "yosys", "sta", "git",
         "clang-format", "yamllint", "shellcheck", "nextpnr-ice40", "icepack", "flatc", "python3")
# Notes its arguments; after an installation Python and its modules are there.
APT_GET = """
echo "apt-get $*" >>"$LOG"
case " $* " in
  *" update "*) [ ! -e "$STATE/update" ] || cat "$STATE/update" ;;
  *" --assume-no "*)
    echo '0 upgraded, 7 newly installed, 0 to remove and 0 not upgraded.'
    echo 'Need to get 1,234 kB/5,678 kB of archives.'
    echo 'After this operation, 99.5 MB of additional disk space will be used.'
    exit 1 ;;
  *" download "*) touch qflow-tech-osu018_1_all.deb ;;
  *" install "*)
    [ ! -e "$STATE/broken" ] || { cat "$STATE/broken" >&2; exit 100; }
    touch "$STATE/installed"
    command -v python3 >/dev/null || cp "$STATE/python3" "$(dirname "$0")" ;;
esac
"""
# Imports what was installed; its virtual environment has itself as Python; notes what pip installs.
PYTHON = """#!/bin/sh
case "$1 $2" in
  "-c import "*) [ -e "$STATE/installed" ] || exit 1 ;;
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-m pip") echo "pip $*" >>"$LOG"; [ ! -e "$STATE/offline" ] || { echo "no index" >&2; exit 1; } ;;
esac
"""


class Setup(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="set up ")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name in ("bin", "state"):
            (self.folder / name).mkdir()
        for name in (*BASIC, "cp", "touch"):
            (self.folder / "bin" / name).symlink_to(shutil.which(name))
        self.log = self.folder / "log"
        self.program("dpkg-deb", "mkdir -p absent/share/qflow/tech/osu018\n"
                                 "cd absent/share/qflow/tech/osu018\n"
                                 "echo cells >osu018_stdcells.lib\n"
                                 "touch osu018_stdcells.lef osu018.par")
        # As if no package of standard cells were installed.
        self.script = self.folder / "scripts/setup.sh"
        self.script.parent.mkdir()
        text = (ROOT / "scripts/setup.sh").read_text()
        self.assertEqual(text.count("CELLS=usr/"), 1)
        self.script.write_text(text.replace("CELLS=usr/", "CELLS=absent/"))
        for part in ("requirements.txt", "build_folder.sh"):
            shutil.copy(ROOT / "scripts" / part, self.script.parent)
        self.user(0)
        self.program("apt-get", APT_GET)
        self.program("python3", PYTHON)
        (self.folder / "bin/python3").rename(self.folder / "state/python3")

    def program(self, name, text="exit 0"):
        path = self.folder / "bin" / name
        path.write_text(text if text.startswith("#!") else f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def state(self, name, text=""):
        (self.folder / "state" / name).write_text(text)

    def user(self, number):
        self.program("id", f"echo {number}")

    def all_tools(self):
        for tool in TOOLS:
            self.program(tool)
        self.program("python3", PYTHON)

    def setup(self, *wanted):
        self.log.write_text("")
        done = subprocess.run(["sh", str(self.script), *wanted], cwd=self.folder,
                              env={"PATH": str(self.folder / "bin"), "LOG": str(self.log),
                                   "STATE": str(self.folder / "state"), "BUILD": "build",
                                   "TMPDIR": str(self.folder)},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(list(self.folder.glob("tmp.*")), [])
        return done

    def called(self):
        return self.log.read_text().splitlines()

    def installed(self):
        calls = [line for line in self.called() if " install -y " in line]
        self.assertEqual(len(calls), 1, self.called())
        return [word for word in calls[0].split(" install ")[1].split() if not word.startswith("-")]

    def test_nothing_missing(self):
        self.all_tools()
        self.state("installed")
        done = self.setup("demo", "fpga")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.called(), [])

    def test_a_bare_machine(self):
        done = self.setup("demo")
        self.assertEqual(done.returncode, 0, done.stderr)
        demo = self.installed()
        self.assertIn("7 packages, 1,234 kB to fetch, 99.5 MB on disk", done.stdout)
        self.assertEqual(self.called()[0].split()[-1], "update")
        for package in ("g++", "cmake", "verilator", "libonnx-dev", "libeigen3-dev"):
            self.assertIn(package, demo)
        for package in ("yosys", "opensta", "iverilog", "clang-format", "nextpnr-ice40", "make"):
            self.assertNotIn(package, demo)

    def test_each_target_has_its_own_packages(self):
        for wanted, there, absent in (("test", "yamllint", "clang-format"),
                                      ("test-long", "slurmctld", "clang-format"),
                                      ("test", "g++", "slurmctld"),
                                      ("lint", "clang-format", "g++"), ("area", "opensta", "g++"),
                                      ("fpga", "nextpnr-ice40", "opensta"),
                                      ("ci", "chromium", "python3-jinja2"),
                                      ("format", "clang-format", "python3-jinja2")):
            (self.folder / "state/installed").unlink(missing_ok=True)
            self.setup(wanted)
            packages = self.installed()
            self.assertIn(there, packages)
            self.assertNotIn(absent, packages)
        self.setup("test", "area")
        self.assertEqual(len(self.installed()), len(set(self.installed())))
        self.assertEqual(self.setup("tset").returncode, 2)
        self.assertEqual(self.called(), [])

    def test_only_what_is_missing(self):
        self.all_tools()
        self.program("g++", "cat >/dev/null; echo zlib1g-dev; echo libcli11-dev")
        (self.folder / "bin/ninja").unlink()
        self.state("installed")
        self.setup("demo")
        self.assertEqual(sorted(self.installed()), ["libcli11-dev", "ninja-build", "zlib1g-dev"])

    def test_unreachable_mirror(self):
        self.state("update", "Err:1 http://mirror bookworm InRelease\n"
                             "W: Failed to fetch http://mirror/InRelease  Could not resolve\n"
                             "W: Some index files failed to download.\n")
        self.state("broken", "E: Unable to locate package cmake\n")
        done = self.setup("demo")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Failed to fetch http://mirror/InRelease  Could not resolve", done.stderr)
        self.assertIn("cannot reach its package sources", done.stderr)
        self.assertNotIn("Unable to locate", done.stderr)

    def test_one_source_too_many_is_no_matter(self):
        self.state("update", "W: Failed to fetch http://other/InRelease  Could not resolve\n")
        done = self.setup("area")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_cells_are_files_of_their_package(self):
        cells = self.folder / "build/cells/osu018_stdcells.lib"
        self.assertEqual(self.setup("area").returncode, 0)
        self.assertNotIn("qflow-tech-osu018", self.installed())
        self.assertEqual(sorted(file.name for file in cells.parent.iterdir()),
                         ["osu018.par", "osu018_stdcells.lef", cells.name])
        self.all_tools()
        self.setup("area")
        self.assertEqual(self.called(), [])
        cells.unlink()
        self.assertEqual(self.setup("area").returncode, 0)
        self.assertEqual([line.split()[-2:] for line in self.called()][-1],
                         ["download", "qflow-tech-osu018"])
        self.assertTrue(cells.exists())
        cells.unlink()
        self.program("dpkg-deb", "echo no archive >&2; exit 2")
        done = self.setup("area")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no archive", done.stderr)
        self.assertIn("could not install: qflow-tech-osu018", done.stderr)

    def test_layout_needs_more_of_the_cells(self):
        """Cells as an older checkout unpacked them have no LEF."""
        cells = self.folder / "build/cells"
        cells.mkdir(parents=True)
        (cells / "osu018_stdcells.lib").touch()
        self.assertEqual(self.setup("layout").returncode, 0)
        self.assertTrue((cells / "osu018_stdcells.lef").exists())
        self.assertLessEqual({"graywolf", "qrouter"}, set(self.installed()))

    def test_an_installation_that_fails(self):
        self.state("broken", "E: Sub-process dpkg returned an error\n")
        done = self.setup("demo")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Sub-process dpkg", done.stderr)
        self.assertIn("could not install", done.stderr)

    def test_no_apt_get(self):
        (self.folder / "bin/apt-get").unlink()
        done = self.setup("area")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("yosys opensta", done.stderr)

    def test_neither_root_nor_sudo(self):
        self.user(1000)
        done = self.setup("area")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get update && apt-get install --no-install-recommends -y ", done.stderr)
        self.assertIn(" yosys ", done.stderr)
        self.assertEqual(self.called(), [])

    def test_sudo_that_wants_a_password(self):
        self.user(1000)
        self.program("sudo", 'echo "sudo $*" >>"$LOG"; exit 1')
        done = self.setup("area")
        self.assertEqual(done.returncode, 1)
        self.assertIn("password", done.stderr)
        self.assertIn("sudo sh -c 'apt-get update && apt-get install", done.stderr)
        self.assertEqual(self.called(), ["sudo -n true"])

    def test_sudo_without_a_password(self):
        self.user(1000)
        self.program("sudo", '[ "$1" != -n ] || shift; "$@"')
        self.program("true")
        self.assertEqual(self.setup("area").returncode, 0)
        self.assertIn("yosys", self.installed())

    def test_a_python_that_is_not_debians(self):
        self.all_tools()
        self.program("python3", "[ $1 != -c ]")
        done = self.setup("demo")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.installed(), ["python3-jinja2", "python3-jsonschema"])
        self.assertIn("is not Debian's and has no module jinja2", done.stderr)

    def test_linters_from_pypi(self):
        self.all_tools()
        self.state("installed")
        self.state("offline")
        done = self.setup("lint")
        self.assertEqual(done.returncode, 0)
        self.assertIn("not installed: ruff==", done.stderr)
        self.assertIn("no index", done.stderr)
        self.assertFalse((self.folder / "build/tools").exists())
        self.assertEqual(self.setup("fpga-setup").returncode, 1)
        (self.folder / "state/offline").unlink()
        done = self.setup("lint")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.folder / "build/tools/bin/python").exists())
        self.assertIn("check-jsonschema==", self.called()[0])
        done = self.setup("lint")
        self.assertEqual((done.returncode, done.stdout, self.called()), (0, "", []))
        # Another version is another installation.
        (self.folder / "build/tools/installed").write_text("ruff==0.0.1\n")
        self.assertIn("from PyPI", self.setup("lint").stdout)

    def test_onnx_runtime_is_for_ci(self):
        self.all_tools()
        self.state("installed")
        self.setup("test")
        self.assertFalse((self.folder / "build/onnx").exists())
        done = self.setup("ci")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue((self.folder / "build/onnx/bin/python").exists())
        self.assertIn("onnxruntime==", self.log.read_text())
        # What made something in an empty build folder has marked it: make takes it.
        self.assertTrue((self.folder / "build/CACHEDIR.TAG").exists())


if __name__ == "__main__":
    scripts.tests.main()
