# SPDX-License-Identifier: Apache-2.0
"""Maps a module of the RTL to standard cells, by the recipe, for simulation in the module's place.

Writes a Verilog file with the netlist and a model of each library cell in it, from the functions
that the library states, and a Verilator configuration that makes the signals of the given
configurations readable. RAMs stay instances of the RTL's. Modules of the netlist but the top are
called <top>_net_<module>, with a number if there are several.

The netlist's gates and nets are as Yosys leaves them. Added are names, so that what is compared
with the RTL is compared with the netlist: a register with another name or form in the netlist is
put together again from its flip-flops. That flip-flops of a register are left out because nothing
reads them is an error unless --gone names it; <register>_kept then tells which are there.
"""
import argparse
import pathlib
import re
import sys

from scripts.report import text_file
from synth.library import OSU018, Library
from synth.netlist.mapped import Signals, netlist
from synth.yosys import Failure

# Where a fault's gate is, and what it becomes: a NAND a NOR, a flip-flop's input inverted.
FAULTS = {
    "nand": (r"^  (NAND)2X1 \S+ +\(\n(?:    \.A\(.*\),\n)?    \.[AB]\({net}\)", "NOR"),
    "invert": (r"^  DFFPOSX1 \S+ +\(\n    \.CLK\(.*\),\n    \.D\((.*)\),\n    \.Q\({net}\)",
               r"~\1"),
}


def mutate(text: str, fault: str) -> str:
    """A netlist with one fault, to see it found. MODULE:nand:NET makes the first two-input NAND
    that NET goes to a NOR, MODULE:invert:NET inverts what the flip-flop of NET takes."""
    module, kind, net = fault.split(":")
    pattern, becomes = FAULTS[kind]
    body = re.search(rf"^module {module}\b.*?^endmodule$", text, re.M | re.S)
    pattern = pattern.replace("{net}", rf"\\?{re.escape(net)} ?")
    place = body and re.search(pattern, body[0], re.M)
    if not place:
        raise Failure(f"fault {fault}: no such gate")
    start, end = (body.start() + at for at in place.span(1))
    return text[:start] + place.expand(becomes) + text[end:]


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m synth.netlist", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("source", help="module to map; with --fault a netlist")
    add("out", type=pathlib.Path,
        help="netlist to write; the configuration is written beside it, as .vlt")
    add("--parameters", nargs="*", default=[], metavar="NAME=VALUE")
    add("--signals", nargs="*", default=[], help="Verilator configurations")
    add("--gone", nargs="*", default=[], metavar="MODULE.REGISTER",
        help="registers that may lose flip-flops")
    add("--fault", metavar="MODULE:nand|invert:NET", help="change one gate of a netlist")
    add("--liberty", default=OSU018)
    options = parser.parse_args()
    try:
        if options.fault:
            text = pathlib.Path(options.source).read_text()
            text_file.write(options.out, mutate(text, options.fault))
            return 0
        parameters = dict(p.split("=") for p in options.parameters)
        verilog, configuration = netlist(Library(options.liberty), options.source, parameters,
                                         Signals.read(options.signals), options.gone)
        text_file.write(options.out.with_suffix(".vlt"), configuration)
        text_file.write(options.out, verilog)
    except (OSError, Failure) as error:
        return f"netlist: {error}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
