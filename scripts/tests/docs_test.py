# SPDX-License-Identifier: Apache-2.0
"""Commands in the guides, run against the built program.

  run PAGE    runs the blocks of a page that are marked ```sh test, in order, in one temporary
              folder that looks like the root of a checkout with a finished build. A block
              ```text output behind one shows lines of what it printed, figures aside. With --needs
              only the blocks that need tools (```sh test needs=TOOL,TOOL), else only the others.
  bad         shows that it sees what is wrong.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from scripts import ROOT
from scripts.tests import ALL_SKIPPED

FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)


BAD = """# One two
```sh test
echo 12 cycles; false
```
```sh test needs=no-such-tool,bash
true
```
```sh test
echo 12 cycles
```
```text output
34 cycles
7 images
```
"""


@dataclass
class Block:
    page: str
    line: int
    needs: list[str]
    commands: str
    output: list[str]  # lines that must appear


def read_blocks(page: str, text: str) -> list[Block]:
    blocks: list[Block] = []
    for found in FENCE.finditer(text):
        language, words, body = found.group(1), found.group(2).split(), found.group(3)
        if language == "sh" and "test" in words:
            needs = next((word[6:].split(",") for word in words if word.startswith("needs=")), [])
            line = text.count("\n", 0, found.start()) + 1
            blocks.append(Block(page, line, needs, body, []))
        elif language == "text" and "output" in words:
            if not blocks:
                raise ValueError(f"{page}: output without a block that is run")
            blocks[-1].output += [line for line in body.splitlines() if line.strip(" .")]
    return blocks


def shape(line: str) -> str:
    """A line without its figures and spaces, which differ from machine to machine."""
    return re.sub(r"\s+", "", re.sub(r"\d[\d,.]*", "#", line))


def missing_output(block: Block, printed: str) -> list[str]:
    shapes = [shape(line) for line in printed.splitlines()]
    return [line for line in block.output if not any(shape(line) in one for one in shapes)]


def make_checkout(folder: pathlib.Path, root: pathlib.Path, build: pathlib.Path) -> None:
    for path in root.iterdir():
        if path.name not in (".git", "build") and not path.name.startswith("build-"):
            (folder / path.name).symlink_to(path)
    (folder / "build").symlink_to(build)


def run_block(block: Block, folder: pathlib.Path) -> str | None:
    """What went wrong, None if nothing did."""
    where = f"{block.page}:{block.line}"
    print(f"{where}\n{block.commands}", end="", flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "SPARSYS_DATA"}
    command = ["bash", "-euo", "pipefail", "-c", block.commands]
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"--> exit code {done.returncode}, {time.monotonic() - start:.1f} s\n", flush=True)
    if done.returncode != 0:
        return f"{where}: exit code {done.returncode}:\n{done.stdout[-4000:]}"
    missing = missing_output(block, done.stdout)
    if missing:
        return f"{where}: not printed: {missing[0]!r}; printed:\n{done.stdout[-4000:]}"
    return None


def run_page(page: pathlib.Path, root: pathlib.Path, build: pathlib.Path, tools: bool) -> int:
    blocks = [b for b in read_blocks(page.name, page.read_text()) if bool(b.needs) == tools]
    if not blocks:
        print(f"{page}: no block to run")
        return 1
    lacking = {tool for block in blocks for tool in block.needs if not shutil.which(tool)}
    if lacking:
        print(f"SKIPPED: {page.name}: not installed: {', '.join(sorted(lacking))}")
        return ALL_SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_checkout(folder, root, build)
        for block in blocks:
            wrong = run_block(block, folder)
            if wrong:
                print(wrong)
                return 1
    print(f"{len(blocks)} blocks ran")
    return 0


def check_bad() -> int:
    """Each of these must be seen."""
    failing, needing, printing = read_blocks("bad.md", BAD)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make_checkout(folder, ROOT, folder / "nowhere")
        page = folder / "bad.md"
        page.write_text(BAD)
        results = {
            "a command that fails": run_block(failing, folder) is not None,
            "a tool that is needed": needing.needs == ["no-such-tool", "bash"],
            "a tool that is not there": run_page(page, ROOT, folder, True) == ALL_SKIPPED,
            "a page that fails": run_page(page, ROOT, folder, False) == 1,
            "a line that is not printed": "7 images" in (run_block(printing, folder) or ""),
            "a figure that may differ": missing_output(printing, "12 cycles") == ["7 images"],
            "no .git, no build": not (folder / ".git").exists() and not (folder / "build").exists(),
            "the project's files": (folder / "rtl/files.f").exists(),
        }
    for what, seen in results.items():
        print(f"{'ok' if seen else 'NOT SEEN'}: {what}")
    return 0 if all(results.values()) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("run", "bad"))
    parser.add_argument("page", nargs="?", help="below the root, for run")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--needs", action="store_true", help="only blocks that need tools")
    options = parser.parse_intermixed_args()
    if options.what == "bad":
        sys.exit(check_bad())
    if not options.page:
        parser.error("run: which page?")
    sys.exit(run_page(ROOT / options.page, ROOT, options.build.resolve(), options.needs))


if __name__ == "__main__":
    main()
