#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Standard-cell area of the matrix unit's multiply-accumulate cell, and proof that it computes what the RTL says.

  cells  one cell of row 0 and of row 255: cells, flip-flops, area; fails above 1,200 NAND2 equivalents a cell, or if the flip-flops are not those of docs/reference/mxu-timing.md
  area   the same, and 16 x 16 tiles of the first and the last rows
  proof  the carry-save tree of a cell is the product and sum, as polynomials of its bits; the mapped cell is equivalent
         to the RTL with that tree
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import carry_save
import mapping

sys.path.insert(0, str(mapping.ROOT / "scripts"))
import report  # noqa: E402

LIMIT = 1200
# (rows, columns, first row in the array)
TILES = [(1, 1, 0), (1, 1, 255), (16, 16, 0), (16, 16, 240)]


def flip_flops(rows, cols, row0):
    """What docs/reference/mxu-timing.md section 2 gives a tile: a_q, w_q, shadow_q, en_q, sum_q of each cell, and swap_q."""
    cells = sum(8 + 8 + 8 + 1 + 16 + (row + 1).bit_length() - 1 for row in range(row0, row0 + rows))
    return cols * cells + max(rows + cols - 2, 1)


def elaborate(rows, cols, row0, name):
    return (f"read_verilog -defer rtl/mxu/mxu_tile.v\n"
            f"hierarchy -check -top mxu_tile -chparam TILE_ROWS {rows} -chparam TILE_COLS {cols} "
            f"-chparam ROW0 {row0}\nrename -top {name}\n")


def measure(library, rows, cols, row0):
    with tempfile.TemporaryDirectory() as folder:
        statistics = pathlib.Path(folder) / "stat.json"
        mapping.run(elaborate(rows, cols, row0, "tile") + mapping.commands(library, folder) +
                    mapping.statistics(statistics))
        return mapping.Contents(mapping.read_statistics(statistics)["\\tile"], library)


def area(library, tiles, report_path):
    rows_of_table, results, wrong = [], [], []
    for rows, cols, row0 in tiles:
        tile = measure(library, rows, cols, row0)
        number = rows * cols
        per_cell = tile.gate_equivalents / number
        name = f"{rows}x{cols}, rows {row0} to {row0 + rows - 1}"
        expected = flip_flops(rows, cols, row0)
        if per_cell > LIMIT:
            wrong.append(f"{name}: {per_cell:.0f} NAND2 equivalents a cell, limit {LIMIT}")
        if tile.flip_flops != expected:
            wrong.append(f"{name}: {tile.flip_flops} flip-flops, the contract has {expected}")
        rows_of_table.append([name, tile.cells, tile.flip_flops, f"{tile.area:.0f}",
                              f"{tile.gate_equivalents:.0f}", f"{per_cell:.0f}"])
        results.append({"rows": rows, "cols": cols, "first_row": row0, "cells": tile.cells,
                        "flip_flops": tile.flip_flops, "area_um2": round(tile.area, 1),
                        "gate_equivalents": round(tile.gate_equivalents, 1),
                        "gate_equivalents_per_cell": round(per_cell, 1)})
    report.print_table(["tile", "cells", "flip-flops", "area", "NAND2", "NAND2 a cell"], rows_of_table)
    print(f"{library.name}, NAND2 = {library.nand2} of {library.nand2_area:g}")
    if report_path:
        report.write_json(report_path, {"library": library.name, "limit": LIMIT, "tiles": results})
    return wrong


def polynomial(text):
    """What a techmap module of carry_save.py computes: {set of input bits multiplied: factor}, from its lines."""
    def add(to, other, factor):
        for term, value in other.items():
            to[term] = to.get(term, 0) + factor * value
            if to[term] == 0:
                del to[term]

    def multiply(x, y):
        out = {}
        for term_x, value_x in x.items():
            for term_y, value_y in y.items():
                add(out, {term_x | term_y: value_x * value_y}, 1)
        return out

    known = {"1'b0": {}, "1'b1": {frozenset(): 1}}

    def value(name):
        return known.get(name, {frozenset([name]): 1})

    for line in text.splitlines():
        line = line.strip()
        if match := re.fullmatch(r"wire (t\d+) = (\S+) & (\S+);", line):
            known[match[1]] = multiply(value(match[2]), value(match[3]))
        elif match := re.fullmatch(r"wire (t\d+) = ~(\S+);", line):
            known[match[1]] = {frozenset(): 1}
            add(known[match[1]], value(match[2]), -1)
        elif match := re.fullmatch(
                r"\\\$fa #\(\.WIDTH\(1\)\) \w+ \(\.A\((\S+)\), \.B\((\S+)\), \.C\((\S+)\), "
                r"\.Y\((\w+)\), \.X\((\w+)\)\);", line):
            # The carry is an unknown of its own; the sum is a + b + c - 2 * carry.
            known[match[4]] = {}
            for bit in match.group(1, 2, 3):
                add(known[match[4]], value(bit), 1)
            add(known[match[4]], value(match[5]), -2)
        elif match := re.fullmatch(r"assign Y = (.*);", line):
            total = {}
            for vector in re.findall(r"\{(.*?)\}", match[1]):
                for position, bit in enumerate(reversed(vector.split(", "))):
                    add(total, value(bit), 1 << position)
            return total
    raise AssertionError("no result")


