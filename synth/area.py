#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Standard-cell area and timing of both engines: every distinct module mapped once by Yosys, the longest path of
each by OpenSTA, totals over the whole hierarchy (docs/method/area.md).

  report    the figures as a table and a JSON file, the limits judged; 2 if one does not hold
  check     the same figures against the accepted ones; fails if a block grew or slowed
  accept    writes the figures of the full and the small configuration to the file of accepted ones
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import sys

import hierarchy
import mapping
import rams
import timing
import yosys
from yosys import ROOT, Failure

sys.path.insert(0, str(ROOT / "scripts"))
import report  # noqa: E402

BASELINE = ROOT / "synth/baseline.json"
GREW_PCT, SLOWED_PCT = 2.0, 5.0
# Parameters that differ from the modules' own. Tiles of 16 x 16 cells hold what tiles of 32 x 32 do and are read in
# a fraction of the time.
CONFIGS = {
    "full": {"eie": {"N_PE": 64}, "mxu": {"ROWS": 256, "COLS": 256, "TILE_ROWS": 16, "TILE_COLS": 16}},
    "small": {
        "eie": {"N_PE": 4, "ENTRY_DEPTH": 256, "PTR_DEPTH": 64, "ACT_REGS": 8, "ACT_RAM_DEPTH": 16,
                "QUEUE_DEPTH": 4, "CODEBOOKS": 2, "LIST_DEPTH": 4},
        "mxu": {"ROWS": 4, "COLS": 4, "TILE_ROWS": 4, "TILE_COLS": 4, "FIFO_TILES": 2, "UB_DEPTH": 64,
                "ACC_DEPTH": 32, "PARAM_SETS": 4, "QUEUE_DEPTH": 4},
    },
}
# What the charts by parameter show: title, engine, parameters of each bar.
SWEEPS = {
    "full": [
        ("processing elements", "eie", [("4", {"N_PE": 4}), ("16", {"N_PE": 16}), ("64", {"N_PE": 64})]),
        ("accumulator bits", "eie_pe", [("24", {"N_PE": 64, "ACC_WIDTH": 24}), ("32", {"N_PE": 64}),
                                        ("48", {"N_PE": 64, "ACC_WIDTH": 48})]),
    ],
    "small": [],
}
MOST_PE_GE, MOST_CONTROL_PCT, MOST_CELL_GE = 40000, 2.0, 1200
# EIE (Han 2016), table II: um2 of a PE in TSMC 45 nm, and our units of the same work.
TABLE_2 = [
    ("act queue", 758, ("eie_act_queue",)),
    ("pointer read", 121849, ("eie_ptr_read",)),
    ("sparse-matrix read", 469412, ("eie_spmat_read",)),
    ("arithmetic", 3110, ("eie_arith",)),
    ("activation read/write", 18934, ("eie_act_rw",)),
]
TABLE_2_TOTAL, TABLE_2_MEMORY, TABLE_2_FILLER = 638024, 594786, 23961
# A two-input NAND (NAND2_X1) of the NanGate 45 nm Open Cell Library, um2: TSMC's own is not published.
NAND2_45_UM2 = 0.798


