# SPDX-License-Identifier: Apache-2.0
"""All configurations mapped, placed and packed side by side, and their report."""
import collections
import concurrent.futures
import statistics

from synth.fpga.config import DEVICES
from synth.fpga.mapped import synthesise
from synth.fpga.place import pack, place
from synth.yosys import Failure


def say(text):
    print(f"fpga: {text}", flush=True)


def row(config, result, routed, bitstream):
    """An entry of the report's configs."""
    device, found = DEVICES[config.device], result.resources
    share = {r: round(100.0 * found[r] / device[r], 1) for r in found}
    speeds = sorted(r.fmax_mhz for r in routed)
    return {
        "name": config.name, "family": config.family.title, "device": config.device,
        "engine": config.engine, "config": config.size, "parameters": config.parameters, **found,
        "spram": found.get("spram", 0), "share_pct": share,
        "fits": all(v <= 100 for v in share.values()), "rams": result.rams,
        "multipliers": result.multipliers,
        "fmax_mhz": round(statistics.median(speeds), 2) if speeds else None,
        "fmax_min_mhz": speeds[0] if speeds else None,
        "fmax_max_mhz": speeds[-1] if speeds else None,
        "clock_mhz": config.place.mhz if speeds else None,
        "seeds": [{"seed": r.seed, "fmax_mhz": r.fmax_mhz}
                  for r in sorted(routed, key=lambda r: r.seed)],
        "placed": routed[0].used if routed else None, "bitstream": bitstream,
        "cells": result.cells,
    }


class Run:
    """Results of configurations: `mapped` {name: Result}, `routed` {name: [Routed]}, names of those
    that `failed`."""

    def __init__(self, build):
        self.build = build
        self.mapped, self.routed, self.failed = {}, collections.defaultdict(list), set()

    def fail(self, config, error):
        self.failed.add(config.name)
        say(f"FAILED: {error}")

    def work(self, configs, jobs):
        """Maps and places, those to be placed first."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            waiting = {pool.submit(synthesise, c, self.build.kept): (c, self.took_mapped)
                       for c in sorted(configs, key=lambda c: c.place is None)}
            while waiting:
                for future in concurrent.futures.wait(
                        waiting, return_when=concurrent.futures.FIRST_COMPLETED).done:
                    config, take = waiting.pop(future)
                    try:
                        seeds = take(config, future.result())
                    except Failure as error:
                        self.fail(config, error)
                        continue
                    for seed in seeds:
                        placing = pool.submit(place, config, self.mapped[config.name], seed,
                                              self.build)
                        waiting[placing] = (config, self.took_routed)

    def took_mapped(self, config, result):
        """Keeps a result; the seeds to place it with."""
        self.mapped[config.name] = result
        shown = ", ".join(f"{v} {k.upper()}" for k, v in result.resources.items())
        say(f"{config.name}: {shown} ({'kept' if result.kept else f'{result.seconds:.0f} s'})")
        placer = config.place and self.build.program(config.place.tool)
        return range(1, config.place.seeds + 1) if placer else ()

    def took_routed(self, config, result):
        self.routed[config.name].append(result)
        say(f"{config.name}: seed {result.seed}: {result.fmax_mhz} MHz ({result.seconds:.0f} s)")
        return ()

    def row(self, config):
        """A configuration's entry in the report, its bitstream packed."""
        routed, bitstream = self.routed[config.name], None
        try:
            if routed:
                best, clock = max(routed, key=lambda r: r.fmax_mhz), config.place.mhz
                if best.fmax_mhz < clock:
                    raise Failure(f"{config.name}: {best.fmax_mhz} MHz at best, the board's clock "
                                  f"has {clock}")
                bitstream = pack(config, best, self.build)
        except Failure as error:
            self.fail(config, error)
        entry = row(config, self.mapped[config.name], routed, bitstream)
        if config.fits and not entry["fits"]:
            self.fail(config, f"{config.name} does not fit the {config.device}")
        return entry


def run(configs, jobs, build):
    """All configurations: (rows of the report, whether something failed)."""
    made = Run(build)
    made.work(configs, jobs)
    rows = [made.row(config) for config in configs if config.name in made.mapped]
    return rows, bool(made.failed)
