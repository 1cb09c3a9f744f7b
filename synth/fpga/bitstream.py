# SPDX-License-Identifier: Apache-2.0
"""make bitstream: from an ONNX file to what a board needs: the bitstream of the sparse engine
behind a serial line, and the compressed network that `sparsys run --level board` sends to it.

    make bitstream MODEL=net.onnx BOARD=tangnano20k

A network that is compressed already (net.eie) is taken as it is. It must fit the board's engine.
The bitstream knows nothing of the network: it is kept in build/synth and serves the next one
too."""
import argparse
import dataclasses
import json
import pathlib
import shutil
import sys
import time

from synth import yosys
from synth.fpga import flow
from synth.fpga.config import CONFIGS, Config
from synth.fpga.place import Build
from synth.yosys import ROOT, Failure

# The board's configuration, and what loads its bitstream.
BOARDS = {
    "icebreaker": ("up5k-eie-1", "iceprog"),
    "ulx3s": ("ecp5-eie-4", "openFPGALoader -b ulx3s"),
    "tangnano20k": ("gw2a-eie-1", "openFPGALoader -b tangnano20k"),
}
# Parameters of the engine as options of the program.
OPTIONS = {"N_PE": "pe", "ENTRY_DEPTH": "entries", "PTR_DEPTH": "pointers",
           "ACT_REGS": "registers", "ACT_RAM_DEPTH": "activation-ram", "QUEUE_DEPTH": "queue",
           "CODEBOOKS": "codebooks", "LIST_DEPTH": "list"}


def config_of(board: str) -> Config:
    return next(c for c in CONFIGS if c.name == BOARDS[board][0])


class Program:
    """The program `sparsys`."""

    def __init__(self, path: pathlib.Path):
        self.path = path

    def run(self, *arguments) -> str:
        """What it prints; it raises a Failure with the program's own line."""
        done = yosys.execute([self.path, *arguments])
        if done.returncode != 0:
            raise Failure(yosys.last_line(done.stdout).removeprefix("sparsys: error: "))
        return done.stdout

    def check_fits(self, network: pathlib.Path, config: Config) -> None:
        size = [word for name, option in OPTIONS.items()
                for word in (f"--{option}", config.parameters[name])]
        engine = json.loads(self.run("inspect", network, *size, "--json", "-"))["engine"]
        if not engine["fits"]:
            raise Failure(f"{network}: does not fit the {config.device}, {config.size}: "
                          f"{engine['error']}")


def compressed(model: pathlib.Path, folder: pathlib.Path, data: str | None,
               program: Program) -> pathlib.Path:
    """The network in a file for the sparse engine, made of an ONNX file or a float model."""
    if model.suffix not in (".onnx", ".model"):
        return model
    floats, target = folder / f"{model.stem}.model", folder / f"{model.stem}.eie"
    folder.mkdir(parents=True, exist_ok=True)
    if model.suffix == ".onnx":
        program.run("import", model, "--out", floats)
    else:
        floats = model
    # Without data the weights are pruned and shared in one shot.
    program.run("compress", "--target", "eie", "--model", floats, "--out", target,
                *(["--data", data] if data else ["--no-data"]))
    return target


def make(options: argparse.Namespace) -> int:
    if not options.model:
        raise Failure("expected MODEL=net.onnx")
    model = pathlib.Path(options.model)
    if not model.is_file():
        raise Failure(f"MODEL={model}: no such file")
    if options.board not in BOARDS:
        raise Failure(f"BOARD={options.board}: expected one of {', '.join(BOARDS)}")
    build, config = Build(options.build.resolve()), config_of(options.board)
    config = dataclasses.replace(
        config, place=dataclasses.replace(config.place, seeds=options.seeds))
    if config.family.pyosys and not build.pyosys or not build.program(config.place.tool):
        raise Failure(f"BOARD={options.board} needs {config.place.tool}: make fpga-setup")
    started = time.monotonic()
    folder = build.folder / "boards" / options.board
    network = compressed(model, folder, options.data, Program(options.program))
    Program(options.program).check_fits(network, config)
    flow.say(f"{network}: fits the {config.device}, {config.size} "
             f"({time.monotonic() - started:.0f} s)")
    build.kept.mkdir(parents=True, exist_ok=True)
    entry, failed = flow.make(config, build)
    if failed or not entry["bitstream"]:
        raise Failure(f"{config.name}: no bitstream")
    made = folder / pathlib.Path(entry["bitstream"]).name
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(entry["bitstream"], made)
    print(f"\nbitstream  {made}, {entry['fmax_max_mhz']} MHz by nextpnr's model, "
          f"runs at {config.place.mhz}\n"
          f"network    {network}\n"
          f"made in    {time.monotonic() - started:.0f} s\n"
          f"load       {BOARDS[options.board][1]} {made}\n"
          f"run        {options.program} run {network} --level board --port /dev/ttyUSB1")
    return 0


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m synth.fpga.bitstream", description=__doc__)
    add = parser.add_argument
    add("model", nargs="?", help="ONNX file, or a network that sparsys compress has written")
    add("--board", default="tangnano20k", help=", ".join(BOARDS))
    add("--data", help="data set for pruning with retraining, as of sparsys compress")
    add("--seeds", type=int, default=1, help="placements, the fastest of which counts")
    add("--build", type=pathlib.Path, default=ROOT / "build", help="build folder")
    add("--program", type=pathlib.Path, default=ROOT / "build/bin/sparsys", help="sparsys")
    try:
        return make(parser.parse_args())
    except Failure as error:
        return f"bitstream: {error}"


if __name__ == "__main__":
    sys.exit(main())
