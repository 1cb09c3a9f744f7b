# SPDX-License-Identifier: Apache-2.0
"""What other programs say: clang-format of C++, ruff of Python, shellcheck of shell scripts."""
import re
import shutil
import subprocess

from . import Result, Tree


def run(tree: Tree, program: str, arguments: list[str], files: list[str], line: str,
        wording: str = "{}") -> Result:
    """Complaints are the lines that match `line`, or all that is printed by a failure without."""
    found = shutil.which(program)
    if not found:
        return Result(0, [], f"{program.rsplit('/', 1)[-1]} is not installed")
    if not files:
        return Result(0, [])
    done = subprocess.run([found, *arguments, *files], cwd=tree.root, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    complaints = [wording.format(found)
                  for found in sorted(set(re.findall(line, done.stdout, re.M)))]
    if done.returncode and not complaints:
        complaints = [f"{program}: {done.stdout.strip()}"]
    return Result(len(files), complaints)


def check_format(tree: Tree) -> Result:
    return run(tree, "clang-format", ["--dry-run", "-Werror"], tree.ending(".cpp", ".hpp", ".h"),
               r"^(.+?):\d+:\d+: error", "{}: not formatted, see make format")


def check_ruff(tree: Tree, build: str) -> Result:
    """By ruff of the build folder's own tools, else the one on PATH."""
    own = tree.root / build / "tools/bin/ruff"
    return run(tree, str(own) if own.exists() else "ruff",
               ["check", "--no-cache", "--force-exclude", "--output-format=concise"],
               tree.ending(".py"), r"^.+?:\d+:\d+: .+$")


def check_shell(tree: Tree) -> Result:
    return run(tree, "shellcheck", ["--format=gcc", "--severity=warning"],
               tree.ending(".sh", ".ci/run"), r"^.+?:\d+:\d+: .+$")
