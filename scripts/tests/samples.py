# SPDX-License-Identifier: Apache-2.0
"""Reports as the make targets write them, small and in any detail right."""
import copy

from scripts.report import json_file

LOCKSTEP = {"checked_cycles": 1000, "checked_signals_per_cycle": 500, "mismatched_signals": 0}
COUNTERS = dict.fromkeys((
    "active_cycles", "useful_multiply_accumulates", "weight_stall_cycles", "weight_shift_cycles",
    "non_matrix_cycles", "read_after_write_stall_cycles", "input_stall_cycles", "cycles"), 10)
SPEEDS = {"rtl_cycles_per_second": 100000, "rtl_lockstep_cycles_per_second": None}
SHARES = {f"{name}_pct": 10.5 for name in (
    "active", "useful", "weight_stall", "weight_shift", "non_matrix", "raw_stall", "input_stall")}
RUN = {"model": "net", "dataset": "synthetic", "first": 0, "images": 50, "errors": 1,
       "error_pct": 2.0, "lockstep": True}
TREE = {"name": "eie", "instances": 1, "kind": "logic", "um2": 1000.0,
        "children": [{"name": "eie_pe", "instances": 4, "kind": "logic", "um2": 3000.0},
                     {"name": "ram_1rw", "instances": 4, "kind": "ram", "um2": 9000.0}]}


def layer(name, weights, density, size):
    return {"name": name, "weights": weights, "density_pct": density, "weight_bits": 4.0,
            "weight_bits_huffman": 3.2, "index_bits": 5.0, "index_bits_huffman": 4.1,
            "stored_bytes": size, "biases": 10, "entries": 100 if name == "ip1" else 300}


def points(key, values):
    return [{key: x, "validation_error_pct": error} for x, error in values]


def balance_row(pruning, balance, cycles, speedup):
    return {"network": "net", "n_pe": 64, "pruning": pruning, "density_pct": 8.0,
            "validation_error_pct": 1.5, "entries": 2000, "balance_pct": balance,
            "cycles_per_image": cycles, "speedup": speedup}


def power_row(name):
    return {"name": name, "milliwatts": 10.0, "pj_per_cycle": 125.0, "pj_per_cycle_45nm": 7.8,
            "estimate_pj_per_cycle": None, "paper_pj_per_cycle": 2.3}


def path(ns):
    return {"ns": ns, "start": "port a_i", "end": "b_q", "cells": 9}


PAPER = {"ratio": 40, "float_error_pct": 1.64, "compressed_error_pct": 1.58,
         "layers": [{"name": "ip1", "density_pct": 8, "weight_bits": 6, "weight_bits_huffman": 4.4,
                     "index_bits": 5, "index_bits_huffman": 3.7, "rate_pct": 2.32}],
         "total": {"density_pct": 8, "rate_pct": 2.49}}
