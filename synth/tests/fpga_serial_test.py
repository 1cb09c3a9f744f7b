# SPDX-License-Identifier: Apache-2.0
"""Layers through the pins of the engine behind a serial line: with the general files and with those
for FPGAs, at one PE and at four. Their find_first is proven to be the general one. Verilator
finds nothing to complain of in the board's files."""
import pathlib
import sys
import tempfile

from synth import yosys
from synth.fpga.config import FAMILIES, REPLACE, SERIAL

BENCH = "tb/icarus/eie_uart_tb.v"
ENGINE = [f for f in yosys.rtl_files() if f.startswith(("rtl/common/", "rtl/eie/"))]
ICE40 = REPLACE | FAMILIES["ice40"].replace


def run(command):
    done = yosys.execute(command, cwd=yosys.ROOT, timeout=500)
    return done.returncode, done.stdout


def bench(what, files, pes, regs):
    """Compiles and runs the bench on files; returns whether it passed."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder, "top.v")
        # The bench uses the top's own parameters, as it must for a netlist.
        text = (yosys.ROOT / SERIAL[-1]).read_text()
        for name, value in (("N_PE", pes), ("ACT_REGS", regs), ("ENTRY_DEPTH", 4096)):
            before = next(line for line in text.splitlines()
                          if line.startswith(f"    parameter {name} = "))
            text = text.replace(before,
                                f"    parameter {name} = {value}," + before.partition(",")[2])
        top.write_text(text)
        code, output = run(["iverilog", "-g2005", "-Wall", "-s", "eie_uart_tb",
                            f"-Peie_uart_tb.N_PE={pes}", f"-Peie_uart_tb.ACT_REGS={regs}",
                            "-o", f"{folder}/tb.vvp", BENCH, top, *SERIAL[:-1], *files])
        if code != 0 or output.strip():
            sys.exit(f"iverilog, which must not even warn:\n{output}")
        code, output = run(["vvp", "-n", f"{folder}/tb.vvp"])
    # The first complaint and the verdict say enough.
    lines = output.strip().splitlines() or ["no output"]
    print(f"{what}, {pes} PEs, {regs} registers: {' ... '.join(lines[:1] + lines[1:][-1:])}")
    return code == 0 and lines[-1].endswith("PASS")


def same_find_first(width):
    """Does Yosys prove that the FPGAs' file is the same function as the general one."""
    def read(file, name):
        return (yosys.read("find_first", {"WIDTH": width}, [file, "rtl/common/or_reduce.v"])
                + f"proc\nflatten\nopt\nrename find_first {name}\n")

    try:
        yosys.run(read(REPLACE["rtl/common/find_first.v"], "gate") + "design -stash gate\n" +
                  read("rtl/common/find_first.v", "gold") + "design -copy-from gate -as gate gate\n"
                  "miter -equiv -flatten -make_assert gold gate miter\n"
                  "sat -verify -prove-asserts miter\n",
                  f"find_first of {width} bits")
    except yosys.Failure as error:
        print(error)
        return False
    print(f"find_first of {width} bits for FPGAs: proven the same")
    return True


def main():
    passed = all(same_find_first(width) for width in (2, 4, 8, 16, 32, 64))
    for_ice40 = [ICE40.get(f, f) for f in ENGINE]
    for what, files, pes, regs in (("RTL", ENGINE, 1, 16), ("RTL", ENGINE, 4, 8),
                                   ("iCE40's", for_ice40, 1, 64)):
        passed &= bench(what, files, pes, regs)
    code, output = run(["verilator", "--lint-only", "-Wall", "--top-module", "eie_uart_top",
                        *SERIAL, *for_ice40])
    if code != 0 or output.strip():
        print(f"verilator: {output}")
        passed = False
    # The bench must see a fault.
    with tempfile.TemporaryDirectory() as folder:
        broken = pathlib.Path(folder, "regfile.v")
        text = (yosys.ROOT / ICE40["rtl/common/regfile_1r1w.v"]).read_text()
        broken.write_text(text.replace("@(negedge clk_i)", "@(posedge clk_i)"))
        seen = not bench("a register file a cycle late (must fail)",
                         [broken if f == "rtl/common/regfile_1r1w.v" else f for f in ENGINE],
                         1, 16)
    sys.exit(0 if passed and seen else 1)


if __name__ == "__main__":
    main()
