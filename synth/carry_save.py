#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a Yosys techmap that makes each multiply-accumulate cell ($macc) of a design one carry-save tree.

All bits to be added, those of the partial products after Baugh and Wooley (no sign extension) and
those of what is added to the product, stand in columns; from the lowest column up, full adders ($fa)
take the three earliest bits of a column until one is left, which is the result's. That is as few full adders as
can be (one for each bit more than the result has), and a half adder only where a column's number of
bits is even. Wide sums end in a fast adder ($add) instead, as soon as no column has more than two bits.

    tee -q -o cells.txt dump t:$macc
    exec -- python3 synth/carry_save.py cells.txt map.v
    techmap -map map.v
"""
import argparse
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
        self.lines.append(f"  wire s{number}, c{number};\n"
                          f"  \\$fa #(.WIDTH(1)) fa{number} ({ports}, .Y(s{number}), .X(c{number}));")
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


def module(index, parameters):
    """Verilog for $macc cells with these parameters (name -> string as Yosys writes it)."""
    width_a, width_b, width_y, width_config = (
        int(parameters[n]) for n in ("A_WIDTH", "B_WIDTH", "Y_WIDTH", "CONFIG_WIDTH"))
    config = [digit == "1" for digit in reversed(parameters["CONFIG"].split("'")[1])]
    tree = Tree(width_y)
    size = number(config[:4])
    cursor = 4
    a_cursor = 0

    def take(count):
        nonlocal a_cursor
        bits = [f"A[{a_cursor + i}]" for i in range(count)]
        a_cursor += count
        return bits

    while a_cursor < width_a:
        signed, subtract = config[cursor:cursor + 2]
        a = take(number(config[cursor + 2:cursor + 2 + size]))
        b = take(number(config[cursor + 2 + size:cursor + 2 + 2 * size]))
        cursor += 2 + 2 * size
        if b:
            tree.add_product(a, b, signed, subtract)
        else:
            tree.add_vector(a, signed, subtract)
    for i in range(width_b):
        tree.add(0, f"B[{i}]", 0, False)
    result = tree.result()
    return "\n".join([
        '(* techmap_celltype = "$macc" *)', f"module carry_save_{index} (A, B, Y);",
        "  parameter A_WIDTH = 0;", "  parameter B_WIDTH = 0;", "  parameter Y_WIDTH = 0;",
        "  parameter CONFIG_WIDTH = 0;", "  parameter CONFIG = 0;",
        "  input [A_WIDTH-1:0] A;", "  input [B_WIDTH-1:0] B;", "  output [Y_WIDTH-1:0] Y;",
        f"  wire _TECHMAP_FAIL_ = A_WIDTH != {width_a} || B_WIDTH != {width_b} || "
        f"Y_WIDTH != {width_y} || CONFIG_WIDTH != {width_config} || "
        f"CONFIG != {parameters['CONFIG'].replace(chr(39), chr(39) + 'b')};",
        *tree.lines, f"  assign Y = {result};", "endmodule", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", help="what `dump t:$macc` printed")
    parser.add_argument("map", help="techmap file to write")
    options = parser.parse_args()
    with open(options.cells) as file:
        text = file.read()
    kinds = set()
    for cell in re.findall(r"^ *cell \$macc .*?^ *end$", text, re.M | re.S):
        kinds.add(tuple(sorted(re.findall(r"parameter \\(\w+) (\S+)", cell))))
    with open(options.map, "w") as file:
        for index, kind in enumerate(sorted(kinds)):
            file.write(module(index, dict(kind)))


if __name__ == "__main__":
    main()