def signed(name, first, width):
    """Polynomial of `width` bits of a port as a signed number."""
    return {frozenset([f"{name}[{first + i}]"]): -(1 << i) if i == width - 1 else 1 << i for i in range(width)}


def prove_tree(folder, sum_in):
    """The tree that the recipe left in `folder` is A[7:0] * A[15:8] + A[16+:sum_in], all signed."""
    text = (pathlib.Path(folder) / "macc.v").read_text()
    width = int(re.search(r"Y_WIDTH != (\d+)", text)[1])
    config = re.search(r"CONFIG != \d+'b(\d+)", text)[1][::-1]
    assert text.count("endmodule") == 1, "one tree expected"
    inputs = int(re.search(r"A_WIDTH != (\d+)", text)[1])
    assert inputs == 16 + sum_in, f"{inputs} bits go in"
    # The product's factors come first or last among the bits, as the configuration says.
    size = carry_save.number([c == "1" for c in config[:4]])
    first_b = carry_save.number([c == "1" for c in config[6 + size:6 + 2 * size]])
    low = 0 if first_b else sum_in
    expected = dict(signed("A", 0 if low else 16, sum_in)) if sum_in else {}
    for term_a, a in signed("A", low, 8).items():
        for term_b, b in signed("A", low + 8, 8).items():
            expected[term_a | term_b] = a * b
    found = polynomial(text)
    wrong = [t for t in set(found) | set(expected) if (found.get(t, 0) - expected.get(t, 0)) % (1 << width)]
    return [f"the tree's factors of {sorted(wrong[0])} are wrong"] if wrong else []


def combinational(path):
    """Makes a BLIF file's flip-flops inputs and outputs, by the names of their outputs."""
    inputs, outputs, body = [], [], []
    for line in path.read_text().replace("\\\n", " ").splitlines():
        word = line.split()
        if word[:1] == [".latch"]:
            inputs.append(word[2])
            outputs.append("next:" + word[2])
            body.append(f".names {word[1]} next:{word[2]}\n1 1")
        elif word[:1] == [".inputs"]:
            inputs += word[1:]
        elif word[:1] == [".outputs"]:
            outputs += word[1:]
        elif word[:1] != [".model"]:
            body.append(line)
    path.write_text("\n".join([".model cell", ".inputs " + " ".join(sorted(inputs)),
                               ".outputs " + " ".join(sorted(outputs)), *body, ""]))


def prove(library, row):
    """What is wrong with the mapped cell of a row, as a list of lines."""
    clean = "flatten\nsetattr -set keep 1 w:w_q*\nopt_clean -purge\ntechmap\nopt_clean -purge\n"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        mapping.run(
            elaborate(1, 1, row, "gold") + mapping.tree_commands(folder) + "dffunmap\n"
            "techmap -map synth/techmap/full_adder.v\ntechmap\nopt -nodffe -nosdff\n" + clean +
            f"write_blif {folder / 'gold.blif'}\n")
        wrong = prove_tree(folder, 0 if row == 0 else 15 + row.bit_length())
        mapping.run(
            elaborate(1, 1, row, "gate") + mapping.commands(library, folder) +
            f"read_liberty -overwrite -ignore_miss_func {library.path}\nhierarchy -top gate\n" + clean +
            f"write_blif {folder / 'gate.blif'}\n")
        wrong += prove_tree(folder, 0 if row == 0 else 15 + row.bit_length())
        for name in ("gold", "gate"):
            combinational(folder / f"{name}.blif")
        done = subprocess.run(["yosys-abc", "-c", f"cec {folder}/gold.blif {folder}/gate.blif"], cwd=folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=250)
        if "Networks are equivalent" not in done.stdout:
            wrong.append(f"not equivalent: {done.stdout.strip().splitlines()[-1]}")
    print(f"cell of row {row}: {'; '.join(wrong) or 'tree proven, mapped cell equivalent'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cells", "area", "proof"])
    parser.add_argument("--liberty", default=mapping.OSU018)
    parser.add_argument("--report", help="JSON file for the areas")
    options = parser.parse_args()
    try:
        library = mapping.Library(options.liberty)
        if options.what == "proof":
            wrong = [line for row in (0, 1, 255) for line in prove(library, row)]
        else:
            wrong = area(library, TILES if options.what == "area" else TILES[:2], options.report)
    except mapping.MappingError as error:
        sys.exit(str(error))
    sys.exit("\n".join(wrong) if wrong else 0)


if __name__ == "__main__":
    main()
