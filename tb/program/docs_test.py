#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents against the program and against one another.

  run PAGE    runs the blocks of a page that are marked ```sh test, in order, in one temporary
              folder that looks like the root of a checkout with a finished build. A block
              ```text output behind one shows lines of what it printed, figures aside. With --needs
              only the blocks that need tools (```sh test needs=TOOL,TOOL), else only the others.
  links       every link of every page to a file or a heading of the project leads somewhere, and
              lines of prose have at most 100 characters.
  bad         shows that both see what is wrong.
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

SKIPPED = 77  # tells CTest that nothing could be run
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
LIMIT = 100


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
        print(f"skipped: not installed: {', '.join(sorted(lacking))}")
        return SKIPPED
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


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def anchors(text: str) -> set[str]:
    """Names of headings as GitHub and GitLab make them."""
    names = set()
    for heading in re.findall(r"^#+ (.+)$", without_code(text), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        names.add(re.sub(r" ", "-", re.sub(r"[^\w\- ]", "", plain)))
    return names


def wrong_links(path: pathlib.Path, text: str, root: pathlib.Path) -> list[str]:
    complaints = []
    for target in LINK.findall(without_code(text)):
        file, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or root not in [there, *there.parents]:
            complaints.append(f"{path.relative_to(root)}: {target}: no such file")
        elif anchor and there.suffix == ".md" and anchor not in anchors(there.read_text()):
            complaints.append(f"{path.relative_to(root)}: {target}: no such heading")
    return complaints


def long_lines(path: pathlib.Path, text: str, root: pathlib.Path) -> list[str]:
    return [f"{path.relative_to(root)}:{number}: {len(line)} characters, more than {LIMIT}"
            for number, line in enumerate(text.splitlines(), 1)
            if len(line) > LIMIT and not line.startswith(("|", "<", "    ", "!["))]


def check_links(root: pathlib.Path) -> int:
    pages = [*sorted(root.glob("*.md")), *sorted(root.glob("docs/**/*.md"))]
    complaints = []
    for page in pages:
        text = page.read_text()
        complaints += wrong_links(page, text, root) + long_lines(page, text, root)
    print("\n".join([*complaints, f"{len(pages)} pages, {len(complaints)} complaints"]))
    return 1 if complaints or not pages else 0


def check_bad(root: pathlib.Path) -> int:
    """Each of these must be seen."""
    page = ("# One two\n```sh test\necho 12 cycles; false\n```\n"
            "```sh test needs=no-such-tool\ntrue\n```\n"
            "```sh test\necho 12 cycles\n```\n```text output\n34 cycles\n7 images\n```\n")
    failing, needing, printing = read_blocks("bad.md", page)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = {
            "a command that fails": run_block(failing, folder) is not None,
            "a tool that is needed": needing.needs == ["no-such-tool"],
            "a line that is not printed": "7 images" in (run_block(printing, folder) or ""),
            "a figure that may differ": missing_output(printing, "12 cycles") == ["7 images"],
        }
    here = root / "README.md"
    for what, text in (("a file that is not there", "[x](docs/nowhere.md)"),
                       ("a heading that is not there", "[x](#nowhere)"),
                       ("a file outside", "[x](../secret.md)")):
        results[what] = bool(wrong_links(here, text, root))
    results["a link that leads somewhere"] = not wrong_links(here, "[x](docs/results.md)", root)
    results["a long line"] = bool(long_lines(here, "x" * 101, root))
    for what, seen in results.items():
        print(f"{'ok' if seen else 'NOT SEEN'}: {what}")
    return 0 if all(results.values()) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("run", "links", "bad"))
    parser.add_argument("page", nargs="?", help="below the root, for run")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=pathlib.Path, help="default: build below the root")
    parser.add_argument("--needs", action="store_true", help="only blocks that need tools")
    options = parser.parse_args()
    root = options.root.resolve()
    if options.what == "links":
        sys.exit(check_links(root))
    if options.what == "bad":
        sys.exit(check_bad(root))
    if not options.page:
        parser.error("run: which page?")
    build = (options.build or root / "build").resolve()
    sys.exit(run_page(root / options.page, root, build, options.needs))


if __name__ == "__main__":
    main()
