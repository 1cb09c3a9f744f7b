# SPDX-License-Identifier: Apache-2.0
"""One page that joins all reports of a folder: python3 -m scripts.report.index build/reports

Of each report date, commit, result, key figures and links; one that is missing is named with the
command that makes it. The page opens from disk.
"""
import argparse
import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import page, validate
from .page import digits

Figures = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A report: its name, that of its JSON file, and what else the same command writes."""
    name: str
    title: str
    passed: Callable[[Any], bool]
    figures: Callable[[Any], Figures]
    files: tuple[str, ...] = ()
    command: str = ""

    @property
    def made_by(self) -> str:
        return self.command or f"make {self.name}"


def lockstep(data: Any) -> tuple[str, str]:
    return ("compared in lockstep",
            f"{digits(data['checked_signals_per_cycle'])} signals in "
            f"{digits(data['checked_cycles'])} cycles, {digits(data['mismatched_signals'])} differ")


def targets_hold(data: Any) -> bool:
    return all(value for name, value in data.get("targets", {}).items() if name.endswith("_ok"))


def demo(data: Any) -> Figures:
    return [("test error, float", digits(data["float_error_pct"], 2, " %")),
            ("test error, compressed", digits(data["compressed_error_pct"], 2, " %")),
            ("weights kept", digits(data["density_pct"], 2, " %")),
            (f"cycles an image, {data['n_pe']} PEs", digits(data["cycles_per_image"], 1)),
            lockstep(data)]


def demo_mxu(data: Any) -> Figures:
    size = f"{data['rows']}x{data['cols']}"
    return [("test error, float", digits(data["float_error_pct"], 2, " %")),
            ("test error, int8", digits(data["int8_error_pct"], 2, " %")),
            (f"cycles for {data['rtl_images']} images, {size} cells", digits(data["cycles"])),
            lockstep(data)]


def demo_top(data: Any) -> Figures:
    return [("test error, compressed", digits(data["compressed_error_pct"], 2, " %")),
            ("test error, on the accelerator", digits(data["error_pct"], 2, " %")),
            (f"cycles an image, {data['n_pe']} PEs and {data['rows']}x{data['cols']} cells",
             digits(data["cycles_per_image"], 1)),
            ("bytes read an image", digits(data["bytes_read_per_image"], 1)),
            ("both engines at work", digits(data["overlap_pct"], 1, " %")),
            (f"values of {data['rtl_images']} images other than the functional models'",
             digits(data["rtl_mismatched_values"])), lockstep(data)]


def compress(data: Any) -> Figures:
    return [(network["title"], f"{digits(network['ratio'], 1)} times smaller, test error "
             f"{digits(network['float_error_pct'], 2)} → "
             f"{digits(network['compressed_error_pct'], 2, ' %')}") for network in data["networks"]]


def area(data: Any) -> Figures:
    out = [(name, f"{digits(engine['gate_equivalents'])} gate equivalents, "
            f"{digits(engine['ram_bits'] / 8192)} KB of RAM")
           for name, engine in data["engines"].items()]
    paths = [block for block in data["blocks"] if block["critical_path_ns"] is not None]
    slowest = max(paths, key=lambda block: block["critical_path_ns"], default=None)
    if slowest:
        out.append(("longest path", f"{digits(slowest['critical_path_ns'], 2, ' ns')} in "
                    f"{slowest['name']}, {digits(slowest['clock_mhz'])} MHz"))
    return [*out, ("library", data["library"])]


def layout(data: Any) -> Figures:
    return [(one["title"], f"{digits(one['cells'])} cells, "
             f"{digits(one['path_with_wires']['ns'], 2, ' ns')} with wires, "
             f"{digits(one['path_without_wires']['ns'], 2)} without")
            for one in data["blocks"]]


def power(data: Any) -> Figures:
    return [(f"{run['name']} PE, {one['name']}",
             f"{digits(one['milliwatts'], 1, ' mW')}, {digits(one['pj_per_cycle'], 0, ' pJ')} a "
             f"cycle, at 45 nm {digits(one['pj_per_cycle_45nm'], 1)}, "
             f"EIE {digits(one['paper_pj_per_cycle'], 1)}")
            for run in data["runs"] for one in (run["logic"], *run["kinds"])]


def fpga(data: Any) -> Figures:
    return [("configurations", digits(len(data["configs"])))] + [
        (f"{one['device']}, {one['config']}",
         f"{digits(one['fmax_mhz'], 1, ' MHz')}, clock of the board {one['clock_mhz']} MHz")
        for one in data["configs"] if one["fmax_mhz"] is not None]


def bench(data: Any) -> Figures:
    return [(one["name"].replace("_", " "), digits(one["value"], 2)) for one in data["ratios"]] + [
        (f"{one['name']}, {digits(one['density_pct'])} % of the weights, array active",
         f"{digits(one['active_pct'], 1, ' %')}, TPU "
         f"{digits(one['paper']['active_pct'], 1, ' %')}") for one in data["matrix_unit"]]


def bench_eie(data: Any) -> Figures:
    rows = [(f"{one['name']}, rows {one['mapping']}",
             f"{digits(one['actual_cycles'])} cycles, "
             f"balance {digits(one['balance_pct'], 1, ' %')}, "
             f"{digits(one['us_at_800mhz'], 1, ' us')} "
             f"(EIE {digits(one.get('paper_us'), 1, ' us')}), "
             f"RTL in {digits(one['rtl_checked_cycles'])} cycles the same")
            for one in data["layers"]]
    means = [(f"speed over EIE's times, geometric mean, rows {name}", digits(value, 2))
             for name, value in data.get("geo_means", {}).items()]
    return means + rows


def explore(data: Any) -> Figures:
    return [("points", digits(len(data["points"])))] + [
        (f"figure {one['figure']}: {one['paper']}",
         f"{one['ours']}: {'agree' if one['agrees'] else 'differ'}")
        for one in data.get("findings", [])]


def tests(data: Any) -> Figures:
    return [("passed", digits(data["passed"])), ("failed", digits(data["failed"])),
            ("skipped", digits(data["skipped"])), ("took", digits(data["seconds"], 0, " s"))] + [
        (" ".join(["skipped", skip["test"], skip["part"]]).rstrip(), skip["reason"])
        for skip in data["skipped_tests"]]


def lint(data: Any) -> Figures:
    return [(check["what"], f"skipped: {check['skipped']}" if check["skipped"] else
             f"{digits(check['checked'])}, {digits(len(check['complaints']))} complaints")
            for check in data["checks"]]


def check_figures(data: Any) -> Figures:
    return [(f"{one['text']}, {one['place']}", one["error"] or digits(one["value"], 2))
            for one in data["figures"]]


KINDS = (
    Kind("demo", "Demo of the sparse engine",
         lambda data: not data["mismatched_signals"] and targets_hold(data), demo),
    Kind("demo-mxu", "Demo of the matrix unit",
         lambda data: not data["mismatched_signals"] and targets_hold(data), demo_mxu),
    Kind("demo-top", "Demo of the accelerator", lambda data: not (
        data["mismatched_signals"] or data["rtl_mismatched_values"] or
        data["axi_violations"]) and data["overlap_pct"] > 0,
         demo_top),
    Kind("compress", "Deep compression",
         lambda data: all(check["holds"] for check in data["checks"]), compress,
         ("compress.html",), "make compress-report"),
    Kind("area", "Synthesis: standard cells",
         lambda data: all(limit["holds"] for limit in data["limits"]), area, ("synthesis.html",)),
    Kind("layout", "Synthesis: layout", lambda data: True, layout, ("synthesis.html",)),
    Kind("power", "Synthesis: power of a PE", lambda data: True, power, ("synthesis.html",)),
    Kind("fpga", "Synthesis: FPGAs", lambda data: data["passed"], fpga, ("synthesis.html",)),
    Kind("bench", "Benchmarks",
         lambda data: all(one["kept"] for one in data["ratios"] + data["limits"]), bench),
    Kind("bench-eie", "EIE's nine layers",
         lambda data: all(one["holds"] for one in data.get("checks", [])), bench_eie),
    Kind("explore", "Design space of the sparse engine", lambda data: "findings" in data, explore,
         ("explore.html",)),
    Kind("test", "Tests", lambda data: not data["failed"], tests, ("test.xml",)),
    Kind("test-long", "Longer tests", lambda data: not data["failed"], tests, ("test-long.xml",)),
    Kind("lint", "Lint", lambda data: data["passed"], lint),
    Kind("check-figures", "Figures of the documents", lambda data: data["passed"], check_figures),
)


@dataclasses.dataclass
class Entry:
    """A report of the folder as the page shows it."""
    kind: Kind
    state: str  # passed, failed, missing or broken
    made: dict[str, str]
    figures: Figures
    links: list[str]
    error: str = ""


def entry(kind: Kind, folder: Path) -> Entry:
    path = folder / f"{kind.name}.json"
    if not path.exists():
        return Entry(kind, "missing", {}, [], [])
    links = [name for name in (*kind.files, path.name) if (folder / name).exists()]
    try:
        data = validate.read(path)
    except validate.Invalid as error:
        return Entry(kind, "broken", {}, [], links, str(error).removeprefix(f"{folder}/"))
    return Entry(kind, "passed" if kind.passed(data) else "failed", data.get("made", {}),
                 kind.figures(data), links)


def render(folder: Path) -> str:
    entries = [entry(kind, folder) for kind in KINDS]
    commits = {one.made["commit"] for one in entries if one.made}
    return page.render("index.html.j2", entries=entries, commits=sorted(commits))


def main() -> int | str:
    parser = argparse.ArgumentParser(prog="python3 -m scripts.report.index", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the reports are, and the page goes to")
    folder = parser.parse_args().folder
    try:
        page.text_file.write(folder / "index.html", render(folder))
    except OSError as error:
        return f"index: {folder}: {error.strerror}"
    print(f"all reports: {folder / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
