# SPDX-License-Identifier: Apache-2.0
"""Proofs of small pieces of RTL: a harness of tb/formal says what must hold, Yosys makes a circuit
of it and of the RTL, ABC proves it by property-directed reachability for runs of any length, or
bounded. Faults put into the RTL must be found."""
import dataclasses
import pathlib
import re

from synth import yosys
from synth.yosys import ROOT, Failure

FORMAL = "tb/formal"


@dataclasses.dataclass(frozen=True)
class Proof:
    """A harness, the RTL in it (paths without .v from rtl/), the parameters it is proven for, and a
    file of tb/formal with what stands in the place of RTL, if any."""
    top: str
    rtl: tuple[str, ...]
    parameters: tuple[dict[str, int], ...]
    stubs: str = ""

    def files(self) -> list[str]:
        return [f"rtl/{f}.v" for f in self.rtl]


def script(proof: Proof, parameters: dict[str, int], rtl: list[str], out: pathlib.Path) -> str:
    stubs = f"{FORMAL}/{proof.stubs}.v" if proof.stubs else ""
    sets = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
    return "\n".join((
        f"read_verilog -formal -Irtl/top {stubs} {FORMAL}/{proof.top}.v {' '.join(rtl)}",
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
        holds = proven(proof, parameters, proof.files(), cycles)
        length = f"{cycles} cycles" if cycles else "runs of any length"
        print(f"{'proven' if holds else 'FAILED'} for {length}: {proof.top}, {name_of(parameters)}",
              flush=True)
        good = good and holds
    return good


def find_faults(proof: Proof, faults: tuple, cycles: int = 0) -> bool:
    good = True
    for module, text, replacement in faults:
        source = (ROOT / f"rtl/{module}.v").read_text()
        if source.count(text) != 1:
            raise Failure(f"{module}.v: not exactly once: {text}")
        with yosys.work_folder() as folder:
            changed = folder / pathlib.Path(f"{module}.v").name
            changed.write_text(source.replace(text, replacement))
            rtl = [str(changed) if f == f"rtl/{module}.v" else f for f in proof.files()]
            found = not proven(proof, proof.parameters[0], rtl, cycles)
        print(f"{'found' if found else 'NOT FOUND'}: {module}.v with {replacement}", flush=True)
        good = good and found
    return good