COMPRESS = {
    "dataset": "mnist", "dataset_description": "MNIST <here>", "judged": True,
    "train_images": 55000, "validation_images": 5000, "test_images": 10000,
    "networks": [
        {"name": "lenet-300-100", "title": "LeNet-300-100", "paper": PAPER, "float_error_pct": 1.5,
         "compressed_error_pct": 1.4, "original_bytes": 1066440, "stored_bytes": 20000,
         "ratio": 53.322,
         "layers": [layer("ip1", 235200, 5.0, 15000), layer("ip2", 30000, 9.0, 4000)],
         "steps": [{"name": "prune", "density_pct": 6.0, "validation_error_pct": 1.6,
                    "seconds": 7.0}]},
        {"name": "lenet-5", "title": "Other", "float_error_pct": 0.9, "compressed_error_pct": 0.8,
         "original_bytes": 4000, "stored_bytes": 100, "ratio": 40.0,
         "layers": [layer("fc", 990, 10.0, 90)]},
    ],
    "checks": [{"text": "small enough", "holds": True}, {"text": "good enough", "holds": False}],
    "distributions": [
        {"network": "lenet-300-100", "layer": "ip1", "low": -0.5, "high": 0.5, "weights": 100,
         "kept": 30, "before": [0, 40, 60], "after": [10, 0, 20],
         "shared": [{"value": -0.2, "count": 10}, {"value": 0.3, "count": 20}]}],
    "density": {
        "network": "lenet-300-100", "caption": "of densities", "float_validation_error_pct": 1.5,
        "series": [{"name": "pruned", "points": points("density_pct", [(50, 1.5), (2, 80)])},
                   {"name": "iterative", "points": points("density_pct", [(50, 1.4), (2, 3)])}]},
    "bits": [{"network": "lenet-5", "kind": kind, "title": kind, "caption": "of bits",
              "reference_validation_error_pct": 0.9,
              "series": [{"init": "linear", "fine_tuned": tuned,
                          "points": points("bits", [(1, 40), (4, 1)])}
                         for tuned in (False, True)]}
             for kind in ("conv", "fc")],
    "size": {"network": "lenet-300-100", "caption": "of sizes", "float_validation_error_pct": 1.5,
             "series": [{"name": "pruned", "points": points("size_pct", [(10, 1.4), (2, 3)])}]},
    "balance": {
        "caption": "of balance",
        "rows": [balance_row("plain", 60.0, 500.5, None),
                 balance_row("balanced", 99.0, 400.0, 1.25)],
        "loads": [{"name": "plain", "network": "net", "layer": "ip1",
                   "entries_per_pe": [3, 9, 4]}]},
}
AREA = {"cells": 100, "logic_um2": 4000.0, "register_files_um2": 500.0, "rams_um2": 9000.0,
        "ram_bits": 8192, "gate_equivalents": 1234.5}
PATH = {"start": "a_q", "end": "b_q", "ram": False, "cut": ["eie_arith__1"],
        "cells": [{"cell": "INVX1", "delay_ns": 0.1}]}
TABLE_2 = {
    "rows": [{"unit": "act queue", "paper_um2": 758, "gate_equivalents": 3361, "ram_bits": 8192,
              "register_files_ge": 0, "um2_at_45nm": 2682, "ram_um2_at_45nm": 0}],
    "nand2_45nm_um2": 0.798, "ram_um2_per_bit": 0.4482,
    "pe": {"paper_um2": 638024, "paper_memory_um2": 594786, "paper_filler_um2": 23961,
           "paper_logic_um2": 19277, "gate_equivalents": 50254, "um2_at_45nm": 40103,
           "with_paper_rams_um2": 634889},
    "engine": {"paper_mm2": 40.8, "n_pe": 64, "with_paper_rams_mm2": 40.65}}
