# SPDX-License-Identifier: Apache-2.0
"""For other people's flows, written from rtl/: the list of files rtl/files.f, a FuseSoC core file
for the common blocks and for each engine, and docs/reference/parameters.md. With --check compares
the files and fails if one differs.

Names and defaults of parameters are what Yosys reads; meanings are the comments beside them, ranges
the names of the modules parameter_error_*, followed from a parameter to those of the modules inside
that get its value.
"""
import argparse
import dataclasses
import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Container

from scripts import ROOT
from scripts.report import page

LIST = "rtl/files.f"
COMMON = "common"  # folder of the blocks that know no engine
PARAMETERS = "docs/reference/parameters.md"
WAIVERS = "rtl/lint/waivers.vlt"
DERIVED = "derived, do not override"
DO_NOT_EDIT = "Written by scripts/rtl_tables.py from rtl/, do not edit."
COMMON_TITLE = "Blocks of Sparsys that know no engine: queue, RAMs, reductions."
TITLES = {COMMON: "Common blocks", "eie": "Sparse engine", "mxu": "Matrix unit",
          "top": "Accelerator"}


class Error(Exception):
    """One line for people."""


TAIL = re.compile(r"(?:[,;] (?:a power of two(?: from [\d^]+ to [\d^]+)?"
                  r"|(?:from )?[\d^]+ to [\d^]+|at least \d+"
                  r"|a divisor of \w+|divides \w+))+$")


@dataclasses.dataclass
class Parameter:
    name: str
    expression: str
    comment: str
    default: int | None = None  # Yosys' value
    ranges: list[str] = dataclasses.field(default_factory=list)  # what elaboration checks

    @property
    def derived(self) -> bool:
        return self.comment == DERIVED

    @property
    def meaning(self) -> str:
        """The comment, without a range at its end that the checks say, too."""
        return TAIL.sub("", self.comment) if self.ranges else self.comment

    @property
    def described(self) -> str:
        return "; ".join([self.meaning] + [r.replace("`", "") for r in self.ranges])


class Module:
    """One file of rtl/, which holds one module of the file's name."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.name = pathlib.PurePath(path).stem
        self.folder = pathlib.PurePath(path).parts[1]
        found = re.search(r"^module (\w+)\b.*?^\);\n", text, re.M | re.S)
        if not found or found.group(1) != self.name:
            raise Error(f"{path}: no module {self.name} with its ports in a list")
        if len(re.findall(r"^module\b", text, re.M)) != 1:
            raise Error(f"{path}: more than one module")
        self.header = found.group(0)
        self.body = re.sub(r"//.*", "", text[found.end():])
        if re.search(r"\bparameter\b", self.body):
            raise Error(f"{path}: a parameter outside of the module's header")
        self.title = first_sentence(path, text[:found.start()])
        self.parameters = read_parameters(path, self.header)
        self.checks = read_checks(self)
        self.inside = []  # (Module's name, {its parameter: expression}) of each instance


def first_sentence(path: str, text: str) -> str:
    lines = [line[2:].strip() for line in text.splitlines() if line.startswith("//")][1:]
    found = re.match(r"(.+?\.)(?: |$)", " ".join(lines))
    if not found:
        raise Error(f"{path}: no sentence in front that says what the module is")
    return found.group(1)


def read_parameters(path: str, header: str) -> list[Parameter]:
    parameters = []
    above = ""  # a comment on a line of its own counts for the parameters below it that have none
    for line in header.splitlines():
        if line.startswith(")"):
            break
        whole = re.fullmatch(r"\s*//\s*(.+)", line)
        if whole:
            above = whole.group(1)
        found = re.match(r"\s*parameter\s+(\w+)\s*=\s*(.*?)\s*(?://\s*(.*))?$", line)
        if not found:
            continue
        name, expression, comment = found.groups()
        comment = (comment or above).strip()
        if not comment:
            raise Error(f"{path}: parameter {name} has no comment")
        parameters.append(Parameter(name, expression.rstrip(","), comment))
    return parameters


def wording(rule: str) -> str:
    """The rest of a parameter_error_NAME_must_..., as text."""
    text = ""
    for word in rule.split("_"):
        names = word.isupper() and text and text.rsplit(" ", maxsplit=1)[-1].isupper()
        text += ("_" if names else " " if text else "") + word
    text = re.sub(r"\b([A-Z][A-Z_]+)\b", r"`\1`", text)
    text = re.sub(r"\b2 to the (\d+)\b", r"2^\1", text)
    return re.sub(r"^be (from )?", "", re.sub(r"^divide\b", "a divisor of", text))


def read_checks(module: Module) -> dict[str, list[str]]:
    """{parameter: [range]} of the module's own checks."""
    checks = {}
    for name, rule in re.findall(r"\bparameter_error_(\w+?)_must_(\w+)", module.body):
        if name not in [p.name for p in module.parameters]:
            raise Error(f"{module.path}: a check of {name}, which is no parameter")
        checks.setdefault(name, []).append(wording(rule))
    return checks


