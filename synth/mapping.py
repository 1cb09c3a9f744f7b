# SPDX-License-Identifier: Apache-2.0
"""Maps RTL to a standard-cell library with Yosys: the library's facts and the one recipe of commands.

    library = mapping.Library(path)                 # MappingError with one clear line if it is of no use
    script = f"read_verilog -defer ...\\nhierarchy -check -top mxu_tile ...\\n" + mapping.commands(library, folder)
    mapping.run(script + mapping.statistics(file))
    contents = mapping.Contents(mapping.read_statistics(file)["\\\\mxu_tile"], library)

An area in NAND2 equivalents (gate equivalents) is that of the library's smallest two-input NAND.
"""
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OSU018 = "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"


class MappingError(Exception):
    """A missing tool, a library of no use, or RTL that Yosys refuses; its text is one clear line."""


def _groups(text, kind):
    """Yields (name, body) of the groups `kind (name) { body }` in Liberty text."""
    for match in re.finditer(rf"(?<![\w.]){kind}\s*\(\s*\"?([^\")]*?)\"?\s*\)\s*\{{", text):
        depth = 1
        for brace in re.finditer(r"[{}]", text[match.end():]):
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                yield match.group(1), text[match.end():match.end() + brace.start()]
                break


def _attribute(body, name):
    match = re.search(rf"(?<!\w){name}\s*:\s*(\"[^\"]*\"|[^;\n]*)", body)
    return match.group(1).strip().strip('"').strip() if match else None


def _truth_table(function, inputs):
    """Outputs of a Liberty function for all values of its inputs, or None if it has others."""
    text = re.sub(r"([A-Za-z_]\w*|\))\s*'", r"\1 ~", function)
    tokens = re.findall(r"[A-Za-z_]\w*|[01()!~^&*|+]", text)
    # A postfix ~ negates what stands before it: make it a prefix.
    out = []
    for token in tokens:
        if token == "~":
            start = len(out) - 1
            if out[start] == ")":
                depth = 0
                while True:
                    depth += {")": 1, "(": -1}.get(out[start], 0)
                    if depth == 0:
                        break
                    start -= 1
            out.insert(start, "!")
            continue
        # Two operands side by side are an and.
        if out and re.match(r"[\w(!]", token) and re.match(r"[\w)]", out[-1]):
            out.append("&")
        out.append(token)
    names = {t for t in out if re.match(r"[A-Za-z_]", t)}
    if names - set(inputs):
        return None
    # Python's precedence of & ^ | is that of Liberty's; a negation is 1 ^ (operand).
    expression = " ".join({"!": "~", "*": "&", "+": "|"}.get(t, t) for t in out)
    table = []
    for values in itertools.product((0, 1), repeat=len(inputs)):
        try:
            table.append(eval(expression, {"__builtins__": {}}, dict(zip(inputs, values))) & 1)
        except SyntaxError:
            return None
    return table