SAMPLES = {
    "demo": {
        "dataset": "mnist", "n_pe": 64, "test_images": 10000, "float_error_pct": 1.03,
        "compressed_error_pct": 0.99, "density_pct": 7.5, "rtl_images": 200,
        "layers": [{"name": "ip1", "density_pct": 7.3, "entries": 100, "padding": 0,
                    "balance_pct": 63.1}],
        "rtl_mismatched_images": 0, "cycles_per_image": 448.1, "io_cycles_per_image": 203.0,
        "pe_utilisation_pct": 29.4, "cycle_model_cycles_per_second": 343036, **SPEEDS, **LOCKSTEP},
    "demo-mxu": {
        "dataset": "mnist", "rows": 256, "cols": 256, "test_images": 10000, "float_error_pct": 1.03,
        "int8_error_pct": 1.02, "rtl_images": 256, "rtl_mismatched_values": 0,
        "verilate_and_build_seconds": None, **SPEEDS, **LOCKSTEP, **COUNTERS},
    "demo-top": {
        "dataset": "mnist", "n_pe": 8, "rows": 16, "cols": 16, "test_images": 10000,
        "float_error_pct": 0.9, "compressed_error_pct": 1.0, "error_pct": 1.02,
        "image_bytes": 70000, "rtl_images": 100, "rtl_mismatched_images": 0,
        "rtl_mismatched_values": 0, **LOCKSTEP, "axi_violations": 0, "cycles_per_image": 40000.5,
        "bytes_read_per_image": 40000.0, "bytes_written_per_image": 900.0,
        "share_matrix_unit_pct": 95.5, "share_sparse_pct": 7.5, "overlap_pct": 6.5,
        "rtl_cycles_per_second": 50000},
    "run": {**RUN, "n_pe": 4, "engine": "rtl", "mismatched_images": 0, "cycles_per_image": 448.1,
            "io_cycles_per_image": 203.0, "broadcasts_per_image": 4.0, "held_cycles_per_image": 1.0,
            **LOCKSTEP},
    "run-mxu": {**RUN, "rows": 16, "cols": 16, "batch": 16, "mismatched_values": 0, "batches": 4,
                **LOCKSTEP, **COUNTERS},
    "compress": COMPRESS,
    "compressed": {"name": "net", "target": "stored", "float_error_pct": 1.5,
                   "compressed_error_pct": None, "original_bytes": 4000, "stored_bytes": 100,
                   "ratio": 40.0, "steps": [], "layers": [layer("fc", 990, 10.0, 90)]},
    "quantised": {"model": "net", "scheme": "affine", "samples": 100, "weights": 990},
    "bench": {
        "repetitions": 9,
        "rates": [{"name": "rtl", "what": "RTL", "rate": 1e5, "unit": "cycles/s"}],
        "ratios": [{"name": "lockstep_over_rtl", "value": 0.6, "at_least": 0.5, "kept": True}],
        "limits": [{"name": "peak_bytes", "value": 1000, "at_most": 4000, "kept": True}],
        "matrix_unit": [{"name": "MLP0", "density_pct": 10, "layers": 5, "width": 2000,
                         "weights": 20, "batch": 200, "bytes_per_cycle": 48.6,
                         "tile_bytes": 8000.5, "longest_bus_entries": 140.5,
                         "longest_over_mean_bus": 1.2, "cycles": 1000, **SHARES, "tops": 80.5,
                         "paper": {**SHARES, "tops": 12.3}}]},
    "bench-eie": {
        "seed": 11, "n_pe": 64, "queue_depth": 8, "host_seconds": 0.3,
        "configurations": [{"text": "64 PEs, queue 8", "engine": {"pe": 64, "queue": 8},
                            "geo_means": {"interleaved": 1.1, "balanced": 1.1}}],
        "layers": [{
            "name": "Alex-7", "mapping": "interleaved", "configuration": "64 PEs, queue 8",
            "engine": {"pe": 64, "queue": 8},
            "inputs": 4096, "outputs": 4096, "weights": 100, "nonzeros": 9,
            "activation_density_pct": 35.0, "ptr_depth": 16384, "passes": 1, "entries": 10,
            "padding": 1, "work": 4, "theoretical_cycles": 9.6, "actual_cycles": 10,
            "balance_pct": 96.5, "whole_balance_pct": 96.0, "us_at_800mhz": 12.9,
            "utilisation_pct": 96.5, "over_seeds": {
                "seeds": 2, **dict.fromkeys(("balance", "whole_balance"), {
                    **dict.fromkeys(("mean_pct", "deviation_pct", "least_pct", "most_pct"), 96.0),
                    "each_pct": [96.0, 96.0]})},
            "bounds": dict.fromkeys((
                "slowest_pe_entries", "broadcasts", "drain_cycles", "run_cycles", "setup_cycles",
                "write_back_cycles", "held_cycles"), 1),
            "activity": dict.fromkeys((
                "pointer_reads", "entry_row_reads", "queue_writes", "multiplications",
                "accumulator_reads", "accumulator_writes", "register_reads", "register_writes",
                "activation_ram_reads", "activation_ram_writes"), 1),
            "traffic": [{"name": "entry memory, read", "count": 1, "bits": 64,
                         "bytes_per_cycle": 8.0, "gigabytes_per_second": 6.4}],
            "energy": {"technology": "45 nm", "nanojoules": 8.0, "picojoules_per_operation": 7.0,
                       "milliwatts": 600.0, "milliwatts_per_pe": 9.4,
                       "parts": [{"name": "entry memory", "count": 1, "picojoules": 40.0,
                                  "nanojoules": 0.04}]},
            "model_seconds": 0.1, "host_dense_us": 900.0, "host_sparse_us": 300.0,
            "rtl_checked_cycles": 10, "rtl_checked_inputs": 4096, "paper_us": 12.2,
            "paper_theoretical_us": 11.7, "paper_balance_pct": 95.9,
            "paper_least_balance_pct": 95.1, "speed_over_paper": 0.95}],
        "best_speed_per_area_over_paper": 1.2,
        "geo_mean_speed_over_paper": 1.1, "geo_means": {"interleaved": 1.1, "balanced": 1.1},
        "checks": [{"text": "balance", "holds": True}]},
    "explore": {
        "seed": 11, "quick": True, "sweep": "0123",
        "points": [
            {"layer": "NT-We", "n_pe": n_pe, "queue_depth": depth, "key": f"{n_pe} {depth}",
             "nonzeros": 900, "entries": 1000, "padding": 100, "work": 1000, "broadcasts": 100,
             "held_cycles": 5, "theoretical_cycles": 1000 / n_pe, "cycles": 2000 // n_pe + 100,
             "run_cycles": 2000 // n_pe + 50,
             "balance_pct": 40.0 + depth - n_pe / 100,
             "widths": [{"bits": bits, "reads": 6400 // bits + 50} for bits in (32, 64, 512)]
                       if (n_pe, depth) == (64, 8) else []}
            for n_pe, depth in ((1, 8), (16, 8), (64, 1), (64, 8), (64, 32), (256, 8))],
        "precision": [{"bits": bits, "error_pct": 1.0 + 4 / bits} for bits in (32, 16, 8, 4)],
        "findings": [{"figure": "8", "paper": "half idle", "ours": "59 % idle", "agrees": True,
                      "value": 59.0}]},
    "test": {
        "passed": 10, "failed": 1, "skipped": 1, "seconds": 12.5, "failed_tests": ["Bad.A"],
        "skipped_tests": [{"test": "Some.A", "part": "", "reason": "no <MNIST> here"}],
        "suites": [{"name": "Bad", "passed": 0, "failed": 1, "skipped": 0, "seconds": 1.0}]},
    "lint": {"passed": True, "checks": [
        {"name": "ruff", "what": "files that ruff passes", "checked": 0, "complaints": [],
         "skipped": "ruff is not installed", "seconds": 0.0}]},
    "area": {
        "library": "osu018", "config": "full", "nand2": {"cell": "NAND2X1", "um2": 16.0},
        "tools": {"yosys": "Yosys 0.23", "sta": "2.3"}, "wire_load": "none",
        "bounds": {"area_um2": "lower"},
        "ram_model": {"technology": "180 nm", "um2_per_bit": {"1": 4.6, "2": 8.0},
                      "access_ns": 2.0, "source": "a paper"},
        "blocks": [{"engine": "eie", "name": "eie", "module": "eie", "instances": 1, "cells": 100,
                    "flip_flops": 10, "area_um2": 4000.0, "gate_equivalents": 250.0, "path": PATH,
                    "whole": {"gate_equivalents": 1234.5}, "critical_path_ns": 7.5,
                    "critical_path_bound": "lower", "clock_mhz": 133.3}],
        "engines": {"eie": {"parameters": {"N_PE": 64}, **AREA, "tree": TREE}},
        "totals": {**AREA, "area_um2": 4500.0},
        "limits": [{"name": "matrix cell", "value": 700, "limit": 750, "unit": "gate equivalents",
                    "holds": True, "text": "mean"}],
        "table2": TABLE_2,
        "pes": [{"engine": "eie_8x4", "parameters": {"LANES": 8, "GROUPS": 4},
                 "gate_equivalents": 180000.0, "register_files_ge": 80000.0, "cells_um2": 143640.0,
                 "ram_bits": 1048576.0, "rams_um2": 506000.0, "over_paper": 1.018,
                 "over_paper_utilised": 1.115,
                 "parts": [{"name": "eie_bank", "gate_equivalents": 80000.0}]}],
        "sweeps": [
            {"title": "PEs", "module": "eie",
             "bars": [{"name": "4", "logic_ge": 60, "register_files_ge": 140}]}]},
    "fpga": {
        "tools": {"yosys": "Yosys 0.23"}, "devices": {}, "passed": True,
        "configs": [{"name": "up5k-mxu", "device": "iCE40 UP5K", "engine": "mxu", "config": "4x4",
                     "fits": True, "rams": 5, "multipliers": 16, "lut": 100, "ff": 10, "bram": 5,
                     "dsp": 8, "spram": 0, "share_pct": {"lut": 2.0}, "clock_mhz": 12,
                     "fmax_mhz": 20.5, "fmax_min_mhz": 19.5, "fmax_max_mhz": 21.5,
                     "seeds": [{"seed": 1, "fmax_mhz": 20.5}]}]},
    "layout": {
        "library": "osu018", "layers": 6, "bounds": {"core_um2": "estimate"},
        "tools": {"yosys": "Yosys 0.23", "sta": "2.0.17", "qrouter": "qrouter 1.4"},
        "blocks": [{
            "block": "pe", "title": "a PE", "module": "eie_pe", "parameters": {"N_PE": 4},
            "cells": 100, "flip_flops": 10, "nets": 120, "routed_nets": 120, "pins": 20, "rows": 5,
            "core_um": [100.0, 50.0], "core_um2": 5000.0, "cells_um2": 4800.0,
            "utilisation_pct": 96.0, "block_um": [100.0, 150.0],
            "memories": [{"name": "u_ram", "module": "ram_1rw", "side": "T", "um2": 10000.0,
                          "place_um": [0, 50, 100, 150]}],
            "wires_mm": {"metal1": 1.5}, "wire_mm": 1.5, "vias": 300, "wires_pf": 0.3,
            "pins_apart": 0, "path_without_wires": path(2.5), "path_with_wires": path(3.5),
            "timing_warnings": 0, "seconds": {"place": 3.0, "route": 4.0},
            "regions": [{"name": "arithmetic", "cells": 50, "nets": 60, "core_um": [50.0, 40.0],
                         "utilisation_pct": 65.0}],
            "picture": "layout-pe.png"}]},
    "power": {
        "library": "osu018", "clock_mhz": 80.0, "runs": [{
            "name": "small", "saif": "power-small.saif", "parameters": {"N_PE": 4},
            "layer": {"inputs": 64, "outputs": 64, "density": 0.1, "activations": 0.5, "seed": 1},
            "number": 0, "pes": 4, "cycles": 100, "compared_cycles": 120, "entries": 50,
            "multiplications": 50, "mean_multiplications": 49.5, "cells": 100, "flip_flops": 10,
            "nets": 120, "changes_per_net_and_cycle": 0.1, "flip_flops_changing_pct": 5.0,
            "kinds": [power_row(name) for name in ("clock", "registers", "combinational")],
            "logic": power_row("logic"), "clock_if_gated": power_row("clock, if gated"),
            "memory": {"name": "memory", "estimate_pj_per_cycle": 3.0, "paper_pj_per_cycle": 6.8},
            "units": [power_row("eie_arith")], "leakage_milliwatts": 0.01,
            "microjoules_per_inference": 1.5, "pj_per_operation": 20.0,
            "estimate": {"microjoules_per_inference": 0.1, "pj_per_operation": 9.5},
            "paper": {"layer": "Alex-7", "microjoules_per_inference": 7.3,
                      "pj_per_operation": 5.8}}],
        "to_45nm": 0.0625, "bounds": {"clock": "lower"},
        "tools": {"yosys": "Yosys 0.23", "sta": "2.0.17"}},
    "check-figures": {"passed": True, "figures": [
        {"place": "README.md:9", "text": "447.6", "file": "x.json", "field": "cycles", "percent": 0,
         "command": "make demo", "how": "exact", "value": 447.58, "holds": True, "error": ""}]},
    "yosys_eie": {"parameters": {"N_PE": 4}, "cells": 10, "flip_flops": 5,
                  "modules": [{"module": "eie", "instances": 1, "cells": 10, "flip_flops": 5,
                               "cells_in_all": 10}]},
    "mxu_cell": {"library": "osu018", "limit": 750,
                 "tiles": [{"rows": 16, "cols": 16, "first_row": 0, "cells": 10, "flip_flops": 5,
                            "area_um2": 1.0, "gate_equivalents": 1.0,
                            "gate_equivalents_per_cell": 700.0}]},
}


def sample(name):
    """A report of a schema's name, of its own."""
    return {"made": json_file.made(f"make {name}"), **copy.deepcopy(SAMPLES[name])}