def closing(text: str, start: int) -> int:
    """Index of the parenthesis that closes the one at `start`."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    raise Error("a parenthesis that is not closed")


def read_instances(module: Module, names: Container[str]) -> None:
    """What stands inside, in branches of generate, too, that the defaults do not take."""
    for found in re.finditer(r"\b(\w+)\s*(?:(#\s*\()|\w+\s*\()", module.body):
        if found.group(1) not in names:
            continue
        given = {}
        if found.group(2):
            text = module.body[found.end(2):closing(module.body, found.end(2) - 1)]
            for pin in re.finditer(r"\.(\w+)\s*\(", text):
                given[pin.group(1)] = text[pin.end():closing(text, pin.end() - 1)].strip()
        module.inside.append((found.group(1), given))


def yosys_defaults(modules: dict[str, Module]) -> dict[str, dict[str, int]]:
    """{module: {parameter: value}} as Yosys reads the headers."""
    with tempfile.TemporaryDirectory() as folder:
        headers, result = pathlib.Path(folder) / "headers.v", pathlib.Path(folder) / "headers.json"
        headers.write_text("".join(m.header + "endmodule\n" for m in modules.values()))
        command = ["yosys", "-q", "-p", f"read_verilog {headers}; write_json {result}"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        except FileNotFoundError:
            raise Error("yosys is not installed") from None
        if done.returncode != 0:
            raise Error("yosys: " + (done.stdout.strip().splitlines() or ["failed"])[-1])
        read = json.loads(result.read_text())["modules"]
    values = {name: read[name].get("parameter_default_values", {}) for name in modules}
    return {name: {p: int(bits, 2) for p, bits in values[name].items()} for name in modules}


def find_ranges(modules: dict[str, Module], module: Module, name: str) -> list[str]:
    """The nearest checks of a parameter: the module's own, else those of what gets its value."""
    own = module.checks.get(name)
    if own:
        return own
    ranges = []
    for inner, given in module.inside:
        for pin, expression in given.items():
            if expression == name:
                # One in terms of a parameter of the inner module says nothing here.
                ranges += [r for r in find_ranges(modules, modules[inner], pin)
                           if r not in ranges and "`" not in r]
    return ranges


def numbers(text: str) -> tuple[str, str] | None:
    """(lowest, highest) where the text says "a to b"."""
    found = re.search(r"(\d+) to ([\d^]+)", text)
    return found.groups() if found else None


def read_rtl(root: pathlib.Path) -> dict[str, Module]:
    """{name: Module}, what a module has inside before it."""
    modules = {}
    for path in sorted((root / "rtl").glob("*/**/*.v")):
        module = Module(path.relative_to(root).as_posix(), path.read_text())
        if module.name in modules:
            raise Error(f"{module.path}: {modules[module.name].path} has the same module")
        modules[module.name] = module
    defaults = yosys_defaults(modules)
    for module in modules.values():
        read_instances(module, modules)
        here, there = [p.name for p in module.parameters], list(defaults[module.name])
        if sorted(here) != sorted(there):
            raise Error(f"{module.path}: the parameters are {there} to Yosys, "
                        f"one a line are {here}")
    for module in modules.values():
        for p in module.parameters:
            p.default = defaults[module.name][p.name]
            p.ranges = [] if p.derived else find_ranges(modules, module, p.name)
            said = numbers(p.comment)
            if said and any(numbers(r) not in (None, said) for r in p.ranges):
                raise Error(f"{module.path}: {p.name} is checked to be {', '.join(p.ranges)}; "
                            f"its comment says {' to '.join(said)}")
    return ordered(modules, (root / LIST).read_text().split() if (root / LIST).exists() else [])