class Design:
    """A configuration mapped and timed: `mapped` {name: Mapped} of all modules, `tops` {engine: name}."""

    def __init__(self, config, library, technology, work, jobs, progress, files=None):
        self.config, self.library, self.technology = config, library, technology
        self.mapper = hierarchy.Mapper(hierarchy.Sources(files), library, work, set(rams.KINDS))
        self.timer = timing.Timer(self.mapper, technology)
        self.tops = {e: hierarchy.mangled(e, p) for e, p in CONFIGS[config].items()}
        wanted = list(CONFIGS[config].items())
        wanted += [(e, p) for _, e, bars in SWEEPS[config] for _, p in bars if (e, p) not in wanted]
        # The largest first: the matrix unit's tiles decide how long it takes.
        self.mapped = self.mapper.map_all(sorted(wanted, key=lambda w: w[0] != "mxu"), jobs, progress)
        self.paths = self.time_all(jobs, progress)

    def time_all(self, jobs, progress):
        names = {n for top in self.tops.values() for n in hierarchy.below(self.mapped, top, rams.KINDS)[0]}
        names = sorted(names, key=lambda n: (-self.cells(n), n))

        def time_one(name):
            found, is_new = self.timer.path(self.mapped, name)
            if is_new:
                module = self.mapped[name]
                progress(f"timed {hierarchy.shown(module.module, module.parameters)}: "
                         + (f"{found['ns']:.2f} ns" if found else "no path"))
            return found

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            return dict(zip(names, pool.map(time_one, names)))

    def um2(self, name):
        """Area of a module's own cells."""
        return sum(n * self.library.area[c] for c, n in self.mapped[name].cells.items())

    def cells(self, name, whole=False):
        if not whole:
            return sum(self.mapped[name].cells.values())
        return sum(n * self.cells(m) for m, n in hierarchy.below(self.mapped, name, rams.KINDS)[0].items())

    def whole_um2(self, name):
        """Area of a module with all below it: {"logic", "register_files", "rams"}; register files are not in logic."""
        counts, boxes = hierarchy.below(self.mapped, name, rams.KINDS)
        areas = {"logic": 0.0, "register_files": 0.0, "rams": 0.0}
        for module, number in counts.items():
            kind = "register_files" if self.mapped[module].module == "regfile_1r1w" else "logic"
            areas[kind] += number * self.um2(module)
        for box, number in boxes.items():
            areas["rams"] += number * rams.area(self.technology, *self.box(box))
        return areas

    def box(self, name):
        """Module and parameters of a black box."""
        for mapped in self.mapped.values():
            if name in mapped.children:
                return mapped.children[name][0], mapped.children[name][1]
        raise KeyError(name)

    def ge(self, um2):
        return um2 / self.library.nand2_area

    def find(self, module, engine=None):
        """Names of all variants of a module below an engine."""
        top = self.tops[engine] if engine else None
        names = hierarchy.below(self.mapped, top, rams.KINDS)[0] if top else self.mapped
        return [n for n in names if self.mapped[n].module == module]

    def labels(self, names):
        """Short names of modules: with just those parameters that tell them from others of the same module."""
        out = {}
        by_module = {}
        for name in names:
            module, parameters = (self.mapped[name].module, self.mapped[name].parameters) if name in self.mapped \
                else self.box(name)
            by_module.setdefault(module, []).append((name, parameters))
        for module, variants in by_module.items():
            keys = sorted({k for _, p in variants for k in p})
            telling = [k for k in keys if len({p.get(k) for _, p in variants}) > 1]
            for name, parameters in variants:
                out[name] = hierarchy.shown(module, {k: parameters[k] for k in telling if k in parameters})
        return out


def path_of(path):
    if not path:
        return None
    return {k: path[k] for k in ("start", "end", "ram", "cut", "cells")}


def blocks(design):
    """Rows of area.json: own figures of a module without what it instantiates, and `whole` with all below."""
    out = []
    for engine, top in design.tops.items():
        counts, _ = hierarchy.below(design.mapped, top, rams.KINDS)
        labels = design.labels(counts)
        for name, number in counts.items():
            mapped, path = design.mapped[name], design.paths[name]
            whole = design.whole_um2(name)
            out.append({
                "name": labels[name], "engine": engine, "module": mapped.module, "parameters": mapped.parameters,
                "instances": number, "cells": design.cells(name), "area_um2": round(design.um2(name), 3),
                "gate_equivalents": round(design.ge(design.um2(name)), 1),
                "flip_flops": sum(n for c, n in mapped.cells.items() if c in design.library.flip_flops),
                "critical_path_ns": path["ns"] if path else None,
                "clock_mhz": round(1000 / path["ns"], 1) if path and path["ns"] > 0 else None,
                "path": path_of(path),
                "whole": {"cells": design.cells(name, True), "logic_um2": round(whole["logic"], 3),
                          "register_files_um2": round(whole["register_files"], 3),
                          "rams_um2": round(whole["rams"], 3),
                          "gate_equivalents": round(design.ge(whole["logic"] + whole["register_files"]), 1)},
            })
    return out


def tree(design, name, labels, places=1):
    """The hierarchy for the treemap: equal children together, um2 of all instances."""
    module = design.mapped[name]
    children = []
    for child, (kind, parameters, number) in sorted(module.children.items()):
        if kind in rams.KINDS:
            children.append({"name": labels[child], "instances": places * number, "kind": "ram",
                             "um2": round(places * number * rams.area(design.technology, kind, parameters), 1)})
        else:
            children.append(tree(design, child, labels, places * number))
    kind = "register file" if module.module == "regfile_1r1w" else "logic"
    return {"name": labels[name], "instances": places, "kind": kind, "um2": round(places * design.um2(name), 1),
            "children": children}


