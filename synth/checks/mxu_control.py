# SPDX-License-Identifier: Apache-2.0
"""Proofs of the matrix unit's control on small units: harnesses of tb/formal, which say what must
hold with any program, memory and host; Yosys makes a circuit of each and of the RTL, ABC proves it.

  weights  weight fetch and the buses' FIFOs, by property-directed reachability, for runs of any
           length and any stream: no beat is taken that was not asked for, none that was is held
           back, no word comes to a FIFO that is full, a request stays
  broken   the same with faults in the RTL, each of which must be found
  control  sequencer, queues, weight fetch and weights with units that work for any time never
           stand still before a program's end: bounded, in the first cycles behind a reset only;
           and a wait that never ends must be found
"""
import argparse
import dataclasses
import pathlib
import re
import sys

from synth import yosys
from synth.yosys import ROOT, Failure

FORMAL = "tb/formal"


@dataclasses.dataclass(frozen=True)
class Proof:
    """A harness, the parameters it is proven for and the RTL in it, of rtl/mxu and of
    rtl/common."""
    top: str
    files: tuple[str, ...]
    parameters: tuple[dict[str, int], ...]
    common: tuple[str, ...] = ()

    def rtl(self) -> list[str]:
        return [f"rtl/mxu/{f}.v" for f in self.files] + [f"rtl/common/{f}.v" for f in self.common]


WEIGHTS = Proof(
    "mxu_weight_room", tuple(f"weights/mxu_weight{f}" for f in (
        "_fetch", "_arrival", "_lane", "_reader", "_bus", "s")),
    ({"ROWS": 2}, {"ROWS": 1}), ("adder", "adder_block", "find_first", "increment", "or_scan"))
CONTROL = Proof(
    "mxu_control",
    ("mxu_sequencer", "mxu_flaw", "mxu_first_error", "mxu_op_queue", *WEIGHTS.files),
    ({"ROWS": 1, "COLS": 1},), WEIGHTS.common)
CYCLES = 12
# Faults: file, text, in its place.
BROKEN = (
    ("weights/mxu_weight_arrival", "w_ready_o      = owed_q != {LEVEL_W{1'b0}}",
     "w_ready_o = 1'b1"),
    ("weights/mxu_weights", "room_q    <= fit == {BUSES{1'b1}}", "room_q <= 1'b1"),
    ("weights/mxu_weight_bus", "FIFO_WORDS - 16", "FIFO_WORDS - 15"),
    ("weights/mxu_weight_fetch", "hold_q <= 2'd2", "hold_q <= 2'd1"),
    ("weights/mxu_weight_fetch", ": stop_i && !wm_valid_o", ": stop_i"),
)
BROKEN_CONTROL = (("mxu_op_queue", "done_i[u] && left != {W{1'b0}}", "1'b0"),)


def script(proof: Proof, parameters: dict[str, int], rtl: list[str], out: pathlib.Path) -> str:
    sets = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    return "\n".join((
        f"read_verilog -formal {FORMAL}/stubs.v {FORMAL}/{proof.top}.v {' '.join(rtl)}",
        f"hierarchy -check -top {proof.top} {sets}",
        "proc; flatten; opt -full; memory_map; dffunmap; techmap; opt -fast; dffunmap; simplemap",
        f"setundef -anyseq; aigmap; opt_clean; write_aiger -zinit {out}"))


def proven(proof: Proof, parameters: dict[str, int], rtl: list[str], cycles: int = 0) -> bool:
    """For so many cycles, 0: any number. Raises a Failure where ABC finds neither a proof nor a run
    against it."""
    engine = f"bmc3 -F {cycles} -T 200" if cycles else "pdr -T 200"
    yosys.need("yosys-abc")
    with yosys.work_folder() as folder:
        circuit = folder / "circuit.aig"
        yosys.run(script(proof, parameters, rtl, circuit), proof.top)
        text = yosys.execute(["yosys-abc", "-c", f"read_aiger {circuit}; fold; {engine}"],
                             cwd=folder).stdout
    if "Property proved" in text or (cycles and f"asserted in {cycles} frames" in text):
        return True
    if re.search(r"was asserted in frame", text):
        return False
    raise Failure(f"{proof.top}: {yosys.last_line(text)}")


def name_of(parameters: dict[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in parameters.items())


def prove(proof: Proof, cycles: int = 0) -> bool:
    good = True
    for parameters in proof.parameters:
        holds = proven(proof, parameters, proof.rtl(), cycles)
        length = f"{cycles} cycles" if cycles else "runs of any length"
        print(f"{'proven' if holds else 'FAILED'} for {length}: {proof.top}, {name_of(parameters)}",
              flush=True)
        good = good and holds
    return good


def find_faults(proof: Proof, faults: tuple, cycles: int = 0) -> bool:
    good = True
    for module, text, replacement in faults:
        source = (ROOT / f"rtl/mxu/{module}.v").read_text()
        if source.count(text) != 1:
            raise Failure(f"{module}.v: not exactly once: {text}")
        with yosys.work_folder() as folder:
            changed = folder / pathlib.Path(f"{module}.v").name
            changed.write_text(source.replace(text, replacement))
            rtl = [str(changed) if f == f"rtl/mxu/{module}.v" else f for f in proof.rtl()]
            found = not proven(proof, proof.parameters[0], rtl, cycles)
        print(f"{'found' if found else 'NOT FOUND'}: {module}.v with {replacement}", flush=True)
        good = good and found
    return good


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.checks.mxu_control",
                                     description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["weights", "broken", "control"])
    try:
        what = parser.parse_args().what
        if what == "weights":
            good = prove(WEIGHTS)
        elif what == "broken":
            good = find_faults(WEIGHTS, BROKEN)
        else:
            good = prove(CONTROL, CYCLES) and find_faults(CONTROL, BROKEN_CONTROL, CYCLES)
        return 0 if good else 1
    except Failure as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
