# SPDX-License-Identifier: Apache-2.0
"""A configuration mapped and timed, and the areas of its parts."""
import collections
import concurrent.futures
import dataclasses
from collections.abc import Callable, Iterable

from synth.area import hierarchy, rams, timing
from synth.area.config import CONFIGS, SWEEPS
from synth.library import Library


@dataclasses.dataclass(frozen=True)
class Flow:
    """How to measure: with which cells and RAMs, in which folder of kept results, by how many
    processes; `progress` is told what is done, `files` replace those of rtl/files.f."""
    library: Library
    technology: rams.Technology
    work: str
    jobs: int
    progress: Callable
    files: list | None = None


@dataclasses.dataclass(frozen=True)
class Areas:
    """um2; register files are not in logic."""
    logic: float
    register_files: float
    rams: float

    @property
    def cells(self):
        return self.logic + self.register_files


class Design:
    """A configuration: `mapped` {name: Mapped} of all modules, `paths` {name: Path or None} of
    those in the engines, `tops` {engine: name}."""

    def __init__(self, config: str, flow: Flow):
        self.config, self.flow, self.library = config, flow, flow.library
        sources = hierarchy.Sources(flow.files)
        self.mapper = hierarchy.Mapper(sources, flow.library, flow.work, set(rams.KINDS))
        self.tops = {engine: variant.name for engine, variant in CONFIGS[config].items()}
        wanted = [*CONFIGS[config].values(),
                  *(variant for sweep in SWEEPS[config] for variant in sweep.bars.values())]
        # The largest first: the matrix unit's tiles decide how long it takes.
        self.mapped = self.mapper.map_all(sorted(wanted, key=lambda w: w.module != "mxu"),
                                          flow.jobs, flow.progress)
        self.variants = {n: m.variant for n, m in self.mapped.items()} | {
            n: c.variant for m in self.mapped.values() for n, c in m.children.items()}
        self.paths = self._time_all()

    def _time_all(self):
        timer = timing.Timer(self.mapper, self.flow.technology)
        names = {n for top in self.tops.values() for n in self.below(top)[0]}
        names = sorted(names, key=lambda n: (-self.mapped[n].number_of_cells, n))

        def time_one(name):
            found, is_new = timer.path(self.mapped, name, name in self.tops.values())
            if is_new:
                self.flow.progress(f"timed {self.variants[name].shown()}: "
                                   + (f"{found.ns:.2f} ns" if found else "no path"))
            return found

        with concurrent.futures.ThreadPoolExecutor(self.flow.jobs) as pool:
            return dict(zip(names, pool.map(time_one, names)))

    def below(self, name: str) -> tuple[dict[str, int], dict[str, int]]:
        """How often each module and each RAM occurs below (and with) a module."""
        return hierarchy.below(self.mapped, name, rams.KINDS)

    def um2(self, name: str) -> float:
        """Area of a module's own cells."""
        return self.library.um2(self.mapped[name].cells)

    def ram_um2(self, name: str) -> float:
        return rams.area(self.flow.technology, self.variants[name])

    def ge(self, um2: float) -> float:
        return self.library.gate_equivalents(um2)

    def all_cells(self, name: str) -> int:
        """Cells of a module with all below it."""
        return sum(n * self.mapped[m].number_of_cells for m, n in self.below(name)[0].items())

    def is_register_file(self, name: str) -> bool:
        return self.variants[name].module == "regfile_1r1w"

    def areas(self, name: str) -> Areas:
        """Areas of a module with all below it."""
        counts, boxes = self.below(name)
        files = {m: n for m, n in counts.items() if self.is_register_file(m)}
        return Areas(sum(n * self.um2(m) for m, n in counts.items() if m not in files),
                     sum(n * self.um2(m) for m, n in files.items()),
                     sum(n * self.ram_um2(b) for b, n in boxes.items()))

    def ram_bits(self, name: str) -> int:
        """Bits of the RAMs below a module."""
        return sum(n * rams.bits(self.variants[b]) for b, n in self.below(name)[1].items())

    def find(self, module: str, engine: str) -> list[str]:
        """Names of all variants of a module below an engine."""
        return [n for n in self.below(self.tops[engine])[0] if self.variants[n].module == module]

    def labels(self, names: Iterable[str]) -> dict[str, str]:
        """Short names of modules: with just those parameters that tell them from others of the
        same module."""
        alike = collections.defaultdict(list)
        for name in names:
            alike[self.variants[name].module].append(name)
        out = {}
        for group in alike.values():
            lists = [self.variants[n].parameters for n in group]
            telling = {k for p in lists for k in p if len({q.get(k) for q in lists}) > 1}
            out |= {n: self.variants[n].shown(telling) for n in group}
        return out
