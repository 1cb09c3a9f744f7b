# SPDX-License-Identifier: Apache-2.0
"""Documents: lines of at most 100 characters, and links that lead somewhere."""
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from scripts import check_figures

from . import Result, Tree

LONGEST = 100
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers, without those of code blocks."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
        elif not fence:
            yield number, line


def anchors(text: str) -> set[str]:
    """The anchors that GitHub and GitLab give to headings."""
    found: dict[str, int] = {}
    for _, line in prose(text):
        heading = re.match(r"#+\s+(.*?)\s*#*$", line)
        if heading:
            name = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).lower()
            name = re.sub(r"[^\w\- ]", "", name).replace(" ", "-")
            found[name] = found.get(name, -1) + 1
    named = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
    return named | {name if not i else f"{name}-{i}" for name, n in found.items()
                    for i in range(n + 1)}


def check_lines(tree: Tree) -> Result:
    """Tables, code, lone links and comments for programs may be longer."""
    files = tree.ending(".md")
    return Result(len(files), [
        f"{path}:{number}: {len(line)} characters, at most {LONGEST}"
        for path in files for number, line in prose(tree.read(path))
        if len(line) > LONGEST and " " in line.strip()
        and not re.match(r"\s*\||    |<!--", line)])


def check_paths(tree: Tree) -> Result:
    """What a document names in `...` as a path below a folder of the root: it, or it with an
    extension."""
    below = "|".join(sorted({path.split("/")[0] for path in tree.files if "/" in path}))
    complaints, count = [], 0
    for path in tree.ending(".md"):
        for number, line in prose(tree.read(path)):
            for name in re.findall(rf"`((?:{below})/[\w./-]+)`", line):
                count += 1
                there = tree.root / name
                if not there.exists() and not list(there.parent.glob(f"{there.name}.*")):
                    complaints.append(f"{path}:{number}: {name} is not there")
    return Result(count, complaints)


def target(path: str, link: str) -> str:
    """A link's file, from the root; "" beside it in the same document."""
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / link).parts if link else PurePosixPath(path).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def check_links(tree: Tree) -> Result:
    complaints, count = [], 0
    for path in tree.ending(".md"):
        for number, line in prose(tree.read(path)):
            for found in LINK.findall(re.sub(r"`[^`]*`", "", line)):
                link = found[0] or found[1]
                if re.match(r"[a-z]+:", link):
                    continue
                count += 1
                file, _, anchor = link.partition("#")
                there = target(path, file)
                if not (tree.root / there).exists():
                    complaints.append(f"{path}:{number}: {link} leads nowhere")
                elif anchor and there.endswith(".md") and anchor not in anchors(tree.read(there)):
                    complaints.append(f"{path}:{number}: {link}: no such heading")
    return Result(count, complaints)


def check_marks(tree: Tree) -> Result:
    """Comments that mark figures for make check-figures stand below what they are about."""
    complaints, count = [], 0
    for path in tree.ending(".md"):
        try:
            count += len(check_figures.read_figures(path, tree.read(path)))
        except check_figures.Wrong as error:
            complaints.append(str(error))
    return Result(count, complaints)