class Library:
    """What the recipe needs to know of a Liberty file.

    path, name          the file, the library's own name
    area                cell -> area in the library's unit (um2)
    flip_flops          names of cells with an edge-triggered register
    nand2, nand2_area   smallest two-input NAND
    inverter            smallest inverter
    full_adder          (cell, pins a, b, c, sum, carry), or None
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        try:
            text = self.path.read_text(errors="replace")
        except OSError as error:
            raise MappingError(f"cannot read the library {path}: {error.strerror}") from None
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
        head = re.search(r"(?<!\w)library\s*\(\s*\"?([^\")]*?)\"?\s*\)\s*\{", text)
        if not head:
            raise MappingError(f"{path} is not a Liberty library")
        self.name = head.group(1)
        self.area = {}
        self.flip_flops = set()
        self.functions = {}
        for cell, body in _groups(text, "cell"):
            self._read_cell(cell, body)
        if not self.flip_flops:
            raise MappingError(f"library {self.name} ({path}) has no flip-flop")
        nands = self._find(["A", "B"], [[1, 1, 1, 0]])
        if not nands:
            raise MappingError(f"library {self.name} ({path}) has no two-input NAND with an area")
        self.nand2 = nands[0][0]
        self.nand2_area = self.area[self.nand2]
        inverters = self._find("A", [[1, 0]])
        if not inverters:
            raise MappingError(f"library {self.name} ({path}) has no inverter with an area")
        self.inverter = inverters[0][0]
        three = list(itertools.product((0, 1), repeat=3))
        full = self._find("ABC", [[sum(v) & 1 for v in three], [sum(v) >> 1 for v in three]])
        self.full_adder = full[0] if full else None

    def _read_cell(self, cell, body):
        if _attribute(body, "dont_use") == "true":
            return
        area = _attribute(re.sub(r"pin\s*\(.*", "", body, flags=re.S), "area") or \
            _attribute(body, "area")
        try:
            self.area[cell] = float(area)
        except (TypeError, ValueError):
            raise MappingError(f"{self.path}: cell {cell} has no area") from None
        if any(_groups(body, "ff")):
            self.flip_flops.add(cell)
            return
        if any(_groups(body, "latch")) or any(_groups(body, "statetable")):
            return
        inputs, outputs = [], {}
        for pin, pin_body in _groups(body, "pin"):
            direction = _attribute(pin_body, "direction")
            function = _attribute(pin_body, "function")
            if direction == "input":
                inputs.append(pin)
            elif direction == "output" and function:
                outputs[pin] = function
        self.functions[cell] = (inputs, outputs)

    def _find(self, operands, tables):
        """(cell, input pins, output pins) of all cells with just these functions, smallest first."""
        found = []
        for cell, (inputs, outputs) in self.functions.items():
            if len(inputs) != len(operands) or len(outputs) != len(tables) or not self.area[cell] > 0:
                continue
            is_of = {pin: _truth_table(f, inputs) for pin, f in outputs.items()}
            pins = [next((p for p, t in is_of.items() if t == table), None) for table in tables]
            if None not in pins:
                found.append((cell, *inputs, *pins))
        return sorted(found, key=lambda f: self.area[f[0]])

    def gate_equivalents(self, area):
        return area / self.nand2_area


# Area first: choices kept open (dch) until the area-oriented mapper has seen the library's cells; then
# nets with many loads get buffers, and cells the sizes that their loads need.
ABC_AREA = """strash
ifraig
scorr
dc2
dc2
strash
dch -f
amap -m
topo
buffer -p -N 16
upsize
dnsize
"""
# The same with a mapper that looks at delays first: 2 to 4 % larger, 5 to 20 % faster.
ABC_BALANCED = ABC_AREA.replace("amap -m", "map -B 0.9")


def adder_macros(library):
    """Options of techmap that name the library's full adder."""
    names = ("FULL_ADDER", "FA_A", "FA_B", "FA_C", "FA_SUM", "FA_CARRY")
    return " ".join(f"-D {n}={value}" for n, value in zip(names, library.full_adder or ()))


def tree_commands(folder, flatten=False, shared_trees=False):
    """The recipe's first half: registers, memories and operators as cells of Yosys, every
    multiply-accumulate a carry-save tree, made to measure, of $fa cells."""
    folder = pathlib.Path(folder)
    return "\n".join([
        "proc",
        *(["flatten"] if flatten else []),
        "opt_expr",
        "opt_clean",
        # Signed products and the sums that they go to, while the product is as wide as the sum: once wreduce
        # has cut it to its factors' widths, alumacc does not join the two.
        "select -set products t:$mul r:A_SIGNED=1 %i",
        "alumacc @products @products %co2:+[A,B,Y] t:$add %i %u",
        # -nordff: a read address in a register stays there, for others to use too.
        "synth -nordff -run coarse:fine",
        f"tee -q -o {folder / 'macc.txt'} dump t:$macc",
        f"exec -- {sys.executable} -B {ROOT / 'synth/carry_save.py'} {folder / 'macc.txt'} "
        f"{folder / 'macc.v'}",
        f"techmap {'-extern ' if shared_trees else ''}-map {folder / 'macc.v'}",
        "opt -fast -full",
        "memory_map",
        "opt -undriven -fine",
        "alumacc",
        "",
    ])