def engines(design):
    out = {}
    for engine, top in design.tops.items():
        counts, boxes = hierarchy.below(design.mapped, top, rams.KINDS)
        labels = design.labels(list(counts) + list(boxes))
        whole = design.whole_um2(top)
        bits = sum(n * rams.bits(design.box(b)[1]) for b, n in boxes.items())
        out[engine] = {
            "parameters": CONFIGS[design.config][engine], "cells": design.cells(top, True),
            "logic_um2": round(whole["logic"], 1), "register_files_um2": round(whole["register_files"], 1),
            "rams_um2": round(whole["rams"], 1), "ram_bits": bits,
            "gate_equivalents": round(design.ge(whole["logic"] + whole["register_files"]), 1),
            "rams": [{"name": labels[b], "instances": n, "bits": rams.bits(design.box(b)[1]),
                      "um2": round(rams.area(design.technology, *design.box(b)), 1)} for b, n in sorted(boxes.items())],
            "tree": tree(design, top, labels),
        }
    return out


def limits(design):
    """What the design must hold at full size, and where it stands."""
    if design.config != "full":
        return []
    pe = design.find("eie_pe", "eie")[0]
    n_pe = CONFIGS[design.config]["eie"]["N_PE"]
    areas = design.whole_um2(pe)
    # Memories are the wrappers of rtl/common, register files among them; as flip-flops they are told beside it.
    pe_ge = design.ge(areas["logic"])
    with_files = design.ge(areas["logic"] + areas["register_files"])
    control = sum(design.whole_um2(design.find(m, "eie")[0])["logic"] for m in ("eie_lnzd", "eie_ccu"))
    share = 100 * control / (n_pe * areas["logic"])
    cells = CONFIGS[design.config]["mxu"]["ROWS"] * CONFIGS[design.config]["mxu"]["COLS"]
    array = design.whole_um2(design.find("mxu_array", "mxu")[0])["logic"]
    tiles = [(design.ge(design.um2(t)) / (design.mapped[t].parameters["TILE_ROWS"]
                                          * design.mapped[t].parameters["TILE_COLS"]))
             for t in design.find("mxu_tile", "mxu")]
    return [
        {"name": "processing element", "value": round(pe_ge), "limit": MOST_PE_GE, "unit": "gate equivalents",
         "holds": pe_ge <= MOST_PE_GE,
         "text": f"logic of a PE without its memories; with its register files as flip-flops {with_files:,.0f}, which is "
                 f"{'within' if with_files <= MOST_PE_GE else 'above'} the limit"},
        {"name": "detection tree and central control", "value": round(share, 2), "limit": MOST_CONTROL_PCT,
         "unit": "% of the array", "holds": share <= MOST_CONTROL_PCT,
         "text": f"{design.ge(control):,.0f} gate equivalents beside {n_pe} PEs, without register files and RAMs"},
        {"name": "matrix cell", "value": round(max(tiles)), "limit": MOST_CELL_GE, "unit": "gate equivalents",
         "holds": max(tiles) <= MOST_CELL_GE,
         "text": f"mean cell of the largest tile; {design.ge(array) / cells:,.0f} over the whole array"},
    ]


def table_2(design):
    """EIE's table II beside ours: um2 at 45 nm by gate equivalents, RAMs by the paper's own density."""
    rows = []
    for name, paper, modules in TABLE_2:
        found = [design.find(m, "eie")[0] for m in modules]
        areas = [design.whole_um2(f) for f in found]
        ge = design.ge(sum(a["logic"] + a["register_files"] for a in areas))
        files = design.ge(sum(a["register_files"] for a in areas))
        bits = sum(n * rams.bits(design.box(b)[1]) for f in found
                   for b, n in hierarchy.below(design.mapped, f, rams.KINDS)[1].items())
        rows.append({"unit": name, "paper_um2": paper, "gate_equivalents": round(ge), "register_files_ge": round(files),
                     "um2_at_45nm": round(ge * NAND2_45_UM2), "ram_bits": bits,
                     "ram_um2_at_45nm": round(bits * rams.EIE_UM2_PER_BIT)})
    pe = design.whole_um2(design.find("eie_pe", "eie")[0])
    ge = design.ge(pe["logic"] + pe["register_files"])
    bits = sum(r["ram_bits"] for r in rows)
    whole = ge * NAND2_45_UM2 + bits * rams.EIE_UM2_PER_BIT
    top = design.whole_um2(design.tops["eie"])
    n_pe = CONFIGS[design.config]["eie"]["N_PE"]
    rest = design.ge(top["logic"] + top["register_files"]) - n_pe * ge
    return {
        "rows": rows, "nand2_45nm_um2": NAND2_45_UM2, "ram_um2_per_bit": round(rams.EIE_UM2_PER_BIT, 4),
        "pe": {"paper_um2": TABLE_2_TOTAL, "paper_memory_um2": TABLE_2_MEMORY, "paper_filler_um2": TABLE_2_FILLER,
               "paper_logic_um2": TABLE_2_TOTAL - TABLE_2_MEMORY - TABLE_2_FILLER,
               "gate_equivalents": round(ge), "um2_at_45nm": round(ge * NAND2_45_UM2),
               "with_paper_rams_um2": round(ge * NAND2_45_UM2 + TABLE_2_MEMORY), "with_our_rams_um2": round(whole)},
        "engine": {"paper_mm2": 40.8, "n_pe": n_pe,
                   "with_paper_rams_mm2": round((n_pe * (ge * NAND2_45_UM2 + TABLE_2_MEMORY)
                                                 + rest * NAND2_45_UM2) / 1e6, 2)},
    }


