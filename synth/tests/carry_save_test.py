# SPDX-License-Identifier: Apache-2.0
"""Carry-save trees compute what their $macc cells do, and a wrong tree is seen."""
import pathlib
import random
import re
import tempfile
import unittest

import scripts.tests
from synth import carry_save
from synth.checks import polynomial

SIZE = 4  # bits of a width in a CONFIG


def parameters(terms, width_y):
    """Of a $macc whose terms are (signed, subtract, bits of a, bits of b)."""
    config = [SIZE >> i & 1 for i in range(4)]
    for signed, subtract, *widths in terms:
        config += [signed, subtract, *(w >> i & 1 for w in widths for i in range(SIZE))]
    width_a = sum(a + b for _, _, a, b in terms)
    text = "".join(map(str, map(int, reversed(config))))
    return {"A_WIDTH": str(width_a), "B_WIDTH": "1", "Y_WIDTH": str(width_y),
            "CONFIG_WIDTH": str(len(config)), "CONFIG": f"{len(config)}'{text}"}


def value(first, width, signed):
    """Bits of A as a number."""
    top = -(1 << width - 1) if signed else 1 << width - 1
    return {frozenset([f"A[{first + i}]"]): top if i == width - 1 else 1 << i
            for i in range(width)}


def expected(terms):
    sums, first = [({frozenset(["B[0]"]): 1}, 1)], 0
    for signed, subtract, width_a, width_b in terms:
        a = value(first, width_a, signed)
        product = polynomial.multiply(a, value(first + width_a, width_b, signed)) if width_b else a
        sums.append((product, -1 if subtract else 1))
        first += width_a + width_b
    return polynomial.total(sums)


def differs(text, terms, width_y):
    """Terms of the polynomials that are not equal modulo 2^width_y."""
    found = polynomial.total([(polynomial.of_tree(text), 1), (expected(terms), -1)])
    return [term for term, factor in found.items() if factor % (1 << width_y)]


class Trees(unittest.TestCase):
    def test_constants_as_yosys_writes_them(self):
        """With base and width, but for 32 bits as a decimal number."""
        self.assertEqual(carry_save.bits("5'01101"), "01101")
        self.assertEqual(carry_save.bits("33949718"), "00000010000001100000100000010110")
        self.assertEqual(carry_save.bits("-2"), 31 * "1" + "0")

    def test_sums_and_products(self):
        """Signed, unsigned, subtracted; results narrower than the sum and in a fast adder."""
        draw = random.Random(1)
        for _ in range(60):
            terms = [(draw.random() < 0.5, draw.random() < 0.3, draw.randint(1, 9),
                      draw.choice([0, 1, 3, 8])) for _ in range(draw.randint(1, 3))]
            width_y = draw.choice([4, 12, 17, 24, 30])
            text = carry_save.module(0, parameters(terms, width_y))
            self.assertEqual(differs(text, terms, width_y), [], terms)

    def test_wrong_trees_are_seen(self):
        terms = [(True, False, 8, 8), (True, False, 15, 0)]
        text = carry_save.module(0, parameters(terms, 16))
        for right, wrong in ((r"A\[3\] & A\[9\]", "A[3] & A[10]"), (r" = ~(t\d+);", r" = \1;"),
                             (r"\.B\(t\d+\)", ".B(1'b0)"), (r"\.X\(c(\d+)\)", r".X(s\1x)")):
            changed = re.sub(right, wrong, text, count=1)
            self.assertNotEqual(changed, text, right)
            self.assertNotEqual(differs(changed, terms, 16), [], right)

    def test_proof_of_the_cell(self):
        terms = [(True, False, 8, 8), (True, False, 15, 0)]
        config = parameters(terms, 16) | {"B_WIDTH": "0"}
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "macc.v"
            path.write_text(carry_save.module(0, config))
            self.assertEqual(polynomial.prove_tree(path, 15), [])
            path.write_text(path.read_text().replace("A[3] & A[9]", "A[3] & A[10]"))
            self.assertEqual(len(polynomial.prove_tree(path, 15)), 1)


if __name__ == "__main__":
    scripts.tests.main()