def commands(library, folder, flatten=False, abc=ABC_AREA, shared_trees=False):
    """Yosys commands that map the elaborated design (behind `hierarchy -check -top ...`) to the library.

    `folder` is an existing temporary folder, of this one design, for files between the steps. The
    hierarchy is kept unless `flatten`; modules without contents (RAMs read by `read_verilog -lib`) stay
    as they are; other memories become flip-flops. With `shared_trees` equal multiply-accumulates are
    instances of one module, mapped once: for designs of hundreds. Behind these commands each cell is the library's or a
    module's instance, or Yosys stops with an error.
    """
    folder = pathlib.Path(folder)
    (folder / "abc.script").write_text(abc)
    # Inputs and flip-flops count as strong as an inverter: else they would drive any load, unbuffered.
    (folder / "abc.constr").write_text(f"set_driving_cell {library.inverter}\nset_load 50 [all_outputs]\n")
    return tree_commands(folder, flatten, shared_trees) + "\n".join([
        f"techmap -map {ROOT / 'synth/techmap/full_adder.v'} {adder_macros(library)}",
        "techmap",
        "opt -fast",
        f"dfflibmap -liberty {library.path}",
        "opt",
        f"abc -liberty {library.path} -constr {folder / 'abc.constr'} -script {folder / 'abc.script'}",
        "opt_clean -purge",
        f"read_liberty -lib -ignore_miss_func {library.path}",
        "check -mapped -assert",
        "",
    ])


def run(script):
    """Runs a Yosys script; returns what it printed. MappingError if it fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".ys") as file:
        file.write(script)
        file.flush()
        try:
            done = subprocess.run(["yosys", "-Q", "-T", "-s", file.name], cwd=ROOT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        except FileNotFoundError:
            raise MappingError("yosys is not installed") from None
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        last = errors[-1] if errors else (done.stdout.strip().splitlines() or ["no output"])[-1]
        raise MappingError(f"yosys: {last.strip()}")
    return done.stdout


def statistics(path):
    """Yosys command that writes the number of cells by type of every module to a JSON file."""
    return f"tee -q -o {path} stat -json\n"


def read_statistics(path):
    """Modules (name -> statistics) of a `stat -json`; Yosys 0.23 prints its text tree in its middle."""
    text = pathlib.Path(path).read_text()
    try:
        return json.loads(text)["modules"]
    except json.JSONDecodeError:
        kept = [line for line in text.splitlines() if re.match(r'\s*["{}\]]', line)]
        # What is left of the tree are lines without a colon behind a name.
        return json.loads("\n".join(kept))["modules"]


class Contents:
    """What a mapped module holds itself, without the modules that it instantiates.

    library_cells, instances   cell or module -> number
    cells, flip_flops          of the library's cells
    area, gate_equivalents     of them, in the library's unit and in NAND2 equivalents
    """

    def __init__(self, statistics_of_module, library):
        self.library_cells = {}
        self.instances = {}
        for kind, number in statistics_of_module["num_cells_by_type"].items():
            kind = kind.lstrip("\\")
            to = self.library_cells if kind in library.area else self.instances
            to[kind] = to.get(kind, 0) + number
        self.cells = sum(self.library_cells.values())
        self.flip_flops = sum(n for c, n in self.library_cells.items() if c in library.flip_flops)
        self.area = sum(n * library.area[c] for c, n in self.library_cells.items())
        self.gate_equivalents = library.gate_equivalents(self.area)
