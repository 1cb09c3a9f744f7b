#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Yosys reads the matrix unit's RTL as it is, by the checks of eie_check.py: no latch, no net with two
drivers, no loop, RAMs read at the clock.

  small  5 x 7 cells with small memories, elaborated and optimised
  full   all of a unit of 256 x 256 cells with its full memories but the array, the same
"""
import argparse

import eie_check

SMALL = {
    "ROWS": 5, "COLS": 7, "TILE_ROWS": 5, "TILE_COLS": 1, "FIFO_TILES": 2, "UB_DEPTH": 64,
    "ACC_DEPTH": 32, "PARAM_SETS": 4, "QUEUE_DEPTH": 4,
}
# Weights, unified buffer, accumulators and parameters: one kind of RAM each, read at the clock.
RAMS = """
select -assert-count 4 *ram_1r1w*/t:$mem_v2
select -assert-none *ram_1r1w*/t:$mem_v2 r:RD_CLK_ENABLE=1'0 %i
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["small", "full"])
    what = parser.parse_args().what
    files = (eie_check.ROOT / "rtl/files.f").read_text().split()
    if what == "small":
        script = eie_check.coarse(files, "mxu", SMALL) + RAMS
    else:
        array = ["rtl/mxu/mxu_tile.v", "rtl/mxu/mxu_array.v"]
        others = [f for f in files if f not in array]
        array = ["rtl/mxu/mxu_tile.v", "rtl/mxu/mxu_array.v"]
        others = [f for f in files if f not in array]
        script = (f"read_verilog -lib {' '.join(array)}\n" +
                  eie_check.coarse(others, "mxu", {}) + RAMS)
    eie_check.must_pass(eie_check.yosys(script), f"matrix unit, {what}")
    print(f"matrix unit, {what}: no latch, no double driver, no loop, RAMs read at the clock")


if __name__ == "__main__":
    main()
