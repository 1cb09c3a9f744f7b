# SPDX-License-Identifier: Apache-2.0
"""Reads SAIF 2.0 (IEEE 1801): how often nets change and how long they are 1."""
import dataclasses
import pathlib
import re
from collections.abc import Iterator

from synth.yosys import Failure

WORD = re.compile(r'[()]|"[^"]*"|[^\s()"]+')
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12, "fs": 1e-15}
Tree = list  # of words and trees


@dataclasses.dataclass(frozen=True)
class Saif:
    """`nets` {path: (changes, seconds at 1)}, names of instances and net with / between them."""
    seconds: float
    nets: dict[str, tuple[int, float]]


def parse(text: str) -> Tree:
    """All in parentheses as lists. Raises ValueError if they do not match."""
    stack: list[Tree] = [[]]
    for word in WORD.findall(text):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            if not stack:
                break
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError("parentheses do not match")
    return stack[0][0]


def parts(tree: Tree, name: str) -> Iterator[Tree]:
    """The lists in it that begin with this word."""
    return (one for one in tree if isinstance(one, list) and one[:1] == [name])


def only(tree: Tree, name: str, words: int) -> list[str]:
    """The words of the one list that begins with this one."""
    found = [one[1:] for one in parts(tree, name)]
    if len(found) != 1 or len(found[0]) != words:
        raise ValueError(f"no {name}, or not as expected")
    return found[0]


def nets_of(instance: Tree, path: str) -> Iterator[tuple[str, Tree]]:
    """Of an instance and all below."""
    for kind in ("NET", "PORT"):
        for group in parts(instance, kind):
            yield from ((path + net[0], net) for net in group[1:])
    for child in parts(instance, "INSTANCE"):
        yield from nets_of(child, f"{path}{child[1]}/")


def read(file: pathlib.Path) -> Saif:
    """Raises a Failure if it is none."""
    try:
        tree = parse(file.read_text())
        if tree[0] != "SAIFILE":
            raise ValueError("begins otherwise")
        number, unit = only(tree, "TIMESCALE", 2)
        if unit not in UNITS:
            raise ValueError(f"TIMESCALE in {unit}, expected {', '.join(UNITS)}")
        scale = int(number) * UNITS[unit]
        nets = {path: (int(only(net, "TC", 1)[0]), int(only(net, "T1", 1)[0]) * scale)
                for path, net in nets_of(tree, "")}
        return Saif(int(only(tree, "DURATION", 1)[0]) * scale, nets)
    except (ValueError, IndexError, TypeError) as error:
        raise Failure(f"{file}: no SAIF file: {error}") from error