def sweeps(design):
    out = []
    for title, _, bars in SWEEPS[design.config]:
        values = []
        for name, parameters in bars:
            areas = design.whole_um2(hierarchy.mangled(_, parameters))
            values.append({"name": name, "parameters": parameters,
                           "logic_ge": round(design.ge(areas["logic"])),
                           "register_files_ge": round(design.ge(areas["register_files"])),
                           "rams_um2": round(areas["rams"])})
        out.append({"title": title, "module": _, "bars": values})
    return out


def figures(design):
    """All of area.json."""
    rows = blocks(design)
    by_engine = engines(design)
    total = {k: round(sum(e[k] for e in by_engine.values()), 1)
             for k in ("cells", "logic_um2", "register_files_um2", "rams_um2", "ram_bits", "gate_equivalents")}
    total["area_um2"] = round(total["logic_um2"] + total["register_files_um2"], 1)
    library = design.library
    return {
        "library": library.name, "library_file": library.path.name, "config": design.config,
        "nand2": {"cell": library.nand2, "um2": library.nand2_area},
        "tools": {"yosys": yosys.version("yosys"), "sta": yosys.version("sta", "-version")},
        "wire_load": timing.wire_load(library),
        "ram_model": {"technology": design.technology.name, "um2_per_bit": design.technology.um2_per_bit,
                      "access_ns": design.technology.access_ns, "source": design.technology.source},
        "blocks": rows, "engines": by_engine, "totals": total, "limits": limits(design), "table2": table_2(design),
        "sweeps": sweeps(design),
    }


# ---- the gate ----


def accepted_of(data):
    """What of a report goes into the file of accepted figures."""
    return {"library": data["library"], "yosys": data["tools"]["yosys"], "sta": data["tools"]["sta"],
            "blocks": {f"{b['engine']}: {b['name']}": {"um2": b["area_um2"], "ns": b["critical_path_ns"]}
                       for b in data["blocks"]}}


def compare(accepted, now):
    """Differences between accepted and present figures: (failures, remarks), lines for people."""
    failures, remarks = [], []
    for name, was in accepted["blocks"].items():
        block = now["blocks"].get(name)
        if block is None:
            remarks.append(f"{name}: is no more")
            continue
        if was["um2"] == 0 and block["um2"] > 0:
            failures.append(f"{name}: grew from nothing to {block['um2']:,.0f} um2")
        elif was["um2"] > 0:
            grew = 100 * (block["um2"] / was["um2"] - 1)
            if grew > GREW_PCT:
                failures.append(f"{name}: grew by {grew:.1f} %, from {was['um2']:,.0f} to {block['um2']:,.0f} um2 "
                                f"(allowed: {GREW_PCT:g} %)")
            elif grew < -GREW_PCT:
                remarks.append(f"{name}: is {-grew:.1f} % smaller")
        if was["ns"] is None and block["ns"] is not None:
            failures.append(f"{name}: has a path of {block['ns']:.2f} ns now and had none")
        elif was["ns"] and block["ns"] is not None:
            slowed = 100 * (block["ns"] / was["ns"] - 1)
            if slowed > SLOWED_PCT:
                failures.append(f"{name}: slowed by {slowed:.1f} %, from {was['ns']:.2f} to {block['ns']:.2f} ns "
                                f"(allowed: {SLOWED_PCT:g} %)")
            elif slowed < -SLOWED_PCT:
                remarks.append(f"{name}: is {-slowed:.1f} % faster")
    remarks += [f"{name}: is new" for name in now["blocks"] if name not in accepted["blocks"]]
    return failures, remarks


