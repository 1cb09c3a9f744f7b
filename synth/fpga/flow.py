# SPDX-License-Identifier: Apache-2.0
"""All configurations mapped, placed and packed side by side, and their report."""
import concurrent.futures
import statistics

from synth.fpga.config import DEVICES, Config
from synth.fpga.mapped import Result, synthesise
from synth.fpga.place import Build, Routed, pack, place
from synth.yosys import Failure


def say(text: str) -> None:
    print(f"fpga: {text}", flush=True)


def row(config: Config, result: Result, routed: list[Routed], bitstream: str | None) -> dict:
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
        "seeds": [{"seed": r.seed, "fmax_mhz": r.fmax_mhz} for r in routed],
        "placed": routed[0].used if routed else None, "bitstream": bitstream,
        "cells": result.cells,
    }


def bitstream_of(config: Config, routed: list[Routed], build: Build) -> str | None:
    """Packs the fastest of the placed ones, which must reach the board's clock."""
    best = max(routed, key=lambda r: r.fmax_mhz)
    if best.fmax_mhz < config.place.mhz:
        raise Failure(f"{config.name}: {best.fmax_mhz} MHz at best, the board's clock has "
                      f"{config.place.mhz}")
    return pack(config, best, build)


def make(config: Config, build: Build) -> tuple[dict | None, bool]:
    """Maps, places with each seed and packs a configuration: its row in the report, None if it
    could not be mapped, and whether something failed."""
    failed = []

    def attempt(function, *arguments):
        try:
            return function(*arguments)
        except Failure as error:
            failed.append(error)
            say(f"FAILED: {error}")
            return None

    result = attempt(synthesise, config, build.kept, build.pyosys)
    if not result:
        return None, True
    shown = ", ".join(f"{v} {k.upper()}" for k, v in result.resources.items())
    say(f"{config.name}: {shown} ({'kept' if result.kept else f'{result.seconds:.0f} s'})")
    routed = []
    if config.place and build.program(config.place.tool):
        for seed in range(1, config.place.seeds + 1):
            one = attempt(place, config, result, seed, build)
            if one:
                routed.append(one)
                say(f"{config.name}: seed {seed}: {one.fmax_mhz} MHz ({one.seconds:.0f} s)")
    bitstream = attempt(bitstream_of, config, routed, build) if routed else None
    entry = row(config, result, routed, bitstream)
    if config.fits and not entry["fits"]:
        say(f"FAILED: {config.name} does not fit the {config.device}")
        failed.append(config)
    return entry, bool(failed)


def run(configs: list[Config], jobs: int, build: Build) -> tuple[list[dict], bool]:
    """All configurations, those to be placed first: (rows of the report, whether something
    failed)."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {c.name: pool.submit(make, c, build)
                   for c in sorted(configs, key=lambda c: c.place is None)}
        made = [futures[c.name].result() for c in configs]
    return [entry for entry, _ in made if entry], any(failed for _, failed in made)
