# SPDX-License-Identifier: Apache-2.0
"""Every register of the RTL (a `reg` whose name ends in _q) is compared in lockstep."""
import re

from . import Result, Tree

# Modules whose registers C++ joins to the lists by name, and the file of tb/lockstep that does.
JOINED = {"mxu_tile": "mxu/signals.hpp"}
# Registers that no list names, "module.register", and why none has to.
BETWEEN = "between two steps whose result is compared"
EXCEPTIONS: dict[str, str] = {
    "eie_product.low_q": "a part of its unit's s2_product, which is compared",
    "eie_product.high_q": "another part",
    "eie_product.middle_q": "the last part",
} | {
    f"{module}.{register}": BETWEEN for module, registers in {
        "mxu_product": "digits_q sum_q carry_q product_q",
        "mxu_map_product": "low_q mixed_0_q mixed_1_q high_q",
        "mxu_matrix_ahead": "slack_q wrong_q ub_end_q acc_end_q dy_low_q dy_high_q first_row_q",
        "mxu_activation_ahead": "dy_below_q wrong_q begins_low_q ub_end_q acc_end_q line_q other_q",
        "mxu_requantise": "twice4_q below4_q",
        "mxu_pool": "below12_q"}.items() for register in registers.split()}
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
DECLARATION = re.compile(r"\breg\b([^;)]*)")
COMPARED = re.compile(r"^[A-Z]\w*\((\w+_q)\b", re.M)
NAMED = re.compile(r'"(\w+_q)"')


def registers(text: str) -> list[str]:
    """Names of the registers that a module declares."""
    return [name for declared in DECLARATION.findall(COMMENT.sub("", text))
            for name in re.findall(r"\b\w+_q\b", re.sub(r"\[[^\]]*\]", "", declared))]


def compared(tree: Tree, module: str) -> tuple[str, set[str]]:
    """Where a module's registers are compared, and which."""
    wanted = JOINED.get(module, f"{module}.def")
    for path in tree.files:
        if path.startswith("tb/lockstep/") and path.endswith(f"/{wanted}"):
            return path, set((NAMED if module in JOINED else COMPARED).findall(tree.read(path)))
    return f"tb/lockstep/**/{wanted}, which is not there", set()


def check(tree: Tree, exceptions: dict[str, str] | None = None) -> Result:
    left = dict(EXCEPTIONS if exceptions is None else exceptions)
    complaints, count = [], 0
    for path in tree.ending(".v"):
        module = path.rsplit("/", 1)[1].removesuffix(".v")
        declared = registers(tree.read(path)) if path.startswith("rtl/") else []
        if not declared:
            continue
        place, names = compared(tree, module)
        count += len(declared)
        complaints += [f"{path}: register {name} is not compared in lockstep by {place}"
                       for name in declared
                       if name not in names and f"{module}.{name}" not in left]
        for name in declared:
            left.pop(f"{module}.{name}", None)
    complaints += [f"{__name__}: exception {name} names no register" for name in left]
    return Result(count, complaints)