def check(data, path):
    try:
        baseline = json.loads(pathlib.Path(path).read_text())
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}; make area-baseline writes it") from None
    except ValueError:
        raise Failure(f"{path}: no JSON; make area-baseline writes it") from None
    accepted = baseline.get(data["config"])
    if not isinstance(accepted, dict) or "blocks" not in accepted:
        raise Failure(f"{path}: nothing accepted for the {data['config']} configuration; make area-baseline writes it")
    if accepted["library"] != data["library"]:
        raise Failure(f"{path}: accepted with library {accepted['library']}, this is {data['library']}")
    failures, remarks = compare(accepted, accepted_of(data))
    for line in remarks:
        print(line)
    for tool in ("yosys", "sta"):
        if accepted[tool] != data["tools"][tool]:
            print(f"accepted with {accepted[tool]}, this is {data['tools'][tool]}")
    for line in failures:
        print(f"FAILED {line}")
    if failures:
        print("make area-baseline accepts the present figures")
        return 1
    print(f"{len(data['blocks'])} blocks of the {data['config']} configuration: none larger by more than {GREW_PCT:g} % or slower "
          f"by more than {SLOWED_PCT:g} % than accepted")
    return 0


def show(data):
    rows = []
    for b in data["blocks"]:
        rows.append([b["engine"], b["name"], b["instances"], b["cells"], round(b["area_um2"]),
                     round(b["gate_equivalents"]), round(b["whole"]["gate_equivalents"]),
                     round(b["critical_path_ns"], 2) if b["critical_path_ns"] is not None else "-"])
    report.print_table(["engine", "block", "instances", "cells", "um2", "GE", "GE with all below", "path ns"], rows)
    for name, e in data["engines"].items():
        print(f"{name}: {e['gate_equivalents']:,.0f} gate equivalents in {e['cells']:,} cells, "
              f"{(e['logic_um2'] + e['register_files_um2']) / 1e6:,.2f} mm2; beside them {e['ram_bits']:,} bits of RAM, "
              f"{e['rams_um2'] / 1e6:,.2f} mm2 by the model")
    for limit in data["limits"]:
        print(f"{'holds' if limit['holds'] else 'FAILS'}  {limit['name']}: {limit['value']:,} {limit['unit']}, at most "
              f"{limit['limit']:,} ({limit['text']})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["report", "check", "accept"])
    parser.add_argument("--config", choices=list(CONFIGS), default="full")
    parser.add_argument("--liberty", default=mapping.OSU018, help="standard cells, a Liberty file")
    parser.add_argument("--ram-um2-per-bit", type=float, help="area of a RAM's bit, periphery included")
    parser.add_argument("--ram-access-ns", type=float, help="time from a RAM's clock to its data")
    parser.add_argument("--files", help="list of other RTL files than rtl/files.f's")
    parser.add_argument("--work", default=str(ROOT / "build/synth"), help="folder of kept results")
    parser.add_argument("--baseline", default=str(BASELINE), help="file of accepted figures")
    parser.add_argument("--report", help="JSON file for the figures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def progress(line):
        print(f"area: {line}", file=sys.stderr, flush=True)

    try:
        for tool in ("yosys", "sta"):
            yosys.need(tool)
        if not shutil.which("yosys-abc"):
            raise Failure("yosys-abc is not installed: apt-get install yosys")
        files = pathlib.Path(options.files).read_text().split() if options.files else None
        library = mapping.Library(options.liberty)
        technology = rams.technology(library, options.ram_um2_per_bit, options.ram_access_ns)

        def measured(config):
            return figures(Design(config, library, technology, options.work, options.jobs, progress, files))

        if options.what == "accept":
            data = {c: accepted_of(measured(c)) for c in ("small", "full")}
            report.write_json(options.baseline, data)
            print(f"{options.baseline}: accepted {', '.join(str(len(d['blocks'])) + ' blocks ' + c for c, d in data.items())}")
            return 0
        data = measured(options.config)
        if options.report:
            report.write_json(options.report, data)
        if options.what == "check":
            return check(data, options.baseline)
        show(data)
        return 0 if all(limit["holds"] for limit in data["limits"]) else 2
    except (Failure, mapping.MappingError, OSError) as error:
        print(f"area: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("area: interrupted; what is mapped is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