def ordered(modules: dict[str, Module], paths: list[str]) -> dict[str, Module]:
    """The common blocks in front, and else as `paths` has them where that has each behind what is
    inside."""
    rank = {path: at for at, path in enumerate(paths)}
    done, open_ = {}, []

    def visit(module: Module) -> None:
        if module.name in done:
            return
        if module.name in open_:
            raise Error(f"{module.path}: {module.name} has itself inside")
        open_.append(module.name)
        for name, _ in module.inside:
            visit(modules[name])
        open_.pop()
        done[module.name] = module

    for module in modules.values():
        if module.folder == COMMON:
            for name, _ in module.inside:
                if modules[name].folder != COMMON:
                    raise Error(f"{module.path}: a common block with {name} inside")
    for module in sorted(modules.values(), key=lambda m: (
            m.folder != COMMON, m.folder, rank.get(m.path, len(rank)), m.name)):
        visit(module)
    return done


def folders(modules: dict[str, Module]) -> list[str]:
    return list(dict.fromkeys(m.folder for m in modules.values()))


def top_of(modules: dict[str, Module], folder: str) -> Module:
    """The one module of an engine's folder that stands in no other of it."""
    inside = {name for m in modules.values() if m.folder == folder for name, _ in m.inside}
    tops = [m for m in modules.values() if m.folder == folder and m.name not in inside]
    if len(tops) != 1:
        raise Error(f"rtl/{folder}: {len(tops)} modules that stand in no other, not one: "
                    + ", ".join(m.name for m in tops))
    return tops[0]


def vlnv(root: pathlib.Path, folder: str) -> str:
    """FuseSoC's name of a folder's core."""
    found = re.search(r"^project\(sparsys VERSION ([\d.]+)",
                      (root / "CMakeLists.txt").read_text(), re.M)
    if not found:
        raise Error("CMakeLists.txt: no version of the project")
    return f"sparsys:rtl:{folder}:{found.group(1)}"


def core_of(root: pathlib.Path, modules: dict[str, Module], folder: str) -> dict:
    """What the templates are told of a folder."""
    mine = [m for m in modules.values() if m.folder == folder]
    top = None if folder == COMMON else top_of(modules, folder)
    waivers = (root / WAIVERS).read_text()
    headers = sorted(p.relative_to(root).as_posix() for p in (root / "rtl" / folder).glob("*.vh"))
    return {
        "name": vlnv(root, folder), "heading": TITLES.get(folder, folder), "modules": mine,
        "headers": headers,
        "top": top, "parameters": [p for p in top.parameters if not p.derived] if top else [],
        "title": top.title if top else COMMON_TITLE, "do_not_edit": DO_NOT_EDIT,
        "waivers": WAIVERS if any(path in waivers for path in (
            *headers, *(m.path for m in mine))) else "",
        "needs": [vlnv(root, f) for f in folders(modules) if f != folder and any(
            modules[name].folder == f for m in mine for name, _ in m.inside)]}


def contents(root: pathlib.Path) -> dict[str, str]:
    """{path: text} of all that is written from the RTL."""
    modules = read_rtl(root)
    cores = {folder: core_of(root, modules, folder)
             for folder in sorted(folders(modules), key=lambda folder: folder == COMMON)}
    document = page.render("parameters.md.j2", do_not_edit=DO_NOT_EDIT, cores=cores.values())
    return {LIST: "".join(m.path + "\n" for m in modules.values()),
            PARAMETERS: document.rstrip("\n") + "\n",
            **{f"sparsys_{folder}.core": page.render("fusesoc.core.j2", **core)
               for folder, core in cores.items()}}


def check_all(root: pathlib.Path = ROOT) -> tuple[int, list[str]]:
    """Returns (number of files, list of complaints)."""
    try:
        texts = contents(root)
    except Error as error:
        return 0, [str(error)]
    complaints = []
    for path, text in texts.items():
        there = (root / path).read_text() if (root / path).exists() else ""
        if there != text:
            lines = list(difflib.unified_diff(there.splitlines(), text.splitlines(), path,
                                              "from the RTL", lineterm="", n=0))
            complaints.append(f"{path} is not what the RTL says, "
                              "python3 -m scripts.rtl_tables writes it:\n"
                              + "\n".join(lines[:20]))
    for path in sorted(root.glob("sparsys_*.core")):
        if path.name not in texts:
            complaints.append(f"{path.name}: no such part in rtl/")
    return len(texts), complaints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        count, complaints = check_all()
        for complaint in complaints:
            print(complaint)
        print(f"{count} files, {len(complaints)} complaints")
        sys.exit(1 if complaints else 0)
    try:
        texts = contents(ROOT)
    except Error as error:
        sys.exit(f"rtl_tables: {error}")
    for path, text in texts.items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
