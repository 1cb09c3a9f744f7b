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
import sys

from synth.checks.proof import Proof, find_faults, prove
from synth.yosys import Failure

COMMON = tuple(f"common/{f}" for f in (
    "adder", "adder_block", "find_first", "increment", "or_scan"))
WEIGHTS = Proof(
    "mxu_weight_room", tuple(f"mxu/weights/mxu_weight{f}" for f in (
        "_fetch", "_arrival", "_lane", "_reader", "_bus", "s")) + COMMON,
    ({"ROWS": 2}, {"ROWS": 1}), "stubs")
CONTROL = Proof(
    "mxu_control",
    ("mxu/mxu_sequencer", "mxu/mxu_flaw", "mxu/mxu_first_error", "mxu/mxu_op_queue", *WEIGHTS.rtl),
    ({"ROWS": 1, "COLS": 1},), "stubs")
CYCLES = 12
# Faults: file, text, in its place.
BROKEN = (
    ("mxu/weights/mxu_weight_arrival", "w_ready_o      = owed_q != {LEVEL_W{1'b0}}",
     "w_ready_o = 1'b1"),
    ("mxu/weights/mxu_weights", "room_q    <= fit == {BUSES{1'b1}}", "room_q <= 1'b1"),
    ("mxu/weights/mxu_weight_bus", "FIFO_WORDS - 16", "FIFO_WORDS - 15"),
    ("mxu/weights/mxu_weight_fetch", "hold_q <= 2'd2", "hold_q <= 2'd1"),
    ("mxu/weights/mxu_weight_fetch", ": stop_i && !wm_valid_o", ": stop_i"),
)
BROKEN_CONTROL = (("mxu/mxu_op_queue", "done_i[u] && left != {W{1'b0}}", "1'b0"),)


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
