# SPDX-License-Identifier: Apache-2.0
"""Polynomials {set of input bits multiplied: factor} of what carry-save trees compute."""
import pathlib
import re
from collections.abc import Iterable

from synth import carry_save

ADDER = re.compile(r"\\\$fa #\(\.WIDTH\(1\)\) \w+ \(\.A\((\S+)\), \.B\((\S+)\), \.C\((\S+)\), "
                   r"\.Y\((\w+)\), \.X\((\w+)\)\);")
ONE = frozenset()
Polynomial = dict[frozenset, int]


def add(to: Polynomial, other: Polynomial, factor: int) -> None:
    """Adds a multiple of a polynomial to another."""
    for term, value in other.items():
        to[term] = to.get(term, 0) + factor * value
        if to[term] == 0:
            del to[term]


def multiply(x: Polynomial, y: Polynomial) -> Polynomial:
    out = {}
    for term_x, value_x in x.items():
        for term_y, value_y in y.items():
            add(out, {term_x | term_y: value_x * value_y}, 1)
    return out


def total(terms: Iterable[tuple[Polynomial, int]]) -> Polynomial:
    """The sum of (polynomial, factor)."""
    out = {}
    for polynomial, factor in terms:
        add(out, polynomial, factor)
    return out


def of_tree(text: str) -> Polynomial:
    """What a techmap module of carry_save.py computes, from its lines."""
    known = {"1'b0": {}, "1'b1": {ONE: 1}}

    def value(name):
        return known.get(name, {frozenset([name]): 1})

    for line in map(str.strip, text.splitlines()):
        if match := re.fullmatch(r"wire (t\d+) = (\S+) & (\S+);", line):
            known[match[1]] = multiply(value(match[2]), value(match[3]))
        elif match := re.fullmatch(r"wire (t\d+) = ~(\S+);", line):
            known[match[1]] = total([({ONE: 1}, 1), (value(match[2]), -1)])
        elif match := ADDER.fullmatch(line):
            # The carry is an unknown of its own; the sum is a + b + c - 2 * carry.
            known[match[4]] = total([*((value(bit), 1) for bit in match.group(1, 2, 3)),
                                     (value(match[5]), -2)])
        elif match := re.fullmatch(r"assign Y = (.*);", line):
            vectors = re.findall(r"\{(.*?)\}", match[1])
            return total((value(bit), 1 << position) for vector in vectors
                         for position, bit in enumerate(reversed(vector.split(", "))))
    raise AssertionError("no result")


def signed(name: str, first: int, width: int) -> Polynomial:
    """`width` bits of a port as a signed number."""
    return {frozenset([f"{name}[{first + i}]"]): -(1 << i) if i == width - 1 else 1 << i
            for i in range(width)}


def prove_tree(path: pathlib.Path, sum_in: int) -> list[str]:
    """The one tree in the recipe's file is A[7:0] * A[15:8] + A[16+:sum_in], all signed: what is
    wrong, as a list of lines."""
    text = path.read_text()
    assert text.count("endmodule") == 1, "one tree expected"
    width = int(re.search(r"Y_WIDTH != (\d+)", text)[1])
    inputs = int(re.search(r"A_WIDTH != (\d+)", text)[1])
    assert inputs == 16 + sum_in, f"{inputs} bits go in"
    # The product's factors come first or last among the bits, as the configuration says.
    config = [c == "1" for c in reversed(re.search(r"CONFIG != \d+'b(\d+)", text)[1])]
    first = next(carry_save.operands(config, inputs))
    low = 0 if first.b else sum_in
    expected = multiply(signed("A", low, 8), signed("A", low + 8, 8))
    add(expected, signed("A", 0 if low else 16, sum_in), 1)
    wrong = total([(of_tree(text), 1), (expected, -1)])
    wrong = sorted(sorted(term) for term, factor in wrong.items() if factor % (1 << width))
    return [f"the tree's factors of {wrong[0]} are wrong"] if wrong else []
