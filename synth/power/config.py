# SPDX-License-Identifier: Apache-2.0
"""Of which PEs power is measured, and the paper's figures."""
from synth.area.hierarchy import Variant

# By name; the parameters are those of eie_pe.
PES = {
    "full": Variant("eie_pe", {"N_PE": 64}),
    "small": Variant("eie_pe", {"N_PE": 4, "ENTRY_DEPTH": 256, "PTR_DEPTH": 64, "ACT_REGS": 8,
                                "ACT_RAM_DEPTH": 16, "QUEUE_DEPTH": 4, "ACC_WIDTH": 24}),
}
CLOCK_MHZ = 80.0
# Energy at 45 nm and 0.9 V of what takes 1 in 180 nm at 1.8 V, by constant-field scaling: a quarter
# of the capacitance, half of the voltage.
TO_45_NM = (45 / 180) * (0.9 / 1.8) ** 2
# EIE (Han 2016), Table II: a PE in 45 nm at 800 MHz, mW, by kind and by unit. What a unit takes
# includes its memories.
PAPER_MHZ = 800.0
PAPER_KINDS = {"clock": 1.874, "registers": 1.026, "combinational": 0.841, "memory": 5.416}
PAPER_UNITS = {"eie_act_queue": 0.112, "eie_ptr_read": 1.807, "eie_spmat_read": 4.955,
               "eie_arith": 1.162, "eie_act_rw": 1.122}
# Its layer of these sizes, Alex-7, takes 12.2 us (Table IV), by 600 mW as its figure 7 reckons; 64
# PEs do 102 G operations a second at 590 mW.
PAPER_LAYER = {"inputs": 4096, "outputs": 4096, "density": 0.09, "activations": 0.353}
PAPER_MICROJOULES = 12.2 * 0.6
PAPER_PJ_PER_OPERATION = 590 / 102
# Instances of a PE's units.
UNITS = {"u_act_queue": "eie_act_queue", "u_ptr_read": "eie_ptr_read",
         "u_compute.g_one.u_spmat_read": "eie_spmat_read", "u_compute.g_one.u_arith": "eie_arith",
         "u_act_rw": "eie_act_rw"}
# Parts of the estimate from counted accesses (sw/sparsys/layers/energy.cpp) by kind.
ESTIMATE_KINDS = {
    "entry memory": "memory", "pointer memory": "memory",
    "activation RAM, read and written": "memory",
    "activation queue, written and read": "registers",
    "accumulators, read and written": "registers",
    "activation registers, read and written": "registers",
    "multiplications": "combinational", "additions": "combinational", "clock network": "clock",
}
