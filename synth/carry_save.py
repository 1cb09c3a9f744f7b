# SPDX-License-Identifier: Apache-2.0
"""Writes a Yosys techmap that makes each multiply-accumulate cell ($macc) one carry-save tree.

All bits to be added, those of the partial products after Baugh and Wooley (no sign extension) and
those of what is added to the product, stand in columns; from the lowest column up, full adders
($fa) take the three earliest bits of a column until one is left, which is the result's. That is as
few full adders as can be (one for each bit more than the result has), and a half adder only where a
column's number of bits is even. Wide sums end in a fast adder ($add) instead, as soon as no column
has more than two bits.

    tee -q -o cells.txt dump t:$macc
    exec -- python3 -m synth.carry_save cells.txt map.v
    techmap -map map.v
"""
import argparse
import dataclasses
import pathlib
import re

# Delays in full adders: to the sum, to the carry, a partial product.
SUM, CARRY, PRODUCT = 1.3, 1.0, 0.5
# Results wider than this end in a fast adder.
RIPPLE_WIDTH = 24


class Tree:
    """Columns of bits to add, modulo 2^width, and the Verilog that adds them."""

    def __init__(self, width):
        self.width = width
        self.columns = [[] for _ in range(width)]
        self.constant = 0
        self.lines = []

    def wire(self, expression):
        name = f"t{len(self.lines)}"
        self.lines.append(f"  wire {name} = {expression};")
        return name

    def add(self, position, bit, time, negative):
        """Adds bit * 2^position, or subtracts it: -x = ~x - 1."""
        if position >= self.width:
            return
        if negative:
            self.constant -= 1 << position
            bit = self.wire(f"~{bit}")
        self.columns[position].append((time, bit))

    def add_vector(self, bits, signed, subtract):
        width = len(bits)
        for position, bit in enumerate(bits):
            self.add(position, bit, 0, subtract != (signed and position == width - 1))

    def add_product(self, a, b, signed, subtract):
        for i, bit_a in enumerate(a):
            for j, bit_b in enumerate(b):
                if i + j >= self.width:
                    continue
                negative = subtract != (signed and (i == len(a) - 1) != (j == len(b) - 1))
                self.add(i + j, self.wire(f"{bit_a} & {bit_b}"), PRODUCT, negative)

    def full_adder(self, bits):
        """Sum and carry of three bits, with their times."""
        number = len(self.lines)
        ports = ", ".join(f".{pin}({bit})" for pin, (_, bit) in zip("ABC", bits))
        self.lines.append(f"  wire s{number}, c{number};\n  \\$fa #(.WIDTH(1)) fa{number} "
                          f"({ports}, .Y(s{number}), .X(c{number}));")
        time = max(t for t, _ in bits)
        return (time + SUM, f"s{number}"), (time + CARRY, f"c{number}")

    def reduce(self, left):
        """Takes every column down to `left` bits."""
        for position in range(self.width):
            if self.constant >> position & 1:
                self.columns[position].append((0, "1'b1"))
        for position, column in enumerate(self.columns):
            while len(column) > left:
                column.sort()
                taken, column[:] = column[:3], column[3:]
                if len(taken) == 2:
                    taken.append((0, "1'b0"))
                total, carry = self.full_adder(taken)
                column.append(total)
                if position + 1 < self.width:
                    self.columns[position + 1].append(carry)

    def result(self):
        fast = self.width > RIPPLE_WIDTH
        self.reduce(2 if fast else 1)

        def row(n):
            bits = [c[n][1] if len(c) > n else "1'b0" for c in reversed(self.columns)]
            return "{" + ", ".join(bits) + "}"

        return f"{row(0)} + {row(1)}" if fast else row(0)


def number(bits):
    return sum(1 << i for i, bit in enumerate(bits) if bit)


@dataclasses.dataclass
class Operand:
    """One of the terms of a $macc cell: A bits `a` times A bits `b`, or `a` alone."""
    signed: bool
    subtract: bool
    a: list
    b: list


def operands(config, width):
    """The terms that the CONFIG of a $macc, a list of its bits from the lowest up, makes of the
    `width` bits of its port A."""
    size, cursor, first = number(config[:4]), 4, 0
    while first < width:
        signed, subtract = config[cursor:cursor + 2]
        middle = cursor + 2 + size
        width_a, width_b = number(config[cursor + 2:middle]), number(config[middle:middle + size])
        term = [f"A[{first + i}]" for i in range(width_a + width_b)]
        yield Operand(signed, subtract, term[:width_a], term[width_a:])
        cursor, first = middle + size, first + len(term)


def bits(constant):
    """Binary digits of a constant as Yosys writes it: 4'0101, or decimal where it has 32 bits."""
    _, quote, digits = constant.partition("'")
    return digits if quote else f"{int(constant) & 0xFFFFFFFF:032b}"


def tree(parameters):
    """The tree of $macc cells with these parameters (name -> string as Yosys writes it)."""
    made = Tree(int(parameters["Y_WIDTH"]))
    config = [digit == "1" for digit in reversed(bits(parameters["CONFIG"]))]
    for term in operands(config, int(parameters["A_WIDTH"])):
        if term.b:
            made.add_product(term.a, term.b, term.signed, term.subtract)
        else:
            made.add_vector(term.a, term.signed, term.subtract)
    for i in range(int(parameters["B_WIDTH"])):
        made.add(0, f"B[{i}]", 0, False)
    return made


def module(index, parameters):
    """Verilog for $macc cells with these parameters (name -> string as Yosys writes it)."""
    names = ("A_WIDTH", "B_WIDTH", "Y_WIDTH", "CONFIG_WIDTH")
    differs = " || ".join([f"{n} != {parameters[n]}" for n in names]
                          + ["CONFIG != " + parameters["CONFIG"].replace("'", "'b")])
    made = tree(parameters)
    result = made.result()
    return "\n".join([
        '(* techmap_celltype = "$macc" *)', f"module carry_save_{index} (A, B, Y);",
        *(f"  parameter {name} = 0;" for name in (*names, "CONFIG")),
        "  input [A_WIDTH-1:0] A;", "  input [B_WIDTH-1:0] B;", "  output [Y_WIDTH-1:0] Y;",
        f"  wire _TECHMAP_FAIL_ = {differs};",
        *made.lines, f"  assign Y = {result};", "endmodule", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", type=pathlib.Path, help="what `dump t:$macc` printed")
    parser.add_argument("map", type=pathlib.Path, help="techmap file to write")
    options = parser.parse_args()
    text = options.cells.read_text()
    kinds = {tuple(sorted(re.findall(r"parameter \\(\w+) (\S+)", cell)))
             for cell in re.findall(r"^ *cell \$macc .*?^ *end$", text, re.M | re.S)}
    options.map.write_text("".join(module(i, dict(k)) for i, k in enumerate(sorted(kinds))))


if __name__ == "__main__":
    main()
