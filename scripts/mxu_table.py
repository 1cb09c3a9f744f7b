# SPDX-License-Identifier: Apache-2.0
"""The matrix unit's table of tanh and sigmoid, rtl/mxu/lanes/mxu_table.v, from its definition in
docs/reference/mxu-format.md section 1: writes the file, or with --check compares it and fails if
it differs."""
import argparse
import math
import sys

from scripts import ROOT

FILE = ROOT / "rtl/mxu/lanes/mxu_table.v"
TEXT = """\
// SPDX-License-Identifier: Apache-2.0
// Table of tanh in steps of 1/32, times 128; combinational. The same bytes are sigmoid in steps of
// 1/16, times 256, less 128 (docs/reference/mxu-format.md section 1). Written by
// scripts/mxu_table.py.
module mxu_table (
    input  wire [7:0] index_i,  // signed
    output wire [7:0] value_o   // signed
);
  // Byte n is the value of index n, of n - 256 from 128 on.
  localparam [2047:0] TABLE = {
%s
  };

  assign value_o = TABLE[{index_i, 3'd0}+:8];
endmodule
"""


def rounded(value: float) -> int:
    """floor(value + 1/2); refuses a value too near to a step for floating point to tell."""
    if abs(value - math.floor(value) - 0.5) < 1e-9:
        sys.exit(f"{value} is too near to a rounding step")
    return math.floor(value + 0.5)


def byte(value: int) -> int:
    return max(-128, min(127, value))


def tanh_values() -> list[int]:
    return [byte(rounded(128 * math.tanh(i / 32))) for i in range(-128, 128)]


def sigmoid_values() -> list[int]:
    return [byte(rounded(256 / (1 + math.exp(-i / 16))) - 128) for i in range(-128, 128)]


def text_of(values: list[int]) -> str:
    by_byte = [values[(n + 128) % 256] & 255 for n in range(256)]
    words = [by_byte[first:first + 32] for first in range(0, 256, 32)]
    lines = ["    256'h" + "".join(f"{b:02X}" for b in reversed(word)) for word in reversed(words)]
    return TEXT % ",\n".join(lines)


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.mxu_table", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    options = parser.parse_args()
    tanh = tanh_values()
    if tanh != sigmoid_values():
        return "tanh and sigmoid differ: one table does not serve both"
    if not options.check:
        FILE.write_text(text_of(tanh))
    elif FILE.read_text() != text_of(tanh):
        return f"{FILE}: not the definition's values as this script writes them"
    else:
        print("256 values agree with their definition")
    return 0


if __name__ == "__main__":
    sys.exit(main())
