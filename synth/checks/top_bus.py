# SPDX-License-Identifier: Apache-2.0
"""Proofs of the accelerator's buses on small masters: harnesses of tb/formal, which say what must
hold with any unit, memory and host that keep AXI's rules.

  read    the AXI4 read master: addresses, pages, credits, beats; bounded, behind a reset only
  write   the AXI4 write master: addresses, pages, data in their order, responses; bounded, too
  slave   the AXI4-Lite slave: each request is answered once; for runs of any length
  broken  the same with faults in the RTL, each of which must be found
"""
import argparse
import sys

from synth.checks.proof import Proof, find_faults, prove
from synth.yosys import Failure

COMMON = tuple(f"common/{f}" for f in ("adder", "adder_block", "fifo", "find_first", "or_reduce",
                                       "ram_1r1w"))
SHARED = ("top/bus/top_round_robin", "top/bus/top_burst")
READ = Proof("top_read_bus", ("top/bus/axi_read", "top/bus/top_read_stream", *SHARED, *COMMON),
             ({"STREAMS": 2},))
WRITE = Proof("top_write_bus", ("top/bus/axi_write", "top/bus/top_write_stream", *SHARED, *COMMON),
              ({"STREAMS": 2},))
SLAVE = Proof("top_slave", ("top/bus/top_registers",), ({},))
CYCLES = 16
# Faults: file, text, in its place.
BROKEN = (
    (READ, (
        ("top/bus/axi_read", "take = any && !ar_valid_q && !stop_i", "take = any && !stop_i"),
        ("top/bus/axi_read", "take = any && !ar_valid_q && !stop_i", "take = any && !ar_valid_q"),
        ("top/bus/top_read_stream", "|| data_ready_i);", "|| 1'b1);"),
        ("top/bus/top_read_stream", "credit_q + claimed + (read", "credit_q + (read"),
        ("top/bus/top_burst", "last_o ? left_less[BB-1:0] : to_end",
         "last_o ? left_less[BB-1:0] : {BB{1'b1}}"),
    )),
    (WRITE, (
        ("top/bus/axi_write", "(!w_valid_q || m_wready_i);", "1'b1;"),
        ("top/bus/axi_write", "stop_i ? {AXI_BYTES{1'b0}} :", "clear_i ? {AXI_BYTES{1'b0}} :"),
        ("top/bus/axi_write", "wire last = count_q == order_len;", "wire last = count_q >= 0;"),
        ("top/bus/top_write_stream", "filled && !owed_full", "filled"),
    )),
    (SLAVE, (
        ("top/bus/top_registers", "if (do_q) b_valid_q <= 1'b1;", "if (check) b_valid_q <= 1'b1;"),
        ("top/bus/top_registers", "w_full_q && named", "named"),
    )),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m synth.checks.top_bus", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["read", "write", "slave", "broken"])
    try:
        what = parser.parse_args().what
        if what == "broken":
            found = [find_faults(proof, faults, CYCLES) for proof, faults in BROKEN]
            return 0 if all(found) else 1
        if what == "slave":
            return 0 if prove(SLAVE) else 1
        return 0 if prove(READ if what == "read" else WRITE, CYCLES) else 1
    except Failure as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
