# SPDX-License-Identifier: Apache-2.0
"""Maps RTL to a standard-cell library with Yosys: the one recipe of commands.

    library = Library(path)                      # Failure with one clear line if it is of no use
    with yosys.work_folder() as folder:          # a pathlib.Path
        script = yosys.read("mxu_tile", {"ROW0": 255}, ["rtl/mxu/mxu_tile.v"])
        yosys.run(script + recipe.commands(library, folder) + ..., "mxu_tile")
"""
import shlex
import sys

# Area first: choices kept open (dch) until the area-oriented mapper has seen the library's cells;
# then nets with many loads get buffers, and cells the sizes that their loads need.
ABC = """strash
ifraig
scorr
dc2
dc2
strash
dch -f
amap -m
topo
buffer -p -N 16
upsize
dnsize
"""
# What an output drives, fF. Where more stands behind it, buffers go between
# (synth/area/fan_out.py).
LOAD_FF = 50
# Modules with so many equal multiply-accumulates that each kind is a module of its own, mapped
# once.
SHARED_TREES = ("mxu_tile", "mxu_array")
FULL_ADDER = ("FULL_ADDER", "FA_A", "FA_B", "FA_C", "FA_SUM", "FA_CARRY")
# Files that decide what comes out, the library and Yosys aside.
FILES = ("synth/recipe.py", "synth/carry_save.py", "synth/techmap/full_adder.v")


def tree_commands(folder, extern=""):
    """The recipe's first half: registers, memories and operators as cells of Yosys, every
    multiply-accumulate a carry-save tree, made to measure, of $fa cells."""
    return f"""
proc
opt_expr
opt_clean
# Signed products and the sums that they go to, while the product is as wide as the sum: once
# wreduce has cut it to its factors' widths, alumacc does not join the two.
select -set products t:$mul r:A_SIGNED=1 %i
alumacc @products @products %co2:+[A,B,Y] t:$add %i %u
# -nordff: a read address in a register stays there, for others to use too.
synth -nordff -run coarse:fine
tee -q -o {folder}/macc.txt dump t:$macc
exec -- sh {folder}/carry_save.sh
techmap {extern}-map {folder}/macc.v
opt -fast -full
memory_map
opt -undriven -fine
alumacc
"""


def prepare(library, folder):
    """Writes the files that the commands want into a folder without blanks in its path."""
    command = shlex.join([sys.executable, "-B", "-m", "synth.carry_save", f"{folder}/macc.txt",
                          f"{folder}/macc.v"])
    (folder / "carry_save.sh").write_text(f"exec {command}\n")
    (folder / "abc.script").write_text(ABC)
    # Inputs and flip-flops count as strong as an inverter: else they would drive any load,
    # unbuffered.
    (folder / "abc.constr").write_text(f"set_driving_cell {library.inverter}\n"
                                       f"set_load {LOAD_FF} [all_outputs]\n")
    cells = folder / "cells.lib"
    if not cells.exists():
        cells.symlink_to(library.path)
    return cells


def commands(library, folder, module=None):
    """Yosys commands that map the elaborated design (behind `hierarchy -check -top ...`) to the
    library.

    `folder` is an existing folder of yosys.work_folder, of this one design, for files between the
    steps. The hierarchy is kept; modules without contents (RAMs read by `read_verilog -lib`) stay
    as they are; other memories become flip-flops. `module`, the top's name, decides on trees that
    are shared. Behind these commands each cell is the library's or a module's instance, or Yosys
    stops with an error.
    """
    cells = prepare(library, folder)
    adder = " ".join(f"-D {n}={value}" for n, value in zip(FULL_ADDER, library.full_adder or ()))
    return tree_commands(folder, "-extern " if module in SHARED_TREES else "") + f"""
techmap -map synth/techmap/full_adder.v {adder}
techmap
opt -fast
dfflibmap -liberty {cells}
opt
abc -liberty {cells} -constr {folder}/abc.constr -script {folder}/abc.script
opt_clean -purge
read_liberty -lib -ignore_miss_func {cells}
check -mapped -assert
"""
